"""From when on a fall of rows is one that a person must confirm.

Belongs here: the limits and their defaults (`deliveries.md` §4a). A county's `limits.toml` may set others.
"""

from __future__ import annotations

from dataclasses import dataclass

from kim_pipeline.contracts import programmes


@dataclass(frozen=True)
class HoldLimits:
    """What a delivery may take away in silence.

    Attributes:
        share: the accepted rows may fall to this share of what they were.
        rows: and in any case by fewer than so many.
        kept_years: years for which a snapshot keeps rows; None where it keeps all.
    """

    share: float = 0.5
    rows: int = 20
    kept_years: int | None = None


def limits_of() -> dict[str, HoldLimits]:
    """Programme → its limits."""
    return dict.fromkeys(programmes(), HoldLimits())
