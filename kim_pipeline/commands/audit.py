"""`kim audit`: what can be worked out from a published file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kim_pipeline import german
from kim_pipeline.commands.common import FAILED, WarehouseOption, settings_from, wrong

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from kim_pipeline.disclosure.inference import Inference
    from kim_pipeline.protection.audit_of_file import FileAudit
    from kim_pipeline.protection.night_ledger import NightFigures


_WHO = {
    1: "wer nur diese Datei hat",
    2: "wer auch jede frühere Nacht kennt",
    3: "wer auch die Zeilen beim Kreis und ohne Merkmal kennt",
    4: "eine Stelle, die ihre eigenen Zeilen kennt",
    5: "wer die Regeln kennt und daraus schließt, was geheim ist",
}

_WEAKER = "weiß weniger als Angreifer 3; was vor diesem sicher ist, ist es auch vor ihm"


def audit(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="DATEI", help="Die veröffentlichte Datei. [Vorgabe: kim.duckdb]", show_default=False),
    ] = None,
    warehouse: WarehouseOption = None,
) -> None:
    """Prüft, ob sich aus einer veröffentlichten Datei auf geheime Zahlen schließen lässt."""
    import duckdb  # noqa: PLC0415

    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.protection.audit_of_file import audit_file, build_of, measure_rules  # noqa: PLC0415

    folder = settings_from(warehouse=warehouse).warehouse
    path = file or folder / "kim.duckdb"
    if not path.is_file():
        wrong(f"{path} gibt es nicht. Bitte zuerst kim run ausführen oder eine Datei angeben.")
    try:
        internal = _internal_of(folder, build_of(path))
        found = audit_file(path, internal, _nights(folder) if internal else ())
        inference = measure_rules(path, internal) if internal else None
    except duckdb.Error:
        wrong(f"{path.name} ist kein veröffentlichter Datenbestand oder beschädigt.")
    _tell(terminal.console(), path, found, inference)
    raise typer.Exit(0 if found.passed else FAILED)


def _internal_of(folder: Path, stem: str) -> Path | None:
    """The internal file of the same build, where there is one."""
    from kim_pipeline.publishing.builds import Build  # noqa: PLC0415

    path = Build(folder, stem).internal
    return path if stem and path.is_file() else None


def _nights(folder: Path) -> Sequence[NightFigures]:
    """What earlier nights have printed since the last release; nothing where the state is not for this user to read."""
    from kim_pipeline.files import Store  # noqa: PLC0415
    from kim_pipeline.protection.night_ledger import NightLedger  # noqa: PLC0415
    from kim_pipeline.publishing.ledger import Ledger  # noqa: PLC0415

    store = Store(folder)
    return NightLedger(store.state, release=Ledger(store).newest()).nights


def _tell(out: Console, path: Path, found: FileAudit, inference: Inference | None) -> None:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    out.print(Text(f"Prüfung der Geheimhaltung: {path.name}, Datenbestand {found.build or 'ohne Namen'}", style="bold"))
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("Indikator", "Zellen", "geheim", "Information", "engstes Intervall", "gefährdet"):
        table.add_column(name, justify="left" if name == "Indikator" else "right")
    for line in found.indicators:
        narrowest = "–" if line.narrowest is None else f"{line.narrowest} Werte"
        kept = german.percent(line.kept)
        table.add_row(line.indicator, str(line.cells), str(line.hidden), kept, narrowest, str(line.at_risk))
    out.print(table)
    if not found.knows_rest:
        out.print(
            "Die interne Datei dieses Datenbestands fehlt: geprüft ist nur gegen jemanden, der die beim Kreis "
            "verorteten Zeilen nicht kennt.",
            markup=False,
        )
    _tell_attackers(out, found, inference)
    for cell in sorted(found.withheld):
        out.print(f"  {cell}: zu genau bekannt, was immer veröffentlicht wird; bleibt geheim", markup=False)
    for row in found.at_risk:
        upper = "unbegrenzt" if row.upper is None else row.upper
        told = f"  {row.cell}: möglich sind nur {row.lower} bis {upper} (Angreifer {row.attacker})"
        out.print(told, markup=False, soft_wrap=True)
    for breach in found.breaches:
        out.print(f"  {breach.table} {breach.place}: {breach.rule}", markup=False, soft_wrap=True)
    cells, rules = len({row.cell for row in found.at_risk}), len(found.breaches)
    sentence = "Keine gefährdete Zelle." if not cells else f"Gefährdete Zellen: {german.number(cells)}."
    if rules:
        sentence += f" Verletzte Regeln: {german.counted(rules, 'Stelle', 'Stellen')}."
    out.print(Text(sentence, style="bold" if found.passed else "bold red"))


def _tell_attackers(out: Console, found: FileAudit, inference: Inference | None) -> None:
    """A line for each, by their numbers."""
    for number in sorted({*found.by_attacker, *((1, 2) if found.knows_rest else ())}):
        told = _WEAKER
        if number in found.by_attacker:
            tried, failed = found.by_attacker[number]
            known = german.counted(failed, "Zelle", "Zellen") if failed else "keine Zelle"
            told = f"{german.counted(tried, 'Zelle', 'Zellen')} geprüft, {known} zu genau bekannt"
        out.print(f"Angreifer {number} ({_WHO[number]}): {told}", markup=False)
    if inference is not None:
        out.print(_told_of_rules(inference), markup=False)
        for cell, values in sorted(inference.narrowed.items()):
            if len(values) == 1:
                out.print(f"  {cell}: nach den Regeln genau bekannt", markup=False, soft_wrap=True)


def _told_of_rules(inference: Inference) -> str:
    """The line of attacker 5."""
    narrowed, exact = len(inference.narrowed), inference.exact
    return (
        f"Angreifer 5 ({_WHO[5]}; nur gemessen): {german.counted(narrowed, 'kleine Zahl', 'kleine Zahlen')} enger "
        f"eingegrenzt, davon genau bekannt: {german.number(exact)}. Aufgezählt: {german.number(inference.enumerated)}, "
        f"davon ohne Schluss: {german.number(inference.unexplained)}; zu groß zum Aufzählen: "
        f"{german.number(inference.too_large)}."
    )
