"""Return copies for the offices: which deliveries get one, where they lie, which old ones go.

Belongs here: the folder of copies. It holds the offices' own rows, so nobody but its owner may enter it; only files
that an earlier run wrote and nobody changed since are replaced or removed. Children open the workbooks
(`worker.py`), under the limits under which they were read; how a copy looks is `copy.py`'s.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePath, PurePosixPath

from kim_pipeline.contracts import programmes
from kim_pipeline.files import Store, private_folder, remove
from kim_pipeline.intake.deliveries import Delivery, Intake, findings_of
from kim_pipeline.intake.intake import setup_of
from kim_pipeline.intake.pool import Job, ReaderError, ReaderPool
from kim_pipeline.office.feedback.sheet import ReturnPage, page_of
from kim_pipeline.settings import Settings

_WORKER = (sys.executable, "-m", "kim_pipeline.office.feedback.worker")
_LEDGER = ".rueckmeldungen.json"
_OWN = 0o600
_OURS = re.compile(r"_Rückmeldung(\d\d)?")


@dataclass
class Written:
    """What was done.

    Attributes:
        copies: delivery → its copy, in the order of the intake.
        edited: copies that somebody has changed since they were written; they are left as they are.
        removed: copies of deliveries that have no findings any more.
        changed: deliveries whose file changed after it was read; their turn comes with the next reading.
    """

    copies: list[tuple[Delivery, Path]] = field(default_factory=list)
    edited: list[Path] = field(default_factory=list)
    removed: list[Path] = field(default_factory=list)
    changed: list[Delivery] = field(default_factory=list)


def write_feedback(
    intake: Intake,
    settings: Settings,
    folder: Path,
    only: Iterable[str] | None = None,
    pool: ReaderPool | None = None,
) -> Written:
    """Write a return copy for each delivery that has findings, and remove those of deliveries that have none.

    Args:
        intake: the deliveries.
        settings: limits.
        folder: where to: a folder per programme is made in it. An existing one keeps its mode.
        only: programmes; None for all.
        pool: opens the deliveries; by default child processes as the settings say.

    Raises:
        ReaderError: the processes that open deliveries do not start.
    """
    done, store = Written(), Store(settings.warehouse)
    if not folder.is_dir():
        private_folder(folder)
    pool = pool or ReaderPool(setup_of(settings, b""), settings.readers, settings.reader_seconds, _WORKER)
    with store.scratch() as place:
        for key in programmes() if only is None else sorted(set(only)):
            _write_programme(intake.files(key), pool, place, _Ledger(folder / key, done, store))
    return done


def _write_programme(files: Iterable[Sequence[Delivery]], pool: ReaderPool, place: Path, ledger: _Ledger) -> None:
    try:
        for delivery, copy in _copies(files, pool, place):
            ledger.take(delivery, copy)
        ledger.remove_old()
    finally:
        ledger.save()


@dataclass(frozen=True)
class _Copy:
    """A copy in the scratch, and what its name ends in."""

    path: Path
    suffix: str


def _copies(
    files: Iterable[Sequence[Delivery]], pool: ReaderPool, place: Path
) -> Iterator[tuple[Delivery, _Copy | None]]:
    """A copy of each delivery that has findings, in their order; None where its bytes are not those that were read."""
    jobs: list[tuple[Delivery, Job]] = []
    for parts in files:
        if parts[0].is_official:  # nobody corrects an official table: another one is retrieved
            continue
        if findings := findings_of(parts):
            number, page = len(jobs), page_of(parts, findings)
            jobs.append((parts[0], _job(parts[0], page, place / f"{parts[0].programme}_{number}")))
    found = {outcome.job.request["target"]: outcome for outcome in pool.read([job for _, job in jobs])}
    for delivery, job in jobs:
        outcome = found[job.request["target"]]
        if outcome.problem is not None and job.request["opens"] and _digest_of(delivery.path) != delivery.sha256:
            yield delivery, None
            continue
        if outcome.problem is not None:
            (outcome,) = pool.read([_alone(job, outcome.problem)])
        if outcome.problem is not None or outcome.suffix is None:
            raise ReaderError(f"Eine Rückmeldung lässt sich nicht schreiben. {outcome.problem}")
        is_of_other_bytes = outcome.job.request["opens"] and outcome.sha256 != delivery.sha256
        path = Path(job.request["target"])
        yield delivery, None if is_of_other_bytes else _Copy(path, outcome.suffix)
        remove(path)


def _job(delivery: Delivery, page: ReturnPage, target: Path) -> Job:
    """What a child is to do; a delivery that could not be read is not opened."""
    opens = delivery.read is not None and delivery.read.opened and not delivery.is_kept
    size = 0
    if opens:
        with contextlib.suppress(OSError):
            size = delivery.path.stat().st_size
    request = {"opens": opens, "page": asdict(page), "target": str(target)}
    return Job(delivery.programme, delivery.file, delivery.path, size, request=request)


def _alone(job: Job, problem: str) -> Job:
    """The return sheet alone, which says why the copy holds no rows."""
    page = job.request["page"] | {"notes": [f"Die Datei ließ sich für die Kopie nicht öffnen. {problem}"]}
    return replace(job, request=job.request | {"opens": False, "page": page})


def _digest_of(path: Path) -> str | None:
    """SHA-256 of a file; None where it cannot be read."""
    with contextlib.suppress(OSError):
        return _digest(path)
    return None


def copy_name(file: PurePath, suffix: str) -> str:
    """What the copy of a delivery is called.

    Of equal Stand the file name that sorts last counts (`deliveries.md` §4): with `_` after the stem the copy sorts
    after the file that it corrects. A file that was a copy itself gets the next number.
    """
    stem = unicodedata.normalize("NFC", file.stem)
    earlier = _OURS.search(stem)
    if earlier and earlier.end() == len(stem):
        return f"{stem[: earlier.start()]}_Rückmeldung{int(earlier[1] or 1) + 1:02d}{suffix}"
    former = "" if file.suffix.lower() == suffix else file.suffix.replace(".", "_")
    return f"{stem}{former}_Rückmeldung{suffix}"


class _Ledger:
    """The copies in one programme's folder: which we wrote, and with what content: one, or two while it is replaced."""

    def __init__(self, folder: Path, done: Written, store: Store) -> None:
        """Read what earlier runs wrote."""
        self._folder, self._done, self._store = folder, done, store
        self._known = _read_ledger(folder / _LEDGER)
        self._present: set[str] = set()

    def take(self, delivery: Delivery, copy: _Copy | None) -> None:
        """Put a copy in its place; where there is none because the delivery has changed, the old one stays."""
        if copy is None:
            self._done.changed.append(delivery)
            self._keep(delivery)
            return
        path = self._write(PurePosixPath(delivery.file), copy.suffix, copy.path.read_bytes())
        if path is not None:
            self._done.copies.append((delivery, path))

    def _write(self, file: PurePosixPath, suffix: str, content: bytes) -> Path | None:
        """Write a copy; its path, or None where somebody has worked in the one that is there."""
        name = self._free_name(file, suffix)
        path = self._folder / name
        self._present.add(name)
        self._make_folders(path.parent)
        digest = hashlib.sha256(content).hexdigest()
        before = _digest(path)
        if before not in (None, digest, *self._known.get(name, ())):
            self._done.edited.append(path)
            return None
        if before != digest:
            self._known[name] = [digest] if before is None else [before, digest]
            self.save()  # so that either one is known as ours, whenever this is killed
            self._store.write(path, content, _OWN)
        self._known[name] = [digest]
        return path

    def _keep(self, delivery: Delivery) -> None:
        """Leave a delivery's copy as it is."""
        file = PurePosixPath(delivery.file)
        self._present |= {str(file.parent / copy_name(file, suffix)) for suffix in (".xlsx", ".xlsm")}

    def remove_old(self) -> None:
        """Remove the copies that no delivery stands for any more."""
        for name in sorted(self._known.keys() - self._present):
            path = self._folder / name
            digest = _digest(path)
            if digest not in (None, *self._known[name]):
                self._done.edited.append(path)
                continue
            del self._known[name]
            if digest is not None:
                path.unlink()
                self._done.removed.append(path)
                self._remove_empty(path.parent)

    def save(self) -> None:
        """Write down which copies are ours."""
        if not self._folder.is_dir():
            return
        text = json.dumps(self._known, ensure_ascii=False, indent=1, sort_keys=True)
        self._store.write(self._folder / _LEDGER, text.encode(), _OWN)

    def _free_name(self, file: PurePosixPath, suffix: str) -> str:
        folder, name = file.parent, copy_name(file, suffix)
        number = 1
        while str(folder / name) in self._present:
            number += 1
            name = copy_name(file.with_stem(f"{file.stem}_{number}"), suffix)
        return str(folder / name)

    def _make_folders(self, folder: Path) -> None:
        below = folder.relative_to(self._folder)
        for part in (*reversed(below.parents), below):
            private_folder(self._folder / part)

    def _remove_empty(self, folder: Path) -> None:
        while folder != self._folder and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent


def _digest(path: Path) -> str | None:
    """SHA-256 of a file; None where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None


def _read_ledger(path: Path) -> dict[str, list[str]]:
    """What was written before; nothing where that is not known: then no existing file is ours."""
    with contextlib.suppress(OSError, ValueError):
        known = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(known, dict):
            return {str(name): [digest] if isinstance(digest, str) else list(digest) for name, digest in known.items()}
    return {}
