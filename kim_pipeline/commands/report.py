"""`kim report`: the council's paper as PDF, Word, HTML and workbook, and a page per municipality."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from kim_pipeline import german
from kim_pipeline.commands.common import WarehouseOption, fail, parsed_day, settings_from, wrong


def report(
    *,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATUM", help="Stichtag, JJJJ-MM-TT. [Vorgabe: Tag des Datenbestands]"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="ORDNER", help="Wohin. [Vorgabe: report/<Datenbestand> im Ordner der Ergebnisse]",
            show_default=False,
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATUM", help="Tag des letzten Berichts. [Vorgabe: das vorige Register]"),
    ] = None,
    previous: Annotated[
        str | None,
        typer.Option(
            "--previous", metavar="NAME",
            help="Veröffentlichung, gegen die gezeigt wird, was neu ist. [Vorgabe: die letzte vor dem Stichtag]",
        ),
    ] = None,
    formats: Annotated[
        str,
        typer.Option(
            "--format", metavar="LISTE", show_default=False,
            help="Was zu schreiben ist, getrennt durch Kommas. [Vorgabe: alles – pdf,docx,html,xlsx]",
        ),
    ] = "pdf,docx,html,xlsx",
    warehouse: WarehouseOption = None,
) -> None:  # fmt: skip
    """Schreibt die Vorlage für den Ausschuss als PDF, Word, HTML und Tabellen und ein Blatt je Gemeinde."""
    folder = settings_from(warehouse=warehouse).warehouse
    published = folder / "kim.duckdb"
    key_day, last_report = parsed_day(as_of), parsed_day(since)
    if not published.is_file():
        wrong(f"{published} gibt es nicht. Bitte zuerst kim run ausführen oder den Ordner mit --warehouse angeben.")
    if since is not None and previous is not None:
        wrong("Bitte entweder --since oder --previous angeben.")
    wanted = _Wanted(key_day, last_report, previous, _formats(formats))
    raise typer.Exit(_render(published, out, folder, wanted))


@dataclass(frozen=True)
class _Wanted:
    """What was asked for: key date, day or release to compare with, formats."""

    key_day: dt.date | None
    since: dt.date | None
    previous: str | None
    formats: tuple[str, ...]


def _formats(told: str) -> tuple[str, ...]:
    """The formats of a list, each once."""
    from kim_pipeline.report import FORMATS  # noqa: PLC0415

    found = tuple(dict.fromkeys(part.strip().lower() for part in told.split(",") if part.strip()))
    unknown = [part for part in found if part not in FORMATS]
    if unknown or not found:
        wrong(f"--format kennt {german.listing(FORMATS)}, mehrere getrennt durch Kommas.")
    return found


def _render(published: Path, out: Path | None, folder: Path, wanted: _Wanted) -> int:
    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.files import Store  # noqa: PLC0415
    from kim_pipeline.publishing.put_right import RELEASES  # noqa: PLC0415
    from kim_pipeline.report import NotPublishedError, build_name, render  # noqa: PLC0415

    console = terminal.console()
    try:
        target = out or folder / "report" / build_name(published)
        with console.status("Der Bericht wird gesetzt …"):
            paths = render(
                published, target, wanted.key_day, since=wanted.since, previous=wanted.previous,
                releases=folder / RELEASES, formats=wanted.formats, writer=Store(folder).write_readable,
            )  # fmt: skip
    except NotPublishedError as error:
        return fail(str(error))
    except OSError as error:
        why = german.system_error(error)
        return fail(f"In den Ordner lässt sich nicht schreiben: {why}. Bitte --out und die Rechte prüfen.")
    main = [path for path in paths if path.parent == target]
    for path in main:
        console.print(f"Bericht:         {path}", markup=False, soft_wrap=True)
    number = len({path.stem for path in paths} - {path.stem for path in main})
    if number:
        console.print(f"Gemeindeblätter: {number} in {paths[-1].parent}", markup=False, soft_wrap=True)
    return 0
