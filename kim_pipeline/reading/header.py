"""Finding a table's header and mapping its columns (`deliveries.md` §1.2 and §2)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from kim_pipeline.contracts.model import Column, Programme, Table
from kim_pipeline.contracts.normalise import comparable_header
from kim_pipeline.contracts.vocabulary import Vocabulary
from kim_pipeline.reading.formats.cells import Cell, Mask, Sheet, is_filled, raw_text
from kim_pipeline.reading.values import Context, parse_date, parse_number

_LONGEST_NAME = 200
_LEAST_SHARE = 0.5
_ROWS_TOLD = 200


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
        first_column, end_column: 0-based first column of its block, and the one behind its last.
    """

    table: Table
    first_row: int
    last_row: int
    cells: list[HeaderCell]
    matches: dict[int, Match]
    given: dict[str, str] = field(default_factory=dict)
    first_column: int = 0
    end_column: int = 0

    @property
    def layout(self) -> tuple[object, ...]:
        """What two headers share of which the second only repeats the first: its names in their columns."""
        names = tuple((c.position, c.group, comparable_header(c.text)) for c in self.cells)
        return self.table.name, self.first_column, self.end_column, names

    def overlaps(self, other: Header) -> bool:
        """Whether both stand over a column."""
        return self.first_column < other.end_column and other.first_column < self.end_column

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
                        name = comparable_header(f"{group} {header}" if group else header)
                        self.plain.setdefault(name, Match(column, minutes))
            self.groups.update(comparable_header(group) for group in column.group)

    def is_joined(self, cell: HeaderCell) -> bool:
        """Whether group and detail joined are a name."""
        return bool(cell.group) and f"{cell.group} {comparable_header(cell.text)}" in self.plain

    def find(self, cell: HeaderCell) -> Match | None:
        """Group and detail joined, else the detail alone."""
        detail = comparable_header(cell.text)
        joined = self.plain.get(f"{cell.group} {detail}") if cell.group else None
        return joined or self.plain.get(detail)


class _Hits:
    """Which rows of a sheet hold a name of which required column, so that headers are looked for in few rows only."""

    def __init__(self, sheet: Sheet, known: dict[str, set[tuple[str, str]]]) -> None:
        """Look at each distinct text once."""
        self.height = sheet.height
        self._sheet = sheet
        self._last_rows: dict[tuple[int, int], int] = {}
        self._rows: dict[tuple[str, str], Mask] = {}
        for column in range(sheet.width):
            codes: dict[tuple[str, str], list[int]] = {}
            for code, cell in enumerate(sheet.distinct[column]):
                if isinstance(cell, str) and 0 < len(cell) <= _LONGEST_NAME:
                    for name in known.get(comparable_header(cell), ()):
                        codes.setdefault(name, []).append(code)
            for name, ours in codes.items():
                rows = np.isin(sheet.codes[column], ours)
                self._rows[name] = self._rows[name] | rows if name in self._rows else rows

    def last_row(self, first_column: int, end_column: int) -> int:
        """The last row with several filled cells in some columns, looked for once; -1 without one."""
        columns = first_column, end_column
        if columns not in self._last_rows:
            several = (self._filled[:, first_column:end_column].sum(axis=1) > 1).nonzero()[0]
            self._last_rows[columns] = int(several[-1]) if len(several) else -1
        return self._last_rows[columns]

    @cached_property
    def _filled(self) -> Mask:
        return self._sheet.filled()

    def share(self, table: Table, given: dict[str, str]) -> npt.NDArray[np.float64]:
        """Per row the share of a table's required columns of which it, or the row below, may hold a name."""
        required = [c.name for c in table.delivered if c.required and c.name not in given]
        count = np.zeros(self.height)
        for name in required:
            rows = self._rows.get((table.name, name))
            if rows is not None:
                count += rows | np.append(rows[1:], [False])
        return count / max(1, len(required))


class HeaderFinder:
    """Finds headers of one programme's tables."""

    def __init__(self, programme: Programme, context: Context) -> None:
        """Prepare the accepted names."""
        self._context = context
        self._tables = [(table, _Names(table)) for table in programme.tables]
        self._seen: dict[int, tuple[Sheet, _Hits]] = {}
        self._known: dict[str, set[tuple[str, str]]] = {}
        for table, names in self._tables:
            for name, match in names.plain.items():
                for part in (name, *_tails(name)):
                    self._known.setdefault(part, set()).add((table.name, match.column.name))

    def _hits(self, sheet: Sheet) -> _Hits:
        """The sheet's hits, looked for once."""
        known = self._seen.get(id(sheet))
        if known is None or known[0] is not sheet:
            known = self._seen[id(sheet)] = (sheet, _Hits(sheet, self._known))
        return known[1]

    def find(self, sheet: Sheet, fact_rows: set[int]) -> Header | None:
        """The sheet's first complete header, else the best that has half of the required columns.

        Args:
            sheet: the sheet.
            fact_rows: rows that state a fact; never part of a header.
        """
        hits = self._hits(sheet)
        found = self._complete(sheet, fact_rows, hits)
        return found[0][0] if found else self._nearest(sheet, fact_rows, hits)

    def headers(self, sheet: Sheet, fact_rows: set[int]) -> list[list[Header]]:
        """Every header of a sheet, top down; headers side by side in one list, left to right.

        A sheet without a complete one has at most one that lacks required columns (`deliveries.md` §2).
        """
        hits = self._hits(sheet)
        found = self._complete(sheet, fact_rows, hits)
        if found:
            return found
        nearest = self._nearest(sheet, fact_rows, hits)
        return [[nearest]] if nearest else []

    def complete_rows(self, sheet: Sheet) -> set[int]:
        """Rows that are a header on their own: they state no facts."""
        hits = self._hits(sheet)
        found = set()
        for row in self._rows(sheet, hits, least=1.0):
            cells = single_row(sheet, row)
            if any(not self._header(sheet, table, row, cells, names).missing for table, names in self._tables):
                found.add(row)
        return found

    def fits(self, sheet: Sheet) -> int:
        """How many columns the best header of the sheet has; 0 without one."""
        header = self.find(sheet, set())
        return len(header.matches) if header else 0

    def known_names(self, sheet: Sheet) -> tuple[list[str], list[str]]:
        """Of the row with the most known names: those that are known, and those that are not."""
        best: tuple[list[str], list[str]] = ([], [])
        for row in range(min(sheet.height, _ROWS_TOLD)):
            cells = single_row(sheet, row)
            known = [c.text for c in cells if any(names.find(c) for _, names in self._tables)]
            if len(known) > len(best[0]):
                best = known, [c.text for c in cells if c.text not in known]
        return best

    def _rows(self, sheet: Sheet, hits: _Hits, least: float) -> list[int]:
        """Rows that may be, or begin, a header with that share of a table's required columns."""
        rows: set[int] = set()
        for table, _ in self._tables:
            given = given_by_sheet(sheet.name, table, {}, self._context.vocabulary)
            rows.update((hits.share(table, given) >= least).nonzero()[0].tolist())
        return sorted(rows)

    def _complete(self, sheet: Sheet, fact_rows: set[int], hits: _Hits) -> list[list[Header]]:
        found: list[list[Header]] = []
        above: list[Header] = []
        after = 0
        for row in self._rows(sheet, hits, least=1.0):
            if row < after or row in fact_rows:
                continue
            header = self._best_at(sheet, row, fact_rows)
            if header is not None:
                line = self._over_a_part(sheet, header, above, hits) or self._side_by_side(sheet, header)
                above = [h for h in above if not any(h.overlaps(other) for other in line)] + line
                above.sort(key=lambda h: h.first_column)
                found.append(line)
                after = header.last_row + 1
        return found

    def _over_a_part(self, sheet: Sheet, whole: Header, above: Sequence[Header], hits: _Hits) -> list[Header]:
        """The headers of a row that names columns of some tables only, while a table beside them goes on.

        Args:
            sheet: the sheet.
            whole: what the row is as one header.
            above: the last header over each column, left to right.
            hits: of the sheet.
        """
        if len(above) < 2:
            return []
        names = self._names_of(whole.table)
        line: list[Header] = []
        going_on = False
        for over in above:
            named = [cell for cell in whole.cells if over.first_column <= cell.position < over.end_column]
            own = self._best_of(sheet, whole, named)
            if own is not None:
                line.append(dataclasses.replace(own, first_column=over.first_column, end_column=over.end_column))
            elif any(names.find(cell) for cell in named):
                return []
            else:
                going_on |= hits.last_row(over.first_column, over.end_column) >= whole.first_row
        return line if going_on else []

    def _best_at(self, sheet: Sheet, row: int, fact_rows: set[int]) -> Header | None:
        """The complete header that a row is or begins, of several tables the one that has most columns."""
        found = [self._header_at(sheet, row, table, names, fact_rows) for table, names in self._tables]
        complete = [header for header in found if header is not None and not header.missing]
        return max(complete, key=lambda header: len(header.matches), default=None)

    def _nearest(self, sheet: Sheet, fact_rows: set[int], hits: _Hits) -> Header | None:
        best: Header | None = None
        for row in self._rows(sheet, hits, least=_LEAST_SHARE):
            if row in fact_rows:
                continue
            for table, names in self._tables:
                header = self._header_at(sheet, row, table, names, fact_rows)
                if header is None or header.share < _LEAST_SHARE:
                    continue
                if best is None or header.share > best.share:
                    best = header
        return best

    def _side_by_side(self, sheet: Sheet, whole: Header) -> list[Header]:
        """The blocks of one header row: a new one begins at a repeated column from which on all required ones stand."""
        found: list[Header] = []
        cells, begin = whole.cells, 0
        while True:
            split = self._split(sheet, whole, cells)
            if split is None:
                last = self._best_of(sheet, whole, cells) or whole
                found.append(dataclasses.replace(last, first_column=begin, end_column=sheet.width))
                return found
            header, at = split
            found.append(dataclasses.replace(header, first_column=begin, end_column=at))
            cells, begin = [cell for cell in cells if cell.position >= at], at

    def _split(self, sheet: Sheet, whole: Header, cells: list[HeaderCell]) -> tuple[Header, int] | None:
        for number, cell in enumerate(cells[1:], start=1):
            left = self._best_of(sheet, whole, cells[:number])
            if left is None or not _repeats(left, cell, self._names_of(left.table)):
                continue
            if self._best_of(sheet, whole, cells[number:]) is not None:
                return left, cell.position
        return None

    def _names_of(self, table: Table) -> _Names:
        return next(names for one, names in self._tables if one is table)

    def _best_of(self, sheet: Sheet, whole: Header, cells: list[HeaderCell]) -> Header | None:
        """The complete header that some cells of a header row are."""
        found = [
            self._header(sheet, table, whole.first_row, cells, names, last_row=whole.last_row)
            for table, names in self._tables
        ]
        complete = [header for header in found if not header.missing]
        return max(complete, key=lambda header: len(header.matches), default=None)

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
        last = row if last_row is None else last_row
        return Header(table, row, last, cells, matches, given, end_column=sheet.width)

    def _is_data(self, sheet: Sheet, row: int) -> bool:
        """Whether a row below a complete header is data: it holds a number, a date or an error."""
        for cell in filter(is_filled, sheet.row(row)):
            if not isinstance(cell, str):
                return True
            if parse_date(cell, self._context).value or parse_number(cell, self._context).value is not None:
                return True
        return False


def _repeats(left: Header, cell: HeaderCell, names: _Names) -> bool:
    """Whether a cell names again what stands left of it: a field, or the very name."""
    match = names.find(cell)
    if match is not None and match.column.name in {m.column.name for m in left.matches.values()}:
        return True
    text = comparable_header(cell.text)
    return any(comparable_header(other.text) == text and other.group == cell.group for other in left.cells)


def given_by_sheet(name: str, table: Table, matches: dict[int, Match], vocabulary: Vocabulary) -> dict[str, str]:
    """Columns without a header whose value the sheet's name gives."""
    found = {match.column.name for match in matches.values()}
    given = {}
    for column in table.delivered:
        if column.from_sheet and column.name not in found:
            value = vocabulary.category(column.category or "").get(comparable_header(name))
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
    if len(cells) != 1 or comparable_header(cells[0].text) in names.groups:
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
            current = comparable_header(raw_text(cell))
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
