"""The command line `kim`: which commands there are, and how wrong arguments are told.

Exit codes: 0 done, 1 failed or errors found, 2 wrong arguments or settings.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer
import typer.rich_utils

from kim_pipeline.commands.audit import audit
from kim_pipeline.commands.builds import builds, rollback
from kim_pipeline.commands.check import check
from kim_pipeline.commands.common import INTERRUPTED, WRONG, Command, Group
from kim_pipeline.commands.feedback import feedback
from kim_pipeline.commands.german_errors import UsageError, usage_problem
from kim_pipeline.commands.learn import learn
from kim_pipeline.commands.purge import purge
from kim_pipeline.commands.release import release
from kim_pipeline.commands.report import report
from kim_pipeline.commands.run import run
from kim_pipeline.commands.serve import serve
from kim_pipeline.commands.sql import sql
from kim_pipeline.commands.status import status
from kim_pipeline.commands.template import template
from kim_pipeline.commands.trace import trace
from kim_pipeline.commands.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMMANDS = (
    run,
    serve,
    template,
    check,
    status,
    feedback,
    learn,
    report,
    release,
    sql,
    trace,
    audit,
    builds,
    rollback,
    purge,
)
"""In the order of the help."""

app = typer.Typer(
    cls=Group,
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
        return INTERRUPTED
    except UsageError as error:
        sys.stderr.write(f"{usage_problem(error)}\n")
        return WRONG


@app.callback(invoke_without_command=True)
def _commands(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        sys.stdout.write(context.get_help() + "\n")


for _command in _COMMANDS:
    app.command(cls=Command)(_command)
app.add_typer(vocabulary, name="vocabulary")
