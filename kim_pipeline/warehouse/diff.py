"""What a build changes against the last published one.

Belongs here: `quality.build_diff` and its summary: tables, columns, row counts, and indicator values with the
deliveries that caused a change. It compares figures, never cells of deliveries.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from kim_pipeline.warehouse.build import comment, sql_literal

KINDS = {
    "value_added": "Werte dazugekommen",
    "value_removed": "Werte weggefallen",
    "value_changed": "Werte anders",
    "row_count": "Tabellen mit anderer Zeilenzahl",
    "table_added": "Tabellen dazugekommen",
    "table_gone": "Tabellen weggefallen",
    "column_added": "Spalten dazugekommen",
    "column_gone": "Spalten weggefallen",
}
"""Kinds of difference, with their German labels."""
_COLUMNS = (
    "kind VARCHAR, object VARCHAR, area VARCHAR, period VARCHAR, breakdown_kind VARCHAR, breakdown VARCHAR, "
    "old_value DOUBLE, new_value DOUBLE, caused_by VARCHAR"
)
_TABLES = """
SELECT database_name, schema_name || '.' || table_name AS name
FROM duckdb_tables()
WHERE database_name IN (current_database(), 'before') AND NOT internal AND NOT temporary
"""
_COLUMN_NAMES = """
SELECT database_name, schema_name || '.' || table_name || '.' || column_name AS name
FROM duckdb_columns()
WHERE database_name IN (current_database(), 'before') AND NOT internal
"""
_CAUSES = """
CREATE OR REPLACE TEMP TABLE cause AS
SELECT
    programme,
    string_agg(DISTINCT file, ', ' ORDER BY file) AS files
FROM quality.delivery AS n
FULL JOIN {before} AS o USING (programme, file, part)
WHERE n.sha256 IS DISTINCT FROM o.sha256 OR n.status IS DISTINCT FROM o.status
GROUP BY 1
"""
_DESCRIPTION = "Was dieser Datenbestand gegenüber dem zuletzt veröffentlichten ändert."
_COMMENTS = {
    "kind": "Art der Änderung: an Tabellen, Spalten, Zeilenzahlen oder Indikatorwerten",
    "object": "Tabelle, Spalte oder Indikator",
    "area": "Gebiet des Indikatorwertes",
    "period": "Zeitraum des Indikatorwertes",
    "breakdown_kind": "Gliederung des Indikatorwertes",
    "breakdown": "Gliederungsmerkmal des Indikatorwertes",
    "old_value": "Wert oder Zeilenzahl bisher",
    "new_value": "Wert oder Zeilenzahl jetzt",
    "caused_by": "Lieferungen, die neu, weg, geändert oder anders gezählt sind; code, wenn keine",
}
_VALUES = """
INSERT INTO quality.build_diff
SELECT
    CASE WHEN o.indicator_id IS NULL THEN 'value_added' WHEN n.indicator_id IS NULL THEN 'value_removed'
        ELSE 'value_changed' END,
    indicator_id, area, period, breakdown_kind, breakdown, o.value, n.value, coalesce(c.files, 'code')
FROM indicators.indicator_value AS n
FULL JOIN before.indicators.indicator_value AS o USING (indicator_id, area, period, breakdown_kind, breakdown)
LEFT JOIN indicators.indicator AS i USING (indicator_id)
LEFT JOIN cause AS c ON c.programme = i.programme
WHERE n.indicator_id IS NULL OR o.indicator_id IS NULL OR n.value IS DISTINCT FROM o.value
ORDER BY ALL
"""


def write_diff(new: Path, before: Path | None) -> dict[str, int]:
    """Fill `quality.build_diff` of a new internal file.

    Args:
        new: the new internal file, complete but for this table.
        before: the internal file of the last published build; None at the first build.

    Returns:
        Kind of difference → number.
    """
    with duckdb.connect(str(new)) as connection:
        connection.execute(f"CREATE OR REPLACE TABLE quality.build_diff ({_COLUMNS})")
        comment(connection, _DESCRIPTION, _COMMENTS, "quality.build_diff")
        if before is None:
            return {}
        connection.execute(f"ATTACH {sql_literal(str(before))} AS before (READ_ONLY)")
        _compare_names(connection, "table", _TABLES)
        _compare_names(connection, "column", _COLUMN_NAMES)
        _compare_counts(connection)
        if "indicators.indicator_value" in _common_tables(connection):
            connection.execute(_CAUSES.format(before=_deliveries_before(connection)))
            connection.execute(_VALUES)
        rows = connection.execute(
            "SELECT kind, count(*) FROM quality.build_diff GROUP BY kind ORDER BY kind"
        ).fetchall()
    return {kind: int(number) for kind, number in rows}


def _compare_names(connection: duckdb.DuckDBPyConnection, what: str, names: str) -> None:
    """Tables or columns that only one of the builds has."""
    connection.execute(
        f"INSERT INTO quality.build_diff (kind, object) SELECT "
        f"CASE WHEN bool_or(database_name = 'before') THEN '{what}_gone' ELSE '{what}_added' END AS kind, name "
        f"FROM ({names}) GROUP BY name HAVING count(*) = 1 ORDER BY kind, name"
    )


def _deliveries_before(connection: duckdb.DuckDBPyConnection) -> str:
    """The deliveries of the earlier build; before version 0.2 they had no parts."""
    columns = {name for (name,) in connection.execute(f"SELECT name FROM ({_COLUMN_NAMES}) WHERE database_name = 'before'").fetchall()}
    table = "before.quality.delivery"
    return table if "quality.delivery.part" in columns else f"(SELECT *, '' AS part FROM {table})"


def _common_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        f"SELECT name FROM ({_TABLES}) GROUP BY name HAVING count(*) = 2 ORDER BY name"
    ).fetchall()
    return [name for (name,) in rows]


def _compare_counts(connection: duckdb.DuckDBPyConnection) -> None:
    """Tables whose number of rows differs."""
    for name in _common_tables(connection):
        if name == "quality.build_diff":
            continue
        connection.execute(
            "INSERT INTO quality.build_diff (kind, object, old_value, new_value) SELECT 'row_count', $name, o.c, n.c "
            f"FROM (SELECT count(*) AS c FROM before.{name}) AS o, (SELECT count(*) AS c FROM {name}) AS n "
            "WHERE o.c <> n.c",
            {"name": name},
        )
