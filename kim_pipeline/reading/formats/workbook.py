"""From the bytes of a delivery to its sheets, whatever the format: two readers each, of which one is the witness.

Belongs here: telling formats apart by content (names lie), who reads and who witnesses, and the German reasons why a
file cannot be read. Where one reader refuses a file or a sheet, the other serves, and the sheet says so.
"""

from __future__ import annotations

import io
import logging
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

from kim_pipeline.reading.errors import unreadable
from kim_pipeline.reading.formats import ods, xls, xlsx
from kim_pipeline.reading.formats.calamine_reader import CALAMINE, read_calamine
from kim_pipeline.reading.formats.cells import Sheet
from kim_pipeline.reading.formats.delimited import OLE, ZIP, looks_like_text, read_csv
from kim_pipeline.reading.formats.package import Package, check_size
from kim_pipeline.reading.formats.witness import ODS_RULES, XLS_RULES, XLSX_RULES, Reading, witnessed

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


def read_sheets(
    path: PurePath, content: bytes, limits: Limits, fits: Callable[[Sheet], int], *, calamine: bool = True
) -> list[Sheet]:
    """All sheets of a delivery, hidden ones too.

    Args:
        path: the file's name; only its suffix and stem are used.
        content: the file's bytes.
        limits: what the file may cost.
        fits: see `read_csv`.
        calamine: whether calamine may read it; a file that has crashed it is read without it.

    Raises:
        RejectedError: `unreadable`, with a sentence that a clerk understands.
    """
    if not content:
        raise unreadable("Die Datei ist leer (0 Byte). Bitte die Datei erneut speichern und ablegen.")
    if not content.startswith((ZIP, OLE)):
        if looks_like_text(content):
            return [read_csv(path.stem, content, fits)]
        raise unreadable(_NOT_A_TABLE)
    reader = _read_package if content.startswith(ZIP) else _read_ole
    sheets = reader(content, limits, calamine)
    if sheets is None:
        raise unreadable(_DAMAGED)
    for sheet in sheets:
        sheet.clear_covered()
    return sheets


def _read_package(content: bytes, limits: Limits, calamine: bool) -> list[Sheet] | None:
    """The sheets of an .xlsx or .ods."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        _LOG.info("a package is refused: %s", type(error).__name__)
        return witnessed(_calamine(content, calamine), Reading("zipfile"), ())
    with archive:
        check_size(archive, limits.unpacked_bytes)
        package = Package(archive)
        if ods.is_spreadsheet(package):
            own = ods.read_ods(package)
            return witnessed(_calamine(content, calamine, own.beyond), own, ODS_RULES)
        part = xlsx.workbook_part(package)
        if part is None:
            raise unreadable(_NOT_A_TABLE)
        own = xlsx.read_xlsx(package, part)
        return witnessed(_calamine(content, calamine and own.is_usual, own.beyond), own, XLSX_RULES)


def _read_ole(content: bytes, limits: Limits, calamine: bool) -> list[Sheet] | None:
    """The sheets of an .xls; calamine must not open an encrypted one, whose cells it would take for values."""
    own = xls.read_xls(content)
    if not own.sheets and _is_protected(content):
        raise unreadable(_PROTECTED)
    other = _calamine(content, calamine)
    if not own.sheets:
        xls.add_lost(content, other)
    elif own.reader == xls.LENIENT and not other.sheets:
        return None  # a damaged container whose content nobody confirms
    return witnessed(own, other, XLS_RULES)


def _calamine(content: bytes, is_wanted: bool, beyond: frozenset[str] = frozenset()) -> Reading:
    return read_calamine(content, beyond) if is_wanted else Reading(CALAMINE)


def _is_protected(content: bytes) -> bool:
    """Whether an OLE file is encrypted: an .xlsx in a package, or a .xls, XOR-obfuscated ones included."""
    import msoffcrypto  # noqa: PLC0415  (slow to import, and needed only here)

    try:
        return bool(msoffcrypto.OfficeFile(io.BytesIO(content)).is_encrypted())
    except Exception as error:  # noqa: BLE001  (it parses what two readers have refused or will refuse)
        _LOG.info("encryption cannot be told: %s", type(error).__name__)
        return False
