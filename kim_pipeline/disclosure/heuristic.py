"""A good pattern quickly: hide what the cheapest perturbations need, publish again what turns out superfluous.

Belongs here: the search on one component of the linked system (`privacy.md`, "How", 2). Every step is proven by witness
tables: whole, non-negative tables that agree with everything published.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from kim_pipeline.disclosure.solver import Attacker, Need, Perturbation, is_met, needs_of
from kim_pipeline.disclosure.system import Component, Mask, Whole


class CannotProtectError(Exception):
    """No pattern meets the needs of a column of the component."""

    def __init__(self, column: int) -> None:
        super().__init__(column)
        self.column = column


class Search:
    """A growing, then shrinking, pattern of one component with the witnesses that prove it."""

    def __init__(self, component: Component, forced: Mask) -> None:
        """Start from what is hidden in every pattern.

        Args:
            component: the component.
            forced: cells that are hidden for other reasons.
        """
        self.component = component
        self.always = component.is_free | component.is_sensitive | forced
        self.hidden = self.always.copy()
        self.barred = np.zeros(component.size, dtype=np.bool_)
        self.witness: dict[Need, Whole] = {}
        self._library: list[Whole] = []
        self._blame: dict[Need, int] = {}
        self._attacker = Attacker(component, self.hidden)
        self._perturbation = Perturbation(component)
        self._needs = [needs_of(component, column) if component.k[column] else [] for column in range(component.size)]

    @property
    def cost(self) -> float:
        """Cost of the pattern as it stands."""
        return float(self.component.cost[self.hidden].sum())

    def run(self, start: Mask | None = None) -> Mask:
        """Find a pattern.

        Args:
            start: a pattern to begin with (what is hidden always is added).

        Returns:
            What is hidden: safe, and no secondary of it can be left out alone.

        Raises:
            CannotProtectError: there is no safe pattern.
        """
        while True:
            self.hidden = self.always if start is None else (self.always | start) & ~self.barred
            self.hidden = self.hidden.copy()
            self.witness = {}
            try:
                self._grow()
            except CannotProtectError as problem:
                if self.always[problem.column]:
                    raise
                self.barred[problem.column] = True  # a secondary that cannot be hidden safely stays published
                self._library = [w for w in self._library if not w[problem.column]]
                continue
            self._shrink()
            return self.hidden.copy()

    def improve(self, rounds: int) -> Mask:
        """Try to do without one secondary after the other, protecting anew what this uncovers.

        Args:
            rounds: how many secondaries to try, the dearest first.
        """
        best, best_witness, best_cost = self.hidden.copy(), dict(self.witness), self.cost
        tried: set[int] = set()
        for _ in range(rounds):
            column = next((c for c in self._secondaries(best) if c not in tried), None)
            if column is None:
                break
            tried.add(column)
            if self._without(column, best, best_witness) and self.cost < best_cost - 1e-9:
                best, best_witness, best_cost = self.hidden.copy(), dict(self.witness), self.cost
                tried.clear()
        self.hidden, self.witness = best, best_witness
        return best.copy()

    def _without(self, column: int, pattern: Mask, witness: dict[Need, Whole]) -> bool:
        barred = self.barred.copy()
        self.barred[column] = True
        self.hidden = pattern.copy()
        self.hidden[column] = False
        self.witness = {n: w for n, w in witness.items() if n.column != column and not w[column]}
        try:
            self._grow()
            self._shrink()
        except CannotProtectError:
            return False
        finally:
            self.barred = barred
        return True

    def _grow(self) -> None:
        """Hide more until every need of every hidden cell is met."""
        sensitive = np.flatnonzero(self.component.is_sensitive)
        self._meet(n for column in sensitive for n in self._needs[column])
        while True:
            open_needs = self._open_conditional_needs()
            if not open_needs:
                return
            self._meet(open_needs)

    def _meet(self, needs: Iterable[Need]) -> None:
        todo = sorted(needs, key=lambda n: (-n.amount, n.column, n.sign))
        self._attacker.set_hidden(self.hidden)
        self._meet_jointly([n for n in todo if n not in self.witness and not self._from_library(n)])
        for need in todo:
            if need in self.witness or self._from_library(need):
                continue
            self._attacker.set_hidden(self.hidden)
            if self._answer(need):
                continue
            unit_cost = np.where(self.hidden, 1e-4, self.component.cost)
            found = self._perturbation.cheapest(need, unit_cost, self.barred & ~self.always)
            if found is None:
                raise CannotProtectError(need.column)
            self.hidden |= found != 0
            self._learn(found)
            self.witness[need] = found

    def _meet_jointly(self, needs: list[Need]) -> None:
        """Tables of the pattern as it stands that meet many needs at once, as long as they do."""
        for sign in (1, -1):
            todo = [n for n in needs if n.sign == sign]
            while len(todo) > 1:
                found = self._attacker.joint_witness(todo)
                if found is None:
                    break
                self._learn(found)
                left = [n for n in todo if not self._from_library(n)]
                if len(left) == len(todo):
                    break
                todo = left

    def _learn(self, deviation: Whole) -> None:
        self._library.append(deviation)
        if (self.component.floor <= -deviation).all():
            self._library.append(-deviation)

    def _from_library(self, need: Need) -> bool:
        """Whether a table found earlier, which moves hidden cells only, meets a need."""
        published = ~self.hidden
        for deviation in reversed(self._library):
            if is_met(need, deviation) and not deviation[published].any():
                self.witness[need] = deviation
                return True
        return False

    def _open_conditional_needs(self) -> list[Need]:
        """Needs of the protected hidden cells that are not small: these may also be recognisable as not small."""
        self._attacker.set_hidden(self.hidden)
        cells = np.flatnonzero(self.hidden & (self.component.k > 0) & ~self.component.is_sensitive)
        found: list[Need] = []
        for column in cells:
            for need in self._needs[column]:
                if need in self.witness or self._from_library(need):
                    continue
                if not self._answer(need) and not self._is_clear(int(column)):
                    found.append(need)
        return found

    def _answer(self, need: Need) -> bool:
        deviation = self._attacker.witness(need)
        if deviation is None:
            return False
        self._learn(deviation)
        self.witness[need] = deviation
        return True

    def _is_clear(self, column: int) -> bool:
        """Whether the attacker sees that a cell is not small: zero for certain, or at least k for certain."""
        value, k = int(self.component.value[column]), int(self.component.k[column])
        need = Need(column, 1, 1) if value == 0 else Need(column, -1, value - k + 1)
        return self._attacker.witness(need) is None

    def _secondaries(self, pattern: Mask) -> list[int]:
        columns = np.flatnonzero(pattern & ~self.always)
        return [int(c) for c in sorted(columns, key=lambda c: (-self.component.cost[c], c))]

    def _shrink(self) -> None:
        """Publish again what is not needed, the dearest first."""
        self._attacker.set_hidden(self.hidden)
        for column in self._secondaries(self.hidden):
            self._attacker.publish(column, is_published=True)
            self.hidden[column] = False
            replaced = self._replacements(column)
            if replaced is None:
                self.hidden[column] = True
                self._attacker.publish(column, is_published=False)
            else:
                self.witness = replaced

    def _replacements(self, column: int) -> dict[Need, Whole] | None:
        """Witnesses that do without a cell, None if a need has none."""
        kept = {n: w for n, w in self.witness.items() if n.column != column and not w[column]}
        lost = sorted(
            (n for n, w in self.witness.items() if n.column != column and w[column]),
            key=lambda n: (-self._blame.get(n, 0), n),
        )
        previous, self.witness = self.witness, kept
        lost = [n for n in lost if not self._from_library(n)]
        if all(self._is_reachable(n) for n in lost):
            self._meet_jointly(lost)
            if all(n in kept or self._from_library(n) or self._answer(n) or self._may_go(n) for n in lost):
                return kept
        self.witness = previous
        return None

    def _is_reachable(self, need: Need) -> bool:
        """Whether the linear program, or the rule for cells that are not small, lets a need pass."""
        if self._attacker.reaches(need) or self._may_go(need):
            return True
        self._blame[need] = self._blame.get(need, 0) + 1
        return False

    def _may_go(self, need: Need) -> bool:
        return not self.component.is_sensitive[need.column] and self._is_clear(need.column)
