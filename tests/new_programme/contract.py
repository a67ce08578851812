"""Besuchsdienst: volunteers who visit families, as an example of a new programme."""

from kim_pipeline.contracts.calendar import YEARLY_BY_31_MARCH
from kim_pipeline.contracts.model import ContractModel, Day, Number, Programme, Table, Text, column


class Visits(ContractModel):
    """Besuche."""

    visit_no: Text = column("Nr.", "Besuch-Nr.", label="Besuchsnummer", kind="text", required=True, key=True)
    visited_on: Day = column("Datum", label="Datum", kind="date", required=True, period_date=True)
    municipality: Text = column("Ort", "Kommune", label="Ort", kind="municipality", required=True)
    language: Text = column("Sprache", label="Sprache", kind="language")
    hours: Number = column("Dauer (Std.)", label="Dauer in Stunden", kind="number", gt=0, le=8)
    visitor: Text = column("Besucher/in", label="Besucher/in (Pseudonym)", kind="text", personal="pseudonym")


PROGRAMME = Programme(
    key="besuchsdienst",
    title="Besuchsdienst",
    delivery="period",
    cadence=YEARLY_BY_31_MARCH,
    tables=(Table("visits", "Besuche", Visits),),
)
