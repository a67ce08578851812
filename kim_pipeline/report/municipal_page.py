"""The page of one municipality, on one side of A4 (`paper.md` §1.11).

Belongs here: what a municipality is told. Its figures by breakdown are not published, except its offers by theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kim_pipeline import german
from kim_pipeline.contracts.published import census_name
from kim_pipeline.report import sparkline
from kim_pipeline.report.blocks import (
    Block,
    Cell,
    Document,
    Entries,
    Front,
    Head,
    Listing,
    Note,
    PaperTable,
    Paragraph,
    Picture,
    Section,
    Spark,
)
from kim_pipeline.report.blocks import Row as TableRow
from kim_pipeline.report.county_map import drawn_locator
from kim_pipeline.report.figures import Record, ShownFigure
from kim_pipeline.report.situation import PART, PART_NOTE, spot_of
from kim_pipeline.report.tables import ReportContext, row_head, sign_notes, spoken, text

_POPULATION = "bevoelkerung"
_OFFERS, _FREE = "offers", "offers_free"
_PERIODS = 3
_OTHERS = "Weitere Programme"
_SHARE, _PER_1000 = "Anteil", "per_1000"
_NOTABLE = 0.1
"""Relative distance to the county from which it is worth a sentence."""
_SIZE = 8.0


@dataclass(frozen=True)
class _Line:
    """An indicator on the page: its row, whether it says anything."""

    indicator: Record
    row: TableRow
    is_telling: bool


def page(context: ReportContext, area: Record, footer: str) -> Document:
    """The page of one municipality."""
    figures = context.figures
    facts = tuple(
        (str(row["label"]), f"{spoken(found, _population_unit(row))}{f' ({year})' if year else ''}")
        for row in figures.of_programme(_POPULATION)
        if (year := figures.newest(row["indicator_id"]))
        and (found := figures.figure(row["indicator_id"], year, area["area"]))
    )
    front = Front(
        f"Gemeindeblatt {area['name']}",
        f"{area['kind']} im {figures.county['name']}",
        (
            ("Stichtag", german.day(figures.key_day)),
            *facts,
            *_base(context),
            ("Gemeindeschlüssel", area["area"]),
        ),
        picture=_locator(context, area),
    )
    told = municipal_sentences(context, area)
    body = (*([Listing(tuple(told))] if told else []), *_tables(context, area), _reading())
    running = (f"{figures.county['name']} · Gemeindeblatt {area['name']}", f"Stichtag {german.day(figures.key_day)}")
    return Document(front, (Section(body, begins_page=False, size=_SIZE),), running, footer, has_contents=False)


def _base(context: ReportContext) -> tuple[tuple[str, str], ...]:
    """On which census the newest population rests, where that is known."""
    figures = context.figures
    year = figures.newest("population")
    base = figures.census_base("population", year) if year else None
    if base is None:
        return ()
    return (("Grundlage der Einwohnerzahl", f"Fortschreibung, {census_name(base)} ({year})"),)


def _population_unit(row: Record) -> str:
    return "Einwohner" if row["unit"] == "Personen" else str(row["unit"])


def _reading() -> Note:
    return Note(
        "Was diese Zahlen sagen und was nicht",
        (
            "Sie beschreiben Zustände und Aktivität der Programme in der Gemeinde; eine Wirkung belegen sie nicht. "
            "Kleine Zahlen schwanken von Jahr zu Jahr stark. Zahlen verschiedener Programme lassen sich nicht "
            "addieren, weil dieselben Menschen in mehreren vorkommen.",
        ),
    )


def _locator(context: ReportContext, area: Record) -> Picture:
    alt = f"Lagekarte: {area['name']} im {context.figures.county['name']}."
    return Picture("", drawn_locator(context.wording.county, area["area"]), alt, PaperTable("", (), ()))


def municipal_sentences(context: ReportContext, area: Record) -> list[str]:
    """Up to three sentences: the largest change, and the largest distances to the county, of big enough figures."""
    return [*_largest_change(context, area), *_largest_distances(context, area)]


def _largest_change(context: ReportContext, area: Record) -> list[str]:
    found = []
    for indicator in _wanted(context):
        period = context.comparison.newest_full(indicator)
        if period is None or indicator["unit"] == _SHARE:
            continue
        change = context.comparison.change(indicator, period, area["area"])
        if change is not None and change.relative:
            found.append((-abs(change.relative), str(indicator["indicator_id"]), indicator, period))
    if not found:
        return []
    *_, indicator, period = min(found, key=lambda row: row[:2])
    return [context.comparison.sentence(indicator, period, area["area"])]


def _largest_distances(context: ReportContext, area: Record) -> list[str]:
    found = []
    for indicator in _wanted(context):
        period = context.comparison.newest_full(indicator)
        if period is None or not (indicator["aggregation"] == _PER_1000 or indicator["unit"] == _SHARE):
            continue
        key = str(indicator["indicator_id"])
        here, whole = context.figures.figure(key, period, area["area"]), context.figures.figure(key, period)
        if here.is_big_enough and whole.is_big_enough and here.value is not None and whole.value:
            distance = abs(here.value - whole.value) / whole.value
            if distance >= _NOTABLE:
                found.append((-distance, key, _beside(indicator, period, area, (here, whole))))
    return [sentence for *_, sentence in sorted(found)[:1]]


def _beside(indicator: Record, period: str, area: Record, values: tuple[ShownFigure, ShownFigure]) -> str:
    unit = str(indicator["unit"])
    here, whole = (german.value(figure.value or 0, unit) for figure in values)
    return f"{row_head(indicator)} {german.in_period(period)}: {here} in {area['name']}, {whole} im Kreis."


def _wanted(context: ReportContext) -> list[Record]:
    """The indicators of the page that have a figure of the county's."""
    figures, wanted = context.figures, context.wording.municipality_indicators
    return [
        row for row in figures.rows("indicator")
        if figures.has_municipalities(row) and row["programme"] != _POPULATION
        and (row["is_headline"] or row["indicator_id"] in wanted) and figures.newest(row["indicator_id"])
    ]  # fmt: skip


def _tables(context: ReportContext, area: Record) -> list[Block]:
    rest = _wanted(context)
    if not rest:
        return [Paragraph("Bis zum Stichtag liegen für keine Gemeinde Zahlen vor.")]
    found: list[Block] = []
    left_out: list[str] = []
    groups = [*context.wording.municipal_groups, (_OTHERS, [str(row["programme"]) for row in rest])]
    for title, programmes in groups:
        ours = [row for key in programmes for row in rest if row["programme"] == key]
        rest = [row for row in rest if row["programme"] not in programmes]
        calendars = dict.fromkeys(context.figures.calendar_of(row["indicator_id"]) for row in ours)
        for calendar in calendars:
            same = [row for row in ours if context.figures.calendar_of(row["indicator_id"]) == calendar]
            named = f"{title}, Schuljahre" if calendar == "school_year" and len(calendars) > 1 else title
            found += _group(context, area, (named, same), left_out)
    found += _offers(context, area)
    if left_out:
        found.append(Paragraph(f"Geheim, null oder nicht geliefert: {german.listing(left_out)}."))
    rows = [row for block in found if isinstance(block, PaperTable) for row in block.rows]
    notes = [*sign_notes(rows), *_part_note(rows), *_break_notes(context, area)]
    return [*found, *([Paragraph(" ".join(notes))] if notes else [])]


def _part_note(rows: Sequence[TableRow]) -> list[str]:
    cells = (cell for row in rows if isinstance(row, tuple) for cell in row)
    return [PART_NOTE] if any(isinstance(cell, str) and cell.endswith(PART) for cell in cells) else []


def _group(context: ReportContext, area: Record, group: tuple[str, list[Record]], left_out: list[str]) -> list[Block]:
    """A table of the indicators of a theme and calendar; what says nothing is named in `left_out`."""
    title, indicators = group
    periods = _periods(context, indicators)
    lines = [_line(context, row, area, periods) for row in indicators]
    left_out += [str(line.indicator["label"]) for line in lines if not line.is_telling]
    rows = tuple(line.row for line in lines if line.is_telling)
    if not rows:
        return []
    columns = (
        Head("Kennzahl", width=3.2), *(Head(german.period(p), "right", 0.8) for p in periods),
        Head("Verlauf", width=0.9), Head(f"Kreis {german.period(periods[-1])}", "right", 0.9),
    )  # fmt: skip
    return [PaperTable(title, columns, rows, is_small=True)]


def _periods(context: ReportContext, indicators: Sequence[Record]) -> list[str]:
    """The last three periods up to the newest of any of the indicators."""
    shown = context.figures.periods
    newest = max(filter(None, (context.figures.newest(row["indicator_id"]) for row in indicators)))
    names = [name for name, period in shown.items() if period.calendar == shown[newest].calendar]
    return names[max(0, names.index(newest) - _PERIODS + 1) : names.index(newest) + 1]


def _line(context: ReportContext, indicator: Record, area: Record, periods: Sequence[str]) -> _Line:
    figures, key, unit = context.figures, str(indicator["indicator_id"]), str(indicator["unit"])
    found = [figures.figure(key, period, area["area"]) for period in periods]
    spots = [spot_of(context, indicator, period, area["area"]) for period in periods]
    cells = [f"{_plain(figure, unit)}{PART if spot.is_part else ''}" for figure, spot in zip(found, spots, strict=True)]
    spark = Spark(sparkline.drawn_small(spots), sparkline.spark_in_words(str(indicator["label"]), spots))
    row: tuple[Cell, ...] = (row_head(indicator), *cells, spark, _plain(figures.figure(key, periods[-1]), unit))
    return _Line(indicator, row, any(figure.value for figure in found))


def _plain(figure: ShownFigure, unit: str) -> str:
    """A figure without the sign for per cent, which stands in the row's head."""
    return text(figure, unit).replace(f"{german.NBSP}%", "")


def _offers(context: ReportContext, area: Record) -> list[Block]:
    """The municipality's offers by theme: how many, and how many places are free."""
    figures = context.figures
    if not {_OFFERS, _FREE} <= figures.indicators.keys():
        return []
    year = figures.newest(_OFFERS)
    names = [name for kind, name in figures.members if kind == "theme"]
    items = []
    for theme in sorted(names, key=str.casefold):
        offers = figures.figure(_OFFERS, year or "", area["area"], "theme", theme)
        if offers.value:
            free = figures.figure(_FREE, year or "", area["area"], "theme", theme)
            items.append((theme, f"{text(offers, 'Angebote')} ({text(free, 'Plätze')})"))
    if not items:
        return []
    title = f"Angebote nach Thema {year} (in Klammern: freie Plätze; – keine Angabe)"
    return [Entries(title, ("Thema", "Angebote (freie Plätze)"), tuple(items), is_running=True)]


def _break_notes(context: ReportContext, area: Record) -> tuple[str, ...]:
    """Where a series of the page that rests on population figures changes their base within the years shown."""
    figures = context.figures
    resting = [
        row for row in figures.rows("indicator") if row["aggregation"] == _PER_1000 and figures.has_municipalities(row)
    ]
    years = [p.name for p in figures.periods.values() if p.calendar == "year"]
    notes: list[str] = []
    for row in resting:
        last = figures.newest(row["indicator_id"])
        if last in years:
            at = years.index(last)
            notes += context.break_notes([row], years[max(0, at - 2) : at + 1], area["area"])
    return tuple(dict.fromkeys(notes))
