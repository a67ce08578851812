"""Facit cases of every rule of `deliveries.md` §3 and §7: rows, and the findings that a person expects of them.

The cases are written by hand from the text of the contract and know nothing of the code's bounds and rules. Further
down, tests prove that no required column, bound, rule or flag of the contracts lacks a case; `test_rules_mutation.py`
proves that the cases notice when one of them changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pytest

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.model import Programme, Table
from kim_pipeline.contracts.rules import declared_rule
from kim_pipeline.reading.formats.cells import ErrorCell, Sheet
from kim_pipeline.reading.personal import pseudonym
from kim_pipeline.reading.table import TableResult
from tests.helpers_tables import KEY, TABLES, header_of, read_sheets_of, sheet_of, table_of

Row = dict[str, Any]
Expected = set[tuple[str, str]]
"""(rule, header) of the errors of a row."""
KNOWN_CASES = [f"F{n}" for n in range(200)]
AGS = ["05570004", "05570008", "05570012", "05570016", "05570020", "05570024", "05570028"]


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
    refers_to: list[tuple[Row, tuple[Any, ...] | None]] = field(default_factory=list)


DATE, NUMBER, VALUE = ("31.02.2023", "invalid_date"), ("viele", "invalid_number"), ("unklar", "invalid_value")
PLACE, ERROR = ("Entenhausen", "unknown_municipality"), (ErrorCell("#REF!"), "error_cell")
LANGUAGE, NATION = ("Klingonisch", "unknown_language"), ("Atlantis", "unknown_nationality")


def duplicates(same: Row, *others: Row, at: str) -> list[tuple[Row, Expected]]:
    """The first row holds its key; rows that differ in one part of it do not have it; a row with all of it does."""
    return [(same, set()), *((other, set[tuple[str, str]]()) for other in others), (same, {("duplicate_key", at)})]


FACIT: dict[tuple[str, str], Facit] = {
    ("sprachmittlerpool", "requests"): Facit(
        base={
            "Nr.": "A{n}", "Anfrage am": "01.03.2023", "Datum": "05.03.2023", "Ort": "Ahlen", "Sprache": "Dari",
            "Einrichtung": "Kita Ost", "Bereich": "Kita", "Dauer (Std.)": "2,5", "Honorar (€)": "75,00 €",
            "Sprachmittler-ID": "SM-1", "Status": "durchgeführt", "Bemerkung": "vertraulich",
        },
        required=["Nr.", "Anfrage am", "Ort", "Sprache", "Status"],
        unparsable={
            "Nr.": ERROR, "Anfrage am": DATE, "Datum": DATE, "Ort": PLACE, "Sprache": LANGUAGE, "Einrichtung": ERROR,
            "Bereich": VALUE, "Dauer (Std.)": NUMBER, "Honorar (€)": NUMBER, "Sprachmittler-ID": ERROR, "Status": VALUE,
            "Bemerkung": ERROR,
        },
        kept=[
            {"Dauer (Std.)": "0,01"}, {"Dauer (Std.)": "12"}, {"Honorar (€)": "0"}, {"Honorar (€)": "2.000,00"},
            {"Honorar (€)": ""}, {"Datum": "01.03.2023"}, {"Anfrage am": "01.01.2023"}, {"Datum": "05.03.2030"},
            {"Anfrage am": "31.12.2023", "Datum": "02.01.2024"},
            {"Status": "abgesagt", "Datum": "", "Dauer (Std.)": "", "Sprachmittler-ID": ""},
            {"Status": "kein SM verfügbar", "Datum": "", "Dauer (Std.)": "", "Sprachmittler-ID": "-"},
        ],
        broken=[
            ({"Dauer (Std.)": "0"}, {("out_of_range", "Dauer (Std.)")}),
            ({"Dauer (Std.)": "-1"}, {("out_of_range", "Dauer (Std.)")}),
            ({"Dauer (Std.)": "12,01"}, {("out_of_range", "Dauer (Std.)")}),
            ({"Honorar (€)": "-0,01"}, {("out_of_range", "Honorar (€)")}),
            ({"Honorar (€)": "2.000,01"}, {("out_of_range", "Honorar (€)")}),
            ({"Datum": "28.02.2023"}, {("date_order", "Datum")}),
            ({"Datum": ""}, {("status_incomplete", "Datum")}),
            ({"Dauer (Std.)": "k. A."}, {("status_incomplete", "Dauer (Std.)")}),
            ({"Sprachmittler-ID": "?"}, {("status_incomplete", "Sprachmittler-ID")}),
            ({"Datum": "", "Dauer (Std.)": ""}, {("status_incomplete", "Datum")}),
            ({"Anfrage am": "31.12.2022"}, {("outside_period", "Anfrage am")}),
            (
                {"Anfrage am": "01.01.2024", "Datum": ""},
                {("outside_period", "Anfrage am"), ("status_incomplete", "Datum")},
            ),
        ],
        sequences=[duplicates({"Nr.": "D1"}, {"Nr.": "d1"}, {"Nr.": "D 1"}, at="Nr.")],
        hidden=frozenset({"Sprachmittler-ID", "Bemerkung"}),
        period_date="Anfrage am",
    ),
    ("kim_case_management", "cases"): Facit(
        base={
            "Fallnummer": "F{n}", "Name, Vorname": "Muster, Mia", "Geburtsdatum": "01.02.1990", "AZR-Nummer": "900",
            "Geschlecht": "w", "Staatsangehörigkeit": "Syrien", "Sprache": "Arabisch", "Wohnort": "Ahlen",
            "Aufenthaltsstatus": "Duldung", "Anmeldung": "01.03.2023", "Erstgespräch": "08.03.2023",
            "Aufnahme": "15.03.2023", "Abschluss": "", "Abschlussgrund": "", "Case Manager/in": "CM 1",
        },
        required=["Fallnummer", "Wohnort", "Anmeldung"],
        unparsable={
            "Fallnummer": ERROR, "Name, Vorname": ERROR, "Geburtsdatum": DATE, "AZR-Nummer": ERROR, "Geschlecht": VALUE,
            "Staatsangehörigkeit": NATION, "Sprache": LANGUAGE, "Wohnort": PLACE, "Aufenthaltsstatus": VALUE,
            "Anmeldung": DATE, "Erstgespräch": DATE, "Aufnahme": DATE, "Abschluss": DATE, "Abschlussgrund": VALUE,
            "Case Manager/in": ERROR,
        },
        kept=[
            {"Anmeldung": "15.01.2024", "Erstgespräch": "15.01.2024", "Aufnahme": "15.01.2024"},
            {"Anmeldung": "01.03.2010"}, {"Erstgespräch": ""}, {"Aufnahme": ""}, {"Geburtsdatum": "15.01.2024"},
            {"Abschluss": "15.03.2023", "Abschlussgrund": "Wegzug"},
            {"Abschluss": "20.03.2023", "Abschlussgrund": "teilweise erreicht", "Erstgespräch": ""},
        ],
        broken=[
            ({"Erstgespräch": "28.02.2023"}, {("date_order", "Erstgespräch")}),
            ({"Aufnahme": "07.03.2023"}, {("date_order", "Aufnahme")}),
            ({"Erstgespräch": "", "Aufnahme": "28.02.2023"}, {("date_order", "Aufnahme")}),
            ({"Abschluss": "14.03.2023", "Abschlussgrund": "Abbruch"}, {("date_order", "Abschluss")}),
            ({"Erstgespräch": "20.03.2023", "Aufnahme": "10.03.2023"}, {("date_order", "Aufnahme")}),
            ({"Abschluss": "20.03.2023"}, {("status_incomplete", "Abschlussgrund")}),
            ({"Abschlussgrund": "Wegzug"}, {("status_incomplete", "Abschluss")}),
            (
                {"Abschluss": "20.03.2023", "Abschlussgrund": "Wegzug", "Aufnahme": ""},
                {("status_incomplete", "Aufnahme")},
            ),
            ({"Geburtsdatum": "16.01.2024"}, {("future_date", "Geburtsdatum")}),
            (
                {"Anmeldung": "16.01.2024", "Erstgespräch": "17.01.2024", "Aufnahme": "18.01.2024"},
                {("future_date", "Anmeldung"), ("future_date", "Erstgespräch"), ("future_date", "Aufnahme")},
            ),
            ({"Abschluss": "16.01.2024", "Abschlussgrund": "Wegzug"}, {("future_date", "Abschluss")}),
        ],
        sequences=[duplicates({"Fallnummer": "D1"}, {"Fallnummer": "d1"}, at="Fallnummer")],
        hidden=frozenset({"Fallnummer", "Name, Vorname", "Geburtsdatum", "AZR-Nummer", "Case Manager/in"}),
        period_date="Anmeldung",
    ),
    ("kim_case_management", "stations"): Facit(
        base={
            "Fallnummer": "F{n}", "Schritt": "1", "Rechtskreis": "SGB II", "Stelle": "Jobcenter",
            "Beginn": "01.04.2023", "Ende": "01.05.2023", "Hürde": "Wartezeit", "Fehlsteuerung": "nein",
        },
        required=["Fallnummer", "Schritt", "Rechtskreis", "Beginn"],
        unparsable={
            "Fallnummer": ERROR, "Schritt": NUMBER, "Rechtskreis": VALUE, "Stelle": ERROR, "Beginn": DATE, "Ende": DATE,
            "Hürde": VALUE, "Fehlsteuerung": VALUE,
        },
        kept=[
            {"Ende": "01.04.2023"}, {"Ende": ""}, {"Beginn": "15.01.2024", "Ende": "15.01.2024"}, {"Fehlsteuerung": ""},
            {"Beginn": "01.04.2001"}, {"Schritt": "0"},
        ],
        broken=[
            ({"Ende": "31.03.2023"}, {("date_order", "Ende")}),
            ({"Beginn": "16.01.2024", "Ende": ""}, {("future_date", "Beginn")}),
            ({"Ende": "16.01.2024"}, {("future_date", "Ende")}),
            ({"Fallnummer": "X1"}, {("orphan", "Fallnummer")}),
            ({"Fallnummer": "f1"}, {("orphan", "Fallnummer")}),
        ],
        sequences=[
            duplicates(
                {"Fallnummer": "F7", "Schritt": "1"}, {"Fallnummer": "F7", "Schritt": "2"},
                {"Fallnummer": "F8", "Schritt": "1"}, at="Fallnummer",
            ),
            [
                ({"Fallnummer": "X7", "Schritt": "1"}, {("orphan", "Fallnummer")}),
                ({"Fallnummer": "X7", "Schritt": "1"}, {("orphan", "Fallnummer")}),
            ],
        ],
        hidden=frozenset({"Fallnummer"}),
    ),
    ("kim_case_management", "needs"): Facit(
        base={
            "Fallnummer": "F{n}", "Bedarf": "Wohnen", "Festgestellt am": "01.04.2023", "Gedeckt am": "01.05.2023",
            "Ergebnis": "gedeckt",
        },
        required=["Fallnummer", "Bedarf", "Festgestellt am", "Ergebnis"],
        unparsable={
            "Fallnummer": ERROR, "Bedarf": VALUE, "Festgestellt am": DATE, "Gedeckt am": DATE, "Ergebnis": VALUE,
        },
        kept=[
            {"Gedeckt am": "01.04.2023"}, {"Gedeckt am": "", "Ergebnis": "offen"}, {"Ergebnis": "Warteliste"},
            {"Festgestellt am": "15.01.2024", "Gedeckt am": "15.01.2024"},
        ],
        broken=[
            ({"Gedeckt am": "31.03.2023"}, {("date_order", "Gedeckt am")}),
            ({"Gedeckt am": ""}, {("status_incomplete", "Gedeckt am")}),
            ({"Gedeckt am": "16.01.2024"}, {("future_date", "Gedeckt am")}),
            (
                {"Festgestellt am": "16.01.2024", "Gedeckt am": "", "Ergebnis": "offen"},
                {("future_date", "Festgestellt am")},
            ),
            ({"Fallnummer": "X1"}, {("orphan", "Fallnummer")}),
        ],
        sequences=[
            duplicates(
                {"Fallnummer": "F7"}, {"Fallnummer": "F8"}, {"Fallnummer": "F7", "Bedarf": "Kita"},
                {"Fallnummer": "F7", "Festgestellt am": "02.04.2023"}, at="Fallnummer",
            )
        ],
        hidden=frozenset({"Fallnummer"}),
    ),
    ("komm_an", "grants"): Facit(
        base={
            "Antrag-Nr.": "K{n}", "Träger": "Verein", "Kommune": "Ahlen", "Baustein": "A", "Maßnahme": "Café",
            "Bewilligt (€)": "1.000,00", "Ausgezahlt (€)": "800,00", "Rückfluss (€)": "100,00", "Teilnehmende": "20",
            "Ehrenamtliche": "5", "Unterbaustein": "A1", "Anzahl": "2", "Festbetrag (€)": "500",
        },
        required=["Antrag-Nr.", "Träger", "Kommune", "Baustein", "Bewilligt (€)"],
        unparsable={
            "Antrag-Nr.": ERROR, "Träger": ERROR, "Kommune": PLACE, "Baustein": VALUE, "Maßnahme": ERROR,
            "Bewilligt (€)": NUMBER, "Ausgezahlt (€)": NUMBER, "Rückfluss (€)": NUMBER, "Teilnehmende": NUMBER,
            "Ehrenamtliche": ("1,5", "invalid_number"), "Unterbaustein": VALUE, "Anzahl": NUMBER,
            "Festbetrag (€)": NUMBER,
        },
        kept=[
            {"Anzahl": "0", "Festbetrag (€)": "0"}, {"Unterbaustein": "D2"},
            {"Bewilligt (€)": "0", "Ausgezahlt (€)": "0", "Rückfluss (€)": "0"}, {"Ausgezahlt (€)": "1.000,00"},
            {"Rückfluss (€)": "800,00"}, {"Teilnehmende": "0", "Ehrenamtliche": "0"}, {"Ausgezahlt (€)": ""},
            {"Ausgezahlt (€)": "", "Rückfluss (€)": "5.000"},
            {"Ausgezahlt (€)": "0,3", "Bewilligt (€)": "0,3", "Rückfluss (€)": "0"},
        ],
        broken=[
            (
                {"Bewilligt (€)": "-0,01", "Ausgezahlt (€)": "", "Rückfluss (€)": ""},
                {("out_of_range", "Bewilligt (€)")},
            ),
            ({"Ausgezahlt (€)": "-0,01", "Rückfluss (€)": ""}, {("out_of_range", "Ausgezahlt (€)")}),
            ({"Rückfluss (€)": "-0,01"}, {("out_of_range", "Rückfluss (€)")}),
            ({"Teilnehmende": "-1"}, {("out_of_range", "Teilnehmende")}),
            ({"Ehrenamtliche": "-1"}, {("out_of_range", "Ehrenamtliche")}),
            ({"Anzahl": "-1"}, {("out_of_range", "Anzahl")}),
            ({"Festbetrag (€)": "-0,01"}, {("out_of_range", "Festbetrag (€)")}),
            ({"Ausgezahlt (€)": "1.000,01"}, {("amount_order", "Ausgezahlt (€)")}),
            ({"Rückfluss (€)": "800,01"}, {("amount_order", "Rückfluss (€)")}),
            ({"Ausgezahlt (€)": "1.100", "Rückfluss (€)": "1.200"}, {("amount_order", "Ausgezahlt (€)")}),
        ],
        sequences=[duplicates({"Antrag-Nr.": "D1"}, {"Antrag-Nr.": "D2"}, at="Antrag-Nr.")],
    ),
    ("fit", "groups"): Facit(
        base={
            "Gruppe": "G{n}", "Programm": "Griffbereit", "Einrichtung": "Kita Ost", "Kommune": "Ahlen",
            "Sprachen": "Arabisch, Türkisch", "Familien": "8", "Kinder": "10", "Treffen": "20",
            "Elternbegleitung": "EB 1", "Beginn": "01.09.2022", "Ende": "30.06.2023",
        },
        required=["Gruppe", "Programm", "Einrichtung", "Kommune", "Familien", "Kinder"],
        unparsable={
            "Gruppe": ERROR, "Programm": VALUE, "Einrichtung": ERROR, "Kommune": PLACE, "Sprachen": LANGUAGE,
            "Familien": NUMBER, "Kinder": NUMBER, "Treffen": NUMBER, "Elternbegleitung": ERROR, "Beginn": DATE,
            "Ende": DATE,
        },
        kept=[
            {"Familien": "0", "Kinder": "0"}, {"Familien": "60", "Kinder": "150"}, {"Treffen": "-1"},
            {"Ende": "01.09.2022"}, {"Beginn": "01.09.2030", "Ende": ""}, {"Beginn": ""},
        ],
        broken=[
            ({"Familien": "-1"}, {("out_of_range", "Familien")}),
            ({"Familien": "61"}, {("out_of_range", "Familien")}),
            ({"Kinder": "-1"}, {("out_of_range", "Kinder")}),
            ({"Kinder": "151"}, {("out_of_range", "Kinder")}),
            ({"Familien": "61", "Kinder": "151"}, {("out_of_range", "Familien"), ("out_of_range", "Kinder")}),
            ({"Ende": "31.08.2022"}, {("date_order", "Ende")}),
        ],
        sequences=[duplicates({"Gruppe": "D1"}, {"Gruppe": "D2"}, at="Gruppe")],
        hidden=frozenset({"Elternbegleitung"}),
    ),
    ("mercator", "tuition"): Facit(
        base={
            "Schule": "Schule {n}", "Fach": "Deutsch", "Kommune": "Ahlen", "1. Halbjahr|SuS": "12",
            "1. Halbjahr|Std.": "30,5", "1. Halbjahr|Förderlehrkräfte": "2", "2. Halbjahr|SuS": "14",
            "2. Halbjahr|Std.": "28", "2. Halbjahr|Förderlehrkräfte": "3",
        },
        required=["Schule", "Fach", "Kommune"],
        unparsable={
            "Schule": ERROR, "Fach": VALUE, "Kommune": PLACE, "1. Halbjahr|SuS": NUMBER, "1. Halbjahr|Std.": NUMBER,
            "1. Halbjahr|Förderlehrkräfte": NUMBER, "2. Halbjahr|SuS": ("1,5", "invalid_number"),
            "2. Halbjahr|Std.": NUMBER, "2. Halbjahr|Förderlehrkräfte": NUMBER,
        },
        kept=[
            {f"{half}. Halbjahr|{name}": "0" for half in (1, 2) for name in ("SuS", "Std.", "Förderlehrkräfte")},
            {"1. Halbjahr|SuS": "", "1. Halbjahr|Std.": "", "1. Halbjahr|Förderlehrkräfte": ""},
        ],
        broken=[
            ({"1. Halbjahr|SuS": "-1"}, {("out_of_range", "1. Halbjahr|SuS")}),
            ({"1. Halbjahr|Std.": "-0,01"}, {("out_of_range", "1. Halbjahr|Std.")}),
            ({"1. Halbjahr|Förderlehrkräfte": "-1"}, {("out_of_range", "1. Halbjahr|Förderlehrkräfte")}),
            ({"2. Halbjahr|SuS": "-1"}, {("out_of_range", "2. Halbjahr|SuS")}),
            ({"2. Halbjahr|Std.": "-0,01"}, {("out_of_range", "2. Halbjahr|Std.")}),
            ({"2. Halbjahr|Förderlehrkräfte": "-1"}, {("out_of_range", "2. Halbjahr|Förderlehrkräfte")}),
        ],
        sequences=[
            duplicates({"Schule": "Ost"}, {"Schule": "West"}, {"Schule": "Ost", "Fach": "DaZ"}, at="Schule"),
        ],
    ),
    ("patenprojekt", "mentorships"): Facit(
        base={
            "Nr.": "P{n}", "Pate/Patin": "Pat 1", "Patenkind": "Kind 1", "Schule": "Realschule", "Kommune": "Ahlen",
            "Beginn": "01.03.2023", "Ende": "01.06.2023", "Ergebnis": "Ausbildung",
        },
        required=["Nr.", "Kommune", "Beginn"],
        unparsable={
            "Nr.": ERROR, "Pate/Patin": ERROR, "Patenkind": ERROR, "Schule": ERROR, "Kommune": PLACE, "Beginn": DATE,
            "Ende": DATE, "Ergebnis": VALUE,
        },
        kept=[
            {"Ende": "", "Ergebnis": ""}, {"Ende": "", "Ergebnis": "offen"}, {"Ende": "01.03.2023"},
            {"Beginn": "15.01.2024", "Ende": "15.01.2024"}, {"Beginn": "01.03.2012"}, {"Ende": ""},
        ],
        broken=[
            ({"Ende": "28.02.2023"}, {("date_order", "Ende")}),
            ({"Ergebnis": ""}, {("status_incomplete", "Ergebnis")}),
            ({"Ergebnis": "offen"}, {("status_incomplete", "Ergebnis")}),
            ({"Beginn": "16.01.2024", "Ende": "", "Ergebnis": ""}, {("future_date", "Beginn")}),
            ({"Ende": "16.01.2024"}, {("future_date", "Ende")}),
        ],
        sequences=[duplicates({"Nr.": "D1"}, {"Nr.": "D2"}, at="Nr.")],
        hidden=frozenset({"Nr.", "Pate/Patin", "Patenkind"}),
        period_date="Beginn",
    ),
    ("schulische_erstberatung", "consultations"): Facit(
        base={
            "Nr.": "E{n}", "Beratung am": "15.03.2023", "Name des Kindes": "Mia", "Geburtsdatum": "01.02.2013",
            "Herkunftsland": "Syrien", "Erstsprache": "Arabisch", "Wohnort": "Ahlen", "Schulform": "Grundschule",
            "Zugewiesene Schule": "Schule Ost", "Schulaufnahme": "20.03.2023",
        },
        required=["Nr.", "Beratung am", "Wohnort"],
        unparsable={
            "Nr.": ERROR, "Beratung am": DATE, "Name des Kindes": ERROR, "Geburtsdatum": DATE, "Herkunftsland": NATION,
            "Erstsprache": LANGUAGE, "Wohnort": PLACE, "Schulform": VALUE, "Zugewiesene Schule": ERROR,
            "Schulaufnahme": DATE,
        },
        kept=[
            {"Geburtsdatum": "15.03.2020"}, {"Geburtsdatum": "16.03.1997"}, {"Geburtsdatum": ""},
            {"Schulaufnahme": "15.03.2023"}, {"Schulaufnahme": ""}, {"Schulaufnahme": "20.03.2030"},
            {"Beratung am": "01.08.2022"}, {"Beratung am": "31.07.2023", "Schulaufnahme": "01.09.2023"},
        ],
        broken=[
            ({"Geburtsdatum": "16.03.2020"}, {("out_of_range", "Geburtsdatum")}),
            ({"Geburtsdatum": "15.03.1997"}, {("out_of_range", "Geburtsdatum")}),
            ({"Geburtsdatum": "16.03.2023"}, {("out_of_range", "Geburtsdatum")}),
            ({"Geburtsdatum": "15.03.2033"}, {("out_of_range", "Geburtsdatum")}),
            ({"Schulaufnahme": "14.03.2023"}, {("date_order", "Schulaufnahme")}),
            ({"Beratung am": "31.07.2022"}, {("outside_period", "Beratung am")}),
            ({"Beratung am": "01.08.2023", "Schulaufnahme": ""}, {("outside_period", "Beratung am")}),
        ],
        sequences=[duplicates({"Nr.": "D1"}, {"Nr.": "D2"}, at="Nr.")],
        hidden=frozenset({"Name des Kindes", "Geburtsdatum"}),
        period_date="Beratung am",
    ),
    ("fortbildungen", "events"): Facit(
        base={
            "Nr.": "V{n}", "Titel": "DaZ im Unterricht", "Datum": "01.03.2023", "Thema": "DaZ", "Ort": "Ahlen",
            "Dauer (Std.)": "4", "Plätze": "20", "Anmeldungen": "18", "Teilnehmende": "15", "Bewertung": "1,5",
        },
        required=["Nr.", "Titel", "Datum", "Ort", "Teilnehmende"],
        unparsable={
            "Nr.": ERROR, "Titel": ERROR, "Datum": DATE, "Thema": VALUE, "Ort": PLACE, "Dauer (Std.)": NUMBER,
            "Plätze": NUMBER, "Anmeldungen": NUMBER, "Teilnehmende": NUMBER, "Bewertung": NUMBER,
        },
        kept=[
            {"Teilnehmende": "0"}, {"Teilnehmende": "500"}, {"Dauer (Std.)": "0,01"}, {"Dauer (Std.)": "40"},
            {"Plätze": "1"}, {"Bewertung": "1"}, {"Bewertung": "6"}, {"Anmeldungen": "-1"}, {"Bewertung": ""},
            {"Datum": "01.01.2023"}, {"Datum": "31.12.2023"},
        ],
        broken=[
            ({"Teilnehmende": "-1"}, {("out_of_range", "Teilnehmende")}),
            ({"Teilnehmende": "501"}, {("out_of_range", "Teilnehmende")}),
            ({"Dauer (Std.)": "0"}, {("out_of_range", "Dauer (Std.)")}),
            ({"Dauer (Std.)": "40,01"}, {("out_of_range", "Dauer (Std.)")}),
            ({"Plätze": "0"}, {("out_of_range", "Plätze")}),
            ({"Bewertung": "0,99"}, {("out_of_range", "Bewertung")}),
            ({"Bewertung": "6,01"}, {("out_of_range", "Bewertung")}),
            ({"Datum": "31.12.2022"}, {("outside_period", "Datum")}),
            ({"Datum": "01.01.2024"}, {("outside_period", "Datum")}),
        ],
        sequences=[duplicates({"Nr.": "D1"}, {"Nr.": "D2"}, at="Nr.")],
        period_date="Datum",
    ),
    ("sprachhelfer", "placements"): Facit(
        base={
            "Einrichtung": "Kita {n}", "Sprachhelfer/in": "SH 1", "Kommune": "Ahlen", "Art": "Kita",
            "Stunden bewilligt": "100", "Stunden geleistet": "90", "Kinder": "12",
        },
        required=["Einrichtung", "Sprachhelfer/in", "Kommune", "Stunden bewilligt"],
        unparsable={
            "Einrichtung": ERROR, "Sprachhelfer/in": ERROR, "Kommune": PLACE, "Art": VALUE, "Stunden bewilligt": NUMBER,
            "Stunden geleistet": NUMBER, "Kinder": NUMBER,
        },
        kept=[
            {"Stunden bewilligt": "0", "Stunden geleistet": "0", "Kinder": "0"}, {"Stunden geleistet": "150"},
            {"Stunden geleistet": "0,45", "Stunden bewilligt": "0,3"},
            {"Stunden geleistet": "50,1", "Stunden bewilligt": "33,4"}, {"Stunden geleistet": ""},
        ],
        broken=[
            ({"Stunden bewilligt": "-0,01", "Stunden geleistet": ""}, {("out_of_range", "Stunden bewilligt")}),
            ({"Stunden geleistet": "-0,01"}, {("out_of_range", "Stunden geleistet")}),
            ({"Kinder": "-1"}, {("out_of_range", "Kinder")}),
            ({"Stunden geleistet": "150,01"}, {("out_of_range", "Stunden geleistet")}),
        ],
        sequences=[
            duplicates(
                {"Einrichtung": "Ost"}, {"Einrichtung": "West"}, {"Einrichtung": "Ost", "Sprachhelfer/in": "SH 2"},
                at="Einrichtung",
            )
        ],
        hidden=frozenset({"Sprachhelfer/in"}),
    ),
    ("suedosteuropa", "contacts"): Facit(
        base={
            "Nr.": "K{n}", "Datum": "01.03.2023", "Person-ID": "P1", "Staatsangehörigkeit": "Rumänien", "Ort": "Ahlen",
            "Thema": "Wohnen", "Art": "Beratung",
        },
        required=["Nr.", "Datum", "Person-ID", "Ort", "Thema"],
        unparsable={
            "Nr.": ERROR, "Datum": DATE, "Person-ID": ERROR, "Staatsangehörigkeit": NATION, "Ort": PLACE,
            "Thema": VALUE, "Art": VALUE,
        },
        kept=[{"Datum": "01.01.2023"}, {"Datum": "31.12.2023"}, {"Staatsangehörigkeit": "staatenlos"}],
        broken=[
            ({"Datum": "31.12.2022"}, {("outside_period", "Datum")}),
            ({"Datum": "01.01.2024"}, {("outside_period", "Datum")}),
        ],
        sequences=[duplicates({"Nr.": "D1"}, {"Nr.": "D2"}, at="Nr.")],
        hidden=frozenset({"Person-ID"}),
        period_date="Datum",
    ),
    ("durchstarten", "participations"): Facit(
        base={
            "TN-Nr.": "T{n}", "Baustein": "1", "Eintritt": "01.03.2023", "Austritt": "01.06.2023",
            "Aufenthaltsstatus": "Duldung", "Wohnort": "Ahlen", "Verbleib": "Arbeit",
        },
        required=["TN-Nr.", "Baustein", "Eintritt", "Wohnort"],
        unparsable={
            "TN-Nr.": ERROR, "Baustein": ("7", "invalid_value"), "Eintritt": DATE, "Austritt": DATE,
            "Aufenthaltsstatus": VALUE, "Wohnort": PLACE, "Verbleib": VALUE,
        },
        kept=[
            {"Austritt": "", "Verbleib": ""}, {"Austritt": "", "Verbleib": "Arbeit"}, {"Austritt": "01.03.2023"},
            {"Eintritt": "15.01.2024", "Austritt": "15.01.2024"}, {"Baustein": "4 Sprachkurs"},
            {"Eintritt": "01.03.2015"},
        ],
        broken=[
            ({"Austritt": "28.02.2023"}, {("date_order", "Austritt")}),
            ({"Verbleib": ""}, {("status_incomplete", "Verbleib")}),
            ({"Eintritt": "16.01.2024", "Austritt": "", "Verbleib": ""}, {("future_date", "Eintritt")}),
            ({"Austritt": "16.01.2024"}, {("future_date", "Austritt")}),
        ],
        sequences=[
            duplicates(
                {"TN-Nr.": "D1"}, {"TN-Nr.": "D2"}, {"TN-Nr.": "D1", "Baustein": "2"},
                {"TN-Nr.": "D1", "Eintritt": "02.03.2023"}, at="TN-Nr.",
            )
        ],
        hidden=frozenset({"TN-Nr."}),
        period_date="Eintritt",
    ),
    ("angebote", "offers"): Facit(
        base={
            "Nr.": "O{n}", "Angebot": "Café", "Träger": "Verein", "Ort": "kreisweit", "Handlungsfeld": "Wohnen",
            "Plätze": "20", "belegt": "15", "Warteliste": "2", "gültig ab": "01.03.2023", "gültig bis": "31.12.2023",
        },
        required=["Nr.", "Angebot", "Ort", "Handlungsfeld", "gültig ab"],
        unparsable={
            "Nr.": ERROR, "Angebot": ERROR, "Träger": ERROR, "Ort": PLACE, "Handlungsfeld": VALUE, "Plätze": NUMBER,
            "belegt": NUMBER, "Warteliste": NUMBER, "gültig ab": DATE, "gültig bis": DATE,
        },
        kept=[
            {"Plätze": "0", "belegt": "0", "Warteliste": "0"}, {"gültig bis": "01.03.2023"}, {"gültig bis": ""},
            {"gültig ab": "01.03.2030", "gültig bis": ""}, {"belegt": "30"},
        ],
        broken=[
            ({"Plätze": "-1"}, {("out_of_range", "Plätze")}),
            ({"belegt": "-1"}, {("out_of_range", "belegt")}),
            ({"Warteliste": "-1"}, {("out_of_range", "Warteliste")}),
            ({"gültig bis": "28.02.2023"}, {("date_order", "gültig bis")}),
        ],
        sequences=[duplicates({"Nr.": "D1"}, {"Nr.": "D2"}, at="Nr.")],
        period_date="gültig ab",
    ),
    ("massnahmen", "measures"): Facit(
        base={
            "Nr.": "M{n}", "Handlungsfeld": "Sprache", "Maßnahme": "Kurs", "Zuständigkeit": "KI",
            "KI-Beteiligung": "ja", "Programm": "fit", "Themenfeld": "Sprache", "Status": "laufend",
            "Stand am": "01.03.2023", "Bemerkung": "keine", "Ziel": "Mehr Kurse", "Kennzahl": "population",
            "Zielwert": "",
            "Zieldatum": "31.12.2030", "Nächster Schritt": "Raum suchen", "Termin nächster Schritt": "01.03.2030",
            "Kosten pro Jahr (€)": "100", "Finanzierung": "Kreis",
        },
        required=["Nr.", "Handlungsfeld", "Maßnahme", "KI-Beteiligung", "Status"],
        unparsable={
            "Nr.": ERROR, "Handlungsfeld": ERROR, "Maßnahme": ERROR, "Zuständigkeit": ERROR, "KI-Beteiligung": VALUE,
            "Programm": VALUE, "Themenfeld": VALUE, "Status": VALUE, "Stand am": DATE, "Bemerkung": ERROR,
            "Ziel": ERROR, "Kennzahl": ("Quote", "unknown_indicator"), "Zielwert": NUMBER, "Zieldatum": DATE,
            "Nächster Schritt": ERROR, "Termin nächster Schritt": DATE, "Kosten pro Jahr (€)": NUMBER,
            "Finanzierung": VALUE,
        },
        kept=[{"KI-Beteiligung": ""}, {"Programm": ""}, {"Themenfeld": "-"}, {"Stand am": "01.03.2030"},
              {"Zielwert": "80"}, {"Kosten pro Jahr (€)": "0"}],
        broken=[
            ({"Kosten pro Jahr (€)": "-1"}, {("out_of_range", "Kosten pro Jahr (€)")}),
            ({"Zielwert": "80", "Kennzahl": ""}, {("target_incomplete", "Zielwert")}),
        ],
        sequences=[duplicates({"Nr.": "D1"}, {"Nr.": "D2"}, at="Nr.")],
    ),
    ("beschluesse", "decisions"): Facit(
        base={
            "Nr.": "B{n}", "Datum": "01.03.2023", "Gremium": "BIKS", "Konzept": "Handlungskonzept 2016",
            "Maßnahme-Nr.": "7", "Art": "Beschluss", "Entscheidung": "fortführen", "Beschlusstext": "Text",
            "Frist": "01.06.2024", "erledigt am": "01.05.2023", "Zuständig": "Jugendamt",
        },
        required=["Nr.", "Datum", "Gremium", "Art"],
        unparsable={
            "Nr.": ERROR, "Datum": DATE, "Gremium": VALUE, "Konzept": VALUE, "Maßnahme-Nr.": ERROR, "Art": VALUE,
            "Entscheidung": VALUE, "Beschlusstext": ERROR, "Frist": DATE, "erledigt am": DATE, "Zuständig": ERROR,
        },
        kept=[
            {"Gremium": "Lenkungsgruppe KIM", "Art": "Empfehlung"},
            {"Gremium": "Lenkungsgruppe", "Art": "Kenntnisnahme"},
            {"Gremium": "Kreistag"}, {"Gremium": "Kreisausschuss"}, {"Frist": "01.03.2030"},
            {"erledigt am": "01.03.2023"}, {"Datum": "15.01.2024", "erledigt am": ""},
        ],
        broken=[
            ({"Gremium": "Lenkungsgruppe"}, {("body_competence", "Art")}),
            ({"erledigt am": "28.02.2023"}, {("date_order", "erledigt am")}),
            ({"Datum": "16.01.2024", "erledigt am": ""}, {("future_date", "Datum")}),
            ({"erledigt am": "16.01.2024"}, {("future_date", "erledigt am")}),
        ],
        period_date="Datum",
        refers_to=[
            ({"Nr.": "R1"}, ("Handlungskonzept 2016", "7")),
            ({"Nr.": "R2", "Konzept": ""}, (None, "7")),
            ({"Nr.": "R3", "Maßnahme-Nr.": ""}, None),
        ],
    ),
    ("bevoelkerung", "population"): Facit(
        base={
            "AGS": "{ags}", "Gemeinde": "Name", "Bevölkerung|insgesamt": "1.000", "Bevölkerung|männlich": "490",
            "Bevölkerung|weiblich": "510", "Ausländer|insgesamt": "100", "Ausländer|männlich": "60",
            "Ausländer|weiblich": "40",
        },
        required=["AGS", "Bevölkerung|insgesamt", "Ausländer|insgesamt"],
        unparsable={
            "AGS": ("unklar", "invalid_value"), "Gemeinde": ERROR, "Bevölkerung|insgesamt": NUMBER,
            "Bevölkerung|männlich": NUMBER, "Bevölkerung|weiblich": NUMBER, "Ausländer|insgesamt": NUMBER,
            "Ausländer|männlich": NUMBER, "Ausländer|weiblich": NUMBER,
        },
        kept=[
            {"Bevölkerung|insgesamt": "0", "Ausländer|insgesamt": "0"}, {"Ausländer|insgesamt": "1.000"},
            {"Bevölkerung|männlich": "0", "Bevölkerung|weiblich": "0"},
            {"Ausländer|männlich": "0", "Ausländer|weiblich": "0"},
        ],
        broken=[
            ({"Bevölkerung|insgesamt": "-1", "Ausländer|insgesamt": "0"},
             {("out_of_range", "Bevölkerung|insgesamt"), ("amount_order", "Ausländer|insgesamt")}),
            ({"Bevölkerung|männlich": "-1"}, {("out_of_range", "Bevölkerung|männlich")}),
            ({"Bevölkerung|weiblich": "-1"}, {("out_of_range", "Bevölkerung|weiblich")}),
            ({"Ausländer|insgesamt": "-1"}, {("out_of_range", "Ausländer|insgesamt")}),
            ({"Ausländer|männlich": "-1"}, {("out_of_range", "Ausländer|männlich")}),
            ({"Ausländer|weiblich": "-1"}, {("out_of_range", "Ausländer|weiblich")}),
            ({"Ausländer|insgesamt": "1.001"}, {("amount_order", "Ausländer|insgesamt")}),
        ],
        sequences=[duplicates({"AGS": "05570004"}, {"AGS": "5570008"}, at="AGS")],
    ),
}  # fmt: skip

PERIODS = {
    "sprachmittlerpool": "2023", "komm_an": "2023", "fit": "2022/23", "mercator": "2022/23",
    "schulische_erstberatung": "2022/23", "fortbildungen": "2023", "sprachhelfer": "2023", "suedosteuropa": "2023",
    "bevoelkerung": "2023",
}  # fmt: skip
SHEETS = {"massnahmen": "Integrationskonzept 2010"}
NOTICES = {"unknown_language", "unknown_nationality", "unknown_indicator"}
WARNINGS = {"target_incomplete"}


# --- running cases ---------------------------------------------------------------------------------------------------

Found = tuple[str, str, str, str]
"""Rule, header, severity and raw text of a finding."""
Case = list[tuple[Row, set[Found]]]
"""Rows that are read together, each with its findings."""


def numbered(base: Row, n: int) -> Row:
    return {h: c.format(n=n, ags=AGS[n % len(AGS)]) if isinstance(c, str) else c for h, c in base.items()}


def raw(facit: Facit, header: str, cell: Any) -> str:
    if header in facit.hidden:
        return "***"
    return cell.raw if isinstance(cell, ErrorCell) else str(cell)


def as_case(facit: Facit, rows: list[tuple[Row, Expected]]) -> Case:
    """Rows with errors; the raw text is the cell's."""
    case: Case = []
    for n, (changes, expected) in enumerate(rows):
        row = numbered(facit.base, n) | changes
        told = ((rule, h, "warning" if rule in WARNINGS else "error") for rule, h in expected)
        case.append((row, {(rule, h, how, raw(facit, h, row[h])) for rule, h, how in told}))
    return case


def severity(facit: Facit, header: str, rule: str) -> str:
    if rule in NOTICES:
        return "notice"
    return "error" if header in facit.required else "warning"


def without_status(facit: Facit) -> Row:
    """A change after which no optional cell is needed for the status."""
    if "Status" in facit.base and "Sprachmittler-ID" in facit.base:
        return {"Status": "abgesagt"}
    blank = [h for h in ("Ende", "Austritt", "Gedeckt am") if h in facit.base and h not in facit.required]
    quiet: Row = dict.fromkeys(blank, "")
    return quiet | ({"Ergebnis": "offen"} if "Gedeckt am" in blank else {})


def cell_cases(facit: Facit) -> Iterator[tuple[str, Case]]:
    """Required cells that are blank, and cells that cannot be read."""
    for header in facit.required:
        expected = (
            set() if header == "KI-Beteiligung" else {("missing_value", header, "error", raw(facit, header, "k. A."))}
        )
        yield f"missing {header}", [(numbered(facit.base, 1) | {header: "k. A."}, expected)]
    for header, (cell, rule) in facit.unparsable.items():
        found = {(rule, header, severity(facit, header, rule), raw(facit, header, cell))}
        yield f"unparsable {header}", [(numbered(facit.base, 1) | without_status(facit) | {header: cell}, found)]


def cases(facit: Facit) -> Iterator[tuple[str, Case]]:
    """All cases of a table by name."""
    yield "base", as_case(facit, [({}, set()), ({}, set())])
    yield from cell_cases(facit)
    for changes in facit.kept:
        yield f"kept {changes}", as_case(facit, [(changes, set())])
    for changes, expected in facit.broken:
        yield f"broken {changes}", as_case(facit, [(changes, expected)])
    for number, rows in enumerate(facit.sequences):
        yield f"sequence {number}", as_case(facit, rows)


def facit_sheet(rows: list[Row], name: str) -> Sheet:
    """A sheet whose columns are those of the first row; `group|detail` makes a header of two rows."""
    names = [header.partition("|") for header in rows[0]]
    cells = [list(row.values()) for row in rows]
    if not any(detail for _, _, detail in names):
        return sheet_of([list(rows[0]), *cells], name)
    groups = [group if detail else "" for group, _, detail in names]
    upper = ["" if at and groups[at - 1] == g else g for at, g in enumerate(groups)]
    return sheet_of([upper, [detail or group for group, _, detail in names], *cells], name)


def known_cases() -> pa.Table:
    return pa.table({"case_no": [pseudonym(KEY, number) for number in [*KNOWN_CASES, "D1", "d1"]]})


def read_rows(programme: Programme, table: str, rows: list[Row]) -> TableResult:
    return read_sheets_of(
        programme,
        table,
        [facit_sheet(rows, SHEETS.get(programme.key, "Blatt"))],
        period=PERIODS.get(programme.key),
        known=known_cases(),
    )


def findings_of(programme: Programme, table: str, rows: list[Row]) -> tuple[list[set[Found]], TableResult]:
    """Per row its findings, columns by the key of the facit."""
    result = read_rows(programme, table, rows)
    headers = list(rows[0])
    first = 3 if any("|" in h for h in headers) else 2
    found: list[set[Found]] = [set() for _ in rows]
    for f in result.findings:
        assert f.row is not None
        assert f.column_letter is not None
        header = headers[ord(f.column_letter) - ord("A")]
        assert f.column_name == header.rpartition("|")[2]
        entry = (f.rule, header, f.severity, f.raw or "")
        assert entry not in found[f.row - first], f"twice: {entry}"
        found[f.row - first].add(entry)
    return found, result


def problem_of(programme: Programme, table: str, case: Case) -> str | None:
    """What is wrong with a case, or None."""
    found, result = findings_of(programme, table, [row for row, _ in case])
    expected = [e for _, e in case]
    if found != expected:
        return f"expected {expected}, found {found}"
    bad = sum(any(f[2] == "error" for f in e) for e in expected)
    account = result.accounts[0]
    counts = (account.rows_read, account.accepted, account.quarantined, account.total, account.note)
    return None if counts == (len(case), len(case) - bad, bad, 0, 0) else f"account {counts}"


CASES = [(p, t, name, case) for (p, t), facit in FACIT.items() for name, case in cases(facit)]


@pytest.mark.parametrize(
    ("programme", "table", "case"), [c[:2] + c[3:] for c in CASES], ids=[" ".join(c[:3]) for c in CASES]
)
def test_case(programme: str, table: str, case: Case) -> None:
    assert problem_of(programmes()[programme], table, case) is None


def reference_problem(programme: Programme, table: str, facit: Facit) -> str | None:
    """Whether rows that refer to another programme wait for it, with their target."""
    rows = [numbered(facit.base, n) | changes for n, (changes, _) in enumerate(facit.refers_to)]
    if not rows:
        return None
    found = [p.target for p in read_rows(programme, table, rows).pending]
    expected = [target for _, target in facit.refers_to]
    return None if found == expected else f"expected {expected}, found {found}"


def period_date_problem(programme: Programme, table: str, facit: Facit) -> str | None:
    """Whether the column of the period date is the one that the contract prints bold."""
    name = programme.table(table).period_date
    header = None if name is None else programme.table(table).columns[name].headers[0]
    return None if header == facit.period_date else f"expected {facit.period_date}, found {header}"


@pytest.mark.parametrize(("programme", "table"), TABLES)
def test_references_and_period_dates(programme: str, table: str) -> None:
    facit, contract = FACIT[programme, table], programmes()[programme]
    assert reference_problem(contract, table, facit) is None
    assert period_date_problem(contract, table, facit) is None


# --- nothing lacks a case --------------------------------------------------------------------------------------------


def header_key(table: Table, name: str) -> str:
    """The header of a column as the facit writes it; a derived column is reported at its source."""
    c = table.columns[table.columns[name].derived_from or name]
    known = FACIT[next(key for key in FACIT if table_of(*key) is table)].base
    accepted = [f"{g}|{h}" if g else h for g in c.group or ("",) for h in c.headers]
    return next(h for h in accepted if h in known)


def all_broken(facit: Facit) -> list[tuple[Row, Expected]]:
    return [*facit.broken, *(row for rows in facit.sequences for row in rows)]


def bounds() -> list[tuple[str, str, str, str]]:
    found = []
    for programme, table in TABLES:
        for name, column in table_of(programme, table).schema.columns.items():
            found += [(programme, table, name, str(check.name)) for check in column.checks]
    return found


def row_rules() -> list[tuple[str, str, str, tuple[str, ...]]]:
    found = []
    for programme, table in TABLES:
        for check in table_of(programme, table).schema.checks:
            rule = declared_rule(check)
            assert rule is not None
            found.append((programme, table, rule.rule, rule.columns))
    return found


@pytest.mark.parametrize(("programme", "table"), TABLES)
def test_every_column_has_its_cases(programme: str, table: str) -> None:
    contract, facit = table_of(programme, table), FACIT[programme, table]
    delivered = [c for c in contract.delivered if c.headers]
    assert {header_key(contract, c.name) for c in delivered} == set(facit.base) == set(facit.unparsable)
    assert {header_key(contract, c.name) for c in delivered if c.required} == set(facit.required)
    assert {header_key(contract, c.name) for c in delivered if c.personal} == facit.hidden


@pytest.mark.parametrize(("programme", "table", "column", "bound"), bounds())
def test_every_bound_has_cases_on_both_sides(programme: str, table: str, column: str, bound: str) -> None:
    facit, header = FACIT[programme, table], header_key(table_of(programme, table), column)
    assert bound in {"greater_than", "greater_than_or_equal_to", "less_than", "less_than_or_equal_to"}
    assert any(("out_of_range", header) in expected and header in row for row, expected in facit.broken)
    assert any(header in row for row in facit.kept)


@pytest.mark.parametrize(("programme", "table", "rule", "columns"), row_rules())
def test_every_rule_of_a_row_has_cases(programme: str, table: str, rule: str, columns: tuple[str, ...]) -> None:
    facit = FACIT[programme, table]
    headers = {header_key(table_of(programme, table), c) for c in columns}
    assert any(found == rule and at in headers for _, expected in facit.broken for found, at in expected)
    assert any(headers & set(row) for row in facit.kept)


@pytest.mark.parametrize(("programme", "table"), TABLES)
def test_every_flag_has_its_cases(programme: str, table: str) -> None:
    contract, facit = table_of(programme, table), FACIT[programme, table]
    expected = [finding for _, found in all_broken(facit) for finding in found]
    judged = [c for c in contract.delivered if c.kind == "date" and c.name not in contract.may_be_later]
    dates = {header_key(contract, c.name) for c in judged}
    assert {h for rule, h in expected if rule == "future_date"} == (dates if contract.future_dates else set())
    assert any(rule == "orphan" for rule, _ in expected) is (contract.reference is not None and not facit.refers_to)
    placed = PERIODS.get(programme) is not None and contract.period_date is not None
    assert any(rule == "outside_period" for rule, _ in expected) is placed
    if contract.reference is None or contract.reference.programme is None:
        assert any(rule == "duplicate_key" for rule, _ in expected)


# --- the order of evaluation -----------------------------------------------------------------------------------------


def rules_of(programme: str, table: str, **changes: Any) -> list[tuple[str, str]]:
    """Rule and severity of the findings of the base row with changes, in the order reported."""
    facit = FACIT[programme, table]
    renamed = {h: changes.get(h, c) for h, c in numbered(facit.base, 1).items()}
    return [(f.rule, f.severity) for f in read_rows(programmes()[programme], table, [renamed]).findings]


def test_empty_tokens_come_before_error_cells() -> None:
    assert rules_of("suedosteuropa", "contacts", Datum=ErrorCell("#N/A")) == [("missing_value", "error")]
    assert rules_of("suedosteuropa", "contacts", Art="#NV") == []


def test_error_cells_come_before_parsing() -> None:
    assert rules_of("suedosteuropa", "contacts", Datum="#WERT!") == [("error_cell", "error")]
    assert rules_of("suedosteuropa", "contacts", Datum=ErrorCell("=HEUTE()")) == [("error_cell", "error")]


def test_a_cell_that_cannot_be_read_is_not_missing_too() -> None:
    assert rules_of("suedosteuropa", "contacts", Datum="gestern") == [("invalid_date", "error")]


def test_a_cell_becomes_null_before_the_rules_apply() -> None:
    found = rules_of("sprachmittlerpool", "requests", Datum="31.02.2023")
    assert found == [("invalid_date", "warning"), ("status_incomplete", "error")]
    assert rules_of("patenprojekt", "mentorships", Ergebnis="Lehre") == [
        ("invalid_value", "warning"),
        ("status_incomplete", "error"),
    ]


def test_the_rules_apply_to_all_cells_that_have_values() -> None:
    found = rules_of("sprachmittlerpool", "requests", Ort="", Datum="01.02.2023", **{"Honorar (€)": "-1"})
    assert found == [("missing_value", "error"), ("out_of_range", "error"), ("date_order", "error")]


def test_a_row_lists_all_its_errors_and_is_quarantined_once() -> None:
    rows = [{"Nr.": "D1"}, {"Nr.": "D1", "Anfrage am": "01.12.2022", "Datum": "01.11.2022", "Ort": "Köln"}]
    facit = FACIT["sprachmittlerpool", "requests"]
    result = read_rows(programmes()["sprachmittlerpool"], "requests", [facit.base | row for row in rows])
    assert [f.rule for f in result.findings] == [
        "unknown_municipality",
        "date_order",
        "outside_period",
        "duplicate_key",
    ]
    assert {f.severity for f in result.findings} == {"error"}
    assert result.accounts[0].quarantined == 1


def test_a_row_of_an_absent_case_lists_orphan_before_duplicate_key() -> None:
    facit = FACIT["kim_case_management", "stations"]
    rows = [facit.base | {"Fallnummer": "F1"}, facit.base | {"Fallnummer": "F1", "Beginn": "16.01.2024", "Ende": ""}]
    result = read_rows(programmes()["kim_case_management"], "stations", rows)
    assert [f.rule for f in result.findings] == ["future_date", "duplicate_key"]


# --- duplicate keys --------------------------------------------------------------------------------------------------

SOE = programmes()["suedosteuropa"]


def soe(*rows: Row) -> list[set[str]]:
    found, _ = findings_of(
        SOE, "contacts", [numbered(FACIT["suedosteuropa", "contacts"].base, 1) | row for row in rows]
    )
    return [{f[0] for f in row} for row in found]


def test_a_row_with_an_error_holds_no_key() -> None:
    assert soe({"Ort": "Köln"}, {}, {}) == [{"unknown_municipality"}, set(), {"duplicate_key"}]


def test_a_warning_does_not_keep_a_row_from_holding_its_key() -> None:
    assert soe({"Art": "Fax"}, {}) == [{"invalid_value"}, {"duplicate_key"}]


def test_a_later_row_gets_it_beside_its_other_errors() -> None:
    assert soe({}, {"Ort": "Köln"}, {}) == [set(), {"unknown_municipality", "duplicate_key"}, {"duplicate_key"}]


def test_a_row_without_a_key_is_no_duplicate() -> None:
    assert soe({"Nr.": ""}, {"Nr.": ""}) == [{"missing_value"}, {"missing_value"}]


def test_a_row_outside_the_period_holds_no_key() -> None:
    assert soe({"Datum": "01.01.2022"}, {}) == [{"outside_period"}, set()]


def test_keys_are_held_over_all_sheets_of_a_table() -> None:
    base = {h: c for h, c in FACIT["komm_an", "grants"].base.items() if h != "Baustein"} | {"Antrag-Nr.": "1"}
    sheets = [facit_sheet([base], "Baustein A"), facit_sheet([base], "Baustein B")]
    result = read_sheets_of("komm_an", "grants", sheets, period="2023")
    assert [(f.sheet, f.row, f.rule) for f in result.findings] == [("Baustein B", 2, "duplicate_key")]
    assert [(a.sheet, a.accepted, a.quarantined) for a in result.accounts] == [
        ("Baustein A", 1, 0),
        ("Baustein B", 0, 1),
    ]


def test_the_same_number_in_two_concepts_is_no_duplicate() -> None:
    base = FACIT["massnahmen", "measures"].base | {"Nr.": "1"}
    sheets = [facit_sheet([base, base], "Integrationskonzept 2010"), facit_sheet([base], "Handlungskonzept 2016")]
    result = read_sheets_of("massnahmen", "measures", sheets)
    assert [(f.sheet, f.row, f.rule, f.column_letter) for f in result.findings] == [
        ("Integrationskonzept 2010", 3, "duplicate_key", "A")
    ]


# --- where a finding stands ------------------------------------------------------------------------------------------


def test_a_finding_names_a_column_that_the_file_has() -> None:
    facit = FACIT["sprachmittlerpool", "requests"]
    row = {h: c for h, c in facit.base.items() if h != "Dauer (Std.)"}
    found = read_rows(programmes()["sprachmittlerpool"], "requests", [row]).findings
    assert [(f.rule, f.column_name, f.column_letter, f.raw) for f in found] == [
        ("status_incomplete", "Status", "J", "durchgeführt")
    ]


def test_a_finding_of_a_personal_cell_never_shows_it() -> None:
    facit = FACIT["kim_case_management", "cases"]
    row = facit.base | {
        "Fallnummer": "F1",
        "Geburtsdatum": "16.01.2024",
        "Name, Vorname": "#REF!",
        "AZR-Nummer": "#NUM!",
    }
    found = read_rows(programmes()["kim_case_management"], "cases", [row]).findings
    assert {(f.rule, f.raw) for f in found} == {("future_date", "***"), ("error_cell", "***")}
    assert not any(secret in f.message for f in found for secret in ("2024-01-16", "16.01.2024:", "#REF!", "#NUM!"))


def test_personal_values_are_pseudonyms_or_gone() -> None:
    for (programme, table), facit in FACIT.items():
        rows = read_rows(programmes()[programme], table, [numbered(facit.base, 1)]).rows
        for c in table_of(programme, table).delivered:
            if c.personal == "pseudonym":
                plain = numbered(facit.base, 1)[header_key(table_of(programme, table), c.name)]
                assert rows.column(c.name).to_pylist() == [pseudonym(KEY, plain)]
            elif c.personal:
                assert c.name not in rows.column_names


@pytest.mark.parametrize(
    ("birth", "group"),
    [
        ("16.03.2005", "0-17"), ("15.03.2005", "18-26"), ("16.03.1996", "18-26"), ("15.03.1996", "27-39"),
        ("16.03.1983", "27-39"), ("15.03.1983", "40-64"), ("16.03.1958", "40-64"), ("15.03.1958", "65+"),
        ("", None), ("16.03.2023", None),
    ],
)  # fmt: skip
def test_the_age_group_is_taken_at_the_opening(birth: str, group: str | None) -> None:
    row = numbered(FACIT["kim_case_management", "cases"].base, 1) | {"Geburtsdatum": birth}
    rows = read_rows(programmes()["kim_case_management"], "cases", [row]).rows
    assert rows.column("age_group").to_pylist() == [group]


# --- tables with rows of their own kind ------------------------------------------------------------------------------


def test_a_cross_table_becomes_a_row_per_half_year() -> None:
    base = numbered(FACIT["mercator", "tuition"].base, 1)
    empty = {h: "" for h in base if h.startswith("1. ")}
    result = read_rows(programmes()["mercator"], "tuition", [base, base | empty | {"Schule": "West"}])
    assert [(a.rows_read, a.accepted) for a in result.accounts] == [(2, 2)]
    assert [(r["school"], r["half_year"], r["pupils"]) for r in result.rows.to_pylist()] == [
        ("Schule 1", 1, 12),
        ("Schule 1", 2, 14),
        ("West", 2, 14),
    ]


@pytest.mark.parametrize("ags", ["05570", "05515000", "5515000", "05", "5", "5570", "055", 5570.0])
def test_other_areas_are_notes(ags: Any) -> None:
    facit = FACIT["bevoelkerung", "population"]
    rows = [facit.base | {"AGS": "05570004"}, facit.base | {"AGS": ags, "Bevölkerung|insgesamt": "viele"}]
    result = read_rows(programmes()["bevoelkerung"], "population", rows)
    assert result.findings == []
    assert [(a.rows_read, a.accepted, a.note) for a in result.accounts] == [(2, 1, 1)]


@pytest.mark.parametrize(
    ("ags", "rule"),
    [("", "missing_value"), ("?", "missing_value"), ("ABC", "invalid_value"), ("055700041", "invalid_value")],
)
def test_a_row_without_an_area_is_an_error(ags: str, rule: str) -> None:
    result = read_rows(
        programmes()["bevoelkerung"], "population", [FACIT["bevoelkerung", "population"].base | {"AGS": ags}]
    )
    assert [f.rule for f in result.findings] == [rule]


def test_minutes_become_hours() -> None:
    base = numbered(FACIT["sprachmittlerpool", "requests"].base, 1)
    minutes = {"Dauer (Min.)" if h == "Dauer (Std.)" else h: c for h, c in base.items()}
    rows = [minutes | {"Nr.": str(n), "Dauer (Min.)": text} for n, text in enumerate(["90", "720", "721", "0"])]
    found, result = findings_of(programmes()["sprachmittlerpool"], "requests", rows)
    assert result.rows.column("hours").to_pylist() == [1.5, 12.0]
    assert [{f[0] for f in row} for row in found] == [set(), set(), {"out_of_range"}, {"out_of_range"}]


def test_a_table_without_rows() -> None:
    for (programme, table), facit in FACIT.items():
        sheet = facit_sheet([numbered(facit.base, 1)], SHEETS.get(programme, "Blatt"))
        header = header_of(programme, sheet)
        assert header is not None
        bare = sheet_of([sheet.row(r) for r in range(header.last_row + 1)], sheet.name)
        result = read_sheets_of(programme, table, [bare], period=PERIODS.get(programme), known=known_cases())
        assert len(result.rows) == 0
        assert [a.rows_read for a in result.accounts] == [0]


def test_an_optional_column_that_is_absent_is_null() -> None:
    row = {h: c for h, c in numbered(FACIT["suedosteuropa", "contacts"].base, 1).items() if h != "Art"}
    assert read_rows(SOE, "contacts", [row]).rows.column("channel").to_pylist() == [None]


def test_an_empty_yes_or_no_is_no() -> None:
    base = FACIT["kim_case_management", "stations"].base
    rows = [base | {"Fallnummer": f"F{n}", "Fehlsteuerung": text} for n, text in enumerate(["", "-", "ja"])]
    result = read_rows(programmes()["kim_case_management"], "stations", rows)
    assert result.rows.column("misrouted").to_pylist() == [False, False, True]
