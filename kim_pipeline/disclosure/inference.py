"""What somebody infers from which cells are hidden who knows the rules by which they are (`privacy.md`, attacker 5).

Belongs here: for components small enough to enumerate, all whole tables that fit what is published, and of these the
ones for which the rules would hide just what is hidden: every small cell is safe, and no other hidden cell could be
printed. This is a measure, not a check: nothing is hidden because of it. It shares no code with the search.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from kim_pipeline.disclosure.system import PublishedCell, Relation, RelationKind

_MOST_CELLS, _MOST_TABLES, _MOST_STEPS = 10, 10_000, 5_000
_SWEEPS = 50

WholeTables = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Inference:
    """What is inferred of the small cells.

    Attributes:
        narrowed: ids of those of which he excludes a value that must be possible → the values that remain.
        enumerated: small cells of components that were enumerated.
        too_large: small cells of those that were not.
        unexplained: small cells of components of which the rules that he tries do not explain the pattern: it was kept
            from an earlier night, or cells are hidden for other reasons; he infers nothing there.
    """

    narrowed: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    enumerated: int = 0
    too_large: int = 0
    unexplained: int = 0

    @property
    def exact(self) -> int:
        """Cells of which one value remains."""
        return sum(len(values) == 1 for values in self.narrowed.values())


def inferred(
    cells: Iterable[PublishedCell],
    relations: Iterable[Relation],
    true: Mapping[str, int],
    required: Mapping[str, tuple[int, int]],
) -> Inference:
    """Measure what follows from the pattern itself.

    Args:
        cells: all cells; hidden and unpublished ones without a value.
        relations: everything that the attacker knows besides.
        true: the hidden cells' true values: whether the rules explain the pattern.
        required: small cell → what must be possible of it.
    """
    by_id = {cell.id: cell for cell in cells}
    rows = [row for relation in relations for row in _without_printed(relation, by_id)]
    total = Inference()
    for members, own in _components([i for i, cell in by_id.items() if cell.value is None], rows):
        small = [i for i in members if i in required]
        if small:
            found = _of_component([by_id[i] for i in members], own, true, {i: required[i] for i in small})
            total = Inference(
                {**total.narrowed, **found.narrowed},
                total.enumerated + found.enumerated,
                total.too_large + found.too_large,
                total.unexplained + found.unexplained,
            )
    return total


def _of_component(
    cells: Sequence[PublishedCell],
    rows: Sequence[Relation],
    true: Mapping[str, int],
    small: Mapping[str, tuple[int, int]],
) -> Inference:
    tables = _all_tables([cell.id for cell in cells], rows)
    if tables is None:
        return Inference(too_large=len(small))
    fits = _explained(cells, tables)
    known = np.all(tables == [true[cell.id] for cell in cells], axis=1)
    if not fits[known].any():
        return Inference(enumerated=len(small), unexplained=len(small))
    narrowed = {}
    for column, cell in enumerate(cells):
        if cell.id in small:
            possible = set(tables[fits, column].tolist())
            low, high = small[cell.id]
            if not possible >= set(range(low, high + 1)):
                narrowed[cell.id] = tuple(sorted(possible))
    return Inference(narrowed, enumerated=len(small))


def _explained(cells: Sequence[PublishedCell], tables: WholeTables) -> npt.NDArray[np.bool_]:
    """The tables for which the rules would hide these cells: the small ones are safe, the others are needed for it."""
    k = np.array([cell.k or 0 for cell in cells])
    is_small = (tables > 0) & (tables < k)
    fits: npt.NDArray[np.bool_] = np.all(~is_small | _are_safe(tables, k), axis=1)
    for column, cell in enumerate(cells):
        if cell.is_unpublished:
            continue
        is_needed = np.zeros(len(tables), dtype=np.bool_)
        for value in np.unique(tables[:, column]):
            printed = tables[:, column] == value
            is_needed[printed] = (is_small[printed] & ~_are_safe(tables[printed], k)).any(axis=1)
        fits &= is_small[:, column] | is_needed
    return fits


def _are_safe(tables: WholeTables, k: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which cells are possible from at most 1 up to k among some tables."""
    safe: npt.NDArray[np.bool_] = np.asarray(np.logical_and(tables.min(axis=0) <= 1, tables.max(axis=0) >= k))
    return safe


def _without_printed(relation: Relation, cells: Mapping[str, PublishedCell]) -> Iterable[Relation]:
    printed = {i: value for i, _ in relation.terms if (value := cells[i].value) is not None}
    constant = relation.constant - sum(factor * printed[i] for i, factor in relation.terms if i in printed)
    terms = tuple((i, factor) for i, factor in relation.terms if i not in printed)
    if terms:
        yield replace(relation, terms=terms, constant=constant)


def _components(cells: Sequence[str], rows: Sequence[Relation]) -> Iterable[tuple[list[str], list[Relation]]]:
    root = {cell: cell for cell in cells}

    def top(cell: str) -> str:
        while root[cell] != cell:
            root[cell] = cell = root[root[cell]]
        return cell

    for row in rows:
        first = top(row.terms[0][0])
        for cell, _ in row.terms:
            root[top(cell)] = first
    members: dict[str, list[str]] = {}
    own: dict[str, list[Relation]] = {}
    for cell in cells:
        members.setdefault(top(cell), []).append(cell)
    for row in rows:
        own.setdefault(top(row.terms[0][0]), []).append(row)
    return [(names, own.get(name, [])) for name, names in members.items()]


def _all_tables(cells: Sequence[str], rows: Sequence[Relation]) -> WholeTables | None:
    """All whole tables of a component; None where there are too many, or without end."""
    if len(cells) > _MOST_CELLS:
        return None
    column = {cell: n for n, cell in enumerate(cells)}
    limits = [
        ([(column[cell], sign * factor) for cell, factor in row.terms], sign * row.constant)
        for row in rows
        for sign in ((1, -1) if row.kind is RelationKind.EQUAL else (1,))
    ]
    search = _Enumeration(limits)
    box = search.tightened([0] * len(cells), [math.inf] * len(cells))
    if box is None or math.inf in box[1]:
        return None
    complete = search.run(*box)
    return np.array(search.found, dtype=np.int64).reshape(-1, len(cells)) if complete else None


class _Enumeration:
    """Whole points of `Σ factor × x ≤ constant`, by halving the widest side of a box."""

    def __init__(self, limits: Sequence[tuple[Sequence[tuple[int, int]], int]]) -> None:
        self._limits = limits
        self._steps = 0
        self.found: list[list[int]] = []

    def run(self, low: list[int], high: list[float]) -> bool:
        """Note all points of a box; whether it came to an end."""
        todo = [(low, high)]
        while todo:
            self._steps += 1
            if self._steps > _MOST_STEPS or len(self.found) > _MOST_TABLES:
                return False
            at, to = todo.pop()
            widest = max(range(len(at)), key=lambda n: to[n] - at[n])
            if to[widest] == at[widest]:
                self.found.append(at)
                continue
            middle = (at[widest] + int(to[widest])) // 2
            for lower, upper in ((at[widest], middle), (middle + 1, int(to[widest]))):
                box = self.tightened(
                    [lower if n == widest else v for n, v in enumerate(at)],
                    [upper if n == widest else v for n, v in enumerate(to)],
                )
                if box is not None:
                    todo.append(box)
        return True

    def tightened(self, low: list[int], high: list[float]) -> tuple[list[int], list[float]] | None:
        """The box without what the limits exclude; None where nothing is left."""
        for _ in range(_SWEEPS):
            changed = False
            for terms, constant in self._limits:
                least = [factor * (low[n] if factor > 0 else high[n]) for n, factor in terms]
                total = sum(least)
                if total > constant:
                    return None
                for (n, factor), own in zip(terms, least, strict=True):
                    rest = sum(other for (m, _), other in zip(terms, least, strict=True) if m != n)
                    if math.isinf(rest) or (math.isinf(own) and factor > 0):
                        continue
                    bound = (constant - rest) / factor
                    if factor > 0 and math.floor(bound) < high[n]:
                        high[n], changed = math.floor(bound), True
                    elif factor < 0 and math.ceil(bound) > low[n]:
                        low[n], changed = math.ceil(bound), True
                    if low[n] > high[n]:
                        return None
            if not changed:
                break
        return low, high
