"""From a cell to a value: one table of examples per kind of `deliveries.md` §3, and properties of the parsers."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kim_pipeline.contracts.model import Column
from kim_pipeline.contracts.normalise import clean_text, comparable, comparable_header
from kim_pipeline.reading.formats.cells import BoolCell, Cell, DoubtfulCell, ErrorCell
from kim_pipeline.reading.values import parse_cell
from tests.helpers_tables import EPOCH_1900, EPOCH_1904, context

CONTEXT = context()
CSV = context(text_only=True)
KINDS = (
    "text", "date", "number", "whole", "yes_no", "municipality", "language", "languages", "nationality", "ags",
    "programme", "category",
)  # fmt: skip
YES, NO = BoolCell(value=True), BoolCell(value=False)
NBSP, NARROW = "\u00a0", "\u202f"


def column(kind: Any, category: str = "theme") -> Column:
    return Column("Spalte", kind, ("Spalte",), category=category if kind == "category" else None)


def parsed(kind: str, cell: Cell, **options: Any) -> tuple[Any, str | None]:
    return tuple(parse_cell(cell, column(kind), options.get("context", CONTEXT)))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


# --- empty -----------------------------------------------------------------------------------------------------------

EMPTY = [
    "", " ", "\n\t", NBSP, "-", "–", "—", "k. A.", "k.A.", "K.A.", "k.  A.", f"k.{NBSP}A.", "n. b.", "n.b.", "N.B.",
    "unbekannt", "Unbekannt", "UNBEKANNT ", "?", "#NV", "#N/A",
    ErrorCell("#N/A"), ErrorCell("#NV"),
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cell", EMPTY, ids=repr)
def test_empty(kind: str, cell: Cell) -> None:
    assert parsed(kind, cell) == (False if kind == "yes_no" else None, None)


@pytest.mark.parametrize("cell", ["--", "keine", "n/a", "k A", "unbekannt?", "0", 0, 0.0, "leer"])
def test_not_empty(cell: Cell) -> None:
    assert parsed("text", cell)[0] is not None


# --- error cells -----------------------------------------------------------------------------------------------------

ERRORS = ["#DIV/0!", "#WERT!", "#VALUE!", "#BEZUG!", "#REF!", "#NAME?", "#ZAHL!", "#NUM!"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("raw", ERRORS)
def test_error_cell(kind: str, raw: str) -> None:
    assert parsed(kind, ErrorCell(raw)) == (None, "error_cell")
    assert parsed(kind, raw) == (None, "error_cell")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("first", "second"), [("", "17"), ("k. A.", 17.0), (True, False), ("#NV", "")])
def test_a_cell_that_two_readers_read_differently(kind: str, first: Cell, second: Cell) -> None:
    assert parsed(kind, DoubtfulCell(first, second)) == (None, "error_cell")


@pytest.mark.parametrize("kind", KINDS)
def test_formula_without_a_result(kind: str) -> None:
    assert parsed(kind, ErrorCell("=SUMME(A1:A9)")) == (None, "error_cell")


# --- text ------------------------------------------------------------------------------------------------------------

TEXTS: list[tuple[Cell, str]] = [
    ("Kita Ost", "Kita Ost"),
    ("  Kita \n Ost ", "Kita Ost"),
    (f"Kita{NBSP}Ost", "Kita Ost"),
    ("ﬁt", "fit"),
    ("A-1", "A-1"),
    ("a-1", "a-1"),
    ("u\u0308ber", "über"),
    (17.0, "17"),
    (17, "17"),
    (-3.0, "-3"),
    (12.5, "12.5"),
    (dt.date(2023, 5, 4), "2023-05-04"),
    (dt.datetime(2023, 5, 4), "2023-05-04"),  # noqa: DTZ001  (cells have no time zone)
    ("Nr. 1)", "Nr. 1)"),
    ("*", "*"),
]


@pytest.mark.parametrize(("cell", "value"), TEXTS, ids=repr)
def test_text(cell: Cell, value: str) -> None:
    assert parsed("text", cell) == (value, None)


# --- date ------------------------------------------------------------------------------------------------------------

DATES: list[tuple[Cell, str]] = [
    (dt.date(2023, 1, 31), "2023-01-31"),
    (dt.datetime(2023, 1, 31, 14, 5), "2023-01-31"),  # noqa: DTZ001
    (dt.date(1950, 1, 1), "1950-01-01"),
    (44957, "2023-01-31"),
    (44957.0, "2023-01-31"),
    (44957.75, "2023-01-31"),
    (30000, "1982-02-18"),
    (60000, "2064-04-08"),
    ("31.01.2023", "2023-01-31"),
    ("31.1.2023", "2023-01-31"),
    ("1.1.2023", "2023-01-01"),
    ("01.1.23", "2023-01-01"),
    ("1.1.99", "2099-01-01"),
    ("1.1.00", "2000-01-01"),
    ("2023-01-31", "2023-01-31"),
    (" 31.01.2023 ", "2023-01-31"),
    ("31.01.2023 9:05", "2023-01-31"),
    ("31.01.2023  09:05:59", "2023-01-31"),
    ("31.1.23 09:05", "2023-01-31"),
    ("31.01.2023T09:05", "2023-01-31"),
    ("2023-01-31T09:05:00", "2023-01-31"),
    ("2023-01-31 00:00:00", "2023-01-31"),
    ("29.02.2024", "2024-02-29"),
    ("2023-01-31T09:05:00.123", "2023-01-31"),
    ("2023-01-31T09:05Z", "2023-01-31"),
    ("2023-01-30T23:00:00.000Z", "2023-01-31"),
    ("2023-07-30T22:00:00Z", "2023-07-31"),
    ("2023-01-31T00:30:00+03:00", "2023-01-30"),
    ("31.01.2023 0:30+0300", "2023-01-30"),
]
NO_DATES: list[Cell] = [
    29999, 60001, 0, 1.5, -44957, "44957", "20230131", "31.02.2023", "29.02.2023", "31.13.2023", "0.1.2023", "1.2023",
    "2023", "2023-1-31", "2023-02-30", "31/01/2023", "31-01-2023", "31.01.", "31.01.023", "31. Januar 2023", "Januar",
    "31.01.2023 Uhr", "31.01.20239:05", "ca. 31.01.2023", "31.01.2023-", "heute", YES, dt.time(9, 5),
    dt.timedelta(days=1), "31,01,2023", "01.01.0000", "2023-01-31Z", "2023-01-31T25:00Z", "0001-01-01T00:00+01:00",
]  # fmt: skip


@pytest.mark.parametrize(("cell", "value"), DATES, ids=repr)
def test_date(cell: Cell, value: str) -> None:
    assert parsed("date", cell) == (day(value), None)


@pytest.mark.parametrize("cell", NO_DATES, ids=repr)
def test_no_date(cell: Cell) -> None:
    assert parsed("date", cell) == (None, "invalid_date")


def test_serial_numbers_count_as_the_workbook_says() -> None:
    since_1904 = context(EPOCH_1904)
    assert parsed("date", 44957, context=since_1904) == (day("2027-02-01"), None)
    assert parsed("date", 30000, context=since_1904) == (dt.date(1904, 1, 1) + dt.timedelta(days=30000), None)


@pytest.mark.parametrize(("text", "value"), [("44957", "2023-01-31"), ("30000", "1982-02-18"), ("60000", "2064-04-08")])
def test_in_csv_digits_are_serial_numbers(text: str, value: str) -> None:
    assert parsed("date", text, context=CSV) == (day(value), None)


@pytest.mark.parametrize("text", ["29999", "60001", "20230131", "2023", "044957", "44957,5", "-44957"])
def test_in_csv_other_digits_are_no_date(text: str) -> None:
    assert parsed("date", text, context=CSV) == (None, "invalid_date")


# --- number and whole ------------------------------------------------------------------------------------------------

NUMBERS: list[tuple[Cell, float]] = [
    (12, 12), (12.5, 12.5), (-1.25, -1.25), (0, 0), ("0", 0), ("12", 12), ("007", 7), ("12,5", 12.5), ("12.5", 12.5),
    ("0,5", 0.5), ("0.5", 0.5), ("0.125", 0.125), ("00.125", 0.125), ("-3", -3), ("−3,5", -3.5), ("1.234", 1234),
    ("12.345", 12345), ("123.456", 123456), ("1234.567", 1234.567), ("1.23", 1.23), ("1.2345", 1.2345),
    ("1.234,5", 1234.5), ("1.234.567", 1234567), ("1.234.567,89", 1234567.89), ("1 234", 1234), ("1 234 567", 1234567),
    (f"1{NBSP}234", 1234), (f"1{NBSP}234,56", 1234.56), (f"1{NARROW}234{NARROW}567", 1234567), ("1 234,5", 1234.5),
    ("1 234.5", 1234.5), ("1,234", 1.234), ("0,123", 0.123), ("1234567", 1234567), ("12 €", 12), ("12€", 12),
    (f"12,50{NBSP}€", 12.5), ("€ 12,50", 12.5), (f"€{NBSP}1.234,50", 1234.5), ("EUR 7", 7), ("7 EUR", 7), ("7 eur", 7),
    ("85 %", 85), ("85%", 85), (" 12 ", 12),
    ("-1.234,5 €", -1234.5),
]  # fmt: skip
NO_NUMBERS: list[Cell] = [
    "zwölf", "12 Stück", "ca. 12", "12-", "1.234.56", "1,234.56", "1.234 567", "12.34.56", "1,2,3", "1.23.456",
    "0.123.456", "0 123", "1 23", "12 3456", "1234 567", "1.2345,6", "12/3", "1e5", "+5", "- 3", "--3", "NaN", "inf",
    "Infinity", "12 Std", "12 min", "12 $", "€", "½", "(5 Kinder)", "0x10", "1_000", dt.date(2023, 1, 1),
    YES, NO, dt.time(1), math.inf, math.nan,
]  # fmt: skip


@pytest.mark.parametrize(("cell", "value"), NUMBERS, ids=repr)
def test_number(cell: Cell, value: float) -> None:
    assert parsed("number", cell) == (value, None)


@pytest.mark.parametrize("cell", NO_NUMBERS, ids=repr)
def test_no_number(cell: Cell) -> None:
    assert parsed("number", cell) == (None, "invalid_number")
    assert parsed("whole", cell) == (None, "invalid_number")


@pytest.mark.parametrize(("cell", "value"), [(n, v) for n, v in NUMBERS if v == int(v)], ids=repr)
def test_whole(cell: Cell, value: float) -> None:
    found, rule = parsed("whole", cell)
    assert (found, rule) == (value, None)
    assert isinstance(found, int)


@pytest.mark.parametrize("cell", [n for n, v in NUMBERS if v != int(v)], ids=repr)
def test_a_fraction_is_not_whole(cell: Cell) -> None:
    assert parsed("whole", cell) == (None, "invalid_number")


@pytest.mark.parametrize("cell", ["12,0", "12.0", 12.0, "1.200,00 €"])
def test_a_fraction_of_zero_is_whole(cell: Cell) -> None:
    assert parsed("whole", cell)[1] is None


# --- yes/no, category, places, languages, nationalities, keys --------------------------------------------------------

EXAMPLES: dict[str, list[tuple[Cell, Any]]] = {
    "yes_no": [
        ("ja", True), ("Ja", True), ("J", True), ("x", True), ("X", True), ("1", True), (1.0, True), (1, True),
        ("wahr", True), ("TRUE", True), (YES, True), ("nein", False), ("N", False),
        ("0", False), (0.0, False), ("Falsch", False), ("false", False), (NO, False), ("", False),
        ("-", False), ("k. A.", False), ("?", False),
    ],
    "category": [
        ("Schule", "Schule"), ("SCHULE", "Schule"), (" schule ", "Schule"),
        ("Arbeit/Ausbildung", "Arbeit und Ausbildung"), ("Arbeit  und\nAusbildung", "Arbeit und Ausbildung"),
        ("Freizeit", "Freizeit und Teilhabe"),
    ],
    "municipality": [
        ("Ahlen", "05570004"), ("ahlen", "05570004"), ("Stadt Ahlen", "05570004"), ("Gemeinde Ahlen", "05570004"),
        ("Stadt  Ahlen ", "05570004"), ("Stromberg", "05570028"), ("Oelde-Stromberg", "05570028"),
        ("Beckum/Neubeckum", "05570008"), ("Warendorf (Freckenhorst)", "05570052"), ("WARENDORF", "05570052"),
        ("Kreis Warendorf", "05570"), ("Kreis WAF", "05570"), ("kreisweit", "05570"), ("WAF (Kreis)", "05570"),
        ("Sünninghausen", "05570028"), ("Su\u0308nninghausen", "05570028"),
        ("59302 Oelde", "05570028"), ("Oelde - Stromberg", "05570028"), ("Stadt Oelde i. W.", "05570028"),
    ],
    "language": [
        ("Arabisch", "ara"), ("arab.", "ara"), ("Kurdisch (Kurmancî)", "kmr"), ("Kurdisch/Kurmandschi", "kmr"),
        ("Kurdisch (Sorani)", "ckb"), ("Dari/Persisch", "prs"), ("Persisch", "pes"), ("Persisch/Farsi", "pes"),
        ("TÜRK.", "tur"), ("Mandarin", "zho"), ("Suryoyo", "aii"),
    ],
    "languages": [
        ("Arabisch", "ara"), ("Arabisch, Türkisch", "ara;tur"), ("Arabisch;Türkisch", "ara;tur"),
        ("Arabisch und Türkisch", "ara;tur"), ("Arabisch, Türkisch und Dari", "ara;tur;prs"),
        ("Arabisch/Türkisch", "ara;tur"), ("Dari/Persisch", "prs"), ("Dari/Persisch/Arabisch", "prs;ara"),
        ("Arabisch/Dari/Persisch", "ara;prs"), ("Persisch/Farsi/Dari", "pes;prs"), ("Dari/Farsi", "prs;pes"),
        ("Kurdisch/Kurmandschi, Arab.", "kmr;ara"), ("Arabisch, Arab.", "ara"), ("Arabisch / Türkisch", "ara;tur"),
        ("Kurdisch (Sorani); Kurdisch (Kurmancî)", "ckb;kmr"),
    ],
    "nationality": [
        ("Syrien", "SYR"), ("syrisch", "SYR"), ("Arabische Republik Syrien", "SYR"), ("Kosovo", "XKX"),
        ("kosovarisch", "XKX"), ("Türkei", "TUR"), ("türkisch", "TUR"), ("staatenlos", None), ("ungeklärt", None),
        ("ohne Angabe", None),
    ],
    "ags": [
        ("05570004", "05570004"), ("5570004", "05570004"), (5570004.0, "05570004"), (5570004, "05570004"),
        ("557000", "00557000"), ("55700", "00055700"), (" 05570004 ", "05570004"),
    ],
    "programme": [
        ("fit", "fit"), ("FIT", "fit"), ("FIT (Frühkindliches Integrationstraining)", "fit"),
        ("KIM Case Management", "kim_case_management"), ("kim_case_management", "kim_case_management"),
        ("Patenprojekt  Übergang Schule-Beruf", "patenprojekt"),
    ],
}  # fmt: skip
REJECTED: dict[str, tuple[str, list[Cell]]] = {
    "yes_no": ("invalid_value", ["vielleicht", "jein", "yes", "no", 2.0, "2", "ja, teilweise", "01"]),
    "category": ("invalid_value", ["Schulen", "Sch.", "Schule, Kita", 1.0, dt.date(2023, 1, 1), YES, "*"]),
    "municipality": (
        "unknown_municipality",
        [
            "Münster",
            "Kreis",
            "Ahlen-Stromberg",
            "Oelde ¹)",
            "Stadt",
            "Ahlen Rathaus",
            "Warendorf, Stadt",
            48231.0,
            "05570004",
        ],
    ),
    "ags": ("invalid_value", ["ABC", "055700040", "1234", 5570.0, "05 570 004", "5570004,0"]),
    "programme": ("invalid_value", ["FIT-Programm", "Sprachmittler", 1.0]),
}


@pytest.mark.parametrize(("kind", "cell", "value"), [(k, *e) for k, es in EXAMPLES.items() for e in es])
def test_value(kind: str, cell: Cell, value: Any) -> None:
    assert parsed(kind, cell) == (value, None)


@pytest.mark.parametrize(("kind", "rule", "cell"), [(k, r, c) for k, (r, cells) in REJECTED.items() for c in cells])
def test_rejected_value(kind: str, rule: str, cell: Cell) -> None:
    assert parsed(kind, cell) == (None, rule)


@pytest.mark.parametrize("cell", ["Klingonisch", "Arabisch, Dari", "Arabisch/Dari", "Kurdisch", 3.0])
def test_an_unknown_language_is_undetermined(cell: Cell) -> None:
    assert parsed("language", cell) == ("und", "unknown_language")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Klingonisch", "und"),
        ("Arabisch, Klingonisch", "ara;und"),
        ("Klingonisch, Elbisch und Arabisch", "und;ara"),
        ("Arabisch/Elbisch", "ara;und"),
    ],
)
def test_one_notice_for_a_cell_with_unknown_languages(text: str, value: str) -> None:
    assert parsed("languages", text) == (value, "unknown_language")


@pytest.mark.parametrize("cell", ["Atlantis", "Syr.", "Jugoslawien/Serbien", 1.0])
def test_an_unknown_nationality_is_null(cell: Cell) -> None:
    assert parsed("nationality", cell) == (None, "unknown_nationality")


# --- properties ------------------------------------------------------------------------------------------------------

DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2099, 12, 31))
TIMES = st.one_of(
    st.just(""),
    st.builds(
        lambda gap, h, m, s, seconds: f"{gap}{h}:{m:02d}" + (f":{s:02d}" if seconds else ""),
        st.sampled_from([" ", "T", "  ", NBSP]),
        st.integers(0, 23),
        st.integers(0, 59),
        st.integers(0, 59),
        st.booleans(),
    ),
)
SPACE = st.sampled_from(["", " ", "\n", NBSP, " \t "])
ANY_TEXT = st.text(max_size=30) | st.text(alphabet="0123456789.,-−/ :()*¹²³€%hjxNnÄß\u00a0\u202fT", max_size=14)
ANY_CELL: st.SearchStrategy[Cell] = st.one_of(
    ANY_TEXT,
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.builds(BoolCell, st.booleans()),
    st.builds(ErrorCell, ANY_TEXT),
)


@given(
    DAYS,
    st.sampled_from(["{d:02d}.{m:02d}.{y}", "{d}.{m}.{y}", "{y}-{m:02d}-{d:02d}", "{d:02d}.{m}.{y}"]),
    TIMES,
    SPACE,
    SPACE,
)
def test_any_day_in_any_form_is_read_back(value: dt.date, form: str, time: str, before: str, after: str) -> None:
    text = before + form.format(d=value.day, m=value.month, y=value.year) + time + after
    assert parsed("date", text) == (value, None)
    assert parsed("date", text, context=CSV) == (value, None)


@given(st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31)), TIMES)
def test_two_digits_of_a_year_belong_to_this_century(value: dt.date, time: str) -> None:
    assert parsed("date", f"{value.day}.{value.month}.{value.year % 100:02d}{time}") == (value, None)


@given(st.integers(30_000, 60_000), st.floats(0, 0.9999), st.sampled_from([EPOCH_1900, EPOCH_1904]))
def test_any_serial_number_is_read_back(serial: int, fraction: float, epoch: dt.date) -> None:
    value = (epoch + dt.timedelta(days=serial), None)
    assert parsed("date", serial, context=context(epoch)) == value
    assert parsed("date", str(serial), context=context(epoch, text_only=True)) == value
    if serial < 60_000:
        assert parsed("date", serial + fraction, context=context(epoch)) == value


@given(DAYS)
def test_a_date_cell_is_read_back(value: dt.date) -> None:
    assert parsed("date", value) == (value, None)
    assert parsed("text", value) == (value.isoformat(), None)


def grouped(whole: int, separator: str) -> str:
    return f"{whole:,}".replace(",", separator)


@given(
    st.integers(0, 10**12),
    st.integers(0, 999),
    st.integers(0, 3),
    st.sampled_from(["", ".", " ", NBSP]),
    st.sampled_from(["{}", "-{}", "−{}", "€ {}", "{} €", "-{}€", f"{{}}{NBSP}EUR", "{} %"]),
)
@example(1234, 0, 0, ".", "{}")
def test_any_german_number_is_read_back(whole: int, fraction: int, places: int, separator: str, around: str) -> None:
    decimals = f"{fraction:03d}"[:places]
    text = around.format(grouped(whole, separator) + (f",{decimals}" if decimals else ""))
    expected = float(f"{whole}.{decimals or 0}") * (-1 if text[0] in "-−" else 1)
    assert parsed("number", text) == (expected, None)


@given(st.decimals(-(10**9), 10**9, places=2))
def test_any_plain_number_is_read_back(value: Any) -> None:
    assert parsed("number", f"{value:f}") == (float(value), None)
    assert parsed("number", float(value)) == (float(value), None)


@given(st.integers(-(10**12), 10**12))
def test_any_whole_number_is_read_back(value: int) -> None:
    for cell in (value, float(value), str(value), grouped(value, "."), grouped(value, NBSP)):
        assert parsed("whole", cell) == (value, None)


@given(ANY_CELL, st.sampled_from(KINDS), st.booleans())
def test_no_cell_breaks_a_parser(cell: Cell, kind: str, text_only: bool) -> None:
    value, rule = parsed(kind, cell, context=CSV if text_only else CONTEXT)
    if rule in ("invalid_date", "invalid_number", "invalid_value", "unknown_municipality", "error_cell"):
        assert value is None
    else:
        assert rule in (None, "unknown_language", "unknown_nationality")


@given(ANY_TEXT)
def test_text_cleaned_twice_is_text_cleaned_once(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)


LATIN = st.text(
    alphabet=st.characters(min_codepoint=32, max_codepoint=0x17F) | st.sampled_from(" \n\u00a0*:()¹²³0123456789ßẞ"),
    max_size=20,
)


@given(LATIN)
def test_a_comparable_form_is_comparable(text: str) -> None:
    assert comparable(comparable(text)) == comparable(text)


@pytest.mark.parametrize(
    "text",
    [
        "Status", "STATUS", " status ", "Status*", "Status:", "Status ¹)", "Status¹)", "Status 1)", "Status (1)",
        "Status (¹)", "Status * ²) :", "Status\n", "Status (12)", "Status**", "Status 1) 2)",
    ],
)  # fmt: skip
def test_what_does_not_matter_in_a_header(text: str) -> None:
    assert comparable_header(text) == "status"


@pytest.mark.parametrize("text", ["Status 1", "Status (a)", "(1) Status", "Status.", "Sta tus", "Status;", "*Status"])
def test_what_matters_in_a_header(text: str) -> None:
    assert comparable_header(text) != "status"
