"""`kim vocabulary add`: the line that a new spelling needs, shown before anything is written."""

from __future__ import annotations

from typing import Annotated

import typer

from kim_pipeline.commands.common import Command, CommandGroup, fail

vocabulary = typer.Typer(cls=CommandGroup, help="Schlägt neue Schreibweisen für die Wortlisten vor.")


@vocabulary.callback()
def _actions() -> None:
    """Schlägt neue Schreibweisen für die Wortlisten vor."""


@vocabulary.command(cls=Command)
def add(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="LISTE",
            help="„language“, „municipality“, „nationality“, „yes_no“, „empty“ oder eine Auswahl.",
            show_default=False,
        ),
    ],
    alias: Annotated[str, typer.Argument(metavar="NEU", help="Die neue Schreibweise.", show_default=False)],
    canonical: Annotated[
        str, typer.Argument(metavar="BEKANNT", help="Eine bekannte, die dasselbe heißt.", show_default=False)
    ] = "",
    apply: Annotated[bool, typer.Option("--apply", metavar=" ", help="Den Vorschlag auch eintragen.")] = False,
) -> None:
    """Schlägt vor, welche Zeile welcher Datei eine neue Schreibweise braucht; ohne --apply wird nichts geändert."""
    from rich.text import Text  # noqa: PLC0415

    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.office import proposals as office  # noqa: PLC0415

    try:
        proposal = office.propose(kind, alias, canonical)
    except office.ProposalError as error:
        raise typer.Exit(fail(str(error))) from None
    out = terminal.console()
    out.print(Text(f"{proposal.path}, Zeile {proposal.line}", style="bold"), soft_wrap=True)
    if proposal.before is not None:
        out.print(Text(f"- {proposal.before}", style="red"), soft_wrap=True)
    out.print(Text(f"+ {proposal.after}", style="green"), soft_wrap=True)
    for note in proposal.notes:
        out.print(Text(note))
    if not apply:
        out.print(Text("Es wurde nichts geändert. Eintragen: derselbe Befehl mit --apply."))
        return
    try:
        office.apply(proposal)
    except office.ProposalError as error:
        raise typer.Exit(fail(str(error))) from None
    out.print(Text("Eingetragen. Beim nächsten Lauf werden die Lieferungen neu gelesen."))
