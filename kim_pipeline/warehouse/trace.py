"""From a published figure back to the cells: which deliveries, sheets and rows are behind a value.

Belongs here: reading from an indicator's own SQL which rows it counts. Nothing is written down twice: the query that
lists the rows is derived from `value_*.sql` by sqlglot. It gives row numbers, never contents.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from kim_pipeline.warehouse.sql_models import SqlModel, load_models

_SOURCE = ("source_file", "source_sheet", "source_row")
_FOREIGNERS = "foreigners_rate"


class UnknownValueError(Exception):
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
        parts = [indicator_id] if indicator["per_1000_of"] is None else [indicator["per_1000_of"], _FOREIGNERS]
        models = load_models(["indicators"])
        files: list[Path] = []
        sources: list[SourceRows] = []
        for part in parts:
            model = _model_of(models, part)
            files.append(model.path)
            programme = _indicator(connection, part)["programme"]
            rows = connection.execute(rows_query(model, part), [key, period, breakdown]).fetchall()
            sources += _sources(connection, programme, rows)
    return Trace(indicator, key, name, period, breakdown, *value, tuple(files), tuple(sources))


def rows_query(model: SqlModel, indicator_id: str) -> str:
    """The query for the source rows of an indicator's value; its parameters are area, period and breakdown.

    The indicator's columns lead to aggregates of one grouped CTE. A row is behind the value if it is in that CTE's
    group and some of these aggregates takes it: its `FILTER` holds and its argument is not null.
    """
    cte, columns = _grouped(model, indicator_id)
    aliased = {projection.alias_or_name: projection.unalias() for projection in cte.selects}
    taken = [condition for name in columns for condition in _taken(aliased[name])]
    alias = cte.args["from_"].this.alias
    query = exp.select(*(f"{alias}.{name}" for name in _SOURCE)).distinct()
    query.set("from_", cte.args["from_"].copy())
    query.set("joins", [join.copy() for join in cte.args.get("joins") or []])
    where = cte.args.get("where")
    conditions = [
        *([where.this.copy()] if where else []),
        exp.EQ(this=aliased["area"].copy(), expression=exp.Placeholder(this="1")),
        exp.EQ(this=aliased["period"].copy(), expression=exp.Placeholder(this="2")),
        exp.or_("$3 = ''", exp.EQ(this=aliased["breakdown"].copy(), expression=exp.Placeholder(this="3"))),
        exp.or_(*taken) if taken else exp.true(),
    ]
    others = model.tree.args.get("with_")
    if others is not None:
        query.set("with_", _without(others, cte))
    return query.where(*conditions).order_by("1", "2", "3").sql(dialect="duckdb")


def _without(ctes: exp.With, grouped: exp.Select) -> exp.With | None:
    """The CTEs that are not grouped themselves: a grouped one may read them."""
    kept = [cte.copy() for cte in ctes.expressions if cte.this is not grouped]
    names = {table.name for table in grouped.find_all(exp.Table) if not table.db}
    needed = [cte for cte in kept if cte.alias in names]
    return exp.With(expressions=needed) if needed else None


def _grouped(model: SqlModel, indicator_id: str) -> tuple[exp.Select, list[str]]:
    """The grouped CTE behind an indicator, and those of its columns that the indicator reads."""
    for branch in model.tree.find_all(exp.Select):
        for values in branch.find_all(exp.Tuple):
            if not values.expressions or values.expressions[0] != exp.Literal.string(indicator_id):
                continue
            select = values.find_ancestor(exp.Select)
            while select is not None and select.args.get("from_") is None:
                select = select.find_ancestor(exp.Select)
            if select is None:
                break
            name = select.args["from_"].this.name
            cte = next(c for c in model.tree.find_all(exp.CTE) if c.alias == name)
            columns = list(dict.fromkeys(column.name for column in values.find_all(exp.Column)))
            return cte.this, columns
    raise UnknownValueError(f"Zu {indicator_id} gibt es kein SQL.")


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
    raise UnknownValueError(f"Zu {indicator_id} gibt es kein SQL.")


def _indicator(connection: duckdb.DuckDBPyConnection, indicator_id: str) -> dict[str, Any]:
    result = connection.execute("SELECT * FROM indicators.indicator WHERE indicator_id = ?", [indicator_id])
    names = [column[0] for column in result.description or []]
    rows = result.fetchall()
    if not rows:
        raise UnknownValueError(f"Den Indikator „{indicator_id}“ gibt es nicht; `indicators.indicator` nennt alle.")
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
        raise UnknownValueError(
            f"Für {indicator_id}, {area}, {period}{member} gibt es keinen Wert: der Zeitraum ist nicht ganz geliefert, "
            "der Nenner ist 0, oder die Angabe ist falsch geschrieben."
        )
    value, numerator, denominator, n = rows[0]
    return value, numerator, denominator, n


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
