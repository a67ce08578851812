"""Finding a table's header and mapping its columns (`deliveries.md` §1.2 and §2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from kim_pipeline.contracts.model import Column, Programme, Table
from kim_pipeline.contracts.normalise import comparable
from kim_pipeline.contracts.vocabulary import Vocabulary
from kim_pipeline.reading.formats.cells import BLANK, Cell, Sheet, is_filled, raw_text
from kim_pipeline.reading.values import Context, parse_date, parse_number


@dataclass(frozen=True)
class Match:
    """A contract column found at a sheet's column; `minutes` if its header says so."""

    column: Column
    minutes: bool = False


@dataclass(frozen=True)
class HeaderCell:
    """One named column of a header.

    Attributes:
        position: 0-based column.
        row: 0-based row of the cell that names it.
        text: the header as it stands in the file.
        group: the group header above it, if any, in comparable form.
    """

    position: int
    row: int
    text: str
    group: str = ""


@dataclass
class Header:
    """A header found on a sheet.

    Attributes:
        table: the table it belongs to.
        first_row: 0-based first row.
        last_row: 0-based last row; data begin below.
        cells: its named columns, left to right.
        matches: position → contract column.
        given: columns that the sheet's name gives, with their value.
    """

    table: Table
    first_row: int
    last_row: int
    cells: list[HeaderCell]
    matches: dict[int, Match]
    given: dict[str, str] = field(default_factory=dict)

    @cached_property
    def _found(self) -> frozenset[str]:
        return frozenset(m.column.name for m in self.matches.values())

    @property
    def required(self) -> list[Column]:
        """Required columns that must stand in the header."""
        return [c for c in self.table.delivered if c.required and c.name not in self.given]

    @property
    def missing(self) -> list[Column]:
        """Required columns that are not there."""
        return [c for c in self.required if c.name not in self._found]

    @property
    def absent(self) -> list[Column]:
        """Optional columns that are not there."""
        found = self._found | self.given.keys()
        return [c for c in self.table.delivered if not c.required and c.name not in found]

    @property
    def unmapped(self) -> list[HeaderCell]:
        """Named columns that the contract does not know, or that name a column a second time."""
        return [cell for cell in self.cells if cell.position not in self.matches]

    def taken(self, cell: HeaderCell) -> int | None:
        """The position of another header that names the same column and is read instead; None if there is none."""
        named = _Names(self.table).find(cell)
        return next((at for at, match in self.matches.items() if named and match.column == named.column), None)

    @property
    def share(self) -> float:
        """Share of the required columns that are there."""
        return 1 - len(self.missing) / max(1, len(self.required))


class _Names:
    """The accepted names of one table: (group, header) in comparable form → column."""

    def __init__(self, table: Table) -> None:
        self.plain: dict[str, Match] = {}
        self.groups: set[str] = set()
        for column in table.delivered:
            for minutes, headers in ((False, column.headers), (True, column.minutes)):
                for header in headers:
                    for group in column.group or ("",):
                        name = comparable(f"{group} {header}" if group else header)
                        self.plain.setdefault(name, Match(column, minutes))
            self.groups.update(comparable(group) for group in column.group)

    def is_joined(self, cell: HeaderCell) -> bool:
        """Whether group and detail joined are a name."""
        return bool(cell.group) and f"{cell.group} {comparable(cell.text)}" in self.plain

    def find(self, cell: HeaderCell) -> Match | None:
        """Group and detail joined, else the detail alone."""
        detail = comparable(cell.text)
        joined = self.plain.get(f"{cell.group} {detail}") if cell.group else None
        return joined or self.plain.get(detail)


class HeaderFinder:
    """Finds headers of one programme's tables."""

    def __init__(self, programme: Programme, context: Context) -> None:
        """Prepare the accepted names."""
        self._context = context
        self._tables = [(table, _Names(table)) for table in programme.tables]
        self._known = {part for _, names in self._tables for name in names.plain for part in (name, *_tails(name))}
        self._known |= {group for _, names in self._tables for group in names.groups}

    def find(self, sheet: Sheet, fact_rows: set[int]) -> Header | None:
        """The sheet's header: the first complete one, else the best that has half of the required columns.

        Args:
            sheet: the sheet.
            fact_rows: rows that state Berichtszeitraum or Stand; never part of a header.
        """
        best: Header | None = None
        for row in self._candidates(sheet, fact_rows):
            for table, names in self._tables:
                header = self._header_at(sheet, row, table, names, fact_rows)
                if header is None:
                    continue
                if not header.missing:
                    return header
                if header.share >= 0.5 and (best is None or header.share > best.share):
                    best = header
        return best

    def fits(self, sheet: Sheet) -> int:
        """How many columns the best header of the sheet has; 0 without one."""
        header = self.find(sheet, set())
        return len(header.matches) if header else 0

    def _candidates(self, sheet: Sheet, fact_rows: set[int]) -> Iterator[int]:
        """Rows that hold a known name, and the rows above them, top down."""
        rows: set[int] = set()
        for column in range(sheet.width):
            codes = [c for c, cell in enumerate(sheet.distinct[column]) if self._is_known(cell)]
            for code in codes:
                rows.update((sheet.codes[column] == code).nonzero()[0].tolist())
        rows.update([row - 1 for row in rows if row > 0])
        return iter(sorted(rows - fact_rows))

    def _is_known(self, cell: Cell) -> bool:
        return isinstance(cell, str) and cell != BLANK and comparable(cell) in self._known

    def _header_at(self, sheet: Sheet, row: int, table: Table, names: _Names, fact_rows: set[int]) -> Header | None:
        """The header that row r is, alone or with the row below it; None where neither names a column."""
        upper = single_row(sheet, row)
        alone = self._header(sheet, table, row, upper, names)
        if row + 1 < sheet.height and row + 1 not in fact_rows and not _is_title(sheet, row, upper, names):
            together = self._header(sheet, table, row, two_rows(sheet, row), names, last_row=row + 1)
            lower = _match(single_row(sheet, row + 1), names)
            more = len(together.matches) > max(len(alone.matches), len(lower))
            if more and not (self._is_data(sheet, row + 1) and not alone.missing):
                return together
        return alone if alone.matches else None

    def _header(
        self,
        sheet: Sheet,
        table: Table,
        row: int,
        cells: list[HeaderCell],
        names: _Names,
        *,
        last_row: int | None = None,
    ) -> Header:
        matches = _match(cells, names)
        given = given_by_sheet(sheet.name, table, matches, self._context.vocabulary)
        return Header(table, row, row if last_row is None else last_row, cells, matches, given)

    def _is_data(self, sheet: Sheet, row: int) -> bool:
        """Whether a row below a complete header is data: it holds a number, a date or an error."""
        for cell in filter(is_filled, sheet.row(row)):
            if not isinstance(cell, str):
                return True
            if parse_date(cell, self._context).value or parse_number(cell, self._context).value is not None:
                return True
        return False


def given_by_sheet(name: str, table: Table, matches: dict[int, Match], vocabulary: Vocabulary) -> dict[str, str]:
    """Columns without a header whose value the sheet's name gives."""
    found = {match.column.name for match in matches.values()}
    given = {}
    for column in table.delivered:
        if column.from_sheet and column.name not in found:
            value = vocabulary.category(column.category or "").get(comparable(name))
            if value is not None:
                given[column.name] = value
    return given


def _tails(name: str) -> list[str]:
    """The endings of a joined name, so that a detail cell alone is recognised as a candidate."""
    words = name.split(" ")
    return [" ".join(words[i:]) for i in range(1, len(words))]


def single_row(sheet: Sheet, row: int) -> list[HeaderCell]:
    """The names of a header that is one row."""
    return [HeaderCell(i, row, raw_text(c)) for i, c in enumerate(sheet.row(row)) if is_filled(c)]


def _is_title(sheet: Sheet, row: int, cells: list[HeaderCell], names: _Names) -> bool:
    """A row with one filled cell is a title, unless it is merged down or gives a name together with a cell below."""
    if len(cells) != 1 or comparable(cells[0].text) in names.groups:
        return False
    at = cells[0].position
    if any((m.first_row, m.first_column) == (row, at) and m.last_row > row for m in sheet.merges):
        return False
    return not any(names.is_joined(cell) for cell in two_rows(sheet, row))


def two_rows(sheet: Sheet, row: int) -> list[HeaderCell]:
    """The header of two rows: detail cells with their group, and names that stand alone in either row."""
    upper, lower = sheet.row(row), sheet.row(row + 1)
    groups = _reach(sheet, row, upper)
    cells = []
    for position in range(sheet.width):
        if is_filled(lower[position]):
            cells.append(HeaderCell(position, row + 1, raw_text(lower[position]), groups[position]))
        elif is_filled(upper[position]):
            cells.append(HeaderCell(position, row, raw_text(upper[position])))
    return cells


def _reach(sheet: Sheet, row: int, upper: list[Cell]) -> list[str]:
    """Per column the group above it: over its merged range or, without merges, to the right over blank cells."""
    merged = {m.first_column: m.last_column for m in sheet.merges if m.first_row == row}
    groups, current, until = [], "", -1
    for position, cell in enumerate(upper):
        if is_filled(cell):
            current = comparable(raw_text(cell))
            until = merged.get(position, sheet.width)
        groups.append(current if position <= until else "")
    return groups


def _match(cells: list[HeaderCell], names: _Names) -> dict[int, Match]:
    """Position → column; of two headers for one column the first is read."""
    found: dict[int, Match] = {}
    taken: set[str] = set()
    for cell in cells:
        match = names.find(cell)
        if match is not None and match.column.name not in taken:
            found[cell.position] = match
            taken.add(match.column.name)
    return found
