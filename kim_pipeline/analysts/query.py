"""Queries of analysts: one statement that reads, on the published file alone.

Belongs here: opening the file so that a query can neither change it nor reach any other file, and what is no query.
Does not belong here: how results are shown (`commands/sql.py`) or written (`result_files.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from kim_pipeline.errors import KimError, interrupts_kept

_LOCKED_DOWN: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "temp_directory": "",
    "lock_configuration": "true",
}
"""No other file, no extension, nothing written beside the file, and no way to change that."""
_READS = {duckdb.StatementType.SELECT, duckdb.StatementType.MULTI}
"""SELECT with its short forms (FROM, DESCRIBE, SUMMARIZE, SHOW); PIVOT is a statement of several steps."""
_KINDS = {
    duckdb.ParserException: "Die Abfrage ist kein verständliches SQL.",
    duckdb.CatalogException: "Eine Tabelle oder Funktion gibt es nicht. kim sql --tables nennt die Tabellen.",
    duckdb.BinderException: "Eine Spalte gibt es nicht, oder sie passt nicht. kim sql --columns TABELLE nennt sie.",
    duckdb.PermissionException: "Abfragen lesen nur kim.duckdb, keine anderen Dateien.",
    duckdb.ConversionException: "Ein Wert lässt sich nicht in den verlangten Typ umwandeln.",
    duckdb.OutOfMemoryException: "Die Abfrage braucht mehr Arbeitsspeicher, als da ist.",
    duckdb.IOException: "Der Datenbestand lässt sich nicht öffnen: er ist beschädigt oder wird gerade geschrieben.",
}
_UNKNOWN = "Die Abfrage ist fehlgeschlagen."


class QueryError(KimError):
    """A query failed: the reason in German; `detail` has the engine's own words, which hold published data only."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep both."""
        super().__init__(reason)
        self.reason, self.detail = reason, detail


class NotAQueryError(KimError):
    """What was given is not one statement that reads; the message is German."""


@dataclass(frozen=True)
class Result:
    """What a query found.

    Attributes:
        columns: their names, made distinct.
        rows: values as Python has them, as many as were asked for.
        is_complete: whether these are all rows.
        origin: German label → what the rows come from: build, when it was made, as of which day, the query.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    is_complete: bool
    origin: dict[str, str]


def run_query(published: Path, sql: str, limit: int | None = None) -> Result:
    """Run one query.

    Args:
        published: the published file.
        sql: one statement that reads.
        limit: of rows; None for all.

    Raises:
        NotAQueryError: it is none, or several.
        QueryError: it fails, or the file cannot be opened.
    """
    with (
        _german_errors(),
        duckdb.connect(str(published), read_only=True, config=_LOCKED_DOWN) as connection,
        interrupts_kept(connection.interrupt),
    ):
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type not in _READS:
            raise NotAQueryError(
                "Erwartet wird genau eine Abfrage (SELECT …). Andere Anweisungen führt kim sql nicht aus."
            )
        found = connection.execute(statements[0])
        columns = _distinct([name for name, *_ in found.description or ()])
        rows = found.fetchall() if limit is None else found.fetchmany(limit + 1)
        kept = rows if limit is None else rows[:limit]
        return Result(columns, kept, len(kept) == len(rows), _origin(connection, sql))


@contextmanager
def _german_errors() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        reason = next((text for kind, text in _KINDS.items() if isinstance(error, kind)), _UNKNOWN)
        raise QueryError(reason, str(error)) from None


def _distinct(names: list[str]) -> tuple[str, ...]:
    """Names of columns, a repeated one with its number: `a`, `a_2`."""
    found: list[str] = []
    for name in names:
        number, own = 1, name
        while own in found:
            number += 1
            own = f"{name}_{number}"
        found.append(own)
    return tuple(found)


def _origin(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, str]:
    facts = dict(connection.execute("SELECT name, value FROM main.build_info WHERE item = 'build'").fetchall())
    return {
        "Datenbestand": facts["build"],
        "Gebaut am": facts["built_at"],
        "Stichtag": facts["as_of"],
        "Abfrage": sql.strip(),
    }
