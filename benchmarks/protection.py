"""Measures the protection of a real build: what is hidden, what that costs beside a bound, and how long it takes.

Run `python -m benchmarks.protection`. It builds the sample in a temporary folder, and three and ten years of it: its
full years repeated, with their relations. Each figure is given twice: as if everything were published for
municipalities, too, and as the catalogue chooses. Seconds are those of the processor.
"""

from __future__ import annotations

import math
import os
import platform
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import highspy

from kim_pipeline.disclosure import LinkedSystem, Pattern, at_risk, audit, protect
from kim_pipeline.intake.intake import take_in
from kim_pipeline.night import Night, run
from kim_pipeline.protection import hiding
from kim_pipeline.protection.audit_of_file import audit_file
from kim_pipeline.protection.linked_set import CalendarTable, Figure, Key, LinkedSet, read_linked_set
from kim_pipeline.protection.pattern_memory import PatternMemory
from kim_pipeline.settings import Settings
from kim_pipeline.warehouse.build import run_models
from kim_pipeline.warehouse.sql_models import load_models

_FEW_YEARS, _YEARS = 3, 10
_YEAR = re.compile(r"^\d{4}")


def repeated(linked: LinkedSet, years: int) -> LinkedSet:
    """A linked set of so many years: those of the given one over and over."""
    sizes = Counter(key.period[:4] for key in linked.counts)
    given = sorted(year for year, size in sizes.items() if size > max(sizes.values()) / 2)
    later = {str(int(given[0]) + n): given[n % len(given)] for n in range(years)}

    def spread(figures: dict[Key, Figure]) -> dict[Key, Figure]:
        return {
            key._replace(period=_moved(key.period, to)): figure
            for to, source in later.items()
            for key, figure in figures.items()
            if key.period.startswith(source)
        }

    counts, amounts = spread(dict(linked.counts)), spread(dict(linked.amounts))
    return LinkedSet(counts, amounts, linked.rules, _calendar(linked.calendar, sorted(later)))


def _moved(period: str, year: str) -> str:
    if "/" in period:
        return f"{year}/{(int(year) + 1) % 100:02}"
    return _YEAR.sub(year, period)


def _calendar(given: CalendarTable, years: list[str]) -> CalendarTable:
    quarters = [f"{year}-Q{q}" for year in years for q in range(1, 5)]
    previous = dict(zip([*years[1:], *quarters[1:]], [*years[:-1], *quarters[:-1]], strict=True))
    school = [_moved("0000/00", year) for year in years]
    of_year = {year: tuple(f"{year}-Q{q}" for q in range(1, 5)) for year in years}
    return CalendarTable(given.county, given.municipalities, of_year, previous, frozenset([*years, *school]))


@dataclass
class _Effort:
    """CPU seconds and programs solved."""

    seconds: float = 0.0
    programs: int = 0

    def __str__(self) -> str:
        return f"{self.seconds:.2f} CPU s, {self.programs} programs"


@contextmanager
def _effort() -> Iterator[_Effort]:
    """What is spent within."""
    found, run = _Effort(), highspy.Highs.run

    def counted(solver: highspy.Highs) -> object:
        found.programs += 1
        return run(solver)

    started = time.process_time()
    with mock.patch.object(highspy.Highs, "run", counted):
        yield found
    found.seconds = time.process_time() - started


@dataclass(frozen=True)
class _Found:
    """What was hidden of a linked set.

    Attributes:
        hidden: cells.
        cost: of hiding them.
        bound: no safe pattern costs less; None where that was not proven for every component. Of the counts it is that
            of the first search, which knows the fewest relations and is forced to the least.
        effort: of finding them.
    """

    hidden: set[str]
    cost: float
    bound: float | None
    effort: _Effort


def _protected(linked: LinkedSet, memory: PatternMemory | None = None) -> _Found:
    """Protect a linked set, with or without the memory of the night before."""
    patterns: list[Pattern] = []

    def noted(system: LinkedSystem, **options: Any) -> Pattern:
        patterns.append(protect(system, **options))
        return patterns[-1]

    with _effort() as effort, mock.patch.object(hiding, "protect", noted):
        hidden = {key.cell for key in hiding.hidden_figures(linked, memory=memory)}
    costs = [cell.cost for system in _systems(linked, hidden) for i, cell in system.cells.items() if i in hidden]
    bounds = [part.bound for pattern in (patterns[0], patterns[-1]) for part in pattern.components] if patterns else []
    is_proven = bool(bounds) and all(bound is not None for bound in bounds)
    return _Found(hidden, sum(costs), sum(bound or 0.0 for bound in bounds) if is_proven else None, effort)


def _audited(linked: LinkedSet, hidden: set[str], *, with_intervals: bool) -> tuple[int, int, _Effort]:
    """Cells at risk, others that are known too well whatever is hidden, and what the audit takes.

    Args:
        linked: the set.
        hidden: its hidden cells.
        with_intervals: compute the whole interval of each, as the night's audit does; else only what proves it safe.
    """
    only = None if with_intervals else hidden
    with _effort() as effort:
        failed = [
            (system, row.cell)
            for system in _systems(linked, hidden)
            for row in at_risk(
                audit(
                    system.published(hidden & system.cells.keys()),
                    system.relations,
                    required=system.required(),
                    only=only,
                )
            )
        ]
    hopeless = 0
    for system in {id(system): system for system, _ in failed}.values():
        cells = {cell for of, cell in failed if of is system}
        unseen = audit(system.published(system.cells), system.relations, required=system.required(), only=cells)
        hopeless += len(at_risk(unseen))
    return len(failed) - hopeless, hopeless, effort


def _systems(linked: LinkedSet, hidden: set[str]) -> tuple[LinkedSystem, LinkedSystem]:
    return (
        linked.system_of_counts(),
        linked.system_of_amounts({key for key in linked.amounts if key.cell in hidden}),
    )


def measure(name: str, linked: LinkedSet, *, with_intervals: bool) -> float:
    """Print what protecting a linked set from nothing takes and gives; returns its CPU seconds."""
    found = _protected(linked)
    bound, effort = found.bound, found.effort
    above = "not proven for every component" if bound is None else f"{found.cost / bound:.4f} times the proven bound"
    print(
        f"{name}: {_cells(linked)} cells, hidden {len(found.hidden)}; from nothing {effort}; "
        f"cost {found.cost:.1f}, {above}",
        flush=True,
    )
    risk, hopeless, floor = _audited(linked, found.hidden, with_intervals=with_intervals)
    print(
        f"{name}: audit{' with intervals' if with_intervals else ''} {floor}, {risk} at risk, "
        f"{hopeless} known too well whatever is hidden; "
        f"protecting takes {effort.seconds / floor.seconds:.1f} times the audit",
        flush=True,
    )
    return effort.seconds


def _cells(linked: LinkedSet) -> int:
    return sum(figure.is_printed for figure in (*linked.counts.values(), *linked.amounts.values()))


def measure_nights(name: str, linked: LinkedSet) -> None:
    """Print what the night after takes: with the same figures, and with one that has been corrected."""
    with tempfile.TemporaryDirectory(prefix="kim-benchmark-") as folder:
        first = PatternMemory(Path(folder))
        before = _protected(linked, first).hidden
        for file, content in first.state().items():
            (Path(folder) / file).write_bytes(content)
        same = _protected(linked, PatternMemory(Path(folder)))
        corrected = _corrected(linked)
        kept = _protected(corrected, PatternMemory(Path(folder)))
    cheapest = _protected(corrected).cost
    print(
        f"{name}: a night with the same figures {same.effort}, {len(same.hidden ^ before)} figures hidden otherwise; "
        f"with one figure corrected {kept.effort}, {len(kept.hidden ^ before)} otherwise, "
        f"{kept.cost / cheapest:.4f} times the cost from nothing",
        flush=True,
    )


def _corrected(linked: LinkedSet) -> LinkedSet:
    """One request more in the last year of the municipality that has most of them."""
    ours = [key for key in linked.of("smp_requests") if key.area != linked.calendar.county and not key.breakdown]
    last = max(key.period for key in ours if key.period in linked.calendar.years)
    most = max((key for key in ours if key.period == last), key=lambda key: linked.counts[key].value)
    figure = linked.counts[most]
    return replace(linked, counts={**linked.counts, most: replace(figure, value=figure.value + 1)})


def measure_design(name: str, linked: LinkedSet) -> None:
    """Print what a choice of what is published hides and keeps, yearly counts apart."""
    hidden = _protected(linked).hidden
    printed = [key for key, figure in {**linked.counts, **linked.amounts}.items() if figure.is_printed]
    parts = {"all figures": printed, "yearly counts": [key for key in printed if _is_yearly_count(linked, key)]}
    for part, keys in parts.items():
        weight = {key.cell: 1 + math.log1p(_value(linked, key)) for key in keys}
        unseen = [cell for cell in weight if cell in hidden]
        kept = 1 - sum(weight[cell] for cell in unseen) / sum(weight.values())
        print(
            f"{name}, {part}: {len(keys)} cells, hidden {len(unseen)} ({len(unseen) / len(keys):.1%}), "
            f"information kept {kept:.1%}",
            flush=True,
        )


def _value(linked: LinkedSet, key: Key) -> int:
    return (linked.counts.get(key) or linked.amounts[key]).value


def _is_yearly_count(linked: LinkedSet, key: Key) -> bool:
    """Whether it is the whole of an indicator's count, for a year or school year."""
    return (
        key in linked.counts and key.period in linked.calendar.years and not key.breakdown and "." not in key.count_id
    )


def everything_published(internal: Path, folder: Path) -> LinkedSet:
    """The linked set of a build as it would be if the catalogue reserved nothing for the county."""
    copy = folder / "everything.duckdb"
    shutil.copy(internal, copy)
    copy.chmod(0o600)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("UPDATE indicators.indicator SET county_calendars = NULL")
        run_models(connection, load_models(["disclosure"]))
        return read_linked_set(connection)


def main() -> None:
    """Measure and print."""
    print(
        f"{os.cpu_count()} CPUs, {platform.machine()}, Python {platform.python_version()}, "
        f"highspy {metadata.version('highspy')}; load {os.getloadavg()[0]:.1f}"
    )
    with tempfile.TemporaryDirectory(prefix="kim-benchmark-") as folder:
        settings = Settings(warehouse=Path(folder))
        take_in(settings)
        begun = Night(settings=settings)
        with begun.warehouse.lock():
            started = time.process_time()
            night = run(begun)
        whole = time.process_time() - started
        started = time.process_time()
        found = audit_file(night.build.published, night.build.internal)
        seconds = time.process_time() - started
        print(
            f"sample: the night without reading {whole:.2f} CPU s; "
            f"audit of the file {seconds:.2f} CPU s, {len(found.at_risk)} at risk"
        )
        with duckdb.connect(str(night.build.internal), read_only=True) as connection:
            chosen = read_linked_set(connection)
        everything = everything_published(night.build.internal, Path(folder))
    for name, linked in (("as the catalogue chooses", chosen), ("everything for municipalities, too", everything)):
        measure_design(name, linked)
        measure_nights(name, linked)
        few, many = (
            measure(f"{name}, {years} years", repeated(linked, years), with_intervals=linked is chosen)
            for years in (_FEW_YEARS, _YEARS)
        )
        print(f"{name}: {_YEARS} years take {many / few:.2f} times as long as {_FEW_YEARS}", flush=True)


if __name__ == "__main__":
    main()
