"""What a delivery states about itself: Berichtszeitraum and Stand (`deliveries.md` §1.1)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from kim_pipeline.contracts.calendar import Period, parse_period
from kim_pipeline.contracts.normalise import clean_text
from kim_pipeline.deliveries.cells import Cell, Sheet, is_filled, raw_text
from kim_pipeline.deliveries.values import Context, parse_date

_PERIOD = re.compile(r"berichtszeitraum\s*:?\s*(.*)", re.IGNORECASE)
_AS_OF = re.compile(r"stand(?:\s*:\s*|\s+|$)(.*)", re.IGNORECASE)


@dataclass
class Facts:
    """Reporting period and Stand, as far as stated."""

    period: Period | None = None
    as_of: dt.date | None = None


@dataclass(frozen=True)
class Statement:
    """One cell that states a fact: its row, and the fact."""

    row: int
    facts: Facts


def statements(sheet: Sheet, rows: int, context: Context) -> Iterator[Statement]:
    """Every fact stated in the first `rows` rows of a sheet.

    Label and value share a cell or stand in neighbouring cells: to the right, else below.
    """
    for column in range(sheet.width):
        labels = [code for code, cell in enumerate(sheet.distinct[column]) if _is_label(cell)]
        for code in labels:
            for row in (sheet.codes[column][:rows] == code).nonzero()[0].tolist():
                facts = _read(sheet, row, column, context)
                if facts.period or facts.as_of:
                    yield Statement(row, facts)


def _is_label(cell: Cell) -> bool:
    if not isinstance(cell, str):
        return False
    text = clean_text(cell)
    return bool(_PERIOD.fullmatch(text) or _AS_OF.fullmatch(text))


def _read(sheet: Sheet, row: int, column: int, context: Context) -> Facts:
    text = clean_text(sheet.cell(row, column))
    if match := _PERIOD.fullmatch(text):
        candidates = [match[1]] if match[1] else _neighbours(sheet, row, column)
        periods = (parse_period(clean_text(raw_text(cell))) for cell in candidates)
        return Facts(period=next(filter(None, periods), None))
    match = _AS_OF.fullmatch(text)
    candidates = [match[1]] if match and match[1] else _neighbours(sheet, row, column)
    days = (parse_date(cell, context).value for cell in candidates)
    return Facts(as_of=next(filter(None, days), None))


def _neighbours(sheet: Sheet, row: int, column: int) -> list[Cell]:
    """The next filled cell to the right and the cell below."""
    right = next((c for c in sheet.row(row)[column + 1 :] if is_filled(c)), None)
    below = sheet.cell(row + 1, column)
    return [cell for cell in (right, below) if cell is not None and is_filled(cell)]
