"""No personal value leaves the spreadsheets: not to the cache, the warehouse, a log, a finding or an exception."""

from __future__ import annotations

import datetime as dt
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kim_pipeline.contracts import programme, programmes
from kim_pipeline.contracts.model import Column, Table
from kim_pipeline.contracts.normalise import comparable
from kim_pipeline.intake import worker
from kim_pipeline.intake.intake import load_secret_for
from kim_pipeline.reading.delivery import read_delivery
from kim_pipeline.reading.findings import HIDDEN
from kim_pipeline.reading.formats.workbook import Limits
from kim_pipeline.reading.personal import load_secret, programme_key, pseudonym
from kim_pipeline.settings import Settings
from tests.built import build_internal
from tests.conftest import SAMPLE, TESTS, Sample, direct, put
from tests.helpers_tables import Only, only
from tests.here import setup_for
from tests.workbooks import Fault, Page, csv_text, day, ods, request, requests, xls, xlsx

pytestmark = pytest.mark.processes

KEY = b"k" * 32
LIMITS = Limits(2**26, 2**30)

_DATE = re.compile(r"\d{4}-\d\d-\d\d|[\d.]{8,10}")
_MARKS = re.compile(rb"kanari|vertraulich-\d|kanf-\d", re.IGNORECASE)
"""What every canary that is neither a day nor a register number holds; see `test_every_canary_is_looked_for`."""
_REGISTER_NUMBER = re.compile(rb"(?<!\d)\d{12}(?!\d)")

CANARIES = [
    line
    for line in (TESTS / "canaries.txt").read_text(encoding="utf-8").splitlines()
    if line and not _DATE.fullmatch(line)
]
NUMBERS = frozenset(line.encode() for line in CANARIES if line.isdigit())


def canaries_in(content: bytes) -> list[bytes]:
    """Every trace of a canary."""
    numbers = [m[0] for m in _REGISTER_NUMBER.finditer(content) if m[0] in NUMBERS]
    return [content[m.start() - 10 : m.end() + 10] for m in _MARKS.finditer(content)] + numbers


def test_every_canary_is_looked_for() -> None:
    assert len(CANARIES) > 10_000
    missed = [c for c in CANARIES if c.encode() not in NUMBERS and not _MARKS.search(c.encode())]
    assert missed == []
    assert all(canaries_in(f"x {canary}, y".encode()) for canary in CANARIES)


def test_names_in_free_text_are_looked_for_too() -> None:
    """They stand where nothing is personal by contract, and are to be found nowhere all the same."""
    names = (TESTS / "canaries_published.txt").read_text(encoding="utf-8").split()
    assert names
    assert all(canaries_in(f"mit Frau {name}.".encode()) for name in names)
    books = [_unzipped(path.read_bytes()) for path in (SAMPLE / "massnahmen").glob("*.xlsx")]
    assert all(any(name.encode() in book for book in books) for name in names)


def test_the_sample_holds_them() -> None:
    """Else the other tests would prove nothing."""
    text = b"".join(path.read_bytes() for path in SAMPLE.rglob("*.csv"))
    assert canaries_in(text)
    content = (SAMPLE / "kim_case_management" / "KIM_Gesamtliste_2024-01.xlsx").read_bytes()
    assert canaries_in(_unzipped(content))


def _unzipped(content: bytes) -> bytes:
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


def files_of(sample: Sample) -> Iterator[Path]:
    for path in sample.settings.warehouse.rglob("*"):
        if path.is_file():
            yield path


def test_no_byte_of_any_file_shows_a_canary(sample: Sample) -> None:
    found = {path: canaries_in(path.read_bytes()) for path in files_of(sample)}
    assert len(found) > 100
    assert {path: traces for path, traces in found.items() if traces} == {}


def test_no_name_of_a_file_shows_a_canary(sample: Sample) -> None:
    assert canaries_in("\n".join(str(path) for path in files_of(sample)).encode()) == []


def test_no_value_of_the_cache_shows_a_canary(sample: Sample) -> None:
    """Parquet is compressed, so its bytes alone prove little."""
    for path in sample.settings.cache.rglob("*.parquet"):
        assert canaries_in(text_of(pq.read_table(path))) == [], path


def test_no_value_of_the_internal_file_shows_a_canary(sample: Sample) -> None:
    with duckdb.connect(str(sample.internal), read_only=True) as connection:
        names = _tables(connection)
        assert len(names) > 40
        for name in names:
            assert canaries_in(text_of(connection.table(name).to_arrow_table())) == [], name
        comments = "SELECT comment FROM duckdb_columns() UNION ALL SELECT comment FROM duckdb_tables()"
        assert canaries_in(text_of(connection.sql(comments).to_arrow_table())) == []


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute("SELECT table_schema, table_name FROM information_schema.tables ORDER BY ALL").fetchall()
    return [f'"{schema}"."{name}"' for schema, name in rows]


def text_of(table: pa.Table) -> bytes:
    """Every distinct value of a table as text."""
    values = {str(v) for column in table.columns for v in column.unique().to_pylist()}
    return "\n".join(values).encode()


def test_no_log_shows_a_canary(sample: Sample) -> None:
    assert canaries_in(sample.log.encode()) == []


def test_nothing_is_written_to_the_screen(tmp_path: Path) -> None:
    """A run of its own, since children could write past what Python catches."""
    code = (
        "import logging; logging.basicConfig(level=logging.DEBUG)\n"
        "from kim_pipeline.intake.intake import take_in\n"
        "from kim_pipeline.settings import Settings\n"
        "print(take_in(Settings(readers=2), only=['kim_case_management', 'suedosteuropa']).deliveries)"
    )
    places = {"KIM_DELIVERIES": str(SAMPLE), "KIM_WAREHOUSE": str(tmp_path), "PYTHONWARNINGS": "always"}
    environment = os.environ | places | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
    assert b"KIM_Gesamtliste" in done.stdout
    assert canaries_in(done.stdout + done.stderr) == []
    secret = load_secret(tmp_path / "secret.key")
    assert secret.hex().encode() not in done.stdout + done.stderr


# --- what is stored --------------------------------------------------------------------------------------------------


def gone_columns() -> dict[str, set[str]]:
    """Staging table → the columns that must not be in it: dropped ones, and days of birth."""
    return {
        f"{p.key}_{t.name}": {c.name for c in t.columns.values() if c.personal in ("drop", "derive")}
        for p in programmes().values()
        for t in p.tables
    }


def test_no_table_has_a_column_that_is_dropped(sample: Sample) -> None:
    gone = gone_columns()
    assert gone["kim_case_management_cases"] == {"name", "birth_date", "azr_no"}
    with duckdb.connect(str(sample.internal), read_only=True) as connection:
        rows = connection.execute("SELECT table_name, column_name FROM information_schema.columns").fetchall()
    found = {(table, column) for table, column in rows if column in gone.get(table, set()) or "birth" in column}
    assert found == set()
    for path in sample.settings.cache.rglob("*.parquet"):
        table = f"{path.parent.parent.name}_{path.stem}"
        assert not gone.get(table, set()) & set(pq.read_schema(path).names), path


def test_no_day_is_a_day_of_birth(sample: Sample) -> None:
    """The programmes that deliver birth dates began in 2020; whatever is older was somebody's birthday."""
    with_births = {p.key for p in programmes().values() for t in p.tables if "birth_date" in t.columns}
    assert with_births == {"kim_case_management", "schulische_erstberatung"}
    for key in with_births:
        for path in (sample.settings.cache / key).rglob("*.parquet"):
            table = pq.read_table(path)
            days = [d for c in table.columns if pa.types.is_date(c.type) for d in c.drop_null().to_pylist()]
            assert all(d >= dt.date(2020, 1, 1) for d in days), path


def test_pseudonyms_are_all_that_is_left_of_a_person(sample: Sample) -> None:
    for p in programmes().values():
        for table in p.tables:
            names = [c.name for c in table.columns.values() if c.personal == "pseudonym"]
            for path in (sample.settings.cache / p.key).glob(f"*/{table.name}.parquet"):
                for name in names:
                    values = pq.read_table(path, columns=[name])[name].drop_null().to_pylist()
                    assert all(re.fullmatch("[0-9a-f]{32}", value) for value in values)


# --- pseudonyms ------------------------------------------------------------------------------------------------------


def contacts(person: str) -> bytes:
    header = ["Nr.", "Datum", "Person-ID", "Ort", "Thema"]
    facts = [["Berichtszeitraum: 2023"], ["Stand: 15.01.2024"]]
    return xlsx([Page("Kontakte", [*facts, header, ["1", day("2023-05-05"), person, "Ahlen", "Sprache"]])])


def participations(person: str) -> bytes:
    header = ["TN-Nr.", "Baustein", "Eintritt", "Wohnort"]
    return xlsx([Page("TN", [["Stand: 15.01.2024"], header, [person, "1", day("2023-05-05"), "Ahlen"]])])


def rows(result: Only, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = result.tables[table].rows.to_pylist()
    return found


def test_a_person_has_one_pseudonym_in_a_programme_and_another_in_the_next(settings: Settings) -> None:
    put(settings, "suedosteuropa", "a.xlsx", contacts("P-17"))
    put(settings, "suedosteuropa", "b.xlsx", contacts(" P-17 "))
    put(settings, "durchstarten", "c.xlsx", participations("P-17"))
    intake = direct(settings)
    values = [
        pq.read_table(d.read.tables[name].path)[column][0].as_py()
        for d in intake.deliveries
        if d.read is not None
        for name, column in (("contacts", "person"), ("participations", "participant"))
        if name in d.read.tables
    ]
    durchstarten, first, second = values
    assert first == second
    assert durchstarten != first


def test_the_tables_of_a_delivery_share_their_pseudonyms() -> None:
    result = read_kim("F-1")
    assert rows(result, "cases")[0]["case_no"] == rows(result, "stations")[0]["case_no"]
    assert "F-1" not in repr(result)


def test_every_secret_gives_other_keys_and_pseudonyms() -> None:
    keys = {programme_key(secret, key) for secret in (b"a" * 32, b"b" * 32) for key in programmes()}
    assert len(keys) == 2 * len(programmes())
    assert len({pseudonym(key, "P-17") for key in keys}) == len(keys)


def test_a_pseudonym_is_no_plain_hash() -> None:
    import hashlib

    plain = {hashlib.new(name, b"P-17").hexdigest()[:32] for name in ("sha256", "md5", "sha1", "sha512")}
    assert pseudonym(KEY, "P-17") not in plain


def test_two_first_runs_make_two_secrets(tmp_path: Path) -> None:
    assert load_secret(tmp_path / "a") != load_secret(tmp_path / "b")


# --- findings --------------------------------------------------------------------------------------------------------

CASES = ["Fallnummer", "Name, Vorname", "Geburtsdatum", "AZR-Nummer", "Wohnort", "Anmeldung", "Case Manager/in"]
STATIONS = ["Fallnummer", "Schritt", "Rechtskreis", "Beginn"]
SECRETS = ("Geheimfrau", "Z-4711-Z", "4711471147", "31.02.1971")


def read_kim(*numbers: Any, **changes: Any) -> Only:
    facts: dict[str, Any] = {"name": "Geheimfrau, Anna", "birth": "31.02.1971", "azr": "4711471147", "place": "Ahlen"}
    facts |= {"on": day("2023-05-05"), "manager": "Geheimfrau"}
    cases = [list(({"number": number} | facts | changes).values()) for number in numbers]
    stations = [[number, 1, "SGB II", day("2023-06-06")] for number in numbers]
    pages = [
        Page("Fälle", [["Stand: 15.01.2024"], CASES, *cases]),
        Page("Stationen", [STATIONS, *stations, ["Z-4711-Z", 1, "SGB II", day("2023-06-06")]]),
    ]
    return only(read_delivery(PurePath("x.xlsx"), xlsx(pages), programme("kim_case_management"), KEY, LIMITS))


@pytest.mark.parametrize(
    ("changes", "column", "rule"),
    [
        ({}, "Geburtsdatum", "invalid_date"),
        ({"birth": Fault("#VALUE!")}, "Geburtsdatum", "error_cell"),
        ({"birth": day("2029-01-01")}, "Geburtsdatum", "future_date"),
        ({"number": None}, "Fallnummer", "missing_value"),
        ({"number": "k. A."}, "Fallnummer", "missing_value"),
        ({"number": Fault("#REF!")}, "Fallnummer", "error_cell"),
    ],
)
def test_findings_hide_what_is_personal(changes: dict[str, Any], column: str, rule: str) -> None:
    result = read_kim("F-1", "F-2", **changes)
    found = [f for f in result.findings if f.column_name == column and f.rule == rule]
    assert found
    assert {f.raw for f in found} == {HIDDEN}
    assert not any(secret in repr(result.findings) for secret in SECRETS)
    assert all("Der Wert" in f.message or rule == "missing_value" for f in found)


def test_orphans_and_duplicates_hide_their_key() -> None:
    result = read_kim("F-1", "F-1")
    by_rule = {f.rule: f for f in result.findings if f.rule in ("orphan", "duplicate_key")}
    assert {rule: f.raw for rule, f in by_rule.items()} == {"orphan": HIDDEN, "duplicate_key": HIDDEN}
    assert not any("F-1" in f.message or "4711" in f.message for f in by_rule.values())


def test_every_finding_of_the_sample_hides_what_is_personal(sample: Sample) -> None:
    """Also where the cell is blank, and in every rule that names a personal column."""
    checked = 0
    for d in sample.intake.deliveries:
        headers = {comparable(h) for t in programme(d.programme).tables for c in _personal(t) for h in c.headers}
        shared = {comparable(h) for t in programme(d.programme).tables for c in _open(t) for h in c.headers}
        if d.read is None:
            continue
        for finding in pq.read_table(d.read.findings).to_pylist():
            about_columns = finding["rule"] in ("unmapped_column", "absent_column", "missing_column")
            if not about_columns and comparable(finding["column_name"] or "") in headers - shared:
                checked += 1
                assert finding["raw"] == HIDDEN, finding["rule"]
    assert checked > 50


def _personal(table: Table) -> list[Column]:
    return [c for c in table.delivered if c.personal]


def _open(table: Table) -> list[Column]:
    return [c for c in table.delivered if not c.personal]


# --- exceptions and logs ---------------------------------------------------------------------------------------------


def test_an_exception_that_quotes_a_cell_is_told_without_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import dataclasses

    def fail(*_: object, **__: object) -> None:
        raise ValueError("invalid literal: 'Geheimfrau, Anna'")

    path = put(settings, "suedosteuropa", "a.xlsx", contacts("P-17"))
    monkeypatch.setattr(worker, "read_delivery", fail)
    request_ = {"programme": "suedosteuropa", "file": "a.xlsx", "path": str(path)}
    with caplog.at_level(logging.DEBUG):
        answer = worker._answer(request_, dataclasses.asdict(setup_for(settings)), worker.read_into_cache)
    assert re.fullmatch(r"ValueError in test_privacy\.py:\d+", answer["where"])
    assert "Geheimfrau" not in caplog.text


@pytest.mark.parametrize("name", ["x.xlsx", "x.xls", "x.ods", "x.csv"])
def test_reading_says_nothing_about_cells(
    name: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    page = requests(request("Geheimfrau", **{"Anfrage am": "Geheimfrau", "Ort": "Geheimfrau"}))
    content = {".xlsx": xlsx, ".xls": xls, ".ods": ods}.get(name[1:], lambda pages: csv_text(pages[0]).encode())([page])
    with caplog.at_level(logging.DEBUG):
        for part in (content, content[: len(content) // 2], content.replace(b"x", b"y")):
            read_delivery(PurePath(name), part, programme("sprachmittlerpool"), KEY, LIMITS)
    said = capfd.readouterr()
    assert "Geheimfrau" not in caplog.text + said.out + said.err


def test_no_repr_shows_the_secret(settings: Settings) -> None:
    secret = load_secret_for(settings).hex()
    for shown in (repr(setup_for(settings)), str(setup_for(settings)), repr(settings), f"{settings!s}"):
        assert secret not in shown


# --- texts that look like formulas -----------------------------------------------------------------------------------


def test_texts_that_look_like_formulas_stay_data(settings: Settings) -> None:
    """Excel would run them where they are shown; here they are text from the file to the staging table."""
    titles = ["=1+1", "+49 2581", "-5 Grad", "@home", '=HYPERLINK("http://x")', "=cmd|' /C calc'!A0"]
    header = ["Nr.", "Titel", "Datum", "Ort", "TN"]
    data = [[title, str(i), day("2023-05-05"), "Ahlen", 5] for i, title in enumerate(titles)]
    page = Page("Kurse", [["Berichtszeitraum: 2023"], ["Stand: 15.01.2024"], header, *data])
    half = Page(
        "Kurse", [["Berichtszeitraum: 2022"], *page.grid[1:3], *([*r[:2], day("2022-05-05"), *r[3:]] for r in data)]
    )
    put(settings, "fortbildungen", "a.xlsx", xlsx([page]))
    put(settings, "fortbildungen", "b.csv", csv_text(half).encode())
    intake = direct(settings)
    build_internal(settings.warehouse / "internal.duckdb", intake, dt.date(2024, 5, 1), 14)
    with duckdb.connect(str(settings.warehouse / "internal.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "SELECT event_no FROM staging.fortbildungen_events ORDER BY source_file, source_row"
        ).fetchall()
    assert [text for (text,) in found] == titles * 2
