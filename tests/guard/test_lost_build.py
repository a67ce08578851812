"""State without a build: no night passes as the first one, since nobody can say what it would take away."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kim_pipeline.deciding import Decision, decide
from kim_pipeline.guard.acceptances import AcceptanceError
from kim_pipeline.guard.judging import HeldNightError
from kim_pipeline.night import Night, hold, take_in
from kim_pipeline.publishing.builds import Warehouse
from kim_pipeline.settings import Settings
from tests.nights import small_sample, small_settings
from tests.quick_nights import whole_night

CHANGE = Decision("change", None, None, "Koordination", "Die Datenbestände sind verloren.")


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    whole_night(Night(settings=small_sample(folder)))
    return folder


@pytest.fixture
def settings(published_once: Path, tmp_path: Path) -> Settings:
    shutil.copytree(published_once, tmp_path, symlinks=True, dirs_exist_ok=True)
    return small_settings(tmp_path)


def unlink(settings: Settings) -> None:
    for name in ("kim.duckdb", "internal.duckdb", "kim"):
        (settings.warehouse / name).unlink()


def lose_builds(settings: Settings) -> None:
    unlink(settings)
    for name in ("published", "builds"):
        shutil.rmtree(settings.warehouse / name)


def held(settings: Settings) -> str:
    """What stops the next night; nothing if it may go on."""
    night = Night(settings=settings)
    with night.warehouse.lock():
        try:
            hold(take_in(night))
        except HeldNightError as error:
            return f"{error} / {error.public}"
    return ""


def test_a_night_without_any_state_is_the_first_one(tmp_path: Path) -> None:
    settings = small_sample(tmp_path)
    assert held(settings) == ""
    file = next((settings.deliveries / "fit").iterdir()).name
    decide(Decision("withdrawn", "fit", file, "Koordination", "Falsche Fassung."), settings)
    assert held(settings) == ""


def test_state_without_a_build_stops_the_night_until_a_person_decides(settings: Settings) -> None:
    lose_builds(settings)
    said = held(settings)
    assert "keiner ist mehr da" in said.split(" / ")[0]
    assert "aus der Sicherung zurückholen" in said
    assert "keiner ist mehr da" in said.split(" / ")[1]
    assert "ohne Vergleich" in decide(CHANGE, settings)
    assert held(settings) == ""


def test_the_word_holds_once(settings: Settings) -> None:
    """A second loss is another one, also with the same configuration."""
    lose_builds(settings)
    decide(CHANGE, settings)
    whole_night(Night(settings=settings))
    assert held(settings) == ""
    lose_builds(settings)
    assert "keiner ist mehr da" in held(settings)


def test_a_change_that_was_confirmed_says_nothing_of_a_lost_build(settings: Settings) -> None:
    with pytest.raises(AcceptanceError, match="nichts zu bestätigen"):
        decide(CHANGE, settings)
    lose_builds(settings)
    assert "keiner ist mehr da" in held(settings)


def test_where_only_the_link_is_lost_the_newest_build_is_compared_with(settings: Settings) -> None:
    unlink(settings)
    assert Warehouse(settings.warehouse).current() is None
    assert held(settings) == ""
    shutil.rmtree(settings.deliveries / "komm_an")
    (settings.deliveries / "komm_an").mkdir()
    assert "Es fehlen Lieferungen, die bisher zählten" in held(settings)
