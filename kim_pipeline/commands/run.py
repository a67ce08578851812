"""`kim run`: the nightly job, told on the terminal and in a log of its own."""

from __future__ import annotations

import datetime as dt
import logging
from contextlib import contextmanager, suppress
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

    from kim_pipeline.night import Night
    from kim_pipeline.settings import Settings

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

    settings = settings_from(deliveries=deliveries, warehouse=warehouse)
    today, chosen = parsed_day(as_of), _known_parts(only, settings)
    accepted = known_programmes(accept_missing)
    require_inputs(settings)
    night = Night(settings, today, full=full, only=chosen, accept_missing=accepted or ())
    raise typer.Exit(_run(night, terminal.console()))


def _known_parts(given: list[str] | None, settings: Settings) -> list[str] | None:
    """The given names, None for none; ends with code 2 where one is no part of the run."""
    from kim_pipeline.contracts import programmes  # noqa: PLC0415

    if not given or set(given) <= set(programmes()):
        return given or None
    from kim_pipeline.orchestration.runner import known_parts  # noqa: PLC0415

    parts = known_parts(settings)
    unknown = [name for name in given if not any(name in names for names in parts.values())]
    if unknown:
        there = "\n".join(f"{kind}: {', '.join(names)}" for kind, names in parts.items())
        wrong(f"„{unknown[0]}“ ist weder Programm noch Schicht noch Prüfung. Es gibt:\n{there}")
    return given


def _run(night: Night, out: Console) -> int:
    from kim_pipeline.commands import terminal  # noqa: PLC0415

    progress = terminal.RunProgress(out, night.chosen)
    night.on_progress(progress)
    log: Path | None = None
    try:
        with night.locked(), _logged(night.settings) as log:
            with progress:
                from kim_pipeline.orchestration.runner import run_nightly  # noqa: PLC0415

                succeeded = run_nightly(night)
            if succeeded:
                _report(night, out, log)
                return 0
    except KeyboardInterrupt:
        fail(f"Abgebrochen. {_what_stands(night)}")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  (a night ends with a sentence; the log has the rest)
        return _failed(night, error, log)
    return _failed(night, None, log)


def _failed(night: Night, error: Exception | None, log: Path | None) -> int:
    from kim_pipeline.errors import told  # noqa: PLC0415

    cause = None if night.failed else told(night.ended_by or error, night.settings.warehouse)
    _alert_of_missing(night)
    unknown = "" if cause else " Bitte die Betreuung informieren."
    return fail(cause or _what_failed(night), f"{_what_stands(night)}{unknown}", log)


def _alert_of_missing(night: Night) -> None:
    """Tell who is to be told that deliveries are gone, where no control room does."""
    from kim_pipeline.guard.missing import MissingDeliveriesError  # noqa: PLC0415
    from kim_pipeline.orchestration.alerts import Alert, Outbox  # noqa: PLC0415
    from kim_pipeline.orchestration.runner import keeps_runs  # noqa: PLC0415

    if not isinstance(night.ended_by, MissingDeliveriesError) or keeps_runs(night.settings):
        return
    outbox = Outbox(night.settings)
    outbox.put(
        Alert(
            event=f"missing {night.as_of}",
            title="Lieferungen fehlen; nichts ist veröffentlicht",
            happened=str(night.ended_by),
            about="Veröffentlicht bleibt der letzte gute Datenbestand; nichts ist entfernt.",
            turn="Die Betreuung des Datenbestands.",
            todo="Den Ordner der Lieferungen prüfen und den Lauf wiederholen.",
        )
    )
    outbox.send()


def _what_stands(night: Night) -> str:
    if night.is_published:
        return "Der neue Datenbestand ist trotzdem veröffentlicht."
    return "Der veröffentlichte Datenbestand ist unverändert."


def _report(night: Night, out: Console, log: Path) -> None:
    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.errors import told  # noqa: PLC0415
    from kim_pipeline.night import summary  # noqa: PLC0415

    chosen = [d for d in night.intake.deliveries if d.programme in night.chosen]
    terminal.run_summary(out, summary(night))
    terminal.rejected_deliveries(out, chosen)
    terminal.skipped_files(out, night.intake.skipped)
    terminal.unknown_folders(out, night.settings.deliveries, night.intake.unknown)
    terminal.conspicuous(out, night.warned)
    terminal.results(out, night.settings.warehouse, log, night.protected)
    if night.untidy is not None:
        cause = told(night.untidy, night.settings.warehouse) or "Bitte die Betreuung informieren."
        out.print(f"Veröffentlicht, aber das Aufräumen danach ist nicht gelungen. {cause}", markup=False)


def _what_failed(night: Night) -> str:
    if night.failed:
        names = ", ".join(f"{check.name} ({check.description})" for check in night.failed)
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
