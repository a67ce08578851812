"""Quick nights: the real order of steps, lock, smoke checks, switching and tidying up; what is written is copied.

For tests of publishing that need many builds. The tables of the first night, which is a real one, are kept as
templates; a quick night copies them and sets its day in each file, so that builds can be told apart by their figures.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import duckdb

from kim_pipeline import night as nightly
from kim_pipeline.files import readable_folder
from kim_pipeline.guard.judging import Judgement
from kim_pipeline.night import Guarded, Night, Protected, Tidied
from kim_pipeline.protection.audit_of_file import FileAudit
from kim_pipeline.protection.hiding import Protection
from kim_pipeline.protection.pattern_memory import PatternMemory
from kim_pipeline.publishing.builds import DESCRIPTOR, Build
from kim_pipeline.publishing.published import BuildFacts
from kim_pipeline.settings import PROJECT, Settings

DELIVERIES = ("fit/FIT_2021_2022.xlsx", "komm_an/KOMM-AN_2023_Nachtrag.xlsx")
FIRST_DAY = dt.date(2024, 5, 1)
_KEPT = ("quality.delivery", "quality.due", "quality.sheet_account", "indicators.indicator")


_NOTHING_HIDDEN = Protection(cells=0, hidden=0, seconds=0.0)
NOTHING_FOUND = FileAudit("", (), (), (), knows_rest=True)


def whole_night(night: Night) -> Tidied:
    """A night without Dagster, which holds the warehouse."""
    with night.warehouse.lock():
        return nightly.run(night)


def quick_night(night: Night) -> Tidied:
    """A night whose files are copied from the templates; the steps between taking in and publishing do nothing else."""
    settings = night.settings

    def write(_: Path, target: Path, __: object, facts: BuildFacts) -> None:
        write_published(settings, target, facts)

    with night.warehouse.lock():
        with mock.patch.object(nightly, "judged", return_value=Judgement()):  # their files do not tell it
            guarded = nightly.hold(nightly.take_in(night))
        _write_internal(guarded)
        patterns = PatternMemory(settings.state, is_new=night.full)
        protected = nightly._after(
            Protected, guarded, tables={}, results=(), protection=_NOTHING_HIDDEN, patterns=patterns
        )
        with mock.patch.multiple(
            nightly, write_published=write, write_package=_write_package, audit_build=lambda *_: NOTHING_FOUND,
            write_diff=lambda *_: {},
        ):  # fmt: skip
            return nightly.tidy(nightly.publish(protected))


def _write_internal(night: Guarded) -> None:
    scratch = night.warehouse.scratch(night.build.internal)
    _copy(_template(night.settings, "internal"), scratch)
    with duckdb.connect(str(scratch)) as connection:
        connection.execute("UPDATE quality.due SET due_on = ?", [night.as_of])


def write_published(settings: Settings, target: Path, facts: BuildFacts) -> None:
    """Copy the published file, which then tells its own build and day."""
    _copy(_template(settings, "kim"), target)
    with duckdb.connect(str(target)) as connection:
        connection.execute("UPDATE delivery_status SET due_on = ?", [facts.as_of])
        for name, value in {
            "build": facts.stem,
            "as_of": facts.as_of.isoformat(),
            "built_at": facts.built_at.isoformat(timespec="seconds"),
        }.items():
            connection.execute("UPDATE build_info SET value = ? WHERE item = 'build' AND name = ?", [value, name])


def _write_package(target: Path, folder: Path, *_: object) -> None:
    readable_folder(folder)
    with duckdb.connect(str(target), read_only=True) as connection:
        ((stem,),) = connection.execute(
            "SELECT value FROM build_info WHERE item = 'build' AND name = 'build'"
        ).fetchall()
    (folder / DESCRIPTOR).write_text(stem, encoding="ascii")


def _template(settings: Settings, name: str) -> Path:
    return settings.deliveries.parent / f"template_{name}.duckdb"


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    target.chmod(0o600)


def prepare(folder: Path) -> Settings:
    """Two small deliveries that have been read, and the templates; nothing is published."""
    shutil.copytree(_prepared().name, folder, dirs_exist_ok=True)
    return settings_in(folder)


@cache
def _prepared() -> TemporaryDirectory[str]:
    """What `prepare` copies: made once per process."""
    place = TemporaryDirectory(prefix="kim-quick-nights-")
    folder = Path(place.name)
    settings = settings_in(folder)
    deliver(settings)
    night = whole_night(Night(settings=settings, as_of=FIRST_DAY))
    shutil.copyfile(night.build.published, _template(settings, "kim"))
    with duckdb.connect(str(_template(settings, "internal"))) as connection:
        connection.execute(f"ATTACH '{night.build.internal}' AS whole (READ_ONLY)")
        for table in _KEPT:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.split('.')[0]}")
            connection.execute(f"CREATE TABLE {table} AS FROM whole.{table}")
    for builds in ("builds", "published", "state"):
        shutil.rmtree(settings.warehouse / builds)
    for opened in ("kim.duckdb", "internal.duckdb", "kim"):
        (settings.warehouse / opened).unlink()
    return place


def deliver(settings: Settings) -> None:
    """Put the two deliveries where a night looks for them."""
    for file in DELIVERIES:
        target = settings.deliveries / file
        target.parent.mkdir(parents=True)
        shutil.copyfile(PROJECT / "data_raw" / file, target)


def settings_in(folder: Path, **more: object) -> Settings:
    """Settings of a prepared folder."""
    places = {"deliveries": folder / "deliveries", "warehouse": folder / "warehouse", "key_file": None, "readers": 1}
    return Settings.model_validate({**places, **more})


def day(number: int) -> dt.date:
    """The day of a night, which its figures bear."""
    return FIRST_DAY + dt.timedelta(days=number)


def publish(settings: Settings, number: int = 0, started_at: dt.datetime | None = None) -> Build:
    """One quick night.

    Args:
        settings: of a prepared folder.
        number: of the night, which tells its day.
        started_at: what the clock shows; by default it is right.
    """
    night = Night(settings=settings, as_of=day(number))
    return quick_night(night if started_at is None else dataclasses.replace(night, started_at=started_at)).build
