"""What counts as fresh: a programme when its delivery is there in time, the published tables when built this night.

Dagster's own daemon asks when an asset was materialised last. For a delivery that is the wrong question: the first
night of a new control room, or a correction of an old period, would make an overdue programme look fresh. So the
policies say when something is due, the state is set from Stand and due day, and that daemon is off (`dagster.yaml`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from itertools import pairwise
from zoneinfo import ZoneInfo

import dagster as dg
import duckdb
from dagster._core.definitions.freshness import FreshnessState, FreshnessStateChange

from kim_pipeline.contracts.calendar import Cadence
from kim_pipeline.orchestration.delivery_checks import Due, due_of
from kim_pipeline.orchestration.keys import delivery_key, published_keys
from kim_pipeline.orchestration.switches import sensor_status
from kim_pipeline.publishing.builds import Warehouse
from kim_pipeline.settings import Settings

ZONE = "Europe/Berlin"
FRESHNESS = "freshness"
_BUILT_BY = dt.time(6)
_BUILT_WITHIN = dt.timedelta(hours=5)
BUILT_BY = dg.FreshnessPolicy.cron(f"0 {_BUILT_BY.hour} * * *", _BUILT_WITHIN, ZONE)
"""The published tables are made between 1 and 6 o'clock; on the days that begin or end summer time, too."""

_SECONDS = 300
_DAY = dt.timedelta(days=1)
_YEAR = 2001
"""Any year that no leap day disturbs."""


def delivery_policy(cadence: Cadence, grace_days: int) -> dg.FreshnessPolicy:
    """A delivery must come between the end of each period and the end of its grace.

    One cron expression states the days after the grace of all obligations of a year. Where they fall on different days
    of their months, the first day of the next month stands for each.
    """
    grace = dt.timedelta(days=grace_days)
    ends = [dt.date(_YEAR - (due.by < due.ends), *due.ends) for due in cadence.dues]
    deadlines = [dt.date(_YEAR, *due.by) + grace + _DAY for due in cadence.dues]
    if len({day.day for day in deadlines}) > 1:
        deadlines = [(day.replace(day=1) + 31 * _DAY).replace(day=1) for day in deadlines]
    since = max(deadline - end for deadline, end in zip(deadlines, ends, strict=True))
    months = ",".join(str(month) for month in sorted({day.month for day in deadlines}))
    return dg.FreshnessPolicy.cron(f"0 0 {deadlines[0].day} {months} *", min(since, _gap(deadlines)), ZONE)


def _gap(deadlines: list[dt.date]) -> dt.timedelta:
    """A little less than the shortest time between two deadlines: no window may reach over the one before."""
    days = sorted(day.replace(year=_YEAR) for day in deadlines)
    return min(later - earlier for earlier, later in pairwise([*days, days[0].replace(year=_YEAR + 1)])) - _DAY


def report_deliveries(instance: dg.DagsterInstance, due: Mapping[str, Due], today: dt.date) -> list[dg.AssetKey]:
    """Let Dagster know which deliveries are fresh; the assets whose state changed."""
    return _report(instance, {delivery_key(key): delivery_state(facts, today) for key, facts in due.items()})


def report_built(instance: dg.DagsterInstance) -> None:
    """Let Dagster know that the published tables have just been built."""
    _report(instance, dict.fromkeys(published_keys(), FreshnessState.PASS))


def delivery_state(due: Due, today: dt.date) -> FreshnessState:
    """Fresh until the due day, a warning in the grace, stale after it."""
    if today <= due.due_on:
        return FreshnessState.PASS
    return FreshnessState.WARN if today <= due.late_after else FreshnessState.FAIL


def build_state(built_at: dt.datetime | None, now: dt.datetime) -> FreshnessState:
    """Whether the build is that of the last night that is over."""
    if built_at is None:
        return FreshnessState.UNKNOWN
    return FreshnessState.PASS if built_at >= last_night(now)[0] else FreshnessState.FAIL


def last_night(now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """Beginning and end (UTC) of the hours in which the last night that is over had to build."""
    local = now.astimezone(ZoneInfo(ZONE))
    day = local.date() if local.time() >= _BUILT_BY else local.date() - _DAY
    deadline = dt.datetime.combine(day, _BUILT_BY, ZoneInfo(ZONE)).astimezone(dt.UTC)
    return deadline - _BUILT_WITHIN, deadline


def _report(instance: dg.DagsterInstance, states: Mapping[dg.AssetKey, FreshnessState]) -> list[dg.AssetKey]:
    known = instance.get_freshness_state_records(list(states))
    changed = []
    for key, state in states.items():
        before = known[key].freshness_state if key in known else FreshnessState.UNKNOWN
        if before != state:
            now = dt.datetime.now(dt.UTC).timestamp()
            change = FreshnessStateChange(key=key, previous_state=before, new_state=state, state_change_timestamp=now)
            instance.report_runless_asset_event(change)
            changed.append(key)
    return changed


def freshness_sensor(settings: Settings, now: Callable[[], dt.datetime] | None = None) -> dg.SensorDefinition:
    """Let time pass: what was fresh at the last run may be due now."""

    @dg.sensor(
        name=FRESHNESS,
        minimum_interval_seconds=_SECONDS,
        default_status=sensor_status(settings),
        description="Hält fest, was nicht mehr frisch ist: fällige Lieferungen und den Datenbestand einer Nacht ohne "
        "Lauf.",
    )
    def freshness(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        at = now() if now else dt.datetime.now(dt.UTC)
        internal = settings.warehouse / "internal.duckdb"
        if not internal.exists():
            return dg.SkipReason("Noch ist nichts gebaut.")
        with duckdb.connect(str(internal), read_only=True) as connection:
            due = due_of(connection)
        changed = report_deliveries(context.instance, due, at.astimezone(ZoneInfo(ZONE)).date())
        built = build_state(built_at(settings), at)
        changed += _report(context.instance, dict.fromkeys(published_keys(), built))
        return dg.SkipReason(f"geändert: {', '.join(key.to_user_string() for key in changed) or 'nichts'}")

    return freshness


def built_at(settings: Settings) -> dt.datetime | None:
    """When what readers get was built, whichever run did it; None before the first build."""
    current = Warehouse(settings.warehouse).current()
    return current.made_at if current else None
