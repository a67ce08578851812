"""Patenprojekt Übergang Schule-Beruf."""

from __future__ import annotations

from tests.facit import DATE, ERROR, PLACE, VALUE, Facit, ProgrammeFacit, duplicates

MENTORSHIPS = Facit(
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
    quiet={"Ende": ""},
)  # fmt: skip

FACIT = ProgrammeFacit({"mentorships": MENTORSHIPS})
