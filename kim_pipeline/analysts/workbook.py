"""Results of queries as workbooks.

Belongs here: how rows look in Excel, with real dates and numbers, no text that becomes a formula, and a second sheet
that says where the rows come from.
"""

from __future__ import annotations

from typing import Any

from kim_pipeline import german, sheets
from kim_pipeline.analysts.query import Result
from kim_pipeline.errors import KimError

_MOST_ROWS = 2**20 - 1
"""Of a worksheet, its header aside."""
_WIDEST_TEXT = 100
_EMPTY = "keine Angabe, nicht gemeldet, oder der Wert bleibt geheim (Spalte status); nie als 0 zu lesen"


class TooManyRowsError(KimError):
    """A result does not fit on a worksheet; the message is German."""


def as_workbook(result: Result) -> bytes:
    """A workbook with the sheets `Ergebnis` and `Herkunft`.

    Raises:
        TooManyRowsError: there are more rows than a worksheet holds.
    """
    if len(result.rows) > _MOST_ROWS:
        raise TooManyRowsError(
            f"Das Ergebnis hat {german.counted(len(result.rows), 'Zeile', 'Zeilen')}, ein Tabellenblatt fasst "
            f"{german.number(_MOST_ROWS)}. "
            "Bitte mit --limit begrenzen oder --format csv wählen."
        )
    sheet = sheets.Worksheet("Ergebnis", result.columns, result.rows)
    return sheets.workbook_of([sheet], more=lambda book, looks: _write_origin(book, result, looks))


def _write_origin(book: Any, result: Result, looks: sheets.Looks) -> None:
    sheet = book.add_worksheet("Herkunft")
    told: dict[str, object] = {**result.origin, "Zeilen": len(result.rows), "Leere Zellen": _EMPTY}
    if not result.is_complete:
        told["Unvollständig"] = "Das Ergebnis hat weitere Zeilen (--limit)."
    for number, (label, value) in enumerate(told.items()):
        sheets.set_height(sheet, number, sheets.wrapped_lines(value, _WIDEST_TEXT))
        sheets.write_cell(sheet, (number, 0), label, looks, {**sheets.TOP, "bold": True})
        sheets.write_cell(sheet, (number, 1), value, looks, sheets.WRAPPED)
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, _WIDEST_TEXT)
    sheets.set_up_paper(sheet)
