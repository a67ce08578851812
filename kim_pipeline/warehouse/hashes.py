"""A hash per table of a DuckDB file, to see whether two builds are the same row for row.

Run: python -m kim_pipeline.warehouse.hashes warehouse/internal.duckdb
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import duckdb


def table_hashes(path: Path) -> dict[str, str]:
    """`schema.table` → SHA-256 of its rows in their order."""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT internal ORDER BY 1"
        ).fetchall()
        found = {}
        for (table,) in tables:
            digest = hashlib.sha256()
            for row in connection.execute(f"FROM {table}").fetchall():
                digest.update(repr(row).encode())
            found[table] = digest.hexdigest()
    return found


def main() -> None:
    """Print a line per table."""
    for table, digest in table_hashes(Path(sys.argv[1])).items():
        sys.stdout.write(f"{digest[:16]}  {table}\n")


if __name__ == "__main__":
    main()
