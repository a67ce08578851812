"""The lines of a TOML text's keys."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from kim_pipeline.contracts.toml_lines import KeyPath, key_lines
from kim_pipeline.settings import PROJECT

TEXT = '''# a comment with = and [brackets]
plain = 1
"quoted key" = "a # no comment" # a comment
dotted.key = 2024-05-01 07:32:00
long = """
no = "key" here
"""
many = [
  "a", # first
  [1, 2],
  { x = "}", "y]" = [3] },
]
[table."a.b"]
inner = { p = 1, q.r = 2 }

[[list]]
name = 'one'
[[list]]
name = 'two'
[list.below]
deep = """a""" # done
[[list.more]]
last = -1.5e3
'''
EXPECTED: dict[KeyPath, int] = {
    ("plain",): 2,
    ("quoted key",): 3,
    ("dotted", "key"): 4,
    ("long",): 5,
    ("many",): 8,
    ("many", 0): 9,
    ("many", 1): 10,
    ("many", 1, 1): 10,
    ("many", 2, "x"): 11,
    ("many", 2, "y]", 0): 11,
    ("table", "a.b", "inner", "q", "r"): 14,
    ("list", 0): 16,
    ("list", 0, "name"): 17,
    ("list", 1, "name"): 19,
    ("list", 1, "below", "deep"): 21,
    ("list", 1, "more", 0, "last"): 23,
}


def test_each_key_has_its_line() -> None:
    found = key_lines(TEXT)
    assert {key: found.get(key) for key in EXPECTED} == EXPECTED


def leaves(value: Any, above: KeyPath = ()) -> set[KeyPath]:
    """The paths of all values that are no tables and no lists."""
    if isinstance(value, dict):
        return set().union(*(leaves(each, (*above, key)) for key, each in value.items()))
    if isinstance(value, list):
        return set().union(*(leaves(each, (*above, at)) for at, each in enumerate(value)))
    return {above}


@pytest.mark.parametrize("path", [PROJECT / "pyproject.toml", *sorted(PROJECT.glob("counties/*/*.toml"))])
def test_nothing_that_is_there_is_missed(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    assert leaves(tomllib.loads(text)) <= key_lines(text).keys()


def test_what_is_no_toml_ends() -> None:
    assert key_lines("? [ } = \n , , [[") is not None
