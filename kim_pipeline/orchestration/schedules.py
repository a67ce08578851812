"""The clock that starts the job at night, and the hours in which a night has to build."""

from __future__ import annotations

import datetime as dt

import dagster as dg

from kim_pipeline.settings import ZONE, Settings

BUILT_BY = dt.time(6)
BUILT_WITHIN = dt.timedelta(hours=5)
"""A night builds between 1 and 6 o'clock in Germany; on the days that begin or end summer time, too."""


def nightly_schedule(job: dg.UnresolvedAssetJobDefinition, settings: Settings) -> dg.ScheduleDefinition:
    """Two o'clock in Germany; on the night without that hour at three, on the night that has it twice once.

    It is on from the start where nobody attends the control room (`KIM_UNATTENDED`).
    """
    status = dg.DefaultScheduleStatus.RUNNING if settings.unattended else dg.DefaultScheduleStatus.STOPPED
    return dg.ScheduleDefinition(
        name=job.name,
        job=job,
        cron_schedule="0 2 * * *",
        execution_timezone=ZONE.key,
        default_status=status,
        description="Startet den nächtlichen Lauf um 2 Uhr deutscher Zeit.",
    )


def last_night(now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """Beginning and end (UTC) of the hours in which the last night that is over had to build."""
    local = now.astimezone(ZONE)
    day = local.date() if local.time() >= BUILT_BY else local.date() - dt.timedelta(days=1)
    deadline = dt.datetime.combine(day, BUILT_BY, ZONE).astimezone(dt.UTC)
    return deadline - BUILT_WITHIN, deadline
