"""Each command loads what it uses and nothing else: who asks what is due does not wait for pandas."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.built import sample_build
from tests.conftest import SAMPLE

HEAVY = frozenset({
    "dagster", "duckdb", "highspy", "jinja2", "numpy", "openpyxl", "pandas", "pandera", "pyarrow", "pydantic",
    "python_calamine", "rapidfuzz", "rich", "sqlglot", "typst", "xlsxwriter",
})  # fmt: skip
CODE = """
import sys
from kim_pipeline.cli import invoke
code = invoke(sys.argv[1:])
print(*sys.modules, file=sys.stderr)
sys.exit(code)
"""
READS = {"numpy", "pydantic", "rich"}
"""Asking which deliveries there are: settings, and cells for telling a file by its head."""
VALIDATES = {"pandas", "pandera", "pyarrow"}
FIT = SAMPLE / "fit"

CASES: list[tuple[list[str], int, set[str]]] = [
    (["--help"], 0, {"rich"}),
    (["sql", "--help"], 0, {"pydantic", "rich"}),
    (["nosuch"], 2, {"pydantic"}),
    (["serve", "--port", "0"], 2, {"pydantic"}),
    (["county", "check"], 0, {"pydantic", "rich"}),
    (["vocabulary", "add", "language", "Deutsch", "Deutsch"], 1, READS | {"rapidfuzz"}),
    (["status"], 0, READS | {"duckdb", "pyarrow"}),
    (["builds"], 0, {"duckdb", "pydantic", "rich"}),
    (["rollback"], 1, {"duckdb", "pydantic", "rich"}),
    (["purge", "--dry-run"], 0, READS),
    (["release", "--verify"], 0, {"duckdb", "pydantic", "rich"}),
    (["sql", "FROM area"], 0, {"duckdb", "pydantic", "rich"}),
    (["sql", "FROM area", "--out", "{out}.xlsx"], 0, {"duckdb", "pydantic", "rich", "xlsxwriter"}),
    (["sql", "FROM area", "--format", "csv"], 0, {"duckdb", "pydantic", "rich"}),
    (["check", "{fit}", "--programme", "fit"], 1, READS | {"pyarrow"}),
    (
        ["learn", "{fit}", "--programme", "fit"],
        0,
        READS | VALIDATES | {"rapidfuzz", "python_calamine"},
    ),
    (["template", "fit", "--out", "{out}"], 0, READS | VALIDATES | {"openpyxl"}),
    (["trace", "fit_groups", "05570", "2022/23"], 0, {"duckdb", "pydantic", "rich", "sqlglot"}),
    (["audit"], 0, {"duckdb", "highspy", "numpy", "pandas", "pyarrow", "pydantic", "rich"}),
]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's build as its readers find it, and no deliveries."""
    folder = tmp_path_factory.mktemp("light")
    (folder / "deliveries").mkdir()
    internal, published = sample_build()
    (folder / "internal.duckdb").symlink_to(internal)
    (folder / "kim.duckdb").symlink_to(published)
    return folder


@pytest.mark.parametrize(("arguments", "expected", "used"), CASES, ids=[" ".join(case[0][:2]) for case in CASES])
def test_loads_what_it_uses(arguments: list[str], expected: int, used: set[str], warehouse: Path) -> None:
    (delivery, *_) = sorted(FIT.iterdir())
    argv = [part.format(fit=delivery, out=warehouse / "vorlagen") for part in arguments]
    code, loaded = started(argv, warehouse, warehouse / "deliveries")
    assert HEAVY & loaded <= used
    assert code == expected
    assert "kim_pipeline.commands.common" in loaded


def started(arguments: list[str], warehouse: Path, deliveries: Path) -> tuple[int, set[str]]:
    """Exit code of a command, and the modules that its process has loaded."""
    environment = os.environ | {"KIM_WAREHOUSE": str(warehouse), "KIM_DELIVERIES": str(deliveries)}
    done = subprocess.run(
        [sys.executable, "-c", CODE, *arguments], check=False, capture_output=True, text=True, env=environment
    )
    return done.returncode, set(done.stderr.splitlines()[-1].split())


@pytest.mark.processes
def test_rows_that_are_merged_are_looked_up_without_pandas(tmp_path: Path) -> None:
    """Deliveries are read by children; to merge what is published by parts their rows are looked at again."""
    shutil.copytree(SAMPLE / "bevoelkerung", tmp_path / "deliveries" / "bevoelkerung")
    code, loaded = started(["status"], tmp_path / "warehouse", tmp_path / "deliveries")
    assert code == 0
    assert "kim_pipeline.intake.settling" in loaded
    assert HEAVY & loaded <= READS | {"duckdb", "pyarrow"}


def test_one_command_loads_its_own_module_only() -> None:
    done = subprocess.run([sys.executable, "-c", CODE, "sql"], check=False, capture_output=True, text=True)
    loaded = {name for name in done.stderr.splitlines()[-1].split() if name.startswith("kim_pipeline.commands.")}
    assert {name.rpartition(".")[2] for name in loaded} <= {"common", "lazy", "sql", "german_errors"}
