"""What one file would change in the published build, before anybody hands it in (`deliveries.md` §4a).

Belongs here: putting a file among the deliveries that are there, and saying what it replaces, whether it would be held,
and what becomes of the programme's headline figures. Does not belong here: reading it (`commands/check.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kim_pipeline import german
from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.calendar import Period
from kim_pipeline.guard.acceptances import Acceptances
from kim_pipeline.guard.basis import Basis, basis_of_trial
from kim_pipeline.guard.configuration import configuration_of
from kim_pipeline.guard.falls import programme_tables
from kim_pipeline.guard.judging import Case, judge, limits_of_county
from kim_pipeline.guard.kept import file_of
from kim_pipeline.intake.deliveries import Delivery, Intake
from kim_pipeline.intake.settling import settle
from kim_pipeline.settings import Settings
from kim_pipeline.warehouse.catalogue import load_catalogue

_LATEST = dt.date.max


@dataclass(frozen=True)
class Headline:
    """A headline figure of the county: what it is in the published build, and what it would be; None for no value."""

    label: str
    period: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class FileEffect:
    """What a file would change.

    Attributes:
        replaced: German sentences: which deliveries it replaces, for which days, with how many rows.
        held: why it would be held, one sentence for each part that would be; none where it would count.
        figures: the programme's headline figures that would change, where these were asked for.
    """

    replaced: tuple[str, ...]
    held: tuple[str, ...]
    figures: tuple[Headline, ...]


def with_file(intake: Intake, parts: Sequence[Delivery], as_of: dt.date) -> Intake:
    """The deliveries as they would be with a file among them, which replaces one of the same name; settled."""
    names = {(part.programme, part.file) for part in parts}
    others = [d for d in intake.deliveries if (d.programme, d.file) not in names]
    joined = sorted((*others, *parts), key=lambda d: (d.programme, d.file, d.part))
    found = Intake(joined, {}, [], [], intake.withdrawn)
    settle(found, as_of)
    return found


def effect_of_file(
    before: Basis,
    intake: Intake,
    parts: Sequence[Delivery],
    settings: Settings,
    place: tuple[dt.date, Path],
    *,
    figures: bool,
) -> FileEffect:
    """What a file changes against the published build.

    Args:
        before: what the published build says.
        intake: the deliveries with the file among them, see `with_file`.
        parts: the file's parts in it.
        settings: folders.
        place: day of the run, and where a trial build may be written.
        figures: whether headline figures are wanted; only they need the indicators.
    """
    as_of, scratch = place
    replaced = tuple(_replaced(before, intake, parts))
    now = configuration_of(settings)
    shown = _headlines(before, basis_of_trial(intake, settings, as_of, scratch), parts[0].programme) if figures else ()
    same = before.configuration or now  # what has changed besides is no fault of the file
    case = Case(
        before, intake, settings, as_of, Acceptances(), limits_of_county(), frozenset(programmes()), dict(same), scratch
    )
    held = judge(case).held
    owners = {(part.programme, part.owner) for part in parts}
    return FileEffect(replaced, tuple(d.held or "" for d in held if (d.programme, d.owner) in owners), shown)


def _replaced(before: Basis, intake: Intake, parts: Sequence[Delivery]) -> list[str]:
    """Which deliveries of the published build count less or not at all with a file."""
    programme, owners = programmes()[parts[0].programme], {part.owner for part in parts}
    found = []
    for key in programme_tables(programme.key):
        ours = [w for w in intake.windows.get(key, []) if w.owner in owners]
        rows = sum(_accepted(part, key[1]) for part in parts if part.owner in {w.owner for w in ours})
        for span in before.spans.get(key, ()):
            days = [_common(span.days, window.days) for window in ours]
            touched = [common for common in days if common is not None]
            if not touched or not ours:
                continue
            had = sum(_rows(before, key, common) for common in touched)
            label = programme.table(key[1]).label
            about = german.listing(_told(common) for common in touched)
            found.append(
                f"{label}{about}: ersetzt „{file_of(span.file)}“ mit {german.counted(had, 'Zeile', 'Zeilen')}; "
                f"die Datei bringt {german.counted(rows, 'Zeile', 'Zeilen')}."
            )
    return list(dict.fromkeys(found))


def _common(one: Period | None, other: Period | None) -> Period | None:
    """The days that two spans have in common; None for none, and a span without end where both are all days."""
    one, other = (span or Period(dt.date.min, _LATEST) for span in (one, other))
    first, last = max(one.first, other.first), min(one.last, other.last)
    return Period(first, last) if first <= last else None


def _rows(before: Basis, key: tuple[str, str], days: Period) -> int:
    rows = before.rows.get(key, {})
    return sum(n for day, n in rows.items() if days.last == _LATEST or (day and days.first <= day <= days.last))


def _told(days: Period) -> str:
    return f" {days.in_words}" if days.last < _LATEST else ""


def _accepted(part: Delivery, table: str) -> int:
    return sum(account["accepted"] for account in part.accounts if account["table"] == table)


def _headlines(before: Basis, after: Basis, programme: str) -> tuple[Headline, ...]:
    wanted = {i.id: i.label for i in load_catalogue() if i.headline and i.programme == programme}
    both = sorted({*before.figures, *after.figures})
    shown = (
        Headline(
            wanted[indicator], period, before.figures.get((indicator, period)), after.figures.get((indicator, period))
        )
        for indicator, period in both
        if indicator in wanted
    )
    return tuple(line for line in shown if line.before != line.after)
