"""Maßnahmenregister (`deliveries.md` §7)."""

from kim_pipeline.contracts.calendar import HALF_YEARLY
from kim_pipeline.contracts.model import (
    ContractModel,
    Day,
    Number,
    Programme,
    Table,
    Text,
    YesNo,
    column,
)
from kim_pipeline.contracts.rules import blamed, row_rule


class Measures(ContractModel):
    """Maßnahmen."""

    concept: Text = column(
        label="Konzept", kind="category", category="concept", required=True, key=True, from_sheet=True
    )
    measure_no: Text = column("Nr.", "Maßnahme-Nr.", label="Maßnahmennummer", kind="text", required=True, key=True)
    field: Text = column("Handlungsfeld", label="Handlungsfeld", kind="text", required=True)
    title: Text = column("Maßnahme", "Bezeichnung", label="Maßnahme", kind="text", required=True)
    lead: Text = column("Zuständigkeit", "Federführung", label="Federführung", kind="text", names_office=True)
    ki_involved: YesNo = column("KI-Beteiligung", "KI beteiligt", label="KI-Beteiligung", kind="yes_no", required=True)
    programme: Text = column("Programm", "Projekt", label="Programm", kind="programme")
    theme: Text = column("Themenfeld", label="Themenfeld", kind="category", category="theme")
    status: Text = column(
        "Status", "Umsetzungsstand", label="Umsetzungsstand", kind="category", category="measure_status", required=True
    )
    status_on: Day = column("Stand am", "Status vom", label="Stand der Umsetzung vom", kind="date")
    note: Text = column("Bemerkung", "Erläuterung", label="Bemerkung", kind="text", is_read=False)
    goal: Text = column("Ziel", "Zielsetzung", label="Ziel", kind="text", told_absent=False, may_name_persons=True)
    goal_indicator: Text = column(
        "Kennzahl",
        "Zielkennzahl",
        label="Kennzahl des Ziels",
        kind="indicator",
        told_absent=False,
    )
    target_value: Number = column("Zielwert", label="Zielwert", kind="number", told_absent=False)
    target_on: Day = column("Zieldatum", "Frist", "Ende Soll", label="Zieldatum", kind="date", told_absent=False)
    next_step: Text = column(
        "Nächster Schritt",
        "Nächste Schritte",
        label="Nächster Schritt",
        kind="text",
        told_absent=False,
        may_name_persons=True,
    )
    next_step_on: Day = column(
        "Termin nächster Schritt",
        "Nächster Schritt bis",
        label="Termin des nächsten Schritts",
        kind="date",
        told_absent=False,
    )
    cost_eur_per_year: Number = column(
        "Kosten pro Jahr (€)", "Jahreskosten (€)", label="Kosten pro Jahr in Euro", kind="number", is_money=True, ge=0,
        told_absent=False,
    )  # fmt: skip
    funding: Text = column(
        "Finanzierung",
        "Kostenträger",
        label="Finanzierung",
        kind="category",
        category="funding",
        told_absent=False,
    )

    target_has_indicator = row_rule(
        "target_incomplete",
        ("target_value", "goal_indicator"),
        "zu {target_value} gehört {goal_indicator}",
        lambda frame: blamed(frame["target_value"].notna() & frame["goal_indicator"].isna(), "target_value"),
        is_warning=True,
    )


PROGRAMME = Programme(
    key="massnahmen",
    title="Maßnahmenregister",
    delivery="snapshot",
    cadence=HALF_YEARLY,
    tables=(Table("measures", "Maßnahmen", Measures, told_once="Ziel, Termin und Kosten fehlen"),),
)
