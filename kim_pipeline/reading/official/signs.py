"""One cell of an official table: a number, an official sign, or neither (`official.md` §4)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kim_pipeline.contracts.normalise import clean_key, is_blank
from kim_pipeline.contracts.published import FINAL, NOTHING, OFFICIAL_SIGNS, Sex
from kim_pipeline.reading.formats.cells import Cell

_NUMBER = re.compile(r"(?P<open>\()?(?P<digits>\d{1,15})(?P<close>\))?\s*(?P<sign>[eprs]|\(\))?", re.ASCII)


@dataclass(frozen=True)
class Official:
    """What a cell says.

    Attributes:
        value: the number; None where there is none.
        mark: the official sign; None for a plain number.
        is_valid: whether it says anything at all.
    """

    value: int | None
    mark: str | None
    is_valid: bool = True


_INVALID = Official(None, None, is_valid=False)


def official_value(cell: Cell, beside: str, *, is_population: bool, sex: Sex) -> Official:
    """What a cell and the sign beside it say.

    Args:
        cell: the cell of the value.
        beside: text of the cell that holds its sign; blank where there is none.
        is_population: whether it counts the whole population.
        sex: blank for the total: `-` for a whole population says that the area did not exist.
    """
    sign = _sign(beside)
    if sign is None:
        return _INVALID
    number, own = _read(cell)
    if number is None and own is None:
        own = sign if sign and not OFFICIAL_SIGNS[sign].has_number and _is_empty(cell) else None
        if own is None:
            return _INVALID
    mark = own or sign
    if number is not None:
        if mark and not OFFICIAL_SIGNS[mark].has_number:
            return _INVALID
        return Official(number, None if mark in ("", FINAL) else mark)
    if mark == NOTHING and not (is_population and not sex):
        return Official(0, NOTHING)
    return Official(None, mark)


def _sign(text: str) -> str | None:
    """A sign as `OFFICIAL_SIGNS` writes it; blank for none, None for what is no sign."""
    found = clean_key(text).replace("…", "...")
    return found if not found or found in OFFICIAL_SIGNS else None


def _is_empty(cell: Cell) -> bool:
    return isinstance(cell, str) and is_blank(cell)


def _read(cell: Cell) -> tuple[int | None, str | None]:
    """Number and sign of a cell; neither where it holds something else."""
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return (int(cell), "") if cell >= 0 and float(cell).is_integer() else (None, None)
    if not isinstance(cell, str):
        return None, None
    text = clean_key(cell)
    match = _NUMBER.fullmatch(text)
    if match and bool(match["open"]) == bool(match["close"]):
        return int(match["digits"]), "()" if match["open"] else match["sign"] or ""
    sign = _sign(text)
    if sign and not OFFICIAL_SIGNS[sign].has_number:
        return None, sign
    return None, None
