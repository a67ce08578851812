"""The run that all ops share, as a Dagster resource; it holds the warehouse from the first op to the last.

All ops of a run are in one process (the in-process executor), so they share one `NightRun`, which does each step of
the night once, when an op first asks for what it gives. A run of any part ends with what the whole run gives.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import dagster as dg
from pydantic import Field

from kim_pipeline.errors import explained
from kim_pipeline.night import Night, Stage, Tidied, stages
from kim_pipeline.orchestration.dagster_internals import executes
from kim_pipeline.settings import Settings, today

NIGHT = "night"
WAREHOUSE_OP, CHECK_OP, PUBLISH_OP = "warehouse", "checks", "publish"
_ORDER = (WAREHOUSE_OP, CHECK_OP, PUBLISH_OP)


class NightRun:
    """A night under way.

    Attributes:
        night: its record, as far as it has come.
        ended_by: the error that ended it; Dagster keeps only the text of one.
    """

    def __init__(self, night: Night, lock: AbstractContextManager[None] | None = None) -> None:
        """Begin.

        Args:
            night: the run.
            lock: holds the warehouse from the first step to `end`; None where the caller holds it.
        """
        self.night = night
        self.ended_by: Exception | None = None
        self._steps = stages(night)
        self._lock = lock
        self._held = ExitStack()

    def reach(self, stage: type[Stage]) -> Stage:
        """The record at a stage; the steps that lead there are done now, unless they are done already.

        Raises:
            Failure: a step ended, now or before, for a reason that can be told to people.
            Exception: what else ended a step.
        """
        if self.ended_by is None:
            try:
                return self._go_on_to(stage)
            except Exception as error:  # noqa: BLE001  (kept for those who tell people, and raised below)
                self.ended_by = error
        sentence = explained(self.ended_by, self.night.settings.warehouse, to_all=True)
        if sentence is None:
            raise self.ended_by
        raise dg.Failure(sentence) from self.ended_by

    def _go_on_to(self, stage: type[Stage]) -> Stage:
        if self._lock is not None:
            self._held.enter_context(self._lock)
            self._lock = None
        while not isinstance(self.night, stage):
            self.night = next(self._steps)
        return self.night

    def end(self) -> None:
        """Let others have the warehouse, if it is held here."""
        self._held.close()


class NightResource(dg.ConfigurableResource[NightRun]):
    """Der Lauf einer Nacht; hält das Warehouse, bis er endet."""

    settings: dg.ResourceDependency[Settings]
    as_of: str | None = Field(default=None, description="Stichtag JJJJ-MM-TT für Fälligkeiten; sonst heute.")
    full: bool = Field(default=False, description="Alle Lieferungen neu lesen, auch unveränderte.")
    accept_missing: list[str] = Field(
        default=[], description="Programme, deren bisher zählende Lieferungen alle fehlen dürfen."
    )

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[NightRun]:
        """One night for all ops of a run."""
        night = Night(
            settings=self.settings,
            as_of=dt.date.fromisoformat(self.as_of) if self.as_of else today(),
            full=self.full,
            accept_missing=frozenset(self.accept_missing),
        )
        under_way = NightRun(night, night.warehouse.lock())
        try:
            yield under_way
        finally:
            under_way.end()


def end_if_last(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, op: str, under_way: NightRun
) -> None:
    """Publish and tidy up, if no later op of this run does.

    Raises:
        CheckFailedError: a blocking check found offending rows.
    """
    if not any(executes(context, later) for later in _ORDER[_ORDER.index(op) + 1 :]):
        under_way.reach(Tidied)
