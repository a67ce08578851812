"""From a cell to a value: the kinds of `deliveries.md` §3.

Belongs here: pure functions of one cell. Each returns a `Parsed`: the value, or null with the rule that is broken,
or a value with a notice. Nothing here knows columns or rows.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from kim_pipeline.contracts.model import Column
from kim_pipeline.contracts.normalise import clean_text, comparable
from kim_pipeline.contracts.vocabulary import UNDETERMINED_LANGUAGE, Vocabulary
from kim_pipeline.reading.formats.cells import Cell, DoubtfulCell, ErrorCell, raw_text

_SERIALS = (30_000, 60_000)
_ZONE = ZoneInfo("Europe/Berlin")
_TIME = r"(?:[ T](?P<time>\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
_GERMAN_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})" + _TIME, re.ASCII)
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})" + _TIME, re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
_BLANK = r"[\s\u00a0\u202f]"
_UNIT = r"(?:€|eur|std\.|h|min\.|%)"
_NUMBER = re.compile(
    rf"(?:{_UNIT}{_BLANK}*)?(?P<sign>[-−])?"
    r"(?P<digits>[1-9]\d{0,2}(?P<group>[. \u00a0\u202f])\d{3}(?:(?P=group)\d{3})*|\d+)"
    rf"(?:(?P<decimal>[.,])(?P<fraction>\d+))?(?:{_BLANK}*{_UNIT})?",
    re.ASCII | re.IGNORECASE,
)
_ERRORS = frozenset({"#div/0!", "#wert!", "#value!", "#bezug!", "#ref!", "#name?", "#zahl!", "#num!"})
_LIST = re.compile(r"\s*[,;]\s*|\s+und\s+")
_EXACT_WHOLE = 2**53


class Parsed(NamedTuple):
    """A value and, if the cell broke a rule or deserves a notice, the rule's code."""

    value: Any
    rule: str | None = None


EMPTY = Parsed(None)


@dataclass(frozen=True)
class Context:
    """What parsing depends on besides the cell.

    Attributes:
        vocabulary: the county's vocabulary.
        programmes: comparable name → key of every programme.
        epoch: the day of serial number 0.
        text_only: the file knows no types, so digits may be a serial number.
    """

    vocabulary: Vocabulary
    programmes: dict[str, str]
    epoch: dt.date
    text_only: bool


Parser = Callable[[Cell, Context], Parsed]


def parse_cell(cell: Cell, column: Column, context: Context) -> Parsed:
    """Parse one cell as its column says; empty tokens and error cells come first (`deliveries.md` §3)."""
    if isinstance(cell, DoubtfulCell):
        return Parsed(None, "error_cell")
    text = cell.raw if isinstance(cell, ErrorCell) else cell
    if isinstance(text, str):
        form = comparable(text)
        if not text.strip() or form in context.vocabulary.empty_tokens:
            return Parsed(value=False) if column.kind == "yes_no" else EMPTY
        if isinstance(cell, ErrorCell) or form in _ERRORS:
            return Parsed(None, "error_cell")
    if column.kind == "category":
        return _category(cell, context.vocabulary.category(column.category or ""))
    return _PARSERS[column.kind](cell, context)


def parse_text(cell: Cell, context: Context) -> Parsed:
    """Text: NFKC, trimmed; a whole number its digits, a date `yyyy-mm-dd`."""
    return Parsed(clean_text(raw_text(cell)) or None)


def parse_date(cell: Cell, context: Context) -> Parsed:
    """A day from a date cell, a serial number or text."""
    value: dt.date | None = None
    match cell:
        case dt.datetime():
            value = cell.date()
        case dt.date():
            value = cell
        case int() | float():
            value = _from_serial(cell, context.epoch)
        case str():
            value = _date_from_text(clean_text(cell), context)
    return Parsed(value) if value else Parsed(None, "invalid_date")


def _from_serial(serial: float, epoch: dt.date) -> dt.date | None:
    first, last = _SERIALS
    return epoch + dt.timedelta(days=math.floor(serial)) if first <= serial <= last else None


def _date_from_text(text: str, context: Context) -> dt.date | None:
    if context.text_only and _DIGITS.fullmatch(text) and len(text) == len(str(_SERIALS[0])):
        return _from_serial(int(text), context.epoch)
    try:
        if match := _GERMAN_DATE.fullmatch(text):
            day, month, year = match.group(1, 2, 3)
            return _local_day(dt.date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day)), match)
        if match := _ISO_DATE.fullmatch(text):
            return _local_day(dt.date(*map(int, match.group(1, 2, 3))), match)
    except (ValueError, OverflowError):  # a day that the calendar does not have
        return None
    return None


def _local_day(day: dt.date, match: re.Match[str]) -> dt.date:
    """The day; with a zone behind its time the day that it is in Germany then."""
    if match["zone"] is None:
        return day
    hour, rest = match["time"].split(":", 1)
    return dt.datetime.fromisoformat(f"{day}T{hour:0>2}:{rest}{match['zone']}").astimezone(_ZONE).date()


def parse_number(cell: Cell, context: Context) -> Parsed:
    """A number from a numeric cell or from German or plain text."""
    value: float | None = None
    match cell:
        case int() | float():
            value = float(cell)
        case str():
            value = _number_from_text(cell.strip())
    return Parsed(value) if value is not None and math.isfinite(value) else Parsed(None, "invalid_number")


def _number_from_text(text: str) -> float | None:
    match = _NUMBER.fullmatch(text)
    if match is None or (match["group"] == "." and match["decimal"] == "."):
        return None
    digits = re.sub(r"\D", "", match["digits"])
    number = float(f"{digits}.{match['fraction'] or 0}")
    return -number if match["sign"] else number


def parse_whole(cell: Cell, context: Context) -> Parsed:
    """A number without fraction."""
    value, rule = parse_number(cell, context)
    if rule or not value.is_integer() or abs(value) > _EXACT_WHOLE:
        return Parsed(None, "invalid_number")
    return Parsed(int(value))


def parse_yes_no(cell: Cell, context: Context) -> Parsed:
    """Yes or no; number and boolean cells read as their text."""
    value = context.vocabulary.yes_no.get(comparable(raw_text(cell)))
    return Parsed(None, "invalid_value") if value is None else Parsed(value)


def _category(cell: Cell, spellings: dict[str, str]) -> Parsed:
    value = spellings.get(comparable(raw_text(cell)))
    return Parsed(None, "invalid_value") if value is None else Parsed(value)


def parse_municipality(cell: Cell, context: Context) -> Parsed:
    """The area key of a municipality, of a district's municipality, or of the county."""
    key = context.vocabulary.municipalities.get(comparable(raw_text(cell)))
    return Parsed(None, "unknown_municipality") if key is None else Parsed(key)


def parse_language(cell: Cell, context: Context) -> Parsed:
    """One language; an unknown one is `und` with a notice."""
    code = context.vocabulary.languages.get(comparable(raw_text(cell)))
    return Parsed(UNDETERMINED_LANGUAGE, "unknown_language") if code is None else Parsed(code)


def parse_languages(cell: Cell, context: Context) -> Parsed:
    """Several languages, joined by `;` in the order given, each once; at most one notice."""
    codes = [code for _, code in _languages_in(cell, context)]
    unknown = UNDETERMINED_LANGUAGE in codes
    return Parsed(";".join(dict.fromkeys(codes)) or None, "unknown_language" if unknown else None)


def unknown_languages(cell: Cell, context: Context) -> list[str]:
    """The parts of a cell of several languages that are no known spelling, in comparable form."""
    return [part for part, code in _languages_in(cell, context) if code == UNDETERMINED_LANGUAGE]


def _languages_in(cell: Cell, context: Context) -> list[tuple[str, str]]:
    """Each language named in a cell with its code."""
    parts = filter(None, _LIST.split(comparable(raw_text(cell))))
    return [found for part in parts for found in _languages_of(part, context.vocabulary.languages)]


def _languages_of(part: str, languages: dict[str, str]) -> list[tuple[str, str]]:
    """An alias is one language; else pieces between `/`, the longest alias first; each with its code."""
    pieces = [form for piece in part.split("/") if (form := comparable(piece))]
    found = []
    while pieces:
        for size in range(len(pieces), 0, -1):
            name = "/".join(pieces[:size])
            code = languages.get(name)
            if code or size == 1:
                found.append((name, code or UNDETERMINED_LANGUAGE))
                pieces = pieces[size:]
                break
    return found


def parse_nationality(cell: Cell, context: Context) -> Parsed:
    """ISO 3166-1 alpha-3 of a German state name or adjective; an unknown one is null with a notice."""
    nationalities = context.vocabulary.nationalities
    form = comparable(raw_text(cell))
    return Parsed(nationalities[form]) if form in nationalities else Parsed(None, "unknown_nationality")


def parse_ags(cell: Cell, context: Context) -> Parsed:
    """An eight-digit area key; 5 to 7 digits get their lost leading zeros back."""
    digits = clean_text(raw_text(cell))
    if not _DIGITS.fullmatch(digits) or not 5 <= len(digits) <= 8:
        return Parsed(None, "invalid_value")
    return Parsed(digits.zfill(8))


def parse_programme(cell: Cell, context: Context) -> Parsed:
    """A programme's key from its key or title."""
    key = context.programmes.get(comparable(raw_text(cell)))
    return Parsed(None, "invalid_value") if key is None else Parsed(key)


_PARSERS: dict[str, Parser] = {
    "text": parse_text,
    "date": parse_date,
    "number": parse_number,
    "whole": parse_whole,
    "yes_no": parse_yes_no,
    "municipality": parse_municipality,
    "language": parse_language,
    "languages": parse_languages,
    "nationality": parse_nationality,
    "ags": parse_ags,
    "programme": parse_programme,
}
