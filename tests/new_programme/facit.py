"""Besuchsdienst."""

from __future__ import annotations

from tests.facit import DATE, ERROR, LANGUAGE, NUMBER, PLACE, Facit, ProgrammeFacit, duplicates

VISITS = Facit(
    base={
        "Nr.": "B{n}", "Datum": "01.03.2023", "Ort": "Ahlen", "Sprache": "Dari", "Dauer (Std.)": "1,5",
        "Besucher/in": "B 7",
    },
    required=["Nr.", "Datum", "Ort"],
    unparsable={
        "Nr.": ERROR, "Datum": DATE, "Ort": PLACE, "Sprache": LANGUAGE, "Dauer (Std.)": NUMBER, "Besucher/in": ERROR,
    },
    kept=[{"Dauer (Std.)": "0,01"}, {"Dauer (Std.)": "8"}, {"Datum": "31.12.2023"}],
    broken=[
        ({"Dauer (Std.)": "0"}, {("out_of_range", "Dauer (Std.)")}),
        ({"Dauer (Std.)": "8,01"}, {("out_of_range", "Dauer (Std.)")}),
        ({"Datum": "01.01.2024"}, {("outside_period", "Datum")}),
    ],
    sequences=[duplicates({"Nr.": "D1"}, {"Nr.": "D2"}, at="Nr.")],
    hidden=frozenset({"Besucher/in"}),
    period_date="Datum",
)  # fmt: skip

FACIT = ProgrammeFacit({"visits": VISITS}, period="2023")
