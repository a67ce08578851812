"""Slipped and swapped cells: nothing personal gets into findings, cache, state, databases, logs, alerts or terminal.

One night reads the sample with slipped rows, and of each table with personal columns a list in which each of these is
swapped with each other column, and shifted left and right, once.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import dagster as dg
import duckdb
import openpyxl
import pyarrow.parquet as pq
import pytest

from kim_pipeline import cli
from kim_pipeline.contracts import programme, programmes
from kim_pipeline.contracts.model import Column, Table
from kim_pipeline.night import Night
from kim_pipeline.reading.findings import HIDDEN
from kim_pipeline.settings import PROJECT, Settings
from tests.facit import Facit, facits
from tests.helpers_tables import read_csv_delivery
from tests.nights import kept_night
from tests.whole.test_privacy import canaries_in, text_of
from tests.whole.test_privacy_dagster import values_of
from tests.workbooks import Page, xlsx

pytestmark = [pytest.mark.processes, pytest.mark.slow]

SAMPLE = PROJECT / "data_raw"
_BOUND = re.compile(r"ein Tag ab dem 01\.01\.(1900|2000)")
"""What the contract says of days, in the sentence of `out_of_range`."""
_OLD_DAY = re.compile(r"\d\d\.\d\d\.(19\d\d|200\d)|(19\d\d|200\d)-\d\d-\d\d")
WITH_BIRTHS = {
    p.key for p in programmes().values() for t in p.tables if any(c.derived_from for c in t.columns.values())
}


def slipped(path: Path) -> bytes:
    """A workbook of which every third data row is moved one column to the right, and every third to the left."""
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        for number, row in enumerate(rows[12:], 13):
            moved = {0: [None, *row[:-1]], 1: [*row[1:], None]}.get(number % 3)
            for at, value in enumerate(moved or [], 1):
                cell = sheet.cell(number, at)
                if not isinstance(cell, openpyxl.cell.cell.MergedCell):
                    cell.value = value
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


# --- every personal column swapped with every other -------------------------------------------------------------------

Cells = list[str]


@dataclass
class Persons:
    """Personal values that no other person of the lists has; each is a canary, or a birth date before 2000."""

    number: int = 0

    def row(self, table: Table, facit: Facit, n: int) -> dict[str, str]:
        """A row that keeps every rule, of a person of its own; the key is of the row, too."""
        self.number += 1
        told = {header: str(value).replace("{n}", str(n)) for header, value in facit.base.items()}
        for column in table.delivered:
            if column.personal:
                told[next(h for h in column.headers if h in told)] = self._value(column)
        return told

    def _value(self, column: Column) -> str:
        if column.kind == "date":
            return f"{self.number % 28 + 1:02}.{self.number % 12 + 1:02}.{1931 + self.number % 68}"
        if column.personal == "pseudonym":
            return f"KANF-{self.number:05}"
        return f"Kanari{_letters(self.number)}, Eva {column.name[0].upper()}"


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def twin(table: Table, facit: Facit, row: dict[str, str], n: int) -> dict[str, str]:
    """The same person in a row that is right: what a list with two entries of a person holds."""
    own = {h: str(v).replace("{n}", str(n)) for h, v in facit.base.items()}
    keys = {h for c in table.delivered if c.key and not c.personal for h in c.headers}
    new = {h for c in table.delivered if c.key and c.personal == "pseudonym" for h in c.headers}
    lonely = bool(new) and not keys
    return {
        header: own[header] if header in keys else f"{value}9" if lonely and header in new else value
        for header, value in row.items()
    }


def mutations(table: Table, headers: Cells) -> Iterator[Callable[[Cells], Cells]]:
    """Every personal column swapped with every other; a cell missing, and one too many, at each personal column."""
    personal = [at for c in table.delivered if c.personal for at, h in enumerate(headers) if h in c.headers]
    for one in personal:
        for other in range(len(headers)):
            if other != one:
                yield partial(_swapped, one, other)
        yield lambda row, at=one: [*row[:at], *row[at + 1 :], ""]  # type: ignore[misc]
        yield lambda row, at=one: [*row[:at], "", *row[at:-1]]  # type: ignore[misc]


def _swapped(one: int, other: int, row: Cells) -> Cells:
    swapped = list(row)
    swapped[one], swapped[other] = row[other], row[one]
    return swapped


def mutated_lists() -> Iterator[tuple[str, str, list[Cells]]]:
    """Programme, table and rows of each list: a right row of the same person beside each that is mutated."""
    persons = Persons()
    for key, facit in facits().items():
        for table in programme(key).tables:
            if not any(c.personal for c in table.delivered):
                continue
            base = facit.tables[table.name]
            headers = list(base.base)
            rows = []
            for n, mutate in enumerate(mutations(table, headers)):
                row = persons.row(table, base, 2 * n)
                rows += [mutate(list(row.values())), list(twin(table, base, row, 2 * n + 1).values())]
            period = [[f"Berichtszeitraum: {facit.period}"]] if facit.period else []
            yield key, table.name, [*period, ["Stand: 15.01.2024"], headers, *rows]


def write_mutated(folder: Path) -> dict[str, Path]:
    """One workbook per programme with a personal column, and where it lies."""
    pages: dict[str, list[Page]] = {}
    for key, table, rows in mutated_lists():
        pages.setdefault(key, []).append(Page(f"{facits()[key].sheet} {table}", rows))
    written = {key: folder / key / "Tausch.xlsx" for key in pages}
    for key, path in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(xlsx(pages[key]))
    return written


def test_every_personal_column_is_swapped_with_every_other() -> None:
    rows = {(key, table): rows for key, table, rows in mutated_lists()}
    with_persons = {
        (p.key, t.name) for p in programmes().values() for t in p.tables if any(c.personal for c in t.delivered)
    }
    assert rows.keys() == with_persons
    cases = rows["kim_case_management", "cases"]
    assert len(cases) == 2 + 2 * 5 * (14 + 2)
    assert canaries_in(repr(rows).encode())


def test_checking_a_file_with_swapped_cells_tells_nothing_personal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for key, path in write_mutated(tmp_path / "lists").items():
        assert cli.invoke(["check", str(path), "--programme", key, "--limit", "10000"]) in (0, 1)
        said = capsys.readouterr()
        assert "Ergebnis:" in said.out
        words = (said.out + said.err).split()
        assert canaries_in("".join(words).encode()) == []  # also where a line ends within one
        if key in WITH_BIRTHS:
            assert _OLD_DAY.findall(_BOUND.sub("", " ".join(words))) == []


@pytest.fixture(scope="module")
def slipped_deliveries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One workbook of each programme with personal columns that has one as .xlsx."""
    folder = tmp_path_factory.mktemp("slipped")
    personal = [p.key for p in programmes().values() if any(c.personal for t in p.tables for c in t.delivered)]
    for key in personal:
        readable = [path for path in (SAMPLE / key).glob("[!~]*.xlsx") if zipfile.is_zipfile(path)]
        for path in sorted(readable, key=lambda path: path.stat().st_size)[-1:]:
            target = folder / "deliveries" / key / "Liste.xlsx"
            target.parent.mkdir(parents=True)
            target.write_bytes(slipped(path))
    assert len(list(folder.rglob("*.xlsx"))) > 5
    write_mutated(folder / "deliveries")
    return folder


def test_a_night_with_slipped_rows_leaves_no_personal_value(
    slipped_deliveries: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(deliveries=slipped_deliveries / "deliveries", warehouse=tmp_path / "warehouse")
    home = tmp_path / "dagster"
    home.mkdir()
    with dg.DagsterInstance.local_temp(str(home)) as instance:
        assert kept_night(Night(settings=settings), instance)
    assert canaries_in(b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())) == []
    assert [p.name for p in tmp_path.rglob("*") if p.is_file() and canaries_in(p.read_bytes())] == []
    assert canaries_in(caplog.text.encode()) == []
    assert [name for name, text in values_of(settings.warehouse / "builds") if canaries_in(text)] == []
    for path in settings.cache.rglob("*.parquet"):
        assert canaries_in(text_of(pq.read_table(path))) == [], path
    with duckdb.connect(str(settings.warehouse / "internal.duckdb"), read_only=True) as connection:
        found = connection.execute("SELECT programme, raw, message, column_name FROM quality.finding").fetchall()
        read = connection.execute(
            "SELECT programme, sum(accepted), sum(quarantined) FROM quality.sheet_account WHERE file = 'Tausch.xlsx' "
            "GROUP BY programme"
        ).fetchall()
    assert {programme for programme, *_ in read} == {programme for programme, *_ in mutated_lists()}
    assert all(accepted > 3 for _, accepted, _ in read)
    assert sum(quarantined for _, _, quarantined in read) > 100
    assert len([raw for _, raw, _, _ in found if raw == HIDDEN]) > 500
    told = [texts for programme, *texts in found if programme in WITH_BIRTHS]
    assert len(told) > 500
    assert [row for row in told if any(_OLD_DAY.search(_BOUND.sub("", text or "")) for text in row)] == []


# --- single cells ----------------------------------------------------------------------------------------------------

FACTS = [["Stand: 15.01.2024"]]
CASES = [
    "Fallnummer",
    "Name, Vorname",
    "Staatsangehörigkeit",
    "Wohnort",
    "Anmeldung",
    "Aufnahme",
    "Abschlussgrund",
    "Telefon",
]


@pytest.mark.parametrize(
    ("column", "text", "is_quoted"),
    [
        ("Wohnort", "Kanada", True),
        ("Wohnort", "Anna Kanarius", False),  # the same text as a name of the delivery
        ("Wohnort", "anna  KANARIUS", False),
        ("Wohnort", "Musterfrau, Eva", False),
        ("Wohnort", "geb. Muster", False),
        ("Wohnort", "123456789", False),
        ("Wohnort", "12345678", True),
        ("Wohnort", "03.05.1987", False),
        ("Wohnort", "3.5.87", False),
        ("Wohnort", "1987-05-03", False),
        ("Wohnort", "03.05.2019", True),
        ("Anmeldung", "31.02.1987", True),  # a column of days
        ("Staatsangehörigkeit", "Kanakei", True),
        ("Wohnort", "F-1", True),  # too short to tell anything
        ("Abschlussgrund", "Umzug", True),
    ],
)
def test_what_a_finding_quotes(column: str, text: str, is_quoted: bool) -> None:
    row = dict.fromkeys(CASES, "") | {"Fallnummer": "F-1", "Wohnort": "Ahlen", "Anmeldung": "05.05.2023"}
    rows = [row | {"Name, Vorname": "Anna Kanarius"}, row | {"Fallnummer": "F-2", column: text}]
    content = [*FACTS, CASES, *([r[name] for name in CASES] for r in rows)]
    result = read_csv_delivery(programme("kim_case_management").key, content)
    (found,) = [f for f in result.findings if f.column_name == column and f.row == 4]
    assert (found.raw == text, text in found.message) == (is_quoted, is_quoted)
    assert is_quoted or (found.raw == HIDDEN and "Der Wert" in found.message)


@pytest.mark.parametrize(
    ("text", "is_quoted"),
    [
        ("31.02.2022", True),
        ("01.01.2016", True),
        ("31.02.1987", False),  # a column of days may be quoted, but for what may be a birth date
        ("03.05.1987", False),
        ("03.05.2016", False),  # the same day as a birth date of the delivery
    ],
)
def test_where_a_delivery_holds_birth_dates_no_day_that_may_be_one_is_quoted(text: str, is_quoted: bool) -> None:
    header = ["Fallnummer", "Geburtsdatum", "Wohnort", "Anmeldung", "Aufnahme"]
    rows = [["F-1", "3.5.2016", "Ahlen", "05.05.2023", ""], ["F-2", "", "Ahlen", "05.05.2023", text]]
    result = read_csv_delivery("kim_case_management", [*FACTS, header, *rows])
    (found,) = [f for f in result.findings if f.column_name == "Aufnahme"]
    assert (found.raw != HIDDEN, text in found.message) == (is_quoted, is_quoted)


def test_a_list_of_languages_reads_like_a_name() -> None:
    header = ["Gruppe", "Programm", "Einrichtung", "Kommune", "Sprachen", "Familien", "Kinder", "Elternbegleitung"]
    facts = [["Berichtszeitraum: 2022/23"], ["Stand: 15.09.2023"]]
    group = ["G1", "Griffbereit", "Kita", "Ahlen", "Arabisch, Urdu", "5", "6", "EB-1"]
    named = ["G2", "Griffbereit", "Kita", "Ahlen", "Muster, Eva", "5", "6", "EB-1"]
    result = read_csv_delivery("fit", [*facts, header, group, named])
    assert [f.raw for f in result.findings if f.rule == "unknown_language"] == [HIDDEN, HIDDEN]


def test_a_name_that_slipped_into_a_stored_text_is_stored_as_a_pseudonym() -> None:
    header = ["Einrichtung", "Sprachhelfer/in", "Kommune", "Stunden bewilligt"]
    rows = [
        ["Kita Süd", "Eva Kanarius", "Ahlen", "10"],
        ["Eva Kanarius", "Kita Nord", "Ahlen", "10"],
        ["Kanarius, Eva", "Kita Ost", "Ahlen", "10"],
    ]
    facts = [["Berichtszeitraum: 2023"], ["Stand: 15.01.2024"]]
    result = read_csv_delivery("sprachhelfer", [*facts, header, *rows])
    kept, *slipped = result.tables["placements"].rows["institution"].to_pylist()
    assert kept == "Kita Süd"
    assert all(re.fullmatch("[0-9a-f]{32}", text) for text in slipped)
    assert slipped[0] != slipped[1]
