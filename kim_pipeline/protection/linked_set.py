"""The linked set: the protected figures that are published together, and how an attacker knows them to hang together.

Belongs here: from `disclosure.cell` and the catalogue's rules to cells and relations (`privacy.md`, "The relations an
attacker knows"). Neither which cells are hidden, nor the audit, which builds its relations itself.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

import duckdb

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.date_orders import date_orders
from kim_pipeline.disclosure import Cell, LinkedSystem, Relation, RelationKind, Role

SENSITIVE_K = 5
"""From this k on a category that holds all of its group is treated as small."""
LEAST_CONTRIBUTORS, MOST_OF_TWO = 3, 0.85
"""A sum of hours or euros over persons needs so many, and the largest two may make up so much of it."""
LEAST_VALUES = 5
"""A median of fewer values is not published."""
_AMOUNT_MARGIN = 1.15
"""An attacker must think an unsafe sum possible up to so many times its value, and down to nothing."""
_HUNDREDTHS = 100
N_CLASSES = ((5, 9), (10, 19), (20, 49), (50, None))
"""The classes in which the number of values behind a median is printed."""
_COUNTY, _COUNTY_MEMBER, _YEAR = 5.0, 1.5, 1.5
"""Hiding the county's totals, its breakdowns and years costs so many times more: they are read most."""


class Key(NamedTuple):
    """Which figure: the count (an indicator, or a part of a rate), area, period, and breakdown (`''` for the total)."""

    count_id: str
    area: str
    period: str
    breakdown: str

    @property
    def cell(self) -> str:
        """Its id in the linked system."""
        return "|".join(self)


@dataclass(frozen=True)
class Figure:
    """One row of `disclosure.cell`; sums of hours and euros in hundredths.

    Attributes:
        value: what was counted.
        k: smallest count that may be published; 0 for the number of values behind a median, which nothing protects.
        is_printed: whether it can be published itself; else it only follows from others.
        is_reported: whether the value is one; what is not reported adds nothing to any sum, and everybody is told so:
            no small figure, no hidden one, but a 0 that is known and never hidden. So is a sum over no rows, where the
            number of rows is published.
        is_unsafe_sum: whether too few persons contribute to a sum, or two of them too much.
        persons: distinct persons or cases behind it; None where it cannot be divided among them.
    """

    value: int
    k: int
    is_printed: bool
    is_unsafe_sum: bool = False
    is_reported: bool = True
    persons: int | None = None

    @property
    def role(self) -> Role:
        """What an attacker gets to see of it."""
        if not self.is_reported:
            return Role.KNOWN
        return Role.PUBLISHED if self.is_printed else Role.UNKNOWN

    @property
    def protected_from(self) -> int | None:
        """Its k, where there is something to protect."""
        return self.k or None if self.is_reported else None

    @property
    def is_of_few(self) -> bool:
        """Whether fewer persons or cases stand behind it than may be published."""
        return self.persons is not None and self.is_reported and 0 < self.persons < self.k


@dataclass(frozen=True)
class Rules:
    """What the catalogue says of one indicator.

    Attributes:
        indicator: its id.
        is_stock: whether it is a state on a period's last day.
        is_share: whether what it counts is a part of `at_most`, and not a number of other things (persons, requests).
        rate: numerator, denominator and difference of a rate, as counts.
        at_most: the count that it never exceeds.
        parts: counts that make it up, beside a rest.
        flow: inflow and outflow of a stock.
        hidden_with: the count with which a sum of hours or euros is hidden.
        contributors: the count of the persons that make it up, with which it is hidden, too.
        same_total_as: the count that is its total, where it has none of its own.
        dated: its own count that takes part in an order of dates: itself, a rate's denominator, a median's `.n`.
        follows: counts that this one never overtakes, both summed up from the first period on.
        n_from: for a median with `dated`, the number of values from which it is printed.
    """

    indicator: str
    is_stock: bool = False
    is_share: bool = False
    rate: tuple[str | None, str | None, str | None] = (None, None, None)
    at_most: str | None = None
    parts: tuple[str, ...] = ()
    flow: tuple[str, str] | None = None
    hidden_with: str | None = None
    contributors: str | None = None
    same_total_as: str | None = None
    dated: str | None = None
    follows: tuple[str, ...] = ()
    n_from: int | None = None


@dataclass(frozen=True)
class CalendarTable:
    """Which areas and periods make up which.

    Attributes:
        county: the county's key.
        municipalities: theirs.
        quarters: year → its quarters, in order.
        previous: period → the one before it in the same calendar.
        years: years and school years.
    """

    county: str
    municipalities: tuple[str, ...]
    quarters: Mapping[str, tuple[str, ...]]
    previous: Mapping[str, str]
    years: frozenset[str]


@dataclass(frozen=True)
class LinkedSet:
    """Everything that `disclosure.cell` and the catalogue say; counts and sums have no relation in common."""

    counts: Mapping[Key, Figure]
    amounts: Mapping[Key, Figure]
    rules: Sequence[Rules]
    calendar: CalendarTable

    @cached_property
    def _by_count(self) -> Mapping[str, list[Key]]:
        found: dict[str, list[Key]] = {}
        for key in self.counts:
            found.setdefault(key.count_id, []).append(key)
        return found

    def digest(self) -> str:
        """Tells whether figures, rules and calendar are the same."""
        calendar = self.calendar
        periods = sorted(calendar.quarters.items()), sorted(calendar.previous.items()), sorted(calendar.years)
        content = [*self.counts.items()], [*self.amounts.items()], [*self.rules], calendar.county, periods
        return hashlib.sha256(repr((*content, calendar.municipalities)).encode()).hexdigest()

    def primaries(self) -> set[Key]:
        """Figures that are hidden for themselves, whatever becomes of the others."""
        small = self._small()
        counts = {
            key
            for key, figure in self.counts.items()
            if figure.is_printed and _cell(key, figure, self.calendar, is_small=key in small).is_sensitive
        }
        return counts | {key for key, sum_ in self.amounts.items() if sum_.is_unsafe_sum and sum_.value > 0}

    def _small(self) -> set[Key]:
        """Counts that are treated as small whatever their values."""
        return self._whole_groups() | {key for key, figure in self.counts.items() if figure.is_of_few}

    def system_of_counts(self, *, has_orders: bool = True) -> LinkedSystem:
        """Cells and relations of all counts of persons, cases, requests.

        Args:
            has_orders: with the orders of dates and what printed classes tell.
        """
        small = self._small()
        cells = [_cell(key, figure, self.calendar, is_small=key in small) for key, figure in self.counts.items()]
        rests, relations = self._parts()
        relations += [*self._additive(self.counts), *self._within_rates(), *self._bounds(), *self._flows()]
        behind = list[Cell]()
        if has_orders:
            behind, orders = self._orders()
            relations += [*orders, *self._printed_classes()]
        return LinkedSystem([*cells, *rests, *behind], relations)

    def system_of_amounts(self, hidden: Iterable[Key]) -> LinkedSystem:
        """Cells and relations of all sums of hours and euros.

        Args:
            hidden: sums that are hidden with their count; they are protected like unsafe ones.
        """
        unsafe = {key for key, figure in self.amounts.items() if figure.is_unsafe_sum} | set(hidden)
        cells = [
            _amount_cell(key, figure, self.calendar, is_unsafe=key in unsafe) for key, figure in self.amounts.items()
        ]
        return LinkedSystem(cells, self._additive(self.amounts))

    def contributors_of(self, key: Key, count: str) -> Key:
        """The count of the persons behind a sum; for a quarter that of its year, where that is the only one."""
        own = key._replace(count_id=count)
        year = next((y for y, quarters in self.calendar.quarters.items() if key.period in quarters), key.period)
        return own if own in self.counts else own._replace(period=year)

    def _whole_groups(self) -> set[Key]:
        """Figures of sensitive indicators that hold all of a published group (100 %)."""
        found = {small for small, whole in self._shares() if self._holds_all(small, whole)}
        for key in self.counts:
            if key.breakdown and self._holds_all(key, self._total_of(key)):
                found.add(key)
        return found

    def _shares(self) -> Iterator[tuple[Key, Key]]:
        """Figure and the whole that it is a part of: numerators, differences, and what never exceeds another count."""
        for rules in self.rules:
            numerator, denominator, difference = rules.rate
            for part in (numerator, difference):
                if part and denominator:
                    yield from self._pairs(part, denominator)
            if rules.at_most and rules.is_share:
                yield from self._pairs(rules.indicator, rules.at_most)

    def _total_of(self, member: Key) -> Key:
        """The whole that a member of a breakdown is a part of."""
        count = self._totals.get(member.count_id, member.count_id)
        return member._replace(count_id=count, breakdown="")

    @cached_property
    def _totals(self) -> Mapping[str, str]:
        return {rules.indicator: rules.same_total_as for rules in self.rules if rules.same_total_as}

    def _holds_all(self, part: Key, whole: Key) -> bool:
        figure, group = self.counts[part], self.counts.get(whole)
        return group is not None and figure.k >= SENSITIVE_K and figure.value == group.value > 0

    def _pairs(self, count: str, other: str) -> Iterator[tuple[Key, Key]]:
        for key in self.of(count):
            partner = key._replace(count_id=other)
            if partner in self.counts:
                yield key, partner

    def of(self, count: str) -> Sequence[Key]:
        """The figures of one count."""
        return self._by_count.get(count, ())

    def _additive(self, figures: Mapping[Key, Figure]) -> list[Relation]:
        """County = Σ municipalities, year = Σ quarters (a stock: the last), total = Σ members; the rest is known."""
        stocks = {rules.indicator for rules in self.rules if rules.is_stock}
        members: dict[Key, list[Key]] = {}
        for key in figures:
            if key.breakdown:
                members.setdefault(self._total_of(key), []).append(key)
        found = [
            _sum("Σ Merkmale", total, same, figures)
            for total, parts in members.items()
            if total in figures
            for same in _of_each_count(parts)
        ]
        for key in figures:
            if key.breakdown:
                continue
            if key.area == self.calendar.county:
                parts = [key._replace(area=area) for area in self.calendar.municipalities]
                found += _sum_if_complete("Σ Gemeinden", key, parts, figures)
            quarters = [key._replace(period=quarter) for quarter in self.calendar.quarters.get(key.period, ())]
            found += _sum_if_complete("Σ Quartale", key, quarters[-1:] if key.count_id in stocks else quarters, figures)
        return found

    def _parts(self) -> tuple[list[Cell], list[Relation]]:
        """Whole = Σ parts + an unpublished rest."""
        cells, relations = [], []
        for rules in self.rules:
            for key in self.of(rules.indicator) if rules.parts else []:
                parts = [key._replace(count_id=part) for part in rules.parts]
                if not all(part in self.counts for part in parts):
                    continue
                rest = key._replace(count_id=f"{rules.indicator}.rest")
                value = self.counts[key].value - sum(self.counts[part].value for part in parts)
                cells.append(Cell(rest.cell, value, role=Role.UNKNOWN))
                relations.append(Relation.total(f"Teile {key.cell}", key.cell, [rest.cell, *(p.cell for p in parts)]))
        return cells, relations

    def _within_rates(self) -> list[Relation]:
        """Denominator = numerator + difference, where all three are cells."""
        found = []
        for rules in self.rules:
            numerator, denominator, difference = rules.rate
            if not (numerator and denominator and difference):
                continue
            for key, whole in self._pairs(difference, denominator):
                part = key._replace(count_id=numerator)
                if part in self.counts:
                    found.append(Relation.total(f"Quote {key.cell}", whole.cell, [part.cell, key.cell]))
        return found

    def _bounds(self) -> list[Relation]:
        return [
            Relation.at_most(f"höchstens {key.cell}", key.cell, other.cell)
            for rules in self.rules
            if rules.at_most
            for key, other in self._pairs(rules.indicator, rules.at_most)
        ]

    def _flows(self) -> list[Relation]:
        """Stock at the end = stock at the start + inflow - outflow; what does not fit (no opening day) is known."""
        found = []
        for rules in self.rules:
            for key in self.of(rules.indicator) if rules.flow else []:
                found += self._flow(key, *rules.flow) if rules.flow else []
        return found

    def _flow(self, key: Key, inflow: str, outflow: str) -> list[Relation]:
        """For the first period that is published the stock at its start is known: it is what does not fit."""
        before = key._replace(period=self.calendar.previous.get(key.period, ""))
        terms = [(key, 1), (key._replace(count_id=inflow), -1), (key._replace(count_id=outflow), 1)]
        if key.breakdown or not all(other in self.counts for other, _ in terms):
            return []
        terms += [(before, -1)] if before in self.counts else []
        known = sum(sign * self.counts[other].value for other, sign in terms)
        return [Relation(f"Bestand {key.cell}", tuple((other.cell, sign) for other, sign in terms), known)]

    def _orders(self) -> tuple[list[Cell], list[Relation]]:
        """Rows that have reached the earlier date and not the later one: a stock nobody publishes, never negative."""
        cells, relations = list[Cell](), list[Relation]()
        for rules in self.rules:
            for earlier in rules.follows if rules.dated else ():
                for chain in self._chains(rules.dated or "", earlier):
                    more, of_them = self._behind(chain, earlier)
                    cells += more
                    relations += of_them
        return cells, relations

    def _chains(self, later: str, earlier: str) -> Iterator[list[Key]]:
        """Periods in a row for which both counts are given; no year whose quarters are, too, nor what a stock tells."""
        given = {key for key, _ in self._pairs(later, earlier) if not self._is_flow(key, earlier)}
        finest = {
            key
            for key in given
            if not (quarters := self.calendar.quarters.get(key.period)) or any(
                key._replace(period=quarter) not in given for quarter in quarters
            )
        }  # fmt: skip
        after = {key._replace(period=self.calendar.previous.get(key.period, "")): key for key in finest}
        for first in sorted(finest - {after[key] for key in finest & after.keys()}):
            chain = [first]
            while chain[-1] in after:
                chain.append(after[chain[-1]])
            yield chain

    def _is_flow(self, key: Key, earlier: str) -> bool:
        return not key.breakdown and any(
            rules.flow == (earlier, key.count_id) and key._replace(count_id=rules.indicator) in self.counts
            for rules in self.rules
        )

    def _behind(self, chain: Sequence[Key], earlier: str) -> tuple[list[Cell], list[Relation]]:
        """Rows from before the first period are assumed to be known, as far as the later count needs them."""
        steps = [self.counts[key._replace(count_id=earlier)].value - self.counts[key].value for key in chain]
        start = max(0, -min(accumulate(steps)))
        cells, relations, before = [], [], None
        for key, value in zip(chain, accumulate(steps, initial=start), strict=False):
            behind = key._replace(count_id=f"{key.count_id}.behind.{earlier}").cell
            step = self.counts[key._replace(count_id=earlier)].value - self.counts[key].value
            cells.append(Cell(behind, value + step, role=Role.UNKNOWN))
            terms = [(behind, 1), (key._replace(count_id=earlier).cell, -1), (key.cell, 1)]
            terms += [(before, -1)] if before else []
            relations.append(Relation(f"Reihenfolge {behind}", tuple(terms), 0 if before else start))
            before = behind
        return cells, relations

    def _printed_classes(self) -> Iterator[Relation]:
        """A median's class bounds the number of its values, and so does that it is missing."""
        for rules in self.rules:
            for key in self.of(rules.dated or "") if rules.n_from else ():
                low, high = _class_of(self.counts[key].value, rules.n_from or 0)
                yield Relation(f"Klasse {key.cell} von", ((key.cell, -1),), -low, RelationKind.AT_MOST)
                if high is not None:
                    yield Relation(f"Klasse {key.cell} bis", ((key.cell, 1),), high, RelationKind.AT_MOST)


def _class_of(n: int, printed_from: int) -> tuple[int, int | None]:
    """What is told of the number of values behind a median: its class, or that there are too few."""
    if n < printed_from:
        return 0, printed_from - 1
    return next((low, high) for low, high in N_CLASSES if high is None or n <= high)


def _of_each_count(members: Iterable[Key]) -> Iterable[list[Key]]:
    """Members of one total, each breakdown for itself."""
    found: dict[str, list[Key]] = {}
    for key in members:
        found.setdefault(key.count_id, []).append(key)
    return found.values()


def _sum_if_complete(name: str, total: Key, parts: Sequence[Key], figures: Mapping[Key, Figure]) -> list[Relation]:
    """Where a part is missing, the total is at least what the others add up to."""
    given = [part for part in parts if part in figures]
    if not given:
        return []
    whole = _sum(name, total, given, figures)
    if len(given) == len(parts):
        return [whole]
    rest = sum(figures[part].value for part in given) <= figures[total].value
    return [Relation(f"mindestens {name} {total.cell}", whole.terms, kind=RelationKind.AT_MOST)] if rest else []


def _sum(name: str, total: Key, parts: Sequence[Key], figures: Mapping[Key, Figure]) -> Relation:
    """`total = Σ parts + rest`, the rest being known: rows placed at the county, rows without the breakdown's value."""
    known = sum(figures[part].value for part in parts) - figures[total].value
    return Relation(f"{name} {total.cell}", ((total.cell, -1), *((part.cell, 1) for part in parts)), known)


def _factor(key: Key, calendar: CalendarTable) -> float:
    at_county = (_COUNTY_MEMBER if key.breakdown else _COUNTY) if key.area == calendar.county else 1.0
    return at_county * (_YEAR if key.period in calendar.years else 1.0)


def _cell(key: Key, figure: Figure, calendar: CalendarTable, *, is_small: bool) -> Cell:
    return Cell(key.cell, figure.value, figure.protected_from, figure.role, _factor(key, calendar), is_small)


def _amount_cell(key: Key, figure: Figure, calendar: CalendarTable, *, is_unsafe: bool) -> Cell:
    """A sum as a cell: one that needs protection must be possible from nothing to more than it is."""
    is_unsafe = is_unsafe and figure.value > 0
    k = max(math.ceil(figure.value * _AMOUNT_MARGIN), figure.value + _HUNDREDTHS * figure.k) if is_unsafe else None
    return Cell(key.cell, figure.value, k, figure.role, _factor(key, calendar), treat_as_small=is_unsafe)


def read_linked_set(connection: duckdb.DuckDBPyConnection) -> LinkedSet:
    """The linked set of the connected internal file."""
    counts, amounts = dict[Key, Figure](), dict[Key, Figure]()
    rows = connection.execute(
        "SELECT c.count_id, c.area, c.period, c.breakdown, c.value, c.k, c.is_printed, "
        "c.is_reported AND NOT c.has_no_rows, c.is_amount, n.is_unsafe, c.persons FROM disclosure.cell AS c "
        "LEFT JOIN (SELECT DISTINCT count_id FROM disclosure.concentration) AS p USING (count_id) "
        "LEFT JOIN LATERAL (SELECT p.count_id IS NOT NULL AND coalesce(max(x.contributors < $least OR "
        "x.share_of_two > $most), c.value > 0) AS is_unsafe FROM disclosure.concentration AS x "
        "WHERE x.count_id = c.count_id AND x.area = c.area AND x.period = c.period AND x.breakdown = c.breakdown) "
        "AS n ON TRUE ORDER BY ALL",
        {"least": LEAST_CONTRIBUTORS, "most": MOST_OF_TWO},
    ).fetchall()
    for count, area, period, breakdown, value, k, is_printed, is_reported, is_amount, is_unsafe, persons in rows:
        figure = Figure(value, k, is_printed, bool(is_amount and is_unsafe), is_reported, persons)
        (amounts if is_amount else counts)[Key(count, area, period, breakdown)] = figure
    return LinkedSet(counts, amounts, _rules(connection), _calendar(connection))


def _rules(connection: duckdb.DuckDBPyConnection) -> list[Rules]:
    rows = connection.execute(
        "SELECT indicator_id, aggregation = 'stock', aggregation = 'count', numerator_count, denominator_count, "
        "difference_count, at_most, string_split(parts, ','), inflow, outflow, hidden_with, contributors, "
        "same_total_as, dated, programme, table_name, aggregation = 'median', k "
        "FROM indicators.indicator WHERE k IS NOT NULL ORDER BY indicator_id"
    ).fetchall()
    counts = {
        (programme, table, dated): f"{i}.n" if is_median else den or i
        for i, _, _, _, den, *_, dated, programme, table, is_median, _ in rows
        if dated
    }
    found = []
    for i, is_stock, is_share, num, den, diff, most, parts, inflow, outflow, count, persons, total, *more in rows:
        dated, programme, table, is_median, k = more
        rate, flow = (num, den, diff), (inflow, outflow) if inflow else None
        follows = tuple(
            counts[programme, table, earlier]
            for earlier, later in (date_orders(programmes()[programme].table(table)) if dated else ())
            if later == dated and (programme, table, earlier) in counts
        )
        found.append(
            Rules(
                i, is_stock, is_share, rate, most, tuple(parts or ()), flow, count, persons, total,
                counts.get((programme, table, dated)), follows, max(LEAST_VALUES, k) if is_median and dated else None,
            )
        )  # fmt: skip
    return found


def _calendar(connection: duckdb.DuckDBPyConnection) -> CalendarTable:
    areas = connection.execute("SELECT area, is_county FROM core.dim_area ORDER BY area").fetchall()
    periods: Callable[[str], list[Any]] = lambda sql: connection.execute(sql).fetchall()  # noqa: E731
    return CalendarTable(
        county=next(area for area, is_county in areas if is_county),
        municipalities=tuple(area for area, is_county in areas if not is_county),
        quarters={
            year: tuple(quarters)
            for year, quarters in periods(
                "SELECT y.period, list(q.period ORDER BY q.first_day) FROM core.calendar_period AS y "
                "INNER JOIN core.calendar_period AS q ON q.calendar = 'quarter' "
                "AND q.first_day BETWEEN y.first_day AND y.last_day "
                "WHERE y.calendar = 'year' GROUP BY y.period"
            )
        },
        previous=dict(
            periods(
                "SELECT p.period, b.period FROM core.calendar_period AS p INNER JOIN core.calendar_period AS b "
                "ON b.calendar = p.calendar AND b.last_day + 1 = p.first_day"
            )
        ),
        years=frozenset(y for (y,) in periods("SELECT period FROM core.calendar_period WHERE calendar <> 'quarter'")),
    )
