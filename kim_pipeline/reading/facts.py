"""What a delivery states about itself: Berichtszeitraum and Stand (`deliveries.md` §1.1)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from kim_pipeline.contracts.calendar import Period, parse_period
from kim_pipeline.contracts.normalise import clean_text
from kim_pipeline.reading.formats.cells import BLANK, Cell, Sheet, is_filled, raw_text
from kim_pipeline.reading.values import Context, parse_date

_PERIOD = re.compile(r"berichtszeitraum\s*:?\s*(.*)", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,;|/–—-]+(?=(?:berichtszeitraum|stand)\b)", re.IGNORECASE)
"""What stands between two facts in one cell."""
_AS_OF = re.compile(r"stand(?:\s*:\s*|\s+|$)(.*)", re.IGNORECASE)


@dataclass
class Facts:
    """Reporting period and Stand, as far as stated."""

    period: Period | None = None
    as_of: dt.date | None = None


@dataclass(frozen=True)
class Statement:
    """One cell that states a fact: its row, the fact, and whether the value stands in the row below."""

    row: int
    facts: Facts
    below: bool = False


def statements(sheet: Sheet, rows: int, context: Context) -> Iterator[Statement]:
    """Every fact stated in the first `rows` rows of a sheet.

    Label and value share a cell or stand in neighbouring cells: to the right, else below.
    """
    for column in range(sheet.width):
        labels = [code for code, cell in enumerate(sheet.distinct[column]) if _is_label(cell)]
        for code in labels:
            for row in (sheet.codes[column][:rows] == code).nonzero()[0].tolist():
                yield from _read(sheet, row, column, context)


def _is_label(cell: Cell) -> bool:
    if not isinstance(cell, str):
        return False
    text = clean_text(cell)
    return bool(_PERIOD.fullmatch(text) or _AS_OF.fullmatch(text))


def _read(sheet: Sheet, row: int, column: int, context: Context) -> Iterator[Statement]:
    """What the label at a position states: its own rest, else the cell to the right, else the cell below.

    A cell may state both facts: „Berichtszeitraum: 2023, Stand: 15.01.2024“.
    """
    for text in _BETWEEN.split(clean_text(sheet.cell(row, column))):
        period, as_of = _PERIOD.fullmatch(text), _AS_OF.fullmatch(text)
        rest = (period or as_of or [None, BLANK])[1]
        for at, cell in enumerate([rest] if rest else _neighbours(sheet, row, column)):
            facts = _facts(cell, is_period=period is not None, context=context)
            if facts.period or facts.as_of:
                yield Statement(row, facts, below=at == 1)
                break


def _facts(cell: Cell, *, is_period: bool, context: Context) -> Facts:
    if is_period:
        return Facts(period=parse_period(clean_text(raw_text(cell))))
    return Facts(as_of=parse_date(cell, context).value if is_filled(cell) else None)


def _neighbours(sheet: Sheet, row: int, column: int) -> tuple[Cell, Cell]:
    """The next filled cell to the right, and the cell below; blank where there is none."""
    right = next((c for c in sheet.row(row)[column + 1 :] if is_filled(c)), BLANK)
    return right, sheet.cell(row + 1, column)
