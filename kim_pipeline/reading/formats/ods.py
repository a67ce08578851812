"""What calamine does not tell of an .ods: error cells, uncalculated formulas, line breaks, merged ranges, 1904 dates.

Belongs here: one streamed pass over `content.xml` with expat, taken only where the file holds any of these.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat

from kim_pipeline.reading.errors import unreadable
from kim_pipeline.reading.formats.cells import Cell, ErrorCell, Merge

_BLOCK = 1 << 20
_MARKS = (
    b"table:formula",
    b"number-rows-spanned",
    b"number-columns-spanned",
    b'"error"',
    b"null-date",
    b"text:line-break",
)


@dataclass
class LostOnSheet:
    """What calamine does not give of one sheet: positions are 0-based (row, column)."""

    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    merges: list[Merge] = field(default_factory=list)


@dataclass
class Lost:
    """What calamine does not give of one file."""

    sheets: dict[str, LostOnSheet] = field(default_factory=dict)
    epoch_1904: bool = False


def lost_content(archive: zipfile.ZipFile) -> Lost:
    """Everything that calamine loses of an .ods.

    Raises:
        RejectedError: the XML declares entities of its own.
    """
    if not _has_marks(archive):
        return Lost()
    scanner = _Scanner()
    with archive.open("content.xml") as stream:
        scanner.run(stream)
    return scanner.lost


def _has_marks(archive: zipfile.ZipFile) -> bool:
    overlap = b""
    with archive.open("content.xml") as stream:
        while data := stream.read(_BLOCK):
            window = overlap + data
            if b"<!DOCTYPE" in window or b"<!ENTITY" in window:
                raise unreadable(
                    "Die Datei enthält Anweisungen, die in einer Tabelle nichts zu suchen haben (XML-Entitäten). "
                    "Sie wurde aus Sicherheitsgründen nicht geöffnet. Bitte in LibreOffice neu speichern."
                )
            if any(mark in window for mark in _MARKS):
                return True
            overlap = window[-64:]
    return False


class _Scanner:
    """Counts rows and columns, repeated ones too, and notes what is lost."""

    def __init__(self) -> None:
        self.lost = Lost()
        self._sheet = LostOnSheet()
        self._row = self._row_step = 0
        self._column = self._column_step = 0
        self._pending: str | None = None
        self._text: list[str] = []
        self._has_break = False
        self._depth = 0
        self._in_note = False

    def run(self, stream: IO[bytes]) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.ParseFile(stream)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "table:table":
            self._depth += 1
            if self._depth == 1:
                self._sheet = self.lost.sheets.setdefault(attributes.get("table:name", ""), LostOnSheet())
                self._row = 0
        elif tag == "table:table-row":
            self._row_step = int(attributes.get("table:number-rows-repeated", 1))
            self._column = 0
        elif tag in ("table:table-cell", "table:covered-table-cell"):
            self._column_step = int(attributes.get("table:number-columns-repeated", 1))
            self._note(attributes)
        elif tag == "office:annotation":
            self._in_note = True
        elif tag == "text:line-break" and not self._in_note:
            self._has_break = True
            self._text.append("\n")
        elif tag == "table:null-date":
            self.lost.epoch_1904 = attributes.get("table:date-value", "").startswith("1904")

    def _note(self, attributes: dict[str, str]) -> None:
        rows = int(attributes.get("table:number-rows-spanned", 1))
        columns = int(attributes.get("table:number-columns-spanned", 1))
        if rows > 1 or columns > 1:
            self._sheet.merges.append(Merge(self._row, self._column, self._row + rows - 1, self._column + columns - 1))
        formula = attributes.get("table:formula")
        self._pending, self._text, self._has_break = None, [], False
        if attributes.get("calcext:value-type") == "error":
            self._pending = "error"
        elif formula is not None and "office:value-type" not in attributes:
            self._pending = "=" + formula.split("=", 1)[-1]

    def _characters(self, data: str) -> None:
        if not self._in_note:
            self._text.append(data)

    def _end(self, tag: str) -> None:
        if tag == "table:table":
            self._depth -= 1
        elif tag == "office:annotation":
            self._in_note = False
        elif tag == "text:p" and not self._in_note:
            self._text.append("\n")
        elif tag == "table:table-row":
            self._row += self._row_step
        elif tag in ("table:table-cell", "table:covered-table-cell"):
            self._keep()
            self._column += self._column_step

    def _keep(self) -> None:
        text = "".join(self._text).strip()
        if self._pending is not None:
            self._repeat(ErrorCell((text if self._pending == "error" else self._pending) or "#?"))
        elif self._has_break:
            self._repeat(text)
        self._pending = None

    def _repeat(self, cell: Cell) -> None:
        for row in range(self._row, self._row + min(self._row_step, 1000)):
            for column in range(self._column, self._column + min(self._column_step, 1000)):
                self._sheet.cells[row, column] = cell
