"""Results of queries in the terminal: a table, or where it would be too narrow to read, one row below the other.

Belongs here: layout. It imports nothing heavy, so that an answer comes at once.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from kim_pipeline import german
from kim_pipeline.sheets import plain_text

if TYPE_CHECKING:
    from kim_pipeline.analysts.query import Result

_GAP = 2
_LEAST = 80
_READABLE = 12
"""Letters of a column below which folded text cannot be read."""
_DIGITS = 6
"""Decimals that are shown; files have them all."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def show(result: Result, width: int | None = None) -> None:
    """Print a result; where output goes to a file, as wide as it is.

    Args:
        result: what to print.
        width: of the terminal, in characters; found out by default.
    """
    cells = [[_text(value) for value in row] for row in result.rows]
    widths = [max(map(_wide, column)) for column in zip(map(Text, result.columns), *cells, strict=True)]
    out = Console(width=width, highlight=False)
    if not out.is_terminal and width is None:
        out.width = max(sum(widths) + _GAP * len(widths), _LEAST)
    numeric = [are_numbers(column) for column in zip(*result.rows, strict=True)] or [False] * len(widths)
    least = [w if is_number else min(w, _READABLE) for w, is_number in zip(widths, numeric, strict=True)]
    is_readable = sum(least) + _GAP * (len(least) - 1) <= out.width
    with out.capture() as printed:
        out.print(_table(result.columns, cells, least, numeric) if is_readable else _records(result.columns, cells))
        out.print(Text(_count(result), style="dim"))
    sys.stdout.write("".join(line.rstrip() + "\n" for line in printed.get().splitlines()))


def _text(value: object) -> Text:
    if value is None:
        return Text("leer", style="dim italic")
    shown = round(value, _DIGITS) if isinstance(value, float) else value
    return Text(_CONTROL.sub("\ufffd", plain_text(shown)))


def _wide(text: Text) -> int:
    return max((cell_len(line) for line in text.plain.splitlines()), default=0)


def are_numbers(column: Sequence[object]) -> bool:
    """Whether a column holds numbers, and perhaps missing values."""
    known = [value for value in column if value is not None]
    return bool(known) and all(isinstance(v, (int, float, Decimal)) and not isinstance(v, bool) for v in known)


def _table(names: Sequence[str], cells: list[list[Text]], least: Sequence[int], numeric: Sequence[bool]) -> Table:
    table = Table(box=None, padding=(0, _GAP, 0, 0), header_style="bold", pad_edge=False)
    for name, width, is_number in zip(names, least, numeric, strict=True):
        justify = "right" if is_number else "left"
        table.add_column(Text(name), justify=justify, min_width=width, no_wrap=is_number, overflow="fold")  # type: ignore[arg-type]
    for row in cells:
        table.add_row(*row)
    return table


def _records(names: Sequence[str], cells: list[list[Text]]) -> Group:
    parts: list[RenderableType] = []
    for number, row in enumerate(cells, 1):
        parts.append(Text(f"Zeile {number}", style="bold"))
        grid = Table.grid(padding=(0, _GAP, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for name, cell in zip(names, row, strict=True):
            grid.add_row(Text(name), cell)
        parts.append(Padding(grid, (0, 0, 1, 2), expand=False))
    return Group(*parts)


def _count(result: Result) -> str:
    number = len(result.rows)
    told = german.counted(number, "Zeile", "Zeilen") if number else "Keine Zeilen"
    return told if result.is_complete else f"Die ersten {told}; es gibt weitere (--limit)"
