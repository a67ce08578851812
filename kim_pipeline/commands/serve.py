"""`kim serve`: the control room, until it is stopped."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from kim_pipeline.commands.common import (
    DeliveriesOption,
    WarehouseOption,
    fail,
    require_deliveries,
    settings_from,
    wrong,
)

if TYPE_CHECKING:
    from kim_pipeline.settings import Settings

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
    *,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo",
            metavar=" ",
            help="Vorführung im Ordner demo: die Beispiele, zwei Läufe, dann der Leitstand.",
        ),
    ] = False,
) -> None:
    """Der Leitstand: Oberfläche, nächtlicher Zeitplan und Sensoren, bis Strg+C."""
    from kim_pipeline.commands.control_room import keep_open  # noqa: PLC0415
    from kim_pipeline.errors import KimError  # noqa: PLC0415

    if port not in _PORTS:
        wrong(f"{port} ist kein Port. Erwartet: eine Zahl von 1 bis 65535.")
    if demo and (deliveries is not None or warehouse is not None):
        wrong("--demo hat eigene Ordner; bitte ohne --deliveries und --warehouse aufrufen.")
    try:
        settings = _demo() if demo else settings_from(deliveries=deliveries, warehouse=warehouse)
        require_deliveries(settings)
        keep_open(settings, host, port, _print_address)
    except KimError as error:
        raise typer.Exit(fail(str(error))) from None


def _demo() -> Settings:
    from kim_pipeline.commands.demo import build_demo, demo_settings  # noqa: PLC0415
    from kim_pipeline.settings import PROJECT  # noqa: PLC0415

    settings = demo_settings(PROJECT)
    build_demo(settings)
    return settings


def _print_address(address: str) -> None:
    sys.stdout.write(f"Leitstand: {address} (Ende mit Strg+C)\n")
    sys.stdout.flush()
