"""Dagster: assets, checks, jobs. The only folder that imports dagster.

Belongs here: what the Dagster UI shows and when it is materialised. Does not belong here: any work on data; that is
`kim_pipeline.night` and below, which know nothing of Dagster.
"""

from kim_pipeline.orchestration.definitions import NIGHTLY, build_defs

__all__ = ["NIGHTLY", "build_defs"]
