"""Every check of a build finds what it is there to find."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from kim_pipeline.warehouse.build import CheckFailedError
from kim_pipeline.warehouse.checks import (
    Check,
    blocking_checks,
    checks_in,
    foreign_key_check,
    foreign_keys,
    key_checks,
    offending_rows,
    plausibility_checks,
)
from tests.built import run_checks, sample_internal

BREAKS = {
    "accounting_adds_up": "UPDATE quality.sheet_account SET note = note + 1 WHERE programme = 'fit'",
    "accepted_rows_are_there": "DELETE FROM accepted.fit_groups WHERE source_row = 6",
    "quarantined_rows_have_findings": "DELETE FROM quality.finding WHERE programme = 'fit' AND severity = 'error'",
    "indicator_keys_unique": "INSERT INTO indicators.indicator_value FROM indicators.indicator_value LIMIT 1",
    "gap_keys_unique": "INSERT INTO indicators.language_gap FROM indicators.language_gap LIMIT 1",
    "review_keys_unique": "UPDATE indicators.measure_review SET reason = '' WHERE measure_no = 'IK10-01'",
    "case_keys_unique": "INSERT INTO core.fact_need FROM core.fact_need LIMIT 1",
    "foreign_keys_found": "UPDATE core.fact_need SET theme = 'Unsinn' WHERE source_row = 100",
    "rows_of_the_county_add_up": "UPDATE indicators.indicator_value SET value = value + 1 "
    "WHERE indicator_id = 'soe_contacts' AND area = '05570' AND breakdown = ''",
    "municipalities_within_county": "UPDATE indicators.indicator_value SET value = 0 "
    "WHERE indicator_id = 'kim_hurdles' AND area = '05570'",
    "quarters_make_the_year": "UPDATE indicators.indicator_value SET value = value + 1 "
    "WHERE indicator_id = 'smp_hours' AND period = '2023-Q2'",
    "members_make_the_total": "DELETE FROM indicators.indicator_value WHERE indicator_id = 'smp_requests' "
    "AND breakdown = 'ara'",
    "stock_and_flow_of_cases": "UPDATE indicators.indicator_value SET value = value + 1 "
    "WHERE indicator_id = 'kim_cases_active' AND period = '2022-Q3'",
    "rates_are_shares": "UPDATE indicators.indicator_value SET value = 1.5 WHERE indicator_id = 'kim_needs_unmet_rate'",
    "indicators_are_in_the_catalogue": "DELETE FROM indicators.indicator WHERE indicator_id = 'fit_groups'",
    "periods_are_covered": "UPDATE indicators.indicator_value SET period = '2024' WHERE indicator_id = 'fit_groups'",
    "money_adds_up": "UPDATE indicators.indicator_value SET value = value + 0.01 "
    "WHERE indicator_id = 'komm_an_unpaid_eur' AND period = '2023' AND breakdown = 'B'",
    "same_totals": "UPDATE indicators.indicator_value SET value = value + 1 "
    "WHERE indicator_id = 'smp_assignments_by_sector' AND period = '2023' AND breakdown = ''",
    "grant_differs_from_fixed_sum": "UPDATE core.fact_grant SET fixed_eur = granted_eur - 0.02",
    "proof_of_use_missing": "UPDATE core.fact_grant SET paid_eur = NULL",
    "headline_jumps": "UPDATE indicators.indicator_value SET value = 10 * value WHERE period = '2023'",
    "done_but_running": "UPDATE indicators.measure_decision SET decision = 'beenden', done_on = decided_on",
    "open_after_the_end": "UPDATE core.dim_programme SET valid_to = DATE '2023-12-31' WHERE programme = 'patenprojekt'",
    "fewer_rows_than_before": "UPDATE quality.sheet_account SET accepted = 1 WHERE file LIKE 'KIM_Gesamt%'",
}


@pytest.fixture
def copy(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    path = tmp_path / "internal.duckdb"
    shutil.copy(sample_internal(), path)
    return duckdb.connect(str(path))


def filled(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """A table of a programme that the sample has no delivery of gets one empty row."""
    if not connection.execute(f"FROM {table} LIMIT 1").fetchall():
        connection.execute(f"INSERT INTO {table} DEFAULT VALUES")


def test_the_sample_passes() -> None:
    with duckdb.connect(str(sample_internal()), read_only=True) as connection:
        run_checks(connection, blocking_checks())


@pytest.mark.parametrize(
    "check", [c for c in (*blocking_checks(), *plausibility_checks()) if c not in key_checks()], ids=lambda c: c.name
)
def test_finds_what_it_is_there_for(check: Check, copy: duckdb.DuckDBPyConnection) -> None:
    before = len(offending_rows(copy, check, limit=10_000))
    copy.execute(BREAKS[check.name])
    assert len(offending_rows(copy, check, limit=10_000)) > before


@pytest.mark.parametrize("check", key_checks(), ids=lambda c: c.name)
def test_finds_keys_that_occur_twice(check: Check, copy: duckdb.DuckDBPyConnection) -> None:
    filled(copy, str(check.asset))
    copy.execute(f"INSERT INTO {check.asset} FROM {check.asset} LIMIT 1")
    assert len(offending_rows(copy, check)) == 1


def test_every_key_of_every_fact_is_held(copy: duckdb.DuckDBPyConnection) -> None:
    keys = foreign_keys()
    assert ("core.fact_handover", "area", "area") in keys
    assert ("core.fact_decision", "body", "body") in keys
    assert len(keys) >= 25
    for table, column, _ in keys:
        copy.execute("BEGIN")
        filled(copy, table)
        copy.execute(f"UPDATE {table} SET {column} = 'Unsinn' WHERE rowid = (SELECT min(rowid) FROM {table})")
        found = offending_rows(copy, foreign_key_check())
        assert [(row["table_name"], row["column_name"]) for row in found] == [(table, column)]
        copy.execute("ROLLBACK")


def test_a_failed_check_says_which() -> None:
    with duckdb.connect() as connection, pytest.raises(CheckFailedError, match="always ist nicht bestanden: Nie"):
        run_checks(connection, [Check("always", "Nie.", "SELECT 1 AS x")])


def test_a_check_without_description_or_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bare.sql").write_text("SELECT 1", encoding="utf-8")
    with pytest.raises(ValueError, match=r"bare\.sql"):
        checks_in(tmp_path)
