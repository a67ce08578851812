"""`kim sql`: reads kim.duckdb and nothing else, and gives the answer as a table, CSV, JSON or a workbook."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from openpyxl import load_workbook

from kim_pipeline import cli
from kim_pipeline.commands.result_table import show
from kim_pipeline.publishing import result_workbook
from kim_pipeline.publishing.query import run_query
from kim_pipeline.publishing.result_workbook import TooManyRowsError, as_workbook
from kim_pipeline.warehouse.sql_models import find_model
from tests.built import sample_build

KINDS = """
SELECT
    '=1+1' AS formula, '-x' AS sign, 'a,"b"' AS quoted, '' AS empty, NULL AS missing, true AS truth, 42 AS whole,
    0.1234567891 AS precise, 2.5::DECIMAL(9, 2) AS amount, DATE '2024-05-01' AS day,
    TIMESTAMP '2024-05-01 12:30:00' AS instant, 12345678901234567890::HUGEINT AS huge, [1, NULL] AS list,
    'nan'::DOUBLE AS no_number, 'ä' || chr(27) || '[31m' AS control"""


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    shutil.copyfile(sample_build()[1], tmp_path / "kim.duckdb")
    shutil.copyfile(sample_build()[1], tmp_path / "internal.duckdb")
    return tmp_path


def kim(warehouse: Path, *arguments: str) -> int:
    return cli.invoke(["sql", *arguments, "--warehouse", str(warehouse)])


# What may be asked


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM area",
        "FROM area;",
        "/* wie viele? */ WITH a AS (FROM area) SELECT count(*) FROM a",
        "DESCRIBE area",
        "SUMMARIZE area",
        "SHOW TABLES",
        "PIVOT offer_gap ON period USING sum(capacity) GROUP BY theme",
    ],
)
def test_everything_that_reads_is_a_query(warehouse: Path, query: str) -> None:
    assert kim(warehouse, query) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "/* nichts */",
        "SELECT 1; SELECT 2",
        "DROP TABLE area",
        "UPDATE area SET name = 'x'",
        "CREATE TEMP TABLE t AS SELECT 1",
        "ATTACH 'internal.duckdb' AS i",
        "COPY area TO 'area.csv'",
        "EXPORT DATABASE 'out'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "PRAGMA database_list",
        "CALL pragma_version()",
        "CHECKPOINT",
        "EXPLAIN ANALYZE SELECT 1",
        "PREPARE p AS SELECT 1",
    ],
)
def test_what_is_no_query_is_refused(
    warehouse: Path, statement: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(warehouse)
    before = {path: path.read_bytes() for path in warehouse.rglob("*")}
    assert kim(warehouse, statement) == 2
    assert "genau eine Abfrage" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in warehouse.rglob("*")} == before


@pytest.mark.parametrize(
    "source",
    [
        "read_csv('{file}')",
        "read_text('{file}')",
        "read_blob('{file}')",
        "read_parquet('{file}')",
        "'{file}'",
        "glob('{folder}/*')",
        "'{folder}/internal.duckdb'",
        "duckdb_secrets()",
    ],
)
def test_a_query_reaches_no_other_file(warehouse: Path, source: str, capsys: pytest.CaptureFixture[str]) -> None:
    (warehouse / "other.csv").write_text("secret\nverborgen\n", encoding="utf-8")
    place = source.format(file=warehouse / "other.csv", folder=warehouse)
    assert kim(warehouse, f"SELECT * FROM {place}") == 1
    assert "verborgen" not in "".join(capsys.readouterr())


def test_a_query_reaches_no_variable_of_the_program(warehouse: Path) -> None:
    rows = [1]
    assert kim(warehouse, "SELECT * FROM rows") == 1
    assert rows == [1]


def test_a_query_needs_nothing_beside_the_file_and_does_not_wait_for_readers(warehouse: Path) -> None:
    before = {path.name for path in warehouse.iterdir()}
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print('da', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(warehouse / "kim.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "da\n"
        assert kim(warehouse, "FROM indicator_value AS v, area AS a ORDER BY hash(v, a)") == 0
        other.communicate("\n")
    assert {path.name for path in warehouse.iterdir()} == before


# Mistakes


@pytest.mark.parametrize(
    ("query", "german", "engine"),
    [
        ("SELEC 1", "kein verständliches SQL", 'syntax error at or near "SELEC"'),
        ("FROM aera", "kim sql --tables", "Table with name aera does not exist!"),
        ("SELECT nmae FROM area", "kim sql --columns", 'Referenced column "nmae" not found'),
        ("SELECT name::INTEGER FROM area", "umwandeln", "Conversion Error"),
        ("SELECT error('eigener')", "fehlgeschlagen", "eigener"),
    ],
)
def test_a_mistake_is_told_in_german_with_the_words_of_the_engine(
    warehouse: Path, query: str, german: str, engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kim(warehouse, query) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert german in told.err.splitlines()[0]
    assert engine in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Bitte eine Abfrage angeben"),
        (["FROM area", "--tables"], "Bitte eine Abfrage angeben"),
        (["--file", "fehlt.sql"], "fehlt.sql lässt sich nicht lesen"),
        (["FROM area", "--format", "pdf"], "Das Format „pdf“ gibt es nicht"),
        (["FROM area", "--format", "xlsx"], "--out DATEI.xlsx"),
        (["FROM area", "--out", "a.txt"], "Das Format „txt“ gibt es nicht"),
        (["FROM area", "--format", "tabelle", "--out", "a.csv"], "csv, json oder xlsx"),
        (["FROM area", "--limit", "0"], "--limit"),
    ],
)
def test_wrong_arguments(warehouse: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert kim(warehouse, *arguments) == 2
    assert said in capsys.readouterr().err


def test_before_the_first_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert kim(tmp_path, "FROM area") == 2
    assert "Bitte zuerst kim run ausführen" in capsys.readouterr().err


def test_a_damaged_file(warehouse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (warehouse / "kim.duckdb").write_bytes(b"x" * 20_000)
    assert kim(warehouse, "FROM area") == 1
    assert "lässt sich nicht öffnen" in capsys.readouterr().err


# Where the query comes from


def test_a_query_from_a_file_and_from_the_input(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (warehouse / "frage.sql").write_text("\ufeff-- Kreis\nSELECT name FROM area WHERE part_of IS NULL;\n", "utf-8")
    assert kim(warehouse, "--file", str(warehouse / "frage.sql"), "--format", "csv") == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO("SELECT name FROM area WHERE part_of IS NULL"))
    assert kim(warehouse, "-", "--format", "csv") == 0
    assert capsys.readouterr().out == "name\nKreis Warendorf\n" * 2


def test_tables_and_columns_with_their_descriptions(warehouse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert kim(warehouse, "--tables", "--format", "json") == 0
    tables = json.loads(capsys.readouterr().out)
    with duckdb.connect(str(warehouse / "kim.duckdb"), read_only=True) as connection:
        assert [t["Tabelle"] for t in tables] == sorted(n for (n,) in connection.execute("SHOW TABLES").fetchall())
        assert {t["Tabelle"]: t["Zeilen"] for t in tables}["area"] == 14
        assert all(t["Zeilen"] == connection.table(t["Tabelle"]).shape[0] for t in tables)
    assert kim(warehouse, "--columns", "area") == 0
    assert re.search(r"^part_of +VARCHAR +Gebiet, zu dem es gehört", capsys.readouterr().out, re.MULTILINE)
    assert kim(warehouse, "--columns", "nix\"'") == 1
    assert "kim sql --tables nennt die Tabellen" in capsys.readouterr().err


# Answers as a table


def test_a_table_aligns_numbers_and_shows_what_is_missing(warehouse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert kim(warehouse, "SELECT * FROM (VALUES ('ä', 1), (NULL, 234), ('lang', NULL)) AS t (wort, zahl)") == 0
    assert capsys.readouterr().out == (
        "wort  zahl\n"
        "ä        1\n"
        "leer   234\n"
        "lang  leer\n"
        "3 Zeilen\n"
    )  # fmt: skip


def test_a_table_shows_the_first_hundred_rows_and_says_so(warehouse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert kim(warehouse, "SELECT range AS i FROM range(1000)") == 0
    lines = capsys.readouterr().out.splitlines()
    assert (lines[-2].strip(), lines[-1]) == ("99", "Die ersten 100 Zeilen; es gibt weitere (--limit)")
    assert kim(warehouse, "SELECT range AS i FROM range(1000)", "--limit", "1000") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1.000 Zeilen"
    assert kim(warehouse, "SELECT range AS i FROM range(1000)", "--format", "csv") == 0
    assert len(capsys.readouterr().out.splitlines()) == 1001


def test_nothing_found(warehouse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert kim(warehouse, "SELECT name FROM area WHERE false") == 0
    assert capsys.readouterr().out == "name\nKeine Zeilen\n"


def test_what_does_not_fit_the_terminal_is_folded_or_shown_row_by_row(
    warehouse: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = warehouse / "kim.duckdb"
    show(run_query(path, "SELECT measure_no, title, reason FROM measure_review LIMIT 3"), 80)
    folded = capsys.readouterr().out
    show(run_query(path, "FROM indicator LIMIT 2"), 80)
    by_row = capsys.readouterr().out
    assert folded.splitlines()[0].split() == ["measure_no", "title", "reason"]
    assert re.search(r"^Zeile 2\n  indicator_id +\w+\n  label ", by_row, re.MULTILINE)
    assert max(map(len, (folded + by_row).splitlines())) <= 80


def test_no_control_character_reaches_the_terminal(warehouse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert kim(warehouse, "SELECT chr(27) || ']0;x' || chr(7) || chr(155) AS a") == 0
    assert capsys.readouterr().out == "a\n\ufffd]0;x\ufffd\ufffd\n1 Zeile\n"


# Answers as files


def test_csv_keeps_every_value_and_tells_missing_from_empty(
    warehouse: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kim(warehouse, KINDS, "--format", "csv") == 0
    text = capsys.readouterr().out
    (row,) = csv.DictReader(io.StringIO(text))
    assert row == {
        "formula": "=1+1", "sign": "-x", "quoted": 'a,"b"', "empty": "", "missing": "", "truth": "true",
        "whole": "42", "precise": "0.1234567891", "amount": "2.50", "day": "2024-05-01",
        "instant": "2024-05-01T12:30:00", "huge": "12345678901234567890", "list": "[1, null]", "no_number": "nan",
        "control": "ä\x1b[31m",
    }  # fmt: skip
    assert ',"",,true' in text


def test_csv_reads_back_as_it_was(warehouse: Path, tmp_path: Path) -> None:
    out = tmp_path / "werte.csv"
    assert kim(warehouse, "FROM offer_gap", "--out", str(out)) == 0
    with duckdb.connect(str(warehouse / "kim.duckdb"), read_only=True) as connection:
        connection.execute("CREATE TEMP TABLE back AS FROM offer_gap LIMIT 0")
        connection.execute(f"INSERT INTO back SELECT * FROM read_csv('{out}', all_varchar = true)")
        assert connection.execute("(FROM back EXCEPT ALL FROM offer_gap) LIMIT 1").fetchall() == []
        assert connection.table("back").shape == connection.table("offer_gap").shape


def test_json(warehouse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert kim(warehouse, KINDS, "--format", "json") == 0
    assert json.loads(capsys.readouterr().out) == [
        {
            "formula": "=1+1", "sign": "-x", "quoted": 'a,"b"', "empty": "", "missing": None, "truth": True,
            "whole": 42, "precise": 0.1234567891, "amount": 2.5, "day": "2024-05-01",
            "instant": "2024-05-01T12:30:00", "huge": 12345678901234567890, "list": [1, None], "no_number": None,
            "control": "ä\x1b[31m",
        }
    ]  # fmt: skip
    assert kim(warehouse, "SELECT 1 AS a, 2 AS a, 3 AS a_2", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out) == [{"a": 1, "a_2": 2, "a_2_2": 3}]


def test_a_workbook_has_real_dates_and_numbers_and_no_formula(warehouse: Path, tmp_path: Path) -> None:
    out = tmp_path / "werte.xlsx"
    assert kim(warehouse, KINDS, "--out", str(out)) == 0
    sheet = load_workbook(out)["Ergebnis"]
    cells: dict[str, Any] = dict(zip([c.value for c in sheet[1]], sheet[2], strict=True))
    assert {name: cell.value for name, cell in cells.items()} == {
        "formula": "=1+1", "sign": "-x", "quoted": 'a,"b"', "empty": None, "missing": None, "truth": True,
        "whole": 42, "precise": 0.1234567891, "amount": 2.5, "day": dt.datetime(2024, 5, 1),  # noqa: DTZ001
        "instant": dt.datetime(2024, 5, 1, 12, 30),  # noqa: DTZ001
        "huge": "12345678901234567890", "list": "[1, null]", "no_number": "nan", "control": "ä\ufffd[31m",
    }  # fmt: skip
    assert cells["formula"].data_type == cells["sign"].data_type == "s"
    assert cells["formula"].quotePrefix
    assert cells["sign"].quotePrefix
    assert cells["day"].number_format == "dd.mm.yyyy"
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet["A1"].font.b) == ("A2", "A1:O2", True)


def test_a_workbook_says_where_it_comes_from(warehouse: Path, tmp_path: Path) -> None:
    out = tmp_path / "werte.xlsx"
    query = "SELECT name\nFROM area"
    assert kim(warehouse, query, "--limit", "3", "--out", str(out)) == 0
    told = {row[0].value: row[1].value for row in load_workbook(out)["Herkunft"].iter_rows()}
    assert told["Datenbestand"] == "20240501T000000Z_sample"
    assert told["Stichtag"] == "2024-05-01"
    assert told["Abfrage"] == query
    assert told["Zeilen"] == 3
    assert "weitere Zeilen" in told["Unvollständig"]
    assert "nie als 0" in told["Leere Zellen"]


def test_too_many_rows_for_a_worksheet(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(result_workbook, "_MOST_ROWS", 5)
    with pytest.raises(TooManyRowsError):
        as_workbook(run_query(warehouse / "kim.duckdb", "FROM area"))
    assert kim(warehouse, "FROM area", "--out", str(tmp_path / "a.xlsx")) == 1
    assert "--format csv" in capsys.readouterr().err
    assert not list(tmp_path.glob("*a.xlsx*"))


def test_a_file_is_replaced_whole_or_not_at_all(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "a.csv"
    for query in ("SELECT 1 AS a", "SELECT 2 AS a"):
        assert kim(warehouse, query, "--out", str(out)) == 0
    assert out.read_text(encoding="utf-8") == "a\n2\n"

    def refuse(*_: object) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr(Path, "replace", refuse)
    assert kim(warehouse, "SELECT 3 AS a", "--out", str(out)) == 1
    assert "lässt sich nicht schreiben" in capsys.readouterr().err
    assert [p.name for p in tmp_path.glob("*.csv*")] == ["a.csv"]
    assert out.read_text(encoding="utf-8") == "a\n2\n"


def test_a_reader_that_has_had_enough_is_no_error(warehouse: Path) -> None:
    code = "import sys; from kim_pipeline.cli import invoke; sys.exit(invoke(sys.argv[1:]))"
    query = "SELECT range FROM range(200000)"
    argv = [sys.executable, "-c", code, "sql", query, "--format", "csv", "--warehouse", str(warehouse)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "range\n"
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


# The SQL of a table


@pytest.mark.parametrize(
    "name", ["staging.fit_groups", "core.dim_area", "indicators.all_values", "published.indicator"]
)
def test_shows_the_sql_that_makes_a_table_generated_or_not(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.invoke(["sql", "--show", name]) == 0
    shown, model = capsys.readouterr().out, find_model(name)
    assert model is not None
    assert shown == model.sql


def test_shows_the_sql_of_a_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.invoke(["sql", "--show", "foreign_keys_found"]) == 0
    assert "ANTI JOIN core.dim_area" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["accepted.fit_groups"], ["unsinn"], ["core.dim_area", "--tables"]])
def test_what_has_no_sql_to_show_is_said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.invoke(["sql", "--show", *arguments]) == 2
    assert capsys.readouterr().out == ""
