"""Names: which asset a programme or a table is."""

from __future__ import annotations

import dagster as dg

from kim_pipeline.night import published_models
from kim_pipeline.orchestration import parts

BUILD_INFO_KEY = dg.AssetKey(parts.BUILD_INFO.split("."))
DELIVERY_STATUS = dg.AssetKey([parts.PUBLISHED, "delivery_status"])
INDICATOR_VALUE = dg.AssetKey([parts.PUBLISHED, "indicator_value"])


def delivery_key(programme: str) -> dg.AssetKey:
    """The asset of a programme's deliveries."""
    return table_key(parts.deliveries_of(programme))


def table_key(full_name: str) -> dg.AssetKey:
    """The asset of a table `schema.table`."""
    return dg.AssetKey(full_name.split("."))


def published_keys() -> list[dg.AssetKey]:
    """The assets of the published file."""
    return [BUILD_INFO_KEY, *(table_key(model.full_name) for model in published_models())]


def source_key(full_name: str) -> dg.AssetKey | None:
    """The asset that a table named in the SQL belongs to; None for the tables that are no assets of their own."""
    source = parts.source_of(full_name)
    return table_key(source) if source in parts.parents() else None
