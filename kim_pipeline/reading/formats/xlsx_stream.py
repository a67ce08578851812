"""One streamed pass over a sheet of an .xlsx: where each cell stands, and what the XML says of it.

Belongs here: XML to raw cells, dictionary-encoded. Nothing here knows shared strings, formats or types of values.
The usual spelling (one namespace without prefix, cells that begin with their place) is cut up in blocks, all cells of a
block at once; a sheet that is spelled otherwise anywhere is read again by expat, which knows every spelling of XML.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, NamedTuple
from xml.parsers import expat

import numpy as np

from kim_pipeline.reading.formats.cells import Merge
from kim_pipeline.reading.formats.cuts import Bytes, Positions, UnusualError, XmlBlock, check_head, demand
from kim_pipeline.reading.formats.grid import Cells, Integers
from kim_pipeline.reading.formats.package import prefix_of

_BLOCK = 1 << 22
_BODY = re.compile(
    rb'(?: s="(\d+)")?(?: t="(\w+)")?'
    rb"(?:/>|>(?:<f[^>]*?(/>|>[^<&\r]*</f>))?(?:<v>([^<&\r]*)</v>)?"
    rb'(?:<is><t(?: xml:space="preserve")?>([^<&\r]*)</t></is>)?</c>)'
)
"""Style, type, formula with its end tag, value, inline text; entities and line ends are left to expat."""
_MOST_LETTERS, _MOST_DIGITS = 3, 7
_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>)?\s*<worksheet\b([^>]*)>.*?<sheetData\s*(/?)>", re.DOTALL)
_PREFIXED = re.compile(rb"xmlns:\w+\s*=\s*[\"'][^\"']*spreadsheetml(?:/2006)?/main[\"']")
_MERGE = re.compile(rb'<mergeCell\b[^>]*\bref="([A-Z]+\d+:[A-Z]+\d+)"')
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")


class RawCell(NamedTuple):
    """A cell as the XML has it; a child that is not there is None.

    Attributes:
        kind: attribute `t`; `n` where it is not stated.
        style: attribute `s`.
        formula: text of `<f>`.
        value: text of `<v>`.
        inline: text of `<is>`, all its runs.
        last: name of the child that stands last.
    """

    kind: str
    style: int
    formula: str | None
    value: str | None
    inline: str | None
    last: str


@dataclass(frozen=True)
class SheetCells:
    """The cells of one sheet, in the order of the file; every different one once; merged ranges."""

    cells: Cells
    distinct: list[RawCell]
    merges: list[Merge]


class IncompleteSheetError(Exception):
    """The XML of a sheet ends before its cells do."""


def column_number(letters: str) -> int:
    """0-based column of its letters."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def read_cells(streams: Iterator[IO[bytes]]) -> SheetCells:
    """The cells of a sheet.

    Args:
        streams: gives the part from its beginning, a second time if need be.

    Raises:
        IncompleteSheetError, xml.parsers.expat.ExpatError and others: that is no whole sheet.
    """
    try:
        return _usual(next(streams))
    except UnusualError:
        scanner = _Scanner()
        scanner.run(next(streams))
        return scanner.result()


def _usual(stream: IO[bytes]) -> SheetCells:
    index: dict[bytes, int] = {}
    found = [_NONE]
    rest, is_empty = _skip_head(stream)
    while not is_empty:
        end = rest.find(b"</sheetData>")
        whole = end if end >= 0 else rest.rfind(b"</row>")
        found.append(_cut(rest[: max(whole, 0)], index))
        rest = rest[max(whole, 0) :]
        if end >= 0:
            break
        data = stream.read(_BLOCK)
        if not data:
            raise IncompleteSheetError
        rest += data
    tail = rest + stream.read()
    cells = Cells(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
    merges = [_merge(match[1].decode()) for match in _MERGE.finditer(tail)]
    return SheetCells(cells, [_parse_body(body) for body in index], merges)


_NONE = Cells(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32))


def _skip_head(stream: IO[bytes]) -> tuple[bytes, bool]:
    """What of the rows was read with all that stands before them, and whether there are none."""
    head = b""
    while b"sheetData" not in head:
        data = stream.read(_BLOCK)
        if not data:
            raise UnusualError
        head += data
    match = _HEAD.match(head)
    if match is None or _PREFIXED.search(match[1]):
        raise UnusualError
    check_head(match[0])
    return head[match.end() :], bool(match[2])


def _cut(content: bytes, index: dict[bytes, int]) -> Cells:
    """The cells in whole rows; `index` numbers the bodies met so far: all of a cell that follows its place."""
    block = XmlBlock(content)
    starts = block.tags_named(b"c")
    if not len(starts):
        return _NONE
    rows, columns, begins = _places(block.text, starts)
    ends = block.element_ends(starts, block.tags_named(b"/c>"))
    bodies = block.pieces(begins, ends)
    codes = [index.setdefault(body, len(index)) for body in bodies.dictionary.to_pylist()]
    return Cells(rows - 1, columns - 1, np.array(codes, dtype=np.int32)[np.asarray(bodies.indices)])


def _places(text: Bytes, starts: Positions) -> tuple[Integers, Integers, Positions]:
    """1-based rows and columns of cells that begin with `<c r="AB12"`, and where each goes on behind it."""
    at = starts + 1
    for sign in b'c r="':
        demand(text[at] == sign)
        at += 1
    columns, rows = np.zeros(len(at), dtype=np.int32), np.zeros(len(at), dtype=np.int32)
    for _ in range(_MOST_LETTERS):
        is_letter = (text[at] >= ord("A")) & (text[at] <= ord("Z"))
        columns = np.where(is_letter, columns * 26 + text[at] - (ord("A") - 1), columns)
        at += is_letter
    for _ in range(_MOST_DIGITS):
        is_digit = (text[at] >= ord("0")) & (text[at] <= ord("9"))
        rows = np.where(is_digit, rows * 10 + text[at] - ord("0"), rows)
        at += is_digit
    demand((text[at] == ord('"')) & (columns > 0) & (rows > 0))
    return rows, columns, at + 1


def _parse_body(body: bytes) -> RawCell:
    """A cell from what follows its position."""
    match = _BODY.fullmatch(body)
    if match is None:
        scanner = _Scanner()
        scanner.parse_one(b"<c" + body)
        return scanner.result().distinct[0]
    style, kind, formula, value, inline = match.groups()
    return RawCell(
        "n" if kind is None else kind.decode(),
        0 if style is None else int(style),
        None if formula is None else formula[1:-4].decode(),
        None if value is None else value.decode(),
        None if inline is None else inline.decode(),
        "is" if inline is not None else "v" if value is not None else "" if formula is None else "f",
    )


def _merge(reference: str) -> Merge:
    (first, first_row), (last, last_row) = _REFERENCE.findall(reference)
    return Merge(int(first_row) - 1, column_number(first), int(last_row) - 1, column_number(last))


class _Scanner:
    """A sheet by expat, whatever its spelling."""

    def __init__(self) -> None:
        self._index: dict[RawCell, int] = {}
        self._rows, self._columns, self._codes = array("i"), array("i"), array("i")
        self._merges: list[Merge] = []
        self._row = self._column = -1
        self._at_row = -1
        self._attributes: dict[str, str] = {}
        self._texts: dict[str, list[str]] = {}
        self._text: list[str] | None = None
        self._last = ""
        self._is_phonetic = False
        self._prefix: str | None = None
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def run(self, stream: IO[bytes]) -> None:
        self._parser.ParseFile(stream)

    def parse_one(self, cell: bytes) -> None:
        self._parser.Parse(cell, True)  # noqa: FBT003  (positional only: it is all)

    def result(self) -> SheetCells:
        cells = Cells(*(np.array(a, dtype=np.int32) for a in (self._rows, self._columns, self._codes)))
        return SheetCells(cells, list(self._index), self._merges)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._prefix is None:
            self._prefix = prefix_of(tag)
        match tag.removeprefix(self._prefix):
            case "row":
                stated = attributes.get("r")
                self._row = int(stated) - 1 if stated else self._row + 1
                self._column = -1
            case "c":
                self._begin(attributes)
            case "v" | "f" | "is" as name:
                self._texts[name] = []
                self._last = name
                self._text = None if name == "is" else self._texts[name]
            case "t":
                self._text = self._texts.get("is") if not self._is_phonetic else None
            case "rPh":
                self._is_phonetic = True
            case "mergeCell":
                self._merges.append(_merge(attributes["ref"]))

    def _begin(self, attributes: dict[str, str]) -> None:
        reference = _REFERENCE.fullmatch(attributes.get("r", ""))
        self._at_row = int(reference[2]) - 1 if reference else self._row
        self._column = column_number(reference[1]) if reference else self._column + 1
        self._attributes, self._texts, self._last = attributes, {}, ""

    def _characters(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def _end(self, tag: str) -> None:
        match tag.removeprefix(self._prefix or ""):
            case "v" | "f" | "t":
                self._text = None
            case "rPh":
                self._is_phonetic = False
            case "c":
                self._keep()

    def _keep(self) -> None:
        texts = {name: "".join(parts) for name, parts in self._texts.items()}
        kind, style = self._attributes.get("t", "n"), self._attributes.get("s") or "0"
        cell = RawCell(kind, int(style), texts.get("f"), texts.get("v"), texts.get("is"), self._last)
        self._rows.append(self._at_row)
        self._columns.append(self._column)
        self._codes.append(self._index.setdefault(cell, len(self._index)))
