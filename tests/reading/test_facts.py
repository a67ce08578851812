"""What a delivery states about itself: Berichtszeitraum and Stand (`deliveries.md` §1.1 and §4)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kim_pipeline.contracts.calendar import Period, parse_period
from kim_pipeline.reading.facts import facts_on, read_fact
from tests.helpers_tables import context, read_csv_delivery, read_xlsx_delivery, sheet_of

SOE = ["Nr.", "Datum", "Person-ID", "Ort", "Thema"]
DATA = ["K1", "01.02.2023", "P1", "Ahlen", "Wohnen"]
TABLE = [SOE, DATA]
YEAR = (dt.date(2023, 1, 1), dt.date(2023, 12, 31))
AS_OF = dt.date(2024, 1, 15)


@pytest.mark.parametrize(
    ("text", "first", "last", "name"),
    [
        ("2023", "2023-01-01", "2023-12-31", "2023"),
        ("2022/23", "2022-08-01", "2023-07-31", "2022/23"),
        ("2022/2023", "2022-08-01", "2023-07-31", "2022/23"),
        ("1999/00", "1999-08-01", "2000-07-31", "1999/00"),
        ("1. Halbjahr 2023", "2023-01-01", "2023-06-30", "2023-H1"),
        ("2. Halbjahr 2023", "2023-07-01", "2023-12-31", "2023-H2"),
        ("1. Quartal 2023", "2023-01-01", "2023-03-31", "2023-Q1"),
        ("2. Quartal 2024", "2024-04-01", "2024-06-30", "2024-Q2"),
        ("4. Quartal 2023", "2023-10-01", "2023-12-31", "2023-Q4"),
        ("01.01.2023 - 30.06.2023", "2023-01-01", "2023-06-30", "2023-H1"),
        ("1.1.2023–31.12.2023", "2023-01-01", "2023-12-31", "2023"),
        ("01.08.2022 - 31.07.2023", "2022-08-01", "2023-07-31", "2022/23"),
        ("15.01.2023 - 14.02.2023", "2023-01-15", "2023-02-14", "2023-01-15/2023-02-14"),
        ("  1.  Halbjahr \n 2023 ", "2023-01-01", "2023-06-30", "2023-H1"),
    ],
)
def test_period(text: str, first: str, last: str, name: str) -> None:
    period = parse_period(text)
    assert period == Period(dt.date.fromisoformat(first), dt.date.fromisoformat(last))
    assert str(period) == name


@pytest.mark.parametrize(
    "text",
    ["", "23", "2023/25", "3. Halbjahr 2023", "5. Quartal 2023", "0. Quartal 2023", "Halbjahr 2023", "Jahr",
     "31.06.2023 - 01.07.2023", "30.06.2023 - 01.01.2023", "2023 und 2024", "01.01.2023"],
)  # fmt: skip
def test_no_period(text: str) -> None:
    assert parse_period(text) is None


@given(st.dates(dt.date(1950, 1, 1), dt.date(2150, 1, 1)), st.integers(0, 800))
def test_any_span_of_days_is_read_back(first: dt.date, days: int) -> None:
    last = first + dt.timedelta(days=days)
    period = parse_period(f"{first:%d.%m.%Y} - {last:%d.%m.%Y}")
    assert period == Period(first, last)
    assert period is not None
    assert period.days == days + 1


@given(st.dates(dt.date(1950, 1, 1), dt.date(2150, 1, 1)), st.integers(0, 800))
def test_a_canonical_name_is_the_same_days(first: dt.date, days: int) -> None:
    period = Period(first, first + dt.timedelta(days=days))
    parts = str(period).split("/")
    if len(parts) == 2 and len(parts[1]) == 10:
        assert Period(*(dt.date.fromisoformat(part) for part in parts)) == period
    elif "-" not in str(period):
        assert parse_period(str(period)) == period


LAYOUTS: list[list[list[Any]]] = [
    [["Berichtszeitraum: 2023"], ["Stand: 15.01.2024"]],
    [["Berichtszeitraum 2023", "", "Stand 15.01.2024"]],
    [["Berichtszeitraum:", "2023"], ["Stand:", "15.01.2024"]],
    [["Berichtszeitraum", 2023], ["Stand", dt.date(2024, 1, 15)]],
    [["Berichtszeitraum:", 2023, "Stand:", 45306]],
    [["Berichtszeitraum", "Stand"], ["2023", "15.01.2024"]],
    [["Berichtszeitraum:", "Stand:"], [2023, dt.date(2024, 1, 15)]],
    [["BERICHTSZEITRAUM : 01.01.2023 - 31.12.2023"], [" stand :15.1.24"]],
    [["Titel"], [], ["", "Berichtszeitraum:  2023"], ["Hinweis: vorläufig"], ["", "", "Stand:\n15.01.2024"], []],
]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_facts_above_a_table_or_on_a_cover(layout: list[list[Any]]) -> None:
    for sheets in (
        {"Liste": [*layout, *TABLE]},
        {"Deckblatt": layout, "Liste": TABLE},
        {"L": TABLE, "Hinweise": layout},
    ):
        result = read_xlsx_delivery("suedosteuropa", sheets)
        assert result.rejected is None
        assert result.period is not None
        assert (result.period.first, result.period.last) == YEAR
        assert result.as_of == AS_OF
        assert len(result.tables["contacts"].rows) == 1


def test_the_facts_may_stand_on_different_sheets() -> None:
    sheets = {"Deckblatt": [["Stand: 15.01.2024"]], "Liste": [["Berichtszeitraum: 2023"], *TABLE]}
    assert read_xlsx_delivery("suedosteuropa", sheets).rejected is None


def test_a_csv_states_its_facts_above_the_table() -> None:
    result = read_csv_delivery("suedosteuropa", [["Berichtszeitraum:", "2023"], ["Stand:", "45306"], *TABLE])
    assert result.as_of == AS_OF


@pytest.mark.parametrize("layout", [[], [["Berichtszeitraum"]], [["Zeitraum der Hilfe"]]])
def test_a_period_programme_needs_its_period(layout: list[list[str]]) -> None:
    result = read_csv_delivery("suedosteuropa", [["Stand: 15.01.2024"], *layout, *TABLE])
    assert result.rejected == "missing_period"
    assert [(f.rule, f.severity) for f in result.findings] == [("missing_period", "rejected")]
    assert result.tables == {}


@pytest.mark.parametrize("layout", [[], [["Stand der Technik"]], [["Standort: 15.01.2024"]]])
def test_every_delivery_needs_its_stand(layout: list[list[str]]) -> None:
    result = read_csv_delivery("suedosteuropa", [["Berichtszeitraum: 2023"], *layout, *TABLE])
    assert result.rejected == "missing_as_of"
    assert [(f.rule, f.severity) for f in result.findings] == [("missing_as_of", "rejected")]


def test_what_is_stated_below_the_only_table_counts_where_nothing_else_is_stated() -> None:
    rows = [*TABLE, ["Berichtszeitraum: 2023"], ["Stand: 15.01.2024"]]
    result = read_csv_delivery("suedosteuropa", rows)
    assert (result.rejected, str(result.period), result.as_of) == (None, "2023", AS_OF)


@pytest.mark.parametrize("text", ["bald", "2023 (1. Halbjahr)", "2022, 2023", "Schuljahr 2023", "13/2023"])
def test_a_value_that_is_not_understood_is_never_called_missing(text: str) -> None:
    rows = [["Stand: 15.01.2024"], [f"Berichtszeitraum: {text}"], *TABLE]
    (found,) = read_csv_delivery("suedosteuropa", rows).findings
    assert (found.rule, found.severity, found.row, found.column_letter) == ("unclear_period", "rejected", 2, "A")


SPELLINGS = [
    "{year}", "Jahr {year}", "Kalenderjahr {year}", "01.01.{year} - 31.12.{year}", "01.01.-31.12.{year}",
    "vom 1.1.{year} bis 31.12.{year}", "Januar bis Dezember {year}", "Jan.–Dez. {year}", "01/{year}-12/{year}",
    "{year}, vorläufig", "{year} (vorläufig)",
]  # fmt: skip
HALVES = [
    "{n}. Halbjahr {year}", "{n}. Hj. {year}", "{roman}. Halbjahr {year}", "Halbjahr {n}/{year}", "{year}-H{n}",
    "H{n} {year}", "H{n}/{year}",
]  # fmt: skip
QUARTERS = ["{n}. Quartal {year}", "{roman}. Quartal {year}", "Q{n} {year}", "Q{n}/{year}", "{year}-Q{n}"]
LABELS = ["Berichtszeitraum", "Zeitraum", "Abrechnungszeitraum", "Berichtsjahr", "Jahr", "Förderjahr"]
INVISIBLE = ["", "\u00ad", "\u200b", "\ufeff", "\u200e"]


@given(
    st.integers(1950, 2100), st.integers(1, 4), st.sampled_from([*SPELLINGS, *HALVES, *QUARTERS]),
    st.sampled_from(LABELS), st.sampled_from([": ", " : ", ":"]), st.sampled_from(INVISIBLE), st.integers(0, 60),
)  # fmt: skip
def test_every_spelling_under_every_label(  # noqa: PLR0917  (hypothesis hands each over by position)
    number: int, part: int, spelling: str, label: str, join: str, invisible: str, at: int
) -> None:
    if spelling in HALVES:
        part = (part + 1) // 2
    text = spelling.format(year=number, n=part, roman=["I", "II", "III", "IV"][part - 1])
    expected = str(number) if spelling in SPELLINGS else f"{number}-{'H' if spelling in HALVES else 'Q'}{part}"
    written = f"{label}{join}{text}"
    written = written[:at] + invisible + written[at:]
    (fact,) = facts_on(sheet_of([[written]]), 0, context())
    assert (fact.kind, str(fact.value)) == ("period", expected)
    beside = facts_on(sheet_of([[f"{label}:", "", text]]), 0, context())[0]
    assert str(beside.value) == expected


@given(st.dates(dt.date(2000, 1, 1), dt.date(2030, 12, 31)), st.sampled_from(["", ", 10:30 Uhr", " 10:30", " (vorl.)"]))
def test_every_day_of_a_stand(day: dt.date, after: str) -> None:
    names = ["Januar", "Feb.", "März", "April", "Mai", "Juni", "Juli", "August", "Sept.", "Okt.", "November", "Dez."]
    spellings = [f"{day:%d.%m.%Y}", f"{day:%d.%m.%y}", day.isoformat(), f"{day.day}. {names[day.month - 1]} {day.year}"]
    for spelling in spellings:
        assert read_fact("as_of", spelling + after, context()) == day


def test_a_snapshot_has_no_period_though_it_states_one() -> None:
    rows = [
        ["Stand: 15.01.2024"],
        ["Berichtszeitraum: 2023"],
        ["Nr.", "Kommune", "Beginn"],
        ["1", "Ahlen", "01.01.2015"],
    ]
    result = read_csv_delivery("patenprojekt", rows)
    assert result.period is None
    assert len(result.tables["mentorships"].rows) == 1


def test_a_header_that_begins_with_stand_states_nothing() -> None:
    names = ["Nr.", "Handlungsfeld", "Maßnahme", "KI-Beteiligung", "Status", "Stand am"]
    row = ["1", "Sprache", "Kurs", "ja", "laufend", "01.02.2023"]
    sheets = {"Integrationskonzept 2010": [["Stand: 15.01.2024"], names, row]}
    result = read_xlsx_delivery("massnahmen", sheets)
    assert result.as_of == AS_OF
    assert str(result.tables["measures"].rows.column("status_on")[0]) == "2023-02-01"


def test_an_unknown_column_named_stand_does_not_hide_the_header() -> None:
    rows = [["Berichtszeitraum: 2023"], ["Stand: 15.01.2024"], [*SOE, "Stand"], [*DATA, "01.03.2023"]]
    result = read_csv_delivery("suedosteuropa", rows)
    assert result.rejected is None
    assert result.as_of == AS_OF
    assert [f.column_letter for f in result.findings if f.rule == "unmapped_column"] == ["F"]


def test_facts_say_where_they_stand() -> None:
    sheet = sheet_of([["Titel"], ["", "Stand:", "15.01.2024"], ["Berichtszeitraum"], ["2023"]])
    found = {(f.row, f.column, f.value_row, f.value_column) for f in facts_on(sheet, 0, context())}
    assert found == {(1, 1, 1, 2), (2, 0, 3, 0)}
