"""What nothing reads is checked and not stored; what is stored is read: the contracts held against the SQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, build_scope

from kim_pipeline.contracts import programme, programmes
from kim_pipeline.contracts.model import Column, Table
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.settings import Settings
from kim_pipeline.warehouse.lineage import Origin, accepted_columns, column_lineage
from kim_pipeline.warehouse.sql_models import LAYERS, SQL_FOLDER, SqlModel, load_models
from tests.built import sample_internal, sample_settings
from tests.conftest import direct, put
from tests.workbooks import csv_text
from tests.workbooks import Page

_STEPS = ("staging", "core")
"""Schemas whose tables are no reader themselves: a column of theirs counts only if somebody reads it there."""


def read_columns() -> set[Origin]:
    """Every column, of whatever table, that a table of a higher schema or a check reads, also to filter or to join."""
    models = load_models(LAYERS[LAYERS.index("staging") :])
    known: dict[str, tuple[str, ...]] = {table: tuple(columns) for table, columns in accepted_columns().items()}
    known |= {model.full_name: tuple(model.columns) for model in models}
    readers = [model for model in models if model.schema not in _STEPS]
    files = sorted(SQL_FOLDER.glob("checks/*/*.sql"))
    readers += [SqlModel("checks", path.stem, path.read_text(encoding="utf-8"), path) for path in files]
    live = {column for model in readers for column in named(model, known)}
    for model in reversed([model for model in models if model.schema in _STEPS]):
        for column, origins in column_lineage(model, known).items():
            live |= origins if (model.full_name, column) in live else set()
        live |= set(named(model, known, only_aside=True))
    return live


def named(model: SqlModel, known: dict[str, tuple[str, ...]], *, only_aside: bool = False) -> Iterator[Origin]:
    """The columns that a statement names, `only_aside`: outside the lists of what is selected; stars are not asked."""
    aliases = {t.alias_or_name: f"{t.db}.{t.name}" for t in model.tree.find_all(exp.Table) if t.db}
    scope = build_scope(model.tree)
    assert scope is not None
    for part in scope.traverse():
        for column in part.find_all(exp.Column):
            if only_aside and is_selected(column, part):
                continue
            table = aliases.get(column.table)
            tables = [table] if table else [t for t in aliases.values() if column.name in known.get(t, ())]
            yield from ((t, column.name) for t in tables)
    if not only_aside:
        for origins in column_lineage(model, known).values():
            yield from origins


def is_selected(column: exp.Column, scope: Scope) -> bool:
    """Whether a column stands in a list of what is selected."""
    node: exp.Expr | None = column
    while node is not None and node is not scope.expression:
        if node.arg_key == "expressions" and isinstance(node.parent, exp.Select):
            return True
        node = node.parent
    return False


def columns_of_staging() -> Iterator[tuple[str, Table, Column]]:
    for p in programmes().values():
        for table in p.tables:
            yield from ((f"{p.key}_{table.name}", table, column) for column in table.accepted)


def test_what_is_stored_is_read_or_a_key() -> None:
    read = read_columns()
    unread = [
        f"{name}.{column.name}"
        for name, table, column in columns_of_staging()
        if column.is_stored and not column.key and not is_official_mark(column) and not is_member(table, column) and (f"staging.{name}", column.name) not in read
    ]
    assert unread == [], "nothing reads these: is_read=False in the contract, and out of sql/core"


def is_official_mark(column: Column) -> bool:
    """A sign that an official table states beside a number: kept for those who ask why there is none (`official.md` §6)."""
    return column.stated is not None and column.name.endswith("_mark")


def is_member(table: Table, column: Column) -> bool:
    """Whether a column tells the rows of a cross table apart: it belongs to their key."""
    return table.unpivot is not None and column.name == table.unpivot.into


def test_a_column_that_is_filtered_by_or_joined_on_counts_as_read() -> None:
    read = read_columns()
    assert ("staging.sprachmittlerpool_requests", "interpreter") in read
    assert ("staging.durchstarten_participations", "left_on") in read
    assert ("staging.kim_case_management_stations", "agency") not in read


def test_free_text_and_features_of_persons_are_not_stored() -> None:
    stored = {f"{name}.{column.name}" for name, _, column in columns_of_staging() if column.is_stored}
    features = {f"{name}.{column.name}": column.feature for name, _, column in columns_of_staging() if column.feature}
    assert {name for name in features if name in stored} == {
        name for name, feature in features.items() if feature in vocabulary().county.reached
    }
    cases = ["kim_case_management_cases.language", "kim_case_management_cases.case_manager"]
    assert features.keys() == {
        *(f"kim_case_management_cases.{name}" for name in ("sex", "age_group", "nationality", "residence_status")),
        "suedosteuropa_contacts.nationality",
    }
    texts = ["beschluesse_decisions.text", "massnahmen_measures.note", "komm_an_grants.title", "angebote_offers.provider"]
    assert not stored & {*cases, *texts, "fit_groups.guide", "kim_case_management_stations.agency"}
    assert "kim_case_management_cases.case_no" in stored


def test_neither_cache_nor_database_has_a_column_that_is_not_stored() -> None:
    stored = {(name, column.name) for name, _, column in columns_of_staging() if column.is_stored}
    checked = {(name, column.name) for name, _, column in columns_of_staging()}
    with duckdb.connect(str(sample_internal()), read_only=True) as connection:
        found = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema IN ('accepted', 'staging')"
        ).fetchall()
    assert set(found) & checked == stored
    names = {name for name, _ in stored}
    paths = [path for path in sample_settings().cache.rglob("*.parquet") if table_of(path) in names]
    assert len(paths) > 20
    for path in paths:
        kept = {(table_of(path), column) for column in pq.read_schema(path).names}
        assert kept & checked == {pair for pair in stored if pair[0] == table_of(path)}, path


def table_of(path: Path) -> str:
    """The staging table to which a file of the cache belongs."""
    return f"{path.parent.parent.name}_{path.stem.partition('_')[2]}"


@pytest.mark.parametrize(
    ("changes", "rule"), [({"Bewertung": "9"}, "out_of_range"), ({"Dauer (Std.)": "lang"}, "invalid_number")]
)
def test_what_is_not_stored_is_still_checked(settings: Settings, changes: dict[str, str], rule: str) -> None:
    assert not {"rating", "hours"} & {c.name for c in programme("fortbildungen").table("events").output}
    row = {"Nr.": "1", "Titel": "x", "Datum": "05.05.2023", "Ort": "Ahlen", "TN": "5", "Bewertung": "2", "Dauer (Std.)": "3"}
    content = [["Berichtszeitraum: 2023"], ["Stand: 15.01.2024"], list(row), list((row | changes).values())]
    put(settings, "fortbildungen", "a.csv", csv_text(Page("Kurse", content)).encode())
    (delivery,) = direct(settings).deliveries
    assert delivery.read is not None
    assert [(f["rule"], f["column_name"]) for f in pq.read_table(delivery.read.findings).to_pylist() if f["severity"] != "notice"] == [
        (rule, next(iter(changes)))
    ]
