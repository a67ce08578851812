"""The two ops that make all assets: `warehouse` builds the internal file, `publish` the published one.

One op per file, because each file is written on one connection in one transaction, and because Dagster skips whole
steps behind an output that is not made: a programme without new deliveries must not keep the tables from being built.
"""

from collections.abc import Iterator

import dagster as dg

from kim_pipeline.deliveries.intake import Intake
from kim_pipeline.nightly import Night, published_models, table_models
from kim_pipeline.orchestration.metadata import delivery_metadata, table_metadata
from kim_pipeline.orchestration.night import NIGHT, changed_programmes, night_of
from kim_pipeline.orchestration.specs import (
    BUILD_INFO,
    PUBLISHED,
    QUALITY,
    QUALITY_TABLES,
    delivery_key,
    delivery_specs,
    published_specs,
    quality_specs,
    table_key,
    table_specs,
)
from kim_pipeline.warehouse.load import summary_counts

WAREHOUSE_OP, PUBLISH_OP = "warehouse", "publish"


def warehouse_assets() -> dg.AssetsDefinition:
    """Deliveries, the tables about them, and every SQL model of the internal file."""

    @dg.multi_asset(
        name=WAREHOUSE_OP,
        specs=[*delivery_specs(), *quality_specs(), *table_specs()],
        can_subset=True,
        required_resource_keys={NIGHT},
        description="Liest die Lieferungen und baut die interne Datei neu auf.",
    )
    def warehouse(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        night = night_of(context)
        _tell(context, night.intake)
        tables = [f"{QUALITY}.{name}" for name in QUALITY_TABLES] + [m.full_name for m in table_models()]
        yield from _deliveries(context, night)
        for name in tables:
            if table_key(name) in context.selected_asset_keys:
                yield dg.MaterializeResult(table_key(name), metadata=table_metadata(name, night.tables[name]))
        if not _is_published_later(context):
            _ = night.published

    return warehouse


def _deliveries(context: dg.AssetExecutionContext, night: Night) -> Iterator[dg.MaterializeResult[None]]:
    """The selected programmes whose deliveries changed."""
    selected = {key for key in night.chosen if delivery_key(key) in context.selected_asset_keys}
    changed = selected & changed_programmes(night, context.instance)
    with night.reader() as connection:
        for key in sorted(selected):
            night.note_seen(key)
            if key in changed:
                mark = dg.DataVersion(night.content_mark(key))
                metadata = delivery_metadata(night, key, connection)
                yield dg.MaterializeResult(delivery_key(key), metadata=metadata, data_version=mark)
    same = sorted(selected - changed)
    if same:
        context.log.info(f"unverändert seit der letzten Materialisierung: {', '.join(same)}")


def _tell(context: dg.AssetExecutionContext, intake: Intake) -> None:
    counts = summary_counts(intake.deliveries)
    read_anew = sum(1 for d in intake.deliveries if d.parsed)
    told = ", ".join(f"{name} {number}" for name, number in sorted(counts.items()))
    context.log.info(f"{len(intake.deliveries)} Lieferungen, davon {read_anew} neu gelesen; {told}")
    if intake.unknown:
        context.log.warning(f"gehört zu keinem Programm: {', '.join(intake.unknown)}")


def _is_published_later(context: dg.AssetExecutionContext) -> bool:
    """Whether a later step of this run publishes; if not, this one does, so that every run ends the same way."""
    steps = context.run.step_keys_to_execute
    return context.job_def.has_node_named(PUBLISH_OP) and (not steps or PUBLISH_OP in steps)


def published_assets() -> dg.AssetsDefinition:
    """The tables that analysts get."""

    @dg.multi_asset(
        name=PUBLISH_OP,
        specs=published_specs(),
        can_subset=True,
        required_resource_keys={NIGHT},
        description="Schreibt die geschützte Datei und schaltet auf sie um.",
    )
    def publish(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        night = night_of(context)
        for name in [f"{PUBLISHED}.build_info", *(m.full_name for m in published_models())]:
            key = table_key(name)
            if key in context.selected_asset_keys:
                metadata = table_metadata(name, night.published[key.path[-1]])
                more = _build_metadata(night) if key == BUILD_INFO else {}
                yield dg.MaterializeResult(key, metadata={**metadata, **more})

    return publish


def _build_metadata(night: Night) -> dict[str, dg.MetadataValue]:
    counts = summary_counts(night.intake.deliveries)
    found: dict[str, dg.MetadataValue] = {name: dg.MetadataValue.int(number) for name, number in counts.items()}
    found["Veröffentlichte Datei"] = dg.MetadataValue.path(night.build.published)
    found["Interne Datei"] = dg.MetadataValue.path(night.build.internal)
    found["Fingerabdruck der Lieferungen"] = dg.MetadataValue.text(night.intake.inputs_sha256)
    return found
