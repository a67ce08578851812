"""A county that releases no feature of persons, as every new one: the answers are exact, the same rules hold."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from kim_pipeline.settings import PROJECT
from tests.built import BUILT, sample_build
from tests.reached import DECIDED, FEATURES, county_without_features

pytestmark = pytest.mark.slow
HELD = (
    "tests/whole/test_truth.py",
    "tests/warehouse/test_not_stored.py",
    "tests/warehouse/test_reached.py",
    "tests/protection/test_published_audit.py::test_nothing_can_be_worked_out_of_the_sample",
)
"""Tests that ask what the county in force has released."""


def test_what_holds_with_every_feature_holds_without(tmp_path: Path) -> None:
    """In a process of its own: the county in force is that of the whole process."""
    (tmp_path / "built").mkdir()
    county = {"KIM_COUNTY": str(county_without_features(tmp_path / "county")), BUILT: str(tmp_path / "built")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-q", "-p", "no:cacheprovider", *HELD],
        cwd=PROJECT, env=os.environ | county, capture_output=True, text=True, check=False, timeout=540,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    with duckdb.connect(str(tmp_path / "built" / "kim.duckdb"), read_only=True) as connection:
        assert connection.execute("FROM reached_feature").fetchall() == []


def test_the_sample_shows_them_all() -> None:
    with duckdb.connect(str(sample_build()[1]), read_only=True) as connection:
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
