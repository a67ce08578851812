"""What is due of programmes that run, and of those that ended."""

from __future__ import annotations

import datetime as dt

import pytest

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.due import due_state, next_due, programme_state
from kim_pipeline.contracts.vocabulary import last_day

DAY = dt.date.fromisoformat


def of(key: str, covered: str | None, today: str) -> tuple[str | None, str, str]:
    """Due day, its state, and whether the programme runs."""
    through, on, ends = DAY(covered) if covered else None, DAY(today), last_day(key)
    due = next_due(programmes()[key].cadence, through, through, on, 14, valid_to=ends)
    return str(due.due_on) if due.due_on else None, due_state(due, on), programme_state(through, ends, on)


@pytest.mark.parametrize(
    ("key", "covered", "today", "expected"),
    [
        # durchstarten ended on 30.06.2023, komm_an on 31.12.2024
        ("durchstarten", "2024-01-31", "2026-01-01", (None, "closed", "abgeschlossen")),
        ("durchstarten", "2023-06-30", "2026-01-01", (None, "closed", "abgeschlossen")),
        ("durchstarten", "2023-01-31", "2026-01-01", ("2023-07-31", "late", "Schlusslieferung offen")),
        ("durchstarten", "2023-01-31", "2023-06-30", ("2023-07-31", "open", "läuft")),
        ("durchstarten", "2023-01-31", "2023-07-01", ("2023-07-31", "open", "Schlusslieferung offen")),
        ("durchstarten", None, "2026-01-01", ("2023-07-31", "late", "Schlusslieferung offen")),
        ("komm_an", "2023-12-31", "2024-05-01", ("2025-03-31", "open", "läuft")),
        ("komm_an", "2023-12-31", "2025-04-10", ("2025-03-31", "due", "Schlusslieferung offen")),
        ("komm_an", "2024-12-31", "2026-01-01", (None, "closed", "abgeschlossen")),
        ("komm_an", None, "2026-01-01", ("2025-03-31", "late", "Schlusslieferung offen")),
        ("komm_an", None, "2022-05-01", ("2022-03-31", "late", "läuft")),
        # what was missing before the end stays missing: the end forgives nothing
        ("komm_an", "2021-12-31", "2026-01-01", ("2023-03-31", "late", "Schlusslieferung offen")),
        ("fit", "2021-07-31", "2026-01-01", ("2022-09-30", "late", "läuft")),
    ],
)
def test_an_end_ends_what_is_due(
    key: str, covered: str | None, today: str, expected: tuple[str | None, str, str]
) -> None:
    assert of(key, covered, today) == expected
