"""Schulische Erstberatung."""

from __future__ import annotations

from tests.facit import DATE, ERROR, LANGUAGE, NATION, PLACE, VALUE, Facit, ProgrammeFacit, duplicates

CONSULTATIONS = Facit(
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
)  # fmt: skip

FACIT = ProgrammeFacit({"consultations": CONSULTATIONS}, period="2022/23")
