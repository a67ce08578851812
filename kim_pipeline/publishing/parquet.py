"""The published tables as Parquet files with a `datapackage.json` that describes them (Frictionless, version 1).

Belongs here: the same rows in another form, read from the published file alone, so that nothing can be here that is not
there. Does not belong here: what is published (`published.py`), and when readers get it (`builds.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from kim_pipeline.contracts.county_folder import package_statement
from kim_pipeline.files import draft, readable_folder
from kim_pipeline.publishing.builds import DESCRIPTOR
from kim_pipeline.publishing.published import DICTIONARY_KEYS
from kim_pipeline.reading.official.terms import licence_link
from kim_pipeline.warehouse.sql_models import load_models

_MEDIA_TYPE = "application/vnd.apache.parquet"
_TYPES = {
    "VARCHAR": "string",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "DATE": "date",
}
"""DuckDB's types → those of Table Schema."""
_OF_READING = frozenset({"flat_file_terms"})
"""What the county's statement says for those who read deliveries, and not of the package."""
_NO_REFERENCE = {("delivery", "period"), ("quality_summary", "period")}
"""A reporting period need not be one of the periods of the indicators."""


def write_package(published: Path, folder: Path, county: Path) -> None:
    """Write every table of a published file as Parquet, and what they are.

    The bytes depend on the published file, the county's statement and the library only.

    Args:
        published: the published file.
        folder: what to make, mode 0755; it must not hold anything.
        county: the county's folder; its `datapackage.toml`, if there is one, states sources, licences and the like.

    Raises:
        CountyError: the county's statement has faults.
        OSError: there is no room, or the folder cannot be written to.
    """
    readable_folder(folder)
    stated = package_statement(county)
    with duckdb.connect(str(published), read_only=True) as connection:
        ours, keys = _package(connection), primary_keys()
        descriptor = ours | {name: value for name, value in stated.items() if name not in _OF_READING} | ours
        official = _official_sources(connection)
        if official:
            descriptor["sources"] = [*stated.get("sources", ()), *official]
        descriptor["resources"] = [
            _resource(connection, folder, name, keys, {"description": description, "build": descriptor["id"]})
            for name, description in connection.execute(
                "SELECT table_name, coalesce(comment, '') FROM duckdb_tables() WHERE NOT internal ORDER BY table_name"
            ).fetchall()
        ]
    text = json.dumps(descriptor, ensure_ascii=False, indent=1, default=str) + "\n"
    draft(folder / DESCRIPTOR, text.encode())


def _official_sources(connection: duckdb.DuckDBPyConnection) -> list[dict[str, str]]:
    """The official tables that count, once each, with a link to their licence where they state one."""
    lines = connection.execute(
        "SELECT DISTINCT attribution FROM delivery WHERE attribution IS NOT NULL ORDER BY attribution"
    ).fetchall()
    return [{"title": line} | ({"path": link} if (link := licence_link(line)) else {}) for (line,) in lines]


def _package(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """What the package is as a whole."""
    facts = dict(connection.execute("SELECT name, value FROM build_info WHERE item = 'build'").fetchall())
    county = connection.execute("SELECT name FROM area WHERE part_of IS NULL").fetchone()
    return {
        "profile": "data-package",
        "name": "kim",
        "id": facts["build"],
        "title": f"Datenbestand des Kommunalen Integrationsmanagements{f', {county[0]}' if county else ''}",
        "description": "Die Tabellen von kim.duckdb als Parquet, mit denselben Zeilen. Was geheim bleibt, ist leer und "
        "nie 0; status „suppressed“ sagt es, wo die Tabelle diese Spalte hat, und „not_reported“, dass nichts gemeldet "
        "ist.",
        "created": facts["built_at"],
        "as_of": facts["as_of"],
    }


def primary_keys() -> dict[str, tuple[str, ...]]:
    """Published table → the columns that tell its rows apart; `build_info` has none."""
    return {model.name: model.key for model in load_models(["published"])} | DICTIONARY_KEYS


def _resource(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    name: str,
    keys: Mapping[str, tuple[str, ...]],
    facts: Mapping[str, str],
) -> dict[str, Any]:
    """Write one table; what the descriptor says of it."""
    fields = _fields(connection, name)
    path = folder / f"{name}.parquet"
    _write(connection.table(f"main.{name}").to_arrow_table(), path, fields, facts)
    return {
        "name": name,
        "path": path.name,
        "profile": "data-resource",
        "format": "parquet",
        "mediatype": _MEDIA_TYPE,
        "hash": f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}",
        "description": facts["description"],
        "schema": _schema(name, fields, keys),
    }


def _fields(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, tuple[str, str]]:
    """Column → its type in Table Schema, and its German description."""
    found = connection.execute(
        "SELECT column_name, data_type, coalesce(comment, '') FROM duckdb_columns() "
        "WHERE table_name = ? AND NOT internal ORDER BY column_index",
        [table],
    ).fetchall()
    return {name: (_TYPES[kind], description) for name, kind, description in found}


def _write(block: pa.Table, path: Path, fields: Mapping[str, tuple[str, str]], facts: Mapping[str, str]) -> None:
    described = [block.schema.field(name).with_metadata({"description": text}) for name, (_, text) in fields.items()]
    pq.write_table(block.cast(pa.schema(described, metadata=facts)), path, compression="snappy")


def _schema(table: str, fields: Mapping[str, tuple[str, str]], keys: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """The Table Schema: an empty text is a value, since Parquet has missing values of its own.

    A column that bears the name of a table's key refers to that table, wherever it is: `period` to `period`.
    """
    key = keys.get(table, ())
    described = [
        {"name": name, "type": kind, "description": text} | ({"constraints": {"required": True}} if name in key else {})
        for name, (kind, text) in fields.items()
    ]
    schema: dict[str, Any] = {"fields": described, "missingValues": []}
    if key:
        schema["primaryKey"] = list(key)
    references = [
        {"fields": [column], "reference": {"resource": target, "fields": [column]}}
        for column, target in sorted(_targets(keys).items())
        if column in fields and target != table and (table, column) not in _NO_REFERENCE
    ]
    return schema | ({"foreignKeys": references} if references else {})


def _targets(keys: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Column → the table that is named after it."""
    return {key[0]: table for table, key in keys.items() if key in ((table,), (f"{table}_id",))}
