"""The linear programs of the pattern search, over deviations from the true table.

Belongs here: `Attacker` (how far can a cell deviate while only hidden cells move) and `Perturbation` (what would have
to be hidden so that it can). Both answer with whole deviations, or say that there are none.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from kim_pipeline.disclosure.system import Component, Mask, Real, Wholes, required

NEAR = 1e-6
_INF = highspy.kHighsInf
_PRIMAL_SIMPLEX = 4
_FEASIBLE = 2
_RINGS = (0, 1, 1)
"""Steps from row to row by which the neighbourhood grows in which whole values are looked for."""
_NODES = 2_000
"""Of the search for a whole table; without a clock it ends in the same way everywhere."""


@dataclass(frozen=True, order=True)
class Need:
    """One cell must be able to deviate from its true value: upwards (`sign` 1) or downwards (-1) by `amount`."""

    column: int
    sign: int
    amount: int


def needs_of(component: Component, column: int) -> list[Need]:
    """What it takes that the attacker cannot exclude any of `1 … k` for a cell, but for what is known beforehand."""
    value, least = int(component.value[column]), int(component.least[column])
    low, high = required(value, int(component.k[column]), is_sensitive=bool(component.is_sensitive[column]))
    low = max(low, least)
    up = [Need(column, 1, high - value)] if value < high else []
    down = [Need(column, -1, value - low)] if value > low else []
    return up + down


def is_met(needs: Need, deviation: Wholes) -> bool:
    """Whether a table that deviates like this shows that a need is met."""
    return bool(needs.sign * deviation[needs.column] >= needs.amount)


def _reaches(need: Need, deviation: Real) -> bool:
    return bool(need.sign * deviation[need.column] >= need.amount - NEAR)


def as_whole(values: Real) -> Wholes | None:
    """The values as whole numbers, None if they are not."""
    rounded = np.rint(values)
    if np.abs(values - rounded).max(initial=0.0) > NEAR:
        return None
    return rounded.astype(np.int64)


def silent_solver() -> highspy.Highs:
    """A solver that prints nothing and always does the same."""
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (("output_flag", False), ("threads", 1), ("parallel", "off"), ("random_seed", 1)):
        solver.setOptionValue(option, value)
    return solver


class _Matrix:
    """`Σ_c copies[c] · matrix · x_c = 0`, by rows."""

    def __init__(self, component: Component, copies: tuple[int, ...]) -> None:
        lengths = np.diff(component.row_start)
        row = np.concatenate([np.repeat(np.arange(component.row_count), lengths)] * len(copies))
        column = np.concatenate([component.column + n * component.size for n in range(len(copies))])
        coefficient = np.concatenate([component.coefficient * sign for sign in copies])
        order = np.lexsort((column, row))
        self.size, self.row_count = component.size * len(copies), component.row_count
        self._row, self._column, self._coefficient = row[order], column[order], coefficient[order]

    def program(self, lower: Real, upper: Real, cost: Real) -> highspy.HighsLp:
        """The program over all columns."""
        terms = self._row, self._column, self._coefficient
        return _program(terms, np.zeros(self.row_count), lower, upper, cost)

    def solve_whole(self, lower: Real, upper: Real, cost: Real) -> Wholes | None:
        """Whole values within bounds, the cheapest that is found; None if there are none.

        What the bounds fix is no part of the program.
        """
        values, is_open = lower.copy(), upper > lower
        place = np.cumsum(is_open) - 1
        fixed = np.bincount(self._row, self._coefficient * np.where(is_open, 0.0, values)[self._column], self.row_count)
        chosen = is_open[self._column]
        used, row = np.unique(self._row[chosen], return_inverse=True)
        if np.abs(np.delete(fixed, used)).max(initial=0.0) > NEAR:
            return None
        if used.size:
            terms = row, place[self._column[chosen]], self._coefficient[chosen]
            lp = _program(terms, -fixed[used], lower[is_open], upper[is_open], cost[is_open])
            lp.integrality_ = [highspy.HighsVarType.kInteger] * lp.num_col_
            solver = silent_solver()
            solver.passModel(lp)
            solver.setOptionValue("mip_max_nodes", _NODES)
            solver.run()
            if solver.getInfo().primal_solution_status != _FEASIBLE:
                return None
            values[is_open] = _values(solver)
        return as_whole(values)

    def near(self, values: Real, lower: Real, upper: Real, cost: Real) -> Wholes | None:
        """The same, looked for first in the neighbourhood of values that are not whole: few columns, small steps."""
        least, most = np.floor(values + NEAR), np.ceil(values - NEAR)
        moved = most > least
        for steps in _RINGS:
            for _ in range(steps):
                moved = self._beside(moved)
            step = np.where(moved, float(steps > 0), 0.0)
            found = self.solve_whole(np.maximum(lower, least - step), np.minimum(upper, most + step), cost)
            if found is not None:
                return found
        for distance in (1.0, _INF):
            found = self.solve_whole(np.maximum(lower, least - distance), np.minimum(upper, most + distance), cost)
            if found is not None:
                return found
        return None

    def _beside(self, moved: Mask) -> Mask:
        """Columns that share a row with some."""
        rows = np.zeros(self.row_count, dtype=np.bool_)
        rows[self._row[moved[self._column]]] = True
        found = moved.copy()
        found[self._column[rows[self._row]]] = True
        return found


def _program(terms: tuple[Wholes, Wholes, Real], right: Real, lower: Real, upper: Real, cost: Real) -> highspy.HighsLp:
    """`matrix · x = right` with bounds and costs; the terms by rows, of which none is empty."""
    row, column, coefficient = terms
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(lower), len(right)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, lower, upper
    lp.row_lower_ = lp.row_upper_ = right
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.searchsorted(row, np.arange(len(right) + 1)).astype(np.int32)
    lp.a_matrix_.index_, lp.a_matrix_.value_ = column.astype(np.int32), coefficient
    return lp


def _values(solver: highspy.Highs) -> Real:
    return np.asarray(solver.getSolution().col_value, dtype=np.float64)


def _is_optimal(solver: highspy.Highs) -> bool:
    return bool(solver.getModelStatus() == highspy.HighsModelStatus.kOptimal)


def _run(solver: highspy.Highs) -> bool:
    """Solve; from scratch if the warm start leads nowhere. Whether an optimum was found."""
    solver.run()
    if not _is_optimal(solver):
        solver.clearSolver()
        solver.run()
    return _is_optimal(solver)


class Attacker:
    """How far cells can deviate while only the hidden ones move; the program is kept warm between questions."""

    def __init__(self, component: Component, hidden: Mask) -> None:
        """Take a component and the pattern to attack (which `set_hidden` can change)."""
        self._component = component
        self._columns = np.arange(component.size, dtype=np.int32)
        self._solver = silent_solver()
        self._solver.setOptionValue("simplex_strategy", _PRIMAL_SIMPLEX)
        self._asked: int | None = None
        self._perturbation: Perturbation | None = None
        zero = np.zeros(component.size)
        self._lower, self._upper = zero, zero.copy()
        self._matrix = _Matrix(component, (1,))
        self._solver.passModel(self._matrix.program(zero, zero.copy(), zero.copy()))
        self.set_hidden(hidden)

    def set_hidden(self, hidden: Mask) -> None:
        """Attack another pattern."""
        self.set_bounds(np.where(hidden, self._component.floor, 0.0), np.where(hidden, _INF, 0.0))

    def set_bounds(self, lower: Real, upper: Real) -> None:
        """Let every cell deviate within bounds of its own."""
        self._lower, self._upper = lower, upper
        self._solver.changeColsBounds(len(self._columns), self._columns, lower, upper)

    def publish(self, column: int, *, is_published: bool) -> None:
        """Publish one more cell, or hide it."""
        self._lower[column] = 0.0 if is_published else self._component.floor[column]
        self._upper[column] = 0.0 if is_published else _INF
        self._solver.changeColBounds(column, self._lower[column], self._upper[column])

    def relaxed(self, need: Need) -> tuple[Real, Real]:
        """The deviation that goes furthest towards a need, not necessarily whole, and the relations' duals."""
        self._forget()
        column, self._asked = need.column, need.column
        self._solver.changeColCost(column, -float(need.sign))
        lower = max(self._lower[column], -float(need.amount)) if need.sign < 0 else self._lower[column]
        upper = min(self._upper[column], float(need.amount)) if need.sign > 0 else self._upper[column]
        self._solver.changeColBounds(column, lower, upper)
        if not _run(self._solver):
            status = self._solver.modelStatusToString(self._solver.getModelStatus())
            raise RuntimeError(f"The attack on {self._component.ids[column]} was not solved: {status}.")
        solution = self._solver.getSolution()
        return np.asarray(solution.col_value, dtype=np.float64), np.asarray(solution.row_dual, dtype=np.float64)

    def joint_witness(self, needs: list[Need]) -> Wholes | None:
        """A whole deviation that meets many needs at once, if the linear program happens to find one."""
        values, lower, upper = self._jointly(needs)
        if values is None:
            return None
        found = as_whole(values)
        return found if found is not None else self._matrix.near(values, lower, upper, np.zeros(len(lower)))

    def unreached(self, needs: list[Need]) -> list[Need]:
        """The needs that a deviation does not meet, not necessarily a whole one, that goes far towards all of them."""
        values, _, _ = self._jointly(needs)
        return needs if values is None else [n for n in needs if not _reaches(n, values)]

    def _jointly(self, needs: list[Need]) -> tuple[Real | None, Real, Real]:
        """The deviation that goes furthest towards many needs at once, and its bounds."""
        columns = np.array([n.column for n in needs], dtype=np.int32)
        amounts = np.array([n.sign * n.amount for n in needs], dtype=np.float64)
        lower, upper = self._lower.copy(), self._upper.copy()
        upper[columns] = np.where(amounts > 0, np.minimum(upper[columns], amounts), upper[columns])
        lower[columns] = np.where(amounts < 0, np.maximum(lower[columns], amounts), lower[columns])
        self._forget()
        self._solver.changeColsCost(len(columns), columns, -np.sign(amounts))
        self._solver.changeColsBounds(len(self._columns), self._columns, lower, upper)
        values = _values(self._solver) if _run(self._solver) else None
        self._solver.changeColsCost(len(columns), columns, np.zeros(len(columns)))
        self._solver.changeColsBounds(len(self._columns), self._columns, self._lower, self._upper)
        return values, lower, upper

    def _forget(self) -> None:
        if self._asked is not None:
            self._solver.changeColCost(self._asked, 0.0)
            self._solver.changeColBounds(self._asked, self._lower[self._asked], self._upper[self._asked])
            self._asked = None

    def reaches(self, need: Need) -> bool:
        """Whether a deviation meets a need, not necessarily a whole one."""
        return _reaches(need, self.relaxed(need)[0])

    def witness(self, need: Need) -> Wholes | None:
        """A whole deviation that meets a need, None if no table does."""
        deviation, _ = self.relaxed(need)
        if not _reaches(need, deviation):
            return None
        found = as_whole(deviation)
        return found if found is not None else self._whole_witness(need, deviation)

    def _whole_witness(self, need: Need, near: Real) -> Wholes | None:
        """A whole deviation; first the least one, which moves few cells, and seldom by less than a whole."""
        if self._perturbation is None:
            self._perturbation = Perturbation(self._component)
        least = self._perturbation.least(need, self._upper <= self._lower)
        if least is not None:
            found, near = as_whole(least), least
            if found is not None:
                return found
        lower, upper = self._lower.copy(), self._upper.copy()
        (lower if need.sign > 0 else upper)[need.column] = need.sign * need.amount
        return self._matrix.near(near, lower, upper, np.zeros(len(lower)))


class Perturbation:
    """The cheapest deviation that meets a need when published cells may be hidden (Kelly, Golden & Assad 1992)."""

    def __init__(self, component: Component) -> None:
        """Take a component; `cheapest` says what is hidden already."""
        self._component = component
        self._columns = np.arange(2 * component.size, dtype=np.int32)
        self._lower = np.zeros(2 * component.size)
        self._upper = np.concatenate([np.full(component.size, _INF), -component.floor.astype(np.float64)])
        self._cost = np.ones(2 * component.size)
        self._solver = silent_solver()
        self._matrix = _Matrix(component, (1, -1))
        self._solver.passModel(self._matrix.program(self._lower.copy(), self._upper.copy(), self._cost.copy()))

    def cheapest(self, need: Need, unit_cost: Real, barred: Mask) -> Wholes | None:
        """A cheap whole deviation that meets a need, None if there is none.

        Args:
            need: the need.
            unit_cost: of one unit of deviation, by column; 0 for what is hidden already.
            barred: cells that must stay published.
        """
        values, lower, upper = self._solved(need, unit_cost, barred)
        if values is None:
            return None
        count = self._component.size
        found = as_whole(values[:count] - values[count:])
        if found is not None:
            return found
        rounded = self._matrix.near(values, lower, upper, np.concatenate([unit_cost, unit_cost]))
        return None if rounded is None else rounded[:count] - rounded[count:]

    def least(self, need: Need, barred: Mask) -> Real | None:
        """The deviation that meets a need with the smallest sum of changes, not necessarily whole."""
        values, _, _ = self._solved(need, np.ones(self._component.size), barred)
        return None if values is None else values[: self._component.size] - values[self._component.size :]

    def _solved(self, need: Need, unit_cost: Real, barred: Mask) -> tuple[Real | None, Real, Real]:
        """The cheapest deviation, not necessarily whole, as what is added and what is taken away, and its bounds."""
        count = self._component.size
        lower, upper = self._lower.copy(), self._upper.copy()
        upper[np.concatenate([barred, barred])] = 0.0
        asked, other = (need.column, need.column + count)[:: need.sign]
        lower[asked], upper[other] = need.amount, 0.0
        if upper[asked] < need.amount:
            return None, lower, upper
        self._solver.changeColsCost(2 * count, self._columns, np.concatenate([unit_cost, unit_cost]))
        self._solver.changeColsBounds(2 * count, self._columns, lower, upper)
        return (_values(self._solver) if _run(self._solver) else None), lower, upper
