"""Whether a map is worth drawing, and its classes (`paper.md` §1.10).

Belongs here: rules of plain values. Hidden values never take part in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

LEAST_VISIBLE = 8
LEAST_SPREAD = 1.5
_CLASSES = (4, 3, 2)


def is_worth_a_map(values: Sequence[float]) -> bool:
    """Whether at least eight values are visible and the largest is at least 1.5 times the smallest."""
    return len(values) >= LEAST_VISIBLE and max(values) >= LEAST_SPREAD * min(values) and max(values) > 0


def bounds(values: Sequence[float], decimals: int) -> list[float]:
    """Where classes of about equal numbers of values meet: halfway between neighbours, rounded, all different.

    Args:
        values: the visible ones.
        decimals: of the figures as they are written.

    Returns:
        Three bounds of four classes; fewer where rounding would make two equal or leave a class empty.
    """
    ordered = sorted(values)
    for classes in _CLASSES:
        cuts = [round(len(ordered) * at / classes) for at in range(1, classes)]
        found = [_rounded((ordered[cut - 1] + ordered[cut]) / 2, decimals) for cut in cuts]
        edges = [ordered[0], *found, ordered[-1]]
        if len(set(found)) == len(found) and all(_holds_any(ordered, edges, at) for at in range(classes)):
            return found
    return []


def _holds_any(values: Sequence[float], edges: Sequence[float], at: int) -> bool:
    return any(class_of(value, edges[1:-1]) == at for value in values)


def class_of(value: float, found: Sequence[float]) -> int:
    """The class of a value, from 0."""
    return sum(value >= bound for bound in found)


def _rounded(value: float, decimals: int) -> float:
    step = Decimal(1).scaleb(-decimals)
    return float(Decimal(repr(value)).quantize(step, rounding=ROUND_HALF_UP))
