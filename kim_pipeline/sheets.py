"""Rows on worksheets: real dates and numbers, no text that becomes a formula, heads that stay, A4 to print.

Belongs here: how a table looks in Excel, for results of queries and for the report's tables alike. What is in it is
given.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import math
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_LONGEST = 32_767
"""Letters that a cell holds."""
_EXACT_BELOW = 10**15
"""Larger whole numbers lose digits in a worksheet; they are written as text."""
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_FORMULA = ("=", "+", "-", "@")
_DAY, _INSTANT = "dd.mm.yyyy", "dd.mm.yyyy hh:mm"
_PER_CENT = "0.0%"
_TRUTH = '"WAHR";"WAHR";"FALSCH"'
"""For spreadsheets that show a truth value as a number."""
_WIDEST, _NARROWEST, _BUTTON = 60, 8, 4
_LINE, _TALLEST = 15.0, 400.0
"""Heights of a line and of the tallest row, in points."""
_HEADER: dict[str, Any] = {
    "bold": True, "bg_color": "#DCE6F0", "bottom": 1, "bottom_color": "#1F4E79", "valign": "vcenter", "align": "left",
    "indent": 1,
}  # fmt: skip
TOP: dict[str, Any] = {"valign": "top"}
_TEXT: dict[str, Any] = {"valign": "top", "align": "left", "indent": 1}
WRAPPED: dict[str, Any] = {**_TEXT, "text_wrap": True}
_A4 = 9


@dataclass(frozen=True)
class Worksheet:
    """A worksheet.

    Attributes:
        name: of the sheet, at most 31 letters.
        columns: their heads.
        rows: values.
        caption: stands in A1, above the heads; none where empty.
        notes: stand below the rows.
    """

    name: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    caption: str = ""
    notes: tuple[str, ...] = ()


class Percentage(float):
    """A share between 0 and 1 that is shown in per cent."""


def workbook_of(
    sheets: Iterable[Worksheet], made_at: dt.datetime | None = None, more: Callable[[Any, Looks], None] | None = None
) -> bytes:
    """A workbook.

    Args:
        sheets: in order.
        made_at: the only time in the file; by default when it is written.
        more: writes further sheets of the workbook given to it.
    """
    target = io.BytesIO()
    import xlsxwriter  # noqa: PLC0415 - slow to import, and results are shown without it

    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        if made_at is not None:
            book.set_properties({"created": made_at.replace(tzinfo=None)})
        looks = Looks(book)
        for sheet in sheets:
            _write_sheet(book.add_worksheet(sheet.name), sheet, looks)
        if more is not None:
            more(book, looks)
    return target.getvalue()


class Looks:
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


def _write_sheet(place: Any, sheet: Worksheet, looks: Looks) -> None:
    top = 1 if sheet.caption else 0
    if sheet.caption:
        write_cell(place, (0, 0), sheet.caption, looks, {**TOP, "bold": True})
    for number, name in enumerate(sheet.columns):
        place.set_column(number, number, _width(name, (row[number] for row in sheet.rows)))
        write_cell(place, (top, number), name, looks, _HEADER)
    for number, row in enumerate(sheet.rows, top + 1):
        lines = [wrapped_lines(value, _WIDEST) for value in row]
        set_height(place, number, max(lines))
        for column, value in enumerate(row):
            look = _TEXT if isinstance(value, str) else TOP
            write_cell(place, (number, column), value, looks, WRAPPED if lines[column] > 1 else look)
    for number, note in enumerate(sheet.notes, top + 2 + len(sheet.rows)):
        write_cell(place, (number, 0), note, looks, TOP)
    place.freeze_panes(top + 1, 0)
    place.autofilter(top, 0, top + len(sheet.rows), len(sheet.columns) - 1)
    place.repeat_rows(0, top)
    set_up_paper(place)


def wrapped_lines(value: object, width: int) -> int:
    """Lines that a value takes in a column of so many characters."""
    parts = plain_text(value).split("\n") if isinstance(value, str) else [""]
    return sum(len(textwrap.wrap(part, width)) or 1 for part in parts)


def set_height(sheet: Any, row: int, lines: int) -> None:
    """Make room for wrapped text, which not every spreadsheet does by itself."""
    if lines > 1:
        sheet.set_row(row, min(lines * _LINE, _TALLEST))


def set_up_paper(sheet: Any) -> None:
    """A4 across, as wide as one page, the page's number below."""
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&R&A, Seite &P von &N")


def write_cell(sheet: Any, place: tuple[int, int], value: object, looks: Looks, look: Mapping[str, Any]) -> None:
    """Write a value of any kind; what looks like a formula stays text, also when the cell is edited."""
    if isinstance(value, dt.datetime):
        sheet.write_datetime(*place, value.replace(tzinfo=None), looks.of(look, {"num_format": _INSTANT}))
    elif isinstance(value, dt.date):
        sheet.write_datetime(*place, value, looks.of(look, {"num_format": _DAY}))
    elif isinstance(value, Percentage):
        sheet.write_number(*place, float(value), looks.of(look, {"num_format": _PER_CENT}))
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


def plain_text(value: object) -> str:
    """A value as text: decimal points, ISO dates, true and false, bytes in hexadecimal, what is nested as JSON."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(json_value(value), ensure_ascii=False)
    return value.hex() if isinstance(value, bytes) else str(value)


def json_value(value: object) -> object:
    """A value as JSON has it: dates as ISO text, what is no finite number as null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {plain_text(key): json_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_value(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, str)) else plain_text(value)
