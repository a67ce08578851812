"""A sheet in memory: every physical cell, column by column, each distinct value held once.

Belongs here: cells as they stand in the file. Does not belong here: what they mean.
Columns are dictionary-encoded (`codes[column][row]` indexes `distinct[column]`), so that a value is parsed once,
however often it occurs, and a sheet of a million cells costs little more than its distinct values.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from kim_pipeline.contracts.normalise import is_blank

BLANK = ""
_CHUNK = 16_384


@dataclass(frozen=True, slots=True)
class ErrorCell:
    """A cell that shows an error value, or a formula whose result the file does not hold (`raw` begins with `=`)."""

    raw: str


@dataclass(frozen=True, slots=True)
class DoubtfulCell:
    """A cell that two readers read differently; neither reading is trusted (`deliveries.md` §3, error cell)."""

    first: Cell
    second: Cell


@dataclass(frozen=True, slots=True)
class BoolCell:
    """A boolean cell; kept apart because `True == 1.0` in a dictionary."""

    value: bool


Cell = Any
"""`str`, `int`, `float`, `date`, `datetime`, `time`, `timedelta`, `ErrorCell`, `DoubtfulCell`, `BoolCell`; blank is the
empty text."""

Codes = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Merge:
    """A merged range; rows and columns are 0-based, last ones included."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


@dataclass
class Sheet:
    """One sheet.

    Attributes:
        name: as it stands in the workbook; for .csv the file's stem.
        distinct: per column its distinct cells, the blank one first.
        codes: per column, per row the index into `distinct`.
        merges: merged ranges.
        epoch_1904: serial numbers count from 1904 instead of 1900.
        text_only: the file knows no types (.csv).
        height: number of physical rows.
        lone_reader: name of the only reader that could read the sheet; None where two agree on it.
    """

    name: str
    distinct: list[list[Cell]]
    codes: list[Codes]
    height: int
    merges: list[Merge] = field(default_factory=list)
    epoch_1904: bool = False
    text_only: bool = False
    lone_reader: str | None = None

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.codes)

    def cell(self, row: int, column: int) -> Cell:
        """The cell at a 0-based position; blank outside the sheet."""
        if row >= self.height or column >= self.width:
            return BLANK
        return self.distinct[column][self.codes[column][row]]

    def row(self, row: int) -> list[Cell]:
        """All cells of one row."""
        return [self.cell(row, column) for column in range(self.width)]

    def filled(self) -> Mask:
        """Which cells hold anything (see `is_filled`); shape (height, width)."""
        found = np.zeros((self.height, self.width), dtype=np.bool_)
        for column in range(self.width):
            found[:, column] = self.filled_in(column)
        return found

    def filled_in(self, column: int) -> Mask:
        """Per row whether the cell of a column holds anything."""
        distinct = self.distinct[column]
        flags = np.fromiter((is_filled(cell) for cell in distinct), dtype=np.bool_, count=len(distinct))
        found: Mask = flags[self.codes[column]]
        return found

    def put(self, row: int, column: int, cell: Cell) -> None:
        """Replace one cell; the sheet grows where the position lies outside."""
        self.grow(row + 1, column + 1)
        self.distinct[column].append(cell)
        self.codes[column][row] = len(self.distinct[column]) - 1

    def clear_covered(self) -> None:
        """Blank what merged ranges hide: the value belongs to the top-left cell (`deliveries.md` §1.4)."""
        for merge in self.merges:
            for column in range(merge.first_column, min(merge.last_column + 1, self.width)):
                first = merge.first_row + (column == merge.first_column)
                self.codes[column][first : merge.last_row + 1] = 0

    def fill_down(self, column: int, first: int = 0) -> None:
        """Let the top value of each merged range in `column`, from row `first` on, fill the rows below it."""
        for merge in self.merges:
            if merge.first_column == column and first <= merge.first_row < self.height:
                self.codes[column][merge.first_row : merge.last_row + 1] = self.codes[column][merge.first_row]

    def grow(self, height: int, width: int) -> None:
        """Add blank rows and columns where the sheet has fewer."""
        while self.width < width:
            self.distinct.append([BLANK])
            self.codes.append(np.zeros(self.height, dtype=np.int32))
        if height > self.height:
            for column in range(self.width):
                tail = np.zeros(height - self.height, dtype=np.int32)
                self.codes[column] = np.concatenate([self.codes[column], tail])
            self.height = height


def is_filled(cell: Cell) -> bool:
    """Whether a cell holds anything but white space and invisible characters."""
    return not is_blank(cell) if isinstance(cell, str) else cell is not None


BETWEEN_READINGS = " | "
"""What parts the readings of a doubtful cell where both are quoted."""


def raw_text(cell: Cell) -> str:
    """A cell as a person would quote it: whole numbers without decimals, days as `yyyy-mm-dd`.

    Of a doubtful cell it is both readings, so that what may not be quoted of either is found in it.
    """
    if isinstance(cell, DoubtfulCell):
        cell = f"{raw_text(cell.first)}{BETWEEN_READINGS}{raw_text(cell.second)}"
    match cell:
        case str():
            return cell
        case ErrorCell(raw):
            return raw
        case BoolCell(value):
            return "true" if value else "false"
        case float() if cell.is_integer() and abs(cell) < 2**63:
            return str(int(cell))
        case dt.date():  # an instant is one, too
            return cell.isoformat()[:10]
        case _:
            return _span(cell) if isinstance(cell, dt.timedelta) else str(cell)


def _span(span: dt.timedelta) -> str:
    """A span of time as `[h]:mm` shows it."""
    minutes = span // dt.timedelta(minutes=1)
    return f"{minutes // 60}:{minutes % 60:02}"


def encode_sheet(name: str, rows: Iterable[Sequence[Cell]], *, first_column: int = 0, text_only: bool = False) -> Sheet:
    """Read rows (of any lengths) into a sheet.

    Args:
        name: the sheet's name.
        rows: physical rows from the first on.
        first_column: number of blank columns before the rows' first cell.
        text_only: see `Sheet`.
    """
    indexes: list[dict[Cell, int]] = []
    chunks: list[list[Codes]] = []
    height = 0
    source = iter(rows)
    while chunk := list(islice(source, _CHUNK)):
        width = max(map(len, chunk))
        while len(indexes) < width:
            indexes.append({BLANK: 0})
            chunks.append([np.zeros(height, dtype=np.int32)] if height else [])
        padded = chunk if all(len(r) == width for r in chunk) else [[*r, *[BLANK] * (width - len(r))] for r in chunk]
        for column, cells in enumerate(zip(*padded, strict=True)):
            chunks[column].append(_encode(cells, indexes[column]))
        for column in range(width, len(indexes)):
            chunks[column].append(np.zeros(len(chunk), dtype=np.int32))
        height += len(chunk)
    codes = [np.concatenate(parts) for parts in chunks]
    distinct = [list(index) for index in indexes]
    before = [np.zeros(height, dtype=np.int32) for _ in range(first_column)]
    return Sheet(name, [[BLANK] for _ in before] + distinct, before + codes, height, text_only=text_only)


def _encode(cells: Sequence[Cell], index: dict[Cell, int]) -> Codes:
    if bool in set(map(type, cells)):
        cells = [BoolCell(cell) if cell is True or cell is False else cell for cell in cells]
    for cell in dict.fromkeys(cells):
        index.setdefault(cell, len(index))
    return np.fromiter(map(index.__getitem__, cells), dtype=np.int32, count=len(cells))


def column_letter(column: int) -> str:
    """Spreadsheet letter of a 0-based column: 0 → A, 26 → AA."""
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
