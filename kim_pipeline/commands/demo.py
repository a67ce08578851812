"""The demonstration: a control room in good health, over copies of the sample, on a day near its deliveries.

Belongs here: the folder `demo/`, what is delivered there, and its two nights, which are real ones. Does not belong
here: the control room itself, which does not know that it is shown. On `DAY` one programme of the sample is late; of
the files that are rejected then one stays; the second night holds a list that has lost most of its rows.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from kim_pipeline import files, german
from kim_pipeline.errors import KimError
from kim_pipeline.settings import DEMO, DEMO_DAY, PROJECT, Settings, read_settings

if TYPE_CHECKING:
    from kim_pipeline.intake.deliveries import Delivery

DAY = dt.date(2024, 4, 20)
_SAMPLE = PROJECT / "data_raw"
_KEPT_LINES = 30


class DemoError(KimError):
    """The sample holds nothing that could be shown as held; the message is German."""


def demo_settings(folder: Path) -> Settings:
    """Settings of the demonstration; no variable of a real warehouse holds there, and nobody is written to.

    Args:
        folder: where `demo/` is made.
    """
    for name in [name for name in os.environ if name.startswith("KIM_") or name == "DAGSTER_HOME"]:
        del os.environ[name]
    os.environ[DEMO_DAY] = DAY.isoformat()
    return read_settings(deliveries=folder / DEMO / "deliveries", warehouse=folder / DEMO / "warehouse")


def build_demo(settings: Settings) -> None:
    """Make the folder anew and run two nights in it.

    Args:
        settings: as `demo_settings` gives them.

    Raises:
        ControlRoomError: somebody is looking at the one that is there.
        DemoError: see there.
        typer.Exit: a night failed, which has been told.
    """
    from kim_pipeline.commands.control_room import prepare_home, require_closed  # noqa: PLC0415
    from kim_pipeline.intake.intake import take_in  # noqa: PLC0415

    require_closed(settings)
    for place in (settings.deliveries, settings.warehouse):
        files.remove(place)
    files.copy(_SAMPLE, files.make_folder(settings.deliveries.parent) / settings.deliveries.name)
    prepare_home(settings)
    found = take_in(settings, today=DAY).deliveries
    for delivery in _rejected(found)[1:]:
        files.remove(delivery.path)
    _night(settings)
    short = _longest_csv(found)
    files.write(short.path.with_stem(f"{short.path.stem}_neu"), _shortened(short))
    _night(settings)


def _rejected(found: Iterable[Delivery]) -> list[Delivery]:
    """One for each rejected file."""
    return list({d.path: d for d in found if d.is_rejected}.values())


def _longest_csv(found: Iterable[Delivery]) -> Delivery:
    """The list of text with most rows, of those that count."""
    lists = [d for d in found if d.status == "counted" and d.path.suffix == ".csv"]
    if not lists:
        raise DemoError(f"In {_SAMPLE} ist keine Liste im Format CSV, die zählt.")
    return max(lists, key=lambda d: (sum(account["accepted"] for account in d.accounts), d.file))


def _shortened(delivery: Delivery) -> bytes:
    """The first lines of a list, as its office would send them by mistake, with a Stand one day later."""
    stand = delivery.read.as_of if delivery.read else None
    begin = b"\n".join(delivery.path.read_bytes().split(b"\n")[:_KEPT_LINES]) + b"\n"
    if stand is None or german.day(stand).encode() not in begin:
        raise DemoError(f"Die Liste {delivery.path} nennt ihren Stand nicht als Tag.")
    return begin.replace(german.day(stand).encode(), german.day(stand + dt.timedelta(days=1)).encode(), 1)


def _night(settings: Settings) -> None:
    import typer  # noqa: PLC0415

    from kim_pipeline.commands.run import run  # noqa: PLC0415

    try:
        run(deliveries=settings.deliveries, warehouse=settings.warehouse)
    except typer.Exit as ended:
        if ended.exit_code:
            raise
