"""The sample's answers: every delivery, account, finding, indicator value, gap and suggestion, exactly."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.warehouse.catalogue import load_catalogue, released_indicators
from tests.built import sample_internal

RELEASED = {indicator.id for indicator in released_indicators(load_catalogue(), vocabulary().county.reached)}
"""What this county may count; the answers are those of one that has released every feature of persons."""
TRUTH = Path(__file__).parents[1] / "truth"
WHOLE_ROW = {
    "date_order", "status_incomplete", "duplicate_key", "orphan", "amount_order", "body_competence", "out_of_range",
}  # fmt: skip


def truth(name: str) -> list[dict[str, str]]:
    with (TRUTH / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def built(sql: str) -> list[dict[str, Any]]:
    with duckdb.connect(str(sample_internal()), read_only=True) as connection:
        result = connection.execute(sql)
        names = [column[0] for column in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def number(text: str) -> float | None:
    return float(text) if text else None


def same(expected: float | None, got: float | None) -> bool:
    if expected is None or got is None:
        return expected is None and got is None
    return math.isclose(expected, got, rel_tol=1e-9, abs_tol=1e-12)


def differences(
    expected: list[dict[str, str]], got: list[dict[str, Any]], key: list[str], figures: list[str]
) -> list[Any]:
    """Keys that only one side has, and those whose figures differ."""
    left = {tuple(r[k] for k in key): r for r in expected}
    right = {tuple("" if r[k] is None else str(r[k]) for k in key): r for r in got}
    assert len(right) == len(got), "keys occur twice"
    found: list[Any] = sorted(left.keys() ^ right.keys())
    for k in left.keys() & right.keys():
        found += [(k, f) for f in figures if not same(number(left[k][f]), right[k][f])]
    return found


def test_indicator_values() -> None:
    key = ["indicator_id", "area", "period", "breakdown_kind", "breakdown"]
    got = built("SELECT * FROM indicators.indicator_value")
    expected = [row for row in truth("indicator_value") if row["indicator_id"] in RELEASED]
    assert differences(expected, got, key, ["value", "numerator", "denominator", "n"]) == []


@pytest.mark.parametrize(
    ("table", "key", "figures"),
    [
        ("offer_gap", ["period", "area", "theme"], ["needs", "unmet_needs", "unmet_rate", "capacity", "free_places"]),
        (
            "language_gap",
            ["period", "area", "language"],
            ["requests", "unfilled", "coverage_rate", "active_interpreters"],
        ),
    ],
)
def test_gaps(table: str, key: list[str], figures: list[str]) -> None:
    expected, got = truth(table), built(f"SELECT * FROM indicators.{table}")
    assert differences(expected, got, key, figures) == []
    flags = {tuple(r[k] for k in key): r["gap"] == "true" for r in expected}
    assert {tuple(r[k] for k in key): r["gap"] for r in got} == flags


def test_suggestions_per_measure() -> None:
    names = [
        "concept", "measure_no", "suggestion", "rule", "decision", "decided_by", "decided_on", "decision_kind",
        "resolved_decision", "resolved_by", "resolved_on", "resolved_no", "agreement",
    ]  # fmt: skip
    got = {tuple("" if r[n] is None else str(r[n]) for n in names) for r in built("FROM indicators.measure_review")}
    assert got == {tuple(r[n] for n in names) for r in truth("measure_review")}


@pytest.mark.parametrize(
    ("table", "key", "figures"),
    [
        ("indicators.measure_decision", ["concept", "measure_no", "decision_no"], ["body_rank"]),
        ("indicators.decision_agreement", ["decision", "suggestion"], []),
        ("indicators.measure", ["concept", "measure_no"], ["target_value", "cost_eur_per_year", "goal_value"]),
        ("review.measure_status_history", ["concept", "measure_no", "as_of"], []),
    ],
)
def test_measures_and_decisions(table: str, key: list[str], figures: list[str]) -> None:
    expected, got = truth(table.partition(".")[2]), built(f"FROM {table}")
    assert differences(expected, got, key, figures) == []
    names = [name for name in expected[0] if name not in figures]
    assert {told(row, names) for row in got} == {told(row, names) for row in expected}


def told(row: Mapping[str, Any], names: list[str]) -> tuple[str, ...]:
    """A row's texts, days and states as the answers write them."""
    return tuple(str(v).lower() if isinstance(v := row[n], bool) else "" if v is None else str(v) for n in names)


def test_missing_measures() -> None:
    got = built("FROM indicators.measure_review_missing")
    assert differences(truth("measure_review_missing"), got, ["theme"], ["unmet_needs", "free_places"]) == []


def finding_key(r: dict[str, Any]) -> tuple[str, ...]:
    rule, row, letter, sheet = r["rule"], str(r["row"] or ""), r["column_letter"] or "", r["sheet"] or ""
    if str(r["file"]).endswith(".csv"):
        sheet = ""
    if rule in WHOLE_ROW or rule == "missing_column":
        letter = ""
    if rule in ("unmapped_column", "missing_column"):
        row = ""
    return (r["programme"], r["file"], sheet, row, letter, rule, r["severity"])


def test_findings() -> None:
    got = Counter(finding_key(r) for r in built("FROM quality.finding WHERE rule <> 'absent_column'"))
    allowed = {finding_key(r) for r in truth("findings_allowed")}
    expected = Counter(finding_key(r) for r in truth("findings"))
    assert {k: n for k, n in (got - expected).items() if k not in allowed} == {}
    assert expected - got == Counter()


def test_deliveries() -> None:
    expected = {(r["programme"], r["file"]): (r["status"], r["as_of"], r["period"]) for r in truth("deliveries")}
    got = {
        (r["programme"], r["file"]): (r["status"], str(r["as_of"] or ""), r["period"] or "")
        for r in built("FROM quality.delivery")
    }
    assert got.keys() == expected.keys()
    assert {k: v for k, v in got.items() if v[0] != expected[k][0]} == {}
    usable = {k: v for k, v in expected.items() if v[0] != "rejected"}
    assert {k: got[k] for k in usable} == usable


def test_accounts() -> None:
    numbers = ["rows_read", "accepted", "quarantined", "total", "note"]
    expected = {
        (r["programme"], r["file"], r["sheet"], *(int(r[n]) for n in numbers))
        for r in truth("deliveries")
        if r["rows_read"]
    }
    got = {
        (r["programme"], r["file"], "" if r["file"].endswith(".csv") else r["sheet"], *(r[n] for n in numbers))
        for r in built("FROM quality.sheet_account")
    }
    assert got == expected


def test_ignored_sheets() -> None:
    names = ["programme", "file", "sheet"]
    got = {tuple(r[n] for n in names) for r in built("FROM quality.ignored_sheet")}
    assert got == {tuple(r[n] for n in names) for r in truth("sheets_ignored")}
