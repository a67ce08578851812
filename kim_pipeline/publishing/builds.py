"""Builds: each night's pair of files, and the names that readers open.

Belongs here: names, the lock, where the files of a build lie, switching by rename, finding builds. Does not belong
here: what is in them (`published.py`), whether they are sound (`smoke.py`), how long they are kept (`retention.py`).

The published file and Parquet folder of the current build lie in `published/`, which everybody may read; those of all
others in `builds/`, which nobody else may enter, and internal files always there. `kim.duckdb`, `internal.duckdb` and
the folder `kim` are links (copies where the file system has no links); a reader keeps what it has open, the next open
sees the new build. `kim.duckdb` decides which build is published: a run that dies at any moment leaves it at the last
good build or at the new one, and the next run puts right whatever else is left.
"""

from __future__ import annotations

import datetime as dt
import errno
import logging
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kim_pipeline import german
from kim_pipeline.errors import KimError
from kim_pipeline.files import (
    Store,
    copy,
    draft,
    locked,
    make_durable,
    make_folder,
    move,
    private_folder,
    readable_folder,
    remove,
    set_modes,
    sync,
    twin,
)
from kim_pipeline.publishing.put_right import put_right

_LOG = logging.getLogger(__name__)
_STEM = re.compile(r"(?P<at>\d{8}T\d{6}Z)_[0-9a-f]{12}")
_TIME = "%Y%m%dT%H%M%SZ"
_LOCK = ".lock"
_GRACE_SECONDS = 0.5
"""Between pointing a name elsewhere and moving what it pointed at: a reader first follows the link, then opens."""
_BLOCK = 1 << 20
_CLOCK_SLACK = dt.timedelta(minutes=1)
_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP})
"""What a file system answers that has no symbolic links."""
PUBLISHED_NAME, INTERNAL_NAME = "kim", "internal"
_MODES = {PUBLISHED_NAME: 0o444, INTERNAL_NAME: 0o400}
_OPEN, _WITHDRAWN = (0o444, 0o755), (0o400, 0o700)
"""Modes of a file and of a folder in `published/`, and of the same in `builds/`."""
_NEXT = "next_"
"""How the name of a folder begins that holds the state as it is once a build is published."""
_SCRATCH: dict[Path, Path] = {}
"""Warehouses that this process holds → where it writes."""
DESCRIPTOR = "datapackage.json"
"""What tells in a folder of Parquet files what they are."""


class WarehouseBusyError(KimError):
    """Another run holds the warehouse."""


class UnknownBuildError(KimError):
    """No build, or more than one, is meant; the German message says what to do."""


@dataclass(frozen=True)
class Build:
    """One build of a warehouse: `stem` is its UTC time and the first digits of its inputs' hash."""

    warehouse: Path
    stem: str

    @property
    def published(self) -> Path:
        """The protected file: in `published/`, mode 0444, or in `builds/`, 0400, when another one is current."""
        return self._now(f"{PUBLISHED_NAME}_{self.stem}.duckdb")

    @property
    def internal(self) -> Path:
        """The internal file, mode 0400; it may have been removed for its age."""
        return self.warehouse / "builds" / f"{INTERNAL_NAME}_{self.stem}.duckdb"

    @property
    def package(self) -> Path:
        """The published tables as Parquet files with their descriptor, beside the file; a build may have none."""
        return self._now(f"{PUBLISHED_NAME}_{self.stem}")

    @property
    def made_at(self) -> dt.datetime:
        """The UTC time of its name: later than that of every build before it, even if the clock was set back."""
        return dt.datetime.strptime(self.stem.split("_")[0], _TIME).replace(tzinfo=dt.UTC)

    def _now(self, name: str) -> Path:
        """Where a published file or folder lies now."""
        open_to_all, kept = (self.warehouse / folder / name for folder in ("published", "builds"))
        return kept if kept.exists() and not open_to_all.exists() else open_to_all


class Warehouse:
    """The folder of everything that is built."""

    def __init__(self, folder: Path) -> None:
        """Bind to a folder; it is made when first written to."""
        self.folder = folder
        self.store = Store(folder)
        self.builds, self.open_to_all = folder / "builds", folder / "published"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the warehouse; what an interrupted run left behind is put right first.

        Raises:
            WarehouseBusyError: another run holds it.
            OSError: the folder cannot be written to.
        """
        make_folder(self.folder)
        with ExitStack() as held:
            try:
                held.enter_context(locked(self.folder / _LOCK))
            except BlockingIOError:
                raise WarehouseBusyError(
                    f"Ein anderer Lauf arbeitet gerade in {self.folder}. "
                    "Bitte warten, bis er fertig ist, und dann erneut starten."
                ) from None
            put_right(self.store)
            _SCRATCH[self.folder] = held.enter_context(self.store.scratch())
            held.callback(_SCRATCH.pop, self.folder)
            self._put_right()
            yield

    def _put_right(self) -> None:
        """Remove builds that are incomplete, and let all names that readers open be of the published one."""
        private_folder(self.builds)
        readable_folder(self.open_to_all)
        complete = {build.stem for build in self.all_builds()}
        for path in (*self.builds.iterdir(), *self.open_to_all.iterdir()):
            stem = _stem_of(path)
            if stem is not None and stem not in complete:
                remove(path)
        current = self.current()
        self._settle_state(current)
        if current is not None and not self._is_open(current):
            self.switch(current)
        elif current is not None:
            self._withdraw_others(current)

    def _is_open(self, build: Build) -> bool:
        """Whether all that readers open is of a build, and lies where they may read it."""
        links = [path for path in (self._opened(PUBLISHED_NAME), self._package) if path.is_symlink()]
        lead_right = all(path.resolve().parent == self.open_to_all.resolve() for path in links)
        return lead_right and self._named(INTERNAL_NAME) == build and self._has_package_of(build)

    def new_build(self, inputs_sha256: str, now: dt.datetime) -> Build:
        """A build that is not there yet; its scratch files are `scratch(...)` of its files.

        Names increase strictly: where the clock was set back, or in the same second, the newest one is exceeded by a
        second, so that order by name is order of making.
        """
        newest = max((b.made_at for b in self.all_builds()), default=None)
        at = now.astimezone(dt.UTC).replace(microsecond=0)
        if newest is not None and newest >= at:
            if newest > at + _CLOCK_SLACK:
                _LOG.warning("the clock shows %s, which is before the newest build, %s; was it set back?", at, newest)
            at = newest + dt.timedelta(seconds=1)
        return Build(self.folder, f"{at:{_TIME}}_{inputs_sha256[:12]}")

    def scratch(self, path: Path) -> Path:
        """Where the holder of the lock writes a file of a build before it is complete.

        Raises:
            KeyError: this process does not hold it.
        """
        return _SCRATCH[self.folder] / path.name

    def switch_to(self, build: Build, state: Mapping[str, bytes] | None = None) -> None:
        """Make the scratch files of a build durable under their names, and let readers open them.

        Args:
            build: the build.
            state: files of the state as they are once the build is published, by their names.

        Raises:
            OSError: the folder cannot be written to; what was published still is.
        """
        for name, path in (
            (INTERNAL_NAME, build.internal),
            (PUBLISHED_NAME, build.package),
            (PUBLISHED_NAME, build.published),
        ):
            scratch = self.scratch(path)
            if path != build.package or scratch.is_dir():
                make_durable(scratch, _MODES[name])
                scratch.replace(path)
        sync(self.builds)
        sync(self.open_to_all)
        if state:
            self._prepare_state(build, state)
        self.switch(build)

    def _prepare_state(self, build: Build, state: Mapping[str, bytes]) -> None:
        """Put state where it waits for its build to be published."""
        waiting = private_folder(self.store.state) / f"{_NEXT}{build.stem}"
        scratch = private_folder(self.scratch(waiting))
        for name, content in state.items():
            draft(scratch / name, content)
        make_durable(scratch, 0o600)
        move(scratch, waiting)

    def _settle_state(self, current: Build | None) -> None:
        """Let the state that waits for the published build count; remove what waits for another."""
        for waiting in self.store.state.glob(f"{_NEXT}*"):
            if current is not None and waiting.name == f"{_NEXT}{current.stem}":
                for path in waiting.iterdir():
                    move(path, self.store.state / path.name)
            remove(waiting)

    def switch(self, build: Build) -> None:
        """Let readers open a complete build, each file by one rename, the published one last; withdraw all others.

        Raises:
            OSError: the folder cannot be written to; what was published still is.
        """
        before = self.current()
        try:
            self._open_to_all(build)
            self._point_others(build)
            self._point(self._opened(PUBLISHED_NAME), build.published)
        except OSError:
            with suppress(OSError):  # the next run does it otherwise
                if before is not None:
                    self._point_others(before)
            raise
        _LOG.info("published build %s", build.stem)
        if before is not None and before != build:
            time.sleep(_GRACE_SECONDS)
        try:
            self._settle_state(build)
            self._withdraw_others(build)
        except OSError as error:
            _LOG.warning("what follows the switch is left to the next run (%s)", type(error).__name__)

    def _open_to_all(self, build: Build) -> None:
        """Let the published files of a build also be in `published/`: links that lead to `builds/` still work."""
        for path in (build.package, build.published):
            if path.parent == self.builds and path.exists():
                twin(path, self.scratch(path))
                set_modes(self.scratch(path), *_OPEN)
                self.scratch(path).replace(self.open_to_all / path.name)
        sync(self.open_to_all)

    def _withdraw_others(self, build: Build) -> None:
        """Leave nothing in `published/` but the build's own files, and these nowhere else."""
        for path in self._published_in(self.builds):
            if _stem_of(path) == build.stem and (self.open_to_all / path.name).exists():
                remove(path)
        others = (path for path in self._published_in(self.open_to_all) if _stem_of(path) != build.stem)
        for path in sorted(others, key=lambda path: path.is_dir(), reverse=True):  # a file without its folder is none
            if (self.builds / path.name).exists():
                remove(path)
            else:
                move(path, self.builds / path.name)
        for path in self._published_in(self.builds):
            set_modes(path, *_WITHDRAWN)

    def _published_in(self, folder: Path) -> list[Path]:
        return [path for path in folder.glob(f"{PUBLISHED_NAME}_*") if _stem_of(path)]

    def _point_others(self, build: Build) -> None:
        """Let `internal.duckdb` and `kim` be a build's; where it has none, or no longer, neither have readers."""
        for opened, target in ((self._opened(INTERNAL_NAME), build.internal), (self._package, build.package)):
            if target.exists():
                self._point(opened, target)
            elif os.path.lexists(opened):
                remove(opened)
                sync(self.folder)

    @property
    def _package(self) -> Path:
        """The folder of Parquet files that readers open."""
        return self.folder / PUBLISHED_NAME

    def _has_package_of(self, build: Build) -> bool:
        """Whether readers find a build's Parquet files, or none where it has none."""
        one, other = build.package / DESCRIPTOR, self._package / DESCRIPTOR
        return _same_bytes(one, other) if one.exists() and other.exists() else one.exists() == other.exists()

    def _opened(self, name: str) -> Path:
        """The name that readers open."""
        return self.folder / f"{name}.duckdb"

    def _point(self, opened: Path, target: Path) -> None:
        scratch = self.scratch(opened)
        remove(scratch)
        try:
            scratch.symlink_to(target.relative_to(self.folder))
            os.replace(scratch, opened)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            copy(target, scratch)
            if opened.is_dir():  # a folder cannot be replaced by one rename
                os.replace(opened, scratch.with_name("replaced"))
            os.replace(scratch, opened)
            remove(scratch.with_name("replaced"))
        sync(self.folder)

    def all_builds(self) -> list[Build]:
        """Complete builds, the newest first; the published file is the last of a build to come and the first to go."""
        folders = (self.open_to_all, self.builds)
        found = {
            stem for f in folders for p in f.glob(f"{PUBLISHED_NAME}_*.duckdb") if (stem := _stem_of(p)) is not None
        }
        builds = (Build(self.folder, stem) for stem in sorted(found, reverse=True))
        return [build for build in builds if build.published.is_file()]

    def current(self) -> Build | None:
        """The published build."""
        return self._named(PUBLISHED_NAME)

    def _named(self, name: str) -> Build | None:
        """The build whose file readers open under a name; a copy is known by its bytes."""
        opened = self._opened(name)
        if not opened.exists():
            return None
        paths = ((b, b.published if name == PUBLISHED_NAME else b.internal) for b in self.all_builds())
        if opened.is_symlink():  # known by its name: while it is being switched to, a file is in both folders
            target = opened.resolve()
            is_ours = target.parent.parent == self.folder.resolve()
            return next((build for build, path in paths if is_ours and path.name == target.name), None)
        return next((build for build, path in paths if _same_bytes(path, opened)), None)

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
        wanted = (
            Path(name).name.removeprefix(f"{PUBLISHED_NAME}_").removeprefix(f"{INTERNAL_NAME}_").removesuffix(".duckdb")
        )
        found = [b for b in self.all_builds() if wanted and b.stem.startswith(wanted)]
        if len(found) == 1:
            return found[0]
        if found:
            several = german.counted(len(found), "Datenbestand", "Datenbestände")
            raise UnknownBuildError(f"„{name}“ passt auf {several}. Bitte mehr vom Namen angeben.")
        raise UnknownBuildError(f"Den Datenbestand „{name}“ gibt es in {self.folder} nicht. kim builds nennt alle.")

    def files_of(self, build: Build) -> tuple[Path, ...]:
        """Everything that belongs to a build, in the order of removal: first that without which it is no build."""
        there = (p for folder in (self.open_to_all, self.builds) for p in folder.glob(f"*{build.stem}*"))
        others = (p for p in sorted(there) if _stem_of(p) == build.stem and p != build.published)
        return (build.published, *others)


def _stem_of(path: Path) -> str | None:
    """The build that an entry of the folder belongs to; None for what is no build's."""
    match = _STEM.search(path.name)
    return match.group() if match else None


def _same_bytes(one: Path, other: Path) -> bool:
    if not one.is_file() or one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as a, other.open("rb") as b:
        while block := a.read(_BLOCK):
            if block != b.read(_BLOCK):
                return False
    return True
