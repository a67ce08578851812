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
from kim_pipeline.contracts.normalise import clean_text, comparable
from kim_pipeline.reading.formats.cells import Cell, raw_text

_LEAST = 4
"""Shorter texts are no names, keys or pseudonyms that would tell a person."""
_OLD = dt.date(2015, 1, 1)
"""Earlier days may be birth dates; no programme reports that far back."""
_LONG_NUMBER = re.compile(r"\d{9}")
_DAY = re.compile(r"(?<!\d)(?:\d{1,2}\.\s?\d{1,2}\.\s?(?P<last>\d{4}|\d{2})|(?P<first>\d{4})-\d{1,2}-\d{1,2})(?!\d)")
_NAME = re.compile(r"[^\W\d_][\w.'’ -]*,\s*[^\W\d_][\w.'’ -]*")
"""`Word, Word`, as surname and first name are written."""
_BORN = re.compile(r"\bgeb(?:\.|oren)", re.IGNORECASE)


class Quoting:
    """What may be quoted of one delivery.

    Args:
        personal: gives the cells of the delivery's personal columns; asked when the first text has to be judged.
        is_language: whether a text is a language's name.
    """

    def __init__(self, personal: Callable[[], Iterable[Cell]], is_language: Callable[[str], bool]) -> None:
        """Keep what to ask."""
        self._cells, self._is_language = personal, is_language

    @cached_property
    def _personal(self) -> frozenset[str]:
        return frozenset(form for form in (comparable(raw_text(cell)) for cell in self._cells()) if _may_tell(form))

    def allows(self, cell: Cell, column: Column, *, has_personal_neighbour: bool) -> bool:
        """Whether a finding may quote a cell of a column.

        Args:
            cell: as it stands in the file.
            column: the contract's column that the cell stands in.
            has_personal_neighbour: whether a personal column stands beside it on the sheet.
        """
        if column.personal or has_personal_neighbour:
            return False
        text = clean_text(raw_text(cell))
        return not (
            _LONG_NUMBER.search(text)
            or _BORN.search(text)
            or (column.kind != "date" and _is_old_day(text))
            or (_NAME.fullmatch(text) and not self._lists_languages(text, column))
            or comparable(text) in self._personal
        )

    def _lists_languages(self, text: str, column: Column) -> bool:
        return column.kind == "languages" and any(self._is_language(part) for part in text.split(","))


def _may_tell(text: str) -> bool:
    return len(text) >= _LEAST and any(letter.isalpha() for letter in text)


def _is_old_day(text: str) -> bool:
    """Whether a text holds a day before 2015, or one whose century is not written."""
    years = (found["first"] or found["last"] for found in _DAY.finditer(text))
    return any(len(year) == 2 or int(year) < _OLD.year for year in years)
