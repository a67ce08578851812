"""What an attacker sees in a published file and knows of how its figures hang together, built from its tables alone.

Belongs here: figures, relations, and, from the internal file of the same build, the true values to judge by and the
rows outside the relations, which he is assumed to know. Nothing here knows how the hidden figures were chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import duckdb

from kim_pipeline.disclosure import Relation, RelationKind
from kim_pipeline.warehouse.catalogue import LOWEST_K, load_catalogue

_SENSITIVE_K = 5
LEAST_PERSONS, _MOST_OF_TWO = 3, 0.85
_COUNTED = "('count', 'distinct', 'stock', 'sum')"

FigurePlace = tuple[str, str, str, str]
"""Count, area, period, breakdown."""


class View:
    """What the attacker sees, and what is true."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, has_internal: bool) -> None:
        self.connection, self.has_internal = connection, has_internal
        self.small: frozenset[str] = frozenset()
        self.contradictions: list[FigurePlace] = []

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """The rows of a query."""
        return self.connection.execute(sql).fetchall()

    def named_rows(self, sql: str) -> list[dict[str, str]]:
        """The rows of a query, each value by the name of its column."""
        result = self.connection.execute(sql)
        names = [str(column[0]) for column in result.description or []]
        return [dict(zip(names, map(str, row), strict=True)) for row in result.fetchall()]

    @cached_property
    def build(self) -> str:
        """The name that the file gives itself; empty where it gives none."""
        found = self.rows("SELECT value FROM published.build_info WHERE item = 'build' AND name = 'build'")
        return str(found[0][0]) if found else ""

    @cached_property
    def k(self) -> dict[str, int]:
        """Count → k; what the file says, but never less than the catalogue."""
        least = {i.id: i.k for i in load_catalogue() if i.k is not None}
        found: dict[str, int] = {}
        for indicator, k, *parts in self.rows(
            "SELECT indicator_id, k, numerator_count, denominator_count, difference_count "
            "FROM published.indicator WHERE k IS NOT NULL"
        ):
            own = [str(p) for p in parts if p and str(p).startswith(f"{indicator}.")]
            for count in (str(indicator), *own):
                found[count] = max(int(str(k)), least.get(str(indicator), LOWEST_K))
        return found

    @cached_property
    def amounts(self) -> frozenset[str]:
        """Counts that are sums of hours or euros."""
        ids = {str(i) for (i,) in self.rows("SELECT indicator_id FROM published.indicator WHERE is_amount")}
        return frozenset(count for count in self.k if count.split(".")[0] in ids)

    @cached_property
    def seen(self) -> dict[FigurePlace, int | None]:
        """Every figure that the file prints or hides; None where it is hidden. Differences are never printed.

        What is not reported adds nothing to any sum, and the file says so: it is known to be 0. Its row tells one thing
        more, that there are rows without a value; where the number of rows is hidden, it is `suppressed` instead.
        Figures that are printed twice and not alike are `contradictions`.
        """
        found: dict[FigurePlace, int | None] = {}
        for *place, value in self.rows(self._figures(_PRINTED) + " UNION ALL " + _GAPS):
            key = _place(place)
            number = None if value is None else self._scaled(key, value)
            if found.get(key) is not None and number is not None and found[key] != number:
                self.contradictions.append(key)
            found[key] = found.get(key) if number is None else min(number, found.get(key) or number)
        return found

    @cached_property
    def true(self) -> dict[FigurePlace, int]:
        """The same figures as they are, from the internal file; 0 where nothing was counted."""
        return {key: self.own.get(key, 0) for key in self.seen} if self.has_internal else {}

    @cached_property
    def own(self) -> dict[FigurePlace, int]:
        """What the offices of the municipalities know of their rows: the true counts, by breakdown as well."""
        if not self.has_internal:
            return {}
        rows = self.rows(self._figures(self._true_values))
        return {key: self._scaled(key, value) for *place, value in rows if value is not None and (key := _place(place))}

    @property
    def _true_values(self) -> str:
        """The true values; what is not reported is 0, but has its denominator. Older builds do not know the state."""
        return f"({_TRUE}{_UNREPORTED if self.rows(_HAS_UNREPORTED) else ''})"

    @cached_property
    def same_total(self) -> dict[str, str]:
        """Count → the count whose figure its total repeats; older files have no such counts."""
        if not self.rows(_HAS_SAME_TOTAL):
            return {}
        return {str(i): str(whole) for i, whole in self.rows(_SAME_TOTAL)}

    def total_of(self, place: FigurePlace) -> FigurePlace:
        """The whole that a member of a breakdown is a part of."""
        count, area, period, _ = place
        return self.same_total.get(count, count), area, period, ""

    def _figures(self, source: str) -> str:
        """The figures in a table like `indicator_value`, totals that repeat another figure under its name."""
        repeated = "".join(f" WHEN '{count}' THEN '{whole}'" for count, whole in sorted(self.same_total.items()))
        name = f"CASE WHEN v.breakdown <> '' THEN i.indicator_id ELSE {_renamed(repeated)} END"
        return _figures(source, name)

    def _scaled(self, key: FigurePlace, value: object) -> int:
        number = float(str(value))
        return round(number * 100) if key[0] in self.amounts else round(number)

    @cached_property
    def county(self) -> str:
        """The county's key."""
        return str(self.rows("SELECT area FROM published.area WHERE part_of IS NULL")[0][0])

    @cached_property
    def municipalities(self) -> list[str]:
        """The municipalities' keys."""
        return [str(a) for (a,) in self.rows("SELECT area FROM published.area WHERE part_of IS NOT NULL ORDER BY area")]


def _place(parts: Iterable[object]) -> FigurePlace:
    count, area, period, breakdown = map(str, parts)
    return count, area, period, breakdown


_PRINTED = """
    (SELECT v.* REPLACE (
        CASE v.status WHEN 'not_reported' THEN 0 ELSE v.value END AS value,
        CASE v.status WHEN 'not_reported' THEN 0 ELSE v.numerator END AS numerator
    ) FROM published.indicator_value AS v)"""
"""The published values; what is not reported adds nothing."""
_TRUE = """
    SELECT v.indicator_id, v.area, v.period, v.breakdown, v.value, v.numerator, v.denominator
    FROM internal.indicators.indicator_value AS v"""
_UNREPORTED = """
    UNION ALL
    SELECT u.indicator_id, u.area, u.period, u.breakdown, 0, 0, u.denominator
    FROM internal.indicators.not_reported AS u"""
_HAS_UNREPORTED = """
    SELECT 1 FROM duckdb_tables()
    WHERE database_name = 'internal' AND schema_name = 'indicators' AND table_name = 'not_reported'"""


_HAS_SAME_TOTAL = """
    SELECT 1 FROM duckdb_columns()
    WHERE database_name = 'published' AND table_name = 'indicator' AND column_name = 'same_total_as'"""
_SAME_TOTAL = "SELECT indicator_id, same_total_as FROM published.indicator WHERE same_total_as IS NOT NULL"


def _renamed(cases: str) -> str:
    return f"CASE i.indicator_id{cases} ELSE i.indicator_id END" if cases else "i.indicator_id"


def _figures(source: str, name: str) -> str:
    """The figures in a table like `indicator_value`: values of counts and sums, and the parts of rates."""
    return f"""
    SELECT {name}, v.area, v.period, v.breakdown, v.value FROM {source} AS v
    INNER JOIN published.indicator AS i ON i.indicator_id = v.indicator_id
    WHERE i.k IS NOT NULL AND i.aggregation IN {_COUNTED}
    UNION ALL
    SELECT i.per_1000_of, v.area, v.period, v.breakdown, v.numerator FROM {source} AS v
    INNER JOIN published.indicator AS i ON i.indicator_id = v.indicator_id
    WHERE i.k IS NOT NULL AND i.per_1000_of IS NOT NULL
    UNION ALL
    SELECT i.numerator_count, v.area, v.period, v.breakdown, v.numerator FROM {source} AS v
    INNER JOIN published.indicator AS i ON i.indicator_id = v.indicator_id
    WHERE i.k IS NOT NULL AND i.aggregation = 'rate'
    UNION ALL
    SELECT i.denominator_count, v.area, v.period, v.breakdown, v.denominator FROM {source} AS v
    INNER JOIN published.indicator AS i ON i.indicator_id = v.indicator_id
    WHERE i.k IS NOT NULL AND i.denominator_count IS NOT NULL"""


_GAPS = """
    SELECT c.count_id, g.area, g.period, CASE WHEN g.theme = 'total' THEN '' ELSE g.theme END, c.value
    FROM published.offer_gap AS g
    CROSS JOIN LATERAL (VALUES ('kim_needs', g.needs), ('kim_needs_unmet', g.unmet_needs)) AS c (count_id, value)
    UNION ALL
    SELECT c.count_id, g.area, g.period, CASE WHEN g.language = 'total' THEN '' ELSE g.language END, c.value
    FROM published.language_gap AS g
    CROSS JOIN LATERAL (
        VALUES
            ('smp_requests', g.requests), ('smp_unfilled', g.unfilled),
            ('smp_active_interpreters', g.active_interpreters)
    ) AS c (count_id, value)
    UNION ALL
    SELECT m.indicator_id, a.area, t.period, '', t.value
    FROM published.measure_activity AS m
    INNER JOIN published.indicator AS i ON i.indicator_id = m.indicator_id AND i.k IS NOT NULL
    INNER JOIN published.area AS a ON a.part_of IS NULL
    CROSS JOIN LATERAL (VALUES (m.t, m.value_t), (m.t2, m.value_t2)) AS t (period, value)
    WHERE t.value IS NOT NULL
"""
"""Other tables that repeat figures of protected indicators."""


def cell_id(place: FigurePlace) -> str:
    """The figure's id as a cell."""
    return "|".join(place)


def place_of_cell(cell: str) -> FigurePlace:
    """The figure that a cell is."""
    return _place(cell.split("|"))


class Relations:
    """What the attacker knows of how figures hang together, built from the published tables alone."""

    def __init__(self, view: View, places: Iterable[FigurePlace], *, knows_rest: bool) -> None:
        self.view, self.places, self.knows_rest = view, set(places), knows_rest

    def additive(self) -> Iterator[Relation]:
        """County and municipalities, year and quarters, total and members."""
        for count, period, breakdown in sorted({(c, p, b) for c, a, p, b in self.places if a == self.view.county}):
            parts = [(count, area, period, breakdown) for area in self.view.municipalities]
            yield from self._sum("areas", (count, self.view.county, period, breakdown), parts)
        stocks = {str(i) for (i,) in self.view.rows(_STOCKS)}
        for year, quarters in self.quarters().items():
            for count, area, breakdown in sorted({(c, a, b) for c, a, p, b in self.places if p == year}):
                used = quarters[-1:] if count in stocks else quarters
                yield from self._sum("periods", (count, area, year, breakdown), [
                    (count, area, quarter, breakdown) for quarter in used
                ])  # fmt: skip
        members: dict[tuple[str, FigurePlace], list[FigurePlace]] = {}
        for count, area, period, breakdown in sorted(self.places):
            if breakdown:
                place = (count, area, period, breakdown)
                members.setdefault((count, self.view.total_of(place)), []).append(place)
        for (count, total), parts in members.items():
            yield from self._sum(f"members ({count})", total, parts)

    def of_counts(self) -> Iterator[Relation]:
        """Rates, bounds, parts, stocks and flows."""
        for indicator, numerator, denominator, difference, most, parts, inflow, outflow in self.view.rows(_RULES):
            yield from self._rate(numerator, denominator, difference)
            if most:
                yield from self._bound(str(indicator), str(most))
            if parts:
                yield from self._parts(str(indicator), str(parts).split(","))
            if inflow and outflow and self.view.has_internal:
                yield from self._flow(str(indicator), str(inflow), str(outflow))

    def _sum(self, name: str, total: FigurePlace, parts: list[FigurePlace]) -> Iterator[Relation]:
        """Where a part is not published, the total is at least what the others add up to."""
        given = [part for part in parts if part in self.places]
        if not given or total not in self.places:
            return
        terms = ((total, -1), *((part, 1) for part in given))
        name = f"{name} of {cell_id(total)}"
        if self.knows_rest and len(given) == len(parts):
            yield self._equal(name, terms)
        elif total[0] in self._distinct:
            yield from (Relation.at_most(f"{name}: {cell_id(part)}", cell_id(part), cell_id(total)) for part in given)
        else:
            yield Relation(name, tuple((cell_id(place), sign) for place, sign in terms), kind=RelationKind.AT_MOST)

    def _equal(self, name: str, terms: Iterable[tuple[FigurePlace, int]]) -> Relation:
        """What the true figures leave over is known: rows placed at the county, persons counted in several places."""
        terms = tuple(terms)
        rest = sum(sign * self.view.true[place] for place, sign in terms)
        return Relation(name, tuple((cell_id(place), sign) for place, sign in terms), rest)

    @cached_property
    def _distinct(self) -> frozenset[str]:
        return frozenset(str(i) for (i,) in self.view.rows(_DISTINCT))

    def _at(self, count: str) -> Iterator[FigurePlace]:
        return (place for place in sorted(self.places) if place[0] == count)

    def _rate(self, numerator: object, denominator: object, difference: object) -> Iterator[Relation]:
        if not (numerator and denominator and difference):
            return
        for _, *where in self._at(str(denominator)):
            terms = [_place((count, *where)) for count in (denominator, numerator, difference)]
            if self.places.issuperset(terms):
                named = tuple(zip(map(cell_id, terms), (-1, 1, 1), strict=True))
                yield Relation(f"rate at {cell_id(terms[1])}", named)

    def _bound(self, smaller: str, larger: str) -> Iterator[Relation]:
        for place in self._at(smaller):
            if (larger, *place[1:]) in self.places:
                yield Relation.at_most(f"bound of {cell_id(place)}", cell_id(place), cell_id((larger, *place[1:])))

    def _parts(self, whole: str, parts: list[str]) -> Iterator[Relation]:
        """The whole is at least its parts: the rest is published nowhere."""
        for place in self._at(whole):
            those = [(part, *place[1:]) for part in parts]
            if self.places.issuperset(those):
                terms = ((cell_id(place), -1), *((cell_id(part), 1) for part in those))
                yield Relation(f"parts of {cell_id(place)}", terms, kind=RelationKind.AT_MOST)

    def _flow(self, stock: str, inflow: str, outflow: str) -> Iterator[Relation]:
        before = {str(p): str(b) for p, b in self.view.rows(_BEFORE)}
        for place in self._at(stock):
            _, area, period, breakdown = place
            start = (stock, area, before.get(period, ""), breakdown)
            terms = [(place, 1), ((inflow, area, period, breakdown), -1), ((outflow, area, period, breakdown), 1)]
            if not self.knows_rest and start not in self.places:
                continue
            if not breakdown and self.places.issuperset(other for other, _ in terms):
                terms += [(start, -1)] if start in self.places else []
                yield self._equal(f"stock of {cell_id(place)}", terms)

    def quarters(self) -> dict[str, list[str]]:
        """Year → its quarters, in order."""
        found: dict[str, list[str]] = {}
        for year, quarter in self.view.rows(_QUARTERS):
            found.setdefault(str(year), []).append(str(quarter))
        return found


_STOCKS = "SELECT indicator_id FROM published.indicator WHERE aggregation = 'stock'"
_DISTINCT = "SELECT indicator_id FROM published.indicator WHERE aggregation = 'distinct'"
_RULES = """
    SELECT indicator_id, numerator_count, denominator_count, difference_count, at_most, parts, inflow, outflow
    FROM published.indicator WHERE k IS NOT NULL ORDER BY indicator_id
"""
_BEFORE = """
    SELECT p.period, b.period FROM published.period AS p
    INNER JOIN published.period AS b ON b.calendar = p.calendar AND b.last_day + 1 = p.first_day
"""
_QUARTERS = """
    SELECT y.period, q.period FROM published.period AS y
    INNER JOIN published.period AS q ON q.calendar = 'quarter' AND q.last_day BETWEEN y.first_day AND y.last_day
    WHERE y.calendar = 'year' ORDER BY q.first_day
"""


def differences(view: View, counts: Mapping[FigurePlace, int | None]) -> dict[FigurePlace, int | None]:
    """Denominator minus numerator of every rate, true value or None; nobody prints them."""
    found = {}
    for indicator, numerator, denominator, difference, *_ in view.rows(_RULES):
        if str(difference).startswith(f"{indicator}."):
            for count, *where in counts:
                whole, part = _place((denominator, *where)), _place((numerator, *where))
                if count == numerator and whole in counts:
                    known = view.true[whole] - view.true[part] if view.has_internal else None
                    found[_place((difference, *where))] = known
    if view.has_internal:
        view.true.update({place: value for place, value in found.items() if value is not None})
    return found


def needed_of(view: View, unprinted: Iterable[FigurePlace]) -> dict[FigurePlace, tuple[int, int]]:
    """What must be possible of the figures that are hidden for themselves (`privacy.md`, "What must hold").

    They are small, or few persons stand behind them, or they are sensitive and all of their group.
    """
    known = {*view.seen, *unprinted} if view.has_internal else set()
    counts = {place for place in known if view.true[place] > 0 and place[0] not in view.amounts}
    small = {place: (1, view.k[place[0]]) for place in counts if view.true[place] < view.k[place[0]]}
    others = (_whole_groups(view, known) | few_persons(view, counts)) - small.keys()
    return small | {
        place: (max(0, view.true[place] - view.k[place[0]]), view.true[place] + view.k[place[0]]) for place in others
    }


def few_persons(view: View, counts: Iterable[FigurePlace]) -> set[FigurePlace]:
    """Counts behind which fewer persons or cases stand than may be published; older builds do not know these."""
    if not view.has_internal or not view.rows(_HAS_PERSONS):
        return set()
    persons = {_place(place): int(str(number)) for *place, number in view.rows(_PERSONS_OF)}
    return {place for place in counts if 0 < persons.get(place, view.k[place[0]]) < view.k[place[0]]}


_HAS_PERSONS = """
    SELECT 1 FROM duckdb_columns()
    WHERE database_name = 'internal' AND schema_name = 'disclosure' AND table_name = 'cell'
        AND column_name = 'persons'"""
_PERSONS_OF = """
    SELECT count_id, area, period, breakdown, persons FROM internal.disclosure.cell
    WHERE persons IS NOT NULL AND NOT is_amount"""


def _whole_groups(view: View, known: set[FigurePlace]) -> set[FigurePlace]:
    found = set()
    groups: dict[str, str] = {}
    for indicator, numerator, denominator, difference, most, *_ in view.rows(_RULES):
        groups |= {str(part): str(denominator) for part in (numerator, difference) if part and denominator}
        if most and (str(indicator),) in view.rows(_SHARES):
            groups[str(indicator)] = str(most)
    for place in known:
        count, area, period, breakdown = place
        if view.k[count] < _SENSITIVE_K or view.true[place] <= 0:
            continue
        wholes = [(groups.get(count, ""), area, period, breakdown)]
        wholes += [view.total_of(place)] if breakdown else []
        if any(view.true.get(whole) == view.true[place] for whole in wholes):
            found.add(place)
    return found


_SHARES = "SELECT indicator_id FROM published.indicator WHERE at_most IS NOT NULL AND aggregation = 'count'"


def unsafe_sums(view: View, amounts: Iterable[FigurePlace]) -> set[FigurePlace]:
    """Sums of hours or euros of too few persons, or of which two have too much; needs the internal file."""
    if not view.has_internal:
        return set()
    found = {_place(place): (int(str(n)), float(str(s))) for *place, n, s in view.rows(_PERSONS)}
    of_persons = {count for count, *_ in found}
    return {
        place
        for place in amounts
        if place[0] in of_persons and view.true[place] > 0 and _is_unsafe(*found.get(place, (0, 1.0)))
    }


def _is_unsafe(persons: int, share_of_two: float) -> bool:
    return persons < LEAST_PERSONS or share_of_two > _MOST_OF_TWO


_PERSONS = "SELECT count_id, area, period, breakdown, contributors, share_of_two FROM internal.disclosure.concentration"
