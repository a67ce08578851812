"""Reporting periods and due dates.

Belongs here: the notations of a reporting period (`deliveries.md` §1 and §4) and when a delivery is due (§7).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from kim_pipeline import german
from kim_pipeline.contracts.normalise import comparable

_YEARS = range(1900, 2200)
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januar jan jänner", "februar feb", "märz mrz mär maerz", "april apr", "mai", "juni jun", "juli jul",
            "august aug", "september sep sept", "oktober okt", "november nov", "dezember dez",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
MONTH = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?"
"""A month's German name, whole or abbreviated, in comparable form."""
_YEAR = re.compile(r"(?:(?:kalender)?jahr )?(?P<year>\d{4})", re.ASCII)
_SCHOOL_YEAR = re.compile(r"(?:(?:schuljahr|kita-?jahr) )?(?P<year>\d{4}) ?/ ?(?P<next>\d{4}|\d{2})", re.ASCII)
_NUMBER = r"(?P<number>[1-4]|i{1,3}|iv)"
_PARTS = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"{_NUMBER}\.? ?(?P<kind>halbjahr|hj\.?|quartal) ?(?P<year>\d{{4}})",
        rf"(?P<kind>halbjahr|hj\.?|quartal) ?{_NUMBER} ?/ ?(?P<year>\d{{4}})",
        r"(?P<year>\d{4})-(?P<kind>[hq])(?P<number>[1-4])",
        r"(?P<kind>[hq])(?P<number>[1-4]) ?[ /] ?(?P<year>\d{4})",
    )
)
_MONTH_OF = re.compile(rf"(?P<name>{MONTH}) ?(?P<year>\d{{4}})|(?P<number>\d{{2}})/(?P<other>\d{{4}})")
_DAY_END = r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4}|\d{2})?"
_ENDS = re.compile(r"(?:(?:vom|von) )?(?P<first>.+?) ?(?:-|\bbis\b|(?<=\.)bis|(?<=\d)bis) ?(?P<last>.+)")
_DAY = re.compile(_DAY_END, re.ASCII)
_BARE_MONTH = re.compile(rf"(?P<name>{MONTH})")
_LONGEST = 80
"""No reporting period that people write is longer; a longer text is not looked at."""


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
    """Read a stated reporting period in one of the spellings of `deliveries.md` §1.1; None if the text is none."""
    stated = comparable(text)
    if len(stated) > _LONGEST:
        return None
    try:
        period = _parse_named(stated) or _parse_ends(stated)
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
        return year(int(match["year"]))
    if match := _SCHOOL_YEAR.fullmatch(text):
        first, second = int(match["year"]), match["next"]
        return school_year(first) if f"{first + 1}"[-len(second) :] == second else None
    for form in _PARTS:
        if match := form.fullmatch(text):
            return _part(match["kind"][0], match["number"], int(match["year"]))
    return parse_month(text)


def _part(kind: str, number: str, in_year: int) -> Period | None:
    """A half-year or a quarter."""
    position, count = _ROMAN.get(number) or int(number), 6 if kind == "h" else 3
    return months(in_year, count * (position - 1) + 1, count) if position * count <= 12 else None


def parse_month(text: str) -> Period | None:
    """`märz 2023`, `mrz. 2023` or `03/2023`, in comparable form; None if the text is no month."""
    match = _MONTH_OF.fullmatch(text)
    if match is None:
        return None
    number = _month_number(match["name"]) if match["name"] else int(match["number"])
    return months(int(match["year"] or match["other"]), number, 1)


def _month_number(name: str) -> int:
    return _MONTHS[name.rstrip(".")]


def _parse_ends(text: str) -> Period | None:
    """Two days or two months; the first takes the second's year where it has none."""
    match = _ENDS.fullmatch(text)
    if match is None:
        return None
    if (first := _DAY.fullmatch(match["first"])) and (last := _DAY.fullmatch(match["last"])):
        return _days(first, last)
    until = parse_month(match["last"])
    if until is None:
        return None
    bare = _BARE_MONTH.fullmatch(match["first"])
    since = months(until.first.year, _month_number(bare["name"]), 1) if bare else parse_month(match["first"])
    return Period(since.first, until.last) if since and since.first <= until.first else None


def _days(first: re.Match[str], last: re.Match[str]) -> Period | None:
    if last["year"] is None:
        return None
    until = _day(last, last["year"])
    since = _day(first, first["year"] or last["year"])
    return Period(since, until) if since <= until else None


def _day(match: re.Match[str], in_year: str) -> dt.date:
    return dt.date(int(in_year) + (2000 if len(in_year) == 2 else 0), int(match["month"]), int(match["day"]))


def parse_day_in_words(text: str) -> dt.date | None:
    """`15. januar 2024`, or `januar 2024` for its last day, in comparable form; None if the text is neither.

    Raises:
        ValueError: a day that the calendar does not have.
    """
    if match := _DAY_IN_WORDS.fullmatch(text):
        return dt.date(int(match["year"]), _month_number(match["name"]), int(match["day"]))
    month = parse_month(text) if not text[:1].isdigit() else None
    return month.last if month else None


_DAY_IN_WORDS = re.compile(rf"(?P<day>\d{{1,2}})\. ?(?P<name>{MONTH}) ?(?P<year>\d{{4}})")
_NAMES_TIME = re.compile(
    rf"(?<!\d)(?:19|20)\d\d(?!\d)|\d{{1,2}}\.\d{{1,2}}\.|\b{MONTH}|halbjahr|\bhj\b|quartal|\b[hq][1-4]\b|\bjahr\b"
)


def names_time(text: str) -> bool:
    """Whether a remark, in comparable form, names a day, month, quarter, half or year."""
    return _NAMES_TIME.search(text) is not None


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

    def next_due(self, covered_through: dt.date | None, as_of: dt.date, valid_to: dt.date | None = None) -> dt.date:
        """The day by which the next delivery is (or was) due.

        Args:
            covered_through: the last day that the deliveries so far cover; None if there is none.
            as_of: today.
            valid_to: the programme's last day, later than `covered_through`; None while no end is known.

        Returns:
            The first due day whose period ends after `covered_through`. Without any delivery: the latest due day
            that has passed by `as_of`, but none after that of the first period that ends on `valid_to` or later.
        """
        if covered_through is None:
            past = max(by for ends, by in self._dated(as_of.year - 2, as_of.year + 1) if by <= as_of)
            return past if valid_to is None else min(past, self._closing(valid_to))
        later = self._dated(covered_through.year - 1, covered_through.year + 2)
        return min(by for ends, by in later if ends > covered_through)

    def _closing(self, valid_to: dt.date) -> dt.date:
        """The due day of a programme's closing delivery: of the first period that ends on its last day or later."""
        return min(by for ends, by in self._dated(valid_to.year, valid_to.year + 1) if ends >= valid_to)

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
