"""When the job starts by itself: at two in the morning in Germany, once a night, also when the clocks change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import islice
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from kim_pipeline.orchestration.definitions import build_defs
from kim_pipeline.orchestration.jobs import NIGHTLY
from kim_pipeline.settings import Settings

BERLIN = ZoneInfo("Europe/Berlin")


def nights_from(first: dt.datetime) -> Iterator[dt.datetime]:
    """The instants at which the schedule ticks, in German time."""
    (schedule,) = build_defs().get_repository_def().schedule_defs
    assert isinstance(schedule, dg.ScheduleDefinition)
    assert schedule.job_name == NIGHTLY
    ticks = schedule_execution_time_iterator(
        first.timestamp(), schedule.cron_schedule, schedule.execution_timezone, ascending=True
    )
    return (tick.astimezone(BERLIN) for tick in ticks)


@pytest.mark.parametrize(
    ("eve", "expected"),
    [
        ("2026-01-14", ["15 02:00 +0100", "16 02:00 +0100", "17 02:00 +0100"]),
        ("2026-07-14", ["15 02:00 +0200", "16 02:00 +0200", "17 02:00 +0200"]),
        # There is no 02:00 on the last Sunday of March.
        ("2026-03-27", ["28 02:00 +0100", "29 03:00 +0200", "30 02:00 +0200"]),
        # There are two on the last Sunday of October.
        ("2026-10-23", ["24 02:00 +0200", "25 02:00 +0100", "26 02:00 +0100"]),
    ],
)
def test_one_run_a_night(eve: str, expected: list[str]) -> None:
    noon = dt.datetime.fromisoformat(f"{eve}T12:00").replace(tzinfo=BERLIN)
    assert [f"{tick:%d %H:%M %z}" for tick in islice(nights_from(noon), 3)] == expected


def test_a_year_has_a_run_for_every_night() -> None:
    new_year = dt.datetime(2026, 1, 1, tzinfo=BERLIN)
    days = [tick.date() for tick in islice(nights_from(new_year), 365)]
    assert days == [dt.date(2026, 1, 1) + dt.timedelta(days=n) for n in range(365)]


@pytest.mark.parametrize("unattended", [True, False])
def test_schedule_and_sensors_are_on_where_nobody_attends(unattended: bool) -> None:
    repository = build_defs(Settings(unattended=unattended)).get_repository_def()
    switches = [*(s.default_status.value for s in repository.schedule_defs)]
    switches += [s.default_status.value for s in repository.sensor_defs]
    assert set(switches) == {"RUNNING" if unattended else "STOPPED"}
    assert len(switches) == 10


def test_they_are_off_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KIM_UNATTENDED", raising=False)
    assert not Settings().unattended
