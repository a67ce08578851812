"""How numbers, days, periods and lists are written in German."""

from __future__ import annotations

import datetime as dt
import errno
import re
import tomllib
from pathlib import Path

import pytest

from kim_pipeline import german
from kim_pipeline.german import NBSP
from kim_pipeline.settings import PROJECT


def test_numbers() -> None:
    assert [german.number(1234.5, 1), german.number(0.125, 2), german.number(-3), german.number(2000)] == [
        "1.234,5", "0,13", "−3", "2.000",
    ]  # fmt: skip
    assert [german.exact(2000), german.exact(0.5), german.exact(1048576)] == ["2.000", "0,5", "1.048.576"]
    assert [german.percent(0.1765), german.percent(0.25, 0)] == [f"17,7{NBSP}%", f"25{NBSP}%"]


@pytest.mark.parametrize(
    ("octets", "said"), [(0, "1 kB"), (40_400, "40 kB"), (12_340_000, "12,3 MB"), (1_234_000_000, "1.234,0 MB")]
)
def test_sizes(octets: int, said: str) -> None:
    assert german.size(octets) == said


def test_one_and_many() -> None:
    assert [german.counted(n, "Zeile", "Zeilen") for n in (0, 1, 2000)] == ["0 Zeilen", "1 Zeile", "2.000 Zeilen"]
    assert german.tightly(1, "Fall", "Fälle") == f"1{NBSP}Fall"


def test_units_after_one() -> None:
    assert [german.with_unit(n, "Fälle").replace(NBSP, " ") for n in (0, 1, 2)] == ["0 Fälle", "1 Fall", "2 Fälle"]
    assert german.with_unit(1, "Stunden") == f"1,0{NBSP}Stunden"
    assert german.with_unit(1, "Euro") == f"1{NBSP}Euro"


def test_every_unit_is_known_for_one() -> None:
    catalogue = tomllib.loads((PROJECT / "sql" / "indicators" / "catalogue.toml").read_text(encoding="utf-8"))
    units = {entry["unit"] for entry in catalogue["indicator"]}
    assert {unit for unit in units if german.one_of(unit) == unit} == {"Anteil", "Euro", "je 1.000"}


@pytest.mark.parametrize(
    ("number", "said"), [(errno.ENOSPC, "kein Platz mehr"), (12345, "Fehler 12345 des Betriebssystems")]
)
def test_what_the_system_refused(number: int, said: str) -> None:
    assert german.system_error(OSError(number, "in English")) == said


def test_days_are_written_here_alone() -> None:
    sources = [path for path in Path(german.__file__).parent.rglob("*.py") if path != Path(german.__file__)]
    assert len(sources) > 100
    assert [path.name for path in sources if re.search(r"%d\.%m|maketrans\(\"[,.]", path.read_text("utf-8"))] == []


def test_lists() -> None:
    assert [german.listing(found) for found in ([], ["A"], ["A", "B"], "ABC")] == ["", "A", "A und B", "A, B und C"]
    assert german.quoted_listing("ABC", "oder") == "„A“, „B“ oder „C“"


def test_days() -> None:
    assert german.day(dt.date(2024, 3, 5)) == "05.03.2024"
    assert german.short_day(dt.date(2024, 3, 5)) == "05.03.24"
    assert german.day_of_year(dt.date(2024, 3, 5)) == "05.03."
    assert german.short_moment(dt.datetime(2024, 3, 5, 2, 30, tzinfo=dt.UTC)) == "05.03.24 02:30"
    assert german.moment(dt.datetime(2024, 3, 5, 2, 30, tzinfo=dt.UTC)) == "05.03.2024, 02:30 Uhr"


@pytest.mark.parametrize(
    ("name", "said", "when"),
    [
        ("2023", "2023", "im Jahr 2023"),
        ("2022/23", "2022/23", "im Schuljahr 2022/23"),
        ("2022-H2", "2. Halbjahr 2022", "im 2. Halbjahr 2022"),
        ("2024-Q1", "1. Quartal 2024", "im 1. Quartal 2024"),
    ],
)
def test_periods(name: str, said: str, when: str) -> None:
    assert german.period(name) == said
    assert german.in_period(name).replace(NBSP, " ") == when


def test_a_period_of_days() -> None:
    assert german.period("2021-08-01/2022-01-31") == "01.08.2021 bis 31.01.2022"


def test_what_belongs_together_stays_in_a_line() -> None:
    assert german.tied("2. Quartal 2022, 14 Tage, z. B. § 5") == (
        f"2.{NBSP}Quartal 2022, 14{NBSP}Tage, z.{NBSP}B. §{NBSP}5"
    )


def test_the_gravest_severity_comes_first() -> None:
    assert list(german.SEVERITIES) == ["rejected", "error", "warning", "notice"]


def test_rows_are_told_with_what_became_of_them() -> None:
    account = {"rows_read": 1200, "accepted": 1198, "quarantined": 0, "total": 2, "note": 0}
    assert german.rows_told(account, ": ") == "1.200 Zeilen gelesen: 1.198 angenommen, 2 als Summe"
