"""Beschlüsse."""

from __future__ import annotations

from tests.facit import DATE, ERROR, VALUE, Facit, ProgrammeFacit

DECISIONS = Facit(
    base={
        "Nr.": "B{n}", "Datum": "01.03.2023", "Gremium": "BIKS", "Konzept": "Handlungskonzept 2016",
        "Maßnahme-Nr.": "7", "Art": "Beschluss", "Entscheidung": "fortführen", "Beschlusstext": "Text",
    },
    required=["Nr.", "Datum", "Gremium", "Art"],
    unparsable={
        "Nr.": ERROR, "Datum": DATE, "Gremium": VALUE, "Konzept": VALUE, "Maßnahme-Nr.": ERROR, "Art": VALUE,
        "Entscheidung": VALUE, "Beschlusstext": ERROR,
    },
    kept=[
        {"Gremium": "Lenkungsgruppe KIM", "Art": "Empfehlung"},
        {"Gremium": "Lenkungsgruppe", "Art": "Kenntnisnahme"},
        {"Gremium": "Kreistag"}, {"Gremium": "Kreisausschuss"}, {"Datum": "01.03.2030"},
    ],
    broken=[({"Gremium": "Lenkungsgruppe"}, {("body_competence", "Art")})],
    period_date="Datum",
    refers_to=[
        ({"Nr.": "R1"}, ("Handlungskonzept 2016", "7")),
        ({"Nr.": "R2", "Konzept": ""}, (None, "7")),
        ({"Nr.": "R3", "Maßnahme-Nr.": ""}, None),
    ],
)  # fmt: skip

FACIT = ProgrammeFacit({"decisions": DECISIONS})
