"""Förderprogramm Südosteuropa (`deliveries.md` §7)."""

from kim_pipeline.contracts.calendar import YEARLY_BY_31_MARCH
from kim_pipeline.contracts.model import (
    ContractModel,
    Day,
    Programme,
    Table,
    Text,
    column,
)


class Contacts(ContractModel):
    """Kontakte."""

    contact_no: Text = column("Nr.", "Kontakt-Nr.", label="Kontaktnummer", kind="text", required=True, key=True)
    contacted_on: Day = column("Datum", "Kontakt am", label="Datum", kind="date", required=True, period_date=True)
    person: Text = column(
        "Person-ID", "Klient/in", label="Person (Pseudonym)", kind="text", required=True, personal="pseudonym"
    )
    nationality: Text = column(
        "Staatsangehörigkeit", label="Staatsangehörigkeit", kind="nationality", feature="origin_soe"
    )
    municipality: Text = column("Ort", "Kommune", label="Ort", kind="municipality", required=True)
    theme: Text = column("Thema", "Anliegen", label="Thema", kind="category", category="theme", required=True)
    channel: Text = column("Art", "Kontaktart", label="Art", kind="category", category="channel", is_read=False)


PROGRAMME = Programme(
    key="suedosteuropa",
    title="Förderprogramm Südosteuropa",
    delivery="period",
    cadence=YEARLY_BY_31_MARCH,
    tables=(Table("contacts", "Kontakte", Contacts),),
)
