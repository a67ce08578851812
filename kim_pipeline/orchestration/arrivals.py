"""What starts the job: the clock at night, and a delivery that has arrived by day.

Belongs here: the schedule, and the sensor that looks at names, sizes and times of files. Nothing is opened here.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

import dagster as dg

from kim_pipeline.contracts import programmes
from kim_pipeline.intake.intake import find_deliveries
from kim_pipeline.orchestration.freshness import ZONE
from kim_pipeline.orchestration.switches import schedule_status, sensor_status
from kim_pipeline.settings import Settings

NEW_DELIVERIES = "new_deliveries"
_SECONDS = 60
"""Between two looks at the folder; a file that is the same at both has stopped growing."""


@dataclass(frozen=True)
class Look:
    """What the sensor remembers, each as a hash over the names, sizes and times of all files.

    Attributes:
        seen: the folder at the last look.
        started: the folder for which the job was started last.
        key: run key of that start; each follows from the one before, so that a folder that is again as it was before
            starts the job again, and a look that is repeated after a crash does not.
    """

    seen: str = ""
    started: str = ""
    key: str = ""


def nightly_schedule(job: dg.UnresolvedAssetJobDefinition, settings: Settings) -> dg.ScheduleDefinition:
    """Two o'clock in Germany; on the night without that hour at three, on the night that has it twice once."""
    return dg.ScheduleDefinition(
        name=job.name,
        job=job,
        cron_schedule="0 2 * * *",
        execution_timezone=ZONE,
        default_status=schedule_status(settings),
        description="Startet den nächtlichen Lauf um 2 Uhr deutscher Zeit.",
    )


def new_deliveries_sensor(job: dg.UnresolvedAssetJobDefinition, settings: Settings) -> dg.SensorDefinition:
    """Start the job when the folder of deliveries has changed and has then been the same for two looks."""

    @dg.sensor(
        name=NEW_DELIVERIES,
        job=job,
        minimum_interval_seconds=_SECONDS,
        default_status=sensor_status(settings),
        description="Startet den Lauf, wenn im Ordner der Lieferungen eine Datei neu oder geändert ist und nicht mehr "
        "wächst.",
    )
    def new_deliveries(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        before = Look(**json.loads(context.cursor)) if context.cursor else Look()
        now = folder_state(settings)
        if now == before.started:
            return _result(Look(now, before.started, before.key), "Seit dem letzten Start ist nichts Neues gekommen.")
        if now != before.seen:
            return _result(Look(now, before.started, before.key), "Neues ist gekommen; beim nächsten Blick mehr.")
        key = hashlib.sha256(f"{before.key}\0{now}".encode()).hexdigest()[:32]
        return _result(Look(now, now, key), dg.RunRequest(run_key=key))

    return new_deliveries


def _result(look: Look, outcome: str | dg.RunRequest) -> dg.SensorResult:
    cursor = json.dumps(asdict(look))
    if isinstance(outcome, str):
        return dg.SensorResult(skip_reason=outcome, cursor=cursor)
    return dg.SensorResult(run_requests=[outcome], cursor=cursor)


def folder_state(settings: Settings) -> str:
    """A hash over name, size and time of every file that the intake would read."""
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
