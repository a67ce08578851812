"""Only `files.py` writes what must last: no other module opens files to write, renames or copies them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import kim_pipeline

PACKAGE = Path(kim_pipeline.__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "files.py")
EXCEPTIONS = {
    ("publishing/builds.py", "replace"): "switching: the renames that readers see, of files that are durable already",
    ("publishing/builds.py", "symlink_to"): "the names that readers open are links",
    ("intake/cache.py", "rename"): "a folder that another reader may have put there already is not replaced",
    ("intake/worker.py", "open"): "the null device, in place of the standard streams",
    ("office/feedback/copy.py", "open"): "a part of a workbook in memory",
    ("commands/sql.py", "open"): "the null device, when whoever reads the output has read enough",
    ("commands/run.py", "touch"): "the log of a run grows while it runs",
    ("commands/control_room.py", "write_text"): "what Dagster reads at its start, in a folder that lasts as long as it",
    ("commands/control_room.py", "TemporaryDirectory"): "that folder; it holds a socket and no data",
    ("office/template/workbook.py", "ZipFile"): "a workbook in memory",
    ("report/docx_writer.py", "ZipFile"): "a Word file in memory",
}
"""Module and call → why it does not go through `files.py`."""

_WRITERS = frozenset(
    (
        "write_text", "write_bytes", "touch", "mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryFile",
        "TemporaryDirectory", "SpooledTemporaryFile", "copy", "copy2", "copyfile", "copyfileobj", "copytree", "move",
        "rename", "renames", "link", "symlink", "symlink_to", "hardlink_to", "FileIO", "ZipFile",
    )
)  # fmt: skip
_FLAGS = frozenset({"O_WRONLY", "O_RDWR", "O_CREAT", "O_APPEND", "O_TRUNC"})


def writes(path: Path) -> Iterator[str]:
    """The names of the calls of a module that write files."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name, owner = called(call.func)
        if writes_file(call, name, owner):
            yield name


def called(function: ast.expr) -> tuple[str, str]:
    """The name that is called, and that of what it belongs to."""
    if isinstance(function, ast.Attribute):
        return function.attr, function.value.id if isinstance(function.value, ast.Name) else "?"
    return (function.id if isinstance(function, ast.Name) else "", "")


def writes_file(call: ast.Call, name: str, owner: str) -> bool:
    if name in ("open", "fdopen"):
        flags = {node.attr for node in ast.walk(call) if isinstance(node, ast.Attribute)} & _FLAGS
        modes = [a.value for a in (*call.args, *(k.value for k in call.keywords)) if isinstance(a, ast.Constant)]
        return bool(flags) or any(
            isinstance(mode, str) and len(mode) <= 3 and set(mode) & set("wax+") and set(mode) <= set("rwaxbt+")
            for mode in modes
        )
    if name == "ZipFile":
        return any(isinstance(a, ast.Constant) and a.value in ("w", "a", "x") for a in call.args)
    if name == "replace":  # `str.replace` has two arguments, `dataclasses.replace` and `date.replace` have names
        return owner == "os" or (len(call.args) == 1 and not call.keywords)
    if name in ("copy", "move"):
        return owner == "shutil"
    return name in _WRITERS


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_nobody_else_writes_files(path: Path) -> None:
    module = path.relative_to(PACKAGE).as_posix()
    assert [name for name in writes(path) if (module, name) not in EXCEPTIONS] == []


def test_every_exception_is_one() -> None:
    found = {(path.relative_to(PACKAGE).as_posix(), name) for path in MODULES for name in writes(path)}
    assert EXCEPTIONS.keys() - found == set()


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("open(p, 'w')", ["open"]),
        ("p.open('ab')", ["open"]),
        ("os.open(p, os.O_RDWR)", ["open"]),
        ("os.fdopen(d, 'w+b')", ["fdopen"]),
        ("p.write_bytes(b)", ["write_bytes"]),
        ("shutil.copy(a, b)", ["copy"]),
        ("os.replace(a, b)", ["replace"]),
        ("a.replace(b)", ["replace"]),
        ("tempfile.mkstemp()", ["mkstemp"]),
        ("open(p)", []),
        ("p.open('rb')", []),
        ("p.open(encoding='utf-8', newline='')", []),
        ("text.replace('a', 'b')", []),
        ("replace(record, name='x')", []),
        ("copy.copy(a)", []),
        ("zipfile.ZipFile(p)", []),
    ],
)
def test_what_counts_as_writing(code: str, found: list[str], tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(code, encoding="utf-8")
    assert list(writes(tmp_path / "module.py")) == found
