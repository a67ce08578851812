"""Reading .xls (BIFF) with xlrd, which keeps error cells; calamine, which does not, is its witness.

Belongs here: BIFF only. xlrd gives a formula whose result is an empty text and one that was never calculated alike;
a workbook that Excel or LibreOffice has calculated carries a RECALCID record, one that was never calculated does not.
"""

from __future__ import annotations

import datetime as dt
import io
import logging
import struct
from collections.abc import Iterator

import xlrd
import xlrd.compdoc
from xlrd.biffh import XL_CELL_BOOLEAN, XL_CELL_DATE, XL_CELL_ERROR, XL_CELL_TEXT, error_text_from_code

from kim_pipeline.deliveries.cells import BLANK, Cell, ErrorCell, Merge, Sheet, encode_sheet
from kim_pipeline.deliveries.witness import Reading

_LOG = logging.getLogger(__name__)
STRICT, LENIENT = "xlrd", "xlrd (Container beschädigt)"
_RECALCID = 0x01C1
_EOF = 0x000A
_BOF = frozenset({0x0009, 0x0209, 0x0409, 0x0809})
_FORMULA = frozenset({0x0006, 0x0206, 0x0406})
_UNCALCULATED = ErrorCell("=…")


def read_xls(content: bytes) -> Reading:
    """Every sheet of a .xls; none where xlrd refuses it.

    Where the container (OLE) is damaged, its content is read all the same, and the reader calls itself `LENIENT`:
    whoever calls must have a second reader that agrees.
    """
    for reader in (STRICT, LENIENT):
        try:
            return Reading(reader, {sheet.name: sheet for sheet in _sheets(content, is_lenient=reader == LENIENT)})
        except xlrd.compdoc.CompDocError as error:
            _LOG.info("%s refuses a container: %s", reader, type(error).__name__)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001  (a file may break its reader in any way; the other one serves)
            _LOG.info("%s refuses a workbook: %s", reader, type(error).__name__)
            break
    return Reading(STRICT)


def _sheets(content: bytes, *, is_lenient: bool) -> Iterator[Sheet]:
    book = xlrd.open_workbook(
        file_contents=content,
        formatting_info=True,
        logfile=io.StringIO(),
        ignore_workbook_corruption=is_lenient,
    )
    stream = _workbook_stream(content, is_lenient=is_lenient)
    formulas = {} if _was_calculated(stream) else _formulas(stream, book)
    for number, sheet in enumerate(book.sheets()):
        ours = formulas.get(number, frozenset())
        rows = (
            [
                _cell(sheet, book.datemode, row, column, (row, column) not in ours)
                for column in range(sheet.row_len(row))
            ]
            for row in range(sheet.nrows)
        )
        found = encode_sheet(sheet.name, rows)
        found.merges = [Merge(r0, c0, r1 - 1, c1 - 1) for r0, r1, c0, c1 in sheet.merged_cells]
        found.epoch_1904 = book.datemode == 1
        yield found


def _cell(sheet: xlrd.sheet.Sheet, datemode: int, row: int, column: int, calculated: bool) -> Cell:
    kind, value = sheet.cell_type(row, column), sheet.cell_value(row, column)
    if kind == XL_CELL_TEXT:
        return value if value or calculated else _UNCALCULATED
    if kind == XL_CELL_DATE:
        return _date(value, datemode)
    if kind == XL_CELL_ERROR:
        return ErrorCell(error_text_from_code.get(value, "#?"))
    if kind == XL_CELL_BOOLEAN:
        return bool(value)
    return value if value != "" else BLANK


def _date(serial: float, datemode: int) -> Cell:
    """A date cell's serial number as day, instant or time of day; out of range it stays a number."""
    if 0 <= serial < 1:
        return (dt.datetime(1, 1, 1) + dt.timedelta(days=serial)).time()  # noqa: DTZ001  (a time of day)
    try:
        instant: dt.datetime = xlrd.xldate.xldate_as_datetime(serial, datemode)
    except (xlrd.xldate.XLDateError, OverflowError, ValueError):
        return serial
    return instant.date() if instant.time() == dt.time() else instant


def _workbook_stream(content: bytes, *, is_lenient: bool) -> tuple[bytes, int, int]:
    """The BIFF stream within some bytes: where it begins and ends in them; empty where there is no container."""
    container = xlrd.compdoc.CompDoc(content, logfile=io.StringIO(), ignore_workbook_corruption=is_lenient)
    stream, position, length = container.locate_named_stream("Workbook")
    return stream or b"", position, position + (length or 0)


def _was_calculated(workbook: tuple[bytes, int, int]) -> bool:
    """Whether the workbook's globals hold a RECALCID record ([MS-XLS] 2.4.215)."""
    stream, position, end = workbook
    while stream and position + 4 <= end:
        record, size = struct.unpack_from("<HH", stream, position)
        if record == _RECALCID:
            return True
        if record == _EOF:
            return False
        position += 4 + size
    return False


def _formulas(workbook: tuple[bytes, int, int], book: xlrd.Book) -> dict[int, frozenset[tuple[int, int]]]:
    """Sheet's number → where its FORMULA records stand ([MS-XLS] 2.4.127); charts in it are streams of their own."""
    stream, _, _ = workbook
    found = {}
    for number, begin in enumerate(book._sh_abs_posn if stream else ()):
        position, depth, cells = begin, 0, set()
        while position + 4 <= len(stream):
            record, size = struct.unpack_from("<HH", stream, position)
            depth += (record in _BOF) - (record == _EOF)
            if depth == 0:
                break
            if record in _FORMULA:
                cells.add(struct.unpack_from("<HH", stream, position + 4))
            position += 4 + size
        found[number] = frozenset(cells)
    return found
