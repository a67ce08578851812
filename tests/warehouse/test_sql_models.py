"""Every table's SQL, from a file or generated, is one plain, described SELECT of its layer."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import duckdb
import pytest
from sqlglot import exp

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.calendar import QUARTERLY
from kim_pipeline.contracts.model import ContractModel, Day, Programme, Table, Text, column
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.warehouse.build import MODEL_SCHEMAS
from kim_pipeline.warehouse.catalogue import catalogue_columns, catalogue_row, load_catalogue, released_indicators
from kim_pipeline.warehouse.checks import blocking_checks, plausibility_checks
from kim_pipeline.warehouse.generated import staging_sql
from kim_pipeline.warehouse.sql_models import (
    SQL_FOLDER,
    SqlModel,
    SqlModelError,
    check_layers,
    find_model,
    in_order,
    load_models,
)
from tests.built import sample_build, sample_internal

MODELS = load_models(MODEL_SCHEMAS)
RELEASED = released_indicators(load_catalogue(), vocabulary().county.reached)
PUBLISHED = load_models(["published"])
GENERATED = [m for m in MODELS if m.path is None]


def name_of(model: SqlModel) -> str:
    return model.full_name


@pytest.mark.parametrize("model", [*MODELS, *PUBLISHED], ids=name_of)
def test_is_described_in_german(model: SqlModel) -> None:
    assert len(model.description) > 10
    assert model.columns
    assert {column for column, text in model.columns.items() if not text} == set()


@pytest.mark.parametrize("model", [*MODELS, *PUBLISHED], ids=name_of)
def test_is_formatted(model: SqlModel) -> None:
    assert model.sql.endswith("\n")
    assert "\t" not in model.sql
    assert max(len(line) for line in model.sql.splitlines()) <= 120


@pytest.mark.parametrize("model", [*MODELS, *PUBLISHED], ids=name_of)
def test_runs_pasted_into_the_client(model: SqlModel) -> None:
    internal, published = sample_build()
    with duckdb.connect(str(internal), read_only=True) as connection:
        connection.execute(f"ATTACH '{published}' AS published (READ_ONLY)")
        result = connection.execute(model.sql)
        assert [column[0] for column in result.description or []] == list(model.columns)


def model(schema: str, sql: str, name: str = "t") -> SqlModel:
    return SqlModel(schema, name, sql, Path(f"{name}.sql"))


def test_a_file_reads_lower_layers_only() -> None:
    with pytest.raises(SqlModelError, match="keine Schicht darunter"):
        check_layers(model("staging", "SELECT a.x FROM core.dim_area AS a"))
    with pytest.raises(SqlModelError, match="keine Schicht darunter"):
        check_layers(model("core", "SELECT a.x FROM elsewhere.t AS a"))
    check_layers(model("core", "SELECT a.x FROM staging.t AS a"))


def test_a_table_without_schema_is_refused() -> None:
    with pytest.raises(SqlModelError, match="ohne Schema"):
        check_layers(model("core", "WITH a AS (SELECT 1 AS x) SELECT b.x FROM a INNER JOIN b ON TRUE"))


def test_more_than_one_select_is_refused() -> None:
    with pytest.raises(SqlModelError, match="genau ein SELECT"):
        check_layers(model("core", "SELECT 1; SELECT 2"))
    with pytest.raises(SqlModelError, match="genau ein SELECT"):
        check_layers(model("core", "CREATE TABLE x AS SELECT 1"))


def test_parents_come_first() -> None:
    child = model("core", "SELECT p.x FROM core.parent AS p", "a_child")
    parent = model("core", "SELECT 1 AS x", "parent")
    assert [m.name for m in in_order([child, parent])] == ["parent", "a_child"]


def test_what_contracts_and_catalogue_imply_is_generated() -> None:
    staging = {f"staging.{p.key}_{t.name}" for p in programmes().values() for t in p.tables}
    read = {f"staging.{p.key}_{p.published.table}_read" for p in programmes().values() if p.published}
    assert {m.full_name for m in GENERATED} == {*staging, *read, "indicators.indicator", "indicators.all_values"}


@pytest.mark.parametrize("model", GENERATED, ids=name_of)
def test_what_is_generated_is_one_select_that_reads_lower_layers_only(model: SqlModel) -> None:
    assert isinstance(model.tree, exp.Query)
    check_layers(model)
    assert model.parents
    assert find_model(model.full_name) == model


class Visits(ContractModel):
    """Besuche."""

    visit_no: Text = column("Nr.", label="Besuchsnummer", kind="text", required=True, key=True)
    visited_on: Day = column("Datum", label="Besucht am", kind="date", required=True, period_date=True)
    name: Text = column("Name", label="Name", kind="text", personal="drop")


VISITS = Table("visits", "Besuche", Visits)
LISTED = """-- Besuchsdienst: Besuche, aus {counts}.
SELECT
    r.visit_no,  -- Besuchsnummer
    r.visited_on,  -- Besucht am
    r.source_file,  -- Datei, aus der die Zeile stammt
    r.source_part,  -- Teil der Datei, aus dem die Zeile stammt; leer, wenn sie nur einen hat
    r.source_sheet,  -- Blatt, aus dem die Zeile stammt
    r.source_row  -- Zeile im Blatt
FROM accepted.besuchsdienst_visits AS r
INNER JOIN quality.counting_window AS w
    ON w.programme = 'besuchsdienst'
    AND w.table_name = 'visits'
    AND w.file = r.source_file
    AND w.part = r.source_part{days}
ORDER BY r.source_file, r.source_sheet, r.source_row
"""


def test_a_staging_table_holds_the_rows_that_count_of_the_columns_that_are_stored() -> None:
    days = "\n    AND r.visited_on BETWEEN w.first_day AND w.last_day"
    programme = Programme("besuchsdienst", "Besuchsdienst", "period", QUARTERLY, (VISITS,))
    assert staging_sql(programme, VISITS) == LISTED.format(counts="den Lieferungen, die zählen", days=days)
    programme = dataclasses.replace(programme, delivery="snapshot")
    assert staging_sql(programme, VISITS) == LISTED.format(
        counts="der Gesamtliste mit dem jüngsten Stand", days=""
    )  # fmt: skip


def test_the_rows_of_a_cross_table_stand_in_the_order_of_its_members() -> None:
    (mercator,) = [m for m in GENERATED if m.name == "mercator_tuition"]
    assert mercator.sql.endswith("\nORDER BY r.source_file, r.source_sheet, r.source_row, r.half_year\n")


def test_the_table_of_indicators_is_their_model() -> None:
    described = {c.name: c.description for c in catalogue_columns()}
    assert all(described.values())
    assert list(described)[:3] == ["indicator_id", "label", "definition"]
    for name in ("indicators.indicator", "published.indicator"):
        found = find_model(name)
        assert found is not None
        assert found.columns == described
    with duckdb.connect(str(sample_internal()), read_only=True) as connection:
        stored = connection.execute(
            "SELECT * EXCLUDE (position) FROM vocabulary.indicator ORDER BY position"
        ).fetchall()
        types = connection.execute("DESCRIBE indicators.indicator").fetchall()
    assert stored == [catalogue_row(indicator) for indicator in RELEASED]
    assert [(name, kind) for name, kind, *_ in types] == [(c.name, c.type) for c in catalogue_columns()]


def test_every_indicator_comes_from_a_table_of_the_contracts() -> None:
    tables = {(p.key, t.name) for p in programmes().values() for t in p.tables}
    assert {(indicator.programme, indicator.table_name) for indicator in load_catalogue()} <= tables


def test_every_indicator_is_counted_by_one_file() -> None:
    texts = [m.sql for m in MODELS if m.name.startswith("value_")]
    for indicator in RELEASED:
        files = sum(f"'{indicator.id}'" in text for text in texts)
        assert files == (0 if indicator.per_1000_of else 1), indicator.id


@pytest.mark.parametrize("check", [*blocking_checks(), *plausibility_checks()], ids=lambda c: c.name)
def test_checks_name_an_existing_table(check: object) -> None:
    asset = getattr(check, "asset")  # noqa: B009
    assert asset is None or asset in {m.full_name for m in MODELS}


def test_there_is_nothing_else_in_the_folder() -> None:
    schemas = {p.name for p in SQL_FOLDER.iterdir() if p.is_dir()}
    assert schemas == {*MODEL_SCHEMAS, "published", "checks"} - {"staging"}
