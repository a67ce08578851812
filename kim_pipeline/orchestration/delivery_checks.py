"""The three questions that each night puts to a programme's deliveries: in time, accepted, enough and clean.

They are made with the deliveries, whether these changed or not, and none of them keeps a night from publishing: a late
office must not keep the others' figures back. Severity ERROR means that somebody has to do something.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
import duckdb

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.limits import Limits, limits_of
from kim_pipeline.intake.intake import Delivery
from kim_pipeline.night import Night
from kim_pipeline.orchestration.keys import delivery_key
from kim_pipeline.orchestration.markdown import markdown_table

ON_TIME, ACCEPTED, QUARANTINE = "delivered_on_time", "delivery_accepted", "quarantine_share"
_ERROR, _WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
_TEXTS = {
    ON_TIME: "Ob die fällige Lieferung da ist: nach Turnus und Stand. Warnung in der Nachfrist, danach Fehler.",
    ACCEPTED: "Ob jede Datei im Ordner angenommen ist. Zurückgewiesene sind zu berichtigen oder zu entfernen.",
    QUARANTINE: "Ob genug Zeilen angenommen sind (sonst Fehler) und nicht zu viele in Quarantäne (sonst Warnung).",
}


@dataclass(frozen=True)
class Due:
    """What is due of a programme; days as in `quality.due`."""

    last_as_of: dt.date | None
    covered_through: dt.date | None
    due_on: dt.date
    late_after: dt.date


def due_of(connection: duckdb.DuckDBPyConnection) -> dict[str, Due]:
    """Programme → what is due, from an internal file."""
    rows = connection.execute(
        "SELECT programme, last_as_of, covered_through, due_on, late_after FROM quality.due ORDER BY programme"
    ).fetchall()
    return {programme: Due(*days) for programme, *days in rows}


def delivery_check_specs() -> list[dg.AssetCheckSpec]:
    """The checks of every programme."""
    return [
        dg.AssetCheckSpec(name, asset=delivery_key(programme), description=text)
        for programme in programmes()
        for name, text in _TEXTS.items()
    ]


def delivery_checks(
    night: Night, connection: duckdb.DuckDBPyConnection, wanted: set[dg.AssetCheckKey]
) -> Iterator[dg.AssetCheckResult]:
    """The results of the wanted checks.

    Args:
        night: the run.
        connection: to the new internal file.
        wanted: keys of the checks.
    """
    due, limits = due_of(connection), limits_of(night.settings.county)
    for programme in programmes():
        deliveries = night.intake.of(programme)
        answers = {
            ON_TIME: on_time(due[programme], night.as_of),
            ACCEPTED: _accepted(deliveries),
            QUARANTINE: quarantine(*_rows(deliveries), limits[programme]),
        }
        for name, answer in answers.items():
            if dg.AssetCheckKey(delivery_key(programme), name) in wanted:
                yield dg.AssetCheckResult(
                    asset_key=delivery_key(programme),
                    check_name=name,
                    passed=answer.severity is None,
                    severity=answer.severity or _ERROR,
                    metadata={"Ergebnis": answer.said, **answer.numbers},
                )


@dataclass(frozen=True)
class Answer:
    """How grave it is (None: all is well), the sentence for people, and what it rests on."""

    severity: dg.AssetCheckSeverity | None
    said: str
    numbers: Mapping[str, Any]


def on_time(due: Due, today: dt.date) -> Answer:
    """Whether the delivery that is due is there."""
    numbers = {
        "Stand": f"{due.last_as_of:%d.%m.%Y}" if due.last_as_of else "noch keine Lieferung",
        "abgedeckt bis": f"{due.covered_through:%d.%m.%Y}" if due.covered_through else "–",
        "fällig am": f"{due.due_on:%d.%m.%Y}",
        "Nachfrist bis": f"{due.late_after:%d.%m.%Y}",
        "Tage über dem Termin": max((today - due.due_on).days, 0),
    }
    if today <= due.due_on:
        return Answer(None, f"Die nächste Lieferung ist am {due.due_on:%d.%m.%Y} fällig.", numbers)
    was_due = f"Die Lieferung war am {due.due_on:%d.%m.%Y} fällig"
    if today <= due.late_after:
        return Answer(_WARN, f"{was_due}; die Nachfrist läuft bis zum {due.late_after:%d.%m.%Y}.", numbers)
    todo = "Am Zug ist das Programm: eine Datei mit neuerem Stand in den Ordner legen."
    return Answer(_ERROR, f"{was_due} und ist überfällig. {todo}", numbers)


def _accepted(deliveries: Sequence[Delivery]) -> Answer:
    rejected = [d for d in deliveries if d.status == "rejected"]
    numbers = {"Dateien": len({d.file for d in deliveries}), "davon zurückgewiesen": len({d.file for d in rejected})}
    if not rejected:
        return Answer(None, "Keine Datei ist zurückgewiesen.", numbers)
    reasons = [(d.file, d.rejected_because) for d in rejected]
    shown = {"Zurückgewiesen": dg.MetadataValue.md(markdown_table(("Datei", "Grund"), reasons))}
    todo = "Am Zug ist das Programm: die Datei berichtigen und neu ablegen, oder sie aus dem Ordner nehmen."
    return Answer(_ERROR, todo, shown | numbers)


def _rows(deliveries: Sequence[Delivery]) -> tuple[int, int]:
    """Accepted and quarantined rows of the deliveries that count."""
    accounts = [account for d in deliveries if d.status == "counted" for account in d.accounts]
    return sum(a["accepted"] for a in accounts), sum(a["quarantined"] for a in accounts)


def quarantine(accepted: int, quarantined: int, limits: Limits) -> Answer:
    """Whether there are enough rows (else an error), not too many, and few in quarantine (else a warning)."""
    share = quarantined / (accepted + quarantined) if accepted + quarantined else 0.0
    most = math.inf if limits.rows_max is None else limits.rows_max
    numbers = {
        "Zeilen angenommen": accepted,
        "Zeilen in Quarantäne": quarantined,
        "Anteil in Quarantäne (%)": round(100 * share, 1),
        "erwartet: Zeilen": f"mindestens {limits.rows_min}" + ("" if most == math.inf else f", höchstens {most}"),
        "erwartet: Anteil": f"höchstens {limits.quarantine_share_max:.0%}",
    }
    if accepted < limits.rows_min:
        return Answer(_ERROR, f"Nur {accepted} Zeilen sind angenommen: weniger als erwartet.", numbers)
    if share > limits.quarantine_share_max:
        return Answer(_WARN, f"{share:.0%} der Zeilen sind in Quarantäne: mehr als erwartet.", numbers)
    if accepted > most:
        return Answer(_WARN, f"{accepted} Zeilen sind angenommen: mehr als erwartet.", numbers)
    return Answer(None, "Zahl der Zeilen und Anteil in Quarantäne sind wie erwartet.", numbers)
