"""`kim status`: what is there, what counts, what was rejected and why, and what is due."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from kim_pipeline import german
from kim_pipeline.commands.common import (
    DeliveriesOption,
    ProgrammesOption,
    WarehouseOption,
    intake_of,
    known_programmes,
    parsed_day,
    settings_from,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from kim_pipeline.office.status import DeliveryStatus, ProgrammeStatus

_STYLES = {"counted": "green", "rejected": "bold red", "superseded": "dim"}


def status(
    deliveries: DeliveriesOption = None,
    warehouse: WarehouseOption = None,
    programme: ProgrammesOption = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATUM", help="Stichtag für Fälligkeiten, JJJJ-MM-TT. [Vorgabe: heute]"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", metavar=" ", help="Als JSON ausgeben.")] = False,
) -> None:
    """Zeigt je Programm, was da ist, was zählt, was zurückgewiesen wurde und was fällig ist."""
    settings = settings_from(deliveries=deliveries, warehouse=warehouse)
    from rich.text import Text  # noqa: PLC0415

    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.office import status as office  # noqa: PLC0415
    from kim_pipeline.settings import today  # noqa: PLC0415

    day, chosen = parsed_day(as_of) or today(), known_programmes(programme)
    intake = intake_of(settings)
    found = office.status(intake, day, settings.grace_days, chosen)
    if as_json:
        sys.stdout.write(json.dumps(office.status_as_json(found), ensure_ascii=False, indent=2) + "\n")
        return
    out = terminal.console()
    out.print(Text(f"Stand der Lieferungen am {german.day(day)}", style="bold underline"))
    out.print()
    for one in found:
        _show(out, one)
    terminal.unknown_folders(out, settings.deliveries, intake.unknown)


def _show(out: Console, one: ProgrammeStatus) -> None:
    from rich.padding import Padding  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    out.print(Text(one.title, style="bold").append(" – ", style="not bold").append(_due(one)))
    covered = f"abgedeckt bis {german.day(one.covered_through)}" if one.covered_through else "noch keine Lieferung"
    out.print(Text(f"  {one.cadence}; {covered}", style="dim"))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True, width=max(map(len, german.STATUSES.values())))
    table.add_column(overflow="fold")
    for line in one.deliveries:
        table.add_row(Text(german.STATUSES[line.status], style=_STYLES[line.status]), _line(line))
    out.print(Padding(table, (0, 0, 0, 2), expand=False))
    out.print()


def _due(one: ProgrammeStatus) -> Text:
    from rich.text import Text  # noqa: PLC0415

    if one.due_on is None or one.late_after is None:
        return Text("abgeschlossen, keine Lieferung mehr fällig", style="dim")
    days, what = german.counted(one.days, "Tag", "Tagen"), ""
    if one.runs == "Schlusslieferung offen" and one.valid_to:
        what = f"beendet am {german.day(one.valid_to)}, Schlusslieferung "
    if one.state == "late":
        return Text(f"{what}überfällig seit {days} (fällig am {german.day(one.due_on)})", style="bold red")
    if one.state == "due":
        return Text(f"{what}fällig seit {days}, Nachfrist bis {german.day(one.late_after)}", style="yellow")
    return Text(f"{what}fällig am {german.day(one.due_on)}" + (", heute" if not one.days else f", in {days}"))


def _line(line: DeliveryStatus) -> Text:
    from rich.text import Text  # noqa: PLC0415

    facts = [line.period or "", f"Stand {german.day(line.as_of)}" if line.as_of else ""]
    if line.status == "rejected":
        return Text(f"{line.file}: {line.reason}")
    if line.status == "superseded":
        facts.append(str(line.reason))
    elif line.quarantined:
        rows = german.counted(line.accepted + line.quarantined, "Zeile", "Zeilen")
        facts.append(f"{german.number(line.quarantined)} von {rows} in Quarantäne")
    elif any(line.findings.values()):
        facts.append("alle Zeilen zählen, mit Hinweisen")
    return Text(f"{line.file}: {', '.join(filter(None, facts))}")
