"""Builds: each night's pair of files, and the links that readers open.

Belongs here: names, the lock, durable writing, switching by rename, retention. Does not belong here: what is in them.
`kim.duckdb` and `internal.duckdb` are links into `builds/`; a reader keeps what it has open, the next open sees the new
build. A run that dies at any moment leaves the last good build published.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_LOG = logging.getLogger(__name__)
_NAME = re.compile(r"kim_(?P<stem>\d{8}T\d{6}Z_[0-9a-f]{12})\.duckdb")
_SCRATCH = ".new-"
_LOCK = ".lock"
PUBLISHED, INTERNAL = "kim", "internal"


class WarehouseBusyError(Exception):
    """Another run holds the warehouse."""


@dataclass(frozen=True)
class Build:
    """One build: `stem` is its UTC time and the first digits of its inputs' hash."""

    folder: Path
    stem: str

    @property
    def published(self) -> Path:
        """The protected file, mode 0644."""
        return self.folder / f"{PUBLISHED}_{self.stem}.duckdb"

    @property
    def internal(self) -> Path:
        """The internal file, mode 0600."""
        return self.folder / f"{INTERNAL}_{self.stem}.duckdb"


class Warehouse:
    """The folder of everything that is built."""

    def __init__(self, folder: Path) -> None:
        """Bind to a folder; it is made when first written to."""
        self.folder = folder
        self.builds = folder / "builds"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the warehouse for one run; what an interrupted run left behind is removed first.

        Raises:
            WarehouseBusyError: another run holds it.
        """
        self.builds.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise WarehouseBusyError(f"Ein anderer Lauf arbeitet gerade in {self.folder}.") from None
            for leftover in self.builds.glob(f"{_SCRATCH}*"):
                leftover.unlink()
            yield
        finally:
            os.close(descriptor)

    def new_build(self, inputs_sha256: str, now: dt.datetime) -> Build:
        """A build that is not there yet; its scratch files are `scratch(...)` of its files."""
        return Build(self.builds, f"{now.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}_{inputs_sha256[:12]}")

    @staticmethod
    def scratch(path: Path) -> Path:
        """Where a file of a build is written before it is complete."""
        return path.with_name(_SCRATCH + path.name)

    def switch_to(self, build: Build) -> None:
        """Make the scratch files of a build durable and the ones that readers open, the published one last."""
        for path, mode in ((build.internal, 0o600), (build.published, 0o644)):
            scratch = self.scratch(path)
            scratch.chmod(mode)
            _sync(scratch)
            scratch.replace(path)
        _sync(self.builds)
        self._link(INTERNAL, build.internal)
        self._link(PUBLISHED, build.published)
        _LOG.info("published build %s", build.stem)

    def _link(self, name: str, target: Path) -> None:
        link = self.folder / f"{name}.duckdb"
        scratch = self.folder / f"{_SCRATCH}{name}"
        scratch.unlink(missing_ok=True)
        scratch.symlink_to(target.relative_to(self.folder))
        scratch.replace(link)
        _sync(self.folder)

    def all_builds(self) -> list[Build]:
        """Complete builds, the newest first."""
        found = [m["stem"] for p in self.builds.glob("kim_*.duckdb") if (m := _NAME.fullmatch(p.name))]
        return [Build(self.builds, stem) for stem in sorted(found, reverse=True)]

    def current(self) -> Build | None:
        """The published build."""
        link = self.folder / f"{PUBLISHED}.duckdb"
        match = _NAME.fullmatch(link.resolve().name) if link.is_symlink() else None
        return Build(self.builds, match["stem"]) if match and link.exists() else None

    def discard_old(self, keep: int) -> list[Build]:
        """Remove all but the newest `keep` builds and the published one; those removed."""
        current = self.current()
        gone = [b for b in self.all_builds()[keep:] if current is None or b.stem != current.stem]
        for build in gone:
            build.published.unlink(missing_ok=True)
            build.internal.unlink(missing_ok=True)
        return gone


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
