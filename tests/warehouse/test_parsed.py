"""What sqlglot found in our SQL is kept, current, and never taken for another statement's."""

from __future__ import annotations

from pathlib import Path

from kim_pipeline.warehouse import parsed
from kim_pipeline.warehouse.lineage import accepted_columns, digest_of_all
from kim_pipeline.warehouse.sql_models import SqlModel, load_models
from tools.parse_sql import current_text


def test_the_kept_file_is_current() -> None:
    assert parsed.KEPT.read_text(encoding="utf-8") == current_text(), "python -m tools.parse_sql writes it anew"


def test_a_changed_statement_is_parsed_anew() -> None:
    model = next(m for m in load_models(["core"]) if m.parents and m.columns)
    assert parsed.facts_of(model.sql) is not None
    changed = SqlModel(model.schema, model.name, f"SELECT 1 AS own  -- Neu\nFROM ({model.sql.rstrip()}) AS q", Path("x"))
    assert parsed.facts_of(changed.sql) is None
    assert changed.columns == {"own": "Neu"}
    assert changed.parents == model.parents


def test_lineage_is_taken_of_the_same_statements_and_columns_only() -> None:
    models, loaded = load_models(["core"]), accepted_columns()
    digest = digest_of_all(models, loaded)
    assert digest == digest_of_all(models[::-1], loaded)
    assert digest != digest_of_all(models[1:], loaded)
    name, columns = next(iter(loaded.items()))
    assert digest != digest_of_all(models, loaded | {name: columns[1:]})
    assert parsed.lineage_kept(digest) is None  # kept is that of all tables
