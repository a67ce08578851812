"""A warehouse built from the sample, once per test process."""

from __future__ import annotations

import datetime as dt
import tempfile
from functools import cache
from pathlib import Path

from kim_pipeline.deliveries.intake import Intake, take_in
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
