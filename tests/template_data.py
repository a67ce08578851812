"""Valid rows for any contract, made at random from a seed, and templates filled with them."""

from __future__ import annotations

import datetime as dt
import io
import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd
from openpyxl import Workbook, load_workbook

from kim_pipeline.contracts import programme, programmes
from kim_pipeline.contracts.choices import list_key
from kim_pipeline.contracts.model import Column, Table
from kim_pipeline.contracts.normalise import clean_text, comparable
from kim_pipeline.contracts.rules import bounds_of, row_rules
from kim_pipeline.office.template.layout import Page
from kim_pipeline.office.template.plan import Plan, plan_of
from kim_pipeline.office.template.workbook import template
from kim_pipeline.reading.personal import age_group, age_years, pseudonym
from tests.helpers_tables import KEY, Only

PERIOD = "2022/23"
AS_OF = dt.date(2023, 9, 15)
ROWS = 10
_FIRST, _LAST = dt.date(2022, 8, 1), dt.date(2023, 7, 31)
_TEXTS = (
    "Grundschule Süd", "007", "1/2023", "12.03.2023", "1e5", "Gesamtschule  Ahlen ", "Müller, Zoë", "3,50", "WAHR",
    "„Zitat“; mit, Trennern", "Straße 5 (Hof)", "20230101", "a", "0",
)  # fmt: skip

Entered = dict[str, Any]
"""Column name → what the clerk enters; None where the cell stays empty."""
Row = dict[str, Any]
"""Column name → the value that reading must give, personal values still in clear."""


@dataclass
class Filled:
    """A template filled in, and what it must give."""

    plan: Plan
    content: bytes
    rows: dict[str, list[Row]]


@cache
def filled(key: str, seed: int = 1, *, below: int = 0, without_example: bool = False) -> Filled:
    """The template of a programme, filled with valid random rows.

    Args:
        key: the programme.
        seed: of the random rows.
        below: rows left empty under the example.
        without_example: delete the example rows first.
    """
    plan, book = open_template(key)
    state_facts(book)
    rows: dict[str, list[Row]] = {}
    for page, entered, values in valid_rows(key, seed):
        sheet = book[page.name]
        first = page.first_row + below
        if without_example:
            sheet.delete_rows(page.example_row)
            first -= 1
        enter(sheet, page, entered, first)
        rows.setdefault(page.table.name, []).extend(values)
    return Filled(plan, bytes_of(book), rows)


def open_template(key: str, period: str | None = PERIOD) -> tuple[Plan, Workbook]:
    """The plan of a template and the template, opened."""
    return plan_of(programme(key), period), load_workbook(io.BytesIO(_template(key, period)))


@cache
def _template(key: str, period: str | None) -> bytes:
    return template(plan_of(programme(key), period))


def state_facts(book: Workbook) -> None:
    """Enter the Stand into its cell."""
    sheet, cell = book.defined_names["Stand"].attr_text.split("!")
    book[sheet][cell.replace("$", "")] = dt.datetime.combine(AS_OF, dt.time())


def enter(sheet: Any, page: Page, rows: Iterable[Entered], first: int) -> None:
    """Write rows into a sheet, as a clerk does who leaves the formats as they are."""
    for number, row in enumerate(rows, start=first):
        for column in page.columns:
            cell = sheet[f"{page.letter(column.name)}{number}"]
            cell.value = row[column.name]
            cell.number_format = sheet.column_dimensions[page.letter(column.name)].number_format


def bytes_of(book: Workbook) -> bytes:
    """The workbook as .xlsx."""
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@cache
def valid_rows(key: str, seed: int) -> tuple[tuple[Page, list[Entered], list[Row]], ...]:
    """Per sheet of a programme the rows to enter and the values that they stand for."""
    plan = plan_of(programmes()[key], PERIOD)
    found: list[tuple[Page, list[Entered], list[Row]]] = []
    for number, page in enumerate(plan.pages):
        known = _referred(page.table, seed, found)
        made = _Maker(plan, page, random.Random(f"{key} {number} {seed}"), known).rows(ROWS)
        found.append((page, [entered for entered, _ in made], [values for _, values in made]))
    return tuple(found)


def _referred(table: Table, seed: int, made: list[tuple[Page, list[Entered], list[Row]]]) -> list[Row]:
    reference = table.reference
    if reference is None:
        return []
    others = made if reference.programme is None else valid_rows(reference.programme, seed)
    return [row for page, _, rows in others if page.table.name == reference.table for row in rows]


class _Maker:
    """Random rows of one sheet that keep every rule of the contract."""

    def __init__(self, plan: Plan, page: Page, rng: random.Random, known: list[Row]) -> None:
        self._plan, self._page, self._table, self._rng, self._known = plan, page, page.table, rng, known
        self._rules = row_rules(page.table)
        self._count = 0

    def rows(self, count: int) -> list[tuple[Entered, Row]]:
        """That many rows; no key occurs twice."""
        candidates = [self._row() for _ in range(count * 60)]
        frame = pd.DataFrame([values for _, values in candidates]).convert_dtypes()
        for column in self._table.delivered:
            if column.kind == "date":
                frame[column.name] = pd.to_datetime(frame[column.name])
        kept = pd.Series(data=True, index=frame.index)
        for rule in self._rules:
            kept &= rule.keeps(frame)
        valid = [row for row, keep in zip(candidates, kept.to_list(), strict=True) if keep]
        key = [c.name for c in self._table.delivered if c.key]
        by_key = {tuple(values[name] for name in key): (entered, values) for entered, values in valid}
        assert len(by_key) >= count, f"too few valid rows of {self._table.name}"
        return list(by_key.values())[:count]

    def _row(self) -> tuple[Entered, Row]:
        self._count += 1
        row = {column.name: self._cell(column) for column in self._page.columns}
        for rule in self._rules:
            if rule.rule == "date_order":
                days = [name for name in rule.columns if row[name][0] is not None]
                row |= dict(zip(days, sorted((row[name] for name in days), key=lambda cell: cell[1]), strict=True))
        entered, values = ({name: cell[i] for name, cell in row.items()} for i in (0, 1))
        self._refer(entered, values)
        self._be_born(entered, values)
        given = [c for c in self._table.delivered if not self._page.has(c.name)]
        values |= {c.name: self._plan.vocabulary.category(c.category or "")[comparable(self._page.name)] for c in given}
        return entered, values

    def _cell(self, column: Column) -> tuple[Any, Any]:
        if not column.required and self._rng.random() < 0.25:
            return None, (False if column.kind == "yes_no" else None)
        key = list_key(column)
        if key is not None:
            return self._choice(column, self._plan.lists[key].values)
        if column.kind == "date":
            last = _LAST if column.period_date else AS_OF
            day = _FIRST + dt.timedelta(days=self._rng.randint(0, (last - _FIRST).days))
            return day, day
        if column.kind in ("number", "whole", "hours"):
            amount = self._amount(column)
            return amount, amount
        return self._text(column)

    def _text(self, column: Column) -> tuple[Any, Any]:
        if column.kind == "indicator":
            return self._rng.choice(sorted(self._plan.vocabulary.indicators.items()))
        if column.names_office:
            return (self._rng.choice(self._plan.vocabulary.county.office_names),) * 2
        text = f"{self._rng.choice(('0', 'A-', 'Nr '))}{self._count:04d}" if column.key else self._rng.choice(_TEXTS)
        if column.key and column.personal:  # a text that is also a person's is no institution's
            text += "p"
        return text, clean_text(text)

    def _choice(self, column: Column, values: tuple[str, ...]) -> tuple[Any, Any]:
        chosen = self._rng.sample(values, self._rng.randint(1, 3) if column.kind == "languages" else 1)
        meanings = [_meaning(self._plan, column, value) for value in chosen]
        separator = self._rng.choice((", ", "; ", " und "))
        return separator.join(chosen), meanings[0] if column.kind != "languages" else ";".join(meanings)

    def _amount(self, column: Column) -> float:
        lower, upper = 0.0, 400.0
        for bound in bounds_of(self._table, column.name):
            step = (1 if column.kind == "whole" else 0.01) * bound.is_strict
            lower, upper = (lower, bound.value - step) if bound.is_upper else (bound.value + step, upper)
        if column.kind == "whole":
            return self._rng.choice((int(lower), int(upper), self._rng.randint(int(lower), int(upper))))
        return round(self._rng.choice((lower, upper, self._rng.uniform(lower, upper))), 2)

    def _refer(self, entered: Entered, values: Row) -> None:
        reference = self._table.reference
        if reference is not None:
            target = self._rng.choice(self._known)
            for here, there in reference.columns:
                entered[here] = values[here] = target[there]

    def _be_born(self, entered: Entered, values: Row) -> None:
        for derived in self._table.columns.values():
            born, at = derived.derived_from, derived.derived_at
            if born is None or at is None or values[born] is None:
                continue
            ends = [int(bound.value) for bound in bounds_of(self._table, derived.name)] or [0, 90]
            day = values[at] or AS_OF
            birthday = day.replace(day=min(day.day, 28), year=day.year - self._rng.randint(*ends))
            entered[born] = values[born] = birthday


def _meaning(plan: Plan, column: Column, text: str) -> Any:
    """What a list's entry stands for, looked up as `deliveries.md` §3 says."""
    words = plan.vocabulary
    by_kind: dict[str, dict[str, Any]] = {
        "yes_no": words.yes_no,
        "municipality": words.municipalities,
        "language": words.languages,
        "languages": words.languages,
        "nationality": words.nationalities,
        "programme": {comparable(p.title): p.key for p in programmes().values()},
        "ags": {m.ags: m.ags for m in words.county.municipalities},
    }
    return (by_kind[column.kind] if column.kind in by_kind else words.category(column.category or ""))[comparable(text)]


def expected(table: Table, rows: list[Row]) -> list[Row]:
    """The rows as the warehouse gets them: pseudonyms, ages, a cross table's members."""
    checked = [
        {column.name: _stored(table, column, row) for column in table.checked if not column.stated} for row in rows
    ]
    if table.unpivot is None:
        return checked
    spec = table.unpivot
    crossed = {source for _, sources in spec.values.values() for source in sources}
    found = []
    for row in checked:
        common = {name: value for name, value in row.items() if name not in crossed}
        for member in range(len(crossed) // len(spec.values)):
            values = {name: row[sources[member]] for name, (_, sources) in spec.values.items()}
            if any(value is not None for value in values.values()):
                found.append({**common, spec.into: member + 1, **values})
    return found


def _stored(table: Table, column: Column, row: Row) -> Any:
    if column.derived_from and column.derived_at:
        born, day = row[column.derived_from], row[column.derived_at]
        if born is None or day is None:
            return None
        return age_group(age_years(born, day)) if column.kind == "category" else age_years(born, day)
    value = row[column.name]
    return pseudonym(KEY, value) if column.personal == "pseudonym" and value is not None else value


def got(result: Only, table: Table) -> list[Row]:
    """The rows that reading gave, without their source and what the delivery as a whole states."""
    gone = ["source_sheet", "source_row", *(column.name for column in table.columns.values() if column.stated)]
    rows: list[Row] = result.tables[table.name].rows.drop_columns(gone).to_pylist()
    return rows
