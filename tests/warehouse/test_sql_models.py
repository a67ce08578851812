"""Every file in `sql/` is one plain, described SELECT of its layer."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from kim_pipeline.contracts import programmes
from kim_pipeline.warehouse.build import MODEL_SCHEMAS
from kim_pipeline.warehouse.catalogue import load_catalogue
from kim_pipeline.warehouse.checks import blocking_checks, plausibility_checks
from kim_pipeline.warehouse.sql_models import SQL_FOLDER, SqlModel, SqlModelError, check_layers, in_order, load_models
from tests.built import sample_build

MODELS = load_models(MODEL_SCHEMAS)
PUBLISHED = load_models(["published"])
FILES = [m for m in (*MODELS, *PUBLISHED) if m.path.exists()]


def name_of(model: SqlModel) -> str:
    return model.full_name


@pytest.mark.parametrize("model", [*MODELS, *PUBLISHED], ids=name_of)
def test_is_described_in_german(model: SqlModel) -> None:
    assert len(model.description) > 10
    assert model.columns
    assert {column for column, text in model.columns.items() if not text} == set()


@pytest.mark.parametrize("model", FILES, ids=name_of)
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


def test_every_contract_table_has_its_staging_file() -> None:
    tables = {f"{p.key}_{t.name}": t for p in programmes().values() for t in p.tables}
    staging = {m.name: m for m in MODELS if m.schema == "staging"}
    assert staging.keys() == tables.keys()
    source = ["source_file", "source_sheet", "source_row"]
    for name, table in tables.items():
        assert list(staging[name].columns) == [*(c.name for c in table.output), *source], name
        assert {c.name: c.label for c in table.output}.items() <= staging[name].columns.items(), name


def test_every_indicator_is_counted_by_one_file() -> None:
    texts = [m.sql for m in MODELS if m.name.startswith("value_")]
    for indicator in load_catalogue():
        files = sum(f"'{indicator.id}'" in text for text in texts)
        assert files == (0 if indicator.per_1000_of else 1), indicator.id


@pytest.mark.parametrize("check", [*blocking_checks(), *plausibility_checks()], ids=lambda c: c.name)
def test_checks_name_an_existing_table(check: object) -> None:
    asset = getattr(check, "asset")  # noqa: B009
    assert asset is None or asset in {m.full_name for m in MODELS}


def test_there_is_nothing_else_in_the_folder() -> None:
    schemas = {p.name for p in SQL_FOLDER.iterdir() if p.is_dir()}
    assert schemas == {*MODEL_SCHEMAS, "published", "checks"}
