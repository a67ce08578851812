"""The project's own reader of .ods: what each cell states, and what it shows.

Belongs here: from stated cells to values. It is the witness of calamine's reading, which knows neither
errors (Excel saves them as the number 0 and shows `#DIV/0!`) nor formulas without a result nor merged ranges, and the
reader of files that calamine refuses ([ODF-1.3-3] §9.1.4, §19.385).
"""

from __future__ import annotations

import datetime as dt
import logging
import re

import numpy as np
import numpy.typing as npt

from kim_pipeline.reading.errors import unreadable
from kim_pipeline.reading.formats.cells import BLANK, BoolCell, Cell, ErrorCell, Sheet
from kim_pipeline.reading.formats.grid import Cells, check_extent, filling, holding, is_beyond, to_sheet
from kim_pipeline.reading.formats.ods_stream import Stated, StatedTable, placed, read_tables
from kim_pipeline.reading.formats.package import Package
from kim_pipeline.reading.formats.witness import OWN_READER, Noted, Peculiarity, Reading
from kim_pipeline.reading.formats.xml_values import NUMBER, iso_value

_LOG = logging.getLogger(__name__)
_CONTENT, _MANIFEST = "content.xml", "META-INF/manifest.xml"
_PROTECTED = (
    "Die Datei ist mit einem Passwort geschützt. Bitte den Schutz entfernen "
    "(Datei → Eigenschaften → Sicherheit) und die Datei neu ablegen."
)
_NUMBERS = frozenset({"float", "percentage", "currency"})
_SPAN = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?)?", re.ASCII)
_FULL_TIME = re.compile(r"PT\d+H\d+M\d+(?:\.\d+)?S", re.ASCII)
_DAY, _SOME_DAY = dt.timedelta(days=1), dt.date(2000, 1, 1)


def is_spreadsheet(package: Package) -> bool:
    """Whether the package is an OpenDocument file."""
    return _CONTENT in package


def read_ods(package: Package) -> Reading:
    """All sheets of an .ods, hidden ones too; none where it cannot be read.

    Raises:
        RejectedError: the file is protected, or a sheet's filled cells reach farther than can be held.
    """
    if _MANIFEST in package and b"encryption-data" in package.read(_MANIFEST):
        raise unreadable(_PROTECTED)
    try:
        read = read_tables(package.streams(_CONTENT))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  (a file may break its reader in any way; the other one serves)
        _LOG.info("a workbook is refused: %s", type(error).__name__)
        return Reading(OWN_READER)
    values = [value_of(cell) for cell in read.distinct]
    found = Reading(OWN_READER)
    for table in read.tables:
        sheet, found_beyond = _sheet(table, read.distinct, values)
        sheet.epoch_1904 = read.epoch_1904
        found.sheets[table.name] = sheet
        if found_beyond:
            found.beyond |= {table.name}
    return found


def _sheet(table: StatedTable, distinct: list[Stated], values: list[Cell]) -> tuple[Sheet, bool]:
    """The sheet, and whether it reaches beyond what every reader can hold.

    Raises:
        RejectedError: its filled cells reach farther than can be held.
    """
    plain = [value.cell if isinstance(value, Noted) else value for value in values]
    fills = filling(plain)
    cells, merges = placed(table, distinct)
    cells = cells[holding(plain)[cells[:, 2]]]
    ends = cells[:, :2] + cells[:, 3:]
    check_extent(*_largest(ends[fills[cells[:, 2]]]))
    beyond = is_beyond(_largest(ends))
    sheet = to_sheet(table.name, _spread(cells), values, fills)
    sheet.merges = merges
    return sheet, beyond


def _largest(ends: npt.NDArray[np.int64]) -> tuple[int, int]:
    return int(ends[:, 0].max(initial=0)), int(ends[:, 1].max(initial=0))


def _spread(cells: npt.NDArray[np.int64]) -> Cells:
    """Each repetition of a cell as a cell of its own."""
    rows, columns, codes, heights, widths = cells.T
    counts = heights * widths
    number = np.arange(int(counts.sum())) - np.repeat(counts.cumsum() - counts, counts)
    across = np.repeat(widths, counts)
    down_at = (np.repeat(rows, counts) + number // across).astype(np.int32)
    across_at = (np.repeat(columns, counts) + number % across).astype(np.int32)
    return Cells(down_at, across_at, np.repeat(codes, counts).astype(np.int32))


def value_of(cell: Stated) -> Cell:
    """The value of a cell; an error where it is marked as one, or shows one instead of its value or of nothing."""
    kind, value, text, formula = cell[:4]
    is_text = kind == "string" and value != ""
    if kind == "error" or (text.startswith(("#", "Err:")) and not is_text):
        return ErrorCell(text.strip() or "#?")
    if not kind and formula is not None:
        return ErrorCell("=" + formula.split("=", 1)[-1])
    if not kind:
        return Noted(text, Peculiarity.UNTYPED) if text.strip() else BLANK
    found = _typed(kind, text if value is None else value)
    return Noted(found, Peculiarity.DRAWING) if cell.has_drawing and kind == "string" else found


def _typed(kind: str, value: str) -> Cell:
    """A value of a type; one that is none of its type stays a text."""
    if kind == "boolean":
        return BoolCell(value.casefold() == "true")
    if kind == "date":
        return iso_value(value)
    if kind == "time":
        return _time(value)
    if kind in _NUMBERS and NUMBER.fullmatch(value):
        return float(value)
    return value


def _time(value: str) -> Cell:
    """A time of day, or a span of a day and more ([XMLSchema-2] §3.2.6)."""
    match = _SPAN.fullmatch(value)
    if match is None:
        return value
    sign, days, hours, minutes, seconds = match.groups()
    span = dt.timedelta(
        int(days or 0), float((seconds or "0").replace(",", ".")), 0, 0, int(minutes or 0), int(hours or 0)
    )
    if sign or span >= _DAY:
        return Noted(-span if sign else span, Peculiarity.LONG_SPAN)
    found = (dt.datetime.combine(_SOME_DAY, dt.time()) + span).time()
    return found if _FULL_TIME.fullmatch(value) else Noted(found, Peculiarity.LONG_SPAN)
