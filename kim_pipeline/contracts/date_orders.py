"""Orders of dates that hold for every accepted row: whoever has the later date has the earlier one, too.

Belongs here: what follows from a contract's rules for sums of rows: at every day at most as many rows have reached the
later date as the earlier one (`privacy.md`, "The relations an attacker knows"). A new programme brings its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from kim_pipeline.contracts.model import Table
from kim_pipeline.contracts.rules import RowRule


def date_orders(table: Table) -> tuple[tuple[str, str], ...]:
    """Pairs of an earlier and a later date column of a table; those that follow from two others are left out."""
    rules = [rule for rule in vars(table.model).values() if isinstance(rule, RowRule)]
    found = {
        (earlier, later)
        for rule in rules
        if rule.rule == "date_order"
        for earlier, later in combinations(rule.columns, 2)
        if _is_always_there(table, earlier, later, rules)
    }
    return tuple(sorted(pair for pair in found if not _follows(pair, found)))


def _is_always_there(table: Table, earlier: str, later: str, rules: list[RowRule]) -> bool:
    """Whether a row with the later date must have the earlier one."""
    return not table.model.fields()[earlier].is_nullable or any(
        rule.rule == "status_incomplete" and {earlier, later} <= set(rule.columns) and _asks_for(rule, earlier, later)
        for rule in rules
    )


def _asks_for(rule: RowRule, earlier: str, later: str) -> bool:
    """Whether a row that has only the later date breaks the rule for want of the earlier one."""
    import pandas as pd  # noqa: PLC0415  (rules are declared wherever a contract is asked for)

    row = {name: [pd.NaT if name == earlier else pd.Timestamp(2000, 1, 1)] for name in rule.columns}
    found: Iterator[object] = iter(rule.blame(pd.DataFrame(row, dtype="object")))
    return next(found) == earlier


def _follows(pair: tuple[str, str], found: set[tuple[str, str]]) -> bool:
    earlier, later = pair
    return any((earlier, between) in found and (between, later) in found for _, between in found)
