"""Names: which asset a programme or a table is."""

from __future__ import annotations

from functools import cache

import dagster as dg

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.model import Programme, Table
from kim_pipeline.night import published_models, table_models
from kim_pipeline.warehouse.build import loaded_tables

DELIVERIES, QUALITY, STAGING, PUBLISHED = "deliveries", "quality", "staging", "published"
HIDDEN_CELLS = "disclosure.hidden_cell"
BUILD_INFO, INDICATOR_VALUE = dg.AssetKey([PUBLISHED, "build_info"]), dg.AssetKey([PUBLISHED, "indicator_value"])


def delivery_key(programme: str) -> dg.AssetKey:
    """The asset of a programme's deliveries."""
    return dg.AssetKey([DELIVERIES, programme])


def group_of(full_name: str) -> str:
    """The group of a table: a staging table belongs to its programme, as its deliveries do, any other to its layer."""
    schema, name = full_name.split(".")
    return accepted_table(name)[0].key if schema == STAGING else schema


def table_key(full_name: str) -> dg.AssetKey:
    """The asset of a table `schema.table`."""
    return dg.AssetKey(full_name.split("."))


def published_keys() -> list[dg.AssetKey]:
    """The assets of the published file."""
    return [BUILD_INFO, *(table_key(model.full_name) for model in published_models())]


@cache
def loaded_assets() -> dict[str, str]:
    """Tables that are loaded and not selected, `schema.table` → German description.

    Which delivery counts for which days is no asset of its own: every staging table would seem to be made from the
    deliveries of all programmes.
    """
    return {name: texts["_"] for name, texts in loaded_tables().items() if name != f"{QUALITY}.counting_window"}


def parent_key(full_name: str) -> dg.AssetKey | None:
    """The asset that a table named in the SQL belongs to; None for the tables that are no assets of their own."""
    schema, name = full_name.split(".")
    if schema == "accepted":
        programme, _ = accepted_table(name)
        return delivery_key(programme.key)
    return table_key(full_name) if full_name in _assets() else None


@cache
def _assets() -> frozenset[str]:
    """Every table that is an asset."""
    of_models = [model.full_name for model in (*table_models(), *published_models())]
    return frozenset([*of_models, *loaded_assets(), HIDDEN_CELLS])


def accepted_table(name: str) -> tuple[Programme, Table]:
    """Programme and table of `accepted.<programme>_<table>`."""
    return next((p, t) for p in programmes().values() for t in p.tables if f"{p.key}_{t.name}" == name)
