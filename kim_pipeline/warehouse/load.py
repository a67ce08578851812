"""Loading what was read into a new internal file: `vocabulary.*`, `quality.*`, `accepted.*`.

Belongs here: tables that come from the deliveries and the data files as they are. What is computed lies in `sql/`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.due import due_state
from kim_pipeline.contracts.normalise import comparable_header
from kim_pipeline.contracts.model import Column, Programme, Table
from kim_pipeline.contracts.vocabulary import (
    ProgrammeLife,
    breakdown_members,
    decision_agreement,
    fixed_sums,
    programme_life,
    vocabulary,
)
from kim_pipeline.intake.counting import Window
from kim_pipeline.intake.due import due_of, year_ends
from kim_pipeline.intake.deliveries import Delivery, Intake, counts_by_severity, finding_records
from kim_pipeline.warehouse.catalogue import catalogue_columns, catalogue_row, load_catalogue, released_indicators, with_raised_k
from kim_pipeline.warehouse.generated import PART_NAMES

_SQL_TYPES = {"date": "DATE", "number": "DOUBLE", "hours": "DOUBLE", "whole": "BIGINT", "yes_no": "BOOLEAN"}
_MONEY = "DECIMAL(18,6)"
_NO_TABLES: tuple[str, ...] = ()


def sql_type(column: Column) -> str:
    """DuckDB type of a stored column; amounts of money are whole cents."""
    return _MONEY if column.is_money else _SQL_TYPES.get(column.kind, "VARCHAR")


def load_vocabulary(connection: duckdb.DuckDBPyConnection, raised_k: Mapping[str, int]) -> None:
    """`vocabulary.*`: the data files as tables, and the catalogue of indicators with the k of the settings."""
    words = vocabulary()
    county = words.county
    areas: list[tuple[Any, ...]] = [(county.key, county.name, "Kreis", None, None, None)]
    areas += [
        (m.ags, m.name, m.kind, county.key, county.geometry.name, county.geometry_key) for m in county.municipalities
    ]
    columns = "area VARCHAR, name VARCHAR, kind VARCHAR, part_of VARCHAR, geometry_file VARCHAR, geometry_key VARCHAR"
    _create(connection, "vocabulary.area", columns, areas)
    _create(connection, "vocabulary.programme", _PROGRAMME_COLUMNS, [_programme_row(p) for p in programmes().values()])
    _create(connection, "vocabulary.language", "language VARCHAR, name VARCHAR", words.language_names())
    _create(connection, "vocabulary.nationality", "nationality VARCHAR, name VARCHAR", words.nationality_names())
    values = [
        (category, value, position)
        for category in words.category_names()
        for position, value in enumerate(words.values(category), start=1)
    ]
    _create(connection, "vocabulary.category_value", "category VARCHAR, value VARCHAR, position BIGINT", values)
    bodies = [(b.name, b.rank, b.may_resolve) for b in county.bodies]
    _create(connection, "vocabulary.body", "body VARCHAR, rank BIGINT, may_resolve BOOLEAN", bodies)
    agreement = "decision VARCHAR, suggestion VARCHAR, agreement VARCHAR"
    _create(connection, "vocabulary.decision_agreement", agreement, decision_agreement())
    groups = "nationality VARCHAR, origin VARCHAR"
    _create(connection, "vocabulary.nationality_group", groups, words.nationality_groups())
    members = "breakdown_kind VARCHAR, breakdown VARCHAR, name VARCHAR"
    _create(connection, "vocabulary.breakdown_member", members, breakdown_members())
    rates = "from_year INTEGER, to_year INTEGER, sub_module VARCHAR, unit VARCHAR, rate_eur DOUBLE, is_confirmed BOOLEAN"
    _create(connection, "vocabulary.komm_an_rate", rates, [dataclasses.astuple(each) for each in fixed_sums()])
    features = [(feature, county.facts.publish.reached_decided) for feature in county.reached]
    _create(connection, "vocabulary.reached_feature", "feature VARCHAR, decided VARCHAR", features)
    catalogue = released_indicators(with_raised_k(load_catalogue(), raised_k), county.reached)
    indicators = enumerate(catalogue, start=1)
    columns = ", ".join(["position BIGINT", *(f"{column.name} {column.type}" for column in catalogue_columns())])
    _create(connection, "vocabulary.indicator", columns, [(at, *catalogue_row(i)) for at, i in indicators])


_PROGRAMME_COLUMNS = (
    "programme VARCHAR, title VARCHAR, delivery VARCHAR, cadence VARCHAR, since_year INTEGER, since_on DATE, "
    "valid_to DATE, successor VARCHAR, successor_key VARCHAR"
)


def _programme_row(programme: Programme) -> tuple[Any, ...]:
    life = programme_life().get(programme.key)
    known = dataclasses.astuple(life) if life else (None,) * len(dataclasses.fields(ProgrammeLife))
    return (programme.key, programme.title, programme.delivery, programme.cadence.label, *known)


DUE_COLUMNS = (
    "programme VARCHAR, last_as_of DATE, covered_through DATE, due_on DATE, late_after DATE, is_late BOOLEAN, "
    "state VARCHAR"
)
"""Of `quality.due`."""


def load_quality(connection: duckdb.DuckDBPyConnection, intake: Intake, as_of: dt.date, grace_days: int) -> None:
    """`quality.*`: deliveries, accounts, findings, ignored sheets, what counts, and what is due.

    Args:
        connection: to the new file.
        intake: all deliveries.
        as_of: today, for what is due.
        grace_days: days after the due day before a delivery is late.
    """
    _load_deliveries(connection, intake)
    _load_findings(connection, intake.deliveries)
    windows = [
        (programme, table, w.file, w.part, w.days.first if w.days else None, w.days.last if w.days else None)
        for (programme, table), found in sorted(intake.windows.items())
        for w in found
    ]
    _create(
        connection,
        "quality.counting_window",
        "programme VARCHAR, table_name VARCHAR, file VARCHAR, part VARCHAR, first_day DATE, last_day DATE",
        windows,
    )
    _load_merged(connection, intake)
    load_build_day(connection, as_of)
    due = [_due_row(p, intake.of(p.key), as_of, grace_days) for p in programmes().values()]
    _create(
        connection,
        "quality.due",
        DUE_COLUMNS,
        due,
    )


def load_build_day(connection: duckdb.DuckDBPyConnection, as_of: dt.date) -> None:
    """`quality.build_day`: the day on which is judged what has been decided until then, and what is due."""
    _create(connection, "quality.build_day", "built_on DATE", [(as_of,)])


def _load_merged(connection: duckdb.DuckDBPyConnection, intake: Intake) -> None:
    """Which file gives which part of a record, and the census base of each figure and Stichtag (`official.md` §6)."""
    records, bases = [], []
    for _, merged in sorted(intake.merged.items()):
        for record in merged.records:
            owners = [record.parts[part].owner if part in record.parts else (None, None) for part in PART_NAMES]
            flat = [name for owner in owners for name in owner]
            records.append((record.area, record.reported_on, record.census_base, *flat))
        bases += [(figure, day, base) for (figure, day), base in sorted(merged.bases.items(), key=lambda item: item[0])]
    parts = ", ".join(f"{part}_file VARCHAR, {part}_part VARCHAR" for part in PART_NAMES)
    columns = f"ags VARCHAR, reported_on DATE, census_base VARCHAR, {parts}"
    _create(connection, "quality.merged_record", columns, records)
    _create(
        connection, "quality.series_base", "figure VARCHAR, reported_on DATE, census_base VARCHAR", bases
    )


def _due_row(programme: Programme, deliveries: Sequence[Delivery], as_of: dt.date, grace_days: int) -> tuple[Any, ...]:
    due = due_of(programme, deliveries, as_of, grace_days)
    is_late = due_state(due, as_of) == "late"
    return programme.key, due.last_as_of, due.covered_through, due.due_on, due.late_after, is_late, due.phase


def _load_deliveries(connection: duckdb.DuckDBPyConnection, intake: Intake) -> None:
    deliveries, accounts, ignored = [], [], []
    for d in intake.deliveries:
        as_of = d.read.as_of if d.read else None
        received = d.received_at.replace(tzinfo=None)
        facts = (d.sha256, d.told_period, as_of, d.status, d.reason, d.attribution, d.is_official, received)
        deliveries.append((d.programme, d.file, d.part, *facts))
        for a in d.accounts:
            numbers = (a["rows_read"], a["accepted"], a["quarantined"], a["total"], a["note"])
            accounts.append((d.programme, d.file, d.part, a["sheet"], a["table"], *numbers))
        ignored += [(d.programme, d.file, sheet) for sheet in (d.reading.ignored_sheets if d.reading else _NO_TABLES)]
    _create(
        connection,
        "quality.delivery",
        "programme VARCHAR, file VARCHAR, part VARCHAR, sha256 VARCHAR, period VARCHAR, as_of DATE, status VARCHAR, reason VARCHAR, "
        "attribution VARCHAR, is_official BOOLEAN, received_at TIMESTAMP",
        deliveries,
    )
    _create(
        connection,
        "quality.sheet_account",
        "programme VARCHAR, file VARCHAR, part VARCHAR, sheet VARCHAR, table_name VARCHAR, rows_read BIGINT, accepted BIGINT, "
        "quarantined BIGINT, total BIGINT, note BIGINT",
        accounts,
    )
    _create(connection, "quality.ignored_sheet", "programme VARCHAR, file VARCHAR, sheet VARCHAR", ignored)
    skipped = [(s.programme, s.file, s.reason) for s in intake.skipped]
    _create(connection, "quality.skipped_file", "programme VARCHAR, file VARCHAR, reason VARCHAR", skipped)


def _load_findings(connection: duckdb.DuckDBPyConnection, deliveries: Sequence[Delivery]) -> None:
    """Findings from the cache, and those that only the deliveries together give."""
    _create(
        connection,
        "quality.finding",
        'programme VARCHAR, file VARCHAR, part VARCHAR, sheet VARCHAR, "row" BIGINT, column_letter VARCHAR, column_name VARCHAR, '
        "rule VARCHAR, severity VARCHAR, raw VARCHAR, message VARCHAR",
        [],
    )
    columns = 'sheet, "row", column_letter, column_name, rule, severity, raw, message'
    sources = [(str(d.reading.findings), d.programme, d.file, d.part) for d in deliveries if d.reading]
    if sources:
        _source_files(connection, sources)
        connection.execute(
            f"INSERT INTO quality.finding SELECT s.programme, s.file, s.part, {columns} "
            "FROM read_parquet($paths, filename = 'path', file_row_number = true) AS f "
            "INNER JOIN source_file AS s ON s.path = f.path ORDER BY s.programme, s.file, s.part, f.file_row_number",
            {"paths": sorted({path for path, *_ in sources})},
        )
    settled = [
        (d.programme, d.file, d.part, *(record[name] for name in _finding_names(columns)))
        for d in deliveries
        for record in finding_records(d)
    ]
    _insert(connection, "quality.finding", settled)


def _finding_names(columns: str) -> list[str]:
    return [name.strip('" ') for name in columns.split(",")]


def load_accepted(connection: duckdb.DuckDBPyConnection, intake: Intake) -> None:
    """`accepted.<programme>_<table>`: the accepted rows of every delivery that is not rejected, counted or not."""
    excluded = [(d.programme, table, d.file, sheet, row) for d in intake.deliveries for table, sheet, row in d.excluded]
    _create(
        connection,
        "excluded",
        "programme VARCHAR, table_name VARCHAR, file VARCHAR, sheet VARCHAR, row_number BIGINT",
        excluded,
        kind="TEMP TABLE",
    )
    for programme in programmes().values():
        for table in programme.tables:
            _load_table(connection, programme, table, intake.of(programme.key))


def load_named_offices(connection: duckdb.DuckDBPyConnection) -> None:
    """`quality.named_office`: what the deliveries name as responsible and the county lists as an office.

    Any other text may name a person. Where the county has no list, nothing is known to be an office.
    """
    county, found = vocabulary().county, set()
    for programme in programmes().values():
        for table in programme.tables:
            for column in (c for c in table.output if c.names_office):
                name = f"accepted.{programme.key}_{table.name}"
                found |= {text for (text,) in connection.execute(f"SELECT DISTINCT {column.name} FROM {name}").fetchall()}
    listed = sorted(text for text in found if text is not None and county.lists_office(text))
    _create(connection, "quality.named_office", "named VARCHAR", [(text,) for text in listed])


def load_compared_texts(connection: duckdb.DuckDBPyConnection) -> None:
    """`quality.compared_text`: the form in which texts are compared where it is asked how many there are."""
    found: set[str] = set()
    for programme in programmes().values():
        for table in programme.tables:
            for column in (c for c in table.output if c.told_apart):
                name = f"accepted.{programme.key}_{table.name}"
                rows = connection.execute(f"SELECT DISTINCT {column.name} FROM {name} WHERE {column.name} IS NOT NULL")
                found |= {text for (text,) in rows.fetchall()}
    forms = [(text, comparable_header(text)) for text in sorted(found)]
    _create(connection, "quality.compared_text", "text VARCHAR, form VARCHAR", forms)


def load_coverage(connection: duckdb.DuckDBPyConnection, intake: Intake) -> None:
    """`quality.coverage`: the days for which a table's counting deliveries speak (`indicators.md`, head).

    A delivery of a period covers the days for which it counts; rows without a date of their own, its whole period.
    A snapshot covers from its earliest period date to its Stand; without any period date, the year of its Stand.
    """
    spans: list[tuple[Any, ...]] = []
    for programme in programmes().values():
        for table in programme.tables:
            for window in intake.windows.get((programme.key, table.name), []):
                spans += [
                    (programme.key, table.name, programme.delivery, first, last)
                    for first, last in _spans(connection, programme, table, window, intake)
                ]
    columns = "programme VARCHAR, table_name VARCHAR, delivery VARCHAR, first_day DATE, last_day DATE"
    _create(connection, "quality.coverage", columns, spans)


def load_decided(
    connection: duckdb.DuckDBPyConnection,
    acceptances: Sequence[tuple[Any, ...]],
    configuration: Sequence[tuple[str, str]],
) -> None:
    """`quality.acceptance` and `quality.configuration`: what people have said, and what else decides a build."""
    columns = (
        "kind VARCHAR, programme VARCHAR, file VARCHAR, sha256 VARCHAR, accepted_by VARCHAR, because VARCHAR, "
        "accepted_at TIMESTAMP"
    )
    _create(connection, "quality.acceptance", columns, acceptances)
    _create(connection, "quality.configuration", "name VARCHAR, sha256 VARCHAR", configuration)


def _spans(
    connection: duckdb.DuckDBPyConnection, programme: Programme, table: Table, window: Window, intake: Intake
) -> list[tuple[dt.date, dt.date]]:
    """The days for which a delivery speaks; an official table for the years at whose end it has a Stichtag."""
    read = next(d.read for d in intake.of(programme.key) if d.owner == window.owner)
    if read is not None and read.published is not None:
        ends = year_ends(read.published.days)
        return [(dt.date(day.year, 1, 1), day) for day in ends]
    first, last = _span(connection, programme, table, window, intake)
    return [(first, last)] if first is not None and last is not None else []


def _span(
    connection: duckdb.DuckDBPyConnection, programme: Programme, table: Table, window: Window, intake: Intake
) -> tuple[dt.date | None, dt.date | None]:
    read = next(d.read for d in intake.of(programme.key) if d.owner == window.owner)
    if read is None or read.as_of is None:
        return None, None
    if programme.delivery == "period":
        days = window.days if table.period_date else read.period
        return (days.first, days.last) if days else (None, None)
    dated = next((t for t in programme.tables if t.period_date), None)
    if dated is None:
        return dt.date(read.as_of.year, 1, 1), dt.date(read.as_of.year, 12, 31)
    windows = intake.windows.get((programme.key, dated.name), [])
    ((earliest,),) = connection.execute(
        f"SELECT min({dated.period_date}) FROM accepted.{programme.key}_{dated.name} "
        "WHERE (source_file, source_part) IN (SELECT unnest($files), unnest($parts))",
        {"files": [w.file for w in windows], "parts": [w.part for w in windows]},
    ).fetchall()
    return earliest, read.as_of


def _load_table(
    connection: duckdb.DuckDBPyConnection, programme: Programme, table: Table, deliveries: Iterable[Delivery]
) -> None:
    name = f"accepted.{programme.key}_{table.name}"
    columns = ", ".join(f'"{c.name}" {sql_type(c)}' for c in table.output)
    _create(connection, name, f"{columns}, source_file VARCHAR, source_part VARCHAR, source_sheet VARCHAR, source_row BIGINT", [])
    sources = [
        (str(d.read.tables[table.name].path), programme.key, d.file, d.part)
        for d in deliveries
        if d.read is not None and not d.is_rejected and d.held is None and table.name in d.read.tables
    ]
    if not sources:
        return
    _source_files(connection, sources)
    paths = sorted({path for path, *_ in sources})
    read = "read_parquet($paths, filename = 'path', file_row_number = true, union_by_name = true)"
    there = {column for (column, *_) in connection.execute(f"DESCRIBE FROM {read}", {"paths": paths}).fetchall()}
    selected = ", ".join(_stored_value(c) if c.name in there else "NULL" for c in table.output)
    connection.execute(
        f"INSERT INTO {name} SELECT {selected}, s.file, s.part, r.source_sheet, r.source_row "
        f"FROM {read} AS r "
        "INNER JOIN source_file AS s ON s.path = r.path "
        "ANTI JOIN excluded AS x ON x.programme = s.programme AND x.table_name = $table AND x.file = s.file "
        "AND x.sheet = r.source_sheet AND x.row_number = r.source_row "
        "ORDER BY s.file, s.part, r.file_row_number",
        {"paths": paths, "table": table.name},
    )  # rows that are kept (`guard/kept.py`) may have been read before a column was stored: it is empty there


def _stored_value(column: Column) -> str:
    """A column of the read rows as it is stored: money by its shortest decimal notation, as it was delivered."""
    value = f'r."{column.name}"'
    return f"{value}::VARCHAR::{_MONEY}" if column.is_money else value


def _source_files(connection: duckdb.DuckDBPyConnection, sources: Sequence[tuple[str, str, str, str]]) -> None:
    columns = "path VARCHAR, programme VARCHAR, file VARCHAR, part VARCHAR"
    _create(connection, "source_file", columns, sources, kind="TEMP TABLE")


def _create(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    columns: str,
    rows: Sequence[tuple[Any, ...]],
    kind: str = "TABLE",
) -> None:
    connection.execute(f"CREATE OR REPLACE {kind} {name} ({columns})")
    _insert(connection, name, rows)


def _insert(connection: duckdb.DuckDBPyConnection, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if not rows:
        return
    block = pa.table({f"c{i}": list(values) for i, values in enumerate(zip(*rows, strict=True))})
    connection.register("block", block)
    connection.execute(f"INSERT INTO {name} SELECT * FROM block")
    connection.unregister("block")


def summary_counts(deliveries: Iterable[Delivery]) -> dict[str, int]:
    """Totals for logs: deliveries by status, rows by what became of them, findings by severity."""
    counts: dict[str, int] = {}
    for d in deliveries:
        counts[d.status] = counts.get(d.status, 0) + 1
        for account in d.accounts:
            for name in ("rows_read", "accepted", "quarantined", "total", "note"):
                counts[name] = counts.get(name, 0) + account[name]
        for severity, number in counts_by_severity(d).items():
            counts[f"findings_{severity}"] = counts.get(f"findings_{severity}", 0) + number
    return counts
