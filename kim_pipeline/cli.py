"""The command line `kim`: which commands there are, and how wrong arguments are told.

Exit codes: 0 done, 1 failed or errors found, 2 wrong arguments or settings.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer

from kim_pipeline.commands.common import INTERRUPTED, WRONG
from kim_pipeline.commands.lazy import LazyGroup

if TYPE_CHECKING:
    from collections.abc import Sequence

_UsageError: type[Exception] = typer.BadParameter.__mro__[1]
"""The base of all errors in arguments, which typer does not export."""


app = typer.Typer(
    cls=LazyGroup,
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
    try:
        return int(app(list(arguments), prog_name="kim", standalone_mode=False) or 0)
    except typer.Abort:
        return INTERRUPTED
    except _UsageError as error:
        sys.stderr.write(f"{_usage_problem(error)} Hilfe: kim --help, kim BEFEHL --help\n")
        return WRONG


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

