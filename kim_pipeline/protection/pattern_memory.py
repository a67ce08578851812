"""What was hidden the last time, for components of the linked set that have not changed since.

Belongs here: one small file among the state. Every published file is audited, whatever it says.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection
from functools import cache
from importlib import metadata
from pathlib import Path

import kim_pipeline.disclosure

_LOG = logging.getLogger(__name__)
_FILE = "patterns.json"


class PatternMemory:
    """The patterns of the last night that published; `state` is what to keep of this one, once it has."""

    def __init__(self, folder: Path, *, is_new: bool = False) -> None:
        """Read what is there; a file that is damaged, or of another version of the code, is as none.

        Args:
            folder: of the state.
            is_new: begin with nothing.
        """
        self._known: dict[str, list[str]] = {} if is_new else _read(folder / _FILE)
        self._used: dict[str, list[str]] = {}

    def recall(self, digest: str) -> Collection[str] | None:
        """The hidden cells of the component with this digest; None if it was not there."""
        found = self._used.get(digest, self._known.get(digest))
        if found is not None:
            self._used[digest] = found
        return found

    def note(self, digest: str, hidden: Collection[str]) -> None:
        """Remember the hidden cells of a component."""
        self._used[digest] = list(hidden)

    def state(self) -> dict[str, bytes]:
        """What was used, as a file of the state."""
        text = json.dumps({"code": _code(), "patterns": self._used}, sort_keys=True) + "\n"
        return {_FILE: text.encode()}


def _read(path: Path) -> dict[str, list[str]]:
    try:
        kept = json.loads(path.read_bytes())
        if kept["code"] != _code():
            return {}
        return {str(digest): [str(cell) for cell in cells] for digest, cells in kept["patterns"].items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        _LOG.warning("%s is damaged; what is hidden is chosen anew", path.name)
        return {}


@cache
def _code() -> str:
    """Tells versions of the search apart."""
    digest = hashlib.sha256(metadata.version("highspy").encode())
    for path in sorted(Path(kim_pipeline.disclosure.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
