"""What the holder of the lock puts right before anything else: left-overs, modes, and the layout of earlier versions.

Belongs here: the warehouse folder without its builds, which `builds.py` puts right itself. Whatever moment a command
was killed at, what it left is removed here, or finished where that is what it had decided.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from kim_pipeline.files import Store, make_durable, move, private_folder, remove, set_modes, sync

_LOG = logging.getLogger(__name__)
_PRIVATE = ("cache", "logs", "dagster", "alerts", "feedback", "state", "builds", "scratch")
RELEASES, SEAL = "releases", "release.json"
LEDGER = "ledger.duckdb"
_WITH = "ledger_with_"
_FORMER_LEFT = (
    ".new-*", "builds/.new-*", "releases/.new-*", "report/.new-*", "cache/.new-*", "cache/*/.new-*",
    "feedback/**/.new-*", "alerts/*.new", "delivered.json", "state/delivered.json",
)  # fmt: skip
"""What versions before 0.2 left: files that were not complete yet, with clear rows, and one that nobody reads now."""
_FORMER_STATE = {
    "ledger.duckdb": LEDGER,
    "ledger.duckdb.wal": f"{LEDGER}.wal",
    "cache/patterns.json": "patterns.json",
}
"""Where they kept state → its name in `state/`."""


def put_right(store: Store) -> None:
    """Narrow folders, remove what killed commands left, finish a release that was being entered, move former state.

    Args:
        store: the warehouse, which the caller holds.
    """
    for name in _PRIVATE:
        if (store.folder / name).is_dir():
            private_folder(store.folder / name)
    store.sweep()
    for leftover in (path for pattern in _FORMER_LEFT for path in store.folder.glob(pattern)):
        remove(leftover)
    _take_over_state(store)
    if store.state.is_dir():
        set_modes(store.state, 0o600, 0o700)
    _settle_ledger(store)
    for folder in (store.folder / RELEASES).glob("*/"):
        if (folder / SEAL).is_file():
            freeze(folder)


def _take_over_state(store: Store) -> None:
    """Move the state of an earlier layout to where it is kept now; what is there already stays."""
    for former, name in _FORMER_STATE.items():
        source, target = store.folder / former, store.state / name
        if not source.is_file():
            continue
        if target.exists():
            _LOG.warning("%s is left where it is: %s is there already", former, name)
            continue
        private_folder(store.state)
        make_durable(source, 0o600)
        move(source, target)


def ledger_with(state: Path, release: str) -> Path:
    """The ledger with an entry of a release that is being made: it becomes the ledger once the release is there."""
    return state / f"{_WITH}{release}.duckdb"


def _waiting(store: Store) -> Iterator[tuple[Path, bool]]:
    """Ledgers with a release that was being made, and whether the release is there."""
    for path in store.state.glob(f"{_WITH}*.duckdb"):
        name = path.name.removeprefix(_WITH).removesuffix(".duckdb")
        yield path, (store.folder / RELEASES / name / SEAL).is_file()


def ledger_of(store: Store) -> Path:
    """The ledger that counts: the one with a release that is there, though it is not the ledger yet."""
    return next((path for path, is_there in _waiting(store) if is_there), store.state / LEDGER)


def _settle_ledger(store: Store) -> None:
    """Finish the release that was being entered when its command was killed, or take its entry back."""
    for path, is_there in list(_waiting(store)):
        if is_there:
            move(path, store.state / LEDGER)
        else:
            remove(path)
            sync(store.state)


def freeze(folder: Path) -> None:
    """Make a release unchangeable."""
    set_modes(folder, 0o444, 0o555)
