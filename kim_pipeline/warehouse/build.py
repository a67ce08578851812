"""Building the internal file anew from what was read: load, run the SQL; one transaction."""

from __future__ import annotations

import datetime as dt
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from kim_pipeline.contracts import programmes
from kim_pipeline.errors import KimError
from kim_pipeline.intake.deliveries import Intake
from kim_pipeline.warehouse.catalogue import catalogue_columns
from kim_pipeline.warehouse.checks import Check
from kim_pipeline.warehouse.generated import SOURCE
from kim_pipeline.warehouse.load import (
    load_accepted,
    load_compared_texts,
    load_coverage,
    load_decided,
    load_named_offices,
    load_quality,
    load_vocabulary,
)
from kim_pipeline.warehouse.sql_models import SqlModel

INTERNAL_SCHEMAS = ("vocabulary", "quality", "accepted", "staging", "core", "indicators", "review", "disclosure")
MODEL_SCHEMAS = ("staging", "core", "indicators", "review", "disclosure")

_DESCRIPTIONS = Path(__file__).with_name("descriptions.toml")


class CheckFailedError(KimError):
    """Blocking checks found offending rows; the message names each check and says what it is there for."""

    def __init__(self, *checks: Check) -> None:
        """Say it."""
        super().__init__(
            " ".join(f"Die Prüfung {check.name} ist nicht bestanden: {check.description}" for check in checks)
        )


@contextmanager
def new_internal_file(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a new internal file, mode 0600; what is written is committed only if no error occurs."""
    path.unlink(missing_ok=True)
    connection = duckdb.connect(str(path))
    os.chmod(path, 0o600)
    try:
        connection.execute("BEGIN")
        yield connection
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT")
    finally:
        connection.close()


def load_inputs(
    connection: duckdb.DuckDBPyConnection,
    intake: Intake,
    as_of: dt.date,
    grace_days: int,
    raised_k: Mapping[str, int],
    acceptances: Sequence[tuple[Any, ...]] = (),
    configuration: Sequence[tuple[str, str]] = (),
    *,
    is_described: bool = True,
) -> None:
    """Load everything that was read, what people have said, and what the build depends on besides its deliveries.

    A file that nobody opens but the program itself needs no comments (`is_described`).
    """
    for schema in INTERNAL_SCHEMAS:
        connection.execute(f"CREATE SCHEMA {schema}")
    load_vocabulary(connection, raised_k)
    load_quality(connection, intake, as_of, grace_days)
    load_accepted(connection, intake)
    load_named_offices(connection)
    load_compared_texts(connection)
    load_coverage(connection, intake)
    load_decided(connection, acceptances, configuration)
    if is_described:
        describe(connection)


def loaded_tables() -> dict[str, dict[str, str]]:
    """Tables that are loaded and not selected, `schema.table` → German texts: `_` of the table, then its columns."""
    with _DESCRIPTIONS.open("rb") as file:
        stated = tomllib.load(file)
    stated["vocabulary.indicator"] |= {column.name: column.description for column in catalogue_columns()}
    return stated


def describe(connection: duckdb.DuckDBPyConnection) -> None:
    """German comments of the loaded tables: from their file, and for accepted rows from the contracts."""
    for name, texts in loaded_tables().items():
        comment(connection, texts["_"], {column: text for column, text in texts.items() if column != "_"}, name)
    for programme in programmes().values():
        for table in programme.tables:
            description = f"{programme.title}: {table.label}, angenommene Zeilen aller Lieferungen, auch ersetzter."
            columns = {column.name: column.label for column in table.output} | SOURCE
            comment(connection, description, columns, f"accepted.{programme.key}_{table.name}")


def run_models(
    connection: duckdb.DuckDBPyConnection,
    models: Sequence[SqlModel],
    *,
    is_described: bool = True,
) -> None:
    """Make each model's table, parents first, with its German comments unless nobody reads them."""
    for model in models:
        connection.execute(f"CREATE OR REPLACE TABLE {model.full_name} AS {model.sql}")
        if is_described:
            comment(connection, model.description, model.columns, model.full_name)


def comment(connection: duckdb.DuckDBPyConnection, description: str, columns: Mapping[str, str], table: str) -> None:
    """Descriptions as `COMMENT ON` of a table and its columns."""
    connection.execute(f"COMMENT ON TABLE {table} IS {sql_literal(description)}")
    for column, text in columns.items():
        connection.execute(f'COMMENT ON COLUMN {table}."{column}" IS {sql_literal(text)}')


def rows_by_table(tables: Sequence[str], of: str = "") -> str:
    """The query for the `number` of rows by `name` of some tables, of the file connected or of one attached.

    One after another: as columns of one row they would be planned for as long as all else that a check of a file does.
    """
    return " UNION ALL ".join(
        f"SELECT {sql_literal(name)} AS name, count(*) AS number FROM {of}{name}" for name in tables
    )


def sql_literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
