"""Files and folders that last: whole writes, modes that no umask changes, removal; processes that end in time.

Belongs here: how a file comes to be. In the warehouse it is made in a private scratch folder with a name that cannot be
foretold, outside in a file of mode 0600 beside its place; it is then made durable and renamed. Scratch is held by who
writes, and what nobody holds is swept. Does not belong here: what is written.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SCRATCH = ".kim-new-"
"""How the name of a file begins that is being written outside the warehouse."""
_HOLD = ".held"
"""The file in a scratch folder whose lock says that somebody works there."""
_PRIVATE, _READABLE = 0o700, 0o755
_PR_SET_PDEATHSIG = 1
_OWN, _ALL = 0o600, 0o666

Writer = Callable[[Path, bytes], object]
"""What puts a whole file at its place: `draft`, `write_with_folders`, or `Store.write_readable`."""


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
    set_mode(path, mode)
    return path


def set_mode(path: Path, mode: int) -> None:
    """Give a file or folder its mode, if it has another."""
    if path.stat().st_mode & 0o777 != mode:
        path.chmod(mode)


def sync(path: Path) -> None:
    """Make a file's content, or a folder's entries, last through a power failure."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_durable(path: Path, mode: int) -> None:
    """Give a file, or each file of a folder, its mode, and make all of it last; folders keep their modes."""
    for entry in (*path.rglob("*"), path) if path.is_dir() else (path,):
        if entry.is_file():
            set_mode(entry, mode)
        sync(entry)


def move(source: Path, target: Path) -> None:
    """Rename within a file system, for good; a file that is there is replaced."""
    os.replace(source, target)
    sync(target.parent)
    if source.parent != target.parent:
        sync(source.parent)


def remove(path: Path) -> None:
    """Remove a file, a link, or a folder with all that is in it, also where folders in it are read-only."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for folder in (path, *(entry for entry in path.rglob("*") if entry.is_dir() and not entry.is_symlink())):
        set_mode(folder, folder.stat().st_mode & 0o777 | _PRIVATE)
    shutil.rmtree(path)


def draft(path: Path, content: bytes) -> Path:
    """Write a file of mode 0600 into a scratch folder, from where it will be moved; folders above it are made."""
    path.parent.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWN), "wb") as file:
        file.write(content)
    return path


def append(path: Path, text: str) -> None:
    """Add to a log of mode 0600, at its end and at once."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _OWN)
    try:
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def set_modes(path: Path, file: int, folder: int) -> None:
    """Give a file, or a folder with all that is in it, their modes."""
    for entry in (*path.rglob("*"), path) if path.is_dir() else (path,):
        set_mode(entry, folder if entry.is_dir() else file)


def twin(source: Path, target: Path) -> None:
    """Let a file, or a flat folder of files, be under a second name, too; both are the same files where that can be."""
    if source.is_dir():
        _with_mode(target, source.stat().st_mode & 0o777)
        for entry in source.iterdir():
            twin(entry, target / entry.name)
        return
    try:
        os.link(source, target)
    except OSError:  # a file system without links
        copy(source, target)


def copy(source: Path, target: Path) -> None:
    """Make a copy of a complete file or folder that lasts, with its modes."""
    (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    for entry in (*target.rglob("*"), target):
        sync(entry)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file, of mode 0600, which is made if need be; it is free again when this process has ended.

    Raises:
        BlockingIOError: somebody else holds it.
        OSError: it cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, _OWN)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def write(path: Path, content: bytes, mode: int | None = None, *, replace: bool = True) -> None:
    """Write a file outside the warehouse, whole or not at all; left-overs of killed writers beside it are removed.

    What is no file, as a pipe or a terminal, is written to.

    Args:
        path: the file; its folder exists. Of a link, what it leads to is replaced.
        content: of the file.
        mode: of the file; by default that of the file that is there, else what the umask leaves.
        replace: whether an existing file is replaced; else it stays.

    Raises:
        OSError: the folder cannot be written to; what was there still is.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        with path.open("wb") as target:
            target.write(content)
        return
    if mode is None:
        mode = path.stat().st_mode & 0o777 if path.exists() else _ALL & ~_umask()
    with beside(path) as scratch:
        draft(scratch, content)
        put(scratch, path, mode, replace=replace)


def write_with_folders(path: Path, content: bytes) -> None:
    """Write a file as `write` does, and make the folders above it as the umask says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, content)


def put(scratch: Path, path: Path, mode: int, *, replace: bool = True) -> None:
    """Make what was written durable, and give it its name."""
    make_durable(scratch, mode)
    if replace:
        os.replace(scratch, path)
    else:
        _name_new(scratch, path)
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


def _umask() -> int:
    """The umask of this process, which only setting it tells; for that moment it is a narrow one."""
    before = os.umask(0o077)
    os.umask(before)
    return before


def sweep_beside(path: Path) -> None:
    """Remove what killed writers left in the folder of a file."""
    for leftover in path.parent.glob(f"{SCRATCH}*"):
        _sweep_file(leftover)


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """An empty file of mode 0600 beside a place, held while it is written; removed at the end unless it was moved."""
    sweep_beside(path)
    while True:
        descriptor, name = tempfile.mkstemp(prefix=SCRATCH, dir=path.parent)
        if _is_ours(descriptor, Path(name)):
            break
        os.close(descriptor)
    try:
        yield Path(name)
    finally:
        if _is_same(descriptor, Path(name)):
            os.unlink(name)
        os.close(descriptor)


def _is_ours(descriptor: int, path: Path) -> bool:
    """Lock what was just made; False where a sweeper was faster, and removed it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:  # a file system without locks: there is no sweeping either
        return True
    return _is_same(descriptor, path)


def _is_same(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _sweep_file(path: Path) -> None:
    """Remove a file that is being written, unless somebody does."""
    with suppress(OSError), locked(path):
        os.unlink(path)


@contextmanager
def _held_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A new private folder, held as long as it is used, then removed."""
    while True:
        place = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        with suppress(FileNotFoundError):  # a sweeper was faster
            hold = os.open(place / _HOLD, os.O_RDWR | os.O_CREAT, _OWN)
            fcntl.flock(hold, fcntl.LOCK_EX)
            if _is_same(hold, place / _HOLD):
                break
            os.close(hold)
    try:
        yield place
    finally:
        with suppress(FileNotFoundError):
            remove(place)
        os.close(hold)


def _sweep_folder(place: Path) -> None:
    """Remove such a folder, unless somebody holds it."""
    with suppress(BlockingIOError, FileNotFoundError), locked(place / _HOLD):
        remove(place)


@contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """A private folder among the temporary ones; those of this account that killed processes left are removed."""
    parent = Path(tempfile.gettempdir())
    for place in parent.glob(f"{prefix}*"):
        if place.lstat().st_uid == os.getuid() and place.is_dir() and not place.is_symlink():
            _sweep_folder(place)
    with _held_folder(parent, prefix) as place:
        yield place


@contextmanager
def temporary_files_in(place: Path) -> Iterator[None]:
    """Let the temporary files of libraries be made in a scratch folder: a killed process leaves them behind."""
    before = tempfile.tempdir
    tempfile.tempdir = str(place)
    try:
        yield
    finally:
        tempfile.tempdir = before


class Store:
    """The warehouse's folder as a place to write to.

    Attributes:
        folder: the warehouse's.
        state: what cannot be made anew and decides what is built: the ledger, patterns, delivered marks; 0700.
    """

    def __init__(self, folder: Path) -> None:
        """Bind to a folder; nothing is made yet."""
        self.folder = folder
        self.state = folder / "state"
        self._scratch = folder / "scratch"

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A new private folder to write in, with an unpredictable name; removed at the end, or swept later."""
        with _held_folder(private_folder(self._scratch), "") as place:
            yield place

    def sweep(self) -> None:
        """Remove the scratch that nobody holds: its writers were killed."""
        sweep_beside(self.folder / SCRATCH)
        for place in self._scratch.iterdir() if self._scratch.is_dir() else ():
            if place.is_dir() and not place.is_symlink():
                _sweep_folder(place)
            else:
                remove(place)

    def write(self, path: Path, content: bytes, mode: int | None = None, *, replace: bool = True) -> None:
        """Write a file whole or not at all; one outside the warehouse as `write` does.

        Args:
            path: the file; its folder exists.
            content: of the file.
            mode: of the file; in the warehouse by default 0600.
            replace: whether an existing file is replaced; else it stays.

        Raises:
            OSError: the folder cannot be written to; what was there still is.
        """
        if not self.holds(path):
            write(path, content, mode, replace=replace)
            return
        with self.draft(path) as scratch:
            draft(scratch, content)
            put(scratch, path, _OWN if mode is None else mode, replace=replace)

    def write_readable(self, path: Path, content: bytes) -> None:
        """Write a file, and the folders above it, that others may read; outside the warehouse the umask decides."""
        if self.holds(path):
            make_folder(path.parent)
            self.write(path, content, 0o644)
        else:
            write_with_folders(path, content)

    @contextmanager
    def draft(self, path: Path) -> Iterator[Path]:
        """Where a file is written before `put` moves it to its place: in the scratch, or outside beside its place."""
        if self.holds(path):
            with self.scratch() as place:
                yield place / path.name
        else:
            with beside(path) as scratch:
                yield scratch

    def holds(self, path: Path) -> bool:
        """Whether a place is in the warehouse."""
        return path.resolve().is_relative_to(self.folder.resolve())

    def holds_state(self, but: str) -> bool:
        """Whether there is any state besides one file."""
        return any(path.is_file() and path != self.state / but for path in self.state.rglob("*"))

    def state_sha256(self) -> str:
        """The hash of all state: of the names and contents of its files."""
        digest = hashlib.sha256()
        for path in sorted(p for p in self.state.rglob("*") if p.is_file()):
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            digest.update(f"{path.relative_to(self.state).as_posix()}\0{content}\n".encode())
        return digest.hexdigest()


NO_STATE = hashlib.sha256().hexdigest()
"""The hash of a state that holds nothing."""
