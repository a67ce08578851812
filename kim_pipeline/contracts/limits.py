"""What a county expects a programme's deliveries to hold.

Belongs here: numbers of rows and shares that are plausible in one county, from `limits.toml` in its folder. Does not
belong here: rules of the contract, which hold everywhere. Whatever these limits say, nothing is kept from being read.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from kim_pipeline.contracts import programmes

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
    path = county / "limits.toml"
    stated = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    known = {field.name for field in fields(Limits)}
    for name, values in stated.items():
        if name not in {_DEFAULT, *programmes()} or not set(values) <= known:
            raise ValueError(f"{path}: [{name}] with {', '.join(values)}: no such programme or limit")
    general = stated.get(_DEFAULT, {})
    return {key: Limits(**(general | stated.get(key, {}))) for key in programmes()}
