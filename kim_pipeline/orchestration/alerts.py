"""Messages to people when a night fails or a delivery is late. Knows no Dagster.

Belongs here: what a message says, the log, and the ways out (mail, webhook), each tried until it succeeds. Does not
belong here: when there is something to tell; that is for `sensors.py`, and for `kim run` where no control room is.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import smtplib
import ssl
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from kim_pipeline import german
from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.due import Due
from kim_pipeline.files import Store, append, private_folder
from kim_pipeline.settings import ZONE, Settings

_LOG = logging.getLogger(__name__)
_TIMEOUT = 10.0
_GIVE_UP = dt.timedelta(days=7)
_UNREACHABLE = (OSError, smtplib.SMTPException)
_OPERATOR = "Die Betreuung des Datenbestands."
_HELP = "docs/operations.md, Abschnitt „The night was red“"
_BUSY = "anderer Lauf"
"""What the error says of a run that met another one."""


@dataclass(frozen=True)
class Alert:
    """One message, in German.

    Attributes:
        event: tells one event from another; the same event is sent once.
        title: what happened, in a few words.
        happened: what happened.
        about: which delivery or run.
        turn: whose turn it is.
        todo: what to do.
        link: page of the control room, if its address is known.
    """

    event: str
    title: str
    happened: str
    about: str
    turn: str
    todo: str
    link: str | None = None

    @property
    def text(self) -> str:
        """The message as people read it."""
        parts = {
            "Was ist passiert": self.happened,
            "Worum geht es": self.about,
            "Wer ist am Zug": self.turn,
            "Was ist zu tun": self.todo,
            "Mehr dazu": self.link,
        }
        return "\n\n".join(f"{label}:\n{text}" for label, text in parts.items() if text)


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


def late_deliveries(late: Mapping[str, Due], settings: Settings) -> Alert:
    """What is told of deliveries that became late together; programme → what is due."""
    names = [programmes()[key].title for key in late]
    lines = [
        f"{name} (Ordner {key}): fällig am {german.day_or_dash(due.due_on)}, "
        f"Nachfrist bis {german.day_or_dash(due.late_after)}, "
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


class Outbox:
    """Alerts on their way: written to the log at once, sent by mail and webhook when these can be reached."""

    def __init__(self, settings: Settings) -> None:
        """Bind to the settings; nothing is written yet."""
        self.log = settings.logs / "alerts.log"
        self.folder = settings.warehouse / "alerts"
        self._store = Store(settings.warehouse)
        self._ways: dict[str, Callable[[Alert], None]] = {}
        if settings.smtp_host:
            self._ways["mail"] = lambda alert: _mail(alert, settings)
        if settings.webhook_url:
            self._ways["webhook"] = lambda alert: _post(alert, str(settings.webhook_url))

    def put(self, alert: Alert) -> None:
        """Write an alert to the log, and keep it for `send`."""
        now = dt.datetime.now(dt.UTC)
        private_folder(self.log.parent)
        append(self.log, f"=== {german.moment(now.astimezone(ZONE))} {alert.title}\n\n{alert.text}\n\n")
        if self._ways:
            private_folder(self.folder)
            name = f"{now:%Y%m%dT%H%M%S}_{hashlib.sha256(alert.event.encode()).hexdigest()[:16]}.json"
            self._keep(self.folder / name, {"alert": asdict(alert), "at": now.isoformat(), "ways": sorted(self._ways)})

    def send(self) -> int:
        """Try to send what waits, the oldest first; the number that still waits.

        A way that cannot be reached is logged and left alone until the next call.
        """
        broken: set[str] = set()
        for path in sorted(self.folder.glob("*.json")):
            waiting = json.loads(path.read_text(encoding="utf-8"))
            alert = Alert(**waiting["alert"])
            ways = [way for way in waiting["ways"] if way in self._ways]
            left = [way for way in ways if way in broken or not self._reaches(way, alert, broken)]
            expired = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(waiting["at"]) > _GIVE_UP
            if left and not expired:
                self._keep(path, {**waiting, "ways": left})
                continue
            if left:
                _LOG.error("gave up on sending by %s after %s: %s", ", ".join(left), _GIVE_UP, alert.title)
            path.unlink()
        return len(list(self.folder.glob("*.json")))

    def _keep(self, path: Path, content: dict[str, Any]) -> None:
        self._store.write(path, json.dumps(content, ensure_ascii=False).encode())

    def _reaches(self, way: str, alert: Alert, broken: set[str]) -> bool:
        try:
            self._ways[way](alert)
        except _UNREACHABLE as error:
            broken.add(way)
            _LOG.warning("an alert could not be sent by %s and will be tried again: %s", way, type(error).__name__)
            return False
        return True


def _mail(alert: Alert, settings: Settings) -> None:
    message = EmailMessage()
    message["Subject"] = f"KIM: {alert.title}"
    message["From"] = settings.smtp_from
    message["To"] = settings.smtp_to
    message["Date"] = dt.datetime.now(dt.UTC)
    message.set_content(alert.text + "\n", cte="quoted-printable")
    with smtplib.SMTP(settings.smtp_host or "", settings.smtp_port, timeout=_TIMEOUT) as server:
        if settings.smtp_tls:
            server.starttls(context=ssl.create_default_context())
        if settings.smtp_user and settings.smtp_password:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        server.send_message(message)


def _post(alert: Alert, url: str) -> None:
    body = json.dumps({**asdict(alert), "text": f"{alert.title}\n\n{alert.text}"}, ensure_ascii=False).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json; charset=utf-8"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=_TIMEOUT):  # noqa: S310  (`HttpUrl` allows http and https only)
        pass
