"""Sprachmittlerpool (`deliveries.md` §7)."""

from kim_pipeline.contracts.calendar import QUARTERLY
from kim_pipeline.contracts.model import (
    ContractModel,
    Day,
    Number,
    Programme,
    Table,
    Text,
    column,
)
from kim_pipeline.contracts.rules import date_order, needs


class Requests(ContractModel):
    """Anfragen."""

    request_no: Text = column(
        "Nr.", "Anfrage-Nr.", "Lfd. Nr.", label="Anfragenummer", kind="text", required=True, key=True
    )
    requested_on: Day = column(
        "Anfrage am", "Anfragedatum", "Eingang", label="Anfragedatum", kind="date", required=True, period_date=True
    )
    assigned_on: Day = column("Datum", "Einsatzdatum", "Termin", label="Einsatzdatum", kind="date")
    municipality: Text = column("Ort", "Einsatzort", "Kommune", label="Einsatzort", kind="municipality", required=True)
    language: Text = column("Sprache", "Zielsprache", label="Sprache", kind="language", required=True)
    institution: Text = column(
        "Einrichtung", "Auftraggeber", "Anfragende Stelle", label="Einrichtung", kind="text", is_read=False
    )
    sector: Text = column("Bereich", "Einsatzbereich", label="Einsatzbereich", kind="category", category="sector")
    hours: Number = column(
        "Dauer (Std.)",
        "Einsatzdauer in Stunden",
        label="Dauer in Stunden",
        kind="hours",
        minutes=("Dauer (Min.)", "Dauer in Minuten"),
        gt=0,
        le=12,
    )
    fee_eur: Number = column(
        "Honorar (€)", "Honorar", "Kosten in Euro", label="Honorar in Euro", kind="number", is_money=True, ge=0, le=2000
    )
    interpreter: Text = column(
        "Sprachmittler-ID",
        "Sprachmittler/in",
        "SM-Kürzel",
        label="Sprachmittler/in (Pseudonym)",
        kind="text",
        personal="pseudonym",
    )
    status: Text = column(
        "Status", "Ergebnis", label="Status", kind="category", category="request_status", required=True
    )
    note: Text = column("Bemerkung", "Bemerkungen", label="Bemerkung", kind="text", personal="drop")

    done_is_complete = needs(
        lambda frame: frame["status"] == "done",
        "assigned_on",
        "hours",
        "interpreter",
        involved=("status",),
        says="bei „durchgeführt“ sind {assigned_on}, {hours} und {interpreter} ausgefüllt",
    )
    dates = date_order("requested_on", "assigned_on")


PROGRAMME = Programme(
    key="sprachmittlerpool",
    title="Sprachmittlerpool",
    delivery="period",
    cadence=QUARTERLY,
    tables=(Table("requests", "Anfragen", Requests),),
)
