"""From a published figure back to the cells: which deliveries, sheets and rows are behind a value.

Belongs here: reading from an indicator's own SQL which rows it counts. Nothing is written down twice: the query that
lists the rows is derived from `value_*.sql` by sqlglot. It gives row numbers, never contents.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from kim_pipeline.errors import KimError
from kim_pipeline.warehouse.sql_models import SqlModel, find_model, load_models

_SOURCE = ("source_file", "source_sheet", "source_row")
_BASES = {"foreigners": "foreigners_rate", "population": "population"}
"""Per 1,000 of whom → the indicator that has their number."""


class UnknownValueError(KimError):
    """There is no such value; the German message says what there is instead."""


@dataclass(frozen=True)
class SourceRows:
    """Rows of one sheet: their delivery and their 1-based numbers, ascending."""

    programme: str
    file: str
    period: str | None
    as_of: dt.date
    sha256: str
    sheet: str
    rows: tuple[int, ...]

    @property
    def spans(self) -> str:
        """The row numbers as text: `5–17, 20`."""
        parts = []
        for _, group in groupby(enumerate(self.rows), key=lambda pair: pair[1] - pair[0]):
            run = [row for _, row in group]
            parts.append(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}")
        return ", ".join(parts)


@dataclass(frozen=True)
class Trace:
    """A value and everything behind it."""

    indicator: dict[str, Any]
    area: str
    area_name: str
    period: str
    breakdown: str
    value: float | None
    numerator: float | None
    denominator: float | None
    n: int | None
    sql_files: tuple[Path, ...]
    sources: tuple[SourceRows, ...]


def trace(internal: Path, indicator_id: str, area: str, period: str, breakdown: str = "") -> Trace:
    """A value with its definition, its SQL and the rows behind it.

    Args:
        internal: the internal file.
        indicator_id: identifier of the indicator.
        area: area key or name.
        period: `2023`, `2023-Q1` or `2022/23`.
        breakdown: member of the breakdown; empty for the total.

    Raises:
        UnknownValueError: there is no such indicator, area or value.
    """
    with duckdb.connect(str(internal), read_only=True) as connection:
        indicator = _indicator(connection, indicator_id)
        key, name = _area(connection, area)
        value = _value(connection, indicator_id, key, period, breakdown)
        parts = [indicator_id]
        if indicator["per_1000_of"] is not None:
            parts = [indicator["per_1000_of"], _BASES[indicator.get("per_1000_base", "foreigners")]]
        models = load_models(["indicators"])
        files: list[Path] = []
        sources: list[SourceRows] = []
        for part in parts:
            model = _model_of(models, part)
            files += [model.path] if model.path else []
            programme = _indicator(connection, part)["programme"]
            rows = {
                row
                for which in ("", *_partners(model, part))
                for row in connection.execute(rows_query(model, part, which), [key, period, breakdown]).fetchall()
                if row[0] is not None
            }
            sources += _sources(connection, programme, sorted(rows))
    return Trace(indicator, key, name, period, breakdown, *value, tuple(files), tuple(sources))


def rows_query(model: SqlModel, indicator_id: str, partner: str = "") -> str:
    """The query for the source rows of an indicator's value; its parameters are area, period and breakdown.

    A fact that two rows make (a handover: two stations) names the other one in columns of its own, `next_source_row`
    and so on; `partner` is what these begin with.

    The indicator's columns lead to aggregates of one grouped CTE. A row is behind the value if it is in that CTE's
    group, is of the kind that the indicator's line in the list of values asks for, and some of these aggregates takes
    it: its `FILTER` holds and its argument is not null.
    """
    line = _line(model, indicator_id)
    grouped = line.grouped
    aliased = {projection.alias_or_name: projection.unalias() for projection in grouped.selects}
    taken = [condition for name in line.columns for condition in _taken(aliased[name])]
    alias = grouped.args["from_"].this.alias
    query = exp.select(*(f"{alias}.{partner}{name}" for name in _SOURCE)).distinct()
    query.set("from_", grouped.args["from_"].copy())
    query.set("joins", [join.copy() for join in grouped.args.get("joins") or []])
    where = grouped.args.get("where")
    conditions = [
        *([where.this.copy()] if where else []),
        *([_in_group(line.condition, aliased)] if line.condition else []),
        exp.EQ(this=aliased["area"].copy(), expression=exp.Placeholder(this="1")),
        exp.EQ(this=aliased["period"].copy(), expression=exp.Placeholder(this="2")),
        exp.or_("$3 = ''", exp.EQ(this=aliased["breakdown"].copy(), expression=exp.Placeholder(this="3"))),
        exp.or_(*taken) if taken else exp.true(),
    ]
    query.set("with_", _ctes_of(grouped, model.tree))
    return query.where(*conditions).order_by("1", "2", "3").sql(dialect="duckdb")


def _partners(model: SqlModel, indicator_id: str) -> list[str]:
    """What the columns begin with in which an indicator's facts name further rows that they are made of."""
    table = _line(model, indicator_id).grouped.args["from_"].this
    tables = [table]
    if not table.db:  # a CTE hands on the columns of the facts that it reads with a star
        cte = next(c.this for c in model.tree.find_all(exp.CTE) if c.alias == table.name)
        tables = [s.args["from_"].this for s in cte.find_all(exp.Select) if s.is_star and s.args.get("from_")]
    last = _SOURCE[-1]
    facts = [find_model(f"{t.db}.{t.name}") for t in tables if isinstance(t, exp.Table) and t.db]
    names = dict.fromkeys(name for fact in facts if fact for name in fact.columns)
    return [name.removesuffix(last) for name in names if name.endswith(f"_{last}")]


@dataclass(frozen=True)
class _Line:
    """An indicator's line in the list of values.

    Attributes:
        grouped: the grouped CTE that its values are read from.
        columns: those of that CTE's columns that it reads.
        condition: what the statement asks of the line, with the line's own words put in; None if nothing.
    """

    grouped: exp.Select
    columns: tuple[str, ...]
    condition: exp.Expr | None


def _line(model: SqlModel, indicator_id: str) -> _Line:
    first = exp.Literal.string(indicator_id)
    words = next((t for t in model.tree.find_all(exp.Tuple) if t.expressions and t.expressions[0] == first), None)
    values = words.find_ancestor(exp.Values) if words is not None else None
    select: exp.Expr | None = values
    while select is not None and not (isinstance(select, exp.Select) and select.args.get("from_")):
        select = select.parent
    if words is None or values is None or select is None:
        raise UnknownValueError(f"Zu „{indicator_id}“ gibt es kein SQL.")
    name = select.args["from_"].this.name
    grouped = next(cte.this for cte in model.tree.find_all(exp.CTE) if cte.alias == name)
    columns = tuple(dict.fromkeys(column.name for column in words.find_all(exp.Column)))
    where = select.args.get("where")
    return _Line(grouped, columns, _with_words(where.this, values, words) if where else None)


def _with_words(condition: exp.Expr, values: exp.Expr, words: exp.Tuple) -> exp.Expr:
    """A condition in which the columns of a list of values are the words of one of its lines."""
    named = values.find_ancestor(exp.Lateral, exp.Subquery)
    while named is not None and not named.alias_column_names:
        named = named.find_ancestor(exp.Lateral, exp.Subquery)
    if named is None:
        return condition.copy()
    of_line = dict(zip(named.alias_column_names, words.expressions, strict=True))

    def put_in(node: exp.Expr) -> exp.Expr:
        is_own = isinstance(node, exp.Column) and node.table == named.alias
        return of_line[node.name].copy() if is_own else node

    return condition.copy().transform(put_in)


def _in_group(condition: exp.Expr, aliased: Mapping[str, exp.Expr]) -> exp.Expr:
    """A condition on the grouped CTE's columns as one on what these are in its groups."""
    return condition.transform(lambda node: aliased[node.name].copy() if isinstance(node, exp.Column) else node)


def _ctes_of(select: exp.Select, tree: exp.Query) -> exp.With | None:
    """The CTEs that a `SELECT` reads, and those that they read, in the statement's order."""
    ctes = {cte.alias: cte for cte in tree.find_all(exp.CTE)}
    needed: set[str] = set()
    waiting = [select]
    while waiting:
        names = {table.name for table in waiting.pop().find_all(exp.Table) if not table.db} & ctes.keys()
        waiting += [ctes[name].this for name in names - needed]
        needed |= names
    found = [cte.copy() for name, cte in ctes.items() if name in needed]
    return exp.With(expressions=found) if found else None


def _taken(aggregate: exp.Expr) -> list[exp.Expr]:
    """For each aggregate in an expression the condition under which it takes a row."""
    found: list[exp.Expr] = []
    for function in aggregate.find_all(exp.AggFunc):
        parent = function.parent
        filtered = parent if isinstance(parent, exp.Filter) else None
        conditions: list[exp.Expr] = [filtered.expression.this.copy()] if filtered is not None else []
        argument = function.this
        if isinstance(argument, exp.Distinct):
            argument = argument.expressions[0]
        if isinstance(argument, exp.Order):  # sums of decimals are taken in order, so that they are the same each time
            argument = argument.this
        if argument is not None and not isinstance(argument, exp.Star):
            conditions.append(exp.Not(this=exp.Is(this=argument.copy(), expression=exp.null())))
        found.append(exp.and_(*conditions) if conditions else exp.true())
    return found


def _model_of(models: Sequence[SqlModel], indicator_id: str) -> SqlModel:
    for model in models:
        if model.name.startswith("value_") and f"'{indicator_id}'" in model.sql:
            return model
    raise UnknownValueError(f"Zu „{indicator_id}“ gibt es kein SQL.")


def _indicator(connection: duckdb.DuckDBPyConnection, indicator_id: str) -> dict[str, Any]:
    result = connection.execute("SELECT * FROM indicators.indicator WHERE indicator_id = ?", [indicator_id])
    names = [column[0] for column in result.description or []]
    rows = result.fetchall()
    if not rows:
        raise UnknownValueError(f"Den Indikator „{indicator_id}“ gibt es nicht; die Tabelle „indicators.indicator“ nennt alle.")
    return dict(zip(names, rows[0], strict=True))


def _area(connection: duckdb.DuckDBPyConnection, area: str) -> tuple[str, str]:
    rows = connection.execute("SELECT area, name FROM core.dim_area WHERE area = $1 OR name = $1", [area]).fetchall()
    if len(rows) != 1:
        raise UnknownValueError(f"Das Gebiet „{area}“ gibt es nicht (Schlüssel oder Name).")
    return rows[0][0], rows[0][1]


def _value(
    connection: duckdb.DuckDBPyConnection, indicator_id: str, area: str, period: str, breakdown: str
) -> tuple[Any, Any, Any, Any]:
    rows = connection.execute(
        "SELECT value, numerator, denominator, n FROM indicators.indicator_value "
        "WHERE indicator_id = ? AND area = ? AND period = ? AND breakdown = ?",
        [indicator_id, area, period, breakdown],
    ).fetchall()
    if not rows:
        member = f", {breakdown}" if breakdown else ""
        if _is_unreported(connection, indicator_id, area, period, breakdown):
            raise UnknownValueError(
                f"Zu „{indicator_id}“, {area}, {period}{member} ist nichts gemeldet: es gibt Zeilen, aber in keiner steht, "
                "woraus er zu rechnen wäre. Das ist keine 0."
            )
        raise UnknownValueError(
            f"Für „{indicator_id}“, {area}, {period}{member} gibt es keinen Wert: der Zeitraum ist nicht ganz geliefert, "
            "der Nenner ist 0, oder die Angabe ist falsch geschrieben."
        )
    value, numerator, denominator, n = rows[0]
    return value, numerator, denominator, n


def _is_unreported(
    connection: duckdb.DuckDBPyConnection, indicator_id: str, area: str, period: str, breakdown: str
) -> bool:
    """Whether there are rows without a value; files of older builds do not know it."""
    known = "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'indicators' AND table_name = 'not_reported'"
    found = (
        "SELECT 1 FROM indicators.not_reported WHERE indicator_id = ? AND area = ? AND period = ? AND breakdown = ?"
    )
    asked = [indicator_id, area, period, breakdown]
    return bool(connection.execute(known).fetchall() and connection.execute(found, asked).fetchall())


def _sources(
    connection: duckdb.DuckDBPyConnection, programme: str, rows: Sequence[tuple[str, str, int]]
) -> list[SourceRows]:
    facts = {
        file: (period, as_of, sha256)
        for file, period, as_of, sha256 in connection.execute(
            "SELECT file, any_value(period), any_value(as_of), any_value(sha256) FROM quality.delivery "
            "WHERE programme = ? AND status = 'counted' GROUP BY file",
            [programme],
        ).fetchall()
    }
    return [
        SourceRows(programme, file, *facts[file], sheet, tuple(row for _, _, row in group))
        for (file, sheet), group in groupby(rows, key=lambda row: (row[0], row[1]))
    ]
