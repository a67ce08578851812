"""What sqlglot finds in our SQL, kept as a file: parsing every statement anew would cost each start half a second.

Belongs here: that file, and what may be taken from it: of a statement only what was found in the very same text, of the
lineage of all tables only what was found in the very same statements. What is not there is parsed when it is asked for.
Does not belong here: parsing (`sql_models.py`, `lineage.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

KEPT = Path(__file__).with_name("parsed.json")
"""Written by `python -m tools.parse_sql`; a test holds that it is current."""

_NOTHING: dict[str, Any] = {"statements": {}, "lineage": {"of": "", "tables": {}}}
_is_asked: ContextVar[bool] = ContextVar("is_asked", default=True)

Lineage = dict[str, dict[str, frozenset[tuple[str, str]]]]
"""`schema.table` → column → the columns that it is computed from, as table and name."""


@dataclass(frozen=True)
class StatementFacts:
    """What is known of one statement.

    Attributes:
        columns: column → German description, in order.
        parents: the tables that it reads.
        order: the columns that it is ordered by.
    """

    columns: dict[str, str]
    parents: tuple[str, ...]
    order: tuple[str, ...]


def digest_of(*texts: str) -> str:
    """By what facts are looked up: the hash of what they were found in."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:32]


def facts_of(sql: str) -> StatementFacts | None:
    """What is kept of a statement; None if it is not what was parsed."""
    found = _kept()["statements"].get(digest_of(sql))
    if found is None:
        return None
    return StatementFacts(found["columns"], tuple(found["parents"]), tuple(found["order"]))


def lineage_kept(digest: str) -> Lineage | None:
    """The kept lineage of all tables; None if it was found in other statements."""
    kept = _kept()["lineage"]
    if kept["of"] != digest:
        return None
    return {
        table: {column: frozenset((t, c) for t, c in origins) for column, origins in columns.items()}
        for table, columns in kept["tables"].items()
    }


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Have everything parsed anew while this lasts."""
    token = _is_asked.set(False)
    try:
        yield
    finally:
        _is_asked.reset(token)


def _kept() -> dict[str, Any]:
    return _read() if _is_asked.get() and KEPT.is_file() else _NOTHING


@cache
def _read() -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(KEPT.read_bytes())
    return kept


def to_text(statements: Mapping[str, StatementFacts], digest: str, lineage: Lineage) -> str:
    """The file's text: one statement and one table a line, sorted, so that a change shows as what it is.

    Args:
        statements: digest → facts.
        digest: of what the lineage was found in.
        lineage: of all tables.
    """
    facts = [
        (key, {"columns": f.columns, "parents": sorted(f.parents), "order": list(f.order)})
        for key, f in sorted(statements.items())
    ]
    tables = [
        (name, {column: sorted(map(list, origins)) for column, origins in columns.items()})
        for name, columns in sorted(lineage.items())
    ]
    return (
        f'{{\n"statements": {{\n{_lines(facts)}\n}},\n'
        f'"lineage": {{"of": {json.dumps(digest)}, "tables": {{\n{_lines(tables)}\n}}}}\n}}\n'
    )


def _lines(entries: Sequence[tuple[str, Any]]) -> str:
    return ",\n".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in entries)
