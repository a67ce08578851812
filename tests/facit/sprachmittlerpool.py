"""Sprachmittlerpool."""

from __future__ import annotations

from tests.facit import DATE, ERROR, LANGUAGE, NUMBER, PLACE, VALUE, Facit, ProgrammeFacit, duplicates

REQUESTS = Facit(
    base={
        "Nr.": "A{n}", "Anfrage am": "01.03.2023", "Datum": "05.03.2023", "Ort": "Ahlen", "Sprache": "Dari",
        "Einrichtung": "Kita Ost", "Bereich": "Kita", "Dauer (Std.)": "2,5", "Honorar (€)": "75,00 €",
        "Sprachmittler-ID": "SM-1", "Status": "durchgeführt", "Bemerkung": "vertraulich",
    },
    required=["Nr.", "Anfrage am", "Ort", "Sprache", "Status"],
    unparsable={
        "Nr.": ERROR, "Anfrage am": DATE, "Datum": DATE, "Ort": PLACE, "Sprache": LANGUAGE, "Einrichtung": ERROR,
        "Bereich": VALUE, "Dauer (Std.)": NUMBER, "Honorar (€)": NUMBER, "Sprachmittler-ID": ERROR, "Status": VALUE,
        "Bemerkung": ERROR,
    },
    kept=[
        {"Dauer (Std.)": "0,01"}, {"Dauer (Std.)": "12"}, {"Honorar (€)": "0"}, {"Honorar (€)": "2.000,00"},
        {"Honorar (€)": ""}, {"Datum": "01.03.2023"}, {"Anfrage am": "01.01.2023"}, {"Datum": "05.03.2030"},
        {"Anfrage am": "31.12.2023", "Datum": "02.01.2024"},
        {"Status": "abgesagt", "Datum": "", "Dauer (Std.)": "", "Sprachmittler-ID": ""},
        {"Status": "kein SM verfügbar", "Datum": "", "Dauer (Std.)": "", "Sprachmittler-ID": "-"},
    ],
    broken=[
        ({"Dauer (Std.)": "0"}, {("out_of_range", "Dauer (Std.)")}),
        ({"Dauer (Std.)": "-1"}, {("out_of_range", "Dauer (Std.)")}),
        ({"Dauer (Std.)": "12,01"}, {("out_of_range", "Dauer (Std.)")}),
        ({"Honorar (€)": "-0,01"}, {("out_of_range", "Honorar (€)")}),
        ({"Honorar (€)": "2.000,01"}, {("out_of_range", "Honorar (€)")}),
        ({"Datum": "28.02.2023"}, {("date_order", "Datum")}),
        ({"Datum": ""}, {("status_incomplete", "Datum")}),
        ({"Dauer (Std.)": "k. A."}, {("status_incomplete", "Dauer (Std.)")}),
        ({"Sprachmittler-ID": "?"}, {("status_incomplete", "Sprachmittler-ID")}),
        ({"Datum": "", "Dauer (Std.)": ""}, {("status_incomplete", "Datum")}),
        ({"Anfrage am": "31.12.2022"}, {("outside_period", "Anfrage am")}),
        (
            {"Anfrage am": "01.01.2024", "Datum": ""},
            {("outside_period", "Anfrage am"), ("status_incomplete", "Datum")},
        ),
    ],
    sequences=[duplicates({"Nr.": "D1"}, {"Nr.": "d1"}, {"Nr.": "D 1"}, at="Nr.")],
    hidden=frozenset({"Sprachmittler-ID", "Bemerkung"}),
    period_date="Anfrage am",
    quiet={"Status": "abgesagt"},
)  # fmt: skip

FACIT = ProgrammeFacit({"requests": REQUESTS}, period="2023")
