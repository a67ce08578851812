"""The run that all ops share, as a Dagster resource; it holds the warehouse from the first op to the last.

All ops of a run are in one process (the in-process executor), so they share one `Night`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import cast

import dagster as dg

from kim_pipeline.night import Night
from kim_pipeline.orchestration.keys import delivery_key
from kim_pipeline.settings import Settings

NIGHT = "night"
WAREHOUSE_OP, CHECK_OP, PUBLISH_OP = "warehouse", "checks", "publish"
_ORDER = (WAREHOUSE_OP, CHECK_OP, PUBLISH_OP)
_DATA_VERSION_TAG = "dagster/data_version"
_CONFIG = {
    "as_of": dg.Field(str, is_required=False, description="Stichtag JJJJ-MM-TT für Fälligkeiten; sonst heute."),
    "full": dg.Field(bool, default_value=False, description="Alle Lieferungen neu lesen, auch unveränderte."),
    "accept_missing": dg.Field(
        [str], default_value=[], description="Programme, deren bisher zählende Lieferungen alle fehlen dürfen."
    ),
}


def night_resource(settings: Settings) -> dg.ResourceDefinition:
    """The resource; the run fails in German if another one holds the warehouse."""

    @dg.resource(config_schema=_CONFIG, description="Der Lauf einer Nacht; hält das Warehouse, bis er endet.")
    def night(context: dg.InitResourceContext) -> Iterator[Night]:
        config = cast("Mapping[str, object]", context.resource_config)
        as_of = dt.date.fromisoformat(str(config["as_of"])) if "as_of" in config else None
        accepted = cast("list[str]", config["accept_missing"])
        with Night(settings, as_of, full=bool(config["full"]), accept_missing=accepted).locked() as held:
            yield held

    return night


def night_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Night:
    """The run that an op belongs to."""
    return cast("Night", getattr(context.resources, NIGHT))


def publish_if_last(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, op: str) -> None:
    """Publish, if no later op of this run does: every run ends with what the whole run gives.

    Raises:
        CheckFailedError: a blocking check finds offending rows.
    """
    steps = context.run.step_keys_to_execute
    later = _ORDER[_ORDER.index(op) + 1 :]
    if not any(context.job_def.has_node_named(name) and (not steps or name in steps) for name in later):
        _ = night_of(context).published


def changed_programmes(night: Night, instance: dg.DagsterInstance) -> set[str]:
    """Programmes whose deliveries are not as they were when their asset was last materialised.

    The event log tells, where it outlives the run: only so does each control room see every delivery once. A run
    without one asks the warehouse folder. A programme that never delivered anything is not new.
    """
    marks = {key: night.content_mark(key) for key in night.chosen}
    if night.full:
        return {key for key in marks if night.intake.of(key)}
    seen = night.seen_before() if instance.is_ephemeral else _materialised(instance, marks)
    return {key for key, mark in marks.items() if seen.get(key) != mark and (night.intake.of(key) or key in seen)}


def _materialised(instance: dg.DagsterInstance, programmes: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for key in programmes:
        event = instance.get_latest_materialization_event(delivery_key(key))
        materialisation = event.asset_materialization if event else None
        if materialisation is not None and materialisation.tags:
            found[key] = materialisation.tags.get(_DATA_VERSION_TAG, "")
    return found
