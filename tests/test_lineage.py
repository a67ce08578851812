"""Column lineage of a `SELECT`: what a value is computed from, through CTEs, subqueries, unions and row sources."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from kim_pipeline.nightly import published_models, table_models
from kim_pipeline.warehouse.lineage import column_lineage, lineage_of
from kim_pipeline.warehouse.sql_models import SqlModel

KNOWN = {"core.a": ["id", "x", "y"], "core.b": ["id", "z"]}


def lineage(sql: str) -> dict[str, list[str]]:
    model = SqlModel("indicators", "t", sql, Path("t.sql"))
    found = column_lineage(model, KNOWN)
    return {column: sorted(".".join(o).removeprefix("core.") for o in origins) for column, origins in found.items()}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a.x, a.y AS w FROM core.a AS a", {"x": ["a.x"], "w": ["a.y"]}),
        ("SELECT a.x + b.z AS s, 1 AS k FROM core.a AS a JOIN core.b AS b USING (id)", {"s": ["a.x", "b.z"], "k": []}),
        ("WITH c AS (SELECT x AS v FROM core.a) SELECT c.v FROM c", {"v": ["a.x"]}),
        ("WITH c (v, w) AS (SELECT x, y FROM core.a) SELECT c.w FROM c", {"w": ["a.y"]}),
        ("SELECT q.v FROM (SELECT a.x AS v FROM core.a AS a) AS q", {"v": ["a.x"]}),
        ("SELECT * EXCLUDE (y) FROM core.a", {"id": ["a.id"], "x": ["a.x"]}),
        ("SELECT b.*, a.x FROM core.a AS a, core.b AS b", {"id": ["b.id"], "z": ["b.z"], "x": ["a.x"]}),
        ("SELECT a.x, '' AS k FROM core.a AS a UNION ALL SELECT 1, b.z FROM core.b AS b", {"x": ["a.x"], "k": ["b.z"]}),
        (
            "SELECT a.x, a.y FROM core.a AS a UNION ALL BY NAME SELECT b.id AS y, b.z FROM core.b AS b",
            {"x": ["a.x"], "y": ["a.y", "b.id"], "z": ["b.z"]},
        ),
        ("SELECT (SELECT max(b.z) FROM core.b AS b WHERE b.id = a.id) AS m FROM core.a AS a", {"m": ["b.z"]}),
        ("SELECT z, x FROM core.a AS a JOIN core.b AS b ON a.id = b.id", {"z": ["b.z"], "x": ["a.x"]}),
        ("SELECT a.x AS v, v + 1 AS w FROM core.a AS a", {"v": ["a.x"], "w": ["a.x"]}),
        ("SELECT count(*) AS n, sum(a.x) FILTER (a.y > 1) AS s FROM core.a AS a", {"n": [], "s": ["a.x", "a.y"]}),
        (
            "SELECT v.k, v.n FROM core.a AS a CROSS JOIN LATERAL (VALUES ('p', a.x), ('q', a.y)) AS v (k, n)",
            {"k": [], "n": ["a.x", "a.y"]},
        ),
        (
            "WITH RECURSIVE r AS (SELECT x FROM core.a UNION ALL SELECT r.x + 1 FROM r) SELECT r.x FROM r",
            {"x": ["a.x"]},
        ),
    ],
)  # fmt: skip
def test_origins(sql: str, expected: dict[str, list[str]]) -> None:
    assert lineage(sql) == expected


def test_every_column_of_every_model_is_traced_quickly() -> None:
    models = [*table_models(), *published_models()]
    assert all(model.columns for model in models)
    start = time.process_time()
    found = lineage_of(models, {})
    assert time.process_time() - start < 1
    assert {name: list(columns) for name, columns in found.items()} == {m.full_name: list(m.columns) for m in models}


def test_a_figure_leads_back_to_the_staging_column() -> None:
    found = lineage_of(table_models(), {})
    waiting, seen = [("indicators.value_fit", "value")], set()
    while waiting:
        origin = waiting.pop()
        seen.add(origin)
        waiting += [o for o in found.get(origin[0], {}).get(origin[1], ()) if o not in seen]
    assert ("staging.fit_groups", "children") in seen
