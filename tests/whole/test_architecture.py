"""Imports run one way, and only the orchestration knows Dagster (`design.md`, the house)."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import kim_pipeline

PACKAGE = Path(kim_pipeline.__file__).parent
LAYERS = ("contracts", "deliveries", "warehouse", "publishing", "report")
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part_of(module: str) -> str:
    """`kim_pipeline.warehouse.load` → `warehouse`."""
    pieces = module.split(".")
    return pieces[1] if pieces[0] == "kim_pipeline" and len(pieces) > 1 else ""


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_run_one_way(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0]
    ours = {part_of(name) for name in imports(path)} - {"", own, "settings", "german"}
    if own in LAYERS:
        lower = set(LAYERS[: LAYERS.index(own)]) | ({"disclosure"} if own in ("publishing", "report") else set())
        assert ours <= lower
    elif own == "office":
        assert ours <= {"contracts", "deliveries", "warehouse"}
    elif own in ("disclosure", "settings.py", "german.py"):
        assert not ours
    elif own != "orchestration":
        assert not ours & {"orchestration"} or own in ("cli.py", "commands", "definitions.py")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_only_the_orchestration_imports_dagster(path: Path) -> None:
    if path.relative_to(PACKAGE).parts[0] != "orchestration":
        assert not [name for name in imports(path) if name.split(".")[0].startswith("dagster")]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_nothing_is_printed(path: Path) -> None:
    calls = [n.func for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
    assert not [f for f in calls if isinstance(f, ast.Name) and f.id == "print"]


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, kim_pipeline.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"dagster", "duckdb", "pandas", "pydantic"} & set(done.stdout.split())
