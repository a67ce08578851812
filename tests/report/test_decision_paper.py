"""The resolution, the conflicts with earlier ones, and what became of those (`paper.md` §1.3, §1.4, §3.3)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from kim_pipeline.german import NBSP
from kim_pipeline.report import attachments, front_pages, resolution
from kim_pipeline.report.blocks import Entries, Listing, PaperTable, SideBySide, tables_in
from kim_pipeline.report.decisions import MeasureDecision, months_later, state_of
from kim_pipeline.report.review import Review
from kim_pipeline.report.wording import Wording
from tests.report.test_report import changed, context, page_of, published

KINDS = ["fortführen", "anpassen", "ausbauen", "umsetzen", "Stand klären", "beenden", "Widerspruch"]
CONFLICTS = ["HK16-01", "HK16-15", "HK16-17", "IK10-01", "IK10-21", "IK10-35", "IK10-68"]


def review(path: Path | None = None, day: dt.date | None = None) -> Review:
    return Review(context(path, day))


def test_counts_of_the_sample() -> None:
    found = {point.kind: len(point.measures) for point in review().points if point.measures}
    assert found == dict(zip(KINDS, [32, 1, 5, 6, 11, 4, 7], strict=True))


def test_each_reviewed_measure_stands_in_exactly_one_point() -> None:
    ours = review()
    told = [resolution.key_of(measure) for point in ours.points for measure in point.measures]
    assert sorted(told) == sorted(published("SELECT concept, measure_no FROM measure_review"))


def test_each_reviewed_measure_stands_once_on_the_second_page() -> None:
    blocks = front_pages.measure_blocks(review())
    groups = [part for block in blocks if isinstance(block, SideBySide) for part in (*block.left, *block.right)]
    groups += [block for block in blocks if isinstance(block, Entries)]
    told = [mark.split(NBSP)[-1] for group in groups if isinstance(group, Entries) for mark, _ in group.items]
    assert sorted(told) == sorted(number for (number,) in published("SELECT measure_no FROM measure_review"))
    marked = [mark for group in groups if isinstance(group, Entries) for mark, _ in group.items if "≠" in mark]
    assert sorted(mark.split(NBSP)[-1] for mark in marked) == CONFLICTS


def test_conflicts_stand_in_a_table_the_high_bodies_first_then_the_newest() -> None:
    blocks = front_pages.measure_blocks(review())
    table = next(block for block in blocks if isinstance(block, PaperTable))
    assert table.caption == "Frühere Beschlüsse, von denen der Vorschlag abweicht (7)"
    rows = {row[0]: row for row in table.rows if isinstance(row, tuple)}
    assert list(rows) == ["HK16-17", "IK10-21", "HK16-15", "IK10-35", "IK10-68", "IK10-01", "HK16-01"]
    assert rows["IK10-21"][2] == "beenden (Kreistag, 20.03.2023)"
    assert max(len(str(row[4])) for row in rows.values()) <= 60


def test_short_reasons_have_at_most_60_characters() -> None:
    ours = review()
    assert max(len(ours.reason(measure)) for measure in ours.measures) <= 60


def test_agreement_is_that_of_the_published_review() -> None:
    ours = review()
    for concept, number, decision, by, day, no, agreement in published(
        "SELECT concept, measure_no, resolved_decision, resolved_by, resolved_on, resolved_no, agreement "
        "FROM measure_review"
    ):
        found = ours.decisions.binding.get((concept, number))
        told = (found.decision, found.body, found.decided_on, found.decision_no) if found else (None,) * 4
        assert told == (decision, by, day, no)
        suggestion = next(m["suggestion"] for m in ours.measures if resolution.key_of(m) == (concept, number))
        assert ours.decisions.agreement((concept, number), suggestion) == agreement


def test_states_are_those_of_the_published_table() -> None:
    ours = review()
    told = {c.resolution.measure: c.state for c in [*ours.controls, *ours.other_controls]}
    assert told == {
        (concept, number): state
        for concept, number, state in published(
            "SELECT concept, measure_no, state FROM measure_decision WHERE is_binding"
        )
    }


def test_overdue_resolutions_of_the_sample() -> None:
    ours = review(day=dt.date(2024, 5, 1))
    overdue = [c.resolution.measure_no for c in ours.controls if c.is_overdue]
    assert overdue == ["IK10-47", "IK10-68", "IK10-35", "IK10-01", "IK10-49", "HK16-17"]
    counts = {state: sum(c.state == state for c in ours.controls) for state in ("vollzogen", "offen", "unklar")}
    assert counts == {"vollzogen": 8, "offen": 5, "unklar": 4}
    assert (len(ours.other_controls), sum(c.is_overdue for c in ours.other_controls)) == (6, 2)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (dt.date(2023, 8, 31), 6, dt.date(2024, 2, 29)),
        (dt.date(2023, 2, 28), 6, dt.date(2023, 8, 31)),
        (dt.date(2023, 3, 15), 6, dt.date(2023, 9, 15)),
        (dt.date(2023, 11, 30), 3, dt.date(2024, 2, 29)),
        (dt.date(2023, 12, 1), 0, dt.date(2023, 12, 1)),
    ],
)
def test_months_later(day: dt.date, months: int, later: dt.date) -> None:
    assert months_later(day, months) == later


@pytest.mark.parametrize(
    ("decision", "states"),
    [
        ("fortführen", {"umgesetzt": "vollzogen", "laufend": "vollzogen", "in Planung": "offen",
                        "zurückgestellt": "offen", "nicht umgesetzt": "offen", "entfallen": "offen"}),
        ("neu aufnehmen", {"umgesetzt": "vollzogen", "laufend": "vollzogen", "in Planung": "offen",
                           "zurückgestellt": "offen", "nicht umgesetzt": "offen", "entfallen": "offen"}),
        ("zurückstellen", {"umgesetzt": "offen", "laufend": "offen", "in Planung": "offen",
                           "zurückgestellt": "vollzogen", "nicht umgesetzt": "unklar", "entfallen": "unklar"}),
        ("beenden", {"umgesetzt": "unklar", "laufend": "offen", "in Planung": "offen", "zurückgestellt": "offen",
                     "nicht umgesetzt": "offen", "entfallen": "vollzogen"}),
        ("anpassen", dict.fromkeys(("umgesetzt", "laufend", "in Planung", "zurückgestellt", "nicht umgesetzt",
                                    "entfallen"), "unklar")),
    ],
)  # fmt: skip
def test_states_by_status(decision: str, states: dict[str, str]) -> None:
    stand, key_day = dt.date(2024, 1, 25), dt.date(2024, 5, 1)
    for status, state in states.items():
        assert state_of(resolved(decision), status, stand, key_day) == state
        assert state_of(resolved(decision), status, dt.date(2023, 1, 1), key_day) == "unklar"
        done = resolved(decision, done_on=dt.date(2024, 5, 1))
        assert state_of(done, status, stand, key_day) == "vollzogen"
        assert state_of(done, status, stand, dt.date(2024, 4, 30)) == state


def resolved(decision: str, **more: Any) -> MeasureDecision:
    day = dt.date(2023, 3, 20)
    return MeasureDecision("Konzept", "M-1", "B-1", day, "Kreistag", 4, "Beschluss", decision, **more)


def test_one_measure_is_told_in_the_singular_and_many_by_the_attachment() -> None:
    words = Wording()
    rows = [measure(f"M-{at}", "beenden") for at in range(1, 2)]
    assert texts(rows, words) == ["Die Maßnahme M-1 wird beendet."]
    rows = [measure(f"M-{at}", "umsetzen") for at in (10, 9)]
    assert texts(rows, words)[0].startswith("Die 2 Maßnahmen M-9 und M-10 werden umgesetzt; die Verwaltung nennt ")
    rows = [measure(f"M-{at}", "Stand klären") for at in range(13)]
    assert "den Stand der in Anlage 1 so bezeichneten 13 Maßnahmen; bis dahin" in texts(rows, words)[0]
    assert len([*texts([measure(f"M-{at}", "fortführen") for at in range(12)], words)[0].split(",")]) == 11


def test_new_measures_are_asked_for_only_where_no_other_serves_the_theme() -> None:
    missing = [{"theme": "Kita"}, {"theme": "Wohnen"}]
    rows = [measure("M-1", "ausbauen", "Kita"), measure("M-2", "fortführen", "Wohnen")]
    assert resolution.open_themes(rows, missing) == ["Wohnen"]
    points = resolution.points(rows, missing, review().decisions, Wording())
    told = next(point.text for point in points if point.kind == "neu aufnehmen")
    assert told == "Die Verwaltung schlägt bis zur nächsten Vorlage eine Maßnahme zum Thema Wohnen vor."
    points = resolution.points([], [*missing, {"theme": "Schule"}], review().decisions, Wording())
    assert "Maßnahmen zu den Themen Kita, Schule und Wohnen vor." in points[0].text


def measure(number: str, suggestion: str, theme: str | None = None) -> dict[str, Any]:
    return {"concept": "Konzept", "measure_no": number, "suggestion": suggestion, "theme": theme}


def texts(rows: list[dict[str, Any]], words: Wording) -> list[str]:
    return [point.text for point in resolution.points(rows, [], review().decisions, words) if point.measures]


def test_no_theme_is_left_over_in_the_sample() -> None:
    assert published("SELECT count(*) FROM measure_review_missing") == [(2,)]
    assert not [point for point in review().points if point.kind == "neu aufnehmen"]


def test_a_text_of_the_county_stands_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Wording.own
    monkeypatch.setattr(
        Wording, "own", lambda self, name, otherwise="": "Zur Kenntnis." if name == "proposal" else own(self, name)
    )
    blocks = front_pages.resolution_blocks(review())
    assert [getattr(block, "text", None) for block in blocks] == ["Zur Kenntnis."]


def test_the_table_for_votes_has_a_row_per_point_and_per_conflict() -> None:
    ours = review()
    (table,) = front_pages.voting(ours)
    assert isinstance(table, PaperTable)
    assert len(table.rows) == len(ours.points) + len(CONFLICTS)
    (listing,) = [block for block in front_pages.resolution_blocks(ours) if isinstance(block, Listing)]
    assert len(listing.items) == len(ours.points)


def test_a_notice_alone_is_no_decision_anywhere(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        "DELETE FROM measure_decision WHERE measure_no = 'HK16-34'",
        "INSERT INTO measure_decision SELECT concept, measure_no, 'B-X', DATE '2024-02-01', 'Kreistag', 4, "
        "'Kenntnisnahme', 'beenden', NULL, NULL, NULL, false, NULL FROM measure_review WHERE measure_no = 'HK16-34'",
        "UPDATE measure_review SET decision = 'beenden', decision_kind = 'Kenntnisnahme', decided_by = 'Kreistag', "
        "decided_on = DATE '2024-02-01' WHERE measure_no = 'HK16-34'",
    )
    ours = review(path)
    (section,) = attachments.measures(ours)
    rows = [row for table in tables_in(section.blocks) for row in table.rows if isinstance(row, tuple)]
    (row,) = [row for row in rows if row[0] == "HK16-34"]
    assert row[4] == "zur Kenntnis am 01.02.2024"
    page = page_of(path)
    assert "beenden (Kreistag, 01.02.2024)" not in page.text.replace(
        "Kenntnisnahme: beenden (Kreistag, 01.02.2024)", ""
    )
    assert ("Handlungskonzept 2016", "HK16-34") not in ours.decisions.binding


def test_goals_that_were_missed_are_marked_where_a_measure_goes_on() -> None:
    (section,) = attachments.measures(review())
    rows = [row for table in tables_in(section.blocks) for row in table.rows if isinstance(row, tuple)]
    missed = sorted(str(row[0]).split(NBSP)[-1] for row in rows if "Ziel verfehlt" in str(row[5]))
    assert missed == ["HK16-01", "IK10-03", "IK10-20"]
    (row,) = [row for row in rows if row[0] == "IK10-02"]
    assert "Ziel: Der Übergang gelingt; Übergangsquote 74,0 % von 70,0 % bis 31.12.2023 (erreicht)".replace(
        " %", f"{NBSP}%"
    ) in str(row[5])


def test_costs_and_sums_stand_on_the_first_page() -> None:
    (block,) = [block for block in front_pages.finance_blocks(review()) if hasattr(block, "text")][1:]
    told = block.text.replace(NBSP, " ")
    assert told.startswith("Für 28 von 66 Maßnahmen sind Kosten angegeben, zusammen 623.102,00 Euro im Jahr.")
    assert "Aus KOMM-AN NRW wurden im Jahr 2023 71.841 Euro ausgezahlt und 4.189 Euro zurückgezahlt." in told
    assert "Der Sprachmittlerpool zahlte im Jahr 2023 61.512 Euro Honorare für 1.470 Einsätze." in told
