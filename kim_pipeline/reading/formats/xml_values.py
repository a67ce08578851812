"""Values as XML writes them: numbers, days and instants; shared by the project's readers of .xlsx and .ods."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

from kim_pipeline.reading.formats.cells import Cell

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
"""What `float` may read: no words, no underscores, no blanks."""


def iso_value(text: str) -> Cell:
    """A day, an instant or a time of day from its ISO 8601 form; with a zone, or without sense, it stays a text."""
    parse: Callable[[str], dt.date | dt.time] = dt.date.fromisoformat
    if "T" in text:
        parse = dt.datetime.fromisoformat
    elif ":" in text:
        parse = dt.time.fromisoformat
    try:
        found = parse(text)
    except ValueError:
        return text
    return text if getattr(found, "tzinfo", None) else found
