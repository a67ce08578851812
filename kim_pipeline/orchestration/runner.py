"""Running the nightly job in this process, for the command line.

Belongs here: which Dagster instance keeps the run, what is selected, and why it failed. Dagster's log lines go to
Python's logging, its errors with their stacks too.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator

import dagster as dg

from kim_pipeline.night import Night
from kim_pipeline.orchestration.definitions import FILE_LOGGER, NIGHTLY, build_defs
from kim_pipeline.orchestration.parts import assets_of, part_names
from kim_pipeline.settings import Settings

_LOG = logging.getLogger(__name__)
_HOME = "DAGSTER_HOME"


def run_nightly(night: Night, instance: dg.DagsterInstance | None = None) -> bool:
    """Run the job, or the parts of it that the night is about, with the same result.

    Args:
        night: the run, which holds the warehouse.
        instance: keeps the run; by default the one of the control room if there is one, else none does.

    Returns:
        Whether it succeeded; what went wrong is in the log.

    Raises:
        KeyboardInterrupt: it was interrupted; Dagster makes that a failure.
    """
    job = build_defs(night.settings, night).resolve_job_def(NIGHTLY)
    with instance or instance_for(night.settings) as keeper:
        result = job.execute_in_process(
            instance=keeper,
            raise_on_error=False,
            run_config={"loggers": {FILE_LOGGER: {}}},
            asset_selection=None if night.only is None else assets_of(job, night.only),
        )
        errors = list(_errors(result.all_events))
    for text in errors:
        _LOG.error("the run failed\n%s", text)
    if any(dg.DagsterExecutionInterruptedError.__name__ in text for text in errors):
        raise KeyboardInterrupt
    return result.success


def instance_for(settings: Settings) -> dg.DagsterInstance:
    """The instance of `DAGSTER_HOME` or of the control room in the warehouse folder; else one that keeps nothing."""
    if os.environ.get(_HOME):
        return dg.DagsterInstance.get()
    if keeps_runs(settings):
        return dg.DagsterInstance.from_config(str(settings.control_room))
    return dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}})


def keeps_runs(settings: Settings) -> bool:
    """Whether an instance keeps the runs, whose sensors tell when one fails."""
    return bool(os.environ.get(_HOME)) or (settings.control_room / "dagster.yaml").is_file()


def known_parts(settings: Settings) -> dict[str, list[str]]:
    """Kind of part, as people call it → the names that a night can be about."""
    return part_names(build_defs(settings).resolve_job_def(NIGHTLY))


def _errors(events: Iterable[dg.DagsterEvent]) -> Iterator[str]:
    for event in events:
        error = getattr(event.event_specific_data, "error", None)
        if error is not None:
            yield error.to_string()
