"""When a programme's next delivery is due, and what that means today: one rule for checks, alerts, status and report.

Belongs here: the days and the state that follows from them. Does not belong here: how often a programme delivers
(`calendar.py`), and which deliveries there are.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from kim_pipeline.contracts.calendar import Cadence

DueState = Literal["open", "due", "late"]
"""Not due yet; due, but within the days of grace; later than these."""


@dataclass(frozen=True)
class Due:
    """What is due of a programme.

    Attributes:
        last_as_of: the newest Stand of its usable deliveries; None if there is none.
        covered_through: the last day that they cover; None if there is none.
        due_on: the day by which the next one is, or was, due.
        late_after: the last day of grace.
    """

    last_as_of: dt.date | None
    covered_through: dt.date | None
    due_on: dt.date
    late_after: dt.date


def next_due(
    cadence: Cadence, last_as_of: dt.date | None, covered_through: dt.date | None, as_of: dt.date, grace_days: int
) -> Due:
    """What is due next (`deliveries.md` §7).

    Args:
        cadence: how often the programme delivers.
        last_as_of: see `Due`.
        covered_through: see `Due`.
        as_of: today.
        grace_days: days after the due day before a delivery is late.
    """
    due_on = cadence.next_due(covered_through, as_of)
    return Due(last_as_of, covered_through, due_on, due_on + dt.timedelta(days=grace_days))


def due_state(due: Due, today: dt.date) -> DueState:
    """What a due day means on a day: open through the day itself, due through the grace, then late."""
    if today <= due.due_on:
        return "open"
    return "due" if today <= due.late_after else "late"
