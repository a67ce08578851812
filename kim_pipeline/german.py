"""German for people: numbers, days, periods, plurals, lists, and what states and severities are called. All of it once.

Belongs here: how something is said that more than one room says: terminal, UI, return copies, templates and report ask
here. Does not belong here: anything that knows a programme, a table or an indicator; nothing of ours is imported.
"""

from __future__ import annotations

import datetime as dt
import errno
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

NBSP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"

STATUSES = {"counted": "zählt", "superseded": "ersetzt", "rejected": "zurückgewiesen", "held": "angehalten"}
"""Status of a delivery → what it is called."""

_COUNT_CLASSES = ((0, "0"), (9, "1–9"), (49, "10–49"), (249, "50–249"), (math.inf, "250+"))
"""The last number of each class and its name; `quality_summary` has the same."""
ROW_KINDS = {"accepted": "angenommen", "quarantined": "in Quarantäne", "total": "als Summe", "note": "als Notiz"}
"""What becomes of a sheet's rows → how a number of them is told: `3 in Quarantäne`."""


@dataclass(frozen=True)
class SeverityWords:
    """What a severity is called.

    Attributes:
        one: one finding of it.
        many: several.
        follows: what follows from it for the row or the delivery, as the rest of a sentence.
    """

    one: str
    many: str
    follows: str


SEVERITIES = {
    "rejected": SeverityWords("Zurückgewiesen", "Zurückweisungen", "die Lieferung zählt nicht"),
    "error": SeverityWords("Fehler", "Fehler", "die Zeile zählt erst, wenn sie berichtigt ist"),
    "warning": SeverityWords("Warnung", "Warnungen", "die Angabe bleibt leer, die Zeile zählt"),
    "notice": SeverityWords("Hinweis", "Hinweise", "zur Kenntnis"),
}
"""Severity of a finding → its words; the gravest first."""

_SWAP = str.maketrans(",.", ".,")
_DECIMALS = {"Anteil": 1, "je 1.000": 1, "Stunden": 1, "Euro": 0}
"""Unit → decimals; other units have none where the value is whole, else one."""
_TIED = re.compile(
    r"(?<=\d) (?=(?:%|€|Tage|Prozentpunkte|EUR|Uhr)(?!\w))|(?<=\b[zduo]\.) (?=[aBhÄ]\.)|(?<=§) (?=\d)"
    r"|(?<=\d\.) (?=Halbjahr|Quartal)"
)
_ONE_OF = {
    "Anfragen": "Anfrage", "Angebote": "Angebot", "Bedarfe": "Bedarf", "Beratungen": "Beratung",
    "Einsätze": "Einsatz", "Eintritte": "Eintritt", "Fälle": "Fall", "Familien": "Familie", "Gruppen": "Gruppe",
    "Kinder": "Kind", "Kontakte": "Kontakt", "Maßnahmen": "Maßnahme", "Patenschaften": "Patenschaft",
    "Organisationen": "Organisation", "Personen": "Person", "Plätze": "Platz", "Schüler/innen": "Schüler/in",
    "Stationen": "Station", "Stunden": "Stunde", "Tage": "Tag", "Teilnahmen": "Teilnahme", "Übergaben": "Übergabe",
    "Veranstaltungen": "Veranstaltung",
}  # fmt: skip
"""Unit → what one of it is called; other units are the same for one."""
_REFUSALS = {
    errno.EACCES: "die Rechte fehlen",
    errno.EADDRINUSE: "dort horcht schon ein anderes Programm",
    errno.EADDRNOTAVAIL: "die Adresse gehört nicht zu diesem Rechner",
    errno.EDQUOT: "kein Platz mehr",
    errno.EEXIST: "dort liegt schon etwas",
    errno.EFBIG: "kein Platz mehr",
    errno.EIO: "der Datenträger meldet einen Fehler",
    errno.EISDIR: "das ist ein Ordner",
    errno.ENAMETOOLONG: "der Name ist zu lang",
    errno.ENOENT: "den Ordner gibt es nicht",
    errno.ENOSPC: "kein Platz mehr",
    errno.ENOTDIR: "das ist kein Ordner",
    errno.EPERM: "die Rechte fehlen",
    errno.EROFS: "der Datenträger ist schreibgeschützt",
}
"""Number of a system's error → what it means."""
_PARTS_OF_A_YEAR = {"H": "Halbjahr", "Q": "Quartal"}


def number(value: float, decimals: int = 0) -> str:
    """A number with thousands point and decimal comma, rounded half up: `1.234,5`."""
    step = Decimal(1).scaleb(-decimals)
    rounded = Decimal(repr(value)).quantize(step, rounding=ROUND_HALF_UP)
    text = f"{abs(rounded):,.{decimals}f}".translate(_SWAP)
    return f"{MINUS}{text}" if rounded < 0 else text


def exact(value: float) -> str:
    """A number with as many decimals as it has, ten digits at most: `2000` → `2.000`, `0.5` → `0,5`."""
    return f"{value:,.10g}".translate(_SWAP)


def percent(share: float, decimals: int = 1) -> str:
    """A share between 0 and 1 in per cent: `17,7 %`."""
    return f"{number(float(Decimal(repr(share)) * 100), decimals)}{NBSP}%"


def value(amount: float, unit: str) -> str:
    """A value as it stands in a table, without its unit, which stands in the row's head; shares in per cent."""
    if unit == "Anteil":
        return percent(amount)
    return number(amount, _DECIMALS.get(unit, 0 if amount == int(amount) else 1))


def with_unit(amount: float, unit: str) -> str:
    """A value as it stands in a sentence: `14 Tage`, `1 Tag`, `17,7 %`, `1.234 Euro`."""
    if unit == "Anteil":
        return percent(amount)
    text = value(amount, unit)
    return f"{text}{NBSP}{one_of(unit) if text == '1' else unit}"


def one_of(unit: str) -> str:
    """What a unit is called after the number 1."""
    return _ONE_OF.get(unit, unit)


def change(now: float, before: float) -> str:
    """By how many per cent a value differs from an earlier one; empty where that was 0."""
    if not before:
        return ""
    text = percent((now - before) / before)
    return f"+{text}" if now > before else text


def size(octets: int) -> str:
    """A number of bytes: `12,3 MB`, `40 kB`."""
    return f"{number(octets / 1e6, 1)} MB" if octets >= 1e6 else f"{number(max(octets / 1e3, 1))} kB"


def count_class(amount: int) -> str:
    """A number of rows or findings as everybody may see it: `0`, `1–9`, `10–49`, `50–249`, `250+`."""
    return next(told for last, told in _COUNT_CLASSES if amount <= last)


def plural(amount: int, one: str, many: str) -> str:
    """The noun that belongs to a number."""
    return one if amount == 1 else many


def counted(amount: int, one: str, many: str) -> str:
    """A number with its noun: `1 Maßnahme`, `1.470 Einsätze`."""
    return f"{number(amount)} {plural(amount, one, many)}"


def tightly(amount: int, one: str, many: str) -> str:
    """The same where lines are set: number and noun do not part."""
    return f"{number(amount)}{NBSP}{plural(amount, one, many)}"


def rows_told(account: Mapping[str, Any], mark: str) -> str:
    """What became of a sheet's rows: `12 Zeilen gelesen, 11 angenommen, 1 in Quarantäne`.

    Args:
        account: `rows_read` and the numbers of each of `ROW_KINDS`; none of a kind is not told, nothing accepted is.
        mark: what follows the first part.
    """
    parts = [f"{number(account[n])} {word}" for n, word in ROW_KINDS.items() if account[n] or n == "accepted"]
    return f"{counted(account['rows_read'], 'Zeile', 'Zeilen')} gelesen{mark}{', '.join(parts)}"


def day(date: dt.date) -> str:
    """A date: `15.03.2024`."""
    return f"{date:%d.%m.%Y}"


def short_day(date: dt.date) -> str:
    """A date where there is little room: `15.03.24`."""
    return f"{date:%d.%m.%y}"


def day_of_year(date: dt.date) -> str:
    """A date whose year is plain: `15.03.`."""
    return f"{date:%d.%m.}"


def short_moment(at: dt.datetime) -> str:
    """A day and a time where there is little room: `15.03.24 02:30`."""
    return f"{at:%d.%m.%y %H:%M}"


def moment(at: dt.datetime) -> str:
    """A day and a time of day: `15.03.2024, 02:30 Uhr`."""
    return f"{at:%d.%m.%Y, %H:%M} Uhr"


def period(name: str) -> str:
    """What people call a period, by its canonical notation.

    `2023` and `2022/23` as they are, `2022-H1` → `1. Halbjahr 2022`, `2021-08-01/2022-01-31` → days.
    """
    year, _, part = name.partition("-")
    if part[:1] in _PARTS_OF_A_YEAR:
        return f"{part[1:]}. {_PARTS_OF_A_YEAR[part[0]]} {year}"
    ends = name.split("/") if part else []
    return " bis ".join(day(dt.date.fromisoformat(end)) for end in ends) or name


def in_period(name: str) -> str:
    """When, in a sentence: `im Jahr 2023`, `im Schuljahr 2022/23`, `im 1. Quartal 2023`; nothing of it parts."""
    kind = "" if "-" in name else "Schuljahr " if "/" in name else "Jahr "
    return "im " + f"{kind}{period(name)}".replace(" ", NBSP)


def listing(items: Iterable[str], last: str = "und") -> str:
    """Items in a sentence: `a, b und c`; empty for none."""
    *others, final = list(items) or [""]
    return f"{', '.join(others)} {last} {final}" if others else final


def in_quotes(text: str) -> str:
    """A text in quotation marks: `„a“`."""
    return f"„{text}“"


def quoted_listing(items: Iterable[str], last: str = "und") -> str:
    """Items in quotation marks: `„a“, „b“ und „c“`."""
    return listing(map(in_quotes, items), last)


def system_error(error: OSError) -> str:
    """Why the operating system refused something, in a few words; by its number where there are no words for it."""
    return _REFUSALS.get(error.errno or 0, f"Fehler {error.errno or 0} des Betriebssystems")


def tied(text: str) -> str:
    """A text whose numbers and short forms do not part from what belongs to them at the end of a line."""
    return _TIED.sub(NBSP, text)


def first_upper(text: str) -> str:
    """A text that begins a sentence."""
    return text[:1].upper() + text[1:]
