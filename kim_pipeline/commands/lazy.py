"""Which commands there are; the module of one is loaded when it is called.

Belongs here: their names, and loading them. Does not belong here: what they do.
"""

from __future__ import annotations

import importlib
from typing import Any

import typer

from kim_pipeline.commands.common import Command, CommandGroup

COMMANDS = {
    "run": "run",
    "serve": "serve",
    "template": "template",
    "check": "check",
    "status": "status",
    "accept": "accept",
    "withdraw": "accept",
    "feedback": "feedback",
    "learn": "learn",
    "report": "report",
    "release": "release",
    "sql": "sql",
    "trace": "trace",
    "audit": "audit",
    "builds": "builds",
    "rollback": "builds",
    "purge": "purge",
    "vocabulary": "vocabulary",
    "county": "county",
}
"""Command → its module here, in the order of the help."""


class LazyGroup(CommandGroup):
    """The group of all commands; only the module of the one that is called is loaded."""

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        made = getattr(importlib.import_module(f"kim_pipeline.commands.{COMMANDS[cmd_name]}"), cmd_name)
        if isinstance(made, typer.Typer):
            return typer.main.get_group(made)
        alone = typer.Typer(add_completion=False)
        alone.command(cls=Command, name=cmd_name)(made)
        return typer.main.get_command(alone)
