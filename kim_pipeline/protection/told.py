"""What an attacker knows beyond sums: orders of dates, printed classes, rows that exist, hours of a request.

Belongs here: the relations of `privacy.md` that follow from contracts, from the catalogue in the published file, and
from what it prints. Those about rows from before the first period take what they need from the true values, which makes
the test stricter. Nothing here knows how the hidden figures were chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from itertools import accumulate

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.date_orders import date_orders
from kim_pipeline.disclosure import Relation, RelationKind
from kim_pipeline.protection.attacker import LEAST_PERSONS, FigurePlace, Relations, View, cell_id

_LEAST_VALUES = 5
_HUNDREDTHS = 100


class Told:
    """What the published file and the contracts tell beyond sums."""

    def __init__(self, view: View, relations: Relations) -> None:
        self.view, self.relations, self.places = view, relations, relations.places

    def lasting(self) -> Iterator[Relation]:
        """What holds whatever is published."""
        for relation in (*self._orders(), *self._hours()):
            if self._holds(relation):
                yield relation

    def of_this_file(self) -> Iterator[Relation]:
        """What follows from what is printed."""
        for relation in (
            *self._classes(), *self._members(), *self._persons(), *self._of_printed_sums(), *self._without_rows(),
        ):  # fmt: skip
            if self._holds(relation):
                yield relation

    def _holds(self, relation: Relation) -> bool:
        """Whether it is true; who does not see the internal file believes it."""
        if not self.view.has_internal:
            return True
        true = sum(sign * self._true[cell] for cell, sign in relation.terms)
        return true == relation.constant if relation.kind is RelationKind.EQUAL else true <= relation.constant

    @cached_property
    def _true(self) -> Mapping[str, int]:
        return {cell_id(place): self.view.true.get(place, 0) for place in self.places}

    def _at(self, count: str) -> list[FigurePlace]:
        return self._by_count.get(count, [])

    @cached_property
    def _by_count(self) -> Mapping[str, list[FigurePlace]]:
        found: dict[str, list[FigurePlace]] = {}
        for place in sorted(self.places):
            found.setdefault(place[0], []).append(place)
        return found

    def _orders(self) -> Iterator[Relation]:
        """So far at most as many rows with the later date as with the earlier one, at every period's end."""
        for earlier, later in self._ordered_counts():
            chains: dict[tuple[str, str, str], list[FigurePlace]] = {}
            for place in self._at(later):
                _, area, period, breakdown = place
                if (earlier, *place[1:]) in self.places and period in self._calendar:
                    chains.setdefault((self._calendar[period][0], area, breakdown), []).append(place)
            for chain in chains.values():
                yield from self._so_far(sorted(chain, key=lambda p: self._calendar[p[2]][1]), earlier)

    def _so_far(self, chain: list[FigurePlace], earlier: str) -> Iterator[Relation]:
        if not self.view.has_internal:
            return  # how many rows are from before the first period is known to nobody here
        pairs = [((earlier, *place[1:]), place) for place in chain]
        ahead = accumulate(self.view.true.get(late, 0) - self.view.true.get(early, 0) for early, late in pairs)
        before = max(0, *ahead)
        terms: list[tuple[str, int]] = []
        for early, late in pairs:
            terms += [(cell_id(early), -1), (cell_id(late), 1)]
            yield Relation(f"order up to {cell_id(late)}", tuple(terms), before, RelationKind.AT_MOST)

    def _ordered_counts(self) -> Iterator[tuple[str, str]]:
        """Counts by the earlier and by the later date."""
        dated = {(str(p), str(t), str(d)): str(c) for p, t, d, c in self._dated}
        for programme in programmes().values():
            for table in programme.tables:
                for earlier, later in date_orders(table):
                    of_both = [dated.get((programme.key, table.name, date)) for date in (earlier, later)]
                    if of_both[0] and of_both[1]:
                        yield of_both[0], of_both[1]

    @cached_property
    def _dated(self) -> list[tuple[object, ...]]:
        return self.view.rows(_DATED) if self.view.rows(_HAS_DATED) else []

    @cached_property
    def _calendar(self) -> Mapping[str, tuple[str, str]]:
        return {
            str(p): (str(c), str(d))
            for p, c, d in self.view.rows("SELECT period, calendar, last_day FROM published.period")
        }

    def _classes(self) -> Iterator[Relation]:
        """A median's class bounds the number of its values; one that is missing has too few."""
        for indicator, within, k, persons, programme, table, *place, status, n_class in (
            self.view.rows(_MEDIANS) if self._dated else ()
        ):
            area, period, breakdown = map(str, place)
            where = (f"{indicator}.n", area, period, breakdown)
            if where not in self.places:
                continue
            low, high = _bounds_of(n_class)
            if status == "suppressed":
                counts = [(count, area, period, breakdown) for count in str(within or "").split(",") if count]
                rows_are_persons = programmes()[str(programme)].table(str(table)).key == (persons,)
                if rows_are_persons and all(self.view.seen.get(count) is not None for count in counts):
                    high = max(_LEAST_VALUES, int(str(k))) - 1
            if low:
                yield Relation(f"class of {cell_id(where)}", ((cell_id(where), -1),), -low, RelationKind.AT_MOST)
            if high is not None:
                yield Relation(f"class of {cell_id(where)}", ((cell_id(where), 1),), high, RelationKind.AT_MOST)

    def _members(self) -> Iterator[Relation]:
        """A published member of a breakdown occurs in at least one count of its programme."""
        of_count = {str(c): (str(p), str(k)) for c, p, k in self.view.rows(_BREAKDOWNS)}
        members: dict[tuple[str, str, str], list[FigurePlace]] = {}
        for place in self.view.seen:
            if place[3] and place[0] in of_count:
                members.setdefault((*of_count[place[0]], place[3]), []).append(place)
        for (programme, _, member), places in sorted(members.items()):
            if not any(self.view.seen[place] for place in places):
                terms = tuple((cell_id(place), -1) for place in sorted(places))
                yield Relation(f"member {programme} {member}", terms, -1, RelationKind.AT_MOST)

    def _persons(self) -> Iterator[Relation]:
        """Where something is counted, at least one person is."""
        for persons, contacts in self.view.rows(_PERSONS_OF_ROWS):
            for place in self._at(str(persons)):
                if self.view.seen.get((str(contacts), *place[1:])):
                    yield Relation(f"somebody at {cell_id(place)}", ((cell_id(place), -1),), -1, RelationKind.AT_MOST)

    def _of_printed_sums(self) -> Iterator[Relation]:
        """Where a sum of hours or euros is printed, everybody knows that enough persons make it up."""
        persons = {str(i): str(c) for i, c in self.view.rows(_CONTRIBUTORS)}
        year_of = {quarter: year for year, quarters in self.relations.quarters().items() for quarter in quarters}
        for place, value in sorted(self.view.seen.items()):
            count, area, period, breakdown = place
            if value and count in persons:
                own = [(persons[count], area, when, breakdown) for when in (period, year_of.get(period, period))]
                for those in [other for other in own if other in self.places][:1]:
                    terms = ((cell_id(those), -1),)
                    yield Relation(f"persons of {cell_id(place)}", terms, -LEAST_PERSONS, RelationKind.AT_MOST)

    def _without_rows(self) -> Iterator[Relation]:
        """No groups, no families: the number of rows is published."""
        for count, *place in self.view.rows(_NO_ROWS):
            area, period, breakdown = map(str, place)
            where = (str(count), area, period, breakdown)
            if where in self.places and self.view.seen.get(where) is None:
                yield Relation(f"no rows at {cell_id(where)}", ((cell_id(where), 1),), 0)

    def _hours(self) -> Iterator[Relation]:
        """A request takes more than no hours and at most so many; what is delivered has a limit by what is granted."""
        if not self._dated:
            return
        for hours, each, requests, numerator, denominator, share in self.view.rows(_LIMITS):
            for place in self._at(str(hours)) if each else ():
                rows, own = (str(requests), *place[1:]), cell_id(place)
                if rows in self.places:
                    most = ((own, 1), (cell_id(rows), -_HUNDREDTHS * int(str(each))))
                    yield Relation(f"most hours of {own}", most, 0, RelationKind.AT_MOST)
                    if self.view.has_internal:
                        least = ((cell_id(rows), 1), (own, -1))
                        yield Relation(f"least hours of {own}", least, 0, RelationKind.AT_MOST)
            for place in self._at(str(numerator)) if share else ():
                whole = (str(denominator), *place[1:])
                if whole in self.places:
                    factor = Fraction(str(share))
                    terms = ((cell_id(place), factor.denominator), (cell_id(whole), -factor.numerator))
                    yield Relation(f"limit of {cell_id(place)}", terms, 0, RelationKind.AT_MOST)


def _bounds_of(n_class: object) -> tuple[int, int | None]:
    """`5-9` and `50+` as numbers."""
    text = str(n_class or "0+")
    low, dash, high = text.partition("-")
    return (int(low), int(high)) if dash else (int(text.rstrip("+")), None)


def unprinted_numbers(view: View) -> Iterable[FigurePlace]:
    """The numbers of values behind medians that an order of dates bounds; nobody prints them. Adds the true ones."""
    if not view.rows(_HAS_DATED):
        return
    known = {}
    if view.has_internal:
        known = {tuple(map(str, place)): int(str(n)) for *place, n in view.rows(_TRUE_NUMBERS)}
    for indicator, _, _, _, _, _, *place, _, _ in view.rows(_MEDIANS):
        area, period, breakdown = map(str, place)
        where = (f"{indicator}.n", area, period, breakdown)
        if view.has_internal:
            view.true[where] = known.get((str(indicator), area, period, breakdown), 0)
        yield where


_HAS_DATED = """
    SELECT 1 FROM duckdb_columns()
    WHERE database_name = 'published' AND table_name = 'indicator' AND column_name = 'dated'"""
_DATED = """
    SELECT programme, table_name, dated, CASE WHEN aggregation = 'median' THEN indicator_id || '.n'
        ELSE coalesce(denominator_count, indicator_id) END
    FROM published.indicator WHERE dated IS NOT NULL AND k IS NOT NULL ORDER BY ALL"""
_MEDIANS = """
    SELECT i.indicator_id, i.n_within, i.k, i.persons, i.programme, i.table_name, v.area, v.period, v.breakdown,
        v.status, v.n_class
    FROM published.indicator AS i INNER JOIN published.indicator_value AS v ON v.indicator_id = i.indicator_id
    WHERE i.aggregation = 'median' AND i.dated IS NOT NULL AND i.k IS NOT NULL ORDER BY ALL"""
_TRUE_NUMBERS = """
    SELECT v.indicator_id, v.area, v.period, v.breakdown, v.n FROM internal.indicators.indicator_value AS v
    INNER JOIN published.indicator AS i ON i.indicator_id = v.indicator_id
    WHERE i.aggregation = 'median' AND i.dated IS NOT NULL"""
_BREAKDOWNS = """
    SELECT unnest([indicator_id, numerator_count, denominator_count]), programme, breakdown_kind
    FROM published.indicator WHERE k IS NOT NULL AND breakdown_kind IS NOT NULL"""
_PERSONS_OF_ROWS = """
    SELECT indicator_id, at_most FROM published.indicator
    WHERE k IS NOT NULL AND aggregation = 'distinct' AND at_most IS NOT NULL ORDER BY ALL"""
_CONTRIBUTORS = "SELECT indicator_id, contributors FROM published.indicator WHERE contributors IS NOT NULL"
_NO_ROWS = """
    SELECT i.indicator_id, v.area, v.period, v.breakdown FROM published.indicator AS i
    INNER JOIN published.indicator_value AS v ON v.indicator_id = i.n_count AND v.value = 0
    WHERE i.k IS NOT NULL ORDER BY ALL"""
_LIMITS = """
    SELECT indicator_id, each_at_most, hidden_with, numerator_count, denominator_count, share_at_most
    FROM published.indicator WHERE k IS NOT NULL AND (each_at_most IS NOT NULL OR share_at_most IS NOT NULL)
    ORDER BY indicator_id"""
