"""What was hidden the last time, so that a pattern is kept from night to night (`privacy.md`, "Nights").

Belongs here: one small file among the state, for those who may see true counts. It holds each figure's last value and
whether it was hidden, and the patterns of components that were solved. Every published file is audited, whatever it
says. What it cannot do is publish what must be hidden: that is decided anew each night (`disclosure/pattern.py`).
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import kim_pipeline.disclosure
import kim_pipeline.protection

_LOG = logging.getLogger(__name__)
_FILE = "patterns.json"
_KIND = 2
"""Of the file's form; what is of another one is as none."""


_Solved = list[list[str]]
"""Cells that were forced, and cells that were hidden."""


class SolvedPatterns:
    """The patterns of one night; of the one before it nothing is known."""

    def __init__(self) -> None:
        """Begin a night."""
        self._solved: dict[str, list[_Solved]] = {}
        self._now_solved: dict[str, list[_Solved]] = {}

    def recall(self, digest: str, forced: Collection[str] = ()) -> Collection[str] | None:
        """The hidden cells of what has this digest, where no other cells were forced, and these are among the hidden.

        None where it was not there.
        """
        given = set(forced)
        for solved in self._now_solved.get(digest, []) + self._solved.get(digest, []):
            before, hidden = solved
            if given.issuperset(before) and given.issubset(hidden):
                self._note(digest, solved)
                return hidden
        return None

    def note(self, digest: str, forced: Collection[str], hidden: Collection[str]) -> None:
        """Remember the hidden cells of what has this digest, and which of them were forced."""
        self._note(digest, [sorted(forced), sorted(hidden)])

    def _note(self, digest: str, solved: _Solved) -> None:
        known = self._now_solved.setdefault(digest, [])
        if solved not in known:
            known.append(solved)

    def last_seen(self, _cell_id: str) -> tuple[int | None, bool] | None:
        """None: no cell was there."""
        return None

    def note_cells(self, cells: Mapping[str, tuple[int, bool]]) -> None:
        """Nobody asks for them."""


class PatternMemory(SolvedPatterns):
    """The patterns of the last night that published; `state` is what to keep of this one, once it has."""

    def __init__(self, folder: Path, *, release: str | None = None, is_new: bool = False) -> None:
        """Read what is there; a file that is damaged, or from before the newest release, is as none.

        Args:
            folder: of the state.
            release: name of the newest release: patterns are renewed with each.
            is_new: solve all components again; figures stay printed or hidden all the same.
        """
        super().__init__()
        kept = _read(folder / _FILE)
        self._release = release
        self._seen: dict[str, tuple[int | None, bool]] = {}
        if kept is not None and kept.get("release", release) == release:
            self._seen = {cell: (value, is_hidden) for cell, (value, is_hidden) in kept["cells"].items()}
            if kept["code"] == _code() and not is_new:
                self._solved = kept["patterns"]
        self._now_seen: dict[str, tuple[int, bool]] = {}

    def nothing_changed(self) -> None:
        """Go on remembering all that was solved."""
        for digest, known in self._solved.items():
            for solved in known:
                self._note(digest, solved)

    def last_seen(self, cell_id: str) -> tuple[int | None, bool] | None:
        """The value that a cell had last night, if known, and whether it was hidden; None if it was not there."""
        return self._seen.get(cell_id)

    def note_cells(self, cells: Mapping[str, tuple[int, bool]]) -> None:
        """Remember value and whether it is hidden of the cells that can be."""
        self._now_seen.update(cells)

    def note_hidden(self, cell_ids: Collection[str]) -> None:
        """Remember cells that were hidden after the search, because the audit asked for it."""
        for cell_id in cell_ids:
            if cell_id in self._now_seen:
                self._now_seen[cell_id] = (self._now_seen[cell_id][0], True)
        for known in self._now_solved.values():
            for _, hidden in known:
                hidden.extend(sorted(set(cell_ids) - set(hidden)))  # those of other components are nothing to it

    def state(self) -> dict[str, bytes]:
        """What this night knows, as a file of the state."""
        kept = {
            "kind": _KIND,
            "code": _code(),
            "release": self._release,
            "cells": self._now_seen,
            "patterns": self._now_solved,
        }
        content = json.dumps(kept, sort_keys=True)
        return {_FILE: f"{_checksum(content)}\n{content}\n".encode()}


def _checksum(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def _read(path: Path) -> dict[str, Any] | None:
    """What the file holds; None where there is none, or one of an older form, or a damaged one."""
    try:
        text = path.read_text(encoding="utf-8")
        if text.startswith("{"):
            return _of_older_form(json.loads(text))
        checksum, content = text.rstrip("\n").split("\n", 1)
        if _checksum(content) != checksum:
            raise ValueError("the checksum is another one")
        kept: dict[str, Any] = json.loads(content)
    except FileNotFoundError:
        return None
    except ValueError:
        _LOG.warning("%s is damaged; what is hidden is chosen anew", path.name)
        return None
    return kept if kept["kind"] == _KIND else None


def _of_older_form(kept: Any) -> dict[str, Any]:
    """What was hidden, by a file from before figures were kept: it holds patterns alone, and no release."""
    try:
        hidden = sorted({str(cell) for cells in kept["patterns"].values() for cell in cells})
    except (KeyError, TypeError, AttributeError):
        raise ValueError("no patterns") from None
    return {"kind": _KIND, "code": "", "cells": dict.fromkeys(hidden, (None, True)), "patterns": {}}


@cache
def _code() -> str:
    """Tells versions of the search apart."""
    digest = hashlib.sha256(metadata.version("highspy").encode())
    for room in (kim_pipeline.disclosure, kim_pipeline.protection):
        for path in sorted(Path(str(room.__file__)).parent.glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
