"""What the control room remembers: dead runs are told, and runs older than the settings say are deleted.

Dagster deletes a run's events from its tables, but leaves the run's own file at its full size, and the evaluations of
checks; so both are removed here. The last materialisation of each asset and the last evaluation of each check stay,
however old: freshness and the state of the graph rest on them.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

import dagster as dg

from kim_pipeline.orchestration.switches import sensor_status
from kim_pipeline.publishing.builds import Warehouse, WarehouseBusyError
from kim_pipeline.settings import Settings

DEAD_RUNS, OLD_RUNS = "dead_runs", "old_runs"
_DEAD_SECONDS, _OLD_SECONDS = 300, 6 * 3600
_DEAD_AFTER = dt.timedelta(minutes=5)
_AT_ONCE = 200
"""Runs deleted at once; the tick of a sensor has a minute."""
_OLD_EVALUATIONS = """
DELETE FROM asset_check_executions
WHERE run_id = ? AND id NOT IN (SELECT max(id) FROM asset_check_executions GROUP BY asset_key, check_name)
"""


def dead_runs_sensor(settings: Settings) -> dg.SensorDefinition:
    """Mark runs as failed whose process is gone, or they would hold up the queue for good.

    A run holds the warehouse from its first step to its last; one that has been going on for minutes while nobody holds
    the warehouse is dead: the machine went down, or the process was killed.
    """

    @dg.sensor(
        name=DEAD_RUNS,
        minimum_interval_seconds=_DEAD_SECONDS,
        default_status=sensor_status(settings),
        description="Kennzeichnet Läufe als fehlgeschlagen, deren Prozess nicht mehr lebt.",
    )
    def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        gone = end_dead_runs(context.instance, settings, dt.datetime.now(dt.UTC) - _DEAD_AFTER)
        return dg.SkipReason(f"beendet: {', '.join(gone) or 'keiner'}")

    return dead_runs


def end_dead_runs(instance: dg.DagsterInstance, settings: Settings, before: dt.datetime) -> list[str]:
    """Mark the runs as failed that began before a time and hold the warehouse no more; their ids."""
    going = instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    suspects = [r.dagster_run for r in going if r.start_time and r.start_time < before.timestamp()]
    if not suspects:
        return []
    try:
        with Warehouse(settings.warehouse).lock():
            for run in suspects:
                instance.report_run_failed(run, "Der Prozess dieses Laufs lebt nicht mehr.")
    except WarehouseBusyError:
        return []
    return [run.run_id for run in suspects]


def old_runs_sensor(settings: Settings) -> dg.SensorDefinition:
    """Delete old runs now and then; a sensor, because a run of its own for this would be one more to keep."""

    @dg.sensor(
        name=OLD_RUNS,
        minimum_interval_seconds=_OLD_SECONDS,
        default_status=sensor_status(settings),
        description="Löscht alte Läufe und ihre Ereignisse aus dem Gedächtnis des Leitstands.",
    )
    def old_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        before = dt.datetime.now(dt.UTC) - dt.timedelta(days=settings.keep_run_days)
        gone = forget_runs(context.instance, settings.control_room, before)
        return dg.SkipReason(f"gelöschte Läufe: {gone}")

    return old_runs


def forget_runs(instance: dg.DagsterInstance, home: Path, before: dt.datetime) -> int:
    """Delete finished runs from before a time, except those that hold the last materialisation of an asset.

    Args:
        instance: the control room's.
        home: its folder.
        before: runs that ended earlier are deleted.

    Returns:
        How many runs were deleted.
    """
    finished = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    records = instance.get_run_records(dg.RunsFilter(statuses=finished), ascending=True)
    old = [record.dagster_run.run_id for record in records if _ended_at(record) < before]
    kept = _runs_of_last_materialisations(instance) if old else set()
    gone = [run_id for run_id in old if run_id not in kept][:_AT_ONCE]
    runs = home / "history" / "runs"
    for run_id in gone:
        instance.delete_run(run_id)
        for leftover in runs.glob(f"{run_id}.db*"):
            leftover.unlink()
    index = runs / "index.db"
    if gone and index.is_file():
        with sqlite3.connect(index, timeout=30) as connection:
            connection.executemany(_OLD_EVALUATIONS, [(run_id,) for run_id in gone])
        connection.close()
    return len(gone)


def _ended_at(record: dg.RunRecord) -> dt.datetime:
    """When a run ended; one that was cancelled before it began, when it was made."""
    return dt.datetime.fromtimestamp(record.end_time, dt.UTC) if record.end_time else record.create_timestamp


def _runs_of_last_materialisations(instance: dg.DagsterInstance) -> set[str]:
    events = (instance.get_latest_materialization_event(key) for key in instance.all_asset_keys())
    return {event.run_id for event in events if event is not None}
