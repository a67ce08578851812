"""The audit: intervals that can be checked by hand or by trying all tables."""

from __future__ import annotations

import ast
import random
import sys
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path

import pytest

from kim_pipeline.disclosure import AuditError, PublishedCell, Relation, at_risk, audit
from kim_pipeline.disclosure import audit as audit_function
from kim_pipeline.disclosure.system import RelationKind


def cells(values: Mapping[str, int | None], k: int | None = 5) -> list[PublishedCell]:
    return [PublishedCell(i, value, k) for i, value in values.items()]


def intervals(*args: object, **options: object) -> dict[str, tuple[int, int | None]]:
    return {row.cell: (row.lower, row.upper) for row in audit(*args, **options)}  # type: ignore[arg-type]


def test_one_row() -> None:
    rows = audit(cells({"total": 15, "a": 12, "b": None, "c": None}, 3), [Relation.total("t", "total", "abc")])
    assert [(r.cell, r.lower, r.upper, r.required_lower, r.required_upper, r.passed, r.method) for r in rows] == [
        ("b", 0, 3, 1, 3, True, "lp"),
        ("c", 0, 3, 1, 3, True, "lp"),
    ]


def test_a_single_hidden_cell_is_exact() -> None:
    (row,) = audit(cells({"total": 15, "a": 12, "b": None}), [Relation.total("t", "total", "ab")])
    assert (row.lower, row.upper, row.passed) == (3, 3, False)


def test_a_cell_in_no_relation_is_unknown() -> None:
    (row,) = audit(cells({"a": None}), [])
    assert (row.lower, row.upper, row.passed) == (0, None, True)


def test_no_upper_end() -> None:
    relation = Relation("difference", (("a", 1), ("b", -1)), 2)
    assert intervals(cells({"a": None, "b": None}), [relation]) == {"a": (2, None), "b": (0, None)}


def test_recognisable_as_not_small_is_safe_unless_the_caller_knows_better() -> None:
    published, relation = cells({"total": 40, "a": 31, "b": None}), Relation.total("t", "total", "ab")
    assert at_risk(audit(published, [relation])) == []
    assert [row.cell for row in at_risk(audit(published, [relation], sensitive={"b"}))] == ["b"]


def test_between_small_and_not_small_is_not_safe() -> None:
    published = cells({"total": 40, "a": None, "b": None, "least": 3})
    relations = [Relation.total("t", "total", "ab"), Relation.at_most("m", "least", "a")]
    assert [(row.cell, row.lower) for row in at_risk(audit(published, relations))] == [("a", 3)]


def test_numerator_and_denominator() -> None:
    relation = Relation.at_most("unmet ≤ needs", "unmet", "needs")
    assert intervals(cells({"needs": 4, "unmet": None}), [relation]) == {"unmet": (0, 4)}
    assert intervals(cells({"needs": None, "unmet": 7}), [relation]) == {"needs": (7, None)}


def test_unpublished_cells_hide_and_are_judged_if_protected() -> None:
    relation = Relation.total("requests", "requests", ["done", "unfilled", "cancelled"])
    known = cells({"requests": 30, "done": 20, "unfilled": None})
    open_rest = PublishedCell("cancelled", None, None, is_unpublished=True)
    assert [(r.cell, r.upper, r.passed) for r in audit([*known, open_rest], [relation])] == [("unfilled", 10, True)]
    protected_rest = PublishedCell("cancelled", None, 3, is_unpublished=True)
    assert len(audit([*known, protected_rest], [relation])) == 2


def test_two_hidden_cells_share_what_is_left() -> None:
    published = cells({"total": 15, "a": 9, "b": None, "c": None})
    relation = Relation.total("t", "total", "abc")
    assert intervals(published, [relation]) == {"b": (0, 6), "c": (0, 6)}


def test_unprotected_hidden_cells_have_an_interval_and_pass() -> None:
    (row,) = audit(cells({"total": 15, "b": None}, None), [Relation.total("t", "total", "b")])
    assert (row.lower, row.upper, row.required_lower, row.passed) == (15, 15, None, True)


@pytest.mark.parametrize("hidden", [None, 5])
def test_published_values_that_contradict_each_other(hidden: int | None) -> None:
    published = cells({"t": 4, "u": 5, "a": hidden})
    with pytest.raises(AuditError, match=r"first|second"):
        audit(published, [Relation.total("first", "t", "a"), Relation.total("second", "u", "a")])


def test_relation_with_an_unknown_cell() -> None:
    with pytest.raises(AuditError, match="nennt die Zelle b"):
        audit(cells({"t": 4}), [Relation.total("first", "t", "b")])


def test_whole_tables_decide() -> None:
    """Three pairs that sum to 2·x + 1: the relaxed interval is wider than that of whole tables."""
    odd = Relation("odd", (("a", 2), ("b", -2), ("c", 1)), 1)
    few = Relation("few", (("c", 1),), 1, RelationKind.AT_MOST)
    (row,) = (r for r in audit(cells({"a": None, "b": None, "c": None}, 3), [odd, few]) if r.cell == "c")
    assert (row.lower, row.upper, row.method, row.passed) == (1, 1, "integer", False)


def tables(unknown: list[str], relations: list[Relation], values: dict[str, int], top: int) -> Iterator[dict[str, int]]:
    for guess in product(range(top + 1), repeat=len(unknown)):
        table = {**values, **dict(zip(unknown, guess, strict=True))}
        left = [sum(c * table[i] for i, c in r.terms) for r in relations]
        if all(v == 0 if r.kind is RelationKind.EQUAL else v <= 0 for v, r in zip(left, relations, strict=True)):
            yield table


def tiny_system(seed: int) -> tuple[dict[str, int], list[Relation]]:
    """Two 2 × 2 tables with margins, cell by cell the second at most the first."""
    rng = random.Random(seed)
    first = {f"x{i}{j}": rng.randint(0, 4) for i in "01" for j in "01"}
    second = {f"y{i}{j}": rng.randint(0, first[f"x{i}{j}"]) for i in "01" for j in "01"}
    values, relations = {**first, **second}, []
    for t in "xy":
        for n in "01":
            values[f"{t}{n}t"] = values[f"{t}{n}0"] + values[f"{t}{n}1"]
            values[f"{t}t{n}"] = values[f"{t}0{n}"] + values[f"{t}1{n}"]
            relations.append(Relation.total(f"{t}{n}.", f"{t}{n}t", [f"{t}{n}0", f"{t}{n}1"]))
            relations.append(Relation.total(f"{t}.{n}", f"{t}t{n}", [f"{t}0{n}", f"{t}1{n}"]))
    relations += [Relation.at_most(f"y ≤ x {p}", f"y{p}", f"x{p}") for p in ("00", "01", "10", "11")]
    return values, relations


@pytest.mark.parametrize("seed", range(30))
def test_intervals_agree_with_trying_all_tables(seed: int) -> None:
    values, relations = tiny_system(seed)
    rng = random.Random(1000 + seed)
    inner = [i for i in values if "t" not in i]
    unknown = sorted(rng.sample(inner, 5))
    published = {i: v for i, v in values.items() if i not in unknown}
    found = list(tables(unknown, relations, published, 8))
    expected = {i: (min(t[i] for t in found), max(t[i] for t in found)) for i in unknown}
    given = cells({**published, **dict.fromkeys(unknown)}, 3)
    for row in audit(given, relations):
        low, high = expected[row.cell]
        assert row.lower <= low
        assert row.upper is None or row.upper >= high
        assert row.passed == ((low <= 1 and high >= 3) or low >= 3 or high == 0)


def test_shares_no_code_with_the_pattern_search() -> None:
    audits = [Path(sys.modules[of.__module__].__file__ or "") for of in (audit_function, AuditError)]
    assert [path.stem for path in audits] == ["audit", "possible"]
    imports = [n for path in audits for n in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    modules = {n.module for n in imports if isinstance(n, ast.ImportFrom) and "kim_pipeline" in (n.module or "")}
    modules |= {a.name for n in imports if isinstance(n, ast.Import) for a in n.names if "kim" in a.name}
    names = {a.name for n in imports if isinstance(n, ast.ImportFrom) and n.module in PARTS for a in n.names}
    assert modules == {"kim_pipeline.disclosure.possible", *PARTS}
    assert names == {"KimError", "PublishedCell", "Relation", "RelationKind"}


PARTS = {"kim_pipeline.disclosure.system", "kim_pipeline.errors"}
"""What protection and audit have in common: what a cell and a relation is."""
