"""Backup and restore, tried out: what comes back is what was there."""

from __future__ import annotations

import datetime as dt
import importlib.util
import shutil
import sqlite3
import stat
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from kim_pipeline.backups import NOTE, last_backup
from kim_pipeline.commands.control_room import prepare_home
from kim_pipeline.files import Store
from kim_pipeline.guard.judging import HeldNightError
from kim_pipeline.night import Night, hold, take_in
from kim_pipeline.orchestration.runs import instance_for
from kim_pipeline.settings import PROJECT
from tests.built import table_hashes
from tests.nights import kept_night, small_sample, small_settings
from tests.quick_nights import whole_night

DEPLOY = PROJECT / "deploy"


@pytest.fixture
def backup() -> ModuleType:
    spec = importlib.util.spec_from_file_location("backup", DEPLOY / "backup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def modes(folder: Path) -> dict[str, int]:
    """Mode of everything that a backup holds."""
    return {
        path.relative_to(folder).as_posix(): stat.S_IMODE(path.lstat().st_mode)
        for path in folder.rglob("*")
        if not {"cache", "scratch", ".lock", "secret.key", NOTE} & set(path.relative_to(folder).parts)
    }


def test_what_is_restored_is_what_was_there(tmp_path: Path, backup: ModuleType) -> None:
    settings = small_sample(tmp_path / "before")
    prepare_home(settings)
    assert kept_night(Night(settings=settings))
    tables, known = table_hashes(settings.warehouse / "internal.duckdb"), modes(settings.warehouse)
    files = sorted(p.name for p in settings.deliveries.rglob("*"))
    archive = backup.save(tmp_path / "archives", settings.warehouse, settings.deliveries)
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    shutil.rmtree(tmp_path / "before")

    again = small_settings(tmp_path / "after")
    backup.restore(archive, again.warehouse, again.deliveries)
    assert modes(again.warehouse) == known
    assert table_hashes(again.warehouse / "internal.duckdb") == tables
    assert not again.secret_path.exists()
    assert sorted(p.name for p in again.deliveries.rglob("*")) == files
    with instance_for(again) as instance:
        assert len(instance.get_run_records()) == 1


def test_a_restore_on_another_machine_is_not_a_first_build(tmp_path: Path, backup: ModuleType) -> None:
    """State comes along: the same is hidden, the same tables are built, and the guard compares with what was there."""
    settings = small_sample(tmp_path / "before")
    whole_night(Night(settings=settings))
    state = Store(settings.warehouse).state_sha256()
    archive = backup.save(tmp_path / "archives", settings.warehouse, settings.deliveries)
    key = settings.secret_path.read_bytes()
    shutil.rmtree(tmp_path / "before")

    again = small_settings(tmp_path / "after")
    backup.restore(archive, again.warehouse, again.deliveries)
    again.secret_path.write_bytes(key)
    again.secret_path.chmod(0o600)
    assert not again.cache.exists()
    assert Store(again.warehouse).state_sha256() == state
    night = whole_night(Night(settings=again))
    assert dict(night.difference) == {}
    assert not night.judgement.held
    assert Store(again.warehouse).state_sha256() == state

    shutil.rmtree(again.deliveries / "komm_an")
    (again.deliveries / "komm_an").mkdir()
    next_one = Night(settings=again)
    with next_one.warehouse.lock(), pytest.raises(HeldNightError, match="Es fehlen Lieferungen, die bisher zählten"):
        hold(take_in(next_one))


def test_the_last_backup_is_known(tmp_path: Path, backup: ModuleType) -> None:
    settings = small_settings(tmp_path)
    for folder in (settings.warehouse, settings.deliveries):
        folder.mkdir()
    assert last_backup(settings) is None
    before = dt.datetime.now(dt.UTC).replace(microsecond=0)
    archive = backup.save(tmp_path / "archives", settings.warehouse, settings.deliveries)
    at = last_backup(settings)
    assert at is not None
    assert before <= at <= dt.datetime.now(dt.UTC)
    assert archive.name == f"kim_{at:%Y%m%dT%H%M%SZ}.tar.gz"
    backup.save(tmp_path / "archives", settings.warehouse, settings.deliveries)
    with tarfile.open(archive) as tar:
        assert f"warehouse/{NOTE}" not in tar.getnames()  # another machine has no backup of its own yet
    (settings.warehouse / NOTE).write_text("gestern")
    assert last_backup(settings) is None


def test_a_backup_that_fails_is_not_noted(tmp_path: Path, backup: ModuleType) -> None:
    settings = small_settings(tmp_path)
    settings.warehouse.mkdir()
    with pytest.raises(FileNotFoundError):
        backup.save(tmp_path / "archives", settings.warehouse, settings.deliveries)
    assert last_backup(settings) is None


def test_a_database_in_use_is_copied_as_of_one_moment(tmp_path: Path, backup: ModuleType) -> None:
    (tmp_path / "warehouse" / "dagster").mkdir(parents=True)
    (tmp_path / "deliveries").mkdir()
    path = tmp_path / "warehouse" / "dagster" / "runs.db"
    with closing(sqlite3.connect(path)) as busy:
        busy.executescript("PRAGMA journal_mode = WAL; CREATE TABLE runs (id INTEGER); INSERT INTO runs VALUES (1)")
        busy.execute("INSERT INTO runs VALUES (2)")
        archive = backup.save(tmp_path / "archives", tmp_path / "warehouse", tmp_path / "deliveries")
        busy.commit()
    with tarfile.open(archive) as tar:
        assert [name for name in tar.getnames() if name.startswith("warehouse/dagster/")] == [
            "warehouse/dagster/runs.db"
        ]
    backup.restore(archive, tmp_path / "w", tmp_path / "d")
    with closing(sqlite3.connect(tmp_path / "w" / "dagster" / "runs.db")) as restored:
        assert restored.execute("SELECT id FROM runs").fetchall() == [(1,)]


def test_what_goes_meanwhile_is_left_out(tmp_path: Path, backup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's own files, forgotten runs and sent alerts come and go; an interrupted archive is removed."""
    for name in ("warehouse", "deliveries", "archives"):
        (tmp_path / name).mkdir()
    (tmp_path / "archives" / ".new-kim_20240101T200000Z.tar.gz").touch()
    (tmp_path / "warehouse" / "dagster").mkdir()
    (tmp_path / "warehouse" / "stays.json").touch()
    (tmp_path / "deliveries" / "Thumbs.db").write_bytes(b"no database of ours")
    listed = Path.rglob
    gone = ("dagster/index.db-wal", "dagster/forgotten.db", "sent.json")
    monkeypatch.setattr(Path, "rglob", lambda folder, _: [*listed(folder, "*"), *(folder / name for name in gone)])
    archive = backup.save(tmp_path / "archives", tmp_path / "warehouse", tmp_path / "deliveries")
    with tarfile.open(archive) as tar:
        assert set(tar.getnames()) == {
            "deliveries", "deliveries/Thumbs.db", "warehouse", "warehouse/dagster", "warehouse/stays.json",
        }  # fmt: skip
    assert [path.name for path in (tmp_path / "archives").iterdir()] == [archive.name]


def test_only_the_newest_archives_are_kept(tmp_path: Path, backup: ModuleType) -> None:
    for name in ("warehouse", "deliveries", "archives"):
        (tmp_path / name).mkdir()
    for day in ("01", "02", "03"):
        (tmp_path / "archives" / f"kim_202401{day}T200000Z.tar.gz").touch()
    new = backup.save(tmp_path / "archives", tmp_path / "warehouse", tmp_path / "deliveries", keep=2)
    assert sorted(p.name for p in (tmp_path / "archives").iterdir()) == ["kim_20240103T200000Z.tar.gz", new.name]


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "warehouse").mkdir()
    (tmp_path / "warehouse" / "kim.duckdb").touch()
    command = [sys.executable, str(DEPLOY / "backup.py"), "restore", "any.tar.gz"]
    command += ["--warehouse", str(tmp_path / "warehouse"), "--deliveries", str(tmp_path / "deliveries")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "is not empty: move it away first" in done.stderr


def test_the_container_s_sources_are_there() -> None:
    lines = (DEPLOY / "Containerfile").read_text().splitlines()
    sources = [
        name for line in lines if line.startswith("COPY ") and "--from" not in line for name in line.split()[1:-1]
    ]
    assert "kim_pipeline" in sources
    assert [name for name in sources if not (PROJECT / name).exists()] == []


SYSTEMD = shutil.which("systemd-analyze")


@pytest.mark.skipif(SYSTEMD is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("unit", sorted(DEPLOY.glob("kim*.[st][ei]*")), ids=lambda path: path.name)
def test_the_units_are_valid(unit: Path, tmp_path: Path) -> None:
    """With the programs that they start at a place that exists here."""
    for other in DEPLOY.glob("kim*.[st][ei]*"):
        text = other.read_text().replace("/opt/kim/.venv/bin/kim", "/bin/true")
        (tmp_path / other.name).write_text(text.replace("/opt/kim/.venv/bin/python", "/bin/true"))
    argv = [SYSTEMD or "", "verify", str(tmp_path / unit.name)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
