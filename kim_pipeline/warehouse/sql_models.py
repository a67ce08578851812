"""The SQL files as models: one `SELECT` per file, `sql/<schema>/<table>.sql`.

Belongs here: reading them, their German comments, their parents and their order, all from the SQL itself (sqlglot).
Does not belong here: running them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

from kim_pipeline.errors import KimError
from kim_pipeline.settings import PROJECT
from kim_pipeline.warehouse.parsed import facts_of

if TYPE_CHECKING:
    from sqlglot import exp

SQL_FOLDER = PROJECT / "sql"
LAYERS = ("vocabulary", "quality", "accepted", "staging", "core", "indicators", "review", "disclosure", "published")
"""A file reads its own and lower layers only; the first three are loaded, not selected."""
_DIALECT = "duckdb"
_VALUES_OF = "indicators.value_"
_OVER_PUBLISHED = ("indicator", "measure_activity", "measure_review", "measure_review_missing")
"""Tables of the indicators that are published as well: the same SQL, over the published figures."""


class SqlModelError(KimError):
    """A file in `sql/` is not what it must be; the message names the file and says what is wrong."""


@dataclass(frozen=True)
class SqlModel:
    """One SQL file.

    Attributes:
        schema, name: of the table that it makes.
        sql: its text.
        path: where it lies.
    """

    schema: str
    name: str
    sql: str
    path: Path

    @property
    def full_name(self) -> str:
        """`schema.table`."""
        return f"{self.schema}.{self.name}"

    @property
    def code_version(self) -> str:
        """Hash of the SQL."""
        return hashlib.sha256(self.sql.encode()).hexdigest()[:12]

    @cached_property
    def tree(self) -> exp.Query:
        """The parsed statement.

        Raises:
            SqlModelError: the file is not exactly one `SELECT`.
        """
        import sqlglot  # noqa: PLC0415  (what it finds is kept, see `parsed.py`)
        from sqlglot import exp  # noqa: PLC0415

        statements = [s for s in sqlglot.parse(self.sql, dialect=_DIALECT) if s is not None]
        if len(statements) != 1 or not isinstance(statements[0], exp.Query):
            raise SqlModelError(f"{self.path.name}: erwartet wird genau ein SELECT.")
        return statements[0]

    @cached_property
    def description(self) -> str:
        """The head comment: German description of the table."""
        lines = []
        for line in self.sql.splitlines():
            if not line.startswith("--"):
                break
            lines.append(line.removeprefix("--").strip())
        return " ".join(filter(None, lines))

    @cached_property
    def columns(self) -> dict[str, str]:
        """Column → German description: the comment behind it in the final list."""
        known = facts_of(self.sql)
        if known is not None:
            return dict(known.columns)
        found = {}
        for projection in self.tree.selects:
            comments = [*(projection.comments or []), *(projection.this.comments or [] if projection.this else [])]
            found[projection.alias_or_name] = " ".join(c.strip() for c in dict.fromkeys(comments))
        return found

    @cached_property
    def parents(self) -> frozenset[str]:
        """The tables that it reads, `schema.table`, without its own CTEs.

        Raises:
            SqlModelError: a table is named without its schema.
        """
        known = facts_of(self.sql)
        if known is not None:
            return frozenset(known.parents)
        from sqlglot import exp  # noqa: PLC0415

        names = {cte.alias_or_name for cte in self.tree.find_all(exp.CTE)}
        found = set()
        for table in self.tree.find_all(exp.Table):
            if table.db:
                found.add(f"{table.db}.{table.name}")
            elif table.name and table.name not in names:
                raise SqlModelError(f"{self.path.name}: {table.name} steht ohne Schema da.")
        return frozenset(found)


def load_models(schemas: Sequence[str], folder: Path = SQL_FOLDER) -> list[SqlModel]:
    """The models of some schemas, parents first; within that order by name.

    Raises:
        SqlModelError: a file reads a higher layer.
    """
    models = [
        SqlModel(schema, path.stem, path.read_text(encoding="utf-8"), path)
        for schema in schemas
        for path in sorted((folder / schema).glob("*.sql"))
    ]
    if "published" in schemas:
        models += [_over_published(folder / "indicators" / f"{name}.sql") for name in _OVER_PUBLISHED]
    values = [model for model in models if model.full_name.startswith(_VALUES_OF)]
    if values:
        models.append(_all_values(values))
    for model in models:
        check_layers(model)
    return in_order(models)


def _all_values(values: Sequence[SqlModel]) -> SqlModel:
    """The one table that is not a file: the values of all `value_*.sql`, so that a new one joins by being there."""
    others = [f"SELECT v.* FROM {model.full_name} AS v" for model in values[1:]]
    columns = [f"    v.{name},  -- {text}" for name, text in values[0].columns.items()]
    columns[-1] = columns[-1].replace(",", "", 1)
    head = "-- Werte aller Dateien value_*.sql zusammen, noch ohne die abgedeckten Zeiträume und ohne Nullen."
    sql = "\n".join([head, "SELECT", *columns, f"FROM {values[0].full_name} AS v", *(f"UNION ALL {o}" for o in others)])
    return SqlModel("indicators", "all_values", sql + "\n", values[0].path.with_name("value_*.sql"))


def _over_published(path: Path) -> SqlModel:
    """The SQL of a table of the indicators over the published ones, so that it says nothing else than they do."""
    sql = re.sub(r"\bindicators\.", "published.", path.read_text(encoding="utf-8"))
    return SqlModel("published", path.stem, sql, path)


def check_layers(model: SqlModel) -> None:
    """A model reads its own and lower layers only."""
    own = LAYERS.index(model.schema)
    for parent in model.parents:
        schema = parent.split(".")[0]
        if schema not in LAYERS or LAYERS.index(schema) > own:
            raise SqlModelError(f"{model.full_name} liest {parent}; das ist keine Schicht darunter.")


def in_order(models: Iterable[SqlModel]) -> list[SqlModel]:
    """Parents before children."""
    by_name = {model.full_name: model for model in models}
    graph = {name: sorted(model.parents & by_name.keys()) for name, model in sorted(by_name.items())}
    return [by_name[name] for name in TopologicalSorter(graph).static_order()]
