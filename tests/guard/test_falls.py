"""What counts as taken away: days, rows and figures, at their limits."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.calendar import Period, year
from kim_pipeline.contracts.limits import HoldLimits
from kim_pipeline.guard.basis import Basis, Span
from kim_pipeline.guard.falls import Fall, falls, told_together

PERIODIC, SNAPSHOT = ("sprachmittlerpool", "requests"), ("kim_case_management", "cases")
LIMITS = {key: HoldLimits() for key in programmes()}
DAY = dt.date(2023, 5, 4)
NEW = frozenset({("sprachmittlerpool", "neu.xlsx"), ("kim_case_management", "neu.xlsx")})


def periodic(rows: int, figure: float | None = 1.0, *, days: Period | None = None, file: str = "alt.xlsx") -> Basis:
    """One year of requests."""
    days = days or year(2023)
    return Basis(
        spans={PERIODIC: (Span(file, "", days),)},
        covered={PERIODIC: (days,)},
        rows={PERIODIC: {DAY: rows}},
        figures={} if figure is None else {("smp_requests", "2023"): figure},
        periods={"2023": year(2023)},
        indicators={"smp_requests": ("sprachmittlerpool", "Anfragen")},
    )


def snapshot(
    last: dt.date, rows: dict[dt.date | None, int], figures: dict[str, float], file: str = "alt.xlsx"
) -> Basis:
    """A list of cases from their first day to its Stand."""
    first = min(day for day in rows if day is not None)
    return Basis(
        spans={SNAPSHOT: (Span(file, "", None),)},
        covered={SNAPSHOT: (Period(first, last),)},
        rows={SNAPSHOT: rows},
        figures={("kim_cases_opened", name): value for name, value in figures.items()},
        periods={name: year(int(name)) for name in ("2018", "2019", "2022", "2023")},
        indicators={"kim_cases_opened": ("kim_case_management", "Begonnene Fälle")},
    )


@pytest.mark.parametrize(
    ("before", "after", "is_fall"),
    [(40, 20, False), (40, 19, True), (39, 19, True), (38, 18, True), (37, 18, False), (19, 0, False), (20, 0, True)],
)
def test_rows_fall_below_half_and_by_twenty(before: int, after: int, is_fall: bool) -> None:
    found = falls(periodic(before), periodic(after, file="neu.xlsx"), NEW, LIMITS)
    assert bool(found) == is_fall
    assert all(str(before) in fall.told and str(after) in fall.told for fall in found)


def test_a_county_sets_its_own_limits() -> None:
    limits = LIMITS | {"sprachmittlerpool": HoldLimits(share=0.9, rows=2)}
    assert falls(periodic(10), periodic(8, file="neu.xlsx"), NEW, limits)
    assert not falls(periodic(10), periodic(9, file="neu.xlsx"), NEW, limits)


@pytest.mark.parametrize(
    ("value", "then", "is_fall"),
    [(1.0, None, True), (1.0, 0.0, True), (0.0, 0.0, False), (0.0, None, True), (2.0, 1.0, False)],
)
def test_a_figure_falls_to_nothing(value: float, then: float | None, is_fall: bool) -> None:
    assert bool(falls(periodic(5, value), periodic(5, then, file="neu.xlsx"), NEW, LIMITS)) == is_fall


def test_days_that_nobody_covers_any_more_fall() -> None:
    half = Period(dt.date(2023, 7, 1), dt.date(2023, 12, 31))
    (fall,) = falls(
        periodic(5), dataclasses.replace(periodic(5, file="neu.xlsx"), covered={PERIODIC: (half,)}), NEW, LIMITS
    )
    assert fall.days == Period(dt.date(2023, 1, 1), dt.date(2023, 6, 30))
    assert "bisher 5 Zeilen" in fall.told


def test_a_snapshot_answers_for_all_that_an_earlier_one_held() -> None:
    before = snapshot(
        dt.date(2023, 6, 30), {dt.date(2018, 3, 1): 30, dt.date(2022, 3, 1): 30}, {"2018": 30, "2022": 30}
    )
    after = snapshot(dt.date(2023, 12, 31), {dt.date(2022, 3, 1): 28}, {"2022": 28}, "neu.xlsx")
    told = told_together(falls(before, after, NEW, LIMITS))
    assert "bisher 60 Zeilen" in told
    assert "im Jahr\N{NO-BREAK SPACE}2018" in told


def test_what_a_snapshot_need_not_keep_any_more_does_not_fall() -> None:
    limits = LIMITS | {"kim_case_management": HoldLimits(kept_years=5)}
    before = snapshot(
        dt.date(2023, 6, 30), {dt.date(2018, 3, 1): 30, dt.date(2022, 3, 1): 30}, {"2018": 30, "2022": 30}
    )
    after = snapshot(dt.date(2023, 12, 31), {dt.date(2022, 3, 1): 28}, {"2022": 28}, "neu.xlsx")
    assert falls(before, after, NEW, limits) == []


def test_an_earlier_stand_loses_days() -> None:
    rows: dict[dt.date | None, int] = {dt.date(2022, 3, 1): 30}
    before = snapshot(dt.date(2023, 12, 31), rows, {})
    assert falls(before, snapshot(dt.date(2023, 6, 30), rows, {}), frozenset(), LIMITS)


def test_only_the_first_falls_are_told_whole() -> None:
    found = [Fall("fit", None, f"Satz {number}.") for number in range(1, 6)]
    assert told_together(found) == "Satz 1. Satz 2. Satz 3. Dazu 2 weitere Angaben."
