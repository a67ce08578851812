"""One word, one meaning: a public name stands for one thing in the whole package."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import kim_pipeline
from kim_pipeline.commands.lazy import COMMANDS

PACKAGE = Path(kim_pipeline.__file__).parent
ALLOWED = {
    "main": "the entry point of whatever is started as a program",
    "PROGRAMME": "what each module of contracts/programmes/ declares",
    "blocks": "what each chapter of the report gives",
    "CHAPTER_OF": "whose chapter of the report it is",
    "Cell": "of a spreadsheet, and of a table of counts as statistical disclosure control calls it",
    "Block": "of a sheet, and of the report",
    "Mask": "an array of truth values in both rooms, which share nothing else",
    "Limits": "of a delivery's plausible numbers, and of what a file may cost: reading is worked on elsewhere",
    "take_in": "the folder of deliveries, and the night's step that does it",
    "protect": "to choose what is hidden: of a table of counts, and the night's step that does it with all figures",
}
"""Names that several modules define, and why."""


def public_names(path: Path) -> Iterator[str]:
    """Classes, functions and constants of a module; commands are named for what people type."""
    is_command = path.parent.name == "commands"
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        for name in defined(node):
            if not name.startswith("_") and not (is_command and name in COMMANDS):
                yield name


def defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        yield node.name
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name))


def test_a_name_is_defined_once() -> None:
    places: dict[str, set[str]] = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        for name in public_names(path):
            places[name].add(path.relative_to(PACKAGE).as_posix())
    several = {name: sorted(paths) for name, paths in places.items() if len(paths) > 1}
    assert {name: paths for name, paths in several.items() if name not in ALLOWED} == {}
    assert ALLOWED.keys() - several.keys() == set(), "an exception that is none any more"
