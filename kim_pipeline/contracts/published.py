"""Published forms: what an official table looks like, and what its statistics, contents and words mean.

Belongs here: the declarations that a programme's module makes of them, and the official signs (`official.md` §4).
Does not belong here: reading such a table (`reading/official/`), and which programme has which.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Part = Literal["population", "foreigners"]
Sex = Literal["", "male", "female"]
StatisticKind = Literal["fortschreibung", "zensus", "azr"]
FormKey = Literal["flat_new", "flat_old", "retrieval", "register", "census"]


@dataclass(frozen=True)
class Statistic:
    """One official statistic.

    Attributes:
        code: `12411`.
        title: its official name.
        source: what `population_source` and `foreigners_source` say of it.
        names: how a table without a code may call it, in comparable form.
        contents: code of a content → its part; empty where every content that counts persons is of `every_content`.
        every_content: see `contents`.
    """

    code: str
    title: str
    source: StatisticKind
    names: tuple[str, ...]
    contents: dict[str, Part] = field(default_factory=dict)
    every_content: Part | None = None

    def part_of(self, content: str) -> Part | None:
        """The part that a content counts; None for another measure."""
        return self.contents.get(content) or self.every_content


@dataclass(frozen=True)
class Sign:
    """An official sign: what it means, and whether a number stands beside it."""

    meaning: str
    has_number: bool


OFFICIAL_SIGNS: dict[str, Sign] = {
    "-": Sign("nichts vorhanden", has_number=False),
    ".": Sign("Zahlenwert unbekannt oder geheimzuhalten", has_number=False),
    "...": Sign("Angabe fällt später an", has_number=False),
    "/": Sign("keine Angabe, da Zahlenwert nicht sicher genug", has_number=False),
    "x": Sign("Tabellenfach gesperrt, weil Aussage nicht sinnvoll", has_number=False),
    "()": Sign("Aussagewert eingeschränkt", has_number=True),
    "p": Sign("vorläufige Zahl", has_number=True),
    "r": Sign("berichtigte Zahl", has_number=True),
    "s": Sign("geschätzte Zahl", has_number=True),
    "e": Sign("", has_number=True),
}
"""Sign → what it means (`official.md` §4; the legend of GENESIS and Regionalstatistik). `e` is read as final."""
FINAL = "e"
"""The sign that is not in the legend, always beside a plain number."""
NOTHING = "-"
"""The sign of `nothing there`: a dissolved area where it stands for a whole population."""


def census_name(base: str | None) -> str:
    """A census base in words: `Zensus 2011`, `Volkszählung 1987`."""
    if base is None:
        return "Grundlage nicht genannt"
    return f"Volkszählung {base}" if base == "1987" else f"Zensus {base}"


@dataclass(frozen=True)
class FlatForm:
    """P1: one row per area, day and attribute, by GENESIS, Regionalstatistik, the census data base and the Länder.

    Attributes:
        new_start: how the first line of the new form begins.
        old_starts: how the first line of the old form begins.
        area_variables: codes of the variables that name areas.
        area_prefixes: beginnings of further such codes.
        sexes: attribute code of `sex_variable` → sex.
        foreign: attribute code of `nationality_variable` that counts foreigners; rows of others are notes.
        units: what a content is counted in.
        reference_day: time code of a day; others are no day.
        named: the end of a published file name; its group is the moment of retrieval in milliseconds.
    """

    name: str
    new_start: str
    old_starts: tuple[str, ...]
    area_variables: frozenset[str]
    area_prefixes: tuple[str, ...]
    sex_variable: str
    sexes: dict[str, Sex]
    nationality_variable: str
    foreign: str
    units: frozenset[str]
    reference_day: str
    named: re.Pattern[str]


@dataclass(frozen=True)
class RetrievalForm:
    """P2: a table retrieved from GENESIS with title, header, data and footer, as .csv or .xlsx.

    Attributes:
        first_line: the first line of a .csv; its last group is the table's code.
        footer: how the first cell of the row after the data begins.
        neutral: header cells that change nothing, in comparable form.
        totals, sexes: header cells of all and of a sex.
        nationals, foreigners: header cells of the two nationalities.
        population, foreign_population: how a content begins.
        whole_population: a content that is the population as it stands.
        reference_day: title cell that states the day.
        reporting_year: title cell that states a year, which is no day.
    """

    name: str
    first_line: re.Pattern[str]
    footer: str
    neutral: frozenset[str]
    totals: frozenset[str]
    sexes: dict[str, Sex]
    nationals: frozenset[str]
    foreigners: frozenset[str]
    population: str
    whole_population: str
    foreign_population: str
    reference_day: str
    reporting_year: str
    as_of: re.Pattern[str]


@dataclass(frozen=True)
class RegisterForm:
    """P3: the register of municipalities.

    Attributes:
        statistic: code of the statistic that its population is of.
        title: how a cell of the form begins.
        record_kind: header cell of the column that tells what a row is.
        municipality: its value for a municipality.
        key_group: what the group over the key's columns holds.
        key_columns: detail names of the key's columns → number of digits.
        population_groups: how the group over the population begins.
        details: detail name → sex.
        contents_sheet, appeared: sheet and label of the month of publication.
    """

    name: str
    statistic: str
    title: str
    record_kind: frozenset[str]
    municipality: str
    key_group: str
    key_columns: tuple[tuple[frozenset[str], int], ...]
    name_headers: frozenset[str]
    population_groups: tuple[str, ...]
    details: dict[str, Sex]
    other_days: tuple[str, ...]
    contents_sheet: str
    appeared: str


@dataclass(frozen=True)
class CensusForm:
    """P4: the regional table of the population of a census.

    Attributes:
        statistic: code of the statistic that it is of.
        title: how the first row of its sheets begins.
        key_header, name_header: header cells.
        content: how the header of the column that counts begins.
        imprint: sheet whose latest day is the Stand.
    """

    name: str
    statistic: str
    title: str
    key_header: str
    name_header: str
    content: str
    imprint: str
    explanations: str


@dataclass(frozen=True)
class PublishedForms:
    """All that a programme's contract says of official tables.

    Attributes:
        table: the table that their rows belong to.
        statistics: those that count.
        flat, retrieval, register, census: the four forms.
        retrieve: what to retrieve, one sentence for each wish (`kim template`, `kim check`).
    """

    table: str
    statistics: tuple[Statistic, ...]
    flat: FlatForm
    retrieval: RetrievalForm
    register: RegisterForm
    census: CensusForm
    retrieve: str

    def statistic(self, code: str) -> Statistic | None:
        """The statistic of that code; None if it is none that counts."""
        return next((s for s in self.statistics if s.code == code), None)

    def named(self, name: str) -> Statistic | None:
        """The statistic that a title calls so, in comparable form."""
        return next((s for s in self.statistics if any(name.startswith(known) for known in s.names)), None)
