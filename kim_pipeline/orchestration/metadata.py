"""What the UI shows of a materialisation or a check.

Belongs here: tables in Markdown, numbers, column schemas. Everybody sees these pages: rows and findings are told in
classes, nothing that a cell holds gets here, and every label is declared (`sql/published/control_room.toml`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import dagster as dg
import duckdb

from kim_pipeline import german
from kim_pipeline.board.page import board_summary, rows_of_build
from kim_pipeline.board.rows import BoardRow, told_rows
from kim_pipeline.files import Store
from kim_pipeline.guard.holds import load_holds
from kim_pipeline.intake.deliveries import Delivery, counts_by_severity
from kim_pipeline.night import COUNTS, BuiltTable, TakenIn, tables_of
from kim_pipeline.orchestration.dagster_internals import COLUMN_SCHEMA, ROW_COUNT
from kim_pipeline.orchestration.keys import BUILD_INFO_KEY, DELIVERY_STATUS, INDICATOR_VALUE, published_keys
from kim_pipeline.protection.declared import ControlRoomPage, refuse_undeclared_labels
from kim_pipeline.publishing.builds import Build
from kim_pipeline.publishing.published import stored_build_info
from kim_pipeline.publishing.smoke import can_open
from kim_pipeline.reading.findings import RULES
from kim_pipeline.settings import day_at
from kim_pipeline.warehouse.diff import KINDS
from kim_pipeline.warehouse.sql_models import load_models

_MOST_FILES = 200
_FILE_HEADER = ("Datei", "Status", "Zeitraum", "Stand", "Zeilen", "Quarantäne", "Befunde")
_SKIPPED_HEADER = ("Datei oder Ordner", "Grund")
_HELD_HEADER = ("Datei", "seit")
_BOARD_HEADER = ("Programm", "Was ist", "Seit", "Am Zug ist", "Was ist zu tun")
_FINDING_HEADER = ("Schwere", "Zeitraum", "Regel", "Befunde", "Zeilen")
_WHERE_FINDINGS = (
    "Blatt, Zeile, Spalte und Wortlaut zeigen `kim check DATEI --programme {programme}` und die Rückmeldung "
    "(`kim feedback --programme {programme}`), für Berechtigte die Tabelle `quality.finding` der internen Datei."
)
_WHERE_HELD = "Was wegfiele und wie man entscheidet, zeigt `kim accept --list`."


def delivery_metadata(night: TakenIn, programme: str, connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Metadata of a programme's deliveries.

    Args:
        night: the run.
        programme: its key.
        connection: to the new internal file.
    """
    deliveries = night.intake.of(programme)
    rows = {name: sum(a[name] for d in deliveries for a in d.accounts) for name in _ROWS}
    counting = [(d.read.as_of, d.file, d.path) for d in deliveries if d.read and d.read.as_of and d.status == "counted"]
    held = [d for d in deliveries if d.status == "held"]
    found: dict[str, Any] = {
        **({"Angehalten": dg.MetadataValue.md(held_table(held, night.warehouse.store))} if held else {}),
        "Lieferungen": dg.MetadataValue.md(markdown_table(_FILE_HEADER, (_file_row(d) for d in deliveries))),
        "Befunde": dg.MetadataValue.md(findings_table(connection, programme)),
        "Dateien": len({d.file for d in deliveries}),
        "davon zurückgewiesen": len({d.file for d in deliveries if d.status == "rejected"}),
        "davon angehalten": len({d.file for d in held}),
        **{label: german.count_class(rows[name]) for name, label in _ROWS.items()},
        "Ordner": dg.MetadataValue.path(night.settings.deliveries / programme),
    }
    skipped = [one for one in night.intake.skipped if one.programme == programme]
    if skipped:
        rows_told = ((one.file, one.reason) for one in skipped[:_MOST_FILES])
        found["Übergangen"] = len(skipped)
        found["Keine Lieferungen"] = dg.MetadataValue.md(markdown_table(_SKIPPED_HEADER, rows_told))
    if counting:
        as_of, _, path = max(counting)
        found["Stand"] = german.day(as_of)
        found["Neueste Arbeitsmappe, die zählt"] = dg.MetadataValue.path(path)
    return declared_metadata(found, "deliveries")


def declared_metadata(metadata: dict[str, Any], page: ControlRoomPage) -> dict[str, Any]:
    """The same metadata.

    Args:
        metadata: what a page of the control room is to show.
        page: which one.

    Raises:
        UndeclaredError: of a label nobody has said what it tells.
    """
    refuse_undeclared_labels(page, metadata)
    return metadata


_ROWS = {"rows_read": "Zeilen gelesen", "accepted": "Zeilen angenommen", "quarantined": "Zeilen in Quarantäne"}


def _file_row(delivery: Delivery) -> tuple[object, ...]:
    read = delivery.read
    period = str(read.period) if read and read.period else ""
    rows, quarantined = (sum(a[name] for a in delivery.accounts) for name in ("rows_read", "quarantined"))
    findings = sum(counts_by_severity(delivery).values())
    stand = read.as_of if read else None
    numbers = map(german.count_class, (rows, quarantined, findings))
    return _name(delivery), german.STATUSES[delivery.status], period, stand, *numbers


def _name(delivery: Delivery) -> str:
    return f"{delivery.file} ({delivery.part})" if delivery.part else delivery.file


def held_table(held: Iterable[Delivery], store: Store) -> str:
    """Deliveries that wait for a person's word and since when; what they would take away are numbers of rows."""
    since = {(hold.programme, hold.sha256): day_at(hold.since) for hold in load_holds(store)}
    rows = ((_name(d), since.get((d.programme, d.sha256 or ""))) for d in held)
    return f"{markdown_table(_HELD_HEADER, rows)}\n\n{_WHERE_HELD}"


def rejected_table(rejected: Iterable[Delivery]) -> str:
    """Deliveries that are not used, and by which rule; its sentence may quote a cell."""
    rows = ((_name(d), RULES[d.reason].title if d.reason in RULES else d.reason) for d in rejected)
    where = "Den Wortlaut zeigen `kim check DATEI` und die Rückmeldung (`kim feedback`)."
    return f"{markdown_table(('Datei', 'Grund'), rows)}\n\n{where}"


def board_table(rows: Iterable[BoardRow]) -> str:
    """The coordinator's board; what is in time is not told."""
    shown = [(row.title, f"{row.label}: {row.happened}", row.since_told, row.turn, row.todo) for row in told_rows(rows)]
    return markdown_table(_BOARD_HEADER, shown) if shown else board_summary(())


def findings_table(connection: duckdb.DuckDBPyConnection, programme: str) -> str:
    """The findings of a programme as the published file tells them, the gravest first: classes by period and rule."""
    summary = next(model for model in load_models(["published"]) if model.name == "quality_summary")
    rows = connection.execute(
        f"SELECT severity, period, rule, findings, affected_rows FROM ({summary.sql}) WHERE programme = ? "  # noqa: S608
        "ORDER BY array_position(['rejected', 'error', 'warning', 'notice'], severity), period, rule",
        [programme],
    ).fetchall()
    if not rows:
        return "Keine Befunde."
    shown = (
        (german.SEVERITIES[severity].one, period, RULES[rule].title, findings, affected)
        for severity, period, rule, findings, affected in rows
    )
    return f"{markdown_table(_FINDING_HEADER, shown)}\n\n{_WHERE_FINDINGS.format(programme=programme)}"


def table_metadata(table: BuiltTable, *, is_published: bool = False) -> dict[str, Any]:
    """Metadata of a built table: columns with types and descriptions, and its rows.

    Of an internal table their number is told as a class: it may be a hidden count, and everybody sees this page.
    """
    columns = [dg.TableColumn(c.name, c.type, c.description or None) for c in table.columns]
    rows = {ROW_COUNT: table.rows} if is_published else {"Zeilen": german.count_class(table.rows)}
    shown = {**rows, COLUMN_SCHEMA: dg.TableSchema(columns=columns)}
    return declared_metadata(shown, "published" if is_published else "table")


def _figures_metadata(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """What is plotted over the nights: how many figures are published, hidden, unreported, and the headline figures.

    Args:
        connection: to the published file, so that nothing hidden gets here.
    """
    counts = dict(connection.execute("SELECT status, count(*) FROM indicator_value GROUP BY status").fetchall())
    headlines = connection.execute(_HEADLINES).fetchall()
    return {
        "Zahlen, veröffentlicht": int(counts.get("published", 0)),
        "Zahlen, geheim": int(counts.get("suppressed", 0)),
        "Zahlen, nicht gemeldet": int(counts.get("not_reported", 0)),
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


BOARD = "Am Zug"
_DAY = ("build", "as_of")
BUILD, PUBLISHED_FILE = "Datenbestand", "Veröffentlichte Datei"
"""Labels under which `published/build_info` names its build."""
_IN_INTERNAL = {
    "rows_read": "SELECT coalesce(sum(rows_read), 0) FROM quality.sheet_account",
    "accepted": "SELECT coalesce(sum(accepted), 0) FROM quality.sheet_account",
    "quarantined": "SELECT coalesce(sum(quarantined), 0) FROM quality.sheet_account",
    "total": "SELECT coalesce(sum(total), 0) FROM quality.sheet_account",
    "note": "SELECT coalesce(sum(note), 0) FROM quality.sheet_account",
    "findings_error": "SELECT count(*) FROM quality.finding WHERE severity = 'error'",
    "findings_warning": "SELECT count(*) FROM quality.finding WHERE severity = 'warning'",
    "findings_notice": "SELECT count(*) FROM quality.finding WHERE severity = 'notice'",
}


def published_metadata(build: Build) -> Iterator[tuple[dg.AssetKey, dict[str, Any]]]:
    """Each asset of the published file with its metadata, as the build's own files tell them.

    So a night shows the same whether the control room ran it or finds its build.

    Raises:
        duckdb.Error: the published file cannot be read.
    """
    with duckdb.connect(str(build.published), read_only=True) as connection:
        tables = tables_of(connection)
        figures = _figures_metadata(connection) if f"main.{INDICATOR_VALUE.path[-1]}" in tables else {}
    board = {BOARD: dg.MetadataValue.md(board_table(rows_of_build(build, _day_of(build))))}
    more = {BUILD_INFO_KEY: _build_metadata(build), INDICATOR_VALUE: figures}
    for key in published_keys():
        table = tables.get(f"main.{key.path[-1]}")
        if table is not None:
            first = board if key == DELIVERY_STATUS else {}
            shown = {**first, **table_metadata(table, is_published=True), **more.get(key, {})}
            yield key, declared_metadata(shown, "published")


def _day_of(build: Build) -> dt.date:
    """The day on which a build judged what is due."""
    days = [row["value"] for row in stored_build_info(build.published) if (row["item"], row["name"]) == _DAY]
    return dt.date.fromisoformat(days[0])


def _build_metadata(build: Build) -> dict[str, Any]:
    """What a build was made from; of rows and findings in classes, for everybody sees this page."""
    info = {(row["item"], row["name"]): row["value"] for row in stored_build_info(build.published)}
    counts = {name: int(info.get(("count", name)) or 0) for name in ("counted", "superseded", "rejected", "held")}
    rows: dict[str, int] = {}
    changes: dict[str, int] = {}
    if can_open(build.internal):
        with duckdb.connect(str(build.internal), read_only=True) as connection:
            rows = {name: int(connection.execute(sql).fetchall()[0][0]) for name, sql in _IN_INTERNAL.items()}
            changes = dict(connection.execute("SELECT kind, count(*) FROM quality.build_diff GROUP BY kind").fetchall())
        changes = {kind: changes.get(kind, 0) for kind in KINDS}
    return {
        **{label: counts[name] for name, label in COUNTS.items() if name in counts},
        **{label: german.count_class(rows[name]) for name, label in COUNTS.items() if name in rows},
        **{f"Geändert: {KINDS[kind]}": german.count_class(number) for kind, number in changes.items()},
        BUILD: build.stem,
        PUBLISHED_FILE: dg.MetadataValue.path(build.published),
        "Interne Datei": dg.MetadataValue.path(build.internal),
        "Fingerabdruck der Lieferungen": info["build", "inputs_sha256"],
    }


class Link(str):
    """Markdown that is meant as such and not escaped."""

    __slots__ = ()


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; bars and line breaks in cells are escaped."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Link):
        return value
    text = german.day(value) if isinstance(value, dt.date) else str(value)
    for character in "\\|`*_<>[]":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())
