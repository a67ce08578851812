"""The resolution that the paper proposes: each reviewed measure in exactly one point (`paper.md` §1.4).

Belongs here: which measure stands in which point, and its words. A county may have a text of its own instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kim_pipeline import german
from kim_pipeline.report.decisions import MeasureDecisions, MeasureKey
from kim_pipeline.report.figures import Record
from kim_pipeline.report.wording import Wording

CONFLICT = "Widerspruch"
_LISTED = 12
"""Measures that a point names by number; more are named where Anlage 1 marks them."""
_SERVED = frozenset({"ausbauen", "umsetzen"})
_NEW = "neu aufnehmen"


@dataclass(frozen=True)
class ResolutionPoint:
    """A point of the resolution.

    Attributes:
        kind: a suggestion, `Widerspruch`, `neu aufnehmen` or `Bericht`.
        text: as it stands in the paper, without its number.
        measures: that it is about, in natural order.
    """

    kind: str
    text: str
    measures: tuple[Record, ...] = ()


def natural(number: str) -> list[tuple[int, str]]:
    """Sorts numbers of measures as people do: `IK10-9` before `IK10-10`."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", number)]


def key_of(measure: Record) -> MeasureKey:
    """A measure's key."""
    return measure["concept"], measure["measure_no"]


def conflicts(measures: Sequence[Record], decisions: MeasureDecisions) -> list[Record]:
    """Measures whose suggestion contradicts their binding resolution, in natural order."""
    found = [m for m in measures if decisions.agreement(key_of(m), m["suggestion"]) == CONFLICT]
    return sorted(found, key=lambda m: natural(m["measure_no"]))


def open_themes(measures: Sequence[Record], missing: Sequence[Record]) -> list[str]:
    """Themes with a gap and without a living measure, for which no measure is to be extended or carried out."""
    served = {m["theme"] for m in measures if m["suggestion"] in _SERVED}
    return sorted({row["theme"] for row in missing} - served)


def points(
    measures: Sequence[Record], missing: Sequence[Record], decisions: MeasureDecisions, wording: Wording
) -> list[ResolutionPoint]:
    """The points of the generated resolution in order; one without a measure falls away.

    Args:
        measures: the reviewed ones with their suggestion.
        missing: themes without a living measure (`measure_review_missing`).
        decisions: by the key date.
        wording: with the county's choices.
    """
    back_by = str(wording.paper["back_by"])
    against = conflicts(measures, decisions)
    apart = {key_of(m) for m in against}
    found = []
    for kind in wording.resolution:
        chosen = against if kind == CONFLICT else [
            m for m in measures if m["suggestion"] == kind and key_of(m) not in apart
        ]  # fmt: skip
        ordered = tuple(sorted(chosen, key=lambda m: natural(m["measure_no"])))
        if ordered:
            found.append(
                ResolutionPoint(
                    kind, _worded(wording.resolution[kind], [m["measure_no"] for m in ordered], back_by), ordered
                )
            )
    themes = open_themes(measures, missing)
    if themes:
        words = wording.resolution[_NEW]["one" if len(themes) == 1 else "several"]
        found.append(ResolutionPoint(_NEW, words.format(back_by=back_by, themes=german.listing(themes))))
    next_report = wording.paper.get("next_report")
    if next_report:
        found.append(ResolutionPoint("Bericht", f"Über den Stand wird {next_report} berichtet."))
    return found


def _worded(words: Mapping[str, str], numbers: Sequence[str], back_by: str) -> str:
    if len(numbers) == 1:
        return words["one"].format(list=numbers[0], back_by=back_by)
    are_listed = len(numbers) <= _LISTED
    marked = "" if are_listed else " in Anlage 1 so bezeichneten"
    return words["several"].format(
        Die=f"Die{marked}",
        die=f"die{marked}",
        der=f"der{marked}",
        n=len(numbers),
        list=f" {german.listing(numbers)}" if are_listed else "",
        back_by=back_by,
    )
