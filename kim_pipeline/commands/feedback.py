"""`kim feedback`: return copies of deliveries with findings, for the offices to correct."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kim_pipeline import german
from kim_pipeline.commands.common import (
    DeliveriesOption,
    ProgrammesOption,
    WarehouseOption,
    intake_of,
    known_programmes,
    settings_from,
    wrong,
)

if TYPE_CHECKING:
    from rich.console import Console

    from kim_pipeline.office.feedback.folder import Written


def feedback(
    deliveries: DeliveriesOption = None,
    warehouse: WarehouseOption = None,
    programme: ProgrammesOption = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="ORDNER", help="Ordner der Kopien. [Vorgabe: warehouse/feedback]", show_default=False),
    ] = None,
) -> None:
    """Schreibt zu jeder Lieferung mit Befunden eine Kopie mit farbigen Zellen und Kommentaren."""
    settings = settings_from(deliveries=deliveries, warehouse=warehouse)
    chosen = known_programmes(programme)
    folder = (out.expanduser() if out else settings.feedback).absolute()
    if folder.resolve().is_relative_to(settings.deliveries.resolve()):
        wrong(f"{folder} liegt im Ordner der Lieferungen; die Kopien würden als Lieferungen gelesen.")
    intake = intake_of(settings)
    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.office.feedback.folder import write_feedback  # noqa: PLC0415

    _show(terminal.console(), folder, write_feedback(intake, settings, folder, chosen))


def _show(console: Console, folder: Path, done: Written) -> None:
    from rich.text import Text  # noqa: PLC0415

    from kim_pipeline.intake.deliveries import all_findings  # noqa: PLC0415
    from kim_pipeline.office.feedback.words import findings_told  # noqa: PLC0415

    for delivery, path in done.copies:
        console.print(Text(f"{path.relative_to(folder)}: {findings_told(all_findings(delivery))}"), soft_wrap=True)
    for path in done.removed:
        console.print(Text(f"{path.relative_to(folder)}: entfernt, es gibt keine Befunde mehr"), soft_wrap=True)
    for path in done.edited:
        said = "wurde bearbeitet und bleibt. Ist die Korrektur fertig, gehört sie in den Ordner der Lieferungen."
        console.print(Text(f"{path.relative_to(folder)}: {said}", style="yellow"), soft_wrap=True)
    for delivery in done.changed:
        said = "hat sich seit dem Lesen geändert. Bitte den Befehl wiederholen."
        console.print(Text(f"{delivery.programme}/{delivery.file}: {said}", style="yellow"), soft_wrap=True)
    console.print(Text(f"{german.counted(len(done.copies), 'Kopie', 'Kopien')} in {folder}"), soft_wrap=True)
