"""Tables in Markdown, for the UI."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from kim_pipeline import german


class Link(str):
    """Markdown that is meant as such and not escaped."""

    __slots__ = ()


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; bars and line breaks in cells are escaped."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Link):
        return value
    text = german.day(value) if isinstance(value, dt.date) else str(value)
    for character in "\\|`*_<>[]":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())
