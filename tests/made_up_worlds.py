"""Made-up worlds: deliveries of three programmes with random rows, built, protected and published by the real code."""

from __future__ import annotations

import datetime as dt
import random
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from kim_pipeline.intake.deliveries import Intake
from kim_pipeline.intake.intake import take_in
from kim_pipeline.protection.audit_of_file import audit_build
from kim_pipeline.protection.hiding import protect_figures
from kim_pipeline.publishing.published import BuildFacts, write_published
from kim_pipeline.settings import Settings
from tests.built import AS_OF, build_internal

FACTS = BuildFacts("20240501T000000Z_world", dt.datetime(2024, 5, 1, tzinfo=dt.UTC), AS_OF, 1.0)
TOWNS = ("Ahlen", "Beckum", "Oelde", "Telgte", "Wadersloh", "Ostbevern")
LANGUAGES = ("Ukrainisch", "Arabisch", "Rumänisch", "Bulgarisch", "Kurdisch", "Dari")
YEARS = (2022, 2023)
_UNKNOWN = "Klingonisch"


@dataclass(frozen=True)
class Request:
    """A request for an interpreter."""

    day: dt.date
    town: str
    language: str
    interpreter: str = "SM-1"
    status: str = "durchgeführt"


@dataclass(frozen=True)
class Contact:
    """A contact of a person from South-East Europe."""

    day: dt.date
    person: str
    town: str
    nationality: str = "Rumänien"
    theme: str = "Wohnen"


@dataclass(frozen=True)
class Mentorship:
    """A mentorship."""

    started: dt.date
    ended: dt.date | None
    town: str
    mentee: str


@dataclass(frozen=True)
class World:
    """Everything that happened, to any programme."""

    requests: Sequence[Request] = ()
    contacts: Sequence[Contact] = ()
    mentorships: Sequence[Mentorship] = ()


def random_world(seed: int) -> World:
    """A world in which most counts are small and a few are large."""
    rng = random.Random(seed)

    def day(year: int) -> dt.date:
        return dt.date(year, 1, 1) + dt.timedelta(days=rng.randrange(365))

    def one_of(names: Sequence[str]) -> str:
        return rng.choices(names, [1 / (n + 1) ** 1.3 for n in range(len(names))])[0]

    requests: list[Request] = []
    contacts: list[Contact] = []
    mentorships: list[Mentorship] = []
    for year in YEARS:
        for _ in range(rng.randrange(90, 180)):
            language = _UNKNOWN if rng.random() < 0.03 else one_of(LANGUAGES)
            status = rng.choices(["durchgeführt", "nicht besetzt", "abgesagt"], [8, 1, 1])[0]
            requests.append(Request(day(year), one_of(TOWNS), language, f"SM-{rng.randrange(9)}", status))
        persons = [(f"P{n}", one_of(TOWNS), one_of(("Rumänien", "Bulgarien"))) for n in range(rng.randrange(20, 50))]
        for _ in range(rng.randrange(60, 140)):
            person, town, nationality = rng.choice(persons)
            theme = one_of(("Wohnen", "Gesundheit", "Sprache", "Existenzsicherung"))
            contacts.append(Contact(day(year), person, town, nationality, theme))
        for _ in range(rng.randrange(15, 40)):
            begun = day(year)
            ended = begun + dt.timedelta(days=rng.randrange(60, 500)) if rng.random() < 0.6 else None
            ended = None if ended is None or ended.year > YEARS[-1] else ended
            mentorships.append(Mentorship(begun, ended, one_of(TOWNS), f"M{len(mentorships)}"))
    return World(requests, contacts, mentorships)


def internal_of(world: World, folder: Path) -> tuple[Path, Intake]:
    """The internal file of a world before anything is hidden, and its deliveries."""
    settings = Settings(deliveries=folder / "deliveries", warehouse=folder / "warehouse", key_file=None, readers=1)
    _deliver(world, settings.deliveries)
    intake = take_in(settings)
    assert {d.status for d in intake.deliveries} == {"counted"}
    internal = folder / "internal.duckdb"
    build_internal(internal, intake, AS_OF, grace_days=14)
    return internal, intake


def built(world: World, folder: Path) -> tuple[Path, Path]:
    """The internal and the published file of a world, as a night makes them."""
    internal, intake = internal_of(world, folder)
    published = folder / "kim.duckdb"
    with duckdb.connect(str(internal)) as connection:
        protect_figures(connection)
    write = partial(write_published, internal, published, intake, FACTS)
    write()
    audit_build(published, internal, write)
    return internal, published


def changed(published: Path, statement: str) -> Path:
    """A copy of a published file after a statement: a publication that says something else."""
    copy = published.with_name("changed.duckdb")
    shutil.copy(published, copy)
    copy.chmod(0o600)
    with duckdb.connect(str(copy)) as connection:
        connection.execute(f"ATTACH '{published.with_name('internal.duckdb')}' AS internal (READ_ONLY)")
        connection.execute(statement)
    return copy


def _deliver(world: World, deliveries: Path) -> None:
    for year in sorted({r.day.year for r in world.requests}):
        rows = [
            [f"A-{n}", r.day, r.day + dt.timedelta(days=3), r.town, r.language, "Amt", "Schule", "1,5", "60",
             r.interpreter if r.status == "durchgeführt" else "", r.status]
            for n, r in enumerate(world.requests) if r.day.year == year
        ]  # fmt: skip
        head = ["Nr.", "Anfrage am", "Datum", "Ort", "Sprache", "Einrichtung", "Bereich", "Dauer (Std.)",
                "Honorar (€)", "Sprachmittler-ID", "Status"]  # fmt: skip
        _write(deliveries / "sprachmittlerpool" / f"{year}.csv", year, head, rows)
    for year in sorted({c.day.year for c in world.contacts}):
        rows = [
            [n, c.day, c.person, c.nationality, c.town, c.theme, "Beratung"]
            for n, c in enumerate(world.contacts)
            if c.day.year == year
        ]
        head = ["Kontakt-Nr.", "Kontakt am", "Person-ID", "Staatsangehörigkeit", "Kommune", "Anliegen", "Art"]
        _write(deliveries / "suedosteuropa" / f"{year}.csv", year, head, rows)
    if world.mentorships:
        rows = [
            [n, "Pate", m.mentee, "Schule", m.town, m.started, m.ended or "", "Ausbildung" if m.ended else "offen"]
            for n, m in enumerate(world.mentorships)
        ]
        head = ["Nr.", "Pate/Patin", "Patenkind", "Schule", "Kommune", "Beginn", "Ende", "Ergebnis"]
        _write(deliveries / "patenprojekt" / "Liste.csv", None, head, rows)


def _write(path: Path, year: int | None, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    lines = [f"Berichtszeitraum: {year}"] if year else []
    lines += [f"Stand: 15.02.{YEARS[-1] + 1}", ";".join(head)]
    for row in rows:
        lines.append(";".join(f"{v:%d.%m.%Y}" if isinstance(v, dt.date) else str(v) for v in row))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
