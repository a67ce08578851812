"""Fortbildungen für pädagogische Fachkräfte."""

from __future__ import annotations

from tests.facit import DATE, ERROR, NUMBER, PLACE, VALUE, Facit, ProgrammeFacit, duplicates

EVENTS = Facit(
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
)  # fmt: skip

FACIT = ProgrammeFacit({"events": EVENTS}, period="2023")
