"""The key date: what a release is made from and what the report shows of a build is the same, and nothing is later."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kim_pipeline.contracts.calendar import Period, named_period, parse_period
from kim_pipeline.publishing.published import stored_build_info, write_tables
from kim_pipeline.publishing.releases import copy_as_of
from kim_pipeline.report.figures import Figures
from kim_pipeline.warehouse.build import new_internal_file
from kim_pipeline.warehouse.load import load_quality
from tests.built import AS_OF, sample_build, sample_intake, sample_internal

DAY = dt.date(2023, 8, 31)
STANDS = ("delivery", "measure_history", "build_info")
OF_PERIODS = ("period", "programme_period", "indicator_value", "offer_gap", "language_gap")


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """What a release of the sample is made from, and its file, before anything more is hidden in it."""
    folder = tmp_path_factory.mktemp("cut")
    internal, published = folder / "internal.duckdb", folder / "kim.duckdb"
    with new_internal_file(internal) as connection:
        copy_as_of(connection, sample_internal(), DAY, AS_OF)
        connection.execute(f"ATTACH '{sample_build()[0]}' AS hidden (READ_ONLY)")
        connection.execute("CREATE TABLE disclosure.hidden_cell AS FROM hidden.disclosure.hidden_cell")
    write_tables(internal, published, stored_build_info(sample_build()[1], DAY))
    return internal, published


@cache
def whole() -> Figures:
    return Figures(sample_build()[1])


def rows(file: Path, sql: str) -> list[Any]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_nothing_later_is_in_what_a_release_is_made_from(cut: tuple[Path, Path]) -> None:
    later = {}
    days = "SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns() WHERE data_type = 'DATE'"
    for table, column in rows(cut[0], days):
        if column not in ("due_on", "late_after", "valid_to"):  # these are known before they come
            ((last,),) = rows(cut[0], f"SELECT max({column}) FROM {table}")
            later[f"{table}.{column}"] = last
    assert {name: last for name, last in later.items() if last is not None and last > DAY} == {}
    assert {"quality.delivery.as_of", "quality.due.last_as_of", "core.fact_decision.decided_on"} <= later.keys()


def test_no_case_is_in_what_a_release_is_made_from(cut: tuple[Path, Path]) -> None:
    tables = {name for (name,) in rows(cut[0], "SELECT schema_name || '.' || table_name FROM duckdb_tables()")}
    assert not [name for name in tables if name.startswith(("accepted.", "staging."))]
    assert {name for name in tables if name.startswith("core.fact_")} == {"core.fact_decision", "core.fact_measure"}


def test_a_release_lists_no_later_delivery(cut: tuple[Path, Path]) -> None:
    """Neither as a delivery, nor as an input, nor by what was found in it, nor as the last one."""
    _, published = cut
    known = {(programme, file) for programme, file in rows(published, "SELECT programme, file FROM delivery")}
    for column, table in (("as_of", "delivery"), ("as_of", "build_info"), ("last_as_of", "delivery_status")):
        ((last,),) = rows(published, f"SELECT max({column}) FROM {table}")
        assert last is not None
        assert last <= DAY, table
    inputs = {(p, file) for p, file in rows(published, "SELECT name, file FROM build_info WHERE item = 'input'")}
    assert inputs == known
    assert len(known) < len(whole().rows("delivery"))
    periods = {p for (p,) in rows(published, "SELECT DISTINCT period FROM quality_summary WHERE period <> ''")}
    assert periods
    assert max(end_of(str(period)) for period in periods) <= DAY
    counted = rows(published, "SELECT sum(deliveries) FROM delivery_status")
    assert counted == [(len(known),)]


def end_of(period: str) -> dt.date:
    return named_period(period).last


@pytest.mark.parametrize("table", [*STANDS, *OF_PERIODS])
def test_the_report_of_the_build_sees_what_the_release_holds(cut: tuple[Path, Path], table: str) -> None:
    """By their keys: what is hidden besides is the release's own."""
    ours, theirs = Figures(sample_build()[1], DAY), Figures(cut[1], DAY)
    keys = {
        "delivery": ("programme", "file", "as_of", "status"),
        "measure_history": ("concept", "measure_no", "as_of", "status"),
        "build_info": ("item", "name", "file"),
        "period": ("name", "last_day"),
        "programme_period": ("programme", "period", "state", "is_covered"),
        "indicator_value": ("indicator_id", "area", "period", "breakdown_kind", "breakdown"),
        "offer_gap": ("period", "area", "theme"),
        "language_gap": ("period", "area", "language"),
    }[table]
    assert [[row[key] for key in keys] for row in ours.rows(table)] == [
        [row[key] for key in keys] for row in theirs.rows(table)
    ]
    assert 0 < len(ours.rows(table)) < len(whole().rows(table))


@pytest.mark.parametrize("day", [DAY, dt.date(2021, 3, 1), dt.date(2024, 12, 31)])
def test_it_is_due_as_it_was_then(day: dt.date) -> None:
    """Of the deliveries with a Stand until then, judged on that day."""
    with duckdb.connect() as connection:
        copy_as_of(connection, sample_internal(), day, AS_OF)
        found = connection.execute("FROM quality.due").fetchall()
    then = [d for d in sample_intake().deliveries if d.read and d.read.as_of and d.read.as_of <= day]
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA quality")
        load_quality(connection, replace(sample_intake(), deliveries=then), day, 14)
        assert found == connection.execute("FROM quality.due").fetchall()


def test_a_held_delivery_makes_nobody_punctual(tmp_path: Path) -> None:
    """As in the build itself: a list that is held is not there yet."""
    stand = "SELECT max(as_of) FROM quality.delivery WHERE programme = 'kim_case_management' AND status = 'counted'"
    held = tmp_path / "internal.duckdb"
    shutil.copyfile(sample_internal(), held)
    held.chmod(0o600)
    with duckdb.connect(str(held)) as connection:
        ((newest,),) = connection.execute(stand).fetchall()
        connection.execute(
            "UPDATE quality.delivery SET status = 'held' WHERE programme = 'kim_case_management' AND as_of = ?",
            [newest],
        )
    with duckdb.connect() as connection:
        copy_as_of(connection, held, AS_OF, AS_OF)
        due = "SELECT last_as_of < ?, is_late FROM quality.due WHERE programme = 'kim_case_management'"
        assert connection.execute(due, [newest]).fetchall() == [(True, True)]


def test_what_names_no_stand_is_known_from_the_day_of_the_build_on() -> None:
    without = [row["file"] for row in Figures(sample_build()[1], AS_OF).deliveries if row["as_of"] is None]
    assert without
    assert [row for row in Figures(sample_build()[1], AS_OF - dt.timedelta(1)).deliveries if not row["as_of"]] == []


@pytest.mark.parametrize("text", ["2023", "2022/23", "1. Halbjahr 2022", "2. Halbjahr 2022", "4. Quartal 2023",
                                  "03.02.2021 - 05.06.2022"])  # fmt: skip
def test_a_period_is_known_by_its_name(text: str) -> None:
    period = parse_period(text)
    assert isinstance(period, Period)
    assert named_period(str(period)) == period
