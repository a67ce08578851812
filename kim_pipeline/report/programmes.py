"""The programmes at a glance: a panel each, in groups (`paper.md` §1.9), and all their tables for HTML.

Belongs here: what all programmes share. Case management and language mediation have pages of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

from kim_pipeline import german
from kim_pipeline.report import sparkline
from kim_pipeline.report.blocks import Block, Head, Heading, Panel, PaperTable, Paragraph, Section, SideBySide
from kim_pipeline.report.figures import YEARLY, Record
from kim_pipeline.report.situation import PART, PART_NOTE, spot_of
from kim_pipeline.report.tables import SHOWN_YEARS, ReportContext, by_member, over_years, row_head, sign_notes

_PERIODS = 3
_FIGURES = 4
_QUARTERS = 12
_OTHERS = "Weitere Programme"
_ALL = "Programme"
_PER_CENT = f"{german.NBSP}%"


def group_sections(context: ReportContext, apart: Sequence[str]) -> list[Section]:
    """The groups of programmes, each with its panels.

    Args:
        context: figures and words.
        apart: programmes with pages of their own.
    """
    left = [key for key in _with_headline(context) if key not in apart]
    sections = []
    for group in context.wording.groups:
        keys = [key for key in group["programmes"] if key in left]
        left = [key for key in left if key not in keys]
        sections += _group(context, str(group["title"]), keys)
    return [*sections, *_group(context, _OTHERS if sections else _ALL, left)]


def _with_headline(context: ReportContext) -> list[str]:
    """Programmes with a headline indicator, by title."""
    told = {row["programme"] for row in context.figures.rows("indicator") if row["is_headline"]}
    return sorted(told, key=lambda key: str(context.figures.programmes[key]["title"]).casefold())


def _group(context: ReportContext, title: str, keys: Sequence[str]) -> list[Section]:
    if not keys:
        return []
    panels = [panel for key in keys if (panel := programme_panel(context, key))]
    absent = [Paragraph(absence(context, key)) for key in keys if not _periods(context, key)]
    return [Section((Heading(1, title), *paired(panels), *absent))]


def paired(panels: Sequence[Panel]) -> list[SideBySide]:
    """Panels in two columns, row by row."""
    return [SideBySide((panels[at],), tuple(panels[at + 1 : at + 2])) for at in range(0, len(panels), 2)]


def _headline(context: ReportContext, programme: str) -> Record:
    return next(row for row in context.figures.of_programme(programme) if row["is_headline"])


def _periods(context: ReportContext, programme: str) -> list[str]:
    calendar = context.figures.calendar_of(_headline(context, programme)["indicator_id"])
    return context.figures.shown(programme, calendar, SHOWN_YEARS)


def programme_panel(context: ReportContext, programme: str) -> Panel | None:
    """A programme's panel; None where it has no figures."""
    periods = _periods(context, programme)
    if not periods:
        return None
    known = context.figures.programmes[programme]
    headline = _headline(context, programme)
    ended = known["valid_to"]
    is_over = ended is not None and ended <= context.figures.key_day
    title = f"{known['title']} (bis {german.day(ended)})" if is_over else str(known["title"])
    spots = [spot_of(context, headline, period) for period in periods]
    newest = context.figures.newest(headline["indicator_id"]) or periods[-1]
    sentence = context.comparison.sentence(headline, newest)
    if is_over and known["successor"]:
        sentence += f" Nachfolger ist „{known['successor']}“; beide Reihen sind nicht vergleichbar."
    alt = sparkline.spark_in_words(str(headline["label"]), spots)
    said = context.wording.programme(programme)
    return Panel(
        title,
        f"{said} {sentence}".strip(),
        sparkline.spark_drawn(spots),
        alt,
        _mini_table(context, programme, headline, periods),
    )


def _mini_table(context: ReportContext, programme: str, headline: Record, periods: list[str]) -> PaperTable | None:
    figures = context.figures
    calendar = figures.periods[periods[-1]].calendar
    ours = [row for row in figures.of_programme(programme) if calendar in str(row["calendars"]).split(",")]
    wanted = context.wording.panel_indicators(programme)
    if wanted:
        chosen = [figures.indicators[name] for name in wanted if name in figures.indicators]
    else:
        chosen = [row for row in ours if row["indicator_id"] != headline["indicator_id"]]
    names = periods[-_PERIODS:]
    if not chosen:
        return None
    rows = tuple((row_head(row), *(_marked(context, row, name) for name in names)) for row in chosen[:_FIGURES])
    columns = (Head("Kennzahl", width=2.3), *(Head(name, "right") for name in names))
    is_marked = any(str(cell).endswith(PART) for row in rows for cell in row)
    notes = (*sign_notes(rows), *((PART_NOTE,) if is_marked else ()))
    return PaperTable(str(figures.programmes[programme]["title"]), columns, rows, notes, is_small=True)


def _marked(context: ReportContext, indicator: Record, period: str) -> str:
    spot = spot_of(context, indicator, period)
    return f"{spot.label}{PART if spot.is_part else ''}"


def quarter_panels(context: ReportContext, programme: str, indicators: Sequence[str]) -> list[Panel]:
    """Indicators by quarter, a panel each."""
    figures = context.figures
    quarters = figures.shown(programme, "quarter", _QUARTERS)
    found = []
    for name in indicators:
        if name not in figures.indicators or not quarters:
            continue
        indicator = figures.indicators[name]
        spots = [spot_of(context, indicator, quarter) for quarter in quarters]
        short = [
            sparkline.Spot(_short(quarter), spot.size, spot.label.removesuffix(_PER_CENT), spot.is_part)
            for quarter, spot in zip(quarters, spots, strict=True)
        ]
        alt = sparkline.spark_in_words(f"{indicator['label']} nach Quartalen", spots)
        text = f"Nach Quartalen, {german.period(quarters[0])} bis {german.period(quarters[-1])}."
        found.append(Panel(row_head(indicator), text, sparkline.spark_drawn(short), alt))
    return found


def _short(quarter: str) -> str:
    """`2021-Q3` → `3/21`."""
    year, number = quarter.split("-Q")
    return f"{number}/{year[2:]}"


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


def lead(context: ReportContext, programme: str) -> list[Block]:
    """What a programme is and how its headline indicator changed; why there are no figures, where there are none."""
    words = context.wording.programme(programme)
    said = [Paragraph(words)] if words else []
    if not _periods(context, programme):
        return [*said, Paragraph(absence(context, programme))]
    headline = _headline(context, programme)
    newest = context.figures.newest(headline["indicator_id"])
    return [*said, *([Paragraph(context.comparison.sentence(headline, newest))] if newest else [])]


def all_tables(context: ReportContext) -> list[Block]:
    """Every programme's figures over the years and by breakdown."""
    blocks: list[Block] = []
    for programme in _with_headline(context):
        known = context.figures.programmes[programme]
        parts = [part for calendar in YEARLY for part in _calendar_tables(context, programme, calendar)]
        if parts:
            blocks += [Heading(2, str(known["title"])), *parts]
    return blocks


def _calendar_tables(context: ReportContext, programme: str, calendar: str) -> list[Block]:
    figures = context.figures
    periods = figures.shown(programme, calendar, SHOWN_YEARS)
    indicators = [row for row in figures.of_programme(programme) if calendar in str(row["calendars"]).split(",")]
    if not periods or not indicators:
        return []
    title = figures.programmes[programme]["title"]
    when = "nach Schuljahren" if calendar == "school_year" else "nach Jahren"
    table = over_years(context, indicators, periods, f"{title}: Kennzahlen {when}, Kreis")
    return [table, *_member_tables(context, indicators, periods)]


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
