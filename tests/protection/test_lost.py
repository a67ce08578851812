"""Figures that are known whatever is published are told once as lost, and not each night."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kim_pipeline import night as nightly
from kim_pipeline.disclosure import AuditRow
from kim_pipeline.night import Night
from kim_pipeline.protection.audit_of_file import FileAudit, audit_build, lost_warning
from kim_pipeline.protection.linked_set import CalendarTable, Figure, Key, LinkedSet, Rules
from kim_pipeline.protection.lost import LostFigures
from kim_pipeline.publishing.ledger import LedgerEntry
from kim_pipeline.publishing.releases import _audit_jointly, _Earlier
from tests.nights import AS_OF, small_sample
from tests.quick_nights import whole_night

CELL = "fit_families|05570|2022/23|"
CALENDAR = CalendarTable(
    county="K", municipalities=("A", "B", "C"), quarters={}, previous={}, years=frozenset({"2023"})
)


def test_a_lost_figure_is_told_once_and_again_when_it_is_another_one(tmp_path: Path) -> None:
    assert LostFigures(tmp_path).untold({CELL: 2}) == [CELL]
    for name, content in LostFigures(tmp_path).state({CELL: 2}).items():
        (tmp_path / name).write_bytes(content)
    assert LostFigures(tmp_path).untold({CELL: 2}) == []
    assert LostFigures(tmp_path).untold({CELL: 3, "other": 1}) == [CELL, "other"]
    assert LostFigures(tmp_path).state({})  # what was told stays told


def test_where_nothing_was_lost_nothing_is_kept(tmp_path: Path) -> None:
    assert LostFigures(tmp_path).state({}) == {}


@pytest.mark.parametrize("damage", [b"", b"[1]", b"{"])
def test_a_damaged_file_tells_all_again(tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "lost.json").write_bytes(damage)
    assert LostFigures(tmp_path).untold({CELL: 2}) == [CELL]
    assert "lost.json is damaged" in caplog.text


def test_a_second_night_does_not_tell_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failed = AuditRow(CELL, 2, 2, 1, 3, passed=False, method="lp", attacker=2)

    def audited(*given: Any) -> FileAudit:
        found = audit_build(*given)
        return replace(found, rows=(*found.rows, failed), withheld=frozenset({CELL}))

    monkeypatch.setattr(nightly, "audit_build", audited)
    settings, told = small_sample(tmp_path), []
    for _ in range(2):
        caplog.clear()
        with caplog.at_level("WARNING"):
            night = whole_night(Night(settings=settings, as_of=dt.date.fromisoformat(AS_OF)))
        told.append(([m for m in caplog.messages if "kennt jemand zu genau" in m], night.protection.exposed))
    (first, number), second = told
    assert first == [lost_warning(1)]
    assert CELL not in first[0], "everybody sees what a night logs"
    assert number == 1
    assert second == ([], 0)


def test_a_release_names_what_earlier_ones_alone_give_away() -> None:
    """Two releases that hid another neighbour each: A is exact, whatever the third prints."""
    values = {"K": 20, "A": 3, "B": 9, "C": 8}
    counts = {Key("x", area, "2023", ""): Figure(value, 5, is_printed=True) for area, value in values.items()}
    linked = LinkedSet(counts, {}, [Rules("x")], CALENDAR)

    def hiding(*areas: str) -> frozenset[Key]:
        return frozenset(Key("x", area, "2023", "") for area in areas)

    def earlier(name: str, *areas: str) -> _Earlier:
        return _Earlier(LedgerEntry(name, dt.date(2024, 1, 1), "b", counts, {}, hiding(*areas)), linked)

    one, two = earlier("1", "A", "B"), earlier("2", "A", "C")
    assert _audit_jointly(linked, hiding("A", "B"), [one], frozenset()) == {}
    assert _audit_jointly(linked, hiding("A", "B"), [one, two], frozenset()) == {"x|A|2023|": 3}
