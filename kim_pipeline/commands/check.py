"""`kim check`: one workbook before it is handed in; nothing is kept."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kim_pipeline import german
from kim_pipeline.commands.common import FAILED, known_programmes, settings_from, wrong

if TYPE_CHECKING:
    from rich.console import Console

    from kim_pipeline.intake.intake import Delivery
    from kim_pipeline.settings import Settings


def check(
    file: Annotated[Path, typer.Argument(metavar="DATEI", help="Die Arbeitsmappe oder CSV-Datei.", show_default=False)],
    programme: Annotated[str, typer.Option(metavar="PROGRAMM", help="Schlüssel des Programms.", show_default=False)],
    limit: Annotated[
        int,
        typer.Option(min=1, metavar="ZAHL", help="Höchstzahl der Befunde je Blatt. [Vorgabe: 100]", show_default=False),
    ] = 100,
) -> None:
    """Prüft eine Datei, bevor sie abgegeben wird. Es wird nichts gespeichert."""
    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.files import temporary_folder  # noqa: PLC0415

    settings = settings_from()
    (key,) = known_programmes([programme]) or []
    if not file.is_file():
        wrong(f"Die Datei {file} gibt es nicht." if not file.exists() else f"{file} ist keine Datei.")
    with temporary_folder("kim-check-") as folder:
        delivery, rows = _read_one(settings, file.absolute(), key, folder)
    raise typer.Exit(_judge(terminal.console(), key, delivery, rows, limit))


def _read_one(settings: Settings, file: Path, key: str, scratch: Path) -> tuple[Delivery, list[dict[str, Any]]]:
    """Read one file as the nightly run does, in a folder of its own with a key of its own."""
    from kim_pipeline.intake.intake import all_findings, take_in  # noqa: PLC0415

    place = scratch / "deliveries" / key
    place.mkdir(parents=True)
    (place / file.name).symlink_to(file)
    alone = settings.model_copy(
        update={
            "deliveries": scratch / "deliveries",
            "warehouse": scratch / "warehouse",
            "key_file": None,
            "readers": 1,
        }
    )
    found = take_in(alone, only=[key]).deliveries
    if not found:
        wrong(f"{file.name} ist eine Hilfsdatei und keine Lieferung; der Lauf überspringt sie.")
    return found[0], [dataclasses.asdict(found) for found in all_findings(found[0])]


def _judge(out: Console, key: str, delivery: Delivery, rows: list[dict[str, Any]], limit: int) -> int:
    from rich.text import Text  # noqa: PLC0415

    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.contracts import programmes  # noqa: PLC0415

    programme = programmes()[key]
    out.print(Text(f"{delivery.file} – {programme.title}", style="bold"))
    read = delivery.read
    if read and read.as_of:
        period = f"Berichtszeitraum {read.period.in_words}, " if read.period else ""
        out.print(f"{period}Stand {german.day(read.as_of)}", markup=False)
    terminal.findings(out, delivery, rows, limit)
    out.print()
    terminal.legend(out, rows)
    others = [t.reference.programme for t in programme.tables if t.reference and t.reference.programme]
    if others and not delivery.is_rejected:
        names = ", ".join(programmes()[other].title for other in others)
        out.print(Text(f"Nicht geprüft: ob die genannten Nummern in den Lieferungen von {names} vorkommen."))
    out.print(Text(_verdict(delivery, rows), style="bold"))
    return FAILED if any(r["severity"] in ("rejected", "error") for r in rows) else 0


def _verdict(delivery: Delivery, rows: list[dict[str, Any]]) -> str:
    from kim_pipeline.commands import terminal  # noqa: PLC0415

    if delivery.is_rejected:
        return f"Ergebnis: Die Lieferung würde zurückgewiesen. {terminal.rejection_reason(delivery)}"
    accepted, quarantined = (sum(a[n] for a in delivery.accounts) for n in ("accepted", "quarantined"))
    return (
        f"Ergebnis: Die Lieferung würde angenommen. Angenommene Zeilen: {accepted}; in Quarantäne: {quarantined} "
        f"({terminal.counts_line(rows)})."
    )
