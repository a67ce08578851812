"""`kim run`: the nightly job, told on the terminal and in a log of its own."""

from __future__ import annotations

import datetime as dt
import logging
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kim_pipeline.commands.common import (
    INTERRUPTED,
    DeliveriesOption,
    WarehouseOption,
    fail,
    known_programmes,
    parsed_day,
    require_inputs,
    settings_from,
    wrong,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from kim_pipeline.night import Night, Tidied
    from kim_pipeline.settings import Settings
    from kim_pipeline.warehouse.checks import Check

_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def run(
    *,
    deliveries: DeliveriesOption = None,
    warehouse: WarehouseOption = None,
    full: Annotated[
        bool, typer.Option("--full", metavar=" ", help="Alle Lieferungen neu lesen, auch unveränderte.")
    ] = False,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATUM", help="Stichtag für Fälligkeiten, JJJJ-MM-TT. [Vorgabe: heute]"),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Nur dieses Programm, diese Schicht (core, indicators …) oder diese Prüfung; mehrfach möglich. "
            "Gebaut und veröffentlicht wird immer alles.",
        ),
    ] = None,
    accept_missing: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PROGRAMM",
            help="Auch veröffentlichen, wenn von diesem Programm alles fehlt, was bisher zählte; mehrfach möglich.",
        ),
    ] = None,
) -> None:
    """Der nächtliche Lauf: Lieferungen lesen, Tabellen bauen, prüfen, veröffentlichen."""
    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.night import Night  # noqa: PLC0415
    from kim_pipeline.settings import today  # noqa: PLC0415

    settings = settings_from(deliveries=deliveries, warehouse=warehouse)
    day, chosen = parsed_day(as_of) or today(), _known_parts(only)
    accepted = frozenset(known_programmes(accept_missing) or ())
    require_inputs(settings)
    out = terminal.console()
    night = Night(settings=settings, as_of=day, full=full, only=chosen, accept_missing=accepted)
    raise typer.Exit(_run(night, out))


def _known_parts(given: list[str] | None) -> frozenset[str] | None:
    """The given names, None for none; ends with code 2 where one is no part of the run."""
    from kim_pipeline.orchestration.parts import part_names  # noqa: PLC0415

    if not given:
        return None
    parts = part_names()
    unknown = [name for name in given if not any(name in names for names in parts.values())]
    if unknown:
        there = "\n".join(f"{kind}: {', '.join(names)}" for kind, names in parts.items())
        wrong(f"„{unknown[0]}“ ist weder Programm noch Schicht noch Prüfung. Es gibt:\n{there}")
    return frozenset(given)


@dataclass
class _Course:
    """How far a night has come, and what ended it."""

    night: Night
    ended_by: Exception | None = None


def _run(night: Night, out: Console) -> int:
    from kim_pipeline.commands import terminal  # noqa: PLC0415

    progress = terminal.RunProgress(out, night.chosen)
    course = _Course(replace(night, progress=progress))
    log: Path | None = None
    try:
        with night.warehouse.lock(), _logged(night.settings) as log:
            with progress:
                finished = _kept_by_dagster(course) if night.settings.keeps_runs else _alone(course)
            if finished is not None:
                _report(finished, out, log)
        if finished is not None:
            _tell(course)
            return 0
    except KeyboardInterrupt:
        fail(f"Abgebrochen. {_what_stands(course.night)}")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  (a night ends with a sentence; the log has the rest)
        course.ended_by = course.ended_by or error
    return _failed(course, log)


def _alone(course: _Course) -> Tidied | None:
    """The night without Dagster, which is not even loaded."""
    from kim_pipeline.night import Tidied, stages  # noqa: PLC0415

    for reached in stages(course.night):
        course.night = reached
    return course.night if isinstance(course.night, Tidied) else None


def _kept_by_dagster(course: _Course) -> Tidied | None:
    """The night as a run that the control room's instance keeps; None where it failed."""
    from kim_pipeline.night import Tidied  # noqa: PLC0415
    from kim_pipeline.orchestration.resources import NightRun  # noqa: PLC0415
    from kim_pipeline.orchestration.runs import run_nightly  # noqa: PLC0415

    under_way = NightRun(course.night)
    try:
        succeeded = run_nightly(under_way)
    finally:
        course.night, course.ended_by = under_way.night, under_way.ended_by
    return course.night if succeeded and isinstance(course.night, Tidied) else None


def _failed(course: _Course, log: Path | None) -> int:
    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.errors import explained  # noqa: PLC0415
    from kim_pipeline.night import Checked  # noqa: PLC0415

    night = course.night
    failed = night.failed if isinstance(night, Checked) else []
    cause = None if failed else explained(course.ended_by, night.settings.warehouse)
    _tell(course)
    unknown = "" if cause else " Bitte die Betreuung informieren."
    code = fail(cause or _what_failed(failed), f"{_what_stands(night)}{unknown}", log)
    if isinstance(night, Checked):
        terminal.places_found(terminal.console(stderr=True), [r for r in night.results if r.check in failed])
    return code


def _tell(course: _Course) -> None:
    """Tell who is to be told that something waits for a person, or that settings are broken, without a control room."""
    import duckdb  # noqa: PLC0415

    from kim_pipeline.errors import ConfigurationError  # noqa: PLC0415
    from kim_pipeline.guard.judging import HeldNightError  # noqa: PLC0415
    from kim_pipeline.orchestration import alerts  # noqa: PLC0415
    from kim_pipeline.orchestration.outbox import Outbox  # noqa: PLC0415

    settings, as_of, cause = course.night.settings, course.night.as_of, course.ended_by
    if settings.keeps_runs:
        return
    try:
        if isinstance(cause, HeldNightError):
            Outbox(settings).put(alerts.stopped_night(as_of, cause.public))
        elif isinstance(cause, ConfigurationError):
            Outbox(settings).put(alerts.broken_configuration(as_of, str(cause)))
        alerts.tell_waiting(settings, as_of)
    except (OSError, duckdb.Error) as error:
        logging.getLogger(__name__).warning("what waits could not be told (%s)", type(error).__name__)


def _what_stands(night: Night) -> str:
    from kim_pipeline.night import is_published  # noqa: PLC0415

    if is_published(night):
        return "Der neue Datenbestand ist trotzdem veröffentlicht."
    return "Der veröffentlichte Datenbestand ist unverändert."


def _report(night: Tidied, out: Console, log: Path) -> None:
    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.contracts.vocabulary import vocabulary  # noqa: PLC0415
    from kim_pipeline.errors import explained  # noqa: PLC0415
    from kim_pipeline.night import summary  # noqa: PLC0415
    from kim_pipeline.orchestration.parts import concerns  # noqa: PLC0415
    from kim_pipeline.protection.audit_of_file import warnings_of  # noqa: PLC0415

    chosen = [d for d in night.intake.deliveries if d.programme in night.chosen]
    terminal.run_summary(out, summary(night))
    terminal.rejected_deliveries(out, chosen)
    terminal.held_deliveries(out, night.judgement.held)
    terminal.skipped_files(out, night.intake.skipped)
    terminal.unknown_folders(out, night.settings.deliveries, night.intake.unknown)
    terminal.conspicuous(out, [result for result in night.warned if concerns(result.check, night.only)])
    for fault in vocabulary().county.warnings:
        out.print(f"Ordner des Kreises: {fault}", markup=False)
    terminal.results(out, night.settings.warehouse, log, night.protection)
    for sentence in warnings_of(night.audit):
        out.print(sentence, markup=False)
    if night.untidy is not None:
        cause = explained(night.untidy, night.settings.warehouse) or "Bitte die Betreuung informieren."
        out.print(f"Veröffentlicht, aber das Aufräumen danach ist nicht gelungen. {cause}", markup=False)


def _what_failed(failed: list[Check]) -> str:
    if failed:
        names = ", ".join(f"{check.name} ({check.description})" for check in failed)
        return f"Der Lauf ist fehlgeschlagen, weil eine Prüfung nicht bestanden ist: {names}"
    return "Der Lauf ist fehlgeschlagen."


class _RunLog(logging.FileHandler):
    """The log of a run; where it cannot be written, because the disk is full, the run goes on without."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Say nothing: what hinders the log hinders the run too, and that is told at its end."""

    def close(self) -> None:
        """As the base class; what cannot be written any more is lost."""
        with suppress(OSError):
            super().close()


@contextmanager
def _logged(settings: Settings) -> Iterator[Path]:
    """Write the log of this run; older ones than the settings keep are removed."""
    from kim_pipeline.files import private_folder  # noqa: PLC0415
    from kim_pipeline.publishing.keeping.purge import old_logs  # noqa: PLC0415

    private_folder(settings.logs)
    for old in old_logs(settings, settings.keep_logs - 1):
        old.unlink()
    path = settings.logs / f"run_{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S%fZ}.log"
    path.touch(mode=0o600)
    handler = _RunLog(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter(_LOG_FORMAT))
    ours = logging.getLogger("kim_pipeline")
    before = ours.level
    ours.setLevel(logging.INFO)
    logging.getLogger().addHandler(handler)
    logging.captureWarnings(capture=True)
    try:
        yield path
    except Exception:
        ours.exception("the run failed")
        raise
    finally:
        logging.captureWarnings(capture=False)
        logging.getLogger().removeHandler(handler)
        ours.setLevel(before)
        handler.close()
