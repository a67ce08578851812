"""The tables that fit what is published, for the audit: relations as arrays, and the attacker's programs over them.

Belongs here: what is possible of one group of linked hidden cells. Like the audit it shares no code with the modules
that choose what to hide.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import highspy
import numpy as np
import numpy.typing as npt

from kim_pipeline.disclosure.system import Relation, RelationKind
from kim_pipeline.errors import KimError

CountTable = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
_Flags = npt.NDArray[np.bool_]

_NEAR = 1e-6
_INF = highspy.kHighsInf
_FEASIBLE = 2
_PRIMAL_SIMPLEX = 4


class AuditError(KimError):
    """What is published cannot be audited: it contradicts itself, or names cells that nobody gave."""


@dataclass(frozen=True)
class RowBlock:
    """Relations over numbered cells, `Σ coefficient × cell` = or ≤ a constant, as compressed sparse rows.

    Attributes:
        names: of the relations, one a row.
        start: the first term of each row, and the number of terms.
        column: of each term.
        coefficient: of each term.
        constant: of each row.
        is_equation: whether a row holds with =.
    """

    names: tuple[str, ...]
    start: Places
    column: Places
    coefficient: CountTable
    constant: CountTable
    is_equation: _Flags

    @classmethod
    def of(cls, relations: Iterable[Relation], numbers: Mapping[str, int]) -> RowBlock:
        """Relations over cells that have these numbers.

        Raises:
            AuditError: a relation names a cell without a number.
        """
        given = list(relations)
        terms = [_terms(relation, numbers) for relation in given]
        return cls(
            names=tuple(relation.name for relation in given),
            start=np.cumsum([0, *map(len, terms)], dtype=np.int64),
            column=np.array([c for row in terms for c in row], dtype=np.int64),
            coefficient=np.array([a for row in terms for a in row.values()], dtype=np.float64),
            constant=np.array([relation.constant for relation in given], dtype=np.float64),
            is_equation=np.array([r.kind is RelationKind.EQUAL for r in given], dtype=np.bool_),
        )

    @cached_property
    def row(self) -> Places:
        """The row of each term."""
        return np.repeat(np.arange(len(self.names)), np.diff(self.start))

    def first(self, count: int) -> RowBlock:
        """So many rows from the first one on."""
        terms = int(self.start[count])
        return RowBlock(
            self.names[:count],
            self.start[: count + 1],
            self.column[:terms],
            self.coefficient[:terms],
            self.constant[:count],
            self.is_equation[:count],
        )

    def at(self, value: CountTable) -> RowBlock:
        """The same over the cells whose value is not known (NaN).

        Raises:
            AuditError: the known values break a row.
        """
        is_known = ~np.isnan(value)[self.column]
        known, unknown = np.flatnonzero(is_known), np.flatnonzero(~is_known)
        given = np.bincount(
            self.row[known], self.coefficient[known] * value[self.column[known]], minlength=len(self.names)
        )
        constant = self.constant - given
        length = np.bincount(self.row[unknown], minlength=len(self.names))
        is_broken = (length == 0) & np.where(self.is_equation, constant != 0, constant < 0)
        if is_broken.any():
            name = self.names[int(np.flatnonzero(is_broken)[0])]
            raise AuditError(f"Die veröffentlichten Werte verletzen die Beziehung {name}.")
        kept = np.flatnonzero(length)
        return RowBlock(
            names=tuple(self.names[n] for n in kept),
            start=np.concatenate([[0], np.cumsum(length[kept])]),
            column=self.column[unknown],
            coefficient=self.coefficient[unknown],
            constant=constant[kept],
            is_equation=self.is_equation[kept],
        )

    def groups(self, size: int) -> Places:
        """The lowest of the cells that rows link a cell with, of each of so many cells; no row may be empty."""
        label = np.arange(size)
        while self.names:
            lowest = np.minimum.reduceat(label[self.column], self.start[:-1])
            lower = label.copy()
            np.minimum.at(lower, self.column, np.repeat(lowest, np.diff(self.start)))
            lower = lower[lower]
            if (lower == label).all():
                break
            label = lower
        return label

    def within(self, columns: Places, label: Places) -> RowBlock:
        """The rows over some columns, which make up a group by `label`, numbered anew in their order."""
        if not self.names:
            return self
        rows = np.flatnonzero(label[self.column[self.start[:-1]]] == label[columns[0]])
        terms = np.flatnonzero(label[self.column] == label[columns[0]])
        return RowBlock(
            names=tuple(self.names[n] for n in rows),
            start=np.concatenate([[0], np.cumsum(np.diff(self.start)[rows])]).astype(np.int64),
            column=np.searchsorted(columns, self.column[terms]),
            coefficient=self.coefficient[terms],
            constant=self.constant[rows],
            is_equation=self.is_equation[rows],
        )

    def digest(self) -> bytes:
        """Tells whether rows say the same."""
        found = hashlib.sha256()
        for part in (self.start, self.column, self.coefficient, self.constant, self.is_equation):
            found.update(part.tobytes() + b"|")
        return found.digest()


def _terms(relation: Relation, numbers: Mapping[str, int]) -> dict[int, int]:
    terms = dict[int, int]()
    for cell, coefficient in relation.terms:
        number = numbers.get(cell)
        if number is None:
            raise AuditError(f"Die Beziehung {relation.name} nennt die Zelle {cell}, die es nicht gibt.")
        terms[number] = terms.get(number, 0) + coefficient
    return terms if all(terms.values()) else {number: factor for number, factor in terms.items() if factor}


@dataclass(frozen=True)
class IntervalEnd:
    """One end of a cell's interval: `value` cannot be passed; None if there is no end.

    `table` is the table of the linear program that attains it before rounding, None where whole tables attain it.
    """

    possible: PossibleTables
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

    def proven(self, target: int) -> IntervalEnd:
        """This end if a whole table lies at `target` or beyond, else the exact one."""
        if self.table is None or self.possible.has_seen(self.column, self.direction, target):
            return self
        if self.possible.finds_whole_table(self.column, self.direction, target, self.table):
            return replace(self, took_integers=True)
        return self.exactly()

    def exactly(self) -> IntervalEnd:
        """The same end over whole tables."""
        if self.table is None or self.value is None:
            return self
        value = self.possible.whole_bound(self.column, self.direction, self.value)
        return replace(self, value=value, table=None, took_integers=True)


class PossibleTables:
    """The tables that fit what is published, for one group of linked hidden cells; the program is kept warm."""

    def __init__(self, ids: Sequence[str], rows: RowBlock, integer_nodes: int) -> None:
        """Take a group.

        Args:
            ids: of its cells.
            rows: the relations over them.
            integer_nodes: limit of each integer program.

        Raises:
            AuditError: no table fits.
        """
        self.undecided: set[int] = set()
        self._ids, self._rows, self._nodes = ids, rows, integer_nodes
        self._columns = np.arange(len(ids), dtype=np.int32)
        self._least, self._most = np.zeros(len(ids)), np.full(len(ids), _INF)
        self._tables: list[CountTable] = []
        self._seen_low, self._seen_high = np.full(len(ids), np.inf), np.full(len(ids), -np.inf)
        self._solved = 0
        self._lp = self._program(self._least, self._most)
        if rows.names:
            self._lp.run()
            if self._lp.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                names = ", ".join(sorted(rows.names)[:5])
                raise AuditError(
                    f"Zu den veröffentlichten Werten passt keine Tabelle; betroffen sind die Beziehungen {names}."
                )
            self._note(_solution(self._lp))

    def knowing(self, least: Mapping[int, int], exact: Mapping[int, int]) -> None:
        """Go on for somebody who knows of some cells that they are at least so much, of others what they are."""
        self.undecided = set()
        self._least, self._most = np.zeros(len(self._ids)), np.full(len(self._ids), _INF)
        for column, value in least.items():
            self._least[column] = value
        for column, value in exact.items():
            self._least[column] = self._most[column] = value
        self._lp.changeColsBounds(len(self._ids), self._columns, self._least, self._most)
        self._seen_low, self._seen_high = np.full(len(self._ids), np.inf), np.full(len(self._ids), -np.inf)
        if self._tables:
            tables = np.stack(self._tables)
            fitting = tables[((tables >= self._least) & (tables <= self._most)).all(axis=1)]
            self._seen_low = fitting.min(axis=0, initial=np.inf)
            self._seen_high = fitting.max(axis=0, initial=-np.inf)

    def bound(self, column: int, direction: int) -> IntervalEnd:
        """Greatest (`+1`) or least (`-1`) possible value according to the linear program."""
        end = self._least[column] if direction < 0 else self._most[column]
        if not self._rows.names or self.has_seen(column, direction, end):
            return IntervalEnd(self, column, direction, None if np.isinf(end) else int(end))
        self._lp.changeColCost(self._solved, 0.0)
        self._lp.changeColCost(column, float(-direction))
        self._solved = column
        status = self._run()
        if status == highspy.HighsModelStatus.kUnbounded:
            return IntervalEnd(self, column, direction, None)
        if status != highspy.HighsModelStatus.kOptimal:
            raise AuditError(
                f"Der Löser hat bei der Zelle {self._ids[column]} aufgegeben: {self._lp.modelStatusToString(status)}."
            )
        table = _solution(self._lp)
        value = math.ceil(table[column] - _NEAR) if direction < 0 else math.floor(table[column] + _NEAR)
        return IntervalEnd(self, column, direction, value, None if self._note(table) else table)

    def _run(self) -> highspy.HighsModelStatus:
        """Solve; a warm start can lead nowhere."""
        self._lp.run()
        status = self._lp.getModelStatus()
        if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kUnbounded):
            self._lp.clearSolver()
            self._lp.run()
            status = self._lp.getModelStatus()
        return status

    def shows(self, needed: Mapping[int, tuple[int, int]]) -> set[int]:
        """The columns of which whole tables show that all that is needed is possible; each table serves many."""
        for direction in (-1, +1):
            target = {column: bounds[direction > 0] for column, bounds in needed.items()}
            while todo := [c for c, value in target.items() if not self.has_seen(c, direction, value)]:
                self._solve_jointly(todo, direction, target)
                if all(not self.has_seen(c, direction, target[c]) for c in todo):
                    break
        return {c for c, (low, high) in needed.items() if self.has_seen(c, -1, low) and self.has_seen(c, +1, high)}

    def _solve_jointly(self, columns: Sequence[int], direction: int, target: Mapping[int, int]) -> None:
        """A table that takes many cells to their targets, no further, if the linear program happens to find one."""
        if not self._rows.names:
            self._note(self._least.copy() if direction < 0 else np.maximum(self._least, max(target.values())))
            return
        at = np.asarray(columns, dtype=np.int32)
        goal = np.array([target[column] for column in columns], dtype=np.float64)
        lower, upper = self._least.copy(), self._most.copy()
        if direction > 0:
            upper[at] = np.minimum(upper[at], goal)
        else:
            lower[at] = np.maximum(lower[at], goal)
        self._lp.changeColCost(self._solved, 0.0)
        self._lp.changeColsCost(len(at), at, np.full(len(at), float(-direction)))
        self._lp.changeColsBounds(len(self._ids), self._columns, lower, upper)
        status = self._run()
        table = _solution(self._lp) if status == highspy.HighsModelStatus.kOptimal else None
        self._lp.changeColsCost(len(at), at, np.zeros(len(at)))
        self._lp.changeColsBounds(len(self._ids), self._columns, self._least, self._most)
        if table is None or self._note(table):
            return
        upper = np.minimum(self._most, np.ceil(table - _NEAR) + 1)
        mip = self._program(np.maximum(lower, np.floor(table + _NEAR) - 1), upper, is_whole=True)
        mip.changeColsCost(len(at), at, np.full(len(at), float(-direction)))
        mip.setOptionValue("mip_rel_gap", 0.05)
        mip.run()
        if mip.getInfo().primal_solution_status == _FEASIBLE:
            self._note(_solution(mip))

    def seen(self, column: int) -> tuple[int, int]:
        """The least and the greatest value of a cell in the whole tables found so far."""
        return int(self._seen_low[column]), int(self._seen_high[column])

    def has_seen(self, column: int, direction: int, target: float) -> bool:
        """Whether a whole table found so far has at most (`-1`) or at least (`+1`) `target` in a cell."""
        return bool(self._seen_high[column] >= target if direction > 0 else self._seen_low[column] <= target)

    def finds_whole_table(self, column: int, direction: int, target: int, near: CountTable) -> bool:
        """Whether there is such a table in the neighbourhood of a solution of the linear program."""
        for distance in (0.0, 1.0):
            lower = np.maximum(self._least, np.floor(near + _NEAR) - distance)
            upper = np.minimum(self._most, np.ceil(near - _NEAR) + distance)
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
        """The exact bound over whole tables; where the search is given up the relaxed one, the cell `undecided`."""
        if relaxed == (self._seen_high[column] if direction > 0 else self._seen_low[column]):
            return relaxed
        mip = self._program(self._least, self._most, is_whole=True)
        mip.changeColCost(column, float(-direction))
        mip.run()
        status = mip.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            raise AuditError(
                f"Zu den veröffentlichten Werten passt keine Tabelle aus ganzen Zahlen; Zelle {self._ids[column]}."
            )
        if status == highspy.HighsModelStatus.kOptimal:
            table = _solution(mip)
            self._note(table)
            return round(float(table[column]))
        self.undecided.add(column)
        return relaxed

    def _note(self, table: CountTable) -> bool:
        """Remember a table if it is whole, and say whether it is."""
        whole = np.rint(table)
        if np.abs(table - whole).max() > _NEAR:
            return False
        np.minimum(self._seen_low, whole, out=self._seen_low)
        np.maximum(self._seen_high, whole, out=self._seen_high)
        self._tables.append(whole)
        return True

    def _program(self, lower: CountTable, upper: CountTable, *, is_whole: bool = False) -> highspy.Highs:
        rows, lp = self._rows, highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self._ids), len(rows.names)
        lp.col_cost_ = np.zeros(lp.num_col_)
        lp.col_lower_, lp.col_upper_ = lower, upper
        lp.row_lower_ = np.where(rows.is_equation, rows.constant, -_INF)
        lp.row_upper_ = rows.constant
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = rows.start.astype(np.int32)
        lp.a_matrix_.index_ = rows.column.astype(np.int32)
        lp.a_matrix_.value_ = rows.coefficient
        if is_whole:
            lp.integrality_ = [highspy.HighsVarType.kInteger] * lp.num_col_
        return self._solver(lp)

    def _solver(self, lp: highspy.HighsLp) -> highspy.Highs:
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in _OPTIONS:
            solver.setOptionValue(option, value)
        if len(lp.integrality_):
            solver.setOptionValue("mip_max_nodes", self._nodes)
        solver.passModel(lp)
        return solver


_OPTIONS: tuple[tuple[str, bool | int | float | str], ...] = (
    ("output_flag", False),
    ("threads", 1),
    ("parallel", "off"),
    ("random_seed", 1),
    ("simplex_strategy", _PRIMAL_SIMPLEX),
    ("mip_rel_gap", 0.0),
)


def _solution(solver: highspy.Highs) -> CountTable:
    return np.asarray(solver.getSolution().col_value, dtype=np.float64)


def by_group(label: Places, columns: Iterable[int]) -> Iterator[list[int]]:
    """Some columns by the groups that they belong to."""
    found: dict[int, list[int]] = {}
    for column in columns:
        found.setdefault(int(label[column]), []).append(column)
    yield from found.values()
