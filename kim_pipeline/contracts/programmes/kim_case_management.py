"""KIM Case Management (`deliveries.md` §7)."""

from kim_pipeline.contracts.calendar import QUARTERLY
from kim_pipeline.contracts.model import (
    ContractModel,
    Day,
    Programme,
    Reference,
    Table,
    Text,
    Whole,
    YesNo,
    column,
    derived,
)
from kim_pipeline.contracts.rules import date_order, needs


class Cases(ContractModel):
    """Fälle."""

    case_no: Text = column(
        "Fallnummer",
        "Fall-ID",
        "Fall-Nr.",
        label="Fall (Pseudonym)",
        kind="text",
        required=True,
        key=True,
        personal="pseudonym",
    )
    name: Text = column("Name, Vorname", "Name", label="Name, Vorname", kind="text", personal="drop")
    birth_date: Day = column("Geburtsdatum", "Geb.-Datum", label="Geburtsdatum", kind="date", personal="derive")
    azr_no: Text = column("AZR-Nummer", "AZR-Nr.", label="AZR-Nummer", kind="text", personal="drop")
    age_group: Text = derived(
        label="Altersgruppe bei Fallaufnahme",
        kind="category",
        category="age_group",
        of="birth_date",
        at="opened_on",
        feature="age",
    )
    sex: Text = column("Geschlecht", label="Geschlecht", kind="category", category="sex", feature="sex")
    nationality: Text = column(
        "Staatsangehörigkeit", "Nationalität", label="Staatsangehörigkeit", kind="nationality", feature="origin"
    )
    language: Text = column("Sprache", "Erstsprache", label="Sprache", kind="language", is_read=False)
    municipality: Text = column("Wohnort", "Kommune", label="Wohnort", kind="municipality", required=True)
    residence_status: Text = column(
        "Aufenthaltsstatus",
        "Status Aufenthalt",
        label="Aufenthaltsstatus",
        kind="category",
        category="residence_status",
        feature="residence",
    )
    registered_on: Day = column(
        "Anmeldung", "Eingang am", label="Anmeldung am", kind="date", required=True, period_date=True
    )
    first_talk_on: Day = column("Erstgespräch", "Erstgespräch am", label="Erstgespräch am", kind="date")
    opened_on: Day = column("Aufnahme", "Fallaufnahme am", label="Fallaufnahme am", kind="date")
    closed_on: Day = column("Abschluss", "Fallabschluss am", label="Fallabschluss am", kind="date")
    closing_reason: Text = column(
        "Abschlussgrund", "Grund Abschluss", label="Grund des Abschlusses", kind="category", category="closing_reason"
    )
    case_manager: Text = column(
        "Case Manager/in",
        "CM",
        label="Case Manager/in (Pseudonym)",
        kind="text",
        personal="pseudonym",
        is_read=False,
    )

    dates = date_order("registered_on", "first_talk_on", "opened_on", "closed_on")
    reason_with_closing = needs(
        lambda frame: frame["closed_on"].notna(),
        "closing_reason",
        "opened_on",
        involved=("closed_on",),
        says="zu {closed_on} gehören {closing_reason} und {opened_on}",
    )
    closing_with_reason = needs(
        lambda frame: frame["closing_reason"].notna(),
        "closed_on",
        involved=("closing_reason",),
        says="zu {closing_reason} gehört {closed_on}",
    )


class Stations(ContractModel):
    """Stationen."""

    case_no: Text = column(
        "Fallnummer",
        "Fall-ID",
        "Fall-Nr.",
        label="Fall (Pseudonym)",
        kind="text",
        required=True,
        key=True,
        personal="pseudonym",
    )
    step: Whole = column("Schritt", "Station Nr.", label="Schritt", kind="whole", required=True, key=True)
    jurisdiction: Text = column(
        "Rechtskreis", label="Rechtskreis", kind="category", category="jurisdiction", required=True
    )
    agency: Text = column("Stelle", "Behörde / Stelle", label="Behörde oder Stelle", kind="text", is_read=False)
    started_on: Day = column("Beginn", "von", label="Beginn der Station", kind="date", required=True)
    ended_on: Day = column("Ende", "bis", label="Ende der Station", kind="date")
    hurdle: Text = column("Hürde", "Hemmnis", label="Hürde", kind="category", category="hurdle")
    misrouted: YesNo = column("Fehlsteuerung", "Fehlgesteuert", label="Fehlsteuerung", kind="yes_no")

    dates = date_order("started_on", "ended_on")


class Needs(ContractModel):
    """Bedarfe."""

    case_no: Text = column(
        "Fallnummer",
        "Fall-ID",
        "Fall-Nr.",
        label="Fall (Pseudonym)",
        kind="text",
        required=True,
        key=True,
        personal="pseudonym",
    )
    theme: Text = column(
        "Bedarf", "Lebenslage", label="Bedarf", kind="category", category="theme", required=True, key=True
    )
    identified_on: Day = column(
        "Festgestellt am", "Datum Bedarf", label="Festgestellt am", kind="date", required=True, key=True
    )
    resolved_on: Day = column("Gedeckt am", "Erledigt am", label="Gedeckt am", kind="date")
    outcome: Text = column(
        "Ergebnis", "Stand Bedarf", label="Stand des Bedarfs", kind="category", category="need_outcome", required=True
    )

    dates = date_order("identified_on", "resolved_on")
    covered_has_date = needs(
        lambda frame: frame["outcome"] == "gedeckt",
        "resolved_on",
        involved=("outcome",),
        says="zu „gedeckt“ gehört {resolved_on}",
    )


TO_CASE = Reference("cases", (("case_no", "case_no"),))

PROGRAMME = Programme(
    key="kim_case_management",
    title="KIM Case Management",
    delivery="snapshot",
    cadence=QUARTERLY,
    tables=(
        Table("cases", "Fälle", Cases, future_dates=True),
        Table("stations", "Stationen", Stations, reference=TO_CASE, future_dates=True),
        Table("needs", "Bedarfe", Needs, reference=TO_CASE, future_dates=True),
    ),
)
