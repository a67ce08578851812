"""Patterns: the cases with known answers of `privacy.md`, and properties that every pattern has."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Mapping
from itertools import combinations

import pytest

from kim_pipeline.disclosure import (
    Cell,
    LinkedSystem,
    LinkedSystemError,
    Pattern,
    Relation,
    Role,
    UnprotectableError,
    at_risk,
    audit,
    protect,
)
from kim_pipeline.disclosure.optimum import SearchLimits

pytestmark = pytest.mark.slow


def row_of(total: int, parts: list[int], k: int) -> LinkedSystem:
    """One row, `total`, whose parts are named by their place: `p0`, `p1`, and so on."""
    cells = [Cell("total", total, k), *(Cell(f"p{n}", value, k) for n, value in enumerate(parts))]
    names = [f"p{n}" for n in range(len(parts))]
    return LinkedSystem(cells, [Relation.total("row", "total", names)])


def table_of(values: list[list[int]], k: int, *, name: str = "") -> LinkedSystem:
    """A table with margins: cells `01` in row 0, column 1; row margins `0t`, column margins `t1`, `tt` in all."""
    return LinkedSystem(*table_parts(values, k, name))


def table_parts(values: list[list[int]], k: int, name: str = "") -> tuple[list[Cell], list[Relation]]:
    full = [[*row, sum(row)] for row in values]
    full.append([sum(column) for column in zip(*full, strict=True)])
    row_names = [*map(str, range(len(values))), "t"]
    column_names = [*map(str, range(len(values[0]))), "t"]
    cells = [
        Cell(f"{name}{r}{c}", full[i][j], k, factor=1 + (r == "t") + (c == "t"))
        for i, r in enumerate(row_names)
        for j, c in enumerate(column_names)
    ]
    rows = [
        Relation.total(f"{name}{r}.", f"{name}{r}t", [f"{name}{r}{c}" for c in column_names[:-1]]) for r in row_names
    ]
    columns = [
        Relation.total(f"{name}.{c}", f"{name}t{c}", [f"{name}{r}{c}" for r in row_names[:-1]]) for c in column_names
    ]
    return cells, rows + columns


def risks(system: LinkedSystem, hidden: frozenset[str]) -> list[str]:
    rows = audit(system.published(hidden), system.relations, sensitive=system.sensitive())
    return [row.cell for row in at_risk(rows)]


def cost(system: LinkedSystem, hidden: frozenset[str]) -> float:
    return sum(system.cells[i].cost for i in hidden)


# --- cases with known answers ----------------------------------------------------------------------------------------


def test_ones_are_enough_while_zeros_may_be_hidden() -> None:
    system = row_of(15, [10, 3, 1, 1], k=2)
    pattern = protect(system)
    assert pattern.hidden == {"p2", "p3"}
    assert pattern.is_optimal
    assert risks(system, pattern.hidden) == []


def test_below_the_threshold_in_sum() -> None:
    system = row_of(23, [15, 5, 3], k=11)
    rows = audit(system.published({"p1", "p2"}), system.relations)
    assert [(row.lower, row.upper, row.passed) for row in rows] == [(0, 8, False), (0, 8, False)]
    assert protect(system).hidden == {"p0", "p1", "p2"}


TWO_BY_FIVE = [[1, 1, 7, 1, 0], [1, 0, 0, 2, 8]]
SMALL = {"00", "01", "03", "10", "13", "t0", "t1"}


def test_two_by_five_needs_nothing_beyond_the_primaries() -> None:
    system = table_of(TWO_BY_FIVE, k=3)
    assert system.sensitive() == SMALL
    pattern = protect(system)
    assert pattern.hidden == SMALL
    assert risks(system, pattern.hidden) == []


REGIONS = {"A": 2, "B": 2, "C": 8, "D": 8, "E": 3, "F": 3, "G": 3, "H": 7}
CUTS = {"county 1": "ABCD", "county 2": "EFGH", "small": "ABCDEH", "big": "FG"}


def regions(cuts: list[str]) -> LinkedSystem:
    used = {**REGIONS, **{cut: sum(REGIONS[r] for r in CUTS[cut]) for cut in cuts}}
    cells = [Cell(i, value, 4, factor=1 if i in REGIONS else 3) for i, value in used.items()]
    return LinkedSystem(cells, [Relation.total(cut, cut, CUTS[cut]) for cut in cuts])


def test_regions_by_county_and_by_size_protected_table_by_table() -> None:
    by_county, by_size = regions(["county 1", "county 2"]), regions(["small", "big"])
    first = protect(by_county)
    second = protect(by_size, hidden=first.hidden & by_size.cells.keys())
    assert risks(by_county, first.hidden) == []
    assert risks(by_size, second.hidden) == []
    joint = regions(list(CUTS))
    rows = {r.cell: r for r in audit(joint.published(first.hidden | second.hidden), joint.relations)}
    assert (rows["E"].lower, rows["E"].upper, rows["E"].passed) == (3, 3, False)
    pattern = protect(joint)
    assert pattern.is_optimal
    assert risks(joint, pattern.hidden) == []


# --- every pattern ---------------------------------------------------------------------------------------------------


def random_table(seed: int, rows: int, columns: int, top: int = 12) -> list[list[int]]:
    rng = random.Random(seed)
    return [[round(rng.paretovariate(0.8)) % top for _ in range(columns)] for _ in range(rows)]


@pytest.mark.parametrize("seed", range(6))
def test_publishing_any_secondary_of_an_optimum_again_fails_the_audit(seed: int) -> None:
    system = table_of(random_table(seed, 5, 4), k=4)
    pattern = protect(system)
    assert pattern.is_optimal
    assert risks(system, pattern.hidden) == []
    secondaries = pattern.hidden - system.sensitive()
    assert secondaries
    for cell_id in sorted(secondaries):
        assert risks(system, pattern.hidden - {cell_id}), f"{cell_id} was not needed"


@pytest.mark.parametrize("seed", range(8))
def test_optimum_agrees_with_trying_all_patterns(seed: int) -> None:
    system = table_of(random_table(seed, 2, 3, 7), k=3)
    candidates = sorted(system.cells.keys() - system.sensitive())
    safe = [
        hidden
        for size in range(len(candidates) + 1)
        for chosen in combinations(candidates, size)
        if not risks(system, hidden := system.sensitive() | set(chosen))
    ]
    pattern = protect(system)
    assert pattern.is_optimal
    assert pattern.cost == pytest.approx(min(cost(system, hidden) for hidden in safe))
    assert pattern.cost == pytest.approx(cost(system, pattern.hidden))


def test_cost_prefers_small_cells_and_spares_headline_figures() -> None:
    assert Cell("a", 0).cost == 1
    assert Cell("a", 9, factor=3).cost == pytest.approx(3 * (1 + math.log(10)))
    assert Cell("a", 9, role=Role.UNKNOWN).cost == 0


def test_zeros_are_hidden_where_they_help() -> None:
    assert protect(row_of(12, [9, 3, 0], k=3)).hidden == frozenset()
    assert protect(row_of(14, [9, 3, 2, 0], k=3)).hidden == {"p1", "p2"}
    system = row_of(2000, [900, 1097, 3, 0], k=4)
    assert protect(system).hidden == {"p2", "p0"}, "a zero beside a three is not enough for a k of 4"


def test_all_of_a_group_is_treated_as_small() -> None:
    cells = [Cell("without", 12, 5, treat_as_small=True), Cell("with", 0, 5), Cell("all", 12, 5, factor=3)]
    system = LinkedSystem(cells, [Relation.total("consultations", "all", ["without", "with"])])
    pattern = protect(system)
    assert pattern.hidden == {"all", "without"}, "12 of 12 known together could never be 17"
    assert {r.cell: (r.lower, r.upper) for r in audit(system.published(pattern.hidden), system.relations)} == {
        "without": (0, None),
        "all": (0, None),
    }


def test_inequality_is_used_by_the_attacker() -> None:
    """The unmet are 3 of needs 4 (k = 5): they are hidden too, or `unmet ≤ 4` would be known."""
    cells = [Cell("needs", 40, 5), Cell("unmet", 3, 5)]
    ample = LinkedSystem(cells, [Relation.at_most("u ≤ n", "unmet", "needs")])
    assert protect(ample).hidden == {"unmet"}
    cells = [Cell("needs", 4, None), Cell("unmet", 3, 5)]
    tight = LinkedSystem(cells, [Relation.at_most("u ≤ n", "unmet", "needs")])
    assert protect(tight).hidden == {"needs", "unmet"}


def test_unpublished_cells_protect_for_nothing() -> None:
    cells = [Cell("requests", 30, 3), Cell("done", 20, 3), Cell("unfilled", 2, 3), Cell("off", 8, role=Role.UNKNOWN)]
    system = LinkedSystem(cells, [Relation.total("requests", "requests", ["done", "unfilled", "off"])])
    assert protect(system).hidden == {"unfilled"}


def test_small_unpublished_cells_are_protected() -> None:
    cells = [Cell("requests", 30, 3), Cell("done", 20, 3), Cell("unfilled", 8, 3), Cell("off", 2, 3, Role.UNKNOWN)]
    system = LinkedSystem(cells, [Relation.total("requests", "requests", ["done", "unfilled", "off"])])
    pattern = protect(system)
    assert pattern.hidden == {"unfilled"}
    assert risks(system, pattern.hidden) == []


def test_cells_hidden_for_other_reasons() -> None:
    system = row_of(15, [10, 3, 1, 1], k=2)
    assert protect(system, hidden=["p1"]).hidden == {"p1", "p2", "p3"}
    with pytest.raises(LinkedSystemError, match="p9"):
        protect(system, hidden=["p9"])


def test_cell_in_no_relation() -> None:
    pattern = protect(LinkedSystem([Cell("a", 2, 5), Cell("b", 7, 5)], []))
    assert pattern.hidden == {"a"}
    assert pattern.is_optimal


def test_unprotectable_cell_is_named() -> None:
    cells = [Cell("total", 3, role=Role.KNOWN), Cell("a", 2, 5), Cell("b", 1, 5)]
    with pytest.raises(UnprotectableError, match=r"Zelle b lässt sich nicht .* a, total\. .* gröber") as caught:
        protect(LinkedSystem(cells, [Relation.total("row", "total", ["a", "b"])]))
    assert (caught.value.cell, caught.value.related) == ("b", ["a", "total"])


def test_cells_that_nothing_protects_are_withheld_and_the_others_protected() -> None:
    cells = [Cell("known", 3, role=Role.KNOWN), Cell("rest", 3, role=Role.KNOWN), Cell("total", 32, 5)]
    cells += [Cell(i, value, 5) for i, value in {"a": 2, "b": 1, "c": 4, "d": 23}.items()]
    relations = [Relation.total("lost", "known", "ab"), Relation.total("row", "total", ["a", "c", "d", "rest"])]
    system = LinkedSystem(cells, relations)
    pattern = protect(system, withhold=True)
    assert pattern.withheld == {"a", "b"}
    assert pattern.hidden >= {"a", "b", "c"}
    assert set(risks(system, pattern.hidden)) == {"a", "b"}


def test_result_depends_on_neither_order_nor_run() -> None:
    cells, relations = table_parts(random_table(3, 6, 5), k=5)
    first = protect(LinkedSystem(cells, relations))
    again = protect(LinkedSystem(cells[::-1], relations[::-1]))
    assert first.hidden == again.hidden
    quick: list[Pattern] = [protect(LinkedSystem(cells, relations), optimum_up_to=0) for _ in range(2)]
    assert quick[0].hidden == quick[1].hidden
    assert [part.method for part in quick[0].components] == ["heuristic"]


def test_limits_give_the_best_so_far() -> None:
    system = table_of(random_table(3, 6, 5), k=5)
    pattern = protect(system, limits=SearchLimits(rounds=0, relaxed_rounds=1))
    assert not pattern.is_optimal
    assert risks(system, pattern.hidden) == []


# --- patterns that are kept ------------------------------------------------------------------------------------------


class Kept:
    """A memory of one night."""

    def __init__(self, cells: dict[str, tuple[int, bool]] | None = None) -> None:
        self.cells, self.solved = cells or {}, dict[str, Collection[str]]()

    def recall(self, digest: str, forced: Collection[str] = ()) -> Collection[str] | None:
        return self.solved.get(digest)

    def note(self, digest: str, forced: Collection[str], hidden: Collection[str]) -> None:
        self.solved[digest] = hidden

    def last_seen(self, cell_id: str) -> tuple[int, bool] | None:
        return self.cells.get(cell_id)

    def note_cells(self, cells: Mapping[str, tuple[int, bool]]) -> None:
        self.cells = dict(cells)


def four(a: int, b: int, c: int, d: int) -> LinkedSystem:
    cells = [
        Cell("total", a + b + c + d, 5, factor=5),
        *(Cell(i, v, 5) for i, v in zip("ABCD", (a, b, c, d), strict=True)),
    ]
    return LinkedSystem(cells, [Relation.total("row", "total", "ABCD")])


def test_a_figure_that_has_not_changed_stays_printed_or_hidden() -> None:
    """A night that hid A and B, and another that hid A and C, together would tell that A = 73 - 15 - 41 - 14 = 3."""
    memory = Kept()
    assert protect(four(3, 13, 14, 40), memory=memory).hidden == {"A", "B"}
    tomorrow = four(3, 15, 14, 41)
    assert protect(tomorrow).hidden == {"A", "C"}, "from nothing C is the cheaper one"
    kept = protect(tomorrow, memory=memory)
    assert kept.hidden == {"A", "B"}
    assert {part.method for part in kept.components} == {"kept"}
    assert memory.cells["C"] == (14, False)


def test_what_is_hidden_and_no_longer_small_stays_hidden_while_its_neighbour_has_not_changed() -> None:
    memory = Kept()
    protect(four(3, 13, 14, 40), memory=memory)
    assert protect(four(9, 13, 14, 40)).hidden == frozenset()
    assert protect(four(9, 13, 14, 40), memory=memory).hidden >= {"B"}


def test_a_printed_figure_that_has_not_changed_is_hidden_only_where_nothing_else_helps() -> None:
    memory = Kept({"total": (70, False), "A": (6, False), "B": (13, False), "C": (14, False), "D": (40, False)})
    changed = four(3, 13, 14, 43)
    assert protect(changed, memory=memory).hidden == {"A", "D"}, "D has changed and is as good as hidden"
    assert protect(pair(Role.PUBLISHED), memory=Kept(PAIR)).hidden == {"A", "total"}
    assert protect(pair(Role.KNOWN), memory=Kept(PAIR)).hidden == {"A", "B"}


PAIR = {"total": (20, False), "A": (6, False), "B": (14, False)}


def pair(role: Role) -> LinkedSystem:
    cells = [Cell("total", 17, role=role), Cell("A", 3, 5), Cell("B", 14, 5)]
    return LinkedSystem(cells, [Relation.total("row", "total", "AB")])


@pytest.mark.parametrize("seed", range(6))
def test_kept_patterns_are_safe_and_keep(seed: int) -> None:
    values, memory, chance = random_table(seed, 5, 4), Kept(), random.Random(seed)
    for _ in range(5):
        system = table_of(values, k=4)
        before = dict(memory.cells)
        hidden = protect(system, memory=memory).hidden
        assert risks(system, hidden) == []
        same = {i for i, (value, _) in before.items() if value == system.cells[i].value}
        assert {i for i in same if before[i][1]} <= hidden
        values[chance.randrange(5)][chance.randrange(4)] += 1


def test_what_must_be_hidden_is_hidden_whatever_is_remembered() -> None:
    system, memory = four(3, 13, 14, 40), Kept()
    protect(system, memory=memory)
    memory.solved = {digest: ["D"] for digest in memory.solved}
    assert protect(system, memory=memory).hidden == {"A", "D"}
