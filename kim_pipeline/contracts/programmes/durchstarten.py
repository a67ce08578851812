"""Durchstarten in Ausbildung und Arbeit (`deliveries.md` §7)."""

from kim_pipeline.contracts.calendar import HALF_YEARLY
from kim_pipeline.contracts.model import (
    ContractModel,
    Day,
    Programme,
    Table,
    Text,
    column,
)
from kim_pipeline.contracts.rules import date_order, needs


class Participations(ContractModel):
    """Teilnahmen."""

    participant: Text = column(
        "TN-Nr.",
        "Teilnehmer-Nr.",
        label="Teilnehmer/in (Pseudonym)",
        kind="text",
        required=True,
        key=True,
        personal="pseudonym",
    )
    module: Text = column(
        "Baustein", "Modul", label="Baustein", kind="category", category="durchstarten_module", required=True, key=True
    )
    entered_on: Day = column(
        "Eintritt", "Beginn", label="Eintritt", kind="date", required=True, key=True, period_date=True
    )
    left_on: Day = column("Austritt", "Ende", label="Austritt", kind="date")
    residence_status: Text = column(
        "Aufenthaltsstatus",
        label="Aufenthaltsstatus",
        kind="category",
        category="residence_status",
        is_read=False,
    )
    municipality: Text = column("Wohnort", "Kommune", label="Wohnort", kind="municipality", required=True)
    outcome: Text = column("Verbleib", "Ergebnis", label="Verbleib", kind="category", category="durchstarten_outcome")

    dates = date_order("entered_on", "left_on")
    exit_has_outcome = needs(
        lambda frame: frame["left_on"].notna(),
        "outcome",
        involved=("left_on",),
        says="zu {left_on} gehört {outcome}",
    )


PROGRAMME = Programme(
    key="durchstarten",
    title="Durchstarten in Ausbildung und Arbeit",
    delivery="snapshot",
    cadence=HALF_YEARLY,
    tables=(Table("participations", "Teilnahmen", Participations, future_dates=True),),
)
