"""What a delivery states about itself: Berichtszeitraum and Stand (`deliveries.md` §1.1).

Belongs here: which cells state a fact, how its value is read, and whose fact it is. Where tables stand on their sheets
is told by `blocks.py`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from kim_pipeline.contracts.calendar import Period, names_time, parse_day_in_words, parse_period
from kim_pipeline.contracts.normalise import comparable
from kim_pipeline.reading.formats.cells import BLANK, Cell, Sheet, is_filled, raw_text
from kim_pipeline.reading.values import Context, parse_date

FactKind = Literal["period", "as_of"]
State = Literal["clear", "missing", "unclear", "ambiguous"]

_PERIOD = ("berichtszeitraum", "abrechnungszeitraum", "berichtsjahr", "zeitraum")
_PERIOD_WEAK = ("kalenderjahr", "schuljahr", "kita-jahr", "kitajahr", "förderjahr", "jahr")
_AS_OF = ("stand der daten", "datenstand", "stand")
_AS_OF_WEAK = ("stichtag", "auswertung", "auszug")
_SCHOOL_LABELS = frozenset({"schuljahr", "kita-jahr", "kitajahr"})
_ALL = (*_PERIOD, *_PERIOD_WEAK, *_AS_OF, *_AS_OF_WEAK)
_MARKS = r"(?:\*|\s*\(?\d{1,2}\)(?![.\d]))*"
_JOIN = r"(?:\s*:(?:\s*(?:vom|am|von)\b)?|\s+(?:vom|am|von)\b)"
_LABEL = re.compile(rf"(?P<label>{'|'.join(_ALL)})(?=$|[\s:*(]){_MARKS}(?P<join>{_JOIN})?\s*(?P<rest>.*)", re.DOTALL)
_INSIDE = (*_PERIOD, *_AS_OF, *_AS_OF_WEAK)
_BETWEEN = re.compile(
    rf"(?:\s*[,;|/-]\s*|\s+)(?:und )?(?=(?:{'|'.join(_INSIDE)})(?:{_JOIN}|\s+\d|\s*$))"
    rf"|\s*[,;|/-]\s*(?=(?:{'|'.join(_PERIOD_WEAK)})\s*:)"
)
"""What stands between two facts in one cell."""
_FIRST_LETTERS = frozenset(label[0] for label in _ALL) | frozenset(label[0].upper() for label in _ALL)
_LONGEST = 500
_TIME = re.compile(r"(?:[t ]|\s)\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:\s*uhr)?(?=$|[\s,;(])")
_REMARK = re.compile(r"(?=[,;(]|\s*\()")


@dataclass(frozen=True)
class Fact:
    """One statement.

    Attributes:
        kind: which fact.
        value: reporting period or Stand; None where the value is not understood.
        sheet: position of the sheet in the delivery.
        row, column: 0-based place of the label.
        value_row, value_column: 0-based place of the value; the label's where they share a cell.
        text: the value's cell as it stands in the file.
        sheet_name: the sheet's name.
        is_strong: its label counts wherever it stands; others only where a place has no strong one.
    """

    kind: FactKind
    value: Period | dt.date | None
    sheet: int
    row: int
    column: int
    value_row: int
    value_column: int
    text: str
    is_strong: bool
    sheet_name: str

    @property
    def rows(self) -> frozenset[int]:
        """The rows that the statement stands in."""
        return frozenset({self.row, self.value_row})


@dataclass(frozen=True)
class Resolved:
    """What a table takes as one of its facts.

    Attributes:
        state: whether there is a value, and why not.
        value: the value; None unless the state is `clear`.
        facts: the statements it comes from, or those that are unclear or contradict each other.
    """

    state: State
    value: Period | dt.date | None = None
    facts: tuple[Fact, ...] = ()


def facts_on(sheet: Sheet, number: int, context: Context) -> list[Fact]:
    """Every fact stated on a sheet, by row and column."""
    found: list[Fact] = []
    for column in range(sheet.width):
        labels = [code for code, cell in enumerate(sheet.distinct[column]) if _begins_with_label(cell)]
        for code in labels:
            for row in (sheet.codes[column] == code).nonzero()[0].tolist():
                found += _Reader(sheet, number, row, column, context).facts()
    return sorted(found, key=lambda f: (f.row, f.column))


def _begins_with_label(cell: Cell) -> bool:
    if not isinstance(cell, str) or len(cell) > _LONGEST:
        return False
    first = cell.lstrip()[:1]
    if first.isascii() and first not in _FIRST_LETTERS:
        return False
    return _LABEL.fullmatch(comparable(cell)) is not None


class _Reader:
    """Reads what the label in one cell states."""

    def __init__(self, sheet: Sheet, number: int, row: int, column: int, context: Context) -> None:
        self._sheet, self._number, self._row, self._column = sheet, number, row, column
        self._context = context

    def facts(self) -> Iterator[Fact]:
        """The cell's facts: it may state both kinds."""
        for text in _BETWEEN.split(comparable(self._sheet.cell(self._row, self._column))):
            label = _LABEL.fullmatch(text)
            fact = self._fact(label) if label else None
            if fact is not None:
                yield fact

    def _fact(self, label: re.Match[str]) -> Fact | None:
        name = label["label"]
        kind: FactKind = "period" if name in (*_PERIOD, *_PERIOD_WEAK) else "as_of"
        is_marked = label["join"] is not None
        place = (self._row, self._column) if label["rest"] else self._neighbour(kind)
        if place is None:
            return None
        cell = label["rest"] or self._sheet.cell(*place)
        value = read_fact(kind, cell, self._context)
        if name in _SCHOOL_LABELS and isinstance(value, Period) and _is_bare_year(cell):
            value = None
        if not is_marked and (value is None or self._has_second(kind, *place)):
            return None
        text = raw_text(self._sheet.cell(*place))
        return Fact(
            kind, value, self._number, self._row, self._column, *place, text, name in (*_PERIOD, *_AS_OF),
            self._sheet.name,
        )  # fmt: skip

    def _neighbour(self, kind: FactKind) -> tuple[int, int] | None:
        """Where the value stands beside its label: the next filled cell to the right, else the one below."""
        right = self._next_filled(self._row, self._column)
        places = [] if right is None else [(self._row, right)]
        places.append((self._row + 1, self._column))
        for row, column in places:
            cell = self._sheet.cell(row, column)
            is_value = read_fact(kind, cell, self._context) is not None
            if is_filled(cell) and (is_value or not _begins_with_label(cell)):
                return row, column
        return None

    def _has_second(self, kind: FactKind, row: int, column: int) -> bool:
        """Whether a second value follows, as in a pivot's head."""
        after = self._next_filled(row, column)
        return after is not None and read_fact(kind, self._sheet.cell(row, after), self._context) is not None

    def _next_filled(self, row: int, column: int) -> int | None:
        return next((c for c in range(column + 1, self._sheet.width) if is_filled(self._sheet.cell(row, c))), None)


def _is_bare_year(cell: Cell) -> bool:
    return re.match(r"(?:kalenderjahr |jahr )?\d{4}(?!\s*/|-\d|\d)", comparable(raw_text(cell))) is not None


def read_fact(kind: FactKind, cell: Cell, context: Context) -> Period | dt.date | None:
    """The value of a fact: a period or a day, after it nothing but a time of day and remarks that name no other."""
    if not is_filled(cell):
        return None
    if not isinstance(cell, str):
        return _from_typed(kind, cell, context)
    text = comparable(cell)
    if len(text) > _LONGEST:
        return None
    for end in _ends(text):
        value = _from_text(kind, text[:end].strip(), context)
        if value is not None:
            return None if names_time(_TIME.sub("", text[end:], count=1)) else value
    return None


def _from_typed(kind: FactKind, cell: Cell, context: Context) -> Period | dt.date | None:
    if kind == "as_of":
        day: dt.date | None = parse_date(cell, context).value
        return day
    return parse_period(raw_text(cell)) if isinstance(cell, int | float) else None


def _ends(text: str) -> Iterator[int]:
    """Where a value may end: at the end, before a remark, before a time of day; the longest first."""
    found = {len(text), *(match.start() for match in _REMARK.finditer(text))}
    found |= {match.start() for match in _TIME.finditer(text)}
    return iter(sorted(found, reverse=True))


def _from_text(kind: FactKind, text: str, context: Context) -> Period | dt.date | None:
    if kind == "period":
        return parse_period(text)
    day: dt.date | None = parse_date(text.upper(), context).value
    if day is not None:
        return day
    try:
        return parse_day_in_words(text)
    except ValueError:
        return None


def resolve(facts: Sequence[Fact], *, on_cover: bool = False) -> Resolved | None:
    """What the facts of one kind at one place say; None where it has none.

    Args:
        facts: statements of one kind.
        on_cover: an unclear one counts only where no clear one stands.
    """
    strong = [f for f in facts if f.is_strong]
    chosen = strong or list(facts)
    clear = {f.value: f for f in reversed(chosen) if f.value is not None}
    unclear = [f for f in chosen if f.value is None]
    if len(clear) > 1:
        both = sorted(clear.values(), key=lambda f: (f.sheet, f.row, f.column))
        return Resolved("ambiguous", facts=tuple(both))
    if unclear and not (on_cover and clear):
        return Resolved("unclear", facts=(unclear[0],))
    for value, fact in clear.items():
        return Resolved("clear", value, (fact,))
    return None


def only_one(facts: Sequence[Fact]) -> Resolved:
    """The only one that the delivery states anywhere; missing where there are several, or none."""
    found = resolve(facts, on_cover=True)
    return Resolved("missing") if found is None or found.state == "ambiguous" else found


__all__ = ["BLANK", "Fact", "FactKind", "Resolved", "facts_on", "only_one", "read_fact", "resolve"]
