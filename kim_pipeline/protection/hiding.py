"""Protects the figures of a build: what is hidden, written to `disclosure.hidden_cell` of the internal file.

Belongs here: the rules of `privacy.md` that go beyond single counts (rates, sums of hours and euros), and the order in
which the parts of the linked set are protected. Medians and texts follow from the result in `sql/published/`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from kim_pipeline.disclosure import LinkedSystem, Pattern, Role, UnprotectableError, protect, with_prior
from kim_pipeline.errors import KimError
from kim_pipeline.protection.joint import figure_of, is_change
from kim_pipeline.protection.linked_set import Key, LinkedSet, Rules, read_linked_set
from kim_pipeline.protection.pattern_memory import PatternMemory, SolvedPatterns
from kim_pipeline.warehouse.build import comment

LEAST_DENOMINATOR = 20
"""A rate of a smaller denominator is not published."""
_OPTIMUM_UP_TO = 400
"""Components of at most so many cells are solved to the optimum; larger ones by the heuristic."""
_COARSER = (
    "Bitte diesen Indikator gröber veröffentlichen: ohne Gliederung, ohne Quartale oder nur für den Kreis "
    "(sql/indicators/catalogue.toml: „breakdown_kind“, „calendars“, „county_only“)."
)
_HIDDEN = "disclosure.hidden_cell"
_COLUMNS = {
    "count_id": "Die Zahl, wie in disclosure.cell",
    "area": "Gebiet",
    "period": "Zeitraum",
    "breakdown": "Gliederungsmerkmal; leer für alle zusammen",
}
_DESCRIPTION = "Zellen, die nicht veröffentlicht werden, gleich aus welchem Grund."


class ProtectionError(KimError):
    """A figure cannot be protected; the German message names its table and proposes what to do."""


@dataclass(frozen=True)
class Protection:
    """What was done.

    Attributes:
        cells: figures that can be published.
        hidden: of these, hidden.
        seconds: how long it took.
        withheld: cells that no pattern protects: not published, and too well known all the same.
        exposed: hidden figures of which somebody knows too much whatever is published, and of which that is told first.
    """

    cells: int
    hidden: int
    seconds: float
    withheld: frozenset[str] = frozenset()
    exposed: int = 0


Joiner = Callable[[LinkedSystem], LinkedSystem]
"""Adds to a linked system what is known from elsewhere."""


def protect_figures(
    connection: duckdb.DuckDBPyConnection, known: Joiner | None = None, memory: PatternMemory | None = None
) -> Protection:
    """Choose what to hide and write it to the connected internal file.

    Args:
        connection: to the internal file.
        known: adds what is known from elsewhere, as from earlier releases, to the systems of counts and of sums.
        memory: patterns of earlier nights.
    """
    started, withheld = time.monotonic(), set[str]()
    linked = read_linked_set(connection)
    hidden = hidden_figures(linked, known, memory, withheld)
    _write(connection, hidden)
    printed = sum(figure.is_printed for figure in (*linked.counts.values(), *linked.amounts.values()))
    return Protection(printed, len(hidden), time.monotonic() - started, frozenset(withheld))


def hidden_figures(
    linked: LinkedSet,
    known: Joiner | None = None,
    memory: PatternMemory | None = None,
    withheld: set[str] | None = None,
) -> frozenset[Key]:
    """All figures that are not published; those that only follow from others are not among them.

    A night with the figures of the last one hides the same: its audit is the judge, as it is of every night.

    Args:
        linked: the linked set.
        known: as in `protect_figures`.
        memory: likewise.
        withheld: gets the cells that no pattern protects; they are hidden.

    Raises:
        ProtectionError: a figure that no pattern protects, where nothing may be withheld.
    """
    digest = linked.digest() if memory is not None and known is None else ""
    if memory is not None and digest and (same := _remembered(linked, memory, digest)) is not None:
        return same
    solved = SolvedPatterns() if memory is None else memory
    found = _found_hidden(linked, known or (lambda system: system), solved, withheld)
    if memory is not None and digest and not withheld:  # what nothing protects is told again every night
        memory.note(digest, (), [key.cell for key in found])
    return found


def _remembered(linked: LinkedSet, memory: PatternMemory, digest: str) -> frozenset[Key] | None:
    """What was hidden of the same figures, where all that must be hidden is among it."""
    cells = memory.recall(digest)
    if cells is None:
        return None
    figures = {key.cell: (key, figure) for key, figure in (*linked.counts.items(), *linked.amounts.items())}
    hidden = frozenset(figures[cell][0] for cell in cells if cell in figures)
    must = {key for rules in linked.rules for key in _small_denominators(linked, rules)} | linked.primaries()
    if with_what_follows(linked, hidden | must) != hidden:
        return None
    memory.nothing_changed()
    seen = [(cell, key, figure) for cell, (key, figure) in figures.items() if figure.role is Role.PUBLISHED]
    memory.note_cells({cell: (figure.value, key in hidden) for cell, key, figure in seen})
    return hidden


def _found_hidden(linked: LinkedSet, join: Joiner, memory: SolvedPatterns, withheld: set[str] | None) -> frozenset[Key]:
    counts = frozenset[Key]()
    for has_orders in (False, True):  # from nothing, orders of dates make the search tenfold longer and change little
        system = linked.system_of_counts(has_orders=has_orders)
        counts = _hidden_counts(linked, join(with_prior(system)), memory, counts, withheld)
    with_count = {key for rules in linked.rules for key in _hidden_with(linked, rules, counts)}
    amounts = _pattern(join(with_prior(linked.system_of_amounts(with_count))), with_count, memory, withheld)
    return counts | with_count | {key for key in linked.amounts if key.cell in amounts.hidden}


def _hidden_counts(
    linked: LinkedSet,
    system: LinkedSystem,
    memory: SolvedPatterns,
    given: frozenset[Key],
    withheld: set[str] | None,
) -> frozenset[Key]:
    """Counts that are hidden beside given ones; the parts of a rate that is hidden for one of them are, too."""
    forced = {key for rules in linked.rules for key in _small_denominators(linked, rules)} | given
    while True:
        pattern = _pattern(system, forced, memory, withheld)
        hidden = frozenset(key for key in linked.counts if key.cell in pattern.hidden)
        more = (
            {key for rules in linked.rules for key in _parts_of_hidden_rates(linked, rules, hidden)} - hidden - forced
        )
        if not more:
            return hidden | forced  # also where an earlier release shows it: what stands or falls together does so
        forced |= more


def _pattern(system: LinkedSystem, forced: set[Key], memory: SolvedPatterns, withheld: set[str] | None) -> Pattern:
    hidden = {key.cell for key in forced if system.cells[key.cell].role is not Role.KNOWN}
    while True:
        try:
            found = protect(
                system, hidden=hidden, optimum_up_to=_OPTIMUM_UP_TO, memory=memory, withhold=withheld is not None
            )
        except UnprotectableError as error:
            raise ProtectionError(unprotectable(error.cell)) from None
        changed = {figure_of(cell) for cell in found.withheld if is_change(cell)}
        more = {i for i in changed if system.cells[i].role is Role.PUBLISHED} - found.hidden
        if withheld is not None:
            withheld |= found.withheld
        if not more:
            return found
        hidden |= more


def unprotectable(cell: str) -> str:
    """German: that a figure cannot be protected, and what to do."""
    return (
        f"Die Zahl {figure_place(cell)} lässt sich nicht schützen, auch wenn alles geheim bleibt, was mit ihr "
        f"zusammenhängt. {_COARSER}"
    )


def unprotectable_indicator(cell: str) -> str:
    """The same for everybody, of the indicator: which figure it is would tell that it is small."""
    return (
        f"Eine Zahl von {figure_of(cell).split('|')[0]} lässt sich nicht schützen, auch wenn alles geheim bleibt, was "
        f"mit ihr zusammenhängt. Sie bleibt geheim. {_COARSER}"
    )


def figure_place(cell: str) -> str:
    """German: which figure a cell is, of today or of an earlier release."""
    count_id, area, period, breakdown = figure_of(cell).split("|")
    return f"{count_id} (Gebiet {area}, Zeitraum {period}" + (f", Merkmal „{breakdown}“)" if breakdown else ")")


def _own_parts(linked: LinkedSet, rules: Rules) -> Iterator[tuple[Key, list[Key]]]:
    """The places of a rate, each with its printed parts that are published with it alone."""
    own = [part for part in rules.rate if part and part.startswith(f"{rules.indicator}.")]
    parts = [key for part in own for key in linked.of(part) if linked.counts[key].is_printed]
    for place in sorted({key._replace(count_id=rules.indicator) for key in parts}):
        yield place, [key for key in parts if key._replace(count_id=rules.indicator) == place]


def _small_denominators(linked: LinkedSet, rules: Rules) -> Iterator[Key]:
    for key, parts in _own_parts(linked, rules):
        denominator = key._replace(count_id=rules.rate[1] or "")
        if linked.counts[denominator].value < LEAST_DENOMINATOR:
            yield from parts


def _parts_of_hidden_rates(linked: LinkedSet, rules: Rules, hidden: frozenset[Key]) -> Iterator[Key]:
    for key, parts in _own_parts(linked, rules):
        if any(part and key._replace(count_id=part) in hidden for part in rules.rate):
            yield from parts


def _hidden_with(linked: LinkedSet, rules: Rules, hidden: frozenset[Key]) -> Iterator[Key]:
    """Sums of hours and euros whose count is hidden, or that of the persons who make them up."""
    if rules.hidden_with is None:
        return
    for key in linked.amounts:
        if key.count_id not in {rules.indicator, *rules.rate}:
            continue
        is_told = rules.contributors is not None and linked.contributors_of(key, rules.contributors) in hidden
        if is_told or key._replace(count_id=rules.hidden_with) in hidden:
            yield key


def hide_more(connection: duckdb.DuckDBPyConnection, linked: LinkedSet, more: Iterable[Key]) -> frozenset[Key]:
    """Hide further figures of the connected internal file, with what falls with them; returns the new ones."""
    before = {Key(*row) for row in connection.execute(f"FROM {_HIDDEN}").fetchall()}
    hidden = with_what_follows(linked, {*before, *more})
    _write(connection, hidden)
    return hidden - before


def with_what_follows(linked: LinkedSet, hidden: Iterable[Key]) -> frozenset[Key]:
    """Figures that are not published, with the parts of their rates and the sums that are hidden with them."""
    found = frozenset(hidden)
    while more := {key for rules in linked.rules for key in _parts_of_hidden_rates(linked, rules, found)} - found:
        found |= more
    return found | {key for rules in linked.rules for key in _hidden_with(linked, rules, found)}


def _write(connection: duckdb.DuckDBPyConnection, hidden: frozenset[Key]) -> None:
    block = pa.table(
        [pa.array(column, pa.string()) for column in zip(*sorted(hidden), strict=True)] or [[]] * len(_COLUMNS),
        schema=pa.schema([(name, pa.string()) for name in _COLUMNS]),
    )
    connection.register("hidden_cells", block)
    connection.execute(f"CREATE OR REPLACE TABLE {_HIDDEN} AS SELECT * FROM hidden_cells")
    connection.unregister("hidden_cells")
    comment(connection, _DESCRIPTION, _COLUMNS, _HIDDEN)
