"""From the bytes of a delivery to its sheets, whatever the format.

Belongs here: telling formats apart by content (names lie), limits, and the German reasons why a file cannot be read.
"""

from __future__ import annotations

import io
import logging
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

import python_calamine as calamine

from kim_pipeline.reading.errors import RejectedError, unreadable
from kim_pipeline.reading.formats import ods, xls, xlsx
from kim_pipeline.reading.formats.cells import Merge, Sheet, encode_sheet
from kim_pipeline.reading.formats.delimited import OLE, ZIP, looks_like_text, read_csv

_LOG = logging.getLogger(__name__)
_NOT_A_TABLE = (
    "Die Datei ist keine Tabelle im Format .xlsx, .xlsm, .xls, .ods oder .csv. "
    "Bitte in Excel öffnen und als „Excel-Arbeitsmappe (.xlsx)“ speichern."
)
_DAMAGED = (
    "Die Datei ist beschädigt oder unvollständig und lässt sich nicht öffnen. "
    "Bitte in Excel öffnen, prüfen und neu speichern oder erneut übertragen."
)
_PROTECTED = (
    "Die Datei ist mit einem Passwort geschützt. Bitte den Schutz entfernen "
    "(Datei → Informationen → Arbeitsmappe schützen) und die Datei neu ablegen."
)


@dataclass(frozen=True)
class Limits:
    """What a file may cost.

    Attributes:
        file_bytes: largest file.
        unpacked_bytes: largest content of a zip package.
    """

    file_bytes: int
    unpacked_bytes: int


def read_sheets(path: PurePath, content: bytes, limits: Limits, fits: Callable[[Sheet], int]) -> list[Sheet]:
    """All sheets of a delivery, hidden ones too.

    Args:
        path: the file's name; only its suffix and stem are used.
        content: the file's bytes.
        limits: what the file may cost.
        fits: see `read_csv`.

    Raises:
        RejectedError: `unreadable`, with a sentence that a clerk understands.
    """
    if not content:
        raise unreadable("Die Datei ist leer (0 Byte). Bitte die Datei erneut speichern und ablegen.")
    try:
        if content.startswith(ZIP):
            return _without_covered(_read_package(content, limits))
        if content.startswith(OLE):
            return _without_covered(_read_ole(content))
    except (RejectedError, MemoryError, ImportError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001  (pyo3's PanicException derives from BaseException)
        _LOG.info("unreadable file: %s", type(error).__name__)
        raise unreadable(_DAMAGED) from None
    if looks_like_text(content):
        return [read_csv(path.stem, content, fits)]
    raise unreadable(_NOT_A_TABLE)


def _without_covered(sheets: list[Sheet]) -> list[Sheet]:
    for sheet in sheets:
        sheet.clear_covered()
    return sheets


def _read_package(content: bytes, limits: Limits) -> list[Sheet]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        unpacked = sum(info.file_size for info in archive.infolist())
        if unpacked > limits.unpacked_bytes:
            megabytes, allowed = unpacked / 2**20, limits.unpacked_bytes / 2**20
            raise unreadable(
                f"Die Datei ist entpackt {megabytes:.0f} MB groß, erlaubt sind {allowed:.0f} MB. "
                "Bitte auf mehrere Dateien aufteilen oder leere Bereiche löschen."
            )
        names = set(archive.namelist())
        if "content.xml" in names:
            return _read_ods(content, archive)
        if "xl/workbook.xml" in names:
            return _read_xlsx(content, archive)
    raise unreadable(_NOT_A_TABLE)


def _read_xlsx(content: bytes, archive: zipfile.ZipFile) -> list[Sheet]:
    package = xlsx.Package(archive)
    parts = package.sheet_parts()
    for part in parts.values():
        if part.startswith("xl/worksheets/"):
            package.check_size(part)
    sheets = []
    for sheet in _calamine_sheets(content):
        sheet.epoch_1904 = package.epoch_1904
        for (row, column), cell in package.lost_cells(parts[sheet.name]):
            sheet.put(row, column, cell)
        sheets.append(sheet)
    return sheets


def _read_ods(content: bytes, archive: zipfile.ZipFile) -> list[Sheet]:
    manifest = archive.read("META-INF/manifest.xml") if "META-INF/manifest.xml" in archive.namelist() else b""
    if b"encryption-data" in manifest:
        raise unreadable(_PROTECTED)
    lost = ods.lost_content(archive)
    sheets = []
    for sheet in _calamine_sheets(content):
        sheet.epoch_1904 = lost.epoch_1904
        if sheet.name in lost.sheets:
            for (row, column), cell in lost.sheets[sheet.name].cells.items():
                sheet.put(row, column, cell)
            sheet.merges = lost.sheets[sheet.name].merges
        sheets.append(sheet)
    return sheets


def _calamine_sheets(content: bytes) -> list[Sheet]:
    sheets = []
    with calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
        for metadata in workbook.sheets_metadata:
            if metadata.typ != calamine.SheetTypeEnum.WorkSheet:
                sheets.append(encode_sheet(metadata.name, ()))  # a chart sheet: listed as ignored
                continue
            source = workbook.get_sheet_by_name(metadata.name)
            start = source.start
            rows = source.iter_rows() if start is not None else iter(())
            sheet = encode_sheet(metadata.name, rows, first_column=start[1] if start else 0)
            sheet.merges = [Merge(*top, *bottom) for top, bottom in source.merged_cell_ranges or []]
            sheets.append(sheet)
    return sheets


def _read_ole(content: bytes) -> list[Sheet]:
    try:
        return list(xls.read_xls(content))
    except Exception:
        if _is_protected(content):
            raise unreadable(_PROTECTED) from None
        raise


def _is_protected(content: bytes) -> bool:
    """Whether an OLE file is encrypted: an .xlsx in a package, or a .xls, XOR-obfuscated ones included."""
    import msoffcrypto  # noqa: PLC0415  (slow to import, and needed only here)
    from msoffcrypto.exceptions import FileFormatError  # noqa: PLC0415

    try:
        return bool(msoffcrypto.OfficeFile(io.BytesIO(content)).is_encrypted())
    except FileFormatError:
        return False
