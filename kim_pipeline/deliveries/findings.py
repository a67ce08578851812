"""Findings: what is wrong or worth knowing about a cell, and how it is said in German.

Belongs here: the record, the severities, and one German sentence per rule (`deliveries.md` §3; `design.md`,
principle 7).
A personal cell's text never gets this far: its raw text is `***`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from kim_pipeline.contracts.model import Column
from kim_pipeline.deliveries.cells import column_letter

Severity = Literal["rejected", "error", "warning", "notice"]

HIDDEN = "***"
NOTICES = frozenset({"unknown_language", "unknown_nationality", "unmapped_column", "absent_column"})

SCHEMA = pa.schema(
    [
        ("sheet", pa.string()),
        ("row", pa.int64()),
        ("column_letter", pa.string()),
        ("column_name", pa.string()),
        ("rule", pa.string()),
        ("severity", pa.string()),
        ("raw", pa.string()),
        ("message", pa.string()),
    ]
)
"""Columns of a delivery's findings as they are cached; programme and file are added where they are loaded."""


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes:
        sheet: sheet's name; None for the whole delivery.
        row: 1-based physical row (.csv: record).
        column_letter: letter of the column.
        column_name: the header as it stands in the file.
        rule: code of the rule.
        severity: what it does.
        raw: the cell's text; `***` for a personal cell.
        message: the German sentence.
    """

    sheet: str | None
    row: int | None
    column_letter: str | None
    column_name: str | None
    rule: str
    severity: Severity
    raw: str | None
    message: str


@dataclass(frozen=True)
class Place:
    """Where a finding is: a column of a sheet; `position` is the 0-based column, None if the file lacks it."""

    sheet: str
    position: int | None
    header: str
    column: Column

    @property
    def letter(self) -> str | None:
        """The column's letter."""
        return None if self.position is None else column_letter(self.position)

    def name(self, row: int) -> str:
        """How the place is called at the beginning of a sentence; `row` is 1-based."""
        letter = f"Spalte {self.letter} " if self.letter else "Spalte "
        return f"Blatt „{self.sheet}“, Zeile {row}, {letter}„{' '.join(self.header.split())}“"


_SENTENCES = {
    "invalid_date": "{raw} ist kein Datum. Erwartet: ein Datum wie 31.01.2023.",
    "invalid_number": "{raw} ist keine {number}. Erwartet: {example}.",
    "invalid_value": "{raw} ist hier nicht vorgesehen. Erwartet: {accepted}.",
    "unknown_municipality": "{raw} ist keine Gemeinde {county}. "
    "Erwartet: eine der {municipalities} Gemeinden, ein Ortsteil oder „{county_name}“.",
    "unknown_language": "{raw} steht nicht in der Sprachenliste und wird als „unbestimmt“ gezählt.",
    "unknown_nationality": "{raw} ist als Staat nicht bekannt; die Angabe bleibt leer.",
    "error_cell": "{raw} ist ein Fehlerwert oder eine Formel ohne Ergebnis. Bitte den Wert selbst eintragen.",
    "missing_value": "Die Angabe fehlt. Bitte ergänzen.",
    "out_of_range": "{raw} liegt außerhalb des zulässigen Bereichs. Erwartet: {expected}.",
    "future_date": "{raw} liegt nach dem Stand der Lieferung ({as_of}). Bitte das Datum prüfen.",
    "outside_period": "{raw} liegt außerhalb des Berichtszeitraums {first} bis {last}. "
    "Bitte das Datum prüfen oder die Zeile im richtigen Zeitraum liefern.",
    "date_order": "Die Reihenfolge der Daten stimmt nicht. Erwartet: {expected}.",
    "amount_order": "Die Beträge passen nicht zusammen. Erwartet: {expected}.",
    "status_incomplete": "Die Angaben sind unvollständig. Erwartet: {expected}.",
    "body_competence": "Das Gremium kann diese Art von Beschluss nicht fassen. Erwartet: {expected}.",
    "orphan": "{raw} kommt in {target} nicht vor. Bitte die Nummer prüfen oder dort ergänzen.",
    "duplicate_key": "{raw} kommt mehrfach vor; gezählt wird nur die erste Zeile. Bitte die Nummer prüfen.",
}


def sentence(place: Place, row: int, rule: str, raw: str, **facts: Any) -> str:
    """The German sentence of a finding at a cell.

    Args:
        place: the column.
        row: 1-based row.
        rule: code of the rule; `KeyError` for an unknown one.
        raw: the cell's text, already hidden where it is personal.
        **facts: what the rule's sentence needs.
    """
    quoted = "Der Wert" if raw == HIDDEN else ("Die leere Zelle" if not raw else f"„{' '.join(raw.split())}“")
    return f"{place.name(row)}: {_SENTENCES[rule].format(raw=quoted, **facts)}"


def german_day(day: dt.date) -> str:
    """A day as people write it: 31.01.2023."""
    return f"{day:%d.%m.%Y}"


def severity_of(rule: str, column: Column) -> Severity:
    """A cell's finding is an error in a required column, else a warning; some rules are only notices."""
    if rule in NOTICES:
        return "notice"
    return "error" if column.required else "warning"


def to_table(findings: list[Finding]) -> pa.Table:
    """Findings as an Arrow table of `SCHEMA`."""
    columns = {name: [getattr(f, name) for f in findings] for name in SCHEMA.names}
    return pa.table(columns, schema=SCHEMA)
