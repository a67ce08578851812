"""Purging: what the settings no longer keep goes, nothing else does, and no name of a delivery is told."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from pathlib import Path

import pytest

from kim_pipeline import cli
from kim_pipeline.night import Night, take_in
from kim_pipeline.publishing.builds import Build, Warehouse
from kim_pipeline.settings import Settings
from tests.quick_nights import prepare, publish, settings_in

YEARS = (2021, 2022, 2023)


@pytest.fixture(scope="module")
def three_years(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with three builds, a year apart."""
    folder = tmp_path_factory.mktemp("purge")
    prepare(folder)
    keep = settings_in(folder, purge_nightly=False)
    for number, year in enumerate(YEARS):
        publish(keep, number, dt.datetime(year, 5, 1, tzinfo=dt.UTC))
    return folder


@pytest.fixture
def folder(three_years: Path, tmp_path: Path) -> Path:
    shutil.copytree(three_years, tmp_path, symlinks=True, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def settings(folder: Path) -> Settings:
    return settings_in(folder)


def purge(settings: Settings, *more: str) -> int:
    places = ["--deliveries", str(settings.deliveries), "--warehouse", str(settings.warehouse)]
    return cli.invoke(["purge", *places, *more])


def builds(settings: Settings) -> list[Build]:
    return Warehouse(settings.warehouse).all_builds()


def results(settings: Settings) -> list[str]:
    """The programmes of the results that the cache holds."""
    return sorted(path.parent.name for path in settings.cache.glob("*/*"))


def everything(settings: Settings) -> set[Path]:
    return {path for path in settings.warehouse.rglob("*") if path.name != "scratch"}


def test_old_internal_files_go_and_what_is_published_stays(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    newest, middle, oldest = builds(settings)
    assert purge(settings) == 0
    out = capsys.readouterr().out
    assert "Interne Dateien, älter als 400 Tage: 2" in out
    assert middle.stem in out
    assert oldest.stem in out
    assert newest.stem not in out
    assert builds(settings) == [newest, middle, oldest]
    assert [build.internal.exists() for build in builds(settings)] == [True, False, False]
    assert purge(settings) == 0
    assert capsys.readouterr().out == "Es gibt nichts zu entfernen.\n"


def test_the_published_build_keeps_its_internal_file_however_old(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    oldest = builds(settings)[-1]
    assert cli.invoke(["rollback", oldest.stem, "--warehouse", str(settings.warehouse)]) == 0
    assert purge(settings) == 0
    assert [build.internal.exists() for build in builds(settings)] == [False, False, True]
    assert (settings.warehouse / "internal.duckdb").resolve() == oldest.internal


def test_results_go_with_their_delivery(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert results(settings) == ["fit", "komm_an"]
    (delivery,) = (settings.deliveries / "fit").iterdir()
    renamed = delivery.rename(delivery.with_name("Liste Erika Musterfrau.xlsx"))
    assert purge(settings) == 0
    assert "Leseergebnisse" not in capsys.readouterr().out
    renamed.unlink()
    assert purge(settings) == 0
    out = capsys.readouterr().out
    assert "Leseergebnisse ohne Lieferung: 1" in out
    assert "    fit\n" in out
    assert "Musterfrau" not in out
    assert results(settings) == ["komm_an"]


def test_results_of_an_earlier_version_of_the_code_go_too(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    (result,) = (settings.cache / "fit").iterdir()
    shutil.copytree(result, result.with_name(f"{result.name.split('-')[0]}-0123456789abcdef"))
    assert purge(settings) == 0
    assert "Leseergebnisse ohne Lieferung: 1" in capsys.readouterr().out
    assert list((settings.cache / "fit").iterdir()) == [result]


def test_return_copies_go_when_they_are_old(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """They hold the offices' own rows, with names; `kim feedback` writes them anew where they are still needed."""
    folder = settings.feedback / "fit" / "Ahlen"
    folder.mkdir(parents=True)
    for name in ("alt_Rückmeldung.xlsx", "neu_Rückmeldung.xlsx", ".rueckmeldungen.json"):
        (folder / name).write_text("x", encoding="utf-8")
        if not name.startswith("neu"):
            os.utime(folder / name, (0, 0))
    assert purge(settings) == 0
    out = capsys.readouterr().out
    assert "Rückmeldungen, seit 90 Tagen unverändert: 1" in out
    assert "alt" not in out.replace("älter", "")
    assert {path.name for path in folder.iterdir()} == {"neu_Rückmeldung.xlsx", ".rueckmeldungen.json"}


def test_logs_beyond_those_that_are_kept_go(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.logs.mkdir()
    for number in range(4):
        (settings.logs / f"run_2024010{number}T000000000000Z.log").write_text("x")
    monkeypatch.setenv("KIM_KEEP_LOGS", "3")
    assert purge(settings) == 0
    assert "Protokolle, über die letzten 3 hinaus: 1, 1 kB" in capsys.readouterr().out
    assert len(list(settings.logs.iterdir())) == 3


def test_builds_that_retention_does_not_keep_go(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    newest, *older = builds(settings)
    monkeypatch.setenv("KIM_KEEP_BUILDS", "1")
    monkeypatch.setenv("KIM_KEEP_MONTHS", "0")
    assert purge(settings) == 0
    out = capsys.readouterr().out
    assert "Datenbestände nach Ablauf der Aufbewahrung: 2" in out
    assert all(build.stem in out for build in older)
    assert builds(settings) == [newest]
    assert len([*newest.internal.parent.iterdir(), *newest.published.parent.iterdir()]) == 3


def test_a_dry_run_removes_nothing(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    before = everything(settings)
    assert purge(settings, "--dry-run") == 0
    assert capsys.readouterr().out.startswith("Würde entfernt: 2 Einträge, ")
    assert everything(settings) == before


@pytest.mark.parametrize("does", [True, False])
def test_each_night_purges_if_the_settings_say_so(folder: Path, does: bool) -> None:
    settings = settings_in(folder, purge_nightly=does)
    shutil.rmtree(settings.deliveries / "komm_an")
    publish(settings, 3)
    assert [build.internal.exists() for build in builds(settings)] == [True, not does, not does, not does]
    assert results(settings) == (["fit"] if does else ["fit", "komm_an"])


def test_what_is_purged_is_read_again_when_it_comes_back(settings: Settings) -> None:
    (delivery,) = (settings.deliveries / "fit").iterdir()
    content = delivery.read_bytes()
    delivery.unlink()
    assert purge(settings) == 0
    delivery.write_bytes(content)
    assert [d.parsed for d in take_in(Night(settings=settings)).intake.of("fit")] == [True]


def test_purging_waits_for_nobody(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with Warehouse(settings.warehouse).lock():
        assert purge(settings) == 1
    assert "Ein anderer Lauf arbeitet gerade in" in capsys.readouterr().err


def test_folders_that_are_not_there(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the deliveries everything would seem to be gone."""
    before = everything(settings)
    shutil.rmtree(settings.deliveries)
    assert purge(settings) == 2
    assert "Der Ordner der Lieferungen fehlt" in capsys.readouterr().err
    assert everything(settings) == before
    nowhere = settings.warehouse / "nirgends"
    assert cli.invoke(["purge", "--warehouse", str(nowhere)]) == 2
    assert not nowhere.exists()
