"""Beschlüsse (`deliveries.md` §7)."""

from kim_pipeline.contracts.calendar import QUARTERLY
from kim_pipeline.contracts.model import (
    ContractModel,
    Day,
    Programme,
    Reference,
    Table,
    Text,
    column,
)
from kim_pipeline.contracts.rules import blamed, date_order, row_rule
from kim_pipeline.contracts.vocabulary import vocabulary


def _cannot_resolve() -> list[str]:
    return [body.name for body in vocabulary().county.bodies if not body.may_resolve]


class Decisions(ContractModel):
    """Beschlüsse."""

    decision_no: Text = column("Nr.", "Beschluss-Nr.", label="Beschlussnummer", kind="text", required=True, key=True)
    decided_on: Day = column("Datum", "Sitzung am", label="Datum", kind="date", required=True, period_date=True)
    body: Text = column("Gremium", label="Gremium", kind="category", category="body", required=True)
    concept: Text = column("Konzept", label="Konzept", kind="category", category="concept")
    measure_no: Text = column("Maßnahme-Nr.", "Maßnahme", label="Maßnahmennummer", kind="text")
    kind: Text = column(
        "Art", "Beschlussart", label="Beschlussart", kind="category", category="decision_kind", required=True
    )
    decision: Text = column("Entscheidung", "Votum", label="Entscheidung", kind="category", category="decision")
    text: Text = column("Beschlusstext", "Text", label="Beschlusstext", kind="text", is_read=False)
    due_on: Day = column("Frist", "umzusetzen bis", label="Umzusetzen bis", kind="date", told_absent=False)
    done_on: Day = column("erledigt am", "Vollzug am", label="Erledigt am", kind="date", told_absent=False)
    responsible: Text = column(
        "Zuständig",
        "Auftrag an",
        label="Zuständig",
        kind="text",
        told_absent=False,
        names_office=True,
    )

    dates = date_order("decided_on", "done_on")

    competence = row_rule(
        "body_competence",
        ("body", "kind"),
        "in {kind} „Empfehlung“ oder „Kenntnisnahme“, denn das Gremium in {body} fasst keine Beschlüsse",
        lambda frame: blamed((frame["kind"] == "Beschluss") & frame["body"].isin(_cannot_resolve()), "kind"),
    )


TO_MEASURE = Reference(
    "measures",
    (("concept", "concept"), ("measure_no", "measure_no")),
    programme="massnahmen",
    optional=("concept",),
)

PROGRAMME = Programme(
    key="beschluesse",
    title="Beschlüsse",
    delivery="snapshot",
    cadence=QUARTERLY,
    tables=(
        Table("decisions", "Beschlüsse", Decisions, reference=TO_MEASURE, future_dates=True, may_be_later=("due_on",)),
    ),
)
