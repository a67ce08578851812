"""Folders and files as they must be kept: modes that no umask changes, writing that lasts; processes that end in time.

Belongs here: what every part that writes into the warehouse folder shares. Does not belong here: what is written.
"""

from __future__ import annotations

import ctypes
import os
import signal
import tempfile
from pathlib import Path

SCRATCH = ".new-"
"""How the name of a file begins that is not complete yet."""
_PRIVATE, _READABLE = 0o700, 0o755
_PR_SET_PDEATHSIG = 1


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner may enter; an existing one is narrowed."""
    return _with_mode(make_folder(path.parent) / path.name, _PRIVATE)


def readable_folder(path: Path) -> Path:
    """Make a folder that others may read and not write to; an existing one is given this mode."""
    return _with_mode(make_folder(path.parent) / path.name, _READABLE)


def make_folder(path: Path) -> Path:
    """Make a folder, and those above it, that others may read and not write to; an existing one stays as it is."""
    if not path.is_dir():
        make_folder(path.parent)
        _with_mode(path, _READABLE)
    return path


def _with_mode(path: Path, mode: int) -> Path:
    path.mkdir(mode=_PRIVATE, exist_ok=True)
    if path.stat().st_mode & 0o777 != mode:
        path.chmod(mode)
    return path


def sync(path: Path) -> None:
    """Make a file's content, or a folder's entries, last through a power failure."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_private(path: Path, text: str, *, replace: bool = True) -> None:
    """Write a small file of mode 0600, whole or not at all.

    Args:
        path: the file; its folder exists.
        text: ASCII.
        replace: whether an existing file is replaced; else it stays.
    """
    descriptor, name = tempfile.mkstemp(prefix=SCRATCH, dir=path.parent)
    scratch = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            scratch.replace(path)
        else:
            _name_new(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
    sync(path.parent)


def _name_new(scratch: Path, path: Path) -> None:
    """Give a complete file its name, unless the name is taken: who comes second finds the first one's file."""
    try:
        os.link(scratch, path)
    except FileExistsError:
        return
    except OSError:  # a file system without links; two first runs at the same moment are not looked for there
        if not path.exists():
            scratch.rename(path)


def die_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """Ask the kernel (Linux) to send this process a signal when the thread that started it ends, however that happens.

    Elsewhere nothing happens: there the parent's own tidying has to do.
    """
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, number)
