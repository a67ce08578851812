"""Fortbildungen für pädagogische Fachkräfte (`deliveries.md` §7)."""

from kim_pipeline.contracts.calendar import HALF_YEARLY
from kim_pipeline.contracts.model import (
    ContractModel,
    Day,
    Number,
    Programme,
    Table,
    Text,
    Whole,
    column,
)


class Events(ContractModel):
    """Veranstaltungen."""

    event_no: Text = column("Nr.", "Kurs-Nr.", label="Kursnummer", kind="text", required=True, key=True)
    title: Text = column("Titel", "Veranstaltung", label="Titel", kind="text", required=True, is_read=False)
    held_on: Day = column("Datum", "Termin", label="Datum", kind="date", required=True, period_date=True)
    topic: Text = column("Thema", "Themenfeld", label="Thema", kind="category", category="topic")
    municipality: Text = column(
        "Ort", "Veranstaltungsort", label="Veranstaltungsort", kind="municipality", required=True
    )
    hours: Number = column(
        "Dauer (Std.)", "Stunden", label="Dauer in Stunden", kind="hours", gt=0, le=40, is_read=False
    )
    seats: Whole = column("Plätze", "max. TN", label="Plätze", kind="whole", gt=0)
    registrations: Whole = column("Anmeldungen", label="Anmeldungen", kind="whole", is_read=False)
    participants: Whole = column("Teilnehmende", "TN", label="Teilnehmende", kind="whole", required=True, ge=0, le=500)
    rating: Number = column("Bewertung", "Note", label="Bewertung", kind="number", ge=1, le=6, is_read=False)


PROGRAMME = Programme(
    key="fortbildungen",
    title="Fortbildungen für pädagogische Fachkräfte",
    delivery="period",
    cadence=HALF_YEARLY,
    tables=(Table("events", "Veranstaltungen", Events),),
)
