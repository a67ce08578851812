"""The ways out: each alert is written to the log at once, and sent by mail and webhook until it arrives.

Belongs here: sending, what waits, and what was told already. No alert keeps another one waiting, and a damaged file is
put aside. Does not belong here: what is told (`alerts.py`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import http.client
import json
import logging
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from kim_pipeline import german
from kim_pipeline.files import Store, append, move, private_folder
from kim_pipeline.settings import ZONE, Settings

_LOG = logging.getLogger(__name__)
_TIMEOUT = 10.0
_GIVE_UP = dt.timedelta(days=7)
_FORGET = dt.timedelta(days=800)
_REFUSED = (
    smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPSenderRefused, urllib.error.HTTPError, ValueError,
)  # fmt: skip
"""What is wrong with one alert: its recipient, its content. The way is there for the others."""
_UNREACHABLE = (OSError, smtplib.SMTPException, http.client.HTTPException)
"""What is wrong with a way; each of `_REFUSED` that is one of these is looked for first."""


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
        to: who gets it by mail instead of `KIM_SMTP_TO`, and by no other way.
        is_for_deputy: whether `KIM_SMTP_DEPUTY` gets it, too.
        letter: the whole text, where it is not of this form.
    """

    event: str
    title: str
    happened: str
    about: str
    turn: str
    todo: str
    link: str | None = None
    to: str | None = None
    is_for_deputy: bool = False
    letter: str | None = None

    @property
    def text(self) -> str:
        """The message as people read it."""
        if self.letter is not None:
            return self.letter
        parts = {
            "Was ist passiert": self.happened,
            "Worum geht es": self.about,
            "Wer ist am Zug": self.turn,
            "Was ist zu tun": self.todo,
            "Mehr dazu": self.link,
        }
        return "\n\n".join(f"{label}:\n{text}" for label, text in parts.items() if text)


class Outbox:
    """Alerts on their way: written to the log at once, sent by mail and webhook when these can be reached.

    Attributes:
        log: every alert, for the operator.
        folder: those that wait; a file in it that cannot be read is renamed to `*.damaged`.
    """

    def __init__(self, settings: Settings) -> None:
        """Bind to the settings; nothing is written yet."""
        self.log = settings.logs / "alerts.log"
        self.folder = settings.warehouse / "alerts"
        self._told = self.folder / "told"
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
        ways = sorted(way for way in self._ways if way == "mail" or alert.to is None)
        if ways:
            private_folder(self.folder)
            name = f"{now:%Y%m%dT%H%M%S}_{hashlib.sha256(alert.event.encode()).hexdigest()[:16]}.json"
            self._keep(self.folder / name, {"alert": asdict(alert), "at": now.isoformat(), "ways": ways})

    def send(self) -> int:
        """Try to send what waits, the oldest first; the number that still waits.

        A way that cannot be reached is logged and left alone until the next call; an alert that it refuses waits alone.
        """
        broken: set[str] = set()
        for path in sorted(self.folder.glob("*.json")):
            try:
                waiting = json.loads(path.read_bytes())
                alert, named = Alert(**waiting["alert"]), set(waiting["ways"])
                put_at = dt.datetime.fromisoformat(waiting["at"])
                expired = dt.datetime.now(dt.UTC) - put_at > _GIVE_UP
            except FileNotFoundError:  # another process has just sent it
                continue
            except (ValueError, KeyError, TypeError) as error:
                _LOG.error("%s is no alert (%s) and is put aside; the log has all", path.name, type(error).__name__)
                move(path, path.with_suffix(".damaged"))
                continue
            left = [way for way in sorted(named & self._ways.keys()) if not self._reaches(way, alert, broken)]
            if left and not expired:
                self._keep(path, {**waiting, "ways": left})
                continue
            if left:
                _LOG.error("gave up on sending by %s after %s: %s", ", ".join(left), _GIVE_UP, alert.title)
            path.unlink(missing_ok=True)
        return len(list(self.folder.glob("*.json")))

    def not_told(self, occasions: Collection[str]) -> list[str]:
        """Those of some occasions that were not told yet, in their order."""
        return [occasion for occasion in occasions if not self._mark(occasion).exists()]

    def note_told(self, occasions: Collection[str]) -> None:
        """Remember that they were told; what is old is forgotten."""
        private_folder(self.folder)
        private_folder(self._told)
        for occasion in occasions:
            self._store.write(self._mark(occasion), b"")
        before = (dt.datetime.now(dt.UTC) - _FORGET).timestamp()
        for mark in self._told.iterdir():
            if mark.stat().st_mtime < before:
                mark.unlink()

    def _mark(self, occasion: str) -> Path:
        return self._told / hashlib.sha256(occasion.encode()).hexdigest()[:32]

    def _keep(self, path: Path, content: dict[str, Any]) -> None:
        self._store.write(path, json.dumps(content, ensure_ascii=False).encode())

    def _reaches(self, way: str, alert: Alert, broken: set[str]) -> bool:
        if way in broken:
            return False
        try:
            self._ways[way](alert)
        except _REFUSED as error:
            _LOG.warning("an alert was refused by %s and will be tried again: %s", way, type(error).__name__)
            return False
        except _UNREACHABLE as error:
            broken.add(way)
            _LOG.warning("an alert could not be sent by %s and will be tried again: %s", way, type(error).__name__)
            return False
        return True


def _mail(alert: Alert, settings: Settings) -> None:
    message = EmailMessage()
    message["Subject"] = f"KIM: {alert.title}"
    message["From"] = settings.smtp_from
    deputy = settings.smtp_deputy if alert.is_for_deputy else None
    message["To"] = ", ".join(filter(None, (alert.to or settings.smtp_to, deputy)))
    message["Date"] = dt.datetime.now(dt.UTC)
    message.set_content(alert.text + "\n", cte="quoted-printable")
    with smtplib.SMTP(settings.smtp_host or "", settings.smtp_port, timeout=_TIMEOUT) as server:
        if settings.smtp_tls:
            server.starttls(context=ssl.create_default_context())
        if settings.smtp_user and settings.smtp_password:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        server.send_message(message)


def _post(alert: Alert, url: str) -> None:
    facts = {name: value for name, value in asdict(alert).items() if name not in ("to", "is_for_deputy", "letter")}
    body = json.dumps({**facts, "text": f"{alert.title}\n\n{alert.text}"}, ensure_ascii=False).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json; charset=utf-8"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=_TIMEOUT):  # noqa: S310  (`HttpUrl` allows http and https only)
        pass
