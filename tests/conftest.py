"""What several test modules share: settings in a temporary folder, the sample read once, workers that misbehave."""

from __future__ import annotations

import datetime as dt
import io
import logging
import math
import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

from kim_pipeline.intake.deliveries import Intake
from kim_pipeline.intake.intake import load_secret_for, take_in
from kim_pipeline.intake.pool import ReaderPool
from kim_pipeline.settings import PROJECT, Settings
from tests.built import BUILT, build_internal
from tests.here import DirectPool, children, in_this_process, setup_for

SAMPLE = PROJECT / "data_raw"

hypothesis.settings.register_profile("same_cases", derandomize=True)
hypothesis.settings.load_profile("same_cases")  # a run says the same twice; --hypothesis-profile=default draws new ones
TESTS = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options for longer runs than CI's."""
    parser.addoption("--rare", action="store_true", help="Also tests marked so, and every step where CI takes a few.")
    parser.addoption("--kills", type=int, default=None, help="Number of runs that test_faults.py kills.")


def pytest_configure(config: pytest.Config) -> None:
    """A folder for what all test processes of a run share; the process that starts the others makes it."""
    if BUILT not in os.environ:
        built = tempfile.TemporaryDirectory(prefix="kim-built-")
        os.environ[BUILT] = built.name
        config.add_cleanup(built.cleanup)


LONGEST = ("whole", "guard", "orchestration", "intake", "publishing")
"""Folders of tests, by the time that one of their modules may take."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the folders whose modules take longest, so that processes end together; leave out what is rare."""
    items.sort(key=lambda item: LONGEST.index(found) if (found := item.path.parent.name) in LONGEST else len(LONGEST))
    if config.getoption("--rare"):
        return
    left_out = [item for item in items if item.get_closest_marker("rare")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("rare")]


STEPS_IN_CI = 5


def numbered(config: pytest.Config, steps: Sequence[str]) -> list[tuple[int, str]]:
    """Steps with their number from 1: all of them with `--rare`, else a few from the first to the last."""
    every = list(enumerate(steps, 1))
    if config.getoption("--rare") or len(every) <= STEPS_IN_CI:
        return every
    return [every[round(part * (len(every) - 1) / (STEPS_IN_CI - 1))] for part in range(STEPS_IN_CI)]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Empty folders of deliveries and results, two readers, the smallest memory limit."""
    (tmp_path / "deliveries").mkdir()
    return Settings(
        deliveries=tmp_path / "deliveries", warehouse=tmp_path / "warehouse", key_file=None, readers=2, reader_mib=512
    )


def put(settings: Settings, programme: str, file: str, content: bytes) -> Path:
    """Drop a delivery into a programme's folder."""
    path = settings.deliveries / programme / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def odd_pool(
    settings: Settings, seconds: float = 20, size: int = 2, patience: float = 1, budget_seconds: float = math.inf
) -> ReaderPool:
    """Readers that misbehave on files named so; see `odd_worker.py`."""
    argv = (sys.executable, str(TESTS / "odd_worker.py"))
    return ReaderPool(setup_for(settings), size, seconds, argv, patience=patience, budget_seconds=budget_seconds)


@dataclass(frozen=True)
class Sample:
    """The repository's sample, read and built once: where everything lies, and what was said meanwhile."""

    settings: Settings
    intake: Intake
    internal: Path
    log: str


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """Read the sample deliveries and build the internal file from them."""
    place = tmp_path_factory.mktemp("sample")
    settings = Settings(deliveries=SAMPLE, warehouse=place, key_file=None, readers=2)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        taken_in = take_in(settings, pool=children(settings, load_secret_for(settings)))
        build_internal(place / "internal.duckdb", taken_in, dt.date(2024, 5, 1), 14)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    yield Sample(settings, taken_in, place / "internal.duckdb", stream.getvalue())
    shutil.rmtree(place, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let what runs in the test's process also read there, and no reader be waited for, unless the test is about that.

    A child that reads needs a second to start. What a module shares is made while its first test is set up.
    """
    if item.get_closest_marker("processes"):
        return (yield)
    with in_this_process():
        return (yield)


def direct(settings: Settings) -> Intake:
    """`take_in` in this process."""
    return take_in(settings, pool=DirectPool(settings))
