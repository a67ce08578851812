"""Writes `kim_pipeline/warehouse/parsed.json`: what sqlglot finds in our SQL, so that commands need not ask it anew.

Run `python -m tools.parse_sql` after a change of `sql/`, of a contract or of sqlglot; a test says when it is due.
"""

from __future__ import annotations

from collections.abc import Sequence

from kim_pipeline.warehouse import parsed
from kim_pipeline.warehouse.build import MODEL_SCHEMAS
from kim_pipeline.warehouse.lineage import accepted_columns, digest_of_all, lineage_of
from kim_pipeline.warehouse.sql_models import SqlModel, load_models


def current_text() -> str:
    """The file as it must be."""
    with parsed.nothing_kept():
        return _text([*load_models(MODEL_SCHEMAS), *load_models(["published"])])


def _text(models: Sequence[SqlModel]) -> str:
    statements = {
        parsed.digest_of(model.sql): parsed.StatementFacts(model.columns, tuple(model.parents), model.order)
        for model in models
    }
    loaded = accepted_columns()
    return parsed.to_text(statements, digest_of_all(models, loaded), lineage_of(models, loaded))


if __name__ == "__main__":
    text = current_text()
    parsed.KEPT.write_text(text, encoding="utf-8")
    print(f"{parsed.KEPT.name}: {len(text.encode())} bytes")
