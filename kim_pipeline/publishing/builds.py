"""Builds: each night's pair of files, and the names that readers open.

Belongs here: names, the lock, durable writing, switching by rename, finding and removing builds. Does not belong here:
what is in them (`published.py`), whether they are sound (`smoke.py`), how long they are kept (`retention.py`).

`kim.duckdb`, `internal.duckdb` and the folder `kim` (the published tables as Parquet) are links into `builds/` (copies
where the file system has no links); a reader keeps what it has open, the next open sees the new build. `kim.duckdb`
decides which build is published: a run that dies at any moment leaves it at the last good build or at the new one, and
the next run puts right whatever else is left.
"""

from __future__ import annotations

import datetime as dt
import errno
import fcntl
import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kim_pipeline import german
from kim_pipeline.errors import KimError
from kim_pipeline.files import SCRATCH, make_folder, private_folder, readable_folder, sync

_LOG = logging.getLogger(__name__)
_STEM = re.compile(r"(?P<at>\d{8}T\d{6}Z)_[0-9a-f]{12}")
_TIME = "%Y%m%dT%H%M%SZ"
_LOCK = ".lock"
_BLOCK = 1 << 20
_CLOCK_SLACK = dt.timedelta(minutes=1)
_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP})
"""What a file system answers that has no symbolic links."""
PUBLISHED, INTERNAL = "kim", "internal"
_PRIVATE = ("cache", "logs", "dagster", "alerts")
_MODES = {PUBLISHED: 0o444, INTERNAL: 0o400}
DESCRIPTOR = "datapackage.json"
"""What tells in a folder of Parquet files what they are."""


class WarehouseBusyError(KimError):
    """Another run holds the warehouse."""


class UnknownBuildError(KimError):
    """No build, or more than one, is meant; the German message says what to do."""


@dataclass(frozen=True)
class Build:
    """One build: `stem` is its UTC time and the first digits of its inputs' hash."""

    folder: Path
    stem: str

    @property
    def published(self) -> Path:
        """The protected file, mode 0444."""
        return self._file(PUBLISHED)

    @property
    def internal(self) -> Path:
        """The internal file, mode 0400; it may have been removed for its age."""
        return self._file(INTERNAL)

    @property
    def package(self) -> Path:
        """The published tables as Parquet files, mode 0444, with their descriptor; a build may have none."""
        return self.folder / f"{PUBLISHED}_{self.stem}"

    @property
    def made_at(self) -> dt.datetime:
        """The UTC time of its name: later than that of every build before it, even if the clock was set back."""
        return dt.datetime.strptime(self.stem.split("_")[0], _TIME).replace(tzinfo=dt.UTC)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}_{self.stem}.duckdb"


class Warehouse:
    """The folder of everything that is built."""

    def __init__(self, folder: Path) -> None:
        """Bind to a folder; it is made when first written to."""
        self.folder = folder
        self.builds = folder / "builds"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the warehouse; what an interrupted run left behind is put right first.

        Raises:
            WarehouseBusyError: another run holds it.
            OSError: the folder cannot be written to.
        """
        make_folder(self.folder)
        descriptor = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise WarehouseBusyError(
                    f"Ein anderer Lauf arbeitet gerade in {self.folder}. "
                    "Bitte warten, bis er fertig ist, und dann erneut starten."
                ) from None
            self._put_right()
            yield
        finally:
            os.close(descriptor)

    def _put_right(self) -> None:
        """Narrow the folders, remove what is incomplete, and let `internal.duckdb` be the twin of what is published."""
        readable_folder(self.builds)
        for name in _PRIVATE:
            if (self.folder / name).is_dir():
                private_folder(self.folder / name)
        shutil.rmtree(self._scratch_folder, ignore_errors=True)
        for leftover in (*self.folder.glob(f"{SCRATCH}*"), *self.builds.glob(f"{SCRATCH}*")):
            _remove(leftover)
        complete = {build.stem for build in self.all_builds()}
        for path in self.builds.iterdir():
            stem = _stem_of(path)
            if stem is not None and stem not in complete:
                _remove(path)
        current = self.current()
        if current is not None and not (self._named(INTERNAL) == current and self._has_package_of(current)):
            self._point_others(current)

    @property
    def _scratch_folder(self) -> Path:
        """Files that are being written, mode 0700: what the database writes beside them is nobody else's either."""
        return self.folder / "scratch"

    def new_build(self, inputs_sha256: str, now: dt.datetime) -> Build:
        """A build that is not there yet; its scratch files are `scratch(...)` of its files.

        Names increase strictly: where the clock was set back, or in the same second, the newest one is exceeded by a
        second, so that order by name is order of making.
        """
        private_folder(self._scratch_folder)
        newest = max((b.made_at for b in self.all_builds()), default=None)
        at = now.astimezone(dt.UTC).replace(microsecond=0)
        if newest is not None and newest >= at:
            if newest > at + _CLOCK_SLACK:
                _LOG.warning("the clock shows %s, which is before the newest build, %s; was it set back?", at, newest)
            at = newest + dt.timedelta(seconds=1)
        return Build(self.builds, f"{at:{_TIME}}_{inputs_sha256[:12]}")

    def scratch(self, path: Path) -> Path:
        """Where a file of a build is written before it is complete."""
        return self._scratch_folder / path.name

    def switch_to(self, build: Build) -> None:
        """Make the scratch files of a build durable under their names, and let readers open them.

        Raises:
            OSError: the folder cannot be written to; what was published still is.
        """
        for name, path in ((INTERNAL, build.internal), (PUBLISHED, build.package), (PUBLISHED, build.published)):
            scratch = self.scratch(path)
            if path != build.package or scratch.is_dir():
                _make_durable(scratch, _MODES[name])
                scratch.replace(path)
        sync(self.builds)
        self.switch(build)

    def switch(self, build: Build) -> None:
        """Let readers open a complete build, each file by one rename, the published one last.

        Raises:
            OSError: the folder cannot be written to; what was published still is.
        """
        before = self.current()
        try:
            self._point_others(build)
            self._point(self._opened(PUBLISHED), build.published)
        except OSError:
            with suppress(OSError):  # the next run does it otherwise
                if before is not None:
                    self._point_others(before)
            raise
        _LOG.info("published build %s", build.stem)

    def _point_others(self, build: Build) -> None:
        """Let `internal.duckdb` and `kim` be a build's; where it has none, or no longer, neither have readers."""
        for opened, target in ((self._opened(INTERNAL), build.internal), (self._package, build.package)):
            if target.exists():
                self._point(opened, target)
            elif os.path.lexists(opened):
                _remove(opened)
                sync(self.folder)

    @property
    def _package(self) -> Path:
        """The folder of Parquet files that readers open."""
        return self.folder / PUBLISHED

    def _has_package_of(self, build: Build) -> bool:
        """Whether readers find a build's Parquet files, or none where it has none."""
        one, other = build.package / DESCRIPTOR, self._package / DESCRIPTOR
        return _same_bytes(one, other) if one.exists() and other.exists() else one.exists() == other.exists()

    def _opened(self, name: str) -> Path:
        """The name that readers open."""
        return self.folder / f"{name}.duckdb"

    def _point(self, opened: Path, target: Path) -> None:
        scratch = private_folder(self._scratch_folder) / opened.name
        _remove(scratch)
        try:
            scratch.symlink_to(target.relative_to(self.folder))
            os.replace(scratch, opened)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            _copy(target, scratch)
            if opened.is_dir():  # a folder cannot be replaced by one rename
                os.replace(opened, scratch.with_name("replaced"))
            os.replace(scratch, opened)
            _remove(scratch.with_name("replaced"))
        sync(self.folder)

    def all_builds(self) -> list[Build]:
        """Complete builds, the newest first; the published file is the last of a build to come and the first to go."""
        found = [stem for p in self.builds.glob(f"{PUBLISHED}_*.duckdb") if (stem := _stem_of(p))]
        return [b for b in (Build(self.builds, s) for s in sorted(found, reverse=True)) if b.published.is_file()]

    def current(self) -> Build | None:
        """The published build."""
        return self._named(PUBLISHED)

    def _named(self, name: str) -> Build | None:
        """The build whose file readers open under a name; a copy is known by its bytes."""
        opened = self._opened(name)
        if not opened.exists():
            return None
        same = _same_file if opened.is_symlink() else _same_bytes
        paths = ((b, b.published if name == PUBLISHED else b.internal) for b in self.all_builds())
        return next((build for build, path in paths if same(path, opened)), None)

    def previous(self) -> Build:
        """The build before the published one.

        Raises:
            UnknownBuildError: there is none.
        """
        current = self.current()
        for build in self.all_builds():
            if current is None or build.stem < current.stem:
                return build
        raise UnknownBuildError(f"Vor dem veröffentlichten Datenbestand gibt es in {self.folder} keinen anderen.")

    def find(self, name: str) -> Build:
        """A build by its name, the beginning of it, or the name of one of its files.

        Raises:
            UnknownBuildError: there is none, or there are several.
        """
        wanted = Path(name).name.removeprefix(f"{PUBLISHED}_").removeprefix(f"{INTERNAL}_").removesuffix(".duckdb")
        found = [b for b in self.all_builds() if wanted and b.stem.startswith(wanted)]
        if len(found) == 1:
            return found[0]
        if found:
            several = german.counted(len(found), "Datenbestand", "Datenbestände")
            raise UnknownBuildError(f"„{name}“ passt auf {several}. Bitte mehr vom Namen angeben.")
        raise UnknownBuildError(f"Den Datenbestand „{name}“ gibt es in {self.folder} nicht. kim builds nennt alle.")

    def files_of(self, build: Build) -> tuple[Path, ...]:
        """Everything that belongs to a build, in the order of removal: first that without which it is no build."""
        others = (p for p in sorted(self.builds.iterdir()) if _stem_of(p) == build.stem and p != build.published)
        return (build.published, *others)


def _stem_of(path: Path) -> str | None:
    """The build that an entry of the folder belongs to; None for what is no build's."""
    match = _STEM.search(path.name)
    return match.group() if match else None


def _make_durable(path: Path, mode: int) -> None:
    """Give a file, or each file of a folder, its mode, and make it last."""
    for entry in (*path.iterdir(), path) if path.is_dir() else (path,):
        if entry.is_file():
            entry.chmod(mode)
        sync(entry)


def _copy(target: Path, scratch: Path) -> None:
    """A copy that lasts, with its modes."""
    (shutil.copytree if target.is_dir() else shutil.copy)(target, scratch)
    for entry in (*scratch.rglob("*"), scratch):
        sync(entry)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _same_file(one: Path, link: Path) -> bool:
    return one.resolve() == link.resolve()


def _same_bytes(one: Path, other: Path) -> bool:
    if not one.is_file() or one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as a, other.open("rb") as b:
        while block := a.read(_BLOCK):
            if block != b.read(_BLOCK):
                return False
    return True
