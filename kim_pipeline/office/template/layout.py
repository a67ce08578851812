"""Which sheets a template has for its tables, and where each column stands on them.

Belongs here: positions, derived from the contract alone. Does not belong here: words, colours, validation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from openpyxl.utils import get_column_letter, quote_sheetname

from kim_pipeline.contracts.model import Column, Programme, Table
from kim_pipeline.contracts.vocabulary import Vocabulary

COVER, EXPLANATION, LISTS = "Deckblatt", "Erläuterung", "Listen"
PERIOD_NAME, AS_OF_NAME = "Berichtszeitraum", "Stand"
"""Defined names of the two cells on the cover sheet."""

TITLE_ROW, LEGEND_ROW, HINT_ROW, HEADER_ROW = 1, 2, 3, 4
ROWS = 10_000
"""Rows of a sheet that have drop-downs and validation; formats reach to the last row of the sheet."""

_LONGEST_SHEET_NAME = 31
_FORBIDDEN_IN_SHEET_NAME = re.compile(r"[\[\]:*?/\\]")


@dataclass(frozen=True)
class Page:
    """One sheet to fill in; all row numbers are 1-based.

    Attributes:
        name: the sheet's name.
        table: the table whose rows it takes.
        columns: its columns, left to right: the delivered ones that the sheet's name does not give.
    """

    name: str
    table: Table
    columns: tuple[Column, ...]

    @property
    def header_end(self) -> int:
        """Last row of the header: a header with groups has two rows."""
        return HEADER_ROW + any(column.group for column in self.columns)

    @property
    def example_row(self) -> int:
        """Row of the example."""
        return self.header_end + 1

    @property
    def first_row(self) -> int:
        """First row to fill in."""
        return self.example_row + 1

    @property
    def last_row(self) -> int:
        """Last row with drop-downs and validation."""
        return self.example_row + ROWS

    @property
    def last_letter(self) -> str:
        """Letter of the last column."""
        return str(get_column_letter(len(self.columns)))

    def has(self, name: str) -> bool:
        """Whether the sheet has the contract's column of that name."""
        return any(column.name == name for column in self.columns)

    def letter(self, name: str) -> str:
        """Letter of the contract's column of that name."""
        return str(get_column_letter([column.name for column in self.columns].index(name) + 1))

    def cell(self, name: str) -> str:
        """The column's cell in the first row to fill in, as a formula that is copied down writes it: `$B7`."""
        return f"${self.letter(name)}{self.first_row}"

    def area(self, name: str) -> str:
        """The column's cells to fill in: `B7:B10006`."""
        letter = self.letter(name)
        return f"{letter}{self.first_row}:{letter}{self.last_row}"

    def span(self, name: str, *, with_sheet: bool = False) -> str:
        """The same as an absolute reference, with the sheet's name where another sheet refers to it."""
        letter = self.letter(name)
        cells = f"${letter}${self.first_row}:${letter}${self.last_row}"
        return f"{quote_sheetname(self.name)}!{cells}" if with_sheet else cells


def header_text(column: Column) -> str:
    """The header as the template writes it: the preferred one, a required column's with `*` (`deliveries.md` §2)."""
    return f"{column.headers[0]} *" if column.required else column.headers[0]


def spoken_header(column: Column) -> str:
    """How people call a column: its preferred header, with its group where it has one."""
    name = column.headers[0] if column.headers else column.label
    return f"{column.group[0]} – {name}" if column.group else name


def pages_of(programme: Programme, vocabulary: Vocabulary) -> tuple[Page, ...]:
    """The sheets to fill in: one per table, or one per value where only the sheet's name can give a column."""
    return tuple(page for table in programme.tables for page in _pages_of_table(table, vocabulary))


def _pages_of_table(table: Table, vocabulary: Vocabulary) -> list[Page]:
    named = [column for column in table.delivered if column.from_sheet and not column.headers]
    columns = tuple(column for column in table.delivered if column not in named)
    if not named:
        return [Page(_FORBIDDEN_IN_SHEET_NAME.sub(" ", table.label)[:_LONGEST_SHEET_NAME], table, columns)]
    spellings = vocabulary.spellings(named[0].category or "").values()
    return [Page(next(filter(_may_name_sheet, names)), table, columns) for names in spellings]


def _may_name_sheet(text: str) -> bool:
    return len(text) <= _LONGEST_SHEET_NAME and not _FORBIDDEN_IN_SHEET_NAME.search(text)
