"""Writing the published file from the internal one.

Belongs here: what analysts get: the tables of `sql/published/` and `build_info`, with German comments, in a format that
every DuckDB since 1.0 opens.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from kim_pipeline.contracts.key_date import key_date_of
from kim_pipeline.files import NO_STATE
from kim_pipeline.intake.deliveries import Intake
from kim_pipeline.protection.declared import refuse_undeclared
from kim_pipeline.version import code_version
from kim_pipeline.warehouse.build import comment, sql_literal
from kim_pipeline.warehouse.sql_models import SqlModel, load_models

_STORAGE_VERSION = "v1.0.0"
_LIBRARIES = ("dagster", "duckdb", "highspy", "numpy", "pandas", "pandera", "pyarrow", "python-calamine", "sqlglot")
_COLUMNS = "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = 'published' AND NOT internal"
_BUILD_INFO = {
    "item": "Art der Angabe: build, release, library, count oder input",
    "name": "Name der Angabe; bei input das Programm",
    "value": "Wert; bei input der SHA-256 der Datei",
    "file": "Datei der Lieferung (nur input)",
    "as_of": "Stand der Lieferung (nur input)",
    "status": "Ob die Lieferung zählt (nur input)",
}

_DICTIONARIES = {
    "table_dictionary": (
        "Verzeichnis der Tabellen dieses Datenbestands.",
        {"table_name": ("VARCHAR", "Tabelle"), "description": ("VARCHAR", "Was in ihr steht")},
        "SELECT table_name, comment FROM duckdb_tables() WHERE database_name = 'published' ORDER BY table_name",
    ),
    "column_dictionary": (
        "Verzeichnis der Spalten aller Tabellen dieses Datenbestands.",
        {
            "table_name": ("VARCHAR", "Tabelle"),
            "position": ("BIGINT", "Stelle der Spalte in der Tabelle, ab 1"),
            "column_name": ("VARCHAR", "Spalte"),
            "data_type": ("VARCHAR", "Datentyp"),
            "description": ("VARCHAR", "Was in ihr steht"),
        },
        "SELECT table_name, column_index, column_name, data_type, comment FROM duckdb_columns() "
        "WHERE database_name = 'published' ORDER BY table_name, column_index",
    ),
}
DICTIONARY_KEYS = {"table_dictionary": ("table_name",), "column_dictionary": ("table_name", "column_name")}
"""The columns that tell their rows apart."""


@dataclass(frozen=True)
class BuildFacts:
    """What is known of a build besides its inputs.

    Attributes:
        stem: its name.
        built_at: when its run began.
        as_of: the day on which what is due was judged.
        duration_seconds: until the published file was written.
        state_sha256: hash of the state that it was made with (`Store.state_sha256`).
    """

    stem: str
    built_at: dt.datetime
    as_of: dt.date
    duration_seconds: float
    state_sha256: str = NO_STATE


def write_published(internal: Path, target: Path, intake: Intake, facts: BuildFacts) -> dict[str, int]:
    """Write the published file.

    Args:
        internal: the internal file of the same build.
        target: the file to write; an earlier one there is replaced.
        intake: the inputs.
        facts: of the build.

    Returns:
        Table → number of rows.
    """
    return write_tables(internal, target, build_info(intake, facts))


def write_tables(internal: Path, target: Path, info: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Write every published table from an internal file; `info` are the rows of `build_info`.

    Raises:
        UndeclaredError: of a column nobody has said what it tells (`declared.py`).
    """
    target.unlink(missing_ok=True)
    counts = {}
    spill = str(internal.parent)  # what does not fit into memory is as personal as that file
    with duckdb.connect(config={"temp_directory": spill}) as connection:
        connection.execute(f"ATTACH {sql_literal(str(internal))} AS internal (READ_ONLY)")
        connection.execute("USE internal")
        connection.execute(
            f"ATTACH {sql_literal(str(target))} AS published (STORAGE_VERSION {sql_literal(_STORAGE_VERSION)})"
        )
        connection.execute("BEGIN")
        for model in load_models(["published"]):
            counts[model.name] = _write_table(connection, model)
        counts["build_info"] = _write_build_info(connection, info)
        counts |= _write_dictionaries(connection)
        refuse_undeclared(connection.execute(_COLUMNS).fetchall())
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT published")
    return counts


def _write_table(connection: duckdb.DuckDBPyConnection, model: SqlModel) -> int:
    table = f"published.main.{model.name}"
    connection.execute(f"CREATE TABLE {table} AS {model.sql}")
    comment(connection, model.description, model.columns, table)
    return _count(connection, table)


def _write_build_info(connection: duckdb.DuckDBPyConnection, rows: Sequence[Mapping[str, Any]]) -> int:
    table = "published.main.build_info"
    block = pa.table({name: [row[name] for row in rows] for name in _BUILD_INFO}, schema=_schema())
    connection.register("build_info_rows", block)
    connection.execute(f"CREATE TABLE {table} AS SELECT * FROM build_info_rows")
    connection.unregister("build_info_rows")
    description = (
        "Wie dieser Datenbestand entstand: Zeit, Programmstand, Bibliotheken, Zahl der Lieferungen und jede Lieferung."
    )
    comment(connection, description, _BUILD_INFO, table)
    return _count(connection, table)


def _write_dictionaries(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Tables and columns with their descriptions as tables, themselves included."""
    for table, (description, columns, _) in _DICTIONARIES.items():
        types = ", ".join(f"{name} {kind}" for name, (kind, _) in columns.items())
        connection.execute(f"CREATE TABLE published.main.{table} ({types})")
        comment(connection, description, {name: text for name, (_, text) in columns.items()}, f"published.main.{table}")
    for table, (_, _, rows) in _DICTIONARIES.items():
        connection.execute(f"INSERT INTO published.main.{table} {rows}")
    return {table: _count(connection, f"published.main.{table}") for table in _DICTIONARIES}


def _schema() -> pa.Schema:
    return pa.schema([(name, pa.date32() if name == "as_of" else pa.string()) for name in _BUILD_INFO])


def build_info(intake: Intake, facts: BuildFacts) -> list[dict[str, Any]]:
    """The rows of `build_info`."""
    build = {
        "build": facts.stem,
        "built_at": facts.built_at.astimezone(dt.UTC).isoformat(timespec="seconds"),
        "as_of": facts.as_of.isoformat(),
        "code_version": code_version(),
        "inputs_sha256": intake.inputs_sha256,
        "state_sha256": facts.state_sha256,
        "duration_seconds": f"{facts.duration_seconds:.1f}",
    }
    rows = [_row("build", name, value) for name, value in build.items()]
    rows += [_row("library", name, metadata.version(name)) for name in _LIBRARIES]
    rows += [
        _row("count", name, str(value)) for name, value in sorted(Counter(d.status for d in intake.deliveries).items())
    ]
    for d in intake.deliveries:
        as_of = d.read.as_of if d.read else None
        rows.append(_row("input", d.programme, d.sha256, file=d.file, as_of=as_of, status=d.status))
    return rows


def stored_build_info(published: Path, as_of: dt.date | None = None) -> list[dict[str, Any]]:
    """The rows of `build_info` of a published file; with a key date those that exist then."""
    with duckdb.connect(str(published), read_only=True) as connection:
        rule = key_date_of(connection, as_of).condition("build_info", _BUILD_INFO) if as_of else "TRUE"
        rows = connection.execute(f"SELECT * FROM build_info WHERE {rule}").fetchall()
    return [dict(zip(_BUILD_INFO, row, strict=True)) for row in rows]


def _row(item: str, name: str, value: str | None, **more: Any) -> dict[str, Any]:
    return {"item": item, "name": name, "value": value, "file": None, "as_of": None, "status": None} | more


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    ((rows,),) = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
    return int(rows)
