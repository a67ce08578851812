"""Which physical rows of a block are data, totals or notes (`deliveries.md` §1.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kim_pipeline.contracts.normalise import clean_text, comparable
from kim_pipeline.reading.formats.cells import Cell, Mask, Sheet

_TOTAL = re.compile(
    r"(?:summe|gesamt|insgesamt|zwischensumme|gesamtsumme|gesamtergebnis|teilergebnis)(?:[ :\d].*)?", re.DOTALL
)
_WEAK_TOTAL = re.compile(
    r"(?:ergebnis|total|σ|∑|übertrag|durchschnitt|mittelwert|anzahl|davon)(?:[ :\d].*)?|.* (?:ergebnis|summe|gesamt)",
    re.DOTALL,
)
_NOTE = re.compile(r"\*|(?:hinweise?|anmerkung(?:en)?|quellen?|legenden?|erläuterung(?:en)?)(?![\w-])")
_TOTAL_LETTERS = frozenset("sgiztSGIZT")
_WEAK_LETTERS = frozenset("etdmaETDMA")
_NOTE_LETTERS = frozenset("haqleHAQLE*")
_ENDINGS = ("ergebnis", "summe", "gesamt")
_LONGEST_WORDS = 500
EXAMPLE_MARK = "* Beispiel"
"""What the first cell of a template's example row says."""


@dataclass(frozen=True)
class RowKinds:
    """The rows of a block that hold anything.

    Attributes:
        data: 0-based data rows, ascending.
        totals: number of total rows.
        notes: number of note rows.
        told: note rows before the last data row.
        examples: rows that begin as a template's example does; they are among the notes.
    """

    data: npt.NDArray[np.int64]
    totals: int
    notes: int
    told: npt.NDArray[np.int64]
    examples: npt.NDArray[np.int64]

    @property
    def read(self) -> int:
        """Number of rows read."""
        return len(self.data) + self.totals + self.notes


def is_total(cell: Cell) -> bool:
    """`Summe`, `Gesamt`, `Zwischensumme` …, alone or followed by a blank, `:` or a digit."""
    return _is(cell, _TOTAL_LETTERS, _TOTAL)


def is_weak_total(cell: Cell) -> bool:
    """`Ergebnis`, `Total`, `Σ` … likewise, or an ending as Excel writes it: a total where a required cell is empty."""
    if not isinstance(cell, str):
        return False
    ends = cell.rstrip().casefold().endswith(_ENDINGS) or not cell[-1:].isascii()
    return (ends and _matches(cell, _WEAK_TOTAL)) or _is(cell, _WEAK_LETTERS, _WEAK_TOTAL)


def is_note(cell: Cell) -> bool:
    """A text that begins with `*` or with `Hinweis`, `Anmerkung`, `Quelle`, `Legende`, `Erläuterung` or its plural."""
    return _is(cell, _NOTE_LETTERS, _NOTE)


def is_example(cell: Cell) -> bool:
    """Whether a cell begins a template's example row."""
    return isinstance(cell, str) and "*" in cell and comparable(cell) == comparable(EXAMPLE_MARK)


def _is(cell: Cell, letters: frozenset[str], words: re.Pattern[str]) -> bool:
    """Whether a text begins so; most first cells are numbers and are told by their first letter."""
    if not isinstance(cell, str):
        return False
    first = cell.lstrip()[:1]
    return (not first.isascii() or first in letters) and _matches(cell, words)


def _matches(text: str, words: re.Pattern[str]) -> bool:
    form = clean_text(text[:_LONGEST_WORDS]).casefold()
    return (words.match if words is _NOTE else words.fullmatch)(form) is not None


def classify_rows(
    sheet: Sheet, rows: npt.NDArray[np.int64], filled: Mask, lacking: Mask, *, first: int, key_column: int | None
) -> RowKinds:
    """Tell data, total and note rows of a block apart.

    Args:
        sheet: the sheet.
        rows: 0-based rows of the block that hold anything.
        filled: which cells of these rows and of the block's columns are filled; shape (rows, columns).
        lacking: per row whether a required cell is empty.
        first: 0-based first column of the block.
        key_column: 0-based column of the first part of the key; None where the block has none.
    """
    count, leading = filled.sum(axis=1), filled.argmax(axis=1)

    def begins(test: Callable[[Cell], bool]) -> Mask:
        return _first_cell_is(sheet, rows, leading + first, test)

    total = begins(is_total) | (begins(is_weak_total) & lacking)
    note = begins(is_note) & ~total
    several = (count > 1).nonzero()[0]
    last = int(several.max(initial=-1))
    position = np.arange(len(rows))
    aside = (position > last) | (leading + first != (-1 if key_column is None else key_column))
    note |= (count == 1) & ~total & aside
    data = ~total & ~note
    last_data = int(data.nonzero()[0].max(initial=-1))
    told = note & (position < last_data)
    return RowKinds(
        rows[data], int(total.sum()), int(note.sum()), rows[told], rows[note & begins(is_example)]
    )  # fmt: skip


def _first_cell_is(
    sheet: Sheet, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.intp], test: Callable[[Cell], bool]
) -> Mask:
    found = np.zeros(len(rows), dtype=np.bool_)
    for column in np.unique(columns).tolist():
        here = (columns == column).nonzero()[0]
        codes = sheet.codes[column][rows[here]]
        used, inverse = np.unique(codes, return_inverse=True)
        flags = np.fromiter((test(sheet.distinct[column][code]) for code in used.tolist()), np.bool_, len(used))
        found[here] = flags[inverse]
    return found
