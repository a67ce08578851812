"""Builders of tiny real workbooks in every format that offices deliver.

A workbook is a list of `Page`s; cells are `None`, text, numbers, booleans, days, `Formula` or `Fault`. Each writer
gives the bytes of one format, so that a test can hold the same table in several of them.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import xlsxwriter
import xlwt

Cell = Any
Grid = list[list[Cell]]
Merge = tuple[int, int, int, int]
"""First row, first column, last row, last column; 0-based."""

_ERROR_CODES = {
    "#NULL!": 0x00, "#DIV/0!": 0x07, "#VALUE!": 0x0F, "#REF!": 0x17, "#NAME?": 0x1D, "#NUM!": 0x24, "#N/A": 0x2A,
}  # fmt: skip
"""[MS-XLS] 2.5.10; xlwt's own names for them are partly wrong."""
EPOCHS = {False: dt.date(1899, 12, 30), True: dt.date(1904, 1, 1)}


@dataclass(frozen=True)
class Formula:
    """A formula, with the result that the file keeps; None: it was never calculated."""

    text: str
    result: float | str | None = None


@dataclass(frozen=True)
class Fault:
    """A cell that shows an error value."""

    code: str


@dataclass
class Page:
    """One sheet."""

    name: str
    grid: Grid
    merges: list[Merge] = field(default_factory=list)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    is_hidden: bool = False


def xlsx(pages: Sequence[Page], *, epoch_1904: bool = False) -> bytes:
    """An .xlsx as Excel writes it."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "date_1904": epoch_1904}) as book:
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        for page in pages:
            sheet = book.add_worksheet(page.name)
            for row, column, cell in _cells(page):
                _put_xlsx(sheet, row, column, cell, day)
            for r0, c0, r1, c1 in page.merges:
                sheet.merge_range(r0, c0, r1, c1, "")
                _put_xlsx(sheet, r0, c0, page.grid[r0][c0], day)
            for row in page.hidden_rows:
                sheet.set_row(row, None, None, {"hidden": True})
            for column in page.hidden_columns:
                sheet.set_column(column, column, None, None, {"hidden": True})
            if page.is_hidden:
                sheet.hide()
    return target.getvalue()


def _put_xlsx(sheet: Any, row: int, column: int, cell: Cell, day: Any) -> None:
    match cell:
        case Formula(text, result):
            sheet.write_formula(row, column, text, None, "" if result is None else result)
        case Fault(code):
            sheet.write_formula(row, column, "=1/0", None, code)
        case dt.date():
            sheet.write_datetime(row, column, dt.datetime(cell.year, cell.month, cell.day), day)  # noqa: DTZ001
        case bool():
            sheet.write_boolean(row, column, cell)
        case str():
            sheet.write_string(row, column, cell)
        case _:
            sheet.write_number(row, column, cell)


@dataclass(frozen=True)
class Spelling:
    """How another program than Excel writes the XML of an .xlsx.

    Attributes:
        prefix: of the namespace, with colon.
        quote: around attributes.
        positions: whether rows and cells say where they stand.
        empty_rows: how blank rows are written; `{}` is the row's own attributes.
        dimension: what the sheet claims to span.
    """

    prefix: str = ""
    quote: str = '"'
    positions: bool = True
    empty_rows: str = "<row{}/>"
    dimension: str | None = None


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_BOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_STYLES = (
    "<styleSheet><fonts><font/></fonts><fills><fill/></fills><borders><border/></borders><cellStyleXfs><xf/>"
    '</cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>'
)


def raw_xlsx(pages: Sequence[Page], spelling: Spelling = Spelling(), *, epoch_1904: bool = False) -> bytes:
    """An .xlsx written by hand, as other programs than Excel spell it."""
    numbers = range(1, len(pages) + 1)
    sheets = "".join(
        f'<sheet name={quoteattr(p.name)} sheetId="{n}" r:id="rId{n}"{" state=" + chr(34) + "hidden" + chr(34) if p.is_hidden else ""}/>'  # noqa: E501
        for n, p in zip(numbers, pages, strict=True)
    )
    flag = '<workbookPr date1904="1"/>' if epoch_1904 else ""
    parts = {"xl/workbook.xml": _spell(f"<workbook>{flag}<sheets>{sheets}</sheets></workbook>", spelling)}
    parts["xl/styles.xml"] = _spell(_STYLES, spelling)
    for n, page in zip(numbers, pages, strict=True):
        parts[f"xl/worksheets/sheet{n}.xml"] = _spell(sheet_xml(page, spelling, epoch_1904=epoch_1904), spelling)
    return package(parts | _relations(len(pages)))


def _relations(sheets: int) -> dict[str, str]:
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_SHEET_TYPE}"/>' for n in range(1, sheets + 1)
    )
    targets = [(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in range(1, sheets + 1)]
    targets += [("rIdS", "styles", "styles.xml"), ("rIdT", "sharedStrings", "sharedStrings.xml")]
    links = "".join(f'<Relationship Id="{i}" Type="{_OFFICE}/{t}" Target="{p}"/>' for i, t, p in targets)
    root = f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    space = f'xmlns="{_PACKAGE}/relationships"'
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_BOOK_TYPE}"/>{types}</Types>',
        "_rels/.rels": f"<Relationships {space}>{root}</Relationships>",
        "xl/_rels/workbook.xml.rels": f"<Relationships {space}>{links}</Relationships>",
        "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}" count="0" uniqueCount="0"></sst>',
    }


def _spell(xml: str, spelling: Spelling) -> str:
    """Put the namespace on the root, and its prefix and the quotes everywhere."""
    space = f' xmlns{":" + spelling.prefix[:-1] if spelling.prefix else ""}="{_MAIN}" xmlns:r="{_OFFICE}"'
    end = xml.index(">")
    xml = f"{xml[:end]}{space}{xml[end:]}"
    if spelling.prefix:
        xml = xml.replace("</", "\0").replace("<", f"<{spelling.prefix}").replace("\0", f"</{spelling.prefix}")
    return xml.replace('"', spelling.quote)


def sheet_xml(page: Page, spelling: Spelling, *, epoch_1904: bool = False) -> str:
    """The XML of one sheet, without namespaces."""
    rows = "".join(_row_xml(page, number, spelling, epoch_1904) for number in range(len(page.grid)))
    claim = f'<dimension ref="{spelling.dimension}"/>' if spelling.dimension else ""
    areas = "".join(f'<mergeCell ref="{_name(r0, c0)}:{_name(r1, c1)}"/>' for r0, c0, r1, c1 in page.merges)
    merges = f'<mergeCells count="{len(page.merges)}">{areas}</mergeCells>' if areas else ""
    return f"<worksheet>{claim}<sheetData>{rows}</sheetData>{merges}</worksheet>"


def _row_xml(page: Page, number: int, spelling: Spelling, epoch_1904: bool) -> str:
    attributes = f' r="{number + 1}"' if spelling.positions else ""
    if number in page.hidden_rows:
        attributes += ' hidden="1"'
    cells = page.grid[number]
    if all(cell is None for cell in cells):
        return spelling.empty_rows.format(attributes)
    inner = "".join(
        cell_xml(cell, f' r="{_name(number, column)}"' if spelling.positions else "", EPOCHS[epoch_1904])
        for column, cell in enumerate(cells)
        if cell is not None or not spelling.positions
    )
    return f"<row{attributes}>{inner}</row>"


def cell_xml(cell: Cell, at: str, epoch: dt.date) -> str:  # noqa: PLR0911  (one per type)
    """One cell; `at` is its position as an attribute, or empty."""
    match cell:
        case None:
            return f"<c{at}/>"
        case Formula(text, None):
            return f"<c{at}><f>{escape(text[1:])}</f></c>"
        case Formula(text, str(result)):
            return f'<c{at} t="str"><f>{escape(text[1:])}</f><v>{escape(result)}</v></c>'
        case Formula(text, result):
            return f"<c{at}><f>{escape(text[1:])}</f><v>{result}</v></c>"
        case Fault(code):
            return f'<c{at} t="e"><v>{code}</v></c>'
        case bool():
            return f'<c{at} t="b"><v>{int(cell)}</v></c>'
        case dt.date():
            return f'<c{at} s="1"><v>{(cell - epoch).days}</v></c>'
        case str():
            return f'<c{at} t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
        case _:
            return f"<c{at}><v>{cell}</v></c>"


def _name(row: int, column: int) -> str:
    return f"{chr(ord('A') + column)}{row + 1}"


def package(parts: Mapping[str, str | bytes]) -> bytes:
    """A zip package."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 15, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def edited(content: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """A zip package with parts changed; None drops a part."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: change(name, archive.read(name)) for name in archive.namelist()}
    return package({name: part for name, part in parts.items() if part is not None})


def xls(pages: Sequence[Page], *, epoch_1904: bool = False) -> bytes:
    """An .xls (BIFF8) that no program has calculated, as export programs write it."""
    book = xlwt.Workbook(encoding="utf-8")
    book.dates_1904 = epoch_1904
    day = xlwt.easyxf(num_format_str="DD.MM.YYYY")
    for page in pages:
        sheet = book.add_sheet(page.name, cell_overwrite_ok=True)
        sheet.visibility = int(page.is_hidden)
        for r0, c0, r1, c1 in page.merges:
            sheet.merge(r0, r1, c0, c1)
        for row, column, cell in _cells(page):
            _put_xls(sheet, row, column, cell, day)
        for row in page.hidden_rows:
            sheet.row(row).hidden = True
        for column in page.hidden_columns:
            sheet.col(column).hidden = True
    target = io.BytesIO()
    book.save(target)
    return _with_results(target.getvalue(), pages)


def _put_xls(sheet: Any, row: int, column: int, cell: Cell, day: Any) -> None:
    match cell:
        case Formula(text, _):
            sheet.write(row, column, xlwt.Formula(text[1:]))
        case Fault(code):
            sheet.row(row).set_cell_error(column, _ERROR_CODES[code])
        case dt.date():
            sheet.write(row, column, cell, day)
        case _:
            sheet.write(row, column, cell)


def _with_results(content: bytes, pages: Sequence[Page]) -> bytes:
    """Fill in the numbers that formulas have as results: xlwt leaves them out ([MS-XLS] 2.4.127)."""
    for page in pages:
        for row, column, cell in _cells(page):
            if isinstance(cell, Formula) and isinstance(cell.result, float):
                at = _formula_record(content, row, column)
                content = content[: at + 10] + struct.pack("<d", cell.result) + content[at + 18 :]
    return content


def _formula_record(content: bytes, row: int, column: int) -> int:
    """Where a FORMULA record of a cell begins."""
    at = -1
    while (at := content.find(b"\x06\x00", at + 1)) >= 0:
        if content[at + 4 : at + 8] == struct.pack("<HH", row, column) and content[at + 3] == 0:
            return at
    raise LookupError(f"no formula at {row}, {column}")


_ODS_SPACES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
)
_ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"


def ods(pages: Sequence[Page], *, epoch_1904: bool = False, tail: str = "") -> bytes:
    """An .ods as LibreOffice writes it: equal neighbours are one repeated cell or row, the rest of the sheet too.

    Args:
        pages: the sheets.
        epoch_1904: serial numbers count from 1904.
        tail: XML of more rows at the end of each sheet.
    """
    tables = "".join(
        f'<table:table table:name={quoteattr(p.name)} table:style-name="{"hidden" if p.is_hidden else "shown"}">'
        f"{_ods_rows(p)}{tail}</table:table>"
        for p in pages
    )
    origin = '<table:null-date table:date-value="1904-01-01"/>' if epoch_1904 else ""
    styles = "".join(
        f'<style:style style:name="{name}" style:family="table">'
        f'<style:table-properties table:display="{shown}"/></style:style>'
        for name, shown in (("shown", "true"), ("hidden", "false"))
    )
    content = (
        f"<office:document-content {_ODS_SPACES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet><table:calculation-settings>{origin}</table:calculation-settings>"
        f"{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    return ods_package(content)


def ods_package(content: str, encryption: str = "") -> bytes:
    """The zip package of an .ods around its `content.xml`."""
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODS_TYPE}"/>'
        f'<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml">{encryption}'
        "</manifest:file-entry></manifest:manifest>"
    )
    return package(
        {
            "mimetype": _ODS_TYPE,
            "content.xml": '<?xml version="1.0" encoding="UTF-8"?>' + content,
            "META-INF/manifest.xml": manifest,
        }
    )


def _ods_rows(page: Page) -> str:
    covered = {
        (r, c)
        for r0, c0, r1, c1 in page.merges
        for r in range(r0, r1 + 1)
        for c in range(c0, c1 + 1)
        if (r, c) != (r0, c0)
    }
    spans = {(r0, c0): (r1 - r0 + 1, c1 - c0 + 1) for r0, c0, r1, c1 in page.merges}
    rows = []
    for number, cells in enumerate(page.grid):
        visible = ' table:visibility="collapse"' if number in page.hidden_rows else ""
        inner = [_ods_cell(c, spans.get((number, i)), (number, i) in covered) for i, c in enumerate(cells)]
        rows.append((visible, "".join(_repeated(inner, "columns"))))
    found = _repeated([f"<table:table-row{visible}>{inner}</table:table-row>" for visible, inner in rows], "rows")
    return (
        "".join(found) + '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    )


def _repeated(elements: list[str], kind: str) -> list[str]:
    """Equal neighbours as one element with `number-…-repeated`."""
    found: list[list[Any]] = []
    for element in elements:
        if found and found[-1][0] == element:
            found[-1][1] += 1
        else:
            found.append([element, 1])
    marked = []
    for element, count in found:
        end = (
            element.index(" ") if " " in element.split(">", 1)[0] else element.index("/" if kind == "columns" else ">")
        )
        repeated = f' table:number-{kind}-repeated="{count}"' if count > 1 else ""
        marked.append(element[:end] + repeated + element[end:])
    return marked


def _ods_cell(cell: Cell, span: tuple[int, int] | None, is_covered: bool) -> str:
    if is_covered:
        return "<table:covered-table-cell/>"
    start = "<table:table-cell"
    if span:
        start += f' table:number-rows-spanned="{span[0]}" table:number-columns-spanned="{span[1]}"'
    if cell is None:
        return f"{start}/>"
    attributes, text = _ods_value(cell)
    return f"{start} {attributes}><text:p>{escape(text)}</text:p></table:table-cell>"


def _ods_value(cell: Cell) -> tuple[str, str]:  # noqa: PLR0911  (one per type)
    match cell:
        case Formula(text, None):
            return f"table:formula={quoteattr('of:' + text)}", ""
        case Formula(text, str(result)):
            return f'table:formula={quoteattr("of:" + text)} office:value-type="string"', result
        case Formula(text, result):
            kept = f'office:value-type="float" office:value="{result}"'
            return f"table:formula={quoteattr('of:' + text)} {kept}", str(result)
        case Fault(code):
            return (
                'table:formula="of:=1/0" office:value-type="string" office:string-value="" calcext:value-type="error"'
            ), code
        case bool():
            return (
                f'office:value-type="boolean" office:boolean-value="{str(cell).lower()}"',
                "WAHR" if cell else "FALSCH",
            )
        case dt.date():
            return f'office:value-type="date" office:date-value="{cell.isoformat()}"', f"{cell:%d.%m.%Y}"
        case str():
            return 'office:value-type="string" calcext:value-type="string"', cell
        case _:
            return f'office:value-type="float" office:value="{cell}"', str(cell)


def csv_text(page: Page, delimiter: str = ";") -> str:
    """A sheet as Excel saves it as .csv: German days, decimal commas, the errors' texts."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=delimiter, lineterminator="\r\n")
    width = max(len(row) for row in page.grid)
    for row in page.grid:
        writer.writerow([_csv_value(cell) for cell in row] + [""] * (width - len(row)))
    return target.getvalue()


def _csv_value(cell: Cell) -> str:  # noqa: PLR0911  (one per type)
    match cell:
        case None:
            return ""
        case Formula(_, result):
            return _csv_value(result)
        case Fault(code):
            return code
        case bool():
            return "WAHR" if cell else "FALSCH"
        case dt.date():
            return f"{cell:%d.%m.%Y}"
        case float() if cell.is_integer():
            return str(int(cell))
        case float():
            return str(cell).replace(".", ",")
        case _:
            return str(cell)


def _cells(page: Page) -> list[tuple[int, int, Cell]]:
    """Every filled cell that is not covered by a merged range."""
    covered = {
        (r, c)
        for r0, c0, r1, c1 in page.merges
        for r in range(r0, r1 + 1)
        for c in range(c0, c1 + 1)
        if (r, c) != (r0, c0)
    }
    return [
        (row, column, cell)
        for row, cells in enumerate(page.grid)
        for column, cell in enumerate(cells)
        if cell is not None and (row, column) not in covered
    ]


def day(text: str) -> dt.date:
    """A day from `yyyy-mm-dd`."""
    return dt.date.fromisoformat(text)


HEADER = [
    "Nr.", "Anfrage am", "Datum", "Ort", "Sprache", "Einrichtung", "Bereich", "Dauer (Std.)", "Honorar (€)",
    "Sprachmittler-ID", "Status",
]  # fmt: skip
FACTS = (["Sprachmittlerpool, Übersicht; vorläufig"], ["Berichtszeitraum: 2023"], ["Stand: 15.01.2024"])


def request(number: Cell, **changes: Cell) -> list[Cell]:
    """One row of language mediation, in the order of `HEADER`."""
    row = dict(zip(HEADER, _REQUEST, strict=True)) | {"Nr.": number} | changes
    return list(row.values())


_REQUEST: list[Cell] = [
    "A-0", day("2023-03-01"), day("2023-03-08"), "Ahlen", "Arabisch", "Grundschule Süd", "Schule", 1.5, 60.0, "SM-1",
    "durchgeführt",
]  # fmt: skip


def requests(*rows: list[Cell], name: str = "Einsätze", as_of: str | None = None) -> Page:
    """A sheet of language mediation with these rows; the header is row 5 (1-based)."""
    facts = [*FACTS[:-1], ["Stand:", day(as_of)]] if as_of else FACTS
    return Page(name, [*facts, [None] * len(HEADER), [*HEADER], *rows])


def small_delivery(number: str = "A-1", as_of: str | None = None) -> bytes:
    """A valid .xlsx of language mediation with one row."""
    return xlsx([requests(request(number), as_of=as_of)])
