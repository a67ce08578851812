"""Corners of `indicators.md`, worked out by hand: halves of a year, sums of decimals, years without deliveries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow.parquet as pq

from kim_pipeline.intake.intake import take_in
from kim_pipeline.settings import Settings
from kim_pipeline.warehouse.sql_models import SQL_FOLDER, find_model
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


GRANTS = ["Az.", "Träger", "Ort", "Baustein", "Bewilligt €", "Ausgezahlt €", "Rückfluss €"]


@cache
def money() -> duckdb.DuckDBPyConnection:
    """Grants of 2023 with and without what was paid and returned, by recipients spelt in several ways."""
    grants = [
        ["1", "Verein A", "Ahlen", "A", 100, 80, 30],
        ["2", "verein  a:", "Ahlen", "A", 50.25, None, None],
        ["3", "VEREIN\u00a0A ¹)", "Beckum", "B", 10, 10, None],
        ["4", "Verein B", "Beckum", "C", 7, None, 2],
    ]
    return built({
        "komm_an": {"2023": [page("2023", "15.02.2024", GRANTS, *grants)]},
        "bevoelkerung": {"2023": [population("2023", "15.07.2024", 1000)]},
    })  # fmt: skip


def of_county(indicator: str) -> dict[str, tuple[float | None, ...]]:
    """Member → numerator, denominator, value and n of 2023."""
    rows = money().execute(
        "SELECT breakdown, numerator, denominator, value, n FROM indicator_value WHERE indicator_id = ? AND area = ?",
        [indicator, COUNTY],
    ).fetchall()  # fmt: skip
    return {breakdown: tuple(figures) for breakdown, *figures in rows}


def test_granted_money_is_paid_or_not_and_some_of_it_comes_back() -> None:
    assert of_county("komm_an_paid_eur") == {"": (None, None, 90, 2), "A": (None, None, 80, 1), "B": (None, None, 10, 1)}
    assert of_county("komm_an_unpaid_eur") == {"": (None, None, 77.25, 4), "A": (None, None, 70.25, 2)}
    assert of_county("komm_an_returned_eur") == {"": (None, None, 32, 2), "A": (None, None, 30, 1), "C": (None, None, 2, 1)}
    assert of_county("komm_an_spent_eur")[""] == (None, None, 58, 4)


def test_what_came_back_is_a_share_of_what_is_known_to_be_paid() -> None:
    """A return without a payment is in no share; where no return is told, there is none."""
    assert of_county("komm_an_return_rate") == {"": (30, 90, 30 / 90, 2), "A": (30, 80, 30 / 80, 1)}
    assert of_county("komm_an_paid_known_rate") == {
        "": (2, 4, 0.5, 4), "A": (1, 2, 0.5, 2), "B": (1, 1, 1, 1), "C": (0, 1, 0, 1),
    }  # fmt: skip


def test_recipients_are_compared_as_headers_are() -> None:
    assert of_county("komm_an_recipients") == {
        "": (None, None, 2, 2), "A": (None, None, 1, 1), "B": (None, None, 1, 1), "C": (None, None, 1, 1),
    }  # fmt: skip


def test_granted_money_per_1000_inhabitants() -> None:
    assert of_county("komm_an_granted_per_1000") == {"": (167.25, 13_000, 167.25 / 13, 4)}


def test_a_grant_is_held_against_the_fixed_sum_of_its_row_else_against_a_confirmed_one() -> None:
    """Within a cent; without a number of pieces, or a known sum, nothing is held against it."""
    model, check = find_model("core.fact_grant"), SQL_FOLDER / "checks" / "plausibility" / "grant_differs_from_fixed_sum.sql"
    assert model is not None
    rows = [
        ("a", "A1", 100, 2, 50), ("b", "A1", 100.01, 2, 50), ("c", "A1", 100.02, 2, 50), ("d", "A1", 99, None, 50),
        ("e", "B1", 70, 2, None), ("f", "B1", 71, 2, None), ("g", "B2", 71, 2, None), ("h", "C1", 71, 2, None),
        ("i", "B1", 10, 1, 10),
    ]  # fmt: skip
    with duckdb.connect() as connection:
        for schema in ("core", "quality", "staging", "vocabulary"):
            connection.execute(f"CREATE SCHEMA {schema}")
        connection.execute(
            "CREATE TABLE staging.komm_an_grants (grant_no VARCHAR, sub_module VARCHAR, granted_eur DECIMAL(18,6), "
            "quantity DOUBLE, rate_eur DECIMAL(18,6), municipality VARCHAR, organisation VARCHAR, module VARCHAR, "
            "paid_eur DECIMAL(18,6), returned_eur DECIMAL(18,6), participants BIGINT, volunteers BIGINT, "
            "source_file VARCHAR DEFAULT 'f', source_part VARCHAR DEFAULT '', source_sheet VARCHAR, source_row BIGINT)"
        )
        connection.executemany(
            "INSERT INTO staging.komm_an_grants (grant_no, sub_module, granted_eur, quantity, rate_eur) "
            "VALUES (?, ?, ?, ?, ?)",
            [list(row) for row in rows],
        )
        connection.execute("CREATE TABLE quality.compared_text (text VARCHAR, form VARCHAR)")
        connection.execute(
            "CREATE TABLE quality.counting_window AS SELECT 'komm_an' AS programme, 'grants' AS table_name, "
            "'f' AS file, '' AS part, DATE '2023-12-31' AS last_day"
        )
        connection.execute(
            "CREATE TABLE vocabulary.komm_an_rate AS SELECT * FROM (VALUES ('B1', 35, 2023, NULL, TRUE), "
            "('B1', 20, NULL, 2022, TRUE), ('B2', 250, NULL, NULL, FALSE)) "
            "AS v (sub_module, rate_eur, from_year, to_year, is_confirmed)"
        )
        connection.execute(f"CREATE TABLE core.fact_grant AS {model.sql}")
        found = connection.execute(check.read_text(encoding="utf-8")).fetchall()
    assert {row[3] for row in found} == {"c", "f"}


def test_rows_that_were_read_before_a_column_was_stored_have_none() -> None:
    """Kept rows are those of the version that read them."""
    with TemporaryDirectory() as folder:
        deliveries = Path(folder) / "deliveries" / "komm_an"
        deliveries.mkdir(parents=True)
        for year in (2022, 2023):
            row = ["1", "Verein", "Ahlen", "A", 1, None, None]
            (deliveries / f"{year}.xlsx").write_bytes(xlsx([page(f"{year}", f"15.02.{year + 1}", GRANTS, row)]))
        settings = Settings(deliveries=deliveries.parent, warehouse=Path(folder) / "warehouse", key_file=None)
        intake = take_in(settings)
        path = next(d.read for d in intake.deliveries if d.read and "2022" in d.file).tables["grants"].path
        earlier = pq.read_table(path).drop_columns(["organisation"])
        path.unlink()
        pq.write_table(earlier, path)
        build_internal(Path(folder) / "internal.duckdb", intake, dt.date(2024, 6, 1), grace_days=14)
        with duckdb.connect(str(Path(folder) / "internal.duckdb"), read_only=True) as connection:
            found = connection.execute(
                "SELECT period, value FROM indicators.indicator_value WHERE indicator_id = 'komm_an_recipients' "
                f"AND area = '{COUNTY}' AND breakdown = '' ORDER BY period"
            ).fetchall()
    assert found == [("2022", 0), ("2023", 1)]


def test_a_stock_ends_with_its_programme_and_a_flow_with_its_last_part_period() -> None:
    header = ["TN-Nr.", "Baustein", "Eintritt", "Wohnort"]
    rows = [["1", "1", "01.02.2022", "Ahlen"], ["2", "1", "01.02.2023", "Ahlen"]]
    found = built({"durchstarten": {"list": [page(None, "31.01.2024", header, *rows)]}}).execute(
        "SELECT indicator_id, period, value FROM indicator_value WHERE area = ? AND breakdown = '' "
        "AND indicator_id IN ('durchstarten_active', 'durchstarten_entries') ORDER BY ALL",
        [COUNTY],
    ).fetchall()  # fmt: skip
    assert found == [
        ("durchstarten_active", "2022", 1), ("durchstarten_entries", "2022", 1), ("durchstarten_entries", "2023", 1),
    ]  # fmt: skip


def test_a_measure_whose_programme_ended_is_adapted_to_its_successor_or_cleared() -> None:
    """Rule 8, judged after rule 1; before the end the other rules hold."""
    def judged(stand: str) -> list[tuple[str, int, str]]:
        rows = [
            ["1", "Bildung", "T1", "ja", "komm_an", "laufend"], ["2", "Bildung", "T2", "ja", "durchstarten", "laufend"],
            ["3", "Bildung", "T3", "ja", "komm_an", "entfallen"], ["4", "Bildung", "T4", "ja", "fit", "laufend"],
        ]  # fmt: skip
        register = page(None, stand, REGISTER, *rows, name="Handlungskonzept 2016")
        return built({"massnahmen": {"register": [register]}}).execute(
            "SELECT measure_no, rule, suggestion FROM measure_review ORDER BY measure_no"
        ).fetchall()  # fmt: skip

    after = [("1", 8, "anpassen"), ("2", 8, "Stand klären"), ("3", 1, "beenden"), ("4", 2, "Stand klären")]
    assert judged("31.12.2024") == after
    assert judged("30.12.2024") == [("1", 2, "Stand klären"), *after[1:]]


def test_a_period_is_full_where_the_programme_neither_began_nor_ended_in_it() -> None:
    model = find_model("core.programme_period")
    assert model is not None
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA core")
        connection.execute(
            "CREATE TABLE core.dim_programme AS SELECT * FROM (VALUES ('a', 2022, NULL, NULL), "
            "('b', 2022, DATE '2022-07-01', NULL), ('c', NULL, NULL, DATE '2023-06-30'), ('d', NULL, NULL, NULL)) "
            "AS v (programme, since_year, since_on, valid_to)"
        )
        connection.execute(
            "CREATE TABLE core.calendar_period AS SELECT period, 'x' AS calendar, first_day::DATE AS first_day, "
            "last_day::DATE AS last_day FROM (VALUES ('2021', '2021-01-01', '2021-12-31'), "
            "('2022', '2022-01-01', '2022-12-31'), ('2022-Q3', '2022-07-01', '2022-09-30'), "
            "('2022/23', '2022-08-01', '2023-07-31'), ('2023', '2023-01-01', '2023-12-31'), "
            "('2023-Q2', '2023-04-01', '2023-06-30')) AS v (period, first_day, last_day)"
        )
        connection.execute(
            "CREATE TABLE core.coverage AS SELECT programme, period FROM core.dim_programme "
            "CROSS JOIN core.calendar_period WHERE (programme, period) <> ('d', '2022')"
        )
        rows = connection.execute(model.sql).fetchall()
    full = {(programme, period) for programme, period, *_, is_full in rows if is_full}
    assert {period for programme, period in full if programme == "a"} == {"2023", "2023-Q2"}
    assert {period for programme, period in full if programme == "b"} == {"2022-Q3", "2022/23", "2023", "2023-Q2"}
    assert {period for programme, period in full if programme == "c"} == {"2021", "2022", "2022-Q3", "2023-Q2"}
    assert {period for programme, period in full if programme == "d"} == {"2021", "2022-Q3", "2022/23", "2023", "2023-Q2"}
    states = {(programme, period): state for programme, period, _, state, *_ in rows}
    assert [states["b", "2021"], states["b", "2022"], states["c", "2023"]] == ["noch nicht begonnen", "läuft", "läuft"]
