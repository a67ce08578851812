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
from kim_pipeline.contracts.normalise import clean_key, clean_text, comparable, comparable_header, is_blank
from kim_pipeline.contracts.vocabulary import UNDETERMINED_LANGUAGE, Vocabulary
from kim_pipeline.reading.formats.cells import Cell, DoubtfulCell, ErrorCell, raw_text

_SERIALS = (30_000, 60_000)
_TIME = (
    r"(?:[ T](?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d{1,9})?)?"
    r"(?P<zone>[Zz]|[+-]\d{2}(?::?\d{2})?)?)?"
)
_GERMAN_DATE = re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4}|\d{2})" + _TIME, re.ASCII)
_ISO_DATE = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})" + _TIME, re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
_NUMBER = re.compile(
    r"(?P<sign>-)?(?P<digits>[1-9]\d{0,2}(?P<group>[. ])\d{3}(?:(?P=group)\d{3})*|\d+)"
    r"(?:(?P<decimal>[.,])(?P<fraction>\d+))?",
    re.ASCII,
)
_MONEY = re.compile(r"€|eur|%", re.IGNORECASE)
_HOURS = re.compile(r"std\.?|stunden?|h", re.IGNORECASE)
_MINUTES = re.compile(r"minuten|min\.?", re.IGNORECASE)
_CLOCK = re.compile(r"(?P<hours>\d{1,5}):(?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d))?", re.ASCII)
_LONGEST_NUMBER = 64
"""No number that people write is longer; a longer text is not looked at."""
_ZONE = ZoneInfo("Europe/Berlin")
_FIRST_SPANS = (dt.datetime(1899, 12, 30), dt.datetime(1899, 12, 31), dt.datetime(1904, 1, 1))  # noqa: DTZ001
_ERRORS = frozenset({"#div/0!", "#wert!", "#value!", "#bezug!", "#ref!", "#name?", "#zahl!", "#num!"})
_LIST = re.compile(r"\s*[,;]\s*|\s+und\s+")
MOST_PIECES = 8
"""No alias of a language has more pieces between `/`."""
_EXACT_WHOLE = 2**53
_REGIONAL_KEY = 12


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
_MOST_MONEY = 999_999_999_999
"""No amount of euros is larger: so many digits has its type in the tables, DECIMAL(18,6)."""


def parse_cell(cell: Cell, column: Column, context: Context, *, minutes: bool = False) -> Parsed:
    """Parse one cell as its column says; empty tokens and error cells come first (`deliveries.md` §3).

    Args:
        cell: as it stands in the file.
        column: the contract's column.
        context: what else parsing depends on.
        minutes: the column's header is in minutes.
    """
    if isinstance(cell, DoubtfulCell):
        return Parsed(None, "error_cell")
    text = cell.raw if isinstance(cell, ErrorCell) else cell
    if isinstance(text, str):
        form = comparable(text)
        if not form or form in context.vocabulary.empty_tokens:
            return Parsed(value=False) if column.kind == "yes_no" else EMPTY
        if isinstance(cell, ErrorCell) or form in _ERRORS:
            return Parsed(None, "error_cell")
    if column.kind == "text" and (column.key or column.may_name_persons or column.names_office):
        return _special_text(cell, column, context)
    if column.kind == "category":
        return _category(cell, context.vocabulary.category(column.category or ""))
    parsed = parse_minutes(cell, context) if minutes else _PARSERS[column.kind](cell, context)
    return Parsed(None, "invalid_number") if column.is_money and _is_too_much(parsed) else parsed


def _is_too_much(parsed: Parsed) -> bool:
    """Whether an amount of money has no place in the tables."""
    return parsed.rule is None and parsed.value is not None and abs(parsed.value) > _MOST_MONEY


def is_empty(cell: Cell, context: Context) -> bool:
    """Whether a cell holds no value: blank, or an empty token."""
    text = cell.raw if isinstance(cell, ErrorCell) else cell
    return isinstance(text, str) and (is_blank(text) or comparable(text) in context.vocabulary.empty_tokens)


def parse_text(cell: Cell, context: Context) -> Parsed:
    """Text: NFKC, trimmed; a whole number its digits, a date `yyyy-mm-dd`."""
    return Parsed(clean_text(raw_text(cell)) or None)


def _special_text(cell: Cell, column: Column, context: Context) -> Parsed:
    """A key, in which dashes are hyphens; free text that may name persons; the name of an office."""
    text = raw_text(cell)
    if column.key:
        return Parsed(clean_key(text) or None)
    value = clean_text(text)
    if column.may_name_persons and looks_personal(value):
        return Parsed(None, "looks_personal")
    if column.names_office and not context.vocabulary.county.names_office(text):
        return Parsed(value, "unknown_office")
    return Parsed(value or None)


_ADDRESS = re.compile(r"\S@\S")
_TELEPHONE = re.compile(r"(?<!\d)[0+][\d /()-]*", re.ASCII)
_LEAST_DIGITS = 7
_DAY_IN_TEXT = re.compile(r"(?<!\d)\d{1,2}\.\d{1,2}\.(\d{4})(?!\d)", re.ASCII)
_BORN = re.compile(r"\bgeb(?:\.|oren)", re.IGNORECASE)
_ANY_DAY = re.compile(r"\d{1,2}\.\d{1,2}\.\d{2}", re.ASCII)
_PERSON = re.compile(r"\b(?:Frau|Herrn?)\s+(\w)")
_FIRST_YEAR_OF_PLANS = 2015


def looks_personal(text: str) -> bool:
    """Whether free text seems to hold an address, a telephone number, a birth date or a name (`deliveries.md` §7)."""
    if _ADDRESS.search(text) or any(match[1].isupper() for match in _PERSON.finditer(text)):
        return True
    born = _BORN.search(text)
    if born and _ANY_DAY.search(text, born.end()):
        return True
    if any(int(match[1]) < _FIRST_YEAR_OF_PLANS for match in _DAY_IN_TEXT.finditer(text)):
        return True
    return any(sum(map(str.isdigit, match[0])) >= _LEAST_DIGITS for match in _TELEPHONE.finditer(text))


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
            value = _date_from_text(clean_key(cell), context)
    return Parsed(value) if value else Parsed(None, "invalid_date")


def _from_serial(serial: float, epoch: dt.date) -> dt.date | None:
    first, last = _SERIALS
    return epoch + dt.timedelta(days=math.floor(serial)) if first <= serial <= last else None


def _date_from_text(text: str, context: Context) -> dt.date | None:
    if context.text_only and _DIGITS.fullmatch(text) and len(text) == len(str(_SERIALS[0])):
        return _from_serial(int(text), context.epoch)
    match = _GERMAN_DATE.fullmatch(text) or _ISO_DATE.fullmatch(text)
    if match is None:
        return None
    try:
        return _day_of(match)
    except (ValueError, OverflowError):  # a day that the calendar does not have
        return None


def _day_of(match: re.Match[str]) -> dt.date:
    """The day of a match; where its time has an offset, the day in Germany."""
    year = int(match["year"]) + (2000 if len(match["year"]) == 2 else 0)
    day = dt.date(year, int(match["month"]), int(match["day"]))
    if match["zone"] is None:
        return day
    shift = dt.timedelta()
    if match["zone"] not in "Zz":
        digits = match["zone"][1:].replace(":", "")
        shift = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
        shift = -shift if match["zone"][0] == "-" else shift
    time = dt.time(int(match["hour"]), int(match["minute"]), int(match["second"] or 0))
    return (dt.datetime.combine(day, time, dt.UTC) - shift).astimezone(_ZONE).date()


def parse_number(cell: Cell, context: Context) -> Parsed:
    """A number from a numeric cell or from German or plain text."""
    value: float | None = None
    match cell:
        case int() | float():
            value = float(cell)
        case str():
            value = _number_from_text(_without(_MONEY, clean_key(cell)))
    return Parsed(value) if value is not None and math.isfinite(value) else Parsed(None, "invalid_number")


def parse_hours(cell: Cell, context: Context) -> Parsed:
    """Hours: a number, a time `h:mm`, a text in hours or minutes, or a cell formatted as a time."""
    return _parse_span(cell, "hours")


def parse_minutes(cell: Cell, context: Context) -> Parsed:
    """Hours under a header in minutes: a bare number counts minutes, everything else says what it is."""
    return _parse_span(cell, "minutes")


def _parse_span(cell: Cell, unit: str) -> Parsed:
    value: float | None = None
    match cell:
        case dt.timedelta():
            value = cell / _HOUR
        case dt.time():
            value = cell.hour + cell.minute / 60 + cell.second / 3600
        case dt.datetime():
            value = _long_span(cell)
        case int() | float():
            value = cell / 60 if unit == "minutes" else float(cell)
        case str():
            value = _span_from_text(clean_key(cell), unit)
    return Parsed(value) if value is not None and math.isfinite(value) else Parsed(None, "invalid_number")


_HOUR = dt.timedelta(hours=1)


def _long_span(instant: dt.datetime) -> float | None:
    """Hours of a span of days that a reader took for an instant of the calendar's first year; None for a real day."""
    serial_1900, before_leap, serial_1904 = _FIRST_SPANS
    if instant.year == serial_1904.year:
        return (instant - serial_1904) / _HOUR
    if instant.year > serial_1900.year + 1:
        return None
    return (instant - (before_leap if instant < dt.datetime(1900, 3, 1) else serial_1900)) / _HOUR  # noqa: DTZ001


def _span_from_text(text: str, unit: str) -> float | None:
    if len(text) > _LONGEST_NUMBER:
        return None
    in_hours, in_minutes = _without(_HOURS, text), _without(_MINUTES, text)
    if match := _CLOCK.fullmatch(in_hours):
        return int(match["hours"]) + int(match["minutes"]) / 60 + int(match["seconds"] or 0) / 3600
    if in_minutes != text or (unit == "minutes" and in_hours == text):
        minutes = _number_from_text(in_minutes)
        return None if minutes is None else minutes / 60
    return _number_from_text(in_hours)


def _without(unit: re.Pattern[str], text: str) -> str:
    """A text without the unit before or behind its number."""
    if len(text) > _LONGEST_NUMBER or (text[:1].isdigit() and text[-1:].isdigit()):
        return text
    if found := unit.match(text):
        return text[found.end() :].lstrip()
    last = re.search(r"[^\d\s,;:]+$", text)
    return text[: last.start()].rstrip() if last and unit.fullmatch(last[0]) else text


def _number_from_text(text: str) -> float | None:
    if len(text) > _LONGEST_NUMBER:
        return None
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
    key = context.vocabulary.municipality(comparable(raw_text(cell)))
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
    start = 0
    while start < len(pieces):
        for end in range(min(len(pieces), start + MOST_PIECES), start, -1):
            name = "/".join(pieces[start:end])
            code = languages.get(name)
            if code or end == start + 1:
                found.append((name, code or UNDETERMINED_LANGUAGE))
                start = end
                break
    return found


def parse_nationality(cell: Cell, context: Context) -> Parsed:
    """ISO 3166-1 alpha-3 of a German state name or adjective; an unknown one is null with a notice."""
    nationalities = context.vocabulary.nationalities
    form = comparable(raw_text(cell))
    return Parsed(nationalities[form]) if form in nationalities else Parsed(None, "unknown_nationality")


def parse_ags(cell: Cell, context: Context) -> Parsed:
    """An eight-digit area key; 5 to 7 digits get their lost leading zeros back, of 12 the 5 first and 3 last count."""
    digits = clean_text(raw_text(cell))
    if _DIGITS.fullmatch(digits) and len(digits) == _REGIONAL_KEY:
        digits = digits[:5] + digits[-3:]
    if not _DIGITS.fullmatch(digits) or not 5 <= len(digits) <= 8:
        return Parsed(None, "invalid_value")
    return Parsed(digits.zfill(8))


def parse_indicator(cell: Cell, context: Context) -> Parsed:
    """The id of an indicator from its id or label; an unknown one is null with a notice."""
    key = context.vocabulary.indicators.get(comparable_header(raw_text(cell)))
    return Parsed(None, "unknown_indicator") if key is None else Parsed(key)


def parse_programme(cell: Cell, context: Context) -> Parsed:
    """A programme's key from its key or title."""
    key = context.programmes.get(comparable(raw_text(cell)))
    return Parsed(None, "invalid_value") if key is None else Parsed(key)


_PARSERS: dict[str, Parser] = {
    "text": parse_text,
    "date": parse_date,
    "number": parse_number,
    "hours": parse_hours,
    "whole": parse_whole,
    "yes_no": parse_yes_no,
    "municipality": parse_municipality,
    "language": parse_language,
    "languages": parse_languages,
    "nationality": parse_nationality,
    "ags": parse_ags,
    "programme": parse_programme,
    "indicator": parse_indicator,
}
