"""Maßnahmenregister (`deliveries.md` §7)."""

from kim_pipeline.contracts.calendar import HALF_YEARLY
from kim_pipeline.contracts.model import (
    ContractModel,
    Day,
    Programme,
    Table,
    Text,
    YesNo,
    column,
)


class Measures(ContractModel):
    """Maßnahmen."""

    concept: Text = column(
        label="Konzept", kind="category", category="concept", required=True, key=True, from_sheet=True
    )
    measure_no: Text = column("Nr.", "Maßnahme-Nr.", label="Maßnahmennummer", kind="text", required=True, key=True)
    field: Text = column("Handlungsfeld", label="Handlungsfeld", kind="text", required=True)
    title: Text = column("Maßnahme", "Bezeichnung", label="Maßnahme", kind="text", required=True)
    lead: Text = column("Zuständigkeit", "Federführung", label="Federführung", kind="text")
    ki_involved: YesNo = column("KI-Beteiligung", "KI beteiligt", label="KI-Beteiligung", kind="yes_no", required=True)
    programme: Text = column("Programm", "Projekt", label="Programm", kind="programme")
    theme: Text = column("Themenfeld", label="Themenfeld", kind="category", category="theme")
    status: Text = column(
        "Status", "Umsetzungsstand", label="Umsetzungsstand", kind="category", category="measure_status", required=True
    )
    status_on: Day = column("Stand am", "Status vom", label="Stand der Umsetzung vom", kind="date")
    note: Text = column("Bemerkung", "Erläuterung", label="Bemerkung", kind="text")


PROGRAMME = Programme(
    key="massnahmen",
    title="Maßnahmenregister",
    delivery="snapshot",
    cadence=HALF_YEARLY,
    tables=(Table("measures", "Maßnahmen", Measures),),
)
