"""What is fresh, and what is in time: a programme when its delivery is there, whatever the night did."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.configured import CountyError
from kim_pipeline.contracts.due import Due, DueState, due_state
from kim_pipeline.contracts.limits import Limits, limits_of, missing_entries
from kim_pipeline.orchestration.checks import on_time, quarantine, report_on_time
from kim_pipeline.orchestration.dagster_internals import CronFreshnessPolicy, FreshnessState, last_evaluations
from kim_pipeline.orchestration.definitions import build_defs
from kim_pipeline.orchestration.freshness import build_state
from kim_pipeline.orchestration.parts import ACCEPTED, DECIDED, ON_TIME, QUARANTINE
from kim_pipeline.orchestration.sensors import freshness_sensor
from kim_pipeline.settings import ZONE, Settings
from tests.nights import deliveries, made, run, small_sample

FIT, KOMM_AN = dg.AssetKey(["deliveries", "fit"]), dg.AssetKey(["deliveries", "komm_an"])
BUILD = dg.AssetKey(["published", "build_info"])


def days(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def built(instance: dg.DagsterInstance) -> str:
    """How fresh Dagster holds the published tables to be."""
    known = instance.get_freshness_state_records([BUILD])
    return known[BUILD].freshness_state.value if BUILD in known else "none"


def in_time(instance: dg.DagsterInstance) -> list[str]:
    """The last answers on whether FIT and KOMM-AN are in time, as the UI shows them."""
    keys = [dg.AssetCheckKey(key, ON_TIME) for key in (FIT, KOMM_AN)]
    found = last_evaluations(instance, keys)
    return ["passed" if found[key].passed else found[key].severity.value for key in keys]


def evaluations(result: dg.ExecuteInProcessResult, key: dg.AssetKey) -> dict[str, dg.AssetCheckEvaluation]:
    return {e.check_name: e for e in result.get_asset_check_evaluations() if e.asset_key == key}


@dataclass
class Nights:
    """A control room over half a year in which FIT's next delivery, due on 30.09.2024, does not come."""

    settings: Settings
    spring: dg.ExecuteInProcessResult
    autumn: dg.ExecuteInProcessResult
    corrected: dg.ExecuteInProcessResult
    after: dict[str, list[str]]
    room: dg.DagsterInstance


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    settings = small_sample(tmp_path_factory.mktemp("nights"))
    after = {}
    with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as room:
        spring = run(settings, room, as_of="2024-05-01")
        after["spring"] = [*in_time(room), built(room)]
        autumn = run(settings, room, as_of="2024-10-20")
        after["autumn"] = [*in_time(room), built(room)]
        folder = settings.deliveries / "fit"
        shutil.copyfile(min(folder.iterdir()), folder / "Korrektur.xlsx")
        corrected = run(settings, room, as_of="2024-10-21")
        after["corrected"] = [*in_time(room), built(room)]
        yield Nights(settings, spring, autumn, corrected, after, room)


def test_a_night_over_old_workbooks_does_not_make_them_look_fresh(nights: Nights) -> None:
    assert nights.after["spring"] == ["passed", "passed", "PASS"]
    assert deliveries(nights.autumn) == set()
    assert nights.after["autumn"] == ["ERROR", "passed", "PASS"]


def test_neither_does_a_correction_of_an_old_period(nights: Nights) -> None:
    assert deliveries(nights.corrected) == {"fit"}
    assert nights.after["corrected"] == ["ERROR", "passed", "PASS"]


def test_a_late_delivery_stops_nobody_from_publishing(nights: Nights) -> None:
    late = evaluations(nights.autumn, FIT)[ON_TIME]
    assert (late.passed, late.severity, late.blocking) == (False, dg.AssetCheckSeverity.ERROR, False)
    assert late.metadata["Ergebnis"].value == (
        "Die Lieferung war am 30.09.2024 fällig und ist überfällig. Am Zug ist das Programm: "
        "eine Datei mit neuerem Stand in den Ordner legen."
    )
    assert late.metadata["Tage über dem Termin"].value == 20
    assert evaluations(nights.autumn, KOMM_AN)[ON_TIME].passed
    assert nights.autumn.success
    assert "published/delivery_status" in made(nights.autumn)


def test_a_rejected_delivery_says_why(nights: Nights) -> None:
    rejected = evaluations(nights.spring, KOMM_AN)[ACCEPTED]
    assert (rejected.passed, rejected.severity) == (False, dg.AssetCheckSeverity.ERROR)
    shown = str(rejected.metadata["Zurückgewiesen"].value)
    assert "KOMM-AN\\_2023\\_Nachtrag.xlsx | Berichtszeitraum fehlt |" in shown
    assert evaluations(nights.spring, FIT)[ACCEPTED].passed


def test_every_programme_is_checked_every_night(nights: Nights) -> None:
    for result in (nights.spring, nights.autumn):
        for programme in programmes():
            assert set(evaluations(result, dg.AssetKey(["deliveries", programme]))) == {
                ON_TIME,
                ACCEPTED,
                DECIDED,
                QUARANTINE,
            }


def test_without_a_night_time_passes_too(nights: Nights) -> None:
    """The sensor, on a clock that is moved on from the last run."""

    def tick(at: dt.datetime) -> list[str]:
        sensor = freshness_sensor(nights.settings, lambda: at)
        sensor(dg.build_sensor_context(instance=nights.room))
        return in_time(nights.room)

    def noon(day: str) -> dt.datetime:
        return dt.datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=ZONE)

    assert tick(noon("2024-09-30")) == ["passed", "passed"]
    assert tick(noon("2024-10-01")) == ["WARN", "passed"]
    assert tick(noon("2025-04-14")) == ["ERROR", "WARN"]
    tick(dt.datetime.now(dt.UTC) + dt.timedelta(days=2))
    assert built(nights.room) == "FAIL"


def test_what_is_answered_already_is_not_told_again() -> None:
    due = {"fit": DUE, "komm_an": DUE}
    with dg.DagsterInstance.ephemeral() as instance:
        assert report_on_time(instance, due, days("2024-07-31")) == ["fit", "komm_an"]
        assert report_on_time(instance, due, days("2024-07-31")) == []
        assert report_on_time(instance, due, days("2024-08-01")) == ["fit", "komm_an"]
        assert report_on_time(instance, due, days("2024-08-01")) == []
        assert report_on_time(instance, due, days("2024-08-02")) == ["fit", "komm_an"]  # a day more


def test_no_page_shows_a_rule_that_nobody_applies() -> None:
    """Dagster knows rules about times of materialisation only; they fit the published tables and no delivery."""
    graph = build_defs().resolve_asset_graph()
    policies = {key: graph.get(key).freshness_policy for key in graph.get_all_asset_keys()}
    assert {key.path[0] for key, policy in policies.items() if policy is not None} == {"published"}
    for key, policy in policies.items():
        if key.path[0] == "published":
            assert isinstance(policy, CronFreshnessPolicy)
            assert (policy.deadline_cron, policy.timezone) == ("0 6 * * *", "Europe/Berlin")
            assert policy.lower_bound_delta == dt.timedelta(hours=5)


@pytest.mark.parametrize(
    ("built", "now", "state"),
    [
        ("2026-05-04T02:01+02:00", "2026-05-04T05:59+02:00", FreshnessState.PASS),
        ("2026-05-04T02:01+02:00", "2026-05-05T05:59+02:00", FreshnessState.PASS),
        ("2026-05-04T02:01+02:00", "2026-05-05T06:00+02:00", FreshnessState.FAIL),
        ("2026-05-04T15:00+02:00", "2026-05-05T06:00+02:00", FreshnessState.FAIL),
        ("2026-05-05T09:00+02:00", "2026-05-05T09:01+02:00", FreshnessState.PASS),
        ("2026-03-29T03:00+02:00", "2026-03-29T06:00+02:00", FreshnessState.PASS),
        ("2026-10-25T02:00+01:00", "2026-10-25T06:00+01:00", FreshnessState.PASS),
        (None, "2026-05-05T06:00+02:00", FreshnessState.UNKNOWN),
    ],
)
def test_built_by_six(built: str | None, now: str, state: FreshnessState) -> None:
    at = dt.datetime.fromisoformat(built) if built else None
    assert build_state(at, dt.datetime.fromisoformat(now)) == state


DUE = Due(days("2024-04-11"), days("2024-03-31"), days("2024-07-31"), days("2024-08-14"))


@pytest.mark.parametrize(
    ("today", "state", "severity", "late_by"),
    [
        ("2024-07-31", "open", None, 0),
        ("2024-08-01", "due", dg.AssetCheckSeverity.WARN, 1),
        ("2024-08-14", "due", dg.AssetCheckSeverity.WARN, 14),
        ("2024-08-15", "late", dg.AssetCheckSeverity.ERROR, 15),
    ],
)
def test_a_warning_in_the_grace_and_an_error_after(
    today: str, state: DueState, severity: dg.AssetCheckSeverity | None, late_by: int
) -> None:
    assert due_state(DUE, days(today)) == state
    answer = on_time(DUE, days(today))
    assert (answer.severity, answer.facts["Tage über dem Termin"]) == (severity, late_by)


def test_nothing_is_due_of_a_programme_that_is_done_with() -> None:
    closed = Due(days("2024-01-31"), days("2024-01-31"), None, None, "abgeschlossen")
    assert due_state(closed, days("2030-01-01")) == "closed"
    answer = on_time(closed, days("2030-01-01"))
    assert answer.severity is None
    assert answer.sentence == "Das Programm ist abgeschlossen; es ist keine Lieferung mehr fällig."
    assert (answer.facts["fällig am"], answer.facts["Tage über dem Termin"]) == ("–", 0)


@pytest.mark.parametrize(
    ("accepted", "quarantined", "severity"),
    [
        (9, 0, dg.AssetCheckSeverity.ERROR),
        (10, 0, None),
        (10, 2, None),
        (10, 3, dg.AssetCheckSeverity.WARN),
        (100, 0, None),
        (101, 0, dg.AssetCheckSeverity.WARN),
        (0, 0, dg.AssetCheckSeverity.ERROR),
    ],
)
def test_too_few_rows_are_an_error_and_too_many_a_warning(
    accepted: int, quarantined: int, severity: dg.AssetCheckSeverity | None
) -> None:
    limits = Limits(rows_min=10, rows_max=100, quarantine_share_max=0.2)
    answer = quarantine(accepted, quarantined, limits)
    assert answer.severity == severity
    assert not re.search(r"\d", re.sub(r"\b0\b|1–9|10–49|50–249|250\+", "", answer.sentence)), (
        "no exact number, no share"
    )


def test_limits_are_the_county_s(tmp_path: Path) -> None:
    (tmp_path / "limits.toml").write_text("[default]\nquarantine_share_max = 0.5\n[fit]\nrows_min = 7\n")
    limits = limits_of(tmp_path)
    assert limits["fit"] == Limits(rows_min=7, quarantine_share_max=0.5)
    assert limits["komm_an"] == Limits(quarantine_share_max=0.5)
    (tmp_path / "limits.toml").write_text("[fit]\nrows_min = 'seven'\n")
    with pytest.raises(CountyError, match=r"limits\.toml, Zeile 2, fit\.rows_min"):
        limits_of(tmp_path)


def test_entries_that_a_county_lacks_follow_from_the_rows_delivered(tmp_path: Path) -> None:
    (tmp_path / "limits.toml").write_text("[fit]\nrows_min = 7\n")
    delivered = {"fit": 95, "kim_case_management": 4838, "mercator": 1, "angebote": 0}
    found = tomllib.loads(missing_entries(tmp_path, delivered))
    assert found == {
        "kim_case_management": {"rows_min": 2000, "rows_max": 10_000},
        "mercator": {"rows_min": 1, "rows_max": 2},
    }
