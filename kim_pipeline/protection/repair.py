"""Hides more where the audit of a file finds a figure too well known (`privacy.md`, "Nights").

Belongs here: which printed figures are hidden beside a cell that fails, cheapest first, until it passes; and which
cells no hiding protects, because somebody knows too much of them already. Whether a cell passes the audit says.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kim_pipeline.disclosure import AuditRow
from kim_pipeline.protection.attacker import FigurePlace, View, cell_id
from kim_pipeline.protection.attackers import Attacked, Knowledge, Trial
from kim_pipeline.protection.hiding import with_what_follows
from kim_pipeline.protection.linked_set import Key, LinkedSet

_COUNTY = 5.0
"""The county's figures are hidden last: they are read most."""


@dataclass(frozen=True)
class Repair:
    """What was found.

    Attributes:
        hidden: figures that are hidden in addition.
        withheld: cells that fail even where everything is hidden, by what an attacker knows beforehand.
    """

    hidden: frozenset[Key]
    withheld: frozenset[str]


def repair(attacked: Attacked, linked: LinkedSet, failed: Iterable[AuditRow]) -> Repair:
    """Hide figures beside failed cells until each passes against whom it failed; the next audit is the judge of all.

    Args:
        attacked: the published file.
        linked: the linked set of its internal file.
        failed: rows of cells that an attacker knows too well.
    """
    todo, withheld, more = dict[int, set[str]](), set[str](), set[Key]()
    for row in failed:
        todo.setdefault(row.attacker, set()).add(row.cell)
    for trial in attacked.trials(todo):
        for cell in trial.fails(todo[trial.who]):
            found = _enough(trial, cell, attacked.view, frozenset(map(cell_id, more)))
            more |= {Key(*place) for place in found or ()}
            if found is None:
                withheld.add(cell)
    return Repair(with_what_follows(linked, more), frozenset(withheld))


def _enough(trial: Trial, cell: str, view: View, hidden: frozenset[str]) -> list[FigurePlace] | None:
    """Printed figures of which none can be left out and all together protect a cell; None where nothing does."""

    def is_safe(places: Sequence[FigurePlace]) -> bool:
        return trial.passes_hiding(cell, hidden.union(map(cell_id, places)))

    if is_safe([]):
        return []
    if trial.hopeless({cell}):
        return None
    queue, size = _beside(trial.known, cell, view), 1
    while not is_safe(queue[:size]):
        if size >= len(queue):
            return None
        size *= 2
    chosen, step = queue[:size], max(1, size // 2)
    while step:
        for start in range(len(chosen) - step, -1, -step):  # what is furthest and dearest first
            rest = chosen[:start] + chosen[start + step :]
            if is_safe(rest):
                chosen = rest
        step //= 2
    return chosen


def _beside(known: Knowledge, cell: str, view: View) -> list[FigurePlace]:
    """The printed figures of a cell's component: those in its own relations first, the cheapest first."""
    of_cell: dict[str, list[tuple[str, ...]]] = {}
    for relation in (*known.relations, *known.told):
        names = tuple(name for name, _ in relation.terms)
        for name in names:
            of_cell.setdefault(name, []).append(names)
    distance, layer = {cell: 0}, [cell]
    while layer:
        found = {name for at in layer for names in of_cell.get(at, ()) for name in names} - distance.keys()
        distance |= dict.fromkeys(found, distance[layer[0]] + 1)
        layer = sorted(found)
    printed = {cell_id(place): place for place, value in view.seen.items() if value is not None}
    those = [(distance[name], _cost(place, view), place) for name, place in printed.items() if name in distance]
    return [place for _, _, place in sorted(those)]


def _cost(place: FigurePlace, view: View) -> float:
    value = view.seen[place] or 0
    return (_COUNTY if place[1] == view.county and not place[3] else 1.0) * (1 + math.log1p(value))
