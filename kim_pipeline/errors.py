"""Faults of the machine, in German: what hindered a run, and what to do.

Belongs here: telling a full disk, missing rights and the like from the errors that they show up as, without quoting
them, since the text of an error may quote a cell.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import duckdb

from kim_pipeline.guard.missing import MissingDeliveriesError
from kim_pipeline.intake.pool import ReaderError
from kim_pipeline.protection.audit_of_file import DisclosureError
from kim_pipeline.protection.hiding import ProtectionError
from kim_pipeline.publishing.builds import UnknownBuildError, WarehouseBusyError
from kim_pipeline.publishing.smoke import DamagedBuildError
from kim_pipeline.reading.personal import KeyFileError
from kim_pipeline.warehouse.catalogue import RaisedKError

_GERMAN = (
    KeyFileError,
    ReaderError,
    WarehouseBusyError,
    MissingDeliveriesError,
    UnknownBuildError,
    DamagedBuildError,
    ProtectionError,
    DisclosureError,
    RaisedKError,
)
"""Errors whose own text is for people."""
_NO_ROOM = "no room"
_DENIED = "denied"
_BROKEN = "broken"
_KINDS = {
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _NO_ROOM,
    errno.EFBIG: _NO_ROOM,
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.EROFS: _DENIED,
    errno.EIO: _BROKEN,
}
_SENTENCES = {
    _NO_ROOM: (
        "Auf dem Datenträger von {folder} ist kein Platz mehr. Bitte Platz schaffen und erneut starten; "
        "kim builds zeigt, wie groß die Datenbestände sind."
    ),
    _DENIED: (
        "In {folder} lässt sich nicht schreiben. Bitte prüfen, ob der Ordner dem Konto gehört, das den Lauf startet, "
        "und ob der Datenträger schreibgeschützt ist, und dann erneut starten."
    ),
    _BROKEN: (
        "Der Datenträger von {folder} meldet einen Fehler beim Lesen oder Schreiben. Bitte die Betreuung informieren; "
        "eine Sicherung des Ordners wäre jetzt gut."
    ),
}
_LITTLE_ROOM = 1 << 20


def told(error: BaseException | None, folder: Path) -> str | None:
    """A German sentence on what hindered a run and what to do; None where the cause is none that people can remove.

    Args:
        error: what ended it.
        folder: the warehouse's folder.
    """
    for cause in _causes(error):
        if isinstance(cause, _GERMAN):
            return str(cause)
        kind = _kind(cause)
        if kind is not None:
            return _SENTENCES[kind].format(folder=folder)
    if error is not None and _is_full(folder):
        return _SENTENCES[_NO_ROOM].format(folder=folder)
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it arose from, also where it hides that."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _kind(error: BaseException) -> str | None:
    if isinstance(error, OSError):
        return _KINDS.get(error.errno or 0)
    if isinstance(error, duckdb.Error):  # it tells the system's error in words only
        return next((kind for number, kind in _KINDS.items() if os.strerror(number) in str(error)), None)
    return None


def _is_full(folder: Path) -> bool:
    """Whether hardly anything can be written any more; not every error says that this was its cause."""
    try:
        space = os.statvfs(folder)
    except OSError:
        return False
    return space.f_bavail * space.f_frsize < _LITTLE_ROOM
