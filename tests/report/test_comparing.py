"""Periods that may be compared, and how a change is told (`paper.md` §1.7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from kim_pipeline.german import NBSP
from kim_pipeline.report.comparing import Comparison
from kim_pipeline.report.figures import Figures
from kim_pipeline.report.wording import Wording
from tests.report.test_report import changed, context


def comparison(path: Path | None = None) -> tuple[Figures, Comparison]:
    ours = context(path)
    return ours.figures, ours.comparison


def said(indicator: str, period: str, path: Path | None = None) -> str:
    figures, ours = comparison(path)
    return ours.sentence(figures.indicators[indicator], period).replace(NBSP, " ")


def test_a_change_is_told_from_the_year_before() -> None:
    assert said("kim_cases_opened", "2023") == (
        "Aufgenommene Fälle im Jahr 2023: 278 Fälle nach 320 Fällen im Jahr 2022 (−13,1 %)."
    )


def test_values_about_the_same_are_said_to_be() -> None:
    assert said("smp_assignments", "2023").endswith("1.470 Einsätze, etwa gleich viele wie im Jahr 2022 (1.488).")
    assert "etwa gleich viel wie" in said("smp_fees_eur", "2023")


def test_a_rate_changes_by_points() -> None:
    assert said("komm_an_spending_rate", "2023").endswith("(−2,6 Prozentpunkte).")


def test_the_pandemic_is_no_base() -> None:
    assert said("fit_groups", "2022/23") == (
        "FIT-Gruppen im Schuljahr 2022/23: 35 Gruppen; ein Vergleich ist nicht möglich, weil in die Zeiträume davor "
        "ein Bruch fällt (Corona-Pandemie)."
    )


def test_a_part_period_is_no_numerator() -> None:
    assert said("durchstarten_entries", "2023") == (
        "Eintritte in Durchstarten im Jahr 2023: 69 Eintritte. Das Programm endete am 30.06.2023; das Jahr 2023 zählt "
        "nur bis dahin."
    )
    figures, ours = comparison()
    assert not ours.is_full("durchstarten", "2023")
    assert ours.change(figures.indicators["durchstarten_entries"], "2023") is None


def test_the_year_of_an_unknown_beginning_is_not_full() -> None:
    figures, ours = comparison()
    assert not ours.is_full("kim_case_management", "2021")
    assert ours.last_full(figures.indicators["kim_cases_opened"], 5) == ["2022", "2023"]


@pytest.mark.parametrize(
    ("state", "ending"),
    [("suppressed", "die Zahl ist geheim."), ("not_reported", "nicht gemeldet.")],
)
def test_a_figure_that_is_not_there_says_why(tmp_path: Path, state: str, ending: str) -> None:
    path = changed(
        tmp_path,
        f"UPDATE indicator_value SET status = '{state}', value = NULL, n = NULL, n_class = NULL "
        "WHERE indicator_id = 'kim_cases_opened' AND period = '2023'",
    )
    assert said("kim_cases_opened", "2023", path).endswith(ending)


def test_an_earlier_figure_that_is_secret_is_said_to_be(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        "UPDATE indicator_value SET status = 'suppressed', value = NULL, n = NULL, n_class = NULL "
        "WHERE indicator_id = 'kim_cases_opened' AND period = '2022'",
    )
    assert said("kim_cases_opened", "2023", path).endswith("278 Fälle; der Wert im Jahr 2022 ist geheim.")


def test_small_numbers_stand_without_a_change(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        "UPDATE indicator_value SET value = 19, n = 19 WHERE indicator_id = 'kim_cases_opened' AND period = '2022'",
    )
    assert said("kim_cases_opened", "2023", path).endswith("278 Fälle nach 19 Fällen im Jahr 2022.")


def test_a_break_of_the_series_bars_a_change(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        "INSERT INTO series_break SELECT 'population', area, '2023', DATE '2023-12-31', 'Zensus 2022', 'Z', 's', 't' "
        "FROM area WHERE part_of IS NULL",
    )
    assert "ein Vergleich ist nicht möglich, weil die Reihe bricht (Zensus 2022)" in said("population", "2023", path)


def test_an_event_that_is_a_break_bars_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    figures, _ = comparison()
    words = Wording()
    event = next(event for event in words.events if event.is_break)
    moved = [type(event)(**{**vars(event), "first_day": figures.periods["2023"].first_day})]
    monkeypatch.setattr(Wording, "events", property(lambda _: tuple(moved)))
    ours = Comparison(figures, words)
    population, cases = (figures.indicators[name] for name in ("population", "kim_cases_opened"))
    assert ours.base(population, "2023").period is None
    assert ours.base(cases, "2023").period == "2022"
