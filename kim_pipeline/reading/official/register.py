"""P3, the register of municipalities (`official.md` §3.3).

Belongs here: which columns are the key and the population, and for which day; never another total, never the title.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from functools import cached_property

from kim_pipeline import german
from kim_pipeline.contracts.normalise import clean_text, comparable, comparable_header
from kim_pipeline.contracts.published import PublishedForms, RegisterForm, Sex
from kim_pipeline.reading.findings import Finding, told
from kim_pipeline.reading.formats.cells import is_filled, raw_text
from kim_pipeline.reading.official.grid import Grid
from kim_pipeline.reading.official.layout import Areas, OfficialCell, OfficialLayout, days_in, key_text
from kim_pipeline.reading.official.words import missing_day, no_own_area, unknown_layout

_HEADER_WITHIN = 12
_KIND = re.compile(r"(\d{1,2})(?:\.0)?")
_MONTHS = ("januar", "februar", "märz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november",
           "dezember")  # fmt: skip
_MONTH = re.compile(rf"({'|'.join(_MONTHS)})\s+(\d{{4}})", re.IGNORECASE)


def is_register(grids: Sequence[Grid], form: RegisterForm) -> bool:
    """Whether a workbook is a register: a sheet names it, another one has the records."""
    tables = {grid.name for grid in grids if _kind_cell(grid, form)}
    named = {grid.name for grid in grids if _holds_title(grid, form)}
    return bool(tables) and any(named - {table} for table in tables)


def _holds_title(grid: Grid, form: RegisterForm) -> bool:
    return any(isinstance(cell, str) and cell.strip().startswith(form.title) for row in grid.rows[:200] for cell in row)


def _kind_cell(grid: Grid, form: RegisterForm) -> tuple[int, int] | None:
    """Where the header cell of the records' kind stands."""
    for row in range(min(_HEADER_WITHIN, len(grid.rows))):
        for column in grid.filled(row):
            if comparable_header(raw_text(grid.cell(row, column))) in form.record_kind:
                return row, column
    return None


def read_register(grids: Sequence[Grid], forms: PublishedForms, areas: Areas) -> OfficialLayout:
    """The layout of a register of municipalities.

    Raises:
        RejectedError: no population, no day or none of our municipalities is to be found.
    """
    form = forms.register
    tables = [_Register(grid, forms, areas) for grid in grids if _kind_cell(grid, form)]
    chosen = next((table for table in tables if table.is_complete), tables[0])
    layout = chosen.layout()
    layout.ignored = [grid.name for grid in grids if grid.name != layout.sheet]
    contents = next((g for g in grids if g.name == form.contents_sheet), None)
    contents = contents or next((g for g in grids if _holds_title(g, form)), None)
    if contents is not None:
        layout.as_of = _appeared(contents, form)
    layout.terms = "\n".join(_texts(grid) for grid in grids if grid.name != layout.sheet)
    return layout


def _texts(grid: Grid) -> str:
    return "\n".join(raw_text(cell) for row in grid.rows for cell in row if is_filled(cell))


def _appeared(grid: Grid, form: RegisterForm) -> dt.date | None:
    """The latest month from the label to the next blank row, its first day."""
    found: list[dt.date] = []
    is_inside = False
    for row in range(len(grid.rows)):
        text = " ".join(raw_text(grid.cell(row, c)) for c in grid.filled(row))
        is_inside = bool(text) and (is_inside or form.appeared in text)
        if is_inside:
            said = text.partition(form.appeared)[2] or text
            found += [dt.date(int(y), _MONTHS.index(m.casefold()) + 1, 1) for m, y in _MONTH.findall(said)]
    return max(found, default=None)


class _Register:
    """The sheet of a register that holds the records."""

    def __init__(self, grid: Grid, forms: PublishedForms, areas: Areas) -> None:
        self._grid, self._forms, self._form, self._areas = grid, forms, forms.register, areas
        self._top, self._kind_at = _kind_cell(grid, self._form) or (0, 0)

    def _kind(self, row: int) -> str:
        match = _KIND.fullmatch(key_text(self._grid.cell(row, self._kind_at)))
        return match[1] if match else ""

    @cached_property
    def _first(self) -> int:
        """The first record."""
        return next((r for r in range(self._top + 1, len(self._grid.rows)) if self._kind(r)), len(self._grid.rows))

    @cached_property
    def _groups(self) -> list[str]:
        """Per column the group over it, carried to the right over blank cells."""
        found, carried = [], ""
        for column in range(self._grid.width):
            carried = self._grid.text(self._top, column) or carried
            found.append(carried)
        return found

    def _details(self, column: int) -> list[str]:
        """The header cells below a column's group, in comparable form."""
        rows = range(self._top + 1, self._first)
        return [comparable_header(self._grid.text(row, column)) for row in rows]

    @cached_property
    def _key_columns(self) -> list[tuple[int, int]]:
        """Column and number of digits of each part of the key; empty where one is missing."""
        found = []
        for names, digits in self._form.key_columns:
            at = next((c for c in range(self._grid.width) if self._is_key(c) and names & {*self._details(c)}), None)
            if at is None:
                return []
            found.append((at, digits))
        return found

    def _is_key(self, column: int) -> bool:
        return self._form.key_group in comparable(self._groups[column])

    @cached_property
    def _population_columns(self) -> dict[int, Sex]:
        """Columns of the population: of the group that begins so."""
        group = self._population_group
        columns = [c for c in range(self._grid.width) if group and self._groups[c] == group]
        found: dict[int, Sex] = {}
        for column in columns:
            for detail in self._details(column):
                if detail in self._form.details and self._form.details[detail] not in found.values():
                    found[column] = self._form.details[detail]
        return found

    @cached_property
    def _population_group(self) -> str:
        names = (g for g in self._groups if comparable(g).startswith(self._form.population_groups))
        return next(names, "")

    @property
    def is_complete(self) -> bool:
        """Whether key and population are both there."""
        return bool(self._key_columns) and "" in self._population_columns.values()

    def layout(self) -> OfficialLayout:
        statistic = self._forms.statistic(self._form.statistic) or self._forms.statistics[0]
        if not self.is_complete:
            lacking = "keine Spalte mit einer Bevölkerungszahl" if self._key_columns else "kein Schlüssel der Gemeinden"
            names = dict.fromkeys(self._groups)
            raise unknown_layout(self._form.name, f"„{self._form.title}“", lacking, names, self._form.name)
        text, day = self._reference_day()
        if day is None:
            raise missing_day("")
        layout = OfficialLayout(
            self._form.name, self._form.name, self._grid.name, statistic, statistic.title, self._form.title,
            self._first,
        )  # fmt: skip
        layout.notices = self._about_days(day)
        self._read_rows(layout, day, text)
        return layout

    def _reference_day(self) -> tuple[str, dt.date | None]:
        """The day in the cell under the group, through merges, and all that the header says there of the base."""
        for row in range(self._top + 1, self._first):
            for column in self._population_columns:
                text = self._grid.text(row, column)
                if text and not comparable(text).startswith(self._form.other_days) and (days := days_in(text)):
                    return f"{self._population_group} {text}", days[0]
        return self._population_group, None

    def _about_days(self, day: dt.date) -> list[Finding]:
        """`reference_day_differs`: the title names another day than the figures have."""
        titles = [self._grid.text(row, c) for row in range(self._top) for c in self._grid.filled(row)]
        titled = next((d for text in titles for d in days_in(text)), None)
        if titled is None or titled == day:
            return []
        said = told("reference_day_differs", day=german.day(day), titled=german.day(titled))
        return [Finding(self._grid.name, None, None, None, "reference_day_differs", "notice", None, said)]

    def _read_rows(self, layout: OfficialLayout, day: dt.date, base_text: str) -> None:
        name_at = next(
            (c for c in range(self._grid.width) if comparable_header(self._groups[c]) in self._form.name_headers), None
        )
        others: dict[str, str] = {}
        for row in range(self._first, len(self._grid.rows)):
            kind = self._kind(row)
            layout.rows_read += bool(kind)
            if kind != self._form.municipality:
                continue
            key = "".join(key_text(self._grid.cell(row, at)).zfill(digits) for at, digits in self._key_columns)
            area = key if key in self._areas.municipalities else None
            name = clean_text(raw_text(self._grid.cell(row, name_at))) if name_at is not None else ""
            if area is None:
                others.setdefault(key, name)
                continue
            for column, sex in self._population_columns.items():
                header = f"{self._population_group} / {self._details_name(column)}"
                cell = self._grid.cell(row, column)
                layout.facts.append(
                    OfficialCell(row, column, header, area, name, day, "population", sex, cell, "", base_text)
                )
        if not layout.facts:
            raise no_own_area(self._areas, others)

    def _details_name(self, column: int) -> str:
        rows = range(self._top + 1, self._first)
        return next((t for r in rows if comparable_header(t := self._grid.text(r, column)) in self._form.details), "")
