"""A county that has released every feature of persons: the answers are exact, and the same rules hold as without."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from kim_pipeline.settings import PROJECT
from tests.built import BUILT
from tests.reached import DECIDED, FEATURES, released_county

pytestmark = pytest.mark.slow
HELD = (
    "tests/whole/test_truth.py",
    "tests/warehouse/test_not_stored.py",
    "tests/warehouse/test_trace.py",
    "tests/warehouse/test_sql_models.py",
    "tests/warehouse/test_reached.py",
    "tests/protection/test_published_audit.py",
)
"""Tests that ask what the county in force has released."""


def test_what_holds_by_default_holds_with_every_feature(tmp_path: Path) -> None:
    """In a process of its own: the county in force is that of the whole process."""
    (tmp_path / "built").mkdir()
    county = {"KIM_COUNTY": str(released_county(tmp_path / "county")), BUILT: str(tmp_path / "built")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-q", "-p", "no:cacheprovider", *HELD],
        cwd=PROJECT, env=os.environ | county, capture_output=True, text=True, check=False, timeout=540,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    with duckdb.connect(str(tmp_path / "built" / "kim.duckdb"), read_only=True) as connection:
        assert set(connection.execute("FROM reached_feature").fetchall()) == {(f, DECIDED) for f in FEATURES}
        names = dict(
            connection.execute("SELECT breakdown, name FROM breakdown_member WHERE breakdown_kind = 'sex'").fetchall()
        )
        totals = connection.execute(
            "SELECT DISTINCT t.value IS NOT DISTINCT FROM o.value AND t.status = o.status FROM indicator_value AS t "
            "INNER JOIN indicator AS i ON i.indicator_id = t.indicator_id INNER JOIN indicator_value AS o ON "
            "o.indicator_id = i.same_total_as AND o.area = t.area AND o.period = t.period AND o.breakdown = '' "
            "WHERE t.breakdown = ''"
        ).fetchall()
    assert names == {"w": "Frauen und Mädchen", "m": "Männer und Jungen", "x": "divers oder ohne Angabe"}
    assert totals == [(True,)]
