"""Official tables and hand-made ones together: which file gives which part of which record (`official.md` §6).

Belongs here: merging by parts, one census base per Stichtag, and what is told of it. Pure functions of accepted rows.
Does not belong here: where the rows lie, and the status of the deliveries (`settling.py`).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kim_pipeline import german
from kim_pipeline.contracts.published import Part, census_name
from kim_pipeline.intake.competing import Owner
from kim_pipeline.reading.findings import Finding, Severity, place_name, told

_Area = tuple[str, dt.date]
_PARTS: tuple[Part, ...] = ("population", "foreigners")
_AZR = "azr"
_ROUNDED = ("zensus", _AZR)
_BY_COUNTY_AND_ALL, _BY_ALL, _BY_COUNTY, _BY_SOME = 3, 2, 1, 0
_WHY = {
    _BY_COUNTY_AND_ALL: "dafür der Kreis und alle {all} Gemeinden vorliegen",
    _BY_ALL: "nur dafür alle {all} Gemeinden vorliegen",
    _BY_COUNTY: "dafür die Zahl des Kreises vorliegt",
    _BY_SOME: "nur dafür Gemeinden vorliegen",
}


@dataclass(frozen=True)
class AcceptedRow:
    """One accepted row of one delivery; `values` are those of the contract's columns."""

    owner: Owner
    is_official: bool
    as_of: dt.date | None
    values: Mapping[str, Any]

    @property
    def rank(self) -> tuple[bool, dt.date, str, str]:
        """Official before hand-made, then the later Stand (none before all), then the name that sorts last."""
        return self.is_official, self.as_of or dt.date.min, *self.owner

    @property
    def area(self) -> _Area:
        """Area and Stichtag."""
        return self.values["ags"], self.values["reported_on"]

    @property
    def base(self) -> str:
        """Census base; blank where it is not known."""
        return self.values["census_base"] or ""

    def states(self, part: Part) -> bool:
        """Whether it says anything of a part: a number, or a sign without one."""
        return self.values[part] is not None or self.values[f"{part}_mark"] is not None


@dataclass
class MergedRecord:
    """One record of the merged table: which accepted row gives each of its parts."""

    area: str
    reported_on: dt.date
    census_base: str | None
    parts: dict[Part, AcceptedRow]

    def value(self, part: Part) -> int | None:
        """The number of a part; None where it is missing or only a sign stands for it."""
        record = self.parts.get(part)
        return record.values[part] if record else None


@dataclass
class Merged:
    """All records, the base chosen for each figure and Stichtag, and what is told of each delivery."""

    records: list[MergedRecord] = field(default_factory=list)
    bases: dict[tuple[str, dt.date], str | None] = field(default_factory=dict)
    findings: dict[Owner, list[Finding]] = field(default_factory=lambda: defaultdict(list))
    beaten_by: dict[Owner, AcceptedRow] = field(default_factory=dict)

    @property
    def owners(self) -> set[Owner]:
        """Deliveries of which at least one value or sign counts."""
        return {record.owner for merged in self.records for record in merged.parts.values()}


def merge(records: Iterable[AcceptedRow], county: str, names: Mapping[str, str]) -> Merged:
    """Merge the accepted rows of all deliveries of a programme.

    Args:
        records: those of deliveries that count by themselves, in any order.
        county: key of the county.
        names: area → name, the county's and those of all its municipalities.
    """
    ordered = sorted(records, key=lambda r: r.rank, reverse=True)
    found = Merged()
    _fill(found, ordered)
    _keep_order(found, names)
    _choose_bases(found, county, names)
    _tell_other_figures(found, ordered, names)
    _tell_other_bases(found, county, names)
    _tell_sums(found, county, names)
    return found


def _fill(found: Merged, ordered: Sequence[AcceptedRow]) -> None:
    """Each part from the best file that gives it; foreigners of the register where nothing else gives any."""
    records: dict[tuple[_Area, str], MergedRecord] = {}

    def of(record: AcceptedRow, base: str) -> MergedRecord:
        key = record.area, base
        return records.setdefault(key, MergedRecord(*record.area, base or None, {}))

    counted: set[_Area] = set()
    for record in ordered:
        for part in _PARTS:
            if record.states(part) and not _is_register(record, part):
                of(record, record.base).parts.setdefault(part, record)
                counted |= {record.area} if part == "foreigners" else set()
    for record in ordered:
        if record.states("foreigners") and _is_register(record, "foreigners") and record.area not in counted:
            bases = [base for area, base in records if area == record.area]
            of(record, max(bases, default="")).parts.setdefault("foreigners", record)
            counted.add(record.area)
    found.records = [records[key] for key in sorted(records)]
    for record in ordered:
        for part in _PARTS:
            winner = records.get((record.area, record.base))
            if record.states(part) and winner and (best := winner.parts.get(part)) and best.owner != record.owner:
                found.beaten_by.setdefault(record.owner, best)


def _is_register(record: AcceptedRow, part: Part) -> bool:
    return part == "foreigners" and record.values["foreigners_source"] == _AZR


def _keep_order(found: Merged, names: Mapping[str, str]) -> None:
    """`amount_order` after merging: a record with more foreigners than people has no foreigners."""
    for merged in found.records:
        people, foreigners = merged.value("population"), merged.value("foreigners")
        if people is None or foreigners is None or foreigners <= people:
            continue
        record = merged.parts.pop("foreigners")
        said = told("amount_order", german.number(foreigners), expected=f"höchstens {german.number(people)}")
        where = _place(record)
        said = f"{where}: {_named(merged, names)}: {said} Die Ausländerzahl bleibt leer."
        found.findings[record.owner].append(_finding(record, "amount_order", "warning", said))


def _choose_bases(found: Merged, county: str, names: Mapping[str, str]) -> None:
    """One base per Stichtag for all areas: of the population, and of the rate among records with both parts."""
    needed: dict[str, Callable[[MergedRecord], bool]] = {
        "population": lambda m: m.value("population") is not None,
        "foreigners_rate": lambda m: m.value("population") is not None and m.value("foreigners") is not None,
    }
    for figure, is_there in needed.items():
        areas = _areas_by_base(found.records, is_there)
        for day, bases in areas.items():
            best = max(bases, key=lambda base: (_standing(bases[base], county, names), base))
            found.bases[figure, day] = best or None


def _areas_by_base(
    records: Iterable[MergedRecord], is_there: Callable[[MergedRecord], bool]
) -> dict[dt.date, dict[str, set[str]]]:
    areas: dict[dt.date, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for merged in records:
        if is_there(merged):
            areas[merged.reported_on][merged.census_base or ""].add(merged.area)
    return areas


def _standing(there: set[str], county: str, names: Mapping[str, str]) -> int:
    """What is there of a base: the county and all municipalities, all of them, the county, some."""
    has_all = names.keys() - {county} <= there
    if county in there:
        return _BY_COUNTY_AND_ALL if has_all else _BY_COUNTY
    return _BY_ALL if has_all else _BY_SOME


def _tell_other_figures(found: Merged, ordered: Sequence[AcceptedRow], names: Mapping[str, str]) -> None:
    """`other_figure`: another file says another number of the same part, and does not count."""
    merged = {(m.area, m.reported_on, m.census_base or ""): m for m in found.records}
    for record in ordered:
        ours = merged.get((*record.area, record.base))
        for part in _PARTS if ours else ():
            best = ours.parts.get(part) if ours else None
            if best is None or best.owner == record.owner or not record.states(part) or _is_register(record, part):
                continue
            if _shown(best, part) != _shown(record, part):
                _tell_other_figure(found, record, best, part, names)


def _tell_other_figure(
    found: Merged, record: AcceptedRow, best: AcceptedRow, part: Part, names: Mapping[str, str]
) -> None:
    area, day = record.area
    figures = german.listing(f"{_shown(r, part)} in „{r.owner[0]}“ ({_stand(r)})" for r in (record, best))
    what = "" if part == "population" else "Ausländer: "
    said = told(
        "other_figure", area=names.get(area, area), day=german.day(day), figures=f"{what}{figures}",
        counted=_shown(best, part), because=_because(record, best),
    )  # fmt: skip
    found.findings[record.owner].append(_finding(record, "other_figure", "notice", f"{_place(record)}: {said}"))


def why_beaten(loser: AcceptedRow, winner: AcceptedRow) -> str:
    """The reason code of a delivery whose values another one gives: `official_table`, `newer_stand`, `later_name`."""
    if loser.is_official != winner.is_official:
        return "official_table"
    return "newer_stand" if loser.as_of != winner.as_of else "later_name"


def _because(loser: AcceptedRow, winner: AcceptedRow) -> str:
    words = {"official_table": "amtliche Tabelle", "newer_stand": "neuerer Stand", "later_name": "späterer Name"}
    return words[why_beaten(loser, winner)]


def _tell_other_bases(found: Merged, county: str, names: Mapping[str, str]) -> None:
    """`other_census_base`: an area has two populations of one Stichtag, by base."""
    areas = _areas_by_base(found.records, lambda m: m.value("population") is not None)
    by_area: dict[_Area, list[MergedRecord]] = defaultdict(list)
    for merged in found.records:
        if merged.value("population") is not None:
            by_area[merged.area, merged.reported_on].append(merged)
    for (area, day), each in by_area.items():
        if len(each) < 2:
            continue
        chosen = found.bases["population", day]
        why = _WHY[_standing(areas[day][chosen or ""], county, names)].format(all=len(names) - 1)
        figures = german.listing(
            f"{german.number(m.value('population') or 0)} ({census_name(m.census_base)}, "
            f"„{m.parts['population'].owner[0]}“)"
            for m in each
        )
        for other in each:
            if other.census_base != chosen:
                record = other.parts["population"]
                said = told(
                    "other_census_base", area=names.get(area, area), day=german.day(day), figures=figures,
                    base=census_name(chosen), because=why,
                )  # fmt: skip
                found.findings[record.owner].append(
                    _finding(record, "other_census_base", "notice", f"{_place(record)}: {said}")
                )


def _tell_sums(found: Merged, county: str, names: Mapping[str, str]) -> None:
    """`sum_differs`: the municipalities together are not what the county's own figure says."""
    chosen = {
        (m.area, m.reported_on): m
        for m in found.records
        if found.bases.get(("population", m.reported_on)) == m.census_base
    }
    for (area, day), own in chosen.items():
        if area != county:
            continue
        for part in _PARTS:
            each = [m.value(part) if (m := chosen.get((key, day))) else None for key in names if key != county]
            value, record = own.value(part), own.parts.get(part)
            if value is None or record is None or None in each or record.values[f"{part}_source"] in _ROUNDED:
                continue
            total = sum(number or 0 for number in each)
            if total != value:
                facts: dict[str, Any] = {"area": names[county], "day": german.day(day), "sum": german.number(total)}
                said = f"{_place(record)}: {told('sum_differs', own=german.number(value), **facts)}"
                found.findings[record.owner].append(_finding(record, "sum_differs", "notice", said))


def _shown(record: AcceptedRow, part: Part) -> str:
    """The number of a part as people write it, or its sign."""
    value = record.values[part]
    return f"„{record.values[f'{part}_mark']}“" if value is None else german.number(value)


def _stand(record: AcceptedRow) -> str:
    return f"Stand {german.day(record.as_of)}" if record.as_of else "Stand unbekannt"


def _named(merged: MergedRecord, names: Mapping[str, str]) -> str:
    return f"{names.get(merged.area, merged.area)}, {german.day(merged.reported_on)}"


def _place(record: AcceptedRow) -> str:
    return place_name(record.values["source_sheet"], record.values["source_row"])


def _finding(record: AcceptedRow, rule: str, severity: Severity, message: str) -> Finding:
    sheet, row = record.values["source_sheet"], record.values["source_row"]
    return Finding(sheet, row, None, None, rule, severity, None, message)
