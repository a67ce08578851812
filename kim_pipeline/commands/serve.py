"""`kim serve`: the control room, until it is stopped."""

from __future__ import annotations

import os
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
    from collections.abc import Mapping

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
    demo: Annotated[
        bool,
        typer.Option(
            "--demo",
            metavar=" ",
            help="Vorführung mit den Beispiellieferungen, jedes Mal neu, in einem eigenen Ordner.",
        ),
    ] = False,
) -> None:
    """Der Leitstand: Oberfläche, nächtlicher Zeitplan und Sensoren, bis Strg+C."""
    from kim_pipeline.commands.control_room import ControlRoomError, keep_open  # noqa: PLC0415

    if port not in _PORTS:
        wrong(f"{port} ist kein Port. Erwartet: eine Zahl von 1 bis 65535.")
    if demo and (deliveries or warehouse):
        wrong("Die Vorführung hat eigene Ordner; --demo steht ohne --deliveries und --warehouse.")
    settings, variables = _demo() if demo else (settings_from(deliveries=deliveries, warehouse=warehouse), os.environ)
    require_deliveries(settings)
    try:
        keep_open(settings, host, port, _print_address, variables)
    except ControlRoomError as error:
        raise typer.Exit(fail(str(error))) from None


def _demo() -> tuple[Settings, Mapping[str, str]]:
    """The folders of the demonstration, made anew, and the environment in which it is shown."""
    from kim_pipeline import german  # noqa: PLC0415
    from kim_pipeline.commands import demo  # noqa: PLC0415
    from kim_pipeline.commands.control_room import ControlRoomError  # noqa: PLC0415

    settings = demo.settings_of()
    try:
        demo.make(settings)
    except (demo.DemoError, ControlRoomError) as error:
        raise typer.Exit(fail(str(error))) from None
    sys.stdout.write(f"Vorführung in {settings.warehouse.parent}: Heute ist der {german.day(demo.TODAY)}.\n")
    return settings, demo.environment_of(settings)


def _print_address(address: str) -> None:
    sys.stdout.write(f"Leitstand: {address} (Ende mit Strg+C)\n")
    sys.stdout.flush()
