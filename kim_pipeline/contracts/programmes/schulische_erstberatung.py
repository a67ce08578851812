"""Schulische Erstberatung (`deliveries.md` §7)."""

from kim_pipeline.contracts.calendar import SCHOOL_HALF_YEARLY
from kim_pipeline.contracts.model import (
    ContractModel,
    Day,
    Programme,
    Table,
    Text,
    Whole,
    column,
    derived,
)
from kim_pipeline.contracts.rules import date_order


class Consultations(ContractModel):
    """Beratungen."""

    consultation_no: Text = column("Nr.", "Lfd. Nr.", label="Beratungsnummer", kind="text", required=True, key=True)
    consulted_on: Day = column(
        "Beratung am", "Datum", label="Beratung am", kind="date", required=True, period_date=True
    )
    child: Text = column("Name des Kindes", "Kind", label="Name des Kindes", kind="text", personal="drop")
    birth_date: Day = column("Geburtsdatum", "geb. am", label="Geburtsdatum", kind="date", personal="derive")
    age_years: Whole = derived(
        label="Alter bei der Beratung in Jahren",
        kind="whole",
        of="birth_date",
        at="consulted_on",
        ge=3,
        le=25,
        is_read=False,
    )
    nationality: Text = column(
        "Herkunftsland", "Staatsangehörigkeit", label="Herkunftsland", kind="nationality", is_read=False
    )
    language: Text = column("Erstsprache", "Familiensprache", label="Erstsprache", kind="language", is_read=False)
    municipality: Text = column("Wohnort", "Kommune", label="Wohnort", kind="municipality", required=True)
    school_type: Text = column("Schulform", label="Schulform", kind="category", category="school_type")
    school: Text = column("Zugewiesene Schule", "Schule", label="Zugewiesene Schule", kind="text", is_read=False)
    school_start_on: Day = column("Schulaufnahme", "Schulstart am", label="Schulaufnahme", kind="date")

    dates = date_order("consulted_on", "school_start_on")


PROGRAMME = Programme(
    key="schulische_erstberatung",
    title="Schulische Erstberatung",
    delivery="period",
    cadence=SCHOOL_HALF_YEARLY,
    tables=(Table("consultations", "Beratungen", Consultations),),
)
