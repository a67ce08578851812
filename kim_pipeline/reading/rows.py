"""Which physical rows of a sheet are data, totals or notes (`deliveries.md` §1.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kim_pipeline.contracts.normalise import clean_text
from kim_pipeline.reading.formats.cells import Cell, Mask, Sheet

_TOTAL = re.compile(r"(?:summe|gesamt|insgesamt)(?:[ :\d].*)?", re.IGNORECASE | re.DOTALL)
_FIRST_LETTERS = frozenset("sgihaqSGIHAQ*")
_NOTE = re.compile(r"(?:hinweis|anmerkung|quelle|\*)", re.IGNORECASE)


@dataclass(frozen=True)
class RowKinds:
    """The rows below a header that hold anything.

    Attributes:
        data: 0-based data rows, ascending.
        totals: number of total rows.
        notes: number of note rows.
    """

    data: npt.NDArray[np.int64]
    totals: int
    notes: int

    @property
    def read(self) -> int:
        """Number of rows read."""
        return len(self.data) + self.totals + self.notes


def is_total(cell: Cell) -> bool:
    """`Summe`, `Gesamt` or `Insgesamt`, alone or followed by a blank, `:` or a digit."""
    return isinstance(cell, str) and _may_be_word(cell) and _TOTAL.fullmatch(clean_text(cell)) is not None


def is_note(cell: Cell) -> bool:
    """A text that begins with `Hinweis`, `Anmerkung`, `Quelle` or `*`."""
    return isinstance(cell, str) and _may_be_word(cell) and _NOTE.match(clean_text(cell)) is not None


def _may_be_word(text: str) -> bool:
    """Whether a text can begin with one of the words at all: most first cells are numbers and are told at once."""
    first = text.lstrip()[:1]
    return not first.isascii() or first in _FIRST_LETTERS


def classify_rows(sheet: Sheet, first: int) -> RowKinds:
    """Tell data, total and note rows apart from row `first` (0-based) on; blank rows are not read."""
    filled = sheet.filled()[first:]
    count = filled.sum(axis=1)
    leading = filled.argmax(axis=1)
    total = _first_cell_is(sheet, first, leading, filled, is_total)
    note = _first_cell_is(sheet, first, leading, filled, is_note) & ~total
    several = (count >= 2) & ~total & ~note
    last_data = int(several.nonzero()[0].max(initial=-1))
    single = (count == 1) & ~total & ~note
    note |= single & (np.arange(len(count)) > last_data)
    data = (count >= 1) & ~total & ~note
    return RowKinds(data.nonzero()[0] + first, int(total.sum()), int(note.sum()))


def _first_cell_is(
    sheet: Sheet, first: int, leading: npt.NDArray[np.intp], filled: Mask, test: Callable[[Cell], bool]
) -> Mask:
    found = np.zeros(len(leading), dtype=np.bool_)
    has_any = filled.any(axis=1)
    for column in np.unique(leading[has_any]).tolist():
        rows = ((leading == column) & has_any).nonzero()[0]
        codes = sheet.codes[column][first:][rows]
        flags = {code: test(sheet.distinct[column][code]) for code in np.unique(codes).tolist()}
        found[rows] = [flags[code] for code in codes.tolist()]
    return found
