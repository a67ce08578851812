"""Corners of the contract: what merges hide, cells that stand alone, texts that look like something else."""

from __future__ import annotations

import io
from pathlib import PurePath
from typing import Any

import pytest
import xlsxwriter
import xlwt
from xlwt.Cell import StrCell

from kim_pipeline.contracts import programmes
from kim_pipeline.reading.delivery import read_delivery
from kim_pipeline.reading.formats.workbook import Limits
from tests.helpers_tables import Only, only
from tests.workbooks import Grid, Page, csv_text, day, ods, xls, xlsx

AS_OF, PERIOD = ["Stand: 15.01.2024"], ["Berichtszeitraum: 2023"]
OFFERS = ["Nr.", "Angebot", "Ort", "Thema", "seit"]
OFFER = ["1", "Kurs", "Ahlen", "Kita", day("2023-01-01")]
WRITERS = {"L.xlsx": xlsx, "L.xls": xls, "L.ods": ods, "L.csv": lambda pages: csv_text(pages[0]).encode()}


def read(programme: str, content: bytes, name: str = "L.xlsx") -> Only:
    return only(read_delivery(PurePath(name), content, programmes()[programme], b"k" * 32, Limits(2**24, 2**27)))


def accounts(result: Only) -> list[tuple[int, int, int, int, int]]:
    found = [account for table in result.tables.values() for account in table.accounts]
    return [(a.rows_read, a.accepted, a.quarantined, a.total, a.note) for a in found]


def findings(result: Only) -> list[tuple[int | None, str | None, str, str | None]]:
    return [(f.row, f.column_letter, f.rule, f.raw) for f in result.findings if f.rule != "absent_column"]


def written(grid: Grid, *merges: tuple[int, int, int, int]) -> bytes:
    """An .xlsx whose merged ranges still hold what was typed before they were merged."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Blatt")
        for merge in merges:
            sheet.merge_range(*merge, "")
        for number, row in enumerate(grid):
            sheet.write_row(number, 0, row)
    return target.getvalue()


@pytest.mark.parametrize("name", WRITERS)
def test_a_group_that_is_the_only_cell_of_its_row_is_no_title(name: str) -> None:
    upper = [None, None, None, "Stunden", None]
    lower = ["Einrichtung", "Sprachhelfer/in", "Kommune", "bewilligt", "geleistet"]
    grid: Grid = [PERIOD, AS_OF, upper, lower, ["Kita A", "SH1", "Ahlen", 100, 90]]
    merges = [(2, 3, 2, 4)] if name != "L.csv" else []
    result = read("sprachhelfer", WRITERS[name]([Page("Blatt", grid, merges)]), name)
    assert (accounts(result), findings(result)) == ([(1, 1, 0, 0, 0)], [])


def exported(grid: list[list[Any]]) -> bytes:
    """An .xls with text cells of no length, as export programs write it, and no sign that Excel calculated it."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Blatt")
    date = xlwt.easyxf(num_format_str="DD.MM.YYYY")
    for number, row in enumerate(grid):
        for column, value in enumerate(row):
            if value == "":
                sheet.row(number).insert_cell(column, StrCell(number, column, 0x0F, book.add_str("")))
            else:
                sheet.write(number, column, value, *([date] if not isinstance(value, str | int) else []))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_an_empty_text_in_an_xls_is_no_formula() -> None:
    rows: Grid = [[*OFFER, ""], ["2", "", *OFFER[2:], 3], [""] * 6, ["3", *OFFER[1:], 3]]
    result = read("angebote", exported([["", "", "Stand:", "", "15.01.2024"], [*OFFERS, "Plätze"], *rows]), "L.xls")
    assert accounts(result) == [(3, 2, 1, 0, 0)]
    assert findings(result) == [(4, "B", "missing_value", "")]


def test_a_line_break_in_an_ods_is_a_blank() -> None:
    header, row = [*OFFERS[:4], "gültig\nab"], [*OFFER[:3], "Arbeit und\nAusbildung", OFFER[4]]
    broken = ods([Page("Blatt", [AS_OF, header, row])])
    spelt = _with_breaks(broken)
    assert accounts(read("angebote", spelt, "L.ods")) == [(1, 1, 0, 0, 0)]


def _content(package: bytes) -> bytes:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return archive.read("content.xml")


def _with_breaks(package: bytes) -> bytes:
    """Line breaks within one paragraph, as other programs than LibreOffice write them."""
    from tests.workbooks import edited

    def change(name: str, part: bytes) -> bytes:
        if name != "content.xml":
            return part
        return part.replace(b"\n", b"<text:line-break/>").replace(b"</text:p><text:p>", b"<text:line-break/>")

    spelt = edited(package, change)
    assert b"text:line-break" in _content(spelt)
    return spelt


def test_a_column_named_stand_on_another_sheet_does_not_state_it() -> None:
    versions = Page("Änderungen", [["Version", "Stand", "Wer"], ["1.0", day("2020-01-31"), "KI"]])
    result = read("angebote", xlsx([versions, Page("Blatt", [AS_OF, OFFERS, OFFER])]))
    assert result.as_of == day("2024-01-15")


@pytest.mark.parametrize("between", ["\n", ", ", " – "])
def test_both_facts_may_share_a_cell(between: str) -> None:
    fact = [f"Berichtszeitraum: 2023{between}Stand: 15.01.2024"]
    header = ["Einrichtung", "Sprachhelfer", "Ort", "Stunden bewilligt"]
    result = read("sprachhelfer", xlsx([Page("Blatt", [fact, header, ["A", "S1", "Ahlen", 10]])]))
    assert (str(result.period), result.as_of) == ("2023", day("2024-01-15"))


def test_what_a_merge_hides_is_blank() -> None:
    header = ["Einrichtung", "Sprachhelfer/in", "Kommune", "Stunden bewilligt", "Kinder"]
    rows = [["A", "S1", "Ahlen", 10, 3], ["B", "S2", "Beckum", 20, 4]]
    result = read("sprachhelfer", written([PERIOD, AS_OF, header, *rows], (3, 4, 4, 4)))
    assert result.tables["placements"].rows["children"].to_pylist() == [3, None]


def test_what_a_merged_group_hides_does_not_end_its_reach() -> None:
    upper, lower = ["Schule", "Fach", "Ort", "1. Halbjahr", "alt"], ["", "", "", "SuS", "Std."]
    grid: Grid = [["Berichtszeitraum: 2022/23"], AS_OF, upper, lower, ["A", "DaZ", "Ahlen", 1, 2]]
    result = read("mercator", written(grid, (2, 3, 2, 4)))
    assert result.tables["tuition"].rows["lesson_hours"].to_pylist() == [2.0]
    assert findings(result) == []


def test_a_merged_header_does_not_fill_the_data_below() -> None:
    grid: Grid = [AS_OF, [*OFFERS, "Intern", None], [None] * 5 + ["KW", "Zeichen"], [*OFFER, 3, "x"]]
    merges = [(1, column, 2, column) for column in range(5)] + [(1, 5, 1, 6)]
    result = read("angebote", xlsx([Page("Blatt", grid, merges)]))
    assert [found for found in findings(result) if found[2] == "incomplete_row"] == [(3, "A", "incomplete_row", "")]


def test_a_chart_sheet_is_listed_as_ignored() -> None:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Blatt")
        for number, row in enumerate([AS_OF, OFFERS, [*OFFER[:4], "01.01.2023"]]):
            sheet.write_row(number, 0, row)
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=Blatt!$A$3:$A$3"})
        book.add_chartsheet("Diagramm").set_chart(chart)
    result = read("angebote", target.getvalue())
    assert (result.ignored_sheets, accounts(result)) == (["Diagramm"], [(1, 1, 0, 0, 0)])


def test_out_of_range_is_one_finding_per_cell() -> None:
    header = ["Einrichtung", "Sprachhelfer", "Ort", "Stunden bewilligt", "Stunden geleistet"]
    result = read("sprachhelfer", xlsx([Page("Blatt", [PERIOD, AS_OF, header, ["A", "1", "Ahlen", -10, -1]])]))
    assert findings(result) == [(4, "D", "out_of_range", "-10"), (4, "E", "out_of_range", "-1")]


def test_the_nearest_header_is_that_of_the_smallest_distance() -> None:
    header = ["Nr.", "Angebot", "Interne Bearbeitungsnotiz", "Thema", "seit"]
    result = read("angebote", xlsx([Page("Blatt", [AS_OF, header, OFFER])]))
    assert result.rejected
    (found,) = [f for f in result.findings if f.rule == "missing_column"]
    assert (found.row, found.column_letter, found.column_name, found.raw) == (2, "A", "Ort", "Nr.")


@pytest.mark.parametrize("title", ["PKS-Übersicht", "<intern>", "Zeile\x0bmit Umbruch"])
def test_a_csv_may_begin_with_anything(title: str) -> None:
    row = [*OFFER[:4], "01.01.2023"]
    text = csv_text(Page("x", [[title], AS_OF, OFFERS, row]))
    assert accounts(read("angebote", text.encode(), "L.csv")) == [(1, 1, 0, 0, 0)]


@pytest.mark.parametrize("start", ["<!-- saved -->", "<?xml version='1.0'?>", "<!DOCTYPE html>", "<TABLE border=1>"])
def test_markup_is_no_csv(start: str) -> None:
    text = start + "\n" + csv_text(Page("x", [AS_OF, OFFERS, [*OFFER[:4], "01.01.2023"]]))
    assert read("angebote", text.encode(), "L.csv").rejected == "unreadable"


def test_a_quotation_mark_that_is_never_closed_is_told() -> None:
    rows = "".join(f"{n};Kurs;Ahlen;Kita;01.01.2023\n" for n in range(2, 9))
    text = f'Stand: 15.01.2024\n{";".join(OFFERS)}\n1;"Kurs;Ahlen;Kita;01.01.2023\n{rows}'
    result = read("angebote", text.encode(), "L.csv")
    assert accounts(result) == [(8, 7, 1, 0, 0)]
    (found,) = [f for f in result.findings if f.rule == "error_cell"]
    assert (found.row, found.column_letter, found.raw) == (3, "B", 'Kurs… | "Kurs')
    assert 'Ein Programm liest die Zelle als „Kurs…“, ein anderes als „"Kurs“.' in found.message
    inches = f'Stand: 15.01.2024\n{";".join(OFFERS)}\n1;Rohr 5";Ahlen;Kita;01.01.2023\n{rows}'
    assert accounts(read("angebote", inches.encode(), "L.csv")) == [(8, 8, 0, 0, 0)]


def test_an_empty_part_is_no_language() -> None:
    header = ["Gruppe", "Programm", "Einrichtung", "Ort", "Familien", "Kinder", "Sprachen"]
    row = ["G1", "Griffbereit", "Kita", "Ahlen", 3, 4, "Arabisch/"]
    result = read("fit", xlsx([Page("Blatt", [["Berichtszeitraum: 2022/23"], AS_OF, header, row])]))
    assert result.tables["groups"].rows["languages"].to_pylist() == ["ara"]
    assert findings(result) == []
