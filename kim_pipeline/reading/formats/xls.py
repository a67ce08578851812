"""Reading .xls with xlrd, which keeps error cells; calamine, which does not, is its witness.

Belongs here: xlrd's cells as cells of a sheet, and what calamine loses where it must serve alone.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from functools import cache
from typing import Any

import xlrd
import xlrd.compdoc
from xlrd.biffh import XL_CELL_BOOLEAN, XL_CELL_DATE, XL_CELL_ERROR, XL_CELL_NUMBER, XL_CELL_TEXT, error_text_from_code

from kim_pipeline.reading.formats.biff import Position, SheetRecords, sheet_records
from kim_pipeline.reading.formats.cells import BLANK, Cell, ErrorCell, Merge, Sheet, encode_sheet
from kim_pipeline.reading.formats.number_formats import Shows, shown, shows
from kim_pipeline.reading.formats.witness import Reading

_LOG = logging.getLogger(__name__)
STRICT, LENIENT = "xlrd", "xlrd (Container beschädigt)"
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


def add_lost(content: bytes, reading: Reading) -> None:
    """Put the error cells and uncalculated formulas into a reading of calamine's, which gives them as blanks."""
    try:
        records = sheet_records(content, is_lenient=True)
    except Exception as error:  # noqa: BLE001  (as above; the sheets say that one reader read them)
        _LOG.info("the records of a workbook are refused: %s", type(error).__name__)
        return
    if len(records) == len(reading.sheets):
        for sheet, lost in zip(reading.sheets.values(), records, strict=True):
            if sheet is not None:
                _put_lost(sheet, lost)


def _put_lost(sheet: Sheet, lost: SheetRecords) -> None:
    for (row, column), text in lost.errors.items():
        sheet.put(row, column, ErrorCell(text))
    for row, column in lost.uncalculated:
        if sheet.cell(row, column) == BLANK:
            sheet.put(row, column, _UNCALCULATED)


def _sheets(content: bytes, *, is_lenient: bool) -> Iterator[Sheet]:
    book = xlrd.open_workbook(
        file_contents=content,
        formatting_info=True,
        ragged_rows=True,
        logfile=io.StringIO(),
        ignore_workbook_corruption=is_lenient,
    )
    uncalculated = _uncalculated(book, sheet_records(content, is_lenient=is_lenient))
    for sheet, formulas in zip(book.sheets(), uncalculated, strict=True):
        found = encode_sheet(sheet.name, _Cells(book, sheet, formulas).rows())
        found.merges = [Merge(r0, c0, r1 - 1, c1 - 1) for r0, r1, c0, c1 in sheet.merged_cells]
        found.epoch_1904 = book.datemode == 1
        yield found


def _uncalculated(book: xlrd.Book, records: list[SheetRecords]) -> list[set[Position]]:
    """Per sheet that xlrd gives (charts are none) its formulas that were never calculated."""
    found = [sheet.uncalculated for sheet in records if sheet.is_table]
    return found if len(found) == book.nsheets else [set() for _ in range(book.nsheets)]


class _Cells:
    """The cells of one sheet."""

    def __init__(self, book: xlrd.Book, sheet: Any, uncalculated: set[Position]) -> None:
        self._book, self._sheet, self._uncalculated = book, sheet, uncalculated
        self._shows = cache(self._format)

    def rows(self) -> Iterator[list[Cell]]:
        for row in range(self._sheet.nrows):
            yield [self._cell(row, column) for column in range(self._sheet.row_len(row))]

    def _cell(self, row: int, column: int) -> Cell:
        kind, value = self._sheet.cell_type(row, column), self._sheet.cell_value(row, column)
        if kind == XL_CELL_TEXT:
            return value or (_UNCALCULATED if (row, column) in self._uncalculated else BLANK)
        if kind in (XL_CELL_NUMBER, XL_CELL_DATE):
            what = self._shows(self._sheet.cell_xf_index(row, column))
            return shown(value, what, epoch_1904=self._book.datemode == 1)
        if kind == XL_CELL_ERROR:
            return ErrorCell(error_text_from_code.get(value, "#?"))
        return bool(value) if kind == XL_CELL_BOOLEAN else BLANK

    def _format(self, style: int) -> Shows:
        number = self._book.xf_list[style].format_key
        known = self._book.format_map.get(number)
        return shows(number, known.format_str if known else None)
