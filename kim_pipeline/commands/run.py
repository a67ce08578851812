"""`kim run`: the nightly job, told on the terminal and in a log of its own."""

from __future__ import annotations

import datetime as dt
import logging
from contextlib import contextmanager
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
    settings_from,
    wrong,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from kim_pipeline.nightly import Night
    from kim_pipeline.settings import Settings

_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def run(
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
        typer.Option(metavar="PROGRAMM", help="Nur dieses Programm zeigen; mehrfach möglich. Gebaut wird immer alles."),
    ] = None,
) -> None:
    """Der nächtliche Lauf: Lieferungen lesen, Tabellen bauen, prüfen, veröffentlichen."""
    from kim_pipeline import terminal  # noqa: PLC0415

    settings = settings_from(deliveries=deliveries, warehouse=warehouse)
    today, chosen = parsed_day(as_of), known_programmes(only)
    _require_inputs(settings)
    out = terminal.console()
    raise typer.Exit(_run(settings, today, chosen, out, full=full))


def _run(settings: Settings, day: dt.date | None, only: list[str] | None, out: Console, *, full: bool) -> int:
    from kim_pipeline import terminal  # noqa: PLC0415
    from kim_pipeline.nightly import Night  # noqa: PLC0415
    from kim_pipeline.publishing.builds import WarehouseBusyError  # noqa: PLC0415

    night = Night(settings, day, full=full, only=only)
    progress = terminal.RunProgress(out, night.chosen)
    night.on_progress(progress)
    try:
        with night.locked(), _logged(settings) as log, progress:
            from kim_pipeline.orchestration.runner import run_nightly  # noqa: PLC0415

            succeeded = run_nightly(night)
    except WarehouseBusyError as error:
        return fail(f"{error} Bitte warten, bis er fertig ist, und dann erneut starten.")
    except KeyboardInterrupt:
        fail("Abgebrochen. Der veröffentlichte Datenbestand ist unverändert.")
        return INTERRUPTED
    if not succeeded:
        return fail(_what_failed(night), log)
    _report(night, out, log)
    return 0


def _report(night: Night, out: Console, log: Path) -> None:
    from kim_pipeline import terminal  # noqa: PLC0415
    from kim_pipeline.nightly import summary  # noqa: PLC0415

    chosen = [d for d in night.intake.deliveries if d.programme in night.chosen]
    terminal.run_summary(out, summary(night))
    terminal.rejected_deliveries(out, chosen)
    terminal.unknown_folders(out, night.settings.deliveries, night.intake.unknown)
    terminal.results(out, night.settings.warehouse, log)


def _what_failed(night: Night) -> str:
    if night.failed:
        names = ", ".join(f"{check.name} ({check.description})" for check in night.failed)
        return f"Der Lauf ist fehlgeschlagen, weil eine Prüfung nicht bestanden ist: {names}"
    return "Der Lauf ist fehlgeschlagen."


@contextmanager
def _logged(settings: Settings) -> Iterator[Path]:
    """Write the log of this run; older ones than the settings keep are removed."""
    folder = settings.warehouse / "logs"
    folder.mkdir(mode=0o700, exist_ok=True)
    for old in sorted(folder.glob("run_*.log"), reverse=True)[settings.keep_logs - 1 :]:
        old.unlink()
    path = folder / f"run_{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S%fZ}.log"
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter(_LOG_FORMAT))
    ours = logging.getLogger("kim_pipeline")
    before = ours.level
    ours.setLevel(logging.INFO)
    logging.getLogger().addHandler(handler)
    logging.captureWarnings(capture=True)
    try:
        yield path
    finally:
        logging.captureWarnings(capture=False)
        logging.getLogger().removeHandler(handler)
        ours.setLevel(before)
        handler.close()


def _require_inputs(settings: Settings) -> None:
    from kim_pipeline.deliveries.intake import load_secret_for  # noqa: PLC0415
    from kim_pipeline.deliveries.personal import KeyFileError  # noqa: PLC0415

    if not settings.deliveries.is_dir():
        wrong(f"Der Ordner der Lieferungen fehlt: {settings.deliveries}. Bitte anlegen oder mit --deliveries angeben.")
    try:
        load_secret_for(settings)
    except KeyFileError as error:
        wrong(str(error))
    except OSError as error:
        wrong(f"In {settings.warehouse} lässt sich nicht schreiben ({type(error).__name__}). Bitte die Rechte prüfen.")
