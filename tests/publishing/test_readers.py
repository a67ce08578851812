"""Readers: who queries `kim.duckdb` while nights publish meets no error and no lock, and never a mixture of builds."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import duckdb
import pytest

from kim_pipeline.night import Night
from kim_pipeline.publishing.builds import Build
from kim_pipeline.settings import Settings
from tests.quick_nights import day, prepare, publish, settings_in, whole_night
from tests.reader import QUERY

pytestmark = pytest.mark.processes

READERS, NIGHTS = 8, 20
WHOLE_NIGHTS = (9,)
LONGEST_WAIT = 0.1


@contextmanager
def reader_of(file: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that reads until it is told to end, or until the test fails."""
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).parents[1] / "reader.py"), str(file)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def stream(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def wait_until_seen(reader: subprocess.Popen[str], build: Build) -> None:
    """Read what a reader prints until it has seen a build."""
    for line in stream(reader.stdout):
        if line.strip() == build.stem:
            return
    raise AssertionError(f"a reader ended: {stream(reader.stderr).read()}")


def end(reader: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = reader.communicate()
    assert reader.returncode == 0, err
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


def real_night(settings: Settings, number: int) -> Build:
    return whole_night(Night(settings=settings, as_of=day(number))).build


def truth(build: Build) -> tuple[str, str, str]:
    """What the build's own file says, as readers ask for it."""
    with duckdb.connect(str(build.published), read_only=True) as connection:
        (row,) = connection.execute(QUERY).fetchall()
    return row


def settings_in_new(folder: Path, keep: int) -> Settings:
    """Settings of a new folder, in which builds are removed under the readers."""
    prepare(folder)
    return settings_in(folder, keep_builds=keep, keep_months=0)


@pytest.mark.rare
@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="the kernel does not tell who waits for what")
def test_eight_readers_while_twenty_nights_publish(tmp_path: Path) -> None:
    """No error, no mixture, and no wait that publishing causes.

    Between these nights as many publish elsewhere: what readers wait then is the machine's doing. If publishing made
    readers wait, it would make at least one of the eight wait each time.
    """
    own, elsewhere = (settings_in_new(tmp_path / name, keep=2) for name in ("own", "elsewhere"))
    first = publish(own)
    true = {truth(first)}
    during: dict[str, list[tuple[float, float]]] = {"own": [], "elsewhere": []}
    with ExitStack() as running:
        readers = [running.enter_context(reader_of(own.warehouse / "kim.duckdb")) for _ in range(READERS)]
        for reader in readers:
            wait_until_seen(reader, first)
        for number in range(1, NIGHTS + 1):
            started = time.monotonic()
            publish(elsewhere, number)
            between = time.monotonic()
            build = real_night(own, number) if number in WHOLE_NIGHTS else publish(own, number)
            during["elsewhere"].append((started, between))
            during["own"].append((between, time.monotonic()))
            true.add(truth(build))
        for reader in readers:
            wait_until_seen(reader, build)
        found = [end(reader) for reader in readers]
    assert [error for one in found for error in one["errors"]] == []
    assert {tuple(answer) for one in found for answer in one["seen"]} <= true
    assert all(one["answers"] > NIGHTS for one in found)
    waits = [wait for one in found for wait in one["waits"] if wait[2] > LONGEST_WAIT]
    long = {name: sum(overlaps(wait, spans) for wait in waits) for name, spans in during.items()}
    assert long["own"] - long["elsewhere"] < NIGHTS, long


def overlaps(wait: Sequence[float], spans: Sequence[tuple[float, float]]) -> bool:
    return any(wait[0] < until and wait[1] > since for since, until in spans)


def test_what_is_open_stays_as_it_was(tmp_path: Path) -> None:
    """A connection keeps its build, also after that build has been removed; the next one sees the new build."""
    settings = settings_in_new(tmp_path / "own", keep=1)
    file = str(settings.warehouse / "kim.duckdb")
    first = publish(settings)
    with duckdb.connect(file, read_only=True) as before:
        second = publish(settings, 1)
        assert not first.published.exists()
        with duckdb.connect(file, read_only=True) as after:
            told = [c.execute("SELECT value FROM build_info WHERE name = 'build'").fetchall() for c in (before, after)]
    assert told == [[(first.stem,)], [(second.stem,)]]
