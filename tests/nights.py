"""Nights on a small part of the sample, as Dagster runs them: deliveries of two programmes, read once and copied."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg

from kim_pipeline import night as nightly
from kim_pipeline.night import Night
from kim_pipeline.orchestration.definitions import build_defs
from kim_pipeline.orchestration.jobs import NIGHTLY
from kim_pipeline.orchestration.resources import NightRun
from kim_pipeline.orchestration.runs import run_nightly
from kim_pipeline.settings import PROJECT, Settings

SAMPLE = PROJECT / "data_raw"
PROGRAMMES = ("fit", "komm_an")
AS_OF = "2024-05-01"


@cache
def _read_once() -> TemporaryDirectory[str]:
    """A folder with deliveries that have been read, but from which nothing is built."""
    folder = TemporaryDirectory(prefix="kim-nights-")
    for programme in PROGRAMMES:
        shutil.copytree(SAMPLE / programme, Path(folder.name) / "deliveries" / programme)
    nightly.take_in(Night(settings=small_settings(Path(folder.name))))
    return folder


def small_settings(folder: Path) -> Settings:
    """Settings for deliveries and warehouse in a folder."""
    return Settings(deliveries=folder / "deliveries", warehouse=folder / "warehouse", key_file=None, readers=1)


def small_sample(folder: Path) -> Settings:
    """A copy of the small sample, read already, and settings for it."""
    shutil.copytree(_read_once().name, folder, dirs_exist_ok=True)
    return small_settings(folder)


def run(
    settings: Settings,
    instance: dg.DagsterInstance,
    *assets: str,
    full: bool = False,
    as_of: str = AS_OF,
    accept_missing: tuple[str, ...] = (),
) -> dg.ExecuteInProcessResult:
    """The nightly job, or the part of it that makes some assets."""
    job = build_defs(settings).resolve_job_def(NIGHTLY)
    night = {"config": {"as_of": as_of, "full": full, "accept_missing": list(accept_missing)}}
    return job.execute_in_process(
        instance=instance,
        raise_on_error=False,
        asset_selection=[dg.AssetKey(a.split("/")) for a in assets] or None,
        run_config={"resources": {"night": night}, "loggers": {"file": {}}},
    )


def kept_night(night: Night, instance: dg.DagsterInstance | None = None) -> bool:
    """A night as `kim run` makes it where an instance keeps the runs; whether it succeeded."""
    with night.warehouse.lock():
        return run_nightly(NightRun(night), instance)


def made(result: dg.ExecuteInProcessResult) -> set[str]:
    """What a run materialised."""
    return {e.asset_key.to_user_string() for e in result.get_asset_materialization_events() if e.asset_key}


def deliveries(result: dg.ExecuteInProcessResult) -> set[str]:
    """The programmes whose deliveries a run materialised."""
    return {name.removeprefix("deliveries/") for name in made(result) if name.startswith("deliveries/")}
