"""`kim release`: freezes a build and its report for the public, or verifies what is frozen."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from kim_pipeline import german
from kim_pipeline.commands.common import FAILED, WarehouseOption, fail, parsed_day, settings_from, wrong

if TYPE_CHECKING:
    from kim_pipeline.publishing.builds import Warehouse


def release(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Name, etwa BIKS-2024-05.")] = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATUM", help="Stichtag, JJJJ-MM-TT: nur Zeiträume, die dann vorbei sind."),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", metavar=" ", help="Alle Veröffentlichungen auf Unversehrtheit prüfen.")
    ] = False,
    warehouse: WarehouseOption = None,
) -> None:
    """Friert den Datenbestand und seinen Bericht als Veröffentlichung ein und prüft sie mit allen früheren."""
    from kim_pipeline.publishing.builds import Warehouse, WarehouseBusyError  # noqa: PLC0415

    folder = Warehouse(settings_from(warehouse=warehouse).warehouse)
    if verify:
        raise typer.Exit(_verify(folder))
    _warn_of_counts(folder)
    day = parsed_day(as_of)
    if name is None or day is None:
        wrong("Bitte einen Namen und mit --as-of den Stichtag angeben, oder --verify.")
    try:
        with folder.lock():
            raise typer.Exit(_release(folder, name, day))
    except WarehouseBusyError as error:
        raise typer.Exit(fail(str(error))) from None


def _release(folder: Warehouse, name: str, as_of: dt.date) -> int:
    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.files import draft  # noqa: PLC0415
    from kim_pipeline.publishing.put_right import RELEASES  # noqa: PLC0415
    from kim_pipeline.publishing.releases import ReleaseError, new_release, seal  # noqa: PLC0415
    from kim_pipeline.report import render  # noqa: PLC0415

    build = folder.current()
    if build is None:
        wrong(f"In {folder.folder} ist noch nichts gebaut. Bitte zuerst kim run ausführen.")
    out = terminal.console()
    try:
        with new_release(folder, name, as_of, build) as made:
            render(made.file, made.folder, as_of, releases=folder.folder / RELEASES, writer=draft)
            final = seal(made, folder, dt.datetime.now(dt.UTC))
    except ReleaseError as error:
        return fail(str(error))
    out.print(f"Veröffentlicht: {final} (Datenbestand {build.stem}, Stichtag {german.day(as_of)})", markup=False)
    for earlier, cells in made.hidden_again.items():
        number = len(cells)
        changed = f"{german.plural(number, 'hat', 'haben')} sich {german.counted(number, 'Zahl', 'Zahlen')}"
        stays = german.plural(number, "bleibt", "bleiben")
        out.print(
            f"Seit der Veröffentlichung {earlier} {changed} um weniger als die Mindestzahl geändert und {stays} "
            f"deshalb jetzt geheim: {'; '.join(cells)}",
            markup=False,
        )
    if made.lost:
        are_lost = german.counted(len(made.lost), "Zahl ist", "Zahlen sind")
        out.print(
            f"{are_lost} verloren, weil frühere Veröffentlichungen allein sie verraten; das wird nur einmal gesagt: "
            f"{'; '.join(made.lost)}",
            markup=False,
        )
    for reason in made.withheld.values():
        out.print(reason, markup=False)
    return 0


def _warn_of_counts(folder: Warehouse) -> None:
    """Name the earlier releases that hold numbers from which hidden figures can be worked out."""
    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.publishing.sealed import telling_counts  # noqa: PLC0415

    names = telling_counts(folder)
    if names:
        terminal.console(stderr=True).print(
            f"Achtung: Diese Veröffentlichungen nennen in „quality_summary“ oder „programme_rows“ genaue Zahlen von "
            f"Befunden oder Zeilen, aus denen sich geheime Zahlen ergeben können: {', '.join(names)}. Bitte "
            "zurückziehen und unter neuem Namen neu veröffentlichen.",
            markup=False,
        )


def _verify(folder: Warehouse) -> int:
    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.publishing.sealed import problems_of  # noqa: PLC0415

    out = terminal.console()
    found = problems_of(folder)
    for name, problems in found.items():
        out.print(f"{name}: {'; '.join(problems) or 'unversehrt'}", markup=False)
    if not found:
        out.print("Es gibt noch keine Veröffentlichung.")
    _warn_of_counts(folder)
    return FAILED if any(found.values()) else 0
