"""The Parquet files beside the published file: the same tables, described, and switched together with it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kim_pipeline.publishing.builds import DESCRIPTOR, Build, Warehouse
from kim_pipeline.publishing.parquet import primary_keys, write_package
from kim_pipeline.publishing.rollback import roll_back
from tests.built import sample_build, sample_settings
from tests.quick_nights import prepare, publish
from tests.test_privacy import canaries_in

COUNTY = sample_settings().county


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package") / "kim"
    write_package(sample_build()[1], folder, COUNTY)
    return folder


def described(package: Path) -> dict[str, Any]:
    return dict(json.loads((package / DESCRIPTOR).read_text(encoding="utf-8")))


def resources(package: Path) -> dict[str, dict[str, Any]]:
    return {resource["name"]: resource for resource in described(package)["resources"]}


# Descriptions in the published file


def test_every_table_and_column_has_a_german_description_and_the_dictionaries_hold_all() -> None:
    with duckdb.connect(str(sample_build()[1]), read_only=True) as connection:
        tables = connection.execute(
            "SELECT table_name, comment FROM duckdb_tables() WHERE NOT internal ORDER BY ALL"
        ).fetchall()
        columns = connection.execute(
            "SELECT table_name, column_index, column_name, data_type, comment FROM duckdb_columns() "
            "WHERE NOT internal ORDER BY table_name, column_index"
        ).fetchall()
        assert connection.execute("FROM table_dictionary ORDER BY table_name").fetchall() == tables
        assert connection.execute("FROM column_dictionary ORDER BY table_name, position").fetchall() == columns
    assert len(tables) > 15
    assert [row for row in (*tables, *columns) if not (row[-1] or "").strip()] == []


def test_a_key_is_the_column_of_the_table_s_own_name_else_its_order() -> None:
    keys = primary_keys()
    assert keys["indicator"] == ("indicator_id",)
    assert keys["period"] == ("period",)
    assert keys["indicator_value"] == ("indicator_id", "area", "period", "breakdown_kind", "breakdown")
    assert keys["quality_summary"] == ("programme", "file", "rule", "severity")


# The same tables


def test_each_file_holds_the_rows_of_its_table_in_their_order(package: Path) -> None:
    with duckdb.connect(str(sample_build()[1]), read_only=True) as connection:
        names = {name for (name,) in connection.execute("SELECT table_name FROM table_dictionary").fetchall()}
        assert {path.name for path in package.iterdir()} == {f"{name}.parquet" for name in names} | {DESCRIPTOR}
        for name in names:
            there, here = connection.table(name).to_arrow_table(), pq.read_table(package / f"{name}.parquet")
            assert here.replace_schema_metadata().equals(there.cast(here.schema).replace_schema_metadata()), name


def test_no_byte_and_no_value_shows_a_canary(package: Path) -> None:
    for path in package.iterdir():
        assert canaries_in(path.read_bytes()) == [], path.name
    for path in package.glob("*.parquet"):
        table = pq.read_table(path)
        values = {str(value) for column in table.columns for value in column.unique().to_pylist()}
        assert canaries_in("\n".join(values).encode()) == [], path.name


def test_the_same_file_gives_the_same_bytes(package: Path, tmp_path: Path) -> None:
    write_package(sample_build()[1], tmp_path / "kim", COUNTY)
    for path in package.iterdir():
        assert (tmp_path / "kim" / path.name).read_bytes() == path.read_bytes(), path.name


# What describes them


def test_the_package_names_its_build_and_the_county(package: Path) -> None:
    found = described(package)
    assert found["profile"] == "data-package"
    assert found["id"] == "20240501T000000Z_sample"
    assert found["created"] == "2024-05-01T00:00:00+00:00"
    assert found["as_of"] == "2024-05-01"
    assert found["title"].endswith("Kreis Warendorf")
    assert found["contributors"] == [
        {"title": "Kreis Warendorf, Kommunales Integrationszentrum", "role": "publisher"}
    ]  # fmt: skip
    metadata = pq.read_schema(package / "area.parquet").metadata
    assert metadata[b"build"].decode() == found["id"]


def test_another_county_states_its_own_sources_or_none(tmp_path: Path) -> None:
    (tmp_path / "county").mkdir()
    write_package(sample_build()[1], tmp_path / "a", tmp_path / "county")
    assert not {"licenses", "sources", "contributors"} & described(tmp_path / "a").keys()

    stated = '[[licenses]]\nname = "CC0-1.0"\n[[resources]]\nname = "fremd"\n'
    (tmp_path / "county" / "datapackage.toml").write_text(stated, encoding="utf-8")
    write_package(sample_build()[1], tmp_path / "b", tmp_path / "county")
    assert described(tmp_path / "b")["licenses"] == [{"name": "CC0-1.0"}]
    assert "fremd" not in resources(tmp_path / "b")


def test_each_resource_tells_columns_types_and_descriptions_as_they_are(package: Path) -> None:
    kinds = {
        "string": pa.types.is_string, "integer": pa.types.is_integer, "number": pa.types.is_floating,
        "boolean": pa.types.is_boolean, "date": pa.types.is_date32,
    }  # fmt: skip
    for name, resource in resources(package).items():
        path = package / resource["path"]
        schema, fields = pq.read_schema(path), resource["schema"]["fields"]
        assert (resource["format"], resource["mediatype"]) == ("parquet", "application/vnd.apache.parquet")
        assert resource["hash"] == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
        assert [field["name"] for field in fields] == schema.names, name
        assert all(kinds[field["type"]](schema.field(field["name"]).type) for field in fields), name
        assert all(
            field["description"] == schema.field(field["name"]).metadata[b"description"].decode() for field in fields
        )
        assert resource["schema"]["missingValues"] == []


def test_primary_keys_hold_and_every_table_has_one_but_build_info(package: Path) -> None:
    found = resources(package)
    assert [name for name, resource in found.items() if "primaryKey" not in resource["schema"]] == ["build_info"]
    for name, resource in found.items():
        key = resource["schema"].get("primaryKey")
        if key:
            rows = pq.read_table(package / resource["path"], columns=key).to_pylist()
            values = [tuple(row.values()) for row in rows]
            assert len(set(values)) == len(values), name
            assert all(value is not None for row in values for value in row), name


def test_foreign_keys_hold(package: Path) -> None:
    found, seen = resources(package), 0
    for name, resource in found.items():
        for reference in resource["schema"].get("foreignKeys", ()):
            (column,), target = reference["fields"], found[reference["reference"]["resource"]]
            (theirs,) = reference["reference"]["fields"]
            known = set(pq.read_table(package / target["path"])[theirs].to_pylist())
            assert target["schema"]["primaryKey"] == [theirs]
            assert set(pq.read_table(package / resource["path"])[column].to_pylist()) - known - {None} == set(), name
            seen += 1
    assert seen > 10


# Switched together


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Build]]:
    """A warehouse with two builds."""
    settings = prepare(tmp_path_factory.mktemp("nights"))
    return settings.warehouse, [publish(settings, number) for number in range(2)]


@pytest.fixture
def warehouse(nights: tuple[Path, list[Build]], tmp_path: Path) -> Warehouse:
    shutil.copytree(nights[0], tmp_path / "warehouse", symlinks=True)
    return Warehouse(tmp_path / "warehouse")


def opened(warehouse: Warehouse) -> set[str]:
    """The builds that readers of the file, the Parquet files and the internal file get."""
    with duckdb.connect(str(warehouse.folder / "kim.duckdb"), read_only=True) as connection:
        rows = connection.execute("SELECT value FROM build_info WHERE item = 'build' AND name = 'build'").fetchall()
    internal = (warehouse.folder / "internal.duckdb").resolve().stem.removeprefix("internal_")
    return {str(rows[0][0]), package_of(warehouse), internal}


def package_of(warehouse: Warehouse) -> str:
    """The build that readers of the Parquet files get: quick nights write its name for a descriptor."""
    return (warehouse.folder / "kim" / DESCRIPTOR).read_text(encoding="utf-8")


def test_a_night_switches_file_and_package_together_and_going_back_too(
    warehouse: Warehouse, nights: tuple[Path, list[Build]]
) -> None:
    _, (first, second) = nights
    assert opened(warehouse) == {second.stem}
    roll_back(warehouse)
    assert opened(warehouse) == {first.stem}


def test_a_build_takes_its_package_with_it(warehouse: Warehouse, nights: tuple[Path, list[Build]]) -> None:
    _, (first, _) = nights
    (warehouse.builds / first.published.name).unlink()
    assert (warehouse.builds / first.package.name).is_dir()
    with warehouse.lock():
        assert not (warehouse.builds / first.package.name).exists()


def test_the_next_run_puts_right_a_package_that_an_interrupted_one_left_behind(
    warehouse: Warehouse, nights: tuple[Path, list[Build]]
) -> None:
    _, (first, second) = nights
    link = warehouse.folder / "kim"
    link.unlink()
    link.symlink_to(f"builds/{first.package.name}")
    with warehouse.lock():
        assert opened(warehouse) == {second.stem}
    link.unlink()
    with warehouse.lock():
        assert opened(warehouse) == {second.stem}


def test_a_build_without_a_package_leaves_none_to_read(warehouse: Warehouse, nights: tuple[Path, list[Build]]) -> None:
    _, (first, _) = nights
    shutil.rmtree(warehouse.builds / first.package.name)
    roll_back(warehouse)
    assert not os.path.lexists(warehouse.folder / "kim")
    roll_back(warehouse, nights[1][1].stem)
    assert opened(warehouse) == {nights[1][1].stem}


def test_a_file_system_without_links_gets_copies(
    warehouse: Warehouse, nights: tuple[Path, list[Build]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    _, (first, second) = nights
    for build in (first, second):
        roll_back(warehouse, build.stem)
        assert not (warehouse.folder / "kim").is_symlink()
        assert package_of(warehouse) == build.stem
    with warehouse.lock():
        assert package_of(warehouse) == second.stem
