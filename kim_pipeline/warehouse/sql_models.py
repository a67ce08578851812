"""The tables as models: one `SELECT` each, from a file `sql/<schema>/<table>.sql` or implied by contracts and catalogue.

Belongs here: finding them, their German comments, their parents and their order, all from the SQL itself (sqlglot).
Does not belong here: running them, and the text of what is implied (`generated.py`).
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

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.errors import KimError
from kim_pipeline.settings import PROJECT
from kim_pipeline.warehouse.catalogue import catalogue_columns
from kim_pipeline.warehouse.generated import READ, all_values_sql, indicator_sql, is_merged, merged_sql, staging_sql
from kim_pipeline.warehouse.parsed import facts_of

if TYPE_CHECKING:
    from sqlglot import exp

SQL_FOLDER = PROJECT / "sql"
LAYERS = ("vocabulary", "quality", "accepted", "staging", "core", "indicators", "review", "disclosure", "published")
"""A file reads its own and lower layers only; the first three are loaded, not selected."""
_DIALECT = "duckdb"
_FEATURE = re.compile(r"^-- feature: (\w+)$", re.MULTILINE)
"""A line of the head of a table that is there only where the county has released a feature of persons."""
_VALUES = "value_"
_OVER_PUBLISHED = (
    "decision_agreement", "indicator", "measure_activity", "measure_goal", "measure_review", "measure_review_missing",
)  # fmt: skip
"""Tables of the indicators that are published as well: the same SQL, over the published figures."""
_REPORTED = "(SELECT r.* FROM published.indicator_value AS r WHERE r.status <> 'not_reported')"
"""The published values where `indicators.indicator_value` has a row, too: nothing that is not reported has one there."""


class SqlModelError(KimError):
    """The SQL of a table is not what it must be; the message names the table and says what is wrong."""


@dataclass(frozen=True)
class SqlModel:
    """One `SELECT`.

    Attributes:
        schema, name: of the table that it makes.
        sql: its text.
        path: its file; None where contracts or catalogue imply it.
    """

    schema: str
    name: str
    sql: str
    path: Path | None = None

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
            SqlModelError: the text is not exactly one `SELECT`.
        """
        import sqlglot  # noqa: PLC0415  (what it finds is kept, see `parsed.py`)
        from sqlglot import exp  # noqa: PLC0415

        statements = [s for s in sqlglot.parse(self.sql, dialect=_DIALECT) if s is not None]
        if len(statements) != 1 or not isinstance(statements[0], exp.Query):
            raise SqlModelError(f"{self.full_name}: erwartet wird genau ein SELECT.")
        return statements[0]

    @property
    def feature(self) -> str | None:
        """The feature of persons that it is about: it is a table only where the county has released that."""
        marked = _FEATURE.search(self.sql)
        return marked[1] if marked else None

    @cached_property
    def description(self) -> str:
        """The head comment: German description of the table."""
        lines = []
        for line in self.sql.splitlines():
            if not line.startswith("--"):
                break
            if _FEATURE.fullmatch(line):
                continue
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
    def key(self) -> tuple[str, ...]:
        """The columns that tell its rows apart: the one of its own name (`area`, `indicator_id`), else its order."""
        own = [name for name in (self.name, f"{self.name}_id") if name in self.columns]
        return tuple(own[:1]) or tuple(name for name in self.order if name in self.columns)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The columns that it is ordered by, as they are named in the final list."""
        known = facts_of(self.sql)
        if known is not None:
            return known.order
        from sqlglot import exp  # noqa: PLC0415

        order = self.tree.args.get("order")
        terms = [term.this for term in order.expressions] if order is not None else []
        names = list(self.columns)
        return tuple(names[int(term.name) - 1] if isinstance(term, exp.Literal) else term.name for term in terms)

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
                raise SqlModelError(f"{self.full_name}: {table.name} steht ohne Schema da.")
        return frozenset(found)


def load_models(schemas: Sequence[str], folder: Path = SQL_FOLDER) -> list[SqlModel]:
    """The models of some schemas, parents first; within that order by name.

    Raises:
        SqlModelError: a table reads a higher layer.
    """
    models = [model for schema in schemas for model in _models_of(schema, folder)]
    for model in models:
        check_layers(model)
    return in_order(models)


def find_model(full_name: str, folder: Path = SQL_FOLDER) -> SqlModel | None:
    """The model of a table `schema.table`; None if no SQL makes it."""
    schema, _, name = full_name.partition(".")
    models = _models_of(schema, folder) if schema in LAYERS else ()
    return next((model for model in models if model.name == name), None)


def _models_of(schema: str, folder: Path) -> list[SqlModel]:
    found = [
        SqlModel(schema, path.stem, path.read_text(encoding="utf-8"), path)
        for path in sorted((folder / schema).glob("*.sql"))
    ]
    files = [model for model in found if model.feature is None or model.feature in vocabulary().county.reached]
    implied = {"staging": _staging, "indicators": _indicators, "published": _over_published}
    return files + (implied[schema](files, folder) if schema in implied else [])


def _staging(_: Sequence[SqlModel], __: Path) -> list[SqlModel]:
    """Every table of the contracts; of one that is merged from official tables, what is read and what is merged."""
    found = []
    for programme in programmes().values():
        for table in programme.tables:
            name = f"{programme.key}_{table.name}"
            if is_merged(programme, table):
                found.append(SqlModel("staging", f"{name}{READ}", staging_sql(programme, table)))
                found.append(SqlModel("staging", name, merged_sql(programme, table)))
            else:
                found.append(SqlModel("staging", name, staging_sql(programme, table)))
    return found


def _indicators(files: Sequence[SqlModel], _: Path) -> list[SqlModel]:
    """The catalogue, and the values of all `value_*.sql` in one table."""
    columns = {column.name: column.description for column in catalogue_columns()}
    values = [model for model in files if model.name.startswith(_VALUES)]
    together = all_values_sql([model.full_name for model in values], values[0].columns) if values else None
    return [
        SqlModel("indicators", "indicator", indicator_sql(columns)),
        *([SqlModel("indicators", "all_values", together)] if together else []),
    ]


def _over_published(_: Sequence[SqlModel], folder: Path) -> list[SqlModel]:
    """Tables of the indicators over the published figures, so that they say nothing else than these do."""
    models = {model.name: model for model in _models_of("indicators", folder)}
    return [
        SqlModel("published", name, _over_published_figures(models[name].sql), models[name].path)
        for name in _OVER_PUBLISHED
    ]


def _over_published_figures(sql: str) -> str:
    """The SQL of a table of the indicators as one over the published ones."""
    of_values = re.sub(r"\bindicators\.indicator_value\b", _REPORTED, sql)
    return re.sub(r"\bindicators\.", "published.", of_values)


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
