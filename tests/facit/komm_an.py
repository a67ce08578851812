"""KOMM-AN NRW."""

from __future__ import annotations

from tests.facit import ERROR, NUMBER, PLACE, VALUE, Facit, ProgrammeFacit, duplicates

GRANTS = Facit(
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
        ({"Anzahl": "-0,01"}, {("out_of_range", "Anzahl")}),
        ({"Festbetrag (€)": "-0,01"}, {("out_of_range", "Festbetrag (€)")}),
        ({"Ausgezahlt (€)": "1.000,01"}, {("amount_order", "Ausgezahlt (€)")}),
        ({"Rückfluss (€)": "800,01"}, {("amount_order", "Rückfluss (€)")}),
        ({"Ausgezahlt (€)": "1.100", "Rückfluss (€)": "1.200"}, {("amount_order", "Ausgezahlt (€)")}),
    ],
    sequences=[duplicates({"Antrag-Nr.": "D1"}, {"Antrag-Nr.": "D2"}, at="Antrag-Nr.")],
)  # fmt: skip

FACIT = ProgrammeFacit({"grants": GRANTS}, period="2023")
