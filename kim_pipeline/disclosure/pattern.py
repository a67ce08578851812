"""Chooses what to hide: the optimum where that is affordable, else a good pattern (`privacy.md`, "How", 2).

Belongs here: the way from a linked system to a pattern, component by component. The result depends neither on the order
of cells or relations nor on the machine, unless the time limit cuts the search short.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from kim_pipeline.disclosure.heuristic import BRIEF, THOROUGH, CannotProtectError, Search
from kim_pipeline.disclosure.optimum import SearchLimits, optimise
from kim_pipeline.disclosure.system import Component, LinkedSystem, LinkedSystemError, Mask, Role
from kim_pipeline.errors import KimError

_THOROUGH_UP_TO, _BRIEF_UP_TO = 120, 250
"""On components of at most so many cells the heuristic searches longer if the optimum was not asked for or found."""


Method = Literal["trivial", "heuristic", "optimum", "remembered"]


class UnprotectableError(KimError):
    """No pattern protects a cell.

    Attributes:
        cell: its id.
        related: ids of the cells that share a relation with it.
    """

    def __init__(self, cell: str, related: list[str]) -> None:
        shown = ", ".join(related[:12]) + (f" und {len(related) - 12} weiteren" if len(related) > 12 else "")
        super().__init__(
            f"Die Zelle {cell} lässt sich nicht schützen: auch wenn alles geheim bleibt, was mit ihr zusammenhängt, "
            f"ist ihr Wert zu genau bekannt. Beziehungen hat sie mit: {shown or 'keiner anderen'}. Bitte diese Tabelle "
            "gröber veröffentlichen."
        )
        self.cell, self.related = cell, related


@dataclass(frozen=True)
class ComponentResult:
    """What was found for one component.

    Attributes:
        cells: cells that can be hidden.
        sensitive: of these, hidden for themselves.
        hidden: of these, hidden.
        cost: of hiding them.
        bound: no safe pattern costs less; None where only the heuristic ran.
        method: how the pattern was found.
        seconds: how long it took.
    """

    cells: int
    sensitive: int
    hidden: int
    cost: float
    bound: float | None
    method: Method
    seconds: float

    @property
    def is_optimal(self) -> bool:
        """Whether no safe pattern is cheaper."""
        return self.bound is not None and self.cost <= self.bound + 1e-6


@dataclass(frozen=True)
class Pattern:
    """What to hide.

    Attributes:
        hidden: ids of published cells that are hidden, whatever the reason; the reason is nobody's business.
        cost: of hiding them.
        components: how each was solved; those in which nothing is hidden are left out.
    """

    hidden: frozenset[str]
    cost: float
    components: tuple[ComponentResult, ...]

    @property
    def is_optimal(self) -> bool:
        """Whether no safe pattern is cheaper."""
        return all(component.is_optimal for component in self.components)


class Memory(Protocol):
    """Patterns of components that were solved before."""

    def recall(self, digest: str) -> Collection[str] | None:
        """The hidden cells of the component with this digest; None if it was never solved."""

    def note(self, digest: str, hidden: Collection[str]) -> None:
        """Remember the hidden cells of a component."""


def protect(
    system: LinkedSystem,
    *,
    hidden: Collection[str] = (),
    optimum_up_to: int = 600,
    rounds: int = 12,
    time_limit: float = 300.0,
    memory: Memory | None = None,
) -> Pattern:
    """Find a cheap set of cells to hide so that no protected count can be narrowed down.

    Args:
        system: cells and relations.
        hidden: cells that must be hidden for other reasons.
        optimum_up_to: components with at most so many cells are solved to the optimum; 0 for the heuristic alone.
        rounds: of cuts for each optimum; after that the best pattern so far is taken.
        time_limit: seconds for all optima together, shared among the components that are left; an emergency brake:
            where it is reached, the result depends on the machine.
        memory: patterns of earlier searches; the same component gets the same pattern again.

    Returns:
        The pattern; `is_optimal` says whether it is proven to be the cheapest.

    Raises:
        UnprotectableError: a cell that no pattern protects.
        LinkedSystemError: `hidden` names a cell that is unknown or cannot be hidden.
    """
    for cell_id in sorted(hidden):
        if cell_id not in system.cells or system.cells[cell_id].role is Role.KNOWN:
            raise LinkedSystemError(
                f"Die Zelle {cell_id} soll geheim bleiben, aber es gibt sie nicht, oder sie ist bekannt."
            )
    end = time.monotonic() + time_limit
    hidden = frozenset(hidden)
    unseen, results = set[str](), []
    todo = [
        (component, forced) for component in system.components() if (forced := _work(component, hidden)) is not None
    ]
    for number, (component, forced) in enumerate(todo):
        now = time.monotonic()
        deadline = now + max(0.0, end - now) / (len(todo) - number)
        try:
            mask, result = _remembered(
                component,
                forced,
                memory,
                lambda c=component, f=forced, d=deadline: (  # type: ignore[misc]
                    _protect_component(c, f, optimum_up_to, SearchLimits(d, rounds))
                ),
            )
        except CannotProtectError as problem:
            cell_id = component.ids[problem.column]
            raise UnprotectableError(cell_id, system.neighbours(cell_id)) from None
        unseen.update(component.ids[c] for c in np.flatnonzero(mask & ~component.is_free))
        if result.hidden:
            results.append(result)
    return Pattern(frozenset(unseen), sum(result.cost for result in results), tuple(results))


def _remembered(
    component: Component, forced: Mask, memory: Memory | None, solve: Callable[[], tuple[Mask, ComponentResult]]
) -> tuple[Mask, ComponentResult]:
    """The pattern of a component, from memory or solved now."""
    if memory is None:
        return solve()
    started, digest = time.monotonic(), _digest(component, forced)
    known = memory.recall(digest)
    if known is None:
        mask, result = solve()
        memory.note(digest, sorted(component.ids[c] for c in np.flatnonzero(mask & ~component.is_free)))
        return mask, result
    unseen = set(known)
    mask = component.is_free | np.array([i in unseen for i in component.ids], dtype=np.bool_)
    return mask, _result(component, mask, None, "remembered", time.monotonic() - started)


def _digest(component: Component, forced: Mask) -> str:
    """Tells whether a component is the same: cells, values, rules, relations, and what is forced."""
    digest = hashlib.sha256("\0".join(component.ids).encode())
    for part in (
        component.value, component.k, component.least, component.cost, component.floor, component.is_sensitive,
        component.is_free, component.row_start, component.column, component.coefficient, forced,
    ):  # fmt: skip
        digest.update(part.tobytes() + b"|")
    return digest.hexdigest()


def _work(component: Component, hidden: Collection[str]) -> Mask | None:
    """What must be hidden for other reasons; None if the component has nothing to protect."""
    forced = np.array([i in hidden for i in component.ids], dtype=np.bool_)
    has_work = (component.is_sensitive | forced | (component.is_free & (component.k > 0))).any()
    return forced if has_work else None


def _protect_component(
    component: Component, forced: Mask, optimum_up_to: int, limits: SearchLimits
) -> tuple[Mask, ComponentResult]:
    started = time.monotonic()
    method: Method
    bound: float | None
    if not component.row_count:
        mask, method = component.is_sensitive | forced | component.is_free, "trivial"
        bound = float(component.cost[mask].sum())
    else:
        search = Search(component, forced)
        mask, method, bound = search.run(), "heuristic", None
        if component.cell_count <= optimum_up_to:
            mask, bound = optimise(search, limits)
            method = "optimum"
        if bound is None or component.cost[mask].sum() > bound + 1e-6:
            mask = _cheaper(component, mask, search)
    return mask, _result(component, mask, bound, method, time.monotonic() - started)


def _result(component: Component, mask: Mask, bound: float | None, method: Method, seconds: float) -> ComponentResult:
    return ComponentResult(
        cells=component.cell_count,
        sensitive=int((component.is_sensitive & ~component.is_free).sum()),
        hidden=int((mask & ~component.is_free).sum()),
        cost=float(component.cost[mask].sum()),
        bound=bound,
        method=method,
        seconds=seconds,
    )


def _cheaper(component: Component, mask: Mask, search: Search) -> Mask:
    if component.cell_count > _BRIEF_UP_TO:
        return mask
    search.run(mask)
    other = search.refine(THOROUGH if component.cell_count <= _THOROUGH_UP_TO else BRIEF)
    return other if component.cost[other].sum() < component.cost[mask].sum() - 1e-9 else mask
