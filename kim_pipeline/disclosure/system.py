"""Cells, the relations between them, and the linked system that they form (`privacy.md`, "How", 1).

Belongs here: what is true of the counts before anything is hidden. Neither how a pattern is found, nor its audit.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from kim_pipeline.errors import KimError

Wholes = npt.NDArray[np.int64]
Real = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Member = TypeVar("Member", str, int)


class LinkedSystemError(KimError):
    """Cells or relations that cannot be: unknown ids, doubled ids, values that break a relation; it tells no count."""


class Role(StrEnum):
    """What the attacker gets to see of a cell."""

    PUBLISHED = "published"
    """published, unless it is hidden"""
    KNOWN = "known"
    """never hidden: always published, or known to the attacker from elsewhere"""
    UNKNOWN = "unknown"
    """never published, and not known to the attacker"""


class RelationKind(StrEnum):
    """How the two sides of a relation compare."""

    EQUAL = "equal"
    AT_MOST = "at_most"


def required(value: int, k: int, *, is_sensitive: bool) -> tuple[int, int]:
    """Down to which value and up to which one the attacker must think a protected cell possible.

    A small count from 1 to k. One that is hidden for another reason (fewer persons than k behind it, a whole group)
    from its value less k to its value and k.

    Args:
        value: the true value.
        k: of the cell.
        is_sensitive: whether it is hidden for itself.
    """
    return (max(0, value - k), value + k) if is_sensitive and value >= k else (1, k)


@dataclass(frozen=True)
class Cell:
    """One count.

    Attributes:
        id: stable key, unique in the system.
        value: the true count.
        k: the count is protected: it must not be known of a value `0 < x < k`; None for unprotected counts.
        role: what the attacker sees of it.
        factor: hiding it costs `factor × (1 + ln(1 + value))`; above 1 for the county and for years.
        treat_as_small: hidden for itself whatever the value (few persons, the 100 % rule), see `required`.
        least: known beforehand to be at least so much (`prior.py`); nothing can make it seem smaller.
    """

    id: str
    value: int
    k: int | None = None
    role: Role = Role.PUBLISHED
    factor: float = 1.0
    treat_as_small: bool = False
    least: int = 0

    def __post_init__(self) -> None:
        if self.value < 0:
            raise LinkedSystemError(f"Zelle {self.id}: Anzahlen sind nicht negativ.")
        if self.k is not None and self.k < 2:
            raise LinkedSystemError(f"Zelle {self.id}: ein k unter 2 schützt nichts; bitte weglassen.")
        if self.k is not None and self.role is Role.KNOWN:
            raise LinkedSystemError(
                f"Zelle {self.id}: sie ist bekannt und lässt sich nicht schützen; bitte k weglassen."
            )
        if self.treat_as_small and self.k is None:
            raise LinkedSystemError(f"Zelle {self.id}: wie eine kleine behandelt wird nur, was ein k hat.")
        if not 0 <= self.least <= self.value:
            raise LinkedSystemError(f"Zelle {self.id}: die bekannte Untergrenze liegt über dem Wert.")
        if not self.factor > 0:
            raise LinkedSystemError(
                f"Zelle {self.id}: der Faktor muss positiv sein, eine Zelle zu verbergen kostet etwas."
            )

    @property
    def cost(self) -> float:
        """What hiding the cell costs; 0 for cells that are never published."""
        return self.factor * (1 + math.log1p(self.value)) if self.role is Role.PUBLISHED else 0.0

    @property
    def is_sensitive(self) -> bool:
        """Whether it is a primary: hidden for itself, and the attacker must not exclude what is `required`."""
        return self.k is not None and self.value > 0 and (self.value < self.k or self.treat_as_small)

    @property
    def required(self) -> tuple[int, int] | None:
        """What the attacker must not exclude; None where there is nothing to protect."""
        return None if self.k is None else required(self.value, self.k, is_sensitive=self.is_sensitive)


@dataclass(frozen=True)
class Relation:
    """`Σ coefficient × cell` is equal to, or at most, a constant.

    Attributes:
        name: for error messages: table, area, period.
        terms: pairs of cell id and whole coefficient.
        constant: the right-hand side.
        kind: equal, or at most.
    """

    name: str
    terms: tuple[tuple[str, int], ...]
    constant: int = 0
    kind: RelationKind = RelationKind.EQUAL

    @classmethod
    def total(cls, name: str, total: str, parts: Iterable[str]) -> Relation:
        """`total = Σ parts`."""
        return cls(name, ((total, -1), *((part, 1) for part in parts)))

    @classmethod
    def at_most(cls, name: str, smaller: str, larger: str) -> Relation:
        """`smaller ≤ larger`, for instance a numerator and its denominator."""
        return cls(name, ((smaller, 1), (larger, -1)), kind=RelationKind.AT_MOST)


@dataclass(frozen=True)
class PublishedCell:
    """A cell as a reader of the published file sees it.

    Attributes:
        id: as in `Cell`.
        value: None if hidden or never published.
        k: as in `Cell`; the rules are public.
        is_unpublished: never published (`Role.UNKNOWN`), as opposed to hidden.
    """

    id: str
    value: int | None
    k: int | None = None
    is_unpublished: bool = False


@dataclass(frozen=True)
class Component:
    """Cells that are linked with each other, as arrays in the order of `ids`; published and known values are constants.

    A table that the attacker thinks possible is `value + d` with `matrix · d = 0`, `d ≥ floor`, and `d = 0` where
    published. The columns after the cells are the slacks of the inequalities: always unknown, never negative.

    Attributes:
        ids: cell ids, ascending; the slacks' names behind them.
        value: true values.
        k: 0 where unprotected.
        least: known beforehand to be at least so much.
        cost: of hiding; 0 where never published.
        floor: lowest deviation from the true value that the attacker thinks possible (-value; 1 - value where it
            is known that no hidden cell is zero).
        is_sensitive: must be hidden, and be possible over all that is `required`.
        is_free: hidden in every pattern because never published.
        row_start: the relations as compressed sparse rows: the first term of each row.
        column: column of each term.
        coefficient: coefficient of each term.
    """

    ids: tuple[str, ...]
    value: Wholes
    k: Wholes
    least: Wholes
    cost: Real
    floor: Wholes
    is_sensitive: Mask
    is_free: Mask
    row_start: Wholes
    column: Wholes
    coefficient: Real

    @property
    def size(self) -> int:
        """Number of columns."""
        return len(self.ids)

    @property
    def cell_count(self) -> int:
        """Number of cells that may be hidden."""
        return int((~self.is_free).sum())

    @property
    def row_count(self) -> int:
        """Number of relations."""
        return len(self.row_start) - 1

    def parts(self, hidden: Mask) -> list[tuple[Wholes, Component]]:
        """The parts that hold together by hidden cells alone: their columns, and each as a component of its own."""
        term_row = np.repeat(np.arange(self.row_count), np.diff(self.row_start))
        open_terms = hidden[self.column]
        row, column, coefficient = term_row[open_terms], self.column[open_terms], self.coefficient[open_terms]
        groups: _Groups[int] = _Groups(np.flatnonzero(hidden).tolist())
        for linked in np.split(column, np.flatnonzero(np.diff(row)) + 1):
            groups.join(linked.tolist())
        leader_of_term = np.array([groups.leader(c) for c in column.tolist()], dtype=np.int64)
        result = []
        for leader, members in groups:
            chosen, columns = leader_of_term == leader, np.array(members, dtype=np.int64)
            part = self.restricted(columns, row[chosen], column[chosen], coefficient[chosen])
            result.append((columns, part))
        return result

    def restricted(self, columns: Wholes, row: Wholes, column: Wholes, coefficient: Real) -> Component:
        """Some columns as a component of its own, with these terms, given by rows; other columns do not move."""
        place = np.full(self.size, -1, dtype=np.int64)
        place[columns] = np.arange(len(columns))
        lengths = np.unique(row, return_counts=True)[1]
        return Component(
            ids=tuple(self.ids[c] for c in columns),
            value=self.value[columns],
            k=self.k[columns],
            least=self.least[columns],
            cost=self.cost[columns],
            floor=self.floor[columns],
            is_sensitive=self.is_sensitive[columns],
            is_free=self.is_free[columns],
            row_start=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            column=place[column],
            coefficient=coefficient,
        )

    def transposed_product(self, row_values: Real) -> Real:
        """`matrixᵀ · row_values`, one number a column."""
        rows = np.repeat(row_values, np.diff(self.row_start))
        return np.bincount(self.column, weights=rows * self.coefficient, minlength=self.size).astype(np.float64)


class LinkedSystem:
    """All cells and all relations of what is published together."""

    def __init__(self, cells: Iterable[Cell], relations: Iterable[Relation]) -> None:
        """Check and keep the system.

        Args:
            cells: all cells, in any order.
            relations: all relations, in any order.

        Raises:
            LinkedSystemError: an id is doubled, a relation names an unknown cell, or the values break a relation.
        """
        given = sorted(cells, key=lambda cell: cell.id)
        for cell, following in pairwise(given):
            if cell.id == following.id:
                raise LinkedSystemError(f"Die Zelle {cell.id} kommt zweimal vor.")
        self.cells = {cell.id: cell for cell in given}
        self.relations = tuple(sorted(relations, key=lambda relation: (relation.name, relation.terms)))
        for relation in self.relations:
            _check_relation(relation, self.cells)

    def is_fixed(self, cell: Cell) -> bool:
        """Whether the attacker knows the cell in every pattern."""
        return cell.role is Role.KNOWN

    def published(self, hidden: Collection[str]) -> list[PublishedCell]:
        """All cells as a reader of the published file sees them when `hidden` are hidden."""
        unseen = set(hidden)
        return [
            PublishedCell(
                cell.id,
                None if cell.role is Role.UNKNOWN or cell.id in unseen else cell.value,
                cell.k,
                cell.role is Role.UNKNOWN,
            )
            for cell in self.cells.values()
        ]

    def sensitive(self) -> frozenset[str]:
        """Ids of the cells that need protection whatever the pattern (primaries)."""
        return frozenset(cell.id for cell in self.cells.values() if cell.is_sensitive)

    def required(self) -> dict[str, tuple[int, int]]:
        """Id → what the attacker must not exclude, of the cells that need protection whatever the pattern."""
        cells = (cell for cell in self.cells.values() if cell.is_sensitive)
        return {cell.id: bounds for cell in cells if (bounds := cell.required)}

    def neighbours(self, cell_id: str) -> list[str]:
        """Ids of the cells that share a relation with a cell, ascending."""
        found = {other for r in self.relations for other, _ in r.terms if any(c == cell_id for c, _ in r.terms)}
        return sorted(found - {cell_id})

    def components(self) -> list[Component]:
        """The parts that have no relation in common but through cells that the attacker knows anyway."""
        open_terms = [_open_terms(relation, self) for relation in self.relations]
        groups = _Groups(cell.id for cell in self.cells.values() if not self.is_fixed(cell))
        for terms in open_terms:
            groups.join(terms)
        rows_of: dict[str, list[int]] = {}
        for number, terms in enumerate(open_terms):
            if terms:
                rows_of.setdefault(groups.leader(next(iter(terms))), []).append(number)
        return [
            self._component(members, [(self.relations[n], open_terms[n]) for n in rows_of.get(leader, [])])
            for leader, members in groups
        ]

    def _component(self, members: list[str], rows: list[tuple[Relation, dict[str, int]]]) -> Component:
        cells = [self.cells[member] for member in members]
        slacks = [(r, terms) for r, terms in rows if r.kind is RelationKind.AT_MOST]
        slack_values = [r.constant - sum(c * self.cells[i].value for i, c in r.terms) for r, _ in slacks]
        value = np.array([*(cell.value for cell in cells), *slack_values], dtype=np.int64)
        position = {member: number for number, member in enumerate(members)}
        terms, slack = [], len(members)
        for relation, open_terms in rows:
            row = [(position[i], c) for i, c in sorted(open_terms.items())]
            if relation.kind is RelationKind.AT_MOST:
                row.append((slack, 1))
                slack += 1
            terms.append(row)
        none = [0] * len(slacks)
        return Component(
            ids=(*members, *(f"slack of {r.name}" for r, _ in slacks)),
            value=value,
            k=np.array([*(cell.k or 0 for cell in cells), *none], dtype=np.int64),
            least=np.array([*(cell.least for cell in cells), *none], dtype=np.int64),
            cost=np.array([*(cell.cost for cell in cells), *none], dtype=np.float64),
            floor=-value,
            is_sensitive=np.array([*(cell.is_sensitive for cell in cells), *none], dtype=np.bool_),
            is_free=np.array([*(cell.role is Role.UNKNOWN for cell in cells), *(True for _ in slacks)], dtype=np.bool_),
            row_start=np.cumsum([0, *(len(row) for row in terms)], dtype=np.int64),
            column=np.array([column for row in terms for column, _ in row], dtype=np.int64),
            coefficient=np.array([c for row in terms for _, c in row], dtype=np.float64),
        )


class _Groups(Generic[Member]):
    """Union-find over ids; the leader of a group is its first id."""

    def __init__(self, ids: Iterable[Member]) -> None:
        self._above: dict[Member, Member] = {i: i for i in ids}

    def leader(self, member: Member) -> Member:
        while self._above[member] != member:
            self._above[member] = self._above[self._above[member]]
            member = self._above[member]
        return member

    def join(self, members: Iterable[Member]) -> None:
        leaders = sorted({self.leader(member) for member in members})
        for leader in leaders:
            self._above[leader] = leaders[0]

    def __iter__(self) -> Iterator[tuple[Member, list[Member]]]:
        groups: dict[Member, list[Member]] = {}
        for member in self._above:
            groups.setdefault(self.leader(member), []).append(member)
        return iter(sorted(groups.items()))


def _open_terms(relation: Relation, system: LinkedSystem) -> dict[str, int]:
    terms: dict[str, int] = {}
    for cell_id, coefficient in relation.terms:
        if not system.is_fixed(system.cells[cell_id]):
            terms[cell_id] = terms.get(cell_id, 0) + coefficient
    return {cell_id: coefficient for cell_id, coefficient in terms.items() if coefficient}


def _check_relation(relation: Relation, cells: dict[str, Cell]) -> None:
    for cell_id, _ in relation.terms:
        if cell_id not in cells:
            raise LinkedSystemError(f"Die Beziehung {relation.name} nennt die Zelle {cell_id}, die es nicht gibt.")
    left = sum(coefficient * cells[cell_id].value for cell_id, coefficient in relation.terms)
    holds = left == relation.constant if relation.kind is RelationKind.EQUAL else left <= relation.constant
    if not holds:
        sign = "=" if relation.kind is RelationKind.EQUAL else "≤"
        terms = " ".join(f"{c:+d}·{i}" for i, c in relation.terms)
        raise LinkedSystemError(
            f"Die Beziehung {relation.name} gilt nicht: erwartet ist {terms} {sign} {relation.constant}. "
            "Die Beziehung oder die Anzahlen sind falsch."
        )
