"""Retention: which builds are kept, and why.

Belongs here: the rule over names of builds. It looks at names and releases only, never at the clock, so that a clock
that is wrong removes nothing.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from kim_pipeline.publishing.builds import Build, Warehouse
from kim_pipeline.settings import ZONE, Settings

_LOG = logging.getLogger(__name__)

Reason = Literal["published", "newest", "month", "release", "unreadable_release"]


def keep_reasons(warehouse: Warehouse, settings: Settings) -> dict[Build, list[Reason]]:
    """Every build, the newest first, and why it is kept; without a reason it may be removed.

    As long as a release does not say which build it holds, every build is kept.
    """
    builds, current = warehouse.all_builds(), warehouse.current()
    released, are_readable = released_stems(warehouse.folder)
    months = last_of_months([b.made_at for b in builds], settings.keep_months)
    found: dict[Build, list[Reason]] = {}
    for number, build in enumerate(builds):
        holds: Mapping[Reason, bool] = {
            "published": build == current,
            "newest": number < settings.keep_builds,
            "month": build.made_at in months,
            "release": build.stem in released,
            "unreadable_release": not are_readable,
        }
        found[build] = [reason for reason, does in holds.items() if does]
    return found


def expired(warehouse: Warehouse, settings: Settings) -> list[Build]:
    """The builds that nothing keeps, the newest first."""
    return [build for build, reasons in keep_reasons(warehouse, settings).items() if not reasons]


def last_of_months(instants: Sequence[dt.datetime], months: int) -> set[dt.datetime]:
    """The last instant of each calendar month in Germany, as far back as `months`, that of the newest included."""
    last: dict[int, dt.datetime] = {}
    for instant in sorted(instants):
        day = instant.astimezone(ZONE)
        last[day.year * 12 + day.month] = instant
    newest = max(last, default=0)
    return {instant for month, instant in last.items() if newest - month < months}


def released_stems(folder: Path) -> tuple[set[str], bool]:
    """The builds that releases hold, and whether every release says which.

    Args:
        folder: the warehouse's.
    """
    found, are_readable = set(), True
    for path in sorted((folder / "releases").glob("*/release.json")):
        try:
            found.add(str(json.loads(path.read_bytes())["build"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            _LOG.warning("%s does not say which build it holds (%s)", path, type(error).__name__)
            are_readable = False
    return found, are_readable
