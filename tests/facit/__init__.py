"""Facit cases per programme, written by hand from the text of the contract: rows, and the findings expected of them.

They know nothing of the code's bounds and rules. One file per programme, found by being there; `test_rules.py` runs
them and proves that no required column, bound, rule or flag of the contracts lacks a case.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from kim_pipeline.deliveries.cells import ErrorCell

Row = dict[str, Any]
Expected = set[tuple[str, str]]
"""(rule, header) of the errors of a row."""


@dataclass(frozen=True)
class Facit:
    """What is expected of one table.

    Attributes:
        base: a row that keeps every rule; `{n}` differs from row to row. `group|detail` are two-row headers.
        required: headers of required columns.
        unparsable: header → a cell that cannot be read, and the rule it breaks.
        kept: changes of the base row that break no rule.
        broken: changes of the base row, and the errors expected.
        sequences: rows one after the other, each with the errors expected; their keys are as they stand.
        hidden: headers of personal columns.
        period_date: header of the column that places a row in a period.
        quiet: a change of the base row after which no optional cell is needed.
        blank_is_no: headers of required yes/no columns, which may be blank.
        refers_to: for a table that refers to another programme: changes → what is referred to.
    """

    base: Row
    required: list[str]
    unparsable: dict[str, tuple[Any, str]]
    kept: list[Row] = field(default_factory=list)
    broken: list[tuple[Row, Expected]] = field(default_factory=list)
    sequences: list[list[tuple[Row, Expected]]] = field(default_factory=list)
    hidden: frozenset[str] = frozenset()
    period_date: str | None = None
    quiet: Row = field(default_factory=dict)
    blank_is_no: frozenset[str] = frozenset()
    refers_to: list[tuple[Row, tuple[Any, ...] | None]] = field(default_factory=list)


DATE, NUMBER, VALUE = ("31.02.2023", "invalid_date"), ("viele", "invalid_number"), ("unklar", "invalid_value")
PLACE, ERROR = ("Entenhausen", "unknown_municipality"), (ErrorCell("#REF!"), "error_cell")
LANGUAGE, NATION = ("Klingonisch", "unknown_language"), ("Atlantis", "unknown_nationality")


def duplicates(same: Row, *others: Row, at: str) -> list[tuple[Row, Expected]]:
    """The first row holds its key; rows that differ in one part of it do not have it; a row with all of it does."""
    return [(same, set()), *((other, set[tuple[str, str]]()) for other in others), (same, {("duplicate_key", at)})]


@dataclass(frozen=True)
class ProgrammeFacit:
    """What is expected of a programme.

    Attributes:
        tables: name → its facit.
        period: Berichtszeitraum of the deliveries, where they have one.
        sheet: name of the sheets, where it tells something.
    """

    tables: Mapping[str, Facit]
    period: str | None = None
    sheet: str = "Blatt"


@cache
def facits() -> dict[str, ProgrammeFacit]:
    """Programme → its facit: every module of this folder."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: importlib.import_module(f"{__name__}.{name}").FACIT for name in names}
