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

from kim_pipeline.reading.errors import unreadable
from kim_pipeline.reading.formats.cells import BLANK, Cell, Mask, Sheet, is_filled

_MAX_CELLS = 2**30
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


def check_extent(height: int, width: int) -> None:
    """Refuse a sheet with more cells than 1,048,576 rows and 1,024 columns have.

    Raises:
        RejectedError: it is larger.
    """
    if height * width > _MAX_CELLS:
        rows, columns = f"{height:_}".replace("_", "."), f"{width:_}".replace("_", ".")
        raise unreadable(
            f"Ein Blatt hat gefüllte Zellen bis Zeile {rows} und bis zur {columns}. Spalte. Das ist zu groß. Bitte "
            "löschen, was weit hinter der Tabelle steht, und die Datei neu speichern."
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
    height, width = cells.where(fills[cells.codes]).extent
    check_extent(height, width)
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
