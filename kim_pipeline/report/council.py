"""The council's paper as a whole: its head, its pages in order, and what only HTML and the workbook hold.

Belongs here: the order of the parts.
"""

from __future__ import annotations

from kim_pipeline import german
from kim_pipeline.contracts.county import kind_of
from kim_pipeline.report import (
    annex,
    attachments,
    case_management,
    front_pages,
    mediation,
    money,
    municipalities,
    news,
    programmes,
    reached,
    situation,
)
from kim_pipeline.report.blocks import Block, Document, Front, Head, Heading, PaperTable, Paragraph, Section, numbered
from kim_pipeline.report.news import Earlier
from kim_pipeline.report.review import Review
from kim_pipeline.report.tables import ReportContext

_OWN_PAGES = (case_management.CHAPTER_OF, mediation.CHAPTER_OF)
_TITLE = "Überprüfung der Integrationskonzepte"
_ATTACHED = ("Maßnahmen", "Hinweise zu den Zahlen", "Definitionen")


def document(context: ReportContext, footer: str, review: Review, earlier: Earlier | None = None) -> Document:
    """The council's paper.

    Args:
        context: figures and words.
        footer: what stands at the bottom of each page: the build.
        review: the measures as of the key date.
        earlier: the last release, to tell what is new since then.
    """
    body = [
        *front_pages.pages(review),
        Section(tuple(news.blocks(review, earlier))),
        Section(tuple(situation.blocks(context, review))),
        Section(tuple(case_management.blocks(context))),
        Section(tuple(reached.blocks(context))),
        Section(tuple(mediation.blocks(context))),
        *programmes.group_sections(context, _OWN_PAGES),
        Section(tuple(money.blocks(context))),
        Section(tuple(municipalities.blocks(context))),
    ]
    sections = [
        *body,
        *attachments.measures(review),
        *attachments.reading(context),
        *attachments.definitions(context, body),
        Section(tuple(_more(context, review, earlier)), is_printed=False),
    ]
    title = context.wording.own("title", _TITLE)
    running = (
        f"{context.wording.county.name} · {context.wording.own('short_title', title)}",
        f"Stichtag {german.day(context.figures.key_day)}",
    )
    shown = numbered([section for section in sections if section.blocks])
    return Document(_front(context, title), shown, running, footer)


def short_paper(context: ReportContext, footer: str, review: Review, earlier: Earlier | None = None) -> Document:
    """Pages 1 to 3 alone, under the county's own headings, for pasting into a council information system."""
    title = context.wording.own("title", _TITLE)
    sections = [
        Section((Heading(1, name), *_short_part(context, kind_of(name), review, earlier)))
        for name in context.wording.paper["headings"]
    ]
    running = (context.wording.county.name, f"Stichtag {german.day(context.figures.key_day)}")
    front = Front(title, context.wording.county.name, ())
    return Document(front, numbered(sections), running, footer, has_contents=False)


def _short_part(context: ReportContext, kind: str, review: Review, earlier: Earlier | None) -> list[Block]:
    if kind == "decision":
        return [*front_pages.resolution_blocks(review), *front_pages.voting(review)]
    if kind == "finances":
        return front_pages.finance_blocks(review)[1:]
    if kind == "attachments":
        return [Paragraph(f"Anlage {at}: {name}") for at, name in enumerate(_ATTACHED, 1)]
    occasion = context.wording.own("occasion")
    pages = [*front_pages.measure_blocks(review), *news.blocks(review, earlier)]
    return [
        *([Paragraph(occasion)] if occasion else []),
        *(Heading(2, block.text) if isinstance(block, Heading) else block for block in pages),
        Paragraph(front_pages.basis(review)),
    ]


def _front(context: ReportContext, title: str) -> Front:
    words = context.wording
    facts = [
        ("Betreff", words.own("subject")),
        ("Art der Vorlage", words.own("kind")),
        ("Federführung", words.own("office")),
        ("Stichtag", german.day(context.figures.key_day)),
    ]
    rows = tuple(
        (s["body"], s.get("task", ""), german.day(s["date"]) if "date" in s else "offen") for s in words.sessions
    )
    columns = (
        Head("Gremium", width=2.4),
        Head("Aufgabe", width=1.6),
        Head("Sitzung am", width=0.8),
    )
    sessions = PaperTable("Beratungsfolge", columns, rows) if rows else None
    return Front(title, words.county.name, tuple(fact for fact in facts if fact[1]), sessions)


def _more(context: ReportContext, review: Review, earlier: Earlier | None) -> list[Block]:
    """Tables that the printed paper leaves out."""
    return [
        Heading(1, "Weitere Tabellen"),
        Paragraph(
            "Diese Tabellen stehen nicht in der gedruckten Vorlage. Alle Tabellen gibt es auch in bericht-daten.xlsx. "
            "Was hinter einem Wert steht – Definition, Lieferung, Blatt und Zeilen –, zeigt in der Verwaltung der "
            "Befehl „kim trace KENNUNG GEBIET ZEITRAUM“; die Kennungen stehen bei den Definitionen."
        ),
        *(Heading(2, block.text) if isinstance(block, Heading) and block.level == 1 else block
          for block in news.whole_blocks(review, earlier)),
        *case_management.further_case_tables(context),
        *mediation.further_mediation_tables(context),
        *programmes.all_tables(context),
        *annex.lists(context),
    ]  # fmt: skip
