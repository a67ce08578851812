"""Reading .xlsx, .xls and .ods with calamine: the fast reader of all three.

Belongs here: what python-calamine gives, and that a sheet or a file it refuses costs no more than its own reading.
"""

from __future__ import annotations

import io
import logging

import python_calamine as calamine

from kim_pipeline.reading.formats.cells import Merge, Sheet, encode_sheet
from kim_pipeline.reading.formats.witness import Reading

_LOG = logging.getLogger(__name__)
CALAMINE = "calamine"


def read_calamine(content: bytes, unwanted: frozenset[str] = frozenset()) -> Reading:
    """All sheets of a workbook, hidden ones too; None for those that calamine refuses.

    Args:
        content: the workbook.
        unwanted: sheets that must not be opened: calamine makes room for every cell up to the last one, and a process
            without so much memory ends at once.
    """
    found = Reading(CALAMINE)
    try:
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
            for number, metadata in enumerate(workbook.sheets_metadata):
                is_table = metadata.typ == calamine.SheetTypeEnum.WorkSheet
                if metadata.name in unwanted:
                    found.sheets[metadata.name] = None
                else:
                    found.sheets[metadata.name] = _sheet(workbook, number, metadata.name, is_table=is_table)
    except (MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001  (pyo3's PanicException derives from BaseException)
        _LOG.info("calamine refuses a workbook: %s", type(error).__name__)
    return found


def _sheet(workbook: calamine.CalamineWorkbook, number: int, name: str, *, is_table: bool) -> Sheet | None:
    if not is_table:  # a chart: listed as ignored
        return encode_sheet(name, ())
    try:
        source = workbook.get_sheet_by_index(number)
        start = source.start
        rows = source.iter_rows() if start is not None else iter(())
        sheet = encode_sheet(name, rows, first_column=start[1] if start else 0)
        sheet.merges = [Merge(*top, *bottom) for top, bottom in source.merged_cell_ranges or []]
    except (MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001  (as above)
        _LOG.info("calamine refuses a sheet: %s", type(error).__name__)
        return None
    return sheet
