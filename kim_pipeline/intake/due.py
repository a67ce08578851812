"""What is due of a programme, by the deliveries that there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from kim_pipeline.contracts.calendar import Period
from kim_pipeline.contracts.due import Due, next_due
from kim_pipeline.contracts.model import Programme
from kim_pipeline.contracts.vocabulary import last_day
from kim_pipeline.intake.intake import Delivery


def due_of(programme: Programme, deliveries: Sequence[Delivery], as_of: dt.date, grace_days: int) -> Due:
    """What is due next of a programme.

    Args:
        programme: its contract.
        deliveries: all of its own, rejected ones included.
        as_of: today.
        grace_days: days after the due day before a delivery is late.
    """
    used = (d.read.as_of for d in deliveries if d.read and not d.is_rejected and d.held is None)
    last = max((stand for stand in used if stand is not None), default=None)
    through = covered_through(programme, deliveries)
    return next_due(programme.cadence, last, through, as_of, grace_days, valid_to=last_day(programme.key))


def covered_through(programme: Programme, deliveries: Iterable[Delivery]) -> dt.date | None:
    """The last day that a programme's usable deliveries cover."""
    read = (d.read for d in deliveries if d.read is not None and not d.is_rejected and d.held is None)
    return max((last_day_of(programme, r.period, r.as_of) for r in read if r.as_of is not None), default=None)


def last_day_of(programme: Programme, period: Period | None, stand: dt.date) -> dt.date:
    """The last day that a delivery covers: of its period, or a snapshot's Stand."""
    return period.last if programme.delivery == "period" and period else stand
