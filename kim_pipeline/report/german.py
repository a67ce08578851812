"""How figures, days and lists are written in the report: German signs, rounding and typography.

Belongs here: formatting alone; nothing that knows a table or an indicator.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

NBSP = "\N{NO-BREAK SPACE}"
NARROW = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
_SWAP = str.maketrans(",.", ".,")
_DECIMALS = {"Anteil": 1, "je 1.000": 1, "Stunden": 1, "Euro": 0}
"""Unit → decimals; other units have none where the value is whole, else one."""
_TIED = re.compile(r"(?<=\d) (?=(?:%|€|Tage|Prozentpunkte|EUR|Uhr)(?!\w))|(?<=\b[zduo]\.) (?=[aBhÄ]\.)|(?<=§) (?=\d)")


def number(value: float, decimals: int = 0) -> str:
    """A number with thousands point and decimal comma, rounded half up: `1.234,5`."""
    step = Decimal(1).scaleb(-decimals)
    rounded = Decimal(repr(value)).quantize(step, rounding=ROUND_HALF_UP)
    text = f"{abs(rounded):,.{decimals}f}".translate(_SWAP)
    return f"{MINUS}{text}" if rounded < 0 else text


def percent(share: float) -> str:
    """A share between 0 and 1 in per cent with one decimal: `17,7 %`."""
    return f"{number(float(Decimal(repr(share)) * 100), 1)}{NBSP}%"


def value(amount: float, unit: str) -> str:
    """A value as it stands in a table, without its unit, which stands in the row's head; shares in per cent."""
    if unit == "Anteil":
        return percent(amount)
    return number(amount, _DECIMALS.get(unit, 0 if amount == int(amount) else 1))


def with_unit(amount: float, unit: str) -> str:
    """A value as it stands in a sentence: `14 Tage`, `17,7 %`, `1.234 Euro`."""
    return percent(amount) if unit == "Anteil" else f"{value(amount, unit)}{NBSP}{unit}"


def change(now: float, before: float) -> str:
    """By how many per cent a value differs from an earlier one; empty where that was 0."""
    if not before:
        return ""
    text = percent((now - before) / before)
    return f"+{text}" if now > before else text


def day(date: dt.date) -> str:
    """A date: `15.03.2024`."""
    return f"{date:%d.%m.%Y}"


def listing(items: Iterable[str]) -> str:
    """Items in a sentence: `a, b und c`."""
    *first, last = list(items)
    return f"{', '.join(first)} und {last}" if first else last


def counted(amount: int, one: str, many: str) -> str:
    """A number with its noun: `1 Maßnahme`, `1.470 Einsätze`."""
    return f"{number(amount)}{NBSP}{one if amount == 1 else many}"


def in_period(name: str) -> str:
    """When, in a sentence: `im Jahr 2023`, `im Schuljahr 2022/23`, `im 1. Quartal 2023`."""
    if "-Q" in name:
        year, quarter = name.split("-Q")
        return f"im {quarter}.{NBSP}Quartal{NBSP}{year}"
    return f"im {'Schuljahr' if '/' in name else 'Jahr'}{NBSP}{name}"


def tied(text: str) -> str:
    """A text whose numbers and short forms do not part from what belongs to them at the end of a line."""
    return _TIED.sub(NBSP, text)


def first_upper(text: str) -> str:
    """A text that begins a sentence."""
    return text[:1].upper() + text[1:]
