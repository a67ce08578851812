"""The example row of a template: made from the contract, and keeping its rules.

The first cell begins with `*`, so that every reader takes the row for a note (`deliveries.md` §1.3), in any format and
wherever it is moved to; a row to be counted cannot begin so.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from typing import Any

import pandas as pd

from kim_pipeline.contracts.calendar import Period
from kim_pipeline.contracts.choices import list_key, values_of
from kim_pipeline.contracts.model import Column, Table
from kim_pipeline.contracts.rules import bounds_of, row_rules
from kim_pipeline.contracts.vocabulary import Vocabulary

_ANY_YEAR = Period(dt.date(2023, 1, 1), dt.date(2023, 12, 31))
_CANDIDATES = 4096
_NUMBERS = {"number": 1.5, "hours": 1.5, "whole": 20.0}
_EUROS = 250.0
_SHARE = 0.8
_DAYS_BETWEEN = 14
_AGE = 30


def example_of(table: Table, vocabulary: Vocabulary, period: Period | None) -> dict[str, Any]:
    """The example's values by column: plausible ones that keep the contract's rules.

    Where the reporting period is not known, the days are of some year.
    """
    example = _Example(table, vocabulary, period)
    chosen = example.chosen_categories()
    return {column.name: chosen.get(column.name) or example.value(column) for column in table.delivered}


class _Example:
    """Plausible values for the columns of one table."""

    def __init__(self, table: Table, vocabulary: Vocabulary, period: Period | None) -> None:
        self._table, self._vocabulary = table, vocabulary
        self._period = period or _ANY_YEAR
        self._rules = row_rules(table)

    def value(self, column: Column) -> Any:
        """A value as a clerk would enter it."""
        key = list_key(column)
        if key is not None:
            values = values_of(key, self._vocabulary)
            return ", ".join(values[:2]) if column.kind == "languages" else values[-1 if column.kind == "yes_no" else 0]
        if column.kind == "date":
            return self._day(column)
        if column.kind in _NUMBERS:
            amount = self._amount(column)
            return int(amount) if column.kind == "whole" else round(amount, 2)
        if column.kind == "indicator":
            return self._vocabulary.indicator_labels[0]
        if column.names_office and self._vocabulary.county.office_names:
            return self._vocabulary.county.office_names[0]
        name = re.sub(r"\W*$", "", column.headers[0] if column.headers else column.label)
        return f"Muster-{name}" if name.isalpha() else f"Muster {name}"

    def chosen_categories(self) -> dict[str, str]:
        """Of all combinations of the categories that rules look at, the first with which every rule is kept."""
        involved = {name for rule in self._rules for name in rule.columns}
        names = [name for name in involved if self._table.columns[name].kind == "category"]
        if not names:
            return {}
        names.sort(key=list(self._table.columns).index)
        values = [list(self._vocabulary.spellings(self._table.columns[name].category or "")) for name in names]
        combinations = list(itertools.islice(itertools.product(*values), _CANDIDATES))
        frame = pd.DataFrame(combinations, columns=names, index=range(len(combinations)))
        for name in involved.difference(names):
            frame[name] = self._constant(self._table.columns[name], len(frame))
        kept = [all(flags) for flags in zip(*(rule.keeps(frame) for rule in self._rules), strict=True)]
        best = dict(zip(names, combinations[kept.index(True) if True in kept else 0], strict=True))
        return {name: self._spelling(name, value) for name, value in best.items()}

    def _constant(self, column: Column, count: int) -> pd.Series[Any]:
        value = self.value(column)
        is_day = column.kind == "date"
        return pd.Series([pd.Timestamp(value) if is_day else value] * count, dtype=None if is_day else "object")

    def _spelling(self, name: str, value: str) -> str:
        return self._vocabulary.spellings(self._table.columns[name].category or "")[value][0]

    def _day(self, column: Column) -> dt.date:
        """Days of an order of dates follow each other; a personal day is a birthday."""
        if column.personal == "derive":
            return self._birthday(column)
        orders = [rule.columns for rule in self._rules if rule.rule == "date_order" and column.name in rule.columns]
        step = max((order.index(column.name) for order in orders), default=0)
        return self._period.first + dt.timedelta(days=self._period.days // 4 + step * _DAYS_BETWEEN)

    def _birthday(self, column: Column) -> dt.date:
        derived = next(c for c in self._table.columns.values() if c.derived_from == column.name)
        ends = [bound.value for bound in bounds_of(self._table, derived.name)]
        day = self._day(self._table.columns[derived.derived_at or ""])
        return day.replace(day=1, year=day.year - int(sum(ends) / len(ends) if ends else _AGE))

    def _amount(self, column: Column) -> float:
        """Within the bounds; an amount that another one limits is a share of that."""
        for rule in self._rules:
            if rule.factor is not None and rule.columns[0] == column.name:
                return min(_SHARE, rule.factor) * self._amount(self._table.columns[rule.columns[1]])
        amount = _EUROS if column.is_money else 1.0 if column.key else _NUMBERS[column.kind]
        for bound in bounds_of(self._table, column.name):
            amount = min(amount, bound.value) if bound.is_upper else max(amount, bound.value)
        return amount
