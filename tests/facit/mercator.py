"""Mercator-Projekt."""

from __future__ import annotations

from tests.facit import ERROR, NUMBER, PLACE, VALUE, Facit, ProgrammeFacit, duplicates

TUITION = Facit(
    base={
        "Schule": "Schule {n}", "Fach": "Deutsch", "Kommune": "Ahlen", "1. Halbjahr|SuS": "12",
        "1. Halbjahr|Std.": "30,5", "1. Halbjahr|Förderlehrkräfte": "2", "2. Halbjahr|SuS": "14",
        "2. Halbjahr|Std.": "28", "2. Halbjahr|Förderlehrkräfte": "3",
    },
    required=["Schule", "Fach", "Kommune"],
    unparsable={
        "Schule": ERROR, "Fach": VALUE, "Kommune": PLACE, "1. Halbjahr|SuS": NUMBER, "1. Halbjahr|Std.": NUMBER,
        "1. Halbjahr|Förderlehrkräfte": NUMBER, "2. Halbjahr|SuS": ("1,5", "invalid_number"),
        "2. Halbjahr|Std.": NUMBER, "2. Halbjahr|Förderlehrkräfte": NUMBER,
    },
    kept=[
        {f"{half}. Halbjahr|{name}": "0" for half in (1, 2) for name in ("SuS", "Std.", "Förderlehrkräfte")},
        {"1. Halbjahr|SuS": "", "1. Halbjahr|Std.": "", "1. Halbjahr|Förderlehrkräfte": ""},
    ],
    broken=[
        ({"1. Halbjahr|SuS": "-1"}, {("out_of_range", "1. Halbjahr|SuS")}),
        ({"1. Halbjahr|Std.": "-0,01"}, {("out_of_range", "1. Halbjahr|Std.")}),
        ({"1. Halbjahr|Förderlehrkräfte": "-1"}, {("out_of_range", "1. Halbjahr|Förderlehrkräfte")}),
        ({"2. Halbjahr|SuS": "-1"}, {("out_of_range", "2. Halbjahr|SuS")}),
        ({"2. Halbjahr|Std.": "-0,01"}, {("out_of_range", "2. Halbjahr|Std.")}),
        ({"2. Halbjahr|Förderlehrkräfte": "-1"}, {("out_of_range", "2. Halbjahr|Förderlehrkräfte")}),
    ],
    sequences=[
        duplicates({"Schule": "Ost"}, {"Schule": "West"}, {"Schule": "Ost", "Fach": "DaZ"}, at="Schule"),
    ],
)  # fmt: skip

FACIT = ProgrammeFacit({"tuition": TUITION}, period="2022/23")
