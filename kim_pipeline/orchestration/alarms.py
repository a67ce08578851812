"""When people are told: a run failed, a night built nothing, a delivery is late. Each event is told once.

Belongs here: the sensors and their German texts. Does not belong here: how a message reaches people
(`kim_pipeline.orchestration.alerts`).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import duckdb

from kim_pipeline import german
from kim_pipeline.contracts import programmes
from kim_pipeline.orchestration.alerts import Alert, Outbox
from kim_pipeline.orchestration.delivery_checks import Due, due_of
from kim_pipeline.orchestration.freshness import ZONE, last_night
from kim_pipeline.orchestration.switches import sensor_status
from kim_pipeline.publishing.builds import Warehouse
from kim_pipeline.settings import Settings
from kim_pipeline.settings import today as today_in_germany
from kim_pipeline.warehouse.checks import blocking_checks

FAILED_RUN, MISSED_NIGHT, LATE_DELIVERIES = "failed_run", "missed_night", "late_deliveries"
_FAILED_SECONDS, _MISSED_SECONDS, _LATE_SECONDS = 60, 600, 600
_ZONE = ZoneInfo(ZONE)
_OPERATOR = "Die Betreuung des Datenbestands."
_HELP = "docs/operations.md, Abschnitt „The night was red“"
_FAILED_CHECK = "DagsterAssetCheckFailedError"
"""What a step ends with after a blocking check; the check itself is told instead."""
_SAYS_NO_CONTENT = frozenset({
    "BuildError", "DamagedBuildError", "DisclosureError", "KeyFileError", "MissingDeliveriesError", "ProtectionError",
    "RaisedKError", "ReaderError", "WarehouseBusyError",
})  # fmt: skip
"""Errors of our own whose texts name tables and folders only; of any other only the kind is told."""


def failed_run_sensor(settings: Settings) -> dg.SensorDefinition:
    """Tell of each run that failed, whoever started it."""

    @dg.run_failure_sensor(
        name=FAILED_RUN,
        minimum_interval_seconds=_FAILED_SECONDS,
        monitor_all_code_locations=True,
        default_status=sensor_status(settings),
        description="Meldet jeden fehlgeschlagenen Lauf einmal.",
    )
    def failed_run(context: dg.RunFailureSensorContext) -> None:
        outbox = Outbox(settings)
        outbox.put(failure_alert(context, settings))
        outbox.send()

    return failed_run


def failure_alert(context: dg.RunFailureSensorContext, settings: Settings) -> Alert:
    """What is told of a failed run."""
    run = context.dagster_run
    reasons = list(dict.fromkeys([*_failed_checks(context), *_errors(context)]))
    is_busy = any("anderer Lauf" in reason for reason in reasons)
    return Alert(
        event=f"run {run.run_id}",
        title="Der Lauf ist fehlgeschlagen",
        happened="\n".join(reasons) or "Der Lauf ist abgebrochen.",
        about=f"Lauf {run.run_id[:8]} ({run.job_name}). Veröffentlicht bleibt der letzte gute Datenbestand.",
        turn=_OPERATOR,
        todo="Nichts, wenn der andere Lauf gelingt." if is_busy else f"Nach der Tabelle in {_HELP} vorgehen.",
        link=_page(settings, f"runs/{run.run_id}"),
    )


def _failed_checks(context: dg.RunFailureSensorContext) -> Iterator[str]:
    descriptions = {check.name: check.description for check in blocking_checks()}
    wanted = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    for record in context.instance.get_records_for_run(context.dagster_run.run_id, of_type=wanted).records:
        event = record.event_log_entry.dagster_event
        found = event.asset_check_evaluation_data if event else None
        if found and found.check_name in descriptions and not found.passed:
            yield f"Nicht bestanden: Prüfung {found.check_name} ({descriptions[found.check_name]})"


def _errors(context: dg.RunFailureSensorContext) -> Iterator[str]:
    for event in [*context.get_step_failure_events(), context.failure_event]:
        error = getattr(event.event_specific_data, "error", None)
        while error is not None and error.cause is not None:
            error = error.cause
        if error is None or error.cls_name == _FAILED_CHECK:
            continue
        said = error.message.split(": ", 1)[-1].strip() if error.cls_name in _SAYS_NO_CONTENT else ""
        yield said or f"Fehler der Art „{error.cls_name}“."


def missed_night_sensor(settings: Settings, now: Callable[[], dt.datetime] | None = None) -> dg.SensorDefinition:
    """Tell of a night that is over and has built nothing, unless a run of it failed, which has been told."""

    @dg.sensor(
        name=MISSED_NIGHT,
        minimum_interval_seconds=_MISSED_SECONDS,
        default_status=sensor_status(settings),
        description="Meldet einmal, wenn bis 6 Uhr kein neuer Datenbestand veröffentlicht ist, ohne dass ein Lauf "
        "fehlgeschlagen wäre.",
    )
    def missed_night(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        begin, deadline = last_night(now() if now else dt.datetime.now(dt.UTC))
        newest = next(iter(Warehouse(settings.warehouse).all_builds()), None)
        if newest is None or newest.made_at >= begin:
            return dg.SensorResult(skip_reason="Der Datenbestand ist von dieser Nacht.", cursor=context.cursor)
        if context.cursor == deadline.isoformat() or _has_failed(context.instance, begin):
            return dg.SensorResult(skip_reason="Ist schon gemeldet.", cursor=deadline.isoformat())
        outbox = Outbox(settings)
        outbox.put(missed_alert(newest.made_at, deadline, settings))
        outbox.send()
        return dg.SensorResult(skip_reason="Gemeldet.", cursor=deadline.isoformat())

    return missed_night


def _has_failed(instance: dg.DagsterInstance, since: dt.datetime) -> bool:
    failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=since)
    return bool(instance.get_runs(failed, limit=1))


def missed_alert(built_at: dt.datetime, deadline: dt.datetime, settings: Settings) -> Alert:
    """What is told of a night that built nothing."""
    built, by = built_at.astimezone(_ZONE), deadline.astimezone(_ZONE)
    return Alert(
        event=f"missed {by:%Y-%m-%d}",
        title="In der Nacht ist kein neuer Datenbestand entstanden",
        happened=f"Bis zum {german.moment(by)}, ist kein neuer Datenbestand veröffentlicht, und kein Lauf "
        "ist fehlgeschlagen: er ist nicht gestartet, wartet, oder hängt.",
        about=f"Veröffentlicht ist der Datenbestand vom {german.moment(built)}.",
        turn=_OPERATOR,
        todo="Auf der Seite „Automation“ nachsehen, ob der Zeitplan nightly an ist, auf der Seite „Runs“, ob ein Lauf "
        f"wartet oder hängt, und den Lauf mit kim run nachholen. Sonst hilft die Tabelle in {_HELP}.",
        link=_page(settings, "runs"),
    )


def late_deliveries_sensor(settings: Settings, today: Callable[[], dt.date] = today_in_germany) -> dg.SensorDefinition:
    """Tell of each due delivery that is missing after its grace; and send again what could not be sent."""

    @dg.sensor(
        name=LATE_DELIVERIES,
        minimum_interval_seconds=_LATE_SECONDS,
        default_status=sensor_status(settings),
        description="Meldet jede überfällige Lieferung einmal und schickt Meldungen nach, die nicht ankamen.",
    )
    def late_deliveries(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        told: dict[str, str] = json.loads(context.cursor) if context.cursor else {}
        late = late_now(settings.warehouse / "internal.duckdb", today())
        new = {key: due for key, due in late.items() if told.get(key) != due.due_on.isoformat()}
        outbox = Outbox(settings)
        if new:
            outbox.put(late_alert(new, settings))
        waiting = outbox.send()
        cursor = json.dumps({key: due.due_on.isoformat() for key, due in late.items()})
        said = f"überfällig: {len(late)}, davon neu gemeldet: {len(new)}, noch nicht verschickt: {waiting}"
        return dg.SensorResult(skip_reason=said, cursor=cursor)

    return late_deliveries


def late_now(internal: Path, today: dt.date) -> dict[str, Due]:
    """Programme → what is due, where the grace is over; none before the first build."""
    if not internal.exists():
        return {}
    with duckdb.connect(str(internal), read_only=True) as connection:
        return {key: due for key, due in due_of(connection).items() if today > due.late_after}


def late_alert(late: Mapping[str, Due], settings: Settings) -> Alert:
    """What is told of deliveries that became late together."""
    names = [programmes()[key].title for key in late]
    lines = [
        f"{name} (Ordner {key}): fällig am {german.day(due.due_on)}, Nachfrist bis {german.day(due.late_after)}, "
        + (f"letzter Stand {german.day(due.last_as_of)}." if due.last_as_of else "noch nie geliefert.")
        for name, (key, due) in zip(names, late.items(), strict=True)
    ]
    one = len(names) == 1
    return Alert(
        event="late " + ", ".join(f"{key} {due.due_on}" for key, due in late.items()),
        title=f"Überfällige Lieferung: {names[0]}" if one else f"{len(names)} überfällige Lieferungen",
        happened="Die Nachfrist ist um, und die fällige Lieferung ist nicht da."
        if one
        else "Die Nachfrist ist um, und die fälligen Lieferungen sind nicht da.",
        about="\n".join(lines),
        turn=f"Das Programm {names[0]}." if one else "Die genannten Programme.",
        todo=f"Eine Datei mit neuerem Stand in den Ordner des Programms unter {settings.deliveries} legen.",
        link=_page(settings, f"assets/deliveries/{next(iter(late))}" if one else "catalog"),
    )


def _page(settings: Settings, path: str) -> str | None:
    return f"{str(settings.public_url).rstrip('/')}/{path}" if settings.public_url else None
