"""A .csv cut into records and fields a second time, by the letter of RFC 4180.

Belongs here: what witnesses the reading of Python's `csv`, which takes a quotation mark as it comes: one that is opened
by mistake swallows all records up to the next. Here a quoted field must be closed in front of a delimiter or an end of
line; one that is not is a text that begins with a quotation mark, and ends where its line or its field does.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice

import numpy as np
import numpy.typing as npt

from kim_pipeline.reading.formats.cells import Cell, DoubtfulCell

_QUOTE, _RETURN, _NEWLINE = ord('"'), ord("\r"), ord("\n")
_WINDOW = 4096
"""How far another reading of a faulty field is followed."""

_LINE = re.compile(r"([^\r\n]*)(?:\r\n|\r|\n|\Z)")

Counts = npt.NDArray[np.int64]


def tally(text: bytes, delimiter: str) -> Counts | None:
    """Number of fields of each record; None where a quotation mark stands neither around a field nor doubled in one.

    Args:
        text: UTF-8.
        delimiter: one ASCII character.
    """
    signs = np.frombuffer(text, dtype=np.uint8)
    separator = ord(delimiter)
    quotes = (signs == _QUOTE).nonzero()[0]
    if not _is_well_quoted(signs, quotes, separator):
        return None
    ends = ((signs == _RETURN) | (signs == _NEWLINE)).nonzero()[0]
    follows_return = (ends > 0) & (signs[ends] == _NEWLINE) & (signs[ends - 1] == _RETURN)
    ends = _outside(ends[~follows_return], quotes)
    delimiters = _outside((signs == separator).nonzero()[0], quotes)
    is_open = len(signs) > 0 and signs[-1] not in (_RETURN, _NEWLINE)
    counts: Counts = np.bincount(np.searchsorted(ends, delimiters), minlength=len(ends) + is_open)
    return counts + 1


def _is_well_quoted(signs: npt.NDArray[np.uint8], quotes: npt.NDArray[np.int64], separator: int) -> bool:
    """Whether every odd quotation mark begins a field or follows one, and every even one ends it or precedes one."""
    if len(quotes) % 2:
        return False
    bounds = np.array([separator, _RETURN, _NEWLINE, _QUOTE], dtype=np.uint8)
    padded = np.pad(signs, 1, constant_values=_NEWLINE)
    opening, closing = quotes[0::2], quotes[1::2]
    is_doubled = np.zeros(len(opening), dtype=np.bool_)
    is_doubled[1:] = opening[1:] == closing[:-1] + 1
    begins = np.isin(padded[opening], bounds[:3]) | is_doubled
    return bool(begins.all() and np.isin(padded[closing + 2], bounds).all())


def _outside(positions: Counts, quotes: Counts) -> Counts:
    is_outside = np.searchsorted(quotes, positions) % 2 == 0
    found: Counts = positions[is_outside]
    return found


def records(text: str, delimiter: str) -> Iterator[list[Cell]]:
    """The records of a text that is not well quoted; a faulty field is a `DoubtfulCell` with both readings."""
    fields = _Fields(text, delimiter)
    position = 0
    while position < len(text):
        line = _LINE.match(text, position)
        if line is None or '"' in line[1]:
            record, position = fields.record(position)
        else:
            record, position = list(line[1].split(delimiter)), line.end()
        yield record if record != [""] else []


class _Fields:
    """Fields one by one, where quotation marks stand."""

    def __init__(self, text: str, delimiter: str) -> None:
        blanks, sign = "[ \t]" if delimiter != "\t" else " ", re.escape(delimiter)
        self._text, self._delimiter = text, delimiter
        self._quoted = re.compile(rf'"((?:[^"]|"")*+)"{blanks}*({sign}|\r\n|\r|\n|\Z)')
        self._plain = re.compile(rf"([^{sign}\r\n]*)({sign}|\r\n|\r|\n|\Z)")

    def record(self, position: int) -> tuple[list[Cell], int]:
        """The record that begins at a position, and where the next one does."""
        record: list[Cell] = []
        while True:
            cell, position, is_last = self._field(position)
            record.append(cell)
            if is_last:
                return record, position

    def _field(self, position: int) -> tuple[Cell, int, bool]:
        if quoted := self._quoted.match(self._text, position):
            return quoted[1].replace('""', '"'), quoted.end(), quoted[2] != self._delimiter
        plain = self._plain.match(self._text, position)
        if plain is None:
            raise AssertionError("a plain field may be empty")
        cell = _doubtful(self._text, self._delimiter, plain) if plain[1].startswith('"') else plain[1]
        return cell, plain.end(), plain[2] != self._delimiter


def _doubtful(text: str, delimiter: str, field: re.Match[str]) -> DoubtfulCell:
    """A faulty field: as `csv` reads on from its quotation mark, and as it stands.

    Of what `csv` swallows beyond the field nothing is told: it is the text of other columns.
    """
    window = io.StringIO(text[field.start() : field.start() + _WINDOW], newline="")
    (found,) = islice(csv.reader(window, delimiter=delimiter), 1)
    swallows_more = any(sign in found[0] for sign in (delimiter, "\r", "\n"))
    return DoubtfulCell(f"{field[1][1:]}…" if swallows_more else found[0], field[1])
