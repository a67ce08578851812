"""`kim builds` and `kim rollback`: which builds there are, and going back to one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from kim_pipeline import german
from kim_pipeline.commands.common import WarehouseOption, fail, settings_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kim_pipeline.publishing.keeping.build_list import BuildEntry, BuildInput

_KEPT = {
    "published": "veröffentlicht",
    "newest": "neueste",
    "month": "Monatsende",
    "release": "Veröffentlichung (eingefroren)",
    "unreadable_release": "Veröffentlichung unlesbar",
}
_NAME = "Name oder dessen Anfang"
_WIDE = 110

JsonOption = Annotated[bool, typer.Option("--json", metavar=" ", help="Als JSON, für andere Programme.")]


def builds(
    build: Annotated[
        str | None,
        typer.Argument(metavar="BESTAND", help=f"{_NAME}: zeigt seine Lieferungen.", show_default=False),
    ] = None,
    warehouse: WarehouseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Zeigt die Datenbestände, den neuesten zuerst, oder die Lieferungen eines Datenbestands."""
    import duckdb  # noqa: PLC0415

    from kim_pipeline.publishing.builds import UnknownBuildError, Warehouse  # noqa: PLC0415
    from kim_pipeline.publishing.keeping.build_list import inputs_of, list_builds  # noqa: PLC0415

    settings = settings_from(warehouse=warehouse)
    there = Warehouse(settings.warehouse)
    if build is None:
        found = list_builds(there, settings)
        _write_json(found) if as_json else _show_builds(found, str(there.folder))
        return
    try:
        inputs = inputs_of(there.find(build))
    except UnknownBuildError as error:
        raise typer.Exit(fail(str(error))) from None
    except duckdb.Error:
        reason = "Der Datenbestand lässt sich nicht lesen: er ist beschädigt, oder jemand schreibt gerade in die Datei."
        raise typer.Exit(fail(reason)) from None
    _write_json(inputs) if as_json else _show_inputs(inputs)


def rollback(
    build: Annotated[
        str | None,
        typer.Argument(metavar="BESTAND", help=f"{_NAME}. [Vorgabe: der vorige]", show_default=False),
    ] = None,
    warehouse: WarehouseOption = None,
) -> None:
    """Schaltet auf einen früheren Datenbestand zurück."""
    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.errors import KimError, explained  # noqa: PLC0415
    from kim_pipeline.publishing.builds import UnknownBuildError, Warehouse  # noqa: PLC0415
    from kim_pipeline.publishing.keeping.rollback import roll_back  # noqa: PLC0415

    folder = settings_from(warehouse=warehouse).warehouse
    try:
        done = roll_back(Warehouse(folder), build)
    except (KimError, OSError) as error:
        cause = explained(error, folder) or _not_switched(error)
        stands = "" if isinstance(error, UnknownBuildError) else "Der veröffentlichte Datenbestand ist unverändert."
        raise typer.Exit(fail(cause, stands)) from None
    said = [f"Veröffentlicht ist jetzt {done.now.stem}" + (f", vorher {done.before.stem}." if done.before else ".")]
    if done.before == done.now:
        said = [f"{done.now.stem} ist schon veröffentlicht."]
    if not done.now.internal.exists():
        said.append(
            "Seine interne Datei ist nach Ablauf der Frist entfernt; bis zum nächsten Lauf fehlt internal.duckdb."
        )
    said.append("Der nächste Lauf veröffentlicht wieder einen neuen Datenbestand, aus den Lieferungen von dann.")
    terminal.console().print("\n".join(said), markup=False)


def _not_switched(error: Exception) -> str:
    why = f": {german.system_error(error)}" if isinstance(error, OSError) else ""
    return f"Das Umschalten ist nicht gelungen{why}."


def _write_json(records: Sequence[BuildEntry | BuildInput]) -> None:
    plain = [dataclasses.asdict(record) for record in records]
    sys.stdout.write(json.dumps(plain, default=_plain, ensure_ascii=False, indent=2) + "\n")


def _plain(value: dt.date) -> str:
    return value.isoformat()


def _show_builds(found: Sequence[BuildEntry], folder: str) -> None:
    from rich.table import Table  # noqa: PLC0415

    from kim_pipeline.commands import terminal  # noqa: PLC0415

    out = terminal.console()
    if not found:
        out.print(f"In {folder} gibt es noch keinen Datenbestand. kim run baut einen.", markup=False)
        return
    cells = [_cells(entry) for entry in found]
    shown = [name for name in cells[0] if out.width >= _WIDE or name not in ("gebaut", "Stichtag", "Zeilen")]
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold", pad_edge=False)
    for name in shown:
        is_text = name in ("Datenbestand", "gebaut", "Stichtag", "behalten als")
        table.add_column(name, justify="left" if is_text else "right", no_wrap=name != "behalten als")
    for entry, row in zip(found, cells, strict=True):
        table.add_row(*(row[name] for name in shown), style="bold" if entry.is_published else None)
    out.print(table)


def _cells(entry: BuildEntry) -> dict[str, str]:
    from kim_pipeline.settings import ZONE  # noqa: PLC0415

    kept = [_KEPT[reason] for reason in entry.kept_because] + ([] if entry.has_internal else ["ohne interne Datei"])
    return {
        "Datenbestand": entry.name,
        "gebaut": german.short_moment(entry.built_at.astimezone(ZONE)) if entry.built_at else "nicht lesbar",
        "Stichtag": german.short_day(entry.as_of) if entry.as_of else "?",
        "zählt": _number(entry.counted),
        "zurück-\ngewiesen": _number(entry.rejected),
        "Zeilen": _number(entry.rows_accepted),
        "Größe": german.size(entry.size),
        "behalten als": ", ".join(kept) or "nichts: entfernt der nächste Lauf",
    }


def _show_inputs(inputs: Sequence[BuildInput]) -> None:
    from rich.table import Table  # noqa: PLC0415

    from kim_pipeline.commands import terminal  # noqa: PLC0415

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for name in ("Programm", "Lieferung", "Stand", "Status", "SHA-256"):
        table.add_column(name, overflow="fold")
    for one in inputs:
        as_of = german.day(one.as_of) if one.as_of else "–"
        table.add_row(
            one.programme, one.file, as_of, german.STATUSES[one.status], one.sha256[:12] if one.sha256 else "–"
        )
    terminal.console().print(table)


def _number(value: int | None) -> str:
    return "?" if value is None else german.number(value)
