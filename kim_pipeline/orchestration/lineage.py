"""Column lineage as Dagster knows it: assets and their columns instead of tables.

A column of a staging table leads to the delivered column that offices fill in. The open-source web server keeps
Dagster's own form and does not draw it, so each table's page also lists it with links.
"""

from __future__ import annotations

from functools import cache

import dagster as dg

from kim_pipeline.contracts import programmes
from kim_pipeline.nightly import published_models, table_models
from kim_pipeline.orchestration.keys import accepted_table, delivery_key, parent_key
from kim_pipeline.orchestration.markdown import Link, markdown_table
from kim_pipeline.warehouse.lineage import Columns, Origin, lineage_of


def table_lineage(full_name: str) -> dg.TableColumnLineage | None:
    """Lineage of a table `schema.table`; None where no SQL makes it."""
    columns = _lineage().get(full_name)
    if columns is None:
        return None
    deps = {column: [d for o in sorted(origins) for d in _column_deps(o)] for column, origins in columns.items()}
    return dg.TableColumnLineage({column: found for column, found in deps.items() if found})


def lineage_text(full_name: str) -> str:
    """The same as a Markdown table with links to the assets."""
    lineage = table_lineage(full_name)
    columns = _lineage()[full_name]
    known = lineage.deps_by_column if lineage else {}
    rows = [(column, Link(", ".join(map(_link, known.get(column, []))) or "–")) for column in columns]
    return markdown_table(("Spalte", "berechnet aus"), rows)


def _link(dep: dg.TableColumnDep) -> str:
    path = "/".join(dep.asset_key.path)
    return f"[`{path}.{dep.column_name}`](/assets/{path})"


@cache
def _lineage() -> dict[str, Columns]:
    loaded = {
        f"accepted.{p.key}_{t.name}": [c.name for c in t.output] + ["source_file", "source_sheet", "source_row"]
        for p in programmes().values()
        for t in p.tables
    }
    return lineage_of([*table_models(), *published_models()], loaded)


def _column_deps(origin: Origin) -> list[dg.TableColumnDep]:
    table, column = origin
    key = parent_key(table)
    if key is None:
        return []
    if not table.startswith("accepted."):
        return [dg.TableColumnDep(key, column)]
    programme, contract = accepted_table(table.removeprefix("accepted."))
    crossed = contract.unpivot.values.get(column, ("", ()))[1] if contract.unpivot else ()
    known = contract.columns.get(column)
    delivered = crossed or ((known.derived_from or column,) if known else ())
    return [dg.TableColumnDep(delivery_key(programme.key), f"{contract.name}.{name}") for name in delivered]
