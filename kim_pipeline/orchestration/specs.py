"""What the assets are: keys, groups, German descriptions, columns, and what each is made from.

Belongs here: everything that is known before a run, all derived from the contracts and from the SQL.
"""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.model import Column, Programme
from kim_pipeline.nightly import published_models, table_models
from kim_pipeline.orchestration.keys import (
    BUILD_INFO,
    DELIVERIES,
    PUBLISHED,
    QUALITY,
    QUALITY_TABLES,
    delivery_key,
    parent_key,
    table_key,
)
from kim_pipeline.orchestration.lineage import lineage_text
from kim_pipeline.warehouse.sql_models import SqlModel

OWNER = "team:kim"
_KINDS = {
    "text": "Text",
    "date": "Datum",
    "number": "Zahl",
    "whole": "ganze Zahl",
    "yes_no": "ja/nein",
    "municipality": "Gemeinde",
    "language": "Sprache",
    "languages": "Sprachen",
    "ags": "Gemeindeschlüssel",
    "programme": "Programm",
    "nationality": "Staat",
    "category": "Auswahl",
}
_TREATMENTS = {
    "pseudonym": "🔒 wird durch ein Pseudonym ersetzt",
    "drop": "🔒 wird beim Lesen weggelassen",
    "derive": "🔒 wird beim Lesen vergröbert und weggelassen",
}


def delivery_specs() -> list[dg.AssetSpec]:
    """One asset per programme: its deliveries."""
    return [_delivery_spec(p) for p in programmes().values()]


def _delivery_spec(programme: Programme) -> dg.AssetSpec:
    each = "Jede Datei ist die vollständige Liste." if programme.delivery == "snapshot" else (
        "Jede Datei umfasst einen Berichtszeitraum."
    )  # fmt: skip
    tables = ", ".join(t.label for t in programme.tables)
    return dg.AssetSpec(
        delivery_key(programme.key),
        description=f"**{programme.title}**: die Lieferungen aus dem Ordner `{programme.key}`.\n\n"
        f"Turnus: {programme.cadence.label}. {each} Tabellen: {tables}.\n\n"
        "Wird nur erneuert, wenn sich der Inhalt der Lieferungen geändert hat.",
        group_name=DELIVERIES,
        owners=[OWNER],
        kinds={"excel"},
        skippable=True,
        tags={"programme": programme.key},
        metadata={"dagster/column_schema": dg.TableSchema(columns=list(_delivered_columns(programme)))},
    )


def _delivered_columns(programme: Programme) -> Iterable[dg.TableColumn]:
    for table in programme.tables:
        for column in table.delivered:
            yield dg.TableColumn(
                f"{table.name}.{column.name}",
                _KINDS.get(column.kind, column.kind),
                _column_text(column),
                constraints=dg.TableColumnConstraints(nullable=not column.required, unique=False),
            )


def _column_text(column: Column) -> str:
    header = f" (Spalte „{column.headers[0]}“)" if column.headers else ""
    treatment = f"; {_TREATMENTS[column.personal]}" if column.personal else ""
    return f"{column.label}{header}{treatment}"


def quality_specs() -> list[dg.AssetSpec]:
    """The tables about all deliveries."""
    return [
        dg.AssetSpec(
            [QUALITY, name],
            deps=[delivery_key(p) for p in programmes()],
            description=text,
            group_name=QUALITY,
            owners=[OWNER],
            kinds={"duckdb"},
        )
        for name, text in QUALITY_TABLES.items()
    ]


def table_specs() -> list[dg.AssetSpec]:
    """One asset per SQL file of the internal file."""
    return [_table_spec(model) for model in table_models()]


def published_specs() -> list[dg.AssetSpec]:
    """One asset per table of the published file."""
    about_deliveries = [table_key(f"{QUALITY}.delivery"), table_key(f"{QUALITY}.sheet_account")]
    build_info = dg.AssetSpec(
        BUILD_INFO,
        deps=about_deliveries,
        description="Wie dieser Datenbestand entstand: Zeit, Programmstand, Bibliotheken, Anzahlen und jede Lieferung.",
        group_name=PUBLISHED,
        owners=[OWNER],
        kinds={"duckdb"},
    )
    return [*(_table_spec(model) for model in published_models()), build_info]


def _table_spec(model: SqlModel) -> dg.AssetSpec:
    parents = {key for name in model.parents if (key := parent_key(name)) is not None}
    return dg.AssetSpec(
        table_key(model.full_name),
        deps=sorted(parents),
        description=model.description,
        group_name=model.schema,
        owners=[OWNER],
        kinds={"sql", "duckdb"},
        code_version=model.code_version,
        metadata={
            "Herkunft der Spalten": dg.MetadataValue.md(lineage_text(model.full_name)),
            "SQL": dg.MetadataValue.md(f"```sql\n{model.sql.strip()}\n```"),
        },
    )
