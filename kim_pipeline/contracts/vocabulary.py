"""The words that offices use and what they stand for: read from data files, never written in code.

Belongs here: loading and looking up municipalities, languages, nationalities, categories, yes/no and empty tokens.
General vocabulary lies in `contracts/data/`, what belongs to one county in that county's folder.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
import re
import tomllib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

from kim_pipeline.contracts.county import County, without_umlauts
from kim_pipeline.contracts.normalise import comparable, comparable_header

Kind = Literal[
    "text", "date", "number", "whole", "yes_no", "category", "municipality", "language", "languages", "nationality",
    "ags", "programme", "hours", "indicator",
]  # fmt: skip

DATA = Path(__file__).parent / "data"
DEFAULT_COUNTY = Path(__file__).parents[2] / "counties" / "warendorf"
UNDETERMINED_LANGUAGE = "und"
INDICATOR_LIST = Path(__file__).parents[2] / "sql" / "indicators" / "catalogue.toml"
_BEFORE = re.compile(r"(?:\d{5} )?(?:(?:stadt|gemeinde) )?", re.ASCII)
_BEHIND = re.compile(r"(?: \(westf\.\)|/westf\.| i\. w\.)$")
"""What may stand before and behind a municipality's name, in comparable form (`deliveries.md` §3)."""


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a vocabulary file (UTF-8 CSV with a header)."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@dataclass(frozen=True)
class ProgrammeLife:
    """When a programme began and ended, as far as known, and what replaced it.

    Attributes:
        since_year: the year in which it began.
        since_on: the day on which it began, where that is known.
        valid_to: its last day; None while no end is known.
        successor: what replaced it, in German.
        successor_key: key of that programme, if it delivers here.
    """

    since_year: int | None
    since_on: dt.date | None
    valid_to: dt.date | None
    successor: str | None
    successor_key: str | None


@lru_cache(maxsize=1)
def programme_life() -> dict[str, ProgrammeLife]:
    """Programme's key → its life, for those of which anything is known."""

    def day(text: str) -> dt.date | None:
        return dt.date.fromisoformat(text) if text else None

    return {
        r["programme"]: ProgrammeLife(
            int(r["since_year"]) if r["since_year"] else None,
            day(r["since_on"]),
            day(r["valid_to"]),
            r["successor"] or None,
            r["successor_key"] or None,
        )
        for r in rows(DATA / "programmes.csv")
    }


def last_day_of_programme(programme: str) -> dt.date | None:
    """When a programme ended or ends; None where no end is known.

    Args:
        programme: its key.
    """
    life = programme_life().get(programme)
    return life.valid_to if life else None


def decision_agreement() -> list[tuple[str, str, str]]:
    """Decision of a resolution, suggestion of the review, and how the two go together (`indicators.md`)."""
    return [(r["decision"], r["suggestion"], r["agreement"]) for r in rows(DATA / "agreement.csv")]


@dataclass(frozen=True)
class FixedSum:
    """A fixed sum of a funding programme: first and last year, for what, in which unit, and whether it is confirmed."""

    from_year: int | None
    to_year: int | None
    sub_module: str
    unit: str
    rate_eur: float
    is_confirmed: bool


def fixed_sums() -> list[FixedSum]:
    """The fixed sums of KOMM-AN NRW; only confirmed ones are held against grants."""

    def year(text: str) -> int | None:
        return int(text) if text else None

    return [
        FixedSum(
            year(r["from_year"]), year(r["to_year"]), r["sub_module"], r["unit"], float(r["rate_eur"]),
            r["confirmed"] == "1",
        )
        for r in rows(DATA / "komm_an_rates.csv")
    ]  # fmt: skip


def breakdown_members() -> list[tuple[str, str, str]]:
    """Breakdown, member and German name, of members that are no words themselves."""
    return [(r["breakdown_kind"], r["breakdown"], r["name"]) for r in rows(DATA / "breakdown_members.csv")]


def general_categories() -> list[tuple[str, str, tuple[str, ...]]]:
    """Category, canonical value and its spellings, as they hold in every county."""
    return [(r["category"], r["value"], tuple(r["spellings"].split("|"))) for r in rows(DATA / "categories.csv")]


def empty_tokens() -> frozenset[str]:
    """Texts that mean: no value; in comparable form."""
    return frozenset(comparable(r["token"]) for r in rows(DATA / "empty_tokens.csv"))


class Vocabulary:
    """All look-ups of one county; keys are in comparable form."""

    def __init__(self, county: County) -> None:
        """Bind the general vocabulary to a county."""
        self.county = county

    @cached_property
    def empty_tokens(self) -> frozenset[str]:
        """Texts that mean: no value."""
        return empty_tokens()

    @cached_property
    def yes_no(self) -> dict[str, bool]:
        """Spellings of yes and no."""
        return {
            comparable(spelling): r["value"] == "true"
            for r in rows(DATA / "yes_no.csv")
            for spelling in r["spellings"].split("|")
        }

    @cached_property
    def _categories(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for name, value, spellings in self._category_rows:
            found.setdefault(name, {}).update({comparable(spelling): value for spelling in spellings})
        return found

    @cached_property
    def _category_rows(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Category, canonical value and its spellings, as the files list them."""
        own = [(each.category, each.value, each.spellings) for each in self.county.categories]
        return [*general_categories(), *own]

    def category(self, name: str) -> dict[str, str]:
        """Spelling → canonical value of one category; `KeyError` if there is no such category."""
        return self._categories[name]

    def category_names(self) -> tuple[str, ...]:
        """All categories."""
        return tuple(self._categories)

    def language_names(self) -> list[tuple[str, str]]:
        """ISO 639-3 code and German name of every language, the undetermined one last."""
        known = [(r["iso639_3"], r["name"]) for r in rows(DATA / "languages.csv")]
        return [*known, (UNDETERMINED_LANGUAGE, "unbestimmt")]

    def nationality_names(self) -> list[tuple[str, str]]:
        """ISO 3166-1 alpha-3 code and German name of every state."""
        found: dict[str, str] = {}
        for r in rows(DATA / "nationalities.csv"):
            if r["form"] == "short" and (r["source"] == "cldr" or r["alpha3"] not in found):
                found[r["alpha3"]] = r["name"]
        return sorted(found.items())

    def values(self, name: str) -> tuple[str, ...]:
        """The canonical values of a category, in the file's order."""
        return tuple(dict.fromkeys(self.category(name).values()))

    def spellings(self, name: str) -> dict[str, tuple[str, ...]]:
        """Canonical value → its spellings as people write them, the preferred one first; `KeyError` as `category`."""
        found: dict[str, tuple[str, ...]] = {}
        for category, value, spellings in self._category_rows:
            if category == name:
                found[value] = found.get(value, ()) + spellings
        if not found:
            raise KeyError(name)
        return found

    def preferred(self, name: str) -> tuple[str, ...]:
        """The preferred spelling of each value of a category, in the file's order."""
        return tuple(spellings[0] for spellings in self.spellings(name).values())

    def nationality_groups(self) -> list[tuple[str, str]]:
        """State (ISO 3166-1 alpha-3) and the group that its nationals are counted in; all others are `XXX`."""
        own = self.county.nationality_groups
        if own is not None:
            return [(each.nationality, each.origin) for each in own]
        return [(r["nationality"], r["origin"]) for r in rows(DATA / "nationality_groups.csv")]

    @cached_property
    def municipalities(self) -> dict[str, str]:
        """Spelling → area key: names with and without `Stadt`/`Gemeinde`, districts alone or joined, the county."""
        return {comparable(name): key for name, key in self.municipality_spellings.items()}

    def municipality(self, form: str) -> str | None:
        """The area key of a name in comparable form; None where it is none.

        A postal code may stand before it and the region behind it, and `ae`, `oe`, `ue` for umlauts, unless another
        place is spelt so.
        """
        bare = _BEFORE.sub("", form, count=1)
        for spellings in (self.municipalities, self._without_umlauts):
            if form in spellings:
                return spellings[form]
            for name in (bare, _BEHIND.sub("", form), _BEHIND.sub("", bare)):
                if spellings.get(name, self.county.key) != self.county.key:
                    return spellings[name]
        return None

    @cached_property
    def _without_umlauts(self) -> dict[str, str]:
        return without_umlauts(self.municipalities)

    @cached_property
    def indicators(self) -> dict[str, str]:
        """Id or label, as headers are compared → id of every indicator of the catalogue."""
        pairs = self._indicator_names
        return {comparable_header(name): key for key, label in pairs for name in (label, key)}

    @cached_property
    def indicator_labels(self) -> tuple[str, ...]:
        """The label of every indicator, in the catalogue's order."""
        return tuple(label for _, label in self._indicator_names)

    @cached_property
    def _indicator_names(self) -> list[tuple[str, str]]:
        with INDICATOR_LIST.open("rb") as file:
            return [(entry["id"], entry["label"]) for entry in tomllib.load(file)["indicator"]]

    @cached_property
    def municipality_spellings(self) -> dict[str, str]:
        """As `municipalities`, as people write them."""
        found = {name: m.ags for m in self.county.municipalities for name in m.spellings}
        return found | dict.fromkeys((self.county.name, *self.county.aliases), self.county.key)

    @cached_property
    def languages(self) -> dict[str, str]:
        """Spelling → ISO 639-3 code."""
        return {comparable(alias): code for alias, code in self.language_spellings.items()}

    @cached_property
    def language_spellings(self) -> dict[str, str]:
        """As `languages`, as people write them."""
        return {
            alias: r["iso639_3"]
            for r in rows(DATA / "languages.csv")
            for alias in (r["name"], *filter(None, r["aliases"].split("|")))
        }

    @cached_property
    def nationalities(self) -> dict[str, str | None]:
        """German name or adjective → ISO 3166-1 alpha-3; None for those that state no nationality."""
        return {comparable(name): alpha3 for name, alpha3 in self.nationality_spellings.items()}

    @cached_property
    def nationality_spellings(self) -> dict[str, str | None]:
        """As `nationalities`, as people write them."""
        return {r["name"]: r["alpha3"] or None for r in rows(DATA / "nationalities.csv")}

    def fingerprint_files(self) -> list[Path]:
        """Every file that the look-ups are read from."""
        return sorted(
            [*DATA.glob("*.csv"), *self.county.folder.glob("*.csv"), self.county.folder / "county.toml", INDICATOR_LIST]
        )


@lru_cache(maxsize=4)
def _vocabulary(folder: Path) -> Vocabulary:
    from kim_pipeline.contracts.county_folder import county_of  # noqa: PLC0415  (it judges the folder by this module)

    return Vocabulary(county_of(folder))


def vocabulary() -> Vocabulary:
    """The vocabulary of the county in force: the folder that `KIM_COUNTY` names, else the one shipped.

    Raises:
        CountyError: the county's folder has faults.
    """
    return _vocabulary(Path(os.environ.get("KIM_COUNTY") or DEFAULT_COUNTY))
