"""Messages to people: a night failed, a delivery is late, something waits for a decision. Knows no Dagster.

Belongs here: what a message says, and telling what waits once per occasion. Does not belong here: the ways out
(`outbox.py`), and when to look; that is for `sensors.py`, and for `kim run` where no control room is.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Mapping, Sequence

from kim_pipeline import german
from kim_pipeline.board.page import current_rows
from kim_pipeline.board.reminders import Reminder, reminders_of
from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.due import Due
from kim_pipeline.files import Store, locked, private_folder
from kim_pipeline.guard.holds import Hold, HoldKind, load_holds
from kim_pipeline.orchestration.outbox import Alert, Outbox
from kim_pipeline.settings import ZONE, Settings, day_at

_LOG = logging.getLogger(__name__)
_STAGES = (14, 3, 0)
"""Days after which what waits for a decision is told again, and when it begins."""
_COORDINATOR = "Die Koordination."
_OPERATOR = "Die Betreuung des Datenbestands."
_HELP = "docs/operations.md, Abschnitt „The night was red“"
_BUSY = "anderer Lauf"
"""What the error says of a run that met another one."""


def failed_run(run_id: str, job: str, reasons: Sequence[str], settings: Settings) -> Alert:
    """What is told of a failed run.

    Args:
        run_id: of the run.
        job: its name.
        reasons: why it failed, in German.
        settings: for the link.
    """
    is_busy = any(_BUSY in reason for reason in reasons)
    return Alert(
        event=f"run {run_id}",
        title="Der Lauf ist fehlgeschlagen",
        happened="\n".join(reasons) or "Der Lauf ist abgebrochen.",
        about=f"Lauf {run_id[:8]} ({job}). Veröffentlicht bleibt der letzte gute Datenbestand.",
        turn=_OPERATOR,
        todo="Nichts, wenn der andere Lauf gelingt." if is_busy else f"Nach der Tabelle in {_HELP} vorgehen.",
        link=_page(settings, f"runs/{run_id}"),
    )


def stopped_night(as_of: dt.date, happened: str) -> Alert:
    """What is told of a night that stopped for a person's word, where no control room tells of its run.

    Args:
        as_of: day of the run.
        happened: which ones, in German.
    """
    return Alert(
        event=f"stopped {as_of}",
        title="Der Lauf wartet auf eine Entscheidung; nichts ist veröffentlicht",
        happened=happened,
        about="Veröffentlicht bleibt der letzte gute Datenbestand; nichts ist entfernt.",
        turn=_OPERATOR,
        todo="Den Ordner der Lieferungen prüfen und den Lauf wiederholen, oder mit kim accept bestätigen.",
    )


def broken_configuration(as_of: dt.date, happened: str) -> Alert:
    """What is told of a night that did not begin because the county's folder has faults, likewise.

    Args:
        as_of: day of the run.
        happened: what is wrong, in German.
    """
    return Alert(
        event=f"configuration {as_of}",
        title="Die Angaben des Kreises sind fehlerhaft; nichts ist veröffentlicht",
        happened=happened,
        about="Veröffentlicht bleibt der letzte gute Datenbestand; keine Lieferung ist deshalb zurückgewiesen.",
        turn=_OPERATOR,
        todo="Die genannten Dateien berichtigen, mit „kim county check“ prüfen und den Lauf wiederholen.",
    )


def missed_night(built_at: dt.datetime, deadline: dt.datetime, settings: Settings) -> Alert:
    """What is told of a night that built nothing."""
    built, by = built_at.astimezone(ZONE), deadline.astimezone(ZONE)
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


def _day(day: dt.date | None) -> str:
    return german.day(day) if day else "–"


def late_deliveries(late: Mapping[str, Due], settings: Settings) -> Alert:
    """What is told of deliveries that became late together; programme → what is due."""
    names = [programmes()[key].title for key in late]
    lines = [
        f"{name} (Ordner {key}): fällig am {_day(due.due_on)}, Nachfrist bis {_day(due.late_after)}, "
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
    """A page of the control room, if its address is known."""
    return f"{str(settings.public_url).rstrip('/')}/{path}" if settings.public_url else None


def tell_waiting(settings: Settings, today: dt.date) -> int:
    """Tell what waits for a decision, and remind offices, each once per occasion; send what waits to be sent.

    Where another process is at it, nothing is done here.

    Args:
        settings: folders and ways.
        today: the day in Germany.

    Returns:
        How many alerts still wait to be sent.

    Raises:
        OSError: the warehouse folder cannot be written to.
        duckdb.Error: the internal file of the published build cannot be read.
    """
    outbox = Outbox(settings)
    private_folder(outbox.folder)
    try:
        with locked(outbox.folder / ".lock"):
            for occasions, alert in [*_held_alerts(settings, today), *_reminder_alerts(settings, today)]:
                if outbox.not_told(occasions):
                    outbox.put(alert)
                    outbox.note_told(occasions)
            return outbox.send()
    except BlockingIOError:
        _LOG.info("another process is telling what waits")
        return 0


def _held_alerts(settings: Settings, today: dt.date) -> Iterator[tuple[list[str], Alert]]:
    """What waits for a decision, by programme and by how long; with the occasions on which each is told."""
    together: dict[tuple[HoldKind, str | None, int], list[Hold]] = {}
    for hold in load_holds(Store(settings.warehouse)):
        days = (today - _first_day(hold)).days
        stage = next((stage for stage in _STAGES if days >= stage), 0)
        if stage or hold.kind == "file":  # that a night stopped is told by the night
            together.setdefault((hold.kind, hold.programme, stage), []).append(hold)
    for (kind, programme, stage), holds in together.items():
        occasions = [f"held {kind} {programme} {h.sha256} {h.since.isoformat()} {stage}" for h in holds]
        first = min(map(_first_day, holds))
        yield occasions, waiting_decision(kind, programme, first, stage, settings)


def _first_day(hold: Hold) -> dt.date:
    return day_at(hold.since)


def waiting_decision(kind: HoldKind, programme: str | None, since: dt.date, stage: int, settings: Settings) -> Alert:
    """What is told of something that waits for a decision: when it begins, after three days, after fourteen.

    Args:
        kind: what is asked.
        programme: its key; None for a change.
        since: first day.
        stage: days after which it is told again; 0 when it begins.
        settings: for the link.
    """
    title = f"{programmes()[programme].title} (Ordner {programme})" if programme in programmes() else "Alle Programme"
    what = f"{_WAITS[kind][0]}: {title}"
    again = f"Seit {german.counted(stage, 'Tag', 'Tagen')} ohne Entscheidung: " if stage else ""
    return Alert(
        event=f"held {kind} {programme} {since} {stage}",
        title=f"{again}{what}",
        happened=_WAITS[kind][1],
        about=f"{title}, seit {german.day(since)}.",
        turn=_COORDINATOR if kind == "file" else _OPERATOR,
        todo="kim accept --list zeigt, was wegfiele und wie man entscheidet; entscheiden kann man auch im Leitstand "
        "mit dem Job accept. Die Tafel (board.html) zeigt, was sonst wartet.",
        link=_page(settings, f"assets/deliveries/{programme}" if programme in programmes() else "jobs"),
        is_for_deputy=stage > 0,
    )


_WAITS: dict[HoldKind, tuple[str, str]] = {
    "file": (
        "Angehaltene Lieferung",
        "Eine neue Lieferung ist angehalten, weil mit ihr veröffentlichte Angaben wegfielen. Was bisher zählte, zählt "
        "weiter, bis jemand entscheidet.",
    ),
    "missing": (
        "Fehlende Lieferungen halten den Lauf an",
        "Lieferungen, die bisher zählten, fehlen. Seither erscheint kein neuer Datenbestand.",
    ),
    "change": (
        "Eine Änderung hält den Lauf an",
        "Programm, Kreisordner oder Einstellungen sind geändert, und veröffentlichte Angaben fielen weg. Seither "
        "erscheint kein neuer Datenbestand.",
    ),
}
"""Kind of hold → what it is called, and what has happened."""


def _reminder_alerts(settings: Settings, today: dt.date) -> Iterator[tuple[list[str], Alert]]:
    """A mail per office whose delivery is due, once per due date and week."""
    rows = current_rows(settings, today) if settings.remind else None
    for reminder in reminders_of(rows or ()):
        due = reminder.row.due if reminder.row else None
        if due is not None and due.due_on is not None:
            week = (today - due.due_on - dt.timedelta(days=1)).days // 7
            yield [f"remind {reminder.programme} {due.due_on} {week}"], reminder_mail(reminder, settings)


def reminder_mail(reminder: Reminder, settings: Settings) -> Alert:
    """A reminder as a mail: to the office where its address is known, else to the coordinator, for passing on."""
    return Alert(
        event=f"remind {reminder.programme}",
        title=reminder.subject,
        happened="",
        about="",
        turn="",
        todo="",
        to=settings.remind_to.get(reminder.programme) or settings.smtp_to,
        letter=reminder.text,
    )
