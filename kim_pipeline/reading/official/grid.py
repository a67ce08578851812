"""A sheet as rows of cells, with what merged ranges spread over it.

Belongs here: looking at cells by position. Does not belong here: what they mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from kim_pipeline.reading.formats.cells import BLANK, Cell, Merge, Sheet, is_filled, raw_text


@dataclass(frozen=True)
class Grid:
    """Rows of any lengths; rows and columns are 0-based."""

    name: str
    rows: Sequence[Sequence[Cell]]
    merges: Sequence[Merge] = ()

    @classmethod
    def of(cls, sheet: Sheet) -> Grid:
        """The grid of a sheet."""
        columns = [[sheet.distinct[c][code] for code in sheet.codes[c].tolist()] for c in range(sheet.width)]
        return cls(sheet.name, list(zip(*columns, strict=True)), sheet.merges)

    def cell(self, row: int, column: int) -> Cell:
        """The cell at a position; blank outside."""
        if 0 <= row < len(self.rows) and 0 <= column < len(self.rows[row]):
            return self.rows[row][column]
        return BLANK

    def spread(self, row: int, column: int) -> Cell:
        """The cell that is seen at a position: of a merged range its first one."""
        origin = self._origins.get((row, column))
        return self.cell(*origin) if origin else self.cell(row, column)

    def text(self, row: int, column: int) -> str:
        """The text seen at a position, trimmed, white space collapsed."""
        return " ".join(raw_text(self.spread(row, column)).split())

    def filled(self, row: int) -> list[int]:
        """The columns of a row that hold anything."""
        return [at for at, cell in enumerate(self.rows[row]) if is_filled(cell)]

    @cached_property
    def width(self) -> int:
        """Number of columns."""
        return max(map(len, self.rows), default=0)

    @cached_property
    def _origins(self) -> dict[tuple[int, int], tuple[int, int]]:
        return {
            (row, column): (merge.first_row, merge.first_column)
            for merge in self.merges
            if (merge.last_row - merge.first_row) * (merge.last_column - merge.first_column) < _LARGEST_MERGE
            for row in range(merge.first_row, merge.last_row + 1)
            for column in range(merge.first_column, merge.last_column + 1)
        }


_LARGEST_MERGE = 100_000
"""A merged range of more cells is no header."""
