"""Every cell is read twice: what a second reader must catch, what it must not, and that both agree on honest files."""

from __future__ import annotations

import datetime as dt
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kim_pipeline.contracts import programme
from kim_pipeline.reading.delivery import read_delivery
from kim_pipeline.reading.errors import RejectedError
from kim_pipeline.reading.formats import ods_stream, xlsx_stream
from kim_pipeline.reading.formats.cells import BoolCell, Cell, DoubtfulCell, ErrorCell, Sheet, encode_sheet
from kim_pipeline.reading.formats.witness import (
    XLSX_RULES,
    Difference,
    Noted,
    Peculiarity,
    Reading,
    compare,
    witnessed,
)
from kim_pipeline.reading.formats.workbook import Limits, read_sheets
from tests.helpers_tables import Only, only
from tests.workbooks import Fault, Page, Spelling, edited, ods, package, raw_xlsx, request, requests, xls, xlsx

LIMITS = Limits(file_bytes=2**26, unpacked_bytes=2**28)
SAMPLE = Path(__file__).parents[1] / "data_raw"
SHEET = "xl/worksheets/sheet1.xml"
DAY = dt.date(2023, 3, 1)
quickly = hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def sheets_of(content: bytes, name: str = "x", *, calamine: bool = True) -> list[Sheet]:
    return read_sheets(PurePath(name), content, LIMITS, lambda sheet: sheet.width, calamine=calamine)


def only_sheet(content: bytes, *, calamine: bool = True) -> Sheet:
    (found,) = sheets_of(content, calamine=calamine)
    return found


def with_part(name: str, change: Callable[[bytes], bytes], content: bytes) -> bytes:
    return edited(content, lambda part, data: change(data) if part == name else data)


def with_rows(rows: str, content: bytes | None = None) -> bytes:
    """A hand-made .xlsx whose sheet holds these rows."""

    def change(part: bytes) -> bytes:
        head, tail = part.split(b"<sheetData>")[0], part.split(b"</sheetData>")[1]
        return head + b"<sheetData>" + rows.encode() + b"</sheetData>" + tail

    return with_part(SHEET, change, content or raw_xlsx([Page("Blatt", [["x"]])]))


def cell_of(xml: str) -> Cell:
    """The cell A1 of a sheet that both readers have read."""
    sheet = only_sheet(with_rows(f'<row r="1">{xml}<c r="B1"><v>7</v></c></row>'))
    assert sheet.cell(0, 1) == 7
    assert sheet.lone_reader is None
    return sheet.cell(0, 0)


def doubts(sheet: Sheet) -> list[tuple[int, int, DoubtfulCell]]:
    cells = [(row, column, sheet.cell(row, column)) for row in range(sheet.height) for column in range(sheet.width)]
    return [(row, column, cell) for row, column, cell in cells if isinstance(cell, DoubtfulCell)]


# --- .xlsx: what calamine reads otherwise ---------------------------------------------------------------------------

PECULIAR: dict[str, tuple[str, Cell]] = {
    "an inline string in v": ('<c r="A1" t="inlineStr"><f/><v>Kita Nord</v></c>', "Kita Nord"),
    "a result in is": ('<c r="A1" t="inlineStr"><f>B1</f><is><t>Ahlen</t></is></c>', "Ahlen"),
    "a result in is, of a number's type": ('<c r="A1"><f>B1</f><is><t>Ahlen</t></is></c>', "Ahlen"),
    "is before v": ('<c r="A1" t="inlineStr"><is><t>1.</t></is><v>1.0</v></c>', "1."),
    "the formula behind its result": ('<c r="A1"><v>5</v><f>2+3</f></c>', 5),
    "blanks between runs": (
        '<c r="A1" t="inlineStr"><is><r><t>Kita </t></r><r><t>Süd</t></r></is></c>', "Kita Süd",
    ),
    "phonetic hints": ('<c r="A1" t="inlineStr"><is><t>東京</t><rPh sb="0" eb="2"><t>トウ</t></rPh></is></c>', "東京"),
    "truth as a word": ('<c r="A1" t="b"><v>false</v></c>', BoolCell(False)),  # noqa: FBT003
    "an escaped sign": ('<c r="A1" t="str"><f>B1</f><v>a_x000D_b_x2028_c</v></c>', "a\rb\u2028c"),
    "an escape that is none": ('<c r="A1" t="inlineStr"><is><t>a_x005F_x000D_b</t></is></c>', "a_x000D_b"),
    "an entity": ('<c r="A1" t="str"><f>B1</f><v>A &amp; &#66;</v></c>', "A & B"),
    "a line break of Windows": ('<c r="A1" t="inlineStr"><is><t>a\r\nb</t></is></c>', "a\nb"),
    "an error": ('<c r="A1" t="e"><v>#DIV/0!</v></c>', ErrorCell("#DIV/0!")),
    "no result": ('<c r="A1"><f>1+1</f></c>', ErrorCell("=1+1")),
    "an empty result": ('<c r="A1" t="str"><f>""</f><v></v></c>', ""),
    "a day by its own type": ('<c r="A1" t="d"><v>2023-03-01</v></c>', DAY),
    "a number with an exponent": ('<c r="A1"><v>1.25E3</v></c>', 1250),
}  # fmt: skip


@pytest.mark.parametrize("kind", PECULIAR)
def test_peculiar_cells_are_settled_by_rule(kind: str) -> None:
    xml, expected = PECULIAR[kind]
    found = cell_of(xml)
    assert found == expected
    assert type(found) is type(expected) or isinstance(found, float)


@pytest.mark.parametrize("code", ["#GETTING_DATA", "#SPILL!", "#CALC!", "#FIELD!", "Err:502", "#BUSY!"])
def test_an_unusual_error_is_a_fault_of_its_cell(code: str) -> None:
    """Calamine refuses the whole sheet; the other reader serves, and the sheet says so."""
    page = Page("Zwei", [["y", 2]])
    content = with_rows(
        f'<row r="1"><c r="A1" t="e"><v>{code}</v></c><c r="B1"><v>7</v></c></row>',
        raw_xlsx([Page("Eins", [["x"]]), page]),
    )
    first, second = sheets_of(content)
    assert first.row(0) == [ErrorCell(code), 7]
    assert second.row(0) == ["y", 2]
    assert (first.lone_reader, second.lone_reader) == ("XML", None)


def test_days_and_times_are_compared_with_their_formats() -> None:
    codes = ["0.00", "dd.mm.yyyy", "h:mm", "[h]:mm", '0.0 "Std."', "[$-407]d. mmmm yyyy", "General", r"0\d", "AM/PM"]
    formats = "".join(f"<numFmt numFmtId='{200 + i}' formatCode='{c}'/>" for i, c in enumerate(codes))
    shown_by = "".join(f"<xf numFmtId='{200 + i}'/>" for i in range(len(codes)))
    styles = (
        f"<styleSheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><numFmts>{formats}</numFmts>"
        f"<cellXfs>{shown_by}</cellXfs></styleSheet>"
    )
    cells = "".join(f'<c r="{chr(65 + i)}1" s="{i}"><v>44986.5</v></c>' for i in range(len(codes)))
    content = with_part("xl/styles.xml", lambda _: styles.encode(), with_rows(f'<row r="1">{cells}</row>'))
    instant, span = dt.datetime(2023, 3, 1, 12), dt.timedelta(days=44986.5)  # noqa: DTZ001
    assert only_sheet(content).row(0) == [44986.5, instant, instant, span, 44986.5, instant, 44986.5, 44986.5, instant]


def test_a_time_before_midnight_is_doubtful() -> None:
    """Calamine makes a time of day of a negative number; Excel shows no time at all."""
    content = with_rows('<row r="1"><c r="A1" s="1"><v>-0.25</v></c></row>')
    assert doubts(only_sheet(content)) == [(0, 0, DoubtfulCell(dt.time(18), -0.25))]


# --- .xlsx: packages ------------------------------------------------------------------------------------------------


def renamed(content: bytes, name: Callable[[str], str]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return package({name(part): archive.read(part) for part in archive.namelist()})


def elsewhere(content: bytes) -> bytes:
    """The workbook under another name in another folder; its parts by absolute and relative targets."""

    def change(name: str, part: bytes) -> bytes:
        if name == "_rels/.rels":
            return part.replace(b"xl/workbook.xml", b"mappe/wb.xml")
        if name == "xl/_rels/workbook.xml.rels":
            part = part.replace(b'"worksheets/', b'"/xl/worksheets/').replace(b'"styles.xml', b'"../xl/styles.xml')
            return part.replace(b'"sharedStrings.xml', b'"../xl/sharedStrings.xml')
        return part

    moved = {"xl/workbook.xml": "mappe/wb.xml", "xl/_rels/workbook.xml.rels": "mappe/_rels/wb.xml.rels"}
    return renamed(edited(content, change), lambda name: moved.get(name, name))


PACKAGES: dict[str, tuple[Callable[[bytes], bytes], str | None]] = {
    "backslashes": (lambda content: renamed(content, lambda name: name.replace("/", "\\")), None),
    "other case": (lambda content: renamed(content, lambda name: name.replace("sheet", "SHEET").upper()), None),
    "other names": (elsewhere, "XML"),
    "no relations of the package": (
        lambda content: edited(content, lambda name, part: None if name == "_rels/.rels" else part), "XML",
    ),
    "a part with a blank": (
        lambda content: renamed(
            with_part("xl/_rels/workbook.xml.rels", lambda p: p.replace(b"sheet1.xml", b"Mein%20Blatt.xml"), content),
            lambda name: name.replace("sheet1", "Mein Blatt"),
        ),
        "XML",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", PACKAGES)
@pytest.mark.parametrize("writer", [xlsx, raw_xlsx], ids=["excel", "by hand"])
def test_parts_are_found_by_their_relations(kind: str, writer: Callable[[list[Page]], bytes]) -> None:
    pages = [requests(request("A-1", Sprache=Fault("#REF!")))]
    change, lone = PACKAGES[kind]
    (found,) = sheets_of(change(writer(pages)))
    (plain,) = sheets_of(writer(pages))
    assert [found.row(row) for row in range(found.height)] == [plain.row(row) for row in range(plain.height)]
    assert found.lone_reader == lone


def test_a_package_that_python_calls_damaged_is_read_by_calamine() -> None:
    """The local header names a part otherwise than the directory."""
    content = raw_xlsx([Page("Blatt", [["x", 1, DAY]])])
    at = content.index(SHEET.encode())
    found = only_sheet(content[:at] + SHEET.replace("sheet1", "SHEET1").encode() + content[at + len(SHEET) :])
    assert found.row(0) == ["x", 1, DAY]
    assert found.lone_reader == "calamine"


def test_a_sheet_that_neither_can_read_is_none() -> None:
    content = with_rows('<row r="1"><c r="A1" t="s"><v>0</v></row>')
    with pytest.raises(RejectedError, match="beschädigt"):
        only_sheet(content)


@pytest.mark.parametrize("writer", [xlsx, raw_xlsx, ods], ids=["xlsx", "by hand", "ods"])
def test_without_calamine_the_other_reader_gives_the_same(writer: Callable[[list[Page]], bytes]) -> None:
    page = requests(request("A-1", Sprache=Fault("#REF!")), request("A-2", Einrichtung="Haus\nHof"), ["Summe", 3.5])
    page.merges = [(5, 3, 6, 3)]
    content = writer([page, Page("Leer", [])])
    both, alone = sheets_of(content), sheets_of(content, calamine=False)
    for one, other in zip(both, alone, strict=True):
        assert (one.name, one.merges) == (other.name, other.merges)
        assert [one.row(row) for row in range(one.height)] == [other.row(row) for row in range(other.height)]
    assert [sheet.lone_reader for sheet in alone] == ["XML", None]


# --- .ods -----------------------------------------------------------------------------------------------------------


def ods_cell(xml: str) -> Cell:
    """A cell of a sheet that both readers have read; `xml` stands in for a cell of text."""
    text = b'office:value-type="string" calcext:value-type="string"><text:p>HIER</text:p></table:table-cell>'
    content = with_part(
        "content.xml",
        lambda part: part.replace(b"<table:table-cell " + text, xml.encode()),
        ods([Page("A", [["HIER", "x"], ["y", "z"]])]),
    )
    sheet = only_sheet(content)
    assert sheet.row(1) == ["y", "z"]
    assert sheet.cell(0, 1) == "x"
    return sheet.cell(0, 0)


def shown(attributes: str, text: str) -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


STRING, FLOAT = 'office:value-type="string"', 'office:value-type="float"'

SHOWN: dict[str, tuple[str, Cell]] = {
    "Excel's error": (shown(f'{FLOAT} office:value="0"', "#DIV/0!"), ErrorCell("#DIV/0!")),
    "LibreOffice's error": (shown(f'{FLOAT} office:value="0"', "Err:502"), ErrorCell("Err:502")),
    "an error as an empty text": (shown(f'{STRING} office:string-value=""', "#NAME?"), ErrorCell("#NAME?")),
    "an error by its mark": (shown(f'{STRING} calcext:value-type="error"', "Fehler"), ErrorCell("Fehler")),
    "an error without a type": (shown('table:formula="of:=1/0"', "#WERT!"), ErrorCell("#WERT!")),
    "an error of a day": (
        shown('office:value-type="date" office:date-value="1899-12-30"', "#WERT!"), ErrorCell("#WERT!"),
    ),
    "a text that begins so": (shown(STRING, "#17 Kita"), "#17 Kita"),
    "a number that is shown otherwise": (shown(f'{FLOAT} office:value="1234.5"', "1.234,50 €"), 1234.5),
    "a day": (shown('office:value-type="date" office:date-value="2023-03-01"', "1. März"), DAY),
    "a truth": (shown('office:value-type="boolean" office:boolean-value="true"', "WAHR"), BoolCell(True)),  # noqa: FBT003
    "a time": (shown('office:value-type="time" office:time-value="PT01H30M00S"', "01:30"), dt.time(1, 30)),
    "a time in short": (shown('office:value-type="time" office:time-value="PT90M"', "01:30"), dt.time(1, 30)),
    "a day and more": (
        shown('office:value-type="time" office:time-value="PT30H15M00S"', "30:15"), dt.timedelta(hours=30, minutes=15),
    ),
    "a text without a type": (shown("", "Kita"), "Kita"),
    "a line break": (shown(STRING, "a<text:line-break/>b"), "a\nb"),
    "blanks and a tab": (shown(STRING, 'a<text:s text:c="2"/>b<text:tab/>c'), "a  b\tc"),
    "a drawing": (shown(STRING, "Kita<draw:frame><text:p>Bild</text:p></draw:frame>"), "Kita"),
    "an entity": (shown(STRING, "A &amp; B"), "A & B"),
    "quotes of the other kind": ("<table:table-cell office:value-type='float' office:value='3'/>", 3),
    "no result": ('<table:table-cell table:formula="of:=A2"/>', ErrorCell("=A2")),
}  # fmt: skip


@pytest.mark.parametrize("kind", SHOWN)
def test_what_an_ods_cell_shows_stands_beside_its_value(kind: str) -> None:
    xml, expected = SHOWN[kind]
    assert ods_cell(xml) == expected


def test_rows_of_an_ods_may_stand_in_groups() -> None:
    def change(part: bytes) -> bytes:
        head, *rows = part.replace(b"<table:table-row>", b"|<table:table-row>").split(b"|")
        tail = rows[-1][rows[-1].index(b"</table:table>") :]
        rows[-1] = rows[-1].removesuffix(tail)
        header = b"<table:table-header-rows>" + rows[0] + b"</table:table-header-rows>"
        group = b"<table:table-row-group><table:table-rows>%s</table:table-rows></table:table-row-group>"
        return head + header + group % rows[1] + group % b"".join(rows[2:]) + tail

    content = with_part("content.xml", change, ods([Page("A", [["x"], [1], [2], [3, "y"]])]))
    found = only_sheet(content)
    assert [found.row(row) for row in range(4)] == [["x", ""], [1, ""], [2, ""], [3, "y"]]


def test_an_error_that_excel_saved_into_an_ods_is_told() -> None:
    content = with_part(
        "content.xml",
        lambda part: part.replace(b'office:value="7"><text:p>7<', b'office:value="0"><text:p>#DIV/0!<'),
        ods([requests(request("A-1", **{"Honorar (€)": 7}))]),
    )
    result = _read(content)
    assert [(f.rule, f.raw) for f in result.findings if f.column_letter == "I"] == [("error_cell", "#DIV/0!")]


# --- .xls -----------------------------------------------------------------------------------------------------------


def with_a_damaged_container(content: bytes) -> bytes:
    """The root's own stream begins where the workbook's does ([MS-CFB] 2.6.1)."""
    at = content.index("Root Entry".encode("utf-16-le"))
    return content[: at + 116] + struct.pack("<iI", 0, 4096) + content[at + 124 :]


def test_an_xls_whose_container_xlrd_calls_damaged_is_read_with_its_errors() -> None:
    pages = [Page("A", [["x", 1, DAY, Fault("#REF!")], ["y", 2.5, None, True]])]
    found, plain = only_sheet(with_a_damaged_container(xls(pages))), only_sheet(xls(pages))
    assert [found.row(row) for row in range(2)] == [plain.row(row) for row in range(2)]
    assert found.cell(0, 3) == ErrorCell("#REF!")
    assert found.lone_reader is None  # two readers agree on its cells


def test_what_xlrd_refuses_is_read_by_calamine_with_its_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    import xlrd

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    content = xls([Page("A", [["x", 1, DAY, Fault("#REF!")], ["y"]])])
    monkeypatch.setattr(xlrd, "open_workbook", refuse)
    found = only_sheet(content)
    assert found.row(0) == ["x", 1, DAY, ErrorCell("#REF!")]
    assert found.lone_reader == "calamine"


# --- the comparison itself --------------------------------------------------------------------------------------------


def sheet(*rows: list[Cell]) -> Sheet:
    return encode_sheet("A", rows)


def test_readings_that_differ_make_a_doubtful_cell() -> None:
    first = sheet(["a", 1.0], ["b", 2.0], ["a", 2.0])
    compare(first, sheet(["a", 1.0], ["c", 2.0], ["a", 3.0]), XLSX_RULES)
    assert first.row(0) == ["a", 1.0]
    assert first.row(1) == [DoubtfulCell("b", "c"), 2.0]
    assert first.row(2) == ["a", DoubtfulCell(2.0, 3.0)]


@pytest.mark.parametrize(
    ("first", "second"),
    [("1", 1.0), (1.0, BoolCell(True)), (44986.0, DAY), ("", "x"), ("x", ""), ("x", ErrorCell("x"))],  # noqa: FBT003
    ids=repr,
)
def test_kinds_are_compared_too(first: Cell, second: Cell) -> None:
    found = sheet([first, "x"])
    compare(found, sheet([second, "x"]), XLSX_RULES)
    assert found.cell(0, 0) == DoubtfulCell(first, second)


def test_what_only_the_second_reading_has_is_doubtful() -> None:
    first = sheet(["a"])
    compare(first, sheet(["a", "b"], ["", "c"]), XLSX_RULES)
    assert first.row(0) == ["a", DoubtfulCell("", "b")]
    assert first.row(1) == ["", DoubtfulCell("", "c")]


def test_a_rule_says_who_is_right() -> None:
    for second_is_right, expected in ((False, "a"), (True, "A")):
        rule = Difference("case", lambda one, other: str(one).lower() == str(other).lower(), second_is_right)
        found = sheet(["a", "b"])
        compare(found, sheet([Noted("A", Peculiarity.ORDER), "c"]), (_plainly(rule),))
        assert found.row(0) == [expected, DoubtfulCell("b", "c")]


def _plainly(rule: Difference) -> Difference:
    def applies(one: Cell, other: Cell) -> bool:
        return rule.applies(one, other.cell if isinstance(other, Noted) else other)

    return Difference(rule.why, applies, rule.second_is_right)


def test_instants_may_differ_by_rounding_only() -> None:
    moment = dt.datetime(2023, 3, 1, 10, 30, 0, 500)  # noqa: DTZ001
    found = sheet([moment, moment, dt.time(10)])
    second, minute = dt.timedelta(milliseconds=1), dt.timedelta(minutes=1)
    compare(found, sheet([moment + second, moment + minute, dt.time(10, 0, 0, 900)]), XLSX_RULES)
    assert found.row(0) == [moment, DoubtfulCell(moment, moment + minute), dt.time(10)]


def test_many_differences_cost_no_more_than_their_number() -> None:
    first = sheet(*([f"{i}"] for i in range(20_000)))
    compare(first, sheet(*([f"{i} "] for i in range(20_000))), XLSX_RULES)
    assert first.cell(19_999, 0) == "19999 "
    assert not doubts(sheet(*([cell] for cell in first.distinct[0])))


def test_a_sheet_that_one_reading_lacks_is_taken_from_the_other() -> None:
    first, second = sheet(["a"]), sheet(["b"])
    found = witnessed(
        Reading("one", {"A": first, "B": None}), Reading("other", {"B": second, "C": encode_sheet("C", ())}), ()
    )
    assert found is not None
    assert [(s.cell(0, 0), s.lone_reader) for s in found] == [("a", "one"), ("b", "other"), ("", None)]
    assert witnessed(Reading("one", {"A": first, "B": None}), Reading("other"), ()) is None
    assert witnessed(Reading("one"), Reading("other"), ()) is None


# --- what the office is told ------------------------------------------------------------------------------------------


def _read(content: bytes, key: str = "sprachmittlerpool") -> Only:
    return only(read_delivery(PurePath("x"), content, programme(key), b"k" * 32, LIMITS))


def _with_style(content: bytes, at: str, value: str) -> bytes:
    """A cell as a negative time of day, which readers read differently."""
    mark = f'r="{at}">'.encode()
    return with_part(
        SHEET, lambda part: part.replace(mark + value.encode(), f'r="{at}" s="1"><v>-0.25</v>'.encode(), 1), content
    )


def test_both_readings_are_told() -> None:
    cancelled = request("A-1", Status="abgesagt", Datum=None)
    result = _read(_with_style(raw_xlsx([requests(cancelled)]), "H6", "<v>1.5</v>"))
    (found,) = [f for f in result.findings if f.rule == "error_cell"]
    assert (found.row, found.column_letter, found.severity) == (6, "H", "warning")
    assert found.raw == "18:00:00 | -0.25"
    assert (
        "Ein Programm liest die Zelle als „18:00:00“, ein anderes als „-0,25“. Bitte den Wert selbst" in found.message
    )
    assert result.tables["requests"].accounts[0].accepted == 1


def test_neither_reading_of_a_personal_cell_is_told() -> None:
    header = ["Nr.", "Datum", "Person-ID", "Ort", "Thema"]
    page = Page("A", [["Berichtszeitraum: 2023"], ["Stand: 15.01.2024"], header, ["K1", DAY, 4711, "Ahlen", "Wohnen"]])
    result = _read(_with_style(raw_xlsx([page]), "C4", "<v>4711</v>"), "suedosteuropa")
    (found,) = [f for f in result.findings if f.rule == "error_cell"]
    assert found.raw == "***"
    assert found.message.endswith("Zwei Programme lesen die Zelle verschieden. Bitte den Wert selbst eintragen.")
    assert "18:00" not in repr(found)


def test_a_stand_that_readers_read_differently_is_none() -> None:
    page = requests(request("A-1"))
    page.grid[[row[0] for row in page.grid].index("Stand: 15.01.2024")] = ["Stand", 45306]
    result = _read(_with_style(raw_xlsx([page]), "B3", "<v>45306</v>"))
    assert result.rejected == "missing_as_of"


# --- both agree on honest files ---------------------------------------------------------------------------------------

TEXTS = st.text(
    st.characters(min_codepoint=32, max_codepoint=0xFFFD, exclude_categories=("Cs", "Cn", "Co")), max_size=12
)
NUMBERS = st.one_of(st.integers(-(10**9), 10**9), st.floats(-1e9, 1e9, allow_nan=False).map(lambda x: round(x, 6)))
DAYS = st.dates(dt.date(1950, 1, 1), dt.date(2100, 1, 1))
CELLS = st.one_of(st.none(), TEXTS.filter(lambda t: "_x" not in t), NUMBERS, st.booleans(), DAYS)
GRIDS = st.lists(st.lists(CELLS, max_size=5), max_size=6)


def plain(cell: Any) -> Cell:
    if cell is None:
        return ""
    return BoolCell(cell) if isinstance(cell, bool) else cell


def expect(content: bytes, grid: list[list[Any]], same: Callable[[Any], Any] = lambda cell: cell) -> None:
    """Both readers have read the sheet, and it is the grid; `same` makes equal what a format cannot tell apart."""
    (found,) = sheets_of(content)
    assert found.lone_reader is None
    for row, cells in enumerate(grid):
        for column, cell in enumerate(cells):
            assert same(found.cell(row, column)) == same(plain(cell)), (row, column)
    assert not doubts(found)


def by_openpyxl(pages: list[Page]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for page in pages:
        target = book.create_sheet(page.name)
        for row, cells in enumerate(page.grid, start=1):
            for column, cell in enumerate(cells, start=1):
                if isinstance(cell, str):
                    target.cell(row, column).value = cell
                    target.cell(row, column).data_type = "s"
                elif cell is not None:
                    target.cell(row, column).value = cell
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def squeezed(cell: Any) -> Any:
    """Blanks at the ends are what writers and readers of .xlsx disagree about."""
    return cell.strip() if isinstance(cell, str) else cell


@quickly
@given(GRIDS)
def test_both_agree_on_what_xlsxwriter_writes(grid: list[list[Any]]) -> None:
    expect(xlsx([Page("A", grid)]), grid)


@quickly
@given(GRIDS)
def test_both_agree_on_what_openpyxl_writes(grid: list[list[Any]]) -> None:
    expect(by_openpyxl([Page("A", grid)]), grid, squeezed)


@quickly
@given(
    GRIDS,
    st.builds(
        Spelling,
        prefix=st.sampled_from(["", "x:"]),
        quote=st.sampled_from(['"', "'"]),
        positions=st.booleans(),
        empty_rows=st.sampled_from(["<row{}/>", "<row{}></row>"]),
    ),
)
def test_both_agree_on_every_spelling(grid: list[list[Any]], spelling: Spelling) -> None:
    grid = [
        [c.replace("'", "").replace('"', "").replace("<", "") if isinstance(c, str) else c for c in row] for row in grid
    ]
    expect(raw_xlsx([Page("A", grid)], spelling), grid, squeezed)


@quickly
@given(GRIDS)
def test_both_agree_on_ods(grid: list[list[Any]]) -> None:
    expect(ods([Page("A", grid)]), grid)


@quickly
@given(GRIDS)
def test_both_agree_on_xls(grid: list[list[Any]]) -> None:
    expect(xls([Page("A", grid)]), grid)


@quickly
@given(GRIDS)
def test_the_quick_passes_give_what_expat_gives(grid: list[list[Any]]) -> None:
    grid = [[*row, Fault("#REF!"), *row[:1] * 2] for row in grid] * 2
    with zipfile.ZipFile(io.BytesIO(raw_xlsx([Page("A", grid)]))) as archive:
        part = archive.read(SHEET)
    quick = xlsx_stream._usual(io.BytesIO(part))
    scanner = xlsx_stream._Scanner()
    scanner.run(io.BytesIO(part))
    slow = scanner.result()
    assert _listed(quick.cells, quick.distinct) == _listed(slow.cells, slow.distinct)
    with zipfile.ZipFile(io.BytesIO(ods([Page("A", grid, merges=[(0, 0, 1, 1)])]))) as archive:
        part = archive.read("content.xml")
    fast = ods_stream._Usual(io.BytesIO(part)).run()
    scan = ods_stream._Scanner()
    scan.run(io.BytesIO(part))
    whole = scan.result()
    for one, other in zip(fast.tables, whole.tables, strict=True):
        assert one.name == other.name
        ours, theirs = ((t.rows, t.columns, t.codes, t.heights) for t in (one, other))
        assert _listed(ours, fast.distinct) == _listed(theirs, whole.distinct)


def _listed(arrays: Any, distinct: list[Any]) -> list[tuple[Any, ...]]:
    rows, columns, codes, *more = (array.tolist() for array in arrays)
    return [(*place, distinct[code]) for *place, code in zip(rows, columns, *more, codes, strict=True)]


WORKBOOKS = sorted(path for path in SAMPLE.rglob("*") if path.suffix in (".xlsx", ".xlsm", ".xls", ".ods"))


@pytest.mark.parametrize("file", WORKBOOKS, ids=lambda path: path.name)
def test_both_agree_on_the_sample(file: Path) -> None:
    try:
        sheets = sheets_of(file.read_bytes(), file.name)
    except RejectedError:  # some are unreadable on purpose
        pytest.skip("unreadable")
    assert [s.name for s in sheets if s.lone_reader is not None] == []
    assert [cell for s in sheets for column in s.distinct for cell in column if isinstance(cell, DoubtfulCell)] == []
