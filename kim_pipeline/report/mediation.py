"""Language mediation: demand and coverage, and the languages for which mediators are missing.

Belongs here: the parts that no other programme has.
"""

from __future__ import annotations

from kim_pipeline import german
from kim_pipeline.report import charts, gaps
from kim_pipeline.report.blocks import Block, Head, Heading, PaperTable, Paragraph, Picture
from kim_pipeline.report.charts import Point
from kim_pipeline.report.figures import Record
from kim_pipeline.report.programmes import lead, paired, quarter_panels
from kim_pipeline.report.tables import SIGNS, ReportContext, by_member, over_quarters, sign_notes, whole, yes_no

CHAPTER_OF = "sprachmittlerpool"
_QUARTERLY = ("smp_requests", "smp_assignments", "smp_unfilled", "smp_coverage_rate")
_QUARTERS = 13
_DRAWN = 15
_YEARS = 3
_BY_SECTOR = "smp_assignments_by_sector"
_LEGEND = {"light": "keine Lücke", "stripes": "Lücke", "hatched": "Lücke geheim"}


def blocks(context: ReportContext) -> list[Block]:
    """The chapter as it is printed."""
    if CHAPTER_OF not in context.figures.programmes:
        return []
    heading = Heading(1, str(context.figures.programmes[CHAPTER_OF]["title"]))
    found = [heading, *lead(context, CHAPTER_OF)]
    if not context.figures.shown(CHAPTER_OF, "quarter", _QUARTERS):
        return found
    panels = quarter_panels(context, CHAPTER_OF, _QUARTERLY)
    return [*found, *paired(panels), *_languages(context), *_sectors(context)]


def further_mediation_tables(context: ReportContext) -> list[Block]:
    """What stands in HTML and the workbook only."""
    figures = context.figures
    if CHAPTER_OF not in figures.programmes:
        return []
    quarters = figures.shown(CHAPTER_OF, "quarter", _QUARTERS)
    indicators = [figures.indicators[name] for name in _QUARTERLY if name in figures.indicators]
    if not quarters or not indicators:
        return []
    table = over_quarters(context, indicators, quarters, "Sprachmittlung nach Quartalen, Kreis")
    return [Heading(2, "Sprachmittlung: Quartale"), table]


def _languages(context: ReportContext) -> list[Block]:
    figures, county = context.figures, context.figures.county["area"]
    ours = [r for r in figures.rows("language_gap") if r["area"] == county and r["period"] in figures.periods]
    heading = Heading(2, "Sprachen: Nachfrage, Deckung und Lücken")
    if not ours:
        return [heading, Paragraph("Nach Sprachen liegen bis zum Stichtag keine Zahlen vor.")]
    year = max(row["period"] for row in ours)
    rows = [row for row in ours if row["period"] == year]
    rows.sort(key=lambda row: (-(row["requests"] if row["requests"] is not None else -1), _name(context, row)))
    text = (
        "Eine Lücke heißt: mindestens drei Anfragen blieben unbesetzt, und weniger als 80 % der nicht abgesagten "
        "wurden besetzt."
    )
    return [heading, Paragraph(f"{gaps.language_clause(figures)} {text}"), _bars(context, rows, year)]


def _sectors(context: ReportContext) -> list[Block]:
    """Assignments by who asked for them."""
    figures = context.figures
    if _BY_SECTOR not in figures.indicators:
        return []
    years = figures.shown(CHAPTER_OF, "year", _YEARS)
    table = by_member(context, figures.indicators[_BY_SECTOR], "sector", years, "Einsätze nach Bereichen, Kreis")
    return [Heading(2, "Wofür gedolmetscht wurde"), table] if table else []


def _name(context: ReportContext, row: Record) -> str:
    return gaps.language_name(context.figures, row["language"])


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
        is_data_in_word=True,
        width=0.54,
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
