"""Linked sets: protected together, not table by table."""

from __future__ import annotations

import random

import pytest

from kim_pipeline.disclosure import Cell, LinkedSystem, Relation, Role, at_risk, audit, protect, windows
from kim_pipeline.disclosure import pattern as pattern_module
from kim_pipeline.disclosure.optimum import USUAL, SearchLimits

pytestmark = pytest.mark.slow

TABLES = ("opened", "closed", "start", "end")


def flows(seed: int, areas: int, columns: int, mean: float, k: int = 5) -> tuple[list[Cell], list[Relation]]:
    """Stock at the start and end, inflow and outflow, by area and column, with margins."""
    rng = random.Random(seed)
    cells: list[Cell] = []
    relations: list[Relation] = []
    values: dict[str, list[list[int]]] = {t: [] for t in TABLES}
    for _ in range(areas):
        rows = [_flow(rng, mean) for _ in range(columns)]
        for t in TABLES:
            values[t].append([row[t] for row in rows])
    for t, inner in values.items():
        full = [[*row, sum(row)] for row in inner]
        full.append([sum(column) for column in zip(*full, strict=True)])
        for i, row in enumerate(full):
            factor = 2.0 if i == areas else 1.0
            cells += [Cell(f"{t}/{i}/{j}", v, k, factor=factor * (1 + (j == columns))) for j, v in enumerate(row)]
            relations.append(
                Relation.total(f"{t} {i}/", f"{t}/{i}/{columns}", [f"{t}/{i}/{j}" for j in range(columns)])
            )
        relations += [
            Relation.total(f"{t} /{j}", f"{t}/{areas}/{j}", [f"{t}/{i}/{j}" for i in range(areas)])
            for j in range(columns + 1)
        ]
    return cells, relations


def _flow(rng: random.Random, mean: float) -> dict[str, int]:
    level = mean * rng.lognormvariate(-0.5, 1.0)
    start, opened = round(level * rng.random() * 2), round(level * rng.random())
    closed = min(round(level * rng.random()), start + opened)
    return {"start": start, "opened": opened, "closed": closed, "end": start + opened - closed}


def balances(cells: list[Cell]) -> list[Relation]:
    places = sorted({c.id.split("/", 1)[1] for c in cells})
    signs = {"start": 1, "opened": 1, "closed": -1, "end": -1}
    return [Relation(f"flow {p}", tuple((f"{t}/{p}", s) for t, s in signs.items())) for p in places]


def risks(system: LinkedSystem, hidden: frozenset[str]) -> list[str]:
    return [r.cell for r in at_risk(audit(system.published(hidden), system.relations, sensitive=system.sensitive()))]


def test_stock_and_flow_tables_that_pass_alone_fail_together() -> None:
    cells, relations = flows(1, areas=24, columns=13, mean=100)
    assert len(cells) == 4 * 350
    hidden: frozenset[str] = frozenset()
    for table in TABLES:
        alone = LinkedSystem(
            [c for c in cells if c.id.startswith(table)], [r for r in relations if r.name.startswith(table)]
        )
        pattern = protect(alone, optimum_up_to=0)
        assert risks(alone, pattern.hidden) == []
        hidden |= pattern.hidden
    joint = LinkedSystem(cells, [*relations, *balances(cells)])
    failing = audit(joint.published(hidden), joint.relations, sensitive=joint.sensitive())
    exact = [r for r in at_risk(failing) if r.lower == r.upper and r.cell in joint.sensitive()]
    assert exact
    assert risks(joint, protect(joint).hidden) == []


def test_publishing_any_secondary_of_a_good_pattern_again_fails_the_audit() -> None:
    """Above 120 cells a pattern may cost a little more than the cheapest; no cell of it is superfluous all the same."""
    cells, relations = flows(3, areas=6, columns=5, mean=40)
    system = LinkedSystem(cells, [*relations, *balances(cells)])
    assert len(cells) > USUAL.exact_up_to
    pattern = protect(system)
    assert risks(system, pattern.hidden) == []
    secondaries = pattern.hidden - system.sensitive()
    assert secondaries
    for cell_id in sorted(secondaries):
        assert risks(system, pattern.hidden - {cell_id}), f"{cell_id} was not needed"


def test_a_large_component_is_searched_window_by_window(monkeypatch: pytest.MonkeyPatch) -> None:
    cells, relations = flows(4, areas=8, columns=6, mean=40)
    system = LinkedSystem(cells, [*relations, *balances(cells)])
    whole = protect(system, optimum_up_to=0)
    monkeypatch.setattr(pattern_module, "_WINDOWS_FROM", 100)
    monkeypatch.setattr(windows, "_CORE", 40)
    monkeypatch.setattr(windows, "_RING", 90)
    by_windows = protect(system, optimum_up_to=0)
    assert {part.method for part in by_windows.components} == {"windows"}
    assert risks(system, by_windows.hidden) == []
    assert by_windows.cost <= 1.15 * whole.cost
    again = protect(system, optimum_up_to=0, hidden=by_windows.hidden)
    assert {part.method for part in again.components} == {"heuristic"}, "little is open: no windows"
    assert again.hidden == by_windows.hidden


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 6, 7, 10, 11, *(pytest.param(n, marks=pytest.mark.rare) for n in (5, 8))])
def test_heuristic_is_safe_and_near_the_optimum(seed: int) -> None:
    rng = random.Random(seed)
    cells, relations = flows(seed, areas=rng.randint(3, 5), columns=rng.randint(1, 3), mean=rng.choice([10, 30, 60]))
    system = LinkedSystem(cells, [*relations, *balances(cells)])
    quick = protect(system, optimum_up_to=0)
    assert risks(system, quick.hidden) == []
    best = protect(system, limits=SearchLimits(rounds=400))
    assert risks(system, best.hidden) == []
    assert best.cost <= quick.cost + 1e-9
    if best.is_optimal:
        assert quick.cost <= 1.15 * best.cost


def test_rates_stand_or_fall_with_numerator_denominator_and_difference() -> None:
    cells = [Cell("needs/county", 60, 5, factor=3), Cell("unmet/county", 25, 5, factor=3)]
    relations = []
    for n, (needs, unmet) in enumerate([(30, 12), (25, 11), (5, 2)]):
        cells += [Cell(f"needs/{n}", needs, 5), Cell(f"unmet/{n}", unmet, 5), Cell(f"met/{n}", needs - unmet, 5)]
        relations.append(Relation.total(f"needs {n}", f"needs/{n}", [f"unmet/{n}", f"met/{n}"]))
    relations += [
        Relation.total(kind, f"{kind}/county", [f"{kind}/{n}" for n in range(3)]) for kind in ("needs", "unmet")
    ]
    system = LinkedSystem(cells, relations)
    assert system.sensitive() == {"unmet/2", "met/2"}
    pattern = protect(system)
    assert pattern.is_optimal
    assert risks(system, pattern.hidden) == []
    assert not pattern.hidden & {"needs/county", "unmet/county"}


def test_rows_placed_at_the_county_are_known() -> None:
    cells = [Cell("county", 20, 5, factor=3), Cell("a", 12, 5), Cell("b", 6, 5), Cell("c", 1, 5)]
    cells.append(Cell("placed at the county", 1, role=Role.KNOWN))
    system = LinkedSystem(cells, [Relation.total("areas", "county", ["a", "b", "c", "placed at the county"])])
    pattern = protect(system)
    assert pattern.hidden == {"b", "c"}
    assert risks(system, pattern.hidden) == []
