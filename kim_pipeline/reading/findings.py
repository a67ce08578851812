"""Findings: what is wrong or worth knowing about a cell, and how it is said in German.

Belongs here: the record, the severities, and one German sentence per rule (`deliveries.md` §3; `design.md`,
principle 7).
A personal cell's text never gets this far: its raw text is `***`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from kim_pipeline import german
from kim_pipeline.contracts.model import Column
from kim_pipeline.reading.formats.cells import BoolCell, Cell, column_letter, raw_text

if TYPE_CHECKING:
    import pyarrow as pa

Severity = Literal["rejected", "error", "warning", "notice"]

HIDDEN = "***"
NOTICES = frozenset({"unknown_language", "unknown_nationality", "unmapped_column", "absent_column"})


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
    """Where a finding is: a column of a sheet.

    Attributes:
        sheet: sheet's name.
        position: 0-based column; None if the file lacks it.
        header: the header as it stands in the file.
        column: the contract's column.
        minutes: the column holds minutes instead of hours.
    """

    sheet: str
    position: int | None
    header: str
    column: Column
    minutes: bool = False

    @property
    def letter(self) -> str | None:
        """The column's letter."""
        return None if self.position is None else column_letter(self.position)

    @property
    def name(self) -> str:
        """How a sentence calls the column: its header in quotation marks, and the group it stands under."""
        under = f" unter „{self.column.group[0]}“" if self.column.group else ""
        return f"„{' '.join(self.header.split())}“{under}"


@dataclass(frozen=True)
class Rule:
    """How a rule is told.

    Attributes:
        title: in a few words.
        sentence: what was found, what is expected, what to do; see `sentence`.
    """

    title: str
    sentence: str


RULES = {
    "unreadable": Rule("Datei nicht lesbar", "{reason}"),
    "missing_period": Rule(
        "Berichtszeitraum fehlt",
        "Die Lieferung nennt keinen Berichtszeitraum. Bitte über der Tabelle oder auf dem Deckblatt ergänzen, "
        "zum Beispiel „Berichtszeitraum: 2023“ oder „Berichtszeitraum: 1. Halbjahr 2023“.",
    ),
    "missing_as_of": Rule(
        "Stand fehlt",
        "Die Lieferung nennt keinen Stand. Bitte über der Tabelle oder auf dem Deckblatt ergänzen, "
        "zum Beispiel „Stand: 15.01.2024“.",
    ),
    "as_of_in_future": Rule(
        "Stand in der Zukunft",
        "Der Stand {as_of} liegt nach dem heutigen Tag ({today}). Bitte den Stand berichtigen.",
    ),
    "missing_column": Rule(
        "Pflichtspalte fehlt",
        "Die Pflichtspalte {name} fehlt; die Tabelle wurde nicht gelesen.{did_you_mean} "
        "Bitte die Überschrift so schreiben oder die Spalte ergänzen.",
    ),
    "nothing_accepted": Rule(
        "Keine Zeile angenommen",
        "Keine einzige Zeile der Tabelle konnte angenommen werden; sie ersetzt deshalb keine frühere Lieferung. "
        "Bitte die Fehler der Zeilen ansehen; oft stimmt der Berichtszeitraum, der Stand oder eine Spalte nicht.",
    ),
    "missing_value": Rule("Angabe fehlt", "{missing}. Bitte ergänzen."),
    "invalid_date": Rule("Kein Datum", "{raw} ist kein Datum. Erwartet: ein Datum wie 31.01.2023. Bitte berichtigen."),
    "invalid_number": Rule(
        "Keine Zahl", "{raw} ist keine {number}. Erwartet: {example}. Bitte nur die Zahl eintragen."
    ),
    "invalid_value": Rule(
        "Unbekannte Auswahl",
        "{raw} ist hier nicht vorgesehen.{did_you_mean} Erwartet: {accepted}. Bitte berichtigen.",
    ),
    "unknown_municipality": Rule(
        "Unbekannter Ort",
        "{raw} steht nicht in der Ortsliste.{did_you_mean} "
        "Erwartet: eine Gemeinde oder ein Ortsteil des Kreises, oder „{county}“. Bitte berichtigen.",
    ),
    "unknown_language": Rule(
        "Unbekannte Sprache",
        "{raw} steht nicht in der Sprachenliste und wird als „unbestimmt“ gezählt.{did_you_mean} "
        "Bitte die Schreibweise prüfen; stimmt sie, nehmen wir die Sprache gern in die Liste auf.",
    ),
    "unknown_nationality": Rule(
        "Unbekannter Staat",
        "{raw} ist als Staat nicht bekannt; die Angabe bleibt leer.{did_you_mean} "
        "Bitte den Namen des Staates eintragen, zum Beispiel „Syrien“.",
    ),
    "error_cell": Rule("Fehlerwert in der Zelle", "{error}. Bitte den Wert selbst eintragen."),
    "out_of_range": Rule(
        "Zahl außerhalb der Grenzen",
        "{raw} liegt außerhalb des zulässigen Bereichs. Erwartet: {expected}. Bitte prüfen.",
    ),
    "future_date": Rule(
        "Datum nach dem Stand",
        "{raw} liegt nach dem Stand der Lieferung ({as_of}). Bitte das Datum oder den Stand prüfen.",
    ),
    "outside_period": Rule(
        "Datum außerhalb des Berichtszeitraums",
        "{raw} liegt außerhalb des Berichtszeitraums {first} bis {last}. "
        "Bitte das Datum prüfen oder die Zeile im richtigen Zeitraum liefern.",
    ),
    "date_order": Rule(
        "Reihenfolge der Tage", "{raw} liegt zu früh. Erwartet: {expected}. Bitte die Tage vergleichen."
    ),
    "amount_order": Rule("Beträge passen nicht zusammen", "{raw} ist zu hoch. Erwartet: {expected}. Bitte prüfen."),
    "status_incomplete": Rule(
        "Angaben unvollständig", "Die Angaben sind unvollständig. Erwartet: {expected}. Bitte ergänzen."
    ),
    "body_competence": Rule(
        "Gremium und Beschlussart",
        "{raw} passt nicht zum Gremium. Erwartet: {expected}. Bitte eine der beiden Angaben berichtigen.",
    ),
    "orphan": Rule(
        "Nummer ohne Gegenstück",
        "{raw} kommt {target} nicht vor. Bitte die Nummer prüfen oder die Zeile dort ergänzen oder berichtigen.",
    ),
    "duplicate_key": Rule(
        "Doppelte Zeile",
        "{doubled} schon in {first_row}; gezählt wird nur die erste Zeile. "
        "Bitte die Angabe berichtigen oder die doppelte Zeile löschen.",
    ),
    "unmapped_column": Rule("Spalte nicht vorgesehen", "{reason}.{did_you_mean}"),
    "absent_column": Rule("Freiwillige Spalte fehlt", "Die Spalte {name} fehlt; {consequence}."),
}
"""Every rule of the contract (`deliveries.md` §3 and §7) by its code."""

_LONGEST_QUOTE = 60


def place_name(sheet: str, row: int | None, letter: str | None = None, header: str | None = None) -> str:
    """How a place is called at the beginning of a sentence: Blatt „Einsätze“, Zeile 17, Spalte F „Datum“."""
    name = f"Blatt „{sheet}“"
    if row is not None:
        name += f", Zeile {row}"
    if header is not None:
        name += f", Spalte {letter + ' ' if letter else ''}„{' '.join(header.split())}“"
    return name


def told(rule: str, shown: str | None = None, **facts: Any) -> str:
    """The German sentence of a rule, without its place.

    Args:
        rule: code of the rule; `KeyError` for an unknown one.
        shown: the cell's text as its workbook shows it, already hidden where it is personal; None where the rule is
            not about one cell.
        **facts: what else the rule's sentence needs.
    """
    raw = quoted(shown) if shown is not None else ""
    hidden = shown == HIDDEN
    words = {
        "raw": raw,
        "error": f"{raw} ist ein Fehlerwert oder eine Formel ohne Ergebnis" if hidden else _error(shown or "", raw),
        "missing": f"{raw} gilt als leer, die Angabe fehlt" if shown and not hidden else "Die Angabe fehlt",
        "did_you_mean": "",
    }
    return RULES[rule].sentence.format(**(words | facts))


def sentence(place: Place, row: int, rule: str, shown: str, **facts: Any) -> str:
    """The German sentence of a finding at a cell, its place first; `row` is 1-based, the others as in `told`."""
    return f"{place_name(place.sheet, row, place.letter, place.header)}: {told(rule, shown, **facts)}"


def quoted(shown: str) -> str:
    """A cell's text in quotation marks; long ones are cut, hidden and blank ones described."""
    if shown == HIDDEN:
        return "Der Wert"
    text = " ".join(shown.split())
    if not text:
        return "Die leere Zelle"
    return f"„{text}“" if len(text) <= _LONGEST_QUOTE else f"„{text[:_LONGEST_QUOTE].rstrip()}…“"


def _error(shown: str, raw: str) -> str:
    return f"Die Formel {raw} hat kein Ergebnis" if shown.startswith("=") else f"{raw} ist ein Fehlerwert"


def shown_text(cell: Cell) -> str:
    """A cell's text as a German workbook shows it: days as 31.01.2023, decimals with a comma."""
    match cell:
        case dt.date():
            return german.day(cell)
        case BoolCell(value):
            return "WAHR" if value else "FALSCH"
        case float() if not cell.is_integer():
            return raw_text(cell).replace(".", ",")
        case _:
            return raw_text(cell)


def severity_of(rule: str, column: Column) -> Severity:
    """A cell's finding is an error in a required column, else a warning; some rules are only notices."""
    if rule in NOTICES:
        return "notice"
    return "error" if column.required else "warning"


def to_table(findings: list[Finding]) -> pa.Table:
    """Findings as an Arrow table, as they are cached; programme and file are added where they are loaded."""
    import pyarrow as pa  # noqa: PLC0415  (who only asks for a finding's words does not need it)

    types = {field.name: pa.int64() if field.name == "row" else pa.string() for field in fields(Finding)}
    columns = {name: [getattr(f, name) for f in findings] for name in types}
    return pa.table(columns, schema=pa.schema(list(types.items())))
