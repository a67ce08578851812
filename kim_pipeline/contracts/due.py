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
Phase = Literal["läuft", "Schlusslieferung offen", "abgeschlossen"]
"""A programme that delivers on; one that ends, or has ended, of which the last delivery is open; one that is done with.

As published in `delivery_status.state` (`paper.md` §4.1).
"""


@dataclass(frozen=True)
class Due:
    """What is due of a programme.

    Attributes:
        last_as_of: the newest Stand of its usable deliveries; None if there is none.
        covered_through: the last day that they cover; None if there is none.
        due_on: the day by which the next one is, or was, due; None where nothing is due any more.
        late_after: the last day of grace; None with `due_on`.
        phase: whether the programme goes on delivering.
    """

    last_as_of: dt.date | None
    covered_through: dt.date | None
    due_on: dt.date | None
    late_after: dt.date | None
    phase: Phase = "läuft"


def next_due(
    cadence: Cadence,
    last_as_of: dt.date | None,
    covered_through: dt.date | None,
    as_of: dt.date,
    *,
    grace_days: int,
    ends_on: dt.date | None = None,
) -> Due:
    """What is due next (`deliveries.md` §7, `paper.md` §4.1).

    The obligations of a programme that ends are those up to the first that covers its last day. An earlier one that is
    open stays due after that day: an end makes nothing punctual.

    Args:
        cadence: how often the programme delivers.
        last_as_of: see `Due`.
        covered_through: see `Due`.
        as_of: today.
        grace_days: days after the due day before a delivery is late.
        ends_on: the programme's last day, as far as known.
    """
    if ends_on is not None and covered_through is not None and covered_through >= ends_on:
        return Due(last_as_of, covered_through, None, None, "abgeschlossen")
    due_on = cadence.next_due(covered_through, as_of)
    phase: Phase = "läuft"
    if ends_on is not None:
        final = cadence.due_of_last(ends_on)
        due_on = min(due_on, final)
        phase = "Schlusslieferung offen" if due_on == final or as_of > ends_on else phase
    return Due(last_as_of, covered_through, due_on, due_on + dt.timedelta(days=grace_days), phase)


def due_state(due: Due, today: dt.date) -> DueState:
    """What a due day means on a day: open through the day itself, due through the grace, then late."""
    if due.due_on is None or due.late_after is None:
        return "closed"
    if today <= due.due_on:
        return "open"
    return "due" if today <= due.late_after else "late"
