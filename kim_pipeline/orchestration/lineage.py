"""Column lineage as Dagster knows it: assets and their columns instead of tables.

A column of a staging table leads to the delivered column that offices fill in. The open-source web server keeps
Dagster's own form and does not draw it, so each table's page also lists it with links.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import dagster as dg

from kim_pipeline.night import published_models, table_models
from kim_pipeline.orchestration.keys import delivery_key, source_key
from kim_pipeline.orchestration.metadata import Link, markdown_table
from kim_pipeline.orchestration.parts import STAGING, accepted_table
from kim_pipeline.warehouse.lineage import Columns, Origin, accepted_columns, lineage_of

_MAX_LINKS = 8


def table_lineage(full_name: str) -> dg.TableColumnLineage | None:
    """Lineage of a table `schema.table`; None where no SQL makes it."""
    columns = _lineage().get(full_name)
    if columns is None:
        return None
    deps = {column: [d for o in sorted(origins) for d in _column_deps(o)] for column, origins in columns.items()}
    return dg.TableColumnLineage({column: found for column, found in deps.items() if found})


def lineage_text(full_name: str) -> str:
    """The same as a Markdown table with links to the assets, and with the delivered columns where it all begins."""
    lineage = table_lineage(full_name)
    columns = _lineage()[full_name]
    known = lineage.deps_by_column if lineage else {}
    if full_name.startswith(f"{STAGING}."):
        return markdown_table(("Spalte", "geliefert als"), [(c, _links(known.get(c, []))) for c in columns])
    rows = [(c, _links(known.get(c, [])), _links(_staged_columns(full_name, c))) for c in columns]
    return markdown_table(("Spalte", "berechnet aus", "letztlich aus"), rows)


def _staged_columns(full_name: str, column: str) -> list[dg.TableColumnDep]:
    origins = sorted(_beginnings((full_name, column)))
    return [dg.TableColumnDep(key, name) for table, name in origins if (key := source_key(table)) is not None]


@cache
def _beginnings(column: Origin) -> frozenset[Origin]:
    """The columns of staging tables, and of tables that no SQL makes, that a column is computed from at last."""
    table, name = column
    origins = _lineage().get(table)
    if origins is None or table.startswith(f"{STAGING}."):
        return frozenset({column})
    return frozenset[Origin]().union(*(_beginnings(origin) for origin in origins.get(name, ())))


def _links(deps: Sequence[dg.TableColumnDep]) -> Link:
    """The assets as links, each with its columns."""
    columns: dict[str, list[str]] = {}
    for dep in deps:
        columns.setdefault("/".join(dep.asset_key.path), []).append(f"`{dep.column_name}`")
    links = [f"[{path}](/assets/{path}) {', '.join(names)}" for path, names in columns.items()]
    more = [f"und {len(links) - _MAX_LINKS} weitere Tabellen"] if len(links) > _MAX_LINKS else []
    return Link("; ".join([*links[:_MAX_LINKS], *more]) or "–")


@cache
def _lineage() -> dict[str, Columns]:
    return lineage_of([*table_models(), *published_models()], accepted_columns())


def _column_deps(origin: Origin) -> list[dg.TableColumnDep]:
    table, column = origin
    key = source_key(table)
    if key is None:
        return []
    if not table.startswith("accepted."):
        return [dg.TableColumnDep(key, column)]
    programme, contract = accepted_table(table.removeprefix("accepted."))
    crossed = contract.unpivot.values.get(column, ("", ()))[1] if contract.unpivot else ()
    known = contract.columns.get(column)
    delivered = crossed or ((known.derived_from or column,) if known else ())
    return [dg.TableColumnDep(delivery_key(programme.key), f"{contract.name}.{name}") for name in delivered]
