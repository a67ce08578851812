"""The key date: what exists on a day, said once, for releases and for the report (`paper.md` §0).

Belongs here: the rule of each table, which follows from what its columns name, and when the next deliveries are due on
that day. Later periods, registers, decisions and deliveries do not exist, nor what was found in these. Does not belong
here: who cuts by it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

import duckdb

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.calendar import Period, named_period
from kim_pipeline.warehouse.load import Due, due_after

_SUMMARIES = frozenset({"quality_summary", "delivery_status"})
"""Tables that sum up what others hold: they follow from these, and cannot be cut themselves."""
_STAND = "(as_of IS NULL OR as_of <= $as_of)"
"""What names no Stand is not known to be later."""


def condition(table: str, columns: Collection[str], calendar: str, deliveries: str) -> str | None:
    """The rows of a table that exist on the key date, as an SQL condition with the parameter `$as_of`.

    Args:
        table: its name, with or without its schema.
        columns: of the table.
        calendar: the table of periods, with `period` and `last_day`.
        deliveries: the table of deliveries, with `programme`, `file` and `as_of`.

    Returns:
        The condition; None where every row exists.
    """
    there = set(columns)
    if table.split(".")[-1] in _SUMMARIES:
        return None
    if "as_of" in there:
        return _STAND
    if {"period", "last_day"} <= there:
        return "last_day <= $as_of"
    if "decision_no" in there:
        return "decided_on <= $as_of"
    if {"programme", "file"} <= there:
        return f"(programme, file) IN (SELECT (d.programme, d.file) FROM {deliveries} AS d WHERE {_STAND})"
    if "period" in there:
        return f"period IN (SELECT p.period FROM {calendar} AS p WHERE p.last_day <= $as_of)"
    return None


def due_on(connection: duckdb.DuckDBPyConnection, source: str, as_of: dt.date) -> list[Due]:
    """What `quality.due` would have been on the key date, of the deliveries with a Stand until then.

    Args:
        connection: which has the internal file attached.
        source: under this name.
        as_of: the key date.
    """
    known: dict[str, list[tuple[Period | None, dt.date]]] = {}
    for programme, period, stand in connection.execute(
        f"SELECT programme, period, as_of FROM {source}.quality.delivery "
        "WHERE status <> 'rejected' AND as_of <= $as_of ORDER BY ALL",
        {"as_of": as_of},
    ).fetchall():
        known.setdefault(programme, []).append((named_period(period) if period else None, stand))
    grace: Mapping[str, int] = dict(
        connection.execute(f"SELECT programme, late_after - due_on FROM {source}.quality.due").fetchall()
    )
    return [due_after(p, known.get(p.key, []), as_of, grace[p.key]) for p in programmes().values() if p.key in grace]
