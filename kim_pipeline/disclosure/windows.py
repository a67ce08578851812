"""The search in a large component: window by window, so that no program is larger than a window.

Belongs here: which cells make a window, and how their patterns become one. In a window only its own cells move: what
proves a need there proves it in the whole component. A window in which a cell cannot be safe is widened.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from kim_pipeline.disclosure.heuristic import CannotProtectError, Search
from kim_pipeline.disclosure.proof import Proof, all_needs
from kim_pipeline.disclosure.solver import Need
from kim_pipeline.disclosure.system import Component, Mask, Wholes

_CORE, _RING = 160, 320
"""So many columns a window protects, and so many it may move, those included."""
_WIDER = 2

Solve = Callable[[Component, Mask], Search]
"""Protects a component in which some cells are hidden already."""


def search_by_windows(component: Component, forced: Mask, solve: Solve) -> Mask:
    """Find a pattern of a large component.

    Args:
        component: the component.
        forced: cells that are hidden for other reasons.
        solve: finds the pattern of a window.

    Returns:
        The pattern: safe, and no secondary of it can be left out alone.

    Raises:
        CannotProtectError: there is no safe pattern.
    """
    net = _Net(component)
    hidden = component.is_free | component.is_sensitive | forced
    witness: dict[Need, Wholes] = {}
    for core in net.cores():
        found = _protected(net, core, hidden, solve)
        hidden = hidden | found[0]
        witness |= found[1]
    return Search(component, forced).run(hidden, witness)


def _protected(net: _Net, core: Wholes, hidden: Mask, solve: Solve) -> tuple[Mask, dict[Need, Wholes]]:
    """What to hide so that a window's cells are safe, and the tables that prove it."""
    size, component = _RING, net.component
    while True:
        columns = net.around(core, size)
        window = net.window(columns, core, hidden)
        try:
            _refuse_if_too_narrow(window)
            search = solve(window, hidden[columns])
        except CannotProtectError as problem:
            if len(columns) == component.size or size > component.size:
                raise CannotProtectError(int(columns[problem.column])) from None
            size *= _WIDER
            continue
        mask = np.zeros(component.size, dtype=np.bool_)
        mask[columns] = search.hidden
        tables = {}
        for need, table in search.witness.items():
            whole = np.zeros(component.size, dtype=np.int64)
            whole[columns] = table
            tables[replace(need, column=int(columns[need.column]))] = whole
        return mask, tables


def _refuse_if_too_narrow(window: Component) -> None:
    """See to it that every cell is safe where all of a window is hidden, which is quickly found.

    Raises:
        CannotProtectError: one is not.
    """
    everything = np.ones(window.size, dtype=np.bool_)
    proof = Proof(window, everything, everything)
    for need in proof.meet_jointly(all_needs(window, np.flatnonzero(window.is_sensitive))):
        if not proof.answer(need):
            raise CannotProtectError(need.column)


class _Net:
    """A component as a net: cells are neighbours that share a relation."""

    def __init__(self, component: Component) -> None:
        self.component = component
        self._row = np.repeat(np.arange(component.row_count), np.diff(component.row_start))
        order = np.argsort(component.column, kind="stable")
        self._rows_of = np.split(
            self._row[order], np.cumsum(np.bincount(component.column, minlength=component.size))[:-1]
        )
        self._columns_of = np.split(component.column, component.row_start[1:-1])

    def cores(self) -> list[Wholes]:
        """All columns in groups, each of columns that are equally far from the first."""
        order = self._from([0], self.component.size)
        return np.array_split(order, math.ceil(len(order) / _CORE))

    def around(self, core: Wholes, size: int) -> Wholes:
        """The columns of a window: its core and their neighbours, up to so many columns."""
        return np.sort(self._from(core.tolist(), max(size, len(core))))

    def _from(self, start: list[int], size: int) -> Wholes:
        """Columns by their distance from some, up to so many."""
        found, todo, seen_rows = dict.fromkeys(start), list(start), set[int]()
        for column in todo:
            for row in self._rows_of[column].tolist():
                if row in seen_rows:
                    continue
                seen_rows.add(row)
                for other in self._columns_of[row].tolist():
                    if other not in found and len(found) < size:
                        found[other] = None
                        todo.append(other)
        return np.array(list(found), dtype=np.int64)

    def window(self, columns: Wholes, core: Wholes, hidden: Mask) -> Component:
        """These columns as a component that need protect the core, and what it hides, alone."""
        chosen = np.isin(self.component.column, columns)
        part = self.component.restricted(
            columns, self._row[chosen], self.component.column[chosen], self.component.coefficient[chosen]
        )
        inside = np.isin(columns, core) | ~hidden[columns]
        return replace(part, k=np.where(inside, part.k, 0), is_sensitive=part.is_sensitive & inside)
