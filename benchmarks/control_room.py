"""The control room: nights beside importing the libraries, idle memory, and what ninety nights leave on disk.

Run: python -m benchmarks.control_room [NIGHTS]
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from unittest import mock

import dagster as dg
import psutil
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickData, TickStatus

from benchmarks.measure import IMPORTS, best, heading, python, run
from kim_pipeline.commands.control_room import prepare_home
from kim_pipeline.night import Night
from kim_pipeline.orchestration.definitions import build_defs
from kim_pipeline.orchestration.history import forget_runs
from kim_pipeline.orchestration.resources import NightRun
from kim_pipeline.orchestration.runs import run_nightly
from kim_pipeline.settings import PROJECT, Settings

REPEATS = 3
NIGHTS = 90
DAY = 86_400
NEW_DELIVERY_EVERY = 10
"""Nights from one new delivery to the next."""
IDLE_SECONDS = 60
KIM = Path(sys.executable).with_name("kim")


def main() -> None:
    """Measure and print."""
    nights = int(sys.argv[1]) if len(sys.argv) > 1 else NIGHTS
    print(heading("The control room, on the sample"))
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(deliveries=Path(folder) / "deliveries", warehouse=Path(folder) / "warehouse")
        shutil.copytree(PROJECT / "data_raw", settings.deliveries)
        prepare_home(settings)
        measure_nights(settings)
        measure_memory(settings)
        measure_disk(settings, nights)


def measure_nights(settings: Settings) -> None:
    """An unchanged night and one with a new delivery, kept in the control room's history."""
    night = [str(KIM), "run", "--deliveries", str(settings.deliveries), "--warehouse", str(settings.warehouse)]
    run(night)
    imports = best([python(IMPORTS) for _ in range(REPEATS)])
    unchanged = best([run(night) for _ in range(REPEATS)])
    arrived = []
    for number in range(REPEATS):
        deliver(settings, number)
        arrived.append(run(night))
    print(f"  import of the libraries    {imports.seconds:6.2f} s")
    for name, measured in (("unchanged night", unchanged), ("night with a new delivery", best(arrived))):
        print(f"  {name:25}  {measured.seconds:6.2f} s   ratio to import {measured.seconds / imports.seconds:.2f}")


def deliver(settings: Settings, number: int) -> None:
    """Let a delivery come that was not there before: a workbook with bytes of its own."""
    folder = settings.deliveries / "fit"
    copy = folder / f"Nachlieferung {number}.xlsx"
    shutil.copyfile(min(folder.glob("*.xlsx")), copy)
    with zipfile.ZipFile(copy, "a") as package:
        package.comment = f"{number}".encode()


def measure_memory(settings: Settings) -> None:
    """Memory of `kim serve` after a minute in which nothing happened, by process; shared pages count once (PSS)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = [str(KIM), "serve", "--port", str(port)]
    argv += ["--deliveries", str(settings.deliveries), "--warehouse", str(settings.warehouse)]
    with psutil.Popen(argv, stdout=subprocess.PIPE, env=os.environ | {"KIM_UNATTENDED": "false"}) as process:
        process.stdout.readline()
        time.sleep(IDLE_SECONDS)
        total = 0
        for member in [process, *process.children(recursive=True)]:
            memory = member.memory_full_info().pss
            total += memory
            name = " ".join(Path(part).name for part in member.cmdline()[1:4])
            print(f"  idle: {name:50.50}  {memory / 2**20:6.0f} MiB")
        print(f"  idle: together {'':41}  {total / 2**20:6.0f} MiB")
        process.send_signal(signal.SIGTERM)


def measure_disk(settings: Settings, nights: int) -> None:
    """Size of Dagster's home after so many nights in a row, as runs, ticks and their pruning leave it."""
    real, start = time.time, time.time()
    largest = 0.0
    with dg.DagsterInstance.from_config(str(settings.control_room)) as instance:
        for number in range(nights):
            clock = start + number * DAY
            with mock.patch("time.time", lambda clock=clock: clock + real() - start):
                if number % NEW_DELIVERY_EVERY == 0:
                    deliver(settings, 1000 + number)
                night = Night(settings=settings, as_of=dt.datetime.fromtimestamp(clock, dt.UTC).date())
                with night.warehouse.lock():
                    if not run_nightly(NightRun(night), instance):
                        raise SystemExit(f"night {number} failed")
                forget_ticks(instance, clock, is_near_the_end=number >= nights - 4)
                before = dt.datetime.fromtimestamp(clock, dt.UTC) - dt.timedelta(days=settings.keep_run_days)
                forget_runs(instance, settings.control_room, before)
            size = sum(path.stat().st_size for path in settings.control_room.rglob("*") if path.is_file()) / 2**20
            largest = max(largest, size)
            if number in (0, 29, settings.keep_run_days - 1, nights - 1):
                print(f"  after {number + 1:3} nights   {size:6.1f} MiB", flush=True)
    print(f"  at most            {largest:6.1f} MiB (runs kept for {settings.keep_run_days} days)")


def forget_ticks(instance: dg.DagsterInstance, clock: float, *, is_near_the_end: bool) -> None:
    """A day's ticks of the sensors, and the pruning that the daemon does after each.

    Skipped ticks are pruned after days, so only those of the last nights are written.
    """
    kept = instance.get_tick_retention_settings(InstigatorType.SENSOR)[TickStatus.SKIPPED]
    for sensor in build_defs().get_repository_def().sensor_defs if is_near_the_end else ():
        for number in range(DAY // (sensor.minimum_interval_seconds or 30)):
            reason = "Seit dem letzten Start ist nichts Neues gekommen."
            instance.create_tick(TickData(
                instigator_origin_id=sensor.name, instigator_name=sensor.name, instigator_type=InstigatorType.SENSOR,
                status=TickStatus.SKIPPED, timestamp=clock + number, skip_reason=reason, cursor="x" * 200,
                selector_id=sensor.name,
            ))  # fmt: skip
        instance.purge_ticks(sensor.name, sensor.name, clock - kept * DAY, [TickStatus.SKIPPED])


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    main()
