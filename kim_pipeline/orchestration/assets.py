"""The two ops that make all assets: `warehouse` builds the internal file, `publish` the published one.

One op per file, because each file is written on one connection in one transaction, and because Dagster skips whole
steps behind an output that is not made: a programme without new deliveries must not keep the tables from being built.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from kim_pipeline.intake.intake import Intake
from kim_pipeline.night import Night, table_models
from kim_pipeline.orchestration.delivery_checks import delivery_check_specs, delivery_checks, due_of
from kim_pipeline.orchestration.freshness import report_built, report_deliveries
from kim_pipeline.orchestration.keys import (
    BUILD_INFO,
    HIDDEN_CELLS,
    INDICATOR_VALUE,
    delivery_key,
    loaded_assets,
    published_keys,
    table_key,
)
from kim_pipeline.orchestration.metadata import delivery_metadata, figures_metadata, table_metadata
from kim_pipeline.orchestration.resources import (
    NIGHT,
    PUBLISH_OP,
    WAREHOUSE_OP,
    changed_programmes,
    night_of,
    publish_if_last,
)
from kim_pipeline.orchestration.specs import delivery_specs, loaded_specs, published_specs, table_specs
from kim_pipeline.settings import Settings
from kim_pipeline.warehouse.diff import KINDS
from kim_pipeline.warehouse.load import summary_counts

_COUNTS = {
    "counted": "Lieferungen, die zählen",
    "superseded": "Lieferungen, ersetzt",
    "rejected": "Lieferungen, zurückgewiesen",
    "rows_read": "Zeilen gelesen",
    "accepted": "Zeilen angenommen",
    "quarantined": "Zeilen in Quarantäne",
    "total": "Summenzeilen",
    "note": "Notizzeilen",
    "findings_error": "Befunde: Fehler",
    "findings_warning": "Befunde: Warnungen",
    "findings_notice": "Befunde: Hinweise",
}


def warehouse_assets(settings: Settings) -> dg.AssetsDefinition:
    """Deliveries with their checks, the tables about them, and every SQL model of the internal file."""

    @dg.multi_asset(
        name=WAREHOUSE_OP,
        specs=[*delivery_specs(settings), *loaded_specs(settings), *table_specs(settings)],
        check_specs=delivery_check_specs(),
        can_subset=True,
        required_resource_keys={NIGHT},
        description="Liest die Lieferungen und baut die interne Datei neu auf.",
    )
    def warehouse(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        night = night_of(context)
        _tell(context, night.intake)
        tables = [*loaded_assets(), *(model.full_name for model in table_models())]
        yield from _deliveries(context, night)
        for name in tables:
            if table_key(name) in context.selected_asset_keys:
                yield _made(context, table_key(name), table_metadata(night.tables[name]))
        publish_if_last(context, WAREHOUSE_OP)

    return warehouse


def _deliveries(
    context: dg.AssetExecutionContext, night: Night
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """The selected programmes whose deliveries changed, and the selected checks whether they did or not."""
    selected = {key for key in night.chosen if delivery_key(key) in context.selected_asset_keys}
    changed = selected & changed_programmes(night, context.instance)
    with night.reader() as connection:
        for key in sorted(selected):
            night.note_seen(key)
            if key in changed:
                metadata = delivery_metadata(night, key, connection)
                yield _made(context, delivery_key(key), metadata, dg.DataVersion(night.content_mark(key)))
        yield from delivery_checks(night, connection, set(context.selected_asset_check_keys))
        report_deliveries(context.instance, due_of(connection), night.as_of)
    same = sorted(selected - changed)
    if same:
        context.log.info(f"unverändert seit der letzten Materialisierung: {', '.join(same)}")


def _made(
    context: dg.AssetExecutionContext,
    key: dg.AssetKey,
    metadata: Mapping[str, Any],
    version: dg.DataVersion | None = None,
) -> dg.MaterializeResult[None]:
    """A materialisation; given this way, its metadata are kept once and not in the step's output as well."""
    context.add_asset_metadata(metadata, asset_key=key)
    return dg.MaterializeResult(key, data_version=version)


def _tell(context: dg.AssetExecutionContext, intake: Intake) -> None:
    counts = summary_counts(intake.deliveries)
    read_anew = sum(1 for d in intake.deliveries if d.parsed)
    told = "; ".join(f"{label}: {counts[name]}" for name, label in _COUNTS.items() if name in counts)
    context.log.info(f"{len(intake.deliveries)} Lieferungen, davon {read_anew} neu gelesen. {told}")
    if intake.unknown:
        context.log.warning(f"gehört zu keinem Programm: {', '.join(intake.unknown)}")


def published_assets(settings: Settings) -> dg.AssetsDefinition:
    """The tables that analysts get."""

    @dg.multi_asset(
        name=PUBLISH_OP,
        specs=published_specs(settings),
        can_subset=True,
        required_resource_keys={NIGHT},
        description="Schreibt die geschützte Datei und schaltet auf sie um.",
    )
    def publish(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        night = night_of(context)
        if table_key(HIDDEN_CELLS) in context.selected_asset_keys:
            protection = night.protected
            counts = {"Zahlen": protection.cells, "davon nicht veröffentlicht": protection.hidden}
            yield _made(context, table_key(HIDDEN_CELLS), counts)
        published = night.published
        for key in published_keys():
            if key in context.selected_asset_keys:
                metadata = table_metadata(published[key.path[-1]])
                yield _made(context, key, {**metadata, **_more_metadata(key, night)})
        report_built(context.instance)

    return publish


def _more_metadata(key: dg.AssetKey, night: Night) -> Mapping[str, Any]:
    if key == BUILD_INFO:
        return _build_metadata(night)
    return figures_metadata(night.build.published) if key == INDICATOR_VALUE else {}


def _build_metadata(night: Night) -> dict[str, dg.MetadataValue]:
    counts = summary_counts(night.intake.deliveries)
    found: dict[str, dg.MetadataValue] = {
        label: dg.MetadataValue.int(counts.get(name, 0)) for name, label in _COUNTS.items()
    }
    changes = {label: dg.MetadataValue.int(night.difference.get(kind, 0)) for kind, label in KINDS.items()}
    found.update({f"Geändert: {label}": number for label, number in changes.items()})
    found["Veröffentlichte Datei"] = dg.MetadataValue.path(night.build.published)
    found["Interne Datei"] = dg.MetadataValue.path(night.build.internal)
    found["Fingerabdruck der Lieferungen"] = dg.MetadataValue.text(night.intake.inputs_sha256)
    return found
