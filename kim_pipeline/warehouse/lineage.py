"""Column lineage: from which columns of other tables each column of a model is computed.

Belongs here: following names through CTEs, subqueries and unions of one parsed `SELECT` (sqlglot's scopes). Only what a
value is computed from counts; filters and join conditions do not. sqlglot's own `lineage` qualifies the statement anew
for each column and takes seconds for all models; this walk takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, build_scope

from kim_pipeline.contracts import programmes
from kim_pipeline.warehouse.parsed import digest_of, lineage_kept
from kim_pipeline.warehouse.sql_models import SqlModel

Origin = tuple[str, str]
"""Table as `schema.table`, and column."""
Columns = dict[str, frozenset[Origin]]
_NONE: frozenset[Origin] = frozenset()
_SOURCE = ("source_file", "source_part", "source_sheet", "source_row")


def column_lineage(model: SqlModel, known: Mapping[str, Iterable[str]]) -> Columns:
    """The origins of each column of a model.

    Args:
        model: the model.
        known: table → its columns, for `*` and for columns named without their table; tables may be missing.

    Returns:
        Column → origins, sorted by neither; a constant has none.
    """
    scope = build_scope(model.tree)
    if scope is None:
        return dict.fromkeys(model.columns, _NONE)
    return _Walk({table: tuple(columns) for table, columns in known.items()}).outputs(scope)


def lineage_of(models: Iterable[SqlModel], loaded: Mapping[str, Iterable[str]]) -> dict[str, Columns]:
    """The lineage of several models, parents first.

    Args:
        models: in order.
        loaded: columns of the tables that no model makes.

    Returns:
        `schema.table` → column → origins.
    """
    models = list(models)
    kept = lineage_kept(digest_of_all(models, loaded))
    if kept is not None:
        return kept
    known: dict[str, Iterable[str]] = dict(loaded)
    found = {}
    for model in models:
        found[model.full_name] = column_lineage(model, known)
        known[model.full_name] = tuple(found[model.full_name])
    return found


def digest_of_all(models: Iterable[SqlModel], loaded: Mapping[str, Iterable[str]]) -> str:
    """By what the lineage of several models is kept: their names and statements, and the columns of loaded tables."""
    texts = sorted(f"{model.full_name} {model.sql}" for model in models)
    return digest_of(*texts, *sorted(f"{table} {' '.join(columns)}" for table, columns in loaded.items()))


def accepted_columns() -> dict[str, list[str]]:
    """The columns of the tables that are loaded from deliveries, `accepted.*`."""
    return {
        f"accepted.{programme.key}_{table.name}": [*(column.name for column in table.output), *_SOURCE]
        for programme in programmes().values()
        for table in programme.tables
    }


@dataclass
class _Walk:
    """One statement's walk; `done` holds each scope's columns, and those of a recursive CTE while it is walked."""

    known: dict[str, tuple[str, ...]]
    done: dict[int, Columns] = field(default_factory=dict)

    def outputs(self, scope: Scope) -> Columns:
        """The columns that a scope gives."""
        key = id(scope.expression)
        if key not in self.done:
            self.done[key] = {}
            self.done[key] = _renamed(self._outputs(scope), scope.expression.parent)
        return self.done[key]

    def _outputs(self, scope: Scope) -> Columns:
        expression = scope.expression
        if isinstance(expression, exp.SetOperation):
            return self._union(scope)
        if not isinstance(expression, exp.Select):
            inner = [s for s in scope.subquery_scopes if s.expression is not expression]
            return self.outputs(inner[0]) if inner else {}
        found: Columns = {}
        for projection in expression.selects:
            if projection.is_star:
                found.update(self._star(projection, scope))
            else:
                name = projection.alias_or_name
                key = f"{name} {len(found)}" if not name or name in found else name
                found[key] = self._origins(projection, scope, found)
        return found

    def _union(self, scope: Scope) -> Columns:
        """Columns by position, named as in the first part; or by name, where the union says so."""
        parts = [self.outputs(part) for part in scope.set_operation_scopes]
        if scope.expression.args.get("by_name"):
            names = dict.fromkeys(name for part in parts for name in part)
            return {name: frozenset[Origin]().union(*(part.get(name, _NONE) for part in parts)) for name in names}
        rows = zip_longest(*(part.values() for part in parts), fillvalue=_NONE)
        merged = [frozenset[Origin]().union(*row) for row in rows]
        return dict(zip(parts[0], merged, strict=False))

    def _star(self, projection: exp.Expr, scope: Scope) -> Columns:
        """`*` and `t.*`, without what `EXCLUDE` names."""
        star = projection.find(exp.Star)
        left_out = {e.name for e in star.args.get("except_") or star.args.get("except") or []} if star else set()
        wanted = projection.table if isinstance(projection, exp.Column) else ""
        found: Columns = {}
        for alias, (_, source) in scope.selected_sources.items():
            if wanted in ("", alias):
                found.update({c: o for c, o in self._columns(source).items() if c not in left_out})
        return found

    def _columns(self, source: exp.Expr | Scope) -> Columns:
        if isinstance(source, Scope):
            return self.outputs(source)
        table = _name(source)
        return {column: frozenset({(table, column)}) for column in self.known.get(table, ())}

    def _origins(self, node: exp.Expr, scope: Scope, before: Columns) -> frozenset[Origin]:
        found: set[Origin] = set()
        for part in _parts(node):
            if isinstance(part, exp.Column):
                found |= self._column(part, scope, before)
            else:
                found |= self._subquery(part, scope)
        return frozenset(found)

    def _subquery(self, query: exp.Expr, scope: Scope) -> frozenset[Origin]:
        inner = next((s for s in scope.subquery_scopes if s.expression is query), None)
        return frozenset[Origin]().union(*self.outputs(inner).values()) if inner is not None else _NONE

    def _column(self, column: exp.Column, scope: Scope, before: Columns) -> frozenset[Origin]:
        if not column.table:
            return self._bare(column.name, scope, before)
        around: Scope | None = scope
        while around is not None:
            if column.table in around.selected_sources:
                return self._from(around.selected_sources[column.table][1], column.name, around)
            around = around.parent
        return self._bare(column.table, scope, before)  # a field of a struct: `column.field`

    def _bare(self, name: str, scope: Scope, before: Columns) -> frozenset[Origin]:
        """A column named without its table: of the one source that has it, else an alias to the left."""
        sources = [source for _, source in scope.selected_sources.values()]
        having = [s for s in sources if name in self._columns(s)]
        if not having and name in before:
            return before[name]
        unknown = [s for s in sources if not self._columns(s)]
        chosen = having or (unknown if len(unknown) == 1 else [])
        return frozenset[Origin]().union(*(self._from(s, name, scope) for s in chosen))

    def _from(self, source: exp.Expr | Scope, column: str, scope: Scope) -> frozenset[Origin]:
        if isinstance(source, exp.Table):
            return frozenset({(_name(source), column)})
        if isinstance(source, Scope) and isinstance(source.expression, exp.UDTF):
            return self._from_rows(source.expression, column, scope)
        return self.outputs(source).get(column, _NONE) if isinstance(source, Scope) else _NONE

    def _from_rows(self, rows: exp.UDTF, column: str, scope: Scope) -> frozenset[Origin]:
        """A column of `VALUES` by its position, of any other row source from all that it is computed from."""
        names = rows.alias_column_names
        values = rows.find(exp.Values)
        if values is None or column not in names:
            return self._origins(rows, scope, {})
        position = names.index(column)
        cells = [row.expressions[position] for row in values.expressions if position < len(row.expressions)]
        return frozenset[Origin]().union(*(self._origins(cell, scope, {}) for cell in cells))


def _renamed(columns: Columns, parent: exp.Expr | None) -> Columns:
    """Columns of a CTE or subquery under the names that its alias gives them."""
    names = parent.alias_column_names if isinstance(parent, exp.DerivedTable | exp.CTE) else []
    return dict(zip(names, columns.values(), strict=False)) if names else columns


def _name(table: exp.Expr) -> str:
    return f"{table.db}.{table.name}" if isinstance(table, exp.Table) and table.db else table.name


def _parts(node: exp.Expr) -> Iterator[exp.Expr]:
    """The columns and subqueries in an expression, without what lies within a subquery."""
    if isinstance(node, exp.Column | exp.Query) and not isinstance(node, exp.Subquery):
        yield node
        return
    for child in node.iter_expressions():
        yield from _parts(child)
