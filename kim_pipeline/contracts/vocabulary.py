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

from kim_pipeline.contracts.normalise import comparable, comparable_header

Kind = Literal[
    "text", "date", "number", "whole", "yes_no", "category", "municipality", "language", "languages", "nationality",
    "ags", "programme", "hours", "indicator",
]  # fmt: skip

DATA = Path(__file__).parent / "data"
DEFAULT_COUNTY = Path(__file__).parents[2] / "counties" / "warendorf"
UNDETERMINED_LANGUAGE = "und"
CATALOGUE = Path(__file__).parents[2] / "sql" / "indicators" / "catalogue.toml"
_WRITTEN_OUT = re.compile(
    r"(?:\d{5} )?(?:(?:stadt|gemeinde) )?(?P<name>.+?)(?: \(westf\.\)|/westf\.| i\. w\.)?", re.ASCII
)


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a vocabulary file (UTF-8 CSV with a header)."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@dataclass(frozen=True)
class Municipality:
    """One municipality: eight-digit key, name, kind (`Stadt`, `Gemeinde`) and districts."""

    ags: str
    name: str
    kind: str
    districts: tuple[str, ...]


@dataclass(frozen=True)
class Body:
    """One body that decides: its rank (higher prevails on the same day) and whether it may pass a resolution."""

    name: str
    rank: int
    may_resolve: bool


class County:
    """The county's own data: key, names, municipalities, geometry, concepts and bodies, all from its folder."""

    def __init__(self, folder: Path) -> None:
        """Read `county.toml`; the lists are read when first asked for."""
        self.folder = folder
        with (folder / "county.toml").open("rb") as file:
            facts = tomllib.load(file)
        self.key: str = facts["key"]
        self.name: str = facts["name"]
        self.aliases: tuple[str, ...] = tuple(facts["aliases"])
        self.geometry = folder / facts["geometry"]
        self.geometry_key: str = facts["geometry_key"]
        self.geometry_attribution: str = facts["geometry_attribution"]

    @cached_property
    def municipalities(self) -> tuple[Municipality, ...]:
        """All municipalities, in the file's order."""
        return tuple(
            Municipality(r["ags"], r["name"], r["kind"], tuple(filter(None, r["districts"].split("|"))))
            for r in rows(self.folder / "municipalities.csv")
        )

    @cached_property
    def bodies(self) -> tuple[Body, ...]:
        """All bodies that decide about measures."""
        return tuple(Body(r["body"], int(r["rank"]), r["may_resolve"] == "1") for r in rows(self.folder / "bodies.csv"))

    @cached_property
    def offices(self) -> frozenset[str]:
        """Names and aliases of the county's offices, in comparable form: who may be named as responsible."""
        return frozenset(
            comparable(name)
            for r in rows(self.folder / "offices.csv")
            for name in (r["name"], *filter(None, r["aliases"].split("|")))
        )

    @cached_property
    def ags(self) -> frozenset[str]:
        """The municipalities' keys."""
        return frozenset(m.ags for m in self.municipalities)


@dataclass(frozen=True)
class ProgrammeLife:
    """When a programme began (the year; the day is not known) and ended, as far as known, and what replaced it."""

    since_year: int | None
    valid_to: dt.date | None
    successor: str | None


@lru_cache(maxsize=1)
def programme_life() -> dict[str, ProgrammeLife]:
    """Programme's key → its life, for those of which anything is known."""

    def day(text: str) -> dt.date | None:
        return dt.date.fromisoformat(text) if text else None

    return {
        r["programme"]: ProgrammeLife(
            int(r["since_year"]) if r["since_year"] else None, day(r["valid_to"]), r["successor"] or None
        )
        for r in rows(DATA / "programmes.csv")
    }


def last_day(programme: str) -> dt.date | None:
    """The last day of a programme; None where no end is known."""
    life = programme_life().get(programme)
    return life.valid_to if life else None


class Vocabulary:
    """All look-ups of one county; keys are in comparable form."""

    def __init__(self, county: County) -> None:
        """Bind the general vocabulary to a county."""
        self.county = county

    @cached_property
    def empty_tokens(self) -> frozenset[str]:
        """Texts that mean: no value."""
        return frozenset(comparable(r["token"]) for r in rows(DATA / "empty_tokens.csv"))

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
        sources = (DATA / "categories.csv", self.county.folder / "categories.csv")
        return [
            (r["category"], r["value"], tuple(r["spellings"].split("|"))) for source in sources for r in rows(source)
        ]

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

    @cached_property
    def municipalities(self) -> dict[str, str]:
        """Spelling → area key: names with and without `Stadt`/`Gemeinde`, districts alone or joined, the county."""
        return {comparable(name): key for name, key in self.municipality_spellings.items()}

    def municipality(self, form: str) -> str | None:
        """The area key of a name in comparable form, with a postal code before it or the region behind it; or None."""
        found = self.municipalities.get(form)
        if found is None and (match := _WRITTEN_OUT.fullmatch(form)):
            found = self._municipalities_and_districts.get(match["name"])
        return found

    @cached_property
    def _municipalities_and_districts(self) -> dict[str, str]:
        return {name: key for name, key in self.municipalities.items() if key != self.county.key}

    @cached_property
    def indicators(self) -> dict[str, str]:
        """Id or label, as headers are compared → id of every indicator of the catalogue."""
        with CATALOGUE.open("rb") as file:
            entries = tomllib.load(file)["indicator"]
        return {comparable_header(name): e["id"] for e in entries for name in (e["label"], e["id"])}

    @cached_property
    def municipality_spellings(self) -> dict[str, str]:
        """As `municipalities`, as people write them."""
        found: dict[str, str] = {}
        for m in self.county.municipalities:
            names = [m.name, f"Stadt {m.name}", f"Gemeinde {m.name}", *m.districts]
            for district in m.districts:
                names += [f"{m.name}-{district}", f"{m.name}/{district}", f"{m.name} ({district})"]
            found.update(dict.fromkeys(names, m.ags))
        found.update(dict.fromkeys((self.county.name, *self.county.aliases), self.county.key))
        return found

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
            [*DATA.glob("*.csv"), *self.county.folder.glob("*.csv"), self.county.folder / "county.toml", CATALOGUE]
        )


@lru_cache(maxsize=4)
def _vocabulary(folder: Path) -> Vocabulary:
    return Vocabulary(County(folder))


def vocabulary() -> Vocabulary:
    """The vocabulary of the county in force: the folder that `KIM_COUNTY` names, else the one shipped."""
    return _vocabulary(Path(os.environ.get("KIM_COUNTY") or DEFAULT_COUNTY))
