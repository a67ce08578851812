"""A night that no Dagster instance keeps runs without Dagster, and gives what a night through Dagster gives."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from kim_pipeline.commands.control_room import prepare_home
from kim_pipeline.night import Night, take_in
from kim_pipeline.orchestration.history import newest_known_build
from kim_pipeline.orchestration.metadata import BUILD, PUBLISHED_FILE
from kim_pipeline.orchestration.runs import instance_for
from kim_pipeline.orchestration.sensors import other_nights_sensor
from kim_pipeline.publishing.builds import Warehouse
from kim_pipeline.settings import Settings
from tests.nights import AS_OF, kept_night, run, small_sample
from tests.quick_nights import whole_night

pytestmark = pytest.mark.processes

_RUN = """
import sys
from kim_pipeline.cli import invoke
code = invoke(sys.argv[1:])
loaded = sorted(name for name in sys.modules if name.split(".")[0].startswith("dagster"))
print("loaded:", *loaded[:3])
raise SystemExit(code)
"""
TIMES = "item = 'build' AND name IN ('build', 'built_at', 'duration_seconds')"
"""Rows of `build_info` that tell when a build was made."""


def tables(settings: Settings) -> dict[str, list[str]]:
    """Every table of both files, its rows sorted; numbers to 12 digits, for a sum's last ones depend on the order."""
    found = {}
    for name in ("internal", "kim"):
        with duckdb.connect(str(settings.warehouse / f"{name}.duckdb"), read_only=True) as connection:
            for schema, table in connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall():
                rows = connection.execute(
                    f"FROM {schema}.{table} {f'WHERE NOT ({TIMES})' if table == 'build_info' else ''}"
                ).fetchall()
                found[f"{name}: {schema}.{table}"] = sorted(repr([_rounded(value) for value in row]) for row in rows)
    return found


def _rounded(value: object) -> object:
    return float(f"{value:.12g}") if isinstance(value, float) else value


def test_both_ways_give_the_same_tables(tmp_path: Path) -> None:
    alone, kept = small_sample(tmp_path / "alone"), small_sample(tmp_path / "kept")
    day = dt.date.fromisoformat(AS_OF)
    whole_night(Night(settings=alone, as_of=day))
    prepare_home(kept)
    assert kept_night(Night(settings=kept, as_of=day))
    found = tables(alone)
    assert {
        "internal: quality.delivery",
        "internal: disclosure.hidden_cell",
        "kim: main.indicator_value",
    } <= found.keys()
    assert len(found["kim: main.indicator_value"]) > 100
    assert found == tables(kept)


def test_kim_run_alone_does_not_load_dagster(tmp_path: Path) -> None:
    settings = small_sample(tmp_path)
    places = ["--deliveries", str(settings.deliveries), "--warehouse", str(settings.warehouse)]
    environment = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}

    def said(*more: str) -> str:
        argv = [sys.executable, "-c", _RUN, "run", *places, "--as-of", AS_OF, *more]
        return subprocess.run(argv, env=environment, capture_output=True, text=True, check=True).stdout

    assert said().endswith("loaded:\n")
    assert said("--only", "fit", "--full").endswith("loaded:\n")
    prepare_home(settings)
    assert "loaded: dagster" in said()
    with instance_for(settings) as instance:
        assert len(instance.get_run_records()) == 1


def asked(instance: dg.DagsterInstance, settings: Settings) -> str:
    """What the sensor for nights without the control room says of a tick."""
    sensor = other_nights_sensor(settings)
    data = sensor.evaluate_tick(dg.build_sensor_context(instance=instance))
    return data.skip_message or ""


@pytest.mark.rare
def test_a_control_room_that_comes_later_shows_those_nights(tmp_path: Path) -> None:
    settings = small_sample(tmp_path)
    nights = [whole_night(Night(settings=settings, as_of=dt.date.fromisoformat(AS_OF))) for _ in range(2)]
    prepare_home(settings)
    with instance_for(settings) as room:
        assert asked(room, settings) == f"nachgetragen: {nights[0].build.stem}, {nights[1].build.stem}"
        assert asked(room, settings) == "nachgetragen: nichts"
        info = room.fetch_materializations(dg.AssetKey(["published", "build_info"]), limit=10).records
        assert [r.asset_materialization.metadata[BUILD].value for r in info if r.asset_materialization] == [
            night.build.stem for night in reversed(nights)
        ]
        assert [r.timestamp for r in info] == [night.build.made_at.timestamp() for night in reversed(nights)]
        assert newest_known_build(room) == nights[1].build.stem
        figures = room.get_latest_materialization_event(dg.AssetKey(["published", "indicator_value"]))
        assert figures is not None
        assert figures.asset_materialization is not None
        assert "FIT-Gruppen, 2022/23" in figures.asset_materialization.metadata

        kept = run(settings, room)
        assert kept.success
        assert asked(room, settings) == "nachgetragen: nichts"
        again = whole_night(Night(settings=settings, as_of=dt.date.fromisoformat(AS_OF)))
        with Warehouse(settings.warehouse).lock():  # a run that is about to tell of its build
            assert asked(room, settings) == "nachgetragen: nichts"
        assert asked(room, settings) == f"nachgetragen: {again.build.stem}"


def test_what_an_earlier_version_told_of_a_build_is_known(tmp_path: Path) -> None:
    file = tmp_path / "builds" / "kim_20260504T000130Z_000000000000.duckdb"
    with dg.DagsterInstance.ephemeral() as instance:
        assert newest_known_build(instance) is None
        metadata = {PUBLISHED_FILE: dg.MetadataValue.path(file)}
        instance.report_runless_asset_event(dg.AssetMaterialization(["published", "build_info"], metadata=metadata))
        assert newest_known_build(instance) == "20260504T000130Z_000000000000"


def test_a_record_is_not_changed_by_the_steps(tmp_path: Path) -> None:
    night = Night(settings=small_sample(tmp_path))
    taken_in = take_in(night)
    assert type(night) is Night
    assert taken_in.started_at == night.started_at
    with pytest.raises(AttributeError):
        taken_in.full = True  # type: ignore[misc]
