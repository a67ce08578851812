"""The sheets of a template that are filled in: title, header, example, formats.

Belongs here: writing cells at the places of `template_layout`. Does not belong here: what is checked.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from kim_pipeline.contracts.choices import list_key
from kim_pipeline.contracts.example import example_of
from kim_pipeline.contracts.model import Column
from kim_pipeline.office.template import style
from kim_pipeline.office.template.layout import (
    COVER,
    EXPLANATION,
    HEADER_ROW,
    HINT_ROW,
    LEGEND_ROW,
    TITLE_ROW,
    Page,
    header_text,
)
from kim_pipeline.office.template.lists import Lists
from kim_pipeline.office.template.plan import Plan
from kim_pipeline.office.template.words import in_short, treatment_in_short
from kim_pipeline.reading.rows import EXAMPLE_MARK

_FORMATS = {"date": "dd.mm.yyyy", "number": "General", "whole": "#,##0"}
_EUROS = "#,##0.00"
_TEXT = "@"
_LEAST_WIDTH = {"date": 13, "number": 12, "whole": 12, "text": 22}
_HEADER_HEIGHT, _GROUP_HEIGHT, _EXAMPLE_HEIGHT, _TITLE_HEIGHT = 34, 20, 20, 28
_HINT_LINE = 12.5
_ONE_LINE_HEADER = 22


def write_page(book: Any, plan: Plan, page: Page) -> None:
    """Add one sheet to fill in."""
    sheet = book.create_sheet(page.name)
    title = " – ".join(dict.fromkeys((plan.programme.title, page.name)))
    style.put(sheet, f"A{TITLE_ROW}", title, style.TITLE)
    legend = (
        "Mit * bezeichnete Spalten sind Pflicht. Die graue Beispielzeile wird nicht gelesen. "
        f"Anleitung: Blatt „{COVER}“; alle Regeln: Blatt „{EXPLANATION}“."
    )
    style.put(sheet, f"A{LEGEND_ROW}", legend, style.HINT)
    sheet.row_dimensions[TITLE_ROW].height = _TITLE_HEIGHT
    example = _example_row(plan, page)
    _format_columns(sheet, page, plan.lists, example)
    _write_hints(sheet, plan, page)
    _write_header(sheet, page)
    _write_example(sheet, page, example)
    _set_up_view(sheet, page)
    style.set_up_print(sheet, repeat=f"{HEADER_ROW}:{page.header_end}")


def number_format(column: Column) -> str:
    """Number format of a column's cells; all text is text, so that leading zeros survive."""
    return _EUROS if column.is_money else _FORMATS.get(column.kind, _TEXT)


def _example_row(plan: Plan, page: Page) -> list[Any]:
    """Cells of the example, in the columns' order; the first marks the row."""
    values = example_of(page.table, plan.vocabulary, plan.period)
    return [EXAMPLE_MARK, *(values[column.name] for column in page.columns[1:])]


def _format_columns(sheet: Any, page: Page, lists: Lists, example: list[Any]) -> None:
    for column, shown in zip(page.columns, example, strict=True):
        key = list_key(column)
        texts = [*header_text(column).split(), str(shown), *(lists[key].values if key else ())]
        least = max(_LEAST_WIDTH.get(column.kind, 12), min(len(header_text(column)) + 3, _ONE_LINE_HEADER))
        dimension = sheet.column_dimensions[page.letter(column.name)]
        dimension.width = style.width_for(texts, least=least, most=32)
        look = style.aligned(style.CELL, column.kind)
        dimension.number_format, dimension.font, dimension.alignment = number_format(column), look.font, look.alignment


def _write_hints(sheet: Any, plan: Plan, page: Page) -> None:
    heights = []
    for column in page.columns:
        letter, personal = page.letter(column.name), treatment_in_short(column)
        text = in_short(plan, page.table, column) + (f"\nPerson: {personal}" if personal else "")
        style.put(sheet, f"{letter}{HINT_ROW}", text, style.PERSONAL_HINT if personal else style.COLUMN_HINT)
        heights.append(style.height_for(text, sheet.column_dimensions[letter].width, line=_HINT_LINE))
    sheet.row_dimensions[HINT_ROW].height = max(heights)


def _write_header(sheet: Any, page: Page) -> None:
    """One row, or two where columns have groups: groups merged over their columns, other names over both rows."""
    for column in page.columns:
        look = style.REQUIRED if column.required else style.HEADER
        letter = page.letter(column.name)
        for row in range(HEADER_ROW, page.header_end + 1):
            style.put(sheet, f"{letter}{row}", None, look)
        row = page.header_end if column.group else HEADER_ROW
        sheet[f"{letter}{row}"].value = header_text(column)
        if not column.group and row < page.header_end:
            sheet.merge_cells(f"{letter}{row}:{letter}{page.header_end}")
    if page.header_end > HEADER_ROW:
        sheet.row_dimensions[HEADER_ROW].height = _GROUP_HEIGHT
        _write_groups(sheet, page)
    sheet.row_dimensions[page.header_end].height = _HEADER_HEIGHT


def _write_groups(sheet: Any, page: Page) -> None:
    for group, members in groupby(page.columns, key=lambda column: column.group):
        letters = [page.letter(column.name) for column in members]
        if group:
            for letter in letters:
                style.put(sheet, f"{letter}{HEADER_ROW}", None, style.HEADER)
            sheet[f"{letters[0]}{HEADER_ROW}"].value = group[0]
            sheet.merge_cells(f"{letters[0]}{HEADER_ROW}:{letters[-1]}{HEADER_ROW}")


def _write_example(sheet: Any, page: Page, cells: list[Any]) -> None:
    for column, value in zip(page.columns, cells, strict=True):
        at = f"{page.letter(column.name)}{page.example_row}"
        look = style.aligned(style.EXAMPLE, "text" if value == EXAMPLE_MARK else column.kind)
        style.put(sheet, at, value, look, number_format(column))
    sheet.row_dimensions[page.example_row].height = _EXAMPLE_HEIGHT


def _set_up_view(sheet: Any, page: Page) -> None:
    sheet.freeze_panes = f"B{page.example_row}"
    sheet.auto_filter.ref = f"A{page.header_end}:{page.last_letter}{page.last_row}"
    for selection in sheet.sheet_view.selection:
        selection.activeCell = selection.sqref = f"A{page.first_row}"
