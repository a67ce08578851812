"""What the commands share: German help, exit codes, settings and arguments, how a problem is told.

Belongs here: nothing that only one command needs.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from kim_pipeline.commands.german_errors import GermanCommand, GermanGroup
from kim_pipeline.german import system_error

if TYPE_CHECKING:
    from kim_pipeline.intake.deliveries import Intake
    from kim_pipeline.settings import Settings

DONE, FAILED, WRONG, INTERRUPTED = 0, 1, 2, 130
"""Exit codes."""

_GERMAN = {"{": "", "}": "", "Usage:": "Aufruf:", "[OPTIONS]": "[OPTIONEN]", "COMMAND [ARGS]...": "BEFEHL …"}


class Command(GermanCommand):
    """A command whose help is German throughout."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """As the base class, in German."""
        _name_panels()
        super().format_help(ctx, formatter)

    def get_usage(self, ctx: Any) -> str:
        """As the base class, in German."""
        return _german(super().get_usage(ctx))

    def get_help_option(self, ctx: Any) -> Any:
        """As the base class, in German."""
        return _german_option(super().get_help_option(ctx))


class CommandGroup(GermanGroup):
    """A group of commands, likewise."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """As the base class, in German."""
        _name_panels()
        super().format_help(ctx, formatter)

    def get_usage(self, ctx: Any) -> str:
        """As the base class, in German."""
        return _german(super().get_usage(ctx))

    def get_help_option(self, ctx: Any) -> Any:
        """As the base class, in German."""
        return _german_option(super().get_help_option(ctx))


def _name_panels() -> None:
    """Give the parts of a help their German titles."""
    import typer.rich_utils  # noqa: PLC0415  (rich is loaded for those only who ask for help)

    typer.rich_utils.OPTIONS_PANEL_TITLE = "Optionen"
    typer.rich_utils.ARGUMENTS_PANEL_TITLE = "Angaben"
    typer.rich_utils.COMMANDS_PANEL_TITLE = "Befehle"
    typer.rich_utils.REQUIRED_LONG_STRING = "[nötig]"


def _german(usage: str) -> str:
    for english, german in _GERMAN.items():
        usage = usage.replace(english, german)
    return usage


def _german_option(option: Any) -> Any:
    if option is not None:
        option.help = "Zeigt diese Hilfe."
        option.metavar = " "
    return option


WarehouseOption = Annotated[
    Path | None,
    typer.Option(
        "--warehouse", metavar="ORDNER", help="Ordner der Ergebnisse. [Vorgabe: warehouse]", show_default=False
    ),
]
DeliveriesOption = Annotated[
    Path | None,
    typer.Option(
        "--deliveries", metavar="ORDNER", help="Ordner der Lieferungen. [Vorgabe: data_raw]", show_default=False
    ),
]


ProgrammesOption = Annotated[
    list[str] | None,
    typer.Option("--programme", metavar="PROGRAMM", help="Nur dieses Programm; mehrfach möglich.", show_default=False),
]


def settings_from(**given: Any) -> Settings:
    """Settings from the environment and the given options; ends with code 2 where one is invalid.

    Variables that look like settings and are none are told.
    """
    from kim_pipeline.settings import InvalidSettingsError, read_settings, unknown_settings  # noqa: PLC0415

    sys.stderr.writelines(f"{sentence}\n" for sentence in unknown_settings(os.environ))
    try:
        return read_settings(**{name: path for name, path in given.items() if path is not None})
    except InvalidSettingsError as error:
        wrong(str(error))


def intake_of(settings: Settings) -> Intake:
    """All deliveries, read where they are new; ends with code 2 where the folders do not allow it."""
    from kim_pipeline.intake.intake import take_in  # noqa: PLC0415
    from kim_pipeline.reading.personal import KeyFileError  # noqa: PLC0415

    if not settings.deliveries.is_dir():
        wrong(f"Der Ordner der Lieferungen fehlt: {settings.deliveries}. Bitte anlegen oder mit --deliveries angeben.")
    try:
        return take_in(settings)
    except KeyFileError as error:
        wrong(str(error))
    except OSError as error:
        wrong(f"In {settings.warehouse} lässt sich nicht schreiben ({system_error(error)}). Bitte die Rechte prüfen.")


def parsed_day(text: str | None) -> dt.date | None:
    """A day given as JJJJ-MM-TT; ends with code 2 where it is none."""
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        wrong(f"„{text}“ ist kein Datum. Erwartet: ein Datum wie 2024-05-01.")


def known_programmes(given: list[str] | None) -> list[str] | None:
    """The given keys, None for none; ends with code 2 where one is no programme."""
    from kim_pipeline.contracts import programmes  # noqa: PLC0415

    unknown = [key for key in given or () if key not in programmes()]
    if unknown:
        wrong(f"„{unknown[0]}“ ist kein Programm. Es gibt: {', '.join(programmes())}.")
    return given or None


def require_deliveries(settings: Settings) -> None:
    """End with code 2 where the folder of deliveries is missing."""
    if not settings.deliveries.is_dir():
        wrong(f"Der Ordner der Lieferungen fehlt: {settings.deliveries}. Bitte anlegen oder mit --deliveries angeben.")


def require_inputs(settings: Settings) -> None:
    """End with code 2 where the folder of deliveries or the key file is missing or unusable."""
    from kim_pipeline.intake.intake import load_secret_for  # noqa: PLC0415
    from kim_pipeline.reading.personal import KeyFileError  # noqa: PLC0415

    require_deliveries(settings)
    try:
        load_secret_for(settings)
    except KeyFileError as error:
        wrong(str(error))
    except OSError as error:
        wrong(f"In {settings.warehouse} lässt sich nicht schreiben ({system_error(error)}). Bitte die Rechte prüfen.")


def wrong(reason: str) -> NoReturn:
    """Say in German which argument or setting is wrong, and end."""
    sys.stderr.write(reason + "\n")
    raise typer.Exit(WRONG)


def fail(reason: str, more: str = "", log: Path | None = None) -> int:
    """Say in German what went wrong and what to do.

    Args:
        reason: what hindered.
        more: what else to know.
        log: where the details are.
    """
    from kim_pipeline.commands import terminal  # noqa: PLC0415

    err = terminal.console(stderr=True)
    err.print(reason, style="bold red", markup=False)
    if more:
        err.print(more, markup=False)
    if log is not None:
        err.print(f"Einzelheiten: {log}", markup=False, soft_wrap=True)
    return FAILED
