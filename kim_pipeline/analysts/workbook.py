"""Results of queries as workbooks.

Belongs here: how rows look in Excel, with real dates and numbers, no text that becomes a formula, and a second sheet
that says where the rows come from.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import textwrap
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import xlsxwriter

from kim_pipeline import german
from kim_pipeline.analysts.query import Result
from kim_pipeline.analysts.result_files import plain_text
from kim_pipeline.errors import KimError

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
_HEADER: dict[str, Any] = {
    "bold": True, "bg_color": "#DCE6F0", "bottom": 1, "bottom_color": "#1F4E79", "valign": "vcenter", "align": "left",
    "indent": 1,
}  # fmt: skip
_TOP: dict[str, Any] = {"valign": "top"}
_TEXT: dict[str, Any] = {"valign": "top", "align": "left", "indent": 1}
_WRAPPED: dict[str, Any] = {**_TEXT, "text_wrap": True}
_A4 = 9
_EMPTY = "keine Angabe, nicht gemeldet, oder der Wert bleibt geheim (Spalte status); nie als 0 zu lesen"


class TooManyRowsError(KimError):
    """A result does not fit on a worksheet; the message is German."""


def as_workbook(result: Result) -> bytes:
    """A workbook with the sheets `Ergebnis` and `Herkunft`.

    Raises:
        TooManyRowsError: there are more rows than a worksheet holds.
    """
    if len(result.rows) > _MOST_ROWS:
        raise TooManyRowsError(
            f"Das Ergebnis hat {german.counted(len(result.rows), 'Zeile', 'Zeilen')}, ein Tabellenblatt fasst "
            f"{german.number(_MOST_ROWS)}. "
            "Bitte mit --limit begrenzen oder --format csv wählen."
        )
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        looks = _Looks(book)
        _write_rows(book.add_worksheet("Ergebnis"), result, looks)
        _write_origin(book.add_worksheet("Herkunft"), result, looks)
    return target.getvalue()


class _Looks:
    """The formats of a workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Any] = {}

    def of(self, *parts: Mapping[str, Any]) -> Any:
        """The format that has all these properties."""
        wanted = {name: value for part in parts for name, value in part.items()}
        key = tuple(sorted(wanted.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(wanted)
        return self._made[key]


def _write_rows(sheet: Any, result: Result, looks: _Looks) -> None:
    for number, name in enumerate(result.columns):
        sheet.set_column(number, number, _width(name, (row[number] for row in result.rows)))
        _write(sheet, (0, number), name, looks, _HEADER)
    for number, row in enumerate(result.rows, 1):
        lines = [_lines(value, _WIDEST) for value in row]
        _set_height(sheet, number, max(lines))
        for column, value in enumerate(row):
            look = _TEXT if isinstance(value, str) else _TOP
            _write(sheet, (number, column), value, looks, _WRAPPED if lines[column] > 1 else look)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(result.rows), len(result.columns) - 1)
    sheet.repeat_rows(0)
    _set_up_print(sheet)


def _write_origin(sheet: Any, result: Result, looks: _Looks) -> None:
    told: dict[str, object] = {**result.origin, "Zeilen": len(result.rows), "Leere Zellen": _EMPTY}
    if not result.is_complete:
        told["Unvollständig"] = "Das Ergebnis hat weitere Zeilen (--limit)."
    for number, (label, value) in enumerate(told.items()):
        _set_height(sheet, number, _lines(value, _WIDEST_TEXT))
        _write(sheet, (number, 0), label, looks, {**_TOP, "bold": True})
        _write(sheet, (number, 1), value, looks, _WRAPPED)
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, _WIDEST_TEXT)
    _set_up_print(sheet)


def _lines(value: object, width: int) -> int:
    """Lines that a value takes in a column of so many characters."""
    parts = plain_text(value).split("\n") if isinstance(value, str) else [""]
    return sum(len(textwrap.wrap(part, width)) or 1 for part in parts)


def _set_height(sheet: Any, row: int, lines: int) -> None:
    """Make room for wrapped text, which not every spreadsheet does by itself."""
    if lines > 1:
        sheet.set_row(row, min(lines * _LINE, _TALLEST))


def _set_up_print(sheet: Any) -> None:
    """A4 across, as wide as one page, the page's number below."""
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&R&A, Seite &P von &N")


def _write(sheet: Any, place: tuple[int, int], value: object, looks: _Looks, look: Mapping[str, Any]) -> None:
    """Write a value of any kind; what looks like a formula stays text, also when the cell is edited."""
    if isinstance(value, dt.datetime):
        sheet.write_datetime(*place, value.replace(tzinfo=None), looks.of(look, {"num_format": _INSTANT}))
    elif isinstance(value, dt.date):
        sheet.write_datetime(*place, value, looks.of(look, {"num_format": _DAY}))
    elif isinstance(value, bool):
        sheet.write_boolean(*place, value, looks.of(look, {"num_format": _TRUTH}))
    elif isinstance(value, (int, float, Decimal)) and -_EXACT_BELOW < value < _EXACT_BELOW:
        sheet.write_number(*place, value, looks.of(look))
    elif value is not None and value != "":  # an empty text shows as nothing, like a missing value
        text = _ILLEGAL.sub("\ufffd", plain_text(value))[:_LONGEST]
        is_formula = text.startswith(_FORMULA)
        sheet.write_string(*place, text, looks.of(look, {"quote_prefix": True} if is_formula else {}))


def _width(name: str, values: Iterable[object]) -> float:
    """Width of a column in characters; the header leaves room for its filter button."""
    longest = max((len(plain_text(v)) for v in values if v is not None), default=0)
    return min(_WIDEST, max(_NARROWEST, len(name) + _BUTTON, longest + 2))
