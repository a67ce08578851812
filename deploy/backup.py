"""Backup and restore of all that cannot be made anew: deliveries, state, builds, releases, history of the control room.

Needs Python's standard library only. `save` waits for a run that is going on, and copies the databases of the control
room as they are at one moment, so that it need not be stopped; a run that begins while it copies the warehouse fails.
Left out are the key for pseudonyms, which belongs into a backup of its own, and what can be made again: cache and
annotated return copies.
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
from contextlib import closing, contextmanager, suppress
from pathlib import Path

_NAME = "kim_%Y%m%dT%H%M%SZ.tar.gz"
_NOTE = "last_backup"
"""File of the warehouse that says when it was saved last; the control room shows it."""
_LEFT_OUT = frozenset({"secret.key", "cache", "feedback", "scratch", ".lock", _NOTE, "dagster/.serve.lock"})
"""What of the warehouse is not saved."""
_BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside an open database: the copy of one moment is whole without, and would be damaged by it."""
_ROOM = ("warehouse", "dagster")
"""Where the control room's databases lie; a `Thumbs.db` among the deliveries is none."""
_SCRATCH = ".kim-new-"
_UNFINISHED = (_SCRATCH, ".new-")
"""How the name of what is being written begins; the second one by versions before 0.2."""


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
    """Write an archive (mode 0600) of both folders, and note its time in the warehouse; its path.

    Args:
        folder: of the archives.
        warehouse: of the results.
        deliveries: of the deliveries.
        keep: archives that are kept; 0 for all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    at = dt.datetime.now(dt.UTC)
    archive = folder / at.strftime(_NAME)
    for interrupted in (path for begins in _UNFINISHED for path in folder.glob(f"{begins}*kim_*.tar.gz")):
        interrupted.unlink()
    descriptor, name = tempfile.mkstemp(prefix=_SCRATCH, suffix=archive.name, dir=folder)  # mode 0600
    with os.fdopen(descriptor, "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as tar:
            _add_all(tar, deliveries, Path("deliveries"))
            with _no_run(warehouse):
                _add_all(tar, warehouse, Path("warehouse"), _LEFT_OUT)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(archive)
    _sync(folder)
    _note(warehouse, at)
    for old in sorted(folder.glob("kim_*.tar.gz"), reverse=True)[keep:] if keep else ():
        old.unlink()
    return archive


def _note(warehouse: Path, at: dt.datetime) -> None:
    """Say in the warehouse that it has been saved, as it was at that time."""
    descriptor, name = tempfile.mkstemp(prefix=_SCRATCH, suffix=_NOTE, dir=warehouse)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{at.isoformat(timespec='seconds')}\n")
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(warehouse / _NOTE)
    _sync(warehouse)


def _add_all(tar: tarfile.TarFile, folder: Path, top: Path, left_out: frozenset[str] = frozenset()) -> None:
    """A folder with all that is in it."""
    tar.add(folder, str(top), recursive=False)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        is_left_out = name.parts[0] in left_out or name.as_posix() in left_out
        if not is_left_out and not any(part.startswith(_UNFINISHED) for part in name.parts):
            _add(tar, path, top / name)


def _sync(folder: Path) -> None:
    """Make the entries of a folder last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _add(tar: tarfile.TarFile, path: Path, name: Path) -> None:
    """One file or folder, unless it has gone meanwhile; a database of the control room as a copy of one moment."""
    is_room_s = name.parts[:2] == _ROOM
    if is_room_s and path.name.endswith(_BESIDE):
        return
    if not (is_room_s and path.name.endswith(".db")):  # one of them is named `.db` and has no suffix
        with suppress(FileNotFoundError):
            tar.add(path, str(name), recursive=False)
        return
    with tempfile.NamedTemporaryFile(suffix=".db") as copy:
        try:
            source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", timeout=60, uri=True)
        except sqlite3.OperationalError:
            if path.exists():
                raise
            return
        with closing(source), closing(sqlite3.connect(copy.name)) as target:
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
        tar.extraction_filter = getattr(tarfile, "tar_filter", None)  # from Python 3.11.4 on; Debian 12 has 3.11.2
        modes = {}
        for member in tar:
            top, _, member.name = member.name.partition("/")
            place = warehouse if top == "warehouse" else deliveries
            if member.isdir():  # of a release nothing could be put into it, as it is to be
                modes[place / member.name] = member.mode
                member.mode = 0o700
            tar.extract(member, place)
    for folder in sorted(modes, reverse=True):  # those above come last
        folder.chmod(modes[folder])


if __name__ == "__main__":
    main()
