"""Language mediation: demand and coverage, and the languages for which mediators are missing.

Belongs here: the parts that no other programme has.
"""

from __future__ import annotations

from kim_pipeline import german
from kim_pipeline.report import charts
from kim_pipeline.report.blocks import Block, Head, Heading, PaperTable, Paragraph, Picture
from kim_pipeline.report.charts import Point
from kim_pipeline.report.figures import Record
from kim_pipeline.report.programmes import programme_blocks
from kim_pipeline.report.tables import SIGNS, ReportContext, quarter_chart, sign_notes, whole, yes_no

CHAPTER_OF = "sprachmittlerpool"
_QUARTERLY = ("smp_requests", "smp_assignments", "smp_unfilled")
_QUARTERS = 13
_DRAWN = 15
_LEGEND = {"light": "keine Lücke", "stripes": "Lücke", "hatched": "Lücke geheim"}


def blocks(context: ReportContext) -> list[Block]:
    """The chapter."""
    if CHAPTER_OF not in context.figures.programmes:
        return []
    found = programme_blocks(context, CHAPTER_OF, 1, has_members=False)
    if not context.figures.shown(CHAPTER_OF, "quarter", _QUARTERS):
        return found
    return [*found, *_quarters(context), *_languages(context)]


def _quarters(context: ReportContext) -> list[Block]:
    figures = context.figures
    quarters = figures.shown(CHAPTER_OF, "quarter", _QUARTERS)
    indicators = [figures.indicators[name] for name in _QUARTERLY if name in figures.indicators]
    return [quarter_chart(context, indicators, quarters, "Sprachmittlung nach Quartalen, Kreis", "smp-quartale")]


def _languages(context: ReportContext) -> list[Block]:
    figures, county = context.figures, context.figures.county["area"]
    ours = [r for r in figures.rows("language_gap") if r["area"] == county and r["period"] in figures.periods]
    heading = Heading(2, "Sprachen: Nachfrage, Deckung und Lücken")
    if not ours:
        return [heading, Paragraph("Nach Sprachen liegen bis zum Stichtag keine Zahlen vor.")]
    year = max(row["period"] for row in ours)
    rows = [row for row in ours if row["period"] == year]
    rows.sort(key=lambda row: (-(row["requests"] if row["requests"] is not None else -1), _name(context, row)))
    gaps = sorted(_name(context, row) for row in rows if row["gap"])
    lead = (
        f"{german.first_upper(german.in_period(year))} bestand eine Lücke bei {german.listing(gaps)}."
        if gaps
        else f"{german.first_upper(german.in_period(year))} ist bei keiner Sprache eine Lücke belegt."
    )
    text = (
        "Eine Lücke heißt: mindestens drei Anfragen blieben unbesetzt, und weniger als 80 % der nicht abgesagten "
        "wurden besetzt."
    )
    return [heading, Paragraph(f"{lead} {text}"), _bars(context, rows, year), _table(context, rows, year)]


def _name(context: ReportContext, row: Record) -> str:
    return str(context.figures.members.get(("language", row["language"]), row["language"]))


def _coverage(row: Record) -> str:
    return SIGNS["suppressed"] if row["coverage_rate"] is None else german.percent(row["coverage_rate"])


def _bars(context: ReportContext, rows: list[Record], year: str) -> Picture:
    drawn = [row for row in rows if row["requests"] is not None][:_DRAWN]
    fills = {True: "stripes", False: "light", None: "hatched"}
    points = [
        Point(_name(context, r), "", r["requests"], f"{german.number(r['requests'])} · {_coverage(r)}", fills[r["gap"]])
        for r in drawn
    ]
    told = "; ".join(f"{p.row}: {german.with_unit(p.size or 0, 'Anfragen')}, {_LEGEND[p.fill]}" for p in points)
    return Picture(
        f"Anfragen nach Sprache {year} und Anteil der besetzten, die häufigsten Sprachen, Kreis",
        charts.ranked_bars(points, "sprachen", "Anfragen", _LEGEND),
        f"Balken nach Sprachen. {told or 'Alle Zahlen sind geheim'}.",
        _table(context, rows, year),
        ("Am Ende der Balken: Anfragen · Deckungsquote.", *sign_notes([tuple(map(_coverage, drawn))])),
        width=0.95,
    )


def _table(context: ReportContext, rows: list[Record], year: str) -> PaperTable:
    cells = tuple(
        (
            _name(context, r), whole(r["requests"]), whole(r["unfilled"]), _coverage(r),
            whole(r["active_interpreters"]), yes_no(r["gap"]),
        )
        for r in rows
    )  # fmt: skip
    columns = (
        Head("Sprache", width=1.6), Head("Anfragen", "right"), Head("nicht besetzt", "right"),
        Head("Deckungsquote", "right"), Head("aktive Mittelnde", "right"), Head("Lücke"),
    )  # fmt: skip
    note = "Deckungsquote erst ab 20 nicht abgesagten Anfragen."
    return PaperTable(
        f"Sprachmittlung nach Sprachen {year}, Kreis", columns, cells, (*sign_notes(cells), note), is_small=True
    )
