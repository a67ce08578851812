"""Patenprojekt Übergang Schule-Beruf (`deliveries.md` §7)."""

from kim_pipeline.contracts.calendar import HALF_YEARLY
from kim_pipeline.contracts.model import (
    ContractModel,
    Day,
    Programme,
    Table,
    Text,
    column,
)
from kim_pipeline.contracts.rules import blamed, date_order, row_rule


class Mentorships(ContractModel):
    """Patenschaften."""

    mentorship_no: Text = column(
        "Nr.",
        "Patenschaft",
        label="Patenschaft (Pseudonym)",
        kind="text",
        required=True,
        key=True,
        personal="pseudonym",
    )
    mentor: Text = column(
        "Pate/Patin", "Pate", label="Pate/Patin (Pseudonym)", kind="text", personal="pseudonym", is_read=False
    )
    mentee: Text = column("Patenkind", "Schüler/in", label="Patenkind (Pseudonym)", kind="text", personal="pseudonym")
    school: Text = column("Schule", label="Schule", kind="text", is_read=False)
    municipality: Text = column("Kommune", "Ort", label="Kommune", kind="municipality", required=True)
    started_on: Day = column("Beginn", label="Beginn", kind="date", required=True, period_date=True)
    ended_on: Day = column("Ende", label="Ende", kind="date")
    outcome: Text = column("Ergebnis", "Verbleib", label="Ergebnis", kind="category", category="paten_outcome")

    dates = date_order("started_on", "ended_on")
    ended_has_outcome = row_rule(
        "status_incomplete",
        ("ended_on", "outcome"),
        "eine beendete Patenschaft hat ein {outcome} (nicht „offen“)",
        lambda frame: blamed(
            frame["ended_on"].notna() & (frame["outcome"].isna() | (frame["outcome"] == "offen")), "outcome"
        ),
    )


PROGRAMME = Programme(
    key="patenprojekt",
    title="Patenprojekt Übergang Schule-Beruf",
    delivery="snapshot",
    cadence=HALF_YEARLY,
    tables=(Table("mentorships", "Patenschaften", Mentorships, future_dates=True),),
)
