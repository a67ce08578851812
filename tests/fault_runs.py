"""What the children of the fault tests do: runs, and faults that hit them at a chosen step."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kim_pipeline import cli
from kim_pipeline import night as nightly
from kim_pipeline.commands import run as run_command
from kim_pipeline.commands import terminal
from kim_pipeline.contracts import programmes
from kim_pipeline.errors import explained
from kim_pipeline.orchestration import runner
from kim_pipeline.warehouse.checks import blocking_checks
from tests import quick_nights

_USED = (run_command, terminal, runner)
"""Imported here, so that no child needs to; likewise what is read once."""
programmes(), nightly.table_models(), nightly.published_models(), blocking_checks()

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_NAMING = frozenset({"os.rename", "os.symlink", "os.link", "shutil.copyfile"})
MAKING = _NAMING | {"open", "os.mkdir"}
_CHANGING = MAKING | {"os.chmod", "os.remove", "os.rmdir"}
KEPT_BUILDS = 3


def _before_each_step(folder: str, act: Callable[[int, str], None]) -> None:
    """Be called before each step that changes something in the warehouse, with its number and what it does."""
    place, count = f"{folder}/warehouse", 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if event not in _CHANGING or (event == "open" and not arguments[2] & _WRITING):
            return
        path = str(arguments[1 if event in _NAMING else 0])
        if path.startswith(place):
            count += 1
            act(count, f"{event} {path.removeprefix(place)}")

    sys.addaudithook(hook)


def quick(folder: str, number: int) -> int:
    """A quick night that keeps few builds, so that each night removes one too."""
    quick_nights.publish(quick_nights.settings_in(Path(folder), keep_builds=KEPT_BUILDS, keep_months=0), number)
    return 0


def quick_told(folder: str, number: int) -> int:
    """A quick night that prints each of its steps."""

    def tell(_: int, step: str) -> None:
        os.write(1, f"{step}\n".encode())

    _before_each_step(folder, tell)
    return quick(folder, number)


def quick_killed(folder: str, number: int, at: int) -> int:
    """A quick night that is killed before a step."""

    def kill(count: int, _: str) -> None:
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)

    _before_each_step(folder, kill)
    return quick(folder, number)


def quick_stopped(folder: str, number: int, before: str) -> int:
    """A quick night that stops before a step until it is told to go on."""

    def stop(_: int, step: str) -> None:
        if step == before:
            os.kill(os.getpid(), signal.SIGSTOP)

    _before_each_step(folder, stop)
    return quick(folder, number)


def quick_refused(folder: str, number: int, at: int, why: int) -> int:
    """A quick night in which from a step on nothing can be made, written to or renamed; it prints what people read."""

    def refuse(count: int, step: str) -> None:
        if count >= at and step.split(maxsplit=1)[0] in MAKING:
            raise OSError(why, os.strerror(why))

    _before_each_step(folder, refuse)
    try:
        return quick(folder, number)
    except OSError as error:
        sys.stderr.write(str(explained(error, Path(folder) / "warehouse")))
        return 1


def night(folder: str, number: int) -> int:
    """A whole night without Dagster."""
    held = nightly.Night(quick_nights.settings_in(Path(folder)), quick_nights.day(number), full=True)
    with held.locked():
        _ = held.published
    return 0


def command(
    folder: str, *, full: bool = False, largest_file: int | None = None, is_bound_by_modes: bool = False
) -> int:
    """`kim run`.

    Args:
        folder: a prepared folder.
        full: whether every delivery is read anew.
        largest_file: bytes that no file of this process can exceed; a real way to make writing fail.
        is_bound_by_modes: whether modes of files bind this process even as root.
    """
    if is_bound_by_modes:
        _give_up_privileges()
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    places = ["--deliveries", f"{folder}/deliveries", "--warehouse", f"{folder}/warehouse"]
    return cli.invoke(["run", *places, *(["--full"] if full else [])])


def _give_up_privileges() -> None:
    """Give up all capabilities (`capset(2)`)."""
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, none) != 0:
        raise OSError(ctypes.get_errno(), "capset")
