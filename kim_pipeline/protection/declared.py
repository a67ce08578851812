"""What each published column may tell (`privacy.md`, "Everything that is published is declared").

Belongs here: reading `sql/published/declared.toml`, and refusing a file with a column that it does not name. The audit
sees the cells and intervals; what is harmless has its reason there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

from kim_pipeline.errors import KimError
from kim_pipeline.warehouse.sql_models import SQL_FOLDER

DECLARATIONS = SQL_FOLDER / "published" / "declared.toml"
Telling = Literal["cell", "interval", "harmless"]


class UndeclaredError(KimError):
    """A column would leave of which nobody has said what it tells; the German message says where to say so."""


@dataclass(frozen=True)
class Declaration:
    """What a column tells: a cell, an interval, or nothing of a protected figure, and why."""

    tells: Telling
    reason: str


@cache
def declarations() -> Mapping[tuple[str, str], Declaration]:
    """Table and column of the published file → what it tells.

    Raises:
        ValueError: a column is declared twice, in a way that there is none, or without a reason.
    """
    return _declared(tomllib.loads(DECLARATIONS.read_text(encoding="utf-8")))


def _declared(tables: Mapping[str, Any]) -> dict[tuple[str, str], Declaration]:
    found: dict[tuple[str, str], Declaration] = {}
    for table, ways in tables.items():
        for tells, entries in ways.items():
            if tells not in get_args(Telling):
                raise ValueError(f"{DECLARATIONS.name}: {table} declares {tells!r}, which is not one of the ways")
            for columns, reason in entries.items():
                for column in (name.strip() for name in columns.split(",")):
                    if (table, column) in found or not reason:
                        raise ValueError(f"{DECLARATIONS.name}: {table}.{column} is declared twice or without a reason")
                    found[table, column] = Declaration(tells, reason)
    return found


def refuse_undeclared(columns: Iterable[tuple[str, str]]) -> None:
    """See to it that every column is declared.

    Args:
        columns: table and column of the published file.

    Raises:
        UndeclaredError: one is not.
    """
    unknown = sorted(set(columns) - declarations().keys())
    if unknown:
        names = ", ".join(f"{table}.{column}" for table, column in unknown)
        raise UndeclaredError(
            f"Nicht angegeben ist, was diese Spalten verraten: {names}. Bitte jede eintragen in "
            f"sql/published/{DECLARATIONS.name}: cell (eine Anzahl), interval (eine Klasse, eine Schwelle, das Dasein "
            "einer Zeile) oder harmless (mit Grund). Vorher wird nichts veröffentlicht."
        )
