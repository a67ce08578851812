"""Figures that somebody knows too well whatever is published: they are told once as lost (`privacy.md`, "Nights").

Belongs here: one small file among the state, 0600, of the figures that were told, each with its value of that time; one
that has become another figure is told again. What is lost excuses nothing else, and stays hidden.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

_LOG = logging.getLogger(__name__)
_FILE = "lost.json"


class LostFigures:
    """The figures that were told as lost; `state` is what to keep of them."""

    def __init__(self, folder: Path) -> None:
        """Read what is there; a damaged file is as none, and all is told again.

        Args:
            folder: of the state.
        """
        self._told: Mapping[str, int] = _read(folder / _FILE)

    def untold(self, lost: Mapping[str, int]) -> list[str]:
        """Those of the lost figures (cell → value) that were not told yet, or had another value."""
        return sorted(cell for cell, value in lost.items() if self._told.get(cell) != value)

    def state(self, lost: Mapping[str, int]) -> dict[str, bytes]:
        """The file of the state, with these told as well; none where nothing was ever lost."""
        if not (self._told or lost):
            return {}
        return {_FILE: f"{json.dumps({**self._told, **lost}, sort_keys=True)}\n".encode()}


def _read(path: Path) -> dict[str, int]:
    try:
        return {str(cell): int(value) for cell, value in json.loads(path.read_text(encoding="utf-8")).items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError, TypeError):
        _LOG.warning("%s is damaged; what is lost is told again", path.name)
        return {}
