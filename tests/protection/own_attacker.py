"""An attacker written from `privacy.md` alone: he has all published tables, and shares no code with ours.

He knows the rows placed at the county and those without a breakdown's value (attacker 3), the printed classes, and
whatever numbers of rows a file prints. His bounds are those of the linear program, which are never too narrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import highspy
import numpy as np

Place = tuple[str, str, str, str]
"""Indicator, area, period, member of the breakdown."""
Row = tuple[float, float, Mapping[Place, int]]
"""Lower and upper end of a sum."""

_COUNTED = "('count', 'distinct', 'stock')"
_NEAR = 1e-6
_NO_END = highspy.kHighsInf


@dataclass(frozen=True)
class Bounds:
    """What is known of a small figure: the least and the greatest possible value; `k` of its indicator."""

    true: int
    least: float
    most: float
    k: int

    @property
    def is_narrow(self) -> bool:
        """Whether a value from 1 to k can be excluded."""
        return self.least > 1 + _NEAR or self.most < self.k - _NEAR


def attacked(published: Path, internal: Path) -> dict[Place, Bounds]:
    """Every hidden small count of a published file, with what can be known of it."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{published}' AS p (READ_ONLY)")
        connection.execute(f"ATTACH '{internal}' AS i (READ_ONLY)")
        return _Attack(connection).bounds()


class _Attack:
    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.rows = connection.execute
        protected = f"SELECT indicator_id, k FROM p.indicator WHERE k IS NOT NULL AND aggregation IN {_COUNTED}"
        self.k: dict[str, int] = dict(self._all(protected))
        self.seen: dict[Place, int | None] = {}
        for *place, status, value in self._all(
            "SELECT indicator_id, area, period, breakdown, status, value FROM p.indicator_value"
        ):
            if place[0] in self.k:
                self.seen[_place(place)] = 0 if status == "not_reported" else None if value is None else round(value)
        for count, *place, value in self._all(
            "SELECT c.indicator, g.area, g.period, CASE g.language WHEN 'total' THEN '' ELSE g.language END, c.value "
            "FROM p.language_gap AS g, LATERAL (VALUES ('smp_requests', g.requests), ('smp_unfilled', g.unfilled), "
            "('smp_active_interpreters', g.active_interpreters)) AS c (indicator, value) WHERE c.value IS NOT NULL"
        ):
            self.seen[_place([count, *place])] = value
        self.true = dict.fromkeys(self.seen, 0) | {
            _place(place): round(value)
            for *place, value in self._all(
                "SELECT indicator_id, area, period, breakdown, value FROM i.indicators.indicator_value WHERE value > 0"
            )
            if _place(place) in self.seen
        }

    def _all(self, sql: str) -> list[tuple[Any, ...]]:
        return self.rows(sql).fetchall()

    def bounds(self) -> dict[Place, Bounds]:
        places = list(self.seen)
        column = {place: n for n, place in enumerate(places)}
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        solver.setOptionValue("log_to_console", False)  # noqa: FBT003  (positional only)
        for place in places:
            value = self.seen[place]
            solver.addVar(0 if value is None else value, _NO_END if value is None else value)
        for least, most, terms in self._relations():
            own = [place for place in terms if place in column]
            columns = np.array([column[place] for place in own], dtype=np.int32)
            solver.addRow(least, most, len(own), columns, np.array([terms[place] for place in own], dtype=np.float64))
        found = {}
        for place, value in self.seen.items():
            true, k = self.true[place], self.k[place[0]]
            if value is None and 0 < true < k:
                found[place] = Bounds(true, _end(solver, column[place], 1), _end(solver, column[place], -1), k)
        return found

    def _relations(self) -> Iterator[Row]:
        yield from self._sums()
        yield from self._of_the_catalogue()
        yield from self._of_findings()
        yield from self._of_rows()

    def _sums(self) -> Iterator[Row]:
        """County and municipalities, year and quarters, total and members; what is left over is known."""
        (county,) = [a for (a,) in self._all("SELECT area FROM p.area WHERE part_of IS NULL")]
        towns = [a for (a,) in self._all("SELECT area FROM p.area WHERE part_of IS NOT NULL")]
        quarters: dict[str, list[str]] = {}
        for year, quarter in self._all(
            "SELECT y.period, q.period FROM p.period AS y JOIN p.period AS q ON y.calendar = 'year' "
            "AND q.calendar = 'quarter' AND q.first_day BETWEEN y.first_day AND y.last_day ORDER BY q.first_day"
        ):
            quarters.setdefault(str(year), []).append(str(quarter))
        stocks = {i for (i,) in self._all("SELECT indicator_id FROM p.indicator WHERE aggregation = 'stock'")}
        same = dict(self._all("SELECT indicator_id, same_total_as FROM p.indicator WHERE same_total_as IS NOT NULL"))
        members: dict[tuple[str, Place], list[Place]] = {}
        for indicator, area, period, member in self.seen:
            whole = (indicator, area, period, member)
            if area == county:
                yield from self._known_rest(whole, [(indicator, str(town), period, member) for town in towns])
            if period in quarters:
                used = quarters[period][-1:] if indicator in stocks else quarters[period]
                yield from self._known_rest(whole, [(indicator, area, quarter, member) for quarter in used])
            if member:
                total = (str(same.get(indicator, indicator)), area, period, "")
                members.setdefault((indicator, total), []).append(whole)
        for (_, total), parts in members.items():
            yield from self._known_rest(total, parts)

    def _known_rest(self, whole: Place, parts: Sequence[Place]) -> Iterator[Row]:
        if whole in self.seen and parts and all(part in self.seen for part in parts):
            rest = self.true[whole] - sum(self.true[part] for part in parts)
            yield rest, rest, {whole: 1, **dict.fromkeys(parts, -1)}

    def _of_the_catalogue(self) -> Iterator[Row]:
        for whole, parts in self._all("SELECT indicator_id, parts FROM p.indicator WHERE parts IS NOT NULL"):
            for place in self._at(str(whole)):
                yield 0, _NO_END, {place: 1, **{(part, *place[1:]): -1 for part in str(parts).split(",")}}
        for smaller, larger in self._all("SELECT indicator_id, at_most FROM p.indicator WHERE at_most IS NOT NULL"):
            for place in self._at(str(smaller)):
                if (str(larger), *place[1:]) in self.seen:
                    yield 0, _NO_END, {place: -1, (str(larger), *place[1:]): 1}
                    if self.seen[str(larger), *place[1:]]:
                        yield 1, _NO_END, {place: 1}  # where something is counted, somebody is

    def _at(self, indicator: str) -> list[Place]:
        return [place for place in self.seen if place[0] == indicator]

    def _of_findings(self) -> Iterator[Row]:
        """How many rows of the pool name a language that nobody knows: the requests of `und` of that year."""
        (county,) = [a for (a,) in self._all("SELECT area FROM p.area WHERE part_of IS NULL")]
        for period, told in self._all(
            "SELECT period, findings FROM p.quality_summary "
            "WHERE programme = 'sprachmittlerpool' AND rule = 'unknown_language'"
        ):
            least, most = _class(str(told))
            yield least, most, {("smp_requests", str(county), str(period), "und"): 1}

    def _of_rows(self) -> Iterator[Row]:
        """How many rows were accepted of all programmes together: requests, contacts and mentorships."""
        (county,) = [a for (a,) in self._all("SELECT area FROM p.area WHERE part_of IS NULL")]
        years = [str(p) for (p,) in self._all("SELECT period FROM p.period WHERE calendar = 'year'")]
        for (accepted,) in self._all("SELECT value FROM p.build_info WHERE item = 'count' AND name = 'accepted'"):
            least, most = _class(str(accepted))
            rows = ("smp_requests", "soe_contacts", "paten_started")
            places = [(name, str(county), year, "") for name in rows for year in years]
            yield least, most, dict.fromkeys((place for place in places if place in self.seen), 1)


def _class(told: str) -> tuple[float, float]:
    """`1–9`, `250+` or an exact number."""
    if told.endswith("+"):
        return float(told[:-1]), _NO_END
    least, _, most = told.partition("–")
    return float(least), float(most or least)


def _end(solver: highspy.Highs, column: int, direction: int) -> float:
    """The least (1) or greatest (-1) possible value."""
    solver.changeColCost(column, float(direction))
    solver.run()
    status, value = solver.getModelStatus(), solver.getInfo().objective_function_value
    solver.changeColCost(column, 0.0)
    if status in (highspy.HighsModelStatus.kUnbounded, highspy.HighsModelStatus.kUnboundedOrInfeasible):
        return _NO_END
    assert status == highspy.HighsModelStatus.kOptimal, status
    return direction * value


def _place(parts: Iterable[object]) -> Place:
    indicator, area, period, member = map(str, parts)
    return indicator, area, period, member
