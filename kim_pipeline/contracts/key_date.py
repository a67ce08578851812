"""The key date: what exists on a day, said once, for releases and for the report (`paper.md` §0).

Belongs here: the rule of each table, which follows from what its columns name. Later periods, registers, decisions and
deliveries do not exist, nor what was found in these. Does not belong here: who cuts by it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

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
        until = f"DATE '{self.day.isoformat()}'"
        stand = f"(coalesce(as_of, DATE '{self.built_on.isoformat()}') <= {until})"
        of_delivery = f"(programme, file) IN (SELECT (d.programme, d.file) FROM {self.deliveries} AS d WHERE {stand})"
        of_period = f"period IN (SELECT p.period FROM {self.calendar} AS p WHERE p.last_day <= {until})"
        rules = (
            ({"item", "as_of"}, f"(item <> 'input' OR {stand})"),
            ({"as_of"}, stand),
            ({"period", "last_day"}, f"last_day <= {until}"),
            ({"reported_on"}, f"reported_on <= {until}"),
            ({"decision_no"}, f"decided_on <= {until}"),
            ({"programme", "file"}, of_delivery),
            ({"period"}, of_period),
        )
        if table.rsplit(".", maxsplit=1)[-1] in _SUMMARIES:
            return None
        return next((rule for needed, rule in rules if needed <= set(columns)), None)


def key_date_of(published: duckdb.DuckDBPyConnection, day: dt.date | None = None) -> KeyDate:
    """A key date in a connected published file; by default the day of its build."""
    found = published.execute("SELECT value FROM build_info WHERE item = 'build' AND name = 'as_of'").fetchone()
    built_on = dt.date.fromisoformat(found[0]) if found else dt.date.max
    return KeyDate(day or built_on, built_on, "period", "delivery")
