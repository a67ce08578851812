"""What exists on a key date follows from what a table's columns name."""

from __future__ import annotations

import datetime as dt

import pytest

from kim_pipeline.contracts.key_date import KeyDate

UNTIL = "DATE '2023-08-31'"
STAND = f"(coalesce(as_of, DATE '2024-05-01') <= {UNTIL})"
PERIOD = f"period IN (SELECT p.period FROM c AS p WHERE p.last_day <= {UNTIL})"
DELIVERY = f"(programme, file) IN (SELECT (d.programme, d.file) FROM q AS d WHERE {STAND})"


@pytest.mark.parametrize(
    ("table", "columns", "rule"),
    [
        ("core.calendar_period", ["period", "last_day"], f"last_day <= {UNTIL}"),
        ("indicators.indicator_value", ["area", "period"], PERIOD),
        ("core.fact_measure", ["as_of", "measure_no"], STAND),
        ("quality.delivery", ["programme", "file", "period", "as_of"], STAND),
        ("main.build_info", ["item", "name", "file", "as_of"], f"(item <> 'input' OR {STAND})"),
        ("core.fact_decision", ["decision_no", "decided_on"], f"decided_on <= {UNTIL}"),
        ("quality.finding", ["programme", "file", "rule"], DELIVERY),
        ("core.dim_area", ["area", "name"], None),
        ("main.quality_summary", ["programme", "period"], None),
    ],
)  # fmt: skip
def test_the_rule_of_a_table(table: str, columns: list[str], rule: str | None) -> None:
    key_date = KeyDate(dt.date(2023, 8, 31), dt.date(2024, 5, 1), "c", "q")
    assert key_date.condition(table, columns) == rule
