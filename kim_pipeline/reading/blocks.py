"""Where the tables of a delivery stand: stacked, side by side, printed in pages (`deliveries.md` §1.2).

Belongs here: which rows and columns of a sheet belong to which header, and which facts each block takes.
Does not belong here: what a header or a fact is (`header.py`, `facts.py`), and which rows are data (`rows.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from kim_pipeline.reading.facts import Fact, FactKind, Resolved, facts_on, only_one, resolve
from kim_pipeline.reading.formats.cells import Mask, Sheet
from kim_pipeline.reading.header import Header, HeaderFinder
from kim_pipeline.reading.returned import is_return_sheet
from kim_pipeline.reading.rows import is_note, is_total
from kim_pipeline.reading.values import Context

_KINDS: tuple[FactKind, ...] = ("period", "as_of")


@dataclass
class Block:
    """One table's place on a sheet.

    Attributes:
        sheet: the sheet.
        number: the sheet's position in the delivery.
        header: its header; it may lack required columns.
        rows: 0-based physical rows that belong to it, ascending; blank ones and those of its pages' headers aside.
        above: the facts stated above it, below the table before it.
        page: which cells of the sheet are filled.
        facts: what it takes as its facts.
    """

    sheet: Sheet
    number: int
    header: Header
    rows: npt.NDArray[np.int64]
    above: list[Fact]
    page: Mask
    facts: dict[FactKind, Resolved] = field(default_factory=dict)

    @property
    def columns(self) -> range:
        """Positions of its columns."""
        return range(self.header.first_column, self.header.end_column)

    def filled(self) -> Mask:
        """Which cells of its rows and columns are filled; shape (rows, columns)."""
        return self.page[self.rows, self.header.first_column : self.header.end_column].copy()

    def first_filled(self, row: int) -> int:
        """Position of the first filled cell of a 0-based row."""
        inside = self.page[row, self.header.first_column : self.header.end_column]
        return self.header.first_column + int(inside.argmax())

    def takes(self, kind: FactKind) -> Resolved | None:
        """What is stated above it, over its own columns if there is anything."""
        stated = [f for f in self.above if f.kind == kind]
        return resolve([f for f in stated if f.column in self.columns] or stated)


def blocks_of(sheets: Sequence[Sheet], finder: HeaderFinder, context: Context) -> list[Block]:
    """The blocks of all sheets with the facts that each takes, in the order of the workbook."""
    found: list[Block] = []
    stated: list[Fact] = []
    covers: list[Fact] = []
    for number, sheet in enumerate(sheets):
        if is_return_sheet(sheet):
            continue
        page = _Page(sheet, number, finder, context)
        stated += page.facts
        found += page.blocks
        covers += [] if page.blocks else page.facts
    for block in found:
        earlier = [b for b in found if b.number == block.number and b.header.last_row < block.header.first_row]
        for kind in _KINDS:
            block.facts[kind] = _taken(block, earlier, kind, covers, stated)
    return found


def _taken(
    block: Block, earlier: Sequence[Block], kind: FactKind, covers: Sequence[Fact], stated: Sequence[Fact]
) -> Resolved:
    """Whose fact it is: stated above the table, else above an earlier one, else on the cover, else the only one."""
    above = [block.takes(kind)]
    for other in reversed(earlier):
        own = [f for f in other.above if f.kind == kind and f.column in block.columns]
        above.append(resolve(own) if own else other.takes(kind))
    cover = resolve([f for f in covers if f.kind == kind], on_cover=True)
    for found in (*above, cover):
        if found is not None:
            return found
    return only_one([f for f in stated if f.kind == kind])


class _Page:
    """One sheet: its facts, its headers, and what lies between them."""

    def __init__(self, sheet: Sheet, number: int, finder: HeaderFinder, context: Context) -> None:
        self._sheet, self._number = sheet, number
        self.filled = sheet.filled()
        facts = facts_on(sheet, number, context)
        names = finder.complete_rows(sheet) if facts else set()
        facts = [f for f in facts if f.row not in names]
        headers = finder.headers(sheet, {f.row for f in facts if f.value_row == f.row})
        taken = {row for line in headers for row in range(line[0].first_row, line[0].last_row + 1)}
        self.facts = [f for f in facts if f.row not in taken]
        self._fact_rows = {row for f in self.facts for row in f.rows}
        self.blocks = self._blocks(headers)

    def _blocks(self, headers: Sequence[Sequence[Header]]) -> list[Block]:
        """A header ends what lies above its own columns: a neighbour beside it goes on."""
        lines = [line[0] for line in headers]
        found: list[Block] = []
        for i, line in enumerate(headers):
            for header in line:
                below = next((j for j in range(i + 1, len(lines)) if any(map(header.overlaps, headers[j]))), None)
                over = next((j for j in reversed(range(i)) if any(map(header.overlaps, headers[j]))), None)
                end = self._sheet.height if below is None else self._begin(lines[below], lines[below - 1])
                rows = self._rows(header, end)
                above = self._above(header, None if over is None else lines[over])
                page_of = next((b for b in reversed(found) if b.header.overlaps(header)), None)
                if page_of is not None and not above and page_of.header.layout == header.layout:
                    page_of.rows = np.concatenate([page_of.rows, rows])
                else:
                    found.append(Block(self._sheet, self._number, header, rows, above, self.filled))
        return found

    def _rows(self, header: Header, end: int) -> npt.NDArray[np.int64]:
        first = header.last_row + 1
        inside = self.filled[first:end, header.first_column : header.end_column]
        return np.flatnonzero(inside.any(axis=1)).astype(np.int64) + first

    def _begin(self, header: Header, before: Header | None) -> int:
        """The first of the title and fact rows that stand directly above a header; blank rows do not part them."""
        least = before.last_row + 1 if before else 0
        begin, row = header.first_row, header.first_row
        while row > least:
            row -= 1
            if not self.filled[row].any():
                continue
            if row not in self._fact_rows and not self._is_title(row):
                break
            begin = row
        return begin

    def _above(self, header: Header, before: Header | None) -> list[Fact]:
        """The facts above a header: below the last row of the table before it, where there is one."""
        last = -1
        if before is not None:
            several = self.filled[before.last_row + 1 : header.first_row].sum(axis=1) > 1
            rows = several.nonzero()[0] + before.last_row + 1
            last = max((r for r in rows.tolist() if r not in self._fact_rows), default=before.last_row)
        return [f for f in self.facts if last < f.row < header.first_row]

    def _is_title(self, row: int) -> bool:
        """A single filled cell that is neither a total nor begins with a note word."""
        columns = self.filled[row].nonzero()[0].tolist()
        cell = self._sheet.cell(row, columns[0])
        return len(columns) == 1 and not is_total(cell) and not is_note(cell)
