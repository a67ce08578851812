"""Corners of `indicators.md`, worked out by hand: halves of a year, sums of decimals, years without deliveries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from kim_pipeline.intake.intake import take_in
from kim_pipeline.settings import Settings
from tests.built import build_internal
from tests.workbooks import Page, xlsx

COUNTY, AHLEN = "05570", "05570004"
MUNICIPALITIES = [f"055700{number:02}" for number in range(4, 53, 4)]
REGISTER = ["Nr.", "Handlungsfeld", "Maßnahme", "KI beteiligt", "Programm", "Status"]

Deliveries = Mapping[str, Mapping[str, list[Page]]]


def built(deliveries: Deliveries) -> duckdb.DuckDBPyConnection:
    """A connection to the internal file of some deliveries: programme → file → sheets."""
    with TemporaryDirectory() as folder:
        for programme, files in deliveries.items():
            (Path(folder) / "deliveries" / programme).mkdir(parents=True)
            for name, pages in files.items():
                (Path(folder) / "deliveries" / programme / f"{name}.xlsx").write_bytes(xlsx(pages))
        settings = Settings(deliveries=Path(folder) / "deliveries", warehouse=Path(folder) / "warehouse", key_file=None)
        path = Path(folder) / "internal.duckdb"
        build_internal(path, take_in(settings), dt.date(2024, 6, 1), grace_days=14)
        connection = duckdb.connect()
        connection.execute(f"ATTACH '{path}' AS built (READ_ONLY)")
        for table in ("indicator_value", "measure_review"):
            connection.execute(f"CREATE TABLE {table} AS FROM built.indicators.{table}")
        connection.execute("DETACH built")
    return connection


def page(stated: str | None, as_of: str, header: list[str], *rows: list[Any], name: str = "Blatt") -> Page:
    period = [[f"Berichtszeitraum: {stated}"]] if stated else []
    return Page(name, [*period, [f"Stand: {as_of}"], header, *rows])


def tuition(first: list[int | None], second: list[int | None]) -> Page:
    """Pupils of two schools in German, in both half-years of each row."""
    grid: list[list[Any]] = [["Schule", "Fach", "Ort", "1. Halbjahr", "2. Halbjahr"], [None, None, None, "SuS", "SuS"]]
    grid += [["S1", "Deutsch", "Ahlen", *first], ["S2", "Deutsch", "Beckum", *second]]
    return Page("Blatt", [["Berichtszeitraum: 2022/23"], ["Stand: 15.08.2023"], *grid])


def population(stated: str, as_of: str, persons: int) -> Page:
    rows: list[list[Any]] = [[ags, persons, persons // 10] for ags in MUNICIPALITIES]
    facts = [[f"Berichtszeitraum: {stated}"], [f"Stand: {as_of}"]]
    return Page("Blatt", [*facts, ["AGS", "Bevölkerung", "Ausländer"], [None, "insgesamt", "insgesamt"], *rows])


def helpers(year: int, *hours: float) -> Page:
    header = ["Einrichtung", "Sprachhelfer", "Ort", "Stunden bewilligt", "Stunden geleistet"]
    rows: list[list[Any]] = [[f"Kita {n}", f"H{n}", "Ahlen", 1, each] for n, each in enumerate(hours)]
    return page(str(year), f"15.02.{year + 1}", header, *rows)


@cache
def scenario() -> duckdb.DuckDBPyConnection:
    """Halves of a school year, a half where only whole years are known, and sums of decimals that should be round."""
    grants = ["Az.", "Träger", "Ort", "Baustein", "Bewilligt €", "Ausgezahlt €", "Rückfluss €"]
    money = [["1", "A", "Ahlen", "A", 1, 0.3, 0.1], ["2", "B", "Ahlen", "A", 1, None, 0.2]]
    return built({
        "mercator": {"2022": [tuition([10, 12], [4, 4])]},
        "bevoelkerung": {
            "year": [population("2023", "15.07.2023", 2000)],
            "half": [population("2. Halbjahr 2023", "15.01.2024", 1000)],
        },
        "sprachhelfer": {
            "2021": [helpers(2021, 0.1, 0.2, 0.7)],
            "2022": [helpers(2022, 1)],
            "2023": [helpers(2023, *[0.1] * 8)],
        },
        "komm_an": {"2023": [page("2023", "15.02.2024", grants, *money)]},
        "massnahmen": {"register": [page(None, "20.02.2024", REGISTER, [
            "1", "Bildung", "Sprachhilfe", "ja", "sprachhelfer", "laufend"
        ], name="Handlungskonzept 2016")]},
    })  # fmt: skip


def values(indicator: str, area: str, period: str) -> list[tuple[str, float, int]]:
    """Breakdown, value, n."""
    return scenario().execute(
        "SELECT breakdown, value, n FROM indicator_value WHERE indicator_id = ? AND area = ? AND period = ? ORDER BY 1",
        [indicator, area, period],
    ).fetchall()  # fmt: skip


def test_pupils_of_both_halves_are_the_larger_number() -> None:
    assert values("mercator_pupils", COUNTY, "2022/23") == [("", 16, 2), ("Deutsch", 16, 2)]
    assert values("mercator_pupils", AHLEN, "2022/23") == [("", 12, 1), ("Deutsch", 12, 1)]


def test_the_population_of_half_a_year_replaces_none_of_a_year() -> None:
    assert values("population", COUNTY, "2023") == [("", 26_000, 26_000)]
    assert values("foreigners_rate", COUNTY, "2023") == [("", 0.1, 26_000)]


def test_a_sum_that_is_nothing_has_no_row_by_breakdown_and_a_clean_zero_as_total() -> None:
    assert values("komm_an_spent_eur", COUNTY, "2023") == [("", 0, 2)]


def test_exactly_four_fifths_are_no_decline() -> None:
    rows = scenario().execute("SELECT rule, suggestion, t, value_t2 FROM measure_review").fetchall()
    assert rows == [(5, "fortführen", "2023", 1.0)]


def test_the_school_year_before_any_delivery_has_no_activity() -> None:
    """`t` is the latest school year that ended by the Stand, delivered or not."""
    programmes = ["fit", "mercator", "schulische_erstberatung", "sprachmittlerpool", None]
    rows = [[f"{n}", "Bildung", f"T{n}", "ja", key, "laufend"] for n, key in enumerate(programmes)]
    register = page(None, "25.01.2024", REGISTER, *rows, name="Handlungskonzept 2016")
    found = built({"massnahmen": {"register": [register]}}).execute(
        "SELECT programme, rule, t FROM measure_review ORDER BY measure_no"
    ).fetchall()  # fmt: skip
    assert found == [
        ("fit", 2, "2022/23"),
        ("mercator", 2, "2022/23"),
        ("schulische_erstberatung", 2, "2022/23"),
        ("sprachmittlerpool", 2, "2023"),
        (None, 5, None),
    ]
