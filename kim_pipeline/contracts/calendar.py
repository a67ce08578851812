"""Reporting periods and due dates.

Belongs here: the notations of a reporting period (`deliveries.md` §1 and §4) and when a delivery is due (§7).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from kim_pipeline import german

_DASH = r"\s*[-–—]\s*"
_YEARS = range(1900, 2200)
_YEAR = re.compile(r"(\d{4})")
_SCHOOL_YEAR = re.compile(r"(\d{4})\s*/\s*(\d{2}|\d{4})")
_HALF = re.compile(r"([12])\.\s*halbjahr\s+(\d{4})", re.IGNORECASE)
_QUARTER = re.compile(r"([1-4])\.\s*quartal\s+(\d{4})", re.IGNORECASE)
_GERMAN_DAY = r"(\d{1,2})\.(\d{1,2})\.(\d{4})"
_DAYS = re.compile(_GERMAN_DAY + _DASH + _GERMAN_DAY)


@dataclass(frozen=True, order=True)
class Period:
    """A span of whole days, first and last included."""

    first: dt.date
    last: dt.date

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.last - self.first).days + 1

    @property
    def in_words(self) -> str:
        """As people write it: `2022`, `2022/23`, `1. Halbjahr 2022`, `1. Quartal 2024`, else first and last day."""
        return german.period(str(self))

    def __str__(self) -> str:
        """The canonical notation: `2023`, `2022/23`, `2022-H1`, `2024-Q1`, else `first day/last day`."""
        return _canonical(self) or f"{self.first.isoformat()}/{self.last.isoformat()}"


def year(number: int) -> Period:
    """The calendar year."""
    return Period(dt.date(number, 1, 1), dt.date(number, 12, 31))


def school_year(first: int) -> Period:
    """The school year that begins on 1 August of `first`."""
    return Period(dt.date(first, 8, 1), dt.date(first + 1, 7, 31))


def months(number: int, first: int, count: int) -> Period:
    """`count` months from month `first` of year `number`, within that year."""
    after = dt.date(number + (first + count) // 13, (first + count - 1) % 12 + 1, 1)
    return Period(dt.date(number, first, 1), after - dt.timedelta(days=1))


def _canonical(period: Period) -> str | None:
    number = period.first.year
    if period == year(number):
        return str(number)
    if period == school_year(number):
        return f"{number}/{(number + 1) % 100:02d}"
    for half in (1, 2):
        if period == months(number, 6 * half - 5, 6):
            return f"{number}-H{half}"
    for quarter in (1, 2, 3, 4):
        if period == months(number, 3 * quarter - 2, 3):
            return f"{number}-Q{quarter}"
    return None


def parse_period(text: str) -> Period | None:
    """Read a stated reporting period (`deliveries.md` §1); None if the text is none."""
    stated = " ".join(text.split())
    try:
        period = _parse_named(stated) or _parse_days(stated)
    except ValueError:  # a day or year that the calendar does not have
        return None
    return period if period and period.first.year in _YEARS and period.last.year in _YEARS else None


def named_period(name: str) -> Period:
    """The period of a canonical notation: what `str` of a period gives.

    Raises:
        ValueError: the text is none.
    """
    number, _, part = name.partition("-")
    if part[:1] in ("H", "Q") and len(part) == 2:
        length = {"H": 6, "Q": 3}[part[0]]
        return months(int(number), length * (int(part[1]) - 1) + 1, length)
    first, _, last = name.partition("/")
    if len(first) == len(last) == len("2023-01-01"):
        return Period(dt.date.fromisoformat(first), dt.date.fromisoformat(last))
    return school_year(int(first)) if last else year(int(first))


def _parse_named(text: str) -> Period | None:
    if match := _YEAR.fullmatch(text):
        return year(int(match[1]))
    if match := _SCHOOL_YEAR.fullmatch(text):
        first, second = int(match[1]), match[2]
        follows = f"{first + 1}"[-len(second) :] == second
        return school_year(first) if follows else None
    if match := _HALF.fullmatch(text):
        return months(int(match[2]), 6 * int(match[1]) - 5, 6)
    if match := _QUARTER.fullmatch(text):
        return months(int(match[2]), 3 * int(match[1]) - 2, 3)
    return None


def _parse_days(text: str) -> Period | None:
    match = _DAYS.fullmatch(text)
    if match is None:
        return None
    d1, m1, y1, d2, m2, y2 = (int(g) for g in match.groups())
    first, last = dt.date(y1, m1, d1), dt.date(y2, m2, d2)
    return Period(first, last) if first <= last else None


@dataclass(frozen=True)
class Obligation:
    """One obligation a year: what is covered through day (`ends`) is due by day (`by`), both as (month, day).

    A `by` that lies earlier in the year than `ends` falls into the next year.
    """

    ends: tuple[int, int]
    by: tuple[int, int]


@dataclass(frozen=True)
class Cadence:
    """How often a programme delivers.

    Attributes:
        label: German adverb for people.
        obligations: those of one year.
    """

    label: str
    obligations: tuple[Obligation, ...]

    def next_due(self, covered_through: dt.date | None, as_of: dt.date) -> dt.date:
        """The day by which the next delivery is (or was) due.

        Args:
            covered_through: the last day that the deliveries so far cover; None if there is none.
            as_of: today.

        Returns:
            The first due day whose period ends after `covered_through`. Without any delivery: the latest due day
            that has passed by `as_of`.
        """
        if covered_through is None:
            past = [by for ends, by in self._dated(as_of.year - 2, as_of.year + 1) if by <= as_of]
            return max(past)
        later = self._dated(covered_through.year - 1, covered_through.year + 2)
        return min(by for ends, by in later if ends > covered_through)

    def _dated(self, first: int, last: int) -> list[tuple[dt.date, dt.date]]:
        """The obligations of some years: last day that is to be covered, and day by which."""
        found = []
        for number in range(first, last + 1):
            for each in self.obligations:
                rolls_over = each.by < each.ends
                found.append((dt.date(number, *each.ends), dt.date(number + rolls_over, *each.by)))
        return found


QUARTERLY = Cadence(
    "vierteljährlich",
    (
        Obligation((3, 31), (4, 30)),
        Obligation((6, 30), (7, 31)),
        Obligation((9, 30), (10, 31)),
        Obligation((12, 31), (1, 31)),
    ),
)
"""Due one month after each quarter: the contract names no day, offices deliver within that month."""
HALF_YEARLY = Cadence("halbjährlich", (Obligation((6, 30), (7, 31)), Obligation((12, 31), (1, 31))))
"""Due one month after each half-year, as for quarters."""
SCHOOL_HALF_YEARLY = Cadence(
    "halbjährlich (Schulhalbjahr)", (Obligation((1, 31), (2, 28)), Obligation((7, 31), (8, 31)))
)
"""Due one month after each half of a school year."""
YEARLY_BY_31_MARCH = Cadence("jährlich bis 31. März", (Obligation((12, 31), (3, 31)),))
YEARLY_BY_30_SEPTEMBER = Cadence("jährlich bis 30. September", (Obligation((12, 31), (9, 30)),))
SCHOOL_YEARLY_BY_30_SEPTEMBER = Cadence("jährlich bis 30. September (Schuljahr)", (Obligation((7, 31), (9, 30)),))
