"""What people have said: that a delivery may take figures away, that one may be missing, that one is wrong.

Belongs here: keeping it in the warehouse's state. It survives nights and is never overwritten, only ended. Does not
belong here: what follows from it (`judging.py`).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from kim_pipeline.errors import KimError
from kim_pipeline.files import Store, private_folder

Kind = Literal["file", "missing", "change", "withdrawn"]
ACCEPTANCES = "acceptances.json"
"""Name of their file in the state."""
LOST_BUILD = hashlib.sha256(b"no build left").hexdigest()
"""What a change's acceptance says where a night may publish although no build is left to compare with."""
_TEXT = 500


class AcceptanceError(KimError):
    """The kept acceptances cannot be read, or one cannot be made; the German message says why."""


@dataclass(frozen=True)
class Acceptance:
    """One word of a person.

    Attributes:
        kind: `file`: these bytes may take figures away. `missing`: this absence may. `change`: this configuration may.
            `withdrawn`: these bytes do not count.
        programme: None for a change.
        file: name of the delivery when it was said; None for a change.
        sha256: of the delivery's bytes, or of the configuration; `LOST_BUILD` where no build is left.
        accepted_by: who said it.
        because: why.
        accepted_at: when (UTC).
        ended_at: from when it does not hold any more: a missing delivery came back, a withdrawal was undone.
    """

    kind: Kind
    programme: str | None
    file: str | None
    sha256: str
    accepted_by: str
    because: str
    accepted_at: dt.datetime
    ended_at: dt.datetime | None = None


@dataclass(frozen=True)
class Acceptances:
    """All of them, in the order in which they were made."""

    all: tuple[Acceptance, ...] = ()

    def holding(self, kind: Kind) -> frozenset[tuple[str | None, str]]:
        """Programme and SHA-256 of those that hold now."""
        return frozenset((a.programme, a.sha256) for a in self.all if a.kind == kind and a.ended_at is None)


def load_acceptances(store: Store) -> Acceptances:
    """What people have said so far.

    Raises:
        AcceptanceError: the file is damaged; nothing may be published without it.
    """
    path = store.state / ACCEPTANCES
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Acceptances()
    try:
        return Acceptances(tuple(_read(record) for record in json.loads(content)))
    except (ValueError, KeyError, TypeError) as error:
        raise AcceptanceError(
            f"Die Bestätigungen in {path} sind beschädigt ({type(error).__name__}). Bitte die Datei aus der Sicherung "
            "zurückholen; ohne sie wird nichts veröffentlicht."
        ) from None


def _read(record: dict[str, Any]) -> Acceptance:
    if record["kind"] not in get_args(Kind):
        raise ValueError("kind")
    ended = record.get("ended_at")
    return Acceptance(
        record["kind"],
        record["programme"],
        record["file"],
        record["sha256"],
        record["accepted_by"],
        record["because"],
        dt.datetime.fromisoformat(record["accepted_at"]),
        dt.datetime.fromisoformat(ended) if ended else None,
    )


def save_acceptances(store: Store, acceptances: Acceptances) -> None:
    """Keep them; the caller holds the warehouse."""
    private_folder(store.state)
    records = [
        {name: value.isoformat() if isinstance(value, dt.datetime) else value for name, value in record.items()}
        for record in (dataclasses.asdict(acceptance) for acceptance in acceptances.all)
    ]
    content = json.dumps(records, ensure_ascii=False, indent=1).encode()
    store.write(store.state / ACCEPTANCES, content)


def added(acceptances: Acceptances, new: Iterable[Acceptance]) -> Acceptances:
    """With some more; what is said already is not said twice."""
    known = {(a.kind, a.programme, a.sha256) for a in acceptances.all if a.ended_at is None}
    more = [a for a in new if (a.kind, a.programme, a.sha256) not in known]
    return Acceptances((*acceptances.all, *more))


def ended(acceptances: Acceptances, kind: Kind, of: Iterable[tuple[str | None, str]], at: dt.datetime) -> Acceptances:
    """With some of a kind ended: those of these programmes and SHA-256."""
    gone = frozenset(of)
    return Acceptances(
        tuple(
            dataclasses.replace(a, ended_at=at)
            if a.kind == kind and a.ended_at is None and (a.programme, a.sha256) in gone
            else a
            for a in acceptances.all
        )
    )


def checked_words(accepted_by: str, because: str) -> tuple[str, str]:
    """Who says it and why, in one line each.

    Raises:
        AcceptanceError: one of them is blank or too long.
    """
    words = tuple(" ".join(text.split()) for text in (accepted_by, because))
    if not all(words):
        raise AcceptanceError("Bitte mit --by sagen, wer es bestätigt, und mit --because, warum.")
    if any(len(text) > _TEXT for text in words):
        raise AcceptanceError(f"Name und Begründung dürfen je {_TEXT} Zeichen lang sein.")
    return words[0], words[1]


def rows_of(acceptances: Acceptances) -> Sequence[tuple[Any, ...]]:
    """The rows of `quality.acceptance`."""
    return [
        (a.kind, a.programme, a.file, a.sha256, a.accepted_by, a.because, a.accepted_at.replace(tzinfo=None))
        for a in acceptances.all
    ]


def path_of(store: Store) -> Path:
    """Where they lie."""
    return store.state / ACCEPTANCES
