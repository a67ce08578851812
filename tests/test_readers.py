"""Readers: who queries `kim.duckdb` while nights publish meets no error and no lock, and never a mixture of builds."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import duckdb
import pytest

from kim_pipeline.nightly import Night
from kim_pipeline.publishing.builds import Build
from kim_pipeline.settings import Settings
from tests.nights import day, prepare, publish, settings_in

READERS, NIGHTS = 8, 20
WHOLE_NIGHTS = (9,)
LONGEST_WAIT = 0.1


@contextmanager
def reader_of(file: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that reads until it is told to end, or until the test fails."""
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("reader.py")), str(file)],
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


def whole_night(settings: Settings, number: int) -> Build:
    night = Night(settings, day(number))
    with night.locked():
        _ = night.published
    return night.build


def truth(build: Build) -> tuple[str, str, str]:
    """What the build's own file says, as readers ask for it."""
    from tests.reader import _QUERY

    with duckdb.connect(str(build.published), read_only=True) as connection:
        (row,) = connection.execute(_QUERY).fetchall()
    return row  # type: ignore[no-any-return]


@pytest.mark.skipif(not Path("/proc/thread-self/schedstat").exists(), reason="the kernel does not tell who waits for what")
def test_eight_readers_while_twenty_nights_publish(tmp_path: Path) -> None:
    """Most nights are quick ones, so that publishing comes as often as it can; builds are removed under the readers."""
    prepare(tmp_path)
    settings = settings_in(tmp_path, keep_builds=2, keep_months=0)
    first = publish(settings)
    file = settings.warehouse / "kim.duckdb"
    true, publishing = {truth(first)}, []
    with ExitStack() as running:
        readers = [running.enter_context(reader_of(file)) for _ in range(READERS)]
        for reader in readers:
            wait_until_seen(reader, first)
        for number in range(1, NIGHTS + 1):
            started = time.monotonic()
            build = whole_night(settings, number) if number in WHOLE_NIGHTS else publish(settings, number)
            publishing.append((started, time.monotonic()))
            true.add(truth(build))
            wait_until_seen(readers[number % READERS], build)
        found = [end(reader) for reader in readers]
    assert [error for one in found for error in one["errors"]] == []
    assert {tuple(answer) for one in found for answer in one["seen"]} <= true
    assert all(one["answers"] > NIGHTS for one in found)
    waits = [wait for one in found for wait in one["waits"]]
    caused = [w for w in waits if any(w[0] < until and w[1] > since for since, until in publishing)]
    assert [round(seconds, 3) for *_, seconds in caused if seconds > LONGEST_WAIT] == []


def test_what_is_open_stays_as_it_was(tmp_path: Path) -> None:
    """A connection keeps its build, also after that build has been removed; the next one sees the new build."""
    prepare(tmp_path)
    settings = settings_in(tmp_path, keep_builds=1, keep_months=0)
    file = str(settings.warehouse / "kim.duckdb")
    first = publish(settings)
    with duckdb.connect(file, read_only=True) as before:
        second = publish(settings, 1)
        assert not first.published.exists()
        with duckdb.connect(file, read_only=True) as after:
            told = [c.execute("SELECT value FROM build_info WHERE name = 'build'").fetchall() for c in (before, after)]
    assert told == [[(first.stem,)], [(second.stem,)]]
