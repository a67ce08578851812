"""KIM Case Management."""

from __future__ import annotations

from tests.facit import DATE, ERROR, LANGUAGE, NATION, NUMBER, PLACE, VALUE, Facit, ProgrammeFacit, duplicates

CASES = Facit(
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
)  # fmt: skip

STATIONS = Facit(
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
    quiet={"Ende": ""},
)  # fmt: skip

NEEDS = Facit(
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
    quiet={"Gedeckt am": "", "Ergebnis": "offen"},
)  # fmt: skip

FACIT = ProgrammeFacit({"cases": CASES, "stations": STATIONS, "needs": NEEDS})
