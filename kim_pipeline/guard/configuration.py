"""What a build depends on besides its deliveries: the program, the county's folder, the settings that change figures.

Belongs here: the hash of each part, and naming in German what differs between two builds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from kim_pipeline import german
from kim_pipeline.settings import PROJECT, Settings

_PROGRAM, _COUNTY, _SETTING = "Programm", "Kreisordner", "Einstellung"
_SOURCES = ("kim_pipeline/**/*.py", "kim_pipeline/**/*.toml", "kim_pipeline/**/*.csv", "sql/**/*.sql", "sql/**/*.toml")
_SETTINGS = ("grace_days", "max_file_mib", "max_unpacked_mib", "raise_k")
"""Settings on which figures, or which deliveries can be read, depend."""


def configuration_of(settings: Settings) -> dict[str, str]:
    """Name of a part, as people are told it → SHA-256."""
    program = (path for pattern in _SOURCES for path in PROJECT.glob(pattern))
    county = (path for path in settings.county.rglob("*") if path.is_file())
    return {
        _PROGRAM: _hash_of(program, PROJECT),
        **{f"{_COUNTY}: {_below(path, settings.county)}": _hash_of([path], settings.county) for path in sorted(county)},
        **{f"{_SETTING}: KIM_{name.upper()}": _hash(repr(getattr(settings, name)).encode()) for name in _SETTINGS},
    }


def hash_of_all(configuration: Mapping[str, str]) -> str:
    """The hash of a whole configuration: what is confirmed by `kim accept --change`."""
    return _hash("\n".join(f"{name}\0{value}" for name, value in sorted(configuration.items())).encode())


def changed_parts(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What is new, gone or different, by name; all of it where the earlier build does not say what it depended on."""
    return [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)] if before else [_PROGRAM]


def told_changes(names: Iterable[str]) -> str:
    """The parts that differ, in a German sentence."""
    return german.listing(names) or "nichts, was erkennbar wäre"


def _below(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _hash_of(paths: Iterable[Path], folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{_below(path, folder)}\0{content}\n".encode())
    return digest.hexdigest()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
