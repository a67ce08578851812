"""`kim sql`: queries on the published data, as a table or a file; and the SQL that makes a table."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from kim_pipeline import german
from kim_pipeline.commands.common import DONE, INTERRUPTED, WarehouseOption, fail, settings_from, wrong

if TYPE_CHECKING:
    from kim_pipeline.analysts.query import Result

Format = Literal["tabelle", "csv", "json", "xlsx"]
_SHOWN = 100
"""Rows of a table, unless asked otherwise."""
_TABLES = """
SELECT t.table_name AS Tabelle, d.estimated_size AS Zeilen, t.description AS Inhalt
FROM table_dictionary AS t INNER JOIN duckdb_tables() AS d ON d.table_name = t.table_name ORDER BY t.table_name"""
_COLUMNS = """
SELECT column_name AS Spalte, data_type AS Typ, description AS Inhalt
FROM column_dictionary CROSS JOIN (SELECT count(*) FROM "{}") WHERE table_name = '{}' ORDER BY position"""
"""The join fails where there is no such table."""


def sql(
    query: Annotated[
        str | None,
        typer.Argument(
            metavar="ABFRAGE", help="Etwa „FROM area“; ein Strich (-) liest sie von der Eingabe.", show_default=False
        ),
    ] = None,
    *,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="DATEI", help="Liest die Abfrage aus einer Datei.")
    ] = None,
    tables: Annotated[bool, typer.Option("--tables", metavar=" ", help="Nennt die Tabellen.")] = False,
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="TABELLE", help="Nennt die Spalten einer Tabelle.")
    ] = None,
    show: Annotated[
        str | None,
        typer.Option(
            "--show",
            metavar="NAME",
            help="Zeigt das SQL einer Tabelle mit ihrem Schema oder einer Prüfung.",
            show_default=False,
        ),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="tabelle, csv (UTF-8, Kommas, Dezimalpunkte), json oder xlsx. [Vorgabe: nach der Endung von --out]",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DATEI", help="Schreibt in diese Datei; für xlsx nötig.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", min=1, metavar="ZAHL", help=f"Höchstens so viele Zeilen. [Vorgabe: Tabelle {_SHOWN}, sonst alle]"
        ),
    ] = None,
    warehouse: WarehouseOption = None,
) -> None:
    """Stellt eine Abfrage an kim.duckdb, nur lesend. Leer heißt: keine Angabe, nicht gemeldet oder geheim, nie 0."""
    if show is not None:
        if query is not None or file is not None or columns is not None or tables:
            wrong("--show steht allein: es zeigt das SQL, ohne es auszuführen.")
        typer.echo(_sql_of(show), nl=False)
        return
    text = _query(query, file, columns, tables=tables)
    chosen = _format(form, out)
    published = settings_from(warehouse=warehouse).warehouse / "kim.duckdb"
    if not published.exists():
        wrong(f"{published} gibt es nicht. Bitte zuerst kim run ausführen oder den Ordner mit --warehouse angeben.")
    raise typer.Exit(_run(published, text, chosen, out, limit))


def _query(query: str | None, file: Path | None, table: str | None, *, tables: bool) -> str:
    """The SQL that is asked for; ends with code 2 unless it is asked for in exactly one way."""
    if [query is not None, file is not None, table is not None, tables].count(True) != 1:
        wrong(
            'Bitte eine Abfrage angeben, etwa: kim sql "SELECT name, kind FROM area". '
            "Oder eines von --file DATEI, --tables, --columns TABELLE, --show NAME."
        )
    if tables:
        return _TABLES
    if table is not None:
        return _COLUMNS.format(table.replace('"', '""'), table.replace("'", "''"))
    if query is not None:
        return sys.stdin.read() if query == "-" else query
    try:
        return Path(str(file)).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        wrong(f"{file} lässt sich nicht lesen. Erwartet: eine Textdatei in UTF-8 mit einer Abfrage.")


def _sql_of(name: str) -> str:
    """The SQL that makes a table or that is a check; ends with code 2 where there is none."""
    from kim_pipeline.warehouse.checks import blocking_checks, plausibility_checks  # noqa: PLC0415
    from kim_pipeline.warehouse.sql_models import find_model  # noqa: PLC0415

    if (model := find_model(name)) is not None:
        return model.sql
    found = next((check.sql for check in (*blocking_checks(), *plausibility_checks()) if check.name == name), None)
    if found is None:
        wrong(
            f"Zu „{name}“ gibt es kein SQL. Erwartet: eine Tabelle mit ihrem Schema oder der Name einer Prüfung. "
            "accepted, quality und vocabulary werden geladen."
        )
    return found.rstrip() + "\n"


def _format(given: str | None, out: Path | None) -> Format:
    """The format that is asked for, by its name or the suffix of the file; ends with code 2 where it does not fit."""
    chosen = given or (out.suffix.removeprefix(".").lower() if out else "tabelle")
    known: dict[str, Format] = {name: name for name in get_args(Format)}
    if chosen not in known:
        wrong(f"Das Format „{chosen}“ gibt es nicht. Es gibt: {', '.join(known)} (mit --format).")
    if chosen == "xlsx" and out is None:
        wrong("Eine Arbeitsmappe braucht eine Datei. Bitte --out DATEI.xlsx angeben.")
    if chosen == "tabelle" and out is not None:
        wrong("In eine Datei schreibt kim sql csv, json oder xlsx. Bitte --format angeben.")
    return known[chosen]


def _run(published: Path, text: str, chosen: Format, out: Path | None, limit: int | None) -> int:
    from kim_pipeline.analysts.query import NotAQueryError, QueryError, run_query  # noqa: PLC0415

    try:
        found = run_query(published, text, limit or (_SHOWN if chosen == "tabelle" else None))
    except NotAQueryError as error:
        wrong(str(error))
    except QueryError as error:
        return fail(error.reason, f"DuckDB meldet: {error.detail}")
    except KeyboardInterrupt:
        fail("Abgebrochen.")
        return INTERRUPTED
    try:
        return _give(found, chosen, out)
    except BrokenPipeError:  # whoever reads the output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _give(found: Result, chosen: Format, out: Path | None) -> int:
    from kim_pipeline.analysts.table import show  # noqa: PLC0415

    if chosen == "tabelle":
        show(found)
    elif out is None:
        typer.echo(_content(found, chosen), nl=False)
    else:
        return _write(found, chosen, out)
    return DONE


def _content(found: Result, chosen: Format) -> bytes:
    from kim_pipeline.analysts import result_files  # noqa: PLC0415

    if chosen == "xlsx":
        from kim_pipeline.analysts.workbook import as_workbook  # noqa: PLC0415

        return as_workbook(found)
    return {"csv": result_files.as_csv, "json": result_files.as_json}[chosen](found)


def _write(found: Result, chosen: Format, out: Path) -> int:
    """Write the file, whole or not at all."""
    from kim_pipeline.errors import KimError  # noqa: PLC0415
    from kim_pipeline.files import write  # noqa: PLC0415

    try:
        write(out, _content(found, chosen))
    except KimError as error:
        return fail(str(error))
    except OSError as error:
        return fail(f"{out} lässt sich nicht schreiben ({german.system_error(error)}). Bitte Ordner und Rechte prüfen.")
    typer.echo(f"Geschrieben: {out} (Zeilen: {german.number(len(found.rows))})")
    return DONE
