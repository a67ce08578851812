"""P4, the regional table of the population of the census of 2022 (`official.md` §3.4).

Belongs here: which of its sheets counts: the one that official numbers of inhabitants rest on.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from kim_pipeline import german
from kim_pipeline.contracts.normalise import clean_text, comparable_header
from kim_pipeline.contracts.published import CensusForm, PublishedForms
from kim_pipeline.reading.findings import Finding
from kim_pipeline.reading.formats.cells import is_filled, raw_text
from kim_pipeline.reading.official.grid import Grid
from kim_pipeline.reading.official.layout import (
    Areas,
    Broken,
    OfficialCell,
    OfficialLayout,
    days_in,
    is_destroyed,
    key_text,
)
from kim_pipeline.reading.official.signs import official_value
from kim_pipeline.reading.official.words import missing_day, no_own_area, unknown_layout

_HEADER_WITHIN = 12
_MONTHS = ("januar", "februar", "märz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november",
           "dezember")  # fmt: skip
_WORDED = re.compile(rf"(\d{{1,2}})\.\s*({'|'.join(_MONTHS)})\s+(\d{{4}})", re.IGNORECASE)


def _header_row(grid: Grid, form: CensusForm) -> int | None:
    """The row of the header: key and name."""
    for row in range(min(_HEADER_WITHIN, len(grid.rows))):
        texts = {comparable_header(grid.text(row, c)) for c in range(grid.width)}
        if form.key_header in texts and form.name_header in texts:
            return row
    return None


def _is_table(grid: Grid, form: CensusForm) -> bool:
    first = grid.rows[0] if grid.rows else ()
    begins = any(isinstance(cell, str) and cell.startswith(form.title) for cell in first[:1])
    return begins and _header_row(grid, form) is not None


def is_census_table(grids: Sequence[Grid], form: CensusForm) -> bool:
    """Whether a workbook is a regional table of the census."""
    return any(_is_table(grid, form) for grid in grids)


def read_census_table(grids: Sequence[Grid], forms: PublishedForms, areas: Areas) -> OfficialLayout:
    """The layout of a regional table.

    Raises:
        RejectedError: it has no official numbers of inhabitants, no day, or none of our areas.
    """
    form = forms.census
    tables = [grid for grid in grids if _is_table(grid, form)]
    chosen = next((grid for grid in tables if _content(grid, form) is not None), None)
    if chosen is None:
        names = [g.text(_header_row(g, form) or 0, c) for g in tables for c in range(g.width)]
        lacking = "keine Spalte „Bevölkerung (nachrichtlich)“"
        raise unknown_layout(form.name, f"„{form.title.strip(' -')}“", lacking, names, "Regionaltabelle Bevölkerung")
    day = _reference_day(grids, form)
    if day is None:
        raise missing_day("")
    statistic = forms.statistic(form.statistic) or forms.statistics[0]
    header = (_header_row(chosen, form) or 0) + 1
    layout = OfficialLayout(
        form.name, form.name, chosen.name, statistic, form.title.strip(" -"), _title(chosen), header
    )
    layout.ignored = [grid.name for grid in grids if grid is not chosen]
    imprint = next((g for g in grids if g.name == form.imprint), None)
    layout.terms = _texts(imprint) if imprint else ""
    layout.as_of = max(days_in(layout.terms), default=None)
    layout.notices = _told_ignored(layout, grids)
    _read_rows(layout, chosen, form, areas, day)
    return layout


def _title(grid: Grid) -> str:
    return " ".join(raw_text(grid.cell(0, 0)).split())


def _texts(grid: Grid) -> str:
    return "\n".join(raw_text(cell) for row in grid.rows for cell in row if is_filled(cell))


def _content(grid: Grid, form: CensusForm) -> int | None:
    row = _header_row(grid, form) or 0
    columns = range(grid.width)
    return next((c for c in columns if comparable_header(grid.text(row, c)).startswith(form.content)), None)


def _reference_day(grids: Sequence[Grid], form: CensusForm) -> dt.date | None:
    """The day that the explanations or the first row of a table name."""
    texts = [_texts(g) for g in grids if g.name.startswith(form.explanations)]
    texts += [_title(g) for g in grids if _is_table(g, form)]
    for text in texts:
        near = re.search(r"Stichtag\s+(.{0,24})", text)
        if near and (days := days_in(near[1]) or _worded(near[1])):
            return days[0]
    return None


def _worded(text: str) -> list[dt.date]:
    return [dt.date(int(y), _MONTHS.index(m.casefold()) + 1, int(d)) for d, m, y in _WORDED.findall(text)]


def _told_ignored(layout: OfficialLayout, grids: Sequence[Grid]) -> list[Finding]:
    """Which other sheets hold figures that are not read."""
    others = [g.name for g in grids if g.name != layout.sheet and _holds_figures(g)]
    if not others:
        return []
    sheets = german.quoted_listing(others)
    differ = german.plural(len(others), "weicht davon ab und wird", "weichen davon ab und werden")
    said = (
        f"Gelesen wird das Blatt „{layout.sheet}“, auf dem die amtlichen Einwohnerzahlen beruhen; {sheets} {differ} "
        "nicht gelesen."
    )
    return [Finding(layout.sheet, None, None, None, "unmapped_column", "notice", None, said)]


def _holds_figures(grid: Grid) -> bool:
    """Whether a sheet has rows of areas with numbers."""
    return any(
        any(isinstance(c, str) and len(c) in _KEYS and c.isdigit() for c in row)
        and any(isinstance(c, float) for c in row)
        for row in grid.rows
    )


_KEYS = (2, 5, 9, 12)
"""Numbers of digits of a key: state, county, association, municipality."""


def _read_rows(layout: OfficialLayout, grid: Grid, form: CensusForm, areas: Areas, day: dt.date) -> None:
    at = _content(grid, form) or 0
    header_row = layout.header_row - 1
    texts = {comparable_header(grid.text(header_row, c)): c for c in reversed(range(grid.width))}
    key_at, name_at = texts[form.key_header], texts[form.name_header]
    header = grid.text(header_row, at)
    others: dict[str, str] = {}
    for row in range(layout.header_row, len(grid.rows)):
        key, name = key_text(grid.cell(row, key_at)), clean_text(raw_text(grid.cell(row, name_at)))
        if not (key.isdigit() or is_destroyed(key)):
            continue
        layout.rows_read += 1
        area = areas.of(key)
        cell = grid.cell(row, at)
        value = official_value(cell, "", is_population=True, sex="")
        if value.value is not None and area is None:
            layout.totals.setdefault((key, day), value.value)
        if area is None and is_destroyed(key):
            layout.broken.append(Broken(row, key_at, form.key_header, "invalid_value", key, {}))
        elif area is None:
            others.setdefault(key, name)
        else:
            layout.facts.append(OfficialCell(row, at, header, area, name, day, "population", "", cell, "", header))
    if not layout.facts and not layout.broken:
        raise no_own_area(areas, others)
