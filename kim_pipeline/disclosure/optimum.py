"""The cheapest pattern of one component (Fischetti & Salazar 2001; `privacy.md`, "How", 2).

Belongs here: a master program that chooses what to hide, and the attacker's linear programs whose duals tell it why a
choice is not safe. The heuristic gives the first pattern and completes the master's choices on the way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import highspy
import numpy as np

from kim_pipeline.disclosure.heuristic import CannotProtectError, Search
from kim_pipeline.disclosure.proof import exposure
from kim_pipeline.disclosure.solver import NEAR, Attacker, Need, Perturbation, is_met, needs_of, silent_solver
from kim_pipeline.disclosure.system import Component, Mask, Real, Wholes

_INF = highspy.kHighsInf
_TINY = 1e-7
_CREEP = (0.1, 1e-3, 0.0)
"""Published cells may creep by these shares when cuts are made: of many equal duals that picks some with few cells."""

_MOSTLY = 0.5
"""A cell of which the fractional choice hides more than this share is hidden to begin with."""
_FIRST_GAP = 0.02
"""While choices turn out to be unsafe, they need not be the best ones."""


@dataclass(frozen=True)
class SearchLimits:
    """When to stop: counts and no clock, so that the result is the same on every machine.

    Attributes:
        rounds: choices of the master program that are tried; half of them in components that need not be exact.
        relaxed_rounds: fractional choices before them.
        nodes: of the search tree of each choice.
        exact_up_to: in components of more cells a pattern is good enough that costs little more than the bound.
        gap: how much more, as a share.
    """

    rounds: int = 12
    relaxed_rounds: int = 400
    nodes: int = 5_000
    exact_up_to: int = 120
    gap: float = 0.045

    def is_enough(self, component: Component, cost: float, bound: float) -> bool:
        """Whether a pattern of that cost is good enough."""
        gap = 0.0 if self.is_exact(component) else self.gap
        return cost <= bound * (1 + gap) + 1e-6

    def is_exact(self, component: Component) -> bool:
        """Whether only the cheapest pattern is good enough."""
        return component.cell_count <= self.exact_up_to


USUAL = SearchLimits()


@dataclass(frozen=True)
class _Cut:
    """`Σ coefficient × choice ≥ bound`."""

    columns: tuple[int, ...]
    coefficients: tuple[float, ...]
    bound: float

    def is_violated(self, choice: Real) -> bool:
        left = sum(a * choice[c] for c, a in zip(self.columns, self.coefficients, strict=True))
        return bool(left < self.bound - 1e-4)


def optimise(search: Search, limits: SearchLimits) -> tuple[Mask, float]:
    """Search for the cheapest pattern until it is proven to be that, or good enough.

    Args:
        search: a search that has not begun.
        limits: when to stop.

    Returns:
        The cheapest pattern found, and a cost that no safe pattern undercuts.

    Raises:
        CannotProtectError: there is no safe pattern.
    """
    return _Optimum(search, limits).solve()


def guided(search: Search, limits: SearchLimits) -> tuple[Mask, float]:
    """A pattern that the fractional choice leads to, without the search for the best whole one.

    Args:
        search: a search that has not begun; it has the pattern and its witnesses afterwards.
        limits: when to stop.

    Returns:
        The pattern, and a cost that no safe pattern undercuts.

    Raises:
        CannotProtectError: there is no safe pattern.
    """
    return _Optimum(search, limits).begin()


class _Optimum:
    def __init__(self, search: Search, limits: SearchLimits) -> None:
        self._search, self._limits = search, limits
        self._component = component = search.component
        self._always = search.always
        self._best, self._best_cost = search.hidden.copy(), math.inf
        self._base = float(component.cost[self._always].sum())
        self._attacker = Attacker(component, self._always)
        self._perturbation = Perturbation(component)
        self._master = _Master(component, self._always)
        proven = search.proven()
        sensitive = [n for c in np.flatnonzero(component.is_sensitive) for n in needs_of(component, int(c))]
        self._needs = [n for n in sensitive if n not in proven]
        protected = (component.k > 0) & ~component.is_sensitive
        self._conditional = [
            n for c in np.flatnonzero(protected) for n in needs_of(component, int(c)) if n not in proven
        ]

    def begin(self) -> tuple[Mask, float]:
        """The fractional choice, and the pattern that it leads to."""
        bound, share = self._relax()
        self._search.guide(share)
        self._keep(self._search.run(share > _MOSTLY))
        self._search.guide(np.zeros(self._component.size))
        return self._best, bound

    def solve(self) -> tuple[Mask, float]:
        """The best whole choice, or one that is good enough."""
        (_, bound), gap = self.begin(), _FIRST_GAP
        rounds = self._limits.rounds if self._limits.is_exact(self._component) else self._limits.rounds // 2
        for number in range(rounds):
            if self._limits.is_enough(self._component, self._best_cost, bound):
                break
            answer = self._master.choose(gap, self._limits)
            if answer is None:
                break
            choice, master_bound, is_best_choice = answer
            bound = max(bound, self._base + master_bound)
            cuts = self._cuts(choice)
            hidden = self._always | (choice[: self._component.size] > 0.5)
            if not cuts:
                self._complete(hidden)
                if gap > 0 and is_best_choice:
                    gap = 0.0
                    continue
                if is_best_choice:
                    bound = self._best_cost
                break
            self._master.add(cuts)
            if number % 5 in (0, 2):
                self._complete(hidden)
        return self._best, min(bound, self._best_cost)

    def _keep(self, hidden: Mask) -> None:
        cost = float(self._component.cost[hidden].sum())
        if cost < self._best_cost - 1e-9:
            self._best, self._best_cost = hidden, cost

    def _complete(self, hidden: Mask) -> None:
        """Make the master's choice safe with the heuristic, and leave out what it does without."""
        try:
            self._keep(self._search.run(hidden))
        except CannotProtectError:
            return

    def _relax(self) -> tuple[float, Real]:
        """Cuts for fractional choices, which are cheap to get; a bound of the cost, and the choice, a share a cell."""
        bound, share = self._base, np.zeros(self._component.size)
        for _ in range(self._limits.relaxed_rounds):
            answer = self._master.relax()
            if answer is None:
                break
            choice, value = answer
            bound, share = max(bound, self._base + value), choice[: self._component.size]
            cuts = self._fractional_cuts(choice)
            if not cuts:
                break
            self._master.add(cuts)
        return bound, share

    def _fractional_cuts(self, choice: Real) -> list[_Cut]:
        cuts: list[_Cut] = []
        for amount in sorted({n.amount for n in self._needs}):
            self._attacker.set_bounds(*self._fractional_bounds(choice, amount))
            met: set[Need] = set()
            needs = [n for n in self._needs if n.amount == amount]
            for need in needs:
                if need in met:
                    continue
                deviation, duals = self._attacker.relaxed(need)
                met.update(n for n in needs if n.sign * deviation[n.column] >= amount - NEAR)
                if need not in met:
                    cut = self._cut(need, duals)
                    if cut is not None and cut.is_violated(choice):
                        cuts.append(cut)
        return cuts

    def _fractional_bounds(self, choice: Real, amount: int) -> tuple[Real, Real]:
        """A cell that is hidden by a third may move by a third of what is needed."""
        share = np.where(self._always, 1.0, choice[: self._component.size])
        is_hidden = share > 1 - NEAR
        floor = self._component.floor
        lower = np.where(is_hidden, floor, np.maximum(floor, -amount) * share)
        return lower, np.where(is_hidden, _INF, amount * share)

    def _cuts(self, choice: Real) -> list[_Cut]:
        """Why a whole choice is not safe; empty if it is."""
        hidden = self._always | (choice[: self._component.size] > 0.5)
        self._attacker.set_hidden(hidden)
        unmet = self._unmet(self._needs + [n for n in self._conditional if hidden[n.column]])
        exposing = {n.column: self._exposing(n.column, hidden) for n in unmet if self._master.may_be_clear[n.column]}
        unsafe = [n for n in unmet if exposing.get(n.column, ()) is not None]
        cuts = [self._false_clear(column, moved) for column, moved in exposing.items() if moved is not None]
        return cuts + [cut for need in unsafe for cut in self._cuts_or_exclusion(need, hidden, choice)]

    def _unmet(self, needs: list[Need]) -> list[Need]:
        tables: list[Wholes] = []
        unmet = []
        for need in needs:
            if any(is_met(need, t) for t in tables):
                continue
            found = self._attacker.witness(need)
            if found is None:
                unmet.append(need)
            else:
                tables.append(found)
        return unmet

    def _exposing(self, column: int, hidden: Mask) -> list[int] | None:
        """Cells whose hiding makes a cell look as if it could be small; None if it does not."""
        need = exposure(self._component, column)
        if self._attacker.witness(need) is None:
            return None
        unit_cost = np.where(self._always, 0.0, 1.0)
        table = self._perturbation.cheapest(need, unit_cost, ~hidden)
        return [int(c) for c in np.flatnonzero((table != 0) & ~self._always)] if table is not None else None

    def _false_clear(self, column: int, moved: list[int]) -> _Cut:
        """While these cells are hidden, the cell is not recognisable as not small."""
        columns = (*moved, self._master.clear_column(column))
        return _Cut(columns, (-1.0,) * len(columns), -float(len(moved)))

    def _cuts_or_exclusion(self, need: Need, hidden: Mask, choice: Real) -> list[_Cut]:
        floor = self._component.floor
        cuts: list[_Cut] = []
        for creep in _CREEP:
            allowed = creep * need.amount
            lower = np.where(hidden, floor, np.maximum(floor, -allowed))
            self._attacker.set_bounds(lower, np.where(hidden, _INF, allowed))
            deviation, duals = self._attacker.relaxed(need)
            if need.sign * deviation[need.column] < need.amount - NEAR:
                cut = self._cut(need, duals)
                if cut is not None and cut.is_violated(choice) and cut not in cuts:
                    cuts.append(cut)
        others = np.flatnonzero(~hidden)
        return cuts or [self._conditioned(need, dict.fromkeys(map(int, others), 1.0), 1.0)]

    def _cut(self, need: Need, duals: Real) -> _Cut | None:
        """What the duals of an attack prove: so much must be hidden to meet a need; None if they prove nothing."""
        cost = np.zeros(self._component.size)
        cost[need.column] = -need.sign
        reduced = cost - self._component.transposed_product(duals)
        reach = np.where(reduced > _TINY, reduced * -self._component.floor, 0.0)
        reach[reduced < -_TINY] = need.amount
        own = float(np.minimum(reach, need.amount)[self._always].sum())
        if not self._always[need.column]:
            own += reach[need.column]
        missing = need.amount - own
        if missing <= 1e-6:
            return None
        open_columns = np.flatnonzero((reach > _TINY) & ~self._always)
        share = np.minimum(reach / missing, 1.0)
        return self._conditioned(need, {int(c): float(share[c]) for c in open_columns if c != need.column}, 1.0)

    def _conditioned(self, need: Need, coefficients: dict[int, float], bound: float) -> _Cut:
        """A cut that holds only if the cell is hidden, and not taken to be recognisable as not small."""
        terms = dict(coefficients)
        if not self._component.is_sensitive[need.column]:
            terms[self._master.clear_column(need.column)] = bound
            if not self._always[need.column]:
                terms[need.column] = -bound
                bound = 0.0
        return _Cut(tuple(terms), tuple(terms.values()), bound)


class _Master:
    """The choice of what to hide: one binary a cell, and one that says "recognisable as not small" where allowed."""

    def __init__(self, component: Component, always: Mask) -> None:
        self._count = component.size
        may_be_clear = (component.k > 0) & ~component.is_sensitive & ((component.value > 0) | always)
        self.may_be_clear = may_be_clear
        self._upper = np.concatenate([np.where(always, 0.0, 1.0), np.where(may_be_clear, 1.0, 0.0)])
        self._cost = np.concatenate([component.cost, np.zeros(self._count)])
        self._cuts: list[_Cut] = []
        self._seen: set[_Cut] = set()
        self._relaxed = silent_solver()
        self._relaxed.passModel(self._program())

    def clear_column(self, column: int) -> int:
        return self._count + column

    def add(self, cuts: list[_Cut]) -> None:
        for cut in cuts:
            if cut not in self._seen:
                self._seen.add(cut)
                self._cuts.append(cut)
                self._relaxed.addRow(
                    cut.bound,
                    _INF,
                    len(cut.columns),
                    np.array(cut.columns, dtype=np.int32),
                    np.array(cut.coefficients, dtype=np.float64),
                )

    def relax(self) -> tuple[Real, float] | None:
        """The best fractional choice, and its cost; None where no choice is safe."""
        self._relaxed.run()
        if self._relaxed.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        choice = np.asarray(self._relaxed.getSolution().col_value, dtype=np.float64)
        return choice, float(self._relaxed.getInfo().objective_function_value)

    def choose(self, gap: float, limits: SearchLimits) -> tuple[Real, float, bool] | None:
        """A whole choice, a bound of the cost of all of them, and whether it is the best up to the gap."""
        lp = self._program()
        lp.integrality_ = [highspy.HighsVarType.kInteger] * lp.num_col_
        starts = np.cumsum([0, *(len(cut.columns) for cut in self._cuts)])
        lp.num_row_ = len(self._cuts)
        lp.row_lower_ = np.array([cut.bound for cut in self._cuts], dtype=np.float64)
        lp.row_upper_ = np.full(lp.num_row_, _INF)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = starts.astype(np.int32)
        lp.a_matrix_.index_ = np.array([c for cut in self._cuts for c in cut.columns], dtype=np.int32)
        lp.a_matrix_.value_ = np.array([a for cut in self._cuts for a in cut.coefficients], dtype=np.float64)
        solver = silent_solver()
        solver.passModel(lp)
        solver.setOptionValue("mip_max_nodes", limits.nodes)
        solver.setOptionValue("mip_rel_gap", max(gap, 1e-7))
        solver.run()
        info = solver.getInfo()
        if info.primal_solution_status != 2:
            return None
        is_best = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        choice = np.rint(np.asarray(solver.getSolution().col_value, dtype=np.float64))
        return choice, float(info.mip_dual_bound), is_best

    def _program(self) -> highspy.HighsLp:
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = 2 * self._count, 0
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = self._cost, np.zeros(2 * self._count), self._upper
        lp.a_matrix_.start_ = np.zeros(2 * self._count + 1, dtype=np.int32)
        return lp
