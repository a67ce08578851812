"""Angebotsverzeichnis (`deliveries.md` §7)."""

from kim_pipeline.contracts.calendar import HALF_YEARLY
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


class Offers(ContractModel):
    """Angebote."""

    offer_no: Text = column("Nr.", "Angebots-Nr.", label="Angebotsnummer", kind="text", required=True, key=True)
    title: Text = column("Angebot", "Bezeichnung", label="Angebot", kind="text", required=True, is_read=False)
    provider: Text = column("Träger", "Anbieter", label="Träger", kind="text", is_read=False)
    municipality: Text = column("Ort", "Kommune", label="Ort", kind="municipality", required=True)
    theme: Text = column(
        "Handlungsfeld", "Thema", label="Handlungsfeld", kind="category", category="theme", required=True
    )
    capacity: Whole = column("Plätze", "Kapazität", label="Plätze", kind="whole", ge=0)
    occupied: Whole = column("belegt", "Belegung", label="Belegte Plätze", kind="whole", ge=0)
    waitlist: Whole = column("Warteliste", label="Warteliste", kind="whole", ge=0, is_read=False)
    valid_from: Day = column("gültig ab", "seit", label="Gültig ab", kind="date", required=True, period_date=True)
    valid_to: Day = column("gültig bis", "bis", label="Gültig bis", kind="date")

    dates = date_order("valid_from", "valid_to")


PROGRAMME = Programme(
    key="angebote",
    title="Angebotsverzeichnis",
    delivery="snapshot",
    cadence=HALF_YEARLY,
    tables=(Table("offers", "Angebote", Offers, rows_follow_stand=False),),
)
