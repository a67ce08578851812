"""Dagster: assets, checks, jobs. The only folder that imports dagster."""
