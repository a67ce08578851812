"""FIT (Frühkindliches Integrationstraining)."""

from __future__ import annotations

from tests.facit import DATE, ERROR, LANGUAGE, NUMBER, PLACE, VALUE, Facit, ProgrammeFacit, duplicates

GROUPS = Facit(
    base={
        "Gruppe": "G{n}", "Programm": "Griffbereit", "Einrichtung": "Kita Ost", "Kommune": "Ahlen",
        "Sprachen": "Arabisch, Türkisch", "Familien": "8", "Kinder": "10", "Treffen": "20",
        "Elternbegleitung": "EB 1", "Beginn": "01.09.2022", "Ende": "30.06.2023",
    },
    required=["Gruppe", "Programm", "Einrichtung", "Kommune", "Familien", "Kinder"],
    unparsable={
        "Gruppe": ERROR, "Programm": VALUE, "Einrichtung": ERROR, "Kommune": PLACE, "Sprachen": LANGUAGE,
        "Familien": NUMBER, "Kinder": NUMBER, "Treffen": NUMBER, "Elternbegleitung": ERROR, "Beginn": DATE,
        "Ende": DATE,
    },
    kept=[
        {"Familien": "0", "Kinder": "0"}, {"Familien": "60", "Kinder": "150"}, {"Treffen": "-1"},
        {"Ende": "01.09.2022"}, {"Beginn": "01.09.2030", "Ende": ""}, {"Beginn": ""},
    ],
    broken=[
        ({"Familien": "-1"}, {("out_of_range", "Familien")}),
        ({"Familien": "61"}, {("out_of_range", "Familien")}),
        ({"Kinder": "-1"}, {("out_of_range", "Kinder")}),
        ({"Kinder": "151"}, {("out_of_range", "Kinder")}),
        ({"Familien": "61", "Kinder": "151"}, {("out_of_range", "Familien"), ("out_of_range", "Kinder")}),
        ({"Ende": "31.08.2022"}, {("date_order", "Ende")}),
    ],
    sequences=[duplicates({"Gruppe": "D1"}, {"Gruppe": "D2"}, at="Gruppe")],
    hidden=frozenset({"Elternbegleitung"}),
    quiet={"Ende": ""},
)  # fmt: skip

FACIT = ProgrammeFacit({"groups": GROUPS}, period="2022/23")
