"""What is new since the last report, and which resolutions are not carried out (`paper.md` §1.5 page 3, §1.8, §3.3).

Belongs here: page 3. Figures are compared only where both releases show them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

from kim_pipeline import german
from kim_pipeline.report import gaps
from kim_pipeline.report.blocks import Block, Group, Head, Heading, PaperTable, Paragraph
from kim_pipeline.report.blocks import Row as TableRow
from kim_pipeline.report.decisions import RESOLUTION, Control, MeasureDecision
from kim_pipeline.report.figures import TOTAL, YEARLY, Figures
from kim_pipeline.report.resolution import key_of, natural
from kim_pipeline.report.review import Review
from kim_pipeline.report.tables import SIGNS

MOST_NEWS = 12
_MOST_CORRECTIONS = 5
_SAME = 1e-9
"""Relative difference up to which two figures are the same."""


@dataclass(frozen=True)
class Earlier:
    """The last release: its name, and its review on its own key date."""

    name: str
    review: Review


@dataclass(frozen=True)
class NewsBlock:
    """A kind of news: its title and rows of what, before and now."""

    title: str
    rows: tuple[tuple[str, str, str], ...]


def blocks(review: Review, earlier: Earlier | None) -> list[Block]:
    """Page 3."""
    return [*_news(review, earlier, MOST_NEWS), *_not_carried_out(review, MOST_NEWS)]


def whole_blocks(review: Review, earlier: Earlier | None) -> list[Block]:
    """The same with all rows, and all binding resolutions with what became of them; for HTML and the workbook."""
    return [*_news(review, earlier, None), *_all_resolutions(review)]


def since_told(review: Review, earlier: Earlier | None) -> str | None:
    """What the news are compared with."""
    if earlier is not None:
        return f"{earlier.name} (Stichtag {german.day(earlier.review.figures.key_day)})"
    return f"dem {german.day(review.since)}" if review.since is not None else None


def _news(review: Review, earlier: Earlier | None, most: int | None) -> list[Block]:
    told = since_told(review, earlier)
    if told is None:
        text = (
            "Ein früheres Register oder eine frühere Veröffentlichung zum Vergleich liegt bis zum Stichtag nicht vor."
        )
        return [Heading(1, "Neu"), Paragraph(text)]
    heading = Heading(1, f"Neu seit {told}")
    found = news(review, earlier)
    periods = new_periods(review.figures, earlier.review.figures) if earlier else []
    sentence = [Paragraph(f"Neu ganz abgedeckt sind {german.listing(periods)}.")] if periods else []
    if not found:
        return [heading, *(sentence or [Paragraph("Seitdem hat sich nichts geändert, was hier zu nennen wäre.")])]
    rows, left = _limited(found, most)
    columns = (Head("Was", width=2.3), Head("vorher", width=1.1), Head("jetzt", width=2.2))
    notes = (f"Und {german.number(left)} weitere (bericht.html).",) if left else ()
    caption = f"Neu seit {told}" + ("" if most is not None else ", alle")
    return [heading, *sentence, PaperTable(caption, columns, tuple(rows), notes, is_small=True, group_head="Art")]


def _limited(found: list[NewsBlock], most: int | None) -> tuple[list[TableRow], int]:
    """The rows with their groups; of too many, each kind gets its turn until there is no more room."""
    takes = [len(block.rows) for block in found]
    if most is not None:
        turns = [at for layer in zip_longest(*([at] * len(b.rows) for at, b in enumerate(found))) for at in layer]
        kept = [at for at in turns if at is not None][:most]
        takes = [kept.count(at) for at in range(len(found))]
    rows: list[TableRow] = []
    for block, take in zip(found, takes, strict=True):
        if take:
            rows += [Group(block.title), *block.rows[:take]]
    return rows, sum(len(block.rows) for block in found) - sum(takes)


def news(review: Review, earlier: Earlier | None) -> list[NewsBlock]:
    """What is new, by kind; kinds without a row are left out."""
    since = earlier.review.figures.key_day if earlier else review.since
    if since is None:
        return []
    found = [NewsBlock("Beschlüsse, Empfehlungen und Kenntnisnahmen", tuple(_decided(review, since)))]
    if earlier is not None:
        found.append(NewsBlock("geänderte Vorschläge", tuple(_suggested(review, earlier.review))))
    found.append(NewsBlock("geänderter Stand", tuple(_statuses(review, earlier))))
    if earlier is not None:
        found.append(NewsBlock("berichtigte Zahlen", tuple(corrections(review.figures, earlier.review.figures))))
        found.append(NewsBlock("Lücken", tuple(_gaps(review.figures, earlier.review.figures))))
    return [block for block in found if block.rows]


def _named(review: Review, measure: tuple[str, str]) -> str:
    return f"{measure[1]} {review.title_of(measure)}"


def _decided(review: Review, since: dt.date) -> Iterable[tuple[str, str, str]]:
    ours = {key_of(m) for m in review.measures}
    fresh = [d for rows in review.decisions.all.values() for d in rows if d.decided_on > since and d.measure in ours]
    for decision in sorted(fresh, key=lambda d: (-d.decided_on.toordinal(), natural(d.measure_no))):
        told = decision.decision or "ohne Votum"
        yield (
            _named(review, decision.measure),
            _before(review, decision),
            (f"{decision.kind}: {told} ({decision.body}, {german.day(decision.decided_on)})"),
        )


def _before(review: Review, decision: MeasureDecision) -> str:
    """The resolution that was binding before a decision."""
    rows = review.decisions.all[decision.measure]
    passed = [d for d in rows[: rows.index(decision)] if d.kind == RESOLUTION and d.decision]
    return str(passed[-1].decision) if passed else SIGNS["none"]


def _suggested(review: Review, earlier: Review) -> Iterable[tuple[str, str, str]]:
    if not (review.has_suggestions and earlier.has_suggestions):
        return
    before = {key_of(m): m["suggestion"] for m in earlier.measures}
    for measure in sorted(review.measures, key=lambda m: natural(m["measure_no"])):
        was = before.get(key_of(measure))
        if was is not None and was != measure["suggestion"]:
            yield _named(review, key_of(measure)), was, f"{measure['suggestion']}: {review.reason(measure)}"


def _statuses(review: Review, earlier: Earlier | None) -> Iterable[tuple[str, str, str]]:
    if earlier is None:
        for change in review.changes:
            yield _named(review, key_of(change.measure)), change.before or "neu im Register", change.after
        return
    before = {key_of(m): m["status"] for m in earlier.review.measures}
    for measure in sorted(review.measures, key=lambda m: natural(m["measure_no"])):
        was = before.get(key_of(measure), "neu im Register")
        if was != measure["status"]:
            yield _named(review, key_of(measure)), was, measure["status"]


def new_periods(figures: Figures, earlier: Figures) -> list[str]:
    """Programmes with the yearly periods that are covered now and were not then."""
    found = []
    for key, programme in sorted(figures.programmes.items(), key=lambda item: str(item[1]["title"]).casefold()):
        for name, period in figures.periods.items():
            if period.calendar in YEARLY and _is_covered(figures, key, name) and not _is_covered(earlier, key, name):
                found.append(f"{programme['title']} {german.period(name)}")
    return found


def _is_covered(figures: Figures, programme: str, period: str) -> bool:
    state = figures.period_state(programme, period)
    return period in figures.periods and state is not None and state["is_covered"] and state["state"] == "läuft"


def corrections(figures: Figures, earlier: Figures) -> list[tuple[str, str, str]]:
    """Headline figures of the county that both show and that differ, the largest relative difference first."""
    found = []
    for key, indicator in figures.indicators.items():
        if not indicator["is_headline"] or key not in earlier.indicators:
            continue
        for period in figures.periods:
            then, now = (f.figure(key, period, kind=TOTAL).value for f in (earlier, figures))
            if then is None or now is None or abs(now - then) <= _SAME * max(abs(now), abs(then)):
                continue
            size = abs(now - then) / abs(then) if then else float("inf")
            unit = str(indicator["unit"])
            label = f"{indicator['label']}, {german.period(period)}"
            found.append((size, label, german.value(then, unit), german.value(now, unit)))
    found.sort(key=lambda row: (-row[0], row[1]))
    return [(label, then, now) for _, label, then, now in found[:_MOST_CORRECTIONS]]


def _gaps(figures: Figures, earlier: Figures) -> Iterable[tuple[str, str, str]]:
    for table, member in (("offer_gap", "theme"), ("language_gap", "language")):
        before, now = _newest_gaps(earlier, table, member), _newest_gaps(figures, table, member)
        for name in sorted(now.keys() & before.keys()):
            if now[name] is not None and before[name] is not None and now[name] != before[name]:
                title = f"Thema {name}" if member == "theme" else gaps.language_name(figures, name)
                words = {True: "Lücke", False: "keine Lücke"}
                yield title, words[bool(before[name])], words[bool(now[name])]


def _newest_gaps(figures: Figures, table: str, member: str) -> dict[str, bool | None]:
    county = figures.county["area"]
    rows = [row for row in figures.rows(table) if row["area"] == county and row["period"] in figures.periods]
    newest = max((row["period"] for row in rows), default=None)
    return {row[member]: row["gap"] for row in rows if row["period"] == newest}


_CONTROL_COLUMNS = (
    Head("Beschluss", width=1.6), Head("Maßnahme", width=2.2), Head("beschlossen", width=0.9),
    Head("Stand laut Register", width=1.25), Head("überfällig seit", width=0.95),
)  # fmt: skip


def _control_row(review: Review, control: Control) -> tuple[str, str, str, str, str]:
    resolution = control.resolution
    source = f"{resolution.body}, {german.day(resolution.decided_on)}, {resolution.decision_no}"
    stand = control.status or "nicht im Register"
    if control.state == "unklar":
        stand = f"{stand} (Vollzug nicht zu erkennen)"
    since = german.day(control.due) if control.is_overdue else SIGNS["none"]
    return source, _named(review, resolution.measure), str(resolution.decision), stand, since


def _not_carried_out(review: Review, most: int) -> list[Block]:
    heading = Heading(1, "Beschlüsse, die nicht vollzogen sind")
    if not review.controls:
        return [heading, Paragraph("Zu den überprüften Maßnahmen gibt es bis zum Stichtag keinen Beschluss.")]
    overdue = [control for control in review.controls if control.is_overdue]
    others = _others(review)
    if not overdue:
        return [heading, Paragraph(f"{resolved_sentence(review)} Überfällig ist keiner.{others}")]
    rows = tuple(_control_row(review, control) for control in overdue[:most])
    left = len(overdue) - len(rows)
    notes = (f"Und {german.number(left)} weitere (bericht.html).",) if left else ()
    caption = f"Überfällige Beschlüsse ({len(overdue)} von {len(review.controls)})"
    table = PaperTable(caption, _CONTROL_COLUMNS, rows, notes, is_small=True)
    return [heading, Paragraph(resolved_sentence(review)), table, *([Paragraph(others.strip())] if others else [])]


def resolved_sentence(review: Review) -> str:
    """To how many measures there is a resolution, and what became of them (`paper.md` §1.6 B)."""
    counts = {s: sum(c.state == s for c in review.controls) for s in ("vollzogen", "offen", "unklar")}
    number = german.tightly(len(review.controls), "Maßnahme", "Maßnahmen")
    done = german.plural(counts["vollzogen"], "ist", "sind")
    return (
        f"Zu {number} gibt es einen Beschluss; {counts['vollzogen']} {done} vollzogen, {counts['offen']} offen, bei "
        f"{counts['unklar']} ist das aus dem Register nicht zu erkennen."
    )


def _others(review: Review) -> str:
    number = len(review.other_controls)
    if not number:
        return ""
    overdue = sum(control.is_overdue for control in review.other_controls)
    verb = german.plural(number, "kommt", "kommen")
    decisions = german.tightly(number, "Beschluss", "Beschlüsse")
    late = german.plural(overdue, "ist", "sind")
    return (
        f" Dazu {verb} {decisions} zu Maßnahmen ohne Beteiligung des KI; {overdue or 'keiner'} davon "
        f"{late if overdue else 'ist'} überfällig."
    )


def _all_resolutions(review: Review) -> list[Block]:
    found = []
    parts = (("Beschlüsse zu den überprüften Maßnahmen", review.controls),
             ("Beschlüsse zu Maßnahmen ohne Beteiligung des KI", review.other_controls))  # fmt: skip
    for caption, controls in parts:
        if controls:
            rows = tuple(
                (*_control_row(review, c)[:4], c.state, german.day(c.due), "ja" if c.is_overdue else "nein")
                for c in controls
            )
            columns = (
                *_CONTROL_COLUMNS[:4], Head("Vollzug", width=0.8), Head("fällig am", width=0.9),
                Head("überfällig", width=0.8),
            )  # fmt: skip
            found.append(PaperTable(f"{caption}, alle", columns, rows, is_small=True))
    return [Heading(2, "Beschlusskontrolle"), *found] if found else []
