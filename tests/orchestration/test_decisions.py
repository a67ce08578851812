"""What waits for a person's word: told when it begins and again, shown in the control room, decided there by a job."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from kim_pipeline import cli
from kim_pipeline.files import Store
from kim_pipeline.guard.acceptances import load_acceptances
from kim_pipeline.guard.holds import Hold, load_holds
from kim_pipeline.orchestration.alerts import tell_waiting
from kim_pipeline.orchestration.decisions import ACCEPT
from kim_pipeline.orchestration.definitions import build_defs
from kim_pipeline.orchestration.outbox import Alert, Outbox
from kim_pipeline.orchestration.parts import ACCEPTED, DECIDED, ON_TIME
from kim_pipeline.orchestration.sensors import FAILED_RUN, open_decisions_sensor
from kim_pipeline.settings import Settings
from tests.nights import run
from tests.nights_held import DAY, HELD, REJECTED, held_sample
from tests.orchestration.test_alerts import MailServer, free_port

NOON = dt.datetime(2024, 5, 2, 10, tzinfo=dt.UTC)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as kept:
        yield kept


def mailing(settings: Settings, **more: object) -> Settings:
    """The same settings with a mail server, its recipients and a deputy."""
    mail = {"smtp_host": "127.0.0.1", "smtp_port": free_port(), "smtp_tls": False}
    people = {
        "smtp_from": "kim@kreis.example",
        "smtp_to": "ki@kreis.example",
        "smtp_deputy": "vertretung@kreis.example",
    }
    return Settings.model_validate(settings.model_dump() | mail | people | more)


def waits(settings: Settings, *holds: Hold) -> None:
    """Write what waits, as a night does."""
    store = Store(settings.warehouse)
    store.state.mkdir(parents=True, exist_ok=True)
    records = [dataclasses.asdict(hold) | {"since": hold.since.isoformat()} for hold in holds]
    store.write(store.state / "holds.json", json.dumps(records).encode())


FILE = Hold("file", "fit", "a" * 64, NOON)


def test_what_waits_is_told_when_it_begins_and_after_3_and_14_days(settings: Settings) -> None:
    settings = mailing(settings)
    waits(settings, FILE, dataclasses.replace(FILE, sha256="b" * 64), Hold("missing", "komm_an", "", NOON))
    told: dict[int, list[tuple[str, str]]] = {}
    with MailServer(settings) as box:
        for day in (0, 0, 1, 2, 3, 4, 13, 14, 15, 30):
            before = len(box.mails)
            assert tell_waiting(settings, DAY + dt.timedelta(days=day)) == 0
            new = [(str(mail["To"]), " ".join(mail["Subject"].split())) for mail in box.mails[before:]]
            told.setdefault(day, []).extend(new)
    fit, komm_an = "FIT (Frühkindliches Integrationstraining) (Ordner fit)", "KOMM-AN NRW (Ordner komm_an)"
    both = "ki@kreis.example, vertretung@kreis.example"
    assert {day: sorted(found, key=lambda mail: mail[1]) for day, found in told.items() if found} == {
        0: [("ki@kreis.example", f"KIM: Angehaltene Lieferung: {fit}")],
        **{
            day: [
                (both, f"KIM: Seit {day} Tagen ohne Entscheidung: Angehaltene Lieferung: {fit}"),
                (both, f"KIM: Seit {day} Tagen ohne Entscheidung: Fehlende Lieferungen halten den Lauf an: {komm_an}"),
            ]
            for day in (3, 14)
        },
    }


def test_after_a_decision_nothing_is_told_again_and_a_new_hold_is(settings: Settings) -> None:
    waits(settings, FILE)
    outbox = Outbox(settings)
    tell_waiting(settings, DAY)
    waits(settings)
    tell_waiting(settings, DAY + dt.timedelta(days=20))
    assert outbox.log.read_text(encoding="utf-8").count("===") == 1
    waits(settings, dataclasses.replace(FILE, since=NOON + dt.timedelta(days=30)))
    tell_waiting(settings, DAY + dt.timedelta(days=30))
    assert outbox.log.read_text(encoding="utf-8").count("===") == 2


def test_the_sensor_tells_it_too(settings: Settings) -> None:
    waits(settings, FILE)
    sensor = open_decisions_sensor(settings, lambda: DAY)
    for _ in range(2):
        sensor.evaluate_tick(dg.build_sensor_context())
    assert Outbox(settings).log.read_text(encoding="utf-8").count("===") == 1


def test_kim_run_tells_it_where_no_control_room_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    settings = held_sample(tmp_path)
    places = ["--deliveries", str(settings.deliveries), "--warehouse", str(settings.warehouse), "--as-of", str(DAY)]
    for _ in range(2):
        assert cli.invoke(["run", *places]) == 0
    told = Outbox(settings).log.read_text(encoding="utf-8")
    assert told.count("===") == 1
    assert "Angehaltene Lieferung: Sprachmittlerpool (Ordner sprachmittlerpool)" in told
    assert [word for word in (HELD, "40", "Zeilen") if word in told] == []


def test_an_office_is_reminded_once_per_due_date_and_week(tmp_path: Path) -> None:
    settings = mailing(held_sample(tmp_path), remind=True, remind_to={"beschluesse": "sitzungsdienst@kreis.example"})
    waits(settings)
    found: dict[int, set[tuple[str, str]]] = {}
    with MailServer(settings) as box:
        for day in (0, 1, 5, 6, 7, 12, 13, 14):  # due on 30.04., so that a week ends on 07.05.
            before = len(box.mails)
            assert tell_waiting(settings, DAY + dt.timedelta(days=day)) == 0
            found[day] = {(str(mail["To"]), str(mail["Subject"])) for mail in box.mails[before:]}
    ours = {day: {s for to, s in mails if to == "sitzungsdienst@kreis.example"} for day, mails in found.items()}
    due, late = "KIM: Fällige Lieferung: Beschlüsse", "KIM: Überfällige Lieferung: Beschlüsse"
    assert {day: subjects for day, subjects in ours.items() if subjects} == {0: {due}, 6: {due}, 13: {late}}
    assert {to for to, _ in found[0]} == {"sitzungsdienst@kreis.example", "ki@kreis.example"}
    (mail,) = [m for m in box.mails if m["To"] == "sitzungsdienst@kreis.example"][:1]
    assert mail.get_content().startswith("Guten Tag,")
    assert "Wer ist am Zug" not in mail.get_content()


def test_without_the_setting_no_office_is_reminded(tmp_path: Path) -> None:
    settings = mailing(held_sample(tmp_path))
    waits(settings)
    with MailServer(settings) as box:
        tell_waiting(settings, DAY)
    assert box.mails == []


def test_reminders_need_a_mail_server() -> None:
    with pytest.raises(ValueError, match="Zu KIM_REMIND gehört KIM_SMTP_HOST"):
        Settings(remind=True)


def alert(event: str, **more: Any) -> Alert:
    return Alert(event, f"Titel {event}", "x", "y", "z", "w", **more)


def test_a_damaged_alert_keeps_no_other_one_waiting(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings = mailing(settings)
    outbox = Outbox(settings)
    for event in ("a", "b", "c", "d"):
        outbox.put(alert(event))
    files = {path: json.loads(path.read_bytes())["alert"]["event"] for path in outbox.folder.glob("*.json")}
    broken = {"a": b"{", "b": b"\xff\xfe", "c": b'{"alert": {"other": 1}, "at": "2024-05-02", "ways": ["mail"]}'}
    for path, event in files.items():
        path.write_bytes(broken.get(event, path.read_bytes()))
    with MailServer(settings) as box, caplog.at_level(logging.ERROR):
        assert outbox.send() == 0
    assert [mail["Subject"] for mail in box.mails] == ["KIM: Titel d"]
    assert len(list(outbox.folder.glob("*.damaged"))) == 3
    assert caplog.text.count("put aside") == 3


def test_an_alert_that_is_refused_keeps_no_other_one_waiting(settings: Settings) -> None:
    settings = mailing(settings)
    outbox = Outbox(settings)
    outbox.put(alert("a", to="niemand"))
    outbox.put(alert("b", to="zwei\nZeilen@kreis.example"))
    outbox.put(alert("c"))
    server = MailServer(settings)

    async def refuse(_server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address == "niemand":
            return "550 unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    server.box.handle_RCPT = refuse  # type: ignore[attr-defined]
    with server as box:
        assert outbox.send() == 2
    assert [mail["Subject"] for mail in box.mails] == ["KIM: Titel c"]


def decided(settings: Settings, instance: dg.DagsterInstance, **form: object) -> tuple[bool, str]:
    """Whether the job succeeded, and all that its run says."""
    job = build_defs(settings).resolve_job_def(ACCEPT)
    config = {"by": "A. Beispiel", "because": "So gemeint.", **form}
    result = job.execute_in_process(
        instance=instance, raise_on_error=False, run_config={"ops": {"decision": {"config": config}}}
    )
    messages = [event.message or "" for event in result.all_events]
    failures = [str(getattr(e.event_specific_data, "user_failure_data", "")) for e in result.all_events]
    logs = [entry.user_message for entry in instance.all_logs(result.run_id)]
    return result.success, "\n".join([*messages, *failures, *logs])


def test_the_job_decides_what_kim_accept_decides(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    settings = held_sample(tmp_path)
    succeeded, said = decided(settings, instance, programme="sprachmittlerpool", file=HELD)
    assert succeeded
    assert "Bestätigt: die angehaltene Lieferung von Sprachmittlerpool darf veröffentlichte Angaben ersetzen." in said
    (acceptance,) = load_acceptances(Store(settings.warehouse)).all
    assert (acceptance.kind, acceptance.file, acceptance.accepted_by) == ("file", HELD, "A. Beispiel")
    assert load_holds(Store(settings.warehouse)) == ()


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"file": "Jahr.xlsx"}, "Die genannte Datei von Sprachmittlerpool ist nicht angehalten"),
        ({"file": "Keine.xlsx"}, "Die genannte Datei von Sprachmittlerpool fehlt."),
        ({"file": HELD, "because": " "}, "mit --because"),
        ({"file": HELD, "erase": True}, "Gelöscht wird nur"),
        ({"kind": "missing"}, "fehlt das nicht, was bisher zählte."),
    ],
)
def test_what_cannot_be_decided_is_told_without_names_of_files(
    tmp_path: Path, instance: dg.DagsterInstance, form: dict[str, object], sentence: str
) -> None:
    settings = held_sample(tmp_path)
    succeeded, said = decided(settings, instance, programme="sprachmittlerpool", **form)
    assert not succeeded
    assert sentence in said
    assert [name for name in ("Jahr.xlsx", "Keine.xlsx", HELD) if name in said] == []
    assert load_acceptances(Store(settings.warehouse)).all == ()


def test_a_decision_that_failed_is_no_failed_night(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    settings = held_sample(tmp_path)
    definitions = build_defs(settings).get_repository_def()
    cursor = ""
    for step in range(2):
        context = dg.build_sensor_context(
            instance=instance, cursor=cursor, repository_def=definitions, sensor_name=FAILED_RUN
        )
        cursor = definitions.get_sensor_def(FAILED_RUN).evaluate_tick(context).cursor or cursor
        if step == 0:
            assert not decided(settings, instance, programme="fit", file="Keine.xlsx")[0]
    assert not Outbox(settings).log.exists()


def test_rejected_held_and_late_look_different_in_the_control_room(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    settings = held_sample(tmp_path)
    result = run(settings, instance, as_of=str(DAY))
    assert result.success

    def failed(programme: str) -> dict[str, str]:
        key = dg.AssetKey(["deliveries", programme])
        found = [e for e in result.get_asset_check_evaluations() if e.asset_key == key and not e.passed]
        return {e.check_name: str(e.metadata["Ergebnis"].value) for e in found}

    pool, grants = failed("sprachmittlerpool"), failed("komm_an")
    assert pool[DECIDED].startswith("Am Zug ist die Koordination: beim Programm nachfragen")
    assert ACCEPTED not in pool
    assert grants[ACCEPTED].startswith("Am Zug ist das Programm: die Datei berichtigen")
    assert "ist überfällig" in grants[ON_TIME]
    assert DECIDED not in grants
    made = {
        e.asset_key.to_user_string(): e.materialization.metadata
        for e in result.get_asset_materialization_events()
        if e.asset_key
    }
    delivered = made["deliveries/sprachmittlerpool"]
    assert delivered["davon angehalten"].value == 1
    assert next(iter(delivered)) == "Angehalten"
    assert f"| {HELD} | " in str(delivered["Angehalten"].value)
    assert "kim accept --list" in str(delivered["Angehalten"].value)
    assert "Zeilen" not in str(delivered["Angehalten"].value), "what would fall away are numbers of rows"
    status = made["published/delivery_status"]
    assert next(iter(status)) == min(status, key=str.casefold) == "Am Zug"  # some pages sort by name
    board = str(status["Am Zug"].value)
    assert board.index("angehalten: ") < board.index("zurückgewiesen: ") < board.index("überfällig: ")
    assert [name for name in (HELD, REJECTED) if name in board] == []
    record = instance.get_run_by_id(result.run_id)
    assert record is not None
    assert record.tags["angehalten"] == "sprachmittlerpool"
    assert record.tags["zurückgewiesen"] == "komm_an"


def test_lists_show_plain_titles() -> None:
    graph = build_defs().resolve_asset_graph()
    descriptions = [graph.get(key).description or "" for key in graph.get_all_asset_keys()]
    assert [text for text in descriptions if text.startswith(("*", "#", "`", "-", "|"))] == []
    assert [text for text in descriptions if text.count("**") > 1] == []
