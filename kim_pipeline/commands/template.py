"""`kim template`: the workbooks that offices fill in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kim_pipeline.commands.common import DONE, FAILED, fail, known_programmes, settings_from, wrong

if TYPE_CHECKING:
    from rich.console import Console

    from kim_pipeline.office.template.plan import Plan

_NOTATIONS = "2023, 2022/23, „1. Halbjahr 2023“, „1. Quartal 2023“ oder „01.01.2023 - 30.06.2023“"


def template(
    programme: Annotated[
        str | None, typer.Argument(metavar="PROGRAMM", help="Schlüssel des Programms.", show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Vorlagen aller Programme.", show_default=False)] = False,
    period: Annotated[
        str | None,
        typer.Option(
            metavar="ZEITRAUM", help=f"Berichtszeitraum, der eingetragen wird: {_NOTATIONS}.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="ORDNER", help="Zielordner. [Vorgabe: vorlagen]", show_default=False)
    ] = Path("vorlagen"),
    force: Annotated[
        bool, typer.Option("--force", help="Ersetzt auch veränderte oder ausgefüllte Dateien.", show_default=False)
    ] = False,
) -> None:
    """Schreibt die leere Arbeitsmappe eines Programms, fertig zum Ausfüllen."""
    from kim_pipeline.commands import terminal  # noqa: PLC0415

    settings = settings_from()
    plans = _plans(_chosen(programme, every=every), period)
    console = terminal.console()
    try:
        out.mkdir(parents=True, exist_ok=True)  # as the umask says, like the templates themselves
        refused = [plan for plan in plans if not _write(console, plan, out / plan.file_name, force=force)]
    except OSError:
        reason = f"In den Ordner {out} lässt sich nicht schreiben. Bitte mit --out einen anderen Ordner wählen."
        raise typer.Exit(fail(reason)) from None
    _say_what_next(console, plans, period, settings.deliveries)
    raise typer.Exit(FAILED if refused else DONE)


def _chosen(programme: str | None, *, every: bool) -> list[str]:
    from kim_pipeline.contracts import programmes  # noqa: PLC0415

    if every == (programme is not None):
        wrong(f"Bitte ein Programm nennen oder --all. Es gibt: {', '.join(programmes())}.")
    return list(programmes()) if programme is None else known_programmes([programme]) or []


def _plans(keys: list[str], period: str | None) -> list[Plan]:
    from kim_pipeline.contracts import programmes  # noqa: PLC0415
    from kim_pipeline.office.template.plan import plan_of  # noqa: PLC0415

    try:
        return [plan_of(programmes()[key], period) for key in keys]
    except ValueError:
        wrong(f"„{period}“ ist kein Berichtszeitraum. Erwartet: {_NOTATIONS}.")


def _write(console: Console, plan: Plan, path: Path, *, force: bool) -> bool:
    """Write one template and say so; a file with other content is kept, unless `force` says otherwise."""
    from kim_pipeline.files import write  # noqa: PLC0415
    from kim_pipeline.office.template.workbook import template as workbook  # noqa: PLC0415

    content = workbook(plan)
    is_there = path.exists()
    if is_there and path.read_bytes() == content:
        _say(console, f"Unverändert: {path}")
        return True
    if is_there and not force:
        _say(
            console,
            f"Nicht überschrieben: {path} liegt dort schon und ist vielleicht ausgefüllt. "
            "Mit --force wird die Datei ersetzt, mit --out ein anderer Ordner gewählt.",
        )
        return False
    write(path, content)
    _say(console, f"{'Ersetzt' if is_there else 'Geschrieben'}: {path}")
    return True


def _say_what_next(console: Console, plans: list[Plan], period: str | None, deliveries: Path) -> None:
    console.print()
    for plan in plans:
        if not plan.fits_cadence:
            _say(
                console,
                f"Bitte prüfen: {plan.programme.title} wird {plan.programme.cadence.label} geliefert; "
                f"der Berichtszeitraum {plan.stated} endet an keinem dieser Stichtage.",
            )
    without = [plan.programme.title for plan in plans if period is not None and not plan.covers_period]
    if without:
        _say(console, f"Ohne Berichtszeitraum, weil jedes Mal die vollständige Liste kommt: {', '.join(without)}.")
    for plan in plans:
        if plan.programme.published is not None:
            _say(console, f"{plan.programme.title}: {plan.programme.published.retrieve}")
    key = plans[0].programme.key if len(plans) == 1 else "PROGRAMM"
    _say(
        console,
        f"Nach dem Ausfüllen: mit „kim check DATEI --programme {key}“ prüfen und nach {deliveries / key} legen. "
        "Die Anleitung steht auf dem Deckblatt.",
    )


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)
