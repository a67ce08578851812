"""How templates look: colours, fonts, widths, print set-up.

Belongs here: appearance only. Colour repeats what a sign or a word says, and every text has a contrast of at least 4.5.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

_FONT = "Calibri"
_INK, _MUTED, _WHITE, _PLUM = "1F2933", "52606D", "FFFFFF", "7A1F5C"
_NAVY, _PALE, _SAND, _GREY, _LINE = "1F4E79", "DCE6F0", "FFF8E1", "F2F4F6", "B8C4CE"
MISSING, DUPLICATE = "F8CBCB", "FBD9A6"
"""Fills of cells that a rule marks while the sheet is filled in."""

_MARGIN = 0.5
_A4 = 9
_LINE_POINTS = 15.0
_LETTERS = 1.15
"""Letters of running text per unit of a column's width, which is a digit's."""
_BOX = Border(*[Side(style="thin", color=_LINE)] * 4)


def filled(colour: str) -> PatternFill:
    """A solid fill."""
    return PatternFill("solid", start_color=colour, end_color=colour)


@dataclass(frozen=True)
class Style:
    """The look of a cell."""

    font: Font
    fill: PatternFill = field(default_factory=PatternFill)
    alignment: Alignment = field(default_factory=lambda: Alignment(vertical="top", wrap_text=True))
    border: Border = field(default_factory=Border)
    number_format: str = "General"


_CENTRED = Alignment(horizontal="center", vertical="center", wrap_text=True)
_ONE_LINE = Alignment(vertical="center")
_LEFT = Alignment(horizontal="left", vertical="center", indent=1)
_RIGHT = Alignment(horizontal="right", vertical="center", indent=1)
_CENTRE = Alignment(horizontal="center", vertical="center")
_ABOVE = Alignment(horizontal="center", vertical="bottom", wrap_text=True)

TITLE = Style(Font(_FONT, 18, bold=True, color=_NAVY), alignment=_ONE_LINE)
SUBTITLE = Style(Font(_FONT, 11, color=_MUTED), alignment=_ONE_LINE)
HEADING = Style(Font(_FONT, 13, bold=True, color=_NAVY), alignment=_ONE_LINE)
TEXT = Style(Font(_FONT, 11, color=_INK), number_format="@")
BOXED_TEXT = replace(TEXT, border=_BOX)
STRONG = Style(Font(_FONT, 12, bold=True, color=_INK), alignment=_ONE_LINE)
HINT = Style(Font(_FONT, 10, color=_MUTED), alignment=_ONE_LINE)
INDENTED_HINT = replace(HINT, alignment=_LEFT)
COLUMN_HINT = Style(Font(_FONT, 9, color=_MUTED), alignment=_ABOVE)
PERSONAL_HINT = Style(Font(_FONT, 9, bold=True, color=_PLUM), alignment=_ABOVE)
HEADER = Style(Font(_FONT, 11, bold=True, color=_INK), filled(_PALE), _CENTRED, _BOX)
REQUIRED = Style(Font(_FONT, 11, bold=True, color=_WHITE), filled(_NAVY), _CENTRED, _BOX)
EXAMPLE = Style(Font(_FONT, 11, italic=True, color=_MUTED), filled(_GREY), _ONE_LINE, _BOX)
INPUT = Style(Font(_FONT, 12, bold=True, color=_INK), filled(_SAND), _LEFT, _BOX, "@")
CELL = Style(Font(_FONT, 11, color=_INK), alignment=_ONE_LINE)
INDENTED = replace(CELL, alignment=_LEFT)

_ALIGNMENTS = {"date": _CENTRE, "number": _RIGHT, "whole": _RIGHT}


def aligned(look: Style, kind: str) -> Style:
    """The look for cells of a column of this kind: days in the middle, numbers to the right, all else to the left."""
    return replace(look, alignment=_ALIGNMENTS.get(kind, _LEFT))


def put(sheet: Any, at: str, value: Any, look: Style, number_format: str | None = None) -> None:
    """Write one cell with its look."""
    cell = sheet[at]
    cell.value = value
    cell.font, cell.fill, cell.border, cell.alignment = look.font, look.fill, look.border, look.alignment
    cell.number_format = number_format or look.number_format


def width_for(texts: Iterable[str], *, least: float = 10, most: float = 42) -> float:
    """Width of a column, in characters, so that its longest text fits."""
    return min(most, max(least, *(len(text) + 3 for text in texts)))


def height_for(text: str, width: float, *, line: float = _LINE_POINTS) -> float:
    """Height of a row, in points, so that a wrapped text fits; spreadsheets do not find it out by themselves."""
    letters = max(1, math.floor(width * _LETTERS))
    lines = sum(len(textwrap.wrap(part, letters) or [""]) for part in text.split("\n"))
    return line * lines + 3


def set_up_print(sheet: Any, *, repeat: str | None = None, landscape: bool = True) -> None:
    """A4, as wide as one page, the header on each page, page numbers."""
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.paperSize = _A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_margins.left = sheet.page_margins.right = sheet.page_margins.top = _MARGIN
    sheet.oddFooter.left.text, sheet.oddFooter.right.text = "&F – &A", "Seite &P von &N"
    if repeat:
        sheet.print_title_rows = repeat
