"""Whether a template's example row is still as the template wrote it (`deliveries.md` §1.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from kim_pipeline.contracts.calendar import Period, months, school_year, year
from kim_pipeline.contracts.example import example_of
from kim_pipeline.contracts.model import Table
from kim_pipeline.contracts.normalise import comparable
from kim_pipeline.reading.formats.cells import Cell, raw_text
from kim_pipeline.reading.values import Context, parse_date, parse_number


def is_untouched(table: Table, cells: dict[str, Cell], context: Context, period: Period | None) -> bool:
    """Whether the filled cells of an example row are those that a template wrote, for whatever period it was made.

    Args:
        table: the contract.
        cells: the row's filled cells by column, its first one aside; those that nobody reads by their position.
        context: what parsing depends on.
        period: the delivery's period.
    """
    if any(name not in table.columns for name in cells):
        return False
    return any(
        all(_is_same(cell, written.get(name), context) for name, cell in cells.items())
        for written in (example_of(table, context.vocabulary, one) for one in _periods(table, cells, context, period))
    )


def _periods(table: Table, cells: dict[str, Cell], context: Context, period: Period | None) -> Iterator[Period | None]:
    """Periods for which the template may have been made: the delivery's, none, and those of the row's own days."""
    yield period
    yield None
    days = {parse_date(cell, context).value for name, cell in cells.items() if table.columns[name].kind == "date"}
    for number in sorted({day.year for day in days if day}):
        yield from (year(number), school_year(number), school_year(number - 1))
        yield from (months(number, first, 6) for first in (1, 7))
        yield from (months(number, first, 3) for first in (1, 4, 7, 10))


def _is_same(cell: Cell, written: Any, context: Context) -> bool:
    if isinstance(written, dt.date):
        return bool(parse_date(cell, context).value == written)
    if isinstance(written, int | float):
        return bool(parse_number(cell, context).value == float(written))
    return written is not None and comparable(raw_text(cell)) == comparable(str(written))
