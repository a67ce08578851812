"""The command line `kim`.

Belongs here: arguments, exit codes, and the order of a command. Heavy imports are inside the commands, so that
`kim --help` is fast. Exit codes: 0 done, 1 failed or errors found, 2 wrong arguments or settings.
"""

from __future__ import annotations

import datetime as dt
import logging
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
import typer.rich_utils
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from kim_pipeline.deliveries.intake import Delivery
    from kim_pipeline.nightly import Night
    from kim_pipeline.settings import Settings

_FAILED, _WRONG, _INTERRUPTED = 1, 2, 130
_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

_UsageError: type[Exception] = typer.BadParameter.__mro__[1]
"""The base of all errors in arguments, which typer does not export."""
_GERMAN = {"{": "", "}": "", "Usage:": "Aufruf:", "[OPTIONS]": "[OPTIONEN]", "COMMAND [ARGS]...": "BEFEHL …"}


class _Command(TyperCommand):
    """A command whose help is German throughout."""

    def get_usage(self, ctx: Any) -> str:
        return _german(super().get_usage(ctx))

    def get_help_option(self, ctx: Any) -> Any:
        return _german_option(super().get_help_option(ctx))


class _Group(TyperGroup):
    """The group of all commands, likewise."""

    def get_usage(self, ctx: Any) -> str:
        return _german(super().get_usage(ctx))

    def get_help_option(self, ctx: Any) -> Any:
        return _german_option(super().get_help_option(ctx))


def _german(usage: str) -> str:
    for english, german in _GERMAN.items():
        usage = usage.replace(english, german)
    return usage


def _german_option(option: Any) -> Any:
    if option is not None:
        option.help = "Zeigt diese Hilfe."
        option.metavar = " "
    return option


app = typer.Typer(
    cls=_Group,
    help="Liest die Lieferungen der Programme und baut daraus den Datenbestand des KIM.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Entry point of the console script."""
    sys.exit(invoke(sys.argv[1:]))


def invoke(arguments: Sequence[str]) -> int:
    """Run a command; its exit code."""
    typer.rich_utils.OPTIONS_PANEL_TITLE = "Optionen"
    typer.rich_utils.ARGUMENTS_PANEL_TITLE = "Angaben"
    typer.rich_utils.COMMANDS_PANEL_TITLE = "Befehle"
    typer.rich_utils.REQUIRED_LONG_STRING = "[nötig]"
    try:
        return int(app(list(arguments), prog_name="kim", standalone_mode=False) or 0)
    except typer.Abort:
        return _INTERRUPTED
    except _UsageError as error:
        sys.stderr.write(f"{_usage_problem(error)} Hilfe: kim --help, kim BEFEHL --help\n")
        return _WRONG


def _usage_problem(error: Any) -> str:
    """What is wrong with the arguments, in German where the kind of the error is known."""
    kind, name = type(error).__name__, getattr(error, "option_name", None) or ""
    parameter = getattr(error, "param", None)
    label = parameter.opts[-1] if parameter is not None and parameter.opts else name
    if parameter is not None and parameter.param_type_name == "argument":
        label = parameter.metavar
    if kind == "MissingParameter":
        return f"Es fehlt die Angabe {label}."
    if kind == "NoSuchOption":
        return f"Die Option {name} gibt es nicht."
    if kind == "BadParameter":
        return f"Die Angabe zu {label} ist ungültig."
    return f"Der Aufruf ist nicht richtig ({error.format_message()})."


@app.callback(invoke_without_command=True)
def _commands(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        sys.stdout.write(context.get_help() + "\n")


@app.command(cls=_Command)
def run(
    deliveries: Annotated[
        Path | None,
        typer.Option(metavar="ORDNER", help="Ordner der Lieferungen. [Vorgabe: data_raw]", show_default=False),
    ] = None,
    warehouse: Annotated[
        Path | None,
        typer.Option(metavar="ORDNER", help="Ordner der Ergebnisse. [Vorgabe: warehouse]", show_default=False),
    ] = None,
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

    settings = _settings(deliveries=deliveries, warehouse=warehouse)
    day, chosen = _day(as_of), _programmes(only)
    _require_inputs(settings)
    out = terminal.console()
    raise typer.Exit(_run(settings, day, chosen, out, full=full))


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
        return _fail(f"{error} Bitte warten, bis er fertig ist, und dann erneut starten.")
    except KeyboardInterrupt:
        _fail("Abgebrochen. Der veröffentlichte Datenbestand ist unverändert.")
        return _INTERRUPTED
    if not succeeded:
        return _fail(_what_failed(night), log)
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


def _fail(reason: str, log: Path | None = None) -> int:
    """Say in German what went wrong and what to do."""
    from kim_pipeline import terminal  # noqa: PLC0415

    err = terminal.console(stderr=True)
    err.print(reason, style="bold red", markup=False)
    if log is not None:
        err.print("Der veröffentlichte Datenbestand ist unverändert. Bitte die Betreuung informieren.", markup=False)
        err.print(f"Einzelheiten: {log}", markup=False, soft_wrap=True)
    return _FAILED


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


@app.command(cls=_Command)
def check(
    file: Annotated[Path, typer.Argument(metavar="DATEI", help="Die Arbeitsmappe oder CSV-Datei.", show_default=False)],
    programme: Annotated[str, typer.Option(metavar="PROGRAMM", help="Schlüssel des Programms.", show_default=False)],
    limit: Annotated[
        int,
        typer.Option(min=1, metavar="ZAHL", help="Höchstzahl der Befunde je Blatt. [Vorgabe: 100]", show_default=False),
    ] = 100,
) -> None:
    """Prüft eine Datei, bevor sie abgegeben wird. Es wird nichts gespeichert."""
    from kim_pipeline import terminal  # noqa: PLC0415

    settings = _settings()
    (key,) = _programmes([programme]) or []
    if not file.is_file():
        _wrong(f"Die Datei {file} gibt es nicht." if not file.exists() else f"{file} ist keine Datei.")
    with tempfile.TemporaryDirectory(prefix="kim-check-") as folder:
        delivery, rows = _read_one(settings, file.absolute(), key, Path(folder))
    raise typer.Exit(_judge(terminal.console(), key, delivery, rows, limit))


def _read_one(settings: Settings, file: Path, key: str, scratch: Path) -> tuple[Delivery, list[dict[str, Any]]]:
    """Read one file as the nightly run does, in a folder of its own with a key of its own."""
    from kim_pipeline.deliveries.intake import take_in  # noqa: PLC0415

    place = scratch / "deliveries" / key
    place.mkdir(parents=True)
    (place / file.name).symlink_to(file)
    alone = settings.model_copy(
        update={
            "deliveries": scratch / "deliveries",
            "warehouse": scratch / "warehouse",
            "key_file": None,
            "readers": 1,
        }
    )
    found = take_in(alone, only=[key]).deliveries
    if not found:
        _wrong(f"{file.name} ist eine Hilfsdatei und keine Lieferung; der Lauf überspringt sie.")
    return found[0], _all_findings(found[0])


def _all_findings(delivery: Delivery) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq  # noqa: PLC0415

    from kim_pipeline.deliveries.intake import finding_records  # noqa: PLC0415

    cached = pq.read_table(delivery.read.findings).to_pylist() if delivery.read else []
    order = {"rejected": 0, "error": 1, "warning": 2, "notice": 3}
    rows = [*cached, *finding_records(delivery)]
    return sorted(rows, key=lambda r: (r["row"] or 0, order[r["severity"]], r["column_letter"] or ""))


def _judge(out: Console, key: str, delivery: Delivery, rows: list[dict[str, Any]], limit: int) -> int:
    from rich.text import Text  # noqa: PLC0415

    from kim_pipeline import terminal  # noqa: PLC0415
    from kim_pipeline.contracts import programmes  # noqa: PLC0415

    programme = programmes()[key]
    out.print(Text(f"{delivery.file} – {programme.title}", style="bold"))
    read = delivery.read
    if read and read.as_of:
        period = f"Berichtszeitraum {read.period}, " if read.period else ""
        out.print(f"{period}Stand {read.as_of:%d.%m.%Y}", markup=False)
    terminal.findings(out, delivery, rows, limit)
    out.print()
    others = [t.reference.programme for t in programme.tables if t.reference and t.reference.programme]
    if others and not delivery.is_rejected:
        names = ", ".join(programmes()[other].title for other in others)
        out.print(Text(f"Nicht geprüft: ob die genannten Nummern in den Lieferungen von {names} vorkommen."))
    out.print(Text(_verdict(delivery, rows), style="bold"))
    return _FAILED if any(r["severity"] in ("rejected", "error") for r in rows) else 0


def _verdict(delivery: Delivery, rows: list[dict[str, Any]]) -> str:
    from kim_pipeline import terminal  # noqa: PLC0415

    if delivery.is_rejected:
        return f"Ergebnis: Die Lieferung würde zurückgewiesen. {terminal.rejection_reason(delivery)}"
    accepted, quarantined = (sum(a[n] for a in delivery.accounts) for n in ("accepted", "quarantined"))
    return (
        f"Ergebnis: Die Lieferung würde angenommen. Angenommene Zeilen: {accepted}; in Quarantäne: {quarantined} "
        f"({terminal.counts_line(rows)})."
    )


@app.command(cls=_Command)
def trace(
    indicator: Annotated[
        str, typer.Argument(metavar="INDIKATOR", help="Kennung, etwa fit_groups.", show_default=False)
    ],
    area: Annotated[str, typer.Argument(metavar="GEBIET", help="Schlüssel oder Name.", show_default=False)],
    period: Annotated[str, typer.Argument(metavar="ZEITRAUM", help="2023, 2023-Q1, 2022/23.", show_default=False)],
    breakdown: Annotated[
        str, typer.Option(metavar="MERKMAL", help="Merkmal der Gliederung; sonst alle zusammen.", show_default=False)
    ] = "",
    warehouse: Annotated[
        Path | None,
        typer.Option(metavar="ORDNER", help="Ordner der Ergebnisse. [Vorgabe: warehouse]", show_default=False),
    ] = None,
) -> None:
    """Zeigt zu einem Wert die Definition, das SQL und die Lieferungen, Blätter und Zeilen dahinter."""
    from kim_pipeline import terminal  # noqa: PLC0415
    from kim_pipeline.warehouse.trace import UnknownValueError  # noqa: PLC0415
    from kim_pipeline.warehouse.trace import trace as find  # noqa: PLC0415

    internal = _settings(warehouse=warehouse).warehouse / "internal.duckdb"
    if not internal.exists():
        _wrong(f"{internal} gibt es nicht. Bitte zuerst kim run ausführen oder den Ordner mit --warehouse angeben.")
    try:
        terminal.traced(terminal.console(), find(internal, indicator, area, period, breakdown))
    except UnknownValueError as error:
        _wrong(str(error))


def _settings(**given: Any) -> Settings:
    from pydantic import ValidationError  # noqa: PLC0415

    from kim_pipeline.settings import Settings  # noqa: PLC0415

    try:
        return Settings(**{name: path for name, path in given.items() if path is not None})
    except ValidationError as error:
        names = ", ".join(f"KIM_{'_'.join(map(str, e['loc']))}".upper() for e in error.errors())
        _wrong(f"Die Einstellung {names} ist ungültig. Bitte die Umgebungsvariablen prüfen.")


def _day(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        _wrong(f"„{text}“ ist kein Datum. Erwartet: ein Datum wie 2024-05-01.")


def _programmes(given: list[str] | None) -> list[str] | None:
    from kim_pipeline.contracts import programmes  # noqa: PLC0415

    unknown = [key for key in given or () if key not in programmes()]
    if unknown:
        _wrong(f"„{unknown[0]}“ ist kein Programm. Es gibt: {', '.join(programmes())}.")
    return given or None


def _require_inputs(settings: Settings) -> None:
    from kim_pipeline.deliveries.intake import load_secret_for  # noqa: PLC0415
    from kim_pipeline.deliveries.personal import KeyFileError  # noqa: PLC0415

    if not settings.deliveries.is_dir():
        _wrong(f"Der Ordner der Lieferungen fehlt: {settings.deliveries}. Bitte anlegen oder mit --deliveries angeben.")
    try:
        load_secret_for(settings)
    except KeyFileError as error:
        _wrong(str(error))
    except OSError as error:
        _wrong(f"In {settings.warehouse} lässt sich nicht schreiben ({type(error).__name__}). Bitte die Rechte prüfen.")


def _wrong(reason: str) -> NoReturn:
    """Say in German which argument or setting is wrong, and end."""
    sys.stderr.write(reason + "\n")
    raise typer.Exit(_WRONG)
