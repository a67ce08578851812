"""The project's own reader of .xlsx and .xlsm: parts by relations, shared strings, number formats, typed cells.

Belongs here: from raw cells to values, as the witness of calamine's reading and as the reader of files that calamine
refuses. Error cells and formulas without a result, which calamine gives as blanks, are `ErrorCell`.
"""

from __future__ import annotations

import logging
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import IO
from xml.parsers import expat
from xml.sax.saxutils import escape

from kim_pipeline.reading.errors import RejectedError
from kim_pipeline.reading.formats.cells import BLANK, BoolCell, Cell, ErrorCell, Sheet, column_letter, is_filled
from kim_pipeline.reading.formats.grid import filling, holding, is_beyond, to_sheet
from kim_pipeline.reading.formats.number_formats import Shows, shown, shows
from kim_pipeline.reading.formats.package import DAMAGES, MissingPartError, Package, find, prefix_of, start_tags
from kim_pipeline.reading.formats.witness import OWN_READER, Noted, Peculiarity, Reading, unescaped
from kim_pipeline.reading.formats.xlsx_stream import RawCell, read_cells
from kim_pipeline.reading.formats.xml_values import NUMBER, iso_value

_LOG = logging.getLogger(__name__)
_HEAD = 4096
_ROOT = re.compile(rb"<(?:\w+:)?workbook[\s>]")
_TRUTH = {"1": True, "true": True, "0": False, "false": False}
_WORKBOOK = "xl/workbook.xml"
"""Where the workbook lies in a package that states no relations."""


@dataclass(frozen=True)
class SheetPart:
    """A sheet of the workbook: its name, and its part; None for one that is no table (a chart)."""

    name: str
    part: str | None


class Book:
    """A workbook: what all its sheets share."""

    def __init__(self, package: Package, part: str) -> None:
        """Read the list of sheets; `part` is the workbook's own (see `workbook_part`)."""
        self._package, self._part = package, part
        self._relations = package.relations(part)
        self.epoch_1904 = False
        self.sheets: list[SheetPart] = []
        for tag, attributes in start_tags(package.read(part)):
            if tag == "workbookPr":
                self.epoch_1904 = attributes.get("date1904", "0") in ("1", "true", "on")
            elif tag == "sheet":
                self.sheets.append(self._sheet(attributes))

    def _sheet(self, attributes: dict[str, str]) -> SheetPart:
        relation = self._relations[next(value for key, value in attributes.items() if key.endswith(":id"))]
        return SheetPart(attributes["name"], relation.part if relation.kind == "worksheet" else None)

    @property
    def is_where_usual(self) -> bool:
        """Whether workbook, styles and strings lie where a reader that looks for them by name finds them."""
        folder, name = posixpath.split(self._part.casefold())
        usual = {kind: posixpath.join(folder, f"{kind.casefold()}.xml") for kind in ("sharedStrings", "styles")}
        stated = {kind: find(self._relations.values(), kind) or part for kind, part in usual.items()}
        return name == "workbook.xml" and all(stated[kind].casefold() == part for kind, part in usual.items())

    @cached_property
    def strings(self) -> list[str]:
        """The shared strings."""
        part = find(self._relations.values(), "sharedStrings")
        if part is None or part not in self._package:
            return []
        with self._package.open(part) as stream:
            return shared_strings(stream)

    @cached_property
    def formats(self) -> list[Shows]:
        """What the cell styles show, by their number."""
        part = find(self._relations.values(), "styles")
        return [] if part is None or part not in self._package else cell_formats(self._package.read(part))

    def sheet(self, of: SheetPart) -> tuple[Sheet, bool]:
        """One sheet, typed, and whether it has a cell far beyond the others (see `Reading.beyond`).

        Raises:
            RejectedError: its filled cells reach farther than a sheet can be held.
            Exception: it cannot be read.
        """
        if of.part is None:
            return Sheet(of.name, [], [], 0), False
        read = read_cells(self._package.streams(of.part))
        values = [self.cell(raw) for raw in read.distinct]
        plain = [value.cell if isinstance(value, Noted) else value for value in values]
        cells = read.cells.where(holding(plain)[read.cells.codes])
        sheet = to_sheet(of.name, cells, values, filling(plain))
        sheet.merges, sheet.epoch_1904 = read.merges, self.epoch_1904
        return sheet, is_beyond(cells.extent)

    def cell(self, raw: RawCell) -> Cell:
        """The value of a raw cell."""
        value = self._value(raw)
        if isinstance(value, Noted):
            return value
        if raw.formula is not None and not is_filled(value) and not (raw.kind == "str" and raw.value is not None):
            return ErrorCell("=" + raw.formula)
        if value != BLANK and (raw.last == "f" or (raw.last == "v" and raw.inline is not None)):
            return Noted(value, Peculiarity.ORDER)
        return value

    def _value(self, raw: RawCell) -> Cell:
        """The value without regard to formulas; a type that says nothing of the text (`n`, unknown ones) leaves it."""
        text = raw.value or ""
        if raw.inline is not None and (raw.kind == "inlineStr" or not text):
            return unescaped(raw.inline)
        if raw.kind == "e":
            return ErrorCell(text or "#?")
        typed = _TYPED.get(raw.kind, _of_text) if text else _of_text
        return typed(self, text, raw.style)

    def results(self, part: str) -> dict[str, tuple[str, bytes]]:
        """The formulas of a sheet that have a result: the cell as `F17` → type and XML of the result."""
        read = read_cells(self._package.streams(part))
        found = {}
        for row, column, code in zip(*(array.tolist() for array in read.cells), strict=True):
            raw = read.distinct[code]
            if raw.formula is not None and raw.value is not None:
                found[f"{column_letter(column)}{row + 1}"] = (raw.kind, escape(raw.value).encode())
        return found


def _of_text(book: Book, text: str, style: int) -> Cell:
    return unescaped(text)


def _of_text_in_v(book: Book, text: str, style: int) -> Cell:
    return Noted(unescaped(text), Peculiarity.TEXT_IN_V)


def _of_shared(book: Book, text: str, style: int) -> Cell:
    number = int(text)
    return book.strings[number] if number < len(book.strings) else ErrorCell("#?")


def _of_truth(book: Book, text: str, style: int) -> Cell:
    if text not in _TRUTH:
        return text
    return BoolCell(_TRUTH[text]) if text.isdigit() else Noted(BoolCell(_TRUTH[text]), Peculiarity.WORD)


def _of_iso(book: Book, text: str, style: int) -> Cell:
    return iso_value(text)


def _of_number(book: Book, text: str, style: int) -> Cell:
    if not NUMBER.fullmatch(text):
        return unescaped(text)
    what: Shows = book.formats[style] if style < len(book.formats) else "number"
    return shown(float(text), what, epoch_1904=book.epoch_1904)


_TYPED: dict[str, Callable[[Book, str, int], Cell]] = {
    "inlineStr": _of_text_in_v,
    "s": _of_shared,
    "b": _of_truth,
    "d": _of_iso,
    "n": _of_number,
    "": _of_number,
}
"""What `<v>` holds, by the cell's type; every other type is text ([ECMA-376-1] §18.18.11)."""


def workbook_part(package: Package) -> str | None:
    """The part that holds the workbook; None where the package is no workbook."""
    try:
        part = find(package.relations("").values(), "officeDocument") or _WORKBOOK
        with package.open(part) as stream:
            head = stream.read(_HEAD).replace(b"\0", b"")  # UTF-16, too
    except MissingPartError:
        return None
    except DAMAGES:
        return _WORKBOOK if _WORKBOOK in package else None
    return part if _ROOT.search(head) else None


def read_xlsx(package: Package, part: str) -> Reading:
    """All sheets of a workbook, hidden ones too; None for those that cannot be read.

    Args:
        package: the file.
        part: see `workbook_part`.

    Raises:
        RejectedError: a sheet's filled cells reach farther than can be held.
    """
    found = Reading(OWN_READER)
    try:
        book = Book(package, part)
        found.is_usual = book.is_where_usual
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  (a file may break its reader in any way; the other one serves)
        _LOG.info("a workbook is refused: %s", type(error).__name__)
        return found
    for sheet in book.sheets:
        try:
            found.sheets[sheet.name], is_beyond = book.sheet(sheet)
        except (MemoryError, RejectedError):
            raise
        except Exception as error:  # noqa: BLE001  (as above)
            _LOG.info("a sheet is refused: %s", type(error).__name__)
            found.sheets[sheet.name], is_beyond = None, False
        if is_beyond:
            found.beyond |= {sheet.name}
    return found


def shared_strings(stream: IO[bytes]) -> list[str]:
    """The texts of a `sharedStrings` part, by their number; phonetic hints are no text."""
    found: list[str] = []
    parts: list[str] = []
    inside = {"t": False, "rPh": False}
    prefix: str | None = None

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal prefix
        prefix = prefix_of(tag) if prefix is None else prefix
        name = tag.removeprefix(prefix)
        if name == "si":
            parts.clear()
        elif name in inside:
            inside[name] = True

    def end(tag: str) -> None:
        name = tag.removeprefix(prefix or "")
        if name == "si":
            found.append(unescaped("".join(parts)))
        elif name in inside:
            inside[name] = False

    def characters(data: str) -> None:
        if inside["t"] and not inside["rPh"]:
            parts.append(data)

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
    parser.ParseFile(stream)
    return found


def cell_formats(xml: bytes) -> list[Shows]:
    """What each cell style of a `styles` part shows."""
    codes: dict[int, str] = {}
    found: list[Shows] = []
    is_cell_style = False
    for tag, attributes in start_tags(xml):
        if tag == "numFmt":
            codes[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif tag in ("cellXfs", "cellStyleXfs", "cellStyles", "dxfs"):
            is_cell_style = tag == "cellXfs"
        elif tag == "xf" and is_cell_style:
            number = int(attributes.get("numFmtId", "0"))
            found.append(shows(number, codes.get(number)))
    return found
