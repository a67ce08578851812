"""The pages that are read: what to decide and what it costs, and the measures by what is suggested (`paper.md` §1.5).

Belongs here: pages 1 and 2. Page 3 is `news`.
"""

from __future__ import annotations

from kim_pipeline import german
from kim_pipeline.report import gaps, money
from kim_pipeline.report.blocks import (
    Block,
    Entries,
    Head,
    Heading,
    Listing,
    PaperTable,
    Paragraph,
    Section,
    SideBySide,
    in_bold,
)
from kim_pipeline.report.decisions import MeasureDecision
from kim_pipeline.report.figures import Record, preferred_order
from kim_pipeline.report.resolution import CONFLICT, key_of, natural
from kim_pipeline.report.review import CONTRADICTS, Review

CONTINUED = "fortführen"
_SIZE = 8.5
_NO_REVIEW = "Der Ausschuss nimmt den Bericht zur Kenntnis."


def pages(review: Review) -> list[Section]:
    """Pages 1 and 2."""
    first = Section((*decision_blocks(review), *finance_blocks(review), Paragraph(basis(review))), begins_page=False)
    return [first, Section(tuple(measure_blocks(review)), size=_SIZE)]


def decision_blocks(review: Review) -> list[Block]:
    """The resolution: the county's own text, else the generated points."""
    return [Heading(1, "Beschlussvorschlag"), *resolution_blocks(review)]


def resolution_blocks(review: Review) -> list[Block]:
    """The same without its heading."""
    words = review.context.wording
    own = words.own("proposal")
    if own:
        return [Paragraph(own)]
    if not review.points:
        return [Paragraph(_NO_REVIEW)]
    items = tuple(point.text for point in review.points)
    return [Paragraph(str(words.paper["addressee"])), Listing(items, is_ordered=True)]


def voting(review: Review) -> list[Block]:
    """A table to note votes in: a row per point, and one per measure that is voted on alone."""
    rows: list[tuple[str, ...]] = []
    if review.context.wording.own("proposal"):
        return []
    for number, point in enumerate(review.points, 1):
        rows.append((f"{number} (einzeln)" if point.kind == CONFLICT else str(number), "", "", ""))
        if point.kind == CONFLICT:
            rows += [(f"{number} – {measure['measure_no']}", "", "", "") for measure in point.measures]
    if not rows:
        return []
    columns = (Head("Punkt", width=2), Head("Ja"), Head("Nein"), Head("Enthaltung"))
    return [PaperTable("Abstimmung", columns, tuple(rows))]


def finance_blocks(review: Review) -> list[Block]:
    """What it costs, as far as figures say."""
    return [Heading(1, "Finanzielle Auswirkungen"), Paragraph(" ".join(money.finances(review.context, review)))]


def basis(review: Review) -> str:
    """What the paper rests on."""
    figures, comparison = review.figures, review.context.comparison
    parts = []
    if review.measures:
        parts.append(f"Maßnahmenregister vom {german.day(review.stand)}")
    if review.decisions.newest is not None:
        parts.append(f"Beschlüsse bis {german.day(review.decisions.newest)}")
    years = [y for row in figures.rows("indicator") if (y := comparison.newest_full(row)) and "/" not in y]
    if years:
        parts.append(f"Zahlen bis {max(years)}")
    told = ", ".join(parts)
    build = f"Datenbestand {figures.build.name}"
    return f"Grundlage: {told}; {build}." if told else f"Grundlage: {build}."


def measure_blocks(review: Review) -> list[Block]:
    """Page 2: conflicts with earlier resolutions, gaps, and all reviewed measures by what is suggested."""
    heading = Heading(1, "Maßnahmen nach Vorschlag")
    if not review.measures:
        return [heading, Paragraph(
            "Bis zum Stichtag liegt kein auswertbares Maßnahmenregister vor. Die Maßnahmen der Konzepte lassen sich "
            "daher hier nicht überprüfen."
        )]  # fmt: skip
    if not review.has_suggestions:
        return [heading, Paragraph(
            "Das für die Vorschläge ausgewertete Register ist nach dem Stichtag erstellt. Gezeigt wird der "
            "Umsetzungsstand aus dem letzten Register davor; Vorschläge und Gründe entfallen."
        ), *_by_status(review)]  # fmt: skip
    return [heading, *_conflicts(review), *_gaps(review), *_groups(review)]


def _conflicts(review: Review) -> list[Block]:
    found = [(m, review.decisions.binding[key_of(m)]) for m in review.conflicts]
    if not found:
        return []
    found.sort(key=lambda pair: (-pair[1].body_rank, -pair[1].decided_on.toordinal(), natural(pair[0]["measure_no"])))
    rows = tuple(
        (m["measure_no"], m["title"], resolution_told(r), in_bold(m["suggestion"]), review.reason(m)) for m, r in found
    )
    columns = (
        Head("Nr.", width=0.62), Head("Maßnahme", width=2.3), Head("beschlossen", width=1.85),
        Head("Vorschlag", width=0.85), Head("Grund", width=1.75),
    )  # fmt: skip
    caption = f"Frühere Beschlüsse, von denen der Vorschlag abweicht ({len(found)})"
    return [PaperTable(caption, columns, rows, is_small=True)]


def resolution_told(resolution: MeasureDecision) -> str:
    """A resolution in short: `beenden (Kreistag, 20.03.2023)`."""
    return f"{resolution.decision} ({resolution.body}, {german.day(resolution.decided_on)})"


def _gaps(review: Review) -> list[Block]:
    lines = gaps.theme_lines(review)
    return [Paragraph(" ".join([f"Lücken: {gaps.theme_sentence(review.figures)}", *lines]))]


def _entry(review: Review, measure: Record) -> tuple[str, str]:
    return f"{review.mark(measure)}{measure['measure_no']}", f"{measure['title']} ({measure['status']})"


def _groups(review: Review) -> list[Block]:
    """Measures by suggestion, in two columns; those to be continued as running text."""
    counts = review.suggested()
    names = [name for name in counts if name != CONTINUED]
    groups = [_group(review, name) for name in names]
    left, right = _halved(groups)
    blocks: list[Block] = [SideBySide(tuple(left), tuple(right))] if groups else []
    if review.conflicts:
        blocks.append(Paragraph(f"{CONTRADICTS} Der Vorschlag weicht von einem früheren Beschluss ab."))
    continued = [m for m in _ordered(review) if m["suggestion"] == CONTINUED]
    if continued:
        items = tuple((f"{review.mark(m)}{m['measure_no']}", str(m["title"])) for m in continued)
        blocks.append(Entries(f"{CONTINUED} ({len(items)})", ("Nr.", "Maßnahme"), items, is_running=True))
    return blocks


def _group(review: Review, suggestion: str) -> Entries:
    items = tuple(_entry(review, m) for m in _ordered(review) if m["suggestion"] == suggestion)
    return Entries(f"{suggestion} ({len(items)})", ("Nr.", "Maßnahme (Stand)"), items)


def _ordered(review: Review) -> list[Record]:
    return sorted(review.measures, key=lambda m: natural(m["measure_no"]))


def _halved(groups: list[Entries]) -> tuple[list[Entries], list[Entries]]:
    """Groups in two columns of about the same height, in their order."""
    heights = [len(group.items) + 1.6 for group in groups]
    cut = min(range(len(groups) + 1), key=lambda at: max(sum(heights[:at]), sum(heights[at:])), default=0)
    return groups[:cut], groups[cut:]


def _by_status(review: Review) -> list[Block]:
    names = preferred_order((m["status"] for m in review.measures), list(review.context.wording.phrases))
    groups = []
    for name in names:
        items = tuple((str(m["measure_no"]), str(m["title"])) for m in _ordered(review) if m["status"] == name)
        groups.append(Entries(f"{name} ({len(items)})", ("Nr.", "Maßnahme"), items))
    left, right = _halved(groups)
    return [SideBySide(tuple(left), tuple(right))]
