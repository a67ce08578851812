"""Dagster: what the control room shows, checks and starts. The only folder that imports dagster.

Belongs here: what the Dagster UI shows and when it is materialised. Does not belong here: any work on data; that is
`kim_pipeline.night` and below, which know nothing of Dagster. `parts` and `alerts` do not load it either: a night that
no control room keeps uses them.
"""
