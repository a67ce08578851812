"""A good pattern quickly: hide what the cheapest perturbations need, publish again what turns out superfluous.

Belongs here: the search on one component of the linked system (`privacy.md`, "How", 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from kim_pipeline.disclosure.proof import Proof, all_needs, shrunk
from kim_pipeline.disclosure.solver import Need, Perturbation
from kim_pipeline.disclosure.system import Component, Mask, Real, Wholes
from kim_pipeline.errors import KimError


class Effort(NamedTuple):
    """How long to search on: with how many other costs to begin, how many of these to pursue, what to do without."""

    starts: int
    pursued: int
    tries: int


_LEAST_BIAS = 0.02
THOROUGH, BRIEF = Effort(9, 2, 20), Effort(0, 0, 4)


class CannotProtectError(KimError):
    """No pattern meets the needs of a column of the component."""

    def __init__(self, column: int) -> None:
        super().__init__("Eine Zelle lässt sich nicht schützen.")
        self.column = column


class Search:
    """The search for a pattern of one component: grows until it is safe, then shrinks while it stays so."""

    def __init__(self, component: Component, forced: Mask) -> None:
        """Start from what is hidden in every pattern.

        Args:
            component: the component.
            forced: cells that are hidden for other reasons.
        """
        self.component = component
        self.always = component.is_free | component.is_sensitive | forced
        self.barred = np.zeros(component.size, dtype=np.bool_)
        self._bias = np.ones(component.size)
        self._proof = Proof(component, self.always, self.always)
        self._perturbation = Perturbation(component)

    @property
    def hidden(self) -> Mask:
        """The pattern as it stands."""
        return self._proof.hidden

    @property
    def witness(self) -> dict[Need, Wholes]:
        """Of each need of the pattern."""
        return self._proof.witness

    @property
    def cost(self) -> float:
        """Cost of the pattern as it stands."""
        return float(self.component.cost[self.hidden].sum())

    def proven(self) -> set[Need]:
        """The needs that what is hidden always meets already."""
        self._proof.hide(self.always)
        needs = all_needs(self.component, np.flatnonzero(self.component.is_sensitive))
        open_needs = {n for n in self._proof.meet_jointly(needs) if not self._proof.answer(n)}
        return set(needs) - open_needs

    def has_few_open_needs(self, up_to: int) -> bool:
        """Whether at most so many needs of primaries are not met by what is hidden always."""
        self._proof.hide(self.always)
        needs, count = all_needs(self.component, np.flatnonzero(self.component.is_sensitive)), 0
        for need in self._proof.meet_jointly(needs):
            count += not self._proof.answer(need)
            if count > up_to:
                return False
        return True

    def guide(self, share: Real) -> None:
        """Let the next runs think cells the cheaper the larger their shares, which are at most 1."""
        self._bias = np.clip(1 - share, _LEAST_BIAS, 1)

    def run(self, start: Mask | None = None, witness: Mapping[Need, Wholes] | None = None) -> Mask:
        """Find a pattern.

        Args:
            start: a pattern to begin with (what is hidden always is added).
            witness: of needs that it is known to meet.

        Returns:
            What is hidden: safe, and no secondary of it can be left out alone.

        Raises:
            CannotProtectError: there is no safe pattern.
        """
        while True:
            begin = self.always if start is None else self.always | (start & ~self.barred)
            try:
                self._from(begin, {n: w for n, w in (witness or {}).items() if not w[~begin].any()})
            except CannotProtectError as problem:
                if self.always[problem.column]:
                    raise
                self.barred[problem.column] = True  # a secondary that cannot be hidden safely stays published
            else:
                return self.hidden.copy()

    def refine(self, effort: Effort) -> Mask:
        """Search longer: begin with other costs, go on from the best of these, do without single secondaries.

        Args:
            effort: how long.

        Returns:
            The pattern, the same or a cheaper one.
        """
        chance = np.random.default_rng(1)
        first, found = self.hidden.copy(), []
        for number in range(1, effort.starts + 1):
            self._bias = chance.lognormal(0.0, 1.0, self.component.size)
            pattern = self.run()
            found.append((self.cost, number, pattern))
        self._bias = np.ones(self.component.size)
        improved = []
        promising = sorted(found, key=lambda entry: entry[:2])[: effort.pursued]
        for number, pattern in enumerate([first, *(pattern for _, _, pattern in promising)]):
            self.run(pattern)
            improved.append((self._improve(effort.tries), number, self.hidden.copy()))
        return min(improved, key=lambda entry: entry[:2])[2]

    def _improve(self, tries: int) -> float:
        """Try to do without one secondary after the other, protecting anew what this uncovers; returns the cost."""
        best, best_witness, best_cost = self.hidden.copy(), dict(self.witness), self.cost
        tried: set[int] = set()
        for _ in range(tries):
            column = next((c for c in self._proof.secondaries() if c not in tried), None)
            if column is None:
                break
            tried.add(column)
            if self._without(column) and self.cost < best_cost - 1e-9:
                best, best_witness, best_cost = self.hidden.copy(), dict(self.witness), self.cost
                tried.clear()
            self._proof.hide(best)
            self._proof.witness = dict(best_witness)
        return best_cost

    def _without(self, column: int) -> bool:
        barred, begin = self.barred.copy(), self.hidden.copy()
        self.barred[column], begin[column] = True, False
        try:
            self._from(begin, {n: w for n, w in self.witness.items() if n.column != column and not w[column]})
        except CannotProtectError:
            return False
        finally:
            self.barred = barred
        return True

    def _from(self, begin: Mask, witness: dict[Need, Wholes]) -> None:
        self._proof.hide(begin)
        self._proof.witness = witness
        self._grow()
        hidden, kept = shrunk(self.component, self.always, self.hidden, self.witness)
        self._proof.hide(hidden)
        self._proof.witness = kept

    def _grow(self) -> None:
        """Hide more until every need of every hidden cell is met."""
        self._meet(all_needs(self.component, np.flatnonzero(self.component.is_sensitive)))
        while open_needs := self._open_conditional_needs():
            self._meet(open_needs)

    def _meet(self, needs: list[Need]) -> None:
        self._proof.meet_jointly(needs)
        for need in needs:
            if need in self.witness or self._proof.answer(need):
                continue
            unit_cost = np.where(self.hidden, 1e-4, self.component.cost * self._bias)
            found = self._perturbation.cheapest(need, unit_cost, self.barred & ~self.always)
            if found is None:
                raise CannotProtectError(need.column)
            self._proof.hide(self.hidden | (found != 0))
            self._proof.learn(found)
            self.witness[need] = found

    def _open_conditional_needs(self) -> list[Need]:
        """Needs of the protected hidden cells that are not small: these may also be recognisable as not small."""
        needs = all_needs(self.component, np.flatnonzero(self.hidden & ~self.component.is_sensitive))
        left = self._proof.meet_jointly(needs)
        clear = {column: self._proof.is_clear(column) for column in dict.fromkeys(n.column for n in left)}
        return [n for n in left if not clear[n.column] and not self._proof.answer(n)]
