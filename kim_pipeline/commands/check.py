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
        parts, rows = _read_one(settings, file.absolute(), key, folder)
    raise typer.Exit(_judge(terminal.console(), key, parts, rows, limit))


def _read_one(settings: Settings, file: Path, key: str, scratch: Path) -> tuple[list[Delivery], list[dict[str, Any]]]:
    """Read one file as the nightly run does, in a folder of its own with a key of its own."""
    from kim_pipeline import files  # noqa: PLC0415
    from kim_pipeline.intake.intake import findings_of, take_in  # noqa: PLC0415

    place = scratch / "deliveries" / key
    place.mkdir(parents=True)
    files.copy(file, place / file.name)  # a link would be none that anybody may deliver
    alone = settings.model_copy(
        update={
            "deliveries": scratch / "deliveries",
            "warehouse": scratch / "warehouse",
            "key_file": None,
            "readers": 1,
        }
    )
    found = take_in(alone, only=[key], looks_twice=False).deliveries
    if not found:
        wrong(f"{file.name} ist eine Hilfsdatei und keine Lieferung; der Lauf überspringt sie.")
    return found, [dataclasses.asdict(finding) for finding in findings_of(found)]


def _judge(out: Console, key: str, parts: list[Delivery], rows: list[dict[str, Any]], limit: int) -> int:
    from rich.text import Text  # noqa: PLC0415

    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.contracts import programmes  # noqa: PLC0415

    programme = programmes()[key]
    out.print(Text(f"{parts[0].file} – {programme.title}", style="bold"))
    for read in (part.read for part in parts):
        if read and read.published:
            out.print(Text(read.published.recognised))
        elif read and read.as_of:
            period = f"Berichtszeitraum {read.period.in_words}, " if read.period else ""
            out.print(f"{period}Stand {german.day(read.as_of)}", markup=False)
    terminal.findings(out, parts, rows, limit)
    out.print()
    terminal.legend(out, rows)
    others = [t.reference.programme for t in programme.tables if t.reference and t.reference.programme]
    if others and not all(part.is_rejected for part in parts):
        names = ", ".join(programmes()[other].title for other in others)
        out.print(Text(f"Nicht geprüft: ob die genannten Nummern in den Lieferungen von {names} vorkommen."))
    out.print(Text(_verdict(parts, rows), style="bold"))
    if programme.published and any(part.is_official and part.is_rejected for part in parts):
        out.print(Text(programme.published.retrieve))
    return FAILED if any(r["severity"] in ("rejected", "error") for r in rows) else 0


def _verdict(parts: list[Delivery], rows: list[dict[str, Any]]) -> str:
    from kim_pipeline.commands import terminal  # noqa: PLC0415

    rejected = [part for part in parts if part.is_rejected]
    reasons = " ".join(dict.fromkeys(terminal.rejection_reason(part) for part in rejected))
    if len(rejected) == len(parts):
        return f"Ergebnis: Die Lieferung würde zurückgewiesen. {reasons}"
    accepted, quarantined = (sum(a[n] for p in parts for a in p.accounts) for n in ("accepted", "quarantined"))
    partly = f"zum Teil zurückgewiesen ({reasons}); der Rest würde angenommen" if rejected else "angenommen"
    return (
        f"Ergebnis: Die Lieferung würde {partly}. Angenommene Zeilen: {accepted}; in Quarantäne: {quarantined} "
        f"({terminal.counts_line(rows)})."
    )
