"""The coordinator's board: one list of rows for page, control room and terminal; what waits for a word ages on it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from pathlib import Path

import pytest

from kim_pipeline import cli
from kim_pipeline.board.page import board_page, board_path, current_rows, write_board
from kim_pipeline.board.reminders import reminders_of
from kim_pipeline.board.rows import BoardRow, ProgrammeState, board_rows, states_of_file, states_of_intake
from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.due import Due
from kim_pipeline.deciding import Decision, decide
from kim_pipeline.files import Store
from kim_pipeline.guard.acceptances import AcceptanceError
from kim_pipeline.guard.holds import Hold, end_holds, load_holds, note_holds
from kim_pipeline.guard.judging import HeldNightError, Judgement, Question
from kim_pipeline.intake.deliveries import Delivery
from kim_pipeline.intake.intake import take_in
from kim_pipeline.night import Night
from kim_pipeline.orchestration.metadata import board_table
from kim_pipeline.settings import Settings
from tests.nights_held import DAY, HELD, REJECTED, held_sample
from tests.pages import Page
from tests.quick_nights import whole_night

DUE = Due(dt.date(2024, 1, 15), dt.date(2023, 12, 31), dt.date(2024, 4, 30), dt.date(2024, 5, 14))
NOON = dt.datetime(2024, 5, 2, 10, tzinfo=dt.UTC)


def hold(kind: str = "file", programme: str | None = "fit", sha256: str = "a" * 64, since: dt.datetime = NOON) -> Hold:
    return Hold(kind, programme, sha256, since)  # type: ignore[arg-type]


def told(rows: list[BoardRow]) -> list[tuple[str, str | None, dt.date | None, str]]:
    return [(row.matter, row.programme, row.since, row.turn) for row in rows]


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """For tests that change nothing."""
    return held_sample(tmp_path_factory.mktemp("board"))


def test_each_matter_has_its_row_and_what_asks_for_somebody_comes_first() -> None:
    late = dataclasses.replace(DUE, due_on=dt.date(2024, 1, 31), late_after=dt.date(2024, 2, 14))
    open_ = dataclasses.replace(DUE, due_on=dt.date(2024, 7, 31), late_after=dt.date(2024, 8, 14))
    states = [
        ProgrammeState("angebote", open_),
        ProgrammeState("fit", open_),
        ProgrammeState("komm_an", late, is_rejected=True, rejected_since=dt.date(2024, 3, 1)),
        ProgrammeState("mercator", DUE),
    ]
    holds = [hold(), hold(since=NOON - dt.timedelta(days=9), sha256="b" * 64), hold("change", None, "")]
    assert told(board_rows(states, holds, dt.date(2024, 5, 2))) == [
        ("stopped", None, dt.date(2024, 5, 2), "die Betreuung"),
        ("held", "fit", dt.date(2024, 4, 23), "die Koordination"),
        ("rejected", "komm_an", dt.date(2024, 3, 1), "das Programm"),
        ("late", "komm_an", dt.date(2024, 2, 1), "das Programm"),
        ("due", "mercator", dt.date(2024, 5, 1), "das Programm"),
        ("open", "angebote", None, ""),
    ]


def test_around_the_due_day() -> None:
    matters = {
        day: board_rows([ProgrammeState("fit", DUE)], [], dt.date.fromisoformat(day))[0].matter
        for day in ("2024-04-30", "2024-05-01", "2024-05-14", "2024-05-15")
    }
    assert list(matters.values()) == ["open", "due", "due", "late"]


def test_the_build_and_the_folder_say_the_same(held: Settings) -> None:
    built = states_of_file(held.warehouse / "internal.duckdb")
    intake = take_in(held, today=DAY)
    assert built
    for delivery in intake.deliveries:
        delivery.held = "…" if delivery.file == HELD else None
    assert states_of_intake(intake, DAY, held.grace_days) == built


def test_a_night_writes_the_page(held: Settings) -> None:
    path = board_path(held)
    page = Page(path.read_bytes())
    assert path.stat().st_mode & 0o777 == 0o644
    assert (page.links, page.sources) == ([], [])
    content = path.read_text(encoding="utf-8")
    assert re.findall(r"https?:|url\(|@import|<link|<img|fetch|XMLHttp", content) == []
    assert "default-src 'none'" in content
    (rows, *_) = page.tables
    assert rows.head == ["Programm", "Was ist", "Seit", "Am Zug ist", "Was ist zu tun"]
    by_title = {(row[0], re.split(r"[A-Z]", row[1].strip())[0]): row for row in rows.body}
    assert ("Sprachmittlerpool", "angehalten") in by_title
    assert ("KOMM-AN NRW", "zurückgewiesen") in by_title
    assert ("KOMM-AN NRW", "überfällig") in by_title
    for name in (HELD, REJECTED, "Jahr.xlsx", "40 Zeilen"):
        assert name.partition(".")[0] not in page.text
    assert {"held", "rejected", "late", "due"} <= set(re.findall(r'class="mark (\w+)"', content))


def test_the_page_says_of_when_it_is() -> None:
    page = board_page([], dt.date(2024, 5, 2), NOON, NOON - dt.timedelta(hours=8)).decode()
    assert "Stand 02.05.2024, geschrieben am 02.05.2024, 12:00 Uhr" in page
    assert "veröffentlicht ist der Datenbestand vom 02.05.2024, 04:00 Uhr" in page
    assert f"Date.now() - {int(NOON.timestamp() * 1000)} > 30 * 3600000" in page
    assert "Alles ist in der Frist; niemand muss etwas tun." in page


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (None, "Eine Sicherung gibt es noch nicht."),
        (2, "Die letzte Sicherung ist von heute (02.05.2024, 10:00 Uhr)."),
        (15, "Die letzte Sicherung ist 1 Tag alt (01.05.2024, 21:00 Uhr)."),
        (24 * 5, "Die letzte Sicherung ist 5 Tage alt (27.04.2024, 12:00 Uhr)."),
    ],
)
def test_the_page_shows_the_age_of_the_last_backup(hours: int | None, told: str) -> None:
    saved_at = NOON - dt.timedelta(hours=hours) if hours is not None else None
    assert told in " ".join(board_page([], dt.date(2024, 5, 2), NOON, NOON, saved_at).decode().split())


def test_texts_are_escaped() -> None:
    row = BoardRow("late", "fit", "<b>FIT</b>", dt.date(2024, 5, 1), "x", "das Programm", "y", DUE)
    assert "<b>FIT" not in board_page([row], dt.date(2024, 5, 2), NOON, NOON).decode()


def test_where_no_build_can_tell_the_old_page_stays(settings: Settings) -> None:
    assert not write_board(settings, DAY, NOON)
    assert not board_path(settings).exists()


def test_a_reminder_for_each_office_that_is_asked() -> None:
    late = dataclasses.replace(DUE, late_after=dt.date(2024, 5, 1))
    never = dataclasses.replace(DUE, last_as_of=None)
    states = [
        ProgrammeState("komm_an", late, is_rejected=True),
        ProgrammeState("fit", never),
        ProgrammeState("angebote", dataclasses.replace(DUE, due_on=dt.date(2024, 7, 31)), is_rejected=True),
    ]
    found = {r.programme: r for r in reminders_of(board_rows(states, [hold()], dt.date(2024, 5, 2)))}
    assert found.keys() == {"komm_an", "fit", "angebote"}
    assert found["komm_an"].subject == "Überfällige Lieferung: KOMM-AN NRW"
    assert "war am 30.04.2024 fällig und ist noch nicht da. Zuletzt kam der Stand vom 15.01.2024." in (
        found["komm_an"].text
    )
    assert "Die Nachfrist ist abgelaufen (bis 01.05.2024)." in found["komm_an"].text
    assert "zurückgewiesen" in found["komm_an"].text
    assert "legen Sie die erste Datei in den Ordner „fit“" in found["fit"].text
    assert "Die Nachfrist läuft noch (bis 14.05.2024)." in found["fit"].text
    assert (found["angebote"].row, "fällig" in found["angebote"].text) == (None, False)


@pytest.mark.parametrize("width", ["80", "120"])
def test_status_begins_with_the_board(
    held: Settings, width: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    places = ["--deliveries", str(held.deliveries), "--warehouse", str(held.warehouse), "--as-of", str(DAY)]
    assert cli.invoke(["status", *places]) == 0
    said = capsys.readouterr().out
    assert said.index("Was ist zu tun") < said.index("angehalten") < said.index("überfällig") < said.index(HELD)
    assert f"angehalten      {HELD}: wartet auf eine Entscheidung" in said
    assert cli.invoke(["status", *places, "--json"]) == 0
    found = {one["programme"]: one["board"] for one in json.loads(capsys.readouterr().out)}
    rows = current_rows(held, DAY)
    assert rows
    assert [(key, line["matter"]) for key, lines in found.items() for line in lines if line["matter"] == "held"] == [
        ("sprachmittlerpool", "held")
    ]
    assert {key: [line["matter"] for line in lines] for key, lines in found.items()} == {
        key: [row.matter for row in rows if row.programme == key] for key in programmes()
    }


def test_the_control_room_s_table_has_the_same_rows(held: Settings) -> None:
    rows = current_rows(held, DAY)
    assert rows
    table = board_table(rows)
    assert table.count("\n") - 1 == len([row for row in rows if row.turn])
    assert "angehalten: Eine neue Lieferung" in table
    assert HELD not in table


def judgement(*sha256: str, questions: list[Question] | None = None) -> Judgement:
    held = [Delivery("fit", f"{s}.xlsx", Path(s), NOON, sha256=s, held="…") for s in sha256]
    return Judgement(held=held, questions=questions or [])


def test_what_waits_keeps_its_first_day_until_it_does_not_wait(settings: Settings) -> None:
    store, later = Store(settings.warehouse), NOON + dt.timedelta(days=1)
    note_holds(store, judgement("a"), NOON)
    note_holds(store, judgement("b", "a"), later)
    assert [(h.sha256, h.since) for h in load_holds(store)] == [("a", NOON), ("b", later)]
    note_holds(store, judgement("b", questions=[Question((), ("Programm",), ())]), later)
    assert {h.subject for h in load_holds(store)} == {("file", "fit", "b"), ("change", None, "")}
    end_holds(store, {("change", None, "")})
    assert [h.subject for h in load_holds(store)] == [("file", "fit", "b")]
    assert (store.state / "holds.json").stat().st_mode & 0o777 == 0o600
    note_holds(store, judgement(), later)
    assert not (store.state / "holds.json").exists()


@pytest.mark.parametrize(
    "content", ["", "{", '[{"kind": "x", "programme": "fit", "sha256": "", "since": "2024-05-02"}]']
)
def test_a_damaged_list_begins_anew(settings: Settings, content: str, caplog: pytest.LogCaptureFixture) -> None:
    store = Store(settings.warehouse)
    note_holds(store, judgement("a"), NOON)
    (store.state / "holds.json").write_text(content)
    assert load_holds(store) == ()
    assert "is damaged" in caplog.text
    assert [h.subject for h in note_holds(store, judgement("a"), NOON)] == [("file", "fit", "a")]


def test_a_decision_ends_the_hold_and_renews_the_page(tmp_path: Path) -> None:
    settings = held_sample(tmp_path)
    assert 'class="mark held"' in board_path(settings).read_text(encoding="utf-8")
    with pytest.raises(AcceptanceError):
        decide(Decision("file", "sprachmittlerpool", HELD, "A", "B", erase=True), settings)
    with pytest.raises(AcceptanceError):
        decide(Decision("file", "sprachmittlerpool", HELD, "A", "B", undo=True), settings)
    assert load_holds(Store(settings.warehouse))
    decide(Decision("file", "sprachmittlerpool", HELD, "A. Beispiel", "So gemeint."), settings)
    assert load_holds(Store(settings.warehouse)) == ()
    assert 'class="mark held"' not in board_path(settings).read_text(encoding="utf-8")


def test_a_night_that_stopped_shows_on_the_board(tmp_path: Path) -> None:
    settings = held_sample(tmp_path)
    for file in (settings.deliveries / "sprachmittlerpool").iterdir():
        file.unlink()
    with pytest.raises(HeldNightError):
        whole_night(Night(settings=settings, as_of=DAY))
    assert {h.kind for h in load_holds(Store(settings.warehouse))} == {"missing"}
    page = board_path(settings).read_text(encoding="utf-8")
    assert 'class="mark stopped"' in page
    assert 'class="mark held"' not in page
