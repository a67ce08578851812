"""The whole folder of deliveries: what is there and what is new.

Belongs here: finding files, reading the new ones through the pool, taking the others from the cache. Does not belong
here: what only the deliveries together decide (`settling.py`).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import errno
import hashlib
import logging
import stat
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.files import make_folder
from kim_pipeline.intake import cache
from kim_pipeline.intake.cache import Attempt, CachedPart
from kim_pipeline.intake.deliveries import (
    Delivery,
    Intake,
)
from kim_pipeline.intake.fingerprint import fingerprint, of_file
from kim_pipeline.intake.folder import LEFT, STILL_WRITTEN, Skipped, is_litter, shown_name, still_written, walk
from kim_pipeline.intake.pool import Job, Outcome, ReaderPool, Setup, io_problem, too_large
from kim_pipeline.intake.settling import settle
from kim_pipeline.reading.personal import load_secret, programme_key
from kim_pipeline.settings import Settings
from kim_pipeline.settings import today as today_in_germany

_LOG = logging.getLogger(__name__)
_HASH_BLOCK = 1 << 20
_UNKNOWN_TIME = dt.datetime.fromtimestamp(0, tz=dt.UTC)

Progress = Callable[[str, int, int], None]
"""Called with programme, number of its deliveries done, number of all."""


def take_in(
    settings: Settings,
    progress: Progress | None = None,
    only: Iterable[str] | None = None,
    pool: ReaderPool | None = None,
    today: dt.date | None = None,
    *,
    looks_twice: bool = True,
    withdrawn: frozenset[tuple[str | None, str]] = frozenset(),
) -> Intake:
    """Read every delivery that is new, take the others from the cache, and settle what counts.

    Args:
        settings: folders and limits.
        progress: told of each delivery that is done.
        only: programmes to read; None for all.
        pool: reads the deliveries; by default child processes as the settings say.
        today: day of the run; no Stand is later.
        looks_twice: whether a file that is still being written is left for the next run.
        withdrawn: see `Intake`.

    Raises:
        CountyError: the county's folder has faults; nothing is read, so that no delivery seems to be at fault.
    """
    vocabulary()
    secret = load_secret_for(settings)
    chosen = sorted(set(programmes()) if only is None else set(only))
    found, skipped = _look_through(settings.deliveries, chosen, looks_twice=looks_twice)
    deliveries, left = _read(found, settings, secret, progress, pool or _pool(settings, secret))
    if left:
        _LOG.warning("no time was left to read %d deliveries; the next run goes on with them", len(left))
    skipped = sorted([*skipped, *(Skipped(d.programme, d.file, LEFT) for d in left)], key=lambda s: s.programme)
    intake = Intake(deliveries, {}, unknown_entries(settings.deliveries), skipped, withdrawn)
    settle(intake, today or today_in_germany())
    return intake


def load_secret_for(settings: Settings) -> bytes:
    """The secret for pseudonyms; the warehouse folder is made if need be."""
    make_folder(settings.warehouse)
    return load_secret(settings.secret_path)


def present_entries(settings: Settings) -> set[Path]:
    """Where the cache keeps, or would keep, the results of the deliveries that are there now."""
    secret = load_secret_for(settings)
    found = [d for key in sorted(programmes()) for d in find_deliveries(settings.deliveries, key)]
    for delivery in found:
        _hash(delivery, _mark(delivery.programme, settings, secret), settings.max_file_bytes)
    return entries_of(found, settings)


def entries_of(deliveries: Iterable[Delivery], settings: Settings) -> set[Path]:
    """Where the cache keeps the results of deliveries."""
    return {_entry(settings, d) for d in deliveries if d.sha256 is not None}


def setup_of(settings: Settings, secret: bytes) -> Setup:
    """What children need to know; the secret is empty for those that read no rows."""
    return Setup(
        str(settings.cache), secret.hex(), settings.reader_bytes, settings.max_file_bytes, settings.max_unpacked_bytes
    )


def _pool(settings: Settings, secret: bytes) -> ReaderPool:
    budget = settings.reading_minutes * 60
    return ReaderPool(setup_of(settings, secret), settings.readers, settings.reader_seconds, budget_seconds=budget)


def find_deliveries(folder: Path, programme: str) -> list[Delivery]:
    """Every delivery in the programme's folder, by path; what is skipped is told by `take_in`.

    A folder whose name ends like a table's is listed too: somebody meant it as one.
    """
    root = folder / programme
    return [_delivery(programme, path, root) for path in walk(root).files]


def _look_through(folder: Path, chosen: Sequence[str], *, looks_twice: bool) -> tuple[list[Delivery], list[Skipped]]:
    """Every delivery of the programmes, and what is skipped."""
    walks = {key: walk(folder / key) for key in chosen}
    growing = still_written(path for found in walks.values() for path in found.files) if looks_twice else set()
    found = [_delivery(key, path, folder / key) for key in chosen for path in walks[key].files if path not in growing]
    skipped = [
        Skipped(key, shown_name(path.relative_to(folder / key).as_posix()), reason)
        for key in chosen
        for path, reason in (*walks[key].skipped, *((p, STILL_WRITTEN) for p in walks[key].files if p in growing))
    ]
    return found, skipped


def unknown_entries(folder: Path) -> list[str]:
    """Entries of the folder of deliveries that are no programme's folder."""
    if not folder.is_dir():
        return []
    known = programmes()
    names = [p.name for p in folder.iterdir() if p.name not in known or not p.is_dir()]
    return sorted(shown_name(n) for n in names if not is_litter(n))


def _delivery(programme: str, path: Path, root: Path) -> Delivery:
    try:
        at = dt.datetime.fromtimestamp(path.lstat().st_mtime, tz=dt.UTC)
    except (OSError, OverflowError, ValueError):
        at = _UNKNOWN_TIME
    return Delivery(programme, shown_name(path.relative_to(root).as_posix()), path, at)


def _read(
    found: list[Delivery], settings: Settings, secret: bytes, progress: Progress | None, pool: ReaderPool
) -> tuple[list[Delivery], list[Delivery]]:
    """Read what is new, take the rest from the cache; each delivery with its parts, and those that are left unread."""
    marks = {key: _mark(key, settings, secret) for key in {d.programme for d in found}}
    counter = _Counter(found, progress)
    waiting: list[_Waiting] = []
    parts: _Parts = {}
    for delivery in found:
        size = _hash(delivery, marks[delivery.programme], settings.max_file_bytes)
        kept = cache.load(_entry(settings, delivery)) if delivery.problem is None else None
        before = _attempt(delivery, settings) if kept is None and delivery.problem is None else None
        delivery.problem = before.problem if before else delivery.problem
        if kept is None and delivery.problem is None:
            job = Job(delivery.programme, delivery.file, delivery.path, size, is_last=before is not None)
            waiting.append((delivery, job))
        else:
            parts[id(delivery)] = kept or []
            counter.done(delivery)
    while waiting:
        waiting = _read_once(waiting, settings, pool, counter, parts)
    read = [part for d in found if id(d) in parts for part in _parts_of(d, parts[id(d)])]
    return read, [d for d in found if id(d) not in parts]


def _attempt(delivery: Delivery, settings: Settings) -> Attempt | None:
    """What is known of reading these bytes with these limits."""
    return cache.load_attempt(_entry(settings, delivery), settings.reader_seconds, settings.reader_bytes)


def _parts_of(delivery: Delivery, parts: Sequence[CachedPart]) -> list[Delivery]:
    if not parts:
        return [delivery]
    return [dataclasses.replace(delivery, part=p.label, read=p, settled=[], excluded=[]) for p in parts]


_Parts = dict[int, list[CachedPart]]
"""Identity of a delivery → its parts as read; none where it could not be read. What is left unread is not in it."""
_Waiting = tuple[Delivery, Job]


def _read_once(
    waiting: list[_Waiting], settings: Settings, pool: ReaderPool, counter: _Counter, parts: _Parts
) -> list[_Waiting]:
    """Read the first of those with the same bytes; the others take its result, or wait on if there is none.

    Where the first ran into a limit, so would they.
    """
    groups: dict[Path, list[_Waiting]] = {}
    for delivery, job in waiting:
        groups.setdefault(_entry(settings, delivery), []).append((delivery, job))
    by_job = {group[0][1]: group for group in groups.values()}
    left: list[_Waiting] = []
    for outcome in pool.read(list(by_job)):
        (first, _), *others = by_job[outcome.job]
        if outcome.is_left:
            for delivery, _ in by_job[outcome.job]:
                counter.done(delivery)
            continue
        parts[id(first)] = _take(first, outcome, settings)
        counter.done(first)
        for delivery, job in others:
            kept = cache.load(_entry(settings, delivery))
            before = None if kept is not None else _attempt(delivery, settings)
            if before is not None and before.problem is not None:
                delivery.problem, kept = before.problem, []
            if kept is None:
                left.append((delivery, job))
            else:
                parts[id(delivery)] = kept
                counter.done(delivery)
    return left


def _mark(key: str, settings: Settings, secret: bytes) -> str:
    return fingerprint(key, programme_key(secret, key), settings.max_file_bytes, settings.max_unpacked_bytes)


def _entry(settings: Settings, delivery: Delivery) -> Path:
    return cache.entry(settings.cache, delivery.programme, delivery.sha256 or "", delivery.fingerprint or "")


def _hash(delivery: Delivery, mark: str, limit: int) -> int:
    """Note the file's SHA-256 and fingerprint, or why it cannot be read; its size.

    A file above the limit is not read at all.
    """
    digest = hashlib.sha256()
    head = b""
    size = 0
    try:
        facts = delivery.path.lstat()
        if not stat.S_ISREG(facts.st_mode) and not stat.S_ISDIR(facts.st_mode):
            delivery.problem = io_problem("LinkError" if stat.S_ISLNK(facts.st_mode) else "SpecialFileError")
            return 0
        if stat.S_ISREG(facts.st_mode) and facts.st_size > limit:
            delivery.problem = too_large(limit)
            return 0
        with delivery.path.open("rb") as file:
            while block := file.read(_HASH_BLOCK):
                digest.update(block)
                head = head or block
                size += len(block)
    except OSError as error:
        delivery.problem = io_problem(_kind(error, delivery.path))
        return 0
    delivery.sha256, delivery.fingerprint = digest.hexdigest(), of_file(mark, PurePosixPath(delivery.file), head)
    return size


def _kind(error: OSError, path: Path) -> str:
    """What the operating system's refusal means; see `io_problem`."""
    return "LinkError" if error.errno == errno.ELOOP or path.is_symlink() else type(error).__name__


def _take(delivery: Delivery, outcome: Outcome, settings: Settings) -> list[CachedPart]:
    if outcome.problem is not None:
        delivery.problem = outcome.problem
        _LOG.warning("%s: a delivery could not be read", delivery.programme)
        if outcome.limit is not None:
            _remember(delivery, outcome, settings)
        return []
    delivery.sha256, delivery.fingerprint = outcome.sha256, outcome.fingerprint
    parts = cache.load(_entry(settings, delivery))
    delivery.parsed = True
    lone = [sheet for part in parts or [] for sheet in part.lone_sheets]
    if lone:
        _LOG.warning(
            "%s: of delivery %s only one reader could read %d sheets",
            delivery.programme,
            (delivery.sha256 or "")[:12],
            len(lone),
        )
    if parts is None:
        delivery.problem = "Das Leseergebnis ist verloren gegangen. Die Datei wird beim nächsten Lauf neu gelesen."
    return parts or []


def _remember(delivery: Delivery, outcome: Outcome, settings: Settings) -> None:
    """Keep that reading ran into a limit, if these are still the bytes that did."""
    now = dataclasses.replace(delivery, problem=None)
    _hash(now, "", settings.max_file_bytes)
    if now.sha256 == delivery.sha256 and now.problem is None:
        problem = None if outcome.limit == "clock" else outcome.problem
        attempt = Attempt(settings.reader_seconds, settings.reader_bytes, problem)
        cache.store_attempt(_entry(settings, delivery), attempt)


class _Counter:
    """Tells progress per programme."""

    def __init__(self, found: list[Delivery], progress: Progress | None) -> None:
        self._progress = progress
        self._all = {key: sum(1 for d in found if d.programme == key) for key in {d.programme for d in found}}
        self._done = dict.fromkeys(self._all, 0)

    def done(self, delivery: Delivery) -> None:
        self._done[delivery.programme] += 1
        if self._progress is not None:
            self._progress(delivery.programme, self._done[delivery.programme], self._all[delivery.programme])
