"""`kim accept` and `kim withdraw`: a person's word on what a night may take away."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from kim_pipeline.commands.common import (
    DeliveriesOption,
    WarehouseOption,
    fail,
    known_programmes,
    require_inputs,
    settings_from,
    wrong,
)

if TYPE_CHECKING:
    from kim_pipeline.deciding import Decision, Waiting
    from kim_pipeline.settings import Settings

_By = Annotated[str, typer.Option("--by", metavar="NAME", help="Wer es entscheidet.", show_default=False)]
_Because = Annotated[str, typer.Option("--because", metavar="GRUND", help="Warum.", show_default=False)]
_File = Annotated[
    str | None,
    typer.Argument(metavar="DATEI", help="Datei, bezogen auf den Ordner des Programms.", show_default=False),
]


def accept(
    programme: Annotated[
        str | None, typer.Argument(metavar="PROGRAMM", help="Schlüssel des Programms.", show_default=False)
    ] = None,
    file: _File = None,
    *,
    missing: Annotated[
        bool, typer.Option("--missing", metavar=" ", help="Lieferungen, die bisher zählten, dürfen fehlen.")
    ] = False,
    erase: Annotated[
        bool,
        typer.Option(
            "--erase",
            metavar=" ",
            help="Mit --missing: alles löschen, was aus den fehlenden Lieferungen entstanden ist.",
        ),
    ] = False,
    change: Annotated[
        bool,
        typer.Option("--change", metavar=" ", help="Die Änderung an Programm, Kreisordner oder Einstellungen gilt."),
    ] = False,
    show: Annotated[
        bool, typer.Option("--list", metavar=" ", help="Zeigen, was auf eine Entscheidung wartet.")
    ] = False,
    by: _By = "",
    because: _Because = "",
    deliveries: DeliveriesOption = None,
    warehouse: WarehouseOption = None,
) -> None:
    """Bestätigt, dass ein Lauf veröffentlichte Angaben ersetzen oder wegnehmen darf."""
    settings = settings_from(deliveries=deliveries, warehouse=warehouse)
    require_inputs(settings)
    if show:
        _show(settings)
        return
    known_programmes([programme] if programme is not None else None)
    if change == (programme is not None) or (missing and change) or (erase and not missing):
        wrong(
            "Bitte eines angeben: PROGRAMM DATEI (eine angehaltene Lieferung), PROGRAMM [DATEI] --missing, --change "
            "oder --list; --erase gehört zu --missing."
        )
    from kim_pipeline.deciding import Decision  # noqa: PLC0415

    kind = "change" if change else "missing" if missing else "file"
    _decide(Decision(kind, programme, file, by, because, erase=erase), settings)  # type: ignore[arg-type]


def withdraw(
    programme: Annotated[str, typer.Argument(metavar="PROGRAMM", help="Schlüssel des Programms.", show_default=False)],
    file: Annotated[
        str, typer.Argument(metavar="DATEI", help="Datei, bezogen auf den Ordner des Programms.", show_default=False)
    ],
    *,
    undo: Annotated[bool, typer.Option("--undo", metavar=" ", help="Die Zurücknahme aufheben.")] = False,
    by: _By = "",
    because: _Because = "",
    deliveries: DeliveriesOption = None,
    warehouse: WarehouseOption = None,
) -> None:
    """Nimmt eine falsche Lieferung aus dem Datenbestand, ohne die Datei anzurühren."""
    settings = settings_from(deliveries=deliveries, warehouse=warehouse)
    require_inputs(settings)
    known_programmes([programme])
    from kim_pipeline.deciding import Decision  # noqa: PLC0415

    _decide(Decision("withdrawn", programme, file, by, because, undo=undo), settings)


def _decide(decision: Decision, settings: Settings) -> None:
    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.deciding import decide  # noqa: PLC0415
    from kim_pipeline.errors import KimError, explained  # noqa: PLC0415

    try:
        said = decide(decision, settings)
    except (KimError, OSError) as error:
        raise typer.Exit(fail(explained(error, settings.warehouse) or "Das ist nicht gelungen.")) from None
    terminal.console().print(said, markup=False)


def _show(settings: Settings) -> None:
    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.deciding import waiting  # noqa: PLC0415
    from kim_pipeline.errors import KimError, explained  # noqa: PLC0415
    from kim_pipeline.night import Night  # noqa: PLC0415
    from kim_pipeline.settings import today  # noqa: PLC0415

    night = Night(settings=settings, as_of=today())
    try:
        with night.warehouse.lock():
            found = waiting(night)
    except (KimError, OSError) as error:
        raise typer.Exit(fail(explained(error, settings.warehouse) or "Das ist nicht gelungen.")) from None
    out = terminal.console()
    for line in _lines(found):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _lines(found: Waiting) -> list[str]:
    """What waits, as lines: held deliveries with their effect, then what would stop the next night."""
    from kim_pipeline.contracts import programmes  # noqa: PLC0415
    from kim_pipeline.deciding import effect_of  # noqa: PLC0415
    from kim_pipeline.guard.judging import told_question  # noqa: PLC0415

    lines: list[str] = []
    for delivery in found.judgement.held:
        part = f" ({delivery.part})" if delivery.part else ""
        lines.append(
            f"Angehalten: {programmes()[delivery.programme].title}, {delivery.programme}/{delivery.file}{part}"
        )
        lines += [f"    {sentence}" for sentence in effect_of(delivery, found)]
        lines.append(
            f"    Soll sie zählen: kim accept {delivery.programme} {shlex.quote(delivery.file)} "
            "--by NAME --because GRUND"
        )
    lines += [f"Hält den Lauf an: {told_question(question)}" for question in found.judgement.questions]
    return lines or ["Nichts wartet auf eine Entscheidung."]
