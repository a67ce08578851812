"""Faults: whatever hits a run, `kim.duckdb` is the last good build or the new one, and the next run needs no help.

Steps are hit one by one, through Python's audit hooks; moments in between, also inside the database, by the clock. More
kills than in CI: `pytest tests/publishing/test_faults.py --kills 500`; every step: `--rare`.
"""

from __future__ import annotations

import datetime as dt
import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from kim_pipeline import cli
from kim_pipeline.publishing.builds import DESCRIPTOR, INTERNAL_NAME, PUBLISHED_NAME, Build, Warehouse
from kim_pipeline.publishing.smoke import check_build
from tests.conftest import numbered
from tests.fault_runs import KEPT_BUILDS, MAKING
from tests.forks import Ended, Forks
from tests.quick_nights import day, prepare, publish, settings_in

KILLED_BY_THE_CLOCK = 16
KILLED_COMMANDS = 2
SEED = 20240501


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    with Forks("tests.fault_runs") as server:
        yield server


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with so many builds that each night removes one."""
    folder = tmp_path_factory.mktemp("faults")
    settings = prepare(folder)
    for number in range(KEPT_BUILDS):
        publish(settings, number)
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    shutil.copytree(prepared, tmp_path, symlinks=True, dirs_exist_ok=True)
    return tmp_path


def warehouse_of(folder: Path) -> Warehouse:
    return Warehouse(folder / "warehouse")


def current(folder: Path) -> Build:
    build = warehouse_of(folder).current()
    assert build is not None
    return build


def files_of(build: Build) -> tuple[Path, Path]:
    return build.published, build.internal


def look(folder: Path, name: str = PUBLISHED_NAME) -> tuple[str | None, object]:
    """What a reader sees: the build that the file names, and the day of its figures."""
    table, info = ("delivery_status", "build_info") if name == PUBLISHED_NAME else ("quality.due", None)
    with duckdb.connect(str(folder / "warehouse" / f"{name}.duckdb"), read_only=True) as connection:
        ((figures,),) = connection.execute(f"SELECT DISTINCT due_on FROM {table}").fetchall()
        named = connection.execute(f"SELECT value FROM {info} WHERE name = 'build'").fetchone() if info else None
    return (named[0] if named else None), figures


def assert_is_whole(folder: Path, before: Build, number: int, moment: str) -> None:
    """Each name that readers open is of the build of before or of night `number`, and `kim.duckdb` changes last."""
    build = current(folder)
    check_build(build)
    named, figures = look(folder)
    assert named == build.stem, moment
    is_new = {PUBLISHED_NAME: build != before}
    assert (figures == day(number)) == is_new[PUBLISHED_NAME], moment
    is_new[INTERNAL_NAME] = (folder / "warehouse" / "internal.duckdb").resolve() != before.internal
    assert (look(folder, INTERNAL_NAME)[1] == day(number)) == is_new[INTERNAL_NAME], moment
    is_new["package"] = stem_of_package(folder) != before.stem
    assert is_new[INTERNAL_NAME] >= is_new["package"] >= is_new[PUBLISHED_NAME], f"{moment}: {is_new}"


def stem_of_package(folder: Path) -> str:
    """The build that the folder of Parquet files belongs to."""
    return (folder / "warehouse" / "kim" / DESCRIPTOR).read_text(encoding="ascii")


def assert_is_clean(folder: Path, number: int, moment: str) -> None:
    """A run that was not hit has published, both files belong together, and nothing is left over."""
    build, warehouse = current(folder), warehouse_of(folder)
    assert look(folder) == (build.stem, day(number)), moment
    assert (folder / "warehouse" / "internal.duckdb").resolve() == build.internal, moment
    assert stem_of_package(folder) == build.stem, moment
    assert sorted(path.name for path in warehouse.store.state.iterdir()) == ["nights.json", "patterns.json"], moment
    assert warehouse.all_builds()[0] == build, moment
    there = [*warehouse.builds.iterdir(), *warehouse.open_to_all.iterdir()]
    assert len(there) == 3 * len(warehouse.all_builds()) == 3 * KEPT_BUILDS, moment
    assert {path.name for path in warehouse.open_to_all.iterdir()} == {build.published.name, build.package.name}, moment
    assert list((folder / "warehouse" / "scratch").iterdir()) == [], moment
    assert list((folder / "warehouse").glob(".new-*")) == [], moment


def assert_next_night_is_good(forks: Forks, folder: Path, number: int, moment: str) -> None:
    ended = forks.run("quick", folder=folder, number=number)
    assert ended.code == 0, f"{moment}: {ended.output}"
    assert_is_clean(folder, number, moment)


def steps_of_a_night(forks: Forks, folder: Path) -> list[str]:
    told = forks.run("quick_told", folder=folder, number=50)
    assert told.code == 0, told.output
    return told.output.splitlines()


# Killed


def test_killed_before_every_step(forks: Forks, folder: Path, pytestconfig: pytest.Config) -> None:
    steps = steps_of_a_night(forks, folder)
    assert len(steps) > 25
    assert {"os.rename /kim.duckdb", "os.rename /internal.duckdb"} <= set(steps)
    number = 100
    for at, step in numbered(pytestconfig, steps):
        before, moment, number = current(folder), f"killed before step {at}, {step}", number + 2
        assert forks.run("quick_killed", folder=folder, number=number, at=at).was_killed, moment
        assert_is_whole(folder, before, number, moment)
        assert_next_night_is_good(forks, folder, number + 1, moment)


def test_killed_by_the_clock(forks: Forks, folder: Path, request: pytest.FixtureRequest) -> None:
    """At moments of the clock, which lie between the steps too: inside the database, while files are copied."""
    chance, started = random.Random(SEED), time.monotonic()
    assert_next_night_is_good(forks, folder, 50, "not killed")
    lasts = time.monotonic() - started
    killed, number = 0, 100
    while killed < (request.config.getoption("--kills") or KILLED_BY_THE_CLOCK):
        number += 2
        seconds = chance.uniform(0, lasts)
        before, moment = current(folder), f"killed after {seconds:.4f} of {lasts:.4f} s"
        killed += forks.run_until(seconds, "quick", folder=folder, number=number).was_killed
        assert_is_whole(folder, before, number, moment)
        assert_next_night_is_good(forks, folder, number + 1, moment)


def test_whole_commands_killed_by_the_clock(forks: Forks, folder: Path, request: pytest.FixtureRequest) -> None:
    """`kim run` with Dagster and reading processes; what it read is usable or read again."""
    chance, started = random.Random(SEED), time.monotonic()
    assert forks.run("command", folder=folder, full=True).code == 0
    lasts = time.monotonic() - started
    killed = 0
    while killed < max(KILLED_COMMANDS, (request.config.getoption("--kills") or 0) // 10):
        seconds = chance.uniform(0.05, 0.9) * lasts
        before, moment = current(folder), f"killed after {seconds:.3f} of {lasts:.3f} s"
        killed += forks.run_until(seconds, "command", folder=folder, full=True).was_killed
        check_build(current(folder))
        assert current(folder) == before or current(folder).stem > before.stem, moment
        ended = forks.run("command", folder=folder)
        assert ended.code == 0, f"{moment}: {ended.output}"
        check_build(current(folder))
        assert (folder / "warehouse" / "internal.duckdb").resolve() == current(folder).internal, moment
        assert list((folder / "warehouse" / "scratch").iterdir()) == [], moment


# Nothing can be written


def test_nothing_can_be_written_from_a_step_on(forks: Forks, folder: Path, pytestconfig: pytest.Config) -> None:
    """Tried at each step that makes, writes or renames something; the others do not need room."""
    number = 100
    making = [(at, s) for at, s in enumerate(steps_of_a_night(forks, folder), 1) if s.split()[0] in MAKING]
    for nth, _ in numbered(pytestconfig, [step for _, step in making]):
        at, step = making[nth - 1]
        before, moment, number = current(folder), f"full from step {at}, {step}", number + 2
        ended = forks.run("quick_refused", folder=folder, number=number, at=at, why=errno.ENOSPC)
        assert_is_whole(folder, before, number, moment)
        if ended.code == 0:
            assert current(folder) != before, moment
        else:
            assert ended.code == 1, f"{moment}: {ended.output}"
            assert "ist kein Platz mehr. Bitte Platz schaffen" in ended.output, moment
            assert current(folder) == before, moment
        if nth % 4 == 0:
            assert_next_night_is_good(forks, folder, number + 1, moment)


def assert_failed_kindly(ended: Ended, said: str) -> None:
    assert ended.code == 1, ended.output
    text = " ".join(ended.output.split())
    assert said in text
    assert "Der veröffentlichte Datenbestand ist unverändert." in text
    assert "Traceback" not in text


@pytest.mark.parametrize("largest", [0, 5_000_000])
def test_a_command_that_cannot_write_large_files(forks: Forks, folder: Path, largest: int) -> None:
    """A real limit: log, tables and copies stop growing at it, in the middle of a write."""
    before = current(folder)
    ended = forks.run("command", folder=folder, full=True, largest_file=largest)
    assert_failed_kindly(ended, "Platz")
    assert current(folder) == before
    check_build(before)
    assert_next_night_is_good(forks, folder, 101, f"largest file {largest}")


def mount(*arguments: str, program: str = "mount") -> int:
    found = shutil.which(program)
    return subprocess.run([found, *arguments], capture_output=True, check=False).returncode if found else 1


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """The prepared folder on a disk of 64 MiB of its own, which only root may mount."""
    disk = folder / "disk"
    disk.mkdir()
    if mount("-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)) != 0:
        pytest.skip("only root may mount a disk; the limit of file sizes is tested without")
    try:
        for name in ("warehouse", "deliveries"):
            shutil.copytree(folder / name, disk / name, symlinks=True)
        for template in folder.glob("template_*"):
            shutil.copyfile(template, disk / template.name)
        yield disk
    finally:
        mount("--lazy", str(disk), program="umount")


def test_a_full_disk(forks: Forks, small_disk: Path) -> None:
    before = current(small_disk)
    ballast = small_disk / "ballast"
    with ballast.open("wb") as file:
        file.write(bytes(shutil.disk_usage(small_disk).free - (4 << 20)))
    assert_failed_kindly(forks.run("command", folder=small_disk), "ist kein Platz mehr. Bitte Platz schaffen")
    assert current(small_disk) == before
    check_build(before)
    ballast.unlink()
    assert_next_night_is_good(forks, small_disk, 101, "after a full disk")


def test_a_disk_that_is_mounted_read_only(forks: Forks, small_disk: Path) -> None:
    before = current(small_disk)
    assert mount("-o", "remount,ro", str(small_disk)) == 0
    assert_failed_kindly(forks.run("command", folder=small_disk), "lässt sich nicht schreiben. Bitte prüfen")
    assert current(small_disk) == before
    assert mount("-o", "remount,rw", str(small_disk)) == 0
    assert_next_night_is_good(forks, small_disk, 101, "after a read-only disk")


@pytest.mark.parametrize("place", [".", "builds"])
def test_a_folder_that_may_not_be_written_to(forks: Forks, folder: Path, place: str) -> None:
    before, closed = current(folder), folder / "warehouse" / place
    mode = closed.stat().st_mode
    (folder / "warehouse" / ".lock").chmod(0o400)
    closed.chmod(0o500)
    ended = forks.run("command", folder=folder, is_bound_by_modes=True)
    assert_failed_kindly(ended, "lässt sich nicht schreiben. Bitte prüfen")
    closed.chmod(mode)
    (folder / "warehouse" / ".lock").chmod(0o600)
    assert current(folder) == before
    assert_next_night_is_good(forks, folder, 101, place)


# Others


def test_files_that_others_hold_open(forks: Forks, folder: Path) -> None:
    """A reader of each file, and somebody who writes to the build that is published: the night does not mind."""
    build = current(folder)
    readers = [duckdb.connect(str(path), read_only=True) for path in files_of(warehouse_of(folder).all_builds()[1])]
    for path in files_of(build):
        path.chmod(0o600)
    hold = "import duckdb, sys; held = [duckdb.connect(p) for p in sys.argv[1:]]; print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, *map(str, files_of(build))], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"\n"
        with pytest.raises(duckdb.IOException, match="lock"):
            duckdb.connect(str(build.published), read_only=True)
        ended = forks.run("command", folder=folder)
        assert ended.code == 0, ended.output
        assert current(folder) != build
        check_build(current(folder))
        writer.communicate()
    for reader in readers:
        reader.execute("SELECT count(*) FROM duckdb_tables()").fetchall()
        reader.close()


def test_a_second_run_says_so_and_ends(forks: Forks, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first one is stopped in the middle of publishing, and goes on afterwards as if nothing had been."""
    before = current(folder)
    first = forks.start("quick_stopped", folder=str(folder), number=101, before="os.rename /internal.duckdb")
    wait_until_stopped(first)
    places = ["--deliveries", str(folder / "deliveries"), "--warehouse", str(folder / "warehouse")]
    for command in (["run", *places], ["purge", *places], ["rollback", *places[2:]]):
        assert cli.invoke(command) == 1
        assert "Ein anderer Lauf arbeitet gerade in" in capsys.readouterr().err
    assert current(folder) == before
    os.kill(first, signal.SIGCONT)
    ended = forks.ended()
    assert ended is not None
    assert ended.code == 0, ended.output
    assert_is_clean(folder, 101, "stopped and continued")


def wait_until_stopped(child: int) -> None:
    while "T (stopped)" not in Path(f"/proc/{child}/status").read_text(encoding="ascii"):
        time.sleep(0.01)


def test_a_clock_that_was_set_back(forks: Forks, folder: Path) -> None:
    before = current(folder)
    build = publish(settings_in(folder), 101, dt.datetime(2001, 1, 1, tzinfo=dt.UTC))
    assert current(folder) == build
    assert build.stem > before.stem
    assert_next_night_is_good(forks, folder, 103, "after the clock was set back")
    assert current(folder).stem > build.stem
