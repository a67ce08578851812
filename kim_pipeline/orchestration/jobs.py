"""The nightly job, and the logger that it tells.

Belongs here: what it is about. Does not belong here: what starts it (`schedules.py`, `sensors.py`, `runs.py`).
"""

from __future__ import annotations

import logging

import dagster as dg

NIGHTLY = "nightly"
FILE_LOGGER = "file"


def nightly_job() -> dg.UnresolvedAssetJobDefinition:
    """Everything: all assets and checks."""
    return dg.define_asset_job(
        NIGHTLY,
        selection=dg.AssetSelection.all(),
        description="Liest alle Lieferungen, baut alle Tabellen neu, prüft sie und veröffentlicht sie.",
    )


@dg.logger(None, description="Meldungen gehen an das Protokoll von Python.")
def python_logger(_: dg.InitLoggerContext) -> logging.Logger:
    """Dagster's lines as those of one Python logger, whose handlers the process chooses."""
    return logging.getLogger("kim_pipeline.dagster")
