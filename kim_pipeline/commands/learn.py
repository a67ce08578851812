"""`kim learn`: how an unknown layout would be mapped, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kim_pipeline import german
from kim_pipeline.commands.common import FAILED, fail, known_programmes, settings_from, wrong

if TYPE_CHECKING:
    from rich.console import Console

    from kim_pipeline.office.learn import Guess, Layout


def learn(
    file: Annotated[Path, typer.Argument(metavar="DATEI", help="Die Arbeitsmappe oder CSV-Datei.", show_default=False)],
    programme: Annotated[str, typer.Option(metavar="PROGRAMM", help="Schlüssel des Programms.", show_default=False)],
) -> None:
    """Zeigt, welche Überschrift einer unbekannten Datei welcher Angabe entspräche. Es wird nichts geändert."""
    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.contracts import programmes  # noqa: PLC0415
    from kim_pipeline.office.learn import learn as layouts_of  # noqa: PLC0415
    from kim_pipeline.reading.errors import RejectedError  # noqa: PLC0415
    from kim_pipeline.reading.formats.workbook import Limits  # noqa: PLC0415
    from kim_pipeline.reading.official.reader import read_official  # noqa: PLC0415

    settings = settings_from()
    (key,) = known_programmes([programme]) or []
    if not file.is_file():
        wrong(f"Die Datei {file} gibt es nicht." if not file.exists() else f"{file} ist keine Datei.")
    if file.stat().st_size > settings.max_file_bytes:
        raise typer.Exit(fail(f"Die Datei ist größer als {settings.max_file_mib} MB."))
    limits = Limits(settings.max_file_bytes, settings.max_unpacked_bytes)
    contract = programmes()[key]
    try:
        if contract.published and read_official(file, file.read_bytes(), contract, limits) is not None:
            terminal.console().print(
                "Die Datei ist eine amtliche Tabelle in einer bekannten Form; zu lernen ist nichts."
            )
            raise typer.Exit(0)
        found = layouts_of(file, file.read_bytes(), contract, limits)
    except RejectedError as error:
        raise typer.Exit(fail(error.message)) from None
    out = terminal.console()
    for layout in found:
        _show(out, layout)
    raise typer.Exit(0 if any(layout.is_read for layout in found) else FAILED)


def _show(out: Console, layout: Layout) -> None:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    title = Text(f"Blatt „{layout.sheet}“", style="bold")
    if layout.table is None:
        out.print(title.append(": Hier sieht keine Zeile wie die Überschriften einer Tabelle aus.", style="not bold"))
        out.print()
        return
    out.print(title.append(f" – Tabelle „{layout.table.label}“, Überschriften in Zeile {layout.row}", style="not bold"))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    table.add_column("Spalte", no_wrap=True)
    for name in ("in der Datei", "im Vertrag", "wie"):
        table.add_column(name, overflow="fold")
    for guess in layout.guesses:
        table.add_row(*_cells(guess))
    out.print(table)
    for column in layout.missing:
        names = " oder ".join(f"„{header}“" for header in column.headers)
        out.print(Text(f"Es fehlt die Pflichtspalte {names or column.label}.", style="red"))
    if layout.is_read:
        out.print(Text("Dieses Blatt wird gelesen, wie es ist.", style="green"))
    elif not layout.missing:
        out.print(Text("Mit diesen Vorschlägen als Überschriften im Vertrag würde das Blatt gelesen."))
    out.print()


def _cells(guess: Guess) -> tuple[str, str, str, str]:
    from kim_pipeline.reading.formats.cells import column_letter  # noqa: PLC0415

    letter, column = column_letter(guess.position), guess.column
    header = f"{guess.header} (unter „{guess.group}“)" if guess.group else guess.header
    if column is None:
        return letter, header, "–", "nicht vorgesehen"
    label = column.label.partition(" (Pseudonym)")[0]
    preferred = column.headers[0] if column.headers[0] == label else f"{column.headers[0]} ({label})"
    how = "anerkannt" if guess.likeness == 1 else f"Vorschlag, {german.percent(guess.likeness, 0)} ähnlich"
    return letter, header, preferred, how
