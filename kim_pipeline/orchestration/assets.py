"""The two ops that make all assets: `warehouse` builds the internal file, `publish` the published one.

One op per file, because each file is written on one connection in one transaction, and because Dagster skips whole
steps behind an output that is not made: a programme without new deliveries must not keep the tables from being built.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import dagster as dg

from kim_pipeline.board.page import rows_of_build
from kim_pipeline.board.rows import told_rows
from kim_pipeline.intake.deliveries import Delivery
from kim_pipeline.night import Built, Protected, Published, TakenIn, Tidied, reader, table_models
from kim_pipeline.orchestration.checks import delivery_check_specs, delivery_checks
from kim_pipeline.orchestration.dagster_internals import DATA_VERSION_TAG, tag_run
from kim_pipeline.orchestration.freshness import report_built
from kim_pipeline.orchestration.keys import delivery_key, table_key
from kim_pipeline.orchestration.metadata import (
    declared_metadata,
    delivery_metadata,
    published_metadata,
    table_metadata,
)
from kim_pipeline.orchestration.parts import HIDDEN_CELLS, loaded
from kim_pipeline.orchestration.resources import PUBLISH_OP, WAREHOUSE_OP, NightRun, end_if_last
from kim_pipeline.orchestration.specs import delivery_specs, loaded_specs, published_specs, table_specs
from kim_pipeline.settings import Settings


def warehouse_assets(settings: Settings) -> dg.AssetsDefinition:
    """Deliveries with their checks, the tables about them, and every SQL model of the internal file."""

    @dg.multi_asset(
        name=WAREHOUSE_OP,
        specs=[*delivery_specs(settings), *loaded_specs(settings), *table_specs(settings)],
        check_specs=delivery_check_specs(),
        can_subset=True,
        description="Liest die Lieferungen und baut die interne Datei neu auf.",
    )
    def warehouse(
        context: dg.AssetExecutionContext, night: dg.ResourceParam[NightRun]
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        built = night.reach(Built)
        yield from _changed_deliveries(context, built)
        yield from delivery_checks(built, set(context.selected_asset_check_keys))
        for name in (*loaded(), *(model.full_name for model in table_models())):
            if table_key(name) in context.selected_asset_keys:
                yield _materialised(context, table_key(name), table_metadata(built.tables[name]))
        end_if_last(context, WAREHOUSE_OP, night)

    return warehouse


def published_assets(settings: Settings) -> dg.AssetsDefinition:
    """The tables that analysts get."""

    @dg.multi_asset(
        name=PUBLISH_OP,
        specs=published_specs(settings),
        can_subset=True,
        description="Schreibt die geschützte Datei und schaltet auf sie um.",
    )
    def publish(
        context: dg.AssetExecutionContext, night: dg.ResourceParam[NightRun]
    ) -> Iterator[dg.MaterializeResult[None]]:
        hidden = night.reach(Protected).protection
        if table_key(HIDDEN_CELLS) in context.selected_asset_keys:
            counts = {"Zahlen": hidden.cells, "davon nicht veröffentlicht": hidden.hidden}
            yield _materialised(context, table_key(HIDDEN_CELLS), declared_metadata(counts, "table"))
        published = night.reach(Published)
        for key, metadata in published_metadata(published.build):
            if key in context.selected_asset_keys:
                yield _materialised(context, key, metadata)
        show_board(context, published)
        report_built(context.instance)
        night.reach(Tidied)

    return publish


def show_board(context: dg.AssetExecutionContext, night: Published) -> None:
    """Put the coordinator's board among what a run tells, and in short beside its name in the list of runs."""
    rows = told_rows(rows_of_build(night.build, night.as_of))
    for row in rows:
        context.log.info(f"{row.title}: {row.label} seit {row.since_told}. Am Zug ist {row.turn}: {row.todo}")
    titles: dict[str, list[str]] = {}
    for row in rows:
        titles.setdefault(row.label, []).append(row.programme or row.title)
    tag_run(context.instance, context.run.run_id, {label: ", ".join(names) for label, names in titles.items()})


def _changed_deliveries(context: dg.AssetExecutionContext, night: Built) -> Iterator[dg.MaterializeResult[None]]:
    """The selected programmes whose deliveries are not as they were when their asset was last materialised."""
    selected = {key for key in night.chosen if delivery_key(key) in context.selected_asset_keys}
    changed = selected & changed_programmes(night, context.instance)
    with reader(night) as connection:
        for key in sorted(changed):
            metadata = delivery_metadata(night, key, connection)
            version = dg.DataVersion(content_mark(night.intake.of(key)))
            yield _materialised(context, delivery_key(key), metadata, version)
    same = sorted(selected - changed)
    if same:
        context.log.info(f"unverändert seit der letzten Materialisierung: {', '.join(same)}")


def _materialised(
    context: dg.AssetExecutionContext,
    key: dg.AssetKey,
    metadata: Mapping[str, Any],
    version: dg.DataVersion | None = None,
) -> dg.MaterializeResult[None]:
    """A materialisation; given this way, its metadata are kept once and not in the step's output as well."""
    context.add_asset_metadata(metadata, asset_key=key)
    return dg.MaterializeResult(key, data_version=version)


def changed_programmes(night: TakenIn, instance: dg.DagsterInstance) -> set[str]:
    """Programmes whose deliveries the event log does not know as they are; in a full run, all that have some.

    A programme that never delivered anything is not new.
    """
    delivered = {key for key in night.chosen if night.intake.of(key)}
    if night.full:
        return delivered
    marks = {key: content_mark(night.intake.of(key)) for key in night.chosen}
    known = _known_marks(instance, marks)
    return {key for key, mark in marks.items() if known.get(key) != mark and (key in delivered or key in known)}


def content_mark(deliveries: Iterable[Delivery]) -> str:
    """Tells whether a programme's deliveries are the same as before.

    What the code makes of them does not count: a new version of the program brings no new delivery. That one is held,
    or no longer is, does.
    """
    digest = hashlib.sha256()
    for d in deliveries:
        held = "\0held" if d.held else ""
        digest.update(f"{d.file}\0{d.sha256}\0{d.problem}{held}\n".encode())
    return digest.hexdigest()[:16]


def _known_marks(instance: dg.DagsterInstance, programmes: Iterable[str]) -> dict[str, str]:
    """Programme → content mark of its last materialisation."""
    found = {}
    for key in programmes:
        event = instance.get_latest_materialization_event(delivery_key(key))
        materialisation = event.asset_materialization if event else None
        if materialisation is not None and materialisation.tags:
            found[key] = materialisation.tags.get(DATA_VERSION_TAG, "")
    return found
