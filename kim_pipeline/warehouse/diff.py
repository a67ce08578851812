"""What a build changes against the last published one.

Belongs here: `quality.build_diff` and its summary: tables, columns, row counts, figures with numerator, denominator and
n, gaps and suggestions, each with the deliveries that caused a change, whichever programme they are from. It compares
figures, never cells of deliveries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb

from kim_pipeline.contracts import programmes
from kim_pipeline.warehouse.build import comment, rows_by_table, sql_literal
from kim_pipeline.warehouse.sql_models import SqlModel, load_models

KINDS = {
    "value_added": "Werte dazugekommen",
    "value_removed": "Werte weggefallen",
    "value_changed": "Werte anders",
    "basis_changed": "Zähler, Nenner oder Anzahlen anders",
    "gap_changed": "Lücken anders",
    "suggestion_changed": "Vorschläge anders",
    "row_count": "Tabellen mit anderer Zeilenzahl",
    "table_added": "Tabellen dazugekommen",
    "table_gone": "Tabellen weggefallen",
    "column_added": "Spalten dazugekommen",
    "column_gone": "Spalten weggefallen",
}
"""Kinds of difference, with their German labels."""
_COLUMNS = (
    "kind VARCHAR, object VARCHAR, area VARCHAR, period VARCHAR, breakdown_kind VARCHAR, breakdown VARCHAR, "
    "old_value DOUBLE, new_value DOUBLE, old_text VARCHAR, new_text VARCHAR, caused_by VARCHAR"
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
    s.object,
    string_agg(DISTINCT f.file, ', ' ORDER BY f.file) AS files
FROM changed_file AS f
INNER JOIN source AS s USING (programme)
GROUP BY 1
"""
_DESCRIPTION = "Was dieser Datenbestand gegenüber dem zuletzt veröffentlichten ändert."
_COMMENTS = {
    "kind": "Art der Änderung: an Tabellen, Spalten, Zeilenzahlen oder Indikatorwerten",
    "object": "Tabelle, Spalte oder Indikator; dahinter .numerator, .denominator oder .n, wenn nur diese anders sind",
    "area": "Gebiet des Indikatorwertes oder der Lücke",
    "period": "Zeitraum des Indikatorwertes oder der Lücke",
    "breakdown_kind": "Gliederung: die des Indikatorwertes, bei Lücken Thema oder Sprache, bei Vorschlägen das Konzept",
    "breakdown": "Gliederungsmerkmal; bei Vorschlägen die Maßnahmennummer",
    "old_value": "Wert oder Zeilenzahl bisher; bei Lücken 1 oder 0",
    "new_value": "Wert oder Zeilenzahl jetzt; bei Lücken 1 oder 0",
    "old_text": "Vorschlag bisher",
    "new_text": "Vorschlag jetzt",
    "caused_by": "Lieferungen, die neu, weg, geändert oder anders gezählt sind; code, wenn keine",
}
_VALUES = """
INSERT INTO quality.build_diff
SELECT
    CASE WHEN o.indicator_id IS NULL THEN 'value_added' WHEN n.indicator_id IS NULL THEN 'value_removed'
        ELSE 'value_changed' END,
    indicator_id, area, period, breakdown_kind, breakdown, o.value, n.value, NULL, NULL, coalesce(c.files, 'code')
FROM indicators.indicator_value AS n
FULL JOIN before.indicators.indicator_value AS o USING (indicator_id, area, period, breakdown_kind, breakdown)
LEFT JOIN cause AS c ON c.object = indicator_id
WHERE n.indicator_id IS NULL OR o.indicator_id IS NULL OR n.value IS DISTINCT FROM o.value
ORDER BY ALL
"""
_BASES = """
INSERT INTO quality.build_diff
SELECT
    'basis_changed', indicator_id || '.' || x.name, area, period, breakdown_kind, breakdown, x.old, x.new, NULL, NULL,
    coalesce(c.files, 'code')
FROM indicators.indicator_value AS n
INNER JOIN before.indicators.indicator_value AS o USING (indicator_id, area, period, breakdown_kind, breakdown)
LEFT JOIN cause AS c ON c.object = indicator_id
CROSS JOIN LATERAL (
    VALUES
        ('numerator', o.numerator::DOUBLE, n.numerator::DOUBLE),
        ('denominator', o.denominator::DOUBLE, n.denominator::DOUBLE),
        ('n', o.n::DOUBLE, n.n::DOUBLE)
) AS x (name, old, new)
WHERE x.old IS DISTINCT FROM x.new
ORDER BY ALL
"""
_GAPS = """
INSERT INTO quality.build_diff
SELECT
    'gap_changed', '{table}', area, period, '{by}', {by}, coalesce(o.gap, FALSE)::DOUBLE, coalesce(n.gap, FALSE)::DOUBLE,
    NULL, NULL, coalesce(c.files, 'code')
FROM indicators.{table} AS n
FULL JOIN before.indicators.{table} AS o USING (period, area, {by})
LEFT JOIN cause AS c ON c.object = '{table}'
WHERE coalesce(o.gap, FALSE) <> coalesce(n.gap, FALSE)
ORDER BY ALL
"""
_GAP_TABLES = {"offer_gap": "theme", "language_gap": "language"}
"""Tables that say where provision is lacking → what each is broken down by."""
_SUGGESTIONS = """
INSERT INTO quality.build_diff
WITH changed AS (
    SELECT
        concept, measure_no, o.suggestion AS old_text, n.suggestion AS new_text,
        [n.programme, o.programme] AS own, coalesce(n.theme, o.theme) IS NOT NULL AS has_theme
    FROM indicators.measure_review AS n
    FULL JOIN before.indicators.measure_review AS o USING (concept, measure_no)
    WHERE n.suggestion IS DISTINCT FROM o.suggestion
)

SELECT
    'suggestion_changed', 'measure_review', NULL, NULL, c.concept, c.measure_no, NULL, NULL, c.old_text, c.new_text,
    coalesce(string_agg(DISTINCT f.file, ', ' ORDER BY f.file), 'code')
FROM changed AS c
LEFT JOIN changed_file AS f
    ON f.programme IN ('massnahmen', 'beschluesse')
    OR list_contains(c.own, f.programme)
    OR (c.has_theme AND f.programme IN (SELECT s.programme FROM source AS s WHERE s.object = 'offer_gap'))
GROUP BY ALL
ORDER BY ALL
"""
_CHANGED_FILES = """
CREATE OR REPLACE TEMP TABLE changed_file AS
SELECT DISTINCT programme, file
FROM quality.delivery AS n
FULL JOIN {before} AS o USING (programme, file, part)
WHERE n.sha256 IS DISTINCT FROM o.sha256 OR n.status IS DISTINCT FROM o.status
"""
_FOREIGNERS = "foreigners_rate"
"""The indicator that has the number of foreigners, by which values per 1,000 are divided."""
_QUOTED = re.compile(r"'([a-z0-9_]+)'")


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
        common = _common_tables(connection)
        if "indicators.indicator_value" in common:
            _load_sources(connection)
            deliveries = _deliveries_before(connection)
            connection.execute(_CHANGED_FILES.format(before=deliveries))
            connection.execute(_CAUSES)
            connection.execute(_VALUES)
            connection.execute(_BASES)
            for table, by in _GAP_TABLES.items():
                if f"indicators.{table}" in common:
                    connection.execute(_GAPS.format(table=table, by=by))
            if "indicators.measure_review" in common:
                connection.execute(_SUGGESTIONS)
        rows = connection.execute(
            "SELECT kind, count(*) FROM quality.build_diff GROUP BY kind ORDER BY kind"
        ).fetchall()
    return {kind: int(number) for kind, number in rows}


def _load_sources(connection: duckdb.DuckDBPyConnection) -> None:
    """The temporary table `source`: figure or table of gaps → programme of whose deliveries it is made."""
    indicators = dict(connection.execute("SELECT indicator_id, per_1000_of FROM indicators.indicator").fetchall())
    connection.execute("CREATE OR REPLACE TEMP TABLE source (object VARCHAR, programme VARCHAR)")
    pairs = [(name, programme) for name, keys in sources_of(indicators).items() for programme in sorted(keys)]
    connection.executemany("INSERT INTO source VALUES (?, ?)", pairs)


def sources_of(indicators: Mapping[str, str | None]) -> dict[str, set[str]]:
    """Figure or table of gaps → keys of the programmes of whose deliveries it is made, by what its SQL reads.

    Args:
        indicators: identifier → the indicator in its numerator, where it is a value per 1,000 foreigners.
    """
    models = {model.full_name: model for model in load_models(["staging", "core", "indicators"])}
    tables = {f"staging.{p.key}_{t.name}": p.key for p in programmes().values() for t in p.tables}

    def below(model: SqlModel) -> Iterator[str]:
        for parent in model.parents:
            if parent in tables:
                yield tables[parent]
            elif parent in models:
                yield from below(models[parent])

    of_names = {
        name: set(below(model))
        for model in models.values()
        if model.name.startswith("value_")
        for name in _QUOTED.findall(model.sql)
        if name in indicators
    }
    found = {
        name: of_names.get(base or name, set()) | (of_names.get(_FOREIGNERS, set()) if base else set())
        for name, base in indicators.items()
    }
    for table in _GAP_TABLES:
        named = _QUOTED.findall(models[f"indicators.{table}"].sql)
        found[table] = set().union(*(found[name] for name in named if name in indicators))
    return found


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
    names = [name for name in _common_tables(connection) if name != "quality.build_diff"]
    if not names:
        return
    connection.execute(
        "INSERT INTO quality.build_diff (kind, object, old_value, new_value) "
        "SELECT 'row_count', o.name, o.number, n.number "
        f"FROM ({rows_by_table(names, of='before.')}) AS o INNER JOIN ({rows_by_table(names)}) AS n USING (name) "
        "WHERE o.number <> n.number ORDER BY o.name"
    )
