"""Proves by witness tables that a pattern is safe, and publishes again what the proof does without.

Belongs here: the pattern of one component as it stands, its needs, and for each need a witness: a whole, non-negative
table that agrees with everything published. What to hide is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from kim_pipeline.disclosure.solver import Attacker, Need, needs_of
from kim_pipeline.disclosure.system import Component, Mask, Wholes

_REMEMBERED = 100
_SETTLED_EVERY = 4


class Proof:
    """A pattern of one component, and the witnesses found for its needs."""

    def __init__(self, component: Component, always: Mask, hidden: Mask) -> None:
        """Take a pattern to prove.

        Args:
            component: the component.
            always: cells that are hidden in every pattern.
            hidden: the pattern.
        """
        self.component, self.always, self.hidden = component, always, hidden.copy()
        self.witness: dict[Need, Wholes] = {}
        self.attacker = Attacker(component, hidden)
        self._tables: list[Wholes] = []
        self._blame: dict[Need, int] = {}

    def hide(self, hidden: Mask) -> None:
        """Go on with another pattern; witnesses that move published cells stay in memory only."""
        self.hidden = hidden.copy()
        self.attacker.set_hidden(self.hidden)

    def learn(self, deviation: Wholes) -> None:
        """Remember a table, and its mirror image if that is not negative."""
        self._tables.append(deviation)
        if (self.component.floor <= -deviation).all():
            self._tables.append(-deviation)
        del self._tables[:-_REMEMBERED]

    def adopt(self, needs: Iterable[Need]) -> list[Need]:
        """Look for witnesses among the tables found so far; returns the needs that have none."""
        todo = [n for n in needs if n not in self.witness]
        published = ~self.hidden
        usable = [table for table in self._tables if not table[published].any()]
        if not usable or not todo:
            return todo
        columns, signs = np.array([n.column for n in todo]), np.array([n.sign for n in todo])
        amounts = np.array([n.amount for n in todo])
        meets = np.stack(usable)[:, columns] * signs >= amounts
        for number, need in enumerate(todo):
            found = np.flatnonzero(meets[:, number])
            if found.size:
                self.witness[need] = usable[found[-1]]
        return [n for n in todo if n not in self.witness]

    def meet_jointly(self, needs: Iterable[Need]) -> list[Need]:
        """Find tables that meet many needs at once, as long as that works; returns what is left."""
        left: list[Need] = []
        given = list(needs)
        for sign in (1, -1):
            todo = self.adopt(n for n in given if n.sign == sign)
            while todo:
                found = self.attacker.joint_witness(todo)
                if found is None:
                    break
                self.learn(found)
                remaining = self.adopt(todo)
                if len(remaining) == len(todo):
                    break
                todo = remaining
            left.extend(todo)
        return left

    def answer(self, need: Need) -> bool:
        """Find a witness for one need, if there is one."""
        if not self.adopt([need]):
            return True
        deviation = self.attacker.witness(need)
        if deviation is None:
            return False
        self.learn(deviation)
        self.witness[need] = deviation
        return True

    def is_clear(self, column: int) -> bool:
        """Whether the attacker sees that a cell is not small: zero for certain, or at least k for certain."""
        if self.component.is_sensitive[column]:
            return False
        return self.attacker.witness(exposure(self.component, column)) is None

    def secondaries(self) -> list[int]:
        """Hidden cells that need not be hidden in every pattern, the dearest first."""
        columns = np.flatnonzero(self.hidden & ~self.always)
        return [int(c) for c in sorted(columns, key=lambda c: (-self.component.cost[c], c))]

    def shrink(self) -> None:
        """Publish again what the proof does without, the dearest first; every need must have its witness already."""
        core, kept = self.always.copy(), 0
        for column in self.secondaries():
            self.attacker.publish(column, is_published=True)
            self.hidden[column] = False
            if not self._holds_without(column):
                self.hidden[column] = core[column] = True
                self.attacker.publish(column, is_published=False)
                kept += 1
                if kept % _SETTLED_EVERY == 0:
                    self._settle(core)

    def _settle(self, core: Mask) -> None:
        """Find witnesses that need the core alone: whatever else is published later, these stay."""
        untested, before = ~core, self.hidden
        pending = {n: w for n, w in self.witness.items() if w[untested].any()}
        self.witness = {n: w for n, w in self.witness.items() if n not in pending}
        self.hide(core)
        for need in self.meet_jointly(pending):
            self.witness[need] = pending[need]
        self.hide(before)

    def _holds_without(self, column: int) -> bool:
        previous = self.witness
        self.witness = {n: w for n, w in previous.items() if n.column != column and not w[column]}
        lost = [n for n, w in previous.items() if n.column != column and w[column]]
        lost = self.adopt(lost)
        if self._are_reachable(lost) and all(
            self.answer(n) or self.is_clear(n.column) for n in self.meet_jointly(lost)
        ):
            return True
        self.witness = previous
        return False

    def _are_reachable(self, needs: list[Need]) -> bool:
        """Whether all needs can pass: those first that a deviation towards all of them leaves open."""
        left = [n for sign in (1, -1) if (same := [n for n in needs if n.sign == sign]) for n in self._left(same)]
        return all(self._is_reachable(n) for n in sorted(left, key=lambda n: (-self._blame.get(n, 0), n)))

    def _left(self, needs: list[Need]) -> list[Need]:
        return needs if len(needs) == 1 else self.attacker.unreached(needs)

    def _is_reachable(self, need: Need) -> bool:
        """Whether the linear program, or the rule for cells that are not small, lets a need pass."""
        if self.attacker.reaches(need) or self.is_clear(need.column):
            return True
        self._blame[need] = self._blame.get(need, 0) + 1
        return False


def exposure(component: Component, column: int) -> Need:
    """What makes a cell that is not small look as if it could be."""
    value, k = int(component.value[column]), int(component.k[column])
    return Need(column, 1, 1) if value == 0 else Need(column, -1, value - k + 1)


def shrunk(
    component: Component, always: Mask, hidden: Mask, witness: dict[Need, Wholes]
) -> tuple[Mask, dict[Need, Wholes]]:
    """Publish again what is not needed, in each part of the component that hidden cells hold together.

    Args:
        component: the component.
        always: cells that are hidden in every pattern.
        hidden: a safe pattern.
        witness: of every need that the pattern must meet.

    Returns:
        A pattern of which no secondary can be left out alone, and its witnesses.
    """
    result, kept = hidden.copy(), dict[Need, Wholes]()
    for columns, part in component.parts(hidden):
        place = {int(column): number for number, column in enumerate(columns)}
        inside = [n for n in witness if n.column in place]
        proof = Proof(part, always[columns], np.ones(part.size, dtype=np.bool_))
        proof.witness = {Need(place[n.column], n.sign, n.amount): witness[n][columns] for n in inside}
        if not always[columns].all():
            proof.shrink()
        result[columns] = proof.hidden
        for need, table in proof.witness.items():
            whole = np.zeros(component.size, dtype=np.int64)
            whole[columns] = table
            kept[Need(int(columns[need.column]), need.sign, need.amount)] = whole
    return result, kept


def all_needs(component: Component, columns: Iterable[int]) -> list[Need]:
    """The needs of cells, the greatest first."""
    needs = [n for c in columns if component.k[c] for n in needs_of(component, int(c))]
    return sorted(needs, key=lambda n: (-n.amount, n.column, n.sign))
