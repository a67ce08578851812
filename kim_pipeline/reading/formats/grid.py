"""From cells in the order of a file to a sheet.

Belongs here: what the project's own readers share. Cells that hold only white space widen no sheet: somebody typed a
blank far away, and no row or column is read for it (`deliveries.md` §1.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from kim_pipeline import german
from kim_pipeline.reading.errors import unreadable
from kim_pipeline.reading.formats.cells import BLANK, Cell, Mask, Sheet, column_letter, is_filled

_MAX_CELLS = 2**27
"""As many cells as 1,048,576 rows and 128 columns have, or 8,192 rows and 16,384 columns: five bytes each are held."""
_MAX_DENSE_CELLS = 2**25
"""For how many cells a reader may make room that makes room for all up to the last: calamine takes 24 bytes each."""

Integers = npt.NDArray[np.int32]


class Cells(NamedTuple):
    """Cells of a sheet: arrays of one length.

    Attributes:
        rows, columns: 0-based positions.
        codes: index into the sheet's distinct cells.
    """

    rows: Integers
    columns: Integers
    codes: Integers

    def where(self, kept: Mask) -> Cells:
        """Some of the cells."""
        return Cells(self.rows[kept], self.columns[kept], self.codes[kept])

    @property
    def extent(self) -> tuple[int, int]:
        """Number of rows and columns up to the last cell."""
        return int(self.rows.max(initial=-1)) + 1, int(self.columns.max(initial=-1)) + 1


def holding(values: Sequence[Cell]) -> Mask:
    """Which values are not blank."""
    return np.array([value != BLANK for value in values], dtype=np.bool_)


def filling(values: Sequence[Cell]) -> Mask:
    """Which values hold anything but white space."""
    return np.array([is_filled(value) for value in values], dtype=np.bool_)


def is_beyond(extent: tuple[int, int]) -> bool:
    """Whether a sheet reaches so far that a reader which makes room for all its cells must not try."""
    return extent[0] * extent[1] > _MAX_DENSE_CELLS


def check_extent(name: str, rows: npt.NDArray[np.integer], columns: npt.NDArray[np.integer]) -> None:
    """Refuse a sheet that reaches farther than it can be held, and name the cells that do.

    Args:
        name: of the sheet.
        rows: 0-based row of each filled cell.
        columns: likewise.

    Raises:
        RejectedError: there are more than `_MAX_CELLS` cells up to the last row and column.
    """
    if not len(rows) or (int(rows.max()) + 1) * (int(columns.max()) + 1) <= _MAX_CELLS:
        return
    last = (np.lexsort((columns, rows))[-1], np.lexsort((rows, columns))[-1])
    cells = [f"{column_letter(int(columns[at]))}{int(rows[at]) + 1}" for at in dict.fromkeys(last)]
    noun = "die Zelle" if len(cells) == 1 else "die Zellen"
    raise unreadable(
        f"Das Blatt „{name}“ ist zu groß: Weit hinter der Tabelle {'ist' if len(cells) == 1 else 'sind'} {noun} "
        f"{german.listing(cells)} gefüllt. Bitte löschen, was dort steht, und die Datei neu speichern."
    )


def to_sheet(name: str, cells: Cells, values: Sequence[Cell], fills: Mask) -> Sheet:
    """A sheet from its cells.

    Args:
        name: the sheet's name.
        cells: where they stand, blank ones left out.
        values: value of each distinct cell.
        fills: which of them hold anything but white space.

    Raises:
        RejectedError: the filled cells reach farther than a sheet can be held.
    """
    filled = cells.where(fills[cells.codes])
    check_extent(name, filled.rows, filled.columns)
    height, width = filled.extent
    rows, columns, codes = cells.where((cells.rows < height) & (cells.columns < width))
    order = np.argsort(columns.astype(np.uint16), kind="stable")
    bounds = np.searchsorted(columns[order], np.arange(width + 1))
    sheet = Sheet(name, [], [], height)
    for column in range(width):
        ours = order[bounds[column] : bounds[column + 1]]
        local_codes, used = pd.factorize(codes[ours])
        found = np.zeros(height, dtype=np.int32)
        found[rows[ours]] = local_codes + 1
        sheet.codes.append(found)
        sheet.distinct.append([BLANK, *(values[code] for code in used.tolist())])
    return sheet
