"""Timing whole processes: wall time and peak memory of a process and its children.

Belongs here: what every benchmark needs. Machines are shared and noisy: each benchmark quotes ratios from one run.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata

import psutil

IMPORTS = "import dagster, pandas, pandera.pandas, duckdb"
_SAMPLE_SECONDS = 0.03


@dataclass(frozen=True)
class Measured:
    """Wall and CPU seconds, and the peak memory of the process tree in MiB where it was watched.

    Pages that processes share are counted once (Linux PSS).
    """

    seconds: float
    peak_mib: float | None = None
    cpu_seconds: float = 0.0


def run(argv: Sequence[str], environment: dict[str, str] | None = None, *, watch_memory: bool = False) -> Measured:
    """Run a command once; its output is thrown away.

    Args:
        argv: the command.
        environment: variables beside those of this process.
        watch_memory: sample its memory, which slows it down: take the time from another run.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    started, spent = time.perf_counter(), _of_children()
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, env=os.environ | (environment or {}))
    peak = 0
    while watch_memory and process.poll() is None:
        peak = max(peak, _memory(process.pid))
        time.sleep(_SAMPLE_SECONDS)
    process.wait()
    seconds = time.perf_counter() - started
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(argv))
    return Measured(seconds, peak / 2**20 if watch_memory else None, _of_children() - spent)


def _of_children() -> float:
    """CPU seconds of the processes that have ended."""
    used = os.times()
    return used.children_user + used.children_system


def _memory(pid: int) -> int:
    try:
        parent = psutil.Process(pid)
        return sum(p.memory_full_info().pss for p in [parent, *parent.children(recursive=True)])
    except psutil.Error:  # it ended in between
        return 0


def python(code: str, environment: dict[str, str] | None = None, *, watch_memory: bool = False) -> Measured:
    """Run Python code in a process of its own."""
    return run([sys.executable, "-c", code], environment, watch_memory=watch_memory)


def best(measurements: Sequence[Measured]) -> Measured:
    """The fastest: what the machine can do when left alone."""
    return min(measurements, key=lambda m: m.seconds)


def heading(title: str) -> str:
    """Title, machine and versions."""
    versions = ", ".join(
        f"{name} {metadata.version(name)}" for name in ("python-calamine", "pandas", "pandera", "duckdb")
    )
    return f"{title}\n  {os.cpu_count()} processors, Python {platform.python_version()}, {versions}"
