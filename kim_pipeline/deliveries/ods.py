"""The project's own reader of .ods: one streamed pass over `content.xml` with expat.

Belongs here: what each cell states, and what it shows. It is the witness of calamine's reading, which knows neither
errors (Excel saves them as the number 0 and shows `#DIV/0!`) nor formulas without a result nor merged ranges, and the
reader of files that calamine refuses ([ODF-1.3-3] §9.1.4, §19.385).
"""

from __future__ import annotations

import datetime as dt
import logging
import re
from typing import IO, NamedTuple
from xml.parsers import expat

import numpy as np

from kim_pipeline.deliveries.cells import BLANK, BoolCell, Cell, ErrorCell, Merge, Sheet
from kim_pipeline.deliveries.errors import RejectedError, unreadable
from kim_pipeline.deliveries.grid import Cells, Integers, check_extent, filling, holding, is_beyond, to_sheet
from kim_pipeline.deliveries.package import Package
from kim_pipeline.deliveries.witness import Noted, Peculiarity, Reading
from kim_pipeline.deliveries.xml_values import NUMBER, iso_value

_LOG = logging.getLogger(__name__)
NAME = "XML"
_CONTENT, _MANIFEST = "content.xml", "META-INF/manifest.xml"
_PROTECTED = (
    "Die Datei ist mit einem Passwort geschützt. Bitte den Schutz entfernen "
    "(Datei → Eigenschaften → Sicherheit) und die Datei neu ablegen."
)
_CELLS = frozenset({"table:table-cell", "table:covered-table-cell"})
_NO_TEXT = frozenset({"office:annotation", "draw:frame", "draw:custom-shape", "draw:g", "text:note", "text:ruby-text"})
_NUMBERS = frozenset({"float", "percentage", "currency"})
_SPAN = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?)?", re.ASCII)
_FULL_TIME = re.compile(r"PT\d+H\d+M\d+(?:\.\d+)?S", re.ASCII)
_DAY, _SOME_DAY = dt.timedelta(days=1), dt.date(2000, 1, 1)
_LAST_ROW, _LAST_COLUMN = 2**20, 2**14


class _Stated(NamedTuple):
    """What the XML says of a cell; what it does not say is the empty text or None."""

    kind: str
    value: str | None
    text: str
    formula: str | None


def is_spreadsheet(package: Package) -> bool:
    """Whether the package is an OpenDocument file."""
    return _CONTENT in package


def read_ods(package: Package) -> Reading:
    """All sheets of an .ods, hidden ones too; none where it cannot be read.

    Raises:
        RejectedError: the file is protected, or a sheet's filled cells reach farther than can be held.
    """
    if _MANIFEST in package and b"encryption-data" in package.read(_MANIFEST):
        raise unreadable(_PROTECTED)
    scanner = _Scanner()
    try:
        with package.open(_CONTENT) as stream:
            scanner.run(stream)
    except (MemoryError, RejectedError):
        raise
    except Exception as error:  # noqa: BLE001  (a file may break its reader in any way; the other one serves)
        _LOG.info("a workbook is refused: %s", type(error).__name__)
        return Reading(NAME)
    return scanner.result()


class _Table:
    """The cells of one sheet as they come: where each stands, how often it is repeated, and what it is."""

    def __init__(self) -> None:
        self.merges: list[Merge] = []
        self._cells: list[tuple[int, int, int, int, int]] = []

    def add(self, at: tuple[int, int], repeated: tuple[int, int], code: int) -> None:
        """Note a cell and its repetitions, as far as a sheet reaches."""
        (row, column), (height, width) = at, repeated
        height, width = min(height, _LAST_ROW - row), min(width, _LAST_COLUMN - column)
        if height > 0 and width > 0:
            self._cells.append((row, column, code, height, width))

    def to_sheet(self, name: str, values: list[Cell], *, epoch_1904: bool) -> tuple[Sheet, bool]:
        """The sheet, and whether it reaches beyond what all readers can hold."""
        plain = [value.cell if isinstance(value, Noted) else value for value in values]
        fills = filling(plain)
        cells = np.array(self._cells, dtype=np.int32).reshape(-1, 5)
        cells = cells[holding(plain)[cells[:, 2]]]
        ends = cells[:, :2] + cells[:, 3:]
        beyond = is_beyond(_largest(ends))
        check_extent(*_largest(ends[fills[cells[:, 2]]]))
        sheet = to_sheet(name, _spread(cells), values, fills)
        sheet.merges, sheet.epoch_1904 = self.merges, epoch_1904
        return sheet, beyond


def _largest(ends: Integers) -> tuple[int, int]:
    return int(ends[:, 0].max(initial=0)), int(ends[:, 1].max(initial=0))


def _spread(cells: Integers) -> Cells:
    """Each repetition of a cell as a cell of its own."""
    rows, columns, codes, heights, widths = cells.T
    counts = heights.astype(np.int64) * widths
    number = np.arange(int(counts.sum())) - np.repeat(counts.cumsum() - counts, counts)
    across = np.repeat(widths, counts)
    down_at = (np.repeat(rows, counts) + number // across).astype(np.int32)
    across_at = (np.repeat(columns, counts) + number % across).astype(np.int32)
    return Cells(down_at, across_at, np.repeat(codes, counts))


class _Scanner:
    """Counts rows and columns, repeated ones too, and notes each different cell once."""

    def __init__(self) -> None:
        self._tables: dict[str, _Table] = {}
        self._index: dict[_Stated, int] = {}
        self._table = _Table()
        self._depth = self._hidden = 0
        self._at, self._repeated = (0, 0), (1, 1)
        self._cell: dict[str, str] | None = None
        self._text: list[str] = []
        self._epoch_1904 = False

    def run(self, stream: IO[bytes]) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.ParseFile(stream)

    def result(self) -> Reading:
        """The sheets.

        Raises:
            RejectedError: one of them reaches farther than can be held.
        """
        values = [value_of(stated) for stated in self._index]
        found = Reading(NAME)
        for name, table in self._tables.items():
            found.sheets[name], beyond = table.to_sheet(name, values, epoch_1904=self._epoch_1904)
            if beyond:
                found.beyond |= {name}
        return found

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in _CELLS and self._depth == 1:
            self._begin(attributes)
        elif tag == "table:table-row" and self._depth == 1:
            self._at = (self._at[0], 0)
            self._repeated = (int(attributes.get("table:number-rows-repeated", 1)), 1)
        elif tag in _NO_TEXT:
            self._hidden += 1
        elif self._cell is not None and not self._hidden:
            self._text.append(_sign(tag, attributes, is_first=not self._text))
        if tag == "table:table":
            self._depth += 1
            if self._depth == 1:
                self._table = self._tables.setdefault(attributes.get("table:name", ""), _Table())
                self._at = (0, 0)
        elif tag == "table:null-date":
            self._epoch_1904 = attributes.get("table:date-value", "").startswith("1904")

    def _begin(self, attributes: dict[str, str]) -> None:
        self._repeated = (self._repeated[0], int(attributes.get("table:number-columns-repeated", 1)))
        rows = int(attributes.get("table:number-rows-spanned", 1))
        columns = int(attributes.get("table:number-columns-spanned", 1))
        if rows > 1 or columns > 1:
            (row, column) = self._at
            self._table.merges.append(Merge(row, column, row + rows - 1, column + columns - 1))
        self._cell, self._text = attributes, []

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
            self._at = (self._at[0] + self._repeated[0], 0)
        elif tag in _CELLS and self._cell is not None:
            if self._cell or self._text:
                stated = _stated(self._cell, "".join(self._text))
                self._table.add(self._at, self._repeated, self._index.setdefault(stated, len(self._index)))
            self._at = (self._at[0], self._at[1] + self._repeated[1])
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


def _stated(cell: dict[str, str], text: str) -> _Stated:
    kind = cell.get("office:value-type", "")
    if "error" in (kind, cell.get("calcext:value-type")):
        kind = "error"
    name = {"string": "string-value", "date": "date-value", "time": "time-value", "boolean": "boolean-value"}
    return _Stated(kind, cell.get(f"office:{name.get(kind, 'value')}"), text, cell.get("table:formula"))


def value_of(stated: _Stated) -> Cell:
    """The value of a cell; an error where it is marked as one, or shows one instead of its value or of nothing."""
    kind, value, text, formula = stated
    is_text = kind == "string" and value != ""
    if kind == "error" or (text.startswith(("#", "Err:")) and not is_text):
        return ErrorCell(text.strip() or "#?")
    if not kind and formula is not None:
        return ErrorCell("=" + formula.split("=", 1)[-1])
    if not kind:
        return Noted(text, Peculiarity.UNTYPED) if text.strip() else BLANK
    return _typed(kind, text if value is None else value)


def _typed(kind: str, value: str) -> Cell:
    """A value of a type; one that is none of its type stays a text."""
    if kind == "boolean":
        return BoolCell(value.casefold() == "true")
    if kind == "date":
        return iso_value(value)
    if kind == "time":
        return _time(value)
    if kind in _NUMBERS and NUMBER.fullmatch(value):
        return float(value)
    return value


def _time(value: str) -> Cell:
    """A time of day, or a span of a day and more ([XMLSchema-2] §3.2.6)."""
    match = _SPAN.fullmatch(value)
    if match is None:
        return value
    sign, days, hours, minutes, seconds = match.groups()
    span = dt.timedelta(
        int(days or 0), float((seconds or "0").replace(",", ".")), 0, 0, int(minutes or 0), int(hours or 0)
    )
    if sign or span >= _DAY:
        return Noted(-span if sign else span, Peculiarity.LONG_SPAN)
    found = (dt.datetime.combine(_SOME_DAY, dt.time()) + span).time()
    return found if _FULL_TIME.fullmatch(value) else Noted(found, Peculiarity.LONG_SPAN)
