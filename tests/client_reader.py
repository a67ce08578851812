"""Reads a published file, or its Parquet files, wholly; runs under any DuckDB since 1.0.

`python client_reader.py PATH` prints JSON: the version, and for each table the number of rows, a checksum over columns,
types and values that does not depend on the version, and the German description.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import duckdb


def read(path: Path) -> dict[str, Any]:
    """Read every table of a database file or every Parquet file of a folder."""
    connection = duckdb.connect() if path.is_dir() else duckdb.connect(str(path), read_only=True)
    with connection:
        if path.is_dir():
            tables = {file.stem: f"read_parquet('{file}')" for file in sorted(path.glob("*.parquet"))}
            comments = {}
        else:
            comments = dict(connection.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall())
            tables = {name: f'main."{name}"' for name in sorted(comments)}
        found = {name: [*_checked(connection, source), comments.get(name)] for name, source in tables.items()}
    return {"version": duckdb.__version__, "tables": found}


def _checked(connection: duckdb.DuckDBPyConnection, source: str) -> tuple[int, str]:
    described = [column[:2] for column in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()]
    rows = connection.execute(f"SELECT * FROM {source}").fetchall()
    return len(rows), hashlib.sha256(repr((described, rows)).encode()).hexdigest()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(read(Path(sys.argv[1]))))
