"""Chooses what to hide: the optimum where that is affordable, else a good pattern (`privacy.md`, "How", 2).

Belongs here: the way from a linked system to a pattern, component by component. The result depends neither on the order
of cells or relations nor on the machine: no clock decides anything.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal, Protocol

import numpy as np

from kim_pipeline.disclosure.heuristic import BRIEF, THOROUGH, CannotProtectError, Search
from kim_pipeline.disclosure.optimum import USUAL, SearchLimits, guided, optimise
from kim_pipeline.disclosure.proof import Proof, all_needs
from kim_pipeline.disclosure.system import Component, LinkedSystem, LinkedSystemError, Mask, Role
from kim_pipeline.disclosure.windows import search_by_windows
from kim_pipeline.errors import KimError

_WINDOWS_FROM = 800
"""Larger components are searched window by window."""
_FEW = 40
"""Of a component with so few open needs no windows are made: what is hidden anyway proves all others."""
_LAST_RESORT = 1000.0
"""So many times more it costs to hide a figure that was printed and has not changed."""
_THOROUGH_UP_TO, _BRIEF_UP_TO = 120, 250
"""On components of at most so many cells the heuristic searches longer if the optimum was not asked for or found."""


Method = Literal["trivial", "heuristic", "optimum", "windows", "remembered", "kept"]


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
        bound: no safe pattern costs less; None where a pattern was kept.
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
        withheld: ids of cells that no pattern protects: hidden, and too well known all the same.
    """

    hidden: frozenset[str]
    cost: float
    components: tuple[ComponentResult, ...]
    withheld: frozenset[str] = frozenset()

    @property
    def is_optimal(self) -> bool:
        """Whether no safe pattern is cheaper."""
        return all(component.is_optimal for component in self.components)


class Memory(Protocol):
    """What was hidden the last time, by component and by cell."""

    def recall(self, digest: str, forced: Collection[str] = ()) -> Collection[str] | None:
        """The hidden cells of what has this digest, where no other cells were forced, and these are among the hidden.

        None where it was never solved.
        """

    def note(self, digest: str, forced: Collection[str], hidden: Collection[str]) -> None:
        """Remember the hidden cells of what has this digest, and which of them were forced."""

    def last_seen(self, cell_id: str) -> tuple[int | None, bool] | None:
        """The value that a cell had the last time, if known, and whether it was hidden; None if it was not there."""

    def note_cells(self, cells: Mapping[str, tuple[int, bool]]) -> None:
        """Remember value and whether it is hidden of the cells that can be."""


@dataclass(frozen=True)
class _Kept:
    """What remains of the last pattern of a component.

    Attributes:
        begin: cells that were hidden, whatever has become of their values.
        stays_hidden: of these, unchanged.
        stays_printed: cells that were printed and have not changed.
    """

    begin: Mask
    stays_hidden: Mask
    stays_printed: Mask

    @classmethod
    def of(cls, component: Component, memory: Memory | None) -> _Kept:
        """What a memory tells of the cells of a component that can be hidden."""
        seen = [None] * component.size if memory is None else [memory.last_seen(i) for i in component.ids]
        values, may_be_hidden = component.value.tolist(), (~component.is_free).tolist()
        known = [
            (at is not None and can, at is not None and at[1], at is not None and at[0] in (None, value))
            for at, value, can in zip(seen, values, may_be_hidden, strict=True)
        ]
        is_known, was_hidden, is_same = np.array(known, dtype=np.bool_).reshape(-1, 3).T
        begin = is_known & was_hidden
        return cls(begin, begin & is_same, is_known & is_same & ~was_hidden)


def protect(
    system: LinkedSystem,
    *,
    hidden: Collection[str] = (),
    optimum_up_to: int = 400,
    limits: SearchLimits = USUAL,
    memory: Memory | None = None,
    withhold: bool = False,
) -> Pattern:
    """Find a cheap set of cells to hide so that no protected count can be narrowed down.

    With a memory a pattern is kept (`privacy.md`, "Nights"): what was printed and has not changed stays printed, what
    was hidden and has not changed stays hidden, and the search for the rest starts from the last pattern.

    Args:
        system: cells and relations.
        hidden: cells that must be hidden for other reasons.
        optimum_up_to: components with at most so many cells are solved to the optimum; 0 for the heuristic alone.
        limits: of each optimum; after that the best pattern so far is taken.
        memory: what was hidden the last time.
        withhold: hide a cell that no pattern protects, and go on as if it needed no protection.

    Returns:
        The pattern; `is_optimal` says whether it is proven to be the cheapest.

    Raises:
        UnprotectableError: a cell that no pattern protects, unless such cells are withheld.
        LinkedSystemError: `hidden` names a cell that is unknown or cannot be hidden.
    """
    for cell_id in sorted(hidden):
        if cell_id not in system.cells or system.cells[cell_id].role is Role.KNOWN:
            raise LinkedSystemError(
                f"Die Zelle {cell_id} soll geheim bleiben, aber es gibt sie nicht, oder sie ist bekannt."
            )
    effort, unseen, withheld, results = _Effort(optimum_up_to, limits), set[str](), set[str](), []
    for component in system.components():
        kept = _Kept.of(component, memory)
        forced = _ids_in(component, frozenset(hidden))
        if not _has_work(component, forced | kept.stays_hidden):
            continue
        try:
            mask, result = _protected(component, forced, kept, effort, memory)
        except CannotProtectError as problem:
            cell_id = component.ids[problem.column]
            if not withhold:
                raise UnprotectableError(cell_id, system.neighbours(cell_id)) from None
            given_up, (mask, result) = _withheld(component, forced, problem.column, effort)
            withheld.update(component.ids[c] for c in np.flatnonzero(given_up))
        unseen.update(component.ids[c] for c in np.flatnonzero(mask & ~component.is_free))
        if result.hidden:
            results.append(result)
    if memory is not None:
        printable = (cell for cell in system.cells.values() if cell.role is Role.PUBLISHED)
        memory.note_cells({cell.id: (cell.value, cell.id in unseen) for cell in printable})
    cost = sum(result.cost for result in results)
    return Pattern(frozenset(unseen), cost, tuple(results), frozenset(withheld))


@dataclass(frozen=True)
class _Effort:
    """How large components may be that are solved to the optimum, and how long each search may last."""

    optimum_up_to: int
    limits: SearchLimits


def _protected(
    component: Component, forced: Mask, kept: _Kept, effort: _Effort, memory: Memory | None
) -> tuple[Mask, ComponentResult]:
    """The pattern of a component: from memory, from the last pattern, or from nothing."""
    if memory is None:
        return _from_nothing(component, forced, effort)
    started, digest = time.monotonic(), _digest(component)
    given = [component.ids[c] for c in np.flatnonzero(forced & ~component.is_free)]
    known = memory.recall(digest, given)
    if known is not None:
        mask = component.is_free | component.is_sensitive | forced | _ids_in(component, frozenset(known))
        found = mask, _result(component, mask, None, "remembered", time.monotonic() - started)
    elif kept.begin.any() or kept.stays_printed.any():
        found = _from_last(component, forced, kept, effort)
    else:
        found = _from_nothing(component, forced, effort)
    memory.note(digest, given, [component.ids[c] for c in np.flatnonzero(found[0] & ~component.is_free)])
    return found


def _from_last(component: Component, forced: Mask, kept: _Kept, effort: _Effort) -> tuple[Mask, ComponentResult]:
    """What the last pattern becomes; a printed cell that has not changed is hidden only where nothing else helps."""
    started = time.monotonic()
    cost = np.where(kept.stays_printed, component.cost * _LAST_RESORT, component.cost)
    try:
        mask = Search(replace(component, cost=cost), forced | kept.stays_hidden).run(kept.begin)
    except CannotProtectError:
        return _from_nothing(component, forced, effort)  # what was hidden can no longer stay so
    return mask, _result(component, mask, None, "kept", time.monotonic() - started)


def _withheld(
    component: Component, forced: Mask, column: int, effort: _Effort
) -> tuple[Mask, tuple[Mask, ComponentResult]]:
    """The cells that nothing protects, found by hiding everything, and the pattern of the others."""
    everything = np.ones(component.size, dtype=np.bool_)
    proof = Proof(component, everything, everything)
    needs = proof.meet_jointly(all_needs(component, np.flatnonzero(component.is_sensitive)))
    given_up = np.zeros(component.size, dtype=np.bool_)
    given_up[[column, *(n.column for n in needs if not proof.answer(n))]] = True
    while True:
        k = np.where(given_up, 0, component.k)
        others = replace(component, k=k, is_sensitive=component.is_sensitive & ~given_up)
        try:
            return given_up, _from_nothing(others, forced | given_up & ~component.is_free, effort)
        except CannotProtectError as problem:
            given_up[problem.column] = True


def _digest(component: Component) -> str:
    """Tells whether a component is the same: cells, values, rules, relations."""
    digest = hashlib.sha256("\0".join(component.ids).encode())
    for field in fields(component):
        if field.name != "ids":
            digest.update(field.name.encode() + getattr(component, field.name).tobytes() + b"|")
    return digest.hexdigest()


def _ids_in(component: Component, ids: frozenset[str]) -> Mask:
    return np.array([i in ids for i in component.ids], dtype=np.bool_)


def _has_work(component: Component, forced: Mask) -> bool:
    return bool((component.is_sensitive | forced | (component.is_free & (component.k > 0))).any())


def _from_nothing(component: Component, forced: Mask, effort: _Effort) -> tuple[Mask, ComponentResult]:
    started = time.monotonic()
    method: Method
    if not component.row_count:
        mask, method = component.is_sensitive | forced | component.is_free, "trivial"
        bound = float(component.cost[mask].sum())
    else:
        search, cost = Search(component, forced), component.cost
        if component.cell_count <= effort.optimum_up_to:
            (mask, bound), method = optimise(search, effort.limits), "optimum"
        elif component.cell_count <= _WINDOWS_FROM:
            (mask, bound), method = guided(search, effort.limits), "heuristic"
        elif search.has_few_open_needs(_FEW):
            mask = search.run()
            return mask, _result(component, mask, None, "heuristic", time.monotonic() - started)
        else:
            mask = search_by_windows(component, forced, lambda part, hidden: _window(part, hidden, effort.limits))
            return mask, _result(component, mask, None, "windows", time.monotonic() - started)
        if not effort.limits.is_enough(component, float(cost[mask].sum()), bound):
            mask = _cheaper(component, mask, search)
    return mask, _result(component, mask, bound, method, time.monotonic() - started)


def _window(part: Component, hidden: Mask, limits: SearchLimits) -> Search:
    search = Search(part, hidden)
    guided(search, limits)
    return search


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
