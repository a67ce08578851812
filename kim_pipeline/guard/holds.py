"""Since when something waits for a person's word: held deliveries, and what stops a night.

Belongs here: keeping it in the warehouse's state until it is decided, so that it ages on the board and is told again.
Does not belong here: the word itself (`acceptances.py`), and who is told (`orchestration/alerts.py`).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from kim_pipeline.files import Store, private_folder, remove

if TYPE_CHECKING:  # `kim status` reads what waits, and does not judge
    from kim_pipeline.guard.judging import Judgement

_LOG = logging.getLogger(__name__)
_NAME = "holds.json"

HoldKind = Literal["file", "missing", "change"]
"""As `Acceptance.kind`: what a person is asked about."""


@dataclass(frozen=True)
class Hold:
    """One thing that waits.

    Attributes:
        kind: `file`: a delivery is set aside. `missing`: deliveries of a programme are gone. `change`: the
            configuration has changed. The last two stop the nights.
        programme: None for a change.
        sha256: of the delivery's bytes; empty for what stops the nights.
        since: the first night that found it (UTC).
    """

    kind: HoldKind
    programme: str | None
    sha256: str
    since: dt.datetime

    @property
    def subject(self) -> tuple[str, str | None, str]:
        """What it is about, whenever it began."""
        return self.kind, self.programme, self.sha256


def load_holds(store: Store) -> tuple[Hold, ...]:
    """What waits; of a damaged file nothing, for only since when is lost: the next night finds the rest again."""
    try:
        return tuple(_read(json.loads((store.state / _NAME).read_bytes())))
    except FileNotFoundError:
        return ()
    except (ValueError, KeyError, TypeError) as error:
        _LOG.warning("%s is damaged (%s); what waits counts from the next night", _NAME, type(error).__name__)
        return ()


def _read(records: list[dict[str, str]]) -> Iterator[Hold]:
    for record in records:
        if record["kind"] not in get_args(HoldKind):
            raise ValueError("kind")
        since = dt.datetime.fromisoformat(record["since"]).astimezone(dt.UTC)
        yield Hold(record["kind"], record["programme"], record["sha256"], since)  # type: ignore[arg-type]


def note_holds(store: Store, judgement: Judgement, at: dt.datetime) -> tuple[Hold, ...]:
    """Keep what a night found to wait, each since its first night; what does not wait any more goes.

    The caller holds the warehouse.
    """
    known = {hold.subject: hold for hold in load_holds(store)}
    found = {hold.subject: hold for hold in _found(judgement, at.astimezone(dt.UTC).replace(microsecond=0))}
    now = tuple(known.get(subject, hold) for subject, hold in sorted(found.items(), key=lambda item: repr(item[0])))
    _save(store, now)
    return now


def _found(judgement: Judgement, at: dt.datetime) -> Iterator[Hold]:
    for delivery in judgement.held:
        yield Hold("file", delivery.programme, delivery.sha256 or "", at)
    for question in judgement.questions:
        for item in question.missing:
            yield Hold("missing", item.programme, "", at)
        if not question.missing:
            yield Hold("change", None, "", at)


def end_holds(store: Store, decided: Collection[tuple[str, str | None, str]]) -> None:
    """Remove what has been decided, by `Hold.subject`; the caller holds the warehouse."""
    _save(store, tuple(hold for hold in load_holds(store) if hold.subject not in decided))


def _save(store: Store, holds: Sequence[Hold]) -> None:
    path = store.state / _NAME
    if not holds:
        remove(path)
        return
    private_folder(store.state)
    records = [dataclasses.asdict(hold) | {"since": hold.since.isoformat()} for hold in holds]
    store.write(path, json.dumps(records, ensure_ascii=False, indent=1).encode())
