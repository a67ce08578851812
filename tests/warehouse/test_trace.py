"""From a figure back to the rows: the derived query counts what the indicator counts."""

from __future__ import annotations

import duckdb
import pytest

from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.warehouse.catalogue import Indicator, load_catalogue, released_indicators
from kim_pipeline.warehouse.sql_models import load_models
from kim_pipeline.warehouse.trace import UnknownValueError, rows_query, trace
from tests.built import sample_internal, sample_settings

MODELS = [m for m in load_models(["indicators"]) if m.name.startswith("value_")]
RELEASED = released_indicators(load_catalogue(), vocabulary().county.reached)
DELIVERED = [i for i in RELEASED if (sample_settings().deliveries / i.programme).is_dir()]
ROWS_ARE_THE_VALUE = [i for i in DELIVERED if i.aggregation in ("count", "stock")]


def query_of(indicator_id: str) -> str:
    (model,) = [m for m in MODELS if f"'{indicator_id}'" in m.sql]
    return rows_query(model, indicator_id)


@pytest.mark.parametrize("indicator", ROWS_ARE_THE_VALUE, ids=lambda i: i.id)
def test_counts_have_as_many_rows_as_they_say(indicator: Indicator) -> None:
    with duckdb.connect(str(sample_internal()), read_only=True) as connection:
        values = connection.execute(
            "SELECT area, period, breakdown, value FROM indicators.indicator_value WHERE indicator_id = ? "
            "ORDER BY hash(area || period || breakdown) LIMIT 12",
            [indicator.id],
        ).fetchall()
        for area, period, breakdown, value in values:
            rows = connection.execute(query_of(indicator.id), [area, period, breakdown]).fetchall()
            assert len(rows) == value, (area, period, breakdown)


@pytest.mark.parametrize("indicator", [i for i in DELIVERED if not i.per_1000_of], ids=lambda i: i.id)
def test_every_indicator_can_be_traced(indicator: Indicator) -> None:
    with duckdb.connect(str(sample_internal()), read_only=True) as connection:
        key = connection.execute(
            "SELECT area, period, breakdown FROM indicators.indicator_value "
            "WHERE indicator_id = ? AND value > 0 LIMIT 1",
            [indicator.id],
        ).fetchall()[0]
        assert connection.execute(query_of(indicator.id), list(key)).fetchall()


def test_a_value_with_everything_behind_it() -> None:
    found = trace(sample_internal(), "smp_assignments", "Beelen", "2023", "ara")
    (source,) = found.sources
    assert (found.value, found.area, found.sql_files[0].name) == (2, "05570012", "value_sprachmittlerpool.sql")
    assert (source.file, source.sheet, source.spans) == (
        "Sprachmittlerpool 2023 gesamt.xlsx", "Einsätze 2023", "607, 1301",
    )  # fmt: skip


def test_a_value_per_1000_names_numerator_and_denominator() -> None:
    found = trace(sample_internal(), "kim_cases_per_1000_foreigners", "05570012", "2023")
    assert {s.programme for s in found.sources} == {"kim_case_management", "bevoelkerung"}
    assert found.numerator == sum(len(s.rows) for s in found.sources if s.programme == "kim_case_management")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("unsinn", "Beelen", "2023"), "gibt es nicht"),
        (("fit_groups", "Münster", "2022/23"), "Münster"),
        (("fit_groups", "Beelen", "2023"), "keinen Wert"),
    ],
)
def test_what_does_not_exist_is_said(arguments: tuple[str, str, str], says: str) -> None:
    with pytest.raises(UnknownValueError, match=says):
        trace(sample_internal(), *arguments)


def test_spans_of_rows() -> None:
    found = trace(sample_internal(), "population", "05570", "2022")
    assert [s.spans for s in found.sources] == ["9–20, 22"]


def test_both_rows_of_a_pair_are_named() -> None:
    """A handover is made of two stations, a share of two parts of a table."""
    with duckdb.connect(str(sample_internal()), read_only=True) as connection:
        rows = connection.execute(
            "SELECT f.source_row, f.next_source_row FROM core.fact_handover AS f "
            "WHERE year(f.handed_over_on) = 2023 AND f.next_source_row IS NOT NULL"
        ).fetchall()
        count = connection.execute("SELECT count(*) FROM core.fact_handover").fetchall()
    named = {row for source in trace(sample_internal(), "kim_handovers", "05570", "2023").sources for row in source.rows}
    assert count > [(0,)]
    assert rows
    assert named == {row for pair in rows for row in pair}
