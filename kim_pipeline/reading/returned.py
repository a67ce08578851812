"""The sheet that a return copy is given, recognised when a corrected copy comes back as a delivery.

Belongs here: its name, its heading, how it is told apart. What it says belongs to `office/`.
"""

from __future__ import annotations

from kim_pipeline.contracts.normalise import comparable
from kim_pipeline.reading.formats.cells import Sheet

RETURN_SHEET = "Rückmeldung"
RETURN_HEADING = "Rückmeldung zu Ihrer Lieferung"


def is_heading(cell: object) -> bool:
    """Whether a first cell is the heading of a return sheet, under whatever name the sheet stands."""
    return isinstance(cell, str) and comparable(cell) == comparable(RETURN_HEADING)


def is_return_sheet(sheet: Sheet) -> bool:
    """Whether a sheet was written by us: it states no facts of the delivery, and no table is looked for on it."""
    return is_heading(sheet.cell(0, 0))
