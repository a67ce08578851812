"""Which cells a finding may quote: none that may hold personal data because a row or a cell has slipped.

Belongs here: judging one cell's text (`deliveries.md` §3, „What a finding may quote“). Does not belong here: how a
quoted cell is shown (`findings.py`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from functools import cached_property

from kim_pipeline.contracts.model import Column
from kim_pipeline.contracts.normalise import clean_key, comparable
from kim_pipeline.reading.formats.cells import BETWEEN_READINGS, Cell, DoubtfulCell, raw_text
from kim_pipeline.reading.values import Context, parse_date

_LEAST = 4
"""Shorter texts are no names, keys or pseudonyms that would tell a person."""
_OLD = dt.date(2015, 1, 1)
"""Earlier days may be birth dates; no programme reports that far back."""
_LONG_NUMBER = re.compile(r"\d{9}")
_LAST_SHORT_YEAR = 2030
"""A later year of two digits may be one of the last century."""
LONGEST_WITH_PERSONS = 40
"""Characters of a text that are quoted where the table has personal columns."""
_MARKS = '"…'
"""What a reading may begin or end with that is not the cell's: an open quotation mark, and that it goes on."""
_DAY = re.compile(r"(?<!\d)(?:\d{1,2}\.\s?\d{1,2}\.\s?(?P<last>\d{4}|\d{2})|(?P<first>\d{4})-\d{1,2}-\d{1,2})(?!\d)")
_NAME = re.compile(r"[^\W\d_][\w.'’ -]*,\s*[^\W\d_][\w.'’ -]*")
"""`Word, Word`, as surname and first name are written."""
_BORN = re.compile(r"\bgeb(?:\.|oren)", re.IGNORECASE)


class Quoting:
    """What may be quoted of one delivery.

    Args:
        personal: gives the cells of the delivery's personal columns with their column; asked when the first text has
            to be judged.
        context: what parsing depends on.
    """

    def __init__(self, personal: Callable[[], Iterable[tuple[Column, Cell]]], context: Context) -> None:
        """Keep what to ask."""
        self._cells, self._context = personal, context

    @cached_property
    def _personal(self) -> frozenset[str]:
        readings = (reading for _, cell in self._cells() for reading in _readings(cell))
        return frozenset(form for form in (comparable(raw_text(reading)) for reading in readings) if _may_tell(form))

    @cached_property
    def _births(self) -> frozenset[dt.date] | None:
        """The days of the delivery's personal columns of days; None where it has no such column."""
        cells = [reading for column, cell in self._cells() if column.kind == "date" for reading in _readings(cell)]
        days = frozenset(day for cell in cells if (day := parse_date(cell, self._context).value) is not None)
        return days if cells else None

    def allows(self, cell: Cell, column: Column | None) -> bool:
        """Whether a finding may quote a cell.

        Args:
            cell: as it stands in the file.
            column: the contract's column that the cell stands in; None where nothing reads it.
        """
        if column is not None and column.personal:
            return False
        return all(self._allows(reading, column) for reading in _readings(cell))

    def names_person(self, text: str) -> bool:
        """Whether a text that is to be stored names a person: a personal value of the delivery, or `Word, Word`."""
        form = clean_key(text)
        return bool(_BORN.search(form) or _NAME.fullmatch(form) or comparable(form) in self._personal)

    def _allows(self, cell: Cell, column: Column | None) -> bool:
        text = clean_key(raw_text(cell))
        is_date = column is not None and column.kind == "date"
        return not (
            _LONG_NUMBER.search(text)
            or _BORN.search(text)
            or (self._may_be_birth(cell, text) if is_date else _is_old_day(text))
            or _NAME.fullmatch(text)
            or comparable(text) in self._personal
        )

    def _may_be_birth(self, cell: Cell, text: str) -> bool:
        """Whether what stands in a column of days may be a birth date that has slipped there.

        The contract lets a column of days be quoted; a day before 2015 is not, where the delivery holds birth dates.
        """
        if self._births is None:
            return False
        day = parse_date(cell, self._context).value
        return _is_old_day(text) if day is None else day < _OLD or day in self._births


def _readings(cell: Cell) -> tuple[Cell, ...]:
    """What a cell may hold: of a doubtful one both readings, also without the marks that they bear themselves."""
    if isinstance(cell, DoubtfulCell):
        cells: tuple[Cell, ...] = (cell.first, cell.second)
    elif isinstance(cell, str) and BETWEEN_READINGS in cell:
        cells = (cell, *cell.split(BETWEEN_READINGS))
    else:
        return (cell,)
    return (*cells, *(reading.strip(_MARKS) for reading in cells if isinstance(reading, str)))


def _may_tell(text: str) -> bool:
    return len(text) >= _LEAST and any(letter.isalpha() for letter in text)


def _is_old_day(text: str) -> bool:
    """Whether a text holds a day before 2015, or one that may be of the last century."""
    return any(_may_be_old(found["first"] or found["last"]) for found in _DAY.finditer(text))


def _may_be_old(written: str) -> bool:
    year = int(written) + (2000 if len(written) == 2 else 0)
    return year < _OLD.year or (len(written) == 2 and year > _LAST_SHORT_YEAR)
