"""Measures protection and audit: time, cost against the optimum, what is hidden, and what a simple rule leaves at risk.

Run `python benchmarks/disclosure.py [--quick]`. The systems are made up, with fixed seeds; nothing is read or written.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import TypeVar

from kim_pipeline.disclosure import Cell, LinkedSystem, Pattern, Relation, Role, at_risk, audit, protect
from kim_pipeline.disclosure.optimum import SearchLimits

Result = TypeVar("Result")
QUARTERS = ("Q1", "Q2", "Q3", "Q4")
AREAS = tuple(f"m{n:02}" for n in range(13))


@dataclass(frozen=True)
class Setting:
    """A system to measure: its name, its cells and relations, and the rows that a clerk would look at."""

    name: str
    cells: list[Cell]
    relations: list[Relation]

    def system(self) -> LinkedSystem:
        """The linked system, checked."""
        return LinkedSystem(self.cells, self.relations)


# --- systems ---------------------------------------------------------------------------------------------------------


def county(years: int, seed: int) -> Setting:
    """What `privacy.md` publishes of two programmes: totals by area, year and quarter; county breakdowns by year.

    Case management with stock and flow, mediation with requests = done + unfilled + cancelled (unpublished).
    """
    rng = random.Random(seed)
    book = _Book()
    weights = {area: rng.lognormvariate(0, 0.8) for area in AREAS}
    stock = {area: rng.randint(2, 40) for area in AREAS}
    for year in range(2015, 2015 + years):
        _cases(book, rng, weights, stock, str(year))
        _mediation(book, rng, weights, str(year))
    return Setting(f"county, {years} years", book.cells(), book.relations)


def flows(areas: int, columns: int, mean: float, seed: int) -> Setting:
    """Four tables (stock, inflow, outflow, stock) by area and column, with margins: the hardest kind of link."""
    rng = random.Random(seed)
    book = _Book()
    places = [(str(a), str(c)) for a in range(areas) for c in range(columns)]
    for a, c in places:
        level = mean * rng.lognormvariate(-0.5, 1.0)
        start, opened = round(level * rng.random() * 2), round(level * rng.random())
        closed = min(round(level * rng.random()), start + opened)
        for table, value in (("s", start), ("o", opened), ("c", closed), ("e", start + opened - closed)):
            for key in ((a, c), (a, "t"), ("t", c), ("t", "t")):
                book.add(f"{table}/{key[0]}/{key[1]}", value, 5, 1 + (key[0] == "t") + (key[1] == "t"))
    row_names, column_names = [*map(str, range(areas)), "t"], [*map(str, range(columns)), "t"]
    for t in "soce":
        for a in row_names:
            book.total(f"{t}/{a}/t", [f"{t}/{a}/{c}" for c in column_names[:-1]], "row")
        for c in column_names:
            book.total(f"{t}/t/{c}", [f"{t}/{a}/{c}" for a in row_names[:-1]], "column")
    for a in row_names:
        for c in column_names:
            book.balance(f"{a}/{c}", f"s/{a}/{c}", f"o/{a}/{c}", f"c/{a}/{c}", f"e/{a}/{c}")
    return Setting(f"flows {areas} x {columns}, mean {mean:g}", book.cells(), book.relations)


class _Book:
    """Cells as sums of what is entered, and their relations."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[int, int | None, float, Role]] = {}
        self.relations: list[Relation] = []

    def add(self, key: str, value: int, k: int | None, factor: float, role: Role = Role.PUBLISHED) -> None:
        before = self._values.get(key, (0, k, factor, role))[0]
        self._values[key] = (before + value, k, factor, role)

    def total(self, total: str, parts: list[str], name: str) -> None:
        self.relations.append(Relation.total(f"{name} of {total}", total, parts))

    def balance(self, name: str, start: str, opened: str, closed: str, end: str) -> None:
        terms = ((start, 1), (opened, 1), (closed, -1), (end, -1))
        self.relations.append(Relation(f"stock and flow {name}", terms))

    def cells(self) -> list[Cell]:
        return [Cell(key, v, k, factor=f, role=r) for key, (v, k, f, r) in self._values.items()]


def _cases(book: _Book, rng: random.Random, weights: dict[str, float], stock: dict[str, int], year: str) -> None:
    last = f"{int(year) - 1}-Q4"
    for quarter in (f"{year}-{q}" for q in QUARTERS):
        for area in AREAS:
            opened = round(weights[area] * rng.uniform(2, 9))
            closed = min(stock[area] + opened, round(weights[area] * rng.uniform(2, 9)))
            for indicator, value in (("opened", opened), ("closed", closed)):
                for a, p in ((area, quarter), ("county", quarter), (area, year), ("county", year)):
                    book.add(f"{indicator}/{a}/{p}", value, 5, (1 + 2 * (a == "county")) * (1 + (p == year)))
            for a in (area, "county"):
                if year == "2015" and quarter.endswith("Q1"):
                    book.add(f"active/{a}/{last}", stock[area], 5, 1 + 2 * (a == "county"))
                book.add(f"active/{a}/{quarter}", stock[area] + opened - closed, 5, 1 + 2 * (a == "county"))
            stock[area] += opened - closed
        for indicator in ("opened", "closed", "active"):
            book.total(f"{indicator}/county/{quarter}", [f"{indicator}/{a}/{quarter}" for a in AREAS], "areas")
        for a in (*AREAS, "county"):
            book.balance(
                f"{a} {quarter}",
                f"active/{a}/{last}",
                f"opened/{a}/{quarter}",
                f"closed/{a}/{quarter}",
                f"active/{a}/{quarter}",
            )
        last = quarter
    for indicator in ("opened", "closed"):
        _years(book, indicator, year)


def _mediation(book: _Book, rng: random.Random, weights: dict[str, float], year: str) -> None:
    languages = [f"l{n:02}" for n in range(12)]
    frequency = [1 / (n + 1) for n in range(12)]
    kinds = ("done", "unfilled", "cancelled")
    for quarter in (f"{year}-{q}" for q in QUARTERS):
        for area in AREAS:
            for language in rng.choices(languages, frequency, k=round(weights[area] * rng.uniform(4, 20))):
                kind = rng.choices(kinds, (0.8, 0.13, 0.07))[0]
                for indicator in (kind, "requests"):
                    for a, p in ((area, quarter), ("county", quarter), (area, year), ("county", year)):
                        _count(book, f"{indicator}/{a}/{p}", (1 + 2 * (a == "county")) * (1 + (p == year)))
                    _count(book, f"{indicator}/{language}/{year}", 2)
        places = [*AREAS, "county"]
        _complete(book, [f"{i}/{a}/{quarter}" for i in (*kinds, "requests") for a in places])
        for indicator in (*kinds, "requests"):
            book.total(f"{indicator}/county/{quarter}", [f"{indicator}/{a}/{quarter}" for a in AREAS], "areas")
    _complete(book, [f"{i}/{a}/{year}" for i in (*kinds, "requests") for a in (*AREAS, "county", *languages)])
    for indicator in (*kinds, "requests"):
        _years(book, indicator, year)
        book.total(f"{indicator}/county/{year}", [f"{indicator}/{lang}/{year}" for lang in languages], "languages")
    for a in (*AREAS, "county"):
        for p in (*(f"{year}-{q}" for q in QUARTERS), year):
            book.total(f"requests/{a}/{p}", [f"{kind}/{a}/{p}" for kind in kinds], "outcomes")
    for lang in languages:
        book.total(f"requests/{lang}/{year}", [f"{kind}/{lang}/{year}" for kind in kinds], "outcomes")


def _count(book: _Book, key: str, factor: float, value: int = 1) -> None:
    cancelled = key.startswith("cancelled")
    book.add(key, value, None if cancelled else 3, factor, Role.UNKNOWN if cancelled else Role.PUBLISHED)


def _complete(book: _Book, keys: list[str]) -> None:
    for key in keys:
        _count(book, key, 1, 0)


def _years(book: _Book, indicator: str, year: str) -> None:
    for a in (*AREAS, "county"):
        book.total(f"{indicator}/{a}/{year}", [f"{indicator}/{a}/{year}-{q}" for q in QUARTERS], "quarters")
    book.total(f"{indicator}/county/{year}", [f"{indicator}/{a}/{year}" for a in AREAS], "areas")


# --- measurements ----------------------------------------------------------------------------------------------------


def simple_rule(system: LinkedSystem) -> frozenset[str]:
    """Hide `0 < x < k` and, where that leaves one hidden cell in a sum, the next smallest of its parts."""
    hidden = {i for i in system.sensitive() if system.cells[i].role is Role.PUBLISHED}
    for relation in system.relations:
        parts = [i for i, coefficient in relation.terms if coefficient == 1]
        if len(parts) > 1 and sum(i in hidden for i in parts) == 1:
            others = [i for i in parts if i not in hidden and system.cells[i].role is Role.PUBLISHED]
            hidden |= set(sorted(others, key=lambda i: (system.cells[i].value, i))[:1])
    return frozenset(hidden)


def timed(function: Callable[[], Result]) -> tuple[Result, float]:
    """A result, and the seconds that it took."""
    started = time.perf_counter()
    result = function()
    return result, time.perf_counter() - started


def kept(system: LinkedSystem, hidden: frozenset[str]) -> float:
    """Share of information kept: of the cost of hiding everything, what is not hidden."""
    return 1 - sum(system.cells[i].cost for i in hidden) / sum(cell.cost for cell in system.cells.values())


def risk_counts(system: LinkedSystem, hidden: frozenset[str]) -> tuple[int, int, int]:
    """Small cells at risk, of these exactly known, and other hidden cells that fail the audit."""
    failed = at_risk(audit(system.published(hidden), system.relations, required=system.required()))
    small = [row for row in failed if row.cell in system.sensitive()]
    return len(small), sum(row.lower == row.upper for row in small), len(failed) - len(small)


def measure_sizes(settings: list[Setting], rounds: int) -> None:
    """One line a system: time and result of the heuristic, of the optimum where affordable, audit, simple rule."""
    print(
        f"{'system':25} {'cells':>6} {'small':>5} | heuristic s  hidden  kept | optimum s  hidden  kept  gap | "
        "audit s  risk | simple rule: hidden  kept  at risk (exact) + others"
    )
    for setting in settings:
        system = setting.system()
        published = sum(cell.role is Role.PUBLISHED for cell in system.cells.values())
        quick, quick_s = timed(lambda s=system: protect(s, optimum_up_to=0))  # type: ignore[misc]
        chosen, chosen_s = timed(lambda s=system: protect(s, limits=SearchLimits(rounds)))  # type: ignore[misc]
        risk, audit_s = timed(lambda s=system, p=chosen: risk_counts(s, p.hidden))  # type: ignore[misc]
        naive = simple_rule(system)
        small, exact, others = risk_counts(system, naive)
        print(
            f"{setting.name:25} {published:6} {len(system.sensitive()):5} | "
            f"{quick_s:11.2f} {len(quick.hidden):7} {kept(system, quick.hidden):5.1%} | "
            f"{chosen_s:9.2f} {len(chosen.hidden):7} {kept(system, chosen.hidden):5.1%} {_gap(chosen):>4} | "
            f"{audit_s:7.2f} {sum(risk):5} | {len(naive):19} {kept(system, naive):5.1%} "
            f"{small:8} ({exact}) + {others}",
            flush=True,
        )


def _gap(pattern: Pattern) -> str:
    if any(c.bound is None for c in pattern.components):
        return "heur"
    bound = sum(c.bound or 0.0 for c in pattern.components)
    return f"{pattern.cost / bound - 1:.1%}" if bound else "-"


def measure_ratio(seeds: int, rounds: int) -> None:
    """The distribution of the heuristic's cost over the optimum's, where the optimum is proven."""
    kinds: dict[str, Callable[[random.Random, int], Setting]] = {
        "flows 3..5 x 1..3": lambda r, s: flows(r.randint(3, 5), r.randint(1, 3), r.choice([10, 30, 60]), s),
        "flows 6 x 3": lambda _, s: flows(6, 3, 60, s),
        "county, 1 year": lambda _, s: county(1, s),
    }
    for name, make in kinds.items():
        total, secondary, unknown, risk = [], [], 0, 0
        for seed in range(seeds):
            system = make(random.Random(seed), seed).system()
            quick = protect(system, optimum_up_to=0)
            best = protect(system, limits=SearchLimits(rounds))
            risk += sum(risk_counts(system, quick.hidden))
            if not best.is_optimal:
                unknown += 1
                continue
            base = sum(system.cells[i].cost for i in system.sensitive())
            total.append(quick.cost / best.cost if best.cost else 1.0)
            secondary.append((quick.cost - base) / (best.cost - base) if best.cost > base + 1e-9 else 1.0)
        print(f"{name}: {len(total)} optima proven, {unknown} not in {rounds} rounds; heuristic: {risk} cells at risk")
        for what, values in (("all hidden cells", total), ("secondaries only", secondary)):
            if len(values) > 1:
                tenth = statistics.quantiles(values, n=10, method="inclusive")[8]
                print(
                    f"  cost / optimum, {what}: mean {statistics.mean(values):.3f}, "
                    f"median {statistics.median(values):.3f}, 90 % {tenth:.3f}, max {max(values):.3f}",
                    flush=True,
                )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small systems only")
    quick = parser.parse_args().quick
    print(f"{os.cpu_count()} CPUs, {platform.machine()}, Python {platform.python_version()}, "
          f"highspy {metadata.version('highspy')}; one thread; load {os.getloadavg()[0]:.1f}")  # fmt: skip
    settings = [county(1, 1), county(2, 1), flows(8, 4, 40, 1), flows(12, 6, 40, 1)]
    if not quick:
        settings += [county(3, 1), county(10, 1), flows(24, 13, 100, 1)]
    measure_sizes(settings, rounds=6 if quick else 12)
    measure_ratio(seeds=4 if quick else 12, rounds=20 if quick else 60)


if __name__ == "__main__":
    main()
