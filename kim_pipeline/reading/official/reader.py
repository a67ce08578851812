"""An official table as a delivery: accepted rows, findings, account, attribution (`official.md` §4, §7).

Belongs here: from the cells of a layout to records, whatever the form. A pure function of bytes, contract and code.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from kim_pipeline import german
from kim_pipeline.contracts.calendar import Period
from kim_pipeline.contracts.model import Programme, Table
from kim_pipeline.contracts.published import NOTHING, OFFICIAL_SIGNS, Part, PublishedForms, Sex, census_name
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.reading.errors import RejectedError
from kim_pipeline.reading.evaluation import prove
from kim_pipeline.reading.findings import Finding, Severity, place_name, shown_text, told
from kim_pipeline.reading.formats.cells import column_letter
from kim_pipeline.reading.formats.workbook import Limits
from kim_pipeline.reading.official.bases import BaseFacts, BaseSpan, census_base, footer_rules
from kim_pipeline.reading.official.layout import Areas, Broken, OfficialCell, OfficialLayout
from kim_pipeline.reading.official.recognise import official_layout, unpacked
from kim_pipeline.reading.official.signs import Official, official_value
from kim_pipeline.reading.official.terms import Attribution, attribution
from kim_pipeline.reading.table_result import ARROW_TYPES, SOURCE_ROW, SOURCE_SHEET, Account, TableResult

_ZONE = ZoneInfo("Europe/Berlin")
_PARTS: tuple[Part, ...] = ("population", "foreigners")
_SEXES: tuple[Sex, ...] = ("", "male", "female")
_RecordKey = tuple[str, dt.date]
_Cell = tuple[str, dt.date, Part, Sex]
_PART_WORDS = {"population": "Bevölkerung", "foreigners": "Ausländerzahl"}


@dataclass(frozen=True)
class OfficialFacts:
    """What is told of an official table as a delivery.

    Attributes:
        recognised: German sentence: what was recognised.
        days: its Stichtage.
        covers: days of which it has the population of the county or of all municipalities.
        attribution: whom to name.
    """

    recognised: str
    days: tuple[dt.date, ...]
    covers: tuple[dt.date, ...]
    attribution: Attribution


@dataclass
class OfficialResult:
    """An official table as read: as a part of a delivery, with the sheets that hold nothing of ours."""

    published: OfficialFacts
    period: Period
    as_of: dt.date | None
    findings: list[Finding]
    table: TableResult
    ignored: list[str]


@dataclass
class _Evaluation:
    """Which cells count and which rows have errors; `held` is the first cell that gives a number."""

    parsed: dict[int, Official] = field(default_factory=dict)
    errors: set[int] = field(default_factory=set)
    held: dict[_Cell, OfficialCell] = field(default_factory=dict)
    findings: list[tuple[int, int, Finding]] = field(default_factory=list)
    lost: set[int] = field(default_factory=set)


def read_official(
    path: PurePath, content: bytes, programme: Programme, limits: Limits, *, calamine: bool = True
) -> OfficialResult | None:
    """Read a delivery in a published form.

    Args:
        path: the file's name.
        content: its bytes.
        programme: whose contract declares the forms.
        limits: what the file may cost.
        calamine: see `read_sheets`.

    Returns:
        The result; None for a file in no published form, which goes the way of the hand-made tables.

    Raises:
        RejectedError: it is in a published form, but cannot be used, or cannot be read.
    """
    forms = programme.published
    if forms is None:
        return None
    file = unpacked(path, content, limits)
    areas = Areas(vocabulary().county)
    layout = official_layout(file, forms, areas, limits, calamine=calamine)
    if layout is None:
        if file.content is not content:
            raise _no_form(programme)
        return None
    if layout.as_of is None:
        layout.as_of = _stand_of_name(file.name.name, path.name, forms, layout)
    return _result(layout, programme.table(forms.table), areas)


def _no_form(programme: Programme) -> RejectedError:
    return RejectedError(
        "unreadable",
        "Im ZIP-Paket liegt eine CSV-Datei, die keine amtliche Tabelle in einer bekannten Form ist. Bitte die "
        f"Datei entpacken und im Ordner {programme.key} ablegen.",
    )


def _stand_of_name(member: str, name: str, forms: PublishedForms, layout: OfficialLayout) -> dt.date | None:
    """The Stand of a flat file: the moment of retrieval is part of its published name (`official.md` §9)."""
    if layout.kind != forms.flat.name:
        return None
    match = forms.flat.named.search(member) or forms.flat.named.search(name)
    if match is None:
        return None
    day = dt.datetime.fromtimestamp(int(match[1]) / 1000, tz=dt.UTC).astimezone(_ZONE).date()
    last = max((fact.day for fact in layout.facts), default=dt.date.min)
    return day if day >= last else None


def _result(layout: OfficialLayout, table: Table, areas: Areas) -> OfficialResult:
    found = _evaluate(layout)
    spans = footer_rules(layout.footer)
    facts = BaseFacts(
        layout.as_of, _with_sum(layout, areas, found),
        vocabulary().county.census_anchors,
    )  # fmt: skip
    rows = _rows(layout, table, found, facts, spans)
    days = tuple(sorted({row["reported_on"] for row in rows})) or tuple(sorted({f.day for f in layout.facts}))
    findings = [*_about_file(layout, rows, days), *layout.notices]
    findings += [finding for _, _, finding in sorted(found.findings, key=lambda item: item[:2])]
    covers = _covered(rows, areas)
    credit = attribution(layout.terms, layout.dataset)
    published = OfficialFacts(_recognised(layout, rows, days, areas), days, covers, credit)
    read = TableResult(_to_arrow(table, rows, layout.sheet), findings, [_account(layout, table, found)], [])
    period = Period(days[0], days[-1]) if days else Period(dt.date(1, 1, 1), dt.date(1, 1, 1))
    return OfficialResult(published, period, layout.as_of, [], read, layout.ignored)


def _evaluate(layout: OfficialLayout) -> _Evaluation:
    """The order of evaluation: signs and numbers, `duplicate_key`, `amount_order`, totals that are missing."""
    found = _Evaluation()
    for broken in layout.broken:
        found.errors.add(broken.row)
        found.findings.append((broken.row, broken.column, _broken(layout, broken)))
    facts = sorted(layout.facts, key=lambda f: (f.row, f.column))
    for fact in facts:
        said = official_value(fact.cell, fact.sign, is_population=fact.part == "population", sex=fact.sex)
        if not said.is_valid and _may_be_blank(fact):
            said = Official(None, None)
        found.parsed[id(fact)] = said
        if not said.is_valid:
            _error(layout, found, fact, "invalid_number", number="Zahl und kein amtliches Zeichen", example="52666")
    _find_duplicates(layout, found, facts)
    _find_disorder(layout, found)
    _drop_without_total(found)
    for fact in found.held.values():
        _tell_mark(layout, found, fact)
    return found


def _may_be_blank(fact: OfficialCell) -> bool:
    """A blank cell of a sex says nothing; a blank total is no number."""
    return bool(fact.sex) and isinstance(fact.cell, str) and not fact.cell.strip() and not fact.sign.strip()


def _find_duplicates(layout: OfficialLayout, found: _Evaluation, facts: Sequence[OfficialCell]) -> None:
    """`duplicate_key`: two values for one part in one file; the later row is in quarantine."""
    rows: dict[int, list[OfficialCell]] = defaultdict(list)
    for fact in facts:
        rows[fact.row].append(fact)
    for row, ours in rows.items():
        if row in found.errors:
            continue
        again = [fact for fact in ours if _cell_of(fact) in found.held]
        for fact in again[:1]:
            first = found.held[_cell_of(fact)]
            _error(
                layout, found, fact, "duplicate_key",
                doubled=f"Die Zahl für {fact.name or fact.area} am {german.day(fact.day)} steht",
                first_row=f"Zeile {first.row + 1}", what_to_do="Bitte die Tabelle unverändert abrufen.",
            )  # fmt: skip
        if not again:
            found.held |= {_cell_of(fact): fact for fact in ours if found.parsed[id(fact)] != Official(None, None)}


def _find_disorder(layout: OfficialLayout, found: _Evaluation) -> None:
    """`amount_order`: more foreigners than people."""
    for (area, day, part, sex), fact in list(found.held.items()):
        whole = found.held.get((area, day, "population", ""))
        if part != "foreigners" or sex or whole is None:
            continue
        people, foreigners = found.parsed[id(whole)].value, found.parsed[id(fact)].value
        if people is not None and foreigners is not None and foreigners > people:
            expected = f"höchstens so viel wie die Bevölkerung ({german.number(people)})"
            _error(layout, found, fact, "amount_order", expected=expected)
    found.held = {cell: fact for cell, fact in found.held.items() if fact.row not in found.errors}


def _drop_without_total(found: _Evaluation) -> None:
    """Cells of a sex whose total is missing give nothing; where it is in quarantine they share its fate."""
    totals = {cell[:3] for cell in found.held if not cell[3]}
    gone = {cell: fact for cell, fact in found.held.items() if cell[:3] not in totals}
    found.held = {cell: fact for cell, fact in found.held.items() if cell not in gone}
    found.lost = {fact.row for fact in gone.values()}


def _cell_of(fact: OfficialCell) -> _Cell:
    return fact.area, fact.day, fact.part, fact.sex


def _error(layout: OfficialLayout, found: _Evaluation, fact: OfficialCell, rule: str, **facts: Any) -> None:
    found.errors.add(fact.row)
    found.findings.append((fact.row, fact.column, _finding(layout, fact, rule, "error", **facts)))


def _finding(layout: OfficialLayout, fact: OfficialCell, rule: str, severity: Severity, **facts: Any) -> Finding:
    letter, raw = column_letter(fact.column), shown_text(fact.cell)
    place = place_name(layout.sheet, fact.row + 1, letter, fact.header)
    message = f"{place}: {told(rule, raw, **facts)}"
    return Finding(layout.sheet, fact.row + 1, letter, fact.header, rule, severity, raw, message)


def _broken(layout: OfficialLayout, broken: Broken) -> Finding:
    place = place_name(layout.sheet, broken.row + 1)
    letter = column_letter(broken.column)
    if broken.rule == "invalid_row":
        said = told("invalid_row", reason=_why_broken(broken))
        raw = None
    else:
        raw = broken.raw
        said = told("invalid_value", raw, accepted="ein Gebietsschlüssel mit allen Ziffern, wie die Tabelle ihn nennt")
    return Finding(
        layout.sheet, broken.row + 1, letter, broken.header or None, broken.rule, "error", raw, f"{place}: {said}"
    )


def _why_broken(broken: Broken) -> str:
    if "found" in broken.facts:
        return f"Die Zeile hat {broken.facts['found']} statt {broken.facts['expected']} Felder"
    return f"Die Zeile beginnt mit {broken.facts['begins']} statt mit der Statistik {broken.facts['code']}"


def _tell_mark(layout: OfficialLayout, found: _Evaluation, fact: OfficialCell) -> None:
    """`official_mark`: a sign beside or in place of a number."""
    said = found.parsed[id(fact)]
    if said.mark is None:
        return
    is_gone = said.mark == NOTHING and said.value is None
    severity: Severity = "warning" if said.value is None else "notice"
    follows = (
        "Das Gebiet gab es damals nicht; die Zahl bleibt leer und ist nicht 0" if is_gone
        else "Die Zahl bleibt leer; sie ist nicht 0" if said.value is None
        else "Gelesen wird 0" if said.mark == NOTHING
        else "Die Zahl zählt"
    )  # fmt: skip
    facts = {
        "area": fact.name or fact.area, "day": german.day(fact.day), "what": _WHAT[fact.part, fact.sex],
        "sign": said.mark, "meaning": OFFICIAL_SIGNS[said.mark].meaning, "follows": follows,
    }  # fmt: skip
    found.findings.append((fact.row, fact.column, _finding(layout, fact, "official_mark", severity, **facts)))


_WHAT: dict[tuple[Part, Sex], str] = {
    ("population", ""): "Bevölkerung",
    ("population", "male"): "Bevölkerung, männlich",
    ("population", "female"): "Bevölkerung, weiblich",
    ("foreigners", ""): "Ausländer",
    ("foreigners", "male"): "Ausländer, männlich",
    ("foreigners", "female"): "Ausländer, weiblich",
}


def _with_sum(layout: OfficialLayout, areas: Areas, found: _Evaluation) -> dict[tuple[str, dt.date], int]:
    """The file's totals; the county's is the sum of its municipalities where all are there and it is not."""
    totals = dict(layout.totals)
    for (area, day, part, sex), fact in found.held.items():
        value = found.parsed[id(fact)].value
        if part == "population" and not sex and value is not None:
            totals.setdefault((area, day), value)
    for day in {day for _, day in totals}:
        each = [totals.get((ags, day)) for ags in areas.municipalities]
        if all(value is not None for value in each):
            totals.setdefault((areas.county, day), sum(value or 0 for value in each))
    return totals


def _rows(
    layout: OfficialLayout, table: Table, found: _Evaluation, facts: BaseFacts, spans: Sequence[BaseSpan]
) -> list[dict[str, Any]]:
    """The accepted records, one per area and day."""
    records: dict[_RecordKey, dict[tuple[Part, Sex], OfficialCell]] = defaultdict(dict)
    for (area, day, part, sex), fact in found.held.items():
        records[area, day][part, sex] = fact
    rows = []
    for (area, day), cells in records.items():
        total = cells.get(("population", "")) or cells["foreigners", ""]
        is_register = layout.statistic.source == "azr"
        row: dict[str, Any] = {c.name: None for c in table.accepted}
        row |= {
            "ags": area, "municipality": total.name or None, "reported_on": day, SOURCE_ROW: total.row + 1,
            "census_base": None if is_register else census_base(day, total.base_text, facts, spans),
        }  # fmt: skip
        for part in _PARTS:
            if (part, "") in cells:
                row[f"{part}_source"] = layout.statistic.source
                row[f"{part}_mark"] = found.parsed[id(cells[part, ""])].mark
            for sex in _SEXES:
                if (part, sex) in cells:
                    row[f"{part}_{sex}" if sex else part] = found.parsed[id(cells[part, sex])].value
        rows.append(row)
    return sorted(rows, key=lambda r: (r[SOURCE_ROW], r["reported_on"], r["ags"]))


def _to_arrow(table: Table, rows: Sequence[dict[str, Any]], sheet: str) -> pa.Table:
    """The rows as a table of the contract's accepted columns, proven against the contract."""
    columns = {
        c.name: pa.array([row[c.name] for row in rows], type=ARROW_TYPES.get(c.kind, pa.string()))
        for c in table.accepted
    }
    found = pa.table(columns)
    prove(table, found, table.published_schema)
    found = found.append_column(SOURCE_SHEET, pa.array([sheet] * len(rows), type=pa.string()))
    return found.append_column(SOURCE_ROW, pa.array([row[SOURCE_ROW] for row in rows], type=pa.int64()))


def _account(layout: OfficialLayout, table: Table, found: _Evaluation) -> Account:
    accepted = {fact.row for fact in found.held.values()}
    quarantined = found.errors | (found.lost - accepted)
    note = layout.rows_read - len(accepted) - len(quarantined)
    return Account(
        layout.sheet, table.name, layout.rows_read, len(accepted), len(quarantined), 0, note, layout.header_row
    )


def _covered(rows: Iterable[dict[str, Any]], areas: Areas) -> tuple[dt.date, ...]:
    """Days of which the population of the county or of all municipalities is there."""
    counted: dict[dt.date, set[str]] = defaultdict(set)
    for row in rows:
        if row["population"] is not None:
            counted[row["reported_on"]].add(row["ags"])
    return tuple(
        sorted(day for day, there in counted.items() if areas.county in there or areas.municipalities <= there)
    )


def _about_file(layout: OfficialLayout, rows: Sequence[dict[str, Any]], days: Sequence[dt.date]) -> list[Finding]:
    """Notices about the file as a whole."""
    found: list[Finding] = []
    if layout.as_of is None:
        found.append(_of_file("as_of_unknown", "notice"))
    odd = [day for day in days if (day.month, day.day) != (12, 31)]
    found += [_of_file("not_year_end", "notice", day=german.day(day)) for day in odd]
    unknown = sorted({r["reported_on"] for r in rows if r["census_base"] is None and r["population_source"]})
    found += [_of_file("census_base_unknown", "warning", day=german.day(day)) for day in unknown]
    parts = {part for part in _PARTS if any(r[f"{part}_source"] for r in rows)}
    if len(parts) == 1:
        has_people = "population" in parts
        years = _years(sorted({day.year for day in days}))
        found.append(
            _of_file(
                "part_missing", "notice", there="die Bevölkerung" if has_people else "die Ausländerzahl",
                lacking="keine Ausländerzahl" if has_people else "keine Bevölkerung", years=years,
                consequence="keinen Ausländeranteil",
            )
        )  # fmt: skip
    return found


def _years(years: Sequence[int]) -> str:
    """Years in a sentence: `2023 und 2024`; more than three without a gap as `1995 bis 2018`."""
    if len(years) > _MOST_YEARS and years[-1] - years[0] == len(years) - 1:
        return f"{years[0]} bis {years[-1]}"
    return german.listing(map(str, years))


_MOST_YEARS = 3
"""As many years are listed one by one."""


def _of_file(rule: str, severity: Severity, **facts: Any) -> Finding:
    return Finding(None, None, None, None, rule, severity, None, told(rule, **facts))


def _recognised(layout: OfficialLayout, rows: Sequence[dict[str, Any]], days: Sequence[dt.date], areas: Areas) -> str:
    """„Erkannt: GENESIS-Flatfile (neue Form), Statistik 12411 „…“. Stichtag …“ (`official.md` §8)."""
    if not days:
        return f"Erkannt: {layout.form}, Statistik {layout.statistic.code} „{layout.title}“. Keine Zeile zählt."
    first, last = german.day(days[0]), german.day(days[-1])
    span = f"Stichtag {first}" if first == last else f"{len(days)} Stichtage vom {first} bis {last}"
    stand = f"abgerufen am {german.day(layout.as_of)}" if layout.as_of else "ohne Abrufdatum"
    bases = sorted({row["census_base"] for row in rows if row["census_base"]})
    base = f"Grundlage {german.listing(census_name(b) for b in bases)}" if bases else "Grundlage nicht genannt"
    named = {row["ags"] for row in rows}
    place = f" ({areas.names[next(iter(named))]})" if len(named) == 1 else ""
    ours = german.counted(len(named), "Gebiet", "Gebiete")
    parts = [part for part in _PARTS if any(row[f"{part}_source"] for row in rows)]
    said = german.listing(_PART_WORDS[part] for part in parts)
    lacking = [_PART_WORDS[part] for part in _PARTS if part not in parts]
    missing = f"; {lacking[0]} fehlt" if lacking else ""
    return (
        f"Erkannt: {layout.form}, Statistik {layout.statistic.code} „{layout.title}“. {span}, {stand}, {base}. "
        f"{ours} des Kreises{place}, {said}{missing}."
    )
