"""The ledger: every cell of every release, printed or not, for those who may see them.

Belongs here: `ledger.duckdb` in the warehouse folder, mode 0600. It holds true counts, since the next release is
checked against them; it is not published.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from kim_pipeline.protection.linked_set import Figure, Key

_FILE = "ledger.duckdb"
_TABLES = """
    CREATE TABLE IF NOT EXISTS release (
        name VARCHAR PRIMARY KEY, as_of DATE NOT NULL, build VARCHAR NOT NULL, released_at TIMESTAMP NOT NULL
    );
    CREATE TABLE IF NOT EXISTS cell (
        release VARCHAR NOT NULL, count_id VARCHAR NOT NULL, area VARCHAR NOT NULL, period VARCHAR NOT NULL,
        breakdown VARCHAR NOT NULL, value BIGINT NOT NULL, k BIGINT NOT NULL, is_printed BOOLEAN NOT NULL,
        is_unsafe_sum BOOLEAN NOT NULL, is_amount BOOLEAN NOT NULL, is_hidden BOOLEAN NOT NULL
    );
"""


@dataclass(frozen=True)
class LedgerEntry:
    """One release as the ledger knows it."""

    name: str
    as_of: dt.date
    build: str
    counts: Mapping[Key, Figure]
    amounts: Mapping[Key, Figure]
    hidden: frozenset[Key]


class Ledger:
    """The ledger of a warehouse folder."""

    def __init__(self, warehouse: Path) -> None:
        """Bind to a folder; the file is made when first written to."""
        self.path = warehouse / _FILE

    def entries(self) -> list[LedgerEntry]:
        """All releases, the oldest first."""
        if not self.path.exists():
            return []
        with duckdb.connect(str(self.path), read_only=True) as connection:
            releases = connection.execute(
                "SELECT name, as_of, build FROM release ORDER BY released_at, name"
            ).fetchall()
            return [_entry(connection, *release) for release in releases]

    def enter(self, entry: LedgerEntry, released_at: dt.datetime) -> None:
        """Enter a release, all of it or nothing.

        Args:
            entry: the release; one of the same name is replaced.
            released_at: when.
        """
        with self._writing() as connection:
            _forget(connection, entry.name)
            at = released_at.astimezone(dt.UTC).replace(tzinfo=None)
            connection.execute("INSERT INTO release VALUES (?, ?, ?, ?)", [entry.name, entry.as_of, entry.build, at])
            block = _cells(entry)
            connection.register("block", block)
            connection.execute("INSERT INTO cell SELECT * FROM block")
            connection.unregister("block")

    @contextmanager
    def _writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect(str(self.path)) as connection:
            os.chmod(self.path, 0o600)
            connection.execute(_TABLES)
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")
            connection.execute("CHECKPOINT")


def _forget(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    connection.execute("DELETE FROM cell WHERE release = ?", [name])
    connection.execute("DELETE FROM release WHERE name = ?", [name])


def _cells(entry: LedgerEntry) -> pa.Table:
    rows = [
        (entry.name, *key, f.value, f.k, f.is_printed, f.is_unsafe_sum, is_amount, key in entry.hidden)
        for is_amount, figures in ((False, entry.counts), (True, entry.amounts))
        for key, f in figures.items()
    ]
    return pa.table({f"c{n}": [row[n] for row in rows] for n in range(11)})


def _entry(connection: duckdb.DuckDBPyConnection, name: str, as_of: dt.date, build: str) -> LedgerEntry:
    counts, amounts, hidden = dict[Key, Figure](), dict[Key, Figure](), set[Key]()
    rows = connection.execute(
        "SELECT count_id, area, period, breakdown, value, k, is_printed, is_unsafe_sum, is_amount, is_hidden "
        "FROM cell WHERE release = ? ORDER BY ALL",
        [name],
    ).fetchall()
    for *place, value, k, is_printed, is_unsafe, is_amount, is_hidden in rows:
        key = Key(*place)
        (amounts if is_amount else counts)[key] = Figure(value, k, is_printed, is_unsafe)
        if is_hidden:
            hidden.add(key)
    return LedgerEntry(name, as_of, build, counts, amounts, frozenset(hidden))
