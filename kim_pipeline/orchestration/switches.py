"""Whether schedule and sensors are on from the start: where nobody attends the control room (`KIM_UNATTENDED`)."""

from __future__ import annotations

import dagster as dg

from kim_pipeline.settings import Settings


def schedule_status(settings: Settings) -> dg.DefaultScheduleStatus:
    """The schedule's status until somebody changes it in the UI."""
    return dg.DefaultScheduleStatus.RUNNING if settings.unattended else dg.DefaultScheduleStatus.STOPPED


def sensor_status(settings: Settings) -> dg.DefaultSensorStatus:
    """A sensor's status until somebody changes it in the UI."""
    return dg.DefaultSensorStatus.RUNNING if settings.unattended else dg.DefaultSensorStatus.STOPPED
