"""The command line: exit codes, what people read, and that a failed run leaves what is published."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from kim_pipeline import cli
from kim_pipeline.commands import terminal
from kim_pipeline.night import CheckResult, Night, summary, take_in
from kim_pipeline.publishing.builds import Warehouse
from kim_pipeline.settings import PROJECT, Settings
from kim_pipeline.warehouse import checks
from kim_pipeline.warehouse.checks import Check

pytestmark = pytest.mark.processes

SAMPLE = PROJECT / "data_raw"
AS_OF = ("--as-of", "2024-11-01")
GOOD = """Berichtszeitraum: 2023
Stand: 15.02.2024
Antrag-Nr.;Träger;Kommune;Baustein;Maßnahme;Bewilligt (€);Ausgezahlt (€);Rückfluss (€);Teilnehmende;Ehrenamtliche
A-1;Verein;Ahlen;A;Begegnung;1000;900;0;12;3
"""


@pytest.fixture(scope="session")
def run_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two programmes' deliveries, an unknown folder, and a warehouse that has been built from them once."""
    folder = tmp_path_factory.mktemp("cli")
    for programme in ("fit", "komm_an"):
        shutil.copytree(SAMPLE / programme, folder / "deliveries" / programme)
    (folder / "deliveries" / "Ablage alt").mkdir()
    assert cli.invoke(["run", *places(folder), *AS_OF]) == 0
    return folder


@pytest.fixture
def folder(run_once: Path, tmp_path: Path) -> Path:
    shutil.copytree(run_once, tmp_path, symlinks=True, dirs_exist_ok=True)
    return tmp_path


def places(folder: Path) -> list[str]:
    return ["--deliveries", str(folder / "deliveries"), "--warehouse", str(folder / "warehouse")]


def test_a_run_ends_with_a_summary(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.invoke(["run", *places(folder), *AS_OF]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert "\x1b" not in out
    assert lines.count("FIT (Frühkindliches Integrationstraining): 3 Lieferungen") == 1
    (fit,) = [line.split() for line in lines if line.startswith("FIT") and "12.09.2023" in line]
    assert fit[-9:] == ["3", "3", "0", "0", "113", "12", "12.09.2023", "30.09.2024", "ja"]
    assert "komm_an/KOMM-AN_2023_Nachtrag.xlsx" in out
    assert "Die Lieferung nennt keinen Berichtszeitraum." in out
    assert "Gehört zu keinem Programm und wurde nicht gelesen: Ablage alt" in out
    assert str(folder / "warehouse" / "kim.duckdb") in out
    (log, *_) = sorted((folder / "warehouse" / "logs").iterdir(), reverse=True)
    assert str(log) in out
    assert "8 Lieferungen, davon 0 neu gelesen" in log.read_text(encoding="utf-8")


def test_only_one_programme(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = Warehouse(folder / "warehouse").current()
    assert cli.invoke(["run", *places(folder), *AS_OF, "--only", "fit", "--full"]) == 0
    out = capsys.readouterr().out
    assert "KOMM-AN" not in out
    assert "FIT" in out
    current = Warehouse(folder / "warehouse").current()
    assert current != whole
    log = max((folder / "warehouse" / "logs").iterdir()).read_text(encoding="utf-8")
    assert "8 Lieferungen, davon 3 neu gelesen" in log


def test_only_one_check(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = Warehouse(folder / "warehouse").current()
    assert cli.invoke(["run", *places(folder), *AS_OF, "--only", "gap_keys_unique"]) == 0
    assert "FIT (Frühkindliches Integrationstraining)" in capsys.readouterr().out
    assert Warehouse(folder / "warehouse").current() != whole


def test_what_is_conspicuous_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    checks = [Check(name, f"{name} fällt auf.", "", None) for name in ("one", "some", "many")]
    rows = ({"file": "a.xlsx", "day": dt.date(2024, 5, 1)},)
    found = [CheckResult(check, rows * n, is_blocking=False) for check, n in zip(checks, (1, 19, 20), strict=True)]
    terminal.conspicuous(Console(width=80, no_color=True), found)
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()[2:]]
    assert lines[1] == "file a.xlsx, day 01.05.2024"
    assert list(dict.fromkeys(line for line in lines if line != lines[1])) == [
        "one fällt auf. 1 Stelle (Prüfung one)",
        "some fällt auf. 19 Stellen (Prüfung some)",
        "many fällt auf. 20 oder mehr Stellen (Prüfung many)",
    ]
    terminal.conspicuous(Console(width=80), [])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_summary_fits(folder: Path, width: int, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(deliveries=folder / "deliveries", warehouse=folder / "warehouse", key_file=None)
    night = take_in(Night(settings=settings, as_of=dt.date.fromisoformat(AS_OF[1])))
    terminal.run_summary(Console(width=width, no_color=True), summary(night))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    (fit,) = [i for i, line in enumerate(lines) if line.startswith("FIT (Frühkindl")]
    assert ("30.09.24" if width == 80 else "30.09.2024") in lines[fit]
    assert ("überfällig" in lines[fit + 1]) if width == 80 else lines[fit].rstrip().endswith("ja")
    assert ("(Frühkindliches Integrationstraining)" in lines[fit]) == (width == 200)


def test_a_failed_check_leaves_what_is_published(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Warehouse(folder / "warehouse").current()
    broken = Check("broken_on_purpose", "Bricht immer.", "SELECT 1 AS wrong", "staging.fit_groups")
    monkeypatch.setattr(checks, "accounting_checks", lambda: [broken])
    assert cli.invoke(["run", *places(folder)]) == 1
    err = capsys.readouterr().err
    assert "weil eine Prüfung nicht bestanden ist: broken_on_purpose (Bricht immer.)" in err
    assert "Der veröffentlichte Datenbestand ist unverändert." in err
    assert "wrong 1" in err, "the control room does not show which rows it is"
    assert "Traceback" not in err
    assert Warehouse(folder / "warehouse").current() == before
    log = max((folder / "warehouse" / "logs").iterdir()).read_text(encoding="utf-8")
    assert "Die Prüfung broken_on_purpose ist nicht bestanden: Bricht immer." in log
    assert "wrong" not in log


def test_two_runs_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = Warehouse(folder / "warehouse").current()
    with Warehouse(folder / "warehouse").lock():
        assert cli.invoke(["run", *places(folder)]) == 1
    assert "Ein anderer Lauf arbeitet gerade in" in capsys.readouterr().err
    assert Warehouse(folder / "warehouse").current() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--deliveries", "/gibt/es/nicht"], "Der Ordner der Lieferungen fehlt: /gibt/es/nicht"),
        (["run", "--as-of", "gestern"], "„gestern“ ist kein Datum"),
        (
            ["run", "--only", "fitt"],
            "„fitt“ ist weder Programm noch Schicht noch Prüfung. Es gibt:\nProgramme: angebote, ",
        ),
        (["feedback", "--programme", "fitt"], "„fitt“ ist kein Programm"),
        (["run", "--fulll"], "Die Option --fulll gibt es nicht. Meinten Sie --full? Hilfe: kim run --help"),
        (["run", "-x"], "Die Option -x gibt es nicht. Hilfe: kim run --help"),
        (["run", "--full=1"], "Die Option --full nimmt keinen Wert."),
        (["run", "--as-of"], "Nach der Option --as-of fehlt ihr Wert DATUM."),
        (
            ["check", "x", "--limit", "viele"],
            "„viele“ passt nicht zu --limit. Erwartet: eine ganze Zahl, mindestens 1.",
        ),
        (["status", "a"], "Die Angabe „a“ ist zu viel. Hilfe: kim status --help"),
        (["status", "a", "\x1b[31m"], "Die Angaben „a“ und „\ufffd[31m“ sind zu viel."),
        (["check", "gibt_es_nicht.xlsx", "--programme", "fit"], "Die Datei gibt_es_nicht.xlsx gibt es nicht."),
        (["check", ".", "--programme", "fit"], ". ist keine Datei."),
        (["check", "x.xlsx"], "Es fehlt die Angabe --programme: Schlüssel des Programms. Hilfe: kim check --help"),
        (["check"], "Es fehlt die Angabe DATEI: Die Arbeitsmappe"),
        (["nix"], "Den Befehl „nix“ gibt es nicht. Hilfe: kim --help"),
        (["statsu"], "Den Befehl „statsu“ gibt es nicht. Meinten Sie status?"),
    ],
)
def test_wrong_arguments(arguments: Sequence[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.invoke(arguments) == 2
    assert said in capsys.readouterr().err


def test_wrong_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deliveries").mkdir()
    (tmp_path / "warehouse").mkdir()
    key = tmp_path / "warehouse" / "secret.key"
    key.write_text("00" * 32)
    key.chmod(0o644)
    assert cli.invoke(["run", *places(tmp_path)]) == 2
    assert "ist für andere lesbar. Bitte die Rechte auf 0600 setzen." in capsys.readouterr().err
    monkeypatch.setenv("KIM_READERS", "viele")
    assert cli.invoke(["run", *places(tmp_path)]) == 2
    assert "Die Einstellung KIM_READERS ist ungültig." in capsys.readouterr().err


@pytest.fixture
def _nothing_published(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever this checkout has built."""
    monkeypatch.setenv("KIM_WAREHOUSE", str(tmp_path / "warehouse"))


@pytest.mark.usefixtures("_nothing_published")
def test_check_of_a_file_with_errors(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.invoke(["check", str(SAMPLE / "fit" / "FIT 2020-21.xlsx"), "--programme", "fit"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "Berichtszeitraum 2020/21, Stand 15.09.2021"
    assert "Blatt „Griffbereit“ – 10 Zeilen gelesen: 8 angenommen, 1 in Quarantäne, 1 als Summe" in lines
    wrong = "  FEHLER         Zeile 20, Spalte F „Kinder“: „12 bis 15“ ist keine ganze Zahl."
    assert any(line.startswith(wrong) for line in lines)
    assert lines[-1] == (
        "Ergebnis: Die Lieferung würde angenommen. Angenommene Zeilen: 31; in Quarantäne: 4 "
        "(4 Fehler, 1 Warnung, 1 Hinweis)."
    )


def test_check_of_a_rejected_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.invoke(["check", str(SAMPLE / "komm_an" / "KOMM-AN_2023_Nachtrag.xlsx"), "--programme", "komm_an"]) == 1
    said = capsys.readouterr().out
    assert "Ergebnis: Die Lieferung würde zurückgewiesen. Die Lieferung nennt keinen Berichtszeitraum." in said


@pytest.mark.usefixtures("_nothing_published")
def test_check_of_a_good_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "KOMM-AN 2023.csv"
    file.write_text(GOOD, encoding="utf-8")
    assert cli.invoke(["check", str(file), "--programme", "komm_an"]) == 0
    said = capsys.readouterr().out
    assert "Keine Befunde." in said
    assert said.splitlines()[-1] == (
        "Ergebnis: Die Lieferung würde angenommen. Angenommene Zeilen: 1; in Quarantäne: 0 (keine Befunde)."
    )


@pytest.mark.usefixtures("_nothing_published")
def test_check_says_what_it_cannot_judge(capsys: pytest.CaptureFixture[str]) -> None:
    file = SAMPLE / "sprachhelfer" / "Sprachhelfer 2022.xls"
    assert cli.invoke(["check", str(file), "--programme", "sprachhelfer", "--limit", "2"]) in (0, 1)
    assert "weitere Befunde (mit --limit mehr zeigen)" in capsys.readouterr().out


def test_help_is_german(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["--help"], ["run", "-h"], ["check", "-h"]):
        assert cli.invoke(arguments) == 0
    said = capsys.readouterr().out
    assert not [word for word in ("Usage", "Options", "Show this", "required", "default") if word in said]


def test_trace_leads_from_a_figure_to_the_rows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--warehouse", str(folder / "warehouse")]
    assert cli.invoke(["trace", "fit_groups", "Ahlen", "2022/23", "--breakdown", "Griffbereit", *where]) == 0
    out = capsys.readouterr().out
    assert "FIT-Gruppen – Ahlen (05570004), 2022/23, Griffbereit" in out
    assert "SQL: sql/indicators/value_fit.sql" in out
    assert "fit/FIT_Gruppen_2022.ods" in out
    assert "Blatt „Gruppen“" in out


def test_trace_says_what_does_not_exist(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--warehouse", str(folder / "warehouse")]
    assert cli.invoke(["trace", "unsinn", "Beelen", "2022/23", *where]) == 2
    assert cli.invoke(["trace", "fit_groups", "Beelen", "1999", *where]) == 2
    assert cli.invoke(["trace", "fit_groups", "Beelen", "1999", "--warehouse", str(folder / "nirgends")]) == 2
    err = capsys.readouterr().err
    assert "„unsinn“ gibt es nicht" in err
    assert "gibt es keinen Wert" in err
    assert "kim run" in err
