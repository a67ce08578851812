"""Bevölkerungsstatistik (`deliveries.md` §7)."""

from kim_pipeline.contracts.calendar import YEARLY_BY_30_SEPTEMBER
from kim_pipeline.contracts.model import (
    ContractModel,
    Programme,
    Table,
    Text,
    Whole,
    column,
)
from kim_pipeline.contracts.rules import at_most

INHABITANTS = ("Bevölkerung",)
FOREIGNERS = ("Ausländer", "darunter Ausländer")


class Population(ContractModel):
    """Bevölkerung."""

    ags: Text = column(
        "AGS",
        "Schlüssel",
        label="Amtlicher Gemeindeschlüssel",
        kind="ags",
        required=True,
        key=True,
        others_are_notes=True,
    )
    municipality: Text = column("Gemeinde", "Name", label="Gemeinde", kind="text", is_read=False)
    population: Whole = column(
        "insgesamt", label="Bevölkerung: insgesamt", kind="whole", group=INHABITANTS, required=True, ge=0
    )
    population_male: Whole = column(
        "männlich", label="Bevölkerung: männlich", kind="whole", group=INHABITANTS, ge=0, is_read=False
    )
    population_female: Whole = column(
        "weiblich", label="Bevölkerung: weiblich", kind="whole", group=INHABITANTS, ge=0, is_read=False
    )
    foreigners: Whole = column(
        "insgesamt", label="Ausländer: insgesamt", kind="whole", group=FOREIGNERS, required=True, ge=0
    )
    foreigners_male: Whole = column(
        "männlich", label="Ausländer: männlich", kind="whole", group=FOREIGNERS, ge=0, is_read=False
    )
    foreigners_female: Whole = column(
        "weiblich", label="Ausländer: weiblich", kind="whole", group=FOREIGNERS, ge=0, is_read=False
    )

    foreigners_within_population = at_most("amount_order", "foreigners", "population")


PROGRAMME = Programme(
    key="bevoelkerung",
    title="Bevölkerungsstatistik",
    delivery="period",
    cadence=YEARLY_BY_30_SEPTEMBER,
    tables=(Table("population", "Bevölkerung", Population),),
)
