"""Records of an .xls ([MS-XLS]): what its readers do not tell.

Belongs here: walking over records. xlrd gives a formula whose result is an empty text and one that was never calculated
alike; a workbook that Excel or LibreOffice has calculated carries a RECALCID record, one that was never calculated does
not. calamine gives error cells as blanks.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import xlrd.compdoc
from xlrd.biffh import error_text_from_code

_RECALCID, _EOF, _BOUNDSHEET, _BOOLERR = 0x01C1, 0x000A, 0x0085, 0x0205
_BOF = frozenset({0x0009, 0x0209, 0x0409, 0x0809})
_FORMULA = frozenset({0x0006, 0x0206, 0x0406})
_NO_NUMBER, _ERROR, _WORKSHEET = b"\xff\xff", 2, 0

Position = tuple[int, int]


@dataclass
class SheetRecords:
    """What the records of one sheet tell: 0-based (row, column).

    Attributes:
        is_table: whether it is a worksheet and no chart.
        uncalculated: formulas, in a workbook that no program has calculated.
        errors: error cells and formulas whose result is an error, with its text.
    """

    is_table: bool
    uncalculated: set[Position] = field(default_factory=set)
    errors: dict[Position, str] = field(default_factory=dict)


def sheet_records(content: bytes, *, is_lenient: bool) -> list[SheetRecords]:
    """The records of every sheet, charts included, in the workbook's order.

    Args:
        content: an .xls; an older one without a container gives no sheets.
        is_lenient: read a damaged container all the same.

    Raises:
        xlrd.compdoc.CompDocError, struct.error: the container or a record is damaged.
    """
    container = xlrd.compdoc.CompDoc(content, logfile=io.StringIO(), ignore_workbook_corruption=is_lenient)
    for name, knows_recalcid in (("Workbook", True), ("Book", False)):
        memory, start, length = container.locate_named_stream(name)
        if memory:
            return _of_stream(memory[start : start + length], knows_recalcid=knows_recalcid)
    return []


def _of_stream(stream: bytes, *, knows_recalcid: bool) -> list[SheetRecords]:
    """The sheets of a workbook; Excel 95 and older have no RECALCID record, so that nothing tells the uncalculated."""
    shared = list(_records(stream, 0))
    was_calculated = not knows_recalcid or any(record == _RECALCID for record, _ in shared)
    stated = [struct.unpack_from("<IBB", data) for record, data in shared if record == _BOUNDSHEET]
    return [
        _of_sheet(stream, begin, is_table=kind == _WORKSHEET, was_calculated=was_calculated)
        for begin, _, kind in stated
    ]


def _records(stream: bytes, position: int) -> Iterator[tuple[int, bytes]]:
    """Records from a BOF to its EOF, without those of streams within (charts)."""
    depth = 0
    while position + 4 <= len(stream):
        record, size = struct.unpack_from("<HH", stream, position)
        depth += (record in _BOF) - (record == _EOF)
        if depth == 0:
            return
        if depth == 1:
            yield record, stream[position + 4 : position + 4 + size]
        position += 4 + size


def _of_sheet(stream: bytes, begin: int, *, is_table: bool, was_calculated: bool) -> SheetRecords:
    found = SheetRecords(is_table)
    for record, data in _records(stream, begin):
        if record in _FORMULA:
            at = struct.unpack_from("<HH", data)
            if data[12:14] == _NO_NUMBER and data[6] == _ERROR:
                found.errors[at] = _error(data[8])
            elif not was_calculated:
                found.uncalculated.add(at)
        elif record == _BOOLERR and data[7]:
            found.errors[struct.unpack_from("<HH", data)] = _error(data[6])
    return found


def _error(code: int) -> str:
    return str(error_text_from_code.get(code, "#?"))
