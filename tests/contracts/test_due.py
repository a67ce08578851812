"""What is due of programmes that go on, that end and that have ended (`paper.md` §4.1)."""

from __future__ import annotations

import datetime as dt

import pytest

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.due import due_state, next_due
from kim_pipeline.contracts.vocabulary import last_day_of_programme, programme_life

GRACE = 14


def day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


@pytest.mark.parametrize(
    ("programme", "covered", "today", "expected"),
    [
        ("durchstarten", "2024-01-31", "2026-11-20", (None, "abgeschlossen", "closed")),
        ("durchstarten", "2023-06-30", "2023-07-01", (None, "abgeschlossen", "closed")),
        ("durchstarten", "2023-01-31", "2026-11-20", ("2023-07-31", "Schlusslieferung offen", "late")),
        ("durchstarten", None, "2026-11-20", ("2023-07-31", "Schlusslieferung offen", "late")),
        ("durchstarten", None, "2023-02-01", ("2023-01-31", "läuft", "due")),
        ("komm_an", "2023-12-31", "2025-03-31", ("2025-03-31", "Schlusslieferung offen", "open")),
        ("komm_an", "2022-12-31", "2024-03-01", ("2024-03-31", "läuft", "open")),
        ("komm_an", "2022-12-31", "2025-01-15", ("2024-03-31", "Schlusslieferung offen", "late")),
        ("komm_an", "2024-12-31", "2026-11-20", (None, "abgeschlossen", "closed")),
        ("komm_an", None, "2026-11-20", ("2025-03-31", "Schlusslieferung offen", "late")),
        ("fit", "2023-07-31", "2026-11-20", ("2024-09-30", "läuft", "late")),
    ],
)
def test_obligations_end_with_the_one_that_covers_the_last_day(
    programme: str, covered: str | None, today: str, expected: tuple[str | None, str, str]
) -> None:
    as_of = dt.date.fromisoformat(today)
    ends_on = last_day_of_programme(programme)
    cadence = programmes()[programme].cadence
    due = next_due(cadence, day(covered), day(covered), as_of, grace_days=GRACE, ends_on=ends_on)
    due_on, *others = expected
    assert (due.due_on, due.phase, due_state(due, as_of)) == (day(due_on), *others)
    assert (due.late_after is None) == (due_on is None)


@pytest.mark.parametrize("programme", programmes())
def test_the_last_obligation_is_that_of_the_period_with_the_last_day(programme: str) -> None:
    """For every day on which a programme may end: nothing is due later, and what is due covers that day."""
    cadence = programmes()[programme].cadence
    for number in range(366):
        ends_on = dt.date(2024, 1, 1) + dt.timedelta(days=number)
        final = cadence.due_of_last(ends_on)
        assert final > ends_on
        assert cadence.next_due(ends_on - dt.timedelta(days=1), ends_on) == final


def test_ends_are_those_of_the_file() -> None:
    assert {key: life.valid_to for key, life in programme_life().items() if life.valid_to} == {
        "komm_an": dt.date(2024, 12, 31),
        "durchstarten": dt.date(2023, 6, 30),
    }
    assert last_day_of_programme("fit") is None
    assert last_day_of_programme("angebote") is None
