"""Reading .csv: encodings told by the headers that they let be known, delimiters, and two parsers that must agree."""

from __future__ import annotations

import csv
import io
from pathlib import PurePath
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kim_pipeline.contracts import programme
from kim_pipeline.reading.delivery import read_delivery
from kim_pipeline.reading.errors import RejectedError
from kim_pipeline.reading.formats import csv_witness
from kim_pipeline.reading.formats.cells import Cell, DoubtfulCell, Sheet
from kim_pipeline.reading.formats.delimited import looks_like_text, read_csv
from kim_pipeline.reading.formats.workbook import Limits
from tests.helpers_tables import Only, only
from tests.workbooks import Page, csv_text, request, requests

PAGE = requests(request("A-1", Einrichtung="Büro für Flüchtlinge"), request("A-2", Sprache="Türkisch"))
DELIMITERS = [";", ",", "\t"]


def read(content: bytes) -> Only:
    return only(
        read_delivery(PurePath("L.csv"), content, programme("sprachmittlerpool"), b"k" * 32, Limits(2**24, 2**24))
    )


def cells(content: bytes, known: str = "") -> list[list[Cell]]:
    """The cells of the sheet whose text holds most of the known word."""

    def fits(sheet: Sheet) -> int:
        texts = [cell for column in sheet.distinct for cell in column if isinstance(cell, str)]
        return sum(known in text for text in texts) if known else sheet.width

    sheet = read_csv("L", content, fits)
    return [sheet.row(row) for row in range(sheet.height)]


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "cp850", "mac_roman"])
def test_every_encoding_gives_the_same(encoding: str, delimiter: str) -> None:
    text = csv_text(PAGE, delimiter)
    if encoding == "cp850":  # it has no such sign
        text = text.replace("€", "EUR")
    result = read(text.encode(encoding))
    rows = result.tables["requests"].rows.to_pylist()
    assert [row["institution"] for row in rows] == ["Büro für Flüchtlinge", "Grundschule Süd"]
    assert [row["language"] for row in rows] == ["ara", "tur"]


@pytest.mark.parametrize("mark", ["little", "big"])
def test_utf16_needs_its_mark(mark: str) -> None:
    codec = {"little": "utf-16-le", "big": "utf-16-be"}[mark]
    assert cells("\ufeffa;ü\r\n".encode(codec)) == [["a", "ü"]]
    with pytest.raises(RejectedError, match="keine lesbare Tabelle"):
        cells("a;ü\r\n".encode(codec))
    with pytest.raises(RejectedError, match="keine lesbare Tabelle"):
        cells("\ufeffa;ü\r\n".encode(codec) + b"\x00")


def test_c1_controls_are_no_cp1252() -> None:
    """0x81 is ü in cp850 and nothing in cp1252; 0x9f is ü of the Macintosh and Ÿ in cp1252."""
    assert cells("Tür;x".encode("cp850")) == [["Tür", "x"]]
    assert cells("Tür;x".encode("mac_roman")) == [["TŸr", "x"]]
    assert cells("Tür;x".encode("mac_roman"), known="Tür") == [["Tür", "x"]]
    assert cells("Größe;Tür".encode("cp1252"), known="Größe") == [["Größe", "Tür"]]


def test_the_delimiter_that_lets_more_be_known_is_taken() -> None:
    assert cells(b"a,b;c,d\r\n", known="b;c") == [["a", "b;c", "d"]]
    assert cells(b"a,b;c,d\r\n", known="c,d") == [["a,b", "c,d"]]
    assert cells(b"a\tb;c\r\n", known="b;c") == [["a", "b;c"]]


@pytest.mark.parametrize(
    ("field", "expected"),
    [('="0001"', "0001"), ('"=""0001"""', "0001"), ('=""', ""), ("=1+1", "=1+1"), ('="a" & "b"', '="a" & "b"')],
)
def test_a_text_in_a_formula_is_the_text(field: str, expected: str) -> None:
    assert cells(f"{field};x\r\n".encode()) == [[expected, "x"]]


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "sep=;;;;"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_stated_delimiter_is_obeyed(line: str, end: str) -> None:
    assert cells(f"{line}{end}a,b;c{end}".encode(), known="a,b") == [["a,b", "c"]]
    assert cells(f"{line}{end}a,b;c{end}".encode(), known="b;c") == [["a,b", "c"]]


def test_a_line_that_begins_like_a_stated_delimiter_is_a_record() -> None:
    assert cells(b"sep=x;y\r\n") == [["sep=x", "y"]]
    assert cells(b"sep=" + b";" * 5000 + b"x\r\n")[0][0] == "sep="


# --- two parsers ------------------------------------------------------------------------------------------

FIELDS = st.text(st.sampled_from('ab ü;,\t"\n\r='), max_size=6)
RECORDS = st.lists(st.lists(FIELDS, min_size=1, max_size=5), max_size=6)


@pytest.mark.parametrize("delimiter", DELIMITERS)
@hypothesis_settings(deadline=None)
@given(records=RECORDS, end=st.sampled_from(["\r\n", "\n", "\r"]))
def test_both_parsers_agree_on_what_is_well_quoted(delimiter: str, records: list[list[str]], end: str) -> None:
    target = io.StringIO()
    quoting: Literal[0, 1] = (
        csv.QUOTE_MINIMAL if end == "\r\n" else csv.QUOTE_ALL
    )  # else an end of line of the other kind is bare
    csv.writer(target, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(records)
    text = target.getvalue()
    counts = csv_witness.tally(text.encode(), delimiter)
    assert counts is not None
    assert counts.tolist() == [len(record) for record in records]
    assert list(csv_witness.records(text, delimiter)) == [record if record != [""] else [] for record in records]


@pytest.mark.parametrize("delimiter", DELIMITERS)
@hypothesis_settings(deadline=None)
@given(text=st.text(st.sampled_from('ab;,\t"\n'), max_size=40))
def test_no_text_is_lost_and_no_line_swallowed_in_silence(delimiter: str, text: str) -> None:
    """Whatever the quotation marks: well quoted, or every line gives a record unless a field of its own spans it."""
    found = list(csv_witness.records(text, delimiter))
    said = "".join(cell.second if isinstance(cell, DoubtfulCell) else str(cell) for record in found for cell in record)
    assert sum(map(said.count, "ab")) == sum(map(text.count, "ab"))
    counts = csv_witness.tally(text.encode(), delimiter)
    if counts is not None:
        assert counts.tolist() == [max(1, len(record)) for record in found]
        assert not any(isinstance(cell, DoubtfulCell) for record in found for cell in record)


def test_a_quotation_mark_by_mistake_swallows_no_records() -> None:
    """Python's parser takes all up to the next quotation mark for one cell, and counts two records."""
    text = 'a;"Haus Nord;1\r\nb;Haus;2\r\nc;"Haus Süd;3\r\nd;Haus;4\r\n'
    assert len(list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))) == 2
    assert cells(text.encode()) == [
        ["a", DoubtfulCell("Haus Nord…", '"Haus Nord'), "1"],
        ["b", "Haus", "2"],
        ["c", DoubtfulCell("Haus Süd…", '"Haus Süd'), "3"],
        ["d", "Haus", "4"],
    ]


def test_what_is_swallowed_is_not_quoted() -> None:
    rows = csv_text(requests(request("A-1"), request("A-2", Bemerkung="Frau Geheim anrufen")))
    result = read(rows.replace("A-1;", '"A-1;').encode())
    (found,) = [f for f in result.findings if f.rule == "error_cell"]
    assert "Geheim" not in repr(result.findings)
    assert found.raw == 'A-1… | "A-1'


def test_a_personal_value_whose_quotation_mark_is_not_closed_is_not_quoted() -> None:
    """The readings bear marks of their own, `…` and `"`, and are no less the value."""
    page = requests(request("A-1"), request("A-2", Status="SLIPPED", Bemerkung="Frau Geheim anrufen"))
    next(row for row in page.grid if row[0] == "Nr.").append("Bemerkung")
    result = read(csv_text(page).replace("SLIPPED", '"Frau Geheim anrufen').encode())
    assert "Geheim" not in repr(result.findings)
    assert [f.raw for f in result.findings if f.rule == "error_cell"] == ["***"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('"Haus "Brücke"";x', [DoubtfulCell('Haus Brücke""', '"Haus "Brücke""'), "x"]),
        ('Rohr 5";3" Rohr;x', ['Rohr 5"', '3" Rohr', "x"]),
        ('"Haus" ;x', ["Haus", "x"]),
        (' "Haus";x', [' "Haus"', "x"]),
        ('"a;b";"c"', ["a;b", "c"]),
        ('"";""""', ["", '"']),
    ],
)
def test_quotation_marks_in_fields(line: str, expected: list[Cell]) -> None:
    assert cells(f"{line}\r\ny;z\r\n".encode()) == [
        [*expected, *[""] * (2 - len(expected))],
        ["y", "z", *[""] * (len(expected) - 2)],
    ]


def test_parsers_that_count_differently_refuse_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = csv_witness.tally

    def wrong(text: bytes, delimiter: str) -> csv_witness.Counts | None:
        counts = counted(text, delimiter)
        return counts if counts is None else counts + (counts.cumsum() > 4)

    monkeypatch.setattr(csv_witness, "tally", wrong)
    with pytest.raises(RejectedError, match="Ab Zeile 3 zerlegen zwei Programme die Datei verschieden"):
        cells(b"a;b\r\nc;d\r\ne;f\r\n")


@pytest.mark.parametrize("start", ["<!-- x -->", "<html>", "\x01"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_what_is_no_text(start: str, encoding: str) -> None:
    assert not looks_like_text(f"{start}\r\na;b".encode(encoding))
    assert looks_like_text("a;b\r\n".encode(encoding))


def test_a_page_of_one_column_is_no_table() -> None:
    result = read(csv_text(Page("L", [["Nr."], ["1"]])).encode())
    assert result.rejected == "unreadable"
    assert "es fehlen die Trennzeichen „;“, „,“ oder Tabulatoren" in result.findings[0].message
