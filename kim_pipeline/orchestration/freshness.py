"""What counts as fresh: the published tables when built in the last night.

Dagster's own daemon asks when an asset was materialised last; what counts here is when the build was made that readers
get, whichever run made it. So the state is set from that, and the daemon is off (`dagster.yaml`). Deliveries have no
policy: Dagster knows only rules about times of materialisation, and would show one that nobody applies. Whether a
delivery is due says its check `delivered_on_time`.
"""

from __future__ import annotations

import datetime as dt

import dagster as dg

from kim_pipeline.orchestration.dagster_internals import FreshnessState, set_freshness
from kim_pipeline.orchestration.keys import published_keys
from kim_pipeline.orchestration.schedules import BUILT_BY, BUILT_WITHIN, last_night
from kim_pipeline.settings import ZONE

BUILT_POLICY = dg.FreshnessPolicy.cron(f"0 {BUILT_BY.hour} * * *", BUILT_WITHIN, ZONE.key)


def report_built(instance: dg.DagsterInstance) -> None:
    """Let Dagster know that the published tables have just been built."""
    report_build(instance, FreshnessState.PASS)


def report_build(instance: dg.DagsterInstance, state: FreshnessState) -> list[dg.AssetKey]:
    """Let Dagster know how fresh the published tables are; those whose state changed."""
    return set_freshness(instance, dict.fromkeys(published_keys(), state))


def build_state(built_at: dt.datetime | None, now: dt.datetime) -> FreshnessState:
    """Whether the build is that of the last night that is over."""
    if built_at is None:
        return FreshnessState.UNKNOWN
    return FreshnessState.PASS if built_at >= last_night(now)[0] else FreshnessState.FAIL
