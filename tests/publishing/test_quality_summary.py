"""What is published of findings: classes per programme, period and rule, no file, no exact number."""

from __future__ import annotations

import itertools
from typing import Any

import duckdb

from kim_pipeline import german
from tests.built import sample_build

CLASSES = {"0": (0, 0), "1–9": (1, 9), "10–49": (10, 49), "50–249": (50, 249), "250+": (250, 10**9)}


def published(sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(sample_build()[1]), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def internal(sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(sample_build()[0]), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_numbers_are_classes_and_files_are_not_named() -> None:
    columns = dict(
        published("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'quality_summary'")
    )
    assert columns == dict.fromkeys(("programme", "period", "rule", "severity", "findings", "affected_rows"), "VARCHAR")
    shown = {value for row in published("SELECT findings, affected_rows FROM quality_summary") for value in row}
    assert {"0", "1–9", "10–49"} <= shown <= CLASSES.keys()


def test_classes_are_the_same_elsewhere() -> None:
    for told, (first, last) in CLASSES.items():
        assert german.count_class(first) == german.count_class(last) == told


def test_each_class_holds_the_number_behind_it() -> None:
    exact = {
        tuple(key): number
        for *key, number in internal(
            "SELECT f.programme, coalesce(d.period, ''), f.rule, f.severity, count(*) FROM quality.finding AS f "
            "JOIN quality.delivery AS d USING (programme, file) WHERE d.status IN ('counted', 'rejected') GROUP BY ALL"
        )
    }
    classes = {tuple(key): name for *key, name in published("SELECT * EXCLUDE affected_rows FROM quality_summary")}
    assert classes.keys() == exact.keys()
    for key, name in classes.items():
        first, last = CLASSES[str(name)]
        assert first <= exact[key] <= last


def test_no_published_text_is_a_number_of_requests_in_an_unknown_language() -> None:
    """They were: `unknown_language` per file of the pool was `smp_requests` of `und` of that year, to the request."""
    hidden = internal(
        "SELECT value FROM indicators.indicator_value WHERE indicator_id = 'smp_requests' AND breakdown = 'und'"
    )
    shown = {str(value) for row in published("FROM quality_summary") for value in row}
    assert hidden
    assert shown.isdisjoint(str(int(value)) for (value,) in hidden)


def test_build_info_holds_no_number_of_rows_or_findings() -> None:
    names = {name for (name,) in published("SELECT name FROM build_info WHERE item = 'count'")}
    assert names == {"counted", "superseded", "rejected"}


def test_no_sum_of_published_numbers_is_the_number_of_accepted_rows() -> None:
    """Three mentorships hidden, all requests printed, all accepted rows counted: that made three exact."""
    ((accepted,),) = internal("SELECT sum(accepted)::BIGINT FROM quality.sheet_account")
    tables = [name for (name,) in published("SELECT table_name FROM duckdb_tables()")]
    for table in tables:
        values = itertools.chain.from_iterable(published(f"FROM {table}"))
        assert str(accepted) not in {str(value) for value in values}, table
