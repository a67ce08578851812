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
from kim_pipeline.reading.formats.cells import BETWEEN_READINGS, Cell, raw_text, readings

_LEAST = 4
"""Shorter texts are no names, keys or pseudonyms that would tell a person."""
_OLD = dt.date(2015, 1, 1)
"""Earlier days may be birth dates; no programme reports that far back."""
_LONG_NUMBER = re.compile(r"\d{9}")
_LAST_SHORT_YEAR = 2030
"""A later year of two digits may be one of the last century."""
LONGEST_WITH_PERSONS = 40
"""Characters of a text that are quoted where the table has personal columns."""
_MARKS = ' "…'
"""What a reading of a cell whose quotation mark is not closed has around it."""
_DAY = re.compile(r"(?<!\d)(?:\d{1,2}\.\s?\d{1,2}\.\s?(?P<last>\d{4}|\d{2})|(?P<first>\d{4})-\d{1,2}-\d{1,2})(?!\d)")
_NAME = re.compile(r"[^\W\d_][\w.'’ -]*,\s*[^\W\d_][\w.'’ -]*")
"""`Word, Word`, as surname and first name are written."""
_BORN = re.compile(r"\bgeb(?:\.|oren)", re.IGNORECASE)


class Quoting:
    """What may be quoted of one delivery.

    Args:
        personal: gives the cells of the delivery's personal columns; asked when the first text has to be judged.
    """

    def __init__(self, personal: Callable[[], Iterable[Cell]]) -> None:
        """Keep what to ask."""
        self._cells = personal

    @cached_property
    def _personal(self) -> frozenset[str]:
        texts = (raw_text(reading) for cell in self._cells() for reading in readings(cell))
        return frozenset(form for form in map(comparable, texts) if _may_tell(form))

    def allows(self, cell: Cell, column: Column | None) -> bool:
        """Whether a finding may quote a cell; of a doubtful one, each reading and both together.

        Args:
            cell: as it stands in the file.
            column: the contract's column that the cell stands in; None where nothing reads it.
        """
        if column is not None and column.personal:
            return False
        is_date = column is not None and column.kind == "date"
        return all(self._is_harmless(clean_key(text), is_date=is_date) for text in _judged(cell))

    def _is_harmless(self, text: str, *, is_date: bool) -> bool:
        return not (
            _LONG_NUMBER.search(text)
            or _BORN.search(text)
            or (not is_date and _is_old_day(text))
            or _NAME.fullmatch(text)
            or comparable(text) in self._personal
        )


def _judged(cell: Cell) -> set[str]:
    """The texts of a cell that are judged: it, its readings without their marks, and the readings in a text of it."""
    whole = raw_text(cell)
    parts = {*map(raw_text, readings(cell)), *whole.split(BETWEEN_READINGS)}
    return {whole, *(part.strip(_MARKS) for part in parts)}


def _may_tell(text: str) -> bool:
    return len(text) >= _LEAST and any(letter.isalpha() for letter in text)


def _is_old_day(text: str) -> bool:
    """Whether a text holds a day before 2015, or one that may be of the last century."""
    return any(_may_be_old(found["first"] or found["last"]) for found in _DAY.finditer(text))


def _may_be_old(written: str) -> bool:
    year = int(written) + (2000 if len(written) == 2 else 0)
    return year < _OLD.year or (len(written) == 2 and year > _LAST_SHORT_YEAR)
