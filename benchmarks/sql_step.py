"""The SQL step alone: on the sample, and with the accepted rows replicated over many offices and years.

Run: python -m benchmarks.sql_step [--copies 54] [--years 10]
Prints time, peak memory, and the ratio to scanning the same fact rows once with DuckDB.
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import tempfile
import time
from pathlib import Path

import duckdb

from benchmarks.measure import heading
from kim_pipeline.contracts import programmes
from kim_pipeline.intake.intake import take_in
from kim_pipeline.settings import Settings
from kim_pipeline.warehouse.build import MODEL_SCHEMAS, load_inputs, new_internal_file, run_models
from kim_pipeline.warehouse.sql_models import load_models

SAMPLE_YEARS = 3


def replicate(connection: duckdb.DuckDBPyConnection, copies: int, years: int) -> int:
    """Multiply the accepted rows: `copies` offices in each of `years` years; the number of rows there are then.

    Keys get a suffix per copy, dates move by whole spans of the sample, coverage grows with them.
    """
    spans = -(-years // SAMPLE_YEARS)
    connection.execute(
        f"CREATE TEMP TABLE copy AS SELECT o, s FROM range({copies}) AS a (o), range({spans}) AS b (s) WHERE o + s > 0"
    )
    total = 0
    for programme in programmes().values():
        for table in programme.tables:
            name = f"accepted.{programme.key}_{table.name}"
            columns = []
            for column in table.output:
                value = f'r."{column.name}"'
                if column.kind == "date":
                    value = f'({value} + to_years(({SAMPLE_YEARS} * c.s)::INTEGER))::DATE AS "{column.name}"'
                elif column.key and column.kind == "text":
                    value = f"{value} || '-' || c.o || '-' || c.s AS \"{column.name}\""
                columns.append(value)
            connection.execute(
                f"INSERT INTO {name} SELECT {', '.join(columns)}, r.source_file, r.source_sheet, r.source_row "
                f"FROM {name} AS r CROSS JOIN copy AS c"
            )
            ((rows,),) = connection.execute(f"SELECT count(*) FROM {name}").fetchall()
            total += rows
    longer = f"+ to_years({SAMPLE_YEARS * (spans - 1)})"
    connection.execute(f"UPDATE quality.coverage SET last_day = (last_day {longer})::DATE")
    connection.execute(
        f"UPDATE quality.counting_window SET last_day = (last_day {longer})::DATE WHERE last_day IS NOT NULL"
    )
    return total


def models_seconds(connection: duckdb.DuckDBPyConnection) -> float:
    """Seconds to make every table anew."""
    models = load_models(MODEL_SCHEMAS)
    started = time.perf_counter()
    run_models(connection, models)
    return time.perf_counter() - started


def scan_seconds(connection: duckdb.DuckDBPyConnection) -> float:
    """Seconds to read every column of every accepted row once."""
    tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'accepted'").fetchall()
    started = time.perf_counter()
    for (table,) in tables:
        connection.execute(f"SELECT max(hash(r)) FROM accepted.{table} AS r").fetchall()
    return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=54)
    parser.add_argument("--years", type=int, default=10)
    arguments = parser.parse_args()
    print(heading("The SQL step"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "internal.duckdb"
        with new_internal_file(path) as connection:
            load_inputs(
                connection, take_in(Settings(warehouse=Path(folder))), dt.date(2024, 5, 1), grace_days=14, raised_k={}
            )
            run_models(connection, load_models(MODEL_SCHEMAS))
        with duckdb.connect(str(path)) as connection:
            print(f"  sample: {models_seconds(connection):.2f} s")
            rows = replicate(connection, arguments.copies, arguments.years)
            connection.execute("CHECKPOINT")
            scan = scan_seconds(connection)
            seconds = models_seconds(connection)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  {arguments.copies} offices, {arguments.years} years: {rows:,} accepted rows in {seconds:.1f} s")
    print(f"  one scan of the same rows: {scan:.2f} s, ratio {seconds / scan:.1f}; peak memory {peak:.0f} MiB")


if __name__ == "__main__":
    main()
