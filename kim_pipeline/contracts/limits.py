"""What a county expects a programme's deliveries to hold, and what it lets pass without a person's word.

Belongs here: numbers of rows and shares that are plausible in one county, from `limits.toml` in its folder. Does not
belong here: rules of the contract, which hold everywhere. Whatever these limits say, nothing is kept from being read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from kim_pipeline.contracts.configured import CountyError, Entry, Fault, FolderReader, line_of
from kim_pipeline.contracts.toml_lines import KeyPath

FILE = "limits.toml"
_DEFAULT = "default"
_NO_TABLE = "einen Abschnitt in eckigen Klammern mit Werten darunter"
_UNKNOWN = "den Schlüssel eines Programms; dieser wird nicht beachtet, und die nächste Fassung weist ihn zurück"
_HOLD = "hold_"


@dataclass(frozen=True)
class Limits:
    """Limits of the deliveries of a programme that count, together.

    Attributes:
        rows_min: accepted rows; fewer are an error.
        rows_max: accepted rows; more are a warning; None for no limit.
        quarantine_share_max: rows in quarantine per data row (0–1); more are a warning.
    """

    rows_min: int = 1
    rows_max: int | None = None
    quarantine_share_max: float = 0.2


@dataclass(frozen=True)
class HoldLimits:
    """What a delivery may take away of a programme's published rows without being held (`deliveries.md` §4a).

    Attributes:
        share: held if the accepted rows fall to less than this share (0–1) of those before …
        rows: … and by this number of rows or more.
        kept_years: years for which a snapshot keeps rows; older ones may go in silence. None where it keeps all.
    """

    share: float = 0.5
    rows: int = 20
    kept_years: int | None = None


class LimitsEntry(Entry):
    """A table of `limits.toml`; what it does not say is said by `[default]`."""

    rows_min: int | None = Field(default=None, ge=0, description="eine ganze Zahl von Zeilen ab 0")
    rows_max: int | None = Field(default=None, ge=1, description="eine ganze Zahl von Zeilen ab 1")
    quarantine_share_max: float | None = Field(default=None, ge=0, le=1, description="einen Anteil von 0 bis 1")
    hold_share: float | None = Field(default=None, ge=0, le=1, description="einen Anteil von 0 bis 1")
    hold_rows: int | None = Field(default=None, ge=1, description="eine ganze Zahl von Zeilen ab 1")
    hold_kept_years: int | None = Field(default=None, ge=1, description="eine ganze Zahl von Jahren ab 1")


def limits_of(county: Path) -> dict[str, Limits]:
    """Programme → its limits.

    Args:
        county: folder of the county; without a file `limits.toml` there, every programme has the defaults.

    Raises:
        CountyError: the file has faults.
    """
    return {
        key: Limits(**{name: value for name, value in said.items() if not name.startswith(_HOLD)})
        for key, said in by_programme(_read(county)).items()
    }


def hold_limits_of(said: Mapping[str, Mapping[str, Any]]) -> dict[str, HoldLimits]:
    """Programme → what holds its deliveries.

    Args:
        said: table of `limits.toml` → what it says.
    """
    return {
        key: HoldLimits(**{name[len(_HOLD) :]: value for name, value in own.items() if name.startswith(_HOLD)})
        for key, own in by_programme(said).items()
    }


def by_programme(said: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Programme → what the file says of it, by itself or by default."""
    return {key: {**said.get(_DEFAULT, {}), **said.get(key, {})} for key in _programmes()}


def read_limits(reader: FolderReader) -> dict[str, dict[str, Any]]:
    """What each table of the file says; faults are the reader's, and tables that have them are left out."""
    raw, lines = reader.toml(FILE, is_required=False) or ({}, {})
    said = {name: _entry(reader, name, table, lines) for name, table in raw.items()}
    found = {name: entry for name, entry in said.items() if entry is not None}
    for name, own in found.items():
        both = found.get(_DEFAULT, {}) | own
        if both.get("rows_min", 0) > both.get("rows_max", float("inf")):
            place = (name, "rows_min" if "rows_min" in own else "rows_max")
            said_of = f"die Grenzen {both['rows_min']} und {both['rows_max']} gehen nicht zusammen"
            expected = "eine Mindestzahl von Zeilen, die nicht über der Höchstzahl liegt"
            reader.add(Fault(FILE, line_of(lines, place), ".".join(place), said_of, expected))
    return found


def missing_entries(county: Path, accepted: Mapping[str, int]) -> str:
    """What `limits.toml` might say of the programmes that it does not name: from half to twice the rows, to one digit.

    Args:
        county: folder of the county.
        accepted: programme → accepted rows of its deliveries that count; those without rows have no entry.

    Raises:
        CountyError: the file has faults.
    """
    stated = _read(county)
    return "".join(
        f"\n[{key}]\nrows_min = {_one_digit(rows // 2)}\nrows_max = {_one_digit(2 * rows, up=True)}\n"
        for key in _programmes()
        if key not in stated and (rows := accepted.get(key, 0))
    )


def _read(county: Path) -> dict[str, dict[str, Any]]:
    reader = FolderReader(county)
    said = read_limits(reader)
    if reader.refused:
        raise CountyError(county, reader.refused)
    return said


def _entry(reader: FolderReader, name: str, table: object, lines: Mapping[KeyPath, int]) -> dict[str, Any] | None:
    """What one table says; None where it has faults, or is of no programme."""
    if name not in {_DEFAULT, *_programmes()}:
        reader.add(Fault(FILE, line_of(lines, (name,)), name, "Das Programm ist unbekannt", _UNKNOWN, is_warning=True))
    elif not isinstance(table, dict):
        reader.add(Fault(FILE, line_of(lines, (name,)), name, "Das ist kein Abschnitt", _NO_TABLE))
    elif (placed := reader.validated(LimitsEntry, FILE, table, lines, (name,))) is not None:
        return placed.value.model_dump(exclude_none=True)
    return None


def _programmes() -> tuple[str, ...]:
    from kim_pipeline.contracts import programmes  # noqa: PLC0415  (they ask for the county, which has limits)

    return tuple(programmes())


def _one_digit(number: int, *, up: bool = False) -> int:
    """A number of rows to its first digit, at least 1: 4838 → 4000, or 5000."""
    unit: int = 10 ** (len(str(number)) - 1)
    return max(1, -(-number // unit) * unit if up else number // unit * unit)
