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
from kim_pipeline.reading.formats.cells import BoolCell, Cell, DoubtfulCell, ErrorCell, column_letter, raw_text

if TYPE_CHECKING:
    import pyarrow as pa

Severity = Literal["rejected", "error", "warning", "notice"]

HIDDEN = "***"
NOTICES = frozenset(
    {
        "unknown_language",
        "unknown_nationality",
        "unknown_indicator",
        "unknown_office",
        "unmapped_column",
        "absent_column",
        "unread_cells",
        "looks_like_heading",
        "as_of_unknown",
        "reference_day_differs",
        "not_year_end",
        "part_missing",
        "other_census_base",
        "other_figure",
        "sum_differs",
    }
)
WARNINGS = frozenset(
    {
        "looks_personal",
        "target_incomplete",
        "garbled_text",
        "as_of_within_period",
        "rows_after_as_of",
        "competing_delivery",
        "census_base_unknown",
    }
)
"""Rules that are warnings wherever they are broken; others are so in optional columns."""


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
    "withdrawn": Rule(
        "Zurückgezogen",
        "Die Lieferung ist zurückgezogen und zählt nicht. Bitte eine berichtigte liefern oder die Zurücknahme aufheben "
        "lassen.",
    ),
    "unclear_period": Rule(
        "Berichtszeitraum unklar",
        "{raw} ist kein Berichtszeitraum, der sich verstehen lässt. Erwartet: ein Zeitraum wie „2023“, „2022/23“, "
        "„1. Halbjahr 2023“ oder „01.01.2023 - 30.06.2023“, ohne einen zweiten daneben. Bitte berichtigen.",
    ),
    "unclear_as_of": Rule(
        "Stand unklar",
        "{raw} ist kein Tag, der sich verstehen lässt. Erwartet: ein Stand wie „15.01.2024“, ohne einen zweiten Tag "
        "daneben. Bitte berichtigen.",
    ),
    "ambiguous_period": Rule(
        "Zwei Berichtszeiträume",
        "Für dieselbe Tabelle sind zwei verschiedene Berichtszeiträume genannt: {places}. Bitte den falschen löschen.",
    ),
    "ambiguous_as_of": Rule(
        "Zwei Stände",
        "Für dieselbe Tabelle sind zwei verschiedene Stände genannt: {places}. Bitte den falschen löschen.",
    ),
    "unsuitable_period": Rule(
        "Kein ganzes Jahr",
        "Die Tabelle „{table}“ wird für ein ganzes Jahr oder Schuljahr geliefert, genannt ist {period}. "
        "Bitte den Berichtszeitraum berichtigen oder das ganze Jahr liefern.",
    ),
    "as_of_before_period": Rule(
        "Stand vor dem Berichtszeitraum",
        "Der Stand {as_of} liegt vor dem ersten Tag des Berichtszeitraums ({first}). Bitte beide Angaben vergleichen.",
    ),
    "as_of_within_period": Rule(
        "Stand im Berichtszeitraum",
        "Der Stand {as_of} liegt vor dem Ende des Berichtszeitraums ({last}); gezählt wird, was da ist. "
        "Bitte nach dem Ende des Zeitraums neu liefern.",
    ),
    "rows_after_as_of": Rule(
        "Zeilen nach dem Stand",
        "{rows} nach dem Stand der Lieferung ({as_of}); die Zeilen zählen. Dies ist die erste. "
        "Bitte den Stand oder die Tage prüfen.",
    ),
    "competing_delivery": Rule(
        "Zwei Lieferungen zum selben Stand",
        "Die Datei „{other}“ enthält dieselbe Tabelle mit demselben Stand für dieselben Tage; gezählt wird nur jene. "
        "{common} Bitte nur eine von beiden liefern oder beide in einer Datei zusammenführen.",
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
    "incomplete_row": Rule(
        "Zeile unvollständig",
        "In der Zeile fehlt mindestens die Hälfte der Pflichtangaben; die erste fehlende steht hier. Bitte ergänzen; "
        "Zwischenüberschriften und Legenden gehören nicht zwischen die Zeilen.",
    ),
    "shifted_row": Rule(
        "Zeile verschoben",
        "Die Angaben der Zeile stehen ab hier um eine Spalte verschoben. Bitte die fehlende oder überzählige Zelle "
        "suchen und die Zeile zurechtrücken.",
    ),
    "example_row_filled": Rule(
        "Beispielzeile ausgefüllt",
        "In die Beispielzeile der Vorlage wurde etwas eingetragen; sie zählt nicht. Bitte die Angaben in eine eigene "
        "Zeile schreiben, die nicht mit „* Beispiel“ beginnt.",
    ),
    "looks_like_heading": Rule(
        "Zeile als Notiz gelesen",
        "Die Zeile ist als Überschrift oder Notiz verstanden und zählt nicht. Ist sie eine Angabe, bitte die übrigen "
        "Zellen ausfüllen.",
    ),
    "unread_cells": Rule(
        "Zellen nicht gelesen",
        "{cells} in dieser Spalte, die niemand liest. Bitte prüfen, ob sie hierher gehören; was gelesen werden soll, "
        "braucht eine Überschrift der Vorlage.",
    ),
    "garbled_text": Rule(
        "Zeichen verfälscht",
        "{raw} enthält Zeichen, die eine falsche Zeichenkodierung hinterlassen hat. Bitte die Spalte prüfen und die "
        "Datei als Excel-Arbeitsmappe oder „CSV UTF-8“ neu speichern.",
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
    "unknown_indicator": Rule(
        "Unbekannte Kennzahl",
        "{raw} ist keine Kennzahl des Katalogs; die Angabe bleibt leer.{did_you_mean} "
        "Bitte die Kennzahl so nennen, wie der Katalog sie nennt.",
    ),
    "unknown_office": Rule(
        "Unbekannte Stelle",
        "Die genannte Stelle steht nicht in der Liste der Stellen und wird nicht veröffentlicht. Bitte die "
        "Schreibweise prüfen und keine Personen nennen; neue Stellen nehmen wir gern in die Liste auf.",
    ),
    "looks_personal": Rule(
        "Persönliche Angabe im Text",
        "Der Text scheint eine Person, eine Telefonnummer, eine E-Mail-Adresse oder ein Geburtsdatum zu nennen; er "
        "bleibt leer. Bitte ohne persönliche Angaben schreiben.",
    ),
    "target_incomplete": Rule(
        "Ziel ohne Kennzahl",
        "Zu diesem Zielwert fehlt die Kennzahl; der Zielwert bleibt leer. Erwartet: {expected}. Bitte ergänzen.",
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
        "{doubled} schon in {first_row}; gezählt wird nur die erste Zeile. {what_to_do}",
    ),
    "unmapped_column": Rule("Spalte nicht vorgesehen", "{reason}.{did_you_mean}"),
    "unknown_layout": Rule(
        "Amtliche Tabelle ohne Zahl",
        "Die Datei ist ein {form} (erkannt an {sign}), aber {lacking} ist zu erkennen. {names} Bitte die Tabelle "
        "unverändert als {wanted} abrufen.",
    ),
    "unknown_statistic": Rule(
        "Andere amtliche Statistik",
        "Die Datei ist eine amtliche Tabelle: {table}. Das ist kein Bevölkerungsstand. Gebraucht wird eine Tabelle der "
        "Statistik {wanted}.",
    ),
    "missing_total": Rule(
        "Summe fehlt",
        "Die Tabelle {table} nennt {what} nur nach {variable}, ohne „Insgesamt“. Einzelne Zahlen sind gerundet und "
        "werden nicht addiert. Bitte die Tabelle mit der Zeile „Insgesamt“ abrufen.",
    ),
    "missing_reference_day": Rule(
        "Stichtag fehlt",
        "Die Datei nennt keinen Stichtag der Bevölkerung{found}. Bitte eine Tabelle mit Stichtag abrufen.",
    ),
    "no_own_area": Rule(
        "Anderes Gebiet",
        "Die Datei nennt kein Gebiet des Kreises: {county}. {read} Bitte die Tabelle mit dem Kreis oder seinen "
        "Gemeinden abrufen.",
    ),
    "several_members": Rule(
        "Paket mit mehreren Dateien",
        "Das ZIP-Paket enthält {files}. Bitte die gewünschte Tabelle entpacken und ablegen.",
    ),
    "official_mark": Rule("Amtliches Zeichen", "{area}, {day}: {what} „{sign}“ bedeutet „{meaning}“. {follows}."),
    "invalid_row": Rule("Zeile nicht lesbar", "{reason}; sie wurde nicht gelesen. Bitte die Tabelle neu abrufen."),
    "as_of_unknown": Rule(
        "Abrufdatum fehlt",
        "Die Datei nennt nicht, wann sie abgerufen wurde. Gegenüber einer Datei mit Abrufdatum zählt sie als älter. "
        "Bitte den Namen, unter dem sie heruntergeladen wurde, nicht ändern.",
    ),
    "reference_day_differs": Rule(
        "Anderer Stichtag als im Titel",
        "Die Zahlen sind vom {day}; der {titled} im Titel ist der Gebietsstand. Es ist nichts zu tun.",
    ),
    "not_year_end": Rule(
        "Kein Jahresende",
        "Stichtag {day} ist kein 31. Dezember. Die Zahlen stehen bereit, gehen aber in keinen Indikator ein.",
    ),
    "part_missing": Rule(
        "Nur ein Teil der Zahlen",
        "Die Datei nennt {there}, aber {lacking}. Für {years} gibt es deshalb {consequence}, bis eine zweite Tabelle "
        "dazukommt.",
    ),
    "census_base_unknown": Rule(
        "Zensus unbekannt",
        "Die Datei nennt nicht, ob die Zahlen zum {day} auf dem Zensus 2011 oder 2022 beruhen. Bitte zusätzlich den "
        "Werteabruf derselben Tabelle ablegen; seine Fußnoten nennen die Grundlage.",
    ),
    "other_census_base": Rule(
        "Zwei Grundlagen",
        "{area}, {day}: {figures}. In die Zeitreihe geht {base} ein, weil {because}.",
    ),
    "other_figure": Rule(
        "Andere Zahl",
        "{area}, {day}: {figures}. Gezählt wird {counted} ({because}).",
    ),
    "sum_differs": Rule(
        "Summe weicht ab",
        "{area}, {day}: Die Summe der Gemeinden ist {sum}, die Zahl des Kreises {own}; gezählt wird die des Kreises.",
    ),
    "absent_column": Rule("Freiwillige Spalte fehlt", "{name}{consequence}."),
}
"""Every rule of the contract (`deliveries.md` §3 and §7) by its code."""

OFFICIAL_REJECTIONS = frozenset(
    {
        "unknown_layout",
        "unknown_statistic",
        "missing_total",
        "missing_reference_day",
        "no_own_area",
        "several_members",
    }
)
"""Rules that reject an official table: the office retrieves another one, and corrects nothing in it."""
_LONGEST_QUOTE = 60


def place_name(sheet: str, row: int | None, letter: str | None = None, header: str | None = None) -> str:
    """How a place is called at the beginning of a sentence: Blatt „Einsätze“, Zeile 17, Spalte F „Datum“."""
    name = f"Blatt „{sheet}“"
    if row is not None:
        name += f", Zeile {row}"
    if header is not None:
        name += f", Spalte {letter + ' ' if letter else ''}„{' '.join(header.split())}“"
    return name


def told(rule: str, shown: str | None = None, readings: tuple[str, str] | None = None, **facts: Any) -> str:
    """The German sentence of a rule, without its place.

    Args:
        rule: code of the rule; `KeyError` for an unknown one.
        shown: the cell's text as its workbook shows it, already hidden where it is personal; None where the rule is
            not about one cell.
        readings: of a doubtful cell both (see `readings_of`); not told where `shown` is hidden.
        **facts: what else the rule's sentence needs.
    """
    raw = quoted(shown) if shown is not None else ""
    hidden = shown == HIDDEN
    words = {
        "raw": raw,
        "error": _error(shown or "", raw) if readings is None else _doubt(None if hidden else readings),
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
    if shown == HIDDEN:
        return f"{raw} ist ein Fehlerwert oder eine Formel ohne Ergebnis"
    return f"Die Formel {raw} hat kein Ergebnis" if shown.startswith("=") else f"{raw} ist ein Fehlerwert"


def _doubt(readings: tuple[str, str] | None) -> str:
    """What is said of a cell that two readers read differently; None: neither reading may be told."""
    if readings is None:
        return "Zwei Programme lesen die Zelle verschieden"
    one, other = (f"als {text}" if text else "als leer" for text in readings)
    return f"Ein Programm liest die Zelle {one}, ein anderes {other}"


def readings_of(cell: DoubtfulCell) -> tuple[str, str]:
    """Both readings in quotation marks, blank ones as the empty text; with their kinds where they look alike."""
    one, other = (_quoted_or_blank(reading) for reading in (cell.first, cell.second))
    if one and one == other:
        return f"{one} ({_kind(cell.first)})", f"{other} ({_kind(cell.second)})"
    return one, other


def _quoted_or_blank(cell: Cell) -> str:
    text = shown_text(cell)
    return quoted(text) if text.strip() else ""


def _kind(cell: Cell) -> str:
    match cell:
        case str():
            return "Text"
        case int() | float():
            return "Zahl"
        case dt.date():
            return "Datum"
        case dt.time() | dt.timedelta():
            return "Zeit"
        case ErrorCell():
            return "Fehlerwert"
        case _:
            return "Wahrheitswert"


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
    return "error" if rule not in WARNINGS and column.required else "warning"


def to_table(findings: list[Finding]) -> pa.Table:
    """Findings as an Arrow table, as they are cached; programme and file are added where they are loaded."""
    import pyarrow as pa  # noqa: PLC0415  (who only asks for a finding's words does not need it)

    types = {field.name: pa.int64() if field.name == "row" else pa.string() for field in fields(Finding)}
    columns = {name: [getattr(f, name) for f in findings] for name in types}
    return pa.table(columns, schema=pa.schema(list(types.items())))
