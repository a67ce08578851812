"""Every name of Dagster's that its documentation does not promise, with what we rely on. Nobody else imports one.

Belongs here: thin functions over such names, so that an upgrade of Dagster is looked at in one place.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import dagster as dg
from dagster._core.definitions.freshness import CronFreshnessPolicy, FreshnessState, FreshnessStateChange
from dagster._core.errors import DagsterAssetCheckFailedError
from dagster._core.events import RunFailureReason, StepMaterializationData
from dagster._core.execution.plan.objects import ErrorSource
from dagster._core.instance.utils import RUNLESS_JOB_NAME, RUNLESS_RUN_ID

__all__ = ["CronFreshnessPolicy", "FreshnessState"]

DATA_VERSION_TAG = "dagster/data_version"
"""Tag of a materialisation: the data version that it was given."""
ROW_COUNT, COLUMN_SCHEMA, COLUMN_LINEAGE = "dagster/row_count", "dagster/column_schema", "dagster/column_lineage"
_OLD_EVALUATIONS = """
DELETE FROM asset_check_executions
WHERE run_id = ? AND id NOT IN (SELECT max(id) FROM asset_check_executions GROUP BY asset_key, check_name)
"""


def instance_of_home(home: Path) -> dg.DagsterInstance:
    """The instance of a folder with a `dagster.yaml`."""
    return dg.DagsterInstance.from_config(str(home))


def set_freshness(instance: dg.DagsterInstance, states: Mapping[dg.AssetKey, FreshnessState]) -> list[dg.AssetKey]:
    """Let the UI show these states; the assets whose state changed."""
    known = instance.get_freshness_state_records(list(states))
    changed = []
    for key, state in states.items():
        before = known[key].freshness_state if key in known else FreshnessState.UNKNOWN
        if before != state:
            now = dt.datetime.now(dt.UTC).timestamp()
            change = FreshnessStateChange(key=key, previous_state=before, new_state=state, state_change_timestamp=now)
            instance.report_runless_asset_event(change)
            changed.append(key)
    return changed


def last_evaluations(
    instance: dg.DagsterInstance, keys: Sequence[dg.AssetCheckKey]
) -> dict[dg.AssetCheckKey, dg.AssetCheckEvaluation]:
    """The last finished evaluation of each of these checks, where there is one."""
    found = {}
    for key, record in instance.event_log_storage.get_latest_asset_check_execution_by_key(list(keys)).items():
        event = record.event.dagster_event if record.event else None
        if event is not None and event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            found[key] = event.asset_check_evaluation_data
    return found


def report_materialisation(instance: dg.DagsterInstance, made: dg.AssetMaterialization, at: dt.datetime) -> None:
    """Keep a materialisation that no run made, with the time at which it came about."""
    event = dg.DagsterEvent(
        event_type_value=dg.DagsterEventType.ASSET_MATERIALIZATION.value,
        event_specific_data=StepMaterializationData(made),
        job_name=RUNLESS_JOB_NAME,
    )
    instance.report_dagster_event(event, RUNLESS_RUN_ID, timestamp=at.timestamp())


def materialised_assets(instance: dg.DagsterInstance) -> Sequence[dg.AssetKey]:
    """Every asset that the instance knows."""
    return instance.all_asset_keys()


def begun_runs(instance: dg.DagsterInstance, before: dt.datetime) -> list[dg.DagsterRun]:
    """Runs that began before a time and have not ended."""
    going = instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    return [r.dagster_run for r in going if r.start_time and r.start_time < before.timestamp()]


def tag_run(instance: dg.DagsterInstance, run_id: str, tags: Mapping[str, str]) -> None:
    """Show something beside a run in the list of runs."""
    if tags:
        instance.add_run_tags(run_id, dict(tags))


def fail_run(instance: dg.DagsterInstance, run: dg.DagsterRun, because: str) -> None:
    """Mark a run as failed."""
    instance.report_run_failed(run, because)


def delete_runs(instance: dg.DagsterInstance, home: Path, run_ids: Iterable[str]) -> None:
    """Delete runs with all that is kept of them, but for the last evaluation of each check.

    Dagster deletes a run's events from its tables, but leaves the run's own file at its full size, and the evaluations
    of checks; so both are removed here.
    """
    gone, runs = list(run_ids), home / "history" / "runs"
    for run_id in gone:
        instance.delete_run(run_id)
        for leftover in runs.glob(f"{run_id}.db*"):
            leftover.unlink()
    index = runs / "index.db"
    if gone and index.is_file():
        with sqlite3.connect(index, timeout=30) as connection:
            connection.executemany(_OLD_EVALUATIONS, [(run_id,) for run_id in gone])
        connection.close()


def executes(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, op: str) -> bool:
    """Whether the run of a context executes an op."""
    steps = context.run.step_keys_to_execute
    return context.job_def.has_node_named(op) and (not steps or op in steps)


def errors_of(events: Iterable[dg.DagsterEvent]) -> list[str]:
    """The errors among a run's events, with their stacks."""
    found = (getattr(event.event_specific_data, "error", None) for event in events)
    return [error.to_string() for error in found if error is not None]


def was_interrupted(events: Iterable[dg.DagsterEvent]) -> bool:
    """Whether an interrupt ended a run, which Dagster makes a failure of: in a step, or between two."""
    found = [event.event_specific_data for event in events]
    in_step = any(getattr(data, "error_source", None) is ErrorSource.INTERRUPT for data in found)
    reasons = (getattr(data, "failure_reason", None) for data in found)
    return in_step or RunFailureReason.UNEXPECTED_TERMINATION in reasons


def failure_of(event: dg.DagsterEvent) -> tuple[str | None, str | None]:
    """Why something failed: the sentence of a `Failure`, else the kind of the error at the root.

    Of what Dagster itself makes of a blocking check there is neither: the check is told instead.
    """
    data = event.event_specific_data
    said = getattr(data, "user_failure_data", None)
    if said is not None and said.description:
        return said.description, None
    error = getattr(data, "error", None)
    while error is not None and error.cause is not None:
        error = error.cause
    if error is None or error.cls_name == DagsterAssetCheckFailedError.__name__:
        return None, None
    return None, error.cls_name


def failed_checks(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """Names of the checks that a run evaluated and that did not pass."""
    wanted = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    found = []
    for record in instance.get_records_for_run(run_id, of_type=wanted).records:
        event = record.event_log_entry.dagster_event
        evaluation = event.asset_check_evaluation_data if event else None
        if evaluation and not evaluation.passed:
            found.append(evaluation.check_name)
    return found
