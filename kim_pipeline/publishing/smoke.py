"""Smoke checks: whether a file of a build can be opened and read before readers get it.

Belongs here: that the file is whole and is the one that it is said to be. Does not belong here: whether its figures are
right (`warehouse/checks.py`) or safe (`disclosure`).
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path

import duckdb

from kim_pipeline.errors import KimError
from kim_pipeline.publishing.builds import Build

_LOG = logging.getLogger(__name__)
_TABLES = "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT internal ORDER BY ALL"
BUILD_INFO_TABLE = "main.build_info"


class DamagedBuildError(KimError):
    """A file of a build is not sound; the German message names the file and what is wrong."""


def check_published(path: Path, build: Build, expected: Collection[str] = ()) -> None:
    """Open a published file, read it wholly, and see that it names its build.

    Args:
        path: the file, under its own name or that of a scratch file.
        build: the build that it must name.
        expected: tables that must be there besides `build_info`, as `schema.table`.

    Raises:
        DamagedBuildError: it is not sound.
    """
    with _opened(path) as connection:
        _read_tables(connection, path, {BUILD_INFO_TABLE, *expected})
        named = connection.execute(
            f"SELECT value FROM {BUILD_INFO_TABLE} WHERE item = 'build' AND name = 'build'"
        ).fetchall()
    if named != [(build.stem,)]:
        raise _damaged(path, f"sie gehört nicht zum Datenbestand {build.stem}")


def check_internal(path: Path, expected: Collection[str] = ()) -> None:
    """Open an internal file and read it wholly.

    Args:
        path: the file, under its own name or that of a scratch file.
        expected: tables that must be there, as `schema.table`.

    Raises:
        DamagedBuildError: it is not sound.
    """
    with _opened(path) as connection:
        _read_tables(connection, path, {"quality.delivery", *expected})


def check_build(build: Build) -> None:
    """Check both files of a complete build; the internal one may have been removed for its age.

    Raises:
        DamagedBuildError: one is not sound.
    """
    if build.internal.exists():
        check_internal(build.internal)
    check_published(build.published, build)


def can_open(path: Path) -> bool:
    """Whether a database file can be opened to read now: it is there, whole, and nobody is writing to it."""
    try:
        duckdb.connect(str(path), read_only=True).close()
    except duckdb.Error as error:
        _LOG.warning("%s cannot be opened (%s)", path.name, type(error).__name__)
        return False
    return True


def _opened(path: Path) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(path), read_only=True)
    except duckdb.Error:
        raise _damaged(path, "sie lässt sich nicht öffnen") from None


def _read_tables(connection: duckdb.DuckDBPyConnection, path: Path, expected: Collection[str]) -> None:
    found = {name for (name,) in connection.execute(_TABLES).fetchall()}
    missing = sorted(set(expected) - found)
    if missing:
        raise _damaged(path, f"es fehlt die Tabelle {missing[0]}")
    for name in sorted(found):
        try:
            connection.execute(f"SELECT bit_xor(hash(t)) FROM {name} AS t").fetchall()
        except duckdb.Error:
            raise _damaged(path, f"die Tabelle {name} lässt sich nicht lesen") from None


def _damaged(path: Path, reason: str) -> DamagedBuildError:
    return DamagedBuildError(f"Die Datei {path.name} ist nicht in Ordnung: {reason}.")
