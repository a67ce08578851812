"""What the control room remembers: runs that died, runs that are old, and nights that it did not see.

Belongs here: what is put right in the event log. Does not belong here: when (`sensors.py`).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import dagster as dg

from kim_pipeline.orchestration import dagster_internals as internals
from kim_pipeline.orchestration.keys import BUILD_INFO_KEY
from kim_pipeline.orchestration.metadata import BUILD, PUBLISHED_FILE, published_metadata
from kim_pipeline.publishing.builds import Build, Warehouse, WarehouseBusyError
from kim_pipeline.settings import Settings

_AT_ONCE = 200
"""Runs deleted at once; the tick of a sensor has a minute."""
_MOST_BUILDS = 14
"""Builds reported at once, the newest ones: no plot needs more of the past."""


def end_dead_runs(instance: dg.DagsterInstance, settings: Settings, before: dt.datetime) -> list[str]:
    """Mark the runs as failed that began before a time and hold the warehouse no more; their ids."""
    suspects = internals.begun_runs(instance, before)
    if not suspects:
        return []
    try:
        with Warehouse(settings.warehouse).lock():
            for run in suspects:
                internals.fail_run(instance, run, "Der Prozess dieses Laufs lebt nicht mehr.")
    except WarehouseBusyError:
        return []
    return [run.run_id for run in suspects]


def forget_runs(instance: dg.DagsterInstance, home: Path, before: dt.datetime) -> int:
    """Delete finished runs from before a time, except those that hold the last materialisation of an asset.

    The last evaluation of each check stays too, however old: the state of the graph rests on both.

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
    internals.delete_runs(instance, home, gone)
    return len(gone)


def _ended_at(record: dg.RunRecord) -> dt.datetime:
    """When a run ended; one that was cancelled before it began, when it was made."""
    return dt.datetime.fromtimestamp(record.end_time, dt.UTC) if record.end_time else record.create_timestamp


def _runs_of_last_materialisations(instance: dg.DagsterInstance) -> set[str]:
    assets = internals.materialised_assets(instance)
    events = (instance.get_latest_materialization_event(key) for key in assets)
    return {event.run_id for event in events if event is not None}


def report_unknown_builds(instance: dg.DagsterInstance, warehouse: Warehouse) -> list[str]:
    """Show the nights that ran without the control room: their builds, as materialisations that no run made.

    Known are the builds up to the newest one that the event log has, whoever made it. The warehouse is held meanwhile,
    so that a run which is about to tell of its build is not forestalled.

    Args:
        instance: the control room's.
        warehouse: whose builds are shown.

    Returns:
        The names of the builds that were new to it, the oldest first.

    Raises:
        duckdb.Error: the published file of a build cannot be read.
    """
    if not _unknown_builds(instance, warehouse):
        return []
    try:
        with warehouse.lock():
            found = _unknown_builds(instance, warehouse)
            for build in found:
                _report_build(instance, build)
    except WarehouseBusyError:
        return []
    return [build.stem for build in found]


def _unknown_builds(instance: dg.DagsterInstance, warehouse: Warehouse) -> list[Build]:
    newest = newest_known_build(instance)
    found = [build for build in warehouse.all_builds() if newest is None or build.stem > newest]
    return found[:_MOST_BUILDS][::-1]


def newest_known_build(instance: dg.DagsterInstance) -> str | None:
    """The name of the build that `published/build_info` was last materialised with."""
    event = instance.get_latest_materialization_event(BUILD_INFO_KEY)
    if event is None or event.asset_materialization is None:
        return None
    metadata = event.asset_materialization.metadata
    if BUILD in metadata:
        return str(metadata[BUILD].value)
    file = Path(str(metadata[PUBLISHED_FILE].value))  # so an earlier version of the program told it
    return file.stem.partition("_")[2]


def _report_build(instance: dg.DagsterInstance, build: Build) -> None:
    for key, metadata in published_metadata(build):
        made = dg.AssetMaterialization(key, description="Ein Lauf ohne den Leitstand.", metadata=metadata)
        internals.report_materialisation(instance, made, build.made_at)
