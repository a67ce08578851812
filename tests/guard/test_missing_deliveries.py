"""A night whose deliveries are gone, as when a share is not mounted, publishes nothing and removes nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import dagster as dg
import pytest
from kim_pipeline.guard.missing import MissingDeliveriesError, counted_in, missing_deliveries

from kim_pipeline import cli
from kim_pipeline.night import Night, hold, take_in
from kim_pipeline.orchestration.sensors import failure_alert
from kim_pipeline.publishing.builds import Build, Warehouse
from kim_pipeline.settings import Settings
from tests.nights import AS_OF, run, small_sample
from tests.quick_nights import whole_night


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("missing")
    settings = small_sample(folder)
    whole_night(Night(settings=settings))
    return folder


@pytest.fixture
def settings(published_once: Path, tmp_path: Path) -> Settings:
    shutil.copytree(published_once, tmp_path, symlinks=True, dirs_exist_ok=True)
    return Settings(deliveries=tmp_path / "deliveries", warehouse=tmp_path / "warehouse", key_file=None, readers=1)


def places(settings: Settings) -> list[str]:
    return ["--deliveries", str(settings.deliveries), "--warehouse", str(settings.warehouse)]


def current(settings: Settings) -> Build:
    build = Warehouse(settings.warehouse).current()
    assert build is not None
    return build


def unmount(settings: Settings, *programmes: str) -> None:
    for key in programmes:
        shutil.rmtree(settings.deliveries / key)
        (settings.deliveries / key).mkdir()


def cached(settings: Settings) -> set[Path]:
    return set(settings.cache.glob("*/*"))


def alerts(settings: Settings) -> str:
    path = settings.logs / "alerts.log"
    return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.mark.parametrize("full", [False, True])
def test_an_empty_folder_stops_the_night(settings: Settings, capsys: pytest.CaptureFixture[str], *, full: bool) -> None:
    before, results = current(settings), cached(settings)
    unmount(settings, "fit", "komm_an")
    assert cli.invoke(["run", *places(settings), *(["--full"] if full else [])]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "3 Lieferungen von FIT (Frühkindliches Integrationstraining) (Ordner fit)" in said
    assert "3 Lieferungen von KOMM-AN NRW (Ordner komm_an)" in said
    assert "kim run --accept-missing fit --accept-missing komm_an" in said
    assert "Der veröffentlichte Datenbestand ist unverändert." in said
    assert current(settings) == before
    assert cached(settings) == results
    assert alerts(settings).count("===") == 1
    assert "3 Lieferungen von FIT" in alerts(settings)


def test_accepted_it_passes(settings: Settings) -> None:
    before = current(settings)
    unmount(settings, "fit")
    assert cli.invoke(["run", *places(settings), "--accept-missing", "komm_an"]) == 1
    assert cli.invoke(["run", *places(settings), "--accept-missing", "fit"]) == 0
    assert current(settings) != before
    assert not list(settings.cache.glob("fit/*"))
    assert cli.invoke(["run", *places(settings)]) == 0  # what the published build does not count is not missed


def test_what_is_no_programme_cannot_be_accepted(settings: Settings) -> None:
    assert cli.invoke(["run", *places(settings), "--accept-missing", "fti"]) == 2


def test_one_file_less_passes_while_another_counts(settings: Settings) -> None:
    gone = min((settings.deliveries / "fit").glob("FIT*"))
    gone.unlink()
    night = take_in(Night(settings=settings))
    assert missing_deliveries(night.warehouse.current(), night.intake) == {}


def test_a_broken_file_in_their_place_stops_the_night(settings: Settings) -> None:
    unmount(settings, "fit")
    (settings.deliveries / "fit" / "Liste.xlsx").write_bytes(b"broken")
    taken_in = take_in(Night(settings=settings))
    with pytest.raises(MissingDeliveriesError):
        hold(taken_in)


def test_the_same_files_under_other_names_are_not_missed(settings: Settings) -> None:
    for path in (settings.deliveries / "fit").glob("FIT*"):
        path.rename(path.with_name(f"neu_{path.name}"))
    night = take_in(Night(settings=settings))
    assert missing_deliveries(night.warehouse.current(), night.intake) == {}


def test_the_internal_file_tells_where_the_published_one_cannot(settings: Settings) -> None:
    build = current(settings)
    known = counted_in(build)
    build.published.chmod(0o600)
    build.published.write_bytes(b"broken")
    assert known
    assert counted_in(build) == known


def test_in_the_control_room_the_failed_run_is_told_once(settings: Settings, tmp_path: Path) -> None:
    unmount(settings, "fit")
    before = current(settings)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        result = run(settings, instance, as_of=AS_OF)
        assert not result.success
        event = next(e for e in result.all_events if e.event_type_value == "PIPELINE_FAILURE")
        context = dg.build_run_status_sensor_context("failed_run", event, instance, result.dagster_run)
        alert = failure_alert(context.for_run_failure(), settings)
        told = result.get_asset_materialization_events()
    assert "3 Lieferungen von FIT" in alert.happened
    assert current(settings) == before
    assert told == []
    assert alerts(settings) == ""
