"""KOMM-AN NRW (`deliveries.md` §7)."""

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


class Grants(ContractModel):
    """Förderungen."""

    grant_no: Text = column(
        "Antrag-Nr.", "Lfd. Nr.", "Az.", label="Antragsnummer", kind="text", required=True, key=True
    )
    organisation: Text = column(
        "Träger", "Antragsteller", "Initiative", label="Träger", kind="text", required=True, told_apart=True
    )
    municipality: Text = column("Kommune", "Ort", label="Kommune", kind="municipality", required=True)
    module: Text = column(
        "Baustein",
        "Förderbaustein",
        label="Baustein",
        kind="category",
        category="komm_an_module",
        required=True,
        from_sheet=True,
    )
    title: Text = column("Maßnahme", "Bezeichnung", label="Maßnahme", kind="text", is_read=False)
    granted_eur: Number = column(
        "Bewilligt (€)",
        "Bewilligte Mittel",
        "Bewilligt €",
        label="Bewilligt in Euro",
        kind="number",
        required=True,
        is_money=True,
        ge=0,
    )
    paid_eur: Number = column(
        "Ausgezahlt (€)",
        "Ausgezahlte Mittel",
        "Ausgezahlt €",
        label="Ausgezahlt in Euro",
        kind="number",
        is_money=True,
        ge=0,
    )
    returned_eur: Number = column(
        "Rückfluss (€)", "Rückforderung", "Rückfluss €", label="Rückfluss in Euro", kind="number", is_money=True, ge=0
    )
    participants: Whole = column("Teilnehmende", "TN", label="Teilnehmende", kind="whole", ge=0)
    volunteers: Whole = column("Ehrenamtliche", "davon Ehrenamtliche", label="Ehrenamtliche", kind="whole", ge=0)

    sub_module: Text = column(
        "Unterbaustein",
        "Ziffer",
        label="Unterbaustein",
        kind="category",
        category="komm_an_sub_module",
        told_absent=False,
    )
    quantity: Number = column("Anzahl", "Stückzahl", label="Anzahl", kind="number", ge=0, told_absent=False)
    rate_eur: Number = column(
        "Festbetrag (€)",
        "Pauschale (€)",
        label="Festbetrag in Euro",
        kind="number",
        is_money=True,
        ge=0,
        told_absent=False,
    )

    paid_within_grant = at_most("amount_order", "paid_eur", "granted_eur")
    returned_within_paid = at_most("amount_order", "returned_eur", "paid_eur")


PROGRAMME = Programme(
    key="komm_an",
    title="KOMM-AN NRW",
    delivery="period",
    cadence=YEARLY_BY_31_MARCH,
    tables=(Table("grants", "Förderungen", Grants),),
)
