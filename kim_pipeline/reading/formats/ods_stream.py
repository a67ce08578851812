"""One streamed pass over the `content.xml` of an .ods: where each cell stands, and what the XML says of it.

Belongs here: XML to stated cells, dictionary-encoded, repeated rows and columns counted. Nothing here knows values.
The usual spelling is cut up in blocks, all cells of a block at once; a file that is spelled otherwise anywhere is read
again by expat, which knows every spelling of XML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO, NamedTuple
from xml.parsers import expat

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kim_pipeline.reading.formats.cells import Merge
from kim_pipeline.reading.formats.cuts import Block, Positions, UnusualError, check_head

_BLOCK = 1 << 22
_LAST_ROW, _LAST_COLUMN = 2**20, 2**14
_CELL_TAGS = (b"table:table-cell", b"table:covered-table-cell")
_CELLS = frozenset(tag.decode() for tag in _CELL_TAGS)
_NO_TEXT = frozenset({"office:annotation", "draw:frame", "draw:custom-shape", "draw:g", "text:note", "text:ruby-text"})
_VALUES = {"string": "string-value", "date": "date-value", "time": "time-value", "boolean": "boolean-value"}
_TABLE_START = re.compile(rb"<table:table(?:\s[^>]*[^/>]|\s)?>")
_TABLE_END, _ROW_END = b"</table:table>", b"</table:table-row>"
_LONGEST_TAG = 4096
_SINCE_1904 = re.compile(rb"""<table:null-date\b[^>]*table:date-value=["']1904""")
_SIMPLE = re.compile(
    rb"<table:(?:covered-)?table-cell([^<>&']*)>"
    rb"(?:(?<=/>)|(?:<text:p>([^<&\r]*)</text:p>)?</table:(?:covered-)?table-cell>)"
)
"""Attributes and text of a cell of one line; entities and line ends are left to expat."""
_ATTRIBUTE = re.compile(r'([\w:.-]+)="([^"]*)"')
_REPEATED = re.compile(rb"""table:number-rows-repeated\s*=\s*["'](\d+)["']""")

_Integers = npt.NDArray[np.int64]


class Stated(NamedTuple):
    """What the XML says of a cell.

    Attributes:
        kind: `office:value-type`; `error` where the cell is marked as one; empty where it states none.
        value: the attribute that holds the value; None where there is none.
        text: what is shown, its lines joined; comments and drawings are no text.
        formula: `table:formula`, or None.
        repeated: how many columns it stands for.
        spans: how many rows and columns it is merged over.
        has_drawing: a drawing or a note lies in it.
    """

    kind: str
    value: str | None
    text: str
    formula: str | None
    repeated: int
    spans: tuple[int, int]
    has_drawing: bool


@dataclass
class OdsTable:
    """The cells of one sheet, in the order of the file; repetitions are not spread out.

    Attributes:
        name: the sheet's name.
        rows, columns: 0-based positions.
        codes: index into the distinct cells of the file.
        heights: how many rows each stands for.
    """

    name: str
    rows: _Integers
    columns: _Integers
    codes: _Integers
    heights: _Integers


@dataclass
class Tables:
    """All sheets of a file.

    Attributes:
        tables: in the order of the file.
        distinct: every different cell once.
        epoch_1904: serial numbers count from 1904.
    """

    tables: list[OdsTable] = field(default_factory=list)
    distinct: list[Stated] = field(default_factory=list)
    epoch_1904: bool = False


class IncompleteError(Exception):
    """The XML ends within a sheet."""


def read_tables(streams: Iterator[IO[bytes]]) -> Tables:
    """The sheets of an .ods.

    Args:
        streams: gives `content.xml` from its beginning, a second time if need be.

    Raises:
        IncompleteError, xml.parsers.expat.ExpatError and others: that is no whole file.
    """
    try:
        return _Usual(next(streams)).run()
    except UnusualError:
        scanner = _Scanner()
        scanner.run(next(streams))
        return scanner.result()


class _Usual:
    """The usual spelling: sheet by sheet, in blocks of whole rows."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._rest = stream, b""
        self._index: dict[bytes, int] = {}
        self._parsed: list[Stated] = []
        self._row_repeats: dict[bytes, int] = {}

    def run(self) -> Tables:
        found = Tables()
        while (before := self._to_next_table()) is not None:
            between, start = before
            check_head(between)
            found.epoch_1904 |= _SINCE_1904.search(between) is not None
            name = _attributes(start.decode()).get("table:name", "")
            found.tables.append(self._table(name))
        check_head(self._rest)
        found.epoch_1904 |= _SINCE_1904.search(self._rest) is not None
        found.distinct = self._parsed
        return found

    def _to_next_table(self) -> tuple[bytes, bytes] | None:
        """What stands before the next sheet, and its start tag; None at the end."""
        while (match := _TABLE_START.search(self._rest)) is None:
            if not self._read():
                return None
        before, start = self._rest[: match.start()], match[0]
        self._rest = self._rest[match.end() :]
        return before, start

    def _read(self) -> bool:
        data = self._stream.read(_BLOCK)
        self._rest += data
        return bool(data)

    def _table(self, name: str) -> OdsTable:
        parts = [(_NONE, _NONE, _NONE, _NONE)]
        row = 0
        while True:
            end = self._rest.find(_TABLE_END)
            whole = end if end >= 0 else self._rest.rfind(_ROW_END) + len(_ROW_END)
            if end >= 0 or whole >= len(_ROW_END):
                cells, row = self._cells(self._rest[:whole], row)
                parts.append(cells)
                self._rest = self._rest[whole:]
            if end >= 0:
                self._rest = self._rest[len(_TABLE_END) :]
                return OdsTable(name, *(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
            if not self._read():
                raise IncompleteError

    def _cells(self, content: bytes, row: int) -> tuple[tuple[_Integers, _Integers, _Integers, _Integers], int]:
        """Rows, columns, codes and heights of the cells of whole rows that begin with a row; and the next row."""
        block = Block(content)
        tags, end_tags = block.tags_named(b"table:"), block.tags_named(b"/table:")
        if len(block.named(tags, b"table:table")):
            raise UnusualError  # a table within a cell
        row_starts = block.named(tags, b"table:table-row")
        heights = self._heights(block, row_starts)
        first_rows = row + np.concatenate([[0], heights.cumsum()])
        starts = _merged(block.named(tags, name) for name in _CELL_TAGS)
        if not len(starts):
            return (_NONE, _NONE, _NONE, _NONE), int(first_rows[-1])
        ends = block.element_ends(starts, _merged(block.named(end_tags, b"/" + name) for name in _CELL_TAGS))
        found, widths = self._stated(block.pieces(starts, ends))
        of_row = np.searchsorted(row_starts, starts) - 1
        if of_row[0] < 0:
            raise UnusualError
        columns = widths.cumsum() - widths
        columns -= columns[np.searchsorted(of_row, of_row)]
        return (first_rows[of_row], columns, found, heights[of_row]), int(first_rows[-1])

    def _stated(self, bodies: pa.DictionaryArray) -> tuple[_Integers, _Integers]:
        """The codes of cells, and how many columns each stands for; every different one is parsed once."""
        index, parsed = self._index, self._parsed
        known = []
        for body in bodies.dictionary.to_pylist():
            code = index.setdefault(body, len(parsed))
            if code == len(parsed):
                parsed.append(_parse_cell(body))
            known.append(code)
        indices = np.asarray(bodies.indices)
        widths = np.array([parsed[code].repeated for code in known], dtype=np.int64)
        return np.array(known, dtype=np.int64)[indices], widths[indices]

    def _heights(self, block: Block, row_starts: Positions) -> _Integers:
        """How many rows each row tag stands for."""
        if not len(row_starts):
            return _NONE
        tags = block.pieces(row_starts, block.tag_ends(row_starts))
        repeats = [int(match[1]) if (match := _REPEATED.search(tag)) else 1 for tag in tags.dictionary.to_pylist()]
        found: _Integers = np.array(repeats, dtype=np.int64)[np.asarray(tags.indices)]
        return found


_NONE: _Integers = np.zeros(0, dtype=np.int64)


def _attributes(tag: str) -> dict[str, str]:
    """The attributes of a start tag; those with entities are left to expat."""
    if "&" in tag or "'" in tag:
        raise UnusualError
    return dict(_ATTRIBUTE.findall(tag))


def _merged(positions: Iterable[Positions]) -> Positions:
    filled = [found for found in positions if len(found)]
    return filled[0] if len(filled) == 1 else np.sort(np.concatenate([_NONE, *filled]))


def _parse_cell(body: bytes) -> Stated:
    match = _SIMPLE.fullmatch(body)
    if match is None:
        scanner = _Scanner()
        scanner.parse_one(body)
        return scanner.result().distinct[0]
    kind, value, _, formula, repeated, spans, _ = _of_attributes(match[1])
    return Stated(kind, value, (match[2] or b"").decode(), formula, repeated, spans, has_drawing=False)


@lru_cache(maxsize=4096)
def _of_attributes(attributes: bytes) -> Stated:
    return stated_cell(dict(_ATTRIBUTE.findall(attributes.decode())), "")


def stated_cell(cell: dict[str, str], text: str, *, has_drawing: bool = False) -> Stated:
    """What the attributes of a cell and its text say."""
    kind = cell.get("office:value-type", "")
    if "error" in (kind, cell.get("calcext:value-type")):
        kind = "error"
    return Stated(
        kind,
        cell.get(f"office:{_VALUES.get(kind, 'value')}"),
        text,
        cell.get("table:formula"),
        int(cell.get("table:number-columns-repeated", 1)),
        (int(cell.get("table:number-rows-spanned", 1)), int(cell.get("table:number-columns-spanned", 1))),
        has_drawing,
    )


class _Scanner:
    """A file by expat, whatever its spelling; tables within cells and drawings are not looked at."""

    def __init__(self) -> None:
        self._tables: list[tuple[str, list[tuple[int, int, int, int]]]] = []
        self._index: dict[Stated, int] = {}
        self._cells: list[tuple[int, int, int, int]] = []
        self._depth = self._hidden = 0
        self._row = self._column = 0
        self._height = 1
        self._cell: dict[str, str] | None = None
        self._text: list[str] = []
        self._has_drawing = False
        self._epoch_1904 = False
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def run(self, stream: IO[bytes]) -> None:
        self._parser.ParseFile(stream)

    def parse_one(self, cell: bytes) -> None:
        self._depth = 1
        self._parser.Parse(cell, True)  # noqa: FBT003  (positional only: it is all)

    def result(self) -> Tables:
        tables = [OdsTable(name, *np.array(cells, dtype=np.int64).reshape(-1, 4).T) for name, cells in self._tables]
        return Tables(tables, list(self._index), self._epoch_1904)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in _CELLS and self._depth == 1:
            self._cell, self._text, self._has_drawing = attributes, [], False
        elif tag == "table:table-row" and self._depth == 1:
            self._height, self._column = int(attributes.get("table:number-rows-repeated", 1)), 0
        elif tag in _NO_TEXT:
            self._hidden += 1
            self._has_drawing |= tag != "office:annotation"
        elif self._cell is not None and not self._hidden:
            self._text.append(_sign(tag, attributes, is_first=not self._text))
        if tag == "table:table":
            self._depth += 1
            if self._depth == 1:
                self._cells, self._row = [], 0
                self._tables.append((attributes.get("table:name", ""), self._cells))
        elif tag == "table:null-date":
            self._epoch_1904 |= attributes.get("table:date-value", "").startswith("1904")

    def _characters(self, data: str) -> None:
        if self._cell is not None and not self._hidden:
            self._text.append(data)

    def _end(self, tag: str) -> None:
        if tag == "table:table":
            self._depth -= 1
        elif tag in _NO_TEXT:
            self._hidden -= 1
        elif self._depth != 1:
            return
        elif tag == "table:table-row":
            self._row += self._height
        elif tag in _CELLS and self._cell is not None:
            found = stated_cell(self._cell, "".join(self._text), has_drawing=self._has_drawing)
            code = self._index.setdefault(found, len(self._index))
            self._cells.append((self._row, self._column, code, self._height))
            self._column += found.repeated
            self._cell = None


def _sign(tag: str, attributes: dict[str, str], *, is_first: bool) -> str:
    """What an element within a cell's text stands for."""
    match tag:
        case "text:p" | "text:line-break":
            return "" if tag == "text:p" and is_first else "\n"
        case "text:s":
            return " " * int(attributes.get("text:c", 1))
        case "text:tab":
            return "\t"
    return ""


def placed(table: OdsTable, distinct: list[Stated]) -> tuple[_Integers, list[Merge]]:
    """The cells of a sheet as rows of (row, column, code, height, width), as far as a sheet reaches; its merges."""
    heights = np.minimum(table.heights, _LAST_ROW - table.rows)
    all_widths = np.array([cell.repeated for cell in distinct], dtype=np.int64)[table.codes]
    widths = np.minimum(all_widths, _LAST_COLUMN - table.columns)
    cells = np.stack([table.rows, table.columns, table.codes, heights, widths], axis=1)
    is_merged = np.array([cell.spans != (1, 1) for cell in distinct], dtype=np.bool_)[table.codes]
    merges = []
    for row, column, code in cells[is_merged, :3].tolist():
        rows, columns = distinct[code].spans
        merges.append(Merge(row, column, row + rows - 1, column + columns - 1))
    return cells[(heights > 0) & (widths > 0)], merges
