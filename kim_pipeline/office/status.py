"""The state of the offices' deliveries: what is there, what counts, what was rejected and why, what is due.

Belongs here: facts for `kim status`, taken from the intake. Does not belong here: how the terminal shows them.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.due import DueState, Phase, due_state
from kim_pipeline.contracts.model import Programme
from kim_pipeline.intake.deliveries import Delivery, Intake, counts_by_severity
from kim_pipeline.intake.due import due_of

_REASONS = {
    "duplicate": "dieselbe Datei unter anderem Namen",
    "newer_stand": "durch eine Lieferung mit neuerem Stand",
    "longer_period": "durch eine Lieferung mit demselben Stand und längerem Zeitraum",
    "later_name": "durch eine Lieferung mit demselben Stand, deren Name später kommt",
    "official_table": "durch eine amtliche Tabelle",
}
_ORDER = ("counted", "held", "rejected", "superseded")


@dataclass(frozen=True)
class DeliveryStatus:
    """One delivery.

    Attributes:
        file: path relative to the programme's folder, with the part where it has several.
        status: `counted`, `held`, `rejected` or `superseded`.
        reason: why it does not count, in German; None if it does.
        period: reporting period as people write it; None for snapshots or where it is not known.
        as_of: its Stand.
        accepted, quarantined: rows.
        findings: severity → number.
    """

    file: str
    status: str
    reason: str | None
    period: str | None
    as_of: dt.date | None
    accepted: int
    quarantined: int
    findings: dict[str, int]


@dataclass(frozen=True)
class ProgrammeStatus:
    """One programme and its deliveries, those that count first.

    Attributes:
        state: whether the next delivery is overdue.
        days: days since (late, due) or until (open) the due day; 0 where nothing is due any more.
        phase: whether the programme goes on delivering.
    """

    programme: str
    title: str
    cadence: str
    state: DueState
    days: int
    due_on: dt.date | None
    late_after: dt.date | None
    phase: Phase
    covered_through: dt.date | None
    last_as_of: dt.date | None
    deliveries: tuple[DeliveryStatus, ...]


def status(intake: Intake, as_of: dt.date, grace_days: int, only: Iterable[str] | None = None) -> list[ProgrammeStatus]:
    """The state of every programme, the longest overdue first, those of which nothing is due any more last.

    Args:
        intake: the deliveries.
        as_of: today.
        grace_days: days after the due day before a delivery is late.
        only: programmes; None for all.
    """
    chosen = programmes().keys() if only is None else set(only)
    found = [_of_programme(programmes()[key], intake.of(key), as_of, grace_days) for key in chosen]
    return sorted(found, key=lambda s: (s.due_on or dt.date.max, s.programme))


def status_as_json(found: Iterable[ProgrammeStatus]) -> list[dict[str, Any]]:
    """The same as plain values; days as `yyyy-mm-dd`."""
    return [_plain(dataclasses.asdict(one)) for one in found]


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {name: _plain(part) for name, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
        case dt.date():
            return value.isoformat()
    return value


def _of_programme(programme: Programme, deliveries: list[Delivery], as_of: dt.date, grace_days: int) -> ProgrammeStatus:
    due = due_of(programme, deliveries, as_of, grace_days)
    state, days = due_state(due, as_of), abs((as_of - due.due_on).days) if due.due_on else 0
    lines = sorted((_of_delivery(d) for d in deliveries), key=_newest_first)
    return ProgrammeStatus(
        programme.key, programme.title, programme.cadence.label, state, days, due.due_on, due.late_after, due.phase,
        due.covered_through, due.last_as_of, tuple(lines),
    )  # fmt: skip


def _newest_first(line: DeliveryStatus) -> tuple[int, int, str]:
    return _ORDER.index(line.status), -(line.as_of or dt.date.min).toordinal(), line.file


def _of_delivery(delivery: Delivery) -> DeliveryStatus:
    read = delivery.read
    return DeliveryStatus(
        f"{delivery.file} ({delivery.part})" if delivery.part else delivery.file,
        delivery.status,
        _reason(delivery),
        read.period.in_words if read and read.period else None,
        read.as_of if read else None,
        sum(account["accepted"] for account in delivery.accounts),
        sum(account["quarantined"] for account in delivery.accounts),
        counts_by_severity(delivery),
    )


def _reason(delivery: Delivery) -> str | None:
    """Why a delivery does not count; of a rejection what is wrong, without what to do."""
    if delivery.status == "rejected":
        message = delivery.rejected_because or "nicht lesbar"
        return message.partition(" Bitte ")[0]
    if delivery.held is not None:
        return delivery.held
    reason = _REASONS.get(delivery.reason or "")
    return f"{reason}: {delivery.superseded_by}" if reason and delivery.superseded_by else reason
