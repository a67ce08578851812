"""Errors of our own have one base, and an interrupt stays one."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import duckdb
import pytest

import kim_pipeline
from kim_pipeline.errors import KimError, interrupts_kept

QUERY = "SELECT count(*) FROM range(100000000000) AS a WHERE hash(a.range) = 3"


def own_exceptions() -> Iterator[type[BaseException]]:
    for info in pkgutil.walk_packages(kim_pipeline.__path__, "kim_pipeline."):
        module = importlib.import_module(info.name)
        for _, found in inspect.getmembers(module, inspect.isclass):
            if issubclass(found, BaseException) and found.__module__ == info.name:
                yield found


OTHERS = {
    "UnknownCommandError": "typer catches its own kind; `usage_problem` tells it in German",
    "SurplusError": "likewise",
    "UnusualError": "one pass over a file tells the other that it has to read; nobody sees it",
    "IncompleteError": "likewise",
    "IncompleteSheetError": "likewise",
    "MissingPartError": "likewise",
}
"""Errors of our own that have another base, and why."""


def test_every_error_of_our_own_has_the_base() -> None:
    found = set(own_exceptions())
    assert len(found) > 20
    assert {error.__name__ for error in found if not issubclass(error, KimError)} == OTHERS.keys()


def test_an_interrupted_query_is_an_interrupt() -> None:
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with duckdb.connect() as connection, pytest.raises(KeyboardInterrupt), interrupts_kept(connection.interrupt):
        connection.execute(QUERY)
    timer.join()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_statement_that_does_not_look_for_signals_is_stopped() -> None:
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with duckdb.connect() as connection, pytest.raises(KeyboardInterrupt), interrupts_kept(connection.interrupt):
        connection.execute(f"CREATE TABLE of_hours AS {QUERY}")
    timer.join()
    assert signal.set_wakeup_fd(-1) == -1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_runtime_errors_pass() -> None:
    with pytest.raises(RuntimeError, match="else"), interrupts_kept():
        raise RuntimeError("else")


def test_the_base_loads_nothing_heavy() -> None:
    code = "import sys, kim_pipeline.errors; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"dagster", "duckdb", "pandas", "pydantic"} & set(done.stdout.split())
