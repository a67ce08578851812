"""Cells, relations and components: what is refused, what is linked."""

from __future__ import annotations

import re

import pytest

from kim_pipeline.disclosure import Cell, LinkedSystem, LinkedSystemError, Relation, RelationKind, Role


def test_relation_that_does_not_hold_is_named_with_its_cells() -> None:
    cells = [Cell("total", 10), Cell("a", 4), Cell("b", 5)]
    with pytest.raises(LinkedSystemError, match=r"county 2023 .*-1·total \+1·a \+1·b = 0\.") as told:
        LinkedSystem(cells, [Relation.total("county 2023", "total", ["a", "b"])])
    assert not {"10", "4", "5"} & set(re.findall(r"\d+", str(told.value)))  # counts stay where they are


def test_inequality_that_does_not_hold() -> None:
    with pytest.raises(LinkedSystemError, match="unmet ≤ needs"):
        LinkedSystem([Cell("n", 4), Cell("u", 5)], [Relation.at_most("unmet ≤ needs", "u", "n")])


def test_relation_with_a_constant() -> None:
    cells = [Cell("a", 4), Cell("b", 5)]
    LinkedSystem(
        cells, [Relation("sum", (("a", 1), ("b", 1)), 9), Relation("most", (("a", 1),), 4, RelationKind.AT_MOST)]
    )


def test_unknown_and_doubled_cells() -> None:
    with pytest.raises(LinkedSystemError, match="nennt die Zelle b"):
        LinkedSystem([Cell("a", 1)], [Relation.total("t", "a", ["b"])])
    with pytest.raises(LinkedSystemError, match="Zelle a kommt zweimal vor"):
        LinkedSystem([Cell("a", 1), Cell("a", 1)], [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"value": -1}, "nicht negativ"),
        ({"value": 1, "k": 1}, "schützt nichts"),
        ({"value": 1, "k": 5, "role": Role.KNOWN}, "lässt sich nicht schützen"),
        ({"value": 1, "treat_as_small": True}, "was ein k hat"),
        ({"value": 1, "factor": 0.0}, "kostet etwas"),
    ],
)
def test_impossible_cells(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(LinkedSystemError, match=message):
        Cell("a", **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "k", "treat_as_small", "expected"),
    [(0, 5, False, False), (1, 5, False, True), (4, 5, False, True), (5, 5, False, False), (5, 5, True, True),
     (0, 5, True, False), (1, None, False, False)],
)  # fmt: skip
def test_primaries(value: int, k: int | None, treat_as_small: bool, expected: bool) -> None:
    assert Cell("a", value, k, treat_as_small=treat_as_small).is_sensitive is expected


def test_known_cells_do_not_link() -> None:
    cells = [Cell("a", 4), Cell("b", 4), Cell("c", 3), Cell("d", 3), Cell("known", 1, role=Role.KNOWN)]
    relations = [
        Relation("first", (("a", 1), ("b", -1), ("known", 1)), 1),
        Relation("second", (("c", 1), ("d", -1), ("known", 1)), 1),
    ]
    assert [part.ids for part in LinkedSystem(cells, relations).components()] == [("a", "b"), ("c", "d")]


def test_unknown_cells_link() -> None:
    cells = [Cell("a", 4), Cell("b", 3), Cell("rest", 1, role=Role.UNKNOWN)]
    system = LinkedSystem(cells, [Relation.total("t", "a", ["b", "rest"])])
    assert [part.ids for part in system.components()] == [("a", "b", "rest")]
    assert [(c.id, c.value) for c in system.published({"b"})] == [("a", 4), ("b", None), ("rest", None)]
