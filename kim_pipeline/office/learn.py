"""How an unknown layout would be mapped: its headers beside the contract's columns, exact or by likeness.

Belongs here: proposals for a person who extends a contract. Nothing is read by guess: deliveries are matched exactly
(`reading/header.py`). A row is shown only if it looks like a header, since a data row holds persons.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from rapidfuzz import fuzz

from kim_pipeline.contracts.model import Column, Programme, Table
from kim_pipeline.contracts.normalise import comparable_header
from kim_pipeline.reading.delivery import open_sheets
from kim_pipeline.reading.facts import facts_on
from kim_pipeline.reading.formats.cells import Sheet
from kim_pipeline.reading.formats.workbook import Limits
from kim_pipeline.reading.header import Header, HeaderCell, HeaderFinder, given_by_sheet, single_row, two_rows
from kim_pipeline.reading.suggest import similarity
from kim_pipeline.reading.values import Context

LIKELY = 0.6
"""Likeness from which a header is proposed for a column; people decide, so it is lower than for findings."""

_SHARED_WORDS = 0.85
"""Likeness of two headers of which one has all words of the other."""

_ROWS = 50
_LEAST_MAPPED = 0.5


@dataclass(frozen=True)
class Guess:
    """One header of the file.

    Attributes:
        position: 0-based column.
        header: as it stands in the file.
        group: the group header above it, in comparable form; empty without one.
        column: the contract's column, or None.
        likeness: 1 for an accepted header, less for a proposal; 0 without a column.
    """

    position: int
    header: str
    group: str
    column: Column | None
    likeness: float


@dataclass(frozen=True)
class Layout:
    """One sheet.

    Attributes:
        sheet: its name.
        table: the table it would be; None where nothing looks like one.
        row: 1-based row of the header; None likewise.
        guesses: its headers, left to right.
        missing: required columns that nothing stands for.
        is_read: whether deliveries of this layout are read as it is.
    """

    sheet: str
    table: Table | None = None
    row: int | None = None
    guesses: tuple[Guess, ...] = ()
    missing: tuple[Column, ...] = ()
    is_read: bool = False


def learn(path: PurePath, content: bytes, programme: Programme, limits: Limits) -> list[Layout]:
    """The layout of every sheet of a file.

    Raises:
        RejectedError: the file cannot be read.
    """
    sheets, finder, context = open_sheets(path, content, programme, limits)
    return [_layout(sheet, programme, finder, context) for sheet in sheets]


def _layout(sheet: Sheet, programme: Programme, finder: HeaderFinder, context: Context) -> Layout:
    stated = {f.row for f in facts_on(sheet, 0, context) if f.value_row == f.row} - finder.complete_rows(sheet)
    header = finder.find(sheet, stated)
    if header is not None:
        return _of_header(sheet, header)
    found = [
        layout
        for row in range(min(sheet.height, _ROWS))
        if row not in stated
        for cells in _readings(sheet, row, stated)
        for table in programme.tables
        if (layout := _guessed(sheet, row, cells, table, context)) is not None
    ]
    return max(found, key=_worth, default=Layout(sheet.name))


def _readings(sheet: Sheet, row: int, stated: set[int]) -> Iterator[list[HeaderCell]]:
    yield single_row(sheet, row)
    if row + 1 < sheet.height and row + 1 not in stated:
        yield two_rows(sheet, row)


def _of_header(sheet: Sheet, header: Header) -> Layout:
    exact = {
        cell.position: header.matches[cell.position].column for cell in header.cells if cell.position in header.matches
    }
    open_columns = [*header.missing, *header.absent]
    guesses = _assigned(header.cells, exact, open_columns)
    return _finished(sheet, header.table, header.first_row, guesses, header.missing, is_read=not header.missing)


def _guessed(sheet: Sheet, row: int, cells: list[HeaderCell], table: Table, context: Context) -> Layout | None:
    """A row as the header of a table; None where fewer than half of its names, or fewer than three, fit."""
    given = given_by_sheet(sheet.name, table, {}, context.vocabulary)
    columns = [column for column in table.delivered if column.name not in given and column.headers]
    guesses = _assigned(cells, {}, columns)
    mapped = [guess for guess in guesses if guess.column is not None]
    if len(mapped) < max(3, _LEAST_MAPPED * len(cells)):
        return None
    required = [column for column in columns if column.required]
    return _finished(sheet, table, row, guesses, required, is_read=False)


def _finished(
    sheet: Sheet, table: Table, row: int, guesses: list[Guess], required: list[Column], *, is_read: bool
) -> Layout:
    mapped = {guess.column.name for guess in guesses if guess.column is not None}
    missing = tuple(column for column in required if column.name not in mapped)
    return Layout(sheet.name, table, row + 1, tuple(guesses), missing, is_read)


def _worth(layout: Layout) -> tuple[float, int, int]:
    """How well a layout explains its row; of equals one without needless groups, then the upper one."""
    explained = sum(guess.likeness for guess in layout.guesses) - 2 * len(layout.missing)
    needless = sum(1 for guess in layout.guesses if guess.group and guess.column is not None and not guess.column.group)
    return explained, -needless, -(layout.row or 0)


def _assigned(cells: list[HeaderCell], exact: dict[int, Column], columns: list[Column]) -> list[Guess]:
    """Each header with its column: the accepted ones, then the likeliest pairs, every column once."""
    pairs = [
        (_likeness(cell, column), -cell.position, -number, cell, column)
        for cell in cells
        if cell.position not in exact
        for number, column in enumerate(columns)
    ]
    taken: dict[int, tuple[Column, float]] = {position: (column, 1.0) for position, column in exact.items()}
    used: set[str] = set()
    for likeness, _, _, cell, column in sorted(pairs, key=lambda pair: pair[:3], reverse=True):
        if likeness < LIKELY:
            break
        if cell.position not in taken and column.name not in used:
            taken[cell.position] = (column, likeness)
            used.add(column.name)
    return [_guess(cell, taken.get(cell.position)) for cell in cells]


def _guess(cell: HeaderCell, found: tuple[Column, float] | None) -> Guess:
    return Guess(cell.position, " ".join(cell.text.split()), cell.group, *(found or (None, 0.0)))


def _likeness(cell: HeaderCell, column: Column) -> float:
    """How alike a header of the file and a column are: by its accepted headers, or by its label."""
    text = comparable_header(cell.text)
    names = [
        comparable_header(name)
        for name in (*column.headers, *column.minutes, column.label.partition(" (Pseudonym)")[0])
    ]
    best = max(max(similarity(text, name), _SHARED_WORDS * fuzz.token_set_ratio(text, name) / 100) for name in names)
    if not column.group:
        return best
    return best if any(similarity(cell.group, comparable_header(group)) >= LIKELY for group in column.group) else 0.0
