"""What the UI shows of a materialisation or a check.

Belongs here: tables in Markdown, numbers, column schemas. A finding's sentence may quote a cell that is not
personal, as the return copy does; nothing else that a cell holds gets here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import duckdb

from kim_pipeline.deliveries.intake import Delivery, counts_by_severity
from kim_pipeline.nightly import BuiltTable, Night
from kim_pipeline.orchestration.markdown import markdown_table

MAX_FINDINGS = 200
_STATUS = {"counted": "zählt", "superseded": "ersetzt", "rejected": "zurückgewiesen"}
_SEVERITY = {"rejected": "zurückgewiesen", "error": "Fehler", "warning": "Warnung", "notice": "Hinweis"}
_MANY = {"rejected": "Zurückweisungen", "error": "Fehler", "warning": "Warnungen", "notice": "Hinweise"}
_FILE_HEADER = ("Datei", "Stand", "Zeitraum", "Status", "gelesen", "angenommen", "Quarantäne", "Befunde")
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
    stands = [d.read.as_of for d in deliveries if d.read and d.read.as_of and not d.is_rejected]
    found: dict[str, Any] = {
        "Lieferungen": dg.MetadataValue.md(markdown_table(_FILE_HEADER, (_file_row(d) for d in deliveries))),
        "Befunde": dg.MetadataValue.md(findings_table(connection, programme)),
        "Dateien": len(deliveries),
        "davon zurückgewiesen": sum(1 for d in deliveries if d.status == "rejected"),
        **{label: rows[name] for name, label in _ROWS.items()},
        "Ordner": dg.MetadataValue.path(night.settings.deliveries / programme),
    }
    if stands:
        found["Stand"] = dg.MetadataValue.text(f"{max(stands):%d.%m.%Y}")
    return found


_ROWS = {"rows_read": "Zeilen gelesen", "accepted": "Zeilen angenommen", "quarantined": "Zeilen in Quarantäne"}


def _file_row(delivery: Delivery) -> tuple[object, ...]:
    read = delivery.read
    rows = [sum(a[name] for a in delivery.accounts) for name in _ROWS]
    counts = counts_by_severity(delivery)
    findings = ", ".join(f"{label} {counts[s]}" for s, label in _MANY.items() if counts.get(s)) or "–"
    period = str(read.period) if read and read.period else ""
    return delivery.file, read.as_of if read else None, period, _STATUS[delivery.status], *rows, findings


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


def offending_table(rows: Sequence[Mapping[str, object]]) -> str:
    """The rows that break a check."""
    if not rows:
        return "Keine."
    return markdown_table(list(rows[0]), (list(row.values()) for row in rows))
