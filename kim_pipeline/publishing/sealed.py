"""Sealed releases: whether each still is as it was sealed, and whether it tells what is hidden elsewhere by now.

Belongs here: reading `releases/<name>/` against its checksums and the ledger's names, which needs no figure and no
library of disclosure control. Does not belong here: making a release (`releases.py`).
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import duckdb

from kim_pipeline.files import Store
from kim_pipeline.publishing.builds import Warehouse
from kim_pipeline.publishing.put_right import RELEASES, SEAL, ledger_of

_LOG = logging.getLogger(__name__)
RELEASED_FILE = "kim.duckdb"
"""The protected file of a release."""


def problems_of(warehouse: Warehouse) -> dict[str, list[str]]:
    """Release → what is no longer as it was sealed, in German; empty lists where all is well."""
    found = {}
    entered = _entered(warehouse.store)
    for folder in sorted((warehouse.folder / RELEASES).glob("[!.]*")):
        found[folder.name] = list(_problems(folder))
        if folder.name not in entered:
            found[folder.name].append("fehlt im Verzeichnis der Veröffentlichungen (ledger.duckdb)")
    for name in sorted(entered - found.keys()):
        found[name] = [f"der Ordner releases/{name} fehlt"]
    return found


def _entered(store: Store) -> set[str]:
    """The releases that the ledger knows."""
    path = ledger_of(store)
    if not path.exists():
        return set()
    with duckdb.connect(str(path), read_only=True) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM release").fetchall()}


def telling_counts(warehouse: Warehouse) -> list[str]:
    """Releases that hold exact numbers of findings or rows, as they were made before these became classes.

    Such numbers are figures that are hidden elsewhere, or differ from a sum by one.
    """
    files = sorted((warehouse.folder / RELEASES).glob(f"[!.]*/{RELEASED_FILE}"))
    return [file.parent.name for file in files if _tells_counts(file)]


def _tells_counts(file: Path) -> bool:
    try:
        with duckdb.connect(str(file), read_only=True) as connection:
            return bool(connection.execute(_EXACT_COUNTS).fetchall())
    except duckdb.Error as error:
        _LOG.warning("%s of a release cannot be read (%s)", file.name, type(error).__name__)
        return False


_EXACT_COUNTS = """
SELECT column_name FROM duckdb_columns()
WHERE table_name IN ('quality_summary', 'programme_rows') AND column_name IN ('findings', 'accepted')
    AND data_type <> 'VARCHAR'
"""


def _problems(folder: Path) -> Iterator[str]:
    try:
        sealed = dict(json.loads((folder / SEAL).read_bytes())["files"])
    except (OSError, ValueError, KeyError, TypeError):
        yield f"{SEAL} fehlt oder ist beschädigt"
        return
    there = {path.relative_to(folder).as_posix() for path in files_in(folder)} - {SEAL}
    yield from (f"{name} fehlt" for name in sorted(sealed.keys() - there))
    yield from (f"{name} ist hinzugekommen" for name in sorted(there - sealed.keys()))
    yield from (
        f"{name} ist verändert" for name in sorted(there & sealed.keys()) if sha256_of(folder / name) != sealed[name]
    )


def files_in(folder: Path) -> list[Path]:
    """The files of a release, in the order of their names."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def sha256_of(path: Path) -> str:
    """The checksum of a file, as a seal names it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
