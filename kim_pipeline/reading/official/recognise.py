"""Which published form a file has, by its content and never by its name (`official.md` §2).

Belongs here: telling the four forms apart, and the one member of a .zip. What matches none is not judged here.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePath

from kim_pipeline.contracts.published import PublishedForms
from kim_pipeline.reading.errors import unreadable
from kim_pipeline.reading.formats.delimited import OLE, ZIP, csv_records, looks_like_text
from kim_pipeline.reading.formats.workbook import Limits, read_sheets
from kim_pipeline.reading.official.census_table import is_census_table, read_census_table
from kim_pipeline.reading.official.flat import flat_kind, read_flat
from kim_pipeline.reading.official.grid import Grid
from kim_pipeline.reading.official.layout import Areas, OfficialLayout
from kim_pipeline.reading.official.register import is_register, read_register
from kim_pipeline.reading.official.retrieval import first_data_row, footer_row, read_retrieval
from kim_pipeline.reading.official.words import several_members


@dataclass(frozen=True)
class OfficialFile:
    """A file to be recognised: its name (of a package the member's) and its bytes."""

    name: PurePath
    content: bytes


def unpacked(path: PurePath, content: bytes, limits: Limits) -> OfficialFile:
    """The file, or the one .csv that a package holds; other packages are what they are.

    Raises:
        RejectedError: `several_members`, or the member is larger than the limits.
    """
    if not content.startswith(ZIP):
        return OfficialFile(path, content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            tables = [info for info in members if info.filename.casefold().endswith(".csv")]
            if not tables or any(_is_of_workbook(info.filename) for info in members):
                return OfficialFile(path, content)
            if len(members) > 1:
                raise several_members(len(members))
            return OfficialFile(PurePath(PurePath(members[0].filename).name), _member(archive, members[0], limits))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error):
        return OfficialFile(path, content)


def _is_of_workbook(name: str) -> bool:
    return name in ("content.xml", "[Content_Types].xml") or name.startswith("xl/")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits) -> bytes:
    """The bytes of a member, unless they are more than a file or a package may have."""
    allowed = min(limits.file_bytes, limits.unpacked_bytes)
    with archive.open(info) as stream:
        content = stream.read(allowed + 1)
    if len(content) > allowed:
        raise unreadable(
            f"Die Datei im ZIP-Paket ist größer als {allowed / 2**20:.0f} MB. Bitte die Tabelle mit weniger Gebieten "
            "oder Jahren abrufen."
        )
    return content


def text_of(content: bytes) -> str:
    """The text of an official .csv: BOM dropped, then UTF-8 if valid, else cp1252."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def official_layout(
    file: OfficialFile, forms: PublishedForms, areas: Areas, limits: Limits, *, calamine: bool = True
) -> OfficialLayout | None:
    """What an official table says; None for a file in no published form.

    Raises:
        RejectedError: it is in a published form, but cannot be used.
    """
    if file.content.startswith((ZIP, OLE)):
        return _of_workbook(file, forms, areas, limits, calamine=calamine)
    if not file.content or b"\0" in file.content or not looks_like_text(file.content):
        return None
    text = text_of(file.content)
    first_line = text.split("\n", 1)[0].rstrip("\r")
    if flat_kind(first_line, forms.flat):
        return read_flat(csv_records(text, ";"), file.name.stem, forms, areas)
    match = forms.retrieval.first_line.match(first_line)
    if match:
        grid = Grid(file.name.stem, list(csv_records(text, ";")))
        if footer_row(grid, forms.retrieval.footer) is not None:
            return read_retrieval(grid, match[1], forms, areas)
    return None


def _of_workbook(
    file: OfficialFile, forms: PublishedForms, areas: Areas, limits: Limits, *, calamine: bool
) -> OfficialLayout | None:
    sheets = read_sheets(file.name, file.content, limits, lambda _: 0, calamine=calamine)
    grids = [Grid.of(sheet) for sheet in sheets]
    if len(grids) == 1:
        end = footer_row(grids[0], forms.retrieval.footer)
        if end is not None and first_data_row(grids[0], end) is not None:
            return read_retrieval(grids[0], grids[0].name, forms, areas)
    if is_register(grids, forms.register):
        return read_register(grids, forms, areas)
    return read_census_table(grids, forms, areas) if is_census_table(grids, forms.census) else None
