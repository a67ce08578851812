"""Tries to undo a pattern: what an attacker can still learn of every hidden cell (`privacy.md`, "How", 3).

Belongs here: the attacker, who has the published values, the relations and the rules, and nothing else. This module
builds its constraints itself and shares no code with the modules that choose what to hide.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from kim_pipeline.disclosure.possible import CountTable, IntervalEnd, Places, PossibleTables, RowBlock, by_group
from kim_pipeline.disclosure.system import PublishedCell, Relation

_INTEGER_NODES = 5_000
"""Limit of each integer program; without a clock it ends in the same way everywhere."""

AuditMethod = Literal["lp", "integer", "table"]


@dataclass(frozen=True)
class AuditRow:
    """What the attacker knows of one hidden cell.

    Attributes:
        cell: its id.
        lower: least possible value: that of the linear program, rounded up; exact where it decides.
        upper: greatest possible value, rounded down likewise; None if there is none.
        required_lower: `lower` must not exceed it; None for unprotected cells.
        required_upper: `upper` must not be below it; None for unprotected cells.
        passed: whether the cell is safe (see `audit`).
        method: `lp` where whole tables attain the bounds of the linear program, `integer` where an integer program
            was needed, `table` where whole tables show that the interval reaches `lower` and `upper`, or further.
        attacker: number of the attacker (`privacy.md`) who knows this; 0 where the caller does not tell them apart.
    """

    cell: str
    lower: int
    upper: int | None
    required_lower: int | None
    required_upper: int | None
    passed: bool
    method: AuditMethod
    attacker: int = 0


Found = MutableMapping[bytes, list[AuditRow]]
"""Digest of a group of linked hidden cells, with all that is known and asked of it → what was found of its cells."""


def audit(
    cells: Iterable[PublishedCell],
    relations: Iterable[Relation],
    *,
    told: Iterable[Relation] = (),
    sensitive: Collection[str] = (),
    required: Mapping[str, tuple[int, int]] | None = None,
    only: Collection[str] | None = None,
) -> list[AuditRow]:
    """Compute the interval of every hidden cell over all whole, non-negative tables that fit what is published.

    A protected cell is safe if the attacker can exclude no value from at most 1 up to at least `k`; one that is hidden
    for itself from and up to what is `required` of it, whatever somebody knows who sees nothing of what is published.
    The attacker does not learn which of the hidden cells are small, nor does this audit: any other hidden cell is also
    safe where no value of `1 … k - 1` is possible at all, for then it is not small, or where nothing published tells
    more than the relations with their constants. Between the two lies a cell that can be recognised as not small
    because a small one would have a wider interval. A cell of which an integer program is given up fails.

    Args:
        cells: all cells of the linked set; hidden and unpublished ones without a value.
        relations: all relations of the linked set, that hold whatever is published.
        told: relations that follow from what is published.
        sensitive: cells of which the caller knows that they must be possible over all of `1 … k`: for these the second
            way to be safe is closed.
        required: the same, with the values that must be possible at least.
        only: judge these cells only, and no further than needed; None for all, with their whole intervals.

    Returns:
        One row for each hidden or unpublished cell with a `k`, and for each other hidden cell; by cell id.

    Raises:
        AuditError: the published values break a relation or fit no table, or a relation names an unknown cell.
    """
    given = AuditedSet(cells, relations, told)
    needed = {cell: (1, k) for cell in sensitive if (k := given.cell(cell).k)} | dict(required or {})
    return given.as_published().audited(needed, only)


def at_risk(rows: Iterable[AuditRow]) -> list[AuditRow]:
    """The rows that failed."""
    return [row for row in rows if not row.passed]


class AuditedSet:
    """Cells and relations, made into arrays once for everybody who sees them differently."""

    def __init__(
        self, cells: Iterable[PublishedCell], relations: Iterable[Relation], told: Iterable[Relation] = ()
    ) -> None:
        """Take what `audit` takes.

        Raises:
            AuditError: a relation names an unknown cell.
        """
        self.cells = sorted(cells, key=lambda cell: cell.id)
        self.numbers = {cell.id: number for number, cell in enumerate(self.cells)}
        lasting = list(relations)
        self._rows = RowBlock.of([*lasting, *told], self.numbers)
        self._lasting = self._rows.first(len(lasting))
        self._value = np.array([np.nan if cell.value is None else cell.value for cell in self.cells], dtype=np.float64)

    def cell(self, cell_id: str) -> PublishedCell:
        """The cell with this id."""
        return self.cells[self.numbers[cell_id]]

    def as_published(self, hidden: Collection[str] = ()) -> Sight:
        """How it looks to somebody who sees what is published, but for some cells that are hidden in addition.

        Raises:
            AuditError: the published values break a relation.
        """
        value = self._value.copy()
        value[[self.numbers[cell] for cell in hidden if cell in self.numbers]] = np.nan
        return Sight(self, self._rows.at(value), value)

    @cached_property
    def unseen(self) -> Sight:
        """How it looks to somebody who sees nothing of what is published."""
        value = np.full(len(self.cells), np.nan)
        return Sight(self, self._lasting.at(value), value)

    @cached_property
    def lasting_digest(self) -> bytes:
        """Tells whether the same is known beforehand."""
        return self._lasting.digest()


@dataclass(frozen=True)
class Own:
    """What somebody knows of hidden cells without any file: that they are at least so much, or what they are."""

    least: Mapping[str, int] = field(default_factory=dict)
    exact: Mapping[str, int] = field(default_factory=dict)


class Sight:
    """What one sees of an audited set, in groups of hidden cells that relations link."""

    def __init__(self, given: AuditedSet, rows: RowBlock, value: CountTable) -> None:
        self._given, self._rows, self._is_hidden = given, rows, np.isnan(value)
        self._label = rows.groups(len(value))
        self._groups: dict[int, tuple[Places, PossibleTables, bytes]] = {}

    def group_of(self, cell_id: str) -> int | None:
        """A number for all hidden cells that relations link with a cell; None where it is not hidden."""
        number = self._given.numbers.get(cell_id)
        return int(self._label[number]) if number is not None and self._is_hidden[number] else None

    def audited(
        self,
        needed: Mapping[str, tuple[int, int]],
        only: Collection[str] | None = None,
        own: Own | None = None,
        found: Found | None = None,
    ) -> list[AuditRow]:
        """What `audit` returns.

        Args:
            needed: what is `required` there.
            only: as there.
            own: what is known beside.
            found: what was found of groups before; gets what is found of others.

        Raises:
            AuditError: the published values fit no table.
        """
        ids = self._given.numbers if only is None else only
        numbers = self._given.numbers
        asked = sorted(numbers[i] for i in ids if i in numbers and self._is_hidden[numbers[i]])
        result: list[AuditRow] = []
        for columns in by_group(self._label, asked):
            result += self._of_group(columns, needed, own or Own(), found, is_whole=only is None)
        return sorted(result, key=lambda row: row.cell)

    def _of_group(
        self,
        asked: list[int],
        needed: Mapping[str, tuple[int, int]],
        own: Own,
        found: Found | None,
        *,
        is_whole: bool,
    ) -> list[AuditRow]:
        label = int(self._label[asked[0]])
        columns, possible, digest = self._group(label)
        place = {self._given.cells[c].id: number for number, c in enumerate(columns.tolist())}
        cells = [cell for c in asked if (cell := self._given.cells[c]).k is not None or not cell.is_unpublished]
        least = {place[i]: value for i, value in own.least.items() if i in place}
        exact = {place[i]: value for i, value in own.exact.items() if i in place}
        key = hashlib.sha256(digest)
        key.update(repr((is_whole, sorted(least.items()), sorted(exact.items()))).encode())
        key.update(repr([(cell.id, cell.k, needed.get(cell.id)) for cell in cells]).encode())
        if found is not None and key.digest() in found:
            return found[key.digest()]
        possible.knowing(least, exact)
        shown = possible.shows({place[c.id]: needed.get(c.id, (1, c.k)) for c in cells if c.k})
        rows = [
            AuditRow(cell.id, *possible.seen(place[cell.id]), *needed[cell.id], passed=True, method="table")
            if place[cell.id] in shown and cell.id in needed and not is_whole
            else _judged(cell, place[cell.id], possible, self._given, needed)
            for cell in cells
        ]
        if found is not None:
            found[key.digest()] = rows
        return rows

    def _group(self, label: int) -> tuple[Places, PossibleTables, bytes]:
        """The columns of a group, the tables that are possible of it, and a digest of what is known of it."""
        if label not in self._groups:
            columns = np.flatnonzero((self._label == label) & self._is_hidden)
            ids, rows = [self._given.cells[c].id for c in columns], self._rows.within(columns, self._label)
            digest = hashlib.sha256("\0".join(ids).encode() + rows.digest() + self._given.lasting_digest).digest()
            self._groups[label] = columns, PossibleTables(ids, rows, _INTEGER_NODES), digest
        return self._groups[label]

    def least(self, cell_id: str) -> int:
        """The least value of a hidden cell that the linear program thinks possible."""
        number = self._given.numbers[cell_id]
        columns, possible, _ = self._group(int(self._label[number]))
        return possible.bound(int(np.searchsorted(columns, number)), -1).least


def _judged(
    cell: PublishedCell,
    column: int,
    possible: PossibleTables,
    given: AuditedSet,
    needed: Mapping[str, tuple[int, int]],
) -> AuditRow:
    low, high = possible.bound(column, -1), possible.bound(column, +1)
    k = cell.k
    if k is None:
        return AuditRow(cell.id, low.least, high.greatest, None, None, passed=True, method=_method(low, high))
    is_sensitive = cell.id in needed
    down, up = needed.get(cell.id, (1, k))
    if not is_sensitive and low.least > 1:
        down = max(1, given.unseen.least(cell.id))
    if low.least <= down and high.reaches(up):
        low, high = low.proven(down), high.proven(up)
    elif low.least < k and not is_sensitive:
        low = low.exactly()
    is_covered = low.least <= down and high.reaches(up)
    is_clear = low.least >= k or high.greatest == 0
    passed = (is_covered or (is_clear and not is_sensitive)) and column not in possible.undecided
    return AuditRow(cell.id, low.least, high.greatest, down, up, passed, _method(low, high))


def _method(low: IntervalEnd, high: IntervalEnd) -> AuditMethod:
    return "integer" if low.took_integers or high.took_integers else "lp"
