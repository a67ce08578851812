"""The store: whatever is killed while it writes, what is there is whole, and the next one finds no left-over.

Each writer is killed before each of its steps, as the nights are in `test_faults.py`.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from kim_pipeline import cli, files
from kim_pipeline import night as nightly
from kim_pipeline.files import NO_STATE, SCRATCH, Store, locked, temporary_folder, write
from kim_pipeline.intake.intake import take_in
from kim_pipeline.night import Night
from kim_pipeline.office.feedback.folder import write_feedback
from kim_pipeline.publishing.builds import Warehouse
from kim_pipeline.publishing.ledger import Ledger, LedgerEntry
from kim_pipeline.publishing.published import stored_build_info
from kim_pipeline.publishing.sealed import problems_of
from tests.conftest import numbered
from tests.fault_runs import WRITERS
from tests.forks import Forks
from tests.quick_nights import deliver, prepare, publish, settings_in

FIXED = ("feedback", "feedback --out", "template", "sql --out", "report", "report --out", "vocabulary")
"""Writers that write the same bytes each time."""


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    with Forks("tests.fault_runs") as server:
        yield server


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with a build."""
    folder = tmp_path_factory.mktemp("store")
    publish(prepare(folder))
    (folder / "words.csv").write_text("alias,canonical\nb,c\n", encoding="utf-8")
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    shutil.copytree(prepared, tmp_path, symlinks=True, dirs_exist_ok=True)
    return tmp_path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def written(folder: Path) -> dict[str, bytes]:
    """What the writers write, by its place."""
    places = [*folder.glob("out*"), folder / "words.csv", folder / "warehouse/feedback", folder / "warehouse/report"]
    found = (path for place in places for path in (place, *place.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def clear(folder: Path) -> None:
    """Remove it."""
    for place in (*folder.glob("out*"), folder / "warehouse" / "feedback", folder / "warehouse" / "report"):
        files.remove(place)


def left_over(folder: Path) -> list[str]:
    """What is not complete."""
    scratch = folder / "warehouse" / "scratch"
    found = [path for path in folder.rglob("*") if path.name.startswith((SCRATCH, ".new-"))]
    return [path.relative_to(folder).as_posix() for path in (*found, *(scratch.iterdir() if scratch.is_dir() else ()))]


def steps_of(forks: Forks, folder: Path, which: str) -> list[str]:
    told = forks.run("writer_told", folder=folder, which=which)
    assert told.code == 0, told.output
    return [line for line in told.output.splitlines() if line.startswith("#")]


@pytest.mark.parametrize("which", [which for which in WRITERS if which != "release"])
def test_a_writer_killed_before_every_step(forks: Forks, folder: Path, which: str, pytestconfig: pytest.Config) -> None:
    steps = steps_of(forks, folder, which)
    assert len(steps) > 2
    whole = written(folder)
    for at, step in numbered(pytestconfig, steps):
        moment = f"{which} killed before step {at}, {step}"
        clear(folder)
        assert forks.run("writer_killed", folder=folder, which=which, at=at).was_killed, moment
        found = {name: content for name, content in written(folder).items() if SCRATCH not in name}
        if which in FIXED:
            assert {name: whole[name] for name in found} == found, f"{moment}: only whole files have their names"
        with Warehouse(folder / "warehouse").lock():
            pass
        ended = forks.run("writer", folder=folder, which=which)
        assert ended.code == 0, f"{moment}: {ended.output}"
        assert left_over(folder) == [], moment
        if which in FIXED:
            assert written(folder) == whole, moment


def test_a_release_is_there_whole_or_not_at_all(forks: Forks, folder: Path) -> None:
    """Folder, ledger and modes, at once after a kill and after the next holder of the lock."""
    warehouse = Warehouse(folder / "warehouse")
    assert forks.run("writer", folder=folder, which="release").code == 0
    steps = steps_of(forks, folder, "release")
    assert any(step.startswith("#os.rename") and step.endswith("/releases/r1") for step in steps)
    assert len(steps) > 25
    made = set()
    for at, step in enumerate(steps, 1):
        number = len(problems_of(warehouse))
        assert forks.run("writer_killed", folder=folder, which="release", at=at).was_killed, step
        problems = problems_of(warehouse)
        made.add(len(problems) - number)
        assert not any(problems.values()), step
        with warehouse.lock():
            entered = {entry.name for entry in Ledger(warehouse.store).entries()}
        assert problems_of(warehouse) == problems, step
        assert entered == problems.keys() == {path.name for path in (warehouse.folder / "releases").iterdir()}, step
        assert [path.name for path in warehouse.store.state.glob("ledger*")] == ["ledger.duckdb"], step
        for path in (warehouse.folder / "releases").rglob("*"):
            assert mode(path) == (0o555 if path.is_dir() else 0o444), f"{step}: {path.name}"
    assert made == {0, 1}
    assert cli.invoke(["release", "--verify", "--warehouse", str(warehouse.folder)]) == 0


def test_a_release_that_somebody_removed_is_missed(forks: Forks, folder: Path) -> None:
    assert forks.run("writer", folder=folder, which="release").code == 0
    warehouse = Warehouse(folder / "warehouse")
    files.remove(warehouse.folder / "releases" / "r0")
    with warehouse.lock():
        pass
    assert problems_of(warehouse) == {"r0": ["der Ordner releases/r0 fehlt"]}


def test_the_ledger_is_a_new_file_each_time(forks: Forks, folder: Path) -> None:
    """What is gone from a database file stays in its free blocks; an entry that is replaced is in none."""
    store, day = Store(folder / "warehouse"), dt.date(2023, 12, 31)
    now = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
    for name in ("one", "two", "one"):
        with Ledger(store).entering(LedgerEntry(name, day, "build", {}, {}, frozenset()), now):
            pass
    assert sorted(entry.name for entry in Ledger(store).entries()) == ["one", "two"]
    assert [path.name for path in store.state.glob("ledger*")] == ["ledger.duckdb"]
    assert mode(store.state / "ledger.duckdb") == 0o600
    assert mode(store.state) == 0o700


# Modes


def others_may(path: Path) -> int:
    return mode(path) & 0o077


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_modes_of_everything(tmp_path: Path, umask: int) -> None:
    """After a night, a release, return copies, a report, an alert: whatever the umask."""
    settings = settings_in(tmp_path)
    deliver(settings)
    where = ["--warehouse", str(settings.warehouse)]
    both = ["--deliveries", str(settings.deliveries), *where]
    before = os.umask(umask)
    try:
        commands = (["run", *both], ["run", *both], ["release", "T", "--as-of", "2022-12-31", *where])
        for command in (*commands, ["feedback", *both], ["report", *where]):
            assert cli.invoke(command) == 0, command
        WRITERS["alert"](tmp_path)
    finally:
        os.umask(before)
    open_to_all = {"published": (0o755, 0o444), "report": (0o755, 0o644), "releases": (0o555, 0o444)}
    found = [path for path in settings.warehouse.rglob("*") if not path.is_symlink()]
    for path in found:
        place = path.relative_to(settings.warehouse)
        top = place.parts[0]
        if top in open_to_all and len(place.parts) > 1:
            folder_mode, file_mode = open_to_all[top]
            assert mode(path) == (folder_mode if path.is_dir() else file_mode), place
        elif top in open_to_all:
            assert mode(path) == 0o755, place
        elif top == "board.html":  # it names no file and no number
            assert mode(path) == 0o644
        else:
            assert others_may(path) == 0, place
    assert {path.name for path in found if path.parent == settings.warehouse} == {
        ".lock", "alerts", "board.html", "builds", "cache", "feedback", "logs", "published", "releases", "report",
        "scratch", "secret.key", "state",
    }  # fmt: skip


# State


def test_state_has_a_hash(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.state_sha256() == NO_STATE
    store.state.mkdir()
    seen = {store.state_sha256()}
    for name, content in (("a", b"1"), ("b", b"1"), ("a", b"2")):
        store.write(store.state / name, content)
        seen.add(store.state_sha256())
    assert len(seen) == 4
    files.move(store.state / "a", store.state / "c")
    assert store.state_sha256() not in seen


def test_a_build_names_its_state_and_a_night_that_fails_leaves_it(folder: Path) -> None:
    settings = settings_in(folder)
    publish(settings, 1)  # so that there are patterns
    before = Store(settings.warehouse).state_sha256()
    seen = []
    night = Night(settings=settings)
    with night.warehouse.lock():
        for reached in nightly.stages(night):
            seen.append((type(reached).__name__, Store(settings.warehouse).state_sha256()))
            night = reached
    assert isinstance(night, nightly.Tidied)
    assert {state for name, state in seen if name not in ("Published", "Tidied")} == {before}
    told = [row["value"] for row in stored_build_info(night.build.published) if row["name"] == "state_sha256"]
    assert told == [before]


# Writing


def test_what_somebody_writes_is_not_swept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.scratch() as mine:
        (mine / "rows").write_text("x")
        store.sweep()
        assert (mine / "rows").exists()
    assert list((tmp_path / "scratch").iterdir()) == []


def test_what_lies_in_the_scratch_and_is_nobody_s_goes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (tmp_path / "scratch" / "deep").mkdir(parents=True)
    (tmp_path / "scratch" / "deep" / "rows").write_text("x")
    (tmp_path / "scratch" / "deep").chmod(0o500)
    (tmp_path / "scratch" / "rows").write_text("x")
    store.sweep()
    assert list((tmp_path / "scratch").iterdir()) == []


def test_purging_removes_what_killed_commands_left(folder: Path) -> None:
    """Also what versions before wrote elsewhere: drafts of releases, of return copies, of readers."""
    warehouse = folder / "warehouse"
    left = [
        warehouse / place / name
        for place, name in (
            (".new-abc", "internal.duckdb"), ("releases/.new-T", "kim.duckdb"), ("feedback/fit", ".new-xyz"),
            ("cache/fit/.new-abc", "rows.parquet"), ("cache", ".new-abc"), ("scratch/abc", "internal.duckdb"),
            ("alerts", "1.new"),
        )
    ]  # fmt: skip
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("rows", encoding="utf-8")
    both = ["--deliveries", str(folder / "deliveries"), "--warehouse", str(warehouse)]
    assert cli.invoke(["purge", *both]) == 0
    assert [path for path in left if path.exists()] == []


def test_outside_a_file_keeps_its_mode_and_a_new_one_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write(tmp_path / "new", b"1")
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert mode(tmp_path / "new") == 0o640
    (tmp_path / "new").chmod(0o604)
    write(tmp_path / "new", b"2")
    assert (mode(tmp_path / "new"), (tmp_path / "new").read_bytes()) == (0o604, b"2")


def test_outside_what_is_being_written_is_the_owner_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []
    really = files.draft

    def look(path: Path, content: bytes) -> Path:
        done = really(path, content)
        seen.append((mode(path), len(path.name) - len(SCRATCH)))
        return done

    monkeypatch.setattr(files, "draft", look)
    before = os.umask(0)
    try:
        write(tmp_path / "new", b"1")
    finally:
        os.umask(before)
    ((bits, unforeseen),) = seen
    assert bits == 0o600
    assert unforeseen >= 8


def test_a_link_is_followed_and_a_pipe_is_written_to(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real/file")
    write(tmp_path / "link", b"1")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "file").read_bytes() == b"1"
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        write(tmp_path / "pipe", b"2")
        assert os.read(reader, 10) == b"2"
    finally:
        os.close(reader)


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "file", b"1")
    monkeypatch.setattr(files, "make_durable", lambda *_: (_ for _ in ()).throw(OSError(28, "no room")))
    with pytest.raises(OSError, match="no room"):
        write(tmp_path / "file", b"2")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"1")]


def test_who_comes_second_finds_the_first_one_s_file(tmp_path: Path) -> None:
    for content in (b"1", b"2"):
        write(tmp_path / "key", content, 0o600, replace=False)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("key", b"1")]


def test_a_lock_is_held_once(tmp_path: Path) -> None:
    with locked(tmp_path / "lock"), pytest.raises(BlockingIOError), locked(tmp_path / "lock"):
        pass


def test_temporary_folders_of_killed_commands_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "kim-x-killed").mkdir()
    (tmp_path / "other").mkdir()
    with temporary_folder("kim-x-") as first, temporary_folder("kim-x-") as second:
        assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "other", first, second])
    assert list(tmp_path.iterdir()) == [tmp_path / "other"]


def test_a_copy_of_which_the_ledger_knows_both_states_is_ours(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`kim feedback` killed while it replaced a copy: neither the old nor the new one passes for edited by somebody."""
    settings = settings_in(folder)
    assert write_feedback(take_in(settings), settings, settings.feedback, ["komm_an"]).edited == []
    (copy,) = settings.feedback.glob("komm_an/*.xlsx")
    old = copy.read_bytes()
    (delivery,) = (settings.deliveries / "komm_an").iterdir()
    book = openpyxl.load_workbook(delivery)
    book.worksheets[0]["A1"] = "etwas anderes"
    book.save(delivery)
    changed, really = take_in(settings), Store.write

    def killed(store: Store, path: Path, *more: Any) -> None:
        if path == copy:
            raise KeyboardInterrupt
        really(store, path, *more)

    monkeypatch.setattr(Store, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        write_feedback(changed, settings, settings.feedback, ["komm_an"])
    monkeypatch.undo()
    assert copy.read_bytes() == old
    assert write_feedback(changed, settings, settings.feedback, ["komm_an"]).edited == []
    assert copy.read_bytes() != old
