"""Sprachhelferprojekt (`deliveries.md` §7)."""

from kim_pipeline.contracts.calendar import YEARLY_BY_31_MARCH
from kim_pipeline.contracts.model import (
    ContractModel,
    Number,
    Programme,
    Table,
    Text,
    Whole,
    column,
)
from kim_pipeline.contracts.rules import at_most


class Placements(ContractModel):
    """Einsätze."""

    institution: Text = column(
        "Einrichtung", "Kita / Schule", label="Einrichtung", kind="text", required=True, key=True
    )
    helper: Text = column(
        "Sprachhelfer/in",
        "Sprachhelfer",
        label="Sprachhelfer/in (Pseudonym)",
        kind="text",
        required=True,
        key=True,
        personal="pseudonym",
    )
    municipality: Text = column("Kommune", "Ort", label="Kommune", kind="municipality", required=True)
    institution_type: Text = column(
        "Art", "Einrichtungsart", label="Art", kind="category", category="institution_type", is_read=False
    )
    hours_granted: Number = column(
        "Stunden bewilligt", "bewilligte Std.", label="Stunden bewilligt", kind="hours", required=True, ge=0
    )
    hours_delivered: Number = column(
        "Stunden geleistet", "geleistete Std.", label="Stunden geleistet", kind="hours", ge=0
    )
    children: Whole = column("Kinder", "geförderte Kinder", label="Kinder", kind="whole", ge=0)

    delivered_within_grant = at_most("out_of_range", "hours_delivered", "hours_granted", factor=1.5)


PROGRAMME = Programme(
    key="sprachhelfer",
    title="Sprachhelferprojekt",
    delivery="period",
    cadence=YEARLY_BY_31_MARCH,
    tables=(Table("placements", "Einsätze", Placements),),
)
