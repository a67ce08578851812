"""Builds: what is written is whole, durable and for whom it is meant; switching, going back, and what is kept."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from kim_pipeline import cli
from kim_pipeline import files as storage
from kim_pipeline.board.page import board_path
from kim_pipeline.publishing import builds
from kim_pipeline.publishing.builds import DESCRIPTOR, Build, UnknownBuildError, Warehouse
from kim_pipeline.publishing.keeping.purge import purgeable, remove_items
from kim_pipeline.publishing.keeping.retention import expired, keep_reasons
from kim_pipeline.publishing.published import BuildFacts
from kim_pipeline.publishing.smoke import DamagedBuildError, check_build, check_published
from kim_pipeline.settings import Settings
from tests import quick_nights
from tests.quick_nights import deliver, prepare, publish, settings_in

HASH = "0123456789ab"


@pytest.fixture(scope="session")
def three_nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with three builds, a day apart."""
    folder = tmp_path_factory.mktemp("nights")
    settings = prepare(folder)
    for number in range(3):
        publish(settings, number, dt.datetime(2024, 5, 1 + number, 2, tzinfo=dt.UTC))
    return folder


@pytest.fixture
def folder(three_nights: Path, tmp_path: Path) -> Path:
    shutil.copytree(three_nights, tmp_path, symlinks=True, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def settings(folder: Path) -> Settings:
    return settings_in(folder)


def warehouse_of(settings: Settings) -> Warehouse:
    return Warehouse(settings.warehouse)


def fill(warehouse: Warehouse, at: dt.datetime, text: str = "x") -> Build:
    """A build whose files are no databases: for what does not look into them."""
    build = warehouse.new_build(HASH, at)
    for path in (build.internal, build.published):
        warehouse.scratch(path).write_text(f"{text} {build.stem}")
    return build


def switched(folder: Path, *at: dt.datetime) -> tuple[Warehouse, list[Build]]:
    """A warehouse with such builds, the last one published."""
    warehouse = Warehouse(folder)
    made = []
    with warehouse.lock():
        for instant in at:
            made.append(fill(warehouse, instant))
            warehouse.switch_to(made[-1])
    return warehouse, made


def day(number: int, month: int = 5, year: int = 2024) -> dt.datetime:
    return dt.datetime(year, month, number, 2, tzinfo=dt.UTC)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def umask(value: int) -> Iterator[None]:
    before = os.umask(value)
    try:
        yield
    finally:
        os.umask(before)


def kim(settings: Settings, *arguments: str) -> int:
    return cli.invoke([*arguments, "--warehouse", str(settings.warehouse)])


def run(settings: Settings) -> int:
    return cli.invoke(["run", "--deliveries", str(settings.deliveries), "--warehouse", str(settings.warehouse)])


def opened(settings: Settings, name: str = "kim") -> str:
    """What readers open under a name: the name of the build's file."""
    return (settings.warehouse / f"{name}.duckdb").resolve().name


# Names


def test_names_tell_time_and_inputs(tmp_path: Path) -> None:
    _, (build,) = switched(tmp_path, dt.datetime(2024, 5, 1, 4, 5, 6, 789, tzinfo=dt.timezone(dt.timedelta(hours=2))))
    assert build.stem == f"20240501T020506Z_{HASH}"
    assert build.made_at == dt.datetime(2024, 5, 1, 2, 5, 6, tzinfo=dt.UTC)
    assert build.published == tmp_path / "published" / f"kim_20240501T020506Z_{HASH}.duckdb"
    assert build.internal == tmp_path / "builds" / f"internal_20240501T020506Z_{HASH}.duckdb"


def test_names_increase_in_the_same_second_and_when_the_clock_is_set_back(tmp_path: Path) -> None:
    warehouse, made = switched(tmp_path, day(2), day(2), day(1))
    assert [b.stem.split("_")[0] for b in made] == ["20240502T020000Z", "20240502T020001Z", "20240502T020002Z"]
    assert warehouse.current() == made[-1] == warehouse.all_builds()[0]


# Modes


def test_a_umask_that_takes_nothing_opens_nothing(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    deliver(settings)
    with umask(0o000):
        assert run(settings) == 0
    for path in everything(settings.warehouse):
        place = path.relative_to(settings.warehouse).as_posix()
        is_for_all = place.startswith("published") or path == board_path(settings)
        assert mode(path) & (0o022 if is_for_all else 0o077) == 0, place
    assert mode(settings.warehouse) == mode(settings.warehouse / "published") == 0o755
    assert mode(settings.cache) == mode(settings.logs) == mode(settings.state) == 0o700
    assert mode(settings.warehouse / "builds") == 0o700
    assert mode(settings.secret_path) == 0o600
    build = warehouse_of(settings).current()
    assert build is not None
    assert (mode(build.published), mode(build.internal)) == (0o444, 0o400)


def test_a_umask_that_takes_everything_keeps_nothing_from_analysts(folder: Path) -> None:
    shutil.rmtree(folder / "warehouse")
    with umask(0o077):
        build = publish(settings_in(folder))
    assert mode(folder / "warehouse") == mode(build.published.parent) == 0o755
    assert (mode(build.published), mode(build.internal)) == (0o444, 0o400)
    assert (mode(build.package), mode(build.package / DESCRIPTOR)) == (0o755, 0o444)


def everything(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if not path.is_symlink()]


def test_folders_that_were_open_are_narrowed(folder: Path, settings: Settings) -> None:
    settings.logs.mkdir()
    for place in (settings.cache, settings.logs, settings.warehouse / "builds"):
        place.chmod(0o777)
    with warehouse_of(settings).lock():
        pass
    assert mode(settings.cache) == mode(settings.logs) == 0o700
    assert mode(settings.warehouse / "builds") == 0o700
    assert mode(settings.warehouse / "published") == 0o755


def test_what_is_being_written_lies_where_nobody_else_may_look(tmp_path: Path) -> None:
    """The database writes files of its own beside the one that it is told to write."""
    warehouse = Warehouse(tmp_path)
    with warehouse.lock(), umask(0o000):
        build = fill(warehouse, day(1))
        place = warehouse.scratch(build.internal).parent
        assert mode(place) == mode(place.parent) == 0o700
    assert list(place.parent.iterdir()) == []


# Switching


def test_both_files_are_links_to_the_same_build(settings: Settings) -> None:
    build = warehouse_of(settings).current()
    assert build is not None
    for name, path in (("kim", build.published), ("internal", build.internal)):
        link = settings.warehouse / f"{name}.duckdb"
        assert link.readlink() == path.relative_to(settings.warehouse)
    check_build(build)


def test_the_published_file_is_switched_last_and_each_by_one_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switched(tmp_path, day(1))
    renamed: list[str] = []
    really = os.replace

    def replace(source: Path, target: Path) -> None:
        assert (tmp_path / "kim.duckdb").exists()
        renamed.append(Path(target).name)
        really(source, target)

    monkeypatch.setattr(os, "replace", replace)
    _, (second,) = switched(tmp_path, day(2))
    opened = [name for name in renamed if not name.endswith(f"{HASH}.duckdb")]
    assert opened == ["internal.duckdb", "kim.duckdb"]
    assert renamed[-1] != "kim.duckdb", "what was published before is withdrawn once nobody opens it any more"
    assert [path.name for path in second.published.parent.iterdir()] == [second.published.name]


def test_everything_is_made_durable_before_readers_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse, (first,) = switched(tmp_path / "warehouse", day(1))
    told: list[str] = []
    really_sync, really_replace = storage.sync, os.replace

    def sync(path: Path) -> None:
        told.append(f"sync {path.name}")
        really_sync(path)

    def replace(source: Path, target: Path) -> None:
        told.append(f"rename {Path(target).name}")
        really_replace(source, target)

    monkeypatch.setattr(builds, "sync", sync)
    monkeypatch.setattr(storage, "sync", sync)
    monkeypatch.setattr(os, "replace", replace)
    _, (build,) = switched(warehouse.folder, day(2))
    internal, published, before = build.internal.name, build.published.name, first.published.name
    assert told == [
        f"sync {internal}", f"rename {internal}", f"sync {published}", f"rename {published}", "sync builds",
        "sync published", "sync published", "rename internal.duckdb", "sync warehouse", "rename kim.duckdb",
        "sync warehouse", f"rename {before}", "sync builds", "sync published",
    ]  # fmt: skip


def test_state_changes_with_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for a build counts once that is published, also where its run was killed in between."""
    warehouse, _ = switched(tmp_path, day(1))
    patterns = warehouse.store.state / "patterns.json"
    with warehouse.lock():
        warehouse.switch_to(fill(warehouse, day(2)), {"patterns.json": b"2"})
    assert patterns.read_bytes() == b"2"
    monkeypatch.setattr(Warehouse, "_settle_state", lambda *_: None)
    monkeypatch.setattr(Warehouse, "_withdraw_others", lambda *_: None)
    with warehouse.lock():
        third = fill(warehouse, day(3))
        warehouse.switch_to(third, {"patterns.json": b"3"})
    assert patterns.read_bytes() == b"2"
    monkeypatch.undo()
    with warehouse.lock():
        assert [path.name for path in warehouse.store.state.iterdir()] == ["patterns.json"]
    assert patterns.read_bytes() == b"3"
    assert [path.name for path in warehouse.open_to_all.iterdir()] == [third.published.name]


def test_state_of_a_build_that_was_not_switched_to_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse, _ = switched(tmp_path, day(1))
    monkeypatch.setattr(Warehouse, "switch", lambda *_: None)
    with warehouse.lock():
        warehouse.switch_to(fill(warehouse, day(2)), {"patterns.json": b"2"})
    monkeypatch.undo()
    with warehouse.lock():
        assert list(warehouse.store.state.iterdir()) == []


def test_a_switch_that_fails_half_way_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse, (first,) = switched(tmp_path, day(1))
    really = os.replace

    def replace(source: Path, target: Path) -> None:
        if Path(target).name == "kim.duckdb":
            raise OSError(errno.ENOSPC, "kein Platz")
        really(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(OSError, match="kein Platz"):
        switched(tmp_path, day(2))
    assert warehouse.current() == first
    assert (tmp_path / "internal.duckdb").resolve() == first.internal


def test_the_next_run_puts_right_what_is_left_of_one_that_died(tmp_path: Path) -> None:
    warehouse, (first, second) = switched(tmp_path, day(1), day(2))
    (tmp_path / "internal.duckdb").unlink()
    (tmp_path / "internal.duckdb").symlink_to(first.internal.relative_to(tmp_path))
    alone = Build(tmp_path, f"20240503T020000Z_{HASH}")
    (tmp_path / "scratch" / "abc").mkdir()
    for leftover in (alone.internal, tmp_path / "scratch" / "abc" / "kim.duckdb", tmp_path / ".new-abc"):
        leftover.write_text("halb")
        leftover.chmod(0o400)
    with warehouse.lock():
        pass
    assert (tmp_path / "internal.duckdb").resolve() == second.internal
    assert {path.name for path in tmp_path.iterdir()} == {
        "builds", "published", "scratch", ".lock", "kim.duckdb", "internal.duckdb",
    }  # fmt: skip
    assert list((tmp_path / "scratch").iterdir()) == []
    assert {path.name for path in warehouse.builds.iterdir()} == {
        first.published.name, first.internal.name, second.internal.name,
    }  # fmt: skip


# File systems without links


def refuse_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "symlink", refuse)


def test_without_links_readers_get_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_links(monkeypatch)
    warehouse, (first, second) = switched(tmp_path, day(1), day(2))
    for name, path, bits in (("kim", second.published, 0o444), ("internal", second.internal, 0o400)):
        copy = tmp_path / f"{name}.duckdb"
        assert not copy.is_symlink()
        assert copy.read_bytes() == path.read_bytes()
        assert mode(copy) == bits
    assert warehouse.current() == second
    with warehouse.lock():
        warehouse.switch(first)
    assert warehouse.current() == first


def test_without_links_too_a_half_switch_is_put_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_links(monkeypatch)
    warehouse, (first, second) = switched(tmp_path, day(1), day(2))
    shutil.copyfile(first.internal, tmp_path / "copy")
    (tmp_path / "copy").replace(tmp_path / "internal.duckdb")
    with warehouse.lock():
        pass
    assert warehouse.current() == second
    assert (tmp_path / "internal.duckdb").read_bytes() == second.internal.read_bytes()


def test_nights_and_going_back_without_links(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_links(monkeypatch)
    third = warehouse_of(settings).all_builds()[0]
    fourth = publish(settings, 3)
    with duckdb.connect(str(settings.warehouse / "kim.duckdb"), read_only=True) as connection:
        told = connection.execute("SELECT value FROM build_info WHERE name = 'build'").fetchall()
    assert told == [(fourth.stem,)]
    assert kim(settings, "rollback") == 0
    assert warehouse_of(settings).current() == third


# Smoke checks


def test_a_build_that_is_not_sound_is_not_published(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = warehouse_of(settings).current()
    really = quick_nights.write_published

    def write_and_damage(settings: Settings, target: Path, facts: BuildFacts) -> None:
        really(settings, target, facts)
        with duckdb.connect(str(target)) as connection:
            connection.execute("UPDATE build_info SET value = 'ein anderer' WHERE name = 'build'")

    monkeypatch.setattr(quick_nights, "write_published", write_and_damage)
    with pytest.raises(DamagedBuildError, match="gehört nicht zum Datenbestand"):
        publish(settings, 3)
    assert warehouse_of(settings).current() == before


def test_smoke_checks_find_missing_tables_and_broken_blocks(settings: Settings) -> None:
    build = warehouse_of(settings).current()
    assert build is not None
    with pytest.raises(DamagedBuildError, match=r"es fehlt die Tabelle main\.unsinn"):
        check_published(build.published, build, ["main.unsinn"])
    headers = build.published.read_bytes()[: 3 * 4096]
    build.published.chmod(0o600)
    build.published.write_bytes(headers + b"\xff" * (build.published.stat().st_size - len(headers)))
    with pytest.raises(DamagedBuildError, match="lässt sich nicht"):
        check_build(build)


# Listing and going back


def test_builds_are_listed(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert kim(settings, "builds") == 0
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()[2:]]
    third = f"{opened(settings).removeprefix('kim_').removesuffix('.duckdb')}"
    assert lines[0].startswith(f"{third} 03.05.24 04:00 03.05.24")
    assert lines[0].endswith("veröffentlicht, neueste, Monatsende")
    assert [line.split()[1:3] for line in lines if "neueste" in line][1:] == [
        ["02.05.24", "04:00"],
        ["01.05.24", "04:00"],
    ]


def test_builds_as_json_and_the_inputs_of_one(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert kim(settings, "builds", "--json") == 0
    newest, *older = json.loads(capsys.readouterr().out)
    assert (newest["is_published"], newest["counted"], newest["rejected"], newest["as_of"]) == (
        True,
        1,
        1,
        "2024-05-03",
    )
    assert newest["built_at"] == "2024-05-03T02:00:00+00:00"
    assert newest["kept_because"] == ["published", "newest", "month"]
    assert newest["rows_accepted"] > 0
    build = warehouse_of(settings).find(newest["name"])
    assert newest["size"] == build.published.stat().st_size + build.internal.stat().st_size
    assert [b["kept_because"] for b in older] == [["newest"], ["newest"]]
    assert kim(settings, "builds", newest["name"]) == 0
    out = capsys.readouterr().out
    assert "FIT_2021_2022.xlsx" in out
    assert "zurückgewiesen" in out


def test_a_build_that_somebody_writes_to_is_listed_all_the_same(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    build = warehouse_of(settings).all_builds()[1]
    build.published.chmod(0o600)
    build.published.write_bytes(b"keine Datenbank")
    assert kim(settings, "builds") == 0
    assert f"{build.stem} nicht lesbar" in capsys.readouterr().out
    assert kim(settings, "builds", build.stem) == 1
    assert "lässt sich nicht lesen" in capsys.readouterr().err


def test_rollback_goes_back_step_by_step(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    third, second, first = warehouse_of(settings).all_builds()
    assert kim(settings, "rollback") == 0
    assert f"Veröffentlicht ist jetzt {second.stem}, vorher {third.stem}." in capsys.readouterr().out
    assert (opened(settings), opened(settings, "internal")) == (second.published.name, second.internal.name)
    assert kim(settings, "rollback") == 0
    assert opened(settings) == first.published.name
    assert kim(settings, "rollback") == 1
    assert "Vor dem veröffentlichten Datenbestand gibt es" in capsys.readouterr().err
    assert opened(settings) == first.published.name
    assert kim(settings, "rollback", third.published.name) == 0
    assert (opened(settings), opened(settings, "internal")) == (third.published.name, third.internal.name)
    assert kim(settings, "rollback", "20240503") == 0
    assert "ist schon veröffentlicht" in capsys.readouterr().out


def test_the_next_night_publishes_a_new_build_after_a_rollback(settings: Settings) -> None:
    third = warehouse_of(settings).all_builds()[0]
    assert kim(settings, "rollback") == 0
    fourth = publish(settings, 3)
    warehouse = warehouse_of(settings)
    assert warehouse.current() == fourth
    assert warehouse.all_builds()[:2] == [fourth, third]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("unsinn", "Den Datenbestand „unsinn“ gibt es in"),
        ("2024", "„2024“ passt auf 3 Datenbestände."),
        ("", "Den Datenbestand „“ gibt es in"),
    ],
)
def test_rollback_to_nothing(settings: Settings, name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = opened(settings)
    assert kim(settings, "rollback", name) == 1
    assert said in capsys.readouterr().err
    assert opened(settings) == before


def test_rollback_where_nothing_was_built(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = settings_in(tmp_path / "leer")
    assert kim(settings, "rollback") == 1
    assert "gibt es noch keinen Datenbestand" in " ".join(capsys.readouterr().err.split())
    assert kim(settings, "builds") == 0
    assert "gibt es noch keinen Datenbestand" in " ".join(capsys.readouterr().out.split())
    assert kim(settings, "builds", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert not (tmp_path / "leer").exists()


def test_rollback_refuses_a_damaged_build(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    third, second, _ = warehouse_of(settings).all_builds()
    second.published.chmod(0o600)
    second.published.write_bytes(b"kaputt")
    assert kim(settings, "rollback") == 1
    err = capsys.readouterr().err
    assert f"Die Datei {second.published.name} ist nicht in Ordnung" in err
    assert "Der veröffentlichte Datenbestand ist unverändert." in err
    assert opened(settings) == third.published.name


def test_rollback_while_a_run_works(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with warehouse_of(settings).lock():
        assert kim(settings, "rollback") == 1
    assert "Ein anderer Lauf arbeitet gerade in" in capsys.readouterr().err


def test_rollback_to_a_build_whose_internal_file_is_gone(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """`internal.duckdb` must not be another build's: there is none until the next run."""
    second = warehouse_of(settings).all_builds()[1]
    second.internal.unlink()
    assert kim(settings, "rollback") == 0
    assert "Seine interne Datei ist nach Ablauf der Frist entfernt" in capsys.readouterr().out
    assert opened(settings) == second.published.name
    assert not (settings.warehouse / "internal.duckdb").is_symlink()
    publish(settings, 3)
    assert (settings.warehouse / "internal.duckdb").exists()


# Retention


def kept(folder: Path, *at: dt.datetime, **more: object) -> list[str]:
    """The days of the builds that are kept, of those that were made."""
    warehouse, _ = switched(folder, *at)
    settings = Settings.model_validate({"warehouse": folder, "deliveries": folder, **more})
    gone = expired(warehouse, settings)
    return [f"{b.made_at:%Y-%m-%d}" for b in reversed(warehouse.all_builds()) if b not in gone]


def test_the_newest_and_the_last_of_each_month_are_kept(tmp_path: Path) -> None:
    nights: Sequence[dt.datetime] = [
        day(30, 1), day(31, 1), day(1, 2), day(28, 2), day(1, 3), day(2, 3), day(3, 3)
    ]  # fmt: skip
    assert kept(tmp_path, *nights, keep_builds=2) == ["2024-01-31", "2024-02-28", "2024-03-02", "2024-03-03"]


def test_months_are_those_in_germany_and_go_back_as_far_as_the_settings_say(tmp_path: Path) -> None:
    new_year = dt.datetime(2023, 12, 31, 23, 30, tzinfo=dt.UTC)
    nights = (day(1, 12, 2023), new_year, day(20, 1), day(5, 2))
    assert kept(tmp_path / "a", *nights, keep_builds=1, keep_months=3) == ["2023-12-01", "2024-01-20", "2024-02-05"]
    assert kept(tmp_path / "b", *nights, keep_builds=1, keep_months=2) == ["2024-01-20", "2024-02-05"]
    assert kept(tmp_path / "c", *nights, keep_builds=1, keep_months=0) == ["2024-02-05"]


def release(folder: Path, name: str, content: str) -> None:
    (folder / "releases" / name).mkdir(parents=True)
    (folder / "releases" / name / "release.json").write_text(content, encoding="utf-8")


def test_what_a_release_holds_is_kept(tmp_path: Path) -> None:
    release(tmp_path, "biks", json.dumps({"build": f"20240502T020000Z_{HASH}", "name": "biks"}))
    assert kept(tmp_path, day(1), day(2), day(3), keep_builds=1) == ["2024-05-02", "2024-05-03"]


@pytest.mark.parametrize("content", ["", "{}", "[1]", "{"], ids=["empty", "no build", "a list", "cut off"])
def test_a_release_that_cannot_be_read_keeps_everything(tmp_path: Path, content: str) -> None:
    release(tmp_path, "biks", content)
    assert len(kept(tmp_path, day(1), day(2), day(3), keep_builds=1)) == 3


def test_what_is_published_is_never_removed(tmp_path: Path) -> None:
    warehouse, (first, second, third) = switched(tmp_path, day(1), day(2), day(3))
    with warehouse.lock():
        warehouse.switch(first)
    settings = Settings(warehouse=tmp_path, deliveries=tmp_path, keep_builds=1)
    assert list(keep_reasons(warehouse, settings).values()) == [["newest", "month"], [], ["published"]]
    remove_items(purgeable(warehouse, settings, (), day(4)), settings)
    assert warehouse.all_builds() == [third, first]
    assert not second.internal.exists()


def test_a_clock_set_back_publishes_and_removes_nothing_new(settings: Settings) -> None:
    strict = settings.model_copy(update={"keep_builds": 2, "keep_months": 0})
    build = publish(strict, 3, dt.datetime(2001, 1, 1, tzinfo=dt.UTC))
    warehouse = warehouse_of(settings)
    assert warehouse.current() == build
    assert warehouse.all_builds()[0] == build
    assert len(warehouse.all_builds()) == 2


def test_everything_beside_a_build_goes_with_it(tmp_path: Path) -> None:
    warehouse, (first, second) = switched(tmp_path, day(1), day(2))
    beside = warehouse.builds / f"parquet_{first.stem}"
    beside.mkdir()
    (beside / "area.parquet").write_text("x")
    (warehouse.builds / "notiz.txt").write_text("x")
    assert warehouse.files_of(first)[0] == first.published
    settings = Settings(warehouse=tmp_path, deliveries=tmp_path, keep_builds=1)
    remove_items(purgeable(warehouse, settings, (), day(3)), settings)
    assert {p.name for p in warehouse.builds.iterdir()} == {second.internal.name, "notiz.txt"}
    assert [p.name for p in warehouse.open_to_all.iterdir()] == [second.published.name]


def test_finding_none_raises(tmp_path: Path) -> None:
    with pytest.raises(UnknownBuildError):
        Warehouse(tmp_path).previous()
