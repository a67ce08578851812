"""Backup and restore of all that cannot be made anew: deliveries, builds, releases, history of the control room.

Needs Python's standard library only. `save` waits for a run that is going on, and copies the databases of the control
room as they are at one moment, so that it need not be stopped. Left out are the key for pseudonyms, which belongs into
a backup of its own, and what can be made again: cache and annotated return copies.
"""

from __future__ import annotations

import argparse
import datetime as dt
import fcntl
import os
import shutil
import sqlite3
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_NAME = "kim_%Y%m%dT%H%M%SZ.tar.gz"
_LEFT_OUT = frozenset({"secret.key", "cache", "feedback", "scratch", ".lock", ".serve.lock"})
_SCRATCH = ".new-"


def main() -> None:
    """Do as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=("save", "restore"))
    parser.add_argument("place", type=Path, help="save: the folder for archives; restore: the archive")
    parser.add_argument("--warehouse", type=Path, required=True)
    parser.add_argument("--deliveries", type=Path, required=True)
    parser.add_argument("--keep", type=int, default=0, help="save: remove all but so many archives; 0 keeps all")
    given = parser.parse_args()
    if given.action == "save":
        sys.stdout.write(f"{save(given.place, given.warehouse, given.deliveries, given.keep)}\n")
    else:
        restore(given.place, given.warehouse, given.deliveries)


def save(folder: Path, warehouse: Path, deliveries: Path, keep: int = 0) -> Path:
    """Write an archive (mode 0600) of both folders; its path.

    Args:
        folder: of the archives.
        warehouse: of the results.
        deliveries: of the deliveries.
        keep: archives that are kept; 0 for all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / dt.datetime.now(dt.UTC).strftime(_NAME)
    scratch = folder / f"{_SCRATCH}{archive.name}"
    scratch.touch(mode=0o600)
    with _no_run(warehouse), tarfile.open(scratch, "w:gz", compresslevel=1) as tar:
        tar.add(deliveries, "deliveries")
        tar.add(warehouse, "warehouse", recursive=False)
        for path in sorted(warehouse.rglob("*")):
            name = path.relative_to(warehouse)
            if not _LEFT_OUT & set(name.parts) and not path.name.startswith(_SCRATCH):
                _add(tar, path, Path("warehouse") / name)
    scratch.replace(archive)
    for old in sorted(folder.glob("kim_*.tar.gz"), reverse=True)[keep:] if keep else ():
        old.unlink()
    return archive


def _add(tar: tarfile.TarFile, path: Path, name: Path) -> None:
    """One file or folder; a database of the control room as a copy of one moment."""
    if path.suffix != ".db":
        tar.add(path, str(name), recursive=False)
        return
    with tempfile.NamedTemporaryFile(suffix=".db") as copy:
        with closing(sqlite3.connect(path, timeout=60)) as source, closing(sqlite3.connect(copy.name)) as target:
            source.backup(target)
        shutil.copymode(path, copy.name)
        tar.add(copy.name, str(name))


@contextmanager
def _no_run(warehouse: Path) -> Iterator[None]:
    """Hold the warehouse as a run does, so that none begins meanwhile."""
    descriptor = os.open(warehouse / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def restore(archive: Path, warehouse: Path, deliveries: Path) -> None:
    """Put both folders back, with their modes; neither may hold anything yet."""
    for folder in (warehouse, deliveries):
        if folder.exists() and any(folder.iterdir()):
            raise SystemExit(f"{folder} is not empty: move it away first")
        folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as tar:
        for member in tar:
            top, _, member.name = member.name.partition("/")
            tar.extract(member, warehouse if top == "warehouse" else deliveries, filter="tar")


if __name__ == "__main__":
    main()
