"""What a return copy says about a delivery, in German: the verdict, the counts, what to do next.

Belongs here: words about a whole delivery. The sentences of single findings are made where the findings are
(`reading/findings.py`); how the words look is `feedback_sheet.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kim_pipeline import german
from kim_pipeline.contracts import programmes
from kim_pipeline.intake.deliveries import Delivery
from kim_pipeline.reading.findings import Finding

_SUPERSEDED = {
    "newer_stand": "Diese Lieferung ist durch eine mit neuerem Stand ersetzt",
    "longer_period": "Diese Lieferung ist durch eine mit demselben Stand und längerem Zeitraum ersetzt",
    "later_name": "Von zwei Lieferungen mit demselben Stand zählt die, deren Name später kommt",
    "official_table": "Statt dieser Lieferung zählt die amtliche Tabelle",
}
_COPY = "Dieselbe Datei liegt noch einmal unter einem anderen Namen vor; gezählt wird jene."


def worst(findings: Sequence[Finding]) -> str:
    """The worst severity among findings."""
    return min((f.severity for f in findings), key=list(german.SEVERITIES).index)


def findings_told(findings: Sequence[Finding]) -> str:
    """How many findings there are, by severity: `2 Fehler und 1 Hinweis`."""
    found = [f.severity for f in findings]
    parts = [german.counted(found.count(s), w.one, w.many) for s, w in german.SEVERITIES.items() if s in found]
    return german.listing(parts) or "keine Befunde"


def verdict(parts: Sequence[Delivery], findings: Sequence[Finding]) -> str:
    """What became of the delivery, in a few sentences; of several parts each is named."""
    if len(parts) == 1:
        return _verdict_of(parts[0], findings)
    if all(part.status == "rejected" for part in parts):
        reasons = dict.fromkeys(part.rejected_because for part in parts)
        return f"Die Lieferung wurde zurückgewiesen. {' '.join(reasons)}"
    told = (_verdict_of(part, [f for f in findings if f.message == part.rejected_because]) for part in parts)
    return " ".join(f"Teil {part.part}: {text}" for part, text in zip(parts, told, strict=True))


def _verdict_of(delivery: Delivery, findings: Sequence[Finding]) -> str:
    if delivery.status == "rejected":
        reasons = dict.fromkeys(f.message for f in findings if f.severity == "rejected")
        return f"Die Lieferung wurde zurückgewiesen. {' '.join(reasons) or _unused(delivery)}"
    if delivery.status == "superseded":
        return f"{_superseded(delivery)} Sie müssen nichts tun."
    quarantined = sum(account["quarantined"] for account in delivery.accounts)
    parts = ["Die Lieferung wurde angenommen."]
    parts += filter(None, [_unused(delivery)])
    if quarantined:
        rows = german.counted(quarantined, "Zeile", "Zeilen")
        counts, are = german.plural(quarantined, "zählt", "zählen"), german.plural(quarantined, "ist", "sind")
        parts.append(f"{rows} {counts} noch nicht mit, bis sie berichtigt {are}.")
    elif not any(f.severity in ("rejected", "error") for f in findings):
        parts.append("Alle Zeilen zählen.")
    return " ".join(parts)


def _superseded(delivery: Delivery) -> str:
    """What counts instead, and why."""
    if delivery.reason == "duplicate":
        return _COPY
    other = f" („{delivery.superseded_by}“)" if delivery.superseded_by else ""
    return f"{_SUPERSEDED[delivery.reason or 'newer_stand']}{other}."


def _unused(delivery: Delivery) -> str:
    """Which tables replace nothing, and why; blank where all do."""
    lacking = delivery.read.rejected_tables if delivery.read else []
    parts = [
        f"{_tables(delivery, lacking, 'wurde', 'wurden')} nicht gelesen, weil eine Pflichtspalte fehlt.",
        f"{_tables(delivery, list(delivery.empty_tables), 'zählt', 'zählen')} nicht, weil keine Zeile angenommen "
        "werden konnte; die frühere Lieferung gilt weiter.",
    ]
    return " ".join(part for part, names in zip(parts, (lacking, delivery.empty_tables), strict=True) if names)


def _tables(delivery: Delivery, names: Sequence[str], one: str, many: str) -> str:
    labels = [programmes()[delivery.programme].table(name).label for name in names]
    noun, verb = ("Die Tabelle", one) if len(labels) == 1 else ("Die Tabellen", many)
    return f"{noun} {german.quoted_listing(labels)} {verb}"


def account_line(account: dict[str, Any]) -> str:
    """What became of a sheet's rows: `Blatt „Anträge“: 12 Zeilen gelesen, 11 angenommen, 1 in Quarantäne`."""
    return f"Blatt „{account['sheet']}“: {german.rows_told(account, ', ')}"


def steps(parts: Sequence[Delivery], findings: Sequence[Finding], *, holds_rows: bool) -> list[str]:
    """What to do next, one sentence each; nothing where nothing is to be done.

    Args:
        parts: the delivery.
        findings: of it.
        holds_rows: whether the copy holds the delivery's rows, or the return sheet alone.
    """
    if all(part.status == "superseded" for part in parts):
        return []
    if not any(f.severity in ("rejected", "error", "warning") for f in findings):
        return ["Es ist nichts zu berichtigen. Die Hinweise sind zur Kenntnis; über ihre Durchsicht freuen wir uns."]
    if not holds_rows:
        return [
            "Beheben Sie bitte den genannten Grund in Ihrer eigenen Datei; diese hier enthält nur die Rückmeldung.",
            "Legen Sie Ihre Datei danach wieder in den Ordner, in den Sie sonst liefern.",
        ]
    if any(f.sheet and f.row and f.column_letter for f in findings):
        first = (
            "Berichtigen Sie bitte in dieser Datei, was unten steht. Die Zellen sind farbig; der Kommentar an der "
            "Zelle sagt, was gefunden wurde und was erwartet wird."
        )
    else:
        first = "Berichtigen Sie bitte, was unten steht; es betrifft die ganze Datei, darum ist keine Zelle farbig."
    return [
        first,
        "Tragen Sie bei „Stand“ den Tag Ihrer Korrektur ein.",
        "Speichern Sie die Datei und legen Sie sie in den Ordner, in den Sie sonst liefern. Dieses Blatt, die Farben "
        "und die Kommentare dürfen bleiben; sie stören nicht.",
    ]
