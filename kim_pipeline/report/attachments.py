"""The attachments of the paper: all measures, how to read the figures, what they mean (`paper.md` §1.5 pages 14 to 19).

Belongs here: what a reader looks up.
"""

from __future__ import annotations

from collections.abc import Iterable

from kim_pipeline import german
from kim_pipeline.report import annex
from kim_pipeline.report.blocks import (
    Block,
    Entries,
    Group,
    Head,
    Heading,
    Listing,
    Note,
    Panel,
    PaperTable,
    Paragraph,
    Picture,
    Section,
    SideBySide,
    in_bold,
    tables_in,
)
from kim_pipeline.report.blocks import Row as TableRow
from kim_pipeline.report.figures import Record
from kim_pipeline.report.front_pages import CONTINUED, resolution_told
from kim_pipeline.report.resolution import key_of, natural
from kim_pipeline.report.review import CONTRADICTS, Review
from kim_pipeline.report.tables import SIGNS, ReportContext

_SIZE = 8.0
_SHARE = "Anteil"
_RULES = (
    "Vorschläge folgen festen Regeln und ersetzen keine Entscheidung: „fortführen“ – umgesetzt oder laufend und nicht "
    "eingebrochen; „anpassen“ – Aktivität des Programms unter 80 % derjenigen zwei Jahre davor; „ausbauen“ – mehr "
    "ungedeckte Bedarfe als freie Plätze im Thema; „Stand klären“ – keine Aktivität, Programm beendet oder Stand älter "
    "als zwei Jahre; „umsetzen“ – nicht umgesetzt, Stand aktuell; „beenden“ – nach dem Register entfallen."
)


def measures(review: Review) -> list[Section]:
    """Anlage 1: one table over all reviewed measures."""
    if not review.measures:
        return []
    rows: list[TableRow] = []
    has_goals = any(_goal(review, m) for m in review.measures)
    for concept in review.concepts:
        ours = review.of(concept)
        for field in sorted({str(row["field"]) for row in ours}):
            rows.append(Group(f"{concept}: {field}"))
            chosen = sorted((m for m in ours if m["field"] == field), key=lambda m: natural(m["measure_no"]))
            rows += [_row(review, m, has_goals=has_goals) for m in chosen]
    columns = (
        Head("Nr.", width=0.78), Head("Maßnahme\nFederführung", width=1.95), Head("Stand\nVorschlag", width=0.98),
        Head("Grund", width=2.15), Head("Beschluss", width=1.15),
        *((Head("Ziel und Termin", width=2.3),) if has_goals else ()),
    )  # fmt: skip
    marks = (f"{CONTRADICTS} Der Vorschlag weicht vom Beschluss ab; über die Maßnahme wird einzeln abgestimmt.",)
    table = PaperTable(
        "Maßnahmen mit Beteiligung des Kommunalen Integrationszentrums", columns, tuple(rows),
        (*(marks if review.conflicts else ()), _RULES), is_small=True, group_head="Konzept und Handlungsfeld",
    )  # fmt: skip
    return [Section((Heading(1, "Anlage 1: Maßnahmen"), table), size=_SIZE)]


def _row(review: Review, measure: Record, *, has_goals: bool) -> TableRow:
    details = review.details.get(key_of(measure), {})
    lead = details.get("lead")
    cells = (
        f"{review.mark(measure)}{measure['measure_no']}",
        f"{measure['title']}\n{lead}" if lead else str(measure["title"]),
        f"{measure['status']}\n{in_bold(_suggestion(measure))}" if review.has_suggestions else str(measure["status"]),
        str(measure["reason"]) if review.has_suggestions else SIGNS["none"],
        decided(review, measure),
    )
    return (*cells, _goal(review, measure) or SIGNS["none"]) if has_goals else cells


def _suggestion(measure: Record) -> str:
    return str(measure["suggestion"])


def decided(review: Review, measure: Record) -> str:
    """The binding resolution; without one, when the measure was before a body for anything else."""
    binding = review.decisions.binding.get(key_of(measure))
    if binding is not None:
        return resolution_told(binding)
    others = review.decisions.all.get(key_of(measure), [])
    if not others:
        return SIGNS["none"]
    latest = others[-1]
    day = german.day(latest.decided_on)
    return f"zur Kenntnis am {day}" if latest.kind == "Kenntnisnahme" else f"{latest.kind} vom {day}"


def _goal(review: Review, measure: Record) -> str:
    """A measure's goal and next step, as a card (`paper.md` §3.2)."""
    details = review.details.get(key_of(measure))
    if details is None:
        return ""
    parts = [_aim(review, details), _step(review, details)]
    if details["goal_state"] == "nicht erreicht" and measure["suggestion"] == CONTINUED:
        parts.insert(0, in_bold("Ziel verfehlt"))
    return "\n".join(filter(None, parts))


def _aim(review: Review, details: Record) -> str:
    parts = [str(details["goal"])] if details["goal"] else []
    indicator = review.figures.indicators.get(details["goal_indicator"] or "")
    if indicator is not None:
        parts.append(_target(details, indicator))
    return f"Ziel: {'; '.join(parts)}" if parts else ""


def _target(details: Record, indicator: Record) -> str:
    unit = str(indicator["unit"])
    value, target = details["goal_value"], details["target_value"]
    said = [str(indicator["label"])]
    if value is not None:
        said.append(german.value(value, unit))
    if target is not None:
        share = target / 100 if unit == _SHARE and target > 1 else target
        said.append(f"{'Zielwert' if value is None else 'von'} {german.value(share, unit)}")
    if details["target_on"] is not None:
        said.append(f"bis {german.day(details['target_on'])}")
    if details["goal_state"] is not None:
        said.append(f"({details['goal_state']})")
    return " ".join(said)


def _step(review: Review, details: Record) -> str:
    if not details["next_step"]:
        return ""
    day = details["next_step_on"]
    if day is None:
        return f"Nächster Schritt: {details['next_step']}"
    late = ", überfällig" if day < review.figures.key_day else ""
    return f"Nächster Schritt: {details['next_step']} ({german.day(day)}{late})"


def reading(context: ReportContext) -> list[Section]:
    """Anlage 2: signs, disclosure, breaks, sources, and how far deliveries reach."""
    heading = Heading(1, "Anlage 2: Hinweise zu den Zahlen")
    return [Section((heading, *annex.reading_blocks(context)), begins_page=False, size=_SIZE)]


def definitions(context: ReportContext, sections: Iterable[Section]) -> list[Section]:
    """Anlage 3: what the indicators mean that the sections name."""
    shown = said_in(block for section in sections for block in section.blocks)
    groups = []
    for key, title in annex.titles(context):
        items = tuple(
            (f"{row['label']}:", f"{row['definition']} {row['caveat'] or ''}".strip())
            for row in context.figures.of_programme(key)
            if str(row["label"]) in shown
        )
        if items:
            groups.append(Entries(title, ("Kennzahl", "Definition und was zu beachten ist"), items))
    if not groups:
        return []
    return [Section((Heading(1, "Anlage 3: Definitionen"), SideBySide(tuple(groups))), begins_page=False, size=_SIZE)]


def said_in(blocks: Iterable[Block]) -> str:
    """All text of blocks."""
    parts: list[str] = []
    for block in blocks:
        if isinstance(block, SideBySide):
            parts.append(said_in((*block.left, *block.right)))
        elif isinstance(block, Paragraph | Heading):
            parts.append(block.text)
        elif isinstance(block, Note):
            parts += [block.title, *block.texts]
        elif isinstance(block, Listing):
            parts += block.items
        elif isinstance(block, Entries):
            parts += [block.title, *(f"{mark} {text}" for mark, text in block.items)]
        elif isinstance(block, Panel):
            parts += [block.title, block.text, block.alt]
        elif isinstance(block, Picture):
            parts += [block.caption, block.alt, *block.notes]
        parts += [] if isinstance(block, SideBySide | Picture) else [_table_text(t) for t in tables_in([block])]
    return "\n".join(parts)


def _table_text(table: PaperTable) -> str:
    rows = [row.text if isinstance(row, Group) else " ".join(_plain(c) for c in row) for row in table.rows]
    return "\n".join([table.caption, *(column.head for column in table.columns), *rows, *table.notes])


def _plain(value: object) -> str:
    return value if isinstance(value, str) else str(getattr(value, "alt", ""))
