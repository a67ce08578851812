"""Checks of a built warehouse: each is a query that returns the offending rows.

Belongs here: what must hold of every build, whatever was delivered. A check that returns a row blocks publishing.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from kim_pipeline.contracts import programmes


@dataclass(frozen=True)
class Check:
    """One check: `sql` returns the rows that break it; none of their columns holds a cell's content."""

    name: str
    description: str
    sql: str


def accounting_checks() -> list[Check]:
    """Every physical row is accounted for (`deliveries.md` §1.5)."""
    return [
        Check(
            "accounting_adds_up",
            "Angenommen + in Quarantäne + Summen + Notizen = gelesene Zeilen, je Blatt.",
            "SELECT programme, file, sheet, rows_read, accepted, quarantined, total, note FROM quality.sheet_account "
            "WHERE rows_read <> accepted + quarantined + total + note",
        ),
        Check(
            "accepted_rows_are_there",
            "Die angenommenen Zeilen je Blatt sind in den Tabellen.",
            f"WITH there AS ({_accepted_rows()}) "
            "SELECT a.programme, a.file, a.sheet, a.accepted, coalesce(t.rows_there, 0) AS rows_there "
            "FROM quality.sheet_account AS a INNER JOIN quality.delivery AS d USING (programme, file) "
            "LEFT JOIN there AS t ON t.programme = a.programme AND t.table_name = a.table_name "
            "AND t.file = a.file AND t.sheet = a.sheet "
            "WHERE d.status <> 'rejected' AND (CASE WHEN t.is_cross_table THEN coalesce(t.rows_there, 0) > a.accepted "
            "ELSE coalesce(t.rows_there, 0) <> a.accepted END)",
        ),
        Check(
            "quarantined_rows_have_findings",
            "Zu jeder Zeile in Quarantäne gibt es einen Befund, und nur zu ihnen.",
            "WITH found AS (SELECT programme, file, sheet, count(DISTINCT \"row\") AS rows_found FROM quality.finding "
            "WHERE severity = 'error' AND rule <> 'missing_column' GROUP BY ALL) "
            "SELECT a.programme, a.file, a.sheet, a.quarantined, coalesce(f.rows_found, 0) AS rows_found "
            "FROM quality.sheet_account AS a LEFT JOIN found AS f USING (programme, file, sheet) "
            "WHERE a.quarantined <> coalesce(f.rows_found, 0)",
        ),
    ]


def _accepted_rows() -> str:
    parts = [
        f"SELECT '{p.key}' AS programme, '{t.name}' AS table_name, source_file AS file, source_sheet AS sheet, "  # noqa: S608
        f"count(DISTINCT source_row) AS rows_there, {t.unpivot is not None} AS is_cross_table "
        f"FROM accepted.{p.key}_{t.name} GROUP BY ALL"
        for p in programmes().values()
        for t in p.tables
    ]
    return " UNION ALL ".join(parts)


def offending_rows(connection: duckdb.DuckDBPyConnection, check: Check, limit: int = 20) -> list[dict[str, object]]:
    """The first rows that break a check; empty if it holds."""
    result = connection.execute(check.sql)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchmany(limit)]
