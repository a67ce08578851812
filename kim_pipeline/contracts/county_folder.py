"""A county's folder, read and judged: every fault of every file, told at once.

Belongs here: which files there are, and what must hold between them. Does not belong here: what one file holds
(`county.py`), and how files are read (`configured.py`).
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from kim_pipeline import german
from kim_pipeline.contracts.configured import CountyError, Fault, FolderReader, Placed, printable
from kim_pipeline.contracts.county import (
    Body,
    CategoryValue,
    CensusAnchor,
    County,
    CountyFacts,
    Municipality,
    NationalityGroup,
    Office,
    PackageFacts,
    ReportWords,
)
from kim_pipeline.contracts.limits import FILE as LIMITS
from kim_pipeline.contracts.limits import hold_limits_of, read_limits
from kim_pipeline.contracts.model import Programme
from kim_pipeline.contracts.normalise import comparable
from kim_pipeline.contracts.toml_lines import KeyPath
from kim_pipeline.contracts.vocabulary import empty_tokens, general_categories

FACTS, MUNICIPALITIES_FILE, BODIES = "county.toml", "municipalities.csv", "bodies.csv"
CATEGORIES, OFFICES, ORIGINS = "categories.csv", "offices.csv", "nationality_groups.csv"
WORDS, PACKAGE, ANCHORS = "report.toml", "datapackage.toml", "census_base.csv"
_LOG = logging.getLogger(__name__)
_BODY, _CONCEPT = "body", "concept"
_LEAST_POINTS = 4
_DEGREES = (180, 90)
"""The most that longitude and latitude may be, either way."""
_UNKNOWN_PROGRAMME = (
    "den Schlüssel eines Programms; dieser wird nicht beachtet, und die nächste Fassung weist ihn zurück"
)


@dataclass(frozen=True)
class Judged:
    """What a folder holds; `county` is None where it has faults that are no mere warnings."""

    county: County | None
    faults: tuple[Fault, ...]


def county_of(folder: Path) -> County:
    """The county of a folder.

    Raises:
        CountyError: it has faults; the German message tells all of them.
    """
    judged = judge_folder(folder)
    if judged.county is None:
        raise CountyError(folder, [fault for fault in judged.faults if not fault.is_warning])
    for fault in judged.faults:
        _LOG.warning("Ordner des Kreises: %s", fault)
    return judged.county


def judge_folder(folder: Path) -> Judged:
    """Read all files of a county's folder, each by itself and against the others."""
    if not folder.is_dir():
        expected = "den Ordner des Kreises mit county.toml; KIM_COUNTY nennt ihn"
        return Judged(None, (Fault(str(folder), None, "", "Den Ordner gibt es nicht", expected),))
    reader = FolderReader(folder)
    files = _read(reader)
    for faults in (
        _stray_files,
        _wrong_keys,
        _wrong_places,
        _wrong_offices,
        _wrong_origins,
        _wrong_categories,
        _wrong_words,
        _wrong_anchors,
        _wrong_geometry,
    ):
        reader.add(*faults(reader, files))
    if files.facts is None or reader.refused:
        return Judged(None, tuple(reader.faults))
    return Judged(_county(folder, files, reader.warnings), tuple(reader.faults))


def package_statement(folder: Path) -> dict[str, Any]:
    """What a county's folder says of the origin and use of published data; nothing where it has no such file.

    Raises:
        CountyError: the file has faults.
    """
    reader = FolderReader(folder)
    found = reader.toml(PACKAGE, is_required=False)
    if found is not None:
        reader.validated(PackageFacts, PACKAGE, *found)
    if reader.refused:
        raise CountyError(folder, reader.refused)
    return found[0] if found else {}


@dataclass(frozen=True)
class _Files:
    """What the files hold; what has faults is left out."""

    facts: Placed[CountyFacts] | None
    municipalities: list[Placed[Municipality]]
    bodies: list[Placed[Body]]
    categories: list[Placed[CategoryValue]]
    offices: list[Placed[Office]] | None
    words: Placed[ReportWords] | None
    limits: Mapping[str, Mapping[str, Any]]
    anchors: list[Placed[CensusAnchor]]
    origins: list[Placed[NationalityGroup]]
    package: Placed[PackageFacts] | None


_Row = TypeVar("_Row", bound=BaseModel)


def _read(reader: FolderReader) -> _Files:
    return _Files(
        facts=reader.table(FACTS, CountyFacts),
        municipalities=_rows(reader, MUNICIPALITIES_FILE, Municipality),
        bodies=_rows(reader, BODIES, Body),
        categories=_rows(reader, CATEGORIES, CategoryValue),
        offices=_offices(reader),
        words=reader.table(WORDS, ReportWords, is_required=False),
        limits=read_limits(reader),
        anchors=reader.rows(ANCHORS, CensusAnchor, is_required=False),
        origins=reader.rows(ORIGINS, NationalityGroup, is_required=False),
        package=reader.table(PACKAGE, PackageFacts, is_required=False),
    )


def _rows(reader: FolderReader, name: str, model: type[_Row]) -> list[Placed[_Row]]:
    """The rows of a file that must have some."""
    found = reader.rows(name, model)
    if not found and _is_right(reader, name):
        reader.add(Fault(name, None, "", "Die Datei hat keine Einträge", "mindestens eine Zeile unter den Spalten"))
    return found


def _offices(reader: FolderReader) -> list[Placed[Office]] | None:
    """The list of offices; None where a folder of an earlier version has none yet."""
    if (reader.folder / OFFICES).exists():
        return _rows(reader, OFFICES, Office)
    expected = (
        "die Spalten name und aliases; solange sie fehlt, wird keine Zuständigkeit geprüft, und die nächste Fassung "
        "weist den Ordner zurück"
    )
    reader.add(Fault(OFFICES, None, "", "Die Datei fehlt", expected, is_warning=True))
    return None


def _county(folder: Path, files: _Files, warnings: tuple[Fault, ...]) -> County:
    assert files.facts is not None  # noqa: S101  (for mypy)
    return County(
        folder=folder,
        facts=files.facts.value,
        municipalities=tuple(row.value for row in files.municipalities),
        bodies=tuple(row.value for row in files.bodies),
        listed_offices=None if files.offices is None else tuple(row.value for row in files.offices),
        categories=tuple(row.value for row in files.categories),
        words=files.words.value.model_dump(exclude_unset=True) if files.words else {},
        hold=hold_limits_of(files.limits),
        anchors=tuple(row.value for row in files.anchors),
        nationality_groups=tuple(row.value for row in files.origins) or None,
        flat_file_terms=files.package.value.flat_file_terms if files.package else None,
        warnings=warnings,
    )


def _is_right(reader: FolderReader, *names: str) -> bool:
    """Whether these files have no faults of their own, so that what follows from them is worth telling."""
    return not any(fault.file in names for fault in reader.refused)


# --- what must hold between the files ---------------------------------------------------------------------------------


def _stray_files(reader: FolderReader, files: _Files) -> Iterator[Fault]:
    """Files that look like ours and are not read: somebody has misspelt a name."""
    known = {FACTS, MUNICIPALITIES_FILE, BODIES, CATEGORIES, OFFICES, ORIGINS, WORDS, PACKAGE, ANCHORS, LIMITS}
    for path in sorted(reader.folder.iterdir()):
        if path.suffix.lower() in (".csv", ".toml") and path.name not in known and not path.name.startswith((".", "~")):
            expected = f"einen der Namen {german.listing(sorted(known), 'oder')}; diese wird nicht beachtet"
            yield Fault(printable(path.name), None, "", "Die Datei ist unbekannt", expected, is_warning=True)


def _wrong_keys(reader: FolderReader, files: _Files) -> Iterator[Fault]:
    """Municipalities of other counties, and those that are there twice."""
    seen: dict[str, int | None] = {}
    for row in files.municipalities:
        ags, line = row.value.ags, row.lines[()]
        if files.facts is not None and not ags.startswith(files.facts.value.key):
            begin = files.facts.value.key
            expected = f"einen Gemeindeschlüssel des Kreises; er beginnt mit {begin}, wie key in {FACTS} sagt"
            yield row.fault(("ags",), german.in_quotes(ags), expected)
        if ags in seen:
            yield row.fault(
                ("ags",), f"{german.in_quotes(ags)} steht schon in Zeile {seen[ags]}", "jede Gemeinde einmal"
            )
        seen.setdefault(ags, line)


@dataclass(frozen=True)
class _Spelling:
    """A spelling, what it stands for, and where that is said."""

    text: str
    meaning: str
    name: str
    row: Placed[Any]
    key: KeyPath


def _wrong_places(_: FolderReader, files: _Files) -> Iterator[Fault]:
    spellings = [
        _Spelling(text, row.value.ags, row.value.name, row, (_column(row.value, text),))
        for row in files.municipalities
        for text in row.value.spellings
    ]
    if files.facts is not None:
        facts = files.facts.value
        names: list[tuple[str, KeyPath]] = [(facts.name, ("name",))]
        names += [(alias, ("aliases", place)) for place, alias in enumerate(facts.aliases)]
        spellings += [_Spelling(text, facts.key, "den Kreis", files.facts, key) for text, key in names]
    return _twofold(spellings)


def _column(municipality: Municipality, text: str) -> str:
    """Which column a spelling comes from."""
    if text in municipality.aliases:
        return "aliases"
    names = (municipality.name, f"Stadt {municipality.name}", f"Gemeinde {municipality.name}")
    return "name" if text in names else "districts"


def _wrong_offices(_: FolderReader, files: _Files) -> Iterator[Fault]:
    return _twofold(
        _Spelling(text, comparable(row.value.name), row.value.name, row, (key,))
        for row in files.offices or ()
        for key, texts in (("name", (row.value.name,)), ("aliases", row.value.aliases))
        for text in texts
    )


def _wrong_origins(_: FolderReader, files: _Files) -> Iterator[Fault]:
    """States that are there twice: one could not say which group holds."""
    seen: dict[str, int] = {}
    for row in files.origins:
        state = row.value.nationality
        if state in seen:
            found = f"{german.in_quotes(state)} steht schon in Zeile {seen[state]}"
            yield row.fault(("nationality",), found, "jeden Staat einmal")
        seen.setdefault(state, row.lines[()])


def _twofold(spellings: Iterable[_Spelling]) -> Iterator[Fault]:
    """Spellings that mean two things, or none; each pair of rows is told once for each column."""
    first: dict[str, _Spelling] = {}
    told, empty = set(), empty_tokens()
    for each in spellings:
        form = comparable(each.text)
        there = first.setdefault(form, each)
        pair = (id(each.row), each.key, id(there.row))
        if form in empty:
            found = f"{german.in_quotes(printable(each.text))} gilt überall als leere Angabe"
            yield each.row.fault(each.key, found, "eine Schreibweise, die etwas bedeutet")
        elif there.meaning != each.meaning and pair not in told:
            told.add(pair)
            at = there.row.fault(there.key, "", "").place
            found = f"{german.in_quotes(printable(each.text))} steht auch für {printable(there.name)} ({at})"
            yield each.row.fault(each.key, found, "eine Schreibweise, die nur eines bedeutet")


def _wrong_categories(reader: FolderReader, files: _Files) -> Iterator[Fault]:
    """Categories that nothing uses or that lack values, spellings that mean two values, bodies in one list only."""
    used, general = _categories_in_use(), {name for name, _, _ in general_categories()}
    ours = {row.value.category for row in files.categories}
    for row in files.categories:
        if row.value.category not in used:
            expected = f"eine der Auswahlen {german.listing(sorted(used - general))}; diese wird nicht beachtet"
            yield row.fault(("category",), german.in_quotes(printable(row.value.category)), expected, warns=True)
    if _is_right(reader, CATEGORIES):
        for name in sorted(used - general - ours):
            yield Fault(
                CATEGORIES, None, name, "Die Auswahl hat keinen Wert", f"Zeilen mit {name} in der Spalte category"
            )
    for name in sorted(ours):
        yield from _twofold(
            _Spelling(text, row.value.value, row.value.value, row, ("spellings",))
            for row in (*_general_rows(name), *(r for r in files.categories if r.value.category == name))
            for text in row.value.spellings
        )
    if _is_right(reader, CATEGORIES, BODIES):
        yield from _wrong_bodies(files)


def _wrong_bodies(files: _Files) -> Iterator[Fault]:
    """Bodies that stand twice, or in one of the two lists only."""
    named = {row.value.value for row in files.categories if row.value.category == _BODY}
    seen: dict[str, int] = {}
    for row in files.bodies:
        name = row.value.name
        if name not in named:
            yield row.fault(
                ("body",), german.in_quotes(printable(name)), f"einen Wert der Auswahl {_BODY} aus {CATEGORIES}"
            )
        if name in seen:
            found = f"{german.in_quotes(printable(name))} steht schon in Zeile {seen[name]}"
            yield row.fault(("body",), found, "jedes Gremium einmal")
        seen.setdefault(name, row.lines[()])
    for value in files.categories:
        if value.value.category == _BODY and value.value.value not in seen:
            found = f"{german.in_quotes(printable(value.value.value))} hat keinen Rang"
            yield value.fault(("value",), found, f"eine Zeile für jedes Gremium in {BODIES}")


def _general_rows(name: str) -> Iterator[Placed[CategoryValue]]:
    for category, value, spellings in general_categories():
        if category == name:
            entry = CategoryValue(category=category, value=value, spellings=spellings)
            yield Placed(entry, "der allgemeinen Liste", {})


def _categories_in_use() -> set[str]:
    return {
        column.category
        for programme in _programmes().values()
        for table in programme.tables
        for column in table.delivered
        if column.category
    }


def _programmes() -> Mapping[str, Programme]:
    from kim_pipeline.contracts import programmes  # noqa: PLC0415  (their rules ask for the county)

    return programmes()


def _wrong_words(reader: FolderReader, files: _Files) -> Iterator[Fault]:
    """Programmes and concepts that there are not, breaks that end before they begin."""
    words, known = files.words, _programmes()
    if words is None:
        return
    for key in words.value.programme:
        if key not in known:
            yield words.fault(("programme", key), "Das Programm ist unbekannt", _UNKNOWN_PROGRAMME, warns=True)
    concepts = {row.value.value for row in files.categories if row.value.category == _CONCEPT}
    for place, concept in enumerate(words.value.concept):
        if concept.name not in concepts and _is_right(reader, CATEGORIES):
            expected = f"einen Wert der Auswahl {_CONCEPT} aus {CATEGORIES}"
            yield words.fault(("concept", place, "name"), german.in_quotes(printable(concept.name)), expected)
    for place, event in enumerate(words.value.event):
        if event.last_day < event.first_day:
            found = german.in_quotes(event.last_day.isoformat())
            yield words.fault(("event", place, "last_day"), found, "einen Tag, der nicht vor dem ersten liegt")
        for at, key in enumerate(event.programmes):
            if key not in known:
                expected = f"einen der Schlüssel {german.listing(known, 'oder')}"
                yield words.fault(("event", place, "programmes", at), german.in_quotes(printable(key)), expected)


def _wrong_anchors(_: FolderReader, files: _Files) -> Iterator[Fault]:
    """Totals that are said to rest on two censuses."""
    seen: dict[tuple[str, dt.date, int], Placed[CensusAnchor]] = {}
    for row in files.anchors:
        anchor = row.value
        there = seen.setdefault((anchor.area, anchor.stichtag, anchor.population), row)
        if there.value.census_base != anchor.census_base:
            found = f"{anchor.census_base}; Zeile {there.lines[()]} nennt {there.value.census_base} für dieselbe Zahl"
            yield row.fault(("census_base",), found, "einen Zensus für jede Zahl")


# --- the boundaries ---------------------------------------------------------------------------------------------------


def _wrong_geometry(reader: FolderReader, files: _Files) -> Iterator[Fault]:
    """What keeps a map from being drawn: no GeoJSON, or not exactly one shape for each municipality."""
    text = reader.text(files.facts.value.geometry) if files.facts else None
    if files.facts is None or text is None:
        return
    name, key = files.facts.value.geometry, files.facts.value.geometry_key
    try:
        features = _features(json.loads(text))
    except json.JSONDecodeError as error:
        yield Fault(name, error.lineno, "", "Das ist kein gültiges JSON", "eine Datei im Format GeoJSON")
        return
    except (LookupError, TypeError, ValueError):
        yield Fault(name, None, "features", "Die Liste der Flächen fehlt", "eine FeatureCollection im Format GeoJSON")
        return
    expected = {row.value.ags for row in files.municipalities}
    seen = set()
    for place, feature in enumerate(features):
        ags = _property(feature, key)
        line = _line_in(text, ags)
        label = ags if isinstance(ags, str) else f"features[{place + 1}]"
        if not isinstance(ags, str) or (ags not in expected and _is_right(reader, MUNICIPALITIES_FILE)):
            found = f"{key} ist {german.in_quotes(printable(str(ags)))}" if ags is not None else f"{key} fehlt"
            yield Fault(
                name, line, label, found, f"den Gemeindeschlüssel einer Gemeinde aus {MUNICIPALITIES_FILE} als Text"
            )
        elif ags in seen:
            yield Fault(name, line, label, "Die Gemeinde hat mehrere Flächen", "eine Fläche je Gemeinde")
        elif not _is_shape(feature.get("geometry")):
            wanted = "Polygon oder MultiPolygon mit geschlossenen Ringen, Länge und Breite in Grad (WGS 84)"
            yield Fault(name, line, label, "Die Fläche lässt sich nicht zeichnen", wanted)
        seen.add(ags)
    if _is_right(reader, MUNICIPALITIES_FILE):
        for row in files.municipalities:
            if row.value.ags not in seen:
                found = f"{printable(row.value.name)} hat keine Fläche"
                yield Fault(
                    name, None, row.value.ags, found, f"eine Fläche für jede Gemeinde aus {MUNICIPALITIES_FILE}"
                )


def _features(collection: Any) -> list[Any]:
    features = collection["features"]
    if not isinstance(features, list):
        raise TypeError("no list")
    return features


def _property(feature: Any, key: str) -> object:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    return properties.get(key) if isinstance(properties, dict) else None


def _line_in(text: str, value: object) -> int | None:
    at = text.find(json.dumps(value))
    return text.count("\n", 0, at) + 1 if at >= 0 else None


def _is_shape(geometry: Any) -> bool:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
    polygons = [coordinates] if kind == "Polygon" else coordinates
    if kind not in ("Polygon", "MultiPolygon") or not isinstance(polygons, list) or not polygons:
        return False
    return all(isinstance(p, list) and p and all(map(_is_ring, p)) for p in polygons)


def _is_ring(ring: Any) -> bool:
    if not isinstance(ring, list) or len(ring) < _LEAST_POINTS or ring[0] != ring[-1]:
        return False
    return all(isinstance(point, list) and len(point) >= len(_DEGREES) and _is_on_earth(point) for point in ring)


def _is_on_earth(point: Sequence[Any]) -> bool:
    return all(
        isinstance(number, (int, float)) and not isinstance(number, bool) and abs(number) <= most
        for number, most in zip(point, _DEGREES, strict=False)
    )
