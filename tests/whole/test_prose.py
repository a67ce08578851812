"""All prose that people get is read: no doubled word, no wrong case or number, no English, no name of code.

What is read: report, findings, return copies, glossary, templates, what the terminal says, the control room's pages,
messages, the dictionary, German pages of the docs, and every German string of the code itself.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
import typer

import kim_pipeline
from kim_pipeline import cli
from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.due import Due
from kim_pipeline.contracts.limits import Limits
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.intake.deliveries import findings_of
from kim_pipeline.office.feedback import words
from kim_pipeline.office.template.plan import plan_of
from kim_pipeline.office.template.workbook import template
from kim_pipeline.orchestration import alerts as messages
from kim_pipeline.orchestration.checks import on_time, quarantine
from kim_pipeline.orchestration.definitions import build_defs
from kim_pipeline.report import council, html_writer, municipal_page
from kim_pipeline.report.figures import Figures
from kim_pipeline.report.review import Review
from kim_pipeline.report.tables import ReportContext
from kim_pipeline.report.wording import Wording
from kim_pipeline.settings import PROJECT, Settings
from tests.built import sample_build, sample_intake, sample_internal
from tests.prose import (
    HOLE,
    bare_plurals,
    faults,
    is_german,
    of_code,
    of_data,
    of_html,
    of_markdown,
    of_terminal,
    of_workbook,
)

PACKAGE = Path(kim_pipeline.__file__).parent
SECRET = (
    "UPDATE indicator_value SET status = 'suppressed', value = NULL, numerator = NULL, denominator = NULL, n = NULL",
    "UPDATE language_gap SET requests = NULL, unfilled = NULL, coverage_rate = NULL, gap = NULL",
    "UPDATE offer_gap SET needs = NULL, unmet_needs = NULL, unmet_rate = NULL, gap = NULL",
)
ONE_EACH = (
    "UPDATE indicator_value SET value = 1, numerator = 1, denominator = 1, n = 1 WHERE status = 'published'",
    "UPDATE language_gap SET requests = 1, unfilled = 1, active_interpreters = 1, gap = true",
    "UPDATE offer_gap SET needs = 1, unmet_needs = 1, capacity = 1, free_places = 1, gap = true",
    "DELETE FROM measure_review WHERE measure_no <> (SELECT min(measure_no) FROM measure_review)",
)
NOTHING = tuple(f"DELETE FROM {name}" for name in ("indicator_value", "language_gap", "offer_gap", "measure_review"))
SITUATIONS: dict[str, tuple[tuple[str, ...], dt.date | None]] = {
    "sample": ((), None),
    "early key day": ((), dt.date(2022, 12, 31)),
    "all secret": (SECRET, None),
    "one of each": (ONE_EACH, None),
    "nothing": (NOTHING, None),
}


def found_in(texts: Iterable[str], *ignored: str) -> list[str]:
    return [fault for text in dict.fromkeys(texts) for fault in faults(text, *ignored)]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("80 % der nicht abgesagten wurden wurden besetzt.", "doubled word"),
        ("Veränderung nach 12 Fälle im Jahr 2021.", "no dative"),
        ("Von den 1.470\N{NO-BREAK SPACE}Einsätze", "no dative"),
        ("Es sind 12 da und 1 Zeilen fehlt.", "plural after 1"),
        ("Dazu kommen 1 Maßnahme.", "plural verb with 1"),
        ("Der Aufruf ist nicht richtig (Got unexpected extra argument(s)).", "English"),
        ("No such command.", "English"),
        ("Der Aufruf [[NAME]] und <bool>", "unfilled"),
        ("Es fehlt {name}.", "unfilled"),
        ("Die Spalte wait_days fehlt.", "name of code"),
        ("Es gelang nicht (PermissionError).", "name of code"),
        ("Zwei  Blanks .", "blanks"),
        ("Das ist \"so\" nicht.", "straight quotes"),
        ("Ende..", "two full stops"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found(text: str, rule: str) -> None:
    assert {fault.split(":")[0] for fault in faults(text)} == {rule}


@pytest.mark.parametrize(
    "text",
    [
        "Nach 12 Fällen, von 3 Zeilen, seit 1 Tag, bis zu 5 Tage, nach 14 Uhr und von 3.000 Euro.",
        "11 Zeilen, 0,1 Stunden.",
        "Legen Sie sie in den Ordner data_raw/komm_an, prüfen mit „kim check“ und `kim run --accept-missing fit` …",
        "Für Sprachmittlerpool und komm_an gilt KIM_READERS. [Vorgabe: data_raw]",
    ],
)
def test_what_is_right_stays(text: str) -> None:
    assert faults(text) == []


@pytest.mark.parametrize("situation", SITUATIONS)
def test_report(situation: str, tmp_path: Path) -> None:
    statements, day = SITUATIONS[situation]
    path = tmp_path / "kim.duckdb"
    shutil.copy(sample_build()[1], path)
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)
    context = ReportContext(Figures(path, day), Wording())
    pages = [council.document(context, "Datenbestand", Review(context))]
    pages += [municipal_page.page(context, area, "Datenbestand") for area in context.figures.municipalities]
    texts = [text for page in pages for text in of_html(html_writer.html(page, "Amt"))]
    assert len(texts) > 100
    assert found_in(texts) == []


def test_findings_and_return_copies() -> None:
    files = [parts for key in programmes() for parts in sample_intake().files(key)]
    findings = [f for parts in files for f in findings_of(parts)]
    assert findings
    said = [f.message for f in findings]
    for parts in files:
        ours = findings_of(parts)
        accounts = [account for part in parts for account in part.accounts]
        said += [words.verdict(parts, ours), words.findings_told(ours), *map(words.account_line, accounts)]
        said += [step for holds in (True, False) for step in words.steps(parts, ours, holds_rows=holds)]
    assert found_in(said) == []


PAGES = [
    page
    for page in sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md")])
    if is_german(page.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_pages_of_the_docs(page: Path) -> None:
    assert found_in(of_markdown(page.read_text(encoding="utf-8"))) == []


def test_there_are_german_pages() -> None:
    german = {page.stem for page in PAGES}
    assert {"CHANGELOG", "rueckmeldungen", "lieferung_pruefen", "vorlagen", "veroeffentlichung", "analysts"} <= german


@pytest.mark.parametrize("key", programmes())
def test_templates(key: str) -> None:
    texts = list(of_workbook(template(plan_of(programmes()[key]))))
    assert len(texts) > 50
    assert found_in(texts) == []


def commands() -> Iterator[tuple[list[str], Any]]:
    """Path and command of each command, groups included."""
    waiting: list[tuple[list[str], Any]] = [([], typer.main.get_command(cli.app))]
    while waiting:
        path, command = waiting.pop()
        yield path, command
        if hasattr(command, "list_commands"):
            context = typer.Context(command)
            waiting += [([*path, name], command.get_command(context, name)) for name in command.list_commands(context)]


def test_help_of_every_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    found = list(commands())
    assert len(found) > 15
    for path, _ in found:
        assert cli.invoke([*path, "--help"]) == 0
    assert found_in(of_terminal(capsys.readouterr().out)) == []


def wrong_calls() -> Iterator[list[str]]:
    """Calls with arguments that typer refuses: made from what each command takes."""
    for path, command in commands():
        yield [*path, "--gibt-es-nicht"]
        yield [*path, "-y"]
        if hasattr(command, "list_commands"):
            yield [*path, "nix"]
            yield from ([*path, f"{name}x"] for name in command.list_commands(typer.Context(command)))
            continue
        arguments = ["1" for p in command.params if p.param_type_name == "argument"]
        needed = [
            part for p in command.params if p.required and p.param_type_name == "option" for part in (p.opts[0], "1")
        ]
        yield [*path, *needed, *arguments, "zu", "viel"]
        yield from ([*path, *needed, *arguments[1:]] for p in command.params if p.required)
        for option in (p for p in command.params if p.param_type_name == "option"):
            name = option.opts[-1]
            yield [*path, *arguments, f"{name}=1" if option.is_flag else name]
            if option.type_descriptor.annotation is int:
                yield from ([*path, *needed, *arguments, name, text] for text in ("viele", "-1000000"))


def test_every_error_in_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KIM_WAREHOUSE", str(tmp_path / "warehouse"))
    for call in wrong_calls():
        code = cli.invoke(call)
        said = capsys.readouterr()
        if said.err.count("Hilfe: kim"):
            assert (code, said.out) == (2, ""), call
            assert found_in([said.err.strip()]) == [], call


LISTING = (["run", "--only", "nix"], ["vocabulary", "add", "nix", "a", "b"])
"""Calls that are answered with the names that there are, which are names of code."""
REFUSED = (
    *LISTING,
    ["run", "--deliveries", "{nowhere}"],
    ["run", "--as-of", "gestern"],
    ["run", "--accept-missing", "nix"],
    ["check", "gibt_es_nicht.xlsx", "--programme", "fit"],
    ["check", ".", "--programme", "fit"],
    ["check", "x.xlsx", "--programme", "nix"],
    ["learn", ".", "--programme", "fit"],
    ["learn", "gibt_es_nicht.xlsx", "--programme", "nix"],
    ["status", "--as-of", "31.02.2024"],
    ["status", "--programme", "nix"],
    ["template"],
    ["template", "nix"],
    ["template", "fit", "--period", "bald"],
    ["feedback", "--deliveries", "{nowhere}"],
    ["report", "--warehouse", "{nowhere}"],
    ["report", "--as-of", "bald"],
    ["release"],
    ["release", "x", "--as-of", "2024-05-01", "--warehouse", "{nowhere}"],
    ["sql"],
    ["sql", "--warehouse", "{nowhere}", "SELECT 1"],
    ["sql", "--file", "gibt_es_nicht.sql", "--warehouse", "{warehouse}"],
    ["sql", "SELECT unsinn", "--warehouse", "{warehouse}"],
    ["sql", "unsinn", "--warehouse", "{warehouse}"],
    ["sql", "FROM unsinn", "--warehouse", "{warehouse}"],
    ["sql", "FROM area", "--format", "nix", "--warehouse", "{warehouse}"],
    ["sql", "FROM area", "--format", "xlsx", "--warehouse", "{warehouse}"],
    ["sql", "--columns", "nix", "--warehouse", "{warehouse}"],
    ["trace", "nix", "Ahlen", "2023", "--warehouse", "{nowhere}"],
    ["trace", "nix", "Ahlen", "2023", "--warehouse", "{warehouse}"],
    ["trace", "fit_groups", "Nirgends", "2023", "--warehouse", "{warehouse}"],
    ["trace", "fit_groups", "Ahlen", "1999", "--warehouse", "{warehouse}"],
    ["audit", "gibt_es_nicht.duckdb"],
    ["audit", "{nonsense}"],
    ["builds", "nix", "--warehouse", "{warehouse}"],
    ["builds", "--warehouse", "{warehouse}"],
    ["rollback", "nix", "--warehouse", "{warehouse}"],
    ["purge", "--warehouse", "{nowhere}"],
    ["purge", "--deliveries", "{nowhere}", "--warehouse", "{warehouse}"],
    ["serve", "--port", "0"],
    ["vocabulary", "add", "language", "", "Arabisch"],
    ["vocabulary", "add", "language", "Neusprech", "Altsprech"],
)
"""Calls that a command itself refuses, or that find nothing."""


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A warehouse that holds the sample's files, and a file that is no database."""
    folder = tmp_path_factory.mktemp("prose")
    shutil.copy(sample_build()[1], folder / "kim.duckdb")
    shutil.copy(sample_internal(), folder / "internal.duckdb")
    (folder / "nonsense.duckdb").write_bytes(b"no database")
    known = {"warehouse": folder, "nonsense": folder / "nonsense.duckdb"}
    return {name: str(path) for name, path in known.items()}


@pytest.mark.parametrize("call", REFUSED, ids=" ".join)
def test_refusals(
    call: list[str],
    places: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("KIM_WAREHOUSE", str(tmp_path / "warehouse"))
    known = {**places, "nowhere": str(tmp_path / "nowhere")}
    cli.invoke([part.format(**known) if part.startswith("{") else part for part in call])
    said = capsys.readouterr()
    lines = [line for text in (said.err.partition("DuckDB meldet:")[0], said.out) for line in of_terminal(text)]
    assert lines
    assert found_in(lines, *(["name of code"] if call in LISTING else [])) == []


def test_pages_of_the_control_room() -> None:
    definitions = build_defs()
    graph, repository = definitions.resolve_asset_graph(), definitions.get_repository_def()
    texts = [graph.get(key).description or "" for key in graph.get_all_asset_keys()]
    texts += [graph.get(key).description or "" for key in graph.asset_check_keys]
    texts += [job.description or "" for job in definitions.resolve_all_job_defs()]
    texts += [schedule.description or "" for schedule in repository.schedule_defs]
    texts += [sensor.description or "" for sensor in repository.sensor_defs]
    for key in graph.get_all_asset_keys():
        schema = graph.get(key).metadata.get("dagster/column_schema")
        if isinstance(schema, dg.TableSchema | dg.TableSchemaMetadataValue):
            columns = schema.schema.columns if isinstance(schema, dg.TableSchemaMetadataValue) else schema.columns
            texts += [column.description or "" for column in columns]
    assert len(texts) > 200
    assert found_in((text for whole in texts for text in of_markdown(whole)), "name of code") == []


def test_alerts_and_answers_of_checks(settings: Settings) -> None:
    day, key = dt.date(2024, 5, 1), next(iter(programmes()))
    due = Due(None, None, day, day + dt.timedelta(days=14))
    alerts = [messages.late_deliveries(dict.fromkeys(keys, due), settings) for keys in ([key], list(programmes()))]
    alerts.append(
        messages.missed_night(dt.datetime(2024, 5, 1, tzinfo=dt.UTC), dt.datetime(2024, 5, 2, tzinfo=dt.UTC), settings)
    )
    answers = [on_time(due, day + dt.timedelta(days=number)) for number in (0, 1, 15)]
    answers += [quarantine(1, 0, Limits(rows_min=least, rows_max=most)) for least, most in ((2, None), (0, 0), (1, 5))]
    answers.append(quarantine(5, 1, Limits(rows_min=1, quarantine_share_max=0.05)))
    assert found_in([text for a in alerts for text in (a.title, *a.text.split("\n"))]) == []
    assert found_in([text for a in answers for text in (a.sentence, *map(str, a.facts.values()))]) == []


def test_dictionary() -> None:
    with duckdb.connect(str(sample_build()[1]), read_only=True) as connection:
        texts = connection.execute(
            "SELECT comment FROM duckdb_tables() UNION SELECT comment FROM duckdb_columns() "
            "UNION SELECT comment FROM duckdb_views() UNION SELECT unnest([label, definition, caveat]) FROM indicator"
        ).fetchall()
    said = [text for (text,) in texts if text]
    assert len(said) > 200
    assert found_in(said, "name of code") == []


def test_words_in_files_of_data() -> None:
    """Those for analysts name tables and columns."""
    county, catalogue = vocabulary().county.folder, PROJECT / "sql" / "indicators" / "catalogue.toml"
    texts = [
        text
        for path in (*PACKAGE.rglob("*.toml"), *county.glob("*.toml"), catalogue)
        for text in of_data(tomllib.loads(path.read_text(encoding="utf-8")))
    ]
    assert len(texts) > 200
    filled = (re.sub(r"\{\w+\}", "7", text) for text in texts if " " in text)
    assert found_in(filled, "name of code") == []


def test_strings_of_the_code() -> None:
    found: dict[str, list[str]] = {}
    plurals: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        texts, name = list(of_code(path)), path.relative_to(PACKAGE).as_posix()
        of_analysts = ["name of code"] if name == "warehouse/catalogue.py" else []  # comments of a table's columns
        wrong = {
            f"line {line}": faults(text.replace(HOLE, "7"), "blanks", "unfilled", *of_analysts) for line, text in texts
        }
        found |= {f"{name}, {line}": faulty for line, faulty in wrong.items() if faulty}
        plurals |= {name: bare} if (bare := list(bare_plurals(texts))) else {}
    assert found == {}
    assert plurals == {}
