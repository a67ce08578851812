"""Reading .csv: which encoding, which delimiter, and whether two readings agree on its records (`deliveries.md` §3)."""

from __future__ import annotations

import codecs
import csv
import io
import re
from array import array
from collections.abc import Callable, Iterator

import numpy as np

from kim_pipeline import german
from kim_pipeline.reading.errors import RejectedError, unreadable
from kim_pipeline.reading.formats import csv_witness
from kim_pipeline.reading.formats.cells import Cell, Sheet, encode_sheet

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"
_DELIMITERS = (";", ",", "\t")
_OLD_ENCODINGS = ("cp850", "mac_roman")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_FIELD_LIMIT = 1 << 20
_MAX_COLUMNS = 16_384
_HEAD = 65_536
_CHECK_QUOTES = "Bitte Trennzeichen und Anführungszeichen prüfen oder die Datei in Excel als .xlsx speichern."
_CONTROL = frozenset(range(32)) - {9, 10, 11, 12, 13, 26}
_C1 = re.compile("[\x80-\x9f]")
_MARKUP = re.compile(rb"<(?:[!?]|(?:html|head|body|meta|style|script|table|svg)\b)", re.IGNORECASE)
_FOREIGN = (b"%PDF", b"{\\rtf", b"PK\x05\x06", b"PK\x07\x08")
_STATED_DELIMITER = re.compile(r'"?sep=([^\w\s"=]|\t)"?(?:[ \t;,]|\1)*+(?:\r\n|\r|\n|\Z)', re.ASCII | re.IGNORECASE)
_TEXT_FORMULA = re.compile(r'="((?:[^"]|"")*)"')
"""How programs keep Excel from taking digits for a number."""

Fits = Callable[[Sheet], int]


def is_named_by_file(head: bytes) -> bool:
    """Whether a file's only sheet has its name from the file, since its format has no names of sheets."""
    return not head.startswith((ZIP, OLE))


def looks_like_text(content: bytes) -> bool:
    """Whether the bytes could be a .csv at all: no markup, no control characters."""
    head = content[:_HEAD]
    if head.startswith(_UTF_16):
        head = head.decode("utf-16", errors="ignore").encode()
    head = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return not (_MARKUP.match(head) or head.startswith(_FOREIGN) or _CONTROL.intersection(head))


def read_csv(name: str, content: bytes, fits: Fits) -> Sheet:
    """The one sheet of a .csv.

    Args:
        name: the name that the sheet gets.
        content: the file's bytes.
        fits: how many columns of the programme a sheet's header knows. Of the delimiters the one that lets most of them
            be known is taken, the first on ties; so is the encoding of a text that is neither UTF-8 nor UTF-16.

    Raises:
        RejectedError: the bytes are no table.
    """
    text = _unicode(content)
    if text is not None:
        return _best(name, text, fits)
    western = _with_c1(content)
    has_c1 = _C1.search(western) is not None
    sheet = _best(name, western, fits)
    old = [_best(name, content.decode(encoding), fits) for encoding in _OLD_ENCODINGS]
    best = max(old, key=fits)
    return best if has_c1 or fits(best) > fits(sheet) else sheet


def _unicode(content: bytes) -> str | None:
    """The text of UTF-8 or, with its mark, of UTF-16; None where it is neither.

    Raises:
        RejectedError: the bytes are no text.
    """
    try:
        text = content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError:
        if content.startswith(_UTF_16) or b"\0" in content:
            raise _no_text() from None
        return None
    if "\0" in text:
        raise _no_text()
    return text


def _no_text() -> RejectedError:
    return unreadable(
        "Die Datei ist keine lesbare Tabelle. Bitte in Excel als „Excel-Arbeitsmappe (.xlsx)“ oder "
        "„CSV UTF-8 (durch Trennzeichen getrennt)“ speichern."
    )


def _with_c1(content: bytes) -> str:
    """cp1252, whose five free places are C1 controls."""
    return content.decode("cp1252", errors="surrogateescape").translate({0xDC00 + i: i for i in range(0x80, 0xA0)})


def _best(name: str, text: str, fits: Fits) -> Sheet:
    """The sheet by the delimiter that the file states, else by the one that lets most columns be known."""
    stated = _STATED_DELIMITER.match(text)
    if stated is not None:
        return _sheet(name, text[stated.end() :], stated[1])
    sheets: list[Sheet] = []
    problem = unreadable(
        "In der Datei ist keine Tabelle zu erkennen: es fehlen die Trennzeichen „;“, „,“ oder Tabulatoren. "
        "Bitte in Excel als „Excel-Arbeitsmappe (.xlsx)“ speichern."
    )
    for delimiter in _DELIMITERS:
        if delimiter in text:
            try:
                sheets.append(_sheet(name, text, delimiter))
            except RejectedError as error:
                problem = error
    if not sheets:
        raise problem
    return max(sheets, key=fits)


def _sheet(name: str, text: str, delimiter: str) -> Sheet:
    """The sheet by one delimiter.

    Raises:
        RejectedError: that is no table, or two readings differ in its records.
    """
    content = text.encode()
    counts = csv_witness.tally(content, delimiter)
    if counts is None:
        records = _narrow(csv_witness.records(text, delimiter))
        sheet = encode_sheet(name, records, text_only=True)
    else:
        sizes = array("q")
        sheet = encode_sheet(name, _narrow(_records(content, delimiter), sizes), text_only=True)
        _compare(np.array(sizes), counts)
    sheet.distinct = [[_without_formula(cell) for cell in column] for column in sheet.distinct]
    return sheet


def csv_records(text: str, delimiter: str) -> Iterator[list[Cell]]:
    """The records of a text one by one, counted by two parsers.

    Raises:
        RejectedError: a cell or a row is too long, a quotation mark is out of place, or two readings differ.
    """
    content = text.encode()
    counts = csv_witness.tally(content, delimiter)
    if counts is None:
        raise unreadable(f"Ein Anführungszeichen in der Datei steht nicht um eine ganze Zelle. {_CHECK_QUOTES}")
    sizes = array("q")
    yield from _narrow(_records(content, delimiter), sizes)
    _compare(np.array(sizes), counts)


def _records(content: bytes, delimiter: str) -> Iterator[list[Cell]]:
    csv.field_size_limit(_FIELD_LIMIT)
    lines = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")
    try:
        yield from csv.reader(lines, delimiter=delimiter)
    except csv.Error:
        raise _too_long() from None


def _narrow(records: Iterator[list[Cell]], sizes: array[int] | None = None) -> Iterator[list[Cell]]:
    """The records, as far as a sheet can hold them; `sizes` notes the number of fields of each."""
    for record in records:
        if len(record) > _MAX_COLUMNS:
            raise unreadable(
                f"Eine Zeile der Datei hat mehr als {german.number(_MAX_COLUMNS)} Spalten. {_CHECK_QUOTES}"
            )
        if any(len(field) > _FIELD_LIMIT for field in record if isinstance(field, str)):
            raise _too_long()
        if sizes is not None:
            sizes.append(max(1, len(record)))
        yield record


def _too_long() -> RejectedError:
    return unreadable(f"Eine Zelle der Datei ist länger, als eine Tabelle sie fassen kann. {_CHECK_QUOTES}")


def _compare(sizes: csv_witness.Counts, counts: csv_witness.Counts) -> None:
    """Refuse a text of which two parsers count the records or fields differently."""
    common = min(len(sizes), len(counts))
    differ = (sizes[:common] != counts[:common]).nonzero()[0]
    if len(sizes) == len(counts) and not len(differ):
        return
    record = int(differ[0]) + 1 if len(differ) else common + 1
    raise unreadable(
        f"Ab Zeile {record} zerlegen zwei Programme die Datei verschieden in Zeilen und Felder. {_CHECK_QUOTES}"
    )


def _without_formula(cell: Cell) -> Cell:
    match = _TEXT_FORMULA.fullmatch(cell) if isinstance(cell, str) and cell.startswith("=") else None
    return cell if match is None else match[1].replace('""', '"')
