"""What calamine does not tell of an .xlsx or .xlsm: error cells, formulas without a result, the 1904 date system.

Belongs here: looking into the package's XML, streamed, as text. calamine gives error cells and uncomputed formulas as
blank cells; `t="e"` and `<f>` without `<v>` give them away.
"""

from __future__ import annotations

import html
import posixpath
import re
import zipfile
from collections.abc import Iterator

from kim_pipeline import german
from kim_pipeline.reading.errors import unreadable
from kim_pipeline.reading.formats.cells import ErrorCell

_BLOCK = 1 << 20
_PROLOGUE = 65_536
_MAX_CELLS = 2**30
_ATTRIBUTE = r"""\b{}\s*=\s*(?:"([^"]*)"|'([^']*)')"""
_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c\s*>)", re.DOTALL)
_FORMULA = re.compile(rb"<(?:\w+:)?f\b[^>]*?(?:/>|>(.*?)</(?:\w+:)?f\s*>)", re.DOTALL)
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^>]*?(/>|>(.*?)</(?:\w+:)?v\s*>)", re.DOTALL)
_SUSPECT = re.compile(rb"""\bt\s*=\s*["']e["']|<(?:\w+:)?f[\s>/]""")
_PLAIN_ROW_END = b"</row>"
_ROW_END = re.compile(rb"</(?:\w+:)?row\s*>")
_DIMENSION = re.compile(rb"<(?:\w+:)?dimension\b([^>]*)>")
_REFERENCE = re.compile(r"([A-Z]+)(\d+)")
_SHEET = re.compile(r"<(?:\w+:)?sheet\b([^>]*)>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b([^>]*)>")
_DATE_1904 = re.compile(r"""\bdate1904\s*=\s*["'](?:1|true|on)["']""")

Position = tuple[int, int]


def attribute(text: str, name: str) -> str | None:
    """The value of an XML attribute in the text of a start tag."""
    match = re.search(_ATTRIBUTE.format(name), text)
    return None if match is None else html.unescape(match[1] if match[1] is not None else match[2])


class Package:
    """The zip package of a workbook."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        """Read the workbook's parts list; refuse packages whose XML declares entities of its own."""
        self._archive = archive
        for info in archive.infolist():
            if info.filename.endswith((".xml", ".rels")):
                self._refuse_entities(info.filename)
        self._workbook = self._read("xl/workbook.xml")
        self.epoch_1904 = _DATE_1904.search(self._workbook) is not None

    def sheet_parts(self) -> dict[str, str]:
        """Sheet name → name of its part in the package."""
        targets = {}
        for match in _RELATION.finditer(self._read("xl/_rels/workbook.xml.rels")):
            target = attribute(match[1], "Target") or ""
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))
            targets[attribute(match[1], "Id")] = path
        parts = {}
        for match in _SHEET.finditer(self._workbook):
            name, relation = attribute(match[1], "name"), attribute(match[1], r"\w+:id")
            if name is not None and relation in targets:
                parts[name] = targets[relation]
        return parts

    def check_size(self, part: str) -> None:
        """Refuse a sheet that claims more cells than a sheet of 1,048,576 rows and 1,024 columns holds."""
        with self._archive.open(part) as stream:
            head = stream.read(_PROLOGUE)
        match = _DIMENSION.search(head)
        corners = _REFERENCE.findall(attribute(match[1].decode(errors="replace"), "ref") or "") if match else []
        if not corners:
            return
        rows, columns = int(corners[-1][1]), _column(corners[-1][0]) + 1
        if rows * columns > _MAX_CELLS:
            raise unreadable(
                f"Ein Blatt gibt an, {german.counted(rows, 'Zeile', 'Zeilen')} und "
                f"{german.counted(columns, 'Spalte', 'Spalten')} zu haben. "
                "Das ist zu groß. "
                "Bitte die leeren Zeilen und Spalten hinter der Tabelle löschen und die Datei neu speichern."
            )

    def lost_cells(self, part: str) -> Iterator[tuple[Position, ErrorCell]]:
        """Error cells and formulas without a result of one sheet, with their 0-based (row, column)."""
        row_number = -1
        for block in self._rows_of(part):
            if not _is_suspect(block):
                row_number = _last_row(block, row_number)
                continue
            for row in _ROW_END.split(block):
                content = 0
                for start in _ROW.finditer(row):  # empty rows before it may have no end tag of their own
                    stated = attribute(start[1].decode(errors="replace"), "r")
                    row_number = int(stated) - 1 if stated else row_number + 1
                    content = start.end()
                if _is_suspect(row, content):
                    yield from _lost_in_row(row[content:], row_number)

    def results(self, part: str) -> Iterator[tuple[str, str | None, bytes]]:
        """The stored results of a sheet's formulas: the cell as `F17`, the type of its result, the result's XML."""
        for block in self._rows_of(part):
            if b"<f" not in block and b":f" not in block:
                continue
            for match in _CELL.finditer(block):
                tag, content = match[1].decode(errors="replace"), match[2] or b""
                value = _VALUE.search(content)
                at = attribute(tag, "r")
                if at and value and value[2] is not None and _FORMULA.search(content):
                    yield at, attribute(tag, "t"), value[2]

    def _rows_of(self, part: str) -> Iterator[bytes]:
        """The part's bytes in blocks that end at the end of a row."""
        rest = b""
        with self._archive.open(part) as stream:
            while data := stream.read(_BLOCK):
                rest += data
                end = _end_of_last_row(rest)
                if end:
                    yield rest[:end]
                    rest = rest[end:]
        yield rest

    def _read(self, part: str) -> str:
        try:
            return self._archive.read(part).decode("utf-8", errors="replace")
        except KeyError:
            raise unreadable("Die Datei ist keine vollständige Excel-Datei. Bitte neu speichern.") from None

    def _refuse_entities(self, part: str) -> None:
        with self._archive.open(part) as stream:
            head = stream.read(_PROLOGUE)
        if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
            raise unreadable(
                "Die Datei enthält Anweisungen, die in einer Tabelle nichts zu suchen haben (XML-Entitäten). "
                "Sie wurde aus Sicherheitsgründen nicht geöffnet. Bitte in Excel neu speichern."
            )


def _is_suspect(block: bytes, start: int = 0) -> bool:
    """Whether a block may hold an error cell or a formula; looking for the bare bytes first is ten times as fast."""
    hints = (b't="e"', b"t='e'", b"<f", b":f", b"t =", b"= ")
    return any(block.find(hint, start) >= 0 for hint in hints) and _SUSPECT.search(block, start) is not None


def _end_of_last_row(block: bytes) -> int:
    """Position behind the last end of a row; 0 if there is none."""
    plain = block.rfind(_PLAIN_ROW_END)
    if plain >= 0:
        return plain + len(_PLAIN_ROW_END)
    return max((match.end() for match in _ROW_END.finditer(block)), default=0)


def _last_row(block: bytes, before: int) -> int:
    last = _ROW.match(block, max(block.rfind(b"<row"), 0))
    if last and (stated := attribute(last[1].decode(errors="replace"), "r")):
        return int(stated) - 1
    starts = list(_ROW.finditer(block))
    for after, start in enumerate(reversed(starts)):
        if stated := attribute(start[1].decode(errors="replace"), "r"):
            return int(stated) - 1 + after
    return before + len(starts)


def _lost_in_row(row: bytes, row_number: int) -> Iterator[tuple[Position, ErrorCell]]:
    column = -1
    for match in _CELL.finditer(row):
        tag = match[1].decode(errors="replace")
        reference = _REFERENCE.fullmatch(attribute(tag, "r") or "")
        column = _column(reference[1]) if reference else column + 1
        lost = _lost(attribute(tag, "t"), match[2] or b"")
        if lost is not None:
            yield (row_number, column), lost


def _lost(kind: str | None, content: bytes) -> ErrorCell | None:
    value = _VALUE.search(content)
    text = html.unescape((value[2] or b"").decode("utf-8", errors="replace")) if value else ""
    if kind == "e":
        return ErrorCell(text or "#?")
    formula = _FORMULA.search(content)
    if formula is None or text or (kind == "str" and value):
        return None
    return ErrorCell("=" + html.unescape((formula[1] or b"").decode("utf-8", errors="replace")))


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
