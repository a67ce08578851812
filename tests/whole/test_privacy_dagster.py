"""No personal value in the Dagster home, the warehouse folder or the logs after a whole night on the sample."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pyarrow.parquet as pq
import pytest

from kim_pipeline.night import Night
from kim_pipeline.settings import PROJECT, Settings
from tests.nights import kept_night
from tests.whole.test_privacy import canaries_in, text_of

pytestmark = pytest.mark.processes


def test_a_night_leaves_no_personal_value_anywhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(deliveries=PROJECT / "data_raw", warehouse=tmp_path / "warehouse")
    home = tmp_path / "dagster"
    home.mkdir()
    with dg.DagsterInstance.local_temp(str(home)) as instance:
        assert kept_night(Night(settings=settings), instance)
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert any(p.is_relative_to(home) and p.stat().st_size > 100_000 for p in files)
    assert [p.name for p in files if canaries_in(p.read_bytes())] == []
    assert canaries_in(caplog.text.encode()) == []
    tables = {**dict(values_of(settings.warehouse / "builds")), **dict(values_of(settings.warehouse / "published"))}
    assert {"disclosure.audit", "disclosure.hidden_cell", "quality.build_diff", "main.indicator_value"} <= tables.keys()
    assert "indicator_value.parquet" in tables
    assert [name for name, text in tables.items() if canaries_in(text)] == []


def values_of(builds: Path) -> Iterator[tuple[str, bytes]]:
    """Every table of every build with its values, which the files hold compressed."""
    for path in builds.glob("*.duckdb"):
        with duckdb.connect(str(path), read_only=True) as connection:
            names = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
            for schema, table in names:
                block = connection.execute(f'SELECT * FROM "{schema}"."{table}"').to_arrow_table()
                yield f"{schema}.{table}", text_of(block)
    for path in builds.glob("*/*.parquet"):
        yield path.name, text_of(pq.read_table(path))
