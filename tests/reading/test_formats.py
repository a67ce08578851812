"""One table in every format gives the same rows and findings; each format's traps are met one by one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath
from typing import Any

import pytest

from kim_pipeline.contracts import programme
from kim_pipeline.reading.delivery import read_delivery
from kim_pipeline.reading.formats.cells import BoolCell, DoubtfulCell, ErrorCell, Merge, Sheet
from kim_pipeline.reading.formats.workbook import Limits, read_sheets
from tests.helpers_tables import Only, only
from tests.workbooks import (
    HEADER,
    Fault,
    Formula,
    Page,
    Spelling,
    csv_text,
    day,
    edited,
    ods,
    raw_xlsx,
    request,
    requests,
    xls,
    xlsx,
)

KEY = b"k" * 32
LIMITS = Limits(file_bytes=2**26, unpacked_bytes=2**30)
FAULTS = ("#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#N/A")

Writer = Callable[[list[Page]], bytes]

WORKBOOKS: dict[str, Writer] = {
    "excel.xlsx": xlsx,
    "excel.xlsm": xlsx,
    "by_hand.xlsx": raw_xlsx,
    "prefixes.xlsx": lambda pages: raw_xlsx(pages, Spelling(prefix="x:")),
    "single_quotes.xlsx": lambda pages: raw_xlsx(pages, Spelling(quote="'")),
    "no_positions.xlsx": lambda pages: raw_xlsx(pages, Spelling(positions=False)),
    "all_of_it.xlsx": lambda pages: raw_xlsx(pages, Spelling("ss:", "'", positions=False, empty_rows="<row{}></row>")),
    "since_1904.xlsx": lambda pages: xlsx(pages, epoch_1904=True),
    "by_hand_since_1904.xlsx": lambda pages: raw_xlsx(pages, epoch_1904=True),
    "old.xls": xls,
    "old_since_1904.xls": lambda pages: xls(pages, epoch_1904=True),
    "libre.ods": ods,
    "libre_since_1904.ods": lambda pages: ods(pages, epoch_1904=True),
    "wrong_name.xls": xlsx,
    "wrong_name.xlsx": xls,
    "wrong_name.ods": raw_xlsx,
    "wrong_name.csv": ods,
    "no_name_at_all": xlsx,
}


def the_pages() -> list[Page]:
    """A delivery with everything that the formats must agree on."""
    cancelled = {"Status": "abgesagt", "Datum": None}
    first = requests(
        request("A-1"),
        request("A-2", Einrichtung=None, Ort="Wadersloh (Stromberg)"),
        [None] * len(HEADER),
        request(3, Ort="Warendorf (Freckenhorst)", Sprache="Türkisch", Einrichtung="Büro „Brücke“ – Nord"),
        request("A-4", Einrichtung="Straße; Ecke, Platz\nHaus 2"),
        request("A-5", **{"Dauer (Std.)": Formula("=A1+1"), "Honorar (€)": Formula("=A1*2", 12.5)}, **cancelled),
        request("A-6", Sprache=Fault("#REF!")),
        *(request(f"B-{i}", **{"Honorar (€)": Fault(code)}, **cancelled) for i, code in enumerate(FAULTS)),
        ["Summe", *[None] * 6, 4.5, 180.0, None, None],
        ["Hinweis: ohne Dezember"],
    )
    first.merges = [(5, 5, 6, 5)]
    first.hidden_rows = frozenset({8})
    first.hidden_columns = frozenset({3})
    second = replace(requests(request("C-1"), name="Nachträge"), is_hidden=True)
    return [first, second, Page("Abkürzungen", [["SM", "Sprachmittlung"]])]


def read(name: str, content: bytes, key: str = "sprachmittlerpool") -> Only:
    return only(read_delivery(PurePath(name), content, programme(key), KEY, LIMITS))


def sheets_of(name: str, content: bytes) -> list[Sheet]:
    return read_sheets(PurePath(name), content, LIMITS, lambda sheet: sheet.width)


def cells_of(sheet: Sheet) -> list[list[Any]]:
    return [sheet.row(row) for row in range(sheet.height)]


def rows_of(result: Only, table: str = "requests") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = result.tables[table].rows.to_pylist()
    return rows


def places_of(result: Only) -> list[tuple[Any, ...]]:
    return [
        (f.sheet, f.row, f.column_letter, f.column_name, f.rule, f.severity, (f.raw or "")[:1] == "=")
        for f in result.findings
        if f.rule != "absent_column"
    ]


@pytest.fixture(scope="module")
def expected() -> Only:
    """What the .xlsx of Excel gives; checked against the table by hand in `test_the_table_itself`."""
    return read("excel.xlsx", xlsx(the_pages()))


def test_the_table_itself(expected: Only) -> None:
    rows = rows_of(expected)
    assert [row["request_no"] for row in rows] == ["A-1", "3", "A-4", "A-5", *(f"B-{i}" for i in range(7)), "C-1"]
    assert {row["requested_on"] for row in rows} == {dt.date(2023, 3, 1)}
    assert rows[1]["municipality"] == "05570052"
    assert rows[1]["institution"] == "Büro „Brücke“ – Nord"
    assert rows[2]["institution"] == "Straße; Ecke, Platz Haus 2"
    assert rows[3]["fee_eur"] == 12.5
    assert rows[3]["hours"] is None
    assert expected.ignored_sheets == ["Abkürzungen"]
    first, second = expected.tables["requests"].accounts
    assert (first.rows_read, first.accepted, first.quarantined, first.total, first.note) == (15, 11, 2, 1, 1)
    assert (second.rows_read, second.accepted) == (1, 1)
    faulty = [("Einsätze", row, "I", "Honorar (€)", "error_cell", "warning", False) for row in range(13, 19)]
    assert sorted(places_of(expected), key=str) == sorted(
        [
            ("Einsätze", 7, "D", "Ort", "unknown_municipality", "error", False),
            ("Einsätze", 11, "H", "Dauer (Std.)", "error_cell", "warning", True),
            ("Einsätze", 12, "E", "Sprache", "error_cell", "error", False),
            *faulty,  # and #N/A, in row 19, is an empty token
        ],
        key=str,
    )


@pytest.mark.parametrize("name", WORKBOOKS)
def test_every_workbook_gives_the_same(name: str, expected: Only) -> None:
    result = read(name, WORKBOOKS[name](the_pages()))
    assert rows_of(result) == rows_of(expected)
    assert places_of(result) == places_of(expected)
    assert result.tables["requests"].accounts == expected.tables["requests"].accounts
    assert (result.period, result.as_of) == (expected.period, expected.as_of)
    assert result.ignored_sheets == expected.ignored_sheets


@pytest.mark.parametrize("name", [n for n in WORKBOOKS if not n.startswith("wrong")])
def test_sheets_are_equal_cell_by_cell(name: str) -> None:
    ours, theirs = sheets_of(name, WORKBOOKS[name](the_pages())), sheets_of("x.xlsx", xlsx(the_pages()))
    for sheet, other in zip(ours, theirs, strict=True):
        assert sheet.name == other.name
        assert sheet.merges == other.merges
        assert [_comparable(row) for row in cells_of(sheet)] == [_comparable(row) for row in cells_of(other)]


def _comparable(row: list[Any]) -> list[Any]:
    return [ErrorCell("=") if isinstance(cell, ErrorCell) and cell.raw.startswith("=") else cell for cell in row]


@pytest.mark.parametrize("delimiter", [";", ","])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("name", ["list.csv", "list.CSV", "list.txt", "list.xls", "list"])
def test_every_csv_gives_the_same(name: str, encoding: str, delimiter: str) -> None:
    page = _for_csv(the_pages()[0])
    same = read("x.xlsx", xlsx([page]))
    result = read(name, csv_text(page, delimiter).encode(encoding))
    assert [_unplaced(row) for row in rows_of(result)] == [_unplaced(row) for row in rows_of(same)]
    assert [place[1:] for place in places_of(result)] == [place[1:] for place in places_of(same)]
    assert [replace(a, sheet="") for a in result.tables["requests"].accounts] == [
        replace(a, sheet="") for a in same.tables["requests"].accounts
    ]


def _for_csv(page: Page) -> Page:
    """The page without what a .csv cannot hold: merged ranges, formulas, and an error that German Excel never shows."""
    grid = [[c.result if isinstance(c, Formula) else c for c in row] for row in page.grid]
    return Page("list", [row for row in grid if Fault("#NULL!") not in row])


def _unplaced(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "source_sheet"}


def test_csv_keeps_the_characters_that_latin1_lacks() -> None:
    text = csv_text(requests(request("A-1", Einrichtung="„Haus“ – Café … 50 € ‚Œ‘ Š"))).encode("cp1252")
    assert rows_of(read("x.csv", text))[0]["institution"] == "„Haus“ – Café ... 50 € ‚Œ‘ Š"  # NFKC spells … out


def test_the_separator_line_of_a_csv_is_obeyed_and_no_record() -> None:
    text = csv_text(requests(request("A-1", Einrichtung="a;b|c"), request("A-2", Sprache=None)), "|")
    for line in ("sep=|\r\n", '"sep=|"\n', "SEP=|||||\r"):
        result = read("x.csv", (line + text).encode())
        assert [f.row for f in result.findings if f.rule == "missing_value"] == [7]
        assert rows_of(result)[0]["institution"] == "a;b|c"


@pytest.mark.parametrize("delimiter", [";", ","])
def test_csv_titles_may_hold_the_other_delimiter(delimiter: str) -> None:
    other = {";": ",", ",": ";"}[delimiter]
    titles = f"Liste{other} Teil 1{other} Stand vorläufig{other}{other}{other}{other}\r\n" * 30
    result = read("x.csv", (titles + csv_text(requests(request("A-1")), delimiter)).encode())
    assert len(rows_of(result)) == 1


def test_csv_with_line_breaks_in_cells_counts_records() -> None:
    text = csv_text(requests(request("A-1", Einrichtung="Haus 1\r\nHof"), request("A-2", Sprache=None)))
    result = read("x.csv", text.encode())
    assert [f.row for f in result.findings if f.rule == "missing_value"] == [7]


def test_csv_knows_serial_numbers_of_days() -> None:
    text = csv_text(requests(request("A-1"))).replace("01.03.2023", "44986")
    assert rows_of(read("x.csv", text.encode()))[0]["requested_on"] == dt.date(2023, 3, 1)


@pytest.mark.parametrize(
    ("name", "writer", "first"),
    [
        ("x.xlsx", xlsx, dt.date(1899, 12, 30)),
        ("x.xls", xls, dt.date(1899, 12, 30)),
        ("x.ods", ods, dt.date(1899, 12, 30)),
        ("x.xlsx", lambda pages: xlsx(pages, epoch_1904=True), dt.date(1904, 1, 1)),
        ("x.xls", lambda pages: xls(pages, epoch_1904=True), dt.date(1904, 1, 1)),
        ("x.ods", lambda pages: ods(pages, epoch_1904=True), dt.date(1904, 1, 1)),
    ],
)
def test_plain_numbers_count_days_as_the_workbook_says(name: str, writer: Writer, first: dt.date) -> None:
    number = (day("2023-03-01") - first).days
    row = rows_of(read(name, writer([requests(request("A-1", **{"Anfrage am": number}))])))[0]
    assert row["requested_on"] == dt.date(2023, 3, 1)


@pytest.mark.parametrize("writer", [xlsx, raw_xlsx, xls, ods], ids=["xlsx", "raw", "xls", "ods"])
def test_booleans_stay_apart_from_numbers(writer: Writer) -> None:
    header = ["Nr.", "Handlungsfeld", "Maßnahme", "KI-Beteiligung", "Status"]
    said = [True, False, 1, 0, "ja", "x", None, "WAHR"]
    rows = [[f"M{i}", "Sprache", "Kurs", value, "laufend"] for i, value in enumerate(said)]
    content = writer([Page("Handlungskonzept 2016", [["Stand: 15.01.2024"], header, *rows])])
    sheet = sheets_of("x", content)[0]
    assert [sheet.cell(row, 3) for row in (2, 3, 4)] == [BoolCell(True), BoolCell(False), 1]  # noqa: FBT003
    result = read("x", content, "massnahmen")
    expected = [True, False, True, False, True, True, False, True]
    assert [row["ki_involved"] for row in rows_of(result, "measures")] == expected


def test_shared_formulas_and_empty_results() -> None:
    """A shared formula without a value is lost; `t="str"` with an empty value is a blank text, as Excel keeps `=""`."""
    rows = [
        '<row r="2"><c r="A2"><f t="shared" ref="A2:A4" si="0">B2+1</f><v>7</v></c></row>',
        '<row r="3"><c r="A3"><f t="shared" si="0"/><v>8</v></c></row>',
        '<row r="4"><c r="A4"><f t="shared" si="0"/></c></row>',
        '<row r="5"><c r="A5" t="str"><f>""</f><v></v></c><c r="B5" t="str"><f>""</f><v/></c></row>',
        '<row r="6"><c r="A6" t="str"><f>"x"</f><v>x</v></c><c r="B6"><f>1+1</f><v></v></c></row>',
        '<row r="7"><c r="A7" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="B7" t="b"><f>TRUE()</f><v>1</v></c></row>',
    ]
    sheet = sheets_of("x.xlsx", _with_rows("".join(rows)))[0]
    column = [sheet.cell(row, 0) for row in range(1, 7)]
    assert column[:2] == [7, 8]
    assert isinstance(column[2], ErrorCell)
    assert column[2].raw.startswith("=")
    assert column[3:] == ["", "x", ErrorCell("#DIV/0!")]
    assert sheet.cell(4, 1) == ""
    assert sheet.cell(5, 1) == ErrorCell("=1+1")
    assert sheet.cell(6, 1) == BoolCell(True)  # noqa: FBT003


def _with_rows(rows: str) -> bytes:
    """A hand-made .xlsx whose sheet holds these rows."""

    def change(name: str, part: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return part
        head, tail = part.split(b"<sheetData>")[0], part.split(b"</sheetData>")[1]
        return head + b"<sheetData>" + rows.encode() + b"</sheetData>" + tail

    return edited(raw_xlsx([Page("Blatt", [["x"]])]), change)


@pytest.mark.parametrize("gap", ['<row r="3"/>', '<row r="3"></row>', "", '<row r="2" ht="3"/><row r="3" ht="9"/>'])
def test_lost_cells_stand_where_excel_shows_them(gap: str) -> None:
    """Blank rows before the data, self-closed or left out, must not shift an error cell."""
    rows = f'{gap}<row r="4"><c r="B4" t="e"><v>#NAME?</v></c></row><row r="9"><c r="C9" t="e"><v>#REF!</v></c></row>'
    sheet = sheets_of("x.xlsx", _with_rows(rows))[0]
    assert sheet.cell(3, 1) == ErrorCell("#NAME?")
    assert sheet.cell(8, 2) == ErrorCell("#REF!")


def test_lost_cells_beyond_the_first_block_stand_where_excel_shows_them() -> None:
    """The XML is read in blocks; rows without positions and without errors count in each."""
    plain = f"<row><c t='inlineStr'><is><t>{'y' * 200}</t></is></c></row>"
    rows = plain * 9000 + "<row><c/><c t='e'><v>#REF!</v></c></row>"
    sheet = sheets_of("x.xlsx", _with_rows(rows))[0]
    assert sheet.height == 9001
    assert sheet.cell(9000, 1) == ErrorCell("#REF!")


def test_rows_that_state_their_number_and_rows_that_do_not_may_mix() -> None:
    filler = f"<row><c t='inlineStr'><is><t>{'y' * 300}</t></is></c></row>" * 5000
    rows = f"<row r='11'><c r='A11'><v>1</v></c></row>{filler}<row><c t='e'><v>#REF!</v></c></row>"
    sheet = sheets_of("x.xlsx", _with_rows(rows))[0]
    assert sheet.cell(5011, 0) == ErrorCell("#REF!")
    assert sheet.height == 5012


def test_sheet_names_may_hold_what_xml_escapes() -> None:
    pages = [Page('A&B <2> "x"', [["1"], [Fault("#REF!")]]), Page("Übersicht's", [["2"]])]
    for writer in (xlsx, raw_xlsx, ods):
        assert [sheet.name for sheet in sheets_of("x", writer(pages))] == ['A&B <2> "x"', "Übersicht's"]


def test_blank_sheets_are_sheets() -> None:
    for writer in (xlsx, raw_xlsx, xls, ods):
        assert [s.name for s in sheets_of("x", writer([Page("Leer", []), Page("Voll", [["1"]])]))] == ["Leer", "Voll"]


def test_tables_may_start_anywhere() -> None:
    page = requests(request("A-1"))
    page.grid = [[], [], *([None, None, None, *row] for row in page.grid)]
    for writer in (xlsx, raw_xlsx, xls, ods):
        result = read("x", writer([page, requests(request("A-2", Status=None), name="Mehr")]))
        assert [row["source_row"] for row in rows_of(result)] == [8]
        assert [(f.row, f.column_letter) for f in result.findings if f.rule == "missing_value"] == [(6, "K")]


def test_merged_cells_belong_to_the_top_left_except_in_places_that_fill_down() -> None:
    rows = [request(f"A-{i}", Ort=None, Einrichtung=None, Bereich=None) for i in range(3)]
    rows[0] = request("A-0", Bereich="Kita")
    page = requests(*rows)
    page.merges = [(5, 3, 7, 3), (5, 5, 7, 5), (5, 6, 7, 6)]
    for writer in (xlsx, raw_xlsx, xls, ods):
        found = rows_of(read("x", writer([page])))
        assert [row["municipality"] for row in found] == ["05570004"] * 3
        assert [row["institution"] for row in found] == ["Grundschule Süd"] * 3
        assert [row["sector"] for row in found] == ["Kita", None, None]


def test_two_row_headers_with_merged_groups() -> None:
    upper = ["Schule", "Fach", "Ort", "1. Halbjahr", None, "2. Halbjahr", None]
    lower = [None, None, None, "SuS", "Std.", "SuS", "Std."]
    data = ["Gesamtschule Ahlen", "Deutsch", "Ahlen", 12, 30.5, 14, 28]
    page = Page("Kurse", [["Berichtszeitraum: 2022/23"], ["Stand: 15.08.2023"], upper, lower, data])
    page.merges = [(2, 0, 3, 0), (2, 1, 3, 1), (2, 2, 3, 2), (2, 3, 2, 4), (2, 5, 2, 6)]
    for writer in (xlsx, raw_xlsx, xls, ods):
        found = rows_of(read("x", writer([page]), "mercator"), "tuition")
        assert [(row["pupils"], row["lesson_hours"]) for row in found] == [(12, 30.5), (14, 28)]


def test_repeated_rows_and_columns_of_an_ods_are_all_there() -> None:
    sheet = sheets_of("x.ods", ods([Page("A", [["v", "v", "v"], [1, 1, 2], [1, 1, 2], [1, 1, 2], [None, None, 3]])]))[0]
    assert cells_of(sheet) == [["v", "v", "v"], [1, 1, 2], [1, 1, 2], [1, 1, 2], ["", "", 3]]
    grid: list[list[Any]] = [["v", "v"], [Fault("#REF!")] * 2, *([1, Fault("#N/A")] for _ in range(3))]
    faults = sheets_of("x.ods", ods([Page("A", grid)]))
    assert cells_of(faults[0])[1] == [ErrorCell("#REF!")] * 2
    assert [faults[0].cell(row, 1) for row in (2, 3, 4)] == [ErrorCell("#N/A")] * 3


def test_an_ods_error_with_a_comment_shows_the_error_only() -> None:
    content = ods([Page("A", [["v"], [Fault("#REF!")]])])

    def change(name: str, part: bytes) -> bytes:
        note = b"<office:annotation><text:p>Herr Muster fragen</text:p></office:annotation><text:p>#REF!"
        return part.replace(b"<text:p>#REF!", note) if name == "content.xml" else part

    assert sheets_of("x.ods", edited(content, change))[0].cell(1, 0) == ErrorCell("#REF!")


def test_days_before_the_calendar_begins_spoil_their_cell_only() -> None:
    """A date format on a negative or huge number is no day; the rest of the sheet is read."""
    import io

    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("A")
    style = xlwt.easyxf(num_format_str="DD.MM.YYYY")
    for row, number in enumerate([-5.0, 0.5, 1e9, 44986.0, 44986.25]):
        sheet.write(row, 0, number, style)
    target = io.BytesIO()
    book.save(target)
    found = [sheets_of("x.xls", target.getvalue())[0].cell(row, 0) for row in range(5)]
    assert found[1:] == [dt.time(12), 1e9, dt.date(2023, 3, 1), dt.datetime(2023, 3, 1, 6)]  # noqa: DTZ001
    assert found[0] == DoubtfulCell(-5.0, dt.time(0))  # calamine takes it for midnight


def test_facts_may_stand_on_a_cover_sheet() -> None:
    cover = Page("Deckblatt", [["Berichtszeitraum:", "1. Halbjahr 2023"], ["Stand", day("2023-07-15")]])
    table = Page("Einsätze", [HEADER, request("A-1")])
    for writer in (xlsx, raw_xlsx, xls, ods):
        result = read("x", writer([cover, table]))
        assert str(result.period) == "2023-H1"
        assert result.as_of == dt.date(2023, 7, 15)
        assert result.ignored_sheets == ["Deckblatt"]


def test_merges_are_read_as_ranges() -> None:
    page = Page("A", [["x", None], [None, None], ["y", "z"]], merges=[(0, 0, 1, 1)])
    for writer in (xlsx, raw_xlsx, xls, ods):
        assert sheets_of("x", writer([page]))[0].merges == [Merge(0, 0, 1, 1)]
