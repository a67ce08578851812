"""What people want to know of the builds that are there: when, from what, how large, why kept.

Belongs here: reading it back from the builds themselves. Does not belong here: what decides it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from kim_pipeline.publishing.builds import Build, Warehouse
from kim_pipeline.publishing.keeping.retention import Reason, keep_reasons
from kim_pipeline.publishing.smoke import BUILD_INFO_TABLE
from kim_pipeline.settings import Settings

_FACTS = f"SELECT item, name, value FROM {BUILD_INFO_TABLE} WHERE item IN ('build', 'count')"
_ACCEPTED = "SELECT coalesce(sum(accepted), 0) FROM quality.sheet_account"
_INPUTS = f"SELECT name, file, as_of, status, value FROM {BUILD_INFO_TABLE} WHERE item = 'input' ORDER BY name, file"


@dataclass(frozen=True)
class BuildEntry:
    """One build; what its own table `build_info` would tell is None where the file cannot be read now.

    Attributes:
        name: its stem.
        built_at: when the run began, by the clock of that run.
        as_of: the day on which what is due was judged.
        counted, rejected: numbers of deliveries.
        rows_accepted: of all deliveries that could be read; None where no file of the build tells it any longer.
        size: bytes of all its files.
        has_internal: whether its internal file is still there.
        is_published: whether readers get it.
        kept_because: why retention keeps it.
    """

    name: str
    built_at: dt.datetime | None
    as_of: dt.date | None
    counted: int | None
    rejected: int | None
    rows_accepted: int | None
    size: int
    has_internal: bool
    is_published: bool
    kept_because: Sequence[Reason]


@dataclass(frozen=True)
class BuildInput:
    """One delivery that a build was made from; `sha256` is None where it could not be read."""

    programme: str
    file: str
    as_of: dt.date | None
    status: str
    sha256: str | None


def list_builds(warehouse: Warehouse, settings: Settings) -> list[BuildEntry]:
    """All builds, the newest first."""
    current = warehouse.current()
    reasons = keep_reasons(warehouse, settings)
    return [_entry(warehouse, build, why, is_published=build == current) for build, why in reasons.items()]


def _entry(warehouse: Warehouse, build: Build, why: Sequence[Reason], *, is_published: bool) -> BuildEntry:
    try:
        with duckdb.connect(str(build.published), read_only=True) as connection:
            known = {(item, name): value for item, name, value in connection.execute(_FACTS).fetchall()}
    except duckdb.Error:
        known = {}
    return BuildEntry(
        name=build.stem,
        built_at=dt.datetime.fromisoformat(known["build", "built_at"]) if known else None,
        as_of=dt.date.fromisoformat(known["build", "as_of"]) if known else None,
        counted=_count(known, "counted"),
        rejected=_count(known, "rejected"),
        rows_accepted=_count(known, "accepted") or _accepted(build),
        size=sum(path.stat().st_size for path in warehouse.files_of(build) if path.is_file()),
        has_internal=build.internal.exists(),
        is_published=is_published,
        kept_because=why,
    )


def _count(known: Mapping[tuple[str, str], str], name: str) -> int | None:
    return int(known.get(("count", name), 0)) if known else None


def _accepted(build: Build) -> int | None:
    """As the internal file tells; the published one did until it told no numbers of rows."""
    try:
        with duckdb.connect(str(build.internal), read_only=True) as connection:
            ((rows,),) = connection.execute(_ACCEPTED).fetchall()
    except duckdb.Error:
        return None
    return int(rows)


def inputs_of(build: Build) -> list[BuildInput]:
    """The deliveries that a build was made from, by programme and file.

    Raises:
        duckdb.Error: the file cannot be read now.
    """
    with duckdb.connect(str(build.published), read_only=True) as connection:
        return [BuildInput(*row) for row in connection.execute(_INPUTS).fetchall()]
