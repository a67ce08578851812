"""P2, retrieved tables of GENESIS: title, header, data, footer, as .csv or .xlsx (`official.md` §3.2).

Belongs here: which rows are which, which columns count whom, and for which day a cell speaks.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from kim_pipeline import german
from kim_pipeline.contracts.normalise import clean_text, comparable, comparable_header
from kim_pipeline.contracts.published import OFFICIAL_SIGNS, Part, PublishedForms, Sex, Statistic
from kim_pipeline.reading.findings import Finding, place_name, told
from kim_pipeline.reading.formats.cells import BLANK, Cell, column_letter, is_filled, raw_text
from kim_pipeline.reading.official.grid import Grid
from kim_pipeline.reading.official.layout import (
    AREA_KEY,
    Areas,
    Broken,
    OfficialCell,
    OfficialLayout,
    day_of,
    is_destroyed,
    key_text,
)
from kim_pipeline.reading.official.signs import official_value
from kim_pipeline.reading.official.words import missing_day, missing_total, no_own_area, not_ours, unknown_layout

_CODE = re.compile(r"(\d{4}[0-9A-Z])(?:-|$)")
_YEAR = re.compile(r"(?:Jahr:?\s*)?\d{4}")
_NUMBER_BEGINS = re.compile(r"[-(]?\d", re.ASCII)
_BY = re.compile(r"\bnach (?P<names>.+?)(?: - |$)")
_SIGN_ONLY = frozenset({"", *(sign for sign, meant in OFFICIAL_SIGNS.items() if meant.has_number)})


@dataclass(frozen=True)
class _Column:
    """A column of values: whom it counts, for which day, and where its signs stand."""

    at: int
    header: str
    part: Part | None
    sex: Sex
    day: dt.date | None
    sign: int | None
    is_known: bool
    base_text: str
    statistic: Statistic | None


@dataclass(frozen=True)
class _Row:
    """One row of data: its area's key, its name, the day it states, what its attributes say."""

    at: int
    key: str
    name: str
    day: dt.date | None
    year: str
    attributes: tuple[str, ...]


def first_data_row(grid: Grid, end: int) -> int | None:
    """The first row with an area's key in column A, or a day in A and a key in B, and a value further right."""
    for row in range(end):
        at = _key_column(grid, row)
        if at is not None and any(_is_value(grid.cell(row, c)) for c in range(at + 1, len(grid.rows[row]))):
            return row
    return None


def footer_row(grid: Grid, mark: str) -> int | None:
    """The row that begins with the mark of the footer."""
    for row in range(len(grid.rows)):
        cell = grid.cell(row, 0)
        if isinstance(cell, str) and cell.startswith(mark):
            return row
    return None


def _key_column(grid: Grid, row: int) -> int | None:
    if AREA_KEY.fullmatch(key_text(grid.cell(row, 0))):
        return 0
    return 1 if day_of(grid.cell(row, 0)) and AREA_KEY.fullmatch(key_text(grid.cell(row, 1))) else None


def _is_value(cell: Cell) -> bool:
    if not is_filled(cell):
        return False
    begins_as_number = isinstance(cell, str) and _NUMBER_BEGINS.match(cell.strip()) is not None
    return begins_as_number or official_value(cell, "", is_population=False, sex="").is_valid


def _carried(said: tuple[str, ...], above: tuple[str, ...]) -> tuple[str, ...]:
    """A row's attributes where its key is blank: of all but the last a blank one is the one above."""
    if not above:
        return said
    return (*(own or before for own, before in zip(said[:-1], above[:-1], strict=True)), *said[-1:])


def read_retrieval(grid: Grid, code: str, forms: PublishedForms, areas: Areas) -> OfficialLayout:
    """The layout of a retrieved table.

    Args:
        grid: its sheet, with the row of the footer's mark.
        code: the table's code, or what stands for it.
        forms: the declarations.
        areas: of the county.

    Raises:
        RejectedError: it is no table of ours, or has none of our areas, no day or no total.
    """
    return _Retrieval(grid, code, forms, areas).layout()


class _Retrieval:
    """One retrieved table."""

    def __init__(self, grid: Grid, code: str, forms: PublishedForms, areas: Areas) -> None:
        self._grid, self._code, self._forms, self._areas, self._form = grid, code, forms, areas, forms.retrieval
        end = footer_row(grid, self._form.footer)
        self._end = end if end is not None else len(grid.rows)
        self._first = first_data_row(grid, self._end) or 0
        self._key_at = _key_column(grid, self._first) or 0
        self._name_at = self._key_at + 1

    @cached_property
    def _titles(self) -> list[str]:
        """Texts of the rows with one filled cell above the header, without the line that names the table."""
        found = []
        for row in range(self._first):
            filled = self._grid.filled(row)
            if filled == [0]:
                text = " ".join(raw_text(self._grid.cell(row, 0)).split())
                if not self._form.first_line.match(text):
                    found.append(text)
        return found

    @cached_property
    def _header_rows(self) -> list[int]:
        """Rows above the data in which a column of values is filled."""
        return [r for r in range(self._first) if any(at > self._name_at for at in self._grid.filled(r))]

    @cached_property
    def _stacks(self) -> dict[int, list[Cell]]:
        """Column → its header cells from the top, group names carried to the right."""
        labels = {
            column
            for merge in self._grid.merges
            if merge.first_column == 0 and merge.first_row in self._header_rows
            for column in range(merge.last_column + 1)
        }
        columns = [c for c in range(self._name_at + 1, self._grid.width) if c not in labels]
        stacks: dict[int, list[Cell]] = {c: [] for c in columns}
        for number, row in enumerate(self._header_rows):
            carried: Cell = BLANK
            for column in columns:
                cell = self._grid.spread(row, column)
                is_group = number < len(self._header_rows) - 1
                carried = cell if is_filled(cell) or not is_group else carried
                seen = cell if is_filled(cell) else carried if self._has_header(column) else BLANK
                if is_filled(seen):
                    stacks[column].append(seen)
        return {column: stack for column, stack in stacks.items() if stack}

    def _has_header(self, column: int) -> bool:
        return any(is_filled(self._grid.spread(row, column)) for row in self._header_rows)

    @cached_property
    def _attribute_columns(self) -> range:
        return range(self._name_at + 1, min(self._stacks, default=self._name_at + 1))

    @cached_property
    def _statistic(self) -> Statistic:
        match = _CODE.match(self._code)
        if match:
            found = self._forms.statistic(match[1])
        else:
            found = next((s for t in self._titles if (s := self._forms.named(comparable(t)))), None)
        if found is None:
            raise not_ours(self._code, self._statistic_title(), self._forms)
        return found

    def _statistic_title(self) -> str:
        """The statistic's name as the file has it."""
        titles = self._titles[1:]
        known = next((t for t in titles if self._forms.named(comparable(t))), None)
        return known or next((t for t in titles if "statistik" in t.casefold()), titles[0] if titles else "")

    @cached_property
    def _title_part(self) -> Part | None:
        return next((part for t in self._titles if (part := self._content(comparable_header(t)))), None)

    def _content(self, text: str) -> Part | None:
        """The part that a content counts."""
        if text.startswith(self._form.foreign_population):
            return "foreigners"
        is_population = text.startswith(self._form.population) or text == self._form.whole_population
        return "population" if is_population else None

    @cached_property
    def _columns(self) -> list[_Column]:
        return [self._column(at, stack) for at, stack in self._stacks.items()]

    def _column(self, at: int, stack: Sequence[Cell]) -> _Column:
        part: Part | None = None
        sex: Sex = ""
        day, statistic = None, None
        foreign, is_known, is_national = False, True, False
        for cell in stack:
            text = comparable_header(raw_text(cell))
            if found := day_of(cell):
                day = found
            elif text in self._form.sexes:
                sex = self._form.sexes[text]
            elif text in self._form.foreigners:
                foreign = True
            elif text in self._form.nationals:
                is_national = True
            elif content := self._content(text):
                part = content
            elif named := self._forms.named(text):
                statistic = named
            elif text not in self._form.neutral and text not in self._form.totals:
                is_known = False
        part = "foreigners" if foreign else part or self._title_part
        whole = " / ".join(dict.fromkeys(" ".join(raw_text(c).split()) for c in stack))
        counts = is_known and not is_national
        return _Column(
            at, self._header_name(stack), part if counts else None, sex, day, self._sign_column(at), is_known, whole,
            statistic,
        )  # fmt: skip

    def _header_name(self, stack: Sequence[Cell]) -> str:
        """How a finding names a column: `31.12.2021 / Insgesamt`; what changes nothing is left out."""
        texts = dict.fromkeys(
            german.day(day) if (day := day_of(cell)) else " ".join(raw_text(cell).split()) for cell in stack
        )
        telling = [t for t in texts if comparable_header(t) not in self._form.neutral]
        return " / ".join(telling or list(texts))

    def _sign_column(self, at: int) -> int | None:
        beside = at + 1
        if beside in self._stacks or beside >= self._grid.width or beside <= self._name_at:
            return None
        cells = {clean_text(raw_text(self._grid.cell(r, beside))) for r in range(self._first, self._end)}
        return beside if cells <= _SIGN_ONLY and cells != {""} else None

    def layout(self) -> OfficialLayout:
        statistic = self._statistic
        counting = [c for c in self._columns if c.part]
        if not counting:
            raise self._unknown()
        footer = self._footer_text()
        layout = OfficialLayout(
            self._form.name, self._form.name, self._grid.name, statistic, self._statistic_title() or statistic.title,
            f"Tabelle {self._code}", (self._header_rows or [self._first - 1])[-1] + 1, footer=footer, terms=footer,
        )  # fmt: skip
        layout.as_of = self._as_of(footer)
        layout.notices = self._unmapped()
        self._read_rows(layout, counting)
        return layout

    def _unknown(self) -> Exception:
        names = [c.base_text for c in self._columns] or self._titles
        lacking = "keine Spalte mit einer Bevölkerungs- oder Ausländerzahl"
        return unknown_layout(
            self._form.name, f"„Tabelle: {self._code}“", lacking, names, "Flatfile (CSV) oder Werteabruf"
        )

    def _read_rows(self, layout: OfficialLayout, counting: Sequence[_Column]) -> None:
        others: dict[str, str] = {}
        members = own = 0
        years: list[str] = []
        for row in self._data_rows(layout):
            area = self._areas.of(row.key)
            if area is None and is_destroyed(row.key):
                layout.broken.append(Broken(row.at, self._key_at, "", "invalid_value", row.key, {}))
                continue
            if area is None and row.key:
                others.setdefault(row.key, row.name)
            says = self._says(row.attributes)
            if says is None:
                own += area is not None
                members += area is not None
                continue
            if area is not None:
                own += 1
                years += self._own(layout, row, area, counting, foreign=says == "foreigners")
            self._note_totals(layout, row, area, counting, is_total=says == "")
        self._judge(layout, others, members, own, years)

    def _judge(self, layout: OfficialLayout, others: dict[str, str], members: int, own: int, years: list[str]) -> None:
        if layout.broken or any(not fact.sex for fact in layout.facts):
            return
        if not own:
            raise no_own_area(self._areas, others)
        if layout.facts:
            raise missing_total(self._code, self._what(), "Geschlecht")
        if years:
            raise missing_day(years[0])
        if members:
            raise missing_total(self._code, self._what(), self._variable())

    def _what(self) -> str:
        return "die ausländische Bevölkerung" if self._title_part == "foreigners" else "die Bevölkerung"

    def _variable(self) -> str:
        """By what the table counts, as its title says: `Staatsangehörigkeiten`."""
        match = _BY.search(" ".join(self._titles))
        names = re.split(r", | und ", match["names"]) if match else []
        plain = [re.sub(r"\s*\(.*", "", name).strip() for name in names]
        return german.listing([n for n in plain if n and n != "Geschlecht"]) or "Untergruppen"

    def _data_rows(self, layout: OfficialLayout) -> list[_Row]:
        """Every row of data; a blank key belongs to the last one above, so does a day."""
        found: list[_Row] = []
        key = name = ""
        attributes: tuple[str, ...] = ()
        day, year = self._day_above()
        for at in range(self._first, self._end):
            filled = self._grid.filled(at)
            layout.rows_read += bool(filled)
            if len(filled) <= 1:
                stated = raw_text(self._grid.cell(at, filled[0])) if filled else ""
                day, year = (day_of(stated) or day, "") if day_of(stated) else (day, year)
                if filled and not day_of(stated) and _YEAR.fullmatch(stated.strip()):
                    day, year = None, stated.strip()
                continue
            own_key = key_text(self._grid.cell(at, self._key_at))
            said = tuple(clean_text(raw_text(self._grid.cell(at, c))) for c in self._attribute_columns)
            if own_key:
                key, name = own_key, clean_text(raw_text(self._grid.cell(at, self._name_at)))
            else:
                said = _carried(said, attributes)
            attributes = said
            in_row = day_of(self._grid.cell(at, 0)) if self._key_at else None
            day = in_row or day
            found.append(_Row(at, key, name, day, year, said))
        return found

    def _day_above(self) -> tuple[dt.date | None, str]:
        """The day that a title or a row of its own above the data states; a year is no day."""
        day, year = None, ""
        for row in range(self._first):
            filled = self._grid.filled(row)
            if len(filled) != 1:
                continue
            text = " ".join(raw_text(self._grid.cell(row, filled[0])).split())
            label, _, value = text.partition(":")
            if found := day_of(self._grid.cell(row, filled[0])) or (
                day_of(value) if comparable(label) == self._form.reference_day else None
            ):
                day = found
            elif comparable(label) == self._form.reporting_year or _YEAR.fullmatch(text):
                year = text.replace(":", "") if label != text else f"Jahr {text}"
        return day, year

    def _says(self, attributes: Sequence[str]) -> str | None:
        """`foreigners` or blank for a row of ours; None for one that counts a part of the people."""
        words = [comparable(a) for a in attributes if a]
        if not words:
            return "" if not self._attribute_columns else None
        if all(w in self._form.totals or w in self._form.foreigners for w in words):
            return "foreigners" if any(w in self._form.foreigners for w in words) else ""
        return None

    def _own(
        self, layout: OfficialLayout, row: _Row, area: str, counting: Sequence[_Column], *, foreign: bool
    ) -> list[str]:
        years = []
        for column in counting:
            day = column.day or row.day
            if day is None:
                years.append(row.year)
                continue
            part: Part = "foreigners" if foreign else column.part or "population"
            sign = raw_text(self._grid.cell(row.at, column.sign)) if column.sign is not None else ""
            cell = self._grid.cell(row.at, column.at)
            layout.facts.append(
                OfficialCell(row.at, column.at, column.header, area, row.name, day, part, column.sex, cell, sign,
                     column.base_text)
            )  # fmt: skip
        return years

    def _note_totals(
        self, layout: OfficialLayout, row: _Row, area: str | None, counting: Sequence[_Column], *, is_total: bool
    ) -> None:
        if not is_total:
            return
        for column in counting:
            day = column.day or row.day
            value = official_value(self._grid.cell(row.at, column.at), "", is_population=True, sex="")
            if day and column.part == "population" and not column.sex and value.value is not None:
                layout.totals[area or row.key, day] = value.value

    def _footer_text(self) -> str:
        rows = range(self._end, len(self._grid.rows))
        return "\n".join(raw_text(self._grid.cell(r, c)) for r in rows for c in self._grid.filled(r))

    def _as_of(self, footer: str) -> dt.date | None:
        match = self._form.as_of.search(footer.rstrip())
        return day_of(match[1]) if match else None

    def _unmapped(self) -> list[Finding]:
        """One notice for all columns that count something else."""
        unknown = [c for c in self._columns if not c.is_known]
        if not unknown or not self._header_rows:
            return []
        first, row = unknown[0], self._header_rows[0] + 1
        letters = german.listing(column_letter(c.at) for c in unknown)
        reason = f"{'Diese Spalte zählt' if len(unknown) == 1 else f'Die Spalten {letters} zählen'} etwas anderes und "
        reason += "wird nicht gelesen" if len(unknown) == 1 else "werden nicht gelesen"
        place = place_name(self._grid.name, row, column_letter(first.at), first.base_text)
        message = f"{place}: {told('unmapped_column', reason=reason)}"
        return [
            Finding(
                self._grid.name, row, column_letter(first.at), first.base_text, "unmapped_column", "notice",
                first.base_text, message,
            )
        ]  # fmt: skip
