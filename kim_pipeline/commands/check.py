"""`kim check`: one workbook before it is handed in; nothing is kept."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kim_pipeline import german
from kim_pipeline.commands.common import FAILED, known_programmes, settings_from, wrong

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from kim_pipeline.guard.effect import Headline
    from kim_pipeline.intake.deliveries import Delivery
    from kim_pipeline.settings import Settings


def check(
    file: Annotated[Path, typer.Argument(metavar="DATEI", help="Die Arbeitsmappe oder CSV-Datei.", show_default=False)],
    programme: Annotated[str, typer.Option(metavar="PROGRAMM", help="Schlüssel des Programms.", show_default=False)],
    limit: Annotated[
        int,
        typer.Option(min=1, metavar="ZAHL", help="Höchstzahl der Befunde je Blatt. [Vorgabe: 100]", show_default=False),
    ] = 100,
    *,
    effect: Annotated[
        bool,
        typer.Option("--effect", metavar=" ", help="Auch zeigen, wie sich die wichtigsten Kennzahlen ändern würden."),
    ] = False,
) -> None:
    """Prüft eine Datei, bevor sie abgegeben wird. Es wird nichts gespeichert."""
    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.contracts import programmes  # noqa: PLC0415
    from kim_pipeline.files import temporary_folder  # noqa: PLC0415

    settings = settings_from()
    (key,) = known_programmes([programme]) or []
    if not file.is_file():
        wrong(f"Die Datei {file} gibt es nicht." if not file.exists() else f"{file} ist keine Datei.")
    with temporary_folder("kim-check-") as folder:
        parts, rows = _read_one(settings, file.absolute(), key, folder)
        out = terminal.console()
        _tell(out, key, parts, rows, limit)
        _tell_effect(out, settings, parts, folder / "trial.duckdb", figures=effect)
        out.print(_verdict(parts, rows), style="bold", markup=False, highlight=False)
        forms = programmes()[key].published
        if forms and any(part.is_official and part.is_rejected for part in parts):
            out.print(forms.retrieve, markup=False, highlight=False)
    raise typer.Exit(FAILED if any(r["severity"] in ("rejected", "error") for r in rows) else 0)


def _read_one(settings: Settings, file: Path, key: str, scratch: Path) -> tuple[list[Delivery], list[dict[str, Any]]]:
    """Read one file as the nightly run does, in a folder of its own, with our key if it may read that."""
    from kim_pipeline import files  # noqa: PLC0415
    from kim_pipeline.intake.deliveries import findings_of  # noqa: PLC0415
    from kim_pipeline.intake.intake import take_in  # noqa: PLC0415

    place = scratch / "deliveries" / key
    place.mkdir(parents=True)
    files.copy(file, place / file.name)  # a link would be none that anybody may deliver
    alone = settings.model_copy(
        update={
            "deliveries": scratch / "deliveries",
            "warehouse": scratch / "warehouse",
            "key_file": settings.secret_path if os.access(settings.secret_path, os.R_OK) else None,
            "readers": 1,
        }
    )
    found = take_in(alone, only=[key], looks_twice=False).deliveries
    if not found:
        wrong(f"{file.name} ist eine Hilfsdatei und keine Lieferung; der Lauf überspringt sie.")
    return found, [dataclasses.asdict(finding) for finding in findings_of(found)]


def _tell(out: Console, key: str, parts: list[Delivery], rows: list[dict[str, Any]], limit: int) -> None:
    """What was read, and the findings."""
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


_KNOWN = "Diese Datei ist schon im Datenbestand."


def _tell_effect(out: Console, settings: Settings, parts: list[Delivery], scratch: Path, *, figures: bool) -> None:
    """What the file would replace in the published build, whether it would be held, what its figures would be."""
    from kim_pipeline.errors import KimError  # noqa: PLC0415
    from kim_pipeline.intake.intake import take_in  # noqa: PLC0415
    from kim_pipeline.publishing.builds import Warehouse  # noqa: PLC0415
    from kim_pipeline.settings import today  # noqa: PLC0415

    current = Warehouse(settings.warehouse).current()
    if current is None or all(part.is_rejected for part in parts) or not settings.deliveries.is_dir():
        return
    from kim_pipeline.guard.basis import basis_of  # noqa: PLC0415
    from kim_pipeline.guard.configuration import configuration_of  # noqa: PLC0415
    from kim_pipeline.guard.effect import effect_of_file, with_file  # noqa: PLC0415

    try:
        before = basis_of(current)
        if before is None:
            return
        is_known = (parts[0].programme, parts[0].sha256) in before.known
        if is_known and not figures and configuration_of(settings) == before.configuration:
            out.print(f"{_KNOWN}\n", markup=False)
            return
        joined = with_file(take_in(settings, looks_twice=False), parts, today())
        ours = [d for d in joined.deliveries if (d.programme, d.file) == (parts[0].programme, parts[0].file)]
        found = effect_of_file(before, joined, ours, settings, (today(), scratch), figures=figures)
    except (KimError, OSError) as error:
        why = str(error) if isinstance(error, KimError) else german.system_error(error)
        out.print(f"Was die Datei ersetzen würde, lässt sich hier nicht sagen: {why}", markup=False)
        return
    told = [_KNOWN] if is_known else [*found.replaced] or ["Die Datei ersetzt nichts, was veröffentlicht ist."]
    if found.held:
        told.append("Die Lieferung würde angehalten, bis die Koordination sie bestätigt: " + " ".join(found.held))
    for line in told:
        out.print(line, markup=False, highlight=False)
    if figures:
        _tell_figures(out, found.figures)
    out.print()


def _tell_figures(out: Console, figures: Sequence[Headline]) -> None:
    """The headline figures that would change, before and after."""
    from rich.table import Table  # noqa: PLC0415

    if not figures:
        out.print("Keine der wichtigsten Kennzahlen des Programms würde sich ändern.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for name in ("Kennzahl (Kreis)", "Zeitraum", "bisher", "dann"):
        table.add_column(name, justify="right" if name in ("bisher", "dann") else "left")
    for line in figures:
        values = ("kein Wert" if value is None else german.exact(value) for value in (line.before, line.after))
        table.add_row(line.label, german.period(line.period), *values)
    out.print(table)


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
