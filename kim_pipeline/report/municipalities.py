"""The municipalities in the paper: two maps with their legends and one table (`paper.md` §1.10).

Belongs here: what is told by area. A municipality's own page is `municipal_page`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from kim_pipeline import german
from kim_pipeline.report import map_classes
from kim_pipeline.report.blocks import Block, Head, Heading, PaperTable, Paragraph, Picture, SideBySide
from kim_pipeline.report.county_map import MapArea, drawn_map
from kim_pipeline.report.figures import Record, ShownFigure
from kim_pipeline.report.tables import SIGNS, SPOKEN_STATES, ReportContext, row_head, sign_notes, spoken, text

_UMLAUTS: dict[int, str] = {ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("ß"): "ss"}
_DECIMALS = 1
_COLUMNS = (
    ("population", "Einwohner"), ("foreigners_rate", "Ausländer\u00adanteil"), ("kim_cases_active", "laufende Fälle"),
    ("kim_cases_per_1000_foreigners", "Fälle je 1.000"), ("smp_assignments", "Sprach\u00admittlung"),
    ("smp_assignments_per_1000_foreigners", "Einsätze je 1.000"),
)  # fmt: skip


def blocks(context: ReportContext) -> list[Block]:
    """The page of the paper."""
    figures = context.figures
    rates = [row for row in figures.rows("indicator") if row["indicator_id"] in dict(_COLUMNS)]
    rates = [row for row in rates if row["aggregation"] == "per_1000"]
    drawn = [(row, year) for row in rates if (year := figures.newest(row["indicator_id"]))]
    found: list[Block] = [Heading(1, "Kreis und Gemeinden")]
    table = _table(context)
    if not drawn and table is None:
        return [*found, Paragraph("Die Bevölkerungsstatistik liegt nicht vor; Werte je 1.000 gibt es daher nicht.")]
    if drawn:
        found.append(
            Paragraph(
                "Die Karten beziehen auf 1.000 Ausländerinnen und Ausländer der Gemeinde, was sonst vor allem von "
                "ihrer Größe abhinge. Für jede Gemeinde gibt es außerdem ein Blatt mit ihren Zahlen."
            )
        )
    parts = [_map(context, row, year) for row, year in drawn]
    found += [SideBySide((parts[at],), tuple(parts[at + 1 : at + 2])) for at in range(0, len(parts), 2)]
    return [*found, table] if table else found


def _map(context: ReportContext, indicator: Record, year: str) -> Picture | Paragraph:
    """A map, or a sentence where the municipalities differ little or too few are visible."""
    figures = context.figures
    values = {a["area"]: figures.figure(indicator["indicator_id"], year, a["area"]) for a in figures.municipalities}
    visible = [figure.value for figure in values.values() if figure.value is not None]
    unit = str(indicator["unit"])
    if not map_classes.is_worth_a_map(visible):
        return Paragraph(_instead(indicator, year, visible, unit))
    bounds = map_classes.bounds(visible, _DECIMALS)
    areas = [
        MapArea(a["area"], a["name"], text(values[a["area"]], unit), _fill(values[a["area"]], bounds))
        for a in figures.municipalities
    ]
    whole = figures.figure(indicator["indicator_id"], year)
    legend = [
        *_legend(visible, bounds, unit, areas),
        *([("mark", f"Kreis: {text(whole, unit)}")] if whole.value else []),
    ]
    told, rows = [], []
    for area in figures.municipalities:
        found = values[area["area"]]
        told.append(f"{area['name']}: {spoken(found, unit) if found.state in SPOKEN_STATES else text(found, unit)}")
        rows.append((area["name"], text(found, unit)))
    caption = f"{row_head(indicator)}, {year}"
    data = PaperTable(caption, (Head("Gemeinde", width=2), Head("Wert", "right")), tuple(rows), sign_notes(rows))
    svg = drawn_map(context.wording.county, areas, legend, f"karte-{slug(indicator['label'])}")
    alt = f"Karte der Gemeinden. {'; '.join(told)}; Kreis: {spoken(whole, unit)}."
    return Picture(caption, svg, alt, data, sign_notes(rows))


def _instead(indicator: Record, year: str, visible: Sequence[float], unit: str) -> str:
    lead = f"{row_head(indicator)} {german.in_period(year)}:"
    if len(visible) < map_classes.LEAST_VISIBLE:
        return f"{lead} Für eine Karte sind zu wenige Gemeinden sichtbar."
    ends = german.value(min(visible), unit), german.value(max(visible), unit)
    return f"{lead} Die Gemeinden unterscheiden sich wenig ({ends[0]} bis {ends[1]})."


def _fill(figure: ShownFigure, bounds: Sequence[float]) -> int | str:
    if figure.value is not None:
        return map_classes.class_of(figure.value, bounds)
    return "hatched" if figure.state == "suppressed" else "none"


def _legend(
    visible: Sequence[float], bounds: Sequence[float], unit: str, areas: Sequence[MapArea]
) -> list[tuple[int | str, str]]:
    edges = [german.value(edge, unit) for edge in (min(visible), *bounds, max(visible))]
    found: list[tuple[int | str, str]] = [
        (at, f"{edges[at]} bis {'' if at == len(bounds) else 'unter '}{edges[at + 1]}") for at in range(len(edges) - 1)
    ]
    used = {area.fill for area in areas}
    return found + [
        (fill, words) for fill, words in (("hatched", "geheim"), ("none", SIGNS["missing"])) if fill in used
    ]


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
