"""What is due of a programme, by the deliveries that there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from kim_pipeline.contracts.calendar import Period
from kim_pipeline.contracts.due import Due, next_due
from kim_pipeline.contracts.model import Programme
from kim_pipeline.contracts.vocabulary import last_day_of_programme
from kim_pipeline.intake.deliveries import Delivery


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
    through, ends_on = covered_through(programme, deliveries), last_day_of_programme(programme.key)
    return next_due(programme.cadence, last, through, as_of, grace_days=grace_days, ends_on=ends_on)


def covered_through(programme: Programme, deliveries: Iterable[Delivery]) -> dt.date | None:
    """The last day that a programme's usable deliveries cover."""
    read = [d.read for d in deliveries if d.read is not None and not d.is_rejected and d.held is None]
    days = [last_day_of(programme, r.period, r.as_of) for r in read if r.as_of is not None and r.published is None]
    days += [day for r in read if r.published for day in year_ends(r.published.covers)]
    return max(days, default=None)


def year_ends(days: Iterable[dt.date]) -> list[dt.date]:
    """Those of the days that are a 31 December: for these years an official table delivers (`official.md` §6)."""
    return [day for day in days if (day.month, day.day) == (12, 31)]


def last_day_of(programme: Programme, period: Period | None, stand: dt.date) -> dt.date:
    """The last day that a delivery covers: of its period, or a snapshot's Stand."""
    return period.last if programme.delivery == "period" and period else stand
