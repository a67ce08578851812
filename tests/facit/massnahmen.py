"""Maßnahmenregister."""

from __future__ import annotations

from tests.facit import DATE, ERROR, NUMBER, VALUE, Facit, ProgrammeFacit, duplicates

MEASURES = Facit(
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
        ({"Kosten pro Jahr (€)": "-0,01"}, {("out_of_range", "Kosten pro Jahr (€)")}),
        ({"Zielwert": "80", "Kennzahl": ""}, {("target_incomplete", "Zielwert")}),
    ],
    sequences=[duplicates({"Nr.": "D1"}, {"Nr.": "D2"}, at="Nr.")],
    blank_is_no=frozenset({"KI-Beteiligung"}),
)  # fmt: skip

FACIT = ProgrammeFacit({"measures": MEASURES}, sheet="Integrationskonzept 2010")
