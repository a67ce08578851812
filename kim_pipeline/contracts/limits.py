"""What a county expects a programme's deliveries to hold.

Belongs here: numbers of rows and shares that are plausible in one county, from `limits.toml` in its folder. Does not
belong here: rules of the contract, which hold everywhere. Whatever these limits say, nothing is kept from being read.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from kim_pipeline.contracts import programmes

FILE = "limits.toml"
_DEFAULT = "default"


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


def limits_of(county: Path) -> dict[str, Limits]:
    """Programme → its limits.

    Args:
        county: folder of the county; without a file `limits.toml` there, every programme has the defaults.

    Raises:
        ValueError: the file names a programme or a limit that does not exist.
    """
    path = county / FILE
    stated = _stated(path)
    known = {field.name for field in fields(Limits)}
    for name, values in stated.items():
        if name not in {_DEFAULT, *programmes()} or not set(values) <= known:
            raise ValueError(f"{path}: [{name}] with {', '.join(values)}: no such programme or limit")
    general = stated.get(_DEFAULT, {})
    return {key: Limits(**(general | stated.get(key, {}))) for key in programmes()}


def _stated(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def missing_entries(county: Path, accepted: Mapping[str, int]) -> str:
    """What `limits.toml` might say of the programmes that it does not name: from half to twice the rows, to one digit.

    Args:
        county: folder of the county.
        accepted: programme → accepted rows of its deliveries that count; those without rows have no entry.
    """
    stated = _stated(county / FILE)
    return "".join(
        f"\n[{key}]\nrows_min = {_one_digit(rows // 2)}\nrows_max = {_one_digit(2 * rows, up=True)}\n"
        for key in programmes()
        if key not in stated and (rows := accepted.get(key, 0))
    )


def _one_digit(number: int, *, up: bool = False) -> int:
    """A number of rows to its first digit, at least 1: 4838 → 4000, or 5000."""
    unit: int = 10 ** (len(str(number)) - 1)
    return max(1, -(-number // unit) * unit if up else number // unit * unit)
