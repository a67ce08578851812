"""Which periods are whole, which may be compared, and how a change is told (`paper.md` §1.6 rule 7, §1.7).

Belongs here: full periods, the base of a change, and its sentence. What is compared is in the chapters.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from kim_pipeline import german
from kim_pipeline.report import grammar
from kim_pipeline.report.figures import Figures, Record, ShownFigure
from kim_pipeline.report.wording import Event, Wording


@dataclass(frozen=True)
class Base:
    """What a change is told from, or why there is none.

    Attributes:
        period: the earlier period; None where there is none.
        reason: why there is none, as the rest of "weil …".
    """

    period: str | None
    reason: str = ""


@dataclass(frozen=True)
class ToldChange:
    """A change that may be told.

    Attributes:
        now, before: the figures.
        period, base: when.
        relative: by which share of the earlier value; None where it may not be told.
    """

    now: ShownFigure
    before: ShownFigure
    period: str
    base: str
    relative: float | None


class Comparison:
    """Periods of programmes, and what may be compared.

    Args:
        figures: of the published file.
        wording: with the breaks that series share.
    """

    def __init__(self, figures: Figures, wording: Wording) -> None:
        self._figures = figures
        self._wording = wording

    def is_full(self, programme: str, period: str) -> bool:
        """Whether deliveries cover a period, and the programme ran from its first day to its last."""
        known = self._figures.period_state(programme, period)
        return period in self._figures.periods and known is not None and bool(known["is_full"])

    def end_in(self, programme: str, period: str) -> dt.date | None:
        """The day on which a programme ended within a period, which is a part period then; else None."""
        shown, ended = self._figures.periods[period], self._figures.programmes[programme]["valid_to"]
        return ended if ended is not None and shown.first_day <= ended < shown.last_day else None

    def newest_full(self, indicator: Record) -> str | None:
        """The last full yearly period for which the county has a figure, hidden or not."""
        last = self.last_full(indicator, 1)
        return last[-1] if last else None

    def last_full(self, indicator: Record, number: int) -> list[str]:
        """The last full yearly periods up to the newest with a figure of the county's, in order."""
        newest = self._figures.newest(indicator["indicator_id"])
        if newest is None:
            return []
        calendar = self._calendar(newest)
        upto = calendar[: calendar.index(newest) + 1]
        return [name for name in upto if self.is_full(str(indicator["programme"]), name)][-number:]

    def is_comparable(self, indicator: Record, earlier: str, later: str) -> bool:
        """Whether two periods of a programme are both full, and nothing breaks the series between their beginnings."""
        programme = str(indicator["programme"])
        if not (self.is_full(programme, earlier) and self.is_full(programme, later)):
            return False
        first, last = (self._figures.periods[name] for name in (earlier, later))
        if first.calendar != last.calendar:
            return False
        between = [e for e in self._wording.events if e.is_break and first.first_day < e.first_day <= last.first_day]
        if any(_of(event, programme) for event in between):
            return False
        return not self._figures.breaks(indicator["indicator_id"], self._following(earlier, later))

    def _following(self, earlier: str, later: str) -> list[str]:
        """Periods after the earlier one up to the later."""
        calendar = self._calendar(later)
        return calendar[calendar.index(earlier) + 1 : calendar.index(later) + 1]

    def _calendar(self, period: str) -> list[str]:
        shown = self._figures.periods
        return [name for name, known in shown.items() if known.calendar == shown[period].calendar]

    def base(self, indicator: Record, period: str) -> Base:
        """What a change of an indicator is told from: the period before, else the one before that (§1.7)."""
        programme = str(indicator["programme"])
        ended = self.end_in(programme, period)
        if ended is not None:
            return Base(None, f"das Programm am {german.day(ended)} endete")
        if not self.is_full(programme, period):
            return Base(None, f"{german.in_period(period).replace('im ', 'das ', 1)} nicht ganz abgedeckt ist")
        calendar = self._calendar(period)
        at = calendar.index(period)
        before = calendar[max(0, at - 2) : at][::-1]
        for name in before:
            if self.is_comparable(indicator, name, period) and not self._without_base(programme, name):
                return Base(name)
        return Base(None, self._why_none(indicator, before, period))

    def _without_base(self, programme: str, period: str) -> list[Event]:
        known = self._figures.periods[period]
        return [event for event in self._wording.events if event.no_base and event.concerns(programme, known)]

    def _why_none(self, indicator: Record, before: list[str], period: str) -> str:
        programme = str(indicator["programme"])
        breaks = self._figures.breaks(indicator["indicator_id"], [*before[:1], period])
        if breaks:
            return f"die Reihe bricht ({breaks[0]['title']})"
        events = [event.title for name in before for event in self._without_base(programme, name)]
        if events:
            return f"in die Zeiträume davor ein Bruch fällt ({events[0]})"
        return "kein früherer Zeitraum ganz vorliegt"

    def change(self, indicator: Record, period: str, area: str | None = None) -> ToldChange | None:
        """A figure beside that of its base; None where there is no base or a figure is not visible."""
        base = self.base(indicator, period).period
        if base is None:
            return None
        key = str(indicator["indicator_id"])
        now, before = self._figures.figure(key, period, area), self._figures.figure(key, base, area)
        if now.value is None or before.value is None:
            return None
        is_told = now.is_big_enough and before.is_big_enough and bool(before.value)
        return ToldChange(now, before, period, base, (now.value - before.value) / before.value if is_told else None)

    def sentence(self, indicator: Record, period: str, area: str | None = None) -> str:
        """An indicator in a period and its change, in the form that the states of its figures ask for (rule 7)."""
        key, unit = str(indicator["indicator_id"]), str(indicator["unit"])
        forms = self._wording.units[unit]
        now = self._figures.figure(key, period, area)
        lead = f"{indicator['label']} {german.in_period(period)}"
        if now.value is None:
            return f"{lead}: {_STATES.get(now.state, 'ohne Wert')}."
        told = grammar.said(now.value, unit, forms)
        ended = self.end_in(str(indicator["programme"]), period)
        if ended is not None:
            whole = german.in_period(period).removeprefix("im ")
            return f"{lead}: {told}. Das Programm endete am {german.day(ended)}; das {whole} zählt nur bis dahin."
        base = self.base(indicator, period)
        if base.period is None:
            return f"{lead}: {told}; ein Vergleich ist nicht möglich, weil {base.reason}."
        when = german.in_period(base.period)
        before = self._figures.figure(key, base.period, area)
        if before.value is None:
            return f"{lead}: {told}; der Wert {when} {_ENDINGS.get(before.state, 'fehlt')}."
        return f"{lead}: {told}{_compared(now, before, when, unit, forms)}."


def _compared(now: ShownFigure, before: ShownFigure, when: str, unit: str, forms: grammar.Forms) -> str:
    assert now.value is not None  # noqa: S101  (the caller has looked)
    assert before.value is not None  # noqa: S101
    plain = f" nach {grammar.said_after(before.value, unit, forms)} {when}"
    if not (now.is_big_enough and before.is_big_enough):
        return plain
    if unit == "Anteil":
        return f"{plain} ({grammar.in_points(now.value, before.value)})"
    if grammar.is_about_equal(now.value, before.value):
        return f", {forms.same} wie {when} ({german.value(before.value, unit)})"
    by = grammar.changed_by(now.value, before.value)
    return f"{plain} ({by})" if by else plain


def _of(event: Event, programme: str) -> bool:
    return not event.programmes or programme in event.programmes


_STATES: Mapping[str, str] = {
    "suppressed": "die Zahl ist geheim",
    "not_reported": "nicht gemeldet",
    "missing": "die Zahl ist nicht geliefert",
    "inactive": "das Programm lief nicht",
}
_ENDINGS: Mapping[str, str] = {
    "suppressed": "ist geheim",
    "not_reported": "ist nicht gemeldet",
    "missing": "ist nicht geliefert",
}
