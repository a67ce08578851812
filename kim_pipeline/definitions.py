"""What `dagster dev` and the daemon load."""

from kim_pipeline.orchestration.definitions import build_defs

defs = build_defs()
