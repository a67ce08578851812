"""`kim report`: the council's report as PDF and HTML, and a page per municipality."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from kim_pipeline import german
from kim_pipeline.commands.common import WarehouseOption, fail, parsed_day, settings_from, wrong


def report(
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
    warehouse: WarehouseOption = None,
) -> None:  # fmt: skip
    """Schreibt den Bericht für den Ausschuss als PDF und HTML und ein Blatt je Gemeinde."""
    folder = settings_from(warehouse=warehouse).warehouse
    published = folder / "kim.duckdb"
    key_day, last_report = parsed_day(as_of), parsed_day(since)
    if not published.is_file():
        wrong(f"{published} gibt es nicht. Bitte zuerst kim run ausführen oder den Ordner mit --warehouse angeben.")
    raise typer.Exit(_render(published, out, folder, (key_day, last_report)))


def _render(published: Path, out: Path | None, folder: Path, days: tuple[dt.date | None, dt.date | None]) -> int:
    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.files import Store  # noqa: PLC0415
    from kim_pipeline.report import NotPublishedError, build_name, render  # noqa: PLC0415

    console = terminal.console()
    try:
        target = out or folder / "report" / build_name(published)
        with console.status("Der Bericht wird gesetzt …"):
            paths = render(published, target, days[0], since=days[1], writer=Store(folder).write_readable)
    except NotPublishedError as error:
        return fail(str(error))
    except OSError as error:
        why = german.system_error(error)
        return fail(f"In den Ordner lässt sich nicht schreiben: {why}. Bitte --out und die Rechte prüfen.")
    main = [path for path in paths if path.parent == target]
    for path in main:
        console.print(f"Bericht:         {path}", markup=False, soft_wrap=True)
    number = len({path.stem for path in paths} - {path.stem for path in main})
    console.print(f"Gemeindeblätter: {number} in {paths[-1].parent}", markup=False, soft_wrap=True)
    return 0
