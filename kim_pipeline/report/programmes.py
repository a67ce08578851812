"""A chapter for any programme: what it is, its headline indicator over the years, all its figures, its breakdowns.

Belongs here: what all programmes share. Case management and language mediation add their own parts to it.
"""

from __future__ import annotations

from kim_pipeline import german
from kim_pipeline.report.blocks import Block, Heading, PaperTable, Paragraph
from kim_pipeline.report.figures import YEARLY, Record
from kim_pipeline.report.tables import SHOWN_YEARS, ReportContext, by_member, column_chart, over_years, spoken


def programme_blocks(context: ReportContext, programme: str, level: int, *, has_members: bool = True) -> list[Block]:
    """Heading, text, chart and tables of a programme; a sentence where it has no data.

    Args:
        context: figures and words.
        programme: its key.
        level: of the heading.
        has_members: whether the tables by breakdown are part of it.
    """
    known = context.figures.programmes[programme]
    blocks: list[Block] = [Heading(level, known["title"]), Paragraph(_introduction(context, programme))]
    parts = [part for calendar in YEARLY for part in _calendar_blocks(context, programme, calendar, has_members)]
    return blocks + (parts or [Paragraph(absence(context, programme))])


def absence(context: ReportContext, programme: str) -> str:
    """Why a programme has no figures."""
    title = context.figures.programmes[programme]["title"]
    stands = context.figures.stands(programme)
    if not stands:
        return f"Für „{title}“ liegen bis zum Stichtag keine verwendbaren Lieferungen vor; Zahlen gibt es daher nicht."
    return (
        f"Für „{title}“ gibt es Lieferungen (Stand {german.day(stands[-1])}), sie decken aber bis zum Stichtag noch "
        "kein ganzes Jahr oder Schuljahr ab; Zahlen gibt es daher nicht."
    )


def _introduction(context: ReportContext, programme: str) -> str:
    known = context.figures.programmes[programme]
    parts = [context.wording.programme(programme)]
    if known["valid_to"] is not None and known["valid_to"] <= context.figures.key_day:
        after = f"; Nachfolger ist „{known['successor']}“" if known["successor"] else ""
        parts.append(f"Das Programm endete am {german.day(known['valid_to'])}{after}.")
    return " ".join(filter(None, parts)) or f"Berichtet wird {known['cadence']}."


def _calendar_blocks(context: ReportContext, programme: str, calendar: str, has_members: bool) -> list[Block]:
    figures = context.figures
    periods = figures.shown(programme, calendar, SHOWN_YEARS)
    indicators = [row for row in figures.of_programme(programme) if calendar in str(row["calendars"]).split(",")]
    if not periods or not indicators:
        return []
    title = figures.programmes[programme]["title"]
    headline = next((row for row in indicators if row["is_headline"]), None)
    blocks: list[Block] = []
    if headline is not None:
        blocks += [Paragraph(_trend(context, headline, periods)), column_chart(context, headline, periods, programme)]
    when = "nach Schuljahren" if calendar == "school_year" else "nach Jahren"
    blocks.append(over_years(context, indicators, periods, f"{title}: Kennzahlen {when}, Kreis"))
    return blocks + (_member_tables(context, indicators, periods) if has_members else [])


def _trend(context: ReportContext, headline: Record, periods: list[str]) -> str:
    """The headline indicator now and two years before, and what to mind when comparing."""
    figures, key, unit = context.figures, headline["indicator_id"], str(headline["unit"])
    last = figures.newest(key) or periods[-1]
    known = periods[: periods.index(last) + 1] if last in periods else periods
    now = figures.figure(key, last)
    told = f"{headline['label']} {german.in_period(last)}: {spoken(now, unit)}"
    if len(known) > 1:
        before = figures.figure(key, known[max(0, len(known) - 3)])
        by = german.change(now.value, before.value) if now.value is not None and before.value is not None else ""
        changed = f", Veränderung {by}" if by else ""
        told += f" ({german.in_period(known[max(0, len(known) - 3)])}: {spoken(before, unit)}{changed})"
    breaks = [event.title for event in context.events(headline["programme"], known)]
    breaks += [str(row["title"]) for row in figures.breaks(key, known[1:])]
    minded = f" Beim Vergleich zu beachten: {german.listing(breaks)}." if breaks else ""
    return f"{told}.{minded}"


def _member_tables(context: ReportContext, indicators: list[Record], periods: list[str]) -> list[Block]:
    tables: list[PaperTable | None] = []
    for row in indicators:
        kind = row["breakdown_kind"]
        if kind and (row["is_headline"] or row["aggregation"] != "rate"):
            caption = f"{row['label']} nach {_dative(context.wording.breakdown(kind))}, Kreis"
            tables.append(by_member(context, row, kind, periods, caption))
    return [table for table in tables if table is not None]


def _dative(noun: str) -> str:
    return noun if noun.endswith("n") else f"{noun}n" if noun.endswith("e") else noun
