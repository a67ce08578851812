"""Return copies for the offices: which deliveries get one, where they lie, which old ones go.

Belongs here: the folder of copies. It holds the offices' own rows, so nobody but its owner may enter it; only files
that an earlier run wrote and nobody changed since are replaced or removed. How a copy looks is `feedback_copy.py`'s.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath

from kim_pipeline.contracts import programmes
from kim_pipeline.errors import KimError
from kim_pipeline.files import Store, private_folder, temporary_files_in
from kim_pipeline.intake.intake import Delivery, Intake, findings_of
from kim_pipeline.office.feedback.copy import Source, suffix_of, write_copy
from kim_pipeline.office.feedback.sheet import ReturnPage
from kim_pipeline.reading.findings import Finding
from kim_pipeline.reading.formats.workbook import Limits
from kim_pipeline.settings import Settings

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


def write_feedback(intake: Intake, settings: Settings, folder: Path, only: Iterable[str] | None = None) -> Written:
    """Write a return copy for each delivery that has findings, and remove those of deliveries that have none.

    Args:
        intake: the deliveries.
        settings: limits.
        folder: where to: a folder per programme is made in it. An existing one keeps its mode.
        only: programmes; None for all.
    """
    done, store = Written(), Store(settings.warehouse)
    if not folder.is_dir():
        private_folder(folder)
    with store.scratch() as place, temporary_files_in(place):
        for key in programmes() if only is None else sorted(set(only)):
            _write_programme(intake.files(key), settings, _Ledger(folder / key, done, store), done)
    return done


def _write_programme(files: Iterable[Sequence[Delivery]], settings: Settings, ledger: _Ledger, done: Written) -> None:
    try:
        for parts in files:
            findings = findings_of(parts)
            if findings and not parts[0].is_official:  # nobody corrects an official table: another one is retrieved
                _write_one(parts, findings, settings, ledger, done)
        ledger.remove_old()
    finally:
        ledger.save()


def _write_one(
    parts: Sequence[Delivery], findings: Sequence[Finding], settings: Settings, ledger: _Ledger, done: Written
) -> None:
    delivery = parts[0]
    try:
        content = _content(delivery)
    except _ChangedError:
        done.changed.append(delivery)
        ledger.keep(delivery)
        return
    limits = Limits(settings.max_file_bytes, settings.max_unpacked_bytes)
    source = Source(PurePosixPath(delivery.file), content, programmes()[delivery.programme], limits)
    path = ledger.write(source, ReturnPage(parts, findings))
    if path is not None:
        done.copies.append((delivery, path))


class _ChangedError(KimError):
    """The file is not the one any more that was read."""


def _content(delivery: Delivery) -> bytes | None:
    """The delivery's bytes as they were read; None where they could not be read."""
    if delivery.read is None or delivery.read.rejected == "unreadable":
        return None
    try:
        content = delivery.path.read_bytes()
    except OSError:
        raise _ChangedError from None
    if hashlib.sha256(content).hexdigest() != delivery.sha256:
        raise _ChangedError
    return content


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

    def write(self, source: Source, page: ReturnPage) -> Path | None:
        """Write a copy; its path, or None where somebody has worked in the one that is there."""
        name = self._free_name(source)
        path = self._folder / name
        self._present.add(name)
        self._make_folders(path.parent)
        buffer = io.BytesIO()
        write_copy(buffer, source, page)
        digest = hashlib.sha256(buffer.getvalue()).hexdigest()
        before = _digest(path)
        if before not in (None, digest, *self._known.get(name, ())):
            self._done.edited.append(path)
            return None
        if before != digest:
            self._known[name] = [digest] if before is None else [before, digest]
            self.save()  # so that either one is known as ours, whenever this is killed
            self._store.write(path, buffer.getvalue(), _OWN)
        self._known[name] = [digest]
        return path

    def keep(self, delivery: Delivery) -> None:
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

    def _free_name(self, source: Source) -> str:
        folder, name = source.file.parent, copy_name(source.file, suffix_of(source))
        number = 1
        while str(folder / name) in self._present:
            number += 1
            name = copy_name(source.file.with_stem(f"{source.file.stem}_{number}"), suffix_of(source))
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
