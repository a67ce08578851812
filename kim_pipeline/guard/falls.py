"""What a night would take away: days, rows or figures that the published build has (`deliveries.md` §4a).

Belongs here: comparing what two builds say, as pure functions, and saying it in German. Does not belong here: which
delivery it comes from, and what becomes of that (`judging.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kim_pipeline import german
from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.calendar import Period
from kim_pipeline.contracts.limits import HoldLimits
from kim_pipeline.contracts.model import Programme, Table
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.guard.basis import Basis, FigureName, Span, TableName

_DAY = dt.timedelta(days=1)
_TOLD = 3


@dataclass(frozen=True)
class Fall:
    """Something that the published build has and that would be gone.

    Attributes:
        programme: whose it is.
        days: what it is about, from its first to its last day; None for all that there is.
        told: a German sentence with the number before and the one after.
        figure: indicator and period, where it is a figure, and not days or rows of a table.
    """

    programme: str
    days: Period | None
    told: str
    figure: FigureName | None = None

    def touches(self, days: Period | None) -> bool:
        """Whether it is about any of some days; None for all days."""
        return _meet(self.days, days)


def _meet(one: Period | None, other: Period | None) -> bool:
    """Whether two spans have a day in common; None for all days."""
    return one is None or other is None or (one.first <= other.last and other.first <= one.last)


def told_together(falls: Sequence[Fall]) -> str:
    """Some falls as one German text: the first few, and how many more there are."""
    more = len(falls) - _TOLD
    rest = f" Dazu {german.counted(more, 'weitere Angabe', 'weitere Angaben')}." if more > 0 else ""
    return " ".join(dict.fromkeys(fall.told for fall in falls[:_TOLD])) + rest


def falls(before: Basis, after: Basis, new: frozenset[tuple[str, str]], limits: Mapping[str, HoldLimits]) -> list[Fall]:
    """What `after` lacks of what `before` has.

    Args:
        before: the published build.
        after: what the night would build.
        new: programme and file of deliveries that count in it and were no inputs before.
        limits: programme → from when on a fall of rows is one.
    """
    found: list[Fall] = []
    for programme in programmes().values():
        begins = _begin(programme, before, after, limits[programme.key])
        for table in programme.tables:
            found += _lost_days(programme, table, before, after, begins)
            spans = _judged_spans((programme.key, table.name), before, after, new)
            asked = dict.fromkeys(_asked(span, begins) for span in spans)
            found += _lost_rows((programme, table), before, after, asked, limits[programme.key])
    found += _lost_figures(before, after, limits)
    found += _lost_population(before, after)
    return found


def _lost_population(before: Basis, after: Basis) -> Iterator[Fall]:
    """Stichtage at which an area had a population and would have none (`official.md` §6)."""
    programme = next((p for p in programmes().values() if p.published is not None), None)
    gone: dict[dt.date, set[str]] = {}
    county = vocabulary().county
    for area, day in before.populated - after.populated:
        is_sum = area == county.key and all((ags, day) in after.populated for ags in county.ags)
        if not is_sum:
            gone.setdefault(day, set()).add(area)
    if programme is None:
        return
    names = {county.key: county.name, **{m.ags: m.name for m in county.municipalities}}
    for day, areas in sorted(gone.items(), reverse=True):
        which = german.listing(sorted(names.get(area, area) for area in areas))
        told = f"{programme.title}: Für {which} läge zum {german.day(day)} keine Bevölkerungszahl mehr vor."
        yield Fall(programme.key, Period(day, day), told)


def _begin(programme: Programme, before: Basis, after: Basis, limits: HoldLimits) -> dt.date | None:
    """The day from which a snapshot answers for what an earlier one held; None for deliveries of periods.

    That is the build's first covered day, or the new Stand less the time for which rows are kept, the later of both.
    """
    if programme.delivery == "period":
        return None
    covered = [day for table in programme.tables for day in before.covered.get((programme.key, table.name), ())]
    first = min((days.first for days in covered), default=None)
    kept = _kept_from(programme, after, limits)
    return max(first, kept) if first is not None and kept is not None else first


def _kept_from(programme: Programme, after: Basis, limits: HoldLimits) -> dt.date | None:
    """The first day for which a snapshot still has to keep rows; None where it keeps all."""
    if programme.delivery == "period" or limits.kept_years is None:
        return None
    covered = (day for table in programme.tables for day in after.covered.get((programme.key, table.name), ()))
    stand = max((days.last for days in covered), default=None)
    return None if stand is None else _years_before(stand, limits.kept_years)


def _years_before(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


def _lost_days(
    programme: Programme, table: Table, before: Basis, after: Basis, begin: dt.date | None
) -> Iterator[Fall]:
    """Days of which deliveries spoke, and none does any more."""
    key = programme.key, table.name
    left = after.covered.get(key, ())
    if begin is not None:
        left = tuple(Period(min(begin, days.first), days.last) for days in left)
    for days in before.covered.get(key, ()):
        asked = days if begin is None else Period(max(days.first, min(begin, days.last)), days.last)
        for lost in _without(asked, left):
            rows = sum(number for day, number in before.rows.get(key, {}).items() if _is_in(day, lost))
            yield Fall(
                programme.key,
                lost,
                f"{table.label}: Für {lost.in_words} läge keine Lieferung mehr vor; bisher "
                f"{german.counted(rows, 'Zeile', 'Zeilen')}, dann 0.",
            )


def _without(days: Period, covered: Iterable[Period]) -> list[Period]:
    """The spans of `days` that are in none of the others."""
    left = [days]
    for span in covered:
        left = [part for one in left for part in _cut(one, span)]
    return left


def _cut(days: Period, span: Period) -> list[Period]:
    if span.last < days.first or days.last < span.first:
        return [days]
    before = [Period(days.first, span.first - _DAY)] if days.first < span.first else []
    after = [Period(span.last + _DAY, days.last)] if span.last < days.last else []
    return before + after


def _judged_spans(key: TableName, before: Basis, after: Basis, new: frozenset[tuple[str, str]]) -> list[Span]:
    """The spans for which a new delivery counts; and those for which one did, where no new one counts on their days."""
    now = [s for s in after.spans.get(key, ()) if (key[0], s.file) in new]
    return now + [s for s in before.spans.get(key, ()) if not any(_meet(s.days, other.days) for other in now)]


def _asked(span: Span, begin: dt.date | None) -> Period | None:
    """The days of a span; for a snapshot all from `begin`."""
    return span.days or (Period(begin, dt.date.max) if begin else None)


def _lost_rows(
    names: tuple[Programme, Table], before: Basis, after: Basis, spans: Iterable[Period | None], limits: HoldLimits
) -> Iterator[Fall]:
    """Spans that lose most of their rows."""
    programme, table = names
    rows = [basis.rows.get((programme.key, table.name), {}) for basis in (before, after)]
    for days in spans:
        had, has = (_rows_in(counted, days) for counted in rows)
        if has < limits.share * had and had - has >= limits.rows:
            about = f" für {days.in_words}" if days is not None and days.last < dt.date.max else ""
            yield Fall(
                programme.key,
                days,
                f"{table.label}: bisher {german.counted(had, 'Zeile', 'Zeilen')}{about}, dann {has}.",
            )


def _rows_in(rows: Mapping[dt.date | None, int], days: Period | None) -> int:
    """Rows on some days; rows without a day always."""
    return sum(number for day, number in rows.items() if day is None or days is None or _is_in(day, days))


def _is_in(day: dt.date | None, days: Period) -> bool:
    return day is not None and days.first <= day <= days.last


def _lost_figures(before: Basis, after: Basis, limits: Mapping[str, HoldLimits]) -> Iterator[Fall]:
    """Figures of the county that would have no row, or 0 where they were more."""
    for (indicator, name), value in sorted(before.figures.items(), key=lambda item: _longest_first(before, item[0])):
        programme, label = before.indicators.get(indicator, ("", indicator))
        if programme not in programmes() or not _is_lost(value, after.figures, (indicator, name)):
            continue
        days = before.periods.get(name)
        kept = _kept_from(programmes()[programme], after, limits[programme])
        if kept is not None and days is not None and days.first < kept:
            continue
        then = "0" if (indicator, name) in after.figures else "kein Wert"
        was = "ein geheimer Wert" if value is None else german.exact(value)
        told = f"Kennzahl „{label}“ {german.in_period(name)}: bisher {was}, dann {then}."
        yield Fall(programme, days, told, (indicator, name))


def _longest_first(basis: Basis, figure: FigureName) -> tuple[int, str, str]:
    """Years before their quarters, for what is told first."""
    days = basis.periods.get(figure[1])
    return -days.days if days else 0, figure[1], figure[0]


def _is_lost(value: float | None, figures: Mapping[FigureName, float | None], figure: FigureName) -> bool:
    if figure not in figures:
        return True
    return value is not None and value > 0 and figures[figure] == 0


def programme_tables(programme: str) -> list[TableName]:
    """A programme's tables."""
    return [(programme, table.name) for table in programmes()[programme].tables]
