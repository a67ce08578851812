"""One county's own data: what each file of its folder holds, as models, and how its places may be spelt.

Belongs here: the county's key, names, municipalities, bodies, offices, concepts and words. Does not belong here:
reading and judging the folder (`county_folder.py`), and vocabulary that holds everywhere (`vocabulary.py`).
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from kim_pipeline.contracts.configured import Entry, Fault, Plain
from kim_pipeline.contracts.limits import HoldLimits
from kim_pipeline.contracts.normalise import comparable

_COUNTY_KEY = re.compile(r"(?:0[1-9]|1[0-6])\d{3}", re.ASCII)
_AGS = re.compile(r"(?:0[1-9]|1[0-6])\d{6}", re.ASCII)
_KIND = re.compile(r"[^\W\d_]+(?:[ -][^\W\d_]+)*")
_UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue"}
"""As letters stand for them; `ß` is `ss` in comparable form already."""
_MOST_UMLAUTS = 6
"""Names with more have all of them written in the same way."""
_AREA = re.compile(r"DG|\d{2}(?:\d{3}(?:\d{3})?)?", re.ASCII)
_NO_ZERO = "die führende Null fehlt"


def _key_of_county(key: str) -> str:
    if _COUNTY_KEY.fullmatch(key):
        return key
    raise ValueError(_NO_ZERO if _COUNTY_KEY.fullmatch(f"0{key}") else "kein Kreisschlüssel")


def _ags(key: str) -> str:
    if _AGS.fullmatch(key):
        return key
    raise ValueError(f"{_NO_ZERO}: 0{key}" if _AGS.fullmatch(f"0{key}") else "kein Gemeindeschlüssel")


def _area(key: str) -> str:
    if _AREA.fullmatch(key):
        return key
    raise ValueError("kein Gebietsschlüssel")


def _kind(kind: str) -> str:
    if _KIND.fullmatch(kind):
        return kind
    raise ValueError("kein Wort")


def _file_name(name: str) -> str:
    if Path(name).name == name and name not in (".", ".."):
        return name
    raise ValueError("kein Dateiname")


def _split(cell: object) -> object:
    return [part.strip() for part in cell.split("|") if part.strip()] if isinstance(cell, str) else cell


def _yes_no(cell: object) -> object:
    return {"1": True, "0": False}.get(cell, cell) if isinstance(cell, str) else cell


def _digits(cell: object) -> object:
    return int(cell) if isinstance(cell, str) and re.fullmatch(r"[0-9]{1,9}", cell) else cell


Several = Annotated[tuple[Plain, ...], BeforeValidator(_split), Field(strict=False)]
"""Texts of one cell, parted by `|`."""
Listed = Annotated[tuple[Plain, ...], Field(strict=False)]
"""A TOML list of texts."""


Feature = Literal["sex", "age", "origin", "residence", "origin_soe"]
"""A feature of persons by which a county may show whom it reaches (`indicators.md`, °)."""


class Publish(Entry):
    """`[publish]` of `county.toml`: by which features of persons figures are made, and who has decided that."""

    reached: Annotated[tuple[Feature, ...], Field(strict=False)] = Field(
        default=(),
        description="eine Liste aus „sex“, „age“, „origin“, „residence“ und „origin_soe“, jedes in Anführungszeichen",
    )
    reached_decided: Plain | None = Field(
        default=None,
        description="zu reached einen Text in Anführungszeichen: wer es wann entschieden hat",
    )

    @model_validator(mode="after")
    def _is_decided(self) -> Publish:
        if self.reached and self.reached_decided is None:
            raise ValueError("ohne Entscheidung")
        return self


class NationalityGroup(Entry):
    """A row of `nationality_groups.csv`: a state, and the group that its nationals are counted in."""

    nationality: Annotated[str, Field(pattern="^[A-Z]{3}$")] = Field(
        description="das Kürzel eines Staats aus drei Großbuchstaben (ISO 3166-1 alpha-3)"
    )
    origin: Literal["EU", "UKR", "TUR", "WBA", "SYR", "AFG", "IRQ", "XXX"] = Field(
        description="eine der Gruppen EU, UKR, TUR, WBA, SYR, AFG, IRQ und XXX"
    )


class CountyFacts(Entry):
    """`county.toml`."""

    key: Annotated[str, AfterValidator(_key_of_county)] = Field(
        description="den Schlüssel des Kreises aus fünf Ziffern mit führender Null, in Anführungszeichen"
    )
    name: Plain = Field(description="den Namen des Kreises in Anführungszeichen")
    aliases: Listed = Field(description="eine Liste weiterer Namen des Kreises, jeder in Anführungszeichen")
    geometry: Annotated[Plain, AfterValidator(_file_name)] = Field(
        description="den Namen der Datei mit den Grenzen der Gemeinden (GeoJSON) im Ordner des Kreises"
    )
    geometry_key: Plain = Field(
        description="den Namen der Eigenschaft, die in dieser Datei den Gemeindeschlüssel nennt"
    )
    geometry_attribution: Plain = Field(description="den Vermerk zur Herkunft der Grenzen in Anführungszeichen")
    publish: Publish = Field(default=Publish(), description="einen Abschnitt mit eckigen Klammern")


class Municipality(Entry):
    """A row of `municipalities.csv`: eight-digit key, name, kind (`Stadt`, `Gemeinde`), districts, other names."""

    ags: Annotated[str, AfterValidator(_ags)] = Field(
        description="den Gemeindeschlüssel aus acht Ziffern mit führender Null, die ersten fünf die des Kreises"
    )
    name: Plain = Field(description="den Namen der Gemeinde")
    kind: Annotated[Plain, AfterValidator(_kind)] = Field(description="die Art der Gemeinde, zum Beispiel Stadt")
    districts: Several = Field(default=(), description="Namen von Ortsteilen, getrennt durch „|“")
    aliases: Several = Field(default=(), description="weitere Namen der Gemeinde, getrennt durch „|“")

    @property
    def spellings(self) -> tuple[str, ...]:
        """Names with and without `Stadt`/`Gemeinde`, aliases, districts alone or joined with a name."""
        names = (self.name, *self.aliases)
        joined = (
            spelling
            for district, name in itertools.product(self.districts, names)
            for spelling in (f"{name}-{district}", f"{name}/{district}", f"{name} ({district})")
        )
        return (self.name, f"Stadt {self.name}", f"Gemeinde {self.name}", *self.aliases, *self.districts, *joined)


class Body(Entry):
    """A row of `bodies.csv`: a body, its rank (higher prevails on the same day), whether it may pass a resolution."""

    body: Plain = Field(description="den Namen eines Gremiums, wie er in categories.csv steht")
    rank: Annotated[int, BeforeValidator(_digits), Field(ge=1)] = Field(
        description="den Rang als ganze Zahl ab 1; das höhere Gremium hat die größere"
    )
    may_resolve: Annotated[bool, BeforeValidator(_yes_no)] = Field(
        description="1, wenn das Gremium Beschlüsse fassen darf, sonst 0"
    )

    @property
    def name(self) -> str:
        """What it is called."""
        return self.body


class Office(Entry):
    """A row of `offices.csv`: who may be named as responsible."""

    name: Plain = Field(description="den Namen einer Stelle")
    aliases: Several = Field(default=(), description="weitere Namen der Stelle, getrennt durch „|“")


class CategoryValue(Entry):
    """A row of `categories.csv`: a value that the county adds, and its spellings, the preferred one first."""

    category: Plain = Field(description="den Namen einer Auswahl")
    value: Plain = Field(description="einen Wert der Auswahl")
    spellings: Annotated[Several, Field(min_length=1)] = Field(
        description="die Schreibweisen des Werts, getrennt durch „|“, die übliche zuerst"
    )


class Session(Entry):
    """A `[[session]]` of `report.toml`: a body that treats the report."""

    body: Plain = Field(description="den Namen des Gremiums in Anführungszeichen")
    task: Plain | None = Field(default=None, description="was das Gremium tut, in Anführungszeichen")
    date: dt.date | None = Field(default=None, description="den Tag der Sitzung als JJJJ-MM-TT ohne Anführungszeichen")
    number: Plain | None = Field(default=None, description="die Nummer der Vorlage in Anführungszeichen")


class Concept(Entry):
    """A `[[concept]]` of `report.toml`: what it is."""

    name: Plain = Field(description="den Namen eines Konzepts, wie er in categories.csv steht")
    text: Plain = Field(description="einen Text in Anführungszeichen")


class Break(Entry):
    """An `[[event]]` of `report.toml`: a break that figures of the county share."""

    mark: Plain = Field(description="ein kurzes Zeichen für die Achse, in Anführungszeichen")
    when: Plain = Field(description="wann es war, in Worten und Anführungszeichen")
    first_day: dt.date = Field(description="den ersten Tag als JJJJ-MM-TT ohne Anführungszeichen")
    last_day: dt.date = Field(description="den letzten Tag als JJJJ-MM-TT ohne Anführungszeichen")
    title: Plain = Field(description="einen Titel in Anführungszeichen")
    text: Plain = Field(description="einen Text in Anführungszeichen")
    programmes: Listed = Field(default=(), description="eine Liste von Schlüsseln von Programmen, leer für alle")
    is_break: bool = Field(default=False, description="true, wenn vorher und nachher nicht zu vergleichen ist")
    no_base: bool = Field(default=False, description="true, wenn Veränderungen nicht von dieser Zeit aus zählen")


_PARTS = {"decision": ("beschluss",), "facts": ("sach", "begründ", "erläuter"), "finances": ("finanz", "kosten"),
          "attachments": ("anlage",)}  # fmt: skip
"""Part of the council's paper → how its heading may begin, in small letters."""


def kind_of(heading: str) -> str:
    """Which part of the paper a heading is of: `decision`, `facts`, `finances` or `attachments`.

    Raises:
        ValueError: it begins like none of them.
    """
    for kind, beginnings in _PARTS.items():
        if heading.lower().startswith(beginnings):
            return kind
    raise ValueError(f"unknown heading {heading!r}")


class PaperWords(Entry):
    """`[paper]` of `report.toml`: what the resolution says (`paper.md` §1.4)."""

    addressee: Plain | None = Field(default=None, description="einen Satz in Anführungszeichen")
    back_by: Plain | None = Field(default=None, description="bis wann berichtet wird, in Anführungszeichen")
    next_report: Plain | None = Field(default=None, description="wie oft berichtet wird, in Anführungszeichen")
    finances: str | None = Field(default=None, description="einen Satz in Anführungszeichen, der auch leer sein darf")
    overdue_months: int | None = Field(default=None, ge=0, le=120, description="eine ganze Zahl von Monaten")
    headings: list[Plain] | None = Field(
        default=None,
        description="die vier Überschriften der Beschlussvorlage in ihrer Folge: sie beginnen mit Beschluss, Sach "
        "(Begründ, Erläuter), Finanz (Kosten) und Anlage",
    )

    @field_validator("headings")
    @classmethod
    def _name_each_part_once(cls, headings: list[str] | None) -> list[str] | None:
        if headings is not None and sorted(map(kind_of, headings)) != sorted(_PARTS):
            raise ValueError("not each part once")
        return headings


class ProgrammeGroup(Entry):
    """A `[[group]]` of `report.toml`: programmes that share a page."""

    title: Plain = Field(description="einen Titel in Anführungszeichen")
    programmes: Listed = Field(description="eine Liste von Schlüsseln von Programmen")


class PanelWords(Entry):
    """A `[panel.<programme>]` of `report.toml`: which figures stand below its chart."""

    indicators: Listed = Field(description="eine Liste von Kennungen von Indikatoren")


class ReportWords(Entry):
    """`report.toml`: the county's own words in the report."""

    title: Plain | None = Field(default=None, description="einen Text in Anführungszeichen")
    subject: Plain | None = Field(default=None, description="einen Text in Anführungszeichen")
    short_title: Plain | None = Field(default=None, description="einen Text in Anführungszeichen")
    kind: Plain | None = Field(default=None, description="einen Text in Anführungszeichen")
    office: Plain | None = Field(default=None, description="einen Text in Anführungszeichen")
    proposal: Plain | None = Field(default=None, description="einen Text in Anführungszeichen")
    occasion: Plain | None = Field(default=None, description="einen Text in Anführungszeichen")
    session: list[Session] = Field(default=[], description="Gremien als Abschnitte [[session]]")
    concept: list[Concept] = Field(default=[], description="Konzepte als Abschnitte [[concept]]")
    event: list[Break] = Field(default=[], description="Brüche als Abschnitte [[event]]")
    paper: PaperWords = Field(default=PaperWords(), description="Angaben zur Vorlage als Abschnitt [paper]")
    group: list[ProgrammeGroup] = Field(default=[], description="Seiten von Programmen als Abschnitte [[group]]")
    panel: dict[str, PanelWords] = Field(
        default={}, description="je Schlüssel eines Programms einen Abschnitt mit indicators"
    )
    programme: dict[str, Plain] = Field(
        default={}, description="je Schlüssel eines Programms einen Text in Anführungszeichen"
    )


_LINK = "einen Text in Anführungszeichen, zum Beispiel eine Adresse"


class PackageSource(Entry):
    """Where published data come from (Frictionless Data Package 1, `sources`)."""

    title: Plain = Field(description="einen Text in Anführungszeichen")
    path: Plain | None = Field(default=None, description=_LINK)
    email: Plain | None = Field(default=None, description=_LINK)


class Contributor(Entry):
    """Who contributes to published data (`contributors`)."""

    title: Plain = Field(description="einen Text in Anführungszeichen")
    path: Plain | None = Field(default=None, description=_LINK)
    email: Plain | None = Field(default=None, description=_LINK)
    role: Plain | None = Field(default=None, description="eine Rolle in Anführungszeichen, zum Beispiel publisher")
    organization: Plain | None = Field(default=None, description="einen Text in Anführungszeichen")


class Licence(Entry):
    """Under what published data may be used (`licenses`)."""

    name: Plain | None = Field(default=None, description="das Kürzel einer Lizenz in Anführungszeichen")
    path: Plain | None = Field(default=None, description=_LINK)
    title: Plain | None = Field(default=None, description="einen Text in Anführungszeichen")

    @model_validator(mode="after")
    def _is_named(self) -> Licence:
        if self.name is None and self.path is None:
            raise ValueError("weder name noch path")
        return self


class PackageFacts(Entry):
    """`datapackage.toml`: what `datapackage.json` says of origin and use."""

    homepage: Plain | None = Field(default=None, description=_LINK)
    keywords: list[Plain] = Field(default=[], description="eine Liste von Wörtern, jedes in Anführungszeichen")
    sources: list[PackageSource] = Field(default=[], description="Quellen als Abschnitte [[sources]]")
    contributors: list[Contributor] = Field(default=[], description="Beteiligte als Abschnitte [[contributors]]")
    licenses: list[Licence] = Field(default=[], description="Lizenzen als Abschnitte [[licenses]]")
    flat_file_terms: Plain | None = Field(
        default=None, description="das Kürzel der Lizenz, die für amtliche Flatfiles gilt, in Anführungszeichen"
    )


class CensusAnchor(Entry):
    """A row of `census_base.csv`: a published total, and the census that it rests on (`official.md` §5)."""

    area: Annotated[str, AfterValidator(_area)] = Field(
        description="den Schlüssel eines Gebiets aus zwei, fünf oder acht Ziffern oder DG für Deutschland"
    )
    stichtag: Annotated[dt.date, Field(strict=False)] = Field(description="den Stichtag als JJJJ-MM-TT")
    census_base: Literal["1987", "2011", "2022"] = Field(description="1987, 2011 oder 2022")
    population: Annotated[int, BeforeValidator(_digits), Field(ge=0)] = Field(
        description="die veröffentlichte Bevölkerung als ganze Zahl ohne Punkte"
    )
    file: Plain = Field(description="den Namen der Tabelle, in der die Zahl steht")


@dataclass(frozen=True)
class County:
    """The county's own data, all from its folder.

    Attributes:
        folder: where they lie.
        facts: key, names and geometry.
        municipalities: in the file's order.
        bodies: that decide about measures.
        listed_offices: who may be named as responsible; None where the folder has no list.
        categories: values of its own.
        words: in the report, as `report.toml` has them.
        hold: programme → what holds its deliveries.
        anchors: published totals whose census base is known; empty where the county has none.
        nationality_groups: the county's own groups of states; None where the general ones hold.
        flat_file_terms: the terms of official flat files, which state none; None if the county says nothing.
        warnings: what the next version will refuse.
    """

    folder: Path
    facts: CountyFacts
    municipalities: tuple[Municipality, ...]
    bodies: tuple[Body, ...]
    listed_offices: tuple[Office, ...] | None
    categories: tuple[CategoryValue, ...]
    words: Mapping[str, Any] = field(default_factory=dict)
    hold: Mapping[str, HoldLimits] = field(default_factory=dict)
    anchors: tuple[CensusAnchor, ...] = ()
    nationality_groups: tuple[NationalityGroup, ...] | None = None
    flat_file_terms: str | None = None
    warnings: tuple[Fault, ...] = ()

    @property
    def key(self) -> str:
        """The area key."""
        return self.facts.key

    @property
    def name(self) -> str:
        """What the county is called."""
        return self.facts.name

    @property
    def reached(self) -> tuple[Feature, ...]:
        """The features of persons by which the county shows whom it reaches; none unless somebody has decided so."""
        return self.facts.publish.reached

    @property
    def aliases(self) -> tuple[str, ...]:
        """Its other names."""
        return self.facts.aliases

    @property
    def geometry(self) -> Path:
        """The file with the municipalities' boundaries."""
        return self.folder / self.facts.geometry

    @property
    def geometry_key(self) -> str:
        """The property there that is a municipality's key."""
        return self.facts.geometry_key

    @property
    def geometry_attribution(self) -> str:
        """Whose boundaries they are."""
        return self.facts.geometry_attribution

    @cached_property
    def ags(self) -> frozenset[str]:
        """The municipalities' keys."""
        return frozenset(m.ags for m in self.municipalities)

    @cached_property
    def census_anchors(self) -> dict[tuple[str, dt.date, int], str]:
        """(area, Stichtag, population) → census that a published total rests on."""
        return {(a.area, a.stichtag, a.population): a.census_base for a in self.anchors}

    @property
    def office_names(self) -> tuple[str, ...]:
        """The names of the county's offices, aliases aside, in the file's order."""
        return tuple(office.name for office in self.listed_offices or ())

    @cached_property
    def _offices(self) -> frozenset[str]:
        return frozenset(comparable(n) for office in self.listed_offices or () for n in (office.name, *office.aliases))

    def names_office(self, text: str) -> bool:
        """Whether a text is an office's name or alias; every text is where the county has no list."""
        return self.listed_offices is None or self.lists_office(text)

    def lists_office(self, text: str) -> bool:
        """Whether the county's list has a text as an office's name or alias; no text is where it has no list."""
        return comparable(text) in self._offices

    def limits(self, programme: str) -> HoldLimits:
        """What holds a programme's deliveries; the defaults where the county says nothing (`deliveries.md` §4a)."""
        return self.hold.get(programme, HoldLimits())


def without_umlauts(spellings: Mapping[str, str]) -> dict[str, str]:
    """Spellings with `ae`, `oe`, `ue` for umlauts → what the spelling with umlauts stands for.

    Left out is what another spelling is already, and what could stand for two.

    Args:
        spellings: in comparable form → what each stands for.
    """
    found: dict[str, set[str]] = {}
    for form, key in spellings.items():
        for written in _written(form) - spellings.keys():
            found.setdefault(written, set()).add(key)
    return {written: keys.pop() for written, keys in found.items() if len(keys) == 1}


def _written(form: str) -> set[str]:
    """All ways to write a form with letters for some or all of its umlauts, or for none."""
    if sum(form.count(umlaut) for umlaut in _UMLAUTS) > _MOST_UMLAUTS:
        return {"".join(_UMLAUTS.get(letter, letter) for letter in form)}
    ways: Iterable[tuple[str, ...]] = ((c, _UMLAUTS[c]) if c in _UMLAUTS else (c,) for c in form)
    return {"".join(letters) for letters in itertools.product(*ways)}
