"""Deliveries that count in the published build and are gone: an unmounted share must not publish an empty warehouse.

Belongs here: what the published build counts, and which programmes would be left with nothing. Does not belong here:
what becomes of the run (`night.hold`).
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

import duckdb

from kim_pipeline import german
from kim_pipeline.contracts import programmes
from kim_pipeline.errors import KimError
from kim_pipeline.intake.intake import Intake

_LOG = logging.getLogger(__name__)
_COUNTED = {
    "published": "SELECT name, value FROM build_info WHERE item = 'input' AND status = 'counted'",
    "internal": "SELECT programme, sha256 FROM quality.delivery WHERE status = 'counted'",
}
"""What the published file and the internal one tell of the deliveries that count."""


class PublishedBuild(Protocol):
    """The build that readers open, as far as the guard asks for it: where its two files are."""

    @property
    def published(self) -> Path:
        """The protected file."""

    @property
    def internal(self) -> Path:
        """The internal one; it may have been removed for its age."""


class MissingDeliveriesError(KimError):
    """Deliveries that the published build counts are gone and nothing replaces them; the German message says which."""

    def __init__(self, missing: dict[str, int]) -> None:
        """Say it for programmes and their numbers of deliveries."""
        which = german.listing(_in_words(key, number) for key, number in missing.items())
        accept = " ".join(f"--accept-missing {key}" for key in missing)
        super().__init__(
            "Der Lauf hat angehalten, bevor etwas veröffentlicht wurde: Es fehlen Lieferungen, die bisher zählten, und "
            f"keine andere zählt an ihrer Stelle: {which}. Bitte prüfen, ob der Ordner der Lieferungen eingebunden ist "
            f"und ob Dateien gelöscht wurden. Soll der Datenbestand ohne sie erscheinen: kim run {accept}"
        )


def _in_words(key: str, number: int) -> str:
    return f"{german.counted(number, 'Lieferung', 'Lieferungen')} von {programmes()[key].title} (Ordner {key})"


def missing_deliveries(build: PublishedBuild | None, intake: Intake) -> dict[str, int]:
    """Programme → number of its deliveries that count in a build and are gone, where nothing of it counts any more."""
    found = {}
    counted = counted_in(build)
    for key in sorted({programme for programme, _ in counted} & programmes().keys()):
        ours = intake.of(key)
        gone = {sha256 for programme, sha256 in counted if programme == key} - {d.sha256 for d in ours}
        if gone and not any(d.status == "counted" for d in ours):
            found[key] = len(gone)
    return found


def counted_in(build: PublishedBuild | None) -> Collection[tuple[str, str]]:
    """Programme and SHA-256 of each delivery that counts in a build; none without a build.

    Where the build's published file cannot be read, its internal one is asked; where neither can, nothing is known,
    and only a new build helps the readers.
    """
    if build is None:
        return set()
    for path, statement in ((build.published, _COUNTED["published"]), (build.internal, _COUNTED["internal"])):
        try:
            with duckdb.connect(str(path), read_only=True) as connection:
                return {(programme, sha256) for programme, sha256 in connection.execute(statement).fetchall()}
        except duckdb.Error as error:
            _LOG.warning("%s does not tell what counts in it (%s)", path.name, type(error).__name__)
    return set()
