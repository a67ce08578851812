"""The command line `kim`: which commands there are, and how wrong arguments are told.

Exit codes: 0 done, 1 failed or errors found, 2 wrong arguments or settings.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from kim_pipeline.commands.common import INTERRUPTED, WRONG
from kim_pipeline.commands.german_errors import UsageError, usage_problem
from kim_pipeline.commands.lazy import LazyGroup
from kim_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG
    except UsageError as error:
        sys.stderr.write(f"{usage_problem(error)}\n")
        return WRONG


@app.callback(invoke_without_command=True)
def _commands(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        sys.stdout.write(context.get_help() + "\n")
