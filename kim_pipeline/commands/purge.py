"""`kim purge`: removes what the settings no longer keep, and says what."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from kim_pipeline import german
from kim_pipeline.commands.common import DeliveriesOption, WarehouseOption, fail, settings_from, wrong

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kim_pipeline.publishing.keeping.purge import Item
    from kim_pipeline.settings import Settings


def purge(
    deliveries: DeliveriesOption = None,
    warehouse: WarehouseOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", metavar=" ", help="Nur zeigen, was entfernt würde; nichts entfernen.")
    ] = False,
) -> None:
    """Entfernt, was nach den Einstellungen nicht mehr aufbewahrt wird, vor allem Fallangaben."""
    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.errors import KimError, explained  # noqa: PLC0415
    from kim_pipeline.intake.intake import present_entries  # noqa: PLC0415
    from kim_pipeline.publishing.builds import Warehouse  # noqa: PLC0415
    from kim_pipeline.publishing.keeping.purge import purgeable, remove_items  # noqa: PLC0415

    settings = settings_from(deliveries=deliveries, warehouse=warehouse)
    if not settings.warehouse.is_dir():
        wrong(f"Den Ordner {settings.warehouse} gibt es nicht. Bitte mit --warehouse angeben.")
    if not settings.deliveries.is_dir():
        wrong(f"Der Ordner der Lieferungen fehlt: {settings.deliveries}. Bitte anlegen oder mit --deliveries angeben.")
    there = Warehouse(settings.warehouse)
    try:
        with there.lock():
            items = purgeable(there, settings, present_entries(settings), dt.datetime.now(dt.UTC))
            if not dry_run:
                remove_items(items, settings)
    except (KimError, OSError) as error:
        cause = explained(error, settings.warehouse) or _not_removed(error)
        raise typer.Exit(fail(cause)) from None
    terminal.console().print("\n".join(_said(items, settings, dry_run=dry_run)), markup=False)


def _not_removed(error: Exception) -> str:
    why = f": {german.system_error(error)}" if isinstance(error, OSError) else ""
    return f"Das Entfernen ist nicht gelungen{why}."


def _said(items: Sequence[Item], settings: Settings, *, dry_run: bool) -> list[str]:
    if not items:
        return ["Es gibt nichts zu entfernen."]
    labels = {
        "result": "Leseergebnisse ohne Lieferung",
        "copy": f"Rückmeldungen, seit {german.counted(settings.keep_feedback_days, 'Tag', 'Tagen')} unverändert",
        "build": "Datenbestände nach Ablauf der Aufbewahrung",
        "internal": f"Interne Dateien, älter als {german.counted(settings.keep_internal_days, 'Tag', 'Tage')}",
        "log": f"Protokolle, über die letzten {settings.keep_logs} hinaus",
    }
    size = german.size(sum(item.size for item in items))
    lines = [
        f"{'Würde entfernt' if dry_run else 'Entfernt'}: {german.counted(len(items), 'Eintrag', 'Einträge')}, {size}"
    ]
    for kind, label in labels.items():
        ours = [item for item in items if item.kind == kind]
        if ours:
            lines.append(f"  {label}: {len(ours)}, {german.size(sum(item.size for item in ours))}")
            lines += [f"    {name}{f' ({n})' if n > 1 else ''}" for name, n in Counter(i.name for i in ours).items()]
    return lines
