"""Rows whose cells stand one column too far left or right: `shifted_row` (`deliveries.md` §3).

Belongs here: telling from the kinds of neighbouring columns that a row has slipped, before its cells are judged.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kim_pipeline.contracts.model import Column
from kim_pipeline.contracts.normalise import clean_key
from kim_pipeline.reading.formats.cells import BoolCell, Cell, DoubtfulCell, ErrorCell, Mask, Sheet, raw_text, readings
from kim_pipeline.reading.header import Header
from kim_pipeline.reading.values import Context, Parsed, is_empty, parse_cell, parse_number

_LEAST = 2
_WRONG_KIND = frozenset({"invalid_date", "invalid_number", "invalid_value", "unknown_municipality"})
_LETTERS, _DIGITS = re.compile(r"[^\W\d_]+"), re.compile(r"\d+")
_LONGEST = 200


@dataclass(frozen=True)
class ParsedColumn:
    """A column's data cells, each distinct one parsed once.

    Attributes:
        column: the contract's column.
        position: 0-based column of the sheet.
        codes: per data row the index of its cell among the sheet's distinct ones.
        used: the indexes that occur, ascending.
        results: what each of them reads as.
    """

    column: Column
    position: int
    codes: npt.NDArray[np.int32]
    used: npt.NDArray[np.int64]
    results: list[Parsed]


def shifted_cells(
    parsed: dict[str, ParsedColumn], header: Header, sheet: Sheet, rows: npt.NDArray[np.int64], context: Context
) -> tuple[dict[int, int], Mask]:
    """Data rows that have slipped → the position of the first cell that shows it; and the rows that may have.

    A row may have slipped where one cell shows it, or where several are not of their column's kind.

    Args:
        parsed: the block's columns by name.
        header: the block's header.
        sheet: its sheet.
        rows: 0-based data rows.
        context: what parsing depends on.
    """
    kinds = {p.position: _Kind(p, sheet, context, minutes=header.matches[p.position].minutes) for p in parsed.values()}
    found: dict[int, int] = {}
    suspect = sum((kind.foreign().astype(np.int64) for kind in kinds.values()), np.zeros(len(rows), np.int64)) >= _LEAST
    for step in (-1, 1):
        count = np.zeros(len(rows), dtype=np.int64)
        first = np.full(len(rows), -1, dtype=np.int64)
        for position in sorted(kinds):
            neighbour = kinds.get(position + step)
            if neighbour is None:
                continue
            here = kinds[position].slipped_from(neighbour)
            if here is not None:
                first[here & (first < 0)] = position
                count += here
        suspect |= count > 0
        for i in (count >= _LEAST).nonzero()[0].tolist():
            found.setdefault(i, int(first[i]))
    return found, suspect


class _Kind:
    """What a column's cells are like."""

    def __init__(self, parsed: ParsedColumn, sheet: Sheet, context: Context, *, minutes: bool) -> None:
        self._parsed, self._context, self._minutes = parsed, context, minutes
        self._distinct = sheet.distinct[parsed.position]
        column = parsed.column
        self._has_shape = column.kind in ("text", "ags") and (column.key or column.personal == "pseudonym")
        self._shapes: dict[int, str] = {}
        self._shape = self._common_shape() if self._has_shape else None

    def _common_shape(self) -> str | None:
        """The shape that more than half of the filled cells have."""
        counts = np.bincount(self._parsed.codes, minlength=len(self._distinct))
        total: Counter[str] = Counter()
        for code in self._parsed.used.tolist():
            if not is_empty(self._distinct[code], self._context):
                self._shapes[code] = shape_of(self._distinct[code])
                total[self._shapes[code]] += int(counts[code])
        if not total:
            return None
        shape, most = total.most_common(1)[0]
        return shape if 2 * most > total.total() else None

    @property
    def _is_judged(self) -> bool:
        column = self._parsed.column
        return self._shape is not None or column.is_number or column.kind in _KINDS

    def foreign(self) -> Mask:
        """Per row whether the cell is not of this column's kind."""
        return (
            np.isin(self._parsed.codes, self._foreign()) if self._is_judged else np.zeros(len(self._parsed.codes), bool)
        )

    def slipped_from(self, neighbour: _Kind) -> Mask | None:
        """Per row whether the cell is not of this column's kind but of the neighbour's; None where none is."""
        if not self._is_judged or not neighbour._is_judged:
            return None
        codes = [code for code in self._foreign() if neighbour._accepts(self._distinct[code])]
        return np.isin(self._parsed.codes, codes) if codes else None

    def _foreign(self) -> list[int]:
        """Distinct cells that are not of this column's kind."""
        if self._shape is not None:
            return [code for code, shape in self._shapes.items() if shape != self._shape]
        pairs = zip(self._parsed.used.tolist(), self._parsed.results, strict=True)
        wrong = [code for code, result in pairs if result.rule in _WRONG_KIND]
        return [code for code in wrong if not self._is_any_number(self._distinct[code])]

    def _is_any_number(self, cell: Cell) -> bool:
        """Whether a cell is a number where a whole one is expected: a fault of its own and no shift."""
        return self._parsed.column.is_number and parse_number(cell, self._context).rule is None

    def _accepts(self, cell: Cell) -> bool:
        if isinstance(cell, DoubtfulCell):
            return any(self._accepts(reading) for reading in readings(cell))
        if isinstance(cell, ErrorCell) or is_empty(cell, self._context):
            return False
        if self._shape is not None:
            return shape_of(cell) == self._shape
        result = parse_cell(cell, self._parsed.column, self._context, minutes=self._minutes)
        return result.rule is None or self._is_any_number(cell)


_KINDS = frozenset({"date", "category", "municipality", "yes_no"})


def shape_of(cell: Cell) -> str:
    """The pattern of runs of letters, runs of digits, and signs: `KF-0001` is `A-9`."""
    if isinstance(cell, BoolCell):
        return "A"
    text = clean_key(raw_text(cell))[:_LONGEST]
    return _DIGITS.sub("9", _LETTERS.sub("A", text))
