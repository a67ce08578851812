"""A run in this process, for the command line.

Belongs here: which Dagster instance keeps it, what is selected, and why it failed. Dagster's log lines go to Python's
logging, its errors with their stacks too.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection
from contextlib import nullcontext

import dagster as dg

from kim_pipeline.orchestration import dagster_internals as internals
from kim_pipeline.orchestration.definitions import build_defs
from kim_pipeline.orchestration.jobs import FILE_LOGGER, NIGHTLY
from kim_pipeline.orchestration.keys import table_key
from kim_pipeline.orchestration.parts import shown_by
from kim_pipeline.orchestration.resources import NightRun
from kim_pipeline.settings import Settings

_LOG = logging.getLogger(__name__)


def run_nightly(under_way: NightRun, instance: dg.DagsterInstance | None = None) -> bool:
    """Run the job, or the parts of it that the night is about, with the same result.

    Args:
        under_way: the night; the caller holds the warehouse.
        instance: keeps the run; by default that of `DAGSTER_HOME`, else the control room's.

    Returns:
        Whether it succeeded; what went wrong is in the log.

    Raises:
        KeyboardInterrupt: it was interrupted; Dagster makes that a failure.
    """
    night = under_way.night
    job = build_defs(night.settings, under_way).resolve_job_def(NIGHTLY)
    with nullcontext(instance) if instance else instance_for(night.settings) as keeper:
        result = job.execute_in_process(
            instance=keeper,
            raise_on_error=False,
            run_config={"loggers": {FILE_LOGGER: {}}},
            asset_selection=None if night.only is None else assets_of(night.only),
        )
        errors, is_interrupted = internals.errors_of(result.all_events), internals.was_interrupted(result.all_events)
    for text in errors:
        _LOG.error("the run failed\n%s", text)
    if is_interrupted:
        raise KeyboardInterrupt
    return result.success


def instance_for(settings: Settings) -> dg.DagsterInstance:
    """The instance of `DAGSTER_HOME`, else that of the control room in the warehouse folder."""
    if os.environ.get("DAGSTER_HOME"):
        return dg.DagsterInstance.get()
    return internals.instance_of_home(settings.control_room)


def assets_of(names: Collection[str]) -> list[dg.AssetKey]:
    """The assets of some parts of the job, see `parts.shown_by`."""
    return sorted(table_key(name) for name in shown_by(names))
