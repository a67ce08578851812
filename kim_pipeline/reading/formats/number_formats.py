"""Whether a number format shows a number as a day, an instant or a span of time ([ECMA-376-1] §18.8.30, §18.8.31).

Belongs here: number formats of .xlsx and .xls, and from a serial number to what it shows.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal

from kim_pipeline.reading.formats.cells import Cell

Shows = Literal["number", "instant", "span"]

_INSTANTS = frozenset({*range(14, 23), 45, 47})
_SPANS = frozenset({46})
_LITERAL = re.compile(r'"[^"]*"?|[\\_*].|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
"""Text in quotation marks, the sign behind `\\`, `_` or `*`, brackets that hold no span."""
_SPAN = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_INSTANT = re.compile(r"[dmyhs]|a/p", re.IGNORECASE)
_GENERAL = frozenset({"general", "standard"})

_DAY = dt.timedelta(days=1)
_EPOCHS = {False: dt.datetime(1899, 12, 30), True: dt.datetime(1904, 1, 1)}  # noqa: DTZ001  (sheets know no zones)
_LEAP_DAY = 60
"""Serial number of the 29th of February 1900, which Excel counts and the calendar does not."""


def shows(number: int, code: str | None) -> Shows:
    """What a number format shows.

    Args:
        number: its number; those below 50 are built in.
        code: its text; None for a built-in one.
    """
    if code is None:
        return "instant" if number in _INSTANTS else "span" if number in _SPANS else "number"
    first = _LITERAL.sub("", code).split(";")[0]
    if first.strip().casefold() in _GENERAL:
        return "number"
    if _SPAN.search(first):
        return "span"
    return "instant" if _INSTANT.search(first) else "number"


def shown(serial: float, what: Shows, *, epoch_1904: bool) -> Cell:
    """A serial number as the format shows it; what no calendar has stays a number."""
    if what == "number":
        return serial
    try:
        if what == "span":
            return dt.timedelta(milliseconds=round(serial * 86_400_000))
        return _instant(serial, epoch_1904)
    except (OverflowError, ValueError):
        return serial


def _instant(serial: float, epoch_1904: bool) -> Cell:
    if serial < 0:
        return serial
    days = serial + (not epoch_1904 and serial < _LEAP_DAY)
    instant = _EPOCHS[epoch_1904] + dt.timedelta(milliseconds=round(days * 86_400_000))
    if serial < 1:
        return instant.time()
    return instant.date() if serial.is_integer() else instant
