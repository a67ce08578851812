"""Tries to undo a pattern: what an attacker can still learn of every hidden cell (`privacy.md`, "How", 3).

Belongs here: the attacker, who has the published values, the relations and the rules, and nothing else. This module
builds its constraints itself and shares no code with the modules that choose what to hide.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import highspy
import numpy as np

from kim_pipeline.disclosure.system import Kind, PublishedCell, Relation

_NEAR = 1e-6


class AuditError(ValueError):
    """What is published cannot be audited: it contradicts itself, or names cells that nobody gave."""


@dataclass(frozen=True)
class AuditRow:
    """What the attacker knows of one hidden cell.

    Attributes:
        cell: its id.
        lower: least possible value.
        upper: greatest possible value; None if there is none.
        required_lower: `lower` must not exceed it; None for unprotected cells.
        required_upper: `upper` must not be below it; None for unprotected cells.
        passed: whether the cell is safe (see `audit`).
        method: `lp` where whole tables attain the bounds of the linear program, `integer` where an integer program
            was needed.
    """

    cell: str
    lower: int
    upper: int | None
    required_lower: int | None
    required_upper: int | None
    passed: bool
    method: Literal["lp", "integer"]


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
    known: Mapping[str, int] | None = None,
    sensitive: Collection[str] = (),
    zeros_printed: bool = False,
    integer_seconds: float = 10.0,
) -> list[AuditRow]:
    """Compute the interval of every hidden cell over all whole, non-negative tables that fit what is published.

    A protected cell is safe if the attacker can exclude no value from at most 1 up to at least `k`. He does not learn
    which of the hidden cells are small, nor does this audit: a hidden cell is also safe where no value of `1 … k - 1` is
    possible at all, for then it is not small. Between the two lies what the rules forbid: a small cell with a narrow
    interval, or one that can be recognised as not small because a small one would have a wider interval.

    Args:
        cells: all cells of the linked set; hidden and unpublished ones without a value.
        relations: all relations of the linked set.
        known: values of unpublished or hidden cells that the attacker has from elsewhere; they get no row.
        sensitive: cells of which the caller knows that they must be possible over all of `1 … k`: for these the second
            way to be safe is closed.
        zeros_printed: the attacker knows that no hidden cell is zero.
        integer_seconds: limit of each integer program; a cell that runs into it fails.

    Returns:
        One row for each hidden or unpublished cell with a `k`, and for each other hidden cell; by cell id.

    Raises:
        AuditError: the published values break a relation or fit no table, or a relation names an unknown cell.
    """
    by_id = {cell.id: cell for cell in sorted(cells, key=lambda cell: cell.id)}
    outside = dict(known or {})
    values = {i: outside.get(i, cell.value) for i, cell in by_id.items()}
    least = {
        i: 1 if zeros_printed and not by_id[i].is_unpublished else 0 for i, value in values.items() if value is None
    }
    rows = [_substituted(relation, values) for relation in relations]
    rows_by_group = _linked(least, rows)
    result: list[AuditRow] = []
    for members, group_rows in rows_by_group:
        attacker = _Attacker(members, [least[i] for i in members], group_rows, integer_seconds)
        for member in members:
            cell = by_id[member]
            if cell.k is not None or not cell.is_unpublished:
                result.append(_judged(cell, attacker, member in sensitive))
    return sorted(result, key=lambda row: row.cell)


def at_risk(rows: Iterable[AuditRow]) -> list[AuditRow]:
    """The rows that failed."""
    return [row for row in rows if not row.passed]


def _judged(cell: PublishedCell, attacker: _Attacker, is_sensitive: bool) -> AuditRow:
    lower, whole_lower = attacker.bound(cell.id, -1)
    upper, whole_upper = attacker.bound(cell.id, +1)
    assert lower is not None  # noqa: S101 - counts are bounded below
    method: Literal["lp", "integer"] = "integer" if whole_lower or whole_upper else "lp"
    if cell.k is None:
        return AuditRow(cell.id, lower, upper, None, None, True, method)
    is_covered = lower <= 1 and (upper is None or upper >= cell.k)
    is_clear = lower >= cell.k or upper == 0
    passed = (is_covered or (is_clear and not is_sensitive)) and cell.id not in attacker.undecided
    return AuditRow(cell.id, lower, upper, 1, cell.k, passed, method)


def _substituted(relation: Relation, values: Mapping[str, int | None]) -> _Row:
    constant, terms = relation.constant, dict[str, int]()
    for cell_id, coefficient in relation.terms:
        if cell_id not in values:
            raise AuditError(f"Relation {relation.name} names the cell {cell_id}, which is not among the cells.")
        value = values[cell_id]
        if value is None:
            terms[cell_id] = terms.get(cell_id, 0) + coefficient
        else:
            constant -= coefficient * value
    terms = {i: c for i, c in terms.items() if c}
    is_equation = relation.kind is Kind.EQUAL
    if not terms and (constant != 0 if is_equation else constant < 0):
        raise AuditError(f"The published values break the relation {relation.name} by {-constant}.")
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


class _Attacker:
    """The tables that fit what is published, for one group of linked hidden cells."""

    def __init__(self, members: list[str], least: list[int], rows: list[_Row], integer_seconds: float) -> None:
        self._members, self._rows, self._least = members, rows, least
        self._column = {member: number for number, member in enumerate(members)}
        self._integer_seconds = integer_seconds
        self.undecided: set[str] = set()
        self._lp = self._program()
        self._at_floor = np.zeros(len(members), dtype=np.bool_)
        self._solved = -1
        if rows:
            self._lp.run()
            if self._lp.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                names = ", ".join(sorted(row.name for row in rows)[:5])
                raise AuditError(f"No table fits the published values; look at the relations {names}.")
            self._note(self._solution())

    def bound(self, member: str, direction: int) -> tuple[int | None, bool]:
        """Greatest (`+1`) or least (`-1`) possible value, None if unbounded, and whether it took an integer program."""
        column = self._column[member]
        if direction < 0 and (not self._rows or self._at_floor[column]):
            return self._least[column], False
        if not self._rows:
            return None, False
        if self._solved >= 0:
            self._lp.changeColCost(self._solved, 0.0)
        self._lp.changeColCost(column, float(-direction))
        self._solved = column
        self._lp.run()
        status = self._lp.getModelStatus()
        if status == highspy.HighsModelStatus.kUnbounded:
            return None, False
        if status != highspy.HighsModelStatus.kOptimal:
            raise AuditError(f"The solver gave up on {member}: {self._lp.modelStatusToString(status)}.")
        table = self._solution()
        if np.abs(table - np.rint(table)).max() <= _NEAR:
            self._note(table)
            return round(float(table[column])), False
        return self._whole_bound(column, direction, float(table[column])), True

    def _whole_bound(self, column: int, direction: int, relaxed: float) -> int:
        """The same over whole tables; where time runs out the relaxed bound, and the cell is `undecided`."""
        mip = self._program()
        count = len(self._members)
        kinds = np.full(count, int(highspy.HighsVarType.kInteger), dtype=np.uint8)
        mip.changeColsIntegrality(count, np.arange(count, dtype=np.int32), kinds)
        mip.setOptionValue("time_limit", self._integer_seconds)
        mip.setOptionValue("mip_rel_gap", 0.0)
        mip.changeColCost(column, float(-direction))
        mip.run()
        status = mip.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            raise AuditError(f"No table of whole counts fits the published values; cell {self._members[column]}.")
        if status == highspy.HighsModelStatus.kOptimal:
            return round(float(mip.getSolution().col_value[column]))
        self.undecided.add(self._members[column])
        return math.ceil(relaxed - _NEAR) if direction < 0 else math.floor(relaxed + _NEAR)

    def _solution(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.asarray(self._lp.getSolution().col_value, dtype=np.float64)

    def _note(self, table: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
        if np.abs(table - np.rint(table)).max() <= _NEAR:
            self._at_floor |= table <= np.asarray(self._least) + _NEAR

    def _program(self) -> highspy.Highs:
        solver = highspy.Highs()
        for option, value in (("output_flag", False), ("threads", 1), ("parallel", "off"), ("random_seed", 1)):
            solver.setOptionValue(option, value)
        solver.setOptionValue("simplex_strategy", 4)
        terms = [(self._column[i], float(c)) for row in self._rows for i, c in row.terms]
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self._members), len(self._rows)
        lp.col_cost_ = np.zeros(lp.num_col_)
        lp.col_lower_ = np.asarray(self._least, dtype=np.float64)
        lp.col_upper_ = np.full(lp.num_col_, highspy.kHighsInf)
        lp.row_upper_ = np.asarray([row.constant for row in self._rows], dtype=np.float64)
        lp.row_lower_ = np.asarray(
            [row.constant if row.is_equation else -highspy.kHighsInf for row in self._rows], dtype=np.float64
        )
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.cumsum([0, *(len(row.terms) for row in self._rows)], dtype=np.int32)
        lp.a_matrix_.index_ = np.asarray([column for column, _ in terms], dtype=np.int32)
        lp.a_matrix_.value_ = np.asarray([c for _, c in terms], dtype=np.float64)
        solver.passModel(lp)
        return solver
