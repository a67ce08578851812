"""The whole folder of deliveries: what is there, what is new, what counts.

Belongs here: finding files, reading the new ones through the pool, taking the others from the cache, and settling what
only the deliveries together decide (which one counts, references between programmes). Rows stay in Parquet.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import errno
import hashlib
import logging
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from kim_pipeline import german
from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.model import Programme, Table
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.files import make_folder
from kim_pipeline.intake import cache
from kim_pipeline.intake.cache import Attempt, CachedPart
from kim_pipeline.intake.competing import competitors
from kim_pipeline.intake.counting import (
    Candidate,
    Window,
    period_windows,
    snapshot_windows,
    superseded_by,
    without_period_date,
)
from kim_pipeline.intake.fingerprint import fingerprint, of_file
from kim_pipeline.intake.folder import LEFT, STILL_WRITTEN, Skipped, is_litter, shown_name, still_written, walk
from kim_pipeline.intake.merging import AcceptedRow, Merged, merge, why_beaten
from kim_pipeline.intake.pool import Job, Outcome, ReaderPool, Setup, io_problem, too_large
from kim_pipeline.reading.findings import OFFICIAL_REJECTIONS, Finding, place_name, told
from kim_pipeline.reading.official.terms import Attribution
from kim_pipeline.reading.personal import load_secret, programme_key
from kim_pipeline.settings import Settings
from kim_pipeline.settings import today as today_in_germany

_LOG = logging.getLogger(__name__)
_HASH_BLOCK = 1 << 20
_UNKNOWN_TIME = dt.datetime.fromtimestamp(0, tz=dt.UTC)

Status = Literal["counted", "superseded", "rejected", "held"]
Progress = Callable[[str, int, int], None]
"""Called with programme, number of its deliveries done, number of all."""


@dataclass
class Delivery:
    """One delivery of a programme, or one part of it (`deliveries.md` §1.1).

    Attributes:
        programme: key of the programme.
        file: path relative to the programme's folder, with `/`.
        path: where it lies.
        received_at: when the file was last written (UTC).
        sha256: of its bytes; None where they cannot be read.
        part: tells it from the delivery's other parts; empty where it has one.
        read: the result, or None where the file could not be read at all.
        problem: German sentence where it could not be read at all.
        status: whether it counts.
        reason: why not: the rule that rejects it, `duplicate`, `newer_stand`, `longer_period`,
            `later_name`, `official_table`; the German sentence of the guard for what is held; None if it counts.
        superseded_by: the file that counts instead.
        parsed: whether it was parsed in this run (not taken from the cache).
        settled: findings that only the deliveries together give.
        excluded: (table, sheet, row) of accepted rows that such findings quarantine.
        barred: the finding that rejects it on the day of this run, although it can be read.
        held: why it is set aside until a person decides, in German; None if it is not.
        is_kept: whether its bytes are gone and what was kept of reading them is used.
    """

    programme: str
    file: str
    path: Path
    received_at: dt.datetime
    sha256: str | None = None
    fingerprint: str | None = None
    part: str = ""
    read: CachedPart | None = None
    problem: str | None = None
    status: Status = "rejected"
    reason: str | None = None
    superseded_by: str | None = None
    parsed: bool = False
    settled: list[Finding] = field(default_factory=list)
    excluded: list[tuple[str, str, int]] = field(default_factory=list)
    barred: Finding | None = None
    held: str | None = None
    is_kept: bool = False

    @property
    def owner(self) -> tuple[str, str]:
        """File and part."""
        return self.file, self.part

    @property
    def is_rejected(self) -> bool:
        """Whether nothing of it can be used."""
        return self.reading is None or self.reading.rejected is not None or not self.brought

    @property
    def reading(self) -> CachedPart | None:
        """What was read, as far as it is told: of a barred delivery nothing is."""
        return None if self.barred else self.read

    @property
    def is_official(self) -> bool:
        """Whether it is an official table in a published form, also where it cannot be used."""
        return self.read is not None and (self.read.published is not None or self.read.rejected in OFFICIAL_REJECTIONS)

    @property
    def told_period(self) -> str | None:
        """Its period as it is written down: the canonical notation; of an official table its Stichtage as days."""
        if self.read is None or self.read.period is None:
            return None
        if self.read.published is None:
            return str(self.read.period)
        ends = dict.fromkeys((german.day(self.read.period.first), german.day(self.read.period.last)))
        return " – ".join(ends)

    @property
    def attribution(self) -> str | None:
        """The line that names an official table's provider and terms; None unless it counts."""
        published = self.read.published if self.read else None
        if published is None or self.status != "counted" or self.read is None:
            return None
        credit = Attribution(published.provider, published.dataset, published.terms)
        return credit.line(published.days, self.read.as_of, vocabulary().county.flat_file_terms)

    @property
    def brought(self) -> list[str]:
        """Its tables, but for those that have data rows of which not one is accepted (`nothing_accepted`)."""
        return [name for name in (self.reading.tables if self.reading else ()) if name not in self.empty_tables]

    @property
    def empty_tables(self) -> dict[str, dict[str, Any]]:
        """Tables that have data rows of which not one is accepted, each with its first sheet's account."""
        first: dict[str, dict[str, Any]] = {}
        accepted: dict[str, int] = {}
        data: dict[str, int] = {}
        for account in self.accounts:
            name = account["table"]
            first.setdefault(name, account)
            accepted[name] = accepted.get(name, 0) + account["accepted"]
            data[name] = data.get(name, 0) + account["accepted"] + account["quarantined"]
        return {name: account for name, account in first.items() if data[name] and not accepted[name]}

    @property
    def rejection(self) -> Finding | None:
        """The finding that rejects it where reading has not: it could not be read at all, or it is barred."""
        if self.problem is None:
            return self.barred
        return Finding(None, None, None, None, "unreadable", "rejected", None, self.problem)

    @property
    def rejected_because(self) -> str:
        """Why nothing of it can be used, in German; blank where something can."""
        rejection = self.rejection
        if rejection is not None:
            return rejection.message
        if self.read is not None and self.read.message:
            return self.read.message
        return " ".join(f.message for f in self.settled if f.rule == "nothing_accepted" and self.is_rejected)

    @property
    def accounts(self) -> list[dict[str, Any]]:
        """The account of each sheet, with the rows that settling moved to quarantine."""
        if self.reading is None or self.read is None:
            return []
        found = [dict(a) for a in self.read.accounts]
        for account in found:
            moved = sum(
                1 for table, sheet, _ in self.excluded if (table, sheet) == (account["table"], account["sheet"])
            )
            account["accepted"] -= moved
            account["quarantined"] += moved
        return found


@dataclass
class Intake:
    """All deliveries of a run.

    Attributes:
        deliveries: by programme and file.
        windows: (programme, table) → the days for which each file counts.
        unknown: entries of the folder that belong to no programme.
        skipped: what lies in a programme's folder and is no delivery.
        withdrawn: programme and SHA-256 of deliveries that a person has taken out.
        merged: programme → its records merged by parts, where it knows published forms.
    """

    deliveries: list[Delivery]
    windows: dict[tuple[str, str], list[Window]]
    unknown: list[str]
    skipped: list[Skipped] = field(default_factory=list)
    withdrawn: frozenset[tuple[str | None, str]] = frozenset()
    merged: dict[str, Merged] = field(default_factory=dict)

    def files(self, programme: str) -> list[list[Delivery]]:
        """The deliveries of one programme, each with its parts."""
        found: dict[str, list[Delivery]] = {}
        for delivery in self.of(programme):
            found.setdefault(delivery.file, []).append(delivery)
        return list(found.values())

    def of(self, programme: str) -> list[Delivery]:
        """The deliveries of one programme, one for each part."""
        return [d for d in self.deliveries if d.programme == programme]

    @property
    def inputs_sha256(self) -> str:
        """Fingerprint of all inputs: the same files read by the same code give the same value."""
        digest = hashlib.sha256()
        for d in self.deliveries:
            barred = "held" if d.held else d.barred.rule if d.barred else None
            digest.update(
                f"{d.programme}\0{d.file}\0{d.part}\0{d.sha256}\0{d.fingerprint}\0{d.problem}\0{barred}\n".encode()
            )
        return digest.hexdigest()


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


def settle(intake: Intake, today: dt.date) -> None:
    """Decide which deliveries count, and judge references between programmes; can be called again.

    Args:
        intake: the deliveries; what is settled is written into them.
        today: day of the run: a delivery with a later Stand is rejected (`as_of_in_future`).
    """
    for delivery in intake.deliveries:
        delivery.settled, delivery.excluded, delivery.barred = [], [], _barred(delivery, intake, today)
    _find_windows(intake)
    for _ in programmes():  # each time, rows judged anew may leave a table empty, and another delivery counts instead
        before = dict(intake.windows)
        _judge_all_references(intake)
        _find_windows(intake)
        if intake.windows == before:
            break
    intake.merged = {key: merged_parts(intake, p) for key, p in programmes().items() if p.published is not None}
    for delivery in intake.deliveries:
        delivery.settled += [_nothing_accepted(account) for account in delivery.empty_tables.values()]
        _set_status(delivery, intake)
        if delivery.programme in intake.merged:
            delivery.settled += intake.merged[delivery.programme].findings.get(delivery.owner, [])
    for programme in programmes().values():
        tell_competitors(intake, programme)


def merged_parts(intake: Intake, programme: Programme) -> Merged:
    """The accepted rows of a programme's deliveries that count by themselves, merged by parts."""
    import pyarrow.parquet as pq  # noqa: PLC0415  (only programmes with published forms need it)

    forms, county = programme.published, vocabulary().county
    if forms is None:
        return Merged()
    owners = {window.owner for window in intake.windows[programme.key, forms.table]}
    found: list[AcceptedRow] = []
    for delivery in intake.of(programme.key):
        if delivery.read is None or delivery.owner not in owners:
            continue
        gone = {(sheet, row) for table, sheet, row in delivery.excluded if table == forms.table}
        is_official = delivery.read.published is not None
        rows = pq.read_table(delivery.read.tables[forms.table].path).to_pylist()
        found += [
            AcceptedRow(delivery.owner, is_official, delivery.read.as_of, row)
            for row in rows
            if (row["source_sheet"], row["source_row"]) not in gone
        ]
    names = {county.key: county.name, **{m.ags: m.name for m in county.municipalities}}
    return merge(found, county.key, names)


def _barred(delivery: Delivery, intake: Intake, today: dt.date) -> Finding | None:
    """The finding that rejects a delivery which was withdrawn, or states a Stand after the day of the run."""
    if delivery.read is not None and (delivery.programme, delivery.sha256) in intake.withdrawn:
        return Finding(None, None, None, None, "withdrawn", "rejected", None, told("withdrawn"))
    if delivery.read is None or delivery.read.rejected or delivery.read.as_of is None or delivery.read.as_of <= today:
        return None
    message = told("as_of_in_future", as_of=german.day(delivery.read.as_of), today=german.day(today))
    return Finding(None, None, None, None, "as_of_in_future", "rejected", None, message)


def _nothing_accepted(account: dict[str, Any]) -> Finding:
    """`nothing_accepted`, at the table's first header."""
    row = account["header_row"]
    message = f"{place_name(account['sheet'], row)}: {told('nothing_accepted')}"
    return Finding(account["sheet"], row, None, None, "nothing_accepted", "error", None, message)


def _find_windows(intake: Intake) -> None:
    for programme in programmes().values():
        for table in programme.tables:
            found = _candidates(intake, programme, table)
            windows = _windows(programme, found)
            if programme.delivery == "period" and table.period_date is None:
                windows = without_period_date(windows, found)
            intake.windows[programme.key, table.name] = windows + _official_windows(intake, programme, table)


def _official_windows(intake: Intake, programme: Programme, table: Table) -> list[Window]:
    """Every usable official table: what counts of it is decided part by part (`official.md` §6)."""
    copies = _copies(intake.of(programme.key))
    return [
        Window(d.file, d.read.period, d.part)
        for d in intake.of(programme.key)
        if d.read is not None and d.read.published and not d.is_rejected and d.owner not in copies
        if table.name in d.brought
    ]


def _copies(deliveries: Iterable[Delivery]) -> set[tuple[str, str]]:
    """Parts of files with the same bytes as a usable one whose name sorts before theirs (`deliveries.md` §4)."""
    seen: set[tuple[str | None, str]] = set()
    copies = set()
    for delivery in sorted((d for d in deliveries if not d.is_rejected and d.held is None), key=lambda d: d.owner):
        if (delivery.sha256, delivery.part) in seen:
            copies.add(delivery.owner)
        seen.add((delivery.sha256, delivery.part))
    return copies


def _candidates(intake: Intake, programme: Programme, table: Table) -> list[Candidate]:
    ours = intake.of(programme.key)
    copies = _copies(ours)
    return [
        Candidate(d.file, d.read.as_of, d.read.period, d.part, d.is_kept)
        for d in ours
        if not d.is_rejected
        and d.held is None
        and d.owner not in copies
        and d.read is not None
        and d.read.as_of is not None
        and d.read.published is None
        and table.name in d.brought
    ]


def _windows(programme: Programme, candidates: Sequence[Candidate]) -> list[Window]:
    return snapshot_windows(candidates) if programme.delivery == "snapshot" else period_windows(candidates)


def _set_status(delivery: Delivery, intake: Intake) -> None:
    if delivery.is_rejected:
        delivery.status = "rejected"
        delivery.reason = _rejected_by(delivery)
        return
    tables = programmes()[delivery.programme].tables
    if delivery.held is not None:
        delivery.status, delivery.reason = "held", delivery.held
        return
    counts = any(w.owner == delivery.owner for t in tables for w in intake.windows[delivery.programme, t.name])
    merged = intake.merged.get(delivery.programme)
    if counts and merged is not None:
        counts = delivery.owner in merged.owners
    delivery.status = "counted" if counts else "superseded"
    delivery.reason = delivery.superseded_by = None
    if counts:
        return
    if delivery.owner in _copies(intake.of(delivery.programme)):
        delivery.reason = "duplicate"
    elif merged is not None and (winner := merged.beaten_by.get(delivery.owner)) is not None:
        delivery.reason, delivery.superseded_by = _beaten_by(delivery, winner), winner.owner[0]
    else:
        delivery.reason, delivery.superseded_by = _superseded(delivery, intake)


def _beaten_by(delivery: Delivery, winner: AcceptedRow) -> str:
    """Why another delivery gives the values of this one."""
    read = delivery.read
    loser = AcceptedRow(delivery.owner, bool(read and read.published), read.as_of if read else None, {})
    return why_beaten(loser, winner)


def _superseded(delivery: Delivery, intake: Intake) -> tuple[str | None, str | None]:
    """Why nothing of a delivery counts, and which file counts instead: as for the first table that has one."""
    programme = programmes()[delivery.programme]
    for table in programme.tables:
        candidates = _candidates(intake, programme, table)
        own = next((c for c in candidates if c.owner == delivery.owner), None)
        if own is None:
            continue
        better = superseded_by(own, _windows(programme, candidates), candidates)
        if better is not None:
            return own.loses_because(better), better.file
    return None, None


def rivals_of(intake: Intake, programme: Programme) -> list[tuple[Delivery, Delivery, int]]:
    """Deliveries that another of the same table, Stand and days goes before; that one; and how many keys both have."""
    ours = {d.owner: d for d in intake.of(programme.key)}
    found: dict[tuple[tuple[str, str], tuple[str, str]], int] = {}
    for table in programme.tables:
        for loser, winner in competitors(_candidates(intake, programme, table)):
            if ours[loser].sha256 != ours[winner].sha256:
                common = len(_keys(ours[loser], table) & _keys(ours[winner], table))
                found[loser, winner] = found.get((loser, winner), 0) + common
    return [(ours[loser], ours[winner], common) for (loser, winner), common in found.items()]


def tell_competitors(intake: Intake, programme: Programme) -> None:
    """`competing_delivery`: the same table, Stand and days, and not the same bytes."""
    for delivery, winner, common in rivals_of(intake, programme):
        delivery.settled.append(_competing(winner.file, common))


def _competing(other: str, common: int) -> Finding:
    shared = {
        0: "Keine Nummer steht in beiden; es können zwei Teile einer Liste sein.",
        1: "Eine Nummer steht in beiden.",
    }
    said = told("competing_delivery", other=other, common=shared.get(common, f"{common} Nummern stehen in beiden."))
    return Finding(None, None, None, None, "competing_delivery", "warning", None, said)


def _keys(delivery: Delivery, table: Table) -> set[tuple[Any, ...]]:
    """The keys of a table's accepted rows."""
    import pyarrow.parquet as pq  # noqa: PLC0415  (only competitors need it)

    if delivery.read is None:
        return set()
    rows = pq.read_table(delivery.read.tables[table.name].path, columns=list(table.key))
    return set(zip(*(rows[name].to_pylist() for name in table.key), strict=True))


def _rejected_by(delivery: Delivery) -> str:
    """The rule that rejects a delivery."""
    if delivery.rejection is not None:
        return delivery.rejection.rule
    return (delivery.read.rejected if delivery.read else None) or "nothing_accepted"


def _judge_all_references(intake: Intake) -> None:
    for delivery in intake.deliveries:
        delivery.settled, delivery.excluded = [], []
    for programme in programmes().values():
        for table in programme.tables:
            if table.reference is not None and table.reference.programme is not None:
                _judge_references(intake, programme, table)


def _judge_references(intake: Intake, programme: Programme, table: Table) -> None:
    reference = table.reference
    if reference is None or reference.programme is None:
        return
    known = _known(intake, reference.programme, reference.table)
    any_value = [here in reference.optional for here, _ in reference.columns]
    for delivery in intake.of(programme.key):
        if delivery.reading is not None and table.name in delivery.reading.tables:
            _judge(delivery, table.name, delivery.reading.tables[table.name].pending, known, any_value)


def _known(intake: Intake, programme: str, table: str) -> set[tuple[Any, ...]] | None:
    """What the counting deliveries of a table hold; None where none counts: then references are not judged."""
    owners = {w.owner for w in intake.windows.get((programme, table), [])}
    if not owners:
        return None
    counting = [d.read for d in intake.of(programme) if d.read is not None and d.owner in owners]
    return {tuple(key) for read in counting for key in read.tables[table].keys}


def _judge(
    delivery: Delivery,
    table: str,
    rows: list[dict[str, Any]],
    known: set[tuple[Any, ...]] | None,
    any_value: list[bool],
) -> None:
    """`orphan`, then `duplicate_key`, in the order of the rows (`deliveries.md` §3)."""
    held: set[tuple[Any, ...]] = set()
    for row in rows:
        findings: list[Finding] = []
        if known is not None and row["target"] is not None and not _matches(row["target"], known, any_value):
            findings.append(Finding(**row["orphan"]))
        key = tuple(row["key"]) if row["key"] is not None else None
        if key is not None and key in held:
            findings.append(Finding(**row["duplicate"]))
        elif key is not None and not row["has_error"] and not findings:
            held.add(key)
        delivery.settled += findings
        if findings and not row["has_error"]:
            delivery.excluded.append((table, row["sheet"], row["row"]))


def _matches(target: list[Any], known: set[tuple[Any, ...]], any_value: list[bool]) -> bool:
    if not any(value is None for value in target):
        return tuple(target) in known
    return any(
        all(t == k or (t is None and free) for t, k, free in zip(target, key, any_value, strict=True)) for key in known
    )


def counts_by_severity(delivery: Delivery) -> dict[str, int]:
    """Severity → number of findings of a delivery, settled ones and a rejection included."""
    counts = dict(delivery.reading.counts) if delivery.reading else {}
    extra = [*delivery.settled, *([delivery.rejection] if delivery.rejection else [])]
    for finding in extra:
        counts[finding.severity] = counts.get(finding.severity, 0) + 1
    return counts


def finding_records(delivery: Delivery) -> list[dict[str, Any]]:
    """The findings of a delivery that are not in the cache, as records."""
    extra = [*delivery.settled, *([delivery.rejection] if delivery.rejection else [])]
    return [dataclasses.asdict(f) for f in extra]


_WORST_FIRST = ("rejected", "error", "warning", "notice")


def all_findings(delivery: Delivery) -> list[Finding]:
    """Every finding of a delivery, cached and settled: of the whole file, then by sheet, row, severity and column."""
    return findings_of([delivery])


def findings_of(parts: Sequence[Delivery]) -> list[Finding]:
    """The same for all parts of a delivery together."""
    import pyarrow.parquet as pq  # noqa: PLC0415  (only who shows findings needs it)

    found: list[Finding] = []
    for part in parts:
        cached: list[dict[str, Any]] = []
        if part.reading:
            with pq.ParquetFile(part.reading.findings) as file:  # `read_table` would load pandas
                cached = file.read().to_pylist()
        found += [Finding(**record) for record in (*cached, *finding_records(part))]
    accounts = (account["sheet"] for part in parts for account in part.accounts)
    sheets = list(dict.fromkeys([None, *accounts, *(f.sheet for f in found)]))
    position = {sheet: number for number, sheet in enumerate(sheets)}

    def place(f: Finding) -> tuple[int, int, int, int, str]:
        letter = f.column_letter or ""
        return position[f.sheet], f.row or 0, _WORST_FIRST.index(f.severity), len(letter), letter

    return sorted(found, key=place)
