"""What the UI shows of a materialisation or a check.

Belongs here: tables in Markdown, numbers, column schemas. A finding's sentence may quote a cell that is not
personal, as the return copy does; nothing else that a cell holds gets here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from kim_pipeline.intake.intake import Delivery, counts_by_severity
from kim_pipeline.night import BuiltTable, Night
from kim_pipeline.orchestration.markdown import markdown_table

MAX_FINDINGS = 200
_STATUS = {"counted": "zählt", "superseded": "ersetzt", "rejected": "zurückgewiesen"}
_SEVERITY = {"rejected": "zurückgewiesen", "error": "Fehler", "warning": "Warnung", "notice": "Hinweis"}
_FILE_HEADER = ("Datei", "Status", "Zeitraum", "Stand", "Zeilen", "Quarantäne", "Befunde")
_FINDING_HEADER = ("Schwere", "Datei", "Blatt", "Zeile", "Spalte", "Regel", "Meldung")


def delivery_metadata(night: Night, programme: str, connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Metadata of a programme's deliveries.

    Args:
        night: the run.
        programme: its key.
        connection: to the new internal file.
    """
    deliveries = night.intake.of(programme)
    rows = {name: sum(a[name] for d in deliveries for a in d.accounts) for name in _ROWS}
    counting = [(d.read.as_of, d.file, d.path) for d in deliveries if d.read and d.status == "counted"]
    found: dict[str, Any] = {
        "Lieferungen": dg.MetadataValue.md(markdown_table(_FILE_HEADER, (_file_row(d) for d in deliveries))),
        "Befunde": dg.MetadataValue.md(findings_table(connection, programme)),
        "Dateien": len({d.file for d in deliveries}),
        "davon zurückgewiesen": len({d.file for d in deliveries if d.status == "rejected"}),
        **{label: rows[name] for name, label in _ROWS.items()},
        "Ordner": dg.MetadataValue.path(night.settings.deliveries / programme),
    }
    if counting:
        as_of, _, path = max(counting)
        found["Stand"] = f"{as_of:%d.%m.%Y}"
        found["Neueste Arbeitsmappe, die zählt"] = dg.MetadataValue.path(path)
    return found


_ROWS = {"rows_read": "Zeilen gelesen", "accepted": "Zeilen angenommen", "quarantined": "Zeilen in Quarantäne"}


def _file_row(delivery: Delivery) -> tuple[object, ...]:
    read = delivery.read
    period = str(read.period) if read and read.period else ""
    rows, quarantined = (sum(a[name] for a in delivery.accounts) for name in ("rows_read", "quarantined"))
    findings = sum(counts_by_severity(delivery).values())
    name = f"{delivery.file} ({delivery.part})" if delivery.part else delivery.file
    return name, _STATUS[delivery.status], period, read.as_of if read else None, rows, quarantined, findings


def findings_table(connection: duckdb.DuckDBPyConnection, programme: str) -> str:
    """The first findings of a programme, the gravest first."""
    rows = connection.execute(
        'SELECT severity, file, sheet, "row", column_letter, rule, message FROM quality.finding WHERE programme = ? '
        "ORDER BY array_position(['rejected', 'error', 'warning', 'notice'], severity), file, sheet, \"row\", rule, "
        "message",
        [programme],
    ).fetchall()
    if not rows:
        return "Keine Befunde."
    shown = [(_SEVERITY[severity], *rest) for severity, *rest in rows[:MAX_FINDINGS]]
    more = len(rows) - len(shown)
    note = f"\n\n… und {more} weitere, siehe `quality.finding` in `internal.duckdb`." if more else ""
    return markdown_table(_FINDING_HEADER, shown) + note


def table_metadata(table: BuiltTable) -> dict[str, Any]:
    """Metadata of a built table: rows, columns with types and descriptions."""
    columns = [dg.TableColumn(c.name, c.type, c.description or None) for c in table.columns]
    return {"dagster/row_count": table.rows, "dagster/column_schema": dg.TableSchema(columns=columns)}


def figures_metadata(published: Path) -> dict[str, Any]:
    """What is plotted over the nights: numbers of published and hidden figures, and each programme's headline figure.

    Args:
        published: the published file, so that nothing hidden gets here.
    """
    with duckdb.connect(str(published), read_only=True) as connection:
        counts = dict(connection.execute("SELECT status, count(*) FROM indicator_value GROUP BY status").fetchall())
        headlines = connection.execute(_HEADLINES).fetchall()
    return {
        "Zahlen, veröffentlicht": int(counts.get("published", 0)),
        "Zahlen, geheim": int(counts.get("suppressed", 0)),
        **{f"{label}, {period}": float(value) for label, period, value in headlines},
    }


_HEADLINES = """
SELECT i.label, v.period, v.value
FROM indicator_value AS v
INNER JOIN indicator AS i ON i.indicator_id = v.indicator_id AND i.is_headline
INNER JOIN area AS a ON a.area = v.area AND a.part_of IS NULL
INNER JOIN period AS p ON p.period = v.period AND p.calendar IN ('year', 'school_year')
WHERE v.breakdown_kind = 'total' AND v.status = 'published'
QUALIFY row_number() OVER (PARTITION BY v.indicator_id ORDER BY p.last_day DESC) = 1
ORDER BY i.programme, i.indicator_id
"""
"""The latest year or school year of each programme's headline figure, for the county."""


def offending_table(rows: Sequence[Mapping[str, object]]) -> str:
    """The rows that break a check."""
    if not rows:
        return "Keine."
    return markdown_table(list(rows[0]), (list(row.values()) for row in rows))
