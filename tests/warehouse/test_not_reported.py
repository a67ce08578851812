"""Not reported is a third state beside value and secret, and money is exact (`indicators.md`, head)."""

from __future__ import annotations

import datetime as dt
import itertools
import shutil
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import duckdb
import pytest

from kim_pipeline.contracts import programmes
from kim_pipeline.intake.intake import take_in
from kim_pipeline.protection.audit_of_file import audit_build, audit_file
from kim_pipeline.protection.hiding import protect_figures
from kim_pipeline.publishing.published import write_tables
from kim_pipeline.settings import Settings
from kim_pipeline.warehouse.build import MODEL_SCHEMAS, run_models
from kim_pipeline.warehouse.checks import blocking_checks
from kim_pipeline.warehouse.sql_models import load_models
from kim_pipeline.warehouse.trace import UnknownValueError, trace
from tests.built import build_internal, run_checks, sample_internal
from tests.workbooks import Page, xlsx

COUNTY, NONE_AT_ALL = "05570", "05570052"
EMPTY, PARTLY, ZERO = "05570004", "05570008", "05570012"
"""Ahlen reports nothing, Beckum something, Beelen a nought; Warendorf has no row."""
PLACES = {"Ahlen": (None, None), "Beckum": (7, None), "Beelen": (0, 0)}
"""Municipality → what its two rows say in every optional column."""


def page(period: str | None, header: list[str], rows: list[list[Any]], *, group: list[Any] | None = None) -> Page:
    stated = [[f"Berichtszeitraum: {period}"]] if period else []
    return Page("Blatt", [*stated, ["Stand: 15.02.2024"], header, *([group] if group else []), *rows])


def numbered() -> Iterator[tuple[int, str, int | None]]:
    """Number, municipality and optional value of each row."""
    values = [(place, value) for place, both in PLACES.items() for value in both]
    return ((number, place, value) for number, (place, value) in enumerate(values, start=1))


def deliveries() -> dict[str, Page]:
    grants = [
        [n, "V", place, "A", 100, value, None, value, value] for n, place, value in numbered()
    ] + [[90, "V", "Beckum", "B", 50, None, None, None, None]]  # fmt: skip
    offers = [[n, "O", place, "Sprache", 10, value, "01.01.2020"] for n, place, value in numbered()]
    offers += [[90, "O", "Ahlen", "Kita", None, 3, "01.01.2020"]]
    requests = [
        [n, "01.02.2023", "02.02.2023", place, "Arabisch", 1, value, f"SM{n}", "durchgeführt"]
        for n, place, value in numbered()
    ]
    requests += [[90, "01.02.2023", None, "Ennigerloh", "Arabisch", None, None, None, "abgesagt"]]
    tuition = [[f"S{n}", "Deutsch", place, value, value, 1] for n, place, value in numbered()]
    tuition += [["S90", "Englisch", "Beckum", None, None, 1], ["S91", "DaZ", "Beckum", None, None, None]]
    return {
        "komm_an": page("2023", ["Az.", "Träger", "Ort", "Baustein", "Bewilligt €", "Ausgezahlt €", "Rückfluss €",
                                 "TN", "Ehrenamtliche"], grants),
        "angebote": page(None, ["Nr.", "Angebot", "Ort", "Thema", "Plätze", "belegt", "seit"], offers),
        "sprachmittlerpool": page("2023", ["Nr.", "Anfragedatum", "Einsatzdatum", "Ort", "Sprache", "Dauer (Std.)",
                                           "Honorar (€)", "Sprachmittler-ID", "Status"], requests),
        "sprachhelfer": page("2023", ["Einrichtung", "Sprachhelfer", "Ort", "Stunden bewilligt", "Stunden geleistet",
                                      "Kinder"], [[f"K{n}", f"H{n}", place, 10, v, v] for n, place, v in numbered()]),
        "mercator": page("2022/23", ["Schule", "Fach", "Ort", "1. Halbjahr", "1. Halbjahr", "1. Halbjahr"], tuition,
                         group=[None, None, None, "SuS", "Std.", "Förderlehrkräfte"]),
    }  # fmt: skip


def published_from(internal: Path, target: Path) -> None:
    """Protect the internal file's figures and publish them."""
    with duckdb.connect(str(internal)) as connection:
        protect_figures(connection)
    write_tables(internal, target, [])
    audit_build(target, internal, lambda: write_tables(internal, target, []))


@cache
def scenario() -> tuple[duckdb.DuckDBPyConnection, TemporaryDirectory[str]]:
    """A connection with the internal and the published file of the deliveries attached, and their folder."""
    place = TemporaryDirectory()
    folder = Path(place.name)
    for programme, only in deliveries().items():
        (folder / "deliveries" / programme).mkdir(parents=True)
        (folder / "deliveries" / programme / "2023.xlsx").write_bytes(xlsx([only]))
    settings = Settings(deliveries=folder / "deliveries", warehouse=folder / "warehouse", key_file=None)
    build_internal(folder / "internal.duckdb", take_in(settings), dt.date(2024, 6, 1), grace_days=14)
    published_from(folder / "internal.duckdb", folder / "kim.duckdb")
    connection = duckdb.connect()
    for name in ("internal", "kim"):
        connection.execute(f"ATTACH '{folder / name}.duckdb' AS {name} (READ_ONLY)")
    return connection, place


def rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    return scenario()[0].execute(sql, parameters).fetchall()


def figure(indicator: str, area: str, breakdown: str = "") -> tuple[float, int] | None:
    """Value and n; None where there is no row."""
    found = rows(
        "SELECT value, n FROM internal.indicators.indicator_value "
        "WHERE indicator_id = ? AND area = ? AND period IN ('2023', '2022/23') AND breakdown = ?",
        indicator, area, breakdown,
    )  # fmt: skip
    return found[0] if found else None


def is_unreported(indicator: str, area: str, breakdown: str = "") -> bool:
    return bool(rows(
        "FROM internal.indicators.not_reported "
        "WHERE indicator_id = ? AND area = ? AND period IN ('2023', '2022/23') AND breakdown = ?",
        indicator, area, breakdown,
    ))  # fmt: skip


SUMS = {
    "komm_an_participants": (7, 1), "komm_an_volunteers": (7, 1), "komm_an_spent_eur": (7, 3), "offers_free": (3, 1),
    "smp_fees_eur": (7, 1), "sprachhelfer_hours": (7, 1), "sprachhelfer_children": (7, 1), "mercator_pupils": (7, 1),
    "mercator_lesson_hours": (7, 1), "komm_an_spending_rate": (7 / 250, 3), "sprachhelfer_delivery_rate": (7 / 20, 2),
}  # fmt: skip
"""Indicator → value and n of the municipality that reports one of two or three rows."""


@pytest.mark.parametrize("indicator", SUMS)
def test_a_sum_of_nothing_but_empty_cells_has_no_value(indicator: str) -> None:
    assert figure(indicator, EMPTY) is None
    assert is_unreported(indicator, EMPTY)


@pytest.mark.parametrize(("indicator", "expected"), SUMS.items())
def test_one_cell_with_a_value_makes_it_a_sum(indicator: str, expected: tuple[float, int]) -> None:
    found = figure(indicator, PARTLY)
    assert found is not None
    assert found[0] == pytest.approx(expected[0], rel=1e-12)
    assert found[1] == expected[1]
    assert not is_unreported(indicator, PARTLY)


@pytest.mark.parametrize("indicator", SUMS)
def test_a_reported_nought_is_a_nought(indicator: str) -> None:
    found = figure(indicator, ZERO)
    assert found is not None
    assert found[0] == (20 if indicator == "offers_free" else 0)
    assert not is_unreported(indicator, ZERO)


@pytest.mark.parametrize("indicator", [name for name in SUMS if not name.endswith("_rate")])
def test_without_any_row_a_sum_is_nought(indicator: str) -> None:
    assert figure(indicator, NONE_AT_ALL) == (0, 0)
    assert not is_unreported(indicator, NONE_AT_ALL)


def test_without_a_done_request_fees_and_hours_are_nought() -> None:
    assert [figure(name, "05570020") for name in ("smp_fees_eur", "smp_hours")] == [(0, 0), (0, 0)]


def test_what_is_not_reported_is_judged_within_the_member() -> None:
    """Beckum's module B and Ahlen's nursery have rows, but nothing in them; in the county Englisch has not either."""
    for indicator in ("komm_an_spent_eur", "komm_an_spending_rate", "komm_an_participants"):
        assert figure(indicator, PARTLY, "A") is not None
        assert figure(indicator, PARTLY, "B") is None
        assert is_unreported(indicator, PARTLY, "B")
    assert is_unreported("offers_capacity", EMPTY, "Kita")
    assert not is_unreported("offers_capacity", EMPTY)
    assert is_unreported("mercator_pupils", COUNTY, "Englisch")


def test_a_half_year_of_empty_cells_is_no_row() -> None:
    assert not is_unreported("mercator_pupils", COUNTY, "DaZ")
    assert rows("SELECT count(*) FROM internal.core.fact_tuition WHERE subject = 'DaZ'") == [(0,)]


def test_the_county_is_reported_where_one_municipality_is() -> None:
    assert figure("sprachhelfer_hours", COUNTY) == (7, 3)
    rate = figure("sprachhelfer_delivery_rate", COUNTY)
    assert rate is not None
    assert rate[0] == pytest.approx(7 / 60)
    assert rate[1] == 6


def states(indicator: str, area: str) -> list[tuple[Any, ...]]:
    return rows(
        "SELECT breakdown, status, coalesce(value, numerator, denominator, n), n_class FROM kim.indicator_value "
        "WHERE indicator_id = ? AND area = ? AND period IN ('2023', '2022/23') ORDER BY 1",
        indicator, area,
    )  # fmt: skip


@pytest.mark.parametrize("indicator", [name for name in SUMS if name != "smp_fees_eur"])
def test_it_is_published_as_such_in_total_only_and_without_any_figure(indicator: str) -> None:
    assert states(indicator, EMPTY) == [("", "not_reported", None, None)]


def test_where_the_number_of_rows_is_secret_it_is_secret_that_they_report_nothing() -> None:
    """Else it would tell that a secret number of requests is not 0."""
    assert states("smp_assignments", EMPTY) == [("", "suppressed", None, None)]
    assert states("smp_fees_eur", EMPTY) == [("", "suppressed", None, None)]


def test_a_member_to_which_nothing_is_reported_has_no_row() -> None:
    assert "Englisch" not in [breakdown for breakdown, *_ in states("mercator_pupils", COUNTY)]


def test_a_trace_says_that_nothing_is_reported() -> None:
    internal = Path(scenario()[1].name) / "internal.duckdb"
    with pytest.raises(UnknownValueError, match="ist nichts gemeldet"):
        trace(internal, "sprachhelfer_hours", EMPTY, "2023")
    with pytest.raises(UnknownValueError, match="gibt es keinen Wert"):
        trace(internal, "sprachhelfer_hours", EMPTY, "2022")


# --- derived anew ----------------------------------------------------------------------------------------------------


class Sum(NamedTuple):
    """A sum over optional columns as the definitions have it, without a word of the SQL."""

    table: str
    needs: tuple[str, ...]
    """columns in which a row needs a value to be one that is reported"""
    breakdown: str | None = None
    of: str = "TRUE"
    """which rows enter it"""
    dated: str | None = None
    is_rate_of: str | None = None
    """its denominator"""


DEFINED = {
    "smp_hours": Sum("sprachmittlerpool_requests", ("hours",), "language", "status = 'done'", "requested_on"),
    "smp_fees_eur": Sum("sprachmittlerpool_requests", ("fee_eur",), None, "status = 'done'", "requested_on"),
    "komm_an_spent_eur": Sum("komm_an_grants", ("paid_eur",), "module"),
    "komm_an_spending_rate": Sum("komm_an_grants", ("paid_eur",), "module", is_rate_of="granted_eur"),
    "komm_an_participants": Sum("komm_an_grants", ("participants",), "module"),
    "komm_an_volunteers": Sum("komm_an_grants", ("volunteers",)),
    "mercator_pupils": Sum("mercator_tuition", ("pupils",), "subject"),
    "mercator_lesson_hours": Sum("mercator_tuition", ("lesson_hours",), "subject"),
    "sprachhelfer_hours": Sum("sprachhelfer_placements", ("hours_delivered",)),
    "sprachhelfer_delivery_rate": Sum("sprachhelfer_placements", ("hours_delivered",), is_rate_of="hours_granted"),
    "sprachhelfer_children": Sum("sprachhelfer_placements", ("children",)),
    "offers_capacity": Sum("angebote_offers", ("capacity",), "theme"),
    "offers_free": Sum("angebote_offers", ("capacity", "occupied"), "theme"),
}
Place = tuple[str, str, str, str]


def days_of(row: dict[str, Any], rule: Sum) -> tuple[dt.date, dt.date]:
    """First and last day on which a row counts: its date, its delivery's last day, or while an offer is in force."""
    if rule.table == "angebote_offers":
        return row["valid_from"], row["valid_to"] or dt.date.max
    return (row[rule.dated],) * 2 if rule.dated else (row["last_day"],) * 2


def is_counted(row: dict[str, Any], rule: Sum, first: dt.date, last: dt.date) -> bool:
    begins, ends = days_of(row, rule)
    return begins <= last <= ends if rule.table == "angebote_offers" else first <= begins <= last


def derived(connection: duckdb.DuckDBPyConnection) -> set[Place]:
    """What is not reported: indicator, area, period, member; from the rows alone."""
    found: set[Place] = set()
    for indicator, rule in DEFINED.items():
        programme = next(key for key in programmes() if rule.table.startswith(f"{key}_"))
        table = rule.table.removeprefix(f"{programme}_")
        periods = connection.execute(
            "SELECT p.period, p.first_day, p.last_day FROM core.coverage AS c INNER JOIN core.calendar_period AS p "
            "ON p.period = c.period INNER JOIN indicators.indicator AS i ON i.indicator_id = ? "
            "AND list_contains(string_split(i.calendars, ','), p.calendar) WHERE c.programme = ? AND c.table_name = ?",
            [indicator, programme, table],
        ).fetchall()
        cursor = connection.execute(
            f"SELECT s.*, w.last_day FROM staging.{rule.table} AS s INNER JOIN quality.counting_window AS w "
            "ON w.programme = ? AND w.table_name = ? AND w.file = s.source_file AND w.part = s.source_part "
            f"WHERE {rule.of}",
            [programme, table],
        )
        names = [column[0] for column in cursor.description]
        counted = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        groups: dict[Place, list[dict[str, Any]]] = {}
        for row, (period, first, last) in itertools.product(counted, periods):
            if is_counted(row, rule, first, last):
                members = ["", *([row[rule.breakdown]] if rule.breakdown else [])]
                for area, member in itertools.product({row["municipality"], COUNTY}, members):
                    groups.setdefault((indicator, area, period, member), []).append(row)
        for place, those in groups.items():
            is_one = not rule.is_rate_of or sum(row[rule.is_rate_of] for row in those) > 0
            if is_one and all(any(row[column] is None for column in rule.needs) for row in those):
                found.add(place)
    return found


def stated(connection: duckdb.DuckDBPyConnection, table: str) -> set[Place]:
    ids = ", ".join(f"'{name}'" for name in DEFINED)
    found = connection.execute(
        f"SELECT indicator_id, area, period, breakdown FROM {table} WHERE indicator_id IN ({ids})"
    ).fetchall()
    return set(found)


def test_what_the_sample_does_not_report_follows_from_its_rows() -> None:
    with duckdb.connect(str(sample_internal()), read_only=True) as connection:
        expected = derived(connection)
        assert stated(connection, "indicators.not_reported") == expected
        assert not stated(connection, "indicators.indicator_value") & expected
    assert {place[0] for place in expected if not place[3]} >= {"komm_an_participants", "offers_capacity"}


EMPTIED = {
    "sprachmittlerpool_requests": ("fee_eur",), "komm_an_grants": ("paid_eur", "participants", "volunteers"),
    "mercator_tuition": ("pupils", "lesson_hours"), "sprachhelfer_placements": ("hours_delivered", "children"),
    "angebote_offers": ("capacity", "occupied"),
}  # fmt: skip


@pytest.fixture(scope="module")
def emptied(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sample without the optional values of some places and periods, and of many single rows; and published."""
    internal, published = (tmp_path_factory.mktemp("emptied") / name for name in ("internal.duckdb", "kim.duckdb"))
    shutil.copy(sample_internal(), internal)
    with duckdb.connect(str(internal)) as connection:
        for table, columns in EMPTIED.items():
            for column in columns:
                whole, single = f"municipality, source_file, '{column}'", f"source_row, source_file, '{column}'"
                connection.execute(
                    f"UPDATE accepted.{table} SET {column} = NULL WHERE hash({whole}) % 4 = 0 OR hash({single}) % 3 = 0"
                )
        run_models(connection, load_models(MODEL_SCHEMAS))
        run_checks(connection, blocking_checks())
    published_from(internal, published)
    return internal, published


def test_what_is_emptied_is_not_reported_and_nothing_else(emptied: tuple[Path, Path]) -> None:
    with duckdb.connect(str(emptied[0]), read_only=True) as connection:
        expected = derived(connection)
        assert stated(connection, "indicators.not_reported") == expected
        assert not stated(connection, "indicators.indicator_value") & expected
    assert {place[0] for place in expected if not place[3]} == DEFINED.keys() - {"smp_hours"}


def test_each_is_published_as_such_but_where_the_number_of_its_rows_is_secret(emptied: tuple[Path, Path]) -> None:
    with duckdb.connect() as connection:
        for name, path in zip(("internal", "kim"), emptied, strict=True):
            connection.execute(f"ATTACH '{path}' AS {name} (READ_ONLY)")
        expected = {place for place in stated(connection, "internal.indicators.not_reported") if not place[3]}
        secret = set(connection.execute(
            "SELECT 'smp_fees_eur', area, period, breakdown FROM kim.indicator_value "
            "WHERE indicator_id = 'smp_assignments' AND status = 'suppressed'"
        ).fetchall())  # fmt: skip
        found = stated(connection, "(SELECT * FROM kim.indicator_value WHERE status = 'not_reported')")
        hidden = stated(connection, "(SELECT * FROM kim.indicator_value WHERE status = 'suppressed')")
    assert found == expected - secret
    assert expected & secret <= hidden


def test_the_gaps_in_provision_keep_their_nought(emptied: tuple[Path, Path]) -> None:
    beside = (
        "SELECT DISTINCT g.capacity FROM {gap} AS g INNER JOIN internal.indicators.not_reported AS u "
        "ON u.period = g.period AND u.area = g.area AND u.breakdown = {member} AND u.indicator_id = 'offers_capacity'"
    )
    with duckdb.connect() as connection:
        for name, path in zip(("internal", "kim"), emptied, strict=True):
            connection.execute(f"ATTACH '{path}' AS {name} (READ_ONLY)")
        inside = beside.format(gap="internal.indicators.offer_gap", member="g.theme")
        outside = beside.format(gap="kim.offer_gap", member="CASE WHEN g.theme = 'total' THEN '' ELSE g.theme END")
        assert connection.execute(inside).fetchall() == connection.execute(outside).fetchall() == [(0,)]


def test_nobody_learns_a_figure_from_what_is_not_reported(emptied: tuple[Path, Path]) -> None:
    internal, published = emptied
    found = audit_file(published, internal)
    assert found.passed, (found.at_risk[:3], found.breaches[:3])
    granted = "sprachhelfer_delivery_rate.denominator"
    assert [row for row in found.rows if row.cell.startswith(granted) and row.required_upper]


# --- money -----------------------------------------------------------------------------------------------------------


def test_amounts_of_money_are_whole_cents_in_every_table() -> None:
    money = {
        (f"{programme.key}_{table.name}", column.name)
        for programme in programmes().values()
        for table in programme.tables
        for column in table.output
        if column.is_money
    }
    with duckdb.connect(str(sample_internal()), read_only=True) as connection:
        found = connection.execute(
            "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE data_type = 'DECIMAL(18,6)'"
        ).fetchall()
        euros = connection.execute(
            "SELECT schema_name, table_name, column_name FROM duckdb_columns() "
            "WHERE schema_name IN ('accepted', 'staging', 'core') AND regexp_matches(column_name, '(^|_)eur(_|$)')"
        ).fetchall()
        broken = connection.execute(
            "SELECT v.indicator_id FROM indicators.indicator_value AS v INNER JOIN indicators.indicator AS i "
            "ON i.indicator_id = v.indicator_id AND i.unit = 'Euro' WHERE v.value <> round(v.value, 2)"
        ).fetchall()
    assert {(table, column) for schema, table, column in found if schema == "accepted"} == money
    assert {(table, column) for schema, table, column in found if schema == "staging"} == money
    assert set(euros) == set(found)
    assert broken == []


def test_cents_are_added_exactly_and_halves_go_up(tmp_path: Path) -> None:
    header = ["Az.", "Träger", "Ort", "Baustein", "Bewilligt €", "Ausgezahlt €", "Rückfluss €"]
    amounts = [1.005, 0.1, 0.2, 12.345, 999_999_999_999]
    grants = [[n, "V", "Ahlen", "A", amount, 0, 0] for n, amount in enumerate(amounts)]
    grants += [[80, "V", "Ahlen", "A", 1e12, 0, 0], [81, "V", "Ahlen", "A", 1, 1e300, 0]]
    (tmp_path / "deliveries" / "komm_an").mkdir(parents=True)
    (tmp_path / "deliveries" / "komm_an" / "2023.xlsx").write_bytes(xlsx([page("2023", header, grants)]))
    settings = Settings(deliveries=tmp_path / "deliveries", warehouse=tmp_path / "warehouse", key_file=None)
    build_internal(tmp_path / "internal.duckdb", take_in(settings), dt.date(2024, 6, 1), grace_days=14)
    with duckdb.connect(str(tmp_path / "internal.duckdb"), read_only=True) as connection:
        kept = connection.execute(
            "SELECT granted_eur, paid_eur FROM staging.komm_an_grants ORDER BY source_row"
        ).fetchall()
        total = connection.execute(
            "SELECT value FROM indicators.indicator_value "
            "WHERE indicator_id = 'komm_an_granted_eur' AND period = '2023' AND breakdown_kind = 'total' AND area = '05570'"
        ).fetchall()
        told = connection.execute(
            'SELECT rule, severity FROM quality.finding WHERE "row" > 7 ORDER BY "row"'
        ).fetchall()
    assert [granted for granted, _ in kept] == [
        Decimal("1.005"), Decimal("0.10"), Decimal("0.20"), Decimal("12.345"), Decimal("999999999999.00"), Decimal(1)
    ]  # fmt: skip
    assert kept[-1][1] is None
    assert total == [(1_000_000_000_013.65,)]
    assert told == [("invalid_number", "error"), ("invalid_number", "warning")]


def test_no_sum_of_money_says_in_which_order() -> None:
    money = {
        column.name for p in programmes().values() for t in p.tables for column in t.columns.values() if column.is_money
    }
    ordered = [
        name
        for model in load_models(MODEL_SCHEMAS)
        for name in money | {"spent_eur"}
        if f"ORDER BY f.{name})" in model.sql
    ]
    assert ordered == []
