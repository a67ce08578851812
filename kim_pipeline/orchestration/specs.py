"""What the assets are: keys, groups, German descriptions, columns, and what each is made from.

Belongs here: everything that is known before a run, all derived from the contracts and from the SQL.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import dagster as dg

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.model import Column, Programme
from kim_pipeline.night import published_models, table_models
from kim_pipeline.orchestration.dagster_internals import COLUMN_LINEAGE, COLUMN_SCHEMA
from kim_pipeline.orchestration.freshness import BUILT_POLICY
from kim_pipeline.orchestration.keys import delivery_key, table_key
from kim_pipeline.orchestration.lineage import lineage_text, table_lineage
from kim_pipeline.orchestration.metadata import declared_metadata
from kim_pipeline.orchestration.parts import (
    BUILD_INFO,
    DELIVERIES,
    HIDDEN_CELLS,
    ON_TIME,
    PUBLISHED,
    QUALITY,
    group_of,
    loaded,
    parents,
)
from kim_pipeline.settings import PROJECT, Settings
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
_DOCS = {
    DELIVERIES: ("Was zu liefern ist", "deliveries.md"),
    QUALITY: ("Was die Befunde bedeuten", "deliveries.md"),
    "indicators": ("Was gezählt wird", "indicators.md"),
    "disclosure": ("Was geheim bleibt", "privacy.md"),
    PUBLISHED: ("Wie man damit auswertet", "analysts.md"),
}
"""Group → label and file of the page of `docs/` that people need there."""
_TREATMENTS = {
    "pseudonym": "🔒 wird durch ein Pseudonym ersetzt",
    "drop": "🔒 wird beim Lesen weggelassen",
    "derive": "🔒 wird beim Lesen vergröbert und weggelassen",
}


def delivery_specs(settings: Settings) -> list[dg.AssetSpec]:
    """One asset per programme: its deliveries."""
    return [_delivery_spec(p, settings) for p in programmes().values()]


def _delivery_spec(programme: Programme, settings: Settings) -> dg.AssetSpec:
    each = "Jede Datei ist die vollständige Liste." if programme.delivery == "snapshot" else (
        "Jede Datei umfasst einen Berichtszeitraum."
    )  # fmt: skip
    tables = ", ".join(t.label for t in programme.tables)
    return dg.AssetSpec(
        delivery_key(programme.key),
        description=f"{programme.title}: die Lieferungen aus dem Ordner {programme.key}.\n\n"
        f"Turnus: {programme.cadence.label}. Tabellen: {tables}. {each}\n\n"
        f"Wird nur erneuert, wenn sich der Inhalt der Lieferungen geändert hat. Ob die nächste da ist, wenn sie fällig "
        f"ist, zeigt die Prüfung `{ON_TIME}`.",
        group_name=programme.key,
        owners=[OWNER],
        kinds={"excel"},
        skippable=True,
        tags={"programme": programme.key},
        metadata=declared_metadata(
            {
                COLUMN_SCHEMA: dg.TableSchema(columns=list(_delivered_columns(programme))),
                "Ordner": dg.MetadataValue.path(settings.deliveries / programme.key),
                **_page(DELIVERIES, settings),
            },
            "definition",
        ),
    )


def _page(group: str, settings: Settings) -> dict[str, Any]:
    """A link to the page of the documentation that belongs to a group; a path where nothing serves it."""
    if group not in _DOCS:
        return {}
    label, file = _DOCS[group]
    if settings.docs_url:
        link: dg.MetadataValue = dg.MetadataValue.url(f"{str(settings.docs_url).rstrip('/')}/{file}")
    else:
        link = dg.MetadataValue.path(PROJECT / "docs" / file)
    return declared_metadata({label: link}, "definition")


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


def loaded_specs(settings: Settings) -> list[dg.AssetSpec]:
    """The tables about all deliveries, and the vocabulary; made in every run, so that nothing after them is skipped."""
    return [
        dg.AssetSpec(
            table_key(name),
            deps=_sources(name),
            description=text,
            group_name=group_of(name),
            owners=[OWNER],
            kinds={"duckdb"} if group_of(name) == QUALITY else {"csv", "duckdb"},
            metadata=_page(group_of(name), settings),
        )
        for name, text in loaded().items()
    ]


def _sources(full_name: str) -> list[dg.AssetKey]:
    """The assets that a table is made from."""
    return sorted(table_key(name) for name in parents()[full_name])


def table_specs(settings: Settings) -> list[dg.AssetSpec]:
    """One asset per SQL file of the internal file."""
    return [_table_spec(model, settings) for model in table_models()]


def published_specs(settings: Settings) -> list[dg.AssetSpec]:
    """One asset per table of the published file."""
    build_info = dg.AssetSpec(
        table_key(BUILD_INFO),
        deps=_sources(BUILD_INFO),
        description="Wie dieser Datenbestand entstand: Zeit, Programmstand, Bibliotheken, Anzahlen und jede Lieferung.",
        group_name=PUBLISHED,
        owners=[OWNER],
        kinds={"duckdb"},
        freshness_policy=BUILT_POLICY,
        metadata=_page(PUBLISHED, settings),
    )
    return [_hidden_cells_spec(settings), *(_table_spec(model, settings) for model in published_models()), build_info]


def _hidden_cells_spec(settings: Settings) -> dg.AssetSpec:
    """Made by disclosure control, from the tables of its own layer."""
    schema = group_of(HIDDEN_CELLS)
    return dg.AssetSpec(
        table_key(HIDDEN_CELLS),
        deps=_sources(HIDDEN_CELLS),
        description="Welche Zahlen nicht veröffentlicht werden, weil sich aus ihnen kleine Anzahlen errechnen ließen.",
        group_name=schema,
        owners=[OWNER],
        kinds={"duckdb"},
        metadata=_page(schema, settings),
    )


def _table_spec(model: SqlModel, settings: Settings) -> dg.AssetSpec:
    return dg.AssetSpec(
        table_key(model.full_name),
        deps=_sources(model.full_name),
        description=model.description,
        group_name=group_of(model.full_name),
        owners=[OWNER],
        kinds={"sql", "duckdb"},
        code_version=model.code_version,
        freshness_policy=BUILT_POLICY if model.schema == PUBLISHED else None,
        metadata=declared_metadata(
            {
                "Herkunft der Spalten": dg.MetadataValue.md(lineage_text(model.full_name)),
                "SQL": dg.MetadataValue.md(f"```sql\n{model.sql.strip()}\n```"),
                **_page(group_of(model.full_name), settings),
                **({COLUMN_LINEAGE: lineage} if (lineage := table_lineage(model.full_name)) else {}),
            },
            "definition",
        ),
    )
