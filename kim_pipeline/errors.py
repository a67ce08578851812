"""Errors that people may see: the base of all our own, and faults of the machine told in German.

Belongs here: what is common to all errors, and telling a full disk, missing rights and the like from the errors that
they show up as, without quoting them, since the text of a foreign error may quote a cell. Does not belong here: any
single error; each stands beside the code that raises it.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType


class KimError(Exception):
    """Base of every error of this program: its text is German and safe to show, for it holds no cell and no count.

    Whoever wants to tell what went wrong asks `isinstance(error, KimError)` and shows the text; of any other error only
    the kind may be told.
    """

    @property
    def public(self) -> str:
        """What may be told outside the office circle: no name of a file, no number of rows."""
        return str(self)


class ConfigurationError(KimError):
    """Base of every error of what people configure (settings, the county's folder): no delivery's fault.

    Whoever reads deliveries lets it pass and ends; no file is rejected because of it.
    """


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


def explained(error: BaseException | None, folder: Path, *, to_all: bool = False) -> str | None:
    """A German sentence on what hindered a run and what to do; None where the cause is none that people can remove.

    Args:
        error: what ended it.
        folder: the warehouse's folder.
        to_all: whether people outside the office circle read it.
    """
    for cause in _causes(error):
        if isinstance(cause, KimError):
            return cause.public if to_all else str(cause)
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
    duckdb = sys.modules.get("duckdb")
    if duckdb is not None and isinstance(error, duckdb.Error):  # it tells the system's error in words only
        return next((kind for number, kind in _KINDS.items() if os.strerror(number) in str(error)), None)
    return None


def _is_full(folder: Path) -> bool:
    """Whether hardly anything can be written any more; not every error says that this was its cause."""
    try:
        space = os.statvfs(folder)
    except OSError:
        return False
    return space.f_bavail * space.f_frsize < _LITTLE_ROOM


@contextmanager
def interrupts_kept(stop: Callable[[], object] | None = None) -> Iterator[None]:
    """Let an interrupt from the keyboard stay one: DuckDB makes an error of it and forgets what it was.

    Args:
        stop: ends what is running, from another thread (`connection.interrupt`): Python hears a signal only once the
            statement has ended, and DuckDB looks for signals late in some statements.

    Raises:
        KeyboardInterrupt: SIGINT came while the body ran, and ended it.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield  # signals reach Python in the main thread only; and an ignored one stays ignored
        return
    heard = threading.Event()

    def hear(number: int, frame: FrameType | None) -> None:
        heard.set()
        before(number, frame)

    signal.signal(signal.SIGINT, hear)
    try:
        with _stopped_by_signals(stop, heard) if stop else nullcontext():
            yield
    except Exception:
        if heard.is_set():
            raise KeyboardInterrupt from None
        raise
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _stopped_by_signals(stop: Callable[[], object], heard: threading.Event) -> Iterator[None]:
    """A thread that stops what is running as soon as SIGINT arrives; Python writes each signal's number to a socket."""
    ours, pythons = socket.socketpair()

    def wait() -> None:
        while number := ours.recv(1):
            if number[0] == signal.SIGINT:
                heard.set()
                stop()

    with ours, pythons:
        pythons.settimeout(0)
        before = signal.set_wakeup_fd(pythons.fileno(), warn_on_full_buffer=False)
        watcher = threading.Thread(target=wait, name="interrupts", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            pythons.shutdown(socket.SHUT_RDWR)
            watcher.join()
