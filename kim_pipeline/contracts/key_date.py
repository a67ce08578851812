"""The key date: what exists on a day, said once, for releases and for the report (`paper.md` §0).

Belongs here: the rule of each table, which follows from what its columns name. Later periods, registers, decisions and
deliveries do not exist, nor what was found in these. Does not belong here: who cuts by it.
"""

from __future__ import annotations

from collections.abc import Collection

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
    of_delivery = f"(programme, file) IN (SELECT (d.programme, d.file) FROM {deliveries} AS d WHERE {_STAND})"
    of_period = f"period IN (SELECT p.period FROM {calendar} AS p WHERE p.last_day <= $as_of)"
    rules = (
        ({"as_of"}, _STAND),
        ({"period", "last_day"}, "last_day <= $as_of"),
        ({"decision_no"}, "decided_on <= $as_of"),
        ({"programme", "file"}, of_delivery),
        ({"period"}, of_period),
    )
    if table.rsplit(".", maxsplit=1)[-1] in _SUMMARIES:
        return None
    return next((rule for needed, rule in rules if needed <= set(columns)), None)
