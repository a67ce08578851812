"""Beschlüsse."""

from __future__ import annotations

from tests.facit import DATE, ERROR, VALUE, Facit, ProgrammeFacit

DECISIONS = Facit(
    base={
        "Nr.": "B{n}", "Datum": "01.03.2023", "Gremium": "BIKS", "Konzept": "Handlungskonzept 2016",
        "Maßnahme-Nr.": "7", "Art": "Beschluss", "Entscheidung": "fortführen", "Beschlusstext": "Text",
        "Frist": "01.06.2024", "erledigt am": "01.05.2023", "Zuständig": "Jugendamt",
    },
    required=["Nr.", "Datum", "Gremium", "Art"],
    unparsable={
        "Nr.": ERROR, "Datum": DATE, "Gremium": VALUE, "Konzept": VALUE, "Maßnahme-Nr.": ERROR, "Art": VALUE,
        "Entscheidung": VALUE, "Beschlusstext": ERROR, "Frist": DATE, "erledigt am": DATE, "Zuständig": ERROR,
    },
    kept=[
        {"Gremium": "Lenkungsgruppe KIM", "Art": "Empfehlung"},
        {"Gremium": "Lenkungsgruppe", "Art": "Kenntnisnahme"},
        {"Gremium": "Kreistag"}, {"Gremium": "Kreisausschuss"}, {"Frist": "01.03.2030"},
        {"erledigt am": "01.03.2023"}, {"Datum": "15.01.2024", "erledigt am": ""},
    ],
    broken=[
        ({"Gremium": "Lenkungsgruppe"}, {("body_competence", "Art")}),
        ({"erledigt am": "28.02.2023"}, {("date_order", "erledigt am")}),
        ({"Datum": "16.01.2024", "erledigt am": ""}, {("future_date", "Datum")}),
        ({"erledigt am": "16.01.2024"}, {("future_date", "erledigt am")}),
    ],
    period_date="Datum",
    refers_to=[
        ({"Nr.": "R1"}, ("Handlungskonzept 2016", "7")),
        ({"Nr.": "R2", "Konzept": ""}, (None, "7")),
        ({"Nr.": "R3", "Maßnahme-Nr.": ""}, None),
    ],
)  # fmt: skip

FACIT = ProgrammeFacit({"decisions": DECISIONS})
