"""Purging: what the settings no longer keep, and its removal.

Belongs here: results of reading whose delivery is gone, internal files and return copies above their age, builds and
logs beyond what is kept. What is told are programmes, builds, numbers and sizes, never names of deliveries, which may
name persons.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kim_pipeline import files
from kim_pipeline.publishing.builds import Warehouse
from kim_pipeline.publishing.keeping.retention import expired
from kim_pipeline.settings import Settings

Purgeable = Literal["result", "copy", "build", "internal", "log"]


@dataclass(frozen=True)
class Item:
    """Something that is no longer kept.

    Attributes:
        kind: the result of reading a delivery, a return copy, a whole build, an internal file, or a log.
        name: the programme, the build, or the log.
        paths: the files and folders that make it up, in the order of removal.
        size: their bytes.
    """

    kind: Purgeable
    name: str
    paths: tuple[Path, ...]
    size: int


def purgeable(warehouse: Warehouse, settings: Settings, present: Collection[Path], now: dt.datetime) -> list[Item]:
    """What is no longer kept.

    Args:
        warehouse: which the caller holds.
        settings: how long things are kept.
        present: where the cache keeps the results of the deliveries that are there (`intake.entries_of`).
        now: for the age of internal files and return copies.
    """
    return [
        *(_item("result", path.parent.name, path) for path in _orphaned_results(settings.cache, present)),
        *_old_copies(settings, now),
        *_builds(warehouse, settings, now),
        *(_item("log", path.stem, path) for path in old_logs(settings, settings.keep_logs)),
    ]


def remove_items(items: Iterable[Item], settings: Settings) -> None:
    """Remove them, and what killed commands left in the scratch.

    Raises:
        OSError: something cannot be removed.
    """
    files.Store(settings.warehouse).sweep()
    for path in (path for item in items for path in item.paths):
        files.remove(path)


def old_logs(settings: Settings, keep: int) -> list[Path]:
    """Logs of runs but the newest `keep`."""
    return sorted(settings.logs.glob("run_*.log"), reverse=True)[keep:]


def _orphaned_results(folder: Path, present: Collection[Path]) -> list[Path]:
    """Results that belong to no delivery that is there, also those of an earlier version of the code."""
    return sorted(path for path in folder.glob("*/*") if path not in present)


def _old_copies(settings: Settings, now: dt.datetime) -> Iterator[Item]:
    """Return copies that nobody has changed for long: they hold the offices' own rows."""
    oldest = (now - dt.timedelta(days=settings.keep_feedback_days)).timestamp()
    for path in sorted(settings.feedback.glob("*/**/*")):
        if path.is_file() and not path.name.startswith(".") and path.stat().st_mtime < oldest:
            yield _item("copy", path.relative_to(settings.feedback).parts[0], path)


def _builds(warehouse: Warehouse, settings: Settings, now: dt.datetime) -> Iterator[Item]:
    """Builds that retention does not keep, and of the others the internal files above their age; never what is read."""
    gone, current = expired(warehouse, settings), warehouse.current()
    oldest = now - dt.timedelta(days=settings.keep_internal_days)
    for build in warehouse.all_builds():
        if build in gone:
            yield _item("build", build.stem, *warehouse.files_of(build))
        elif build != current and build.made_at < oldest and build.internal.exists():
            yield _item("internal", build.stem, build.internal)


def _item(kind: Purgeable, name: str, *paths: Path) -> Item:
    found = (f for path in paths for f in (path.rglob("*") if path.is_dir() else [path]))
    return Item(kind, name, paths, sum(f.lstat().st_size for f in found if f.is_file()))
