"""The municipalities: maps and a table in the report, and a page of its own for each.

Belongs here: what is told by area. Figures by area and breakdown are not published and not shown.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from kim_pipeline import german
from kim_pipeline.contracts.published import census_name
from kim_pipeline.report import charts
from kim_pipeline.report.blocks import (
    Block,
    Document,
    Front,
    Group,
    Head,
    Heading,
    Note,
    PaperTable,
    Paragraph,
    Picture,
    Section,
)
from kim_pipeline.report.blocks import Row as TableRow
from kim_pipeline.report.county_map import shapes
from kim_pipeline.report.figures import Record
from kim_pipeline.report.tables import (
    SIGNS,
    SPOKEN_STATES,
    ReportContext,
    over_years,
    row_head,
    sign_notes,
    spoken,
    text,
)

_UMLAUTS: dict[int, str] = {ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("ß"): "ss"}
_POPULATION = "bevoelkerung"
_COLUMNS = (
    ("population", "Einwohner"), ("foreigners_rate", "Ausländer\u00adanteil"), ("kim_cases_active", "laufende Fälle"),
    ("kim_cases_per_1000_foreigners", "Fälle je 1.000"), ("smp_assignments", "Sprach\u00admittlung"),
    ("smp_assignments_per_1000_foreigners", "Einsätze je 1.000"),
)  # fmt: skip


def blocks(context: ReportContext) -> list[Block]:
    """The chapter of the report."""
    figures = context.figures
    found: list[Block] = [Heading(1, "Kreis und Gemeinden")]
    years = figures.shown(_POPULATION, "year", 5)
    if years:
        rows = figures.of_programme(_POPULATION)
        found.append(over_years(context, rows, years, "Bevölkerung des Kreises am Jahresende"))
    else:
        found.append(Paragraph("Die Bevölkerungsstatistik liegt nicht vor; Werte je 1.000 gibt es daher nicht."))
    rates = [row for row in figures.rows("indicator") if row["aggregation"] == "per_1000"]
    drawn = [(row, year) for row in rates if (year := figures.newest(row["indicator_id"]))]
    if drawn:
        found.append(
            Paragraph(
                "Die Karten beziehen auf 1.000 Ausländerinnen und Ausländer der Gemeinde, was sonst vor allem von "
                "ihrer Größe abhinge. Für jede Gemeinde gibt es außerdem ein Blatt mit ihren Zahlen."
            )
        )
    found += [_map(context, row, year) for row, year in drawn]
    table = _table(context)
    return [*found, table] if table else found


def _map(context: ReportContext, indicator: Record, year: str) -> Picture:
    figures, county = context.figures, context.wording.county
    places, features, told, rows = shapes(county), [], [], []
    for area in figures.municipalities:
        found = figures.figure(indicator["indicator_id"], year, area["area"])
        label = text(found, indicator["unit"])
        told.append(f"{area['name']}: {spoken(found, indicator['unit']) if found.state in SPOKEN_STATES else label}")
        rows.append((area["name"], label))
        if area["area"] in places:
            features.append(_feature(places[area["area"]], area["name"], label, found.value))
    caption = f"{row_head(indicator)}, {year}"
    data = PaperTable(caption, (Head("Gemeinde", width=2), Head("Wert", "right")), tuple(rows), sign_notes(rows))
    svg = charts.map_of(features, county.geometry_attribution, f"karte-{slug(indicator['label'])}")
    alt = f"Karte der Gemeinden. {'; '.join(told)}."
    return Picture(caption, svg, alt, data, sign_notes(rows), width=0.62)


def _feature(place: dict[str, Any], name: str, label: str, size: float | None) -> dict[str, Any]:
    properties = {"name": name, "label": label, "size": size, "x": place["x"], "y": place["y"]}
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": place["rings"]}, "properties": properties}


def _table(context: ReportContext) -> PaperTable | None:
    figures = context.figures
    known = [(name, head) for name, head in _COLUMNS if name in figures.indicators]
    shown = [(name, head, year) for name, head in known if (year := figures.newest(name))]
    if not shown:
        return None
    rows = tuple(
        (a["name"], *(text(figures.figure(n, y, a["area"]), figures.indicators[n]["unit"]) for n, _, y in shown))
        for a in [*figures.municipalities, figures.county]
    )
    columns = (
        Head("Gemeinde", width=1.6),
        *(Head(f"{head}, {year}", "right") for _, head, year in shown),
    )
    return PaperTable("Gemeinden im Überblick", columns, rows, sign_notes(rows), is_small=True)


def slug(name: str) -> str:
    """A name as part of a file's name: `Münster` → `muenster`."""
    plain = name.lower().translate(_UMLAUTS)
    kept = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return "-".join("".join(c if c.isalnum() else " " for c in kept).split())


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
    body = (_figures(context, area), _reading())
    running = (f"{figures.county['name']} · Gemeindeblatt {area['name']}", f"Stichtag {german.day(figures.key_day)}")
    return Document(front, (Section(body),), running, footer, has_contents=False)


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
    county = context.wording.county
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": place["rings"]},
            "properties": {"is_here": key == area["area"], "size": 0},
        }
        for key, place in shapes(county).items()
    ]
    alt = f"Lagekarte: {area['name']} im {context.figures.county['name']}."
    svg = charts.locator(features, county.geometry_attribution, f"lage-{slug(area['name'])}")
    return Picture("", svg, alt, PaperTable("", (), ()))


def _figures(context: ReportContext, area: Record) -> PaperTable | Paragraph:
    figures = context.figures
    wanted = context.wording.municipality_indicators
    rows: list[TableRow] = []
    for key, programme in sorted(figures.programmes.items(), key=lambda item: item[1]["title"].casefold()):
        ours = [
            row
            for row in figures.of_programme(key)
            if key != _POPULATION
            and (row["is_headline"] or row["indicator_id"] in wanted)
            and figures.has_municipalities(row)
        ]
        lines = [_line(context, row, area) for row in ours if figures.newest(row["indicator_id"])]
        if lines:
            rows += [Group(programme["title"]), *lines]
    if not rows:
        return Paragraph("Bis zum Stichtag liegen für keine Gemeinde Zahlen vor.")
    columns = (
        Head("Kennzahl", width=3.4),
        Head("Jahr oder Schuljahr", width=1.2),
        *(Head(head, "right", 0.9) for head in ("vor zwei Jahren", "Vorjahr", "zuletzt")),
        Head("Kreis zuletzt", "right"),
    )
    notes = (*sign_notes(rows), *_break_notes(context, area))
    return PaperTable(f"Kennzahlen für {area['name']}", columns, tuple(rows), notes, is_small=True)


def _break_notes(context: ReportContext, area: Record) -> tuple[str, ...]:
    """Where a series of the page that rests on population figures changes their base within the years shown."""
    figures = context.figures
    resting = [
        row for row in figures.rows("indicator") if row["aggregation"] == "per_1000" and figures.has_municipalities(row)
    ]
    years = [p.name for p in figures.periods.values() if p.calendar == "year"]
    notes: list[str] = []
    for row in resting:
        last = figures.newest(row["indicator_id"])
        if last in years:
            at = years.index(last)
            notes += context.break_notes([row], years[max(0, at - 2) : at + 1], area["area"])
    return tuple(dict.fromkeys(notes))


def _line(context: ReportContext, indicator: Record, area: Record) -> tuple[str, ...]:
    figures, key, unit = context.figures, indicator["indicator_id"], str(indicator["unit"])
    last = str(figures.newest(key))
    calendar = [p.name for p in figures.periods.values() if p.calendar == figures.periods[last].calendar]
    at = calendar.index(last)
    names: Sequence[str | None] = [calendar[at - back] if at >= back else None for back in (2, 1, 0)]
    cells = [text(figures.figure(key, n, area["area"]), unit) if n else SIGNS["missing"] for n in names]
    return (row_head(indicator), last, *cells, text(figures.figure(key, last), unit))
