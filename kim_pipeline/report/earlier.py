"""Releases of earlier reports: which is the one before, and what is compared with it (`paper.md` §1.8).

Belongs here: finding a release's published file by its key date. It is read like any published file.
"""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path

from kim_pipeline.report.figures import Figures, NotPublishedError
from kim_pipeline.report.news import Earlier
from kim_pipeline.report.review import Review
from kim_pipeline.report.tables import ReportContext
from kim_pipeline.report.wording import Wording

_LOG = logging.getLogger(__name__)
_FILE = "kim.duckdb"


class UnknownReleaseError(NotPublishedError):
    """There is no release of that name; says so in German."""


def release_before(releases: Path, key_day: dt.date) -> str | None:
    """The name of the release with the latest key date before a day; None without one.

    A release from before the decision paper lacks its tables and cannot be compared; the paper then tells what is new
    since an earlier register, and its heading says so.

    Args:
        releases: their folder.
        key_day: of the report.
    """
    found = []
    for file in sorted(releases.glob(f"[!.]*/{_FILE}")):
        try:
            day = _day_of(Figures(file))
        except NotPublishedError:
            _LOG.warning("release %s is of an older form and is not compared", file.parent.name)
            continue
        if day < key_day:
            found.append((day, file.parent.name))
    return max(found)[1] if found else None


def earlier_release(releases: Path, name: str) -> Earlier:
    """A release to compare with.

    Args:
        releases: their folder.
        name: of the release.

    Raises:
        UnknownReleaseError: there is none of that name.
    """
    file = releases / name / _FILE
    if Path(name).name != name or not file.is_file():
        raise UnknownReleaseError(f"Die Veröffentlichung {name} gibt es nicht.")
    figures = Figures(file, _day_of(Figures(file)))
    return Earlier(name, Review(ReportContext(figures, Wording())))


def _day_of(figures: Figures) -> dt.date:
    """A release's key date."""
    facts = {row["name"]: row["value"] for row in figures.rows("build_info") if row["item"] == "release"}
    return dt.date.fromisoformat(facts["as_of"]) if "as_of" in facts else figures.key_day
