"""Finding a table's header and mapping its columns (`deliveries.md` §1.2 and §2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kim_pipeline.contracts.model import Column
from kim_pipeline.reading.header import Header
from tests.helpers_tables import (
    TABLES,
    Only,
    header_of,
    mapped,
    read_csv_delivery,
    read_xlsx_delivery,
    sheet_of,
    table_of,
)

SHEET_NAMES = {"measures": "Integrationskonzept 2010"}
ONE_ROW = [(p, t) for p, t in TABLES if t not in ("tuition", "population")]
MARKS = ["", "*", ":", " *", " ¹)", "¹)", " 2)", " (3)", "(¹²)", " * ²) :", "**", "\n", " "]
CASES: list[Callable[[str], str]] = [str, str.upper, str.lower, str.title]
TITLES = ["Auswertung der Stelle", "Kommunales Integrationszentrum", "Hinweis: vorläufige Zahlen", "Liste 2023", ""]


def noisy(draw: st.DrawFn, header: str) -> str:
    """A header in another case, with more or other white space, and with footnote marks."""
    blank = draw(st.sampled_from([" ", "  ", "\n", "\u00a0", " \n "]))
    text = draw(st.sampled_from(CASES))(header).replace(" ", blank)
    return draw(st.sampled_from(["", " ", "\n"])) + text + draw(st.sampled_from(MARKS))


def above(draw: st.DrawFn) -> list[list[str]]:
    """Title, note and fact rows."""
    rows = draw(
        st.lists(st.sampled_from([[t] for t in TITLES] + [["Stand: 15.01.2024"], ["Stand", "15.01.2024"]]), max_size=5)
    )
    return [list(row) for row in rows]


@st.composite
def one_row_tables(draw: st.DrawFn) -> tuple[str, str, list[list[Any]], dict[int, str], int]:
    """A programme, a table, a sheet's rows with its header somewhere, the columns expected, and the header's row."""
    programme, table = draw(st.sampled_from(ONE_ROW))
    columns = [c for c in table_of(programme, table).delivered if c.headers]
    kept = [c for c in columns if c.required or draw(st.booleans())]
    names: list[tuple[str, str]] = [
        (c.name, noisy(draw, draw(st.sampled_from([*c.headers, *c.minutes])))) for c in kept
    ]
    names += [("", text) for text in draw(st.lists(st.sampled_from(["", "Interne Spalte", "Kürzel XY"]), max_size=3))]
    names = draw(st.permutations(names))
    left = draw(st.integers(0, 3))
    rows: list[list[Any]] = above(draw)
    row = len(rows)
    rows.append([""] * left + [text for _, text in names])
    rows += [[""] * left + [f"x{i}{j}" for j in range(len(names))] for i in range(2)]
    return programme, table, rows, {left + i: name for i, (name, _) in enumerate(names) if name}, row


@given(one_row_tables())
def test_any_header_in_one_row_is_found(made: tuple[str, str, list[list[Any]], dict[int, str], int]) -> None:
    programme, table, rows, expected, row = made
    facts = [i for i, cells in enumerate(rows) if cells and str(cells[0]).startswith("Stand") and i < row]
    header = header_of(programme, sheet_of(rows, SHEET_NAMES.get(table, "Blatt")), facts)
    assert header is not None
    assert header.table.name == table
    assert (header.first_row, header.last_row) == (row, row)
    assert mapped(header) == expected
    assert not header.missing


@st.composite
def two_row_tables(
    draw: st.DrawFn,
) -> tuple[str, list[list[Any]], list[tuple[int, int, int, int]], dict[int, str], int]:
    """A cross table: groups merged or not, names merged down or in either row, in any order."""
    programme, table = draw(st.sampled_from([("mercator", "tuition"), ("bevoelkerung", "population")]))
    columns = table_of(programme, table).delivered
    merging = draw(st.booleans())
    blocks: list[list[Column]] = [[c] for c in columns if not c.group]
    groups = dict.fromkeys(c.group for c in columns if c.group)
    blocks += [draw(st.permutations([c for c in columns if c.group == group])) for group in groups]
    upper: list[str] = [""] * draw(st.integers(0, 2))
    lower = list(upper)
    merges: list[tuple[int, int, int, int]] = []
    expected: dict[int, str] = {}
    rows: list[list[Any]] = above(draw)
    row = len(rows)
    for block in draw(st.permutations(blocks)):
        at = len(upper)
        for c in block:
            expected[len(upper)] = c.name
            name = noisy(draw, draw(st.sampled_from(c.headers)))
            place = "lower" if c.group else draw(st.sampled_from(["upper", "lower", "merged"]))
            upper.append("" if place == "lower" else name)
            lower.append(name if place == "lower" else "")
            if place == "merged":
                merges.append((row, len(upper) - 1, row + 1, len(upper) - 1))
        if block[0].group:
            upper[at] = noisy(draw, draw(st.sampled_from(block[0].group)))
            if merging:
                merges.append((row, at, row, len(upper) - 1))
    rows += [upper, lower, [f"x{i}" for i in range(len(upper))]]
    return programme, rows, merges, expected, row


@given(two_row_tables())
def test_any_header_in_two_rows_is_found(
    made: tuple[str, list[list[Any]], list[tuple[int, int, int, int]], dict[int, str], int],
) -> None:
    programme, rows, merges, expected, row = made
    facts = [i for i, cells in enumerate(rows) if cells and str(cells[0]).startswith("Stand") and i < row]
    header = header_of(programme, sheet_of(rows, merges=merges), facts)
    assert (header.first_row, header.last_row) == (row, row + 1) if header else False
    assert mapped(header) == expected


# --- two rows, by example --------------------------------------------------------------------------------------------

MERCATOR_UPPER = ["Schule", "Fach", "Ort", "1. Halbjahr", "", "2. Halbjahr", ""]
MERCATOR_LOWER = ["", "", "", "SuS", "Std.", "SuS", "Std."]
MERCATOR = dict(
    enumerate(["school", "subject", "municipality", "pupils_1", "lesson_hours_1", "pupils_2", "lesson_hours_2"])
)


def mercator(upper: Sequence[Any], lower: Sequence[Any], **options: Any) -> Header:
    rows = [upper, lower, ["Grundschule Ost", "Deutsch", "Ahlen", 12, 30, 14, 32]]
    header = header_of("mercator", sheet_of(rows, **options))
    assert header is not None
    return header


def test_names_in_the_upper_row_and_groups_that_reach_over_blank_cells() -> None:
    header = mercator(MERCATOR_UPPER, MERCATOR_LOWER)
    assert mapped(header) == MERCATOR
    assert header.last_row == 1


def test_names_in_the_lower_row() -> None:
    header = mercator(["", "", "", *MERCATOR_UPPER[3:]], ["Schule", "Fach", "Ort", *MERCATOR_LOWER[3:]])
    assert mapped(header) == MERCATOR


def test_a_merged_group_reaches_no_further_than_its_range() -> None:
    header = mercator(MERCATOR_UPPER, MERCATOR_LOWER, merges=[(0, 3, 0, 3), (0, 5, 0, 6)])
    assert mapped(header) == {at: name for at, name in MERCATOR.items() if name != "lesson_hours_1"}
    assert [c.text for c in header.unmapped] == ["Std."]


def test_a_detail_without_a_group_is_no_name_of_a_crossed_column() -> None:
    header = mercator(["", "", "", "", "", "2. Halbjahr", ""], ["Schule", "Fach", "Ort", "SuS", "Std.", "SuS", "Std."])
    assert mapped(header) == {0: "school", 1: "subject", 2: "municipality", 5: "pupils_2", 6: "lesson_hours_2"}
    assert [(c.position, c.row) for c in header.unmapped] == [(3, 1), (4, 1)]


def test_one_group_alone_above_is_no_title() -> None:
    header = mercator(["", "", "", "1. Halbjahr", ""], ["Schule", "Fach", "Ort", "SuS", "Std."])
    assert mapped(header) == dict(list(MERCATOR.items())[:5])


def test_names_merged_down_over_both_rows() -> None:
    merges = [(0, at, 1, at) for at in range(3)] + [(0, 3, 0, 4), (0, 5, 0, 6)]
    assert mapped(mercator(MERCATOR_UPPER, MERCATOR_LOWER, merges=merges)) == MERCATOR


def test_a_whole_header_merged_down_over_two_rows() -> None:
    names = ["Nr.", "Kommune", "Beginn"]
    merges = [(0, at, 1, at) for at in range(3)]
    header = header_of("patenprojekt", sheet_of([names, ["", "", ""], ["P1", "Ahlen", "01.02.2023"]], merges=merges))
    assert mapped(header) == {0: "mentorship_no", 1: "municipality", 2: "started_on"}


def test_one_name_merged_down_beside_names_in_the_lower_row() -> None:
    rows = [["Nr.", "", ""], ["", "Kommune", "Beginn"], ["P1", "Ahlen", "01.02.2023"]]
    header = header_of("patenprojekt", sheet_of(rows, merges=[(0, 0, 1, 0)]))
    assert mapped(header) == {0: "mentorship_no", 1: "municipality", 2: "started_on"}


def test_group_and_detail_joined_by_a_blank_are_a_name() -> None:
    rows = [["Nr.", "Titel", "Datum", "Ort", "TN", "Dauer"], ["", "", "", "", "", "(Std.)"]]
    header = header_of("fortbildungen", sheet_of(rows))
    assert mapped(header)[5] == "hours"
    assert header is not None
    assert header.last_row == 1


def test_a_group_of_plain_names_adds_nothing() -> None:
    rows = [["Person", "", "Fall"], ["Fallnummer", "Wohnort", "Anmeldung"], ["F1", "Ahlen", "01.02.2023"]]
    header = header_of("kim_case_management", sheet_of(rows))
    assert header is not None
    assert (header.first_row, header.last_row) == (1, 1)


def test_a_group_under_another_name() -> None:
    upper = ["AGS", "Bevölkerung", "", "darunter Ausländer", ""]
    lower = ["", "insgesamt", "männlich", "insgesamt", "männlich"]
    header = header_of("bevoelkerung", sheet_of([upper, lower, ["05570004", 9, 4, 2, 1]]))
    assert list(mapped(header).values()) == ["ags", "population", "population_male", "foreigners", "foreigners_male"]


def test_the_same_detail_under_an_unknown_group_is_unmapped() -> None:
    upper = ["AGS", "Bevölkerung", "Ausländer", "Haushalte"]
    lower = ["", "insgesamt", "insgesamt", "insgesamt"]
    header = header_of("bevoelkerung", sheet_of([upper, lower, ["05570004", 9, 2, 3]]))
    assert header is not None
    assert [(c.position, c.text) for c in header.unmapped] == [(3, "insgesamt")]


# --- what is never part of a header ----------------------------------------------------------------------------------

PATEN = ["Nr.", "Kommune", "Beginn"]


def test_a_fact_row_right_above_is_not_part_of_the_header() -> None:
    rows = [["Stand: 15.01.2024", "", "", "Ende"], PATEN, ["P1", "Ahlen", "01.02.2023"]]
    result = read_csv_delivery("patenprojekt", rows)
    assert [a.rows_read for a in result.tables["mentorships"].accounts] == [1]
    assert [f.row for f in result.findings if f.rule == "absent_column"] == [2] * 5


def test_a_title_that_is_a_name_is_no_name() -> None:
    rows = [["Schule", "", "", ""], ["", *PATEN], ["", "P1", "Ahlen", "01.02.2023"]]
    assert mapped(header_of("patenprojekt", sheet_of(rows))) == {1: "mentorship_no", 2: "municipality", 3: "started_on"}


@pytest.mark.parametrize(
    "data",
    [
        ["", "", "", "Schule", "12.02.2023"],
        ["", "", "", "Ende", 45000],
        ["", "", "", "Ergebnis", "12,5"],
        ["P1", "Ahlen", "01.02.2023", "Schule", "Ende"],
        ["P1", "Ahlen", "unbekannt", "Schule", "Ende"],
    ],
)
def test_data_below_a_complete_header_are_no_details(data: list[Any]) -> None:
    header = header_of("patenprojekt", sheet_of([[*PATEN, "Art", ""], data, ["P2", "Ahlen", "01.02.2023"]]))
    assert header is not None
    assert header.last_row == 0


WORDS = sorted({h for p, t in TABLES for c in table_of(p, t).delivered for h in (*c.headers, *c.group)})


@given(st.data())
def test_a_data_row_with_its_required_cells_is_never_swallowed(data: st.DataObject) -> None:
    programme, table = data.draw(st.sampled_from(ONE_ROW))
    columns = [c for c in table_of(programme, table).delivered if c.headers]
    kept = data.draw(st.permutations([c for c in columns if c.required or data.draw(st.booleans())]))
    names = [*(data.draw(st.sampled_from(c.headers)) for c in kept), "", "Sonstige Angabe"]
    word = st.sampled_from(WORDS)
    row = [data.draw(word if c.required else st.just("") | word) for c in kept]
    rows = [names, [*row, data.draw(word), data.draw(word)], row]
    header = header_of(programme, sheet_of(rows, SHEET_NAMES.get(table, "Blatt")))
    assert header is not None
    assert not header.missing
    if len([c for c in kept if c.required]) > 2:  # it loses more names than two more cells can bring
        assert header.last_row == 0


def test_a_detail_row_is_never_data() -> None:
    rows = [["Stand: 01.09.2023", *[""] * 6], ["Berichtszeitraum: 2022/23", *[""] * 6], MERCATOR_UPPER, MERCATOR_LOWER]
    result = read_csv_delivery("mercator", [*rows, ["Grundschule Ost", "Deutsch", "Ahlen", "12", "30", "14", "32"]])
    assert [a.rows_read for a in result.tables["tuition"].accounts] == [1]
    assert result.tables["tuition"].rows.column("source_row").to_pylist() == [5, 5]


def test_the_first_complete_row_is_the_header() -> None:
    rows = [["Nr.", "Kommune", "Anzahl"], PATEN, PATEN, ["P1", "Ahlen", "01.02.2023"]]
    header = header_of("patenprojekt", sheet_of(rows))
    assert header is not None
    assert header.first_row == 1


# --- unmapped, absent, twice -----------------------------------------------------------------------------------------

FACTS = [["Stand: 15.01.2024"], ["Berichtszeitraum: 2023"]]
SOE = ["Nr.", "Datum", "Person-ID", "Ort", "Thema"]
SOE_ROW = ["K1", "01.02.2023", "P1", "Ahlen", "Wohnen"]


def noticed(result: Only, rule: str) -> list[tuple[Any, ...]]:
    return [(f.row, f.column_letter, f.column_name, f.severity, f.raw) for f in result.findings if f.rule == rule]


def test_an_unknown_column_is_a_notice() -> None:
    result = read_csv_delivery("suedosteuropa", [*FACTS, [*SOE, "", "Kürzel*"], [*SOE_ROW, "ungelesen", "x"]])
    assert noticed(result, "unmapped_column") == [(3, "G", "Kürzel*", "notice", "Kürzel*")]
    assert len(result.tables["contacts"].rows) == 1


def test_a_number_is_a_name_too() -> None:
    rows = [["Stand:", "15.01.2024"], ["Berichtszeitraum:", 2023], [*SOE, 2022], [*SOE_ROW, 7]]
    result = read_xlsx_delivery("suedosteuropa", {"Liste": rows})
    assert noticed(result, "unmapped_column") == [(3, "F", "2022", "notice", "2022")]


@pytest.mark.parametrize("spelling", ["Datumm", "Kontakt", "Datum Kontakt", "Kontaktdatum", "Art der Beratung"])
def test_another_spelling_is_not_guessed(spelling: str) -> None:
    result = read_csv_delivery("suedosteuropa", [*FACTS, [*SOE, spelling], [*SOE_ROW, "01.02.2023"]])
    assert [n[1] for n in noticed(result, "unmapped_column")] == ["F"]


def test_an_optional_column_that_is_not_there_is_a_notice() -> None:
    result = read_csv_delivery("suedosteuropa", [*FACTS, SOE, SOE_ROW])
    assert noticed(result, "absent_column") == [
        (3, None, "Staatsangehörigkeit", "notice", None),
        (3, None, "Art", "notice", None),
    ]


def test_of_two_headers_for_a_field_the_first_is_read() -> None:
    rows = [*FACTS, ["Kontakt am", *SOE, "Anliegen"], ["02.02.2023", *SOE_ROW, "Schule"]]
    result = read_csv_delivery("suedosteuropa", rows)
    assert [n[1:3] for n in noticed(result, "unmapped_column")] == [("C", "Datum"), ("G", "Anliegen")]
    assert str(result.tables["contacts"].rows.column("contacted_on")[0]) == "2023-02-02"
    assert result.tables["contacts"].rows.column("theme").to_pylist() == ["Wohnen"]


def test_minutes_and_hours_are_one_field() -> None:
    names = ["Nr.", "Anfrage am", "Ort", "Sprache", "Status", "Dauer (Min.)", "Dauer (Std.)"]
    row = ["1", "01.02.2023", "Ahlen", "Dari", "abgesagt", "90", "3"]
    result = read_csv_delivery("sprachmittlerpool", [*FACTS, names, row])
    assert result.tables["requests"].rows.column("hours").to_pylist() == [1.5]
    assert [n[1] for n in noticed(result, "unmapped_column")] == ["G"]


# --- missing columns -------------------------------------------------------------------------------------------------


def test_a_missing_column_rejects_the_table_and_names_the_nearest_header() -> None:
    result = read_csv_delivery("suedosteuropa", [*FACTS, ["Nr.", "Datum", "PersonID", "Ort", "Thema"], SOE_ROW])
    assert noticed(result, "missing_column") == [(3, "C", "Person-ID", "error", "PersonID")]
    assert result.rejected == "missing_column"
    assert result.rejected_tables == ["contacts"]
    assert result.tables == {}


def test_each_missing_column_is_an_error() -> None:
    result = read_csv_delivery("suedosteuropa", [*FACTS, ["Nr.", "Datum", "Person-ID", "Orte", "Themen"], SOE_ROW])
    assert [n[1:3] for n in noticed(result, "missing_column")] == [("D", "Ort"), ("E", "Thema")]


@pytest.mark.parametrize(("names", "found"), [(3, True), (2, False)])
def test_half_of_the_required_columns_make_a_table(names: int, *, found: bool) -> None:
    """`contacts` has five required columns."""
    header = header_of("suedosteuropa", sheet_of([[*SOE[:names], "A", "B", "C"], SOE_ROW]))
    assert (header is not None) is found


def test_exactly_half_is_enough() -> None:
    """`needs` has four required columns, `stations` too: of equal shares the first counts."""
    header = header_of("kim_case_management", sheet_of([["Fallnummer", "Bedarf", "X"], ["F1", "Wohnen", ""]]))
    assert header is not None
    assert header.table.name == "needs"
    assert [c.name for c in header.missing] == ["identified_on", "outcome"]


def test_the_largest_share_tells_the_table() -> None:
    rows = [["Fallnummer", "Schritt", "Rechtskreis"], ["Fallnummer", "Schritt", "Beginn", "Kommune", "Festgestellt am"]]
    header = header_of("kim_case_management", sheet_of(rows))
    assert header is not None
    assert (header.table.name, header.first_row) == ("stations", 0)


def test_less_than_half_is_an_ignored_sheet() -> None:
    sheets: dict[str, Any] = {
        "Pivot": [["Ort", "Anzahl"], ["Ahlen", 3]],
        "Hinweise": [["Stand:", "15.01.2024"], ["Berichtszeitraum:", "2023"]],
        "Liste": [SOE, SOE_ROW],
    }
    result = read_xlsx_delivery("suedosteuropa", sheets)
    assert result.ignored_sheets == ["Pivot", "Hinweise"]
    assert len(result.tables["contacts"].rows) == 1


KIM_CASES = [["Fallnummer", "Wohnort", "Anmeldung"], ["F1", "Ahlen", "01.02.2023"]]
KIM_STATIONS = [["Fallnummer", "Schritt", "Rechtskreis", "Beginn"], ["F9", 1, "SGB II", "01.02.2023"]]


def test_the_rest_of_the_delivery_is_read_and_orphans_are_not_judged_without_cases() -> None:
    facts = [["Stand:", "15.01.2024"]]
    cases = [["Fallnummer", "Wohnort", "Anmeldedatum"], KIM_CASES[1]]
    result = read_xlsx_delivery("kim_case_management", {"Info": facts, "Fälle": cases, "Stationen": KIM_STATIONS})
    assert result.rejected is None
    assert result.rejected_tables == ["cases"]
    assert list(result.tables) == ["stations"]
    assert [f.rule for f in result.findings if f.severity == "error"] == ["missing_column"]


def test_one_sheet_without_a_required_column_rejects_its_table() -> None:
    names = ["Antrag-Nr.", "Träger", "Kommune", "Bewilligt (€)"]
    sheets: dict[str, Any] = {
        "Info": [["Stand:", "15.01.2024"], ["Berichtszeitraum:", "2023"]],
        "Baustein A": [names, ["1", "Verein", "Ahlen", 100]],
        "Baustein B": [[*names[:3], "Bewilligung"], ["2", "Verein", "Ahlen", 100]],
    }
    result = read_xlsx_delivery("komm_an", sheets)
    assert result.rejected_tables == ["grants"]
    assert result.tables == {}
    assert result.rejected == "missing_column"
    told = {(f.sheet, f.rule, f.raw) for f in result.findings if f.rule != "absent_column"}
    assert told == {("Baustein B", "missing_column", "Bewilligung")}


def test_a_missing_column_of_a_two_row_header_is_named_where_it_stands() -> None:
    upper = ["AGS", "Bevölkerung", "", "Ausländer", ""]
    lower = ["", "insgesamt", "männlich", "gesamt", "männlich"]
    result = read_csv_delivery("bevoelkerung", [*FACTS, upper, lower, ["05570004", "9", "4", "2", "1"]])
    assert noticed(result, "missing_column") == [(4, "D", "insgesamt", "error", "gesamt")]


def test_a_workbook_without_any_table_is_rejected() -> None:
    assert read_csv_delivery("suedosteuropa", [*FACTS, ["Ort", "Anzahl"], ["Ahlen", "3"]]).rejected == "unreadable"


# --- the sheet's name gives a column ---------------------------------------------------------------------------------

GRANT = ["Antrag-Nr.", "Träger", "Kommune", "Bewilligt (€)"]
GROUP = ["Gruppe", "Einrichtung", "Kommune", "Familien", "Kinder"]
MEASURE = ["Nr.", "Handlungsfeld", "Maßnahme", "KI-Beteiligung", "Status"]


@pytest.mark.parametrize(
    ("programme", "names", "sheet", "column", "value"),
    [
        ("komm_an", GRANT, "Baustein A", "module", "A"),
        ("komm_an", GRANT, "baustein  d ", "module", "D"),
        ("fit", GROUP, "Griffbereit", "programme", "Griffbereit"),
        ("fit", GROUP, "RUCKSACK KITA", "programme", "Rucksack KiTa"),
        ("massnahmen", MEASURE, "Integrationskonzept 2010", "concept", "Integrationskonzept 2010"),
        ("massnahmen", MEASURE, "Handlungskonzept 2016", "concept", "Handlungskonzept 2016"),
    ],
)
def test_the_name_of_a_sheet_gives_a_column(
    programme: str, names: list[str], sheet: str, column: str, value: str
) -> None:
    header = header_of(programme, sheet_of([names, ["x"] * len(names)], sheet))
    assert header is not None
    assert header.given == {column: value}
    assert not header.missing


def test_a_column_of_that_name_prevails_over_the_sheet() -> None:
    header = header_of("komm_an", sheet_of([[*GRANT, "Baustein"], ["1", "V", "Ahlen", "1", "B"]], "Baustein A"))
    assert header is not None
    assert header.given == {}
    assert mapped(header)[4] == "module"


@pytest.mark.parametrize(("programme", "names", "column"), [("komm_an", GRANT, "module"), ("fit", GROUP, "programme")])
def test_a_sheet_of_another_name_lacks_the_column(programme: str, names: list[str], column: str) -> None:
    header = header_of(programme, sheet_of([names, ["x"] * len(names)], "Tabelle1"))
    assert header is not None
    assert [c.name for c in header.missing] == [column]


def test_a_column_that_the_sheet_gives_does_not_count() -> None:
    """Two of four: `Baustein A` has half of them. Without its name two of five would be too few."""
    rows = [["Antrag-Nr.", "Träger", "X"], ["1", "V", ""]]
    given_by_name, other = header_of("komm_an", sheet_of(rows, "Baustein A")), header_of("komm_an", sheet_of(rows, "T"))
    assert given_by_name is not None
    assert other is None


def test_a_register_under_another_name_lacks_its_concept() -> None:
    sheets: dict[str, Any] = {
        "Info": [["Stand:", "15.01.2024"]],
        "Tabelle1": [MEASURE, ["1", "Sprache", "Kurs", "ja", "laufend"]],
    }
    result = read_xlsx_delivery("massnahmen", sheets)
    assert [(f.rule, f.sheet) for f in result.findings] == [("missing_column", "Tabelle1")]


def test_every_finding_of_a_header_says_what_to_do() -> None:
    result = read_csv_delivery("suedosteuropa", [*FACTS, ["Nr.", "Datum", "PersonID", "Ort", "Thema"], SOE_ROW])
    said = r"Zeile 3, Spalte C „PersonID“: .*„Person-ID“ fehlt.*Meinten Sie hier „Person-ID“.*Bitte"
    assert re.search(said, result.findings[0].message)
