"""Checks in the UI: those of a built warehouse, and the four questions that each night puts to each delivery.

The checks of the warehouse are made with the new internal file; those that block keep it from being published, the
others warn. None of the four about deliveries (in time, accepted, decided, enough and clean) keeps a night from
publishing: a late office must not keep the others' figures back. There, severity ERROR means that somebody has to do
something.
"""

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from kim_pipeline import german
from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.due import Due, due_state
from kim_pipeline.contracts.limits import Limits, limits_of
from kim_pipeline.files import Store
from kim_pipeline.intake.deliveries import Delivery
from kim_pipeline.intake.due import due_of
from kim_pipeline.night import Checked, CheckResult, TakenIn
from kim_pipeline.orchestration.dagster_internals import last_evaluations
from kim_pipeline.orchestration.keys import delivery_key, table_key
from kim_pipeline.orchestration.metadata import declared_metadata, held_table, rejected_table
from kim_pipeline.orchestration.parts import ACCEPTED, DECIDED, ON_TIME, QUARANTINE, table_of
from kim_pipeline.orchestration.resources import CHECK_OP, NightRun, end_if_last
from kim_pipeline.warehouse.checks import Check, blocking_checks, plausibility_checks

_ERROR, _WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
_TEXTS = {
    ON_TIME: "Ob die fällige Lieferung da ist: nach Turnus und Stand. Warnung in der Nachfrist, danach Fehler.",
    ACCEPTED: "Ob jede Datei im Ordner angenommen ist. Zurückgewiesene sind zu berichtigen oder zu entfernen.",
    DECIDED: "Ob keine Lieferung angehalten ist. Mit einer angehaltenen fielen veröffentlichte Angaben weg; jemand "
    "muss entscheiden.",
    QUARANTINE: "Ob genug Zeilen angenommen sind (sonst Fehler) und nicht zu viele in Quarantäne (sonst Warnung).",
}

_WHERE = (
    "kim run nennt sie auf dem Terminal des Betriebs; kim sql --show {check} zeigt die Abfrage, mit der Berechtigte "
    "sie in der internen Datei finden."
)


def check_key(check: Check) -> dg.AssetCheckKey:
    """The asset check that shows a check."""
    return dg.AssetCheckKey(table_key(table_of(check)), check.name)


def integrity_checks() -> dg.AssetChecksDefinition:
    """Every check of `warehouse.checks`; how many rows break it is told as a class."""

    @dg.multi_asset_check(
        name=CHECK_OP,
        specs=[
            dg.AssetCheckSpec(
                check.name, asset=check_key(check).asset_key, description=check.description, blocking=is_blocking
            )
            for is_blocking, checks in ((True, blocking_checks()), (False, plausibility_checks()))
            for check in checks
        ],
        can_subset=True,
        description="Prüft die neue interne Datei, bevor etwas veröffentlicht wird.",
    )
    def checks(
        context: dg.AssetCheckExecutionContext, night: dg.ResourceParam[NightRun]
    ) -> Iterator[dg.AssetCheckResult]:
        checked = night.reach(Checked)
        for result in checked.results:
            if check_key(result.check) in context.selected_asset_check_keys:
                yield _shown(result)
        if not checked.failed:
            end_if_last(context, CHECK_OP, night)

    return checks


def _shown(result: CheckResult) -> dg.AssetCheckResult:
    key = check_key(result.check)
    where = _WHERE.format(check=result.check.name) if result.rows else "–"
    shown = {"Fundstellen": german.count_class(len(result.rows)), "Welche es sind": where}
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=not result.rows,
        severity=_ERROR if result.is_blocking else _WARN,
        metadata=declared_metadata(shown, "check"),
    )


def delivery_check_specs() -> list[dg.AssetCheckSpec]:
    """The checks of every programme's deliveries."""
    return [
        dg.AssetCheckSpec(name, asset=delivery_key(programme), description=text)
        for programme in programmes()
        for name, text in _TEXTS.items()
    ]


def delivery_checks(night: TakenIn, wanted: set[dg.AssetCheckKey]) -> Iterator[dg.AssetCheckResult]:
    """The results of the wanted checks of deliveries; they are made whether these changed or not."""
    limits = limits_of(night.settings.county)
    for key, programme in programmes().items():
        deliveries = night.intake.of(key)
        due = due_of(programme, deliveries, night.as_of, night.settings.grace_days)
        answers = {
            ON_TIME: on_time(due, night.as_of),
            ACCEPTED: _accepted(deliveries),
            DECIDED: _decided(deliveries, night.warehouse.store),
            QUARANTINE: quarantine(*_rows(deliveries), limits[key]),
        }
        for name, answer in answers.items():
            if dg.AssetCheckKey(delivery_key(key), name) in wanted:
                yield dg.AssetCheckResult(
                    asset_key=delivery_key(key),
                    check_name=name,
                    passed=answer.severity is None,
                    severity=answer.severity or _ERROR,
                    metadata=declared_metadata(answer.metadata, "check"),
                )


@dataclass(frozen=True)
class Answer:
    """How grave it is (None: all is well), the sentence for people, and what it rests on."""

    severity: dg.AssetCheckSeverity | None
    sentence: str
    facts: Mapping[str, Any]

    @property
    def metadata(self) -> dict[str, Any]:
        """As the UI shows it."""
        return {"Ergebnis": self.sentence, **self.facts}


def on_time(due: Due, today: dt.date) -> Answer:
    """Whether the delivery that is due is there."""
    facts: dict[str, Any] = {
        "Stand": german.day(due.last_as_of) if due.last_as_of else "noch keine Lieferung",
        "abgedeckt bis": german.day(due.covered_through) if due.covered_through else "–",
    }
    if due.due_on is None or due.late_after is None:
        facts |= {"fällig am": "–", "Nachfrist bis": "–", "Tage über dem Termin": 0}
        return Answer(None, "Das Programm ist abgeschlossen; es ist keine Lieferung mehr fällig.", facts)
    facts |= {
        "fällig am": german.day(due.due_on),
        "Nachfrist bis": german.day(due.late_after),
        "Tage über dem Termin": max((today - due.due_on).days, 0),
    }
    was_due = f"Die Lieferung war am {german.day(due.due_on)} fällig"
    match due_state(due, today):
        case "open":
            return Answer(None, f"Die nächste Lieferung ist am {german.day(due.due_on)} fällig.", facts)
        case "due":
            return Answer(_WARN, f"{was_due}; die Nachfrist läuft bis zum {german.day(due.late_after)}.", facts)
        case _:
            todo = "Am Zug ist das Programm: eine Datei mit neuerem Stand in den Ordner legen."
            return Answer(_ERROR, f"{was_due} und ist überfällig. {todo}", facts)


def report_on_time(instance: dg.DagsterInstance, due: Mapping[str, Due], today: dt.date) -> list[str]:
    """Put `delivered_on_time` again to those programmes whose answer is no longer the last one; these programmes.

    Args:
        instance: keeps the answers.
        due: programme → what is due.
        today: the day of the question.
    """
    keys = {programme: dg.AssetCheckKey(delivery_key(programme), ON_TIME) for programme in due}
    last = last_evaluations(instance, list(keys.values()))
    changed = []
    for programme, key in keys.items():
        answer = on_time(due[programme], today)
        if key not in last or _is_other(answer, last[key]):
            instance.report_runless_asset_event(_evaluation(key, answer))
            changed.append(programme)
    return changed


def _is_other(answer: Answer, last: dg.AssetCheckEvaluation) -> bool:
    return {label: fact.value for label, fact in last.metadata.items()} != answer.metadata


def _evaluation(key: dg.AssetCheckKey, answer: Answer) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=answer.severity is None,
        severity=answer.severity or _ERROR,
        metadata={
            label: dg.MetadataValue.int(fact) if isinstance(fact, int) else dg.MetadataValue.text(fact)
            for label, fact in declared_metadata(answer.metadata, "check").items()
        },
        blocking=False,
    )


def _accepted(deliveries: Sequence[Delivery]) -> Answer:
    rejected = [d for d in deliveries if d.status == "rejected"]
    facts = {"Dateien": len({d.file for d in deliveries}), "davon zurückgewiesen": len({d.file for d in rejected})}
    if not rejected:
        return Answer(None, "Keine Datei ist zurückgewiesen.", facts)
    shown = {"Zurückgewiesen": dg.MetadataValue.md(rejected_table(rejected))}
    todo = "Am Zug ist das Programm: die Datei berichtigen und neu ablegen, oder sie aus dem Ordner nehmen."
    return Answer(_ERROR, todo, shown | facts)


def _decided(deliveries: Sequence[Delivery], store: Store) -> Answer:
    held = [d for d in deliveries if d.status == "held"]
    if not held:
        return Answer(None, "Keine Lieferung ist angehalten.", {})
    todo = (
        "Am Zug ist die Koordination: beim Programm nachfragen, und die Lieferung mit dem Job accept bestätigen oder "
        "eine berichtigte ablegen lassen. Was bisher zählte, zählt weiter."
    )
    return Answer(_ERROR, todo, {"Angehalten": dg.MetadataValue.md(held_table(held, store))})


def _rows(deliveries: Sequence[Delivery]) -> tuple[int, int]:
    """Accepted and quarantined rows of the deliveries that count."""
    accounts = [account for d in deliveries if d.status == "counted" for account in d.accounts]
    return sum(a["accepted"] for a in accounts), sum(a["quarantined"] for a in accounts)


def quarantine(accepted: int, quarantined: int, limits: Limits) -> Answer:
    """Whether there are enough rows (else an error), not too many, and few in quarantine (else a warning)."""
    share = quarantined / (accepted + quarantined) if accepted + quarantined else 0.0
    most = math.inf if limits.rows_max is None else limits.rows_max
    facts = {
        "Zeilen angenommen": german.count_class(accepted),
        "Zeilen in Quarantäne": german.count_class(quarantined),
        "erwartet: Zeilen": f"mindestens {german.number(limits.rows_min)}"
        + ("" if most == math.inf else f", höchstens {german.number(most)}"),
        "erwartet: Anteil": f"höchstens {german.percent(limits.quarantine_share_max, 0)}",
    }
    if accepted < limits.rows_min:
        return Answer(_ERROR, f"{_accepted_rows(accepted)}, weniger als erwartet.", facts)
    if share > limits.quarantine_share_max:
        return Answer(_WARN, "Mehr Zeilen als erwartet sind in Quarantäne.", facts)
    if accepted > most:
        return Answer(_WARN, f"{_accepted_rows(accepted)}, mehr als erwartet.", facts)
    return Answer(None, "Zahl der Zeilen und Anteil in Quarantäne sind wie erwartet.", facts)


def _accepted_rows(number: int) -> str:
    return f"Angenommene Zeilen: {german.count_class(number)}"
