"""Which delivery counts (`deliveries.md` §4)."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kim_pipeline.contracts.calendar import Period, parse_period
from kim_pipeline.intake.counting import (
    Candidate,
    Window,
    period_windows,
    snapshot_windows,
    without_period_date,
)


def day(text: str) -> dt.date:
    return dt.datetime.strptime(text, "%d.%m.%Y").replace(tzinfo=dt.UTC).date()


def delivery(file: str, as_of: str, period: str | None = None) -> Candidate:
    return Candidate(file, day(as_of), parse_period(period) if period else None)


def counting(*candidates: Candidate) -> list[tuple[str, str]]:
    """Per window the file and its days."""
    return [(w.file, str(w.days)) for w in period_windows(candidates)]


def at_the_end(*candidates: Candidate) -> set[str]:
    """Files whose rows without a period date count."""
    return {w.file for w in without_period_date(period_windows(candidates), candidates)}


H1, H2 = delivery("h1.xlsx", "10.07.2023", "1. Halbjahr 2023"), delivery("h2.xlsx", "10.01.2024", "2. Halbjahr 2023")
YEAR = delivery("jahr.xlsx", "01.03.2024", "2023")


def test_halves_count_side_by_side() -> None:
    assert counting(H1, H2) == [("h1.xlsx", "2023-H1"), ("h2.xlsx", "2023-H2")]
    assert at_the_end(H1, H2) == {"h1.xlsx", "h2.xlsx"}


def test_a_year_supersedes_its_halves() -> None:
    assert counting(H1, H2, YEAR) == [("jahr.xlsx", "2023")]
    assert at_the_end(H1, H2, YEAR) == {"jahr.xlsx"}


def test_a_half_delivered_again_supersedes_that_half_of_the_year() -> None:
    again = delivery("h1 neu.xlsx", "01.04.2024", "01.01.2023 - 30.06.2023")
    assert counting(H1, H2, YEAR, again) == [("h1 neu.xlsx", "2023-H1"), ("jahr.xlsx", "2023-H2")]
    assert at_the_end(H1, H2, YEAR, again) == {"h1 neu.xlsx", "jahr.xlsx"}


def test_the_second_half_delivered_again_leaves_no_row_without_date_to_the_year() -> None:
    again = delivery("h2 neu.xlsx", "01.04.2024", "2. Halbjahr 2023")
    assert counting(YEAR, again) == [("jahr.xlsx", "2023-H1"), ("h2 neu.xlsx", "2023-H2")]
    assert at_the_end(YEAR, again) == {"h2 neu.xlsx"}


def test_a_quarter_in_the_middle_divides_the_year() -> None:
    again = delivery("q2.xlsx", "01.04.2024", "2. Quartal 2023")
    assert counting(YEAR, again) == [
        ("jahr.xlsx", "2023-Q1"),
        ("q2.xlsx", "2023-Q2"),
        ("jahr.xlsx", "2023-H2"),
    ]
    assert at_the_end(YEAR, again) == {"q2.xlsx", "jahr.xlsx"}


def test_a_corrected_year_supersedes_the_year() -> None:
    corrected = delivery("a.xlsx", "02.03.2024", "01.01.2023 - 31.12.2023")
    assert counting(YEAR, corrected) == [("a.xlsx", "2023")]


def test_an_older_year_does_not_supersede_later_halves() -> None:
    early = delivery("vorab.xlsx", "01.01.2023", "2023")
    assert counting(early, H1, H2) == [("h1.xlsx", "2023-H1"), ("h2.xlsx", "2023-H2")]


def test_of_equal_stand_the_longer_period_counts() -> None:
    half = delivery("z.xlsx", "01.03.2024", "1. Halbjahr 2023")
    assert counting(half, YEAR) == [("jahr.xlsx", "2023")]


@pytest.mark.parametrize(
    ("files", "winner"),
    [
        (["a.xlsx", "b.xlsx"], "b.xlsx"),
        (["B.xlsx", "a.xlsx"], "a.xlsx"),
        (["z.xlsx", "ä.xlsx"], "ä.xlsx"),
        (["10.xls", "9.xls"], "9.xls"),
    ],
)
def test_of_equal_stand_and_period_the_name_that_sorts_last_by_code_point(files: list[str], winner: str) -> None:
    assert counting(*(delivery(f, "01.03.2024", "2023") for f in files)) == [(winner, "2023")]
    assert snapshot_windows(delivery(f, "01.03.2024") for f in files) == [Window(winner, None)]


def test_the_latest_snapshot_counts_for_all_periods() -> None:
    found = snapshot_windows([delivery("neu.xlsx", "01.03.2024"), delivery("z alt.xlsx", "01.03.2023")])
    assert found == [Window("neu.xlsx", None)]


def test_nothing_delivered_nothing_counts() -> None:
    assert snapshot_windows([]) == []
    assert counting() == []


def test_days_that_nobody_covers_belong_to_nobody() -> None:
    later = delivery("2025.xlsx", "01.03.2026", "2025")
    assert counting(YEAR, later) == [("jahr.xlsx", "2023"), ("2025.xlsx", "2025")]


DAYS = st.integers(0, 30).map(lambda n: dt.date(2023, 1, 1) + dt.timedelta(days=n))
CANDIDATES = st.lists(
    st.builds(
        lambda file, as_of, a, b: Candidate(file, as_of, Period(min(a, b), max(a, b))),
        st.text("abcZÄ1", min_size=1, max_size=3),
        DAYS,
        DAYS,
        DAYS,
    ),
    max_size=6,
    unique_by=lambda c: c.file,
)


@given(CANDIDATES, DAYS)
def test_each_day_is_won_as_the_contract_says(candidates: list[Candidate], on: dt.date) -> None:
    covering = [c for c in candidates if c.period and c.period.first <= on <= c.period.last]
    expected: set[str] = set()
    if covering:
        latest = max(c.as_of for c in covering)
        tied = [c for c in covering if c.as_of == latest]
        longest = max(c.period.days for c in tied if c.period)
        expected = {max(c.file for c in tied if c.period and c.period.days == longest)}
    found = [w.file for w in period_windows(candidates) if w.days and w.days.first <= on <= w.days.last]
    assert set(found) == expected
    assert len(found) == len(expected)


@given(CANDIDATES)
def test_rows_without_a_date_count_if_the_delivery_wins_its_last_day(candidates: list[Candidate]) -> None:
    windows = period_windows(candidates)
    expected = {
        c.file
        for c in candidates
        for w in windows
        if c.period and w.days and w.file == c.file and w.days.first <= c.period.last <= w.days.last
    }
    assert {w.file for w in without_period_date(windows, candidates)} == expected
