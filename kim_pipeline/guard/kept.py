"""Kept rows: what was read of a delivery that counts in the published build and whose bytes are gone.

Belongs here: putting the result of reading aside in the state, and taking it in again as a delivery. It is used as it
is, whatever version of the program reads deliveries now, until a person decides. Pseudonymised rows; 0700 and 0600.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from kim_pipeline import german
from kim_pipeline.files import Store, copy, draft, make_durable, move, private_folder, remove
from kim_pipeline.intake import cache
from kim_pipeline.intake.cache import CachedPart
from kim_pipeline.intake.deliveries import Delivery
from kim_pipeline.settings import Settings
from kim_pipeline.version import code_version

_FOLDER = "kept"
_FACTS = "kept.json"
_ROWS = "result"


@dataclass(frozen=True)
class KeptRows:
    """What is kept of one delivery.

    Attributes:
        programme: of the delivery.
        sha256: of the bytes that were read.
        file: its name below the programme's folder.
        received_at: when the file was last written (UTC).
        version: of the program that read it.
        path: the result of reading, as the cache keeps it.
    """

    programme: str
    sha256: str
    file: str
    received_at: dt.datetime
    version: str
    path: Path

    def parts(self) -> list[CachedPart]:
        """What was read; none where it is damaged."""
        return cache.load(self.path) or []


def shown_as(kept: KeptRows) -> str:
    """The name under which kept rows are a delivery beside the file that overwrote theirs."""
    return f"{kept.file} (bisherige Fassung, gelesen mit Version {kept.version})"


def file_of(name: str) -> str:
    """The file that a delivery's name means: kept rows carry that of the file that they were read from."""
    return name.partition(" (bisherige Fassung, gelesen mit Version ")[0]


def find_kept(settings: Settings, programme: str, sha256: str, file: str) -> KeptRows | None:
    """What is kept, or can be, of a delivery: in the state, else in the cache; None where neither has it."""
    place = place_of(Store(settings.warehouse), programme, sha256)
    if (place / _FACTS).is_file():
        facts = json.loads((place / _FACTS).read_bytes())
        received = dt.datetime.fromisoformat(facts["received_at"])
        return KeptRows(programme, sha256, facts["file"], received, facts["version"], place / _ROWS)
    for path in sorted((settings.cache / programme).glob(f"{sha256}-*")):
        if cache.load(path) is not None:
            at = dt.datetime.fromtimestamp(path.stat().st_mtime, tz=dt.UTC)
            return KeptRows(programme, sha256, file, at, code_version(), path)
    return None


def keep_rows(store: Store, found: Iterable[KeptRows]) -> None:
    """Put them aside in the state, whole or not at all; the caller holds the warehouse."""
    for kept in found:
        place = place_of(store, kept.programme, kept.sha256)
        if (place / _FACTS).is_file():
            continue
        facts = {"file": kept.file, "received_at": kept.received_at.isoformat(), "version": kept.version}
        private_folder(place.parent)
        with store.scratch() as scratch:
            made = private_folder(scratch / place.name)
            copy(kept.path, made / _ROWS)
            draft(made / _FACTS, json.dumps(facts, ensure_ascii=False).encode())
            make_durable(made, 0o600)
            if place.exists():  # without its facts it is nothing
                remove(place)
            move(made, place)


def forget_rows(store: Store, but: Collection[tuple[str, str]]) -> None:
    """Remove what is kept, but for these programmes and SHA-256."""
    for place in sorted((store.state / _FOLDER).glob("*/*")):
        if (place.parent.name, place.name) not in but:
            remove(place)


def kept_deliveries(kept: KeptRows) -> list[Delivery]:
    """Kept rows as a delivery, one for each part."""
    whole = Delivery(
        kept.programme,
        shown_as(kept),
        Path(PurePosixPath(kept.file).name),
        kept.received_at,
        sha256=kept.sha256,
        is_kept=True,
    )
    return [dataclasses.replace(whole, part=p.label, read=p, settled=[], excluded=[]) for p in kept.parts()]


def place_of(store: Store, programme: str, sha256: str) -> Path:
    """Where the rows of a delivery are kept, if they are."""
    return store.state / _FOLDER / programme / sha256


def told_kept(kept: Collection[KeptRows]) -> str:
    """How many deliveries count from what was kept of them, in German."""
    return german.counted(len(kept), "Lieferung zählt", "Lieferungen zählen") + " aus aufbewahrten Zeilen weiter"
