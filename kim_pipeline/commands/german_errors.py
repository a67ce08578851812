"""Typer in German: wrong arguments in one sentence each with the help to read, and no English in a help.

Belongs here: every kind of error in arguments that typer knows, and the base classes of our commands, which say by
their own errors what typer would say in English only. Does not belong here: what a command itself refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from typer._click.exceptions import (  # typer exports BadParameter alone
    BadOptionUsage,
    BadParameter,
    MissingParameter,
    NoSuchOption,
    UsageError,
)
from typer.core import TyperCommand, TyperGroup

from kim_pipeline import german

__all__ = ["GermanCommand", "GermanGroup", "UsageError", "usage_problem"]

_LONGEST = 60


class UnknownCommandError(UsageError):
    """There is no command of that name."""

    def __init__(self, given: str, known: Sequence[str], context: Any) -> None:
        """Of a group's `context`: what was `given`, and the names of its commands."""
        super().__init__(given, context)
        self.given, self.known = given, known


class SurplusError(UsageError):
    """More arguments were given than the command takes."""

    def __init__(self, given: Sequence[str], context: Any) -> None:
        """Which ones are too many."""
        super().__init__(" ".join(given), context)
        self.given = given


class GermanCommand(TyperCommand):
    """A command that tells by its own errors what is wrong with its arguments."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As the base class."""
        ctx.allow_extra_args = True
        try:
            rest = super().parse_args(ctx, args)
        except UsageError as error:
            error.ctx = error.ctx or ctx
            raise
        if rest and not ctx.resilient_parsing:
            raise SurplusError(rest, ctx)
        return rest

    def get_params(self, ctx: Any) -> list[Any]:
        """As the base class; a help shows what they are called and which numbers they take, no types of Python."""
        found = super().get_params(ctx)
        for param in found:
            told = param.metavar if param.param_type_name == "option" else None
            param.display_type_rich = partial(_first, told)  # type: ignore[attr-defined]
            param._get_number_range_help_str = partial(_first, _bounds(param))  # type: ignore[attr-defined]
        return found


class GermanGroup(TyperGroup):
    """A group of commands, likewise."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As the base class."""
        try:
            return super().parse_args(ctx, args)
        except UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """As the base class."""
        name = args[0]
        if self.get_command(ctx, name) is None and not ctx.resilient_parsing:
            raise UnknownCommandError(name, self.list_commands(ctx), ctx)
        return super().resolve_command(ctx, args)


def usage_problem(error: UsageError) -> str:
    """What is wrong with the arguments and where help is, in German."""
    path = error.ctx.command_path if error.ctx is not None else "kim"
    return f"{_problem(error)} Hilfe: {path} --help"


def _problem(error: UsageError) -> str:
    match error:
        case MissingParameter():
            said = f"Es fehlt die Angabe {_label(error.param)}{_meaning(error.param)}"
        case BadParameter():
            said = f"{_found(error)} passt nicht zu {_label(error.param)}. Erwartet: {_expected(error.param)}."
        case NoSuchOption():
            said = f"Die Option {_shown(error.option_name)} gibt es nicht.{_meant(error.possibilities or ())}"
        case BadOptionUsage():
            said = _bad_option(error)
        case UnknownCommandError():
            said = f"Den Befehl „{_shown(error.given)}“ gibt es nicht.{_meant(_near(error.given, error.known))}"
        case SurplusError():
            words = german.plural(len(error.given), "Die Angabe {} ist", "Die Angaben {} sind")
            said = f"{words.format(german.quoted_listing(map(_shown, error.given)))} zu viel."
        case _:
            said = "Es fehlt ein Befehl."  # typer raises no other kind
    return said


def _bad_option(error: BadOptionUsage) -> str:
    """An option that lacks its value, or has one and takes none."""
    options = error.ctx.command.params if error.ctx is not None else []
    option = next((found for found in options if error.option_name in found.opts), None)
    if option is None or getattr(option, "is_flag", False):
        return f"Die Option {_shown(error.option_name)} nimmt keinen Wert."
    return f"Nach der Option {error.option_name} fehlt ihr Wert {option.metavar or ''}".rstrip() + "."


def _label(param: Any) -> str:
    """An option's name, or what an argument's place is called."""
    if param.param_type_name == "argument":
        return str(param.metavar or param.name)
    return str(param.opts[-1])


def _meaning(param: Any) -> str:
    return f": {param.help}" if getattr(param, "help", None) else "."


def _found(error: BadParameter) -> str:
    """The refused text, where the cause tells it."""
    from pydantic import ValidationError  # noqa: PLC0415

    cause = error.__cause__
    given = cause.errors()[0]["input"] if isinstance(cause, ValidationError) else None
    return f"„{_shown(given)}“" if isinstance(given, str) else "Die Angabe"


def _expected(param: Any) -> str:
    """What a number may be; typer checks nothing else for us."""
    return ", ".join(filter(None, ["eine ganze Zahl", _bounds(param)]))


def _bounds(param: Any) -> str:
    ends = (("mindestens", getattr(param, "min", None)), ("höchstens", getattr(param, "max", None)))
    return ", ".join(f"{word} {german.exact(end)}" for word, end in ends if end is not None)


def _first(told: str | None, **_: Any) -> str | None:
    return told


def _near(given: str, known: Sequence[str]) -> list[str]:
    from difflib import get_close_matches  # noqa: PLC0415

    return get_close_matches(given, known)


def _meant(near: Sequence[str]) -> str:
    return f" Meinten Sie {german.listing(near, 'oder')}?" if near else ""


def _shown(text: str) -> str:
    """What was given, without signs that steer a terminal, and not longer than a line."""
    plain = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"
