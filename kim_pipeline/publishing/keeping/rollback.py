"""Going back to an earlier build: what is looked at before, and the switch."""

from __future__ import annotations

from dataclasses import dataclass

from kim_pipeline.publishing.builds import Build, UnknownBuildError, Warehouse
from kim_pipeline.publishing.smoke import check_build


@dataclass(frozen=True)
class Switched:
    """From which build readers were led to which; `before` is None where there was none."""

    before: Build | None
    now: Build


def roll_back(warehouse: Warehouse, name: str | None = None) -> Switched:
    """Let readers open an earlier build, after having read it wholly.

    Args:
        warehouse: which nobody else holds.
        name: the build, see `Warehouse.find`; by default the one before the published one.

    Raises:
        UnknownBuildError: there is no such build.
        DamagedBuildError: it is not sound; what was published still is.
        WarehouseBusyError: a run holds the warehouse.
        OSError: the folder cannot be written to.
    """
    if not warehouse.all_builds():
        raise UnknownBuildError(f"In {warehouse.folder} gibt es noch keinen Datenbestand. kim run baut einen.")
    with warehouse.lock():
        before = warehouse.current()
        target = warehouse.find(name) if name is not None else warehouse.previous()
        check_build(target)
        warehouse.switch(target)
    return Switched(before, target)
