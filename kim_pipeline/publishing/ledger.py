"""The ledger: every cell of every release, printed or not, for those who may see them.

Belongs here: `state/ledger.duckdb`, mode 0600. It holds true counts, since the next release is checked against them; it
is not published. A new entry is a new file, which counts from the moment on at which the release itself is there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from kim_pipeline.files import Store, move, private_folder, put_in_place, remove, sync
from kim_pipeline.protection.linked_set import Figure, Key
from kim_pipeline.publishing.put_right import LEDGER, ledger_of, ledger_with
from kim_pipeline.warehouse.build import sql_literal

_TABLES = """
    CREATE TABLE release (
        name VARCHAR PRIMARY KEY, as_of DATE NOT NULL, build VARCHAR NOT NULL, released_at TIMESTAMP NOT NULL
    );
    CREATE TABLE cell (
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

    def __init__(self, store: Store) -> None:
        """Bind to a warehouse; the file is made with the first entry."""
        self._store = store

    def entries(self) -> list[LedgerEntry]:
        """All releases, the oldest first."""
        path = ledger_of(self._store)
        if not path.exists():
            return []
        with duckdb.connect(str(path), read_only=True) as connection:
            releases = connection.execute(
                "SELECT name, as_of, build FROM release ORDER BY released_at, name"
            ).fetchall()
            return [_entry(connection, *release) for release in releases]

    def newest(self) -> str | None:
        """The name of the newest release; None if there is none."""
        path = ledger_of(self._store)
        if not path.exists():
            return None
        with duckdb.connect(str(path), read_only=True) as connection:
            found = connection.execute("SELECT max_by(name, (released_at, name)) FROM release").fetchone()
        return found[0] if found else None

    @contextmanager
    def entering(self, entry: LedgerEntry, released_at: dt.datetime) -> Iterator[None]:
        """Enter a release, if the caller makes it be there meanwhile, by one rename; else nothing is entered.

        What a killed caller leaves is finished or taken back by the next holder of the lock (`put_right.py`).

        Args:
            entry: the release; one of the same name is replaced.
            released_at: when.
        """
        state = private_folder(self._store.state)
        waiting = ledger_with(state, entry.name)
        with self._store.draft(waiting) as scratch:
            self._write(scratch, entry, released_at)
            put_in_place(scratch, waiting, 0o600)
        try:
            yield
        except BaseException:
            remove(waiting)
            sync(state)
            raise
        move(waiting, state / LEDGER)

    def _write(self, target: Path, entry: LedgerEntry, released_at: dt.datetime) -> None:
        """Write all entries and a new one into a new file."""
        earlier = ledger_of(self._store)
        with duckdb.connect(str(target)) as connection:
            connection.execute(_TABLES)
            if earlier.exists():
                connection.execute(f"ATTACH {sql_literal(str(earlier))} AS earlier (READ_ONLY)")
                connection.execute("INSERT INTO release FROM earlier.release WHERE name <> ?", [entry.name])
                connection.execute("INSERT INTO cell FROM earlier.cell WHERE release <> ?", [entry.name])
                connection.execute("DETACH earlier")
            at = released_at.astimezone(dt.UTC).replace(tzinfo=None)
            connection.execute("INSERT INTO release VALUES (?, ?, ?, ?)", [entry.name, entry.as_of, entry.build, at])
            block = _cells(entry)
            connection.register("block", block)
            connection.execute("INSERT INTO cell SELECT * FROM block")
            connection.unregister("block")


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
