"""SQL that the contracts and the catalogue imply: written by the program, so that nobody types it.

Belongs here: pure functions from contracts, catalogue and column names to SQL; a table's is one `SELECT` with the comments
that a file in `sql/` would have, and `kim sql --show` prints it. Does not belong here: anything that needs a decision.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from kim_pipeline.contracts.model import Column, Programme, Table

SOURCE = {
    "source_file": "Datei, aus der die Zeile stammt",
    "source_part": "Teil der Datei, aus dem die Zeile stammt; leer, wenn sie nur einen hat",
    "source_sheet": "Blatt, aus dem die Zeile stammt",
    "source_row": "Zeile im Blatt",
}
"""Where a row stands, in every table of accepted rows, with German descriptions."""
_COUNTS = {
    "period": "aus den Lieferungen, die zählen",
    "snapshot": "aus der Gesamtliste mit dem jüngsten Stand",
}
"""Kind of delivery → which of its rows count, in German."""
_CALENDAR = "core.calendar_period"
_DIMENSIONS = {"municipality": "area", "ags": "area"}
"""Kinds of columns whose dimension has another name."""


def is_merged(programme: Programme, table: Table) -> bool:
    """Whether the table's accepted rows are merged by parts."""
    return programme.published is not None and programme.published.table == table.name


def staging_sql(programme: Programme, table: Table) -> str:
    """The accepted rows that count, of one table: those of the deliveries and days that settling has left."""
    conditions = [
        f"w.programme = '{programme.key}'",
        f"w.table_name = '{table.name}'",
        "w.file = r.source_file",
        "w.part = r.source_part",
    ]
    if programme.delivery == "period" and table.period_date:
        conditions.append(f"r.{table.period_date} BETWEEN w.first_day AND w.last_day")
    order = ["source_file", "source_sheet", "source_row", *([table.unpivot.into] if table.unpivot else [])]
    head = f"-- {programme.title}: {table.label}, {_COUNTS[programme.delivery]}."
    if is_merged(programme, table):
        head = f"-- {programme.title}: {table.label}, wie jede Datei sie nennt, bevor sie zusammengeführt werden."
    return "\n".join(
        [
            head,
            *_select_list("r", {column.name: column.label for column in table.output} | SOURCE),
            f"FROM accepted.{programme.key}_{table.name} AS r",
            "INNER JOIN quality.counting_window AS w",
            "    ON " + "\n    AND ".join(conditions),
            "ORDER BY " + ", ".join(f"r.{name}" for name in order),
            "",
        ]
    )


def merged_sql(programme: Programme, table: Table) -> str:
    """The accepted rows of official and hand-made tables merged by parts, as settling has decided (`official.md` §6)."""
    head = [
        f"-- {programme.title}: {table.label}, je Gebiet, Stichtag und Grundlage; jeder Teil aus der Datei, die ihn gibt.",
    ]
    columns = {c.name: (_merged_column(c.name), c.label) for c in table.output}
    for part, name in PART_NAMES.items():
        for what, text in SOURCE.items():
            of_part = what.replace("source", part)
            columns[of_part] = (f"{part[0]}.{what}", f"{name}: {text.partition(';')[0]}")
    for what, text in SOURCE.items():
        columns[what] = (f"coalesce(p.{what}, f.{what})", text.partition(";")[0])
    last = len(columns) - 1
    lines = [
        f"    {sql if sql.split('.')[-1] == name else f'{sql} AS {name}'}{',' if at < last else ''}  -- {text}"
        for at, (name, (sql, text)) in enumerate(columns.items())
    ]
    joins = [
        line
        for part in PART_NAMES
        for line in (
            f"LEFT JOIN staging.{programme.key}_{table.name}{READ} AS {part[0]}",
            f"    ON {part[0]}.source_file = m.{part}_file",
            f"    AND {part[0]}.source_part = m.{part}_part",
            f"    AND {part[0]}.ags = m.ags",
            f"    AND {part[0]}.reported_on = m.reported_on",
        )
    ]
    order = "ORDER BY m.reported_on, m.ags, m.census_base"
    return "\n".join([*head, "SELECT", *lines, "FROM quality.merged_record AS m", *joins, order, ""])


READ = "_read"
"""What the name of a table ends in that holds the rows before they are merged."""
PART_NAMES = {"population": "Bevölkerung", "foreigners": "Ausländer"}
"""The parts of a record of the population, with their German names."""


def _merged_column(name: str) -> str:
    """Where the merged table has a column from."""
    if name in ("ags", "reported_on", "census_base"):
        return f"m.{name}"
    part = next((part for part in PART_NAMES if name.startswith(part)), None)
    return f"{part[0]}.{name}" if part else f"coalesce(p.{name}, f.{name})"


def indicator_sql(columns: Mapping[str, str]) -> str:
    """The table of indicators: the loaded catalogue in its order, its columns with their descriptions."""
    head = "-- Katalog der Indikatoren: was sie zählen, woher sie kommen, was sie nicht sagen."
    return "\n".join(
        [head, *_select_list("i", columns), "FROM vocabulary.indicator AS i", "ORDER BY i.position", ""]
    )


def all_values_sql(tables: Sequence[str], columns: Mapping[str, str]) -> str:
    """The values of several tables together, so that a new one joins by being there.

    Args:
        tables: `schema.table` of each; they have the same columns.
        columns: these columns with their descriptions.
    """
    first, *others = tables
    head = "-- Werte aller Dateien value_*.sql zusammen, noch ohne die abgedeckten Zeiträume und ohne Nullen."
    rest = [f"UNION ALL SELECT v.* FROM {table} AS v" for table in others]
    return "\n".join([head, *_select_list("v", columns), f"FROM {first} AS v", *rest, ""])


def unknown_keys_sql(keys: Sequence[tuple[str, str, str]]) -> str:
    """The rows whose key a dimension does not have.

    Args:
        keys: table `schema.table` with its source columns, column there, and the dimension: `area` for `core.dim_area`,
            whose column of that name is meant.
    """
    parts = [
        f"SELECT\n    '{table}' AS table_name,\n    '{column}' AS column_name,\n    f.source_file,\n    f.source_row\n"
        f"FROM {table} AS f\n"
        f"ANTI JOIN core.dim_{dimension} AS d ON d.{dimension} = f.{column}\n"
        f"WHERE f.{column} IS NOT NULL"
        for table, column, dimension in keys
    ]
    return "\nUNION ALL\n".join(parts) + "\n"


def dimension_of(column: Column) -> str:
    """The dimension that a contract's column names a member of, if there is one of this name."""
    return column.category or _DIMENSIONS.get(column.kind, column.kind)


def _select_list(alias: str, columns: Mapping[str, str]) -> list[str]:
    """The lines from `SELECT` to the last column, each with its description."""
    last = len(columns) - 1
    lines = [
        f"    {alias}.{name}{',' if at < last else ''}  -- {text}" for at, (name, text) in enumerate(columns.items())
    ]
    return ["SELECT", *lines]
