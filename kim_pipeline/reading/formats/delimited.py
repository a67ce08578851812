"""Reading .csv: which encoding, which delimiter."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator

from kim_pipeline import german
from kim_pipeline.reading.errors import RejectedError, unreadable
from kim_pipeline.reading.formats.cells import Sheet, encode_sheet

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"
_DELIMITERS = (";", ",")
_FIELD_LIMIT = 1 << 20
_MAX_COLUMNS = 16_384
_CHECK_QUOTES = "Bitte Trennzeichen und Anführungszeichen prüfen oder die Datei in Excel als .xlsx speichern."
_CONTROL = frozenset(range(32)) - {9, 10, 11, 12, 13, 26}
_MARKUP = re.compile(rb"<(?:[!?]|(?:html|head|body|meta|style|script|table|svg)\b)", re.IGNORECASE)
_FOREIGN = (b"%PDF", b"{\\rtf", b"PK\x05\x06", b"PK\x07\x08")


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


def is_named_by_file(head: bytes) -> bool:
    """Whether a file's only sheet has its name from the file, since its format has no names of sheets."""
    return not head.startswith((ZIP, OLE))


def looks_like_text(content: bytes) -> bool:
    """Whether the bytes could be a .csv at all: no markup, no control characters."""
    head = content[:65_536].lstrip(b"\xef\xbb\xbf \t\r\n")
    return not (_MARKUP.match(head) or head.startswith(_FOREIGN) or _CONTROL.intersection(head))


def read_csv(name: str, content: bytes, fits: Callable[[Sheet], int]) -> Sheet:
    """The one sheet of a .csv.

    Args:
        name: the name that the sheet gets.
        content: the file's bytes.
        fits: how well a sheet's header fits the programme; of `;` and `,` the better fit is taken, `;` on ties.

    Raises:
        RejectedError: the bytes are no table.
    """
    text = decode(content)
    csv.field_size_limit(_FIELD_LIMIT)
    sheets: list[Sheet] = []
    problem = unreadable(
        "In der Datei ist keine Tabelle zu erkennen: es fehlen die Trennzeichen „;“ oder „,“. "
        "Bitte in Excel als „Excel-Arbeitsmappe (.xlsx)“ speichern."
    )
    for delimiter in _DELIMITERS:
        if delimiter in text:
            try:
                sheets.append(encode_sheet(name, csv_records(text, delimiter), text_only=True))
            except RejectedError as error:
                problem = error
    if not sheets:
        raise problem
    return max(sheets, key=fits)


def csv_records(text: str, delimiter: str) -> Iterator[list[str]]:
    """The records of a text.

    Raises:
        RejectedError: a cell or a row is too long, or a quotation mark is not closed.
    """
    try:
        lines = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8", newline="")
        for record in csv.reader(lines, delimiter=delimiter):
            if len(record) > _MAX_COLUMNS:
                raise unreadable(
                    f"Eine Zeile der Datei hat mehr als {german.number(_MAX_COLUMNS)} Spalten. {_CHECK_QUOTES}"
                )
            yield record
        if _ends_in_quotes(text, delimiter):
            raise unreadable(
                "Ein Anführungszeichen in der Datei wird nicht geschlossen; alles danach gälte als eine Zelle. "
                f"{_CHECK_QUOTES}"
            )
    except csv.Error:
        raise unreadable(
            f"Eine Zelle der Datei ist länger, als eine Tabelle sie fassen kann. {_CHECK_QUOTES}"
        ) from None


def _ends_in_quotes(text: str, delimiter: str) -> bool:
    """Whether the file ends inside a quoted cell, so that the rest of it has been read as one cell."""
    if text.count('"') % 2 == 0:
        return False
    try:
        for _ in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False
