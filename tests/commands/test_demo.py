"""`kim serve --demo`: what there is to look at; it is built, and not served."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from kim_pipeline import cli
from kim_pipeline.commands.control_room import ControlRoomError
from kim_pipeline.commands.demo import DAY, build_demo, demo_settings
from kim_pipeline.contracts import programmes
from kim_pipeline.files import locked
from kim_pipeline.orchestration.runs import instance_for
from kim_pipeline.publishing.builds import Warehouse
from kim_pipeline.settings import DEMO_DAY, PROJECT, InvalidSettingsError, Settings, read_settings, today

pytestmark = pytest.mark.rare


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Of a demonstration that is there; the variables are put back at the end."""
    before = dict(os.environ)
    os.environ["KIM_WEBHOOK_URL"] = "http://127.0.0.1:9/nobody"
    try:
        found = demo_settings(tmp_path_factory.mktemp("shown"))
        build_demo(found)
        yield found
    finally:
        os.environ.clear()
        os.environ.update(before)


def test_most_programmes_are_in_time_one_is_late(settings: Settings) -> None:
    assert today() == DAY
    with duckdb.connect(str(settings.warehouse / "kim.duckdb"), read_only=True) as connection:
        late = connection.execute("SELECT programme FROM delivery_status WHERE is_late").fetchall()
        due = connection.execute(
            "SELECT count(*) FROM delivery_status WHERE due_on IS NULL OR due_on >= ?", [DAY]
        ).fetchall()
    assert len(late) == 1
    assert due == [(len(programmes()) - 1,)]


def test_one_delivery_is_rejected_and_one_held(settings: Settings) -> None:
    with duckdb.connect(str(settings.warehouse / "internal.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "SELECT status, count(DISTINCT file) FROM quality.delivery "
            "WHERE status NOT IN ('counted', 'superseded') GROUP BY 1 ORDER BY 1"
        ).fetchall()
    assert found == [("held", 1), ("rejected", 1)]


def test_its_nights_are_runs_that_succeeded(settings: Settings) -> None:
    assert len(Warehouse(settings.warehouse).all_builds()) == 2
    with instance_for(settings) as instance:
        assert [record.dagster_run.is_success for record in instance.get_run_records()] == [True, True]


def test_nothing_of_a_real_warehouse_holds_there(settings: Settings) -> None:
    assert settings.webhook_url is None
    assert {name for name in os.environ if name.startswith("KIM_")} == {DEMO_DAY}


def test_it_is_not_built_under_the_eyes_of_people(settings: Settings) -> None:
    with locked(settings.control_room / ".serve.lock"), pytest.raises(ControlRoomError, match="läuft schon"):
        build_demo(settings)
    assert (settings.warehouse / "kim.duckdb").exists()


def test_its_day_holds_nowhere_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(DEMO_DAY, "2024-04-20")
    with pytest.raises(InvalidSettingsError, match="nur in der Vorführung"):
        read_settings(warehouse=tmp_path / "warehouse")


def test_it_has_folders_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.invoke(["serve", "--demo", "--warehouse", str(tmp_path)]) == 2
    assert "--demo hat eigene Ordner" in capsys.readouterr().err
    assert "/demo/" in (PROJECT / ".gitignore").read_text(encoding="utf-8").splitlines()
