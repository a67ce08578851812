"""Which rows are data, totals and notes, merged cells, and the account of a sheet (`deliveries.md` §1.3 to §1.5)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kim_pipeline.reading.formats.cells import Cell, ErrorCell
from kim_pipeline.reading.rows import classify_rows, is_note, is_total
from tests.helpers_tables import read_csv_delivery, read_sheets_of, read_xlsx_delivery, sheet_of

DATA = ["K1", "01.02.2023", "P1", "Ahlen", "Wohnen"]
SOE = ["Nr.", "Datum", "Person-ID", "Ort", "Thema"]


def kinds(*rows: list[Cell]) -> tuple[list[int], int, int]:
    sheet = sheet_of(rows)
    filled = sheet.filled()
    held = np.flatnonzero(filled.any(axis=1))
    complete = np.zeros(len(held), dtype=np.bool_)
    found = classify_rows(sheet, held, filled[held], complete, first=0, key_column=0)
    return found.data.tolist(), found.totals, found.notes


@pytest.mark.parametrize(
    "cell",
    [
        "Summe", "Gesamt", "Insgesamt", "Summe:", "Summe 2023", "Summe2023", "Gesamt (Kreis)", "Insgesamt: 12",
        " Summe ", "Gesamt  alle", "Summe\nalle", "Summe\u00a0alle", "Gesamtsumme",
        "Zwischensumme", "Teilergebnis", "Gesamtergebnis 2",
    ],
)  # fmt: skip
def test_total(cell: Cell) -> None:
    assert is_total(cell)
    assert kinds(DATA, ["", cell, "12"]) == ([0], 1, 0)
    assert kinds(DATA, [cell]) == ([0], 1, 0)


@pytest.mark.parametrize(
    "cell",
    [
        "Gesamtschule Ahlen",
        "Ergebnis",
        "Summen",
        "Summe-1",
        "Die Summe",
        "Insgesamtzahl",
        12,
        "Gesamt/Kreis",
    ],
)
def test_no_total(cell: Cell) -> None:
    assert not is_total(cell)
    assert kinds(DATA, [cell, "12"]) == ([0, 1], 0, 0)


def test_only_the_first_filled_cell_tells_a_total() -> None:
    assert kinds(["K1", "Summe"]) == ([0], 0, 0)
    assert kinds(["", "", "Summe", "12"]) == ([], 1, 0)


@pytest.mark.parametrize(
    "cell", ["Hinweis", "Hinweise: …", "Anmerkung 1", "Quelle: IT.NRW", "* vorläufig", "*", " *x", "Legenden"]
)
def test_note(cell: Cell) -> None:
    assert is_note(cell)
    assert kinds([cell, "x", "y"], DATA, [cell]) == ([1], 0, 2)


@pytest.mark.parametrize(
    "cell", ["Siehe Hinweis", "(Quelle)", "1) vorläufig", "Die Quelle", "Quellenhof", "Hinweis-Kita"]
)
def test_no_note(cell: Cell) -> None:
    assert not is_note(cell)
    assert kinds(DATA, [cell, "x"]) == ([0, 1], 0, 0)


def test_a_single_cell_after_the_last_data_row_is_a_note() -> None:
    assert kinds(DATA, ["erstellt von XY"], ["", "geprüft"]) == ([0], 0, 2)


def test_a_single_cell_before_the_last_data_row_is_data() -> None:
    assert kinds(DATA, ["Abschnitt II"], DATA) == ([0, 1, 2], 0, 0)
    assert kinds(DATA, ["", "Abschnitt II"], DATA) == ([0, 2], 0, 1)


def test_a_single_cell_in_the_keys_column_before_rows_with_more_is_data() -> None:
    assert kinds(DATA, ["allein"], ["Summe", "12"], ["allein"], ["Hinweis", "zwei Zellen"]) == ([0, 1, 3], 1, 1)


def test_rows_without_a_filled_cell_are_not_read() -> None:
    assert kinds(["", " "], DATA, ["\n", "\u00a0"], DATA, []) == ([1, 3], 0, 0)


def test_an_empty_token_and_an_error_fill_a_cell() -> None:
    assert kinds(["K1", "-"], ["K2", ErrorCell("#REF!")]) == ([0, 1], 0, 0)


@given(
    st.lists(
        st.lists(st.sampled_from(["", " ", "x", "Summe", "Gesamt 1", "* n", "Hinweis", "Gesamtschule", 7]), max_size=4),
        max_size=12,
    )
)
def test_every_row_with_a_filled_cell_is_one_thing(rows: list[list[Any]]) -> None:
    data, totals, notes = kinds(["", ""], *rows)
    filled = [row for row in rows if any(str(cell).strip() for cell in row)]
    assert len(data) + totals + notes == len(filled)


def test_the_account_of_a_sheet() -> None:
    rows = [["Stand: 15.01.2024"], ["Berichtszeitraum: 2023"], [], SOE, DATA]
    rows += [
        ["K2", *DATA[1:]],
        ["K3", "", *DATA[2:]],
        ["nur eine Zelle"],
        ["K1", *DATA[1:]],
        [],
        ["Summe", "5"],
        ["Ende"],
    ]
    result = read_csv_delivery("suedosteuropa", rows)
    (account,) = result.tables["contacts"].accounts
    assert (account.rows_read, account.accepted, account.quarantined, account.total, account.note) == (7, 2, 3, 1, 1)
    assert result.tables["contacts"].rows.column("source_row").to_pylist() == [5, 6]
    assert sorted({f.row for f in result.findings if f.severity == "error" and f.row}) == [7, 8, 9]


PLACEMENT = ["Einrichtung", "Sprachhelfer/in", "Kommune", "Stunden bewilligt", "Art"]


def placements(rows: list[list[Any]], merges: list[tuple[int, int, int, int]]) -> list[dict[str, Any]]:
    result = read_sheets_of("sprachhelfer", "placements", [sheet_of([PLACEMENT, *rows], merges=merges)], period="2023")
    assert [f.message for f in result.findings if f.severity == "error"] == []
    found: list[dict[str, Any]] = result.rows.to_pylist()
    return found


def test_institution_and_municipality_fill_down_their_merged_range() -> None:
    rows = [["Kita Ost", "S1", "Ahlen", 10, "Kita"], ["", "S2", "", 20, ""], ["Kita West", "S3", "Beckum", 30, "Kita"]]
    found = placements(rows, [(1, 0, 2, 0), (1, 2, 2, 2), (1, 4, 2, 4)])
    assert [r["institution"] for r in found] == ["Kita Ost", "Kita Ost", "Kita West"]
    assert [r["municipality"] for r in found] == ["05570004", "05570004", "05570008"]
    assert [r["institution_type"] for r in found] == ["Kita", None, "Kita"]


def test_without_a_merge_nothing_fills_down() -> None:
    sheet = sheet_of([PLACEMENT, ["Kita Ost", "S1", "Ahlen", 10, ""], ["", "S2", "Ahlen", 20, ""]])
    result = read_sheets_of("sprachhelfer", "placements", [sheet], period="2023")
    assert [(f.row, f.rule) for f in result.findings if f.severity == "error"] == [(3, "missing_value")]


def test_schools_fill_down_under_another_header_in_a_real_workbook() -> None:
    """`Zugewiesene Schule` is the column `school`."""
    rows = [
        ["Stand:", "15.01.2024"],
        ["Berichtszeitraum:", "2022/23"],
        ["Nr.", "Beratung am", "Wohnort", "Zugewiesene Schule"],
        ["1", "01.02.2023", "Ahlen", "Schule Ost"],
        ["2", "02.02.2023", "Ahlen", ""],
        ["3", "03.02.2023", "Ahlen", ""],
    ]
    result = read_xlsx_delivery("schulische_erstberatung", {"Liste": rows}, {"Liste": [(3, 3, 4, 3)]})
    found = result.tables["consultations"].rows
    assert found.column("school").to_pylist() == ["Schule Ost", "Schule Ost", None]


def test_other_columns_keep_a_merged_value_at_the_top_left() -> None:
    rows = [[*SOE, "Staatsangehörigkeit"], [*DATA, "Syrien"], ["K2", *DATA[1:], ""]]
    sheet = sheet_of(rows, merges=[(1, 5, 2, 5)])
    found = read_sheets_of("suedosteuropa", "contacts", [sheet], period="2023").rows
    assert found.column("nationality").to_pylist() == ["SYR", None]


def test_a_range_that_starts_in_another_column_does_not_fill() -> None:
    rows = [["Nr.", "Name", "Ort"], ["1", "Ahlen", ""], ["2", "", ""]]
    sheet = sheet_of(rows, merges=[(1, 1, 2, 2)])
    sheet.fill_down(2)
    assert [sheet.cell(row, 2) for row in (1, 2)] == ["", ""]


def duplicates_of(*sheets: tuple[str, list[list[str]]]) -> list[str]:
    """What is said of doubled keys in a list of courses."""
    header = ["Nr.", "Titel", "Datum", "Ort", "TN"]
    facts = [["Berichtszeitraum: 2023"], ["Stand: 15.01.2024"]]
    result = read_xlsx_delivery("fortbildungen", {name: [*facts, header, *rows] for name, rows in sheets})
    return [f.message for f in result.findings if f.rule == "duplicate_key"]


def test_only_of_equal_rows_one_may_be_deleted() -> None:
    row = ["1", "Kurs", "05.05.2023", "Ahlen", "5"]
    (equal,) = duplicates_of(("Kurse", [row, row]))
    (other,) = duplicates_of(("Kurse", [row, [*row[:4], "6"]]))
    (unreadable,) = duplicates_of(("Kurse", [row, [*row[:4], "5", "hier steht noch etwas"]]))
    assert "Bitte eine der Zeilen löschen, wenn dasselbe zweimal dasteht" in equal
    assert "Bitte keine löschen" in unreadable
    assert "Bitte keine löschen" in other


def test_where_numbers_begin_anew_on_each_sheet_no_row_is_to_be_deleted() -> None:
    rows = [[str(n), "Kurs", "05.05.2023", "Ahlen", str(n)] for n in range(1, 5)]
    anew = duplicates_of(("Januar", rows), ("Februar", [[*row[:4], "9"] for row in rows]))
    assert len(anew) == 4
    assert all("beginnen auf jedem Blatt neu" in text and "nicht gelöscht" in text for text in anew)
    again = duplicates_of(("Januar", rows), ("Februar", rows))
    assert len(again) == 4
    assert all("Bitte eine der Zeilen löschen" in text for text in again)
