"""Two readings of one workbook, held against each other cell by cell.

Belongs here: who is right where two readers differ. The first reading is authoritative where both agree; a known
difference is settled by a rule of this module, each with its reason; any other makes the cell a `DoubtfulCell`, which
is an `error_cell` in whichever column it stands (`deliveries.md` §3).
Columns are compared by their pairs of distinct values, so that a million cells cost little more than their values.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt
import pandas as pd

from kim_pipeline.reading.formats.cells import BLANK, Cell, Codes, DoubtfulCell, ErrorCell, Sheet

OWN_READER = "XML"
"""Name of the project's own pass over the XML, as a reader."""
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_TICK = dt.timedelta(milliseconds=1)
_SOME_DAY = dt.date(2000, 1, 1)


class Peculiarity(Enum):
    """What is peculiar about how a file holds a cell; calamine reads it otherwise, and wrongly."""

    TEXT_IN_V = "an inline string in `<v>`: calamine reads `<is>` only"
    ORDER = "the value is not the last child of its cell: calamine takes what the last one says"
    WORD = "a truth value as a word: calamine takes all but `0` for true"
    LONG_SPAN = "a span of time that calamine leaves as its text: a day and more, or written in short"
    UNTYPED = "a text whose cell states no type: calamine takes the cell for blank"
    DRAWING = "a drawing within the cell: calamine takes the texts in it for the cell's"


@dataclass(frozen=True, slots=True)
class Noted:
    """A cell of the second reading whose spelling is peculiar."""

    cell: Cell
    how: Peculiarity


@dataclass(frozen=True)
class Difference:
    """A known difference of two readings.

    Attributes:
        why: what makes them differ.
        applies: whether a first and a second reading differ in this way.
        second_is_right: whose reading is taken.
    """

    why: str
    applies: Callable[[Cell, Cell], bool]
    second_is_right: bool


def unescaped(text: str) -> str:
    """A text without the escapes of characters that XML cannot hold: `_x000D_` ([ECMA-376-1] §22.9.2.19)."""
    if "_x" not in text:
        return text
    units = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return units.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _are_no_numbers(first: Cell, second: Cell) -> bool:
    return isinstance(first, float) and isinstance(second, float) and math.isnan(first) and math.isnan(second)


def _has_two_bytes_a_sign(first: Cell, second: Cell) -> bool:
    return isinstance(first, str) and isinstance(second, str) and second.replace("\0", "") == first


def _is_noted(first: Cell, second: Cell) -> bool:
    return isinstance(second, Noted)


def _is_error_as_blank(first: Cell, second: Cell) -> bool:
    return first == BLANK and isinstance(second, ErrorCell)


def _is_blank_as_error(first: Cell, second: Cell) -> bool:
    return isinstance(first, ErrorCell) and second == BLANK


def _is_shown_error(first: Cell, second: Cell) -> bool:
    return isinstance(second, ErrorCell)


def _differ_in_white_space(first: Cell, second: Cell) -> bool:
    return isinstance(first, str) and isinstance(second, str) and _dense(first) == _dense(second)


def _dense(text: str) -> str:
    return "".join(unescaped(text).split())


def _differ_by_rounding(first: Cell, second: Cell) -> bool:
    if type(first) is not type(second):
        return False
    match first:
        case dt.datetime() | dt.timedelta():
            return bool(abs(first - second) <= _TICK)
        case dt.time():
            return abs(dt.datetime.combine(_SOME_DAY, first) - dt.datetime.combine(_SOME_DAY, second)) <= _TICK
    return False


_FIRST, _SECOND = False, True
_ROUNDING = Difference("an instant is rounded to thousandths of a second", _differ_by_rounding, _FIRST)
_PECULIAR = Difference("see `Peculiarity`", _is_noted, _SECOND)

XLSX_RULES = (
    Difference("calamine gives error cells and formulas without a result as blanks", _is_error_as_blank, _SECOND),
    Difference("calamine cuts white space off runs and leaves some escapes", _differ_in_white_space, _SECOND),
    _PECULIAR,
    _ROUNDING,
)
"""First calamine, second the project's own pass over the XML."""

ODS_RULES = (
    Difference("calamine looks at values only: the text that is shown tells an error", _is_shown_error, _SECOND),
    Difference("calamine drops line breaks and tabs within a line of text", _differ_in_white_space, _SECOND),
    _PECULIAR,
    _ROUNDING,
)
"""First calamine, second the project's own pass over the XML."""

XLS_RULES = (
    Difference("calamine gives error cells and formulas without a result as blanks", _is_blank_as_error, _FIRST),
    Difference("calamine takes each byte of an old file's UTF-16 text for a sign", _has_two_bytes_a_sign, _FIRST),
    Difference("neither is a number", _are_no_numbers, _FIRST),
    _ROUNDING,
)
"""First xlrd, second calamine."""


@dataclass
class Reading:
    """What one reader makes of a workbook.

    Attributes:
        reader: its name.
        sheets: sheet's name → sheet, in the workbook's order; None for a sheet that it refuses.
        is_usual: whether the parts of the file lie where every reader looks for them.
        beyond: sheets with a cell so far away that a reader which makes room for all cells before it must not try.
    """

    reader: str
    sheets: dict[str, Sheet | None] = field(default_factory=dict)
    is_usual: bool = True
    beyond: frozenset[str] = frozenset()


def witnessed(first: Reading, second: Reading, rules: Sequence[Difference]) -> list[Sheet] | None:
    """The sheets of both readings; a sheet that one reader refuses is taken from the other, and says so.

    Args:
        first: the reading that is authoritative where both agree.
        second: the witness.
        rules: how known differences are settled.

    Returns:
        None where there is a sheet that neither can read, or none at all.
    """
    found: list[Sheet] = []
    for name in dict.fromkeys([*first.sheets, *second.sheets]):
        one, other = first.sheets.get(name), second.sheets.get(name)
        if one is not None and other is not None:
            compare(one, other, rules)
            one.merges = list(dict.fromkeys([*one.merges, *other.merges]))
            one.epoch_1904 |= other.epoch_1904
            found.append(one)
        elif one is not None:
            found.append(_alone(first.reader, one))
        elif other is not None:
            found.append(_alone(second.reader, other))
        else:
            return None
    return found or None


def _alone(reader: str, sheet: Sheet) -> Sheet:
    """A sheet that one reader has read; where it holds nothing (a chart) there is nothing to witness."""
    sheet.lone_reader = reader if sheet.height else None
    sheet.distinct = [[_plain(cell) for cell in column] for column in sheet.distinct]
    return sheet


def compare(first: Sheet, second: Sheet, rules: Sequence[Difference]) -> None:
    """Hold a sheet against its second reading; cells that differ are settled in place."""
    first.grow(second.height, second.width)
    for column in range(first.width):
        _compare_column(first, second, column, rules)


def _compare_column(first: Sheet, second: Sheet, column: int, rules: Sequence[Difference]) -> None:
    ours, theirs = first.distinct[column], second.distinct[column] if column < second.width else [BLANK]
    codes, other_codes = first.codes[column], _codes(second, column, first.height)
    if ours == theirs and np.array_equal(codes, other_codes):
        return
    keys = codes.astype(np.int64) * len(theirs) + other_codes
    pairs = pd.unique(keys)
    left = [ours[code] for code in (pairs // len(theirs)).tolist()]
    right = [theirs[code] for code in (pairs % len(theirs)).tolist()]
    if left == right:
        return
    settled = [_settle(one, other, rules) for one, other in zip(left, right, strict=True)]
    changed = [i for i, cell in enumerate(settled) if cell is not left[i]]
    if changed:
        numbers = np.arange(len(ours), len(ours) + len(changed), dtype=np.int32)
        ours += [settled[i] for i in changed]
        _replace(codes, keys, pairs[changed], numbers)


def _codes(sheet: Sheet, column: int, height: int) -> Codes:
    """A column's codes, with blanks to the full height."""
    found = np.zeros(height, dtype=np.int32)
    if column < sheet.width:
        found[: sheet.height] = sheet.codes[column]
    return found


def _replace(codes: Codes, keys: npt.NDArray[np.int64], old: npt.NDArray[np.int64], new: Codes) -> None:
    """Set `codes` to `new[i]` wherever `keys` is `old[i]`."""
    order = np.argsort(old)
    at = np.searchsorted(old[order], keys).clip(max=len(old) - 1)
    hit = old[order][at] == keys
    codes[hit] = new[order][at[hit]]


def _settle(first: Cell, second: Cell, rules: Sequence[Difference]) -> Cell:
    """The cell that counts; a `DoubtfulCell` where no rule tells."""
    plain = _plain(second)
    if type(first) is type(plain) and first == plain:
        return first
    for rule in rules:
        if rule.applies(first, second):
            return plain if rule.second_is_right else first
    return first if first == plain else DoubtfulCell(first, plain)


def _plain(cell: Cell) -> Cell:
    return cell.cell if isinstance(cell, Noted) else cell
