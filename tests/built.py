"""Building internal files without a night, and the one of the sample, once for all test processes of a run."""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

import duckdb

from kim_pipeline.intake.deliveries import Intake
from kim_pipeline.intake.intake import take_in
from kim_pipeline.protection.audit_of_file import audit_build
from kim_pipeline.protection.hiding import protect_figures
from kim_pipeline.publishing.published import BuildFacts, write_published
from kim_pipeline.settings import PROJECT, Settings
from kim_pipeline.warehouse import build
from kim_pipeline.warehouse.checks import Check, blocking_checks, offending_rows
from kim_pipeline.warehouse.sql_models import load_models

AS_OF = dt.date(2024, 5, 1)
BUILT = "TESTS_BUILT"
"""Environment variable: the folder that all test processes of a run share; a process alone makes its own."""


def build_internal(path: Path, intake: Intake, as_of: dt.date, grace_days: int) -> None:
    """The internal file as a night builds it, checked.

    Raises:
        CheckFailedError: the rows do not add up.
    """
    with build.new_internal_file(path) as connection:
        build.load_inputs(connection, intake, as_of, grace_days, {})
        build.run_models(connection, load_models(build.MODEL_SCHEMAS))
        run_checks(connection, blocking_checks())


def run_checks(connection: duckdb.DuckDBPyConnection, checks: Sequence[Check]) -> None:
    """Run blocking checks.

    Raises:
        CheckFailedError: for the first that finds offending rows.
    """
    for check in checks:
        rows = offending_rows(connection, check)
        if rows:
            raise build.CheckFailedError(check)


def table_hashes(path: Path) -> dict[str, str]:
    """`schema.table` of a DuckDB file → SHA-256 of its rows in their order: whether two builds are the same."""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT internal ORDER BY 1"
        ).fetchall()
        found = {}
        for (table,) in tables:
            digest = hashlib.sha256()
            for row in connection.execute(f"FROM {table}").fetchall():
                digest.update(repr(row).encode())
            found[table] = digest.hexdigest()
    return found


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
            fresh = published.with_suffix(".new")
            write = partial(write_published, internal, fresh, sample_intake(), facts)
            write()
            audit_build(fresh, internal, write)
            published.with_suffix(".new").rename(published)
    return internal, published
