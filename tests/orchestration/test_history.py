"""What the control room forgets, and what it keeps however old it is."""

import datetime as dt
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from kim_pipeline.orchestration.history import end_dead_runs, forget_runs
from kim_pipeline.publishing.builds import Warehouse
from kim_pipeline.settings import Settings

DELIVERY, TABLE = dg.AssetKey(["deliveries", "fit"]), dg.AssetKey(["published", "area"])
NIGHTS = 4


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


@dataclass
class Room:
    """A control room's memory, and the runs it holds, the oldest first."""

    home: Path
    instance: dg.DagsterInstance
    runs: list[str]

    def forget(self, days: int) -> int:
        """Forget what is older than so many days."""
        return forget_runs(self.instance, self.home, dt.datetime.now(dt.UTC) - dt.timedelta(days=days, hours=12))

    def kept(self) -> list[int]:
        """Which nights are still known."""
        known = {record.dagster_run.run_id for record in self.instance.get_run_records()}
        return [number for number, run_id in enumerate(self.runs) if run_id in known]

    def files(self) -> list[int]:
        """Which nights still have a file of their own."""
        return [n for n, run_id in enumerate(self.runs) if list((self.home / "history" / "runs").glob(f"{run_id}*"))]


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    """Four nights have passed, the last one just now."""
    now = time.time
    job = dg.Definitions(assets=[night], jobs=[dg.define_asset_job("nightly")]).resolve_job_def("nightly")
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        runs = []
        for age in reversed(range(NIGHTS)):
            monkeypatch.setattr(time, "time", lambda age=age: now() - age * 86_400)
            done = job.execute_in_process(instance=instance, tags={"new": "yes"} if age == NIGHTS - 1 else {})
            runs.append(done.run_id)
        monkeypatch.undo()
        yield Room(tmp_path, instance, runs)


def test_old_nights_are_forgotten_but_for_the_last_word_on_an_asset(room: Room) -> None:
    assert room.forget(days=1) == 1
    assert room.kept() == room.files() == [0, 2, 3]
    delivered = room.instance.get_latest_materialization_event(DELIVERY)
    assert delivered is not None
    assert delivered.run_id == room.runs[0]
    table = room.instance.get_latest_materialization_event(TABLE)
    assert table is not None
    assert table.run_id == room.runs[3]
    assert room.forget(days=1) == 0
    records = room.instance.fetch_materializations(TABLE, limit=10).records
    assert [record.run_id for record in records] == [room.runs[n] for n in (3, 2, 0)]


def test_evaluations_of_checks_go_too_but_for_the_last(room: Room) -> None:
    def evaluations() -> int:
        with closing(sqlite3.connect(room.home / "history" / "runs" / "index.db")) as connection:
            ((number,),) = connection.execute("SELECT count(*) FROM asset_check_executions").fetchall()
        return int(number)

    assert evaluations() == NIGHTS
    room.forget(days=1)
    assert evaluations() == len(room.kept())


def test_memory_does_not_grow_with_the_nights(room: Room) -> None:
    """What is forgotten makes room: the files of nights go, and the index uses its pages again."""

    def size() -> int:
        return sum(path.stat().st_size for path in (room.home / "history" / "runs").iterdir())

    before = size()
    room.forget(days=0)
    assert size() < 0.75 * before


def test_a_run_that_has_not_ended_is_left_alone(room: Room) -> None:
    job = dg.Definitions(assets=[night], jobs=[dg.define_asset_job("nightly")]).resolve_job_def("nightly")
    waiting = room.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert forget_runs(room.instance, room.home, dt.datetime.now(dt.UTC) + dt.timedelta(days=1)) == NIGHTS - 2
    assert room.instance.get_run_by_id(waiting.run_id) is not None


def begun_run(instance: dg.DagsterInstance) -> tuple[str, dt.datetime]:
    """A run that began, by the event log, and of which nothing has been heard since; its id and beginning."""
    run = instance.create_run_for_job(dg.Definitions(assets=[night]).resolve_implicit_global_asset_job_def())
    event = dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, run.job_name)
    instance.report_dagster_event(event, run.run_id)
    (record,) = instance.get_run_records(dg.RunsFilter(run_ids=[run.run_id]))
    assert record.start_time is not None
    return run.run_id, dt.datetime.fromtimestamp(record.start_time, dt.UTC)


def test_a_run_whose_process_is_gone_is_marked_as_failed(settings: Settings) -> None:
    """It would hold up the queue for good; a run that is going on holds the warehouse."""
    minute = dt.timedelta(minutes=1)
    with dg.DagsterInstance.ephemeral() as instance:
        run_id, began = begun_run(instance)
        with Warehouse(settings.warehouse).lock():
            assert end_dead_runs(instance, settings, began + minute) == []
        assert end_dead_runs(instance, settings, began - minute) == []
        assert end_dead_runs(instance, settings, began + minute) == [run_id]
        (record,) = instance.get_run_records()
        assert record.dagster_run.status == dg.DagsterRunStatus.FAILURE
        assert end_dead_runs(instance, settings, began + minute) == []
