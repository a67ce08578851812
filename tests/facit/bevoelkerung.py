"""Bevölkerungsstatistik."""

from __future__ import annotations

from tests.facit import ERROR, NUMBER, Facit, ProgrammeFacit, duplicates

POPULATION = Facit(
    base={
        "AGS": "{ags}", "Gemeinde": "Name", "Bevölkerung|insgesamt": "1.000", "Bevölkerung|männlich": "490",
        "Bevölkerung|weiblich": "510", "Ausländer|insgesamt": "100", "Ausländer|männlich": "60",
        "Ausländer|weiblich": "40",
    },
    required=["AGS", "Bevölkerung|insgesamt", "Ausländer|insgesamt"],
    unparsable={
        "AGS": ("unklar", "invalid_value"), "Gemeinde": ERROR, "Bevölkerung|insgesamt": NUMBER,
        "Bevölkerung|männlich": NUMBER, "Bevölkerung|weiblich": NUMBER, "Ausländer|insgesamt": NUMBER,
        "Ausländer|männlich": NUMBER, "Ausländer|weiblich": NUMBER,
    },
    kept=[
        {"Bevölkerung|insgesamt": "0", "Ausländer|insgesamt": "0"}, {"Ausländer|insgesamt": "1.000"},
        {"Bevölkerung|männlich": "0", "Bevölkerung|weiblich": "0"},
        {"Ausländer|männlich": "0", "Ausländer|weiblich": "0"},
    ],
    broken=[
        ({"Bevölkerung|insgesamt": "-1", "Ausländer|insgesamt": "0"},
         {("out_of_range", "Bevölkerung|insgesamt"), ("amount_order", "Ausländer|insgesamt")}),
        ({"Bevölkerung|männlich": "-1"}, {("out_of_range", "Bevölkerung|männlich")}),
        ({"Bevölkerung|weiblich": "-1"}, {("out_of_range", "Bevölkerung|weiblich")}),
        ({"Ausländer|insgesamt": "-1"}, {("out_of_range", "Ausländer|insgesamt")}),
        ({"Ausländer|männlich": "-1"}, {("out_of_range", "Ausländer|männlich")}),
        ({"Ausländer|weiblich": "-1"}, {("out_of_range", "Ausländer|weiblich")}),
        ({"Ausländer|insgesamt": "1.001"}, {("amount_order", "Ausländer|insgesamt")}),
    ],
    sequences=[duplicates({"AGS": "05570004"}, {"AGS": "5570008"}, at="AGS")],
)  # fmt: skip

FACIT = ProgrammeFacit({"population": POPULATION}, period="2023")
