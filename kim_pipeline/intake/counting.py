"""Which delivery counts (`deliveries.md` §4).

Belongs here: for each table, the days for which each delivery counts. Pure functions of what deliveries state.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from kim_pipeline.contracts.calendar import Period

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Candidate:
    """A delivery, or a part of one, that brings a table: its file, Stand and period (None for snapshots), its part.

    Of what is kept of bytes that are gone, `is_kept` is true: what overwrote them goes before it.
    """

    file: str
    as_of: dt.date
    period: Period | None
    part: str = ""
    is_kept: bool = False

    @property
    def rank(self) -> tuple[dt.date, int, bool, str, str]:
        """The later Stand counts; on equal Stand the longer period, then the file name that sorts last."""
        return self.as_of, self.period.days if self.period else 0, not self.is_kept, self.file, self.part

    @property
    def owner(self) -> tuple[str, str]:
        """File and part."""
        return self.file, self.part

    def loses_because(self, other: Candidate) -> str:
        """Why another one counts instead: `newer_stand`, `longer_period` or `later_name`."""
        if other.as_of != self.as_of:
            return "newer_stand"
        return "longer_period" if other.rank[1] != self.rank[1] else "later_name"


@dataclass(frozen=True)
class Window:
    """The days for which a part of a file counts; None for a snapshot, which counts for all days."""

    file: str
    days: Period | None
    part: str = ""

    @property
    def owner(self) -> tuple[str, str]:
        """File and part."""
        return self.file, self.part


def snapshot_windows(candidates: Iterable[Candidate]) -> list[Window]:
    """The one snapshot that counts."""
    best = max(candidates, key=lambda c: c.rank, default=None)
    return [Window(best.file, None, best.part)] if best else []


def period_windows(candidates: Iterable[Candidate]) -> list[Window]:
    """Per file the spans of days for which it is, of those that cover them, the one that counts.

    Returns:
        Windows in ascending order of days, neighbouring spans of a file joined.
    """
    known = [c for c in candidates if c.period is not None]
    starts = {c.period.first for c in known if c.period} | {c.period.last + _DAY for c in known if c.period}
    edges = sorted(starts)
    windows: list[Window] = []
    for first, after in pairwise(edges):
        covering = [c for c in known if c.period and c.period.first <= first and after - _DAY <= c.period.last]
        if not covering:
            continue
        winner = max(covering, key=lambda c: c.rank)
        last = windows[-1] if windows else None
        if last and last.owner == winner.owner and last.days and last.days.last + _DAY == first:
            windows[-1] = Window(winner.file, Period(last.days.first, after - _DAY), winner.part)
        else:
            windows.append(Window(winner.file, Period(first, after - _DAY), winner.part))
    return windows


def superseded_by(candidate: Candidate, windows: Iterable[Window], candidates: Iterable[Candidate]) -> Candidate | None:
    """What counts instead of a candidate: of those that count on its days (for a snapshot: at all) the best."""
    by_owner = {c.owner: c for c in candidates}
    period = candidate.period
    better = [
        by_owner[w.owner]
        for w in windows
        if w.owner != candidate.owner
        and (period is None or w.days is None or (w.days.first <= period.last and period.first <= w.days.last))
    ]
    return max((c for c in better if c.rank > candidate.rank), key=lambda c: c.rank, default=None)


def without_period_date(windows: Iterable[Window], candidates: Iterable[Candidate]) -> list[Window]:
    """For tables whose rows have no period date: a file counts if it wins the last day of its own period."""
    lasts = {c.owner: c.period.last for c in candidates if c.period}
    return [w for w in windows if w.days and w.days.first <= lasts[w.owner] <= w.days.last]
