"""Sprachhelferprojekt."""

from __future__ import annotations

from tests.facit import ERROR, NUMBER, PLACE, VALUE, Facit, ProgrammeFacit, duplicates

PLACEMENTS = Facit(
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
)  # fmt: skip

FACIT = ProgrammeFacit({"placements": PLACEMENTS}, period="2023")
