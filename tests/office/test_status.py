"""`kim status`: what is there, what counts, why something does not, and what is due."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from kim_pipeline import cli
from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.due import due_state
from kim_pipeline.intake.due import due_of
from kim_pipeline.office.status import ProgrammeStatus, status
from kim_pipeline.settings import Settings
from tests.built import sample_intake
from tests.conftest import put
from tests.workbooks import request, requests, xlsx

DAY = dt.date(2024, 5, 20)


def of(key: str, day: dt.date = DAY) -> ProgrammeStatus:
    (found,) = status(sample_intake(), day, 14, [key])
    return found


def test_overdue_programmes_come_first() -> None:
    found = status(sample_intake(), DAY, 14)
    assert {one.programme for one in found} == programmes().keys()
    days = [one.due_on or dt.date.max for one in found]
    assert days == sorted(days)
    late = [one.state == "late" for one in found]
    assert late == sorted(late, reverse=True)
    assert any(late)
    assert not all(late)


def test_it_says_what_the_warehouse_says() -> None:
    for one in status(sample_intake(), DAY, 14):
        due = due_of(programmes()[one.programme], sample_intake().of(one.programme), DAY, 14)
        assert (one.due_on, one.covered_through, one.state) == (due.due_on, due.covered_through, due_state(due, DAY))


def test_states_around_the_due_day() -> None:
    due = of("beschluesse").due_on
    assert due is not None
    days = {offset: of("beschluesse", due + dt.timedelta(days=offset)) for offset in (-1, 0, 1, 14, 15)}
    assert [days[n].state for n in (-1, 0, 1, 14, 15)] == ["open", "open", "due", "due", "late"]
    assert [days[n].days for n in (-1, 0, 1, 15)] == [1, 0, 1, 15]


def test_an_ended_programme_owes_nothing_once_its_end_is_covered() -> None:
    closed = of("durchstarten")
    assert (closed.state, closed.runs, closed.due_on, closed.days) == ("closed", "abgeschlossen", None, 0)
    assert (of("komm_an").runs, of("komm_an").due_on) == ("läuft", dt.date(2025, 3, 31))
    owing = of("komm_an", dt.date(2026, 1, 1))
    assert (owing.state, owing.runs, owing.due_on) == ("late", "Schlusslieferung offen", dt.date(2025, 3, 31))
    assert status(sample_intake(), DAY, 14)[-1].programme == "durchstarten"


def test_every_delivery_has_its_line() -> None:
    found = of("komm_an")
    assert [(d.file, d.status) for d in found.deliveries] == [
        ("komm-an_2023_verwendungsnachweis.xlsx", "counted"),
        ("KOMM-AN NRW 2022 Korrektur.xlsx", "counted"),
        ("KOMM-AN_2021.xls", "counted"),
        ("KOMM-AN_2023_Nachtrag.xlsx", "rejected"),
        ("KOMM-AN NRW 2022.xlsx", "superseded"),
    ]
    reasons = {d.file: d.reason for d in found.deliveries}
    assert reasons["KOMM-AN_2023_Nachtrag.xlsx"] == "Die Lieferung nennt keinen Berichtszeitraum."
    assert reasons["KOMM-AN NRW 2022.xlsx"] == "durch eine Lieferung mit neuerem Stand: KOMM-AN NRW 2022 Korrektur.xlsx"
    assert reasons["KOMM-AN_2021.xls"] is None
    assert (found.deliveries[0].accepted, found.deliveries[0].quarantined) == (58, 8)


@pytest.fixture
def options(settings: Settings) -> list[str]:
    put(settings, "sprachmittlerpool", "2023.xlsx", xlsx([requests(request("A-1"), request("A-2", Ort="Rom"))]))
    put(settings, "sprachmittlerpool", "leer.xlsx", b"")
    return ["--deliveries", str(settings.deliveries), "--warehouse", str(settings.warehouse), "--as-of", "2024-05-20"]


@pytest.mark.parametrize("width", ["80", "120"])
def test_people_read_it_at_every_width(
    options: list[str], width: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    assert cli.invoke(["status", *options, "--programme", "sprachmittlerpool"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Sprachmittlerpool – überfällig seit 20 Tagen (fällig am 30.04.2024)" in said
    assert "vierteljährlich; abgedeckt bis 31.12.2023" in said
    assert "zählt 2023.xlsx: 2023, Stand 15.01.2024, 1 von 2 Zeilen in Quarantäne" in said
    assert "zurückgewiesen leer.xlsx: Die Datei ist leer (0 Byte)." in said


def test_programs_read_json(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.invoke(["status", *options, "--json"]) == 0
    found = {one["programme"]: one for one in json.loads(capsys.readouterr().out)}
    assert found.keys() == programmes().keys()
    ended = found["durchstarten"]
    assert (ended["runs"], ended["due_on"]) == ("Schlusslieferung offen", "2023-07-31")
    smp = found["sprachmittlerpool"]
    assert (smp["state"], smp["due_on"], smp["days"]) == ("late", "2024-04-30", 20)
    assert smp["deliveries"][0]["findings"] == {"error": 1, "notice": 1}
    assert found["fit"]["deliveries"] == []


def test_a_missing_folder_is_told(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.invoke(["status", "--deliveries", str(settings.deliveries / "nirgends")]) == 2
    assert "Der Ordner der Lieferungen fehlt" in capsys.readouterr().err
