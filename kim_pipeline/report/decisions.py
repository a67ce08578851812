"""What was decided about the measures by the key date, and what became of it (`paper.md` §1.3, §3.3).

Belongs here: binding resolutions, their agreement with a suggestion, their state and when they were due, derived from
`measure_decision` and `decision_agreement` for any key date; the published review says it for the build's day only.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from kim_pipeline.report.figures import Figures, Record

RESOLUTION = "Beschluss"
Fulfilment = Literal["vollzogen", "offen", "unklar"]
MeasureKey = tuple[str, str]
_DONE: Mapping[str, frozenset[str]] = {
    "fortführen": frozenset({"umgesetzt", "laufend"}),
    "neu aufnehmen": frozenset({"umgesetzt", "laufend"}),
    "zurückstellen": frozenset({"zurückgestellt"}),
    "beenden": frozenset({"entfallen"}),
    "anpassen": frozenset(),
}
_UNCLEAR: Mapping[str, frozenset[str]] = {
    "fortführen": frozenset(),
    "neu aufnehmen": frozenset(),
    "zurückstellen": frozenset({"nicht umgesetzt", "entfallen"}),
    "beenden": frozenset({"umgesetzt"}),
}
"""MeasureDecision → statuses with which the register does not show whether it is carried out; `anpassen` with any."""


@dataclass(frozen=True)
class MeasureDecision:
    """A row of `measure_decision`: what a body said about a measure."""

    concept: str
    measure_no: str
    decision_no: str
    decided_on: dt.date
    body: str
    body_rank: int
    kind: str
    decision: str | None
    due_on: dt.date | None = None
    done_on: dt.date | None = None
    responsible: str | None = None

    @property
    def measure(self) -> MeasureKey:
        """The measure that it is about."""
        return self.concept, self.measure_no

    @property
    def order(self) -> tuple[dt.date, int, str]:
        """Which of two prevails: the later; on one day the higher body's; then the higher number."""
        return self.decided_on, self.body_rank, self.decision_no


@dataclass(frozen=True)
class Control:
    """A binding resolution and what became of it.

    Attributes:
        resolution: the binding one.
        status: of the measure in the register that counts on the key date; None if it is not in it.
        state: whether it is carried out.
        due: by when it was to be.
        is_overdue: whether that day is over and it is not.
    """

    resolution: MeasureDecision
    status: str | None
    state: Fulfilment
    due: dt.date
    is_overdue: bool


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day some calendar months later; the last of a month stays the last."""
    at = day.year * 12 + day.month - 1 + months
    year, month = at // 12, at % 12 + 1
    last = calendar.monthrange(year, month)[1]
    is_last = day.day == calendar.monthrange(day.year, day.month)[1]
    return dt.date(year, month, last if is_last else min(day.day, last))


def state_of(resolution: MeasureDecision, status: str | None, stand: dt.date, key_day: dt.date) -> Fulfilment:
    """Whether a resolution is carried out, from the register (§3.3).

    Args:
        resolution: with a decision.
        status: of its measure; None if the register does not hold it.
        stand: of that register.
        key_day: the key date.
    """
    if resolution.done_on is not None and resolution.done_on <= key_day:
        return "vollzogen"
    decision = str(resolution.decision)
    if status is None or stand < resolution.decided_on or decision not in _UNCLEAR:
        return "unklar"
    if status in _DONE[decision]:
        return "vollzogen"
    return "unklar" if status in _UNCLEAR[decision] else "offen"


class MeasureDecisions:
    """The decisions about measures that exist on the key date.

    Args:
        figures: of the published file.
        overdue_months: after how many months a resolution without a day is due.
    """

    def __init__(self, figures: Figures, overdue_months: int) -> None:
        self._figures = figures
        self._months = overdue_months

    @cached_property
    def all(self) -> dict[MeasureKey, list[MeasureDecision]]:
        """Measure → its decisions by the key date, the one that prevails last."""
        names = MeasureDecision.__dataclass_fields__
        found: dict[MeasureKey, list[MeasureDecision]] = {}
        for row in self._figures.rows("measure_decision"):
            decision = MeasureDecision(**{name: row[name] for name in names})
            if decision.decided_on <= self._figures.key_day:
                found.setdefault(decision.measure, []).append(decision)
        for rows in found.values():
            rows.sort(key=lambda row: row.order)
        return found

    @cached_property
    def binding(self) -> dict[MeasureKey, MeasureDecision]:
        """Measure → its binding resolution."""
        found = {}
        for measure, rows in self.all.items():
            resolutions = [row for row in rows if row.kind == RESOLUTION and row.decision is not None]
            if resolutions:
                found[measure] = resolutions[-1]
        return found

    @cached_property
    def newest(self) -> dt.date | None:
        """The day of the newest decision."""
        return max((rows[-1].decided_on for rows in self.all.values()), default=None)

    @cached_property
    def _agreements(self) -> dict[tuple[str, str], str]:
        return {(r["decision"], r["suggestion"]): r["agreement"] for r in self._figures.rows("decision_agreement")}

    def agreement(self, measure: MeasureKey, suggestion: str | None) -> str | None:
        """Whether a suggestion agrees with the binding resolution; None without one or the other."""
        resolution = self.binding.get(measure)
        if resolution is None or suggestion is None:
            return None
        return self._agreements[str(resolution.decision), suggestion]

    def control(self, statuses: Mapping[MeasureKey, str], stand: dt.date) -> list[Control]:
        """Binding resolutions and what became of them: not carried out before unclear, high bodies first, then oldest.

        Args:
            statuses: of the measures in the register that counts on the key date.
            stand: of that register.
        """
        found = [self._controlled(r, statuses.get(r.measure), stand) for r in self.binding.values()]
        return sorted(found, key=_urgency)

    def _controlled(self, resolution: MeasureDecision, status: str | None, stand: dt.date) -> Control:
        key_day = self._figures.key_day
        state = state_of(resolution, status, stand, key_day)
        due = resolution.due_on or months_later(resolution.decided_on, self._months)
        return Control(resolution, status, state, due, state != "vollzogen" and due < key_day)


def _urgency(control: Control) -> tuple[int, int, dt.date, str]:
    order: Sequence[Fulfilment] = ("offen", "unklar", "vollzogen")
    resolution = control.resolution
    return order.index(control.state), -resolution.body_rank, control.due, resolution.decision_no


def statuses_on(figures: Figures, stand: dt.date) -> dict[MeasureKey, str]:
    """Measure → its status in the register of a day: the last that `measure_history` tells up to it."""
    rows: list[Record] = sorted(figures.rows("measure_history"), key=lambda row: row["as_of"])
    return {(row["concept"], row["measure_no"]): row["status"] for row in rows if row["as_of"] <= stand}
