"""The room to look at: what `kim serve --demo` shows.

Belongs here: copies of the sample, one delivery that loses rows, and the nights over them, on a day on which most
programmes are in time. The files are real ones, read as ever; it is the day that moves, not the dates in them.
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from kim_pipeline.commands.control_room import prepare_home, require_closed
from kim_pipeline.errors import KimError
from kim_pipeline.files import copy, make_folder, private_folder, remove, write
from kim_pipeline.settings import DEMO_DAY, PROJECT, Settings

SAMPLE = PROJECT / "data_raw"
FOLDER = PROJECT / "warehouse-demo"
TODAY = dt.date(2024, 4, 30)
"""Sprachhelfer, due on 31.03.2024, is late since 15.04.2024; nothing else is due."""
_LEFT_OUT = frozenset(
    (
        "Angebote Übersicht.xlsx",
        "Bevoelkerung_2023.xlsx",
        "KIM_Gesamtliste_2024-02_vertraulich.xlsx",
        "Sprachhelfer 2023.xlsx",
        "Sprachmittlerpool_2023_neu.xlsx",
        "SOE_Kontakte_2023_neu.xlsx",
    )
)
"""What is rejected in the sample, but for one delivery of KOMM-AN."""
_WHOLE, _SHORT = "angebote/Angebote_2024-01.xlsx", "angebote/Angebote_2024-04.xlsx"
_SHORT_ROWS, _SHORT_STAND = 60, dt.datetime(2024, 4, 22)  # noqa: DTZ001  (a cell knows no zone)


class DemoError(KimError):
    """The demonstration cannot be made; the message is German."""


def settings_of(folder: Path = FOLDER) -> Settings:
    """Deliveries and warehouse of the demonstration, whatever the environment says of the real ones."""
    return Settings(deliveries=folder / "deliveries", warehouse=folder / "warehouse", key_file=None)


def environment_of(settings: Settings, today: dt.date = TODAY) -> dict[str, str]:
    """The environment without any of our settings, so that nobody gets mail, but for the folders and the day."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("KIM_", "DAGSTER_"))}
    ours = {"KIM_DELIVERIES": str(settings.deliveries), "KIM_WAREHOUSE": str(settings.warehouse)}
    return {**others, **ours, DEMO_DAY: today.isoformat()}


def make(settings: Settings) -> None:
    """Begin anew: copy the sample, run a night, let an office hand in a list that has lost rows, run the next night.

    Raises:
        DemoError: the sample is not there, or a night has failed.
        ControlRoomError: the demonstration is being shown already.
        OSError: the folder cannot be written to.
    """
    if not (SAMPLE / _WHOLE).is_file():
        raise DemoError(f"Die Beispiellieferungen fehlen: {SAMPLE}.")
    require_closed(settings)
    remove(settings.deliveries.parent)
    private_folder(settings.deliveries.parent)
    prepare_home(settings)
    put_deliveries(settings.deliveries)
    _run(environment_of(settings, TODAY - dt.timedelta(days=1)))
    write(settings.deliveries / _SHORT, shortened((SAMPLE / _WHOLE).read_bytes()))
    _run(environment_of(settings))


def put_deliveries(folder: Path) -> None:
    """Copy what of the sample is delivered."""
    for source in sorted(path for path in SAMPLE.glob("*/*") if path.is_file()):
        if source.name not in _LEFT_OUT:
            copy(source, make_folder(folder / source.parent.name) / source.name)


def shortened(workbook: bytes) -> bytes:
    """A list with a newer Stand and only the first of its rows, as after a filter that was left on."""
    import openpyxl  # noqa: PLC0415

    book = openpyxl.load_workbook(BytesIO(workbook))
    sheet = book.worksheets[0]
    stand = next(cell for row in sheet.iter_rows() for cell in row if cell.value == "Stand:")
    sheet.cell(stand.row, stand.column + 1).value = _SHORT_STAND
    sheet.delete_rows(_SHORT_ROWS, sheet.max_row)
    made = BytesIO()
    book.save(made)
    return made.getvalue()


def _run(environment: Mapping[str, str]) -> None:
    program = Path(sys.executable).with_name("kim")
    done = subprocess.run([str(program), "run"], env=environment, cwd=PROJECT, check=False)  # noqa: S603
    if done.returncode != 0:
        raise DemoError("Ein Lauf der Vorführung ist fehlgeschlagen; darüber steht, warum.")
