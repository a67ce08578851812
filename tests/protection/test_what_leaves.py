"""What leaves, over made-up worlds: an attacker of our own, known cases, and numbers that are hidden ones renamed."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest

from tests.made_up_worlds import TOWNS, YEARS, Mentorship, Request, World, built, changed, random_world
from tests.protection.doubles import doubles, seen_in
from tests.protection.own_attacker import Bounds, attacked

SEEDS = (1, 2, 3)
COUNTY = "05570"


@cache
def _folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="kim-worlds-")


@cache
def world(seed: int) -> tuple[Path, Path]:
    """Internal and published file of a random world, built once."""
    folder = Path(_folder().name) / str(seed)
    folder.mkdir()
    return built(random_world(seed), folder)


def narrow(published: Path, internal: Path) -> dict[tuple[str, ...], Bounds]:
    return {place: bounds for place, bounds in attacked(published, internal).items() if bounds.is_narrow}


@pytest.mark.parametrize("seed", SEEDS)
def test_no_small_figure_is_known_to_who_has_all_published_tables(seed: int) -> None:
    internal, published = world(seed)
    found = attacked(published, internal)
    assert len(found) > 50
    assert {place: bounds for place, bounds in found.items() if bounds.is_narrow} == {}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_attacker_finds_what_one_printed_figure_more_gives_away(seed: int) -> None:
    """Not each one does; of the hidden figures of the pool that are not small, printing all gives small ones away."""
    internal, published = world(seed)
    key = "indicator_id, area, period, breakdown"
    more = (
        f"UPDATE indicator_value SET status = 'published', value = (SELECT t.value FROM "
        "internal.indicators.indicator_value AS t WHERE (t.indicator_id, t.area, t.period, t.breakdown) = "
        f"(indicator_value.indicator_id, indicator_value.area, indicator_value.period, indicator_value.breakdown)) "
        f"WHERE status = 'suppressed' AND ({key}) IN (SELECT ({key}) FROM internal.indicators.indicator_value "
        "WHERE indicator_id = 'smp_requests' AND value >= 3)"
    )
    assert narrow(changed(published, more), internal)


def day(number: int) -> dt.date:
    return dt.date(2023, 1, 2) + dt.timedelta(days=number % 360)


@cache
def _two_hundred_requests() -> tuple[Path, Path]:
    """200 requests of which one is in a language that nobody knows, 13 in Arabic; all others in large languages."""
    languages = ["Klingonisch", *["Arabisch"] * 13, *["Ukrainisch"] * 100, *["Rumänisch"] * 86]

    def status(number: int, language: str) -> str:
        if language == "Ukrainisch" and number % 10 == 5:
            return "nicht besetzt"
        is_cancelled = number % 2 == 1 if language == "Arabisch" else number % 10 == 7
        return "abgesagt" if is_cancelled and language != "Klingonisch" else "durchgeführt"

    requests = [
        Request(day(n), TOWNS[n % 2], language, f"SM-{n % 20}", status(n, language))
        for n, language in enumerate(languages)
    ]
    folder = Path(_folder().name) / "requests"
    folder.mkdir()
    return built(World(requests), folder)


UND = ("smp_requests", COUNTY, "2023", "und")


def printed(published: Path, indicator: str, member: str = "") -> list[object]:
    with duckdb.connect(str(published), read_only=True) as connection:
        return [
            value
            for (value,) in connection.execute(
                "SELECT value FROM indicator_value WHERE (indicator_id, area, period, breakdown) = (?, ?, '2023', ?)",
                [indicator, COUNTY, member],
            ).fetchall()
        ]


def test_one_request_in_an_unknown_language_is_not_told_by_the_findings() -> None:
    internal, published = _two_hundred_requests()
    assert printed(published, "smp_requests") == [200]
    assert printed(published, "smp_requests", "und") == printed(published, "smp_requests", "ara") == [None]
    found = attacked(published, internal)
    assert (found[UND].true, found[UND].is_narrow) == (1, False)


def test_it_was_told_while_findings_were_exact() -> None:
    """`unknown_language` of the pool's file was `smp_requests` of `und`, and Arabic the rest (`privacy.md`)."""
    internal, published = _two_hundred_requests()
    exact = changed(published, "UPDATE quality_summary SET findings = '1' WHERE rule = 'unknown_language'")
    assert (narrow(exact, internal)[UND].least, narrow(exact, internal)[UND].most) == (1, 1)


@cache
def _three_mentorships() -> tuple[Path, Path]:
    """3 mentorships and 200 requests: every other programme has delivered nothing."""
    requests = [Request(day(n), "Ahlen", ("Ukrainisch", "Rumänisch")[n % 2], f"SM-{n % 20}") for n in range(200)]
    mentorships = [Mentorship(day(n), None, "Beckum", f"M{n}") for n in range(3)]
    folder = Path(_folder().name) / "mentorships"
    folder.mkdir()
    return built(World(requests, mentorships=mentorships), folder)


STARTED = ("paten_started", COUNTY, "2023", "")


def test_three_mentorships_are_not_told_by_how_many_rows_there_are() -> None:
    internal, published = _three_mentorships()
    assert printed(published, "smp_requests") == [200]
    assert printed(published, "paten_started") == [None]
    assert not attacked(published, internal)[STARTED].is_narrow
    with duckdb.connect(str(published), read_only=True) as connection:
        counted = connection.execute("SELECT name FROM build_info WHERE item = 'count'").fetchall()
        texts = {str(value) for row in connection.execute("FROM build_info").fetchall() for value in row}
    assert {name for (name,) in counted} <= {"counted", "superseded", "rejected", "held"}
    assert not texts & {"3", "203"}


def test_they_were_told_while_rows_were_counted() -> None:
    """203 accepted rows less 200 printed requests."""
    internal, published = _three_mentorships()
    exact = changed(published, "INSERT INTO build_info (item, name, value) VALUES ('count', 'accepted', '203')")
    assert (narrow(exact, internal)[STARTED].least, narrow(exact, internal)[STARTED].most) == (3, 3)
    in_classes = changed(published, "INSERT INTO build_info (item, name, value) VALUES ('count', 'accepted', '50–249')")
    assert STARTED not in narrow(in_classes, internal)


def test_no_published_number_is_a_hidden_figure_under_another_name() -> None:
    seen = seen_in([world(seed) for seed in SEEDS])
    assert len(seen.hidden) > 50
    assert {name[0] for name in seen.printed} >= {"indicator_value", "language_gap", "build_info", "delivery_status"}
    assert doubles(seen) == set()


_OF_POOL = "FROM internal.indicators.indicator_value AS v WHERE v.indicator_id = 'smp_requests' AND v.breakdown = ''"
ONE = f"CREATE TABLE extra AS SELECT v.area, v.period, v.value AS number {_OF_POOL}"
_REQUESTS_OF_ALL_YEARS = (
    "SELECT sum(v.value) FROM indicator_value AS v INNER JOIN period AS d ON d.period = v.period "
    f"WHERE d.calendar = 'year' AND v.indicator_id = 'smp_requests' AND v.area = '{COUNTY}' AND v.breakdown = ''"
)
TWO = (
    "CREATE TABLE extra AS SELECT v.area, v.period, w.value AS whole, w.value - v.value AS rest "
    "FROM internal.indicators.indicator_value AS v INNER JOIN internal.indicators.indicator_value AS w "
    f"USING (indicator_id, period, breakdown) WHERE w.area = '{COUNTY}' AND v.area <> '{COUNTY}' "
    "AND v.indicator_id = 'smp_requests' AND v.breakdown = ''"
)


@pytest.mark.parametrize(("plant", "numbers"), [(ONE, 1), (TWO, 2)], ids=["a number", "a difference of two"])
def test_a_planted_double_is_found_and_nothing_else(plant: str, numbers: int) -> None:
    files = [(internal, changed(published, plant)) for internal, published in map(world, SEEDS)]
    found = doubles(seen_in(files))
    assert found
    for hidden, names in found:
        assert hidden[0] == "smp_requests"
        assert len(names) in {numbers, 2}
        assert "extra" in {name[0] for name in names}
        assert f"area={hidden[1]}" in {dim for name in names for dim in name}
    assert numbers in {len(names) for _, names in found}


@pytest.mark.parametrize("is_sum", [False, True], ids=["a number", "a difference of two"])
def test_a_number_of_the_whole_build_that_is_a_hidden_one_is_found(*, is_sum: bool) -> None:
    """As 203 accepted rows less 200 printed requests were three mentorships (`privacy.md`)."""
    seen = seen_in([world(seed) for seed in SEEDS])
    worlds = range(len(SEEDS))
    totals = {
        name: [sum(series[number, str(year)] for year in YEARS) for number in worlds]
        for name, series in seen.hidden.items()
        if name[3] == "year" and all((number, str(year)) in series for number in worlds for year in YEARS)
    }
    hidden = next(name for name, values in sorted(totals.items()) if len(set(values)) == len(SEEDS))
    files = []
    for number, (internal, published) in enumerate(map(world, SEEDS)):
        more = f"({_REQUESTS_OF_ALL_YEARS})" if is_sum else "0"
        plant = f"SELECT 'count', 'accepted', ({totals[hidden][number]} + {more})::INTEGER::VARCHAR"
        files.append((internal, changed(published, f"INSERT INTO build_info (item, name, value) {plant}")))
    found = doubles(seen_in(files))
    assert {name for name, _ in found} >= {hidden}
    assert all("build_info" in {name[0] for name in names} for _, names in found)
