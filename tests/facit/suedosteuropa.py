"""Förderprogramm Südosteuropa."""

from __future__ import annotations

from tests.facit import DATE, ERROR, NATION, PLACE, VALUE, Facit, ProgrammeFacit, duplicates

CONTACTS = Facit(
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
)  # fmt: skip

FACIT = ProgrammeFacit({"contacts": CONTACTS}, period="2023")
