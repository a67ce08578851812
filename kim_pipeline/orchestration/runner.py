"""Running the nightly job in this process, for the command line.

Belongs here: which Dagster instance keeps the run, and what became of it. Dagster's log lines go to Python's logging.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass

import dagster as dg
from dagster._core.definitions.events import AssetKey

from kim_pipeline.nightly import Night
from kim_pipeline.orchestration.definitions import FILE_LOGGER, NIGHTLY, build_defs
from kim_pipeline.orchestration.night import NIGHT
from kim_pipeline.orchestration.specs import delivery_key
from kim_pipeline.settings import Settings

_LOG = logging.getLogger(__name__)
