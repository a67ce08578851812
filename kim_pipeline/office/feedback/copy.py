"""Writing one return copy: the delivered workbook with coloured cells, comments and the sheet `Rückmeldung`.

Belongs here: from a delivery's bytes and findings to the bytes of an .xlsx or .xlsm, the same for the same input.
A small .xlsx or .xlsm is loaded and saved by openpyxl; of other formats, and of workbooks too large for that, the copy
holds the values of all sheets and is written as a stream.
"""

from __future__ import annotations

import datetime as dt
import io
import logging
import re
import unicodedata
import warnings
import zipfile
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, Any

import openpyxl
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.writer.excel import ExcelWriter

from kim_pipeline import german
from kim_pipeline.contracts.model import Programme
from kim_pipeline.office.feedback import words
from kim_pipeline.office.feedback.losses import lost
from kim_pipeline.office.feedback.sheet import COLOURS, ReturnPage, message_at_cell, write_findings_page
from kim_pipeline.office.template.style import filled
from kim_pipeline.reading.delivery import open_sheets
from kim_pipeline.reading.findings import Finding
from kim_pipeline.reading.formats.cells import BLANK, BoolCell, ErrorCell, Sheet
from kim_pipeline.reading.formats.delimited import ZIP
from kim_pipeline.reading.formats.package import Package
from kim_pipeline.reading.formats.workbook import Limits
from kim_pipeline.reading.formats.xlsx import Book, workbook_part
from kim_pipeline.reading.returned import RETURN_SHEET, is_heading

LARGEST_LOADED = 40 * 2**20
"""Bytes of sheets, unpacked, up to which a workbook is loaded whole; openpyxl needs about 15 times as much memory."""

MOST_MERGED = 1_000_000
"""Merged cells up to which a workbook is loaded whole."""

_LOG = logging.getLogger(__name__)
AUTHOR = "Kommunales Integrationszentrum"
_MARK = "Rückmeldung"
_OUR_REMARK = re.compile(rf"(?:^|\n\n){_MARK}\n")
_SHEETS = "xl/worksheets/"
_BLOCK = 1 << 20
_ROW_END = b"</row>"
_BARE_FORMULA = re.compile(
    rb'<c r="(?P<at>[A-Z]+\d+)"(?P<style>(?: s="\d+")?)>(?P<formula><f[^>]*?(?:/>|>[^<]*</f>))<v ?(?:/>|></v>)</c>'
)
_MERGE = re.compile(rb"""<(?:\w+:)?mergeCell\s+ref=["']([A-Z]+\d+:[A-Z]+\d+)["']""")
_COMMENT_WIDTH, _COMMENT_LETTERS, _COMMENT_LINE = 380, 58, 18
_LONGEST_TITLE = 31
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_WHOLE = re.compile(r"0|[1-9]\d{0,14}", re.ASCII)
_DAY_FORMAT, _INSTANT_FORMAT = "DD.MM.YYYY", "DD.MM.YYYY HH:MM"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODIFIED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")

SheetMarks = dict[tuple[int, int], list[Finding]]
"""(row, column), 1-based → its findings."""


@dataclass(frozen=True)
class Source:
    """What a copy is made of.

    Attributes:
        file: the delivery's name; of a .csv it names the sheet.
        content: its bytes; None where they cannot be read: the copy is then the return sheet alone.
        programme: whose contract it was held against.
        limits: what the file may cost.
    """

    file: PurePath
    content: bytes | None
    programme: Programme
    limits: Limits


def suffix_of(source: Source) -> str:
    """The ending that the copy has: .xlsm keeps its macros, everything else becomes .xlsx."""
    return ".xlsm" if _loads(source) and source.file.suffix.lower() == ".xlsm" else ".xlsx"


def write_copy(target: IO[bytes], source: Source, page: ReturnPage) -> None:
    """Write one return copy.

    Args:
        target: where to; seekable.
        source: the delivery.
        page: what the return sheet says; notes and titles are filled in here.
    """
    if source.content is None:
        page.holds_rows = False
        _save(_alone(page), target)
    elif not _loads(source) or not _write_loaded(target, source.content, source, page):
        target.truncate(0)
        target.seek(0)
        _write_values(target, source.content, source, page)


def marks_of(findings: Sequence[Finding]) -> dict[str, SheetMarks]:
    """Sheet → where which findings are."""
    found: dict[str, SheetMarks] = {}
    for f in findings:
        if f.sheet is not None and f.row is not None and f.column_letter is not None:
            at = (f.row, column_index_from_string(f.column_letter))
            found.setdefault(f.sheet, {}).setdefault(at, []).append(f)
    return found


def _loads(source: Source) -> bool:
    """Whether openpyxl can load the file: a package with a workbook, and not too large once it is unfolded."""
    if source.content is None or not source.content.startswith(ZIP):
        return False
    with zipfile.ZipFile(io.BytesIO(source.content)) as archive:
        sheets = [info for info in archive.infolist() if info.filename.startswith(_SHEETS)]
        if "xl/workbook.xml" not in archive.namelist() or sum(info.file_size for info in sheets) > LARGEST_LOADED:
            return False
        return sum(_merged_cells(archive.read(info)) for info in sheets) <= MOST_MERGED


def _merged_cells(part: bytes) -> int:
    """How many cells the merged ranges of a sheet cover; openpyxl holds each of them."""
    areas = (CellRange(match[1].decode()).size for match in _MERGE.finditer(part))
    return sum(area["rows"] * area["columns"] for area in areas)


def _alone(page: ReturnPage) -> Any:
    book = openpyxl.Workbook()
    book.active.title = RETURN_SHEET
    write_findings_page(book.active, page)
    return book


# --- the delivered workbook itself ------------------------------------------------------------------------------------


def _write_loaded(target: IO[bytes], content: bytes, source: Source, page: ReturnPage) -> bool:
    """The workbook itself, marked; False where openpyxl cannot cope with it."""
    keeps_macros = source.file.suffix.lower() == ".xlsm"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(content), keep_vba=keeps_macros, rich_text=True)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            page.notes = _notes(archive)
            results = _results(archive)
        _mark_book(book, page)
        _save(book, target, results)
    except Exception as error:  # noqa: BLE001  (it fails in many ways on workbooks of other programs; the values are left)
        _LOG.warning(
            "%s: a workbook could not be copied with its formats (%s)", source.programme.key, type(error).__name__
        )
        page.notes = ["Formate und Formeln ließen sich nicht übernehmen; die Kopie enthält die Werte aller Blätter."]
        return False
    return True


def _mark_book(book: Any, page: ReturnPage) -> None:
    _forget_last_time(book)
    marks = marks_of(page.findings)
    for sheet in book.worksheets:
        ranges = [(m.min_row, m.min_col, m.max_row, m.max_col) for m in sheet.merged_cells.ranges]
        for (row, column), findings in _at_corners(marks.get(sheet.title, {}), ranges).items():
            _mark(sheet.cell(row, column), findings)
    page.titles = {sheet.title: sheet.title for sheet in book.worksheets}
    own = book.create_sheet(_free_title(RETURN_SHEET, book.sheetnames), 0)
    write_findings_page(own, page)
    _select_only(book, own)


def _notes(archive: zipfile.ZipFile) -> list[str]:
    names = lost(archive)
    if not names:
        return []
    return [f"In dieser Kopie können fehlen: {german.listing(names)}. In Ihrer eigenen Datei ist alles unverändert."]


Results = dict[str, dict[str, tuple[str, bytes]]]
"""Sheet → cell as `F17` → type and XML of its formula's stored result."""


def _results(archive: zipfile.ZipFile) -> Results:
    """The results of all formulas: openpyxl does not write them, and a protected view does not compute."""
    package = Package(archive)
    part = workbook_part(package)
    if part is None:
        return {}
    book = Book(package, part)
    return {sheet.name: book.results(sheet.part) for sheet in book.sheets if sheet.part is not None}


def _forget_last_time(book: Any) -> None:
    """Take away what an earlier return copy brought, if the delivery was one."""
    ours = [sheet for sheet in book.worksheets if is_heading(sheet["A1"].value)]
    for sheet in ours:
        book.remove(sheet)
    if not ours:
        return
    colours = {f"00{colour}" for colour in COLOURS.values()} | {f"FF{colour}" for colour in COLOURS.values()}
    for sheet in book.worksheets:
        for cell in [cell for cell in sheet._cells.values() if cell.comment is not None]:
            remark = _OUR_REMARK.search(cell.comment.text)
            if remark is None:
                continue
            before = cell.comment.text[: remark.start()]
            cell.comment = _comment(before) if before else None
            if cell.fill.fgColor.rgb in colours:
                cell.fill = PatternFill()


def _at_corners(marks: SheetMarks, ranges: Sequence[tuple[int, int, int, int]]) -> SheetMarks:
    """Marks of merged cells at the cell that stands for their range; ranges do not overlap, ends included."""
    by_column: dict[int, list[tuple[int, int, int]]] = {column: [] for _, column in marks}
    for first_row, first_column, last_row, last_column in sorted(ranges):
        for column, areas in by_column.items():
            if first_column <= column <= last_column:
                areas.append((first_row, last_row, first_column))
    joint: SheetMarks = {}
    for (row, column), findings in marks.items():
        areas = by_column[column]
        at = bisect_right(areas, row, key=lambda area: area[0]) - 1
        inside = at >= 0 and row <= areas[at][1]
        corner = (areas[at][0], areas[at][2]) if inside else (row, column)
        joint.setdefault(corner, []).extend(findings)
    return joint


def _mark(cell: Any, findings: Sequence[Finding]) -> None:
    """Colour a cell and say its findings in one comment, after what was there before."""
    cell.fill = filled(COLOURS[words.worst(findings)])
    before = f"{cell.comment.text.rstrip()}\n\n" if cell.comment is not None else ""
    cell.comment = _comment(before + f"{_MARK}\n" + "\n\n".join(_remark(cell.row, f) for f in findings))


def _remark(row: int, found: Finding) -> str:
    said = german.SEVERITIES[found.severity]
    elsewhere = f"Zeile {found.row}: " if found.row != row else ""
    message = message_at_cell(found).replace(" Erwartet: ", "\nErwartet: ").replace(" Bitte ", "\nBitte ")
    return _CONTROL.sub("", f"{said.one} – {said.follows}.\n{elsewhere}{message}")


def _comment(text: str) -> Comment:
    lines = sum(1 + len(line) // _COMMENT_LETTERS for line in text.split("\n"))
    return Comment(text, AUTHOR, height=_COMMENT_LINE * (lines + 1), width=_COMMENT_WIDTH)


def _select_only(book: Any, own: Any) -> None:
    """Open the copy at the return sheet; of two selected sheets every entry would go into both."""
    book.active = 0
    for sheet in book.worksheets:
        sheet.sheet_view.tabSelected = sheet is own
    for chart in book.chartsheets:
        for view in chart.sheetViews.sheetView:
            view.tabSelected = False


# --- the values of all sheets -----------------------------------------------------------------------------------------


def _write_values(target: IO[bytes], content: bytes, source: Source, page: ReturnPage) -> None:
    sheets, _, _ = open_sheets(source.file, content, source.programme, source.limits)
    if not page.notes:
        page.notes.append(_values_note(source))
    book = openpyxl.Workbook(write_only=True)
    taken = [RETURN_SHEET]
    for sheet in sheets:
        page.titles[sheet.name] = _free_title(sheet.name, taken)
        taken.append(page.titles[sheet.name])
    marks = marks_of(page.findings)
    write_findings_page(book.create_sheet(RETURN_SHEET), page)
    for sheet in sheets:
        _write_sheet(book.create_sheet(page.titles[sheet.name]), sheet, marks.get(sheet.name, {}))
    _save(book, target)


def _values_note(source: Source) -> str:
    suffix = source.file.suffix.lower()
    if suffix in (".xlsx", ".xlsm") and (source.content or b"").startswith(ZIP):
        return (
            "Die Datei ist für eine Kopie mit allen Formaten zu groß. Die Kopie enthält die Werte aller Blätter; "
            "Formate, Formeln, Diagramme und Bilder stehen nur in Ihrer eigenen Datei."
        )
    kept = "" if suffix == ".csv" else "; Formate, Formeln, Diagramme und Bilder stehen nur in Ihrer eigenen Datei"
    return f"Die Kopie ist eine Excel-Arbeitsmappe mit denselben Werten an denselben Stellen{kept}."


def _write_sheet(target: Any, sheet: Sheet, marks: SheetMarks) -> None:
    for column in range(sheet.width):
        longest = max((len(str(cell)) for cell in sheet.distinct[column][:200]), default=0)
        target.column_dimensions[get_column_letter(column + 1)].width = min(40, max(9, longest + 2))
    ranges = [(m.first_row + 1, m.first_column + 1, m.last_row + 1, m.last_column + 1) for m in sheet.merges]
    for first_row, first_column, last_row, last_column in ranges:
        target.merged_cells.add(CellRange(None, first_column, first_row, last_column, last_row))
    by_row: dict[int, dict[int, list[Finding]]] = {}
    for (row, column), findings in _at_corners(marks, ranges).items():
        by_row.setdefault(row, {})[column] = findings
    for number, values in enumerate(_rows(target, sheet, max(by_row, default=0)), start=1):
        target.append(_marked_row(target, number, values, by_row.get(number, {})))


def _rows(target: Any, sheet: Sheet, last: int) -> Iterator[list[Any]]:
    """Every row, at least `last` ones, as values and cells; each distinct value is made ready once."""
    ready = [[_ready(target, cell, text_only=sheet.text_only) for cell in column] for column in sheet.distinct]
    for row in range(max(sheet.height, last)):
        inside = row < sheet.height
        yield [ready[column][sheet.codes[column][row]]() if inside else None for column in range(sheet.width)]


def _marked_row(target: Any, number: int, values: list[Any], marks: dict[int, list[Finding]]) -> list[Any]:
    values += [None] * (max(marks, default=0) - len(values))
    for column, findings in marks.items():
        value = values[column - 1]
        cell = value if isinstance(value, Cell) else WriteOnlyCell(target, value)
        cell.row = number
        _mark(cell, findings)
        values[column - 1] = cell
    return values


def _ready(target: Any, cell: Any, *, text_only: bool) -> Any:
    """A function that gives a cell's value as openpyxl takes it; cells with a format are made anew each time."""
    number_format, value = "General", cell
    match cell:
        case dt.datetime():
            number_format = _INSTANT_FORMAT if cell.time() != dt.time() else _DAY_FORMAT
        case dt.date():
            number_format = _DAY_FORMAT
        case BoolCell(value):
            pass
        case ErrorCell(raw):
            value = raw
        case str() if text_only and _WHOLE.fullmatch(cell):
            value = int(cell)  # its digits are the same, and a serial number stays one
        case str():
            value = None if cell == BLANK else _CONTROL.sub("", cell)
    if number_format == "General" and not (isinstance(value, str) and value.startswith(("=", "#"))):
        return lambda: value
    return lambda: _special_cell(target, value, number_format)


def _special_cell(target: Any, value: Any, number_format: str) -> Any:
    cell = WriteOnlyCell(target, value)
    cell.number_format = number_format
    if isinstance(value, str):
        cell.data_type = "s"  # a text that begins like a formula stays a text
    return cell


def _free_title(name: str, taken: Sequence[str]) -> str:
    """A sheet's name that a workbook may have and that is not taken yet."""
    base = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name)).strip("'")[:_LONGEST_TITLE] or "Blatt"
    used = {title.casefold() for title in taken}
    title, number = base, 1
    while title.casefold() in used:
        number += 1
        title = f"{base[: _LONGEST_TITLE - len(str(number)) - 1]} {number}"
    return title


# --- saving -----------------------------------------------------------------------------------------------------------


class _TimelessArchive(zipfile.ZipFile):
    """A zip package in which nothing tells when it was written, nor in which order small parts came.

    Formulas get their stored results back while their sheet is added: `results` has them by the sheet's part.
    """

    results: Mapping[str, dict[str, tuple[str, bytes]]] = {}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._small: dict[str, bytes] = {}

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        """Add a file without its time."""
        info = zipfile.ZipInfo(str(arcname), _EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED
        results = self.results.get(str(arcname), {})
        with open(filename, "rb") as source, self.open(info, "w") as part:
            rest = b""
            while block := source.read(_BLOCK):
                head, end, rest = (rest + block).rpartition(_ROW_END)
                part.write(_with_results(head + end, results))
            part.write(rest)

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        """Keep a part until `finish`; the workbook's own dates are those of the package's epoch."""
        name = getattr(zinfo_or_arcname, "filename", zinfo_or_arcname)
        content = data.encode() if isinstance(data, str) else data
        if name == "docProps/core.xml":
            content = _MODIFIED.sub(rb"\g<1>1980-01-01T00:00:00Z", content)
        self._small[name] = content

    def finish(self) -> None:
        """Add the parts that are kept, by name."""
        for name in sorted(self._small):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            super().writestr(info, self._small[name])


def _with_results(block: bytes, results: dict[str, tuple[str, bytes]]) -> bytes:
    """Whole rows of a sheet as openpyxl writes them, with the results of their formulas."""
    if not results or b"<f" not in block:
        return block

    def filled_in(match: re.Match[bytes]) -> bytes:
        kind, value = results.get(match["at"].decode(), ("", b""))
        if not kind:
            return match[0]
        return b'<c r="%s"%s t="%s">%s<v>%s</v></c>' % (
            match["at"], match["style"], kind.encode(), match["formula"], value
        )  # fmt: skip

    return _BARE_FORMULA.sub(filled_in, block)


def _save(book: Any, target: IO[bytes], results: Results | None = None) -> None:
    with warnings.catch_warnings(), _TimelessArchive(target, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        warnings.simplefilter("ignore")
        titles = enumerate((sheet.title for sheet in book.worksheets), start=1)
        archive.results = {f"{_SHEETS}sheet{n}.xml": (results or {}).get(title, {}) for n, title in titles}
        ExcelWriter(book, archive).write_data()
        archive.finish()
