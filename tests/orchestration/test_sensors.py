"""The sensor that starts the job by day: when a delivery has arrived and has stopped growing, once per state."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg
import pytest

from kim_pipeline.orchestration.definitions import build_defs
from kim_pipeline.orchestration.sensors import NEW_DELIVERIES
from kim_pipeline.settings import Settings
from tests.conftest import put


class Watch:
    """The sensor from tick to tick, as the daemon calls it."""

    def __init__(self, settings: Settings) -> None:
        self.sensor = build_defs(settings).get_repository_def().get_sensor_def(NEW_DELIVERIES)
        self.cursor: str | None = None

    def tick(self, *, is_kept: bool = True) -> list[str]:
        """One tick; the run keys of the runs that it starts."""
        context = dg.build_sensor_context(cursor=self.cursor)
        result = self.sensor.evaluate_tick(context)
        if is_kept:
            self.cursor = result.cursor
        return [request.run_key or "" for request in result.run_requests or []]


@pytest.fixture
def watch(settings: Settings) -> Watch:
    """A sensor that has seen the empty folder."""
    watch = Watch(settings)
    assert len(watch.tick()) + len(watch.tick()) == 1
    return watch


def age(path: Path, seconds: int) -> None:
    """Let a file have been written later by so many seconds."""
    facts = path.stat()
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns + seconds * 10**9))


def test_a_new_file_starts_one_run_when_it_is_complete(watch: Watch, settings: Settings) -> None:
    file = put(settings, "fit", "2023.xlsx", b"half")
    assert watch.tick() == []
    file.write_bytes(b"half and half")
    assert watch.tick() == []
    assert len(watch.tick()) == 1
    assert watch.tick() == []
    assert watch.tick() == []


def test_a_changed_file_starts_a_run(watch: Watch, settings: Settings) -> None:
    file = put(settings, "fit", "2023.xlsx", b"first")
    assert [*watch.tick(), *watch.tick()] != []
    age(file, 60)
    assert watch.tick() == []
    assert len(watch.tick()) == 1


def test_a_state_that_comes_back_starts_a_run_of_its_own(watch: Watch, settings: Settings) -> None:
    file = put(settings, "fit", "2023.xlsx", b"first")
    kept = file.stat()
    first = [*watch.tick(), *watch.tick()]
    file.unlink()
    without = [*watch.tick(), *watch.tick()]
    put(settings, "fit", "2023.xlsx", b"first")
    os.utime(file, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    again = [*watch.tick(), *watch.tick()]
    assert len({*first, *without, *again}) == 3


def test_a_tick_that_is_repeated_after_a_crash_asks_for_the_same_run(watch: Watch, settings: Settings) -> None:
    put(settings, "fit", "2023.xlsx", b"first")
    watch.tick()
    lost = watch.tick(is_kept=False)
    assert lost == watch.tick() != []


@pytest.mark.parametrize("name", ["~$2023.xlsx", ".~lock.2023.xlsx#", "Thumbs.db", ".DS_Store"])
def test_what_the_intake_skips_starts_nothing(watch: Watch, settings: Settings, name: str) -> None:
    put(settings, "fit", name, b"lock")
    assert watch.tick() == watch.tick() == []


def test_what_belongs_to_no_programme_starts_nothing(watch: Watch, settings: Settings) -> None:
    put(settings, "kantine", "speiseplan.xlsx", b"soup")
    assert watch.tick() == watch.tick() == []


def test_a_link_to_nothing_does_no_harm(watch: Watch, settings: Settings) -> None:
    (settings.deliveries / "fit").mkdir()
    (settings.deliveries / "fit" / "2023.xlsx").symlink_to("gone.xlsx")
    assert watch.tick() == []
    assert len(watch.tick()) == 1
