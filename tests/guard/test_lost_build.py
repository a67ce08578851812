"""State without a build to compare with: no night may then pass as if it were the first."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kim_pipeline.files import Store, remove
from tests.guard.nights import WORDS, House, house


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lost")
    place = house(folder)
    place.add("file_deleted", "night1")
    assert place.run() == 0
    assert list(Store(place.warehouse).state.iterdir())
    return folder


@pytest.fixture
def place(published_once: Path, tmp_path: Path) -> House:
    shutil.copytree(published_once, tmp_path, symlinks=True, dirs_exist_ok=True)
    return House(tmp_path, nights=1)


def lose_builds(place: House) -> None:
    for name in ("builds", "published", "kim.duckdb", "internal.duckdb", "kim"):
        remove(place.warehouse / name)


def take_one_away(place: House) -> None:
    next(path for path in sorted(place.deliveries.rglob("*")) if path.is_file()).unlink()


def test_a_night_stops_until_a_person_lets_it_begin_anew(place: House, capsys: pytest.CaptureFixture[str]) -> None:
    lose_builds(place)
    assert place.run() == 1
    assert not (place.warehouse / "kim.duckdb").exists()
    said = " ".join(capsys.readouterr().err.split())
    assert "kein Datenbestand ist lesbar" in said
    assert "kim accept --change" in said
    assert place.kim("accept", "--change", *WORDS) == 0
    assert place.run() == 0
    assert (place.warehouse / "kim.duckdb").exists()


def test_that_word_is_about_these_deliveries_only(place: House) -> None:
    lose_builds(place)
    assert place.kim("accept", "--change", *WORDS) == 0
    take_one_away(place)
    assert place.run() == 1


def test_without_its_link_the_newest_build_is_compared_with(place: House) -> None:
    (place.warehouse / "kim.duckdb").unlink()
    take_one_away(place)
    assert place.run() == 1
    assert not (place.warehouse / "kim.duckdb").exists()


def test_builds_that_cannot_be_read_let_nothing_pass(place: House) -> None:
    for path in (*place.warehouse.glob("builds/*.duckdb"), *place.warehouse.glob("published/*.duckdb")):
        path.chmod(0o600)
        path.write_bytes(b"damaged")
    take_one_away(place)
    assert place.run() == 1


def test_a_first_build_passes_also_after_a_withdrawal(tmp_path: Path) -> None:
    place = house(tmp_path)
    place.add("file_deleted", "night1")
    file = max(path for path in place.deliveries.rglob("*") if path.is_file())
    assert place.kim("withdraw", file.parent.name, file.name, *WORDS) == 0
    assert place.run() == 0
