"""Erasure on request: everything that was made of a delivery's bytes goes at once (`deliveries.md` §4a).

Belongs here: the result of reading, kept rows, the return copy, internal files of builds that hold its rows. Does not
belong here: the office's own file, which is gone already.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Collection, Iterator
from pathlib import Path

import duckdb

from kim_pipeline.files import remove
from kim_pipeline.guard.basis import UsedInput
from kim_pipeline.guard.kept import file_of, place_of
from kim_pipeline.publishing.builds import Build, Warehouse
from kim_pipeline.settings import Settings

_LOG = logging.getLogger(__name__)
_COPY = "_Rückmeldung"
"""What the name of every return copy holds behind that of its delivery."""


def erase(warehouse: Warehouse, settings: Settings, items: Collection[UsedInput]) -> list[Path]:
    """Remove what was made of some deliveries; the caller holds the warehouse.

    The internal file of the published build goes as well, if it holds their rows: until the next night there is none.

    Returns:
        What was removed.

    Raises:
        OSError: something cannot be removed.
    """
    gone = [path for path in _made_of(warehouse, settings, items) if path.exists()]
    for path in gone:
        remove(path)
    current = warehouse.current()
    if current is not None and current.internal in gone:
        warehouse.switch(current)  # no name may lead to a file that is gone
    return gone


def _made_of(warehouse: Warehouse, settings: Settings, items: Collection[UsedInput]) -> Iterator[Path]:
    for item in items:
        yield from sorted((settings.cache / item.programme).glob(f"{item.sha256}-*"))
        yield place_of(warehouse.store, item.programme, item.sha256)
        yield from _copies_of(item, settings)
    hashes = {item.sha256 for item in items}
    for build in warehouse.all_builds():
        if build.internal.exists() and _holds(build, hashes):
            yield build.internal


def _copies_of(item: UsedInput, settings: Settings) -> Iterator[Path]:
    """The return copies of a delivery; also those of files whose names only begin alike: none of its own may stay."""
    begin = unicodedata.normalize("NFC", Path(file_of(item.file)).stem).partition(_COPY)[0]
    for path in sorted((settings.feedback / item.programme).rglob("*")):
        name = unicodedata.normalize("NFC", path.name)
        if path.is_file() and name.startswith(begin) and _COPY in name:
            yield path


def _holds(build: Build, hashes: Collection[str]) -> bool:
    """Whether an internal file was made from any of these bytes; one that cannot be read may hold them."""
    try:
        with duckdb.connect(str(build.internal), read_only=True) as connection:
            known = connection.execute("SELECT DISTINCT sha256 FROM quality.delivery").fetchall()
    except duckdb.Error as error:
        _LOG.warning("%s cannot be read (%s) and is removed with the others", build.internal.name, type(error).__name__)
        return True
    return any(sha256 in hashes for (sha256,) in known)
