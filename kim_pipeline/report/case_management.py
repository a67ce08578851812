"""Case management: cases and waits, where people get stuck between authorities, hurdles, unmet needs.

Belongs here: the parts that no other programme has.
"""

from __future__ import annotations

from kim_pipeline import german
from kim_pipeline.report import charts, gaps, grammar
from kim_pipeline.report.blocks import Block, Head, Heading, PaperTable, Paragraph, Picture
from kim_pipeline.report.charts import Point
from kim_pipeline.report.figures import Figures
from kim_pipeline.report.programmes import lead, paired, quarter_panels
from kim_pipeline.report.tables import (
    SHOWN_YEARS,
    ReportContext,
    by_member,
    cell,
    over_quarters,
    sign_notes,
    spoken,
    spoken_after,
    text,
    whole,
    yes_no,
)

CHAPTER_OF = "kim_case_management"
_QUARTERLY = ("kim_cases_registered", "kim_cases_opened", "kim_cases_closed", "kim_cases_active")
_LONGEST, _LEAST_RANKED = 3, 2
_QUARTERS = 12
_INTERFACE = ("kim_handovers", "kim_handover_wait_days", "kim_handover_delayed_rate")


def blocks(context: ReportContext) -> list[Block]:
    """The chapter as it is printed."""
    if CHAPTER_OF not in context.figures.programmes:
        return []
    found: list[Block] = [Heading(1, str(context.figures.programmes[CHAPTER_OF]["title"])), *lead(context, CHAPTER_OF)]
    years = context.figures.shown(CHAPTER_OF, "year", SHOWN_YEARS)
    if not years:
        return found
    return [
        *found,
        *paired(quarter_panels(context, CHAPTER_OF, _QUARTERLY)),
        *_interfaces(context, years),
        *_hurdles(context, years),
        *_needs(context, years),
    ]


def further_case_tables(context: ReportContext) -> list[Block]:
    """What stands in HTML and the workbook only."""
    figures = context.figures
    if CHAPTER_OF not in figures.programmes:
        return []
    years, quarters = figures.shown(CHAPTER_OF, "year", SHOWN_YEARS), figures.shown(CHAPTER_OF, "quarter", _QUARTERS)
    found: list[Block] = []
    indicators = [figures.indicators[name] for name in _QUARTERLY if name in figures.indicators]
    if quarters and indicators:
        found.append(over_quarters(context, indicators, quarters, "Case Management: Fälle nach Quartalen, Kreis"))
    year = figures.newest("kim_handovers")
    if year in years and year and (names := _used(figures, year)):
        found.append(_interface_table(context, year, names))
    themes = figures.members_of("kim_needs", "theme", years)
    if themes:
        found.append(_heat_map(context, years, themes))
    return [Heading(2, "KIM Case Management: Quartale, Schnittstellen, Bedarfe"), *found] if found else []


def _interfaces(context: ReportContext, years: list[str]) -> list[Block]:
    figures = context.figures
    heading = Heading(2, "Schnittstellen: wo Menschen zwischen Stellen hängen bleiben")
    year = figures.newest("kim_handovers")
    names = _used(figures, year) if year in years and year else []
    if year is None or not names:
        return [heading, Paragraph("Übergaben zwischen Stellen sind bis zum Stichtag nicht gemeldet.")]
    return [
        heading,
        Paragraph(
            "Eine Übergabe ist der Schritt eines Falls von einer Stelle zur nächsten. Gezeigt ist je Rechtskreis, "
            f"in dem die frühere und die spätere Stelle handelt, wie viele Tage dazwischen lagen. "
            f"{longest_waits(context, year, names)}"
        ),
        _matrix(context, year, names),
    ]


def longest_waits(context: ReportContext, year: str, names: list[str]) -> str:
    """Where cases waited longest, from waits of enough handovers (rules 2 and 4)."""
    figures = context.figures
    waits = {name: cell(figures, "kim_handover_wait_days", year, "interface", name) for name in names}
    enough = [(name, wait.value) for name, wait in waits.items() if wait.is_big_enough and wait.value is not None]
    if len(enough) < _LEAST_RANKED:
        return grammar.TOO_FEW
    told = [
        f"bei {_arrow(name)} ({german.with_unit(wait, 'Tage')}{_handovers(figures, year, name)})"
        for group in grammar.ranked(sorted(enough), lambda pair: pair[1], _LONGEST)
        for name, wait in group
    ]
    return f"Am längsten warteten Fälle {german.in_period(year)} {german.listing(told)}."


def _handovers(figures: Figures, year: str, name: str) -> str:
    number = cell(figures, "kim_handovers", year, "interface", name).value
    return "" if number is None else f", {german.tightly(int(number), 'Übergabe', 'Übergaben')}"


def _used(figures: Figures, year: str) -> list[str]:
    """Interfaces that a handover crossed, or may have crossed."""
    members = figures.members_of("kim_handovers", "interface", [year])
    return [name for name in members if cell(figures, "kim_handovers", year, "interface", name).value != 0]


def _arrow(interface: str) -> str:
    before, after = interface.split("→")
    return f"{before} zu {after}"


def _matrix(context: ReportContext, year: str, names: list[str]) -> Picture:
    figures = context.figures
    points = []
    for name in names:
        before, after = name.split("→")
        found = cell(figures, "kim_handover_wait_days", year, "interface", name)
        points.append(Point(before, after, found.value, text(found, "Tage"), "hatched"))
    befores = sorted({p.row for p in points})
    afters = sorted({p.column for p in points})
    labels = {(p.row, p.column): p.label for p in points}
    data = PaperTable(
        f"Median der Wartezeit in Tagen, {year}: von (Zeile) zu (Spalte)",
        (Head("von", width=1.4), *(Head(a, "right") for a in afters)),
        tuple((b, *(labels.get((b, a), "") for a in afters)) for b in befores),
        sign_notes([tuple(labels.values())]),
    )
    told = "; ".join(
        f"{p.row} zu {p.column}: {'geheim' if p.size is None else german.with_unit(p.size, 'Tage')}" for p in points
    )
    return Picture(
        f"Wartezeit bei Übergaben nach Rechtskreisen {year}: Median in Tagen, Kreis",
        charts.matrix(points, befores, afters, "schnittstellen", titles=("von", "zu"), cell=(74, 32)),
        f"Matrix von Rechtskreis zu Rechtskreis. {told}.",
        data,
        (*sign_notes([tuple(labels.values())]), "Leere Felder: keine Übergabe gemeldet."),
        is_data_in_word=True,
        width=min(1.0, (len(afters) * 74 + 110) / charts.WIDTH),
    )


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _interface_table(context: ReportContext, year: str, names: list[str]) -> PaperTable:
    figures = context.figures
    indicators = [figures.indicators[name] for name in _INTERFACE]
    found = {n: [cell(figures, i["indicator_id"], year, "interface", n) for i in indicators] for n in names}
    ordered = sorted(names, key=lambda n: (-_or(found[n][1].value, -1), n))
    rows = tuple(
        (n.replace("→", " → "), *(text(f, i["unit"]) for f, i in zip(found[n], indicators, strict=True)))
        for n in ordered
    )
    columns = (
        Head("Schnittstelle", width=2),
        Head("Übergaben", "right"),
        Head("Wartezeit (Median, Tage)", "right", 1.3),
        Head("davon mehr als 30 Tage", "right", 1.3),
    )
    note = "Median ab 5, Anteil erst ab 20 Übergaben."
    return PaperTable(
        f"Schnittstellen {year}, nach Wartezeit, Kreis", columns, rows, (*sign_notes(rows), note), is_small=True
    )


def _hurdles(context: ReportContext, years: list[str]) -> list[Block]:
    figures = context.figures
    heading = Heading(2, "Hürden")
    if "kim_hurdles" not in figures.indicators:
        return []
    indicator = figures.indicators["kim_hurdles"]
    table = by_member(context, indicator, "hurdle", years, "Hürden nach Art, Kreis")
    year = figures.newest("kim_hurdles")
    if table is None or year is None:
        return [heading, Paragraph("Hürden sind bis zum Stichtag nicht gemeldet.")]
    found = [
        (m, cell(figures, "kim_hurdles", year, "hurdle", m)) for m in figures.members_of("kim_hurdles", "hurdle", years)
    ]
    found.sort(key=lambda pair: (-(pair[1].value or 0), pair[0]))
    points = [Point(german.first_upper(m), "", f.value, text(f, "Stationen")) for m, f in found]
    told = ", ".join(f"{m}: {spoken(f, 'Stationen')}" for m, f in found)
    picture = Picture(
        f"Hürden {year}: Stationen nach der wichtigsten Hürde, Kreis",
        charts.ranked_bars(points, "huerden", "Stationen"),
        f"Balken. {told}.",
        table,
        is_data_in_word=True,
        width=0.66,
    )
    total = figures.figure("kim_hurdles", year)
    said = (
        f"{german.first_upper(german.in_period(year))} war bei {spoken_after(context, total, 'Stationen')} eine Hürde"
    )
    return [heading, Paragraph(f"{said} vermerkt."), picture]


def _needs(context: ReportContext, years: list[str]) -> list[Block]:
    figures = context.figures
    heading = Heading(2, "Bedarfe und Angebote")
    if not figures.members_of("kim_needs", "theme", years):
        return [heading, Paragraph("Bedarfe sind bis zum Stichtag nicht gemeldet.")]
    table = _gap_table(figures)
    return [
        heading,
        Paragraph(
            "Ungedeckt ist ein Bedarf, für den es kein Angebot gab oder nur einen Platz auf der Warteliste. "
            f"{gaps.theme_sentence(figures)}"
        ),
        *([table] if table else []),
    ]


def _heat_map(context: ReportContext, years: list[str], themes: list[str]) -> Picture:
    figures = context.figures
    points, rows, told = [], [], []
    for theme in themes:
        cells = []
        for year in years:
            unmet = cell(figures, "kim_needs_unmet", year, "theme", theme)
            rate = cell(figures, "kim_needs_unmet_rate", year, "theme", theme)
            share = f" ({german.percent(rate.value)})" if rate.value is not None else ""
            label = f"{text(unmet, 'Bedarfe')}{share}"
            points.append(Point(theme, year, rate.value, label, "hatched"))
            cells.append(label)
        rows.append((theme, *cells))
        told.append(
            f"{theme}: {', '.join(f'{y} {c}' for y, c in zip(years, cells, strict=True))}".replace("•", "geheim")
        )
    caption = "Ungedeckte Bedarfe nach Thema und Jahr: Anzahl und Anteil, Kreis"
    notes = sign_notes([tuple(p.label.split(" (")[0] for p in points)])
    data = PaperTable(caption, (Head("Thema", width=2), *(Head(y, "right") for y in years)), tuple(rows), notes)
    return Picture(
        caption,
        charts.matrix(points, themes, years, "bedarfe", cell=(104, 28)),
        f"Raster aus Themen und Jahren. {'; '.join(told)}.",
        data,
        notes,
        width=min(1.0, (len(years) * 104 + 160) / charts.WIDTH),
    )


def _gap_table(figures: Figures) -> PaperTable | None:
    county = figures.county["area"]
    ours = [row for row in figures.rows("offer_gap") if row["area"] == county and row["period"] in figures.periods]
    if not ours:
        return None
    year = max(row["period"] for row in ours)
    rows = tuple(
        (
            row["theme"], whole(row["needs"]), whole(row["unmet_needs"]), german.number(row["capacity"]),
            german.number(row["free_places"]), yes_no(row["gap"]),
        )
        for row in sorted(ours, key=lambda row: row["theme"])
        if row["period"] == year
    )  # fmt: skip
    columns = (
        Head("Thema", width=1.8),
        *(Head(head, "right", 1.1) for head in ("Bedarfe", "davon ungedeckt", "Plätze", "davon frei")),
        Head("Lücke"),
    )
    note = "Lücke: mehr ungedeckte Bedarfe als freie Plätze, mindestens drei. Plätze und freie Plätze am Jahresende."
    return PaperTable(f"Bedarfe und Angebote nach Thema {year}, Kreis", columns, rows, (*sign_notes(rows), note))
