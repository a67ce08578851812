"""When a programme's next delivery is due, and what that means today: one rule for checks, alerts, status and report.

Belongs here: the days and the state that follows from them. Does not belong here: how often a programme delivers
(`calendar.py`), and which deliveries there are.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from kim_pipeline.contracts.calendar import Cadence

DueState = Literal["open", "due", "late", "closed"]
"""Not due yet; due, but within the days of grace; later than these; nothing is due any more."""
ProgrammeState = Literal["läuft", "Schlusslieferung offen", "abgeschlossen"]
"""Whether a programme runs, has ended and still owes deliveries, or owes none any more, as `delivery_status` has it."""


@dataclass(frozen=True)
class Due:
    """What is due of a programme.

    Attributes:
        last_as_of: the newest Stand of its usable deliveries; None if there is none.
        covered_through: the last day that they cover; None if there is none.
        due_on: the day by which the next one is, or was, due; None once the deliveries cover the programme's end.
        late_after: the last day of grace; None as well.
    """

    last_as_of: dt.date | None
    covered_through: dt.date | None
    due_on: dt.date | None
    late_after: dt.date | None


def next_due(
    cadence: Cadence,
    last_as_of: dt.date | None,
    covered_through: dt.date | None,
    as_of: dt.date,
    grace_days: int,
    *,
    valid_to: dt.date | None,
) -> Due:
    """What is due next (`deliveries.md` §7); of a programme that ended, up to its closing delivery (`paper.md` §4.1).

    Args:
        cadence: how often the programme delivers.
        last_as_of: see `Due`.
        covered_through: see `Due`.
        as_of: today.
        grace_days: days after the due day before a delivery is late.
        valid_to: the programme's last day; None while no end is known.
    """
    if _is_closed(covered_through, valid_to):
        return Due(last_as_of, covered_through, None, None)
    due_on = cadence.next_due(covered_through, as_of, valid_to)
    return Due(last_as_of, covered_through, due_on, due_on + dt.timedelta(days=grace_days))


def due_state(due: Due, today: dt.date) -> DueState:
    """What a due day means on a day: open through the day itself, due through the grace, then late."""
    if due.due_on is None or due.late_after is None:
        return "closed"
    if today <= due.due_on:
        return "open"
    return "due" if today <= due.late_after else "late"


def programme_state(covered_through: dt.date | None, valid_to: dt.date | None, today: dt.date) -> ProgrammeState:
    """Whether a programme runs or ended, by its last day and by what its deliveries cover (`paper.md` §4.1)."""
    if _is_closed(covered_through, valid_to):
        return "abgeschlossen"
    return "läuft" if valid_to is None or today <= valid_to else "Schlusslieferung offen"


def _is_closed(covered_through: dt.date | None, valid_to: dt.date | None) -> bool:
    return covered_through is not None and valid_to is not None and covered_through >= valid_to
