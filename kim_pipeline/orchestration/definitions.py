"""All definitions of the code location, made anew on each call."""

from __future__ import annotations

import dagster as dg

from kim_pipeline.orchestration.assets import published_assets, warehouse_assets
from kim_pipeline.orchestration.checks import integrity_checks
from kim_pipeline.orchestration.decisions import accept_job
from kim_pipeline.orchestration.jobs import FILE_LOGGER, nightly_job, python_logger
from kim_pipeline.orchestration.resources import NIGHT, NightResource, NightRun
from kim_pipeline.orchestration.schedules import nightly_schedule
from kim_pipeline.orchestration.sensors import all_sensors
from kim_pipeline.settings import Settings, read_settings


def build_defs(settings: Settings | None = None, under_way: NightRun | None = None) -> dg.Definitions:
    """Fresh definitions.

    Args:
        settings: folders and limits; by default from the environment.
        under_way: the night, where the caller holds it; by default each run makes its own.

    Raises:
        InvalidSettingsError: a setting of the environment is invalid.
    """
    settings = settings or (under_way.night.settings if under_way else read_settings())
    nightly = nightly_job()
    return dg.Definitions(
        assets=[warehouse_assets(settings), published_assets(settings)],
        asset_checks=[integrity_checks()],
        jobs=[nightly, accept_job(settings)],
        schedules=[nightly_schedule(nightly, settings)],
        sensors=all_sensors(nightly, settings),
        resources={NIGHT: under_way or NightResource(settings=settings), "io_manager": dg.mem_io_manager},
        loggers={"console": dg.colored_console_logger, FILE_LOGGER: python_logger},
        executor=dg.in_process_executor,
    )
