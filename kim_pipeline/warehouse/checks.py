"""Checks of a built warehouse: each is a query that returns the offending rows.

Belongs here: what must hold of every build, whatever was delivered. Checks of `sql/checks/blocking/` and those
generated from the contracts keep a build from being published; those of `sql/checks/plausibility/` only warn.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from kim_pipeline.contracts import programmes
from kim_pipeline.warehouse.generated import READ, dimension_of, is_merged, unknown_keys_sql
from kim_pipeline.warehouse.sql_models import SQL_FOLDER, load_models

MOST_ROWS = 20
"""Offending rows that are shown of a check."""
_ASSET = re.compile(r"--\s*asset:\s*(\w+\.\w+)\s*")


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: identifier.
        description: German sentence: what holds.
        sql: returns the rows that break it; none of their columns holds a cell's content.
        asset: the table that it is about, `schema.table`; None for the deliveries.
    """

    name: str
    description: str
    sql: str
    asset: str | None = None


def blocking_checks() -> list[Check]:
    """All checks that keep a build from being published."""
    return [*accounting_checks(), *key_checks(), foreign_key_check(), *checks_in(SQL_FOLDER / "checks" / "blocking")]


def plausibility_checks() -> list[Check]:
    """Checks that only warn."""
    return checks_in(SQL_FOLDER / "checks" / "plausibility")


def checks_in(folder: Path) -> list[Check]:
    """The checks of a folder, one per file: head comment = description, a line `-- asset: schema.table` = its table.

    Raises:
        ValueError: a file lacks one of the two.
    """
    return [_check(path) for path in sorted(folder.glob("*.sql"))]


def _check(path: Path) -> Check:
    sql = path.read_text(encoding="utf-8")
    head = [line for line in sql.splitlines() if line.startswith("--")]
    asset = next((m[1] for line in head if (m := _ASSET.fullmatch(line))), None)
    description = " ".join(line.removeprefix("--").strip() for line in head if not _ASSET.fullmatch(line))
    if asset is None or not description:
        raise ValueError(f"{path.name}: needs a description and a line '-- asset: schema.table'")
    return Check(path.stem, description, sql, asset)


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
            "FROM quality.sheet_account AS a INNER JOIN quality.delivery AS d USING (programme, file, part) "
            "LEFT JOIN there AS t ON t.programme = a.programme AND t.table_name = a.table_name "
            "AND t.file = a.file AND t.part = a.part AND t.sheet = a.sheet "
            "WHERE d.status NOT IN ('rejected', 'held') AND (CASE WHEN t.is_cross_table THEN coalesce(t.rows_there, 0) > a.accepted "
            "ELSE coalesce(t.rows_there, 0) <> a.accepted END)",
        ),
        Check(
            "quarantined_rows_have_findings",
            "Zu den Zeilen in Quarantäne gibt es Befunde, und nur zu ihnen; nebeneinander stehende Tabellen teilen Zeilen.",
            'WITH found AS (SELECT programme, file, part, sheet, count(DISTINCT "row") AS rows_found '
            "FROM quality.finding WHERE severity = 'error' AND rule NOT IN ('missing_column', 'nothing_accepted') "
            "GROUP BY ALL), "
            "held AS (SELECT programme, file, part, sheet, sum(quarantined) AS quarantined "
            "FROM quality.sheet_account GROUP BY ALL) "
            "SELECT a.programme, a.file, a.sheet, a.quarantined, coalesce(f.rows_found, 0) AS rows_found "
            "FROM held AS a LEFT JOIN found AS f USING (programme, file, part, sheet) "
            "WHERE coalesce(f.rows_found, 0) > a.quarantined OR (a.quarantined > 0 AND f.rows_found IS NULL)",
        ),
    ]


def key_checks() -> list[Check]:
    """The key of every contract table is unique within a delivery."""
    return [
        Check(
            f"{name}_key_unique",
            "Der Schlüssel kommt je Lieferung nur einmal vor.",
            f"SELECT source_file, min(source_row) AS first_row, count(*) AS copies FROM staging.{name} "
            f"GROUP BY source_file, source_part, {', '.join(key)} HAVING count(*) > 1",
            f"staging.{name}",
        )
        for name, key in _keys()
    ]


def _keys() -> Iterable[tuple[str, tuple[str, ...]]]:
    for programme in programmes().values():
        for table in programme.tables:
            member = (table.unpivot.into,) if table.unpivot else ()
            if is_merged(programme, table):
                yield f"{programme.key}_{table.name}{READ}", table.key
            else:
                yield f"{programme.key}_{table.name}", (*table.key, *member)


def foreign_key_check() -> Check:
    """Every key of a fact is known."""
    return Check(
        "foreign_keys_found",
        "Jeder Schlüssel einer Zeile ist bekannt: Gebiet, Sprache, Staatsangehörigkeit, Thema, Rechtskreis, Gremium, "
        "Programm.",
        unknown_keys_sql(foreign_keys()),
        "core.dim_area",
    )


@cache
def foreign_keys() -> tuple[tuple[str, str, str], ...]:
    """Table, column and dimension of every key of a fact.

    A fact's column is a key if it bears the name of a dimension. A table of the contracts that no fact reads is a fact
    itself; its keys are told by their kinds.
    """
    core = load_models(["core"])
    dimensions = {name for m in core if (name := m.name.removeprefix("dim_")) != m.name and name in m.columns}
    facts = [m for m in core if m.name.startswith("fact_")]
    read = frozenset[str]().union(*(fact.parents for fact in facts))
    bare = [
        (f"staging.{p.key}_{t.name}", column.name, dimension_of(column))
        for p in programmes().values()
        for t in p.tables
        for column in t.output
        if f"staging.{p.key}_{t.name}" not in read
    ]
    named = [(fact.full_name, column, column) for fact in facts for column in fact.columns]
    return tuple(key for key in (*named, *bare) if key[2] in dimensions)


def _accepted_rows() -> str:
    parts = [
        f"SELECT '{p.key}' AS programme, '{t.name}' AS table_name, source_file AS file, source_part AS part, source_sheet AS sheet, "
        f"count({'DISTINCT source_row' if t.unpivot or is_merged(p, t) else '*'}) AS rows_there, "
        f"{t.unpivot is not None or is_merged(p, t)} AS is_cross_table "
        f"FROM accepted.{p.key}_{t.name} GROUP BY ALL"
        for p in programmes().values()
        for t in p.tables
    ]
    return " UNION ALL ".join(parts)


def offending_rows(connection: duckdb.DuckDBPyConnection, check: Check, limit: int = MOST_ROWS) -> list[dict[str, object]]:
    """The first rows that break a check; empty if it holds."""
    result = connection.execute(check.sql)
    names = [column[0] for column in result.description or []]
    rows = result.fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows[:limit]]
