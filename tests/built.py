"""A warehouse built from the sample, once for all test processes of a run."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb

from kim_pipeline.intake.intake import Intake, take_in
from kim_pipeline.protection.hiding import protect_figures
from kim_pipeline.publishing.published import BuildFacts, write_published
from kim_pipeline.settings import PROJECT, Settings
from kim_pipeline.warehouse.build import build_internal

AS_OF = dt.date(2024, 5, 1)
BUILT = "TESTS_BUILT"
"""Environment variable: the folder that all test processes of a run share; a process alone makes its own."""


@cache
def _own() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="kim-built-")


def _folder() -> Path:
    """The run's common folder (see `conftest.py`)."""
    return Path(os.environ.get(BUILT) or _own().name)


@contextmanager
def _alone() -> Iterator[None]:
    """One test process at a time; the others find what it has made."""
    with (_folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@cache
def sample_settings() -> Settings:
    """Settings that read the sample and write to a temporary folder."""
    return Settings(deliveries=PROJECT / "data_raw", warehouse=_folder())


@cache
def sample_intake() -> Intake:
    """The sample's deliveries, read and settled."""
    with _alone():
        return take_in(sample_settings())


@cache
def sample_internal() -> Path:
    """The sample's internal file."""
    intake, path = sample_intake(), _folder() / "internal.duckdb"
    with _alone():
        if not path.exists():
            build_internal(path.with_suffix(".new"), intake, AS_OF, grace_days=14)
            path.with_suffix(".new").rename(path)
    return path


@cache
def sample_build() -> tuple[Path, Path]:
    """The sample's internal file with what is hidden, and its published file."""
    source, internal, published = sample_internal(), _folder() / "internal_protected.duckdb", _folder() / "kim.duckdb"
    with _alone():
        if not published.exists():
            shutil.copy(source, internal)
            with duckdb.connect(str(internal)) as connection:
                protect_figures(connection)
            facts = BuildFacts("20240501T000000Z_sample", dt.datetime(2024, 5, 1, tzinfo=dt.UTC), AS_OF, 1.0)
            write_published(internal, published.with_suffix(".new"), sample_intake(), facts)
            published.with_suffix(".new").rename(published)
    return internal, published
