"""The review of the measures: what the register says, what the programmes do, what is suggested and decided.

Belongs here: the chapter on both concepts. Suggestions and their reasons are the published table's, never made here.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from kim_pipeline import german
from kim_pipeline.report import charts
from kim_pipeline.report.blocks import Block, Head, Heading, PaperTable, Paragraph, Picture, Section
from kim_pipeline.report.charts import Point
from kim_pipeline.report.figures import Figures, Record, preferred_order
from kim_pipeline.report.tables import SIGNS, ReportContext, sign_notes, whole

REGISTER = "massnahmen"
_RULES = (
    "„fortführen“: umgesetzt oder laufend, und die Aktivität des Programms ist nicht eingebrochen",
    "„anpassen“: die Aktivität des Programms liegt unter 80 % derjenigen zwei Jahre davor",
    "„ausbauen“: im Thema gab es mehr ungedeckte Bedarfe als freie Plätze",
    "„Stand klären“: das Programm weist keine Aktivität nach, oder der Stand ist älter als zwei Jahre",
    "„umsetzen“: noch nicht umgesetzt, der Stand ist aber aktuell",
    "„beenden“: nach dem Register entfallen",
)


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

    def decision(self, measure: Record) -> str:
        """The latest resolution by the key date; a later recommendation or notice is named as what it is."""
        resolution = self._vote(measure, "resolved_decision", "resolved_by", "resolved_on")
        if measure["decision_kind"] == "Beschluss":
            return resolution or SIGNS["none"]
        latest = self._vote(measure, "decision", "decided_by", "decided_on")
        named = f"{measure['decision_kind']}: {latest}" if latest else None
        return "; ".join(filter(None, (resolution, named))) or SIGNS["none"]

    def _vote(self, measure: Record, decision: str, body: str, day: str) -> str | None:
        if measure[decision] is None or measure[day] > self.figures.key_day:
            return None
        return f"{measure[decision]} ({measure[body]}, {german.day(measure[day])})"

    def activity(self, measure: Record) -> str:
        """The programme's activity then and now."""
        ours = [row for row in self.figures.rows("measure_activity") if row["programme"] == measure["programme"]]
        if measure["programme"] is None or not ours:
            return SIGNS["none"]
        row = ours[0]
        then, now = self._active(row, "t2"), self._active(row, "t")
        return f"{then} ({row['t2']}) → {now} ({row['t']}) {row['label']}"

    def _active(self, row: Record, name: str) -> str:
        figure = self.figures.figure(row["indicator_id"], row[name])
        unit = self.figures.indicators[row["indicator_id"]]["unit"]
        return SIGNS[figure.state] if figure.value is None else german.value(figure.value, unit)


def sections(review: Review) -> list[Section]:
    """The chapter."""
    first = [Heading(1, "Überprüfung der Maßnahmen"), *_overview(review)]
    if not review.measures:
        return [Section(tuple(first))]
    wide = [Section(tuple(_concept(review, concept)), is_wide=True) for concept in review.concepts]
    last = (*_changed(review), *_missing(review))
    return [Section(tuple(first)), *wide, Section(last)]


def _overview(review: Review) -> list[Block]:
    if not review.measures:
        return [
            Paragraph(
                "Bis zum Stichtag liegt kein auswertbares Maßnahmenregister vor. Die Maßnahmen der Konzepte lassen "
                "sich daher hier nicht überprüfen."
            )
        ]
    blocks: list[Block] = [
        Heading(2, "Überblick"),
        Paragraph(
            f"Grundlage ist das Maßnahmenregister mit Stand {german.day(review.stand)}. Überprüft werden die "
            "Maßnahmen, an denen das Kommunale Integrationszentrum beteiligt ist: "
            f"{german.listing(f'{len(review.of(c))} aus dem {c}' for c in review.concepts)}."
        ),
        _counts(review, "status", list(review.context.wording.statuses), "Umsetzungsstand nach Konzept", "Stand"),
    ]
    if not review.has_suggestions:
        blocks.append(
            Paragraph(
                "Das für die Vorschläge ausgewertete Register ist nach dem Stichtag erstellt. Gezeigt wird der "
                "Umsetzungsstand aus dem letzten Register davor; Vorschläge und Gründe entfallen."
            )
        )
        return blocks
    blocks += [
        _counts(review, "suggestion", review.context.wording.suggestions, "Vorschläge nach Konzept", "Vorschlag"),
        Paragraph(
            "Die Vorschläge folgen festen Regeln und stützen eine Entscheidung, sie ersetzen keine: "
            f"{'; '.join(_RULES)}. Die Aktivität eines Programms ist sein Leitindikator für den Kreis im letzten "
            "Jahr oder Schuljahr, das bis zum Stand des Registers endete, und zwei Jahre davor."
        ),
    ]
    return blocks


def _counts(review: Review, field: str, order: list[str], caption: str, head: str) -> PaperTable:
    names = preferred_order((row[field] for row in review.measures), order)
    rows = [
        (name, *(str(sum(m[field] == name for m in review.of(c))) for c in review.concepts), _all(review, field, name))
        for name in names
    ]
    total = ("zusammen", *(str(len(review.of(c))) for c in review.concepts), str(len(review.measures)))
    columns = (
        Head(head, width=1.6),
        *(Head(c, "right") for c in review.concepts),
        Head("zusammen", "right"),
    )
    return PaperTable(caption, columns, (*rows, total))


def _all(review: Review, field: str, name: str) -> str:
    return str(sum(row[field] == name for row in review.measures))


def _concept(review: Review, concept: str) -> list[Block]:
    text = review.context.wording.concepts.get(concept)
    blocks: list[Block] = [Heading(2, concept)]
    explained = (
        "Ein Strich (–) steht, wo es kein Programm, keine Kennzahl oder kein Votum gibt. Beschlüsse stehen für sich; "
        "Empfehlungen und Kenntnisnahmen, die ihnen folgten oder ohne Beschluss blieben, sind als solche benannt."
    )
    blocks.append(Paragraph(" ".join(filter(None, (text, explained)))))
    blocks.append(_status_bars(review, concept))
    fields = sorted({row["field"] for row in review.of(concept)})
    return [*blocks, *(_field_table(review, concept, field) for field in fields)]


def _status_bars(review: Review, concept: str) -> Picture:
    rows = review.of(concept)
    counts = Counter((row["field"], row["status"]) for row in rows)
    fields = sorted({row["field"] for row in rows})
    names = preferred_order((row["status"] for row in rows), list(review.context.wording.statuses))
    fills = {name: review.context.wording.statuses.get(name, "hatched") for name in names}
    points = [Point(f, s, counts[f, s], str(counts[f, s])) for f in fields for s in names if counts[f, s]]
    data = PaperTable(
        f"{concept}: Maßnahmen nach Handlungsfeld und Stand",
        (Head("Handlungsfeld", width=2), *(Head(name, "right") for name in names)),
        tuple((f, *(str(counts[f, s]) for s in names)) for f in fields),
    )
    told = "; ".join(f"{f}: {german.listing(f'{counts[f, s]} {s}' for s in names if counts[f, s])}" for f in fields)
    return Picture(
        f"{concept}: Umsetzungsstand nach Handlungsfeld",
        charts.stacked_bars(points, fields, fills, f"stand-{review.concepts.index(concept) + 1}"),
        f"Gestapelte Balken je Handlungsfeld. {told}.",
        data,
        width=0.6,
    )


def _field_table(review: Review, concept: str, field: str) -> PaperTable:
    titles = {key: row["title"] for key, row in review.figures.programmes.items()}
    rows = []
    for row in (row for row in review.of(concept) if row["field"] == field):
        own = (
            row["measure_no"], row["title"], row["status"], titles.get(row["programme"], SIGNS["none"]),
            review.activity(row),
        )  # fmt: skip
        suggested = (row["suggestion"], row["reason"]) if review.has_suggestions else (SIGNS["none"], SIGNS["none"])
        rows.append((*own, *suggested, review.decision(row)))
    columns = (
        Head("Nr.", width=0.75), Head("Maßnahme", width=2), Head("Stand", width=1.05),
        Head("Programm", width=1.5), Head("Aktivität damals → heute", width=1.6), Head("Vorschlag"),
        Head("Grund", width=2.3), Head("Beschluss bisher", width=1.3),
    )  # fmt: skip
    notes = tuple(n for n in sign_notes(tuple(_signs(row[4])) for row in rows) if not n.startswith(SIGNS["none"]))
    return PaperTable(f"{concept}: {field}", columns, tuple(rows), notes, is_small=True)


def _signs(activity: str) -> list[str]:
    """The two figures in a cell of activity, for the signs among them."""
    return [part.split(" (")[0] for part in activity.split(" → ")]


def _changed(review: Review) -> list[Block]:
    blocks: list[Block] = [Heading(2, "Geändert seit dem letzten Bericht")]
    if review.since is None:
        return [*blocks, Paragraph("Ein früheres Register zum Vergleich liegt bis zum Stichtag nicht vor.")]
    since = german.day(review.since)
    if not review.changes:
        return [*blocks, Paragraph(f"Seit dem {since} hat sich bei keiner dieser Maßnahmen der Stand geändert.")]
    rows = tuple(
        (c.measure["measure_no"], c.measure["title"], c.before or "neu im Register", c.after) for c in review.changes
    )
    columns = (
        Head("Nr.", width=0.6),
        Head("Maßnahme", width=2.6),
        Head("vorher"),
        Head("jetzt"),
    )
    others = review_others(review)
    number = german.tightly(len(rows), "Maßnahme", "Maßnahmen")
    more = (
        f" Dazu {german.plural(others, 'kommt', 'kommen')} {german.tightly(others, 'Maßnahme', 'Maßnahmen')} ohne "
        "Beteiligung des Kommunalen Integrationszentrums; überprüft wird hier nur, woran es beteiligt ist."
        if others
        else ""
    )
    return [
        *blocks,
        Paragraph(
            f"Zwischen dem {since} und dem {german.day(review.stand)} hat sich der Stand von {number} geändert.{more}"
        ),
        PaperTable(f"Maßnahmen mit geändertem Stand seit dem {since}", columns, rows),
    ]


def review_others(review: Review) -> int:
    """Measures without the integration centre whose status changed since the earlier register."""
    ours = {(row["concept"], row["measure_no"]) for row in review.measures}
    changed = {
        (row["concept"], row["measure_no"])
        for row in review.figures.rows("measure_history")
        if row["previous_status"] is not None and review.since and review.since < row["as_of"]
    }
    return len(changed - ours)


def _missing(review: Review) -> list[Block]:
    blocks: list[Block] = [Heading(2, "Was fehlt")]
    if not review.has_suggestions:
        return [*blocks, Paragraph("Für den Stichtag ist nicht ausgewertet, zu welchen Themen eine Maßnahme fehlt.")]
    rows = review.figures.rows("measure_review_missing")
    if not rows:
        text = (
            "Zu jedem Thema mit einer belegten Lücke zwischen Bedarf und freien Plätzen gibt es eine lebende Maßnahme."
        )
        return [*blocks, Paragraph(text)]
    ordered = sorted(rows, key=lambda row: (-(row["unmet_needs"] or 0), row["theme"]))
    cells = tuple((r["theme"], whole(r["unmet_needs"]), whole(r["free_places"])) for r in ordered)
    columns = (
        Head("Thema", width=2),
        Head("ungedeckte Bedarfe", "right"),
        Head("freie Plätze", "right"),
    )
    return [
        *blocks,
        Paragraph(
            "In diesen Themen gab es mehr ungedeckte Bedarfe als freie Plätze, und keine Maßnahme der Konzepte mit "
            "diesem Thema ist umgesetzt, laufend oder in Planung. Sie kommen als neue Maßnahmen in Betracht („neu "
            "aufnehmen“)."
        ),
        PaperTable("Themen mit einer Lücke und ohne lebende Maßnahme", columns, cells, sign_notes(cells)),
    ]
