"""What the control room forgets, and what it keeps however old it is."""

from __future__ import annotations

import datetime as dt
import logging
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from kim_pipeline.orchestration.history import forget_runs

DELIVERY, TABLE = dg.AssetKey(["deliveries", "fit"]), dg.AssetKey(["published", "area"])
NIGHTS = 6


@dg.multi_asset(
    specs=[dg.AssetSpec(DELIVERY, skippable=True), dg.AssetSpec(TABLE)],
    check_specs=[dg.AssetCheckSpec("delivered_on_time", asset=DELIVERY)],
    can_subset=True,
)
def night(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """As the warehouse: the delivery is new in the first night only, the table is made in each."""
    if "new" in context.run.tags:
        yield dg.MaterializeResult(DELIVERY, metadata={"Zeilen": 7})
    yield dg.AssetCheckResult(asset_key=DELIVERY, check_name="delivered_on_time", passed=True)
    yield dg.MaterializeResult(TABLE, metadata={"dagster/row_count": 14, "text": "x" * 20_000})


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def instance(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """A control room in which six nights have passed, the last one now."""
    now = time.time
    job = dg.Definitions(assets=[night], jobs=[dg.define_asset_job("nightly")]).resolve_job_def("nightly")
    with dg.DagsterInstance.local_temp(str(home)) as kept:
        for age in reversed(range(NIGHTS)):
            monkeypatch.setattr(time, "time", lambda age=age: now() - age * 86_400)
            tags = {"new": "yes"} if age == NIGHTS - 1 else {}
            assert job.execute_in_process(instance=kept, tags=tags).success
        monkeypatch.undo()
        yield kept
