"""Angebotsverzeichnis."""

from __future__ import annotations

from tests.facit import DATE, ERROR, NUMBER, PLACE, VALUE, Facit, ProgrammeFacit, duplicates

OFFERS = Facit(
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
)  # fmt: skip

FACIT = ProgrammeFacit({"offers": OFFERS})
