"""P1, flat files: one record per area, day and attribute (`official.md` §3.1), read by position.

Belongs here: from records to the cells of our areas. The names of the columns repeat and are not read.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice

from kim_pipeline import german
from kim_pipeline.contracts.published import FlatForm, Part, PublishedForms, Sex, Statistic
from kim_pipeline.reading.official.layout import Areas, Broken, OfficialCell, OfficialLayout, day_of, is_destroyed
from kim_pipeline.reading.official.words import missing_day, missing_total, no_own_area, not_ours, unknown_layout

_FIRST_BLOCK, _BLOCK = 5, 4
_VALUE_COLUMNS = 3
"""Value, unit and code of a content stand side by side in the new form."""
_STATISTIC, _TITLE, _TIME_CODE, _TIME_LABEL, _TIME = range(5)


@dataclass(frozen=True)
class _Content:
    """One column of values: where value, unit and sign stand; `code` is None where each record names it."""

    value: int
    sign: int | None
    code: str | None = None
    unit: str = ""


@dataclass(frozen=True)
class _Place:
    """One of our areas as a record names it; `at` is where its variable stands."""

    area: str
    name: str
    at: int


@dataclass
class _Found:
    """What the records of our areas hold beside facts."""

    others: dict[str, str] = field(default_factory=dict)
    years: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    contents: set[str] = field(default_factory=set)
    own: int = 0


def read_flat(records: Iterator[list[str]], sheet: str, forms: PublishedForms, areas: Areas) -> OfficialLayout:
    """The layout of a flat file.

    Args:
        records: all of them, the header first.
        sheet: what the only sheet is called.
        forms: the declarations.
        areas: of the county.

    Raises:
        RejectedError: it is no table of ours, or has none of our areas, no day or no total.
    """
    return _Flat(records, sheet, forms, areas).layout()


class _Flat:
    """The records of one flat file."""

    def __init__(self, records: Iterator[list[str]], sheet: str, forms: PublishedForms, areas: Areas) -> None:
        self._header: list[str] = next(records, [])
        self._head = list(islice(records, _LOOKED_AT))
        self._records = chain(self._head, records)
        self._sheet, self._forms, self._areas, self._form = sheet, forms, areas, forms.flat
        self._known: dict[str, str | None] = {}
        self._destroyed: set[str] = set()
        self._days: dict[str, dt.date | None] = {}
        self._found = _Found()

    @cached_property
    def _is_new(self) -> bool:
        return "value" in self._header

    @cached_property
    def _first_content(self) -> int:
        if self._is_new:
            return self._header.index("value")
        return next((at for at, name in enumerate(self._header) if "__" in name), len(self._header))

    @cached_property
    def _area_at(self) -> int:
        """Where the variable of the areas stands in the first record that has one."""
        width = len(self._header)
        found = (self._find_area(record) for record in self._head if len(record) == width)
        return next((at for at in found if at is not None), _FIRST_BLOCK)

    @cached_property
    def _blocks(self) -> range:
        return range(_FIRST_BLOCK, self._first_content - _BLOCK + 1, _BLOCK)

    @cached_property
    def _contents(self) -> list[_Content]:
        first, names = self._first_content, self._header
        if self._is_new:
            return [_Content(first, names.index("value_q") if "value_q" in names else None)]
        found = []
        for at in range(first, len(names)):
            code, _, unit = (*names[at].split("__"), "", "")[:3]
            if unit == "q" or not code:
                continue
            has_sign = at + 1 < len(names) and names[at + 1].endswith("__q")
            found.append(_Content(at, at + 1 if has_sign else None, code, unit))
        return found

    def layout(self) -> OfficialLayout:
        statistic, title, code = self._statistic()
        name = f"{self._form.name} ({'neue' if self._is_new else 'alte'} Form)"
        layout = OfficialLayout(name, self._form.name, self._sheet, statistic, title, f"Statistik {code}", 1)
        for row, record in enumerate(self._records, start=1):
            layout.rows_read += 1
            if len(record) != len(self._header) or record[_STATISTIC] != code:
                self._broken(layout, row, record, code)
            else:
                self._record(layout, row, record, statistic)
        self._judge(layout, code)
        return layout

    def _statistic(self) -> tuple[Statistic, str, str]:
        """The statistic that most records are of, its name and its code."""
        width = len(self._header)
        if not self._blocks or (self._is_new and width < self._first_content + _VALUE_COLUMNS):
            raise unknown_layout(self._form.name, f"„{self._header[0]}“", "kein Gebiet", self._header, "Flatfile (CSV)")
        codes = Counter(r[_STATISTIC] for r in self._head if len(r) == width)
        code = codes.most_common(1)[0][0] if codes else ""
        title = next((r[_TITLE] for r in self._head if r[:1] == [code] and len(r) == width), "")
        statistic = self._forms.statistic(code)
        if not codes:
            raise unknown_layout(self._form.name, f"„{self._header[0]}“", "keine Zeile", self._header, "Flatfile (CSV)")
        if statistic is None:
            raise not_ours(code, title, self._forms)
        return statistic, title, code

    def _broken(self, layout: OfficialLayout, row: int, record: list[str], code: str) -> None:
        """`invalid_row`: a record with another number of fields, or that does not begin with the statistic."""
        if not any(self._area(text) for text in record):
            return
        facts = (
            {"found": len(record), "expected": len(self._header)}
            if len(record) != len(self._header)
            else {"begins": german.in_quotes(record[_STATISTIC]), "code": code}
        )
        layout.broken.append(Broken(row, 0, self._header[0], "invalid_row", ";".join(record)[:60], facts))

    def _record(self, layout: OfficialLayout, row: int, record: list[str], statistic: Statistic) -> None:
        at = self._area_at if self._is_area(record[self._area_at]) else self._find_area(record)
        if at is None:
            return
        key = record[at + 2]
        is_new = key not in self._known
        area = self._area(key)
        if area is not None:
            self._found.own += 1
            self._own(layout, row, _Place(area, record[at + 3].strip(), at), record)
            self._note_total(layout, area, record, at, statistic)
        elif len(key) <= _LONGEST_ANCHOR or is_new or key in self._destroyed:
            self._other(layout, row, record, at, statistic)

    def _find_area(self, record: list[str]) -> int | None:
        """Where the variable of the areas stands in a record."""
        return next((b for b in self._blocks if self._is_area(record[b])), None)

    def _other(self, layout: OfficialLayout, row: int, record: list[str], at: int, statistic: Statistic) -> None:
        """An area of others: its first record, those of Germany and the states, and keys that nobody can read."""
        key = record[at + 2]
        if is_destroyed(key):
            self._destroyed.add(key)
            self._found.own += 1
            layout.broken.append(Broken(row, at + 2, self._header[at + 2], "invalid_value", key, {}))
            return
        self._found.others.setdefault(key, record[at + 3].strip())
        self._note_total(layout, key, record, at, statistic)

    def _own(self, layout: OfficialLayout, row: int, place: _Place, record: list[str]) -> None:
        """The cells of a record of ours."""
        day = self._day(record)
        attributes = self._attributes(record, place.at)
        for content in self._contents:
            part = self._part(record, content, layout.statistic)
            if part is None:
                continue
            if day is None:
                self._found.years.append(f"{record[_TIME_LABEL]} {record[_TIME]}".strip())
            elif attributes is not None:
                foreign, sex = attributes
                layout.facts.append(
                    OfficialCell(
                        row, content.value, self._header[content.value], place.area, place.name, day,
                        "foreigners" if foreign else part, sex, record[content.value],
                        record[content.sign] if content.sign is not None else "",
                    )
                )  # fmt: skip

    def _attributes(self, record: list[str], area_at: int) -> tuple[bool, Sex] | None:
        """Whether a record counts foreigners, and of which sex; None where it counts other people than ours."""
        foreign = False
        sex: Sex = ""
        for at in self._blocks:
            variable, value = record[at], record[at + 2]
            if at == area_at or (not variable and not value):
                continue
            if variable == self._form.sex_variable and value in self._form.sexes:
                sex = self._form.sexes[value]
            elif variable == self._form.nationality_variable and value == self._form.foreign:
                foreign = True
            elif value:
                self._found.members.append(record[at + 1])
                return None
        return foreign, sex

    def _part(self, record: list[str], content: _Content, statistic: Statistic) -> Part | None:
        """The part that a column of values counts in a record."""
        code, unit = content.code, content.unit
        if code is None:
            unit, code = record[content.value + 1], record[content.value + 2]
        if unit.casefold() not in self._form.units:
            return None
        part = statistic.part_of(code)
        if part is not None:
            self._found.contents.add(code)
        return part

    def _note_total(self, layout: OfficialLayout, key: str, record: list[str], at: int, statistic: Statistic) -> None:
        """Keep the whole population of an area that an anchor may know: Germany, a state, ours."""
        if len(key) > _LONGEST_ANCHOR or record[_STATISTIC] != statistic.code:
            return
        for content in self._contents:
            text = record[content.value]
            day = self._day(record)
            if not text.isdigit() or day is None or self._part(record, content, statistic) != "population":
                continue
            others = [b for b in self._blocks if b != at]
            if all(not record[b + 2] for b in others):
                layout.totals[key, day] = int(text)

    def _is_area(self, variable: str) -> bool:
        return variable in self._form.area_variables or variable.startswith(self._form.area_prefixes)

    def _area(self, key: str) -> str | None:
        if key not in self._known:
            self._known[key] = self._areas.of(key)
        return self._known[key]

    def _day(self, record: list[str]) -> dt.date | None:
        if record[_TIME_CODE] != self._form.reference_day:
            return None
        text = record[_TIME]
        if text not in self._days:
            self._days[text] = day_of(text)
        return self._days[text]

    def _judge(self, layout: OfficialLayout, code: str) -> None:
        """Reject a file that says nothing of ours."""
        found = self._found
        if not found.own and not layout.broken:
            raise no_own_area(self._areas, found.others)
        if layout.facts or layout.broken:
            self._need_totals(layout, code)
            return
        if not found.contents:
            raise unknown_layout(
                layout.form, f"„Statistik {code}“", "keine Spalte mit einer Bevölkerungs- oder Ausländerzahl",
                self._content_names(), "Flatfile (CSV)",
            )  # fmt: skip
        if found.years:
            raise missing_day(found.years[0])
        raise missing_total(f"Statistik {code}", _what(layout.statistic), found.members[0])

    def _need_totals(self, layout: OfficialLayout, code: str) -> None:
        if layout.facts and all(fact.sex for fact in layout.facts):
            raise missing_total(f"Statistik {code}", _what(layout.statistic), "Geschlecht")

    def _content_names(self) -> list[str]:
        names = [self._header[content.value] for content in self._contents]
        if self._is_new:
            at = self._first_content + 3
            names = list(dict.fromkeys(r[at] for r in self._head if len(r) == len(self._header)))
        return names or self._header


_LOOKED_AT = 10_000
"""As many records tell which statistic a file is of."""
_LONGEST_ANCHOR = 5
"""Germany, states and counties have keys of five characters at most."""


def _what(statistic: Statistic) -> str:
    return "die ausländische Bevölkerung" if statistic.every_content else "die Bevölkerung"


def flat_kind(first_line: str, form: FlatForm) -> str | None:
    """`new`, `old` or None, by the first line of a text (`official.md` §2)."""
    names = first_line.strip().split(";")
    if first_line.startswith(form.new_start) and "value" in names:
        return "new"
    if first_line.casefold().startswith(form.old_starts) and "value" not in names and any("__" in n for n in names):
        return "old"
    return None
