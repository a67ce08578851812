"""What each published column may tell (`privacy.md`, "Everything that is published is declared").

Belongs here: reading `sql/published/declared.toml`, and refusing a file with a column that it does not name; the same
for what the control room shows (`control_room.toml`, beside it). The audit sees the cells and intervals; what is
harmless has its reason there.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

from kim_pipeline.errors import KimError
from kim_pipeline.warehouse.catalogue import load_catalogue
from kim_pipeline.warehouse.sql_models import SQL_FOLDER

DECLARATIONS = SQL_FOLDER / "published" / "declared.toml"
CONTROL_ROOM = DECLARATIONS.with_name("control_room.toml")
Telling = Literal["cell", "interval", "harmless"]
ControlRoomPage = Literal["definition", "deliveries", "table", "published", "check", "decision"]
_HEADLINE, _PERIOD = "{Leitzahl}, {Zeitraum}", r"[0-9]{4}[0-9A-Za-z/-]*"
"""The label that stands for each headline figure of the catalogue with a period."""


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
    for table, names, declaration in _entries(tables, DECLARATIONS.name):
        for column in (name.strip() for name in names.split(",")):
            if (table, column) in found:
                raise ValueError(f"{DECLARATIONS.name}: {table}.{column} is declared twice")
            found[table, column] = declaration
    return found


def _entries(sections: Mapping[str, Any], file: str) -> Iterator[tuple[str, str, Declaration]]:
    """Section, what is declared there, and how."""
    for section, ways in sections.items():
        for tells, entries in ways.items():
            if tells not in get_args(Telling):
                raise ValueError(f"{file}: {section} declares {tells!r}, which is not one of the ways")
            for names, reason in entries.items():
                if not reason:
                    raise ValueError(f"{file}: {section}.{names} is declared without a reason")
                yield section, names, Declaration(tells, reason)


@cache
def label_declarations() -> Mapping[tuple[str, str], Declaration]:
    """Page of the control room and label of its metadata → what it tells; one label stands for all headline figures.

    Raises:
        ValueError: a label is declared in a way that there is none, or without a reason.
    """
    sections = tomllib.loads(CONTROL_ROOM.read_text(encoding="utf-8"))
    return {(page, label): declaration for page, label, declaration in _entries(sections, CONTROL_ROOM.name)}


def label_declaration(page: ControlRoomPage, label: str) -> Declaration | None:
    """What a label of the control room tells; None where nobody has said it."""
    known = label_declarations()
    if (page, label) not in known and _headline_labels().fullmatch(label):
        return known.get((page, _HEADLINE))
    return known.get((page, label))


@cache
def _headline_labels() -> re.Pattern[str]:
    labels = "|".join(re.escape(indicator.label) for indicator in load_catalogue() if indicator.headline)
    return re.compile(f"(?:{labels}), {_PERIOD}")


def refuse_undeclared_labels(page: ControlRoomPage, labels: Iterable[str]) -> None:
    """See to it that everything that a page of the control room shows is declared.

    Args:
        page: what the labels stand at.
        labels: of its metadata.

    Raises:
        UndeclaredError: one is not.
    """
    unknown = sorted(label for label in labels if label_declaration(page, label) is None)
    if unknown:
        raise UndeclaredError(
            f"Nicht angegeben ist, was diese Angaben des Leitstands verraten: {', '.join(unknown)}. Bitte jede "
            f"eintragen in sql/published/{CONTROL_ROOM.name}, Abschnitt {page}."
        )


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
