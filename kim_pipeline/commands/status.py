"""`kim status`: what is there, what counts, what was rejected and why, and what is due."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

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
    import datetime as dt

    from rich.console import Console
    from rich.text import Text

    from kim_pipeline.board.rows import BoardRow
    from kim_pipeline.intake.deliveries import Intake
    from kim_pipeline.office.status import DeliveryStatus, ProgrammeStatus
    from kim_pipeline.settings import Settings

_STYLES = {"counted": "green", "held": "bold yellow", "rejected": "bold red", "superseded": "dim"}
_MARKS = {"stopped": "reverse bold", "late": "bold white on red", "rejected": "bold red", "held": "bold yellow"}
"""How the matters of the board look that somebody has to do something about; others are yellow."""


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
    rows = _board(settings, intake, day, chosen)
    found = office.status(intake, day, settings.grace_days, chosen)
    if as_json:
        sys.stdout.write(json.dumps(_as_json(found, rows), ensure_ascii=False, indent=2) + "\n")
        return
    out = terminal.console()
    out.print(Text(f"Stand der Lieferungen am {german.day(day)}", style="bold underline"))
    out.print()
    _show_board(out, rows)
    for one in found:
        _show(out, one)
    terminal.unknown_folders(out, settings.deliveries, intake.unknown)


def _board(settings: Settings, intake: Intake, day: dt.date, chosen: list[str] | None) -> list[BoardRow]:
    """The board by the folder as it is now; what the last night held and nobody has decided is held in the intake."""
    from kim_pipeline.board.rows import board_rows, states_of_intake  # noqa: PLC0415
    from kim_pipeline.files import Store  # noqa: PLC0415
    from kim_pipeline.guard.holds import load_holds  # noqa: PLC0415
    from kim_pipeline.intake.settling import settle  # noqa: PLC0415

    waiting = load_holds(Store(settings.warehouse))
    files = {(hold.programme, hold.sha256) for hold in waiting if hold.kind == "file"}
    held = [d for d in intake.deliveries if (d.programme, d.sha256) in files]
    for delivery in held:
        delivery.held = "wartet auf eine Entscheidung; kim accept --list zeigt, was wegfiele"
    if held:
        settle(intake, day)
    there = {(d.programme, d.sha256) for d in held}
    holds = [h for h in waiting if h.kind != "file" or (h.programme, h.sha256) in there]
    ours = [h for h in holds if chosen is None or h.programme is None or h.programme in chosen]
    return board_rows(states_of_intake(intake, day, settings.grace_days, chosen), ours, day)


def _as_json(found: list[ProgrammeStatus], rows: list[BoardRow]) -> list[dict[str, Any]]:
    """The programmes as plain values, each with its rows of the board; what concerns all is among those of each."""
    from kim_pipeline.office import status as office  # noqa: PLC0415

    plain = office.status_as_json(found)
    for one in plain:
        one["board"] = [
            {
                "matter": row.matter,
                "since": row.since.isoformat() if row.since else None,
                "happened": row.happened,
                "turn": row.turn,
                "todo": row.todo,
            }
            for row in rows
            if row.programme in (one["programme"], None)
        ]
    return plain


def _show_board(out: Console, rows: list[BoardRow]) -> None:
    """What somebody has to do something about; the rest follows below."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from kim_pipeline.board.rows import told_rows  # noqa: PLC0415

    waiting = told_rows(rows)
    if not waiting:
        out.print(Text("Alles ist in der Frist; niemand muss etwas tun."))
        out.print()
        return
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold", title_justify="left")
    for head in ("Was ist", "Programm", "Seit", "Am Zug ist", "Was ist zu tun"):
        table.add_column(head, overflow="fold", no_wrap=head in ("Was ist", "Seit"))
    for row in waiting:
        mark = Text(row.label, style=_MARKS.get(row.matter, "yellow"))
        table.add_row(mark, row.title, row.since_told, row.turn, row.todo)
    out.print(table)
    out.print()


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
        return Text("abgeschlossen, nichts mehr fällig")
    days = german.counted(one.days, "Tag", "Tagen")
    what = "Schlusslieferung " if one.phase == "Schlusslieferung offen" else ""
    if one.state == "late":
        return Text(f"{what}überfällig seit {days} (fällig am {german.day(one.due_on)})", style="bold red")
    if one.state == "due":
        return Text(f"{what}fällig seit {days}, Nachfrist bis {german.day(one.late_after)}", style="yellow")
    return Text(f"{what}fällig am {german.day(one.due_on)}" + (", heute" if not one.days else f", in {days}"))


def _line(line: DeliveryStatus) -> Text:
    from rich.text import Text  # noqa: PLC0415

    facts = [line.period or "", f"Stand {german.day(line.as_of)}" if line.as_of else ""]
    if line.status in ("rejected", "held"):
        return Text(f"{line.file}: {line.reason}")
    if line.status == "superseded":
        facts.append(str(line.reason))
    elif line.quarantined:
        rows = german.counted(line.accepted + line.quarantined, "Zeile", "Zeilen")
        facts.append(f"{german.number(line.quarantined)} von {rows} in Quarantäne")
    elif any(line.findings.values()):
        facts.append("alle Zeilen zählen, mit Hinweisen")
    return Text(f"{line.file}: {', '.join(filter(None, facts))}")
