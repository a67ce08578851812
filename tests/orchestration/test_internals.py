"""What Dagster does not document is named in one module, so that an upgrade is looked at in one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._annotations import is_public

from kim_pipeline.orchestration import dagster_internals, parts

ROOM = Path(dagster_internals.__file__).parent
OTHERS = sorted(path for path in ROOM.glob("*.py") if path.name != "dagster_internals.py")
TREES = {path.name: ast.parse(path.read_text(encoding="utf-8")) for path in OTHERS}


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def asked_of(tree: ast.AST, name: str) -> Iterator[str]:
    """Attributes that are read of a variable, or attribute, of this name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value
            called = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
            if called == name:
                yield node.attr


def is_documented(kind: type, name: str) -> bool:
    found = next(vars(base)[name] for base in kind.__mro__ if name in vars(base))
    function = found.fget if isinstance(found, property) else getattr(found, "__func__", found)
    return is_public(function)


@pytest.mark.parametrize("module", TREES)
def test_no_private_name_is_imported(module: str) -> None:
    foreign = [name for name in imported(TREES[module]) if name.split(".")[0] == "dagster"]
    assert [name for name in foreign if name != "dagster"] == []
    private = [name for name in asked_of(TREES[module], "dg") if name.startswith("_")]
    assert private == []


@pytest.mark.parametrize("module", TREES)
def test_an_instance_is_asked_what_is_documented(module: str) -> None:
    asked = set(asked_of(TREES[module], "instance")) | set(asked_of(TREES[module], "DagsterInstance"))
    assert [name for name in asked if not is_documented(dg.DagsterInstance, name)] == []


def test_the_module_is_not_empty_of_reasons() -> None:
    """It names what the others may not, or it would be dead."""
    tree = ast.parse(Path(dagster_internals.__file__).read_text(encoding="utf-8"))
    assert [name for name in imported(tree) if name.startswith("dagster._")]
    assert [name for name in asked_of(tree, "instance") if not is_documented(dg.DagsterInstance, name)]


@pytest.mark.parametrize("module", ["parts.py", "alerts.py", "outbox.py", "__init__.py"])
def test_what_a_night_alone_uses_knows_no_dagster(module: str) -> None:
    assert not [name for name in imported(TREES[module]) if name.startswith("dagster")]
    ours = {name.split(".")[2] for name in imported(TREES[module]) if name.startswith(f"{parts.__package__}.")}
    assert ours <= {"parts", "alerts", "outbox"}
