"""FIT (Frühkindliches Integrationstraining) (`deliveries.md` §7)."""

from kim_pipeline.contracts.calendar import SCHOOL_YEARLY_BY_30_SEPTEMBER
from kim_pipeline.contracts.model import (
    ContractModel,
    Day,
    Programme,
    Table,
    Text,
    Whole,
    column,
)
from kim_pipeline.contracts.rules import date_order


class Groups(ContractModel):
    """Gruppen."""

    group_no: Text = column("Gruppe", "Gruppen-Nr.", label="Gruppe", kind="text", required=True, key=True)
    programme: Text = column(
        "Programm", label="Programm", kind="category", category="fit_programme", required=True, from_sheet=True
    )
    institution: Text = column(
        "Einrichtung", "Kita / Schule", label="Einrichtung", kind="text", required=True, is_read=False
    )
    municipality: Text = column("Kommune", "Ort", label="Kommune", kind="municipality", required=True)
    languages: Text = column("Sprachen", "Familiensprachen", label="Sprachen", kind="languages", is_read=False)
    families: Whole = column(
        "Familien", "Anzahl Familien", label="Anzahl Familien", kind="whole", required=True, ge=0, le=60
    )
    children: Whole = column(
        "Kinder", "Anzahl Kinder", label="Anzahl Kinder", kind="whole", required=True, ge=0, le=150
    )
    meetings: Whole = column("Treffen", "Anzahl Treffen", label="Anzahl Treffen", kind="whole", is_read=False)
    guide: Text = column(
        "Elternbegleitung",
        "Elternbegleiter/in",
        label="Elternbegleitung (Pseudonym)",
        kind="text",
        personal="pseudonym",
        is_read=False,
    )
    started_on: Day = column("Beginn", label="Beginn", kind="date", is_read=False)
    ended_on: Day = column("Ende", label="Ende", kind="date", is_read=False)

    dates = date_order("started_on", "ended_on")


PROGRAMME = Programme(
    key="fit",
    title="FIT (Frühkindliches Integrationstraining)",
    delivery="period",
    cadence=SCHOOL_YEARLY_BY_30_SEPTEMBER,
    tables=(Table("groups", "Gruppen", Groups),),
)
