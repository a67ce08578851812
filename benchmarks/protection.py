"""Measures the protection of a real build: time, what is hidden, and what the simple rule would leave at risk.

Run `python -m benchmarks.protection`. It builds the sample in a temporary folder, and ten years of it: its full
years repeated, with the relations of ten years.
"""

from __future__ import annotations

import os
import platform
import re
import tempfile
import time
from collections import Counter
from importlib import metadata
from pathlib import Path

import duckdb

from benchmarks.disclosure import kept, risk_counts, simple_rule
from kim_pipeline.disclosure import LinkedSystem
from kim_pipeline.intake.intake import take_in
from kim_pipeline.night import Night, run
from kim_pipeline.protection.audit_of_file import audit_file
from kim_pipeline.protection.hiding import hidden_figures
from kim_pipeline.protection.linked_set import CalendarTable, Figure, Key, LinkedSet, read_linked_set
from kim_pipeline.settings import Settings

_YEARS = 10
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


def measure(name: str, linked: LinkedSet) -> None:
    """Print what protecting a linked set takes and gives, beside the simple rule."""
    started = time.perf_counter()
    hidden = {key.cell for key in hidden_figures(linked)}
    seconds = time.perf_counter() - started
    for part, system in (
        ("counts", linked.system_of_counts()),
        ("hours and euros", linked.system_of_amounts({key for key in linked.amounts if key.cell in hidden})),
    ):
        _line(f"{name}, {part}", system, frozenset(hidden & system.cells.keys()))
    print(f"{name}: protected in {seconds:.2f} s", flush=True)


def _line(name: str, system: LinkedSystem, hidden: frozenset[str]) -> None:
    started = time.perf_counter()
    risk = sum(risk_counts(system, hidden))
    audit_seconds = time.perf_counter() - started
    simple = simple_rule(system)
    small, exact, others = risk_counts(system, simple)
    print(
        f"{name}: {len(system.cells)} cells, {len(system.sensitive())} to protect; hidden {len(hidden)}, "
        f"information kept {kept(system, hidden):.1%}, at risk {risk}, audit {audit_seconds:.2f} s; "
        f"simple rule: hidden {len(simple)}, kept {kept(system, simple):.1%}, "
        f"at risk {small} (exactly known {exact}) and {others} others",
        flush=True,
    )


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
            started = time.perf_counter()
            night = run(begun)
        whole = time.perf_counter() - started
        protect_seconds = night.protection.seconds
        started = time.perf_counter()
        found = audit_file(night.build.published, night.build.internal)
        seconds = time.perf_counter() - started
        print(
            f"sample: the night without reading {whole:.2f} s, of it protecting {protect_seconds:.2f} s "
            f"({protect_seconds / whole:.0%}); audit of the file {seconds:.2f} s, {len(found.at_risk)} at risk"
        )
        with duckdb.connect(str(night.build.internal), read_only=True) as connection:
            linked = read_linked_set(connection)
    measure("sample", linked)
    measure(f"{_YEARS} years", repeated(linked, _YEARS))


if __name__ == "__main__":
    main()
