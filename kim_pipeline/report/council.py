"""The council's paper as a whole: its head, its chapters in order, its annex.

Belongs here: the order of the parts, and what stands before the first chapter.
"""

from __future__ import annotations

import datetime as dt

from kim_pipeline import german
from kim_pipeline.contracts.due import Due, due_state
from kim_pipeline.report import annex, case_management, mediation, municipalities, review, summary
from kim_pipeline.report.blocks import (
    Block,
    Document,
    Front,
    Head,
    Heading,
    Listing,
    Note,
    PaperTable,
    Paragraph,
    Section,
    numbered,
)
from kim_pipeline.report.figures import Record
from kim_pipeline.report.programmes import programme_blocks
from kim_pipeline.report.tables import SIGNS, ReportContext

_OWN_CHAPTER = (case_management.CHAPTER_OF, mediation.CHAPTER_OF)


def document(context: ReportContext, footer: str, since: dt.date | None) -> Document:
    """The council's paper.

    Args:
        context: figures and words.
        footer: what stands at the bottom of each page: the build.
        since: the day of the last report; by default that of the register before the newest one.
    """
    reviewed = review.Review(context, since)
    sections = [
        Section(tuple(_opening(context, reviewed))),
        *review.sections(reviewed),
        Section(tuple(case_management.blocks(context))),
        Section(tuple(mediation.blocks(context))),
        Section(tuple(_others(context))),
        Section(tuple(municipalities.blocks(context))),
        *annex.sections(context),
    ]  # fmt: skip
    title = context.wording.own("title", "Überprüfung der Integrationskonzepte")
    county = context.wording.county.name
    running = (
        f"{county} · {context.wording.own('short_title', title)}",
        f"Stichtag {german.day(context.figures.key_day)}",
    )
    shown = numbered([section for section in sections if section.blocks])
    return Document(_front(context, title), shown, running, footer)


def _front(context: ReportContext, title: str) -> Front:
    words, figures = context.wording, context.figures
    facts = [
        ("Betreff", words.own("subject")),
        ("Art der Vorlage", words.own("kind")),
        ("Federführung", words.own("office")),
        ("Stichtag", german.day(figures.key_day)),
        ("Datenbestand", figures.build.name),
        ("Beschlussvorschlag", words.own("proposal")),
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


def _opening(context: ReportContext, reviewed: review.Review) -> list[Block]:
    occasion = context.wording.own("occasion")
    return [
        Heading(1, "Zusammenfassung"),
        Listing(summary.sentences(context, reviewed), is_ordered=True),
        Note(
            "Was diese Zahlen sagen und was nicht",
            (
                "Die Zahlen beschreiben Zustände und Aktivität: wie viele Fälle, Gruppen, Einsätze und Plätze es "
                "gab und wie lange etwas dauerte. Eine Wirkung von Maßnahmen belegen sie nicht; dafür fehlt der "
                "Vergleich mit dem, was ohne sie geschehen wäre.",
                "Zahlen verschiedener Programme werden nicht addiert: dieselben Menschen kommen in mehreren vor, "
                "und gezählt werden verschiedene Dinge. Wo ein Punkt (•) steht, bleibt die Zahl zum Schutz "
                "einzelner Menschen geheim.",
            ),
        ),
        Heading(1, "Anlass und Datengrundlage"),
        *([Paragraph(occasion)] if occasion else []),
        Paragraph(_basis(context)),
        _data_status(context),
    ]


def _basis(context: ReportContext) -> str:
    day, made = context.figures.key_day, context.figures.build.as_of
    basis = (
        f"Grundlage ist der Datenbestand vom {german.day(made)}. Gezeigt werden Zeiträume, die bis zum Stichtag "
        f"{german.day(day)} endeten und von den Lieferungen ganz abgedeckt sind."
    )
    later = " Lieferungen nach dem Stichtag können Zahlen dieser Zeiträume ergänzt oder berichtigt haben."
    return basis + (later if day < made else "")


def _data_status(context: ReportContext) -> PaperTable:
    rows = tuple(
        _status_line(context, row)
        for row in sorted(context.figures.rows("delivery_status"), key=lambda row: row["title"].casefold())
    )
    columns = (
        Head("Programm", width=2.4), Head("Lieferung", width=1.8), Head("letzter Stand", width=1),
        Head("Daten bis", width=1), Head("Bemerkung", width=1.9),
    )  # fmt: skip
    return PaperTable("Datenstand je Programm", columns, rows, is_small=True)


def _status_line(context: ReportContext, row: Record) -> tuple[str, ...]:
    stands = context.figures.stands(row["programme"])
    if not stands:
        remark = "erst nach dem Stichtag geliefert" if row["last_as_of"] else "keine verwendbare Lieferung"
        return (row["title"], row["cadence"], SIGNS["none"], SIGNS["none"], remark)
    is_newest = row["last_as_of"] == stands[-1]
    through = min(row["covered_through"], context.figures.key_day) if row["covered_through"] and is_newest else None
    return (
        row["title"], row["cadence"], german.day(stands[-1]), german.day(through) if through else SIGNS["none"],
        _remark(context, row) if is_newest else "neuere Lieferung nach dem Stichtag",
    )  # fmt: skip


def _remark(context: ReportContext, row: Record) -> str:
    ended = context.figures.programmes[row["programme"]]["valid_to"]
    if ended is not None and row["covered_through"] and row["covered_through"] >= ended:
        return f"Programm beendet am {german.day(ended)}"
    if row["due_on"] is None:
        return ""
    state = due_state(_due(row), context.figures.key_day)
    if ended is not None and ended < context.figures.key_day:
        since = "überfällig seit" if state == "late" else "bis"
        return f"Programm beendet am {german.day(ended)}, Schlusslieferung {since} {german.day(row['due_on'])}"
    if state == "late":
        return f"überfällig seit {german.day(row['due_on'])}"
    return f"nächste Lieferung bis {german.day(row['due_on'])}"


def _due(row: Record) -> Due:
    """What is due; a published file tells only whether the grace was over on the day of its build."""
    late_after = row["due_on"] if row["is_late"] else dt.date.max
    return Due(row["last_as_of"], row["covered_through"], row["due_on"], late_after)


def _others(context: ReportContext) -> list[Block]:
    """The other programmes with a headline indicator; registers and statistics have their own place."""
    rows = context.figures.rows("indicator")
    told = {row["programme"] for row in rows if row["is_headline"]} - set(_OWN_CHAPTER)
    ordered = sorted(told, key=lambda key: str(context.figures.programmes[key]["title"]).casefold())
    if not ordered:
        return []
    blocks: list[Block] = [Heading(1, "Die anderen Programme")]
    for programme in ordered:
        blocks += programme_blocks(context, programme, 2)
    return blocks
