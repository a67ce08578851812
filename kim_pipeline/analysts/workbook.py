"""Results of queries as workbooks.

Belongs here: how rows look in Excel, with real dates and numbers, no text that becomes a formula, and a second sheet
that says where the rows come from.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import textwrap
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from kim_pipeline import german
from kim_pipeline.analysts.query import Result
from kim_pipeline.analysts.result_files import plain_text

_MOST_ROWS = 2**20 - 1
"""Of a worksheet, its header aside."""
_LONGEST = 32_767
"""Letters that a cell holds."""
_EXACT_BELOW = 10**15
"""Larger whole numbers lose digits in a worksheet; they are written as text."""
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_FORMULA = ("=", "+", "-", "@")
_DAY, _INSTANT = "dd.mm.yyyy", "dd.mm.yyyy hh:mm"
_TRUTH = '"WAHR";"WAHR";"FALSCH"'
"""For spreadsheets that show a truth value as a number."""
_WIDEST, _WIDEST_TEXT, _NARROWEST, _BUTTON = 60, 100, 8, 4
_LINE, _TALLEST = 15.0, 400.0
"""Heights of a line and of the tallest row, in points."""
_BOLD = Font("Calibri", 11, bold=True)
_HEADER = {
    "font": _BOLD,
    "fill": PatternFill("solid", start_color="DCE6F0"),
    "border": Border(bottom=Side(style="thin", color="1F4E79")),
    "alignment": Alignment(vertical="center", horizontal="left", indent=1),
}
_TOP = Alignment(vertical="top")
_TEXT = Alignment(vertical="top", horizontal="left", indent=1)
_WRAPPED = Alignment(vertical="top", horizontal="left", indent=1, wrap_text=True)
_EMPTY = "keine Angabe, oder der Wert bleibt geheim; nie als 0 zu lesen"


class TooManyRowsError(Exception):
    """A result does not fit on a worksheet; the message is German."""


def as_workbook(result: Result) -> bytes:
    """A workbook with the sheets `Ergebnis` and `Herkunft`.

    Raises:
        TooManyRowsError: there are more rows than a worksheet holds.
    """
    if len(result.rows) > _MOST_ROWS:
        raise TooManyRowsError(
            f"Das Ergebnis hat {german.number(len(result.rows))} Zeilen, ein Tabellenblatt fasst "
            f"{german.number(_MOST_ROWS)}. "
            "Bitte mit --limit begrenzen oder --format csv wählen."
        )
    book = Workbook()
    _write_rows(book.worksheets[0], result)
    _write_origin(book.create_sheet("Herkunft"), result)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _write_rows(sheet: Any, result: Result) -> None:
    sheet.title = "Ergebnis"
    for number, name in enumerate(result.columns, 1):
        _fill(sheet.cell(1, number), name, **_HEADER)
        width = _width(name, (row[number - 1] for row in result.rows))
        sheet.column_dimensions[get_column_letter(number)].width = width
    for number, row in enumerate(result.rows, 2):
        lines = [_lines(value, _WIDEST) for value in row]
        for column, value in enumerate(row, 1):
            is_wrapped, look = lines[column - 1] > 1, _TEXT if isinstance(value, str) else _TOP
            _fill(sheet.cell(number, column), value, alignment=_WRAPPED if is_wrapped else look)
        _set_height(sheet, number, max(lines))
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    sheet.print_title_rows = "1:1"
    _set_up_print(sheet)


def _write_origin(sheet: Any, result: Result) -> None:
    told: dict[str, object] = {**result.origin, "Zeilen": len(result.rows), "Leere Zellen": _EMPTY}
    if not result.is_complete:
        told["Unvollständig"] = "Das Ergebnis hat weitere Zeilen (--limit)."
    for number, (label, value) in enumerate(told.items(), 1):
        _fill(sheet.cell(number, 1), label, font=_BOLD, alignment=_TOP)
        _fill(sheet.cell(number, 2), value, alignment=_WRAPPED)
        _set_height(sheet, number, _lines(value, _WIDEST_TEXT))
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 16, _WIDEST_TEXT
    _set_up_print(sheet)


def _lines(value: object, width: int) -> int:
    """Lines that a value takes in a column of so many characters."""
    parts = plain_text(value).split("\n") if isinstance(value, str) else [""]
    return sum(len(textwrap.wrap(part, width)) or 1 for part in parts)


def _set_height(sheet: Any, row: int, lines: int) -> None:
    """Make room for wrapped text, which not every spreadsheet does by itself."""
    if lines > 1:
        sheet.row_dimensions[row].height = min(lines * _LINE, _TALLEST)


def _set_up_print(sheet: Any) -> None:
    """A4 across, as wide as one page, the page's number below."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = "landscape", 9, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddFooter.right.text = "&A, Seite &P von &N"


def _fill(cell: Any, value: object, **look: Any) -> None:
    """Write a value of any kind; what looks like a formula stays text, also when the cell is edited."""
    if isinstance(value, dt.datetime):
        cell.value, cell.number_format = value.replace(tzinfo=None), _INSTANT
    elif isinstance(value, dt.date):
        cell.value, cell.number_format = value, _DAY
    elif isinstance(value, bool):
        cell.value, cell.number_format = value, _TRUTH
    elif isinstance(value, (int, float, Decimal)) and -_EXACT_BELOW < value < _EXACT_BELOW:
        cell.value = value
    elif value is not None:
        text = _ILLEGAL.sub("\ufffd", plain_text(value))[:_LONGEST]
        cell.value, cell.data_type = text, "s"
        cell.quotePrefix = text.startswith(_FORMULA)
    for name, style in look.items():
        setattr(cell, name, style)


def _width(name: str, values: Iterable[object]) -> float:
    """Width of a column in characters; the header leaves room for its filter button."""
    longest = max((len(plain_text(v)) for v in values if v is not None), default=0)
    return min(_WIDEST, max(_NARROWEST, len(name) + _BUTTON, longest + 2))
