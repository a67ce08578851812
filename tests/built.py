"""A warehouse built from the sample, once per test process."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from functools import cache
from pathlib import Path

import duckdb

from kim_pipeline.deliveries.intake import Intake, take_in
from kim_pipeline.publishing.protection import protect_figures
from kim_pipeline.publishing.published import BuildFacts, write_published
from kim_pipeline.settings import PROJECT, Settings
from kim_pipeline.warehouse.build import build_internal

AS_OF = dt.date(2024, 5, 1)


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="kim-built-")


@cache
def sample_settings() -> Settings:
    """Settings that read the sample and write to a temporary folder."""
    return Settings(deliveries=PROJECT / "data_raw", warehouse=Path(_folder().name))


@cache
def sample_intake() -> Intake:
    """The sample's deliveries, read and settled."""
    return take_in(sample_settings())


@cache
def sample_internal() -> Path:
    """The sample's internal file."""
    path = sample_settings().warehouse / "internal.duckdb"
    build_internal(path, sample_intake(), AS_OF, grace_days=14)
    return path


@cache
def sample_build() -> tuple[Path, Path]:
    """The sample's internal file with what is hidden, and its published file."""
    folder = sample_settings().warehouse
    internal, published = folder / "internal_protected.duckdb", folder / "kim.duckdb"
    shutil.copy(sample_internal(), internal)
    with duckdb.connect(str(internal)) as connection:
        protect_figures(connection)
    facts = BuildFacts("20240501T000000Z_sample", dt.datetime(2024, 5, 1, tzinfo=dt.UTC), AS_OF, 1.0)
    write_published(internal, published, sample_intake(), facts)
    return internal, published
