"""A new programme is one module, one facit file and one indicator SQL file: one is added to a copy of the project."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from kim_pipeline.settings import PROJECT

NEW = Path(__file__).parent / "new_programme"
COPIED = ("kim_pipeline", "sql", "counties", "tests", "tools", "docs", "data_raw", "pyproject.toml")
DELIVERY = """Berichtszeitraum: 2023;;;;;
Stand: 15.01.2024;;;;;
Nr.;Datum;Ort;Sprache;Dauer (Std.);Besucher/in
1;01.02.2023;Ahlen;Dari;1,5;B 1
2;02.02.2023;Ahlen;Dari;2;B 2
3;03.03.2023;Beckum;;0,5;B 1
4;04.03.2023;Ahlen;Dari;9;B 1
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with one programme more."""
    folder = tmp_path_factory.mktemp("project")
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, folder / name)
    shutil.copyfile(NEW / "contract.py", folder / "kim_pipeline" / "contracts" / "programmes" / "besuchsdienst.py")
    shutil.copyfile(NEW / "facit.py", folder / "tests" / "facit" / "besuchsdienst.py")
    shutil.copyfile(NEW / "value.sql", folder / "sql" / "indicators" / "value_besuchsdienst.sql")
    with (folder / "sql" / "indicators" / "catalogue.toml").open("a", encoding="utf-8") as catalogue:
        catalogue.write((NEW / "catalogue.toml").read_text(encoding="utf-8"))
    python(folder, "tools/make_programmes.py")
    return folder


@pytest.fixture(scope="module")
def warehouse(project: Path) -> Path:
    """What a night makes of a delivery of that programme."""
    delivery = project / "deliveries" / "besuchsdienst" / "besuche.csv"
    delivery.parent.mkdir(parents=True)
    delivery.write_text(DELIVERY, encoding="utf-8")
    kim(
        project,
        "run",
        "--deliveries",
        str(project / "deliveries"),
        "--warehouse",
        str(project / "out"),
        "--as-of",
        "2024-05-01",
    )
    return project / "out"


def python(project: Path, *arguments: str) -> str:
    """What a process of the copy writes to its output."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("KIM_", "PYTEST_", "TESTS_"))
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=project, env=environment | {"PYTHONPATH": str(project)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def kim(project: Path, *arguments: str) -> str:
    return python(project, "-c", "from kim_pipeline.cli import main; main()", *arguments)


def test_a_night_gives_the_indicator_s_value(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse / "internal.duckdb"), read_only=True) as connection:
        values = connection.execute(
            "SELECT indicator_id, area, breakdown, value, n FROM indicators.indicator_value "
            "WHERE starts_with(indicator_id, 'besuche') AND value > 0 ORDER BY ALL"
        ).fetchall()
        findings = connection.execute("SELECT rule, \"row\" FROM quality.finding WHERE severity = 'error'").fetchall()
    assert values == [
        ("besuche", "05570", "", 3, 3),
        ("besuche", "05570", "prs", 2, 2),
        ("besuche", "05570004", "", 2, 2),
        ("besuche", "05570004", "prs", 2, 2),
        ("besuche", "05570008", "", 1, 1),
        ("besuche_hours", "05570", "", 4, 3),
        ("besuche_hours", "05570004", "", 3.5, 2),
        ("besuche_hours", "05570008", "", 0.5, 1),
    ]
    assert findings == [("out_of_range", 7)]


def test_its_small_counts_are_protected(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse / "kim.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "SELECT status, value FROM indicator_value WHERE indicator_id = 'besuche' AND area = '05570'"
        ).fetchall()
        programme = connection.execute("SELECT title FROM programme WHERE programme = 'besuchsdienst'").fetchall()
    assert rows
    assert set(rows) == {("suppressed", None)}
    assert programme == [("Besuchsdienst",)]


def test_what_follows_from_its_contract_is_there(project: Path, warehouse: Path) -> None:
    traced = kim(project, "trace", "besuche", "Ahlen", "2023", "--warehouse", str(warehouse))
    assert "Zeilen: 4–5" in traced
    assert "FROM accepted.besuchsdienst_visits AS r" in kim(project, "sql", "--show", "staging.besuchsdienst_visits")
    assert "'staging.besuchsdienst_visits' AS table_name" in kim(project, "sql", "--show", "foreign_keys_found")
    assert "## Besuchsdienst (`besuchsdienst`)" in (project / "docs" / "programme.md").read_text(encoding="utf-8")
    kim(project, "template", "besuchsdienst", "--out", str(project / "vorlage"))


def test_its_entry_of_the_limits_follows_from_its_rows(project: Path, warehouse: Path) -> None:
    python(project, "tools/make_limits.py", str(warehouse / "internal.duckdb"))
    limits = (project / "counties" / "warendorf" / "limits.toml").read_text(encoding="utf-8")
    assert limits.endswith("\n[besuchsdienst]\nrows_min = 1\nrows_max = 6\n")


def test_the_tests_of_contracts_and_rules_are_green_with_it(project: Path) -> None:
    files = [f"tests/test_{name}.py" for name in ("contracts", "rules", "rules_mutation", "programme_page")]
    about = "besuchsdienst or visits or test_contracts or test_programme_page"
    green = python(
        project, "-m", "pytest", "-o", "addopts=", "-v", "-n", "0", "-p", "no:cacheprovider", *files, "-k", about
    )
    for name in ("test_case[besuchsdienst visits base]", "test_a_case_notices[visits hours without less_than"):
        assert name in green
