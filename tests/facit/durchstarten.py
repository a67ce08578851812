"""Durchstarten in Ausbildung und Arbeit."""

from __future__ import annotations

from tests.facit import DATE, ERROR, PLACE, VALUE, Facit, ProgrammeFacit, duplicates

PARTICIPATIONS = Facit(
    base={
        "TN-Nr.": "T{n}", "Baustein": "1", "Eintritt": "01.03.2023", "Austritt": "01.06.2023",
        "Aufenthaltsstatus": "Duldung", "Wohnort": "Ahlen", "Verbleib": "Arbeit",
    },
    required=["TN-Nr.", "Baustein", "Eintritt", "Wohnort"],
    unparsable={
        "TN-Nr.": ERROR, "Baustein": ("7", "invalid_value"), "Eintritt": DATE, "Austritt": DATE,
        "Aufenthaltsstatus": VALUE, "Wohnort": PLACE, "Verbleib": VALUE,
    },
    kept=[
        {"Austritt": "", "Verbleib": ""}, {"Austritt": "", "Verbleib": "Arbeit"}, {"Austritt": "01.03.2023"},
        {"Eintritt": "15.01.2024", "Austritt": "15.01.2024"}, {"Baustein": "4 Sprachkurs"},
        {"Eintritt": "01.03.2015"},
    ],
    broken=[
        ({"Austritt": "28.02.2023"}, {("date_order", "Austritt")}),
        ({"Verbleib": ""}, {("status_incomplete", "Verbleib")}),
        ({"Eintritt": "16.01.2024", "Austritt": "", "Verbleib": ""}, {("future_date", "Eintritt")}),
        ({"Austritt": "16.01.2024"}, {("future_date", "Austritt")}),
    ],
    sequences=[
        duplicates(
            {"TN-Nr.": "D1"}, {"TN-Nr.": "D2"}, {"TN-Nr.": "D1", "Baustein": "2"},
            {"TN-Nr.": "D1", "Eintritt": "02.03.2023"}, at="TN-Nr.",
        )
    ],
    hidden=frozenset({"TN-Nr."}),
    period_date="Eintritt",
    quiet={"Austritt": ""},
)  # fmt: skip

FACIT = ProgrammeFacit({"participations": PARTICIPATIONS})
