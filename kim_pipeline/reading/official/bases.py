"""On which census an official figure rests (`official.md` §5): pure functions of the file's texts, days and totals.

Belongs here: the order of the six rules. Does not belong here: where a layout keeps its texts.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CENSUS_DAYS = {dt.date(2011, 5, 9): "2011", dt.date(2022, 5, 15): "2022"}
"""Stichtag → the census held on it."""
_KNOWN = frozenset({"1987", "2011", "2022"})
_FIRST_RESULTS_2022 = dt.date(2024, 6, 25)
_ON_BASE = re.compile(r"auf Grundlage des\s+Zensus\s*(2011|2022)", re.IGNORECASE)
_MONTHS = ("januar", "februar", "märz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november",
           "dezember")  # fmt: skip
_BROKEN_WORD = re.compile(r"(?<=[a-zäöüß])-\s+(?=[a-zäöüß])")
_PHRASE = re.compile(
    r"\b(?:Grundlage|Basis|Ergebnisse|Ergebnissen)\s+(?:des|der)\s+(?:Zensus|Volkszählung)\b.{0,25}?(?<!\d)(?P<base>\d{4})",
    re.IGNORECASE,
)
_SINCE = re.compile(
    r"\bab\s+(?:dem\s+)?(?:(?:Stichtag\s+)?(?P<day>\d{1,2}\.\d{1,2}\.\d{4})|"
    rf"(?:(?:Jahr|Berichtsjahr)\s+|(?:Berichtsmonat\s+)?(?P<month>{'|'.join(_MONTHS)})\s+)?(?P<since>\d{{4}}))(?!\d)"
    r"|(?:Berichts)?Jahre\s+(?P<first>\d{4})\s+bis\s+(?P<last>\d{4})",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class BaseSpan:
    """A rule of the footer: from `first` to `last` (None: open) figures rest on `base`."""

    first: dt.date
    last: dt.date | None
    base: str


@dataclass(frozen=True)
class BaseFacts:
    """What a file says that the base can be told from.

    Attributes:
        as_of: its Stand.
        totals: (area, Stichtag) → the file's population there, states and Germany included.
        anchors: (area, Stichtag, population) → base, as published.
    """

    as_of: dt.date | None
    totals: Mapping[tuple[str, dt.date], int] = field(default_factory=dict)
    anchors: Mapping[tuple[str, dt.date, int], str] = field(default_factory=dict)


def census_base(day: dt.date, header: str, facts: BaseFacts, spans: Iterable[BaseSpan]) -> str | None:
    """The base of the figures of a day; None where nothing tells it.

    Args:
        day: the Stichtag.
        header: text of the column's header and date cells.
        facts: of the file.
        spans: rules of its footer (see `footer_rules`).
    """
    if day in CENSUS_DAYS:
        return CENSUS_DAYS[day]
    stated = _ON_BASE.search(" ".join(header.split()))
    if stated:
        return stated[1]
    covering = [s for s in spans if s.first <= day and (s.last is None or day <= s.last)]
    if covering:
        return max(covering, key=lambda s: s.first).base
    return _by_day(day) or _by_anchor(day, facts) or _by_stand(facts)


def _by_day(day: dt.date) -> str | None:
    if day.year <= 2010:
        return "1987"
    if 2013 <= day.year <= 2021:
        return "2011"
    return "2022" if day >= dt.date(2024, 12, 31) else None


def _by_anchor(day: dt.date, facts: BaseFacts) -> str | None:
    found = {
        base
        for (area, on), population in facts.totals.items()
        if on == day and (base := facts.anchors.get((area, day, population)))
    }
    return found.pop() if len(found) == 1 else None


def _by_stand(facts: BaseFacts) -> str | None:
    return "2011" if facts.as_of is not None and facts.as_of < _FIRST_RESULTS_2022 else None


def footer_rules(footer: str) -> list[BaseSpan]:
    """The rules that a footer states, in its order: each phrase with the nearest time before it."""
    text = _BROKEN_WORD.sub("", " ".join(footer.split()))
    spans: list[BaseSpan] = []
    after = 0
    for phrase in _PHRASE.finditer(text):
        times = list(_SINCE.finditer(text, after, phrase.start()))
        after = phrase.end()
        if times and phrase["base"] in _KNOWN:
            spans.append(_span(times[-1], phrase["base"]))
    return spans


def _span(time: re.Match[str], base: str) -> BaseSpan:
    if time["first"]:
        return BaseSpan(dt.date(int(time["first"]), 1, 1), dt.date(int(time["last"]), 12, 31), base)
    if time["day"]:
        day, month, year = (int(part) for part in time["day"].split("."))
        return BaseSpan(dt.date(year, month, day), None, base)
    month = _MONTHS.index(time["month"].casefold()) + 1 if time["month"] else 1
    return BaseSpan(dt.date(int(time["since"]), month, 1), None, base)
