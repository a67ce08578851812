"""All definitions of the code location, made anew on each call."""

from __future__ import annotations

import logging

import dagster as dg

from kim_pipeline.night import Night
from kim_pipeline.orchestration.alarms import failed_run_sensor, late_deliveries_sensor, missed_night_sensor
from kim_pipeline.orchestration.arrivals import new_deliveries_sensor, nightly_schedule
from kim_pipeline.orchestration.assets import published_assets, warehouse_assets
from kim_pipeline.orchestration.checks import integrity_checks
from kim_pipeline.orchestration.freshness import freshness_sensor
from kim_pipeline.orchestration.history import dead_runs_sensor, old_runs_sensor
from kim_pipeline.orchestration.resources import NIGHT, night_resource
from kim_pipeline.settings import Settings

NIGHTLY = "nightly"
FILE_LOGGER = "file"


@dg.logger(None, description="Meldungen gehen an das Protokoll von Python.")
def python_logger(_: dg.InitLoggerContext) -> logging.Logger:
    """Dagster's lines as those of one Python logger, whose handlers the process chooses."""
    return logging.getLogger("kim_pipeline.dagster")


def build_defs(settings: Settings | None = None, night: Night | None = None) -> dg.Definitions:
    """Fresh definitions.

    Args:
        settings: folders and limits; by default from the environment.
        night: the run, where the caller holds it; by default each run makes its own.
    """
    settings = settings or (night.settings if night else Settings())
    nightly = dg.define_asset_job(
        NIGHTLY,
        selection=dg.AssetSelection.all(),
        description="Liest alle Lieferungen, baut alle Tabellen neu, prüft sie und veröffentlicht sie.",
    )
    return dg.Definitions(
        assets=[warehouse_assets(settings), published_assets(settings)],
        asset_checks=[integrity_checks()],
        jobs=[nightly],
        schedules=[nightly_schedule(nightly, settings)],
        sensors=[
            new_deliveries_sensor(nightly, settings),
            failed_run_sensor(settings),
            missed_night_sensor(settings),
            late_deliveries_sensor(settings),
            freshness_sensor(settings),
            dead_runs_sensor(settings),
            old_runs_sensor(settings),
        ],
        resources={NIGHT: night or night_resource(settings), "io_manager": dg.mem_io_manager},
        loggers={"console": dg.colored_console_logger, FILE_LOGGER: python_logger},
        executor=dg.in_process_executor,
    )
