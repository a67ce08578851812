"""Tries to undo a pattern: what an attacker can still learn of every hidden cell (`privacy.md`, "How", 3).

Belongs here: the attacker, who has the published values, the relations and the rules, and nothing else. This module
builds its constraints itself and shares no code with the modules that choose what to hide.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import highspy
import numpy as np
import numpy.typing as npt

from kim_pipeline.disclosure.system import PublishedCell, Relation, RelationKind
from kim_pipeline.errors import KimError

CountTable = npt.NDArray[np.float64]

_NEAR = 1e-6
_FEASIBLE = 2


AuditMethod = Literal["lp", "integer", "table"]


class AuditError(KimError):
    """What is published cannot be audited: it contradicts itself, or names cells that nobody gave."""


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


@dataclass(frozen=True)
class _Row:
    """A relation with the values put in that the attacker knows: `Σ coefficient × cell` = or ≤ `constant`."""

    name: str
    terms: tuple[tuple[str, int], ...]
    constant: int
    is_equation: bool


def audit(
    cells: Iterable[PublishedCell],
    relations: Iterable[Relation],
    *,
    told: Iterable[Relation] = (),
    sensitive: Collection[str] = (),
    required: Mapping[str, tuple[int, int]] | None = None,
    only: Collection[str] | None = None,
    integer_seconds: float = 10.0,
) -> list[AuditRow]:
    """Compute the interval of every hidden cell over all whole, non-negative tables that fit what is published.

    A protected cell is safe if the attacker can exclude no value from at most 1 up to at least `k`; one that is hidden
    for itself from and up to what is `required` of it, whatever somebody knows who sees nothing of what is published.
    The attacker does not learn which of the hidden cells are small, nor does this audit: any other hidden cell is also
    safe where no value of `1 … k - 1` is possible at all, for then it is not small, or where nothing published tells
    more than the relations with their constants. Between the two lies a cell that can be recognised as not small
    because a small one would have a wider interval.

    Args:
        cells: all cells of the linked set; hidden and unpublished ones without a value.
        relations: all relations of the linked set, that hold whatever is published.
        told: relations that follow from what is published.
        sensitive: cells of which the caller knows that they must be possible over all of `1 … k`: for these the second
            way to be safe is closed.
        required: the same, with the values that must be possible at least.
        only: judge these cells only, and no further than needed; None for all, with their whole intervals.
        integer_seconds: limit of each integer program; a cell that runs into it fails.

    Returns:
        One row for each hidden or unpublished cell with a `k`, and for each other hidden cell; by cell id.

    Raises:
        AuditError: the published values break a relation or fit no table, or a relation names an unknown cell.
    """
    by_id = {cell.id: cell for cell in sorted(cells, key=lambda cell: cell.id)}
    values = {i: cell.value for i, cell in by_id.items()}
    least = {i: 0 for i, value in values.items() if value is None}
    relations = list(relations)
    prior = _Prior(least, by_id, relations, integer_seconds)
    needed = {cell: (1, k) for cell in sensitive if (k := by_id[cell].k)} | dict(required or {})
    rows = [_substituted(relation, values) for relation in (*relations, *told)]
    rows_by_group = _linked(least, rows)
    result: list[AuditRow] = []
    for members, group_rows in rows_by_group:
        asked = members if only is None else [i for i in members if i in only]
        if not asked:
            continue
        attacker = _Attacker(members, [least[i] for i in members], group_rows, integer_seconds)
        shown = set[str]() if only is None else attacker.shows({i: needed[i] for i in asked if i in needed})
        result.extend(
            attacker.told(cell, *needed[cell.id]) if cell.id in shown else _judged(cell, attacker, prior, needed)
            for cell in map(by_id.__getitem__, asked)
            if cell.k is not None or not cell.is_unpublished
        )
    return sorted(result, key=lambda row: row.cell)


def at_risk(rows: Iterable[AuditRow]) -> list[AuditRow]:
    """The rows that failed."""
    return [row for row in rows if not row.passed]


def _judged(cell: PublishedCell, attacker: _Attacker, prior: _Prior, needed: Mapping[str, tuple[int, int]]) -> AuditRow:
    low, high = attacker.bound(cell.id, -1), attacker.bound(cell.id, +1)
    k = cell.k
    if k is None:
        return AuditRow(cell.id, low.least, high.greatest, None, None, passed=True, method=_method(low, high))
    is_sensitive = cell.id in needed
    down, up = needed.get(cell.id, (1, k))
    if not is_sensitive and low.least > 1:
        down = max(1, prior.least(cell.id))
    if low.least <= down and high.reaches(up):
        low, high = low.proven(down), high.proven(up)
    elif low.least < k and not is_sensitive:
        low = low.exactly()
    is_covered = low.least <= down and high.reaches(up)
    is_clear = low.least >= k or high.greatest == 0
    passed = (is_covered or (is_clear and not is_sensitive)) and cell.id not in attacker.undecided
    return AuditRow(cell.id, low.least, high.greatest, down, up, passed, _method(low, high))


def _method(low: _Bound, high: _Bound) -> AuditMethod:
    return "integer" if low.took_integers or high.took_integers else "lp"


def _substituted(relation: Relation, values: Mapping[str, int | None]) -> _Row:
    constant, terms = relation.constant, dict[str, int]()
    for cell_id, coefficient in relation.terms:
        if cell_id not in values:
            raise AuditError(f"Die Beziehung {relation.name} nennt die Zelle {cell_id}, die es nicht gibt.")
        value = values[cell_id]
        if value is None:
            terms[cell_id] = terms.get(cell_id, 0) + coefficient
        else:
            constant -= coefficient * value
    terms = {i: c for i, c in terms.items() if c}
    is_equation = relation.kind is RelationKind.EQUAL
    if not terms and (constant != 0 if is_equation else constant < 0):
        raise AuditError(f"Die veröffentlichten Werte verletzen die Beziehung {relation.name}.")
    return _Row(relation.name, tuple(sorted(terms.items())), constant, is_equation)


def _linked(hidden: Iterable[str], rows: Sequence[_Row]) -> list[tuple[list[str], list[_Row]]]:
    """Groups of hidden cells that no relation joins, each with its relations."""
    of_cell: dict[str, list[_Row]] = {i: [] for i in hidden}
    for row in rows:
        for cell_id, _ in row.terms:
            of_cell[cell_id].append(row)
    groups, seen = [], set[str]()
    for start in of_cell:
        if start in seen:
            continue
        seen.add(start)
        members, found, todo = [], dict[int, _Row](), [start]
        while todo:
            member = todo.pop()
            members.append(member)
            for row in of_cell[member]:
                if id(row) not in found:
                    found[id(row)] = row
                    fresh = [i for i, _ in row.terms if i not in seen]
                    seen.update(fresh)
                    todo.extend(fresh)
        groups.append((sorted(members), list(found.values())))
    return groups


@dataclass(frozen=True)
class _Bound:
    """One end of a cell's interval: `value` cannot be passed; None if there is no end.

    `table` is the table of the linear program that attains it before rounding, None where whole tables attain it.
    """

    attacker: _Attacker
    column: int
    direction: int
    value: int | None
    table: CountTable | None = None
    took_integers: bool = False

    @property
    def least(self) -> int:
        """The value of a lower end."""
        assert self.value is not None  # noqa: S101 - counts are bounded below
        return self.value

    @property
    def greatest(self) -> int | None:
        """The value of an upper end."""
        return self.value

    def reaches(self, k: int) -> bool:
        """Whether an upper end is at least k."""
        return self.value is None or self.value >= k

    def proven(self, target: int) -> _Bound:
        """This end if a whole table lies at `target` or beyond, else the exact one."""
        if self.table is None or self.attacker.has_seen(self.column, self.direction, target):
            return self
        if self.attacker.finds_whole_table(self.column, self.direction, target, self.table):
            return replace(self, took_integers=True)
        return self.exactly()

    def exactly(self) -> _Bound:
        """The same end over whole tables."""
        if self.table is None or self.value is None:
            return self
        value = self.attacker.whole_bound(self.column, self.direction, self.value)
        return replace(self, value=value, table=None, took_integers=True)


class _Prior:
    """What somebody knows who sees nothing: the relations with their constants."""

    def __init__(
        self,
        hidden: Mapping[str, int],
        cells: Mapping[str, PublishedCell],
        relations: Sequence[Relation],
        seconds: float,
    ) -> None:
        self._hidden, self._cells, self._relations, self._seconds = hidden, cells, relations, seconds
        self._attackers: dict[str, _Attacker] = {}

    def least(self, cell_id: str) -> int:
        """The least value of a cell that he thinks possible."""
        if not self._attackers:
            nothing = dict.fromkeys(self._cells)
            rows = [_substituted(relation, nothing) for relation in self._relations]
            for members, group_rows in _linked(self._cells, rows):
                floor = [self._hidden.get(member, 0) for member in members]
                attacker = _Attacker(members, floor, group_rows, self._seconds)
                self._attackers |= dict.fromkeys(members, attacker)
        return self._attackers[cell_id].bound(cell_id, -1).least


class _Attacker:
    """The tables that fit what is published, for one group of linked hidden cells."""

    def __init__(self, members: list[str], least: list[int], rows: list[_Row], integer_seconds: float) -> None:
        self.undecided: set[str] = set()
        self._members, self._rows = members, rows
        self._least = np.asarray(least, dtype=np.float64)
        self._column = {member: number for number, member in enumerate(members)}
        self._integer_seconds = integer_seconds
        self._seen_low, self._seen_high = np.full(len(members), np.inf), np.full(len(members), -np.inf)
        self._solved = 0
        self._lp = self._program(self._least, np.full(len(members), highspy.kHighsInf))
        if rows:
            self._lp.run()
            if self._lp.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                names = ", ".join(sorted(row.name for row in rows)[:5])
                raise AuditError(
                    f"Zu den veröffentlichten Werten passt keine Tabelle; betroffen sind die Beziehungen {names}."
                )
            self._note(_solution(self._lp))

    def bound(self, member: str, direction: int) -> _Bound:
        """Greatest (`+1`) or least (`-1`) possible value according to the linear program."""
        column = self._column[member]
        if direction < 0 and (not self._rows or self._seen_low[column] <= self._least[column]):
            return _Bound(self, column, direction, int(self._least[column]))
        if not self._rows:
            return _Bound(self, column, direction, None)
        self._lp.changeColCost(self._solved, 0.0)
        self._lp.changeColCost(column, float(-direction))
        self._solved = column
        self._lp.run()
        status = self._lp.getModelStatus()
        if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kUnbounded):
            self._lp.clearSolver()  # a warm start can lead nowhere
            self._lp.run()
            status = self._lp.getModelStatus()
        if status == highspy.HighsModelStatus.kUnbounded:
            return _Bound(self, column, direction, None)
        if status != highspy.HighsModelStatus.kOptimal:
            raise AuditError(
                f"Der Löser hat bei der Zelle {member} aufgegeben: {self._lp.modelStatusToString(status)}."
            )
        table = _solution(self._lp)
        value = math.ceil(table[column] - _NEAR) if direction < 0 else math.floor(table[column] + _NEAR)
        return _Bound(self, column, direction, value, None if self._note(table) else table)

    def shows(self, needed: Mapping[str, tuple[int, int]]) -> set[str]:
        """The cells of which whole tables show that all that is needed is possible; each table serves many of them."""
        columns = {cell: self._column[cell] for cell in needed}
        for direction in (-1, +1):
            target = {columns[cell]: bounds[direction > 0] for cell, bounds in needed.items()}
            while todo := [c for c, value in target.items() if not self.has_seen(c, direction, value)]:
                self._solve_jointly(todo, direction, target)
                if all(not self.has_seen(c, direction, target[c]) for c in todo):
                    break
        return {
            cell
            for cell, (low, high) in needed.items()
            if self.has_seen(columns[cell], -1, low) and self.has_seen(columns[cell], +1, high)
        }

    def _solve_jointly(self, columns: Sequence[int], direction: int, target: Mapping[int, int]) -> None:
        """A table that takes many cells to their targets, no further, if the linear program happens to find one."""
        if not self._rows:
            self._note(self._least.copy() if direction < 0 else np.maximum(self._least, max(target.values())))
            return
        lower, upper = self._least.copy(), np.full(len(self._members), highspy.kHighsInf)
        for column in columns:
            if direction > 0:
                upper[column] = target[column]
            else:
                lower[column] = max(lower[column], target[column])
        lp = self._program(lower, upper)
        at = np.asarray(columns, dtype=np.int32)
        lp.changeColsCost(len(at), at, np.full(len(at), float(-direction)))
        lp.run()
        if lp.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return
        table = _solution(lp)
        if self._note(table):
            return
        mip = self._program(np.maximum(lower, np.floor(table + _NEAR) - 1), np.ceil(table - _NEAR) + 1, is_whole=True)
        mip.changeColsCost(len(at), at, np.full(len(at), float(-direction)))
        mip.setOptionValue("mip_rel_gap", 0.05)
        mip.run()
        if mip.getInfo().primal_solution_status == _FEASIBLE:
            self._note(_solution(mip))

    def told(self, cell: PublishedCell, low: int, high: int) -> AuditRow:
        """What whole tables show of a cell."""
        column = self._column[cell.id]
        seen = int(self._seen_low[column]), int(self._seen_high[column])
        return AuditRow(cell.id, *seen, low, high, passed=True, method="table")

    def has_seen(self, column: int, direction: int, target: int) -> bool:
        """Whether a whole table found so far has at most (`-1`) or at least (`+1`) `target` in a cell."""
        return bool(self._seen_high[column] >= target if direction > 0 else self._seen_low[column] <= target)

    def finds_whole_table(self, column: int, direction: int, target: int, near: CountTable) -> bool:
        """Whether there is such a table in the neighbourhood of a solution of the linear program."""
        for distance in (0.0, 1.0):
            lower = np.maximum(self._least, np.floor(near + _NEAR) - distance)
            upper = np.ceil(near - _NEAR) + distance
            if direction > 0:
                lower[column] = max(lower[column], target)
            else:
                upper[column] = min(upper[column], target)
            mip = self._program(lower, upper, is_whole=True)
            mip.run()
            if mip.getModelStatus() == highspy.HighsModelStatus.kOptimal:
                self._note(_solution(mip))
                return True
        return False

    def whole_bound(self, column: int, direction: int, relaxed: int) -> int:
        """The exact bound over whole tables; where time runs out the relaxed one, and the cell is `undecided`."""
        if relaxed == (self._seen_high[column] if direction > 0 else self._seen_low[column]):
            return relaxed
        mip = self._program(self._least, np.full(len(self._members), highspy.kHighsInf), is_whole=True)
        mip.changeColCost(column, float(-direction))
        mip.run()
        status = mip.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            raise AuditError(
                f"Zu den veröffentlichten Werten passt keine Tabelle aus ganzen Zahlen; Zelle {self._members[column]}."
            )
        if status == highspy.HighsModelStatus.kOptimal:
            table = _solution(mip)
            self._note(table)
            return round(float(table[column]))
        self.undecided.add(self._members[column])
        return relaxed

    def _note(self, table: CountTable) -> bool:
        """Remember a table if it is whole, and say whether it is."""
        if np.abs(table - np.rint(table)).max() > _NEAR:
            return False
        np.minimum(self._seen_low, np.rint(table), out=self._seen_low)
        np.maximum(self._seen_high, np.rint(table), out=self._seen_high)
        return True

    def _program(self, lower: CountTable, upper: CountTable, *, is_whole: bool = False) -> highspy.Highs:
        terms = [(self._column[i], float(c)) for row in self._rows for i, c in row.terms]
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self._members), len(self._rows)
        lp.col_cost_ = np.zeros(lp.num_col_)
        lp.col_lower_, lp.col_upper_ = lower, upper
        lp.row_upper_ = np.asarray([row.constant for row in self._rows], dtype=np.float64)
        lp.row_lower_ = np.asarray(
            [row.constant if row.is_equation else -highspy.kHighsInf for row in self._rows], dtype=np.float64
        )
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.cumsum([0, *(len(row.terms) for row in self._rows)], dtype=np.int32)
        lp.a_matrix_.index_ = np.asarray([column for column, _ in terms], dtype=np.int32)
        lp.a_matrix_.value_ = np.asarray([c for _, c in terms], dtype=np.float64)
        if is_whole:
            lp.integrality_ = [highspy.HighsVarType.kInteger] * lp.num_col_
        return _solver(lp, self._integer_seconds)


def _solver(lp: highspy.HighsLp, seconds: float) -> highspy.Highs:
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("parallel", "off"),
        ("random_seed", 1),
        ("simplex_strategy", 4),
        ("mip_rel_gap", 0.0),
    ):
        solver.setOptionValue(option, value)
    if len(lp.integrality_):
        solver.setOptionValue("time_limit", seconds)
    solver.passModel(lp)
    return solver


def _solution(solver: highspy.Highs) -> CountTable:
    return np.asarray(solver.getSolution().col_value, dtype=np.float64)
