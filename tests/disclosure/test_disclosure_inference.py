"""What somebody infers who knows the rules: the measure of attacker 5, on tables with known answers."""

from __future__ import annotations

import itertools

import pytest

from kim_pipeline.disclosure import PublishedCell, Relation, RelationKind
from kim_pipeline.disclosure.inference import inferred

SUM = Relation.total("t", "t", ["a", "b", "c"])


def hidden(*names: str, k: int = 5) -> list[PublishedCell]:
    return [PublishedCell(name, None, k) for name in names]


def small(k: int = 5, **true: int) -> dict[str, tuple[int, int]]:
    return {name: (1, k) for name, value in true.items() if 0 < value < k}


def explained_by_hand(total: int, k: int) -> set[tuple[int, ...]]:
    """Tables of three with a printed total in which every one must be hidden, or a small one is too well known.

    Two of them that are hidden alone add up to a known number; each of them is possible from 0 to that.
    """
    found = set()
    for table in itertools.product(range(total + 1), repeat=3):
        if sum(table) != total or not any(0 < x < k for x in table):
            continue
        if all(
            0 < x < k or (any(0 < y < k for y in rest) and sum(rest) < k)
            for n, x in enumerate(table)
            if (rest := [y for m, y in enumerate(table) if m != n])
        ):
            found.add(table)
    return found


def test_twelve_of_three_that_are_all_hidden() -> None:
    """`privacy.md`: 12 = a + b + c. Only 4 + 4 + 4 has no cell of 5 or more; else one is large, and two are tiny."""
    true = {"a": 4, "b": 4, "c": 4}
    found = inferred([PublishedCell("t", 12, 5), *hidden("a", "b", "c")], [SUM], true, small(**true))
    by_hand = explained_by_hand(12, 5)
    assert (4, 4, 4) in by_hand
    assert all(max(table) >= 8 for table in by_hand - {(4, 4, 4)})
    assert found.narrowed == {name: tuple(sorted({table[n] for table in by_hand})) for n, name in enumerate("abc")}
    assert set(range(1, 6)) - set(found.narrowed["a"]) == {5}
    assert (found.enumerated, found.too_large, found.unexplained) == (3, 0, 0)


def test_twelve_of_three_none_of_which_is_large_is_exact() -> None:
    """Where each is bounded by a printed figure, as unmet needs are by needs, the rules leave 4 + 4 + 4 alone."""
    true = {"a": 4, "b": 4, "c": 4}
    bounds = [Relation(f"bound {name}", ((name, 1),), 7, RelationKind.AT_MOST) for name in true]
    found = inferred([PublishedCell("t", 12, 5), *hidden(*true)], [SUM, *bounds], true, small(**true))
    assert found.narrowed == {"a": (4,), "b": (4,), "c": (4,)}
    assert found.exact == 3


def test_two_that_hide_each_other_tell_nothing_more() -> None:
    true = {"a": 3, "b": 6}
    total = Relation.total("t", "t", ["a", "b"])
    found = inferred([PublishedCell("t", 9, 5), *hidden("a", "b")], [total], true, small(**true))
    assert (found.narrowed, found.enumerated) == ({}, 1)


def test_a_pattern_that_the_rules_do_not_explain_tells_nothing() -> None:
    """Kept from an earlier night: c would be printed today."""
    true = {"a": 3, "b": 4, "c": 20}
    found = inferred([PublishedCell("t", 27, 5), *hidden(*true)], [SUM], true, small(**true))
    assert (found.narrowed, found.enumerated, found.unexplained) == ({}, 2, 2)


@pytest.mark.parametrize("without_end", [True, False])
def test_what_is_too_large_to_enumerate_is_counted(without_end: bool) -> None:
    names = ["a", "b"] if without_end else [f"x{n}" for n in range(12)]
    total = Relation.total("t", "t", names)
    cells = [PublishedCell("t", None if without_end else 30, 5), *hidden(*names)]
    found = inferred(cells, [total], dict.fromkeys([*names, "t"], 2), dict.fromkeys(names, (1, 5)))
    assert (found.narrowed, found.enumerated, found.too_large) == ({}, 0, len(names))
