"""What the control room notices by itself, from a delivery that arrives to a night that fails.

Belongs here: the sensors, each with what it remembers from tick to tick. They are on from the start where nobody
attends the control room (`KIM_UNATTENDED`). Does not belong here: what people are told (`alerts.py`), and what is put
right in the event log (`history.py`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import dagster as dg
import duckdb

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.due import Due, due_state
from kim_pipeline.intake.intake import find_deliveries
from kim_pipeline.orchestration import alerts, history
from kim_pipeline.orchestration import dagster_internals as internals
from kim_pipeline.orchestration.alerts import Alert, Outbox
from kim_pipeline.orchestration.checks import report_on_time
from kim_pipeline.orchestration.freshness import build_state, report_build
from kim_pipeline.orchestration.schedules import last_night
from kim_pipeline.publishing.builds import Warehouse
from kim_pipeline.settings import ZONE, Settings
from kim_pipeline.settings import today as today_in_germany
from kim_pipeline.warehouse.checks import blocking_checks

NEW_DELIVERIES, FAILED_RUN, MISSED_NIGHT, LATE_DELIVERIES = (
    "new_deliveries", "failed_run", "missed_night", "late_deliveries",
)  # fmt: skip
FRESHNESS, OTHER_NIGHTS, DEAD_RUNS, OLD_RUNS = "freshness", "other_nights", "dead_runs", "old_runs"
_SECONDS = {
    NEW_DELIVERIES: 60, FAILED_RUN: 60, MISSED_NIGHT: 600, LATE_DELIVERIES: 600, FRESHNESS: 300, OTHER_NIGHTS: 300,
    DEAD_RUNS: 300, OLD_RUNS: 6 * 3600,
}  # fmt: skip
"""Between two ticks; a file that is the same at two of `new_deliveries` has stopped growing."""
_DEAD_AFTER = dt.timedelta(minutes=5)

Clock = Callable[[], dt.datetime]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def all_sensors(job: dg.UnresolvedAssetJobDefinition, settings: Settings) -> list[dg.SensorDefinition]:
    """Every sensor of the control room."""
    return [
        new_deliveries_sensor(job, settings),
        failed_run_sensor(settings),
        missed_night_sensor(settings),
        late_deliveries_sensor(settings),
        freshness_sensor(settings),
        other_nights_sensor(settings),
        dead_runs_sensor(settings),
        old_runs_sensor(settings),
    ]


def _status(settings: Settings) -> dg.DefaultSensorStatus:
    """A sensor's status until somebody changes it in the UI."""
    return dg.DefaultSensorStatus.RUNNING if settings.unattended else dg.DefaultSensorStatus.STOPPED


@dataclass(frozen=True)
class Look:
    """What the sensor of deliveries remembers, each as a hash over the names, sizes and times of all files.

    Attributes:
        seen: the folder at the last look.
        started: the folder for which the job was started last.
        key: run key of that start; each follows from the one before, so that a folder that is again as it was before
            starts the job again, and a look that is repeated after a crash does not.
    """

    seen: str = ""
    started: str = ""
    key: str = ""


def new_deliveries_sensor(job: dg.UnresolvedAssetJobDefinition, settings: Settings) -> dg.SensorDefinition:
    """Start the job when the folder of deliveries has changed and has then been the same for two looks."""

    @dg.sensor(
        name=NEW_DELIVERIES,
        job=job,
        minimum_interval_seconds=_SECONDS[NEW_DELIVERIES],
        default_status=_status(settings),
        description="Startet den Lauf, wenn im Ordner der Lieferungen eine Datei neu oder geändert ist und nicht mehr "
        "wächst.",
    )
    def new_deliveries(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        before = Look(**json.loads(context.cursor)) if context.cursor else Look()
        now = folder_state(settings)
        if now == before.started:
            return _looked(Look(now, before.started, before.key), "Seit dem letzten Start ist nichts Neues gekommen.")
        if now != before.seen:
            return _looked(Look(now, before.started, before.key), "Neues ist gekommen; beim nächsten Blick mehr.")
        key = hashlib.sha256(f"{before.key}\0{now}".encode()).hexdigest()[:32]
        return _looked(Look(now, now, key), dg.RunRequest(run_key=key))

    return new_deliveries


def _looked(look: Look, outcome: str | dg.RunRequest) -> dg.SensorResult:
    cursor = json.dumps(asdict(look))
    if isinstance(outcome, str):
        return dg.SensorResult(skip_reason=outcome, cursor=cursor)
    return dg.SensorResult(run_requests=[outcome], cursor=cursor)


def folder_state(settings: Settings) -> str:
    """A hash over name, size and time of every file that the intake would read; none is opened."""
    digest = hashlib.sha256()
    for programme in sorted(programmes()):
        for delivery in find_deliveries(settings.deliveries, programme):
            try:
                facts = delivery.path.stat()
                mark = f"{facts.st_size} {facts.st_mtime_ns}"
            except OSError:  # it has gone in between, or is a link to nothing
                mark = "–"
            digest.update(f"{programme}\0{delivery.file}\0{mark}\n".encode())
    return digest.hexdigest()


def failed_run_sensor(settings: Settings) -> dg.SensorDefinition:
    """Tell of each run that failed, whoever started it."""

    @dg.run_failure_sensor(
        name=FAILED_RUN,
        minimum_interval_seconds=_SECONDS[FAILED_RUN],
        monitor_all_code_locations=True,
        default_status=_status(settings),
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
    reasons = list(dict.fromkeys([*_failed_checks(context), *_reasons(context)]))
    return alerts.failed_run(run.run_id, run.job_name, reasons, settings)


def _failed_checks(context: dg.RunFailureSensorContext) -> Iterator[str]:
    descriptions = {check.name: check.description for check in blocking_checks()}
    for name in internals.failed_checks(context.instance, context.dagster_run.run_id):
        if name in descriptions:
            yield f"Nicht bestanden: Prüfung {name} ({descriptions[name]})"


def _reasons(context: dg.RunFailureSensorContext) -> Iterator[str]:
    """What each step that failed says for people; of any other error only the kind, for it may quote a cell."""
    for event in [*context.get_step_failure_events(), context.failure_event]:
        sentence, kind = internals.failure_of(event)
        if sentence is not None:
            yield sentence
        elif kind is not None:
            yield f"Fehler der Art „{kind}“."


def missed_night_sensor(settings: Settings, now: Clock = _now) -> dg.SensorDefinition:
    """Tell of a night that is over and has built nothing, unless a run of it failed, which has been told."""

    @dg.sensor(
        name=MISSED_NIGHT,
        minimum_interval_seconds=_SECONDS[MISSED_NIGHT],
        default_status=_status(settings),
        description="Meldet einmal, wenn bis 6 Uhr kein neuer Datenbestand veröffentlicht ist, ohne dass ein Lauf "
        "fehlgeschlagen wäre.",
    )
    def missed_night(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        begin, deadline = last_night(now())
        newest = next(iter(Warehouse(settings.warehouse).all_builds()), None)
        if newest is None or newest.made_at >= begin:
            return dg.SensorResult(skip_reason="Der Datenbestand ist von dieser Nacht.", cursor=context.cursor)
        if context.cursor == deadline.isoformat() or _has_failed(context.instance, begin):
            return dg.SensorResult(skip_reason="Ist schon gemeldet.", cursor=deadline.isoformat())
        outbox = Outbox(settings)
        outbox.put(alerts.missed_night(newest.made_at, deadline, settings))
        outbox.send()
        return dg.SensorResult(skip_reason="Gemeldet.", cursor=deadline.isoformat())

    return missed_night


def _has_failed(instance: dg.DagsterInstance, since: dt.datetime) -> bool:
    failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=since)
    return bool(instance.get_run_records(failed, limit=1))


def late_deliveries_sensor(settings: Settings, today: Callable[[], dt.date] = today_in_germany) -> dg.SensorDefinition:
    """Tell of each due delivery that is missing after its grace; and send again what could not be sent."""

    @dg.sensor(
        name=LATE_DELIVERIES,
        minimum_interval_seconds=_SECONDS[LATE_DELIVERIES],
        default_status=_status(settings),
        description="Meldet jede überfällige Lieferung einmal und schickt Meldungen nach, die nicht ankamen.",
    )
    def late_deliveries(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        told: dict[str, str] = json.loads(context.cursor) if context.cursor else {}
        day, due = today(), due_in(settings.warehouse / "internal.duckdb")
        late = {key: found for key, found in due.items() if due_state(found, day) == "late"}
        new = {key: found for key, found in late.items() if told.get(key) != str(found.due_on)}
        outbox = Outbox(settings)
        if new:
            outbox.put(alerts.late_deliveries(new, settings))
        waiting = outbox.send()
        cursor = json.dumps({key: str(found.due_on) for key, found in late.items()})
        outcome = f"überfällig: {len(late)}, davon neu gemeldet: {len(new)}, noch nicht verschickt: {waiting}"
        return dg.SensorResult(skip_reason=outcome, cursor=cursor)

    return late_deliveries


def due_in(internal: Path) -> dict[str, Due]:
    """Programme → what is due, from the internal file that was built last; nothing before the first build."""
    if not internal.exists():
        return {}
    with duckdb.connect(str(internal), read_only=True) as connection:
        rows = connection.execute(
            "SELECT programme, last_as_of, covered_through, due_on, late_after FROM quality.due ORDER BY programme"
        ).fetchall()
    return {programme: Due(*days) for programme, *days in rows}


def freshness_sensor(settings: Settings, now: Clock = _now) -> dg.SensorDefinition:
    """Let time pass: what was in time at the last run may be due now, and the published tables of yesterday."""

    @dg.sensor(
        name=FRESHNESS,
        minimum_interval_seconds=_SECONDS[FRESHNESS],
        default_status=_status(settings),
        description="Hält fest, was die Zeit ändert: fällige Lieferungen und den Datenbestand einer Nacht ohne Lauf.",
    )
    def freshness(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        at, current = now(), Warehouse(settings.warehouse).current()
        if current is None:
            return dg.SkipReason("Noch ist nichts gebaut.")
        due = due_in(settings.warehouse / "internal.duckdb")
        changed = report_on_time(context.instance, due, at.astimezone(ZONE).date())
        tables = report_build(context.instance, build_state(current.made_at, at))
        changed += [key.to_user_string() for key in tables]
        return dg.SkipReason(f"geändert: {', '.join(changed) or 'nichts'}")

    return freshness


def other_nights_sensor(settings: Settings) -> dg.SensorDefinition:
    """Show the nights that ran without the control room, be it before it was there or while it was off."""

    @dg.sensor(
        name=OTHER_NIGHTS,
        minimum_interval_seconds=_SECONDS[OTHER_NIGHTS],
        default_status=_status(settings),
        description="Zeigt die Datenbestände, die ohne den Leitstand entstanden sind.",
    )
    def other_nights(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        found = history.report_unknown_builds(context.instance, Warehouse(settings.warehouse))
        return dg.SkipReason(f"nachgetragen: {', '.join(found) or 'nichts'}")

    return other_nights


def dead_runs_sensor(settings: Settings) -> dg.SensorDefinition:
    """Mark runs as failed whose process is gone, or they would hold up the queue for good.

    A run holds the warehouse from its first step to its last; one that has been going on for minutes while nobody holds
    the warehouse is dead: the machine went down, or the process was killed.
    """

    @dg.sensor(
        name=DEAD_RUNS,
        minimum_interval_seconds=_SECONDS[DEAD_RUNS],
        default_status=_status(settings),
        description="Kennzeichnet Läufe als fehlgeschlagen, deren Prozess nicht mehr lebt.",
    )
    def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        gone = history.end_dead_runs(context.instance, settings, _now() - _DEAD_AFTER)
        return dg.SkipReason(f"beendet: {', '.join(gone) or 'keiner'}")

    return dead_runs


def old_runs_sensor(settings: Settings) -> dg.SensorDefinition:
    """Delete old runs now and then; a sensor, because a run of its own for this would be one more to keep."""

    @dg.sensor(
        name=OLD_RUNS,
        minimum_interval_seconds=_SECONDS[OLD_RUNS],
        default_status=_status(settings),
        description="Löscht alte Läufe und ihre Ereignisse aus dem Gedächtnis des Leitstands.",
    )
    def old_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        before = _now() - dt.timedelta(days=settings.keep_run_days)
        gone = history.forget_runs(context.instance, settings.control_room, before)
        return dg.SkipReason(f"gelöschte Läufe: {gone}")

    return old_runs
