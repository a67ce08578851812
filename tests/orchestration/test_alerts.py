"""What people are told when a night fails or a delivery is late: once, in German, by log, mail and webhook."""

from __future__ import annotations

import datetime as dt
import json
import logging
import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from aiosmtpd.controller import Controller

from kim_pipeline.orchestration.definitions import build_defs
from kim_pipeline.orchestration.outbox import Alert, Outbox
from kim_pipeline.orchestration.sensors import FAILED_RUN, late_deliveries_sensor, missed_night_sensor
from kim_pipeline.publishing.builds import Warehouse
from kim_pipeline.settings import Settings
from kim_pipeline.warehouse import checks
from kim_pipeline.warehouse.checks import Check
from tests.nights import run, small_sample

ALERT = Alert("e", "Überfällige Lieferung: FIT", "Sie fehlt.", "FIT (Ordner fit)", "Das Programm FIT.", "Liefern.")


class Mailbox:
    """Keeps what the mail server gets."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def mail_settings(settings: Settings) -> Settings:
    """Settings for a mail server that is not there yet."""
    mail = {"smtp_host": "127.0.0.1", "smtp_port": free_port(), "smtp_tls": False}
    people = {"smtp_from": "kim@kreis.example", "smtp_to": "betreuung@kreis.example, ki@kreis.example"}
    return Settings(**settings.model_dump() | mail | people)


class MailServer:
    """A mail server on the port that the settings name, while the block lasts."""

    def __init__(self, settings: Settings) -> None:
        self.box = Mailbox()
        self._controller = Controller(self.box, hostname="127.0.0.1", port=settings.smtp_port)

    def __enter__(self) -> Mailbox:
        self._controller.start()
        return self.box

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


@pytest.fixture
def posted() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A webhook's address, and what it received."""
    received: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", received
    server.shutdown()
    server.server_close()


def due_file(settings: Settings, *rows: tuple[str, str | None, str | None]) -> None:
    """An internal file in which nothing stands but what is due: programme, last Stand, due day; 14 days of grace."""
    settings.warehouse.mkdir(exist_ok=True)
    with duckdb.connect(str(settings.warehouse / "internal.duckdb")) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS quality")
        connection.execute(
            "CREATE OR REPLACE TABLE quality.due (programme VARCHAR, last_as_of DATE, covered_through DATE, "
            "due_on DATE, late_after DATE, is_late BOOLEAN)"
        )
        connection.executemany(
            "INSERT INTO quality.due SELECT $1, $2, $2, $3::DATE, $3::DATE + 14, false", [list(row) for row in rows]
        )


class LateWatch:
    """The sensor for late deliveries from tick to tick."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.cursor = settings, ""

    def tick(self, today: str) -> None:
        sensor = late_deliveries_sensor(self.settings, lambda: dt.date.fromisoformat(today))
        self.cursor = sensor.evaluate_tick(dg.build_sensor_context(cursor=self.cursor)).cursor or ""

    @property
    def told(self) -> str:
        log = self.settings.logs / "alerts.log"
        return log.read_text(encoding="utf-8") if log.exists() else ""


def test_a_late_delivery_is_told_once_and_the_next_one_again(settings: Settings) -> None:
    watch = LateWatch(settings)
    watch.tick("2024-10-15")  # before the first build
    due_file(settings, ("fit", "2023-09-12", "2024-09-30"), ("komm_an", None, "2025-03-31"))
    watch.tick("2024-10-14")
    assert watch.told == ""
    watch.tick("2024-10-15")
    assert watch.told.count("===") == 1
    for part in (
        "Überfällige Lieferung: FIT (Frühkindliches Integrationstraining)",
        "(Ordner fit): fällig am 30.09.2024, Nachfrist bis 14.10.2024, letzter Stand 12.09.2023.",
        "Das Programm FIT (Frühkindliches Integrationstraining).",
        f"Eine Datei mit neuerem Stand in den Ordner des Programms unter {settings.deliveries} legen.",
    ):
        assert part in watch.told
    watch.tick("2024-10-16")
    assert watch.told.count("===") == 1
    due_file(settings, ("fit", "2024-10-17", "2025-09-30"), ("komm_an", None, "2025-03-31"))
    watch.tick("2024-10-18")
    watch.tick("2025-10-15")
    assert watch.told.count("===") == 2
    assert "2 überfällige Lieferungen" in watch.told
    assert "(Ordner komm_an): fällig am 31.03.2025, Nachfrist bis 14.04.2025, noch nie geliefert." in watch.told


def test_nothing_is_told_of_a_programme_that_is_done_with(settings: Settings) -> None:
    due_file(settings, ("durchstarten", "2024-01-31", None), ("fit", "2023-09-12", "2024-09-30"))
    watch = LateWatch(settings)
    watch.tick("2030-10-15")
    assert "Überfällige Lieferung: FIT" in watch.told
    assert "Durchstarten" not in watch.told


def test_a_mail_says_what_whose_turn_and_what_to_do(mail_settings: Settings) -> None:
    outbox = Outbox(mail_settings)
    outbox.put(ALERT)
    with MailServer(mail_settings) as box:
        assert outbox.send() == 0
        assert outbox.send() == 0
    (mail,) = box.mails
    assert (mail["Subject"], mail["To"]) == ("KIM: Überfällige Lieferung: FIT", mail_settings.smtp_to)
    text = mail.get_content().replace("\r\n", "\n")
    assert text.index("Was ist passiert") < text.index("Wer ist am Zug:\nDas Programm FIT.") < text.index("Liefern.")


def test_a_mail_server_that_is_down_breaks_nothing_and_is_tried_again(
    mail_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    due_file(mail_settings, ("fit", "2023-09-12", "2024-09-30"))
    watch = LateWatch(mail_settings)
    with caplog.at_level(logging.WARNING):
        watch.tick("2024-10-15")
    assert "could not be sent by mail and will be tried again: ConnectionRefusedError" in caplog.text
    assert watch.told.count("===") == 1
    with MailServer(mail_settings) as box:
        watch.tick("2024-10-15")
        watch.tick("2024-10-15")
    assert [mail["Subject"] for mail in box.mails] == [
        "KIM: Überfällige Lieferung: FIT (Frühkindliches Integrationstraining)"
    ]


def test_what_one_way_has_sent_the_other_does_not_send_again(
    mail_settings: Settings, posted: tuple[str, list[dict[str, Any]]]
) -> None:
    url, received = posted
    outbox = Outbox(Settings(**mail_settings.model_dump() | {"webhook_url": url}))
    outbox.put(ALERT)
    assert outbox.send() == 1
    with MailServer(mail_settings) as box:
        assert outbox.send() == 0
    assert len(box.mails) == len(received) == 1
    assert received[0]["turn"] == "Das Programm FIT."
    assert received[0]["text"].startswith("Überfällige Lieferung: FIT\n\nWas ist passiert:\nSie fehlt.")


def test_after_a_week_it_is_given_up(mail_settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    outbox = Outbox(mail_settings)
    outbox.put(ALERT)
    (waiting,) = outbox.folder.glob("*.json")
    content = json.loads(waiting.read_text())
    content["at"] = (dt.datetime.now(dt.UTC) - dt.timedelta(days=8)).isoformat()
    waiting.write_text(json.dumps(content))
    assert outbox.send() == 0
    assert "gave up on sending by mail" in caplog.text


def test_alerts_are_for_the_operator_s_eyes(mail_settings: Settings) -> None:
    outbox = Outbox(mail_settings)
    outbox.put(ALERT)
    modes = {path: path.stat().st_mode & 0o077 for path in (outbox.folder, outbox.log.parent)}
    assert set(modes.values()) == {0}


def test_without_mail_and_webhook_there_is_only_the_log(settings: Settings) -> None:
    outbox = Outbox(settings)
    outbox.put(ALERT)
    assert outbox.send() == 0
    assert not outbox.folder.exists()
    assert ALERT.text in outbox.log.read_text(encoding="utf-8")


def test_half_a_mail_server_is_a_wrong_setting() -> None:
    with pytest.raises(ValueError, match="KIM_SMTP_FROM und KIM_SMTP_TO"):
        Settings(smtp_host="mail.example")


class NightWatch:
    """The sensor for missed nights from tick to tick, over builds that are there by name only."""

    def __init__(self, settings: Settings, instance: dg.DagsterInstance) -> None:
        self.settings, self.instance, self.cursor = settings, instance, ""

    def built(self, *stamps: str) -> None:
        builds = self.settings.warehouse / "builds"
        builds.mkdir(parents=True, exist_ok=True)
        for stamp in stamps:
            (builds / f"kim_{stamp}_{'0' * 12}.duckdb").touch()

    def tick(self, at: str) -> int:
        """The number of alerts so far, after a tick at an instant."""
        sensor = missed_night_sensor(self.settings, lambda: dt.datetime.fromisoformat(at))
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor)
        self.cursor = sensor.evaluate_tick(context).cursor or ""
        return self.told.count("===")

    @property
    def told(self) -> str:
        log = self.settings.logs / "alerts.log"
        return log.read_text(encoding="utf-8") if log.exists() else ""


def test_a_night_that_built_nothing_is_told_once(settings: Settings, instance: dg.DagsterInstance) -> None:
    watch = NightWatch(settings, instance)
    assert watch.tick("2026-05-04T06:10+02:00") == 0  # nothing was ever built
    watch.built("20260504T000130Z")
    assert watch.tick("2026-05-04T06:10+02:00") == 0
    assert watch.tick("2026-05-05T05:59+02:00") == 0
    assert watch.tick("2026-05-05T06:01+02:00") == 1
    assert watch.tick("2026-05-05T06:11+02:00") == 1
    for part in (
        "Bis zum 05.05.2026, 06:00 Uhr, ist kein neuer Datenbestand veröffentlicht",
        "Veröffentlicht ist der Datenbestand vom 04.05.2026, 02:01 Uhr.",
        "Die Betreuung des Datenbestands.",
        "kim run",
    ):
        assert part in watch.told
    assert watch.tick("2026-05-06T06:01+02:00") == 2
    watch.built("20260506T080000Z")
    assert watch.tick("2026-05-06T10:10+02:00") == 2


def test_a_failed_run_of_the_night_is_not_told_twice(settings: Settings, instance: dg.DagsterInstance) -> None:
    watch = NightWatch(settings, instance)
    watch.built("20260504T000130Z")
    failing = dg.Definitions(assets=[broken_asset]).resolve_implicit_global_asset_job_def()
    assert not failing.execute_in_process(instance=instance, raise_on_error=False).success
    now = dt.datetime.now(dt.UTC)
    assert watch.tick(now.isoformat()) == 0
    assert watch.tick((now + dt.timedelta(days=2)).isoformat()) == 1


@dg.asset
def broken_asset() -> None:
    """Fails."""
    raise ValueError("on purpose")


class FailureWatch:
    """The sensor for failed runs, from tick to tick."""

    def __init__(self, settings: Settings, instance: dg.DagsterInstance) -> None:
        self.definitions = build_defs(settings).get_repository_def()
        self.instance, self.cursor = instance, ""
        self.log = settings.logs / "alerts.log"
        self.tick()

    def tick(self) -> str:
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, repository_def=self.definitions, sensor_name=FAILED_RUN
        )
        result = self.definitions.get_sensor_def(FAILED_RUN).evaluate_tick(context)
        self.cursor = result.cursor or self.cursor
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as kept:
        yield kept


def test_a_failed_run_is_told_once(
    tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = small_sample(tmp_path)
    watch = FailureWatch(settings, instance)
    sql = "SELECT 'geheim' AS wrong"
    broken = Check("broken_on_purpose", "Bricht immer.", sql, "staging.fit_groups")
    monkeypatch.setattr(checks, "accounting_checks", lambda: [broken])
    assert not run(settings, instance).success
    told = watch.tick()
    assert "Nicht bestanden: Prüfung broken_on_purpose (Bricht immer.)" in told
    assert "Veröffentlicht bleibt der letzte gute Datenbestand." in told
    assert "Die Betreuung des Datenbestands." in told
    assert "docs/operations.md" in told
    assert "geheim" not in told
    assert watch.tick() == told


def test_a_run_that_met_another_one_asks_for_nothing(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    settings = small_sample(tmp_path)
    watch = FailureWatch(settings, instance)
    with Warehouse(settings.warehouse).lock():
        assert not run(settings, instance).success
    told = watch.tick()
    assert "Ein anderer Lauf arbeitet gerade" in told
    assert "Nichts, wenn der andere Lauf gelingt." in told
