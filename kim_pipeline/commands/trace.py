"""`kim trace`: what stands behind a value."""

from __future__ import annotations

from typing import Annotated

import typer

from kim_pipeline.commands.common import WarehouseOption, settings_from, wrong


def trace(
    indicator: Annotated[
        str, typer.Argument(metavar="INDIKATOR", help="Kennung, etwa „fit_groups“.", show_default=False)
    ],
    area: Annotated[str, typer.Argument(metavar="GEBIET", help="Schlüssel oder Name.", show_default=False)],
    period: Annotated[str, typer.Argument(metavar="ZEITRAUM", help="2023, 2023-Q1, 2022/23.", show_default=False)],
    breakdown: Annotated[
        str, typer.Option(metavar="MERKMAL", help="Merkmal der Gliederung; sonst alle zusammen.", show_default=False)
    ] = "",
    warehouse: WarehouseOption = None,
) -> None:
    """Zeigt zu einem Wert die Definition, das SQL und die Lieferungen, Blätter und Zeilen dahinter."""
    from kim_pipeline.commands import terminal  # noqa: PLC0415
    from kim_pipeline.warehouse.trace import UnknownValueError  # noqa: PLC0415
    from kim_pipeline.warehouse.trace import trace as find  # noqa: PLC0415

    internal = settings_from(warehouse=warehouse).warehouse / "internal.duckdb"
    if not internal.exists():
        wrong(f"{internal} gibt es nicht. Bitte zuerst kim run ausführen oder den Ordner mit --warehouse angeben.")
    try:
        terminal.traced(terminal.console(), find(internal, indicator, area, period, breakdown))
    except UnknownValueError as error:
        wrong(str(error))
