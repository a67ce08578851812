"""What is known of counts before anything is published: rows outside the relations are assumed to be known.

Belongs here: the least value of each count that fits the relations alone. Three cases of the county, two of them
without a municipality: whoever knows of these two (`privacy.md` assumes that everybody may) knows that the county has
at least two, whatever is published or hidden. Protection can ask no more than that nothing published tells more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from kim_pipeline.disclosure.proof import Proof
from kim_pipeline.disclosure.solver import NEAR, Need
from kim_pipeline.disclosure.system import Component, LinkedSystem


def with_prior(system: LinkedSystem) -> LinkedSystem:
    """The same system, each protected cell with the least value that is known beforehand."""
    known = prior_least(system)
    if not known:
        return system
    cells = (replace(cell, least=known.get(cell.id, 0)) for cell in system.cells.values())
    return LinkedSystem(cells, system.relations)


def prior_least(system: LinkedSystem) -> Mapping[str, int]:
    """Id → least possible value of the protected cells of which it is above 1 when everything is hidden."""
    found: dict[str, int] = {}
    for component in system.components():
        if component.row_count:
            found |= _least_of(component)
    return found


def _least_of(component: Component) -> dict[str, int]:
    everything = np.ones(component.size, dtype=np.bool_)
    proof = Proof(component, everything, everything)
    columns = np.flatnonzero((component.k > 0) & (component.value > 1))
    needs = [Need(int(c), -1, int(component.value[c]) - 1) for c in columns]
    found = {}
    for need in proof.meet_jointly(needs):
        deviation, _ = proof.attacker.relaxed(need)
        least = math.ceil(component.value[need.column] + deviation[need.column] - NEAR)
        if least > 1:
            found[component.ids[need.column]] = least
    return found
