"""Reading .csv: which encoding, which delimiter."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from kim_pipeline.deliveries.cells import Sheet, encode_sheet
from kim_pipeline.deliveries.errors import unreadable

_DELIMITERS = (";", ",")
_FIELD_LIMIT = 1 << 20
_CONTROL = frozenset(range(32)) - {9, 10, 12, 13, 26}


def decode(content: bytes) -> str:
    """The text of a .csv: UTF-8 with or without BOM, else cp1252.

    Raises:
        RejectedError: the bytes are no text.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        raise unreadable(
            "Die Datei ist keine lesbare Tabelle. Bitte in Excel als „Excel-Arbeitsmappe (.xlsx)“ oder "
            "„CSV UTF-8 (durch Trennzeichen getrennt)“ speichern."
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def looks_like_text(content: bytes) -> bool:
    """Whether the bytes could be a .csv at all: no markup, no control characters."""
    head = content[:65_536].lstrip(b"\xef\xbb\xbf \t\r\n")
    return not head.startswith((b"<", b"%PDF", b"{\\rtf", b"PK")) and not _CONTROL.intersection(head)


def read_csv(name: str, content: bytes, fits: Callable[[Sheet], int]) -> Sheet:
    """The one sheet of a .csv.

    Args:
        name: the name that the sheet gets.
        content: the file's bytes.
        fits: how well a sheet's header fits the programme; of `;` and `,` the better fit is taken, `;` on ties.
    """
    text = decode(content)
    csv.field_size_limit(_FIELD_LIMIT)
    sheets = [
        encode_sheet(name, csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), text_only=True)
        for delimiter in _DELIMITERS
        if delimiter in text
    ]
    if not sheets:
        raise unreadable("In der Datei ist keine Tabelle zu erkennen: es fehlen die Trennzeichen „;“ oder „,“.")
    return max(sheets, key=fits)
