"""Maßnahmenregister."""

from __future__ import annotations

from tests.facit import DATE, ERROR, VALUE, Facit, ProgrammeFacit, duplicates

MEASURES = Facit(
    base={
        "Nr.": "M{n}", "Handlungsfeld": "Sprache", "Maßnahme": "Kurs", "Zuständigkeit": "KI",
        "KI-Beteiligung": "ja", "Programm": "fit", "Themenfeld": "Sprache", "Status": "laufend",
        "Stand am": "01.03.2023", "Bemerkung": "keine",
    },
    required=["Nr.", "Handlungsfeld", "Maßnahme", "KI-Beteiligung", "Status"],
    unparsable={
        "Nr.": ERROR, "Handlungsfeld": ERROR, "Maßnahme": ERROR, "Zuständigkeit": ERROR, "KI-Beteiligung": VALUE,
        "Programm": VALUE, "Themenfeld": VALUE, "Status": VALUE, "Stand am": DATE, "Bemerkung": ERROR,
    },
    kept=[{"KI-Beteiligung": ""}, {"Programm": ""}, {"Themenfeld": "-"}, {"Stand am": "01.03.2030"}],
    sequences=[duplicates({"Nr.": "D1"}, {"Nr.": "D2"}, at="Nr.")],
    blank_is_no=frozenset({"KI-Beteiligung"}),
)  # fmt: skip

FACIT = ProgrammeFacit({"measures": MEASURES}, sheet="Integrationskonzept 2010")
