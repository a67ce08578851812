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

    from kim_pipeline.protection.audit_of_file import FileAudit
    from kim_pipeline.protection.night_ledger import NightFigures


_WHO = {
    1: "wer nur diese Datei hat",
    2: "wer auch jede frühere Nacht kennt",
    3: "wer auch die Zeilen beim Kreis und ohne Merkmal kennt",
    4: "eine Stelle, die ihre eigenen Zeilen kennt",
}


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
    from kim_pipeline.protection.audit_of_file import audit_file, build_of  # noqa: PLC0415

    folder = settings_from(warehouse=warehouse).warehouse
    path = file or folder / "kim.duckdb"
    if not path.is_file():
        wrong(f"{path} gibt es nicht. Bitte zuerst kim run ausführen oder eine Datei angeben.")
    try:
        internal = _internal_of(folder, build_of(path))
        found = audit_file(path, internal, _nights(folder) if internal else ())
    except duckdb.Error:
        wrong(f"{path.name} ist kein veröffentlichter Datenbestand oder beschädigt.")
    _tell(terminal.console(), path, found)
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


def _tell(out: Console, path: Path, found: FileAudit) -> None:
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
    for number, (tried, failed) in found.by_attacker.items():
        out.print(
            f"Angreifer {number} ({_WHO[number]}): {german.counted(tried, 'Zelle', 'Zellen')} geprüft, "
            f"davon zu genau bekannt: {german.number(failed)}",
            markup=False,
        )
    for cell in sorted(found.withheld):
        out.print(f"  {cell}: zu genau bekannt, was immer veröffentlicht wird; bleibt geheim", markup=False)
    for row in found.at_risk:
        upper = "unbegrenzt" if row.upper is None else row.upper
        out.print(f"  {row.cell}: möglich sind nur {row.lower} bis {upper}", markup=False, soft_wrap=True)
    for breach in found.breaches:
        out.print(f"  {breach.table} {breach.place}: {breach.rule}", markup=False, soft_wrap=True)
    number = len(found.at_risk) + len(found.breaches)
    sentence = f"{number} cells at risk – " + (
        "keine gefährdete Zelle." if not number else f"gefährdete Zellen: {number}."
    )
    out.print(Text(sentence, style="bold" if found.passed else "bold red"))
