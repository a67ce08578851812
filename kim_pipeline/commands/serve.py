"""`kim serve`: the control room, until it is stopped."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from kim_pipeline.commands.common import (
    DeliveriesOption,
    WarehouseOption,
    fail,
    require_deliveries,
    settings_from,
    wrong,
)

_PORTS = range(1, 65536)


def serve(
    deliveries: DeliveriesOption = None,
    warehouse: WarehouseOption = None,
    port: Annotated[
        int, typer.Option("--port", metavar="PORT", help="Port der Oberfläche. [Vorgabe: 3000]", show_default=False)
    ] = 3000,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar="ADRESSE",
            help="Adresse, auf der sie horcht; sie kennt keine Anmeldung. [Vorgabe: 127.0.0.1]",
            show_default=False,
        ),
    ] = "127.0.0.1",
) -> None:
    """Der Leitstand: Oberfläche, nächtlicher Zeitplan und Sensoren, bis Strg+C."""
    from kim_pipeline.commands.control_room import ControlRoomError, keep_open  # noqa: PLC0415

    settings = settings_from(deliveries=deliveries, warehouse=warehouse)
    if port not in _PORTS:
        wrong(f"{port} ist kein Port. Erwartet: eine Zahl von 1 bis 65535.")
    require_deliveries(settings)
    try:
        keep_open(settings, host, port, _print_address)
    except ControlRoomError as error:
        raise typer.Exit(fail(str(error))) from None


def _print_address(address: str) -> None:
    sys.stdout.write(f"Leitstand: {address} (Ende mit Strg+C)\n")
    sys.stdout.flush()
