"""What exists on a key date follows from what a table's columns name."""

from __future__ import annotations

import pytest

from kim_pipeline.contracts.key_date import condition

STAND = "(as_of IS NULL OR as_of <= $as_of)"
PERIOD = "period IN (SELECT p.period FROM c AS p WHERE p.last_day <= $as_of)"
DELIVERY = f"(programme, file) IN (SELECT (d.programme, d.file) FROM q AS d WHERE {STAND})"


@pytest.mark.parametrize(
    ("table", "columns", "rule"),
    [
        ("core.calendar_period", ["period", "last_day"], "last_day <= $as_of"),
        ("indicators.indicator_value", ["area", "period"], PERIOD),
        ("core.fact_measure", ["as_of", "measure_no"], STAND),
        ("core.fact_decision", ["decision_no", "decided_on"], "decided_on <= $as_of"),
        ("quality.finding", ["programme", "file", "rule"], DELIVERY),
        ("core.dim_area", ["area", "name"], None),
        ("main.quality_summary", ["programme", "period"], None),
    ],
)  # fmt: skip
def test_the_rule_of_a_table(table: str, columns: list[str], rule: str | None) -> None:
    assert condition(table, columns, "c", "q") == rule
