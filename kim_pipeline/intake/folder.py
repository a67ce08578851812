"""The folder of deliveries: what is one, what is skipped, what is still being written (`deliveries.md` §0).

Belongs here: walking a programme's folder and naming what lies in it. Does not belong here: opening any file.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

_SKIPPED_PREFIXES = ("~$", "~WRL", ".")
_SKIPPED_NAMES = frozenset({"thumbs.db", "thumbs.db:encryptable", "desktop.ini"})
_SKIPPED_ENDINGS = (
    ".tmp", ".part", ".partial", ".crdownload", ".download", ".lnk", ".url", ".webloc", ".gsheet", ".gdoc", ".bak",
)  # fmt: skip
_CLOSED_PREFIXES = (".", "$", "#", "@")
_CLOSED_FOLDERS = frozenset({"lost+found", "recycler", "system volume information"})
_TABLE_SUFFIXES = frozenset({".xlsx", ".xlsm", ".xls", ".ods", ".csv"})
_RECENT_SECONDS = 60.0
_LOOK_SECONDS = 0.5

LITTER = "Hilfsdatei eines Programms"
CLOSED_FOLDER = "Ordner für Gelöschtes oder Verwaltetes"
LINKED_FOLDER = "Verknüpfung mit einem Ordner"
STILL_WRITTEN = "wird noch geschrieben"
LEFT = "in dieser Nacht nicht mehr gelesen, weil die Zeit zum Lesen um war"
"""Why something is skipped, in German."""

_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\x80-\x9f]")
_CONTROLS = {code: chr(0x2400 + code) for code in range(32)} | {0x7F: "\u2421"}


@dataclass(frozen=True)
class Skipped:
    """Something in a programme's folder that is no delivery; `file` is relative to the folder and fit to be shown."""

    programme: str
    file: str
    reason: str


@dataclass
class Walk:
    """What a programme's folder holds.

    Attributes:
        files: what is, or is meant as, a delivery, by path; a folder that cannot be entered is among them.
        skipped: what is none, with the reason.
    """

    files: list[Path] = field(default_factory=list)
    skipped: list[tuple[Path, str]] = field(default_factory=list)


def walk(root: Path) -> Walk:
    """Look through a programme's folder; the folder itself may be a link, no link below it is followed."""
    found = Walk()
    waiting = [root] if root.is_dir() else []
    while waiting:
        entered = waiting.pop()
        try:
            entries = sorted(entered.iterdir())
        except OSError:  # it is listed instead, and rejected with the reason when it is opened
            found.files.append(entered)
            continue
        for path in entries:
            reason = _skipped_because(path)
            if reason is not None:
                found.skipped.append((path, reason))
            elif _is_folder(path) and path.suffix.lower() not in _TABLE_SUFFIXES:
                waiting.append(path)
            else:
                found.files.append(path)
    found.files.sort()
    found.skipped.sort()
    return found


def _skipped_because(path: Path) -> str | None:
    name = path.name
    lower = name.casefold()
    if _is_folder(path):
        closed = name.startswith(_CLOSED_PREFIXES) or lower in _CLOSED_FOLDERS
        return CLOSED_FOLDER if closed else None
    if path.is_symlink() and path.is_dir():
        return LINKED_FOLDER
    if name.startswith(_SKIPPED_PREFIXES) or lower in _SKIPPED_NAMES or lower.endswith(_SKIPPED_ENDINGS):
        return LITTER
    return None


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def is_litter(name: str) -> bool:
    """Whether a name belongs to nothing that anybody delivers."""
    lower = name.casefold()
    return name.startswith((*_SKIPPED_PREFIXES, *_CLOSED_PREFIXES)) or (
        lower in _SKIPPED_NAMES | _CLOSED_FOLDERS or lower.endswith(_SKIPPED_ENDINGS)
    )


def still_written(paths: Iterable[Path], sleep: Callable[[float], None] = time.sleep) -> set[Path]:
    """Files that change between two looks; the second is taken once for all that changed within the last minute."""
    since = time.time() - _RECENT_SECONDS
    first = {path: look for path in paths if (look := _look(path)) is not None and look[1] / 1e9 > since}
    if not first:
        return set()
    sleep(_LOOK_SECONDS)
    return {path for path, look in first.items() if _look(path) != look}


def _look(path: Path) -> tuple[int, int] | None:
    """Size and time of change; None for what is no regular file."""
    try:
        facts = path.lstat()
    except OSError:
        return None
    return (facts.st_size, facts.st_mtime_ns) if stat.S_ISREG(facts.st_mode) else None


def shown_name(name: str) -> str:
    """A file's name as a person may read it: control and direction characters made visible, odd bytes as hex digits."""
    text = os.fsencode(name).decode("utf-8", errors="backslashreplace").translate(_CONTROLS)
    return _DIRECTIONS.sub(lambda match: f"‹U+{ord(match[0]):04X}›", text)
