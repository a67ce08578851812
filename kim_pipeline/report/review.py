"""The review of the measures: what the register says, what is suggested and decided, as of the key date.

Belongs here: reading. Suggestions and their reasons are the published table's, never made here; pages are made of it
elsewhere.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from kim_pipeline import german
from kim_pipeline.report import grammar, resolution
from kim_pipeline.report.decisions import Control, MeasureDecisions, MeasureKey, statuses_on
from kim_pipeline.report.figures import Figures, Record, preferred_order
from kim_pipeline.report.resolution import ResolutionPoint
from kim_pipeline.report.tables import ReportContext

REGISTER = "massnahmen"
CONTRADICTS = "≠"
"""Stands before the number of a measure whose suggestion contradicts a resolution."""


@dataclass(frozen=True)
class Change:
    """A measure whose status differs from that of the earlier register."""

    measure: Record
    before: str | None
    after: str


class Review:
    """The measures with the integration centre as of the key date.

    Args:
        context: figures and words.
        since: the day of the last report; by default the Stand of the register before the newest one.
    """

    def __init__(self, context: ReportContext, since: dt.date | None = None) -> None:
        self.context = context
        self.figures: Figures = context.figures
        stands = self.figures.stands(REGISTER)
        self.stand: dt.date = stands[-1] if stands else dt.date.min
        earlier = [stand for stand in stands[:-1] if since is None or stand <= since]
        self.since = since if since is not None and earlier else (earlier[-1] if earlier else None)

    @cached_property
    def has_suggestions(self) -> bool:
        """Whether the published review is of the register that was the newest on the key date."""
        ours = (row for row in self.figures.deliveries if row["programme"] == REGISTER)
        return any(row["status"] == "counted" for row in ours)

    @cached_property
    def measures(self) -> list[Record]:
        """The reviewed measures; their status is that of the newest register on the key date."""
        rows = sorted(self.figures.rows("measure_review"), key=lambda row: (row["concept"], row["measure_no"]))
        if self.has_suggestions:
            return rows
        known = [(row, self._status(row, self.figures.key_day)) for row in rows]
        return [{**row, "status": status} for row, status in known if status is not None]

    def _status(self, measure: Record, day: dt.date) -> str | None:
        entries = [entry for entry in self._history(measure) if entry["as_of"] <= day]
        return str(entries[-1]["status"]) if entries else None

    def _history(self, measure: Record) -> list[Record]:
        key = (measure["concept"], measure["measure_no"])
        found = [r for r in self.figures.rows("measure_history") if (r["concept"], r["measure_no"]) == key]
        return sorted(found, key=lambda row: row["as_of"])

    @cached_property
    def concepts(self) -> list[str]:
        """Concepts with a measure."""
        return preferred_order((row["concept"] for row in self.measures), list(self.context.wording.concepts))

    def of(self, concept: str) -> list[Record]:
        """The measures of a concept."""
        return [row for row in self.measures if row["concept"] == concept]

    def number(self, *statuses: str) -> int:
        """How many measures have one of these statuses."""
        return sum(row["status"] in statuses for row in self.measures)

    def suggested(self) -> dict[str, int]:
        """Suggestion → number of measures."""
        counts = Counter(row["suggestion"] for row in self.measures)
        return {name: counts[name] for name in preferred_order(counts, self.context.wording.suggestions)}

    @cached_property
    def changes(self) -> list[Change]:
        """Measures whose status is not that of the earlier register, and those that it did not hold."""
        if self.since is None:
            return []
        found = []
        for measure in self.measures:
            before, now = self._status(measure, self.since), measure["status"]
            if before != now:
                found.append(Change(measure, before, now))
        return found

    @cached_property
    def decisions(self) -> MeasureDecisions:
        """What was decided by the key date."""
        return MeasureDecisions(self.figures, int(self.context.wording.paper["overdue_months"]))

    @cached_property
    def conflicts(self) -> list[Record]:
        """Measures whose suggestion contradicts their binding resolution."""
        return resolution.conflicts(self.measures, self.decisions) if self.has_suggestions else []

    @cached_property
    def _contradicting(self) -> set[MeasureKey]:
        return {resolution.key_of(m) for m in self.conflicts}

    def mark(self, measure: Record) -> str:
        """What stands before a measure's number: that its suggestion contradicts a resolution, or nothing."""
        return f"{CONTRADICTS}{german.NBSP}" if resolution.key_of(measure) in self._contradicting else ""

    @cached_property
    def points(self) -> list[ResolutionPoint]:
        """The points of the resolution; none where there are no suggestions."""
        if not self.measures or not self.has_suggestions:
            return []
        missing = self.figures.rows("measure_review_missing")
        return resolution.points(self.measures, missing, self.decisions, self.context.wording)

    @cached_property
    def controls(self) -> list[Control]:
        """Binding resolutions on the reviewed measures, and what became of them."""
        return [c for c in self._all_controls if c.resolution.measure in self._ours]

    @cached_property
    def other_controls(self) -> list[Control]:
        """Those on measures without the integration centre."""
        return [c for c in self._all_controls if c.resolution.measure not in self._ours]

    @cached_property
    def _ours(self) -> set[MeasureKey]:
        return {resolution.key_of(m) for m in self.measures}

    @cached_property
    def _all_controls(self) -> list[Control]:
        return self.decisions.control(statuses_on(self.figures, self.stand), self.stand)

    def title_of(self, measure: MeasureKey) -> str:
        """What a measure is called in the newest register that holds it."""
        found = [r for r in self.figures.rows("measure_history") if (r["concept"], r["measure_no"]) == measure]
        return str(max(found, key=lambda row: row["as_of"])["title"]) if found else ""

    @cached_property
    def details(self) -> dict[MeasureKey, Record]:
        """Measure → goal, next step and cost, if the published register is the one that counts on the key date."""
        rows = self.figures.rows("measure")
        return {resolution.key_of(row): row for row in rows} if self.has_suggestions else {}

    def phrase(self, measure: Record) -> str:
        """How a measure stands, as a phrase."""
        return self.context.wording.phrases[measure["status"]]

    def reason(self, measure: Record) -> str:
        """The short reason of a suggestion, at most 60 characters (`paper.md` §1.6 G)."""
        decided = self.decisions.binding.get(resolution.key_of(measure))
        if decided is not None and decided.decision == "anpassen" and measure["suggestion"] == "fortführen":
            return "läuft; Anpassung nicht belegt"
        return short_reason(self, measure)


def short_reason(review: Review, measure: Record) -> str:
    """What a rule found, in at most 60 characters."""
    found: dict[int, Callable[[], str]] = {
        1: lambda: "nach dem Register entfallen",
        2: lambda: "keine Aktivität belegt",
        3: lambda: _fallen(measure),
        4: lambda: _gap(review, measure),
        5: lambda: f"{review.phrase(measure)}{_shown(review, measure)}",
        6: lambda: "Stand älter als zwei Jahre",
        7: lambda: review.phrase(measure),
        8: lambda: f"Programm endete am {_end_of(review, measure)}",
    }
    return found[int(measure["rule"])]()


def _end_of(review: Review, measure: Record) -> str:
    return german.day(review.figures.programmes[measure["programme"]]["valid_to"])


def _fallen(measure: Record) -> str:
    now, before = measure["value_t"], measure["value_t2"]
    by = german.change(now, before) if now is not None and before else ""
    return f"Aktivität {by} in zwei Jahren" if by else "Aktivität in zwei Jahren gesunken"


def _gap(review: Review, measure: Record) -> str:
    """The gap of a measure's theme in the year that the review rests on: the newest that was over at its Stand."""
    county = review.figures.county["area"]
    over = {name for name, period in review.figures.periods.items() if period.last_day <= review.stand}
    rows = [
        row for row in review.figures.rows("offer_gap")
        if row["area"] == county and row["theme"] == measure["theme"] and row["period"] in over
    ]  # fmt: skip
    if not rows:
        return "mehr Bedarfe als freie Plätze"
    row = max(rows, key=lambda row: row["period"])
    free = german.counted(row["free_places"] or 0, "freier Platz", "freie Plätze")
    if row["unmet_needs"] is None:
        return f"mehr Bedarfe als Plätze, {free}"
    return f"{german.counted(row['unmet_needs'], 'Bedarf', 'Bedarfe')}, {free}"


def _shown(review: Review, measure: Record) -> str:
    """The programme's activity, if it is visible."""
    ours = [row for row in review.figures.rows("measure_activity") if row["programme"] == measure["programme"]]
    if measure["value_t"] is None or not ours:
        return ""
    unit = str(review.figures.indicators[ours[0]["indicator_id"]]["unit"])
    forms = review.context.wording.units[unit]
    return f"; {grammar.said(measure['value_t'], unit, forms)} {measure['t']}"
