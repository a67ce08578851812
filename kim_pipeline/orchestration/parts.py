"""Parts of the nightly job, by the names that people use: a programme, a layer, a check.

Belongs here: which assets a name stands for. A part chooses what a run shows; what is built, checked and published is
always everything.
"""

from __future__ import annotations

from collections.abc import Collection

import dagster as dg

from kim_pipeline.contracts import programmes
from kim_pipeline.orchestration.keys import PUBLISHED, QUALITY, delivery_key


def part_names(job: dg.JobDefinition) -> dict[str, list[str]]:
    """Kind of part, as people call it → the names that there are."""
    graph = job.asset_layer.asset_graph
    groups = {graph.get(key).group_name or "" for key in graph.get_all_asset_keys()}
    return {
        "Programme": list(programmes()),
        "Schichten": sorted(groups - set(programmes())),
        "Prüfungen": sorted({check.name for check in graph.asset_check_keys}),
    }


def assets_of(job: dg.JobDefinition, names: Collection[str]) -> list[dg.AssetKey]:
    """The assets of some parts: what begins there and all that is made from it, and what a check is about.

    The tables about the deliveries and the published ones are always among them.

    Args:
        job: the whole job.
        names: of parts, as in `part_names`.
    """
    graph = job.asset_layer.asset_graph
    begin = {delivery_key(name) for name in names if name in programmes()}
    begin |= {key for key in graph.get_all_asset_keys() if graph.get(key).group_name in set(names) - set(programmes())}
    about = {check.asset_key for check in graph.asset_check_keys if check.name in names}
    shown: dg.AssetSelection = dg.AssetSelection.groups(QUALITY, PUBLISHED)
    for keys, follows in ((begin, True), (about, False)):
        if keys:
            chosen = dg.AssetSelection.assets(*keys)
            shown |= chosen.downstream() if follows else chosen
    return sorted(shown.resolve(graph))
