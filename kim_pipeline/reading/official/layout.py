"""What every layout gives, whatever its form: cells of our areas, rows read, texts, totals, Stand.

Belongs here: the types between the four layouts and the evaluation, areas and days as official tables write them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from kim_pipeline.contracts.county import County
from kim_pipeline.contracts.normalise import clean_key
from kim_pipeline.contracts.published import Part, Sex, Statistic
from kim_pipeline.reading.findings import Finding
from kim_pipeline.reading.formats.cells import Cell, raw_text

_DAY = re.compile(r"(?<!\d)(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})(?!\d)")
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_SCIENTIFIC = re.compile(r"\d+(?:[.,]\d+)?[eE][+-]?\d+")
AREA_KEY = re.compile(r"DG|\d{2}|\d{3}|\d{5}|\d{8}", re.ASCII)
"""The key of an area in column A of a Werteabruf."""


@dataclass(frozen=True)
class OfficialCell:
    """One cell that counts people of one of our areas; row and column are 0-based."""

    row: int
    column: int
    header: str
    area: str
    name: str
    day: dt.date
    part: Part
    sex: Sex
    cell: Cell
    sign: str = ""
    base_text: str = ""


@dataclass(frozen=True)
class Broken:
    """A row of ours that cannot be read: it has an error at a column."""

    row: int
    column: int
    header: str
    rule: str
    raw: str
    facts: Mapping[str, object]


@dataclass
class OfficialLayout:
    """What a layout reads of a file.

    Attributes:
        form: the form as a sentence names it: `GENESIS-Flatfile (neue Form)`.
        kind: the form's name in general.
        sheet: the sheet that holds the table.
        statistic: what it counts.
        title: the statistic's name as the file has it.
        dataset: as an attribution names it: `Tabelle 12411-15i`.
        header_row: last row of the header, 1-based.
        rows_read: number of physical rows of the table.
        facts: cells of our areas.
        broken: rows of ours that cannot be read.
        totals: (area, Stichtag) → population, of all areas that anchors know.
        footer: notes, as text.
        terms: texts that may state a provider and a licence.
        as_of: Stand.
        notices: findings about the layout.
        ignored: sheets that hold no table of ours.
        members: without a total: the variable by whose members the table counts only.
    """

    form: str
    kind: str
    sheet: str
    statistic: Statistic
    title: str
    dataset: str
    header_row: int
    rows_read: int = 0
    facts: list[OfficialCell] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    totals: dict[tuple[str, dt.date], int] = field(default_factory=dict)
    footer: str = ""
    terms: str = ""
    as_of: dt.date | None = None
    notices: list[Finding] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


class Areas:
    """The county's areas by the keys that official tables use."""

    def __init__(self, county: County) -> None:
        """Bind to a county."""
        self.county = county.key
        self.own = frozenset({county.key, *county.ags})
        self.municipalities = county.ags
        self.names = {county.key: county.name, **{m.ags: m.name for m in county.municipalities}}

    def of(self, key: str) -> str | None:
        """Our area of a key; None for another one."""
        text = clean_key(key)
        if not (text.isascii() and text.isdigit()):
            return None
        found = self._exact(text)
        if found is None and len(text) in (4, 7, 11):
            found = self._exact(f"0{text}")
        return found

    def _exact(self, text: str) -> str | None:
        if len(text) == 12:
            text = text[:5] if text.endswith("0" * 7) else text[:5] + text[-3:]
        return text if text in self.own else None


def is_destroyed(key: str) -> bool:
    """Whether a spreadsheet has written a key as a power of ten: `5,57E+11`."""
    return _SCIENTIFIC.fullmatch(clean_key(key)) is not None


def key_text(cell: Cell) -> str:
    """A key's cell as text; a number cell as its digits."""
    return clean_key(raw_text(cell))


def day_of(cell: Cell) -> dt.date | None:
    """The day that a cell is, as `31.12.2022` or `2022-12-31`; None for other cells."""
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    if not isinstance(cell, str):
        return None
    text = cell.strip()
    iso = _ISO_DAY.fullmatch(text)
    if iso:
        return _date(iso[1], iso[2], iso[3])
    german = _DAY.fullmatch(text)
    return _date(german[3], german[2], german[1]) if german else None


def days_in(text: str) -> list[dt.date]:
    """Every day that a text names, in its order."""
    found = (_date(m[3], m[2], m[1]) for m in _DAY.finditer(text))
    return [day for day in found if day]


def _date(year: str, month: str, day: str) -> dt.date | None:
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None
