"""Classes of a map, and whether it is drawn at all (`paper.md` §1.10)."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kim_pipeline.report import map_classes, municipalities
from kim_pipeline.report.blocks import Picture, SideBySide
from tests.report.test_report import changed, context, published

CASES = "kim_cases_per_1000_foreigners"


@given(st.lists(st.floats(0, 500).map(lambda value: round(value, 1)), min_size=8, max_size=30))
def test_classes_hold_every_value_once_and_none_is_empty(values: list[float]) -> None:
    bounds = map_classes.bounds(values, 1)
    assert bounds == sorted(set(bounds))
    assert len(bounds) <= 3
    if bounds:
        used = {map_classes.class_of(value, bounds) for value in values}
        assert used == set(range(len(bounds) + 1))


def test_classes_have_about_equal_numbers() -> None:
    values = [float(at) for at in range(1, 14)]
    bounds = map_classes.bounds(values, 1)
    counts = [sum(map_classes.class_of(v, bounds) == at for v in values) for at in range(4)]
    assert bounds == [3.5, 6.5, 10.5]
    assert max(counts) - min(counts) <= 1


def test_bounds_that_rounding_makes_equal_leave_fewer_classes() -> None:
    assert len(map_classes.bounds([1.0, 1.01, 1.02, 1.03, 1.04, 1.2, 2, 2, 2], 1)) < 3


@pytest.mark.parametrize(
    ("values", "is_drawn"),
    [
        ([1, 2, 3, 4, 5, 6, 7], False),
        ([10, 11, 12, 13, 14, 14, 14, 14.9], False),
        ([10, 10, 10, 10, 10, 10, 10, 15], True),
    ],
)  # fmt: skip
def test_a_map_needs_eight_values_and_a_spread(values: list[float], is_drawn: bool) -> None:
    assert map_classes.is_worth_a_map(values) is is_drawn


def maps(path: Path | None = None) -> list[Picture]:
    found = municipalities.blocks(context(path))
    return [b for columns in found if isinstance(columns, SideBySide) for b in (*columns.left, *columns.right)
            if isinstance(b, Picture)]  # fmt: skip


def test_both_maps_are_drawn_and_name_every_municipality_with_its_value() -> None:
    drawn = maps()
    assert len(drawn) == 2
    names = {name for (name,) in published("SELECT name FROM area WHERE part_of IS NOT NULL")}
    for picture in drawn:
        assert all(f">{name}</text>" in picture.svg for name in names)
        (value,) = [row[1] for row in picture.data.rows if isinstance(row, tuple) and row[0] == "Ahlen"]
        assert f">{value}</text>" in picture.svg


def test_the_legend_has_a_patch_per_class_and_the_countys_value() -> None:
    values = [v for (v,) in published(
        f"SELECT value FROM indicator_value WHERE indicator_id = '{CASES}' AND period = '2023' AND area <> '05570' "
        "AND status = 'published' AND breakdown_kind = 'total'"
    )]  # fmt: skip
    assert len(values) >= 8
    assert (round(min(values), 1), round(max(values), 1)) == (6.0, 11.7)
    svg = maps()[0].svg
    classes = re.findall(r">(\d+,\d) bis (?:unter )?(\d+,\d)<", svg)
    assert len(classes) == 4
    assert (classes[0][0], classes[-1][1]) == ("6,0", "11,7")
    assert all(before[1] == after[0] for before, after in itertools.pairwise(classes))
    assert ">geheim<" in svg
    assert re.search(r">Kreis: \d,\d<", svg)


def test_where_municipalities_differ_little_a_sentence_stands_instead(tmp_path: Path) -> None:
    path = changed(
        tmp_path, f"UPDATE indicator_value SET value = 7 WHERE indicator_id = '{CASES}' AND value IS NOT NULL"
    )
    assert len(maps(path)) == 1
    told = " ".join(
        getattr(b, "text", "")
        for c in municipalities.blocks(context(path))
        if isinstance(c, SideBySide)
        for b in (*c.left, *c.right)
    )
    assert "Die Gemeinden unterscheiden sich wenig (7,0 bis 7,0)." in told
