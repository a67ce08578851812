"""`kim county check`: whether a county's folder can be read, and what it configures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kim_pipeline import german
from kim_pipeline.commands.common import DONE, FAILED, Command, CommandGroup, settings_from

if TYPE_CHECKING:
    from rich.console import Console

    from kim_pipeline.contracts.configured import Fault
    from kim_pipeline.contracts.county import County

county = typer.Typer(cls=CommandGroup, help="Prüft den Ordner eines Kreises.")


@county.callback()
def _actions() -> None:
    """Prüft den Ordner eines Kreises."""


@county.command(cls=Command)
def check(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="ORDNER", help="Ordner des Kreises. [Vorgabe: der von KIM_COUNTY]", show_default=False),
    ] = None,
) -> None:
    """Zeigt alle Fehler im Ordner eines Kreises auf einmal, oder was dort festgelegt ist. Es wird nichts geändert."""
    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.contracts.county_folder import judge_folder  # noqa: PLC0415

    place = folder or settings_from().county
    judged, out = judge_folder(place), terminal.console()
    if judged.faults:
        _show(out, judged.faults)
    refused = [fault for fault in judged.faults if not fault.is_warning]
    if judged.county is None:
        count = german.counted(len(refused), "Fehler", "Fehler")
        out.print(f"{place}: nicht in Ordnung, {count}. So liest kein Lauf.", markup=False, style="bold red")
        raise typer.Exit(FAILED)
    out.print(f"{place}: in Ordnung.", markup=False, style="bold")
    out.print(_configured(judged.county), markup=False)
    raise typer.Exit(DONE)


def _show(out: Console, faults: tuple[Fault, ...]) -> None:
    """A table of the faults, those that are refused first."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for title in ("Art", "Datei", "Zeile", "Angabe", "Gefunden", "Erwartet"):
        table.add_column(title, overflow="fold", justify="right" if title == "Zeile" else "left")
    for fault in sorted(faults, key=lambda fault: fault.is_warning):
        kind, style = ("Warnung", "yellow") if fault.is_warning else ("FEHLER", "red")
        cells = (fault.file, str(fault.line or ""), fault.key, fault.found, fault.expected)
        table.add_row(Text(kind, style=style), *map(Text, cells))
    out.print(table)
    out.print()


def _configured(county: County) -> str:
    """What a county's folder says, in numbers."""
    districts = sum(len(m.districts) for m in county.municipalities)
    aliases = sum(len(m.aliases) for m in county.municipalities)
    offices = len(county.listed_offices or ())
    return (
        f"{county.name} ({county.key}): "
        + german.listing(
            (
                german.counted(len(county.municipalities), "Gemeinde", "Gemeinden"),
                german.counted(districts, "Ortsteil", "Ortsteile"),
                german.counted(aliases, "weiterer Gemeindename", "weitere Gemeindenamen"),
                german.counted(len(county.bodies), "Gremium", "Gremien"),
                german.counted(offices, "Stelle", "Stellen"),
                german.counted(len(county.categories), "eigener Auswahlwert", "eigene Auswahlwerte"),
                "Texte für den Bericht" if county.words else "keine Texte für den Bericht",
            )
        )
        + "."
    )
