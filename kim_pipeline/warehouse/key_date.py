"""The key date: what exists on a day, said once, for releases and for the report (`paper.md` §0).

Belongs here: the rule of each table, which follows from what its columns name, and when the next deliveries are due on
that day. Later periods, registers, decisions and deliveries do not exist, nor what was found in these. Does not belong
here: who cuts by it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.calendar import Period, named_period
from kim_pipeline.contracts.model import Programme

_SUMMARIES = frozenset({"quality_summary", "delivery_status"})
"""Tables that sum up what others hold: they follow from these, and cannot be cut themselves."""


@dataclass(frozen=True)
class KeyDate:
    """A key date, and where to look.

    Attributes:
        day: the key date.
        built_on: the day of the build: what names no Stand is known to exist from then on only.
        calendar: name of the table of periods, with `period` and `last_day`.
        deliveries: name of the table of deliveries, with `programme`, `file` and `as_of`.
    """

    day: dt.date
    built_on: dt.date
    calendar: str
    deliveries: str

    def condition(self, table: str, columns: Collection[str]) -> str | None:
        """The rows of a table that exist on the key date, as an SQL condition; None where all do.

        Args:
            table: its name, with or without its schema.
            columns: of the table.
        """
        there = set(columns)
        if table.split(".")[-1] in _SUMMARIES:
            return None
        if "as_of" in there:
            return f"(item <> 'input' OR {self._stand})" if "item" in there else self._stand
        if {"period", "last_day"} <= there:
            return f"last_day <= {self._until}"
        if "decision_no" in there:
            return f"decided_on <= {self._until}"
        if {"programme", "file"} <= there:
            return f"(programme, file) IN (SELECT (d.programme, d.file) FROM {self.deliveries} AS d WHERE {self._stand})"
        if "period" in there:
            return f"period IN (SELECT p.period FROM {self.calendar} AS p WHERE p.last_day <= {self._until})"
        return None

    @property
    def _until(self) -> str:
        return f"DATE '{self.day.isoformat()}'"

    @property
    def _stand(self) -> str:
        return f"(coalesce(as_of, DATE '{self.built_on.isoformat()}') <= {self._until})"


def key_date_of(published: duckdb.DuckDBPyConnection, day: dt.date | None = None) -> KeyDate:
    """A key date in a connected published file; by default a day on which all of it exists."""
    found = published.execute("SELECT value FROM build_info WHERE item = 'build' AND name = 'as_of'").fetchone()
    return KeyDate(day or dt.date.max, dt.date.fromisoformat(found[0]) if found else dt.date.max, "period", "delivery")


def due_on(connection: duckdb.DuckDBPyConnection, source: str, as_of: dt.date) -> list[tuple[Any, ...]]:
    """The rows that `quality.due` would have had on the key date, of the deliveries with a Stand until then.

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
    return [_due_row(p, known.get(p.key, []), as_of, grace[p.key]) for p in programmes().values() if p.key in grace]


def _due_row(
    programme: Programme, known: Sequence[tuple[Period | None, dt.date]], as_of: dt.date, grace: int
) -> tuple[Any, ...]:
    """Programme, last Stand, last day covered, day due, last day of grace, and whether it is late."""
    is_by_period = programme.delivery == "period"
    through = max((period.last if is_by_period and period else stand for period, stand in known), default=None)
    due = programme.cadence.next_due(through, as_of)
    late_after = due + dt.timedelta(days=grace)
    last = max((stand for _, stand in known), default=None)
    return programme.key, last, through, due, late_after, as_of > late_after
