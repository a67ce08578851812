"""Reading one delivery: a pure function of its bytes, the contract and the code."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import pyarrow as pa
from rapidfuzz.distance import Levenshtein

from kim_pipeline import german
from kim_pipeline.contracts import programme_names, programmes
from kim_pipeline.contracts.calendar import Period, school_year, year
from kim_pipeline.contracts.model import Column, Programme, Table
from kim_pipeline.contracts.normalise import comparable, comparable_header
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.reading.blocks import Block, blocks_of
from kim_pipeline.reading.errors import RejectedError, unreadable
from kim_pipeline.reading.facts import FactKind, Resolved
from kim_pipeline.reading.findings import HIDDEN, Finding, Severity, place_name, told
from kim_pipeline.reading.formats.cells import Cell, Sheet, column_letter
from kim_pipeline.reading.formats.workbook import Limits, read_sheets
from kim_pipeline.reading.header import Header, HeaderCell, HeaderFinder
from kim_pipeline.reading.official.hand_made import with_census_base
from kim_pipeline.reading.official.reader import OfficialFacts, OfficialResult, read_official
from kim_pipeline.reading.quoting import LONGEST_WITH_PERSONS, Quoting
from kim_pipeline.reading.returned import is_return_sheet
from kim_pipeline.reading.suggest import nearest
from kim_pipeline.reading.table import read_table
from kim_pipeline.reading.table_result import Delivered, TableResult
from kim_pipeline.reading.values import Context

_EPOCH_1900, _EPOCH_1904 = dt.date(1899, 12, 30), dt.date(1904, 1, 1)


@dataclass
class PartResult:
    """One part of a delivery: the tables that share period and Stand (`deliveries.md` §1.1).

    Attributes:
        label: tells the part from the delivery's others; empty where it has one.
        period: reporting period; None for snapshots, or where it is not known.
        as_of: Stand; None where it is not known.
        rejected: code of the rule that rejects the part, or None.
        findings: of the part, by sheet.
        tables: table name → its rows, findings and accounts; rejected tables are not in it.
        published: what is told of it where it is an official table; None for others.
        rejected_tables: names of the tables rejected with `missing_column`: one block without a required column
            rejects its table, so that the table's other blocks never count in place of an earlier, complete delivery.
        opened: the file could be opened, so that a return copy can show its cells.
    """

    label: str = ""
    period: Period | None = None
    as_of: dt.date | None = None
    rejected: str | None = None
    findings: list[Finding] = field(default_factory=list)
    tables: dict[str, TableResult] = field(default_factory=dict)
    rejected_tables: list[str] = field(default_factory=list)
    opened: bool = True
    published: OfficialFacts | None = None


@dataclass
class DeliveryResult:
    """What reading a delivery gives.

    Attributes:
        parts: at least one.
        ignored_sheets: sheets that match no table.
        lone_sheets: sheets that only one reader could read, so that no witness confirms their cells.
    """

    parts: list[PartResult]
    ignored_sheets: list[str] = field(default_factory=list)
    lone_sheets: list[str] = field(default_factory=list)


def read_delivery(
    path: PurePath, content: bytes, programme: Programme, key: bytes, limits: Limits, *, calamine: bool = True
) -> DeliveryResult:
    """Read, validate and account for one delivery.

    Args:
        path: the file's name (its suffix tells .csv, its stem names a .csv's sheet).
        content: the file's bytes.
        programme: whose contract it is held against.
        key: the programme's key for pseudonyms.
        limits: what the file may cost.
        calamine: see `read_sheets`.

    Returns:
        The result; a delivery that cannot be used is a result with a rejected part, never an exception.
    """
    try:
        official = read_official(path, content, programme, limits, calamine=calamine)
    except RejectedError as error:
        return rejection(error.rule, error.message, opened=False)  # nobody corrects it: no copy shows its cells
    if official is not None:
        return _of_official(programme, official)
    reader = _Reader(programme)
    try:
        sheets = read_sheets(path, content, limits, reader.finder.fits, calamine=calamine)
        context = reader.context(sheets[0])
        blocks = blocks_of(sheets, reader.finder, context)
    except RejectedError as error:
        return rejection(error.rule, error.message, opened=False)
    if not blocks:
        no_table = unreadable(_no_table(sheets, programme, reader, context))
        return rejection(no_table.rule, no_table.message, opened=True)
    quoting = Quoting(lambda: _personal_cells(blocks), context)
    parts = parts_of(programme, blocks, quoting)
    read = _PartReader(programme, context, key, quoting)
    read.read(parts)
    with_table = {block.number for block in blocks}
    ignored = [sheet.name for number, sheet in enumerate(sheets) if number not in with_table]
    lone = [sheet.name for sheet in sheets if sheet.lone_reader is not None]
    return DeliveryResult([part for part, _ in parts], ignored, lone)


def _of_official(programme: Programme, read: OfficialResult) -> DeliveryResult:
    """An official table as a delivery of one part."""
    name = programme.published.table if programme.published else ""
    part = PartResult("", read.period, read.as_of, findings=[*read.findings, *read.table.findings])
    part.tables, part.published = {name: read.table}, read.published
    return DeliveryResult([part], read.ignored)


def open_sheets(
    path: PurePath, content: bytes, programme: Programme, limits: Limits, *, calamine: bool = True
) -> tuple[list[Sheet], HeaderFinder, Context]:
    """The sheets of a delivery as `read_delivery` sees them, what finds their headers, and what parsing depends on.

    The arguments are those of `read_delivery`.

    Raises:
        RejectedError: the file cannot be read.
    """
    reader = _Reader(programme)
    sheets = read_sheets(path, content, limits, reader.finder.fits, calamine=calamine)
    return [sheet for sheet in sheets if not is_return_sheet(sheet)], reader.finder, reader.context(sheets[0])


def rejection(rule: str, message: str, *, opened: bool) -> DeliveryResult:
    """A rejected delivery, whose file could be `opened` or not: nothing else of it is reported."""
    finding = Finding(None, None, None, None, rule, "rejected", None, message)
    return DeliveryResult([PartResult(rejected=rule, findings=[finding], opened=opened)])


class _Reader:
    """What is needed to read the sheets of one programme."""

    def __init__(self, programme: Programme) -> None:
        names = {comparable(name): key for name, key in programme_names().items()}
        self._context = Context(vocabulary(), names, _EPOCH_1900, text_only=False)
        self.finder = HeaderFinder(programme, self._context)

    def context(self, sheet: Sheet) -> Context:
        epoch = _EPOCH_1904 if sheet.epoch_1904 else _EPOCH_1900
        return Context(self._context.vocabulary, self._context.programmes, epoch, sheet.text_only)


def _no_table(sheets: Sequence[Sheet], programme: Programme, reader: _Reader, context: Context) -> str:
    """Why a file is no delivery of its programme: whose it is, which headers are known, and what to do."""
    message = ["In der Datei ist keine Tabelle dieses Programms zu erkennen."]
    other = _whose(sheets, programme, context)
    if other is not None:
        message.append(
            f"Die Überschriften sind die von „{other.title}“ (Ordner {other.key}). "
            "Bitte die Datei in diesen Ordner legen."
        )
    message += _headers_told(sheets, reader, context)
    message.append(
        f"Gehört sie doch zu „{programme.title}“, zeigt `kim learn`, welche Spalte welche sein könnte."
        if other is not None
        else "Bitte prüfen, ob die Datei im richtigen Ordner liegt und ob die Spaltenüberschriften denen der Vorlage "
        "entsprechen; `kim learn` zeigt, welche Spalte welche sein könnte."
    )
    return " ".join(message)


def _headers_told(sheets: Sequence[Sheet], reader: _Reader, context: Context) -> list[str]:
    """The headers of the best row that the programme knows, and those that it does not; a row with one is no header."""
    known, unknown = max((reader.finder.known_names(sheet) for sheet in sheets), key=lambda names: len(names[0]))
    if not known:
        return []
    quoting = Quoting(tuple, context)
    may_tell = [" ".join(name.split()) for name in unknown if quoting.allows(name, None)] if len(known) > 1 else []
    told_unknown = may_tell[:_MOST_HEADERS]
    told_known = f"Bekannt sind von den Überschriften: {german.quoted_listing(known[:_MOST_HEADERS])}"
    return [f"{told_known}; unbekannt: {german.quoted_listing(told_unknown)}." if told_unknown else f"{told_known}."]


_MOST_HEADERS = 15


def _whose(sheets: Sequence[Sheet], programme: Programme, context: Context) -> Programme | None:
    """The programme whose complete header a file carries, of several the one with most columns; None if none."""
    best: tuple[int, Programme] | None = None
    for other in programmes().values():
        if other is programme:
            continue
        finder = HeaderFinder(other, context)
        found = [header for sheet in sheets if (header := finder.find(sheet, set())) and not header.missing]
        columns = max((len(header.matches) for header in found), default=0)
        if columns and (best is None or columns > best[0]):
            best = columns, other
    return best[1] if best else None


def parts_of(programme: Programme, blocks: Sequence[Block], quoting: Quoting) -> list[tuple[PartResult, list[Block]]]:
    """The parts of a delivery with their blocks: rejected ones have their finding, the others are still to be read."""
    grouped: dict[tuple[object, ...], list[Block]] = {}
    kinds: tuple[FactKind, ...] = ("period", "as_of") if programme.delivery == "period" else ("as_of",)
    for block in blocks:
        grouped.setdefault(tuple(_identity(block.facts[kind]) for kind in kinds), []).append(block)
    found = [(_part(programme, kinds, ours, quoting), ours) for ours in grouped.values()]
    if len(found) > 1:
        for part, ours in found:
            part.label = str(part.period or part.as_of or ours[0].sheet.name)
        labels = [part.label for part, _ in found]
        for number, (part, _) in enumerate(found, start=1):
            if labels.count(part.label) > 1:
                part.label += f" {part.as_of or number}"
    return found


def _identity(fact: Resolved) -> object:
    """What tables of one part share: the value, or what is wrong with it."""
    return fact.value or (fact.state, *(f.rows for f in fact.facts), *(f.sheet for f in fact.facts))


def _part(programme: Programme, kinds: Sequence[FactKind], blocks: Sequence[Block], quoting: Quoting) -> PartResult:
    part = PartResult()
    facts = {kind: blocks[0].facts[kind] for kind in kinds}
    period, as_of = facts.get("period"), facts["as_of"].value
    part.period = period.value if period is not None and isinstance(period.value, Period) else None
    part.as_of = as_of if isinstance(as_of, dt.date) else None
    problem = next(
        filter(
            None,
            (
                _fact_problem("period", period, quoting) if period else None,
                _unsuitable(programme, part, blocks),
                _fact_problem("as_of", facts["as_of"], quoting),
                _before_period(part),
            ),
        ),
        None,
    )
    if problem is not None:
        part.rejected, part.findings = problem.rule, [problem]
    return part


def _fact_problem(kind: FactKind, fact: Resolved, quoting: Quoting) -> Finding | None:
    if fact.state == "clear":
        return None
    rule = f"{fact.state}_{kind}"
    if fact.state == "missing":
        return _of_part(rule, "rejected")
    places = [
        f"{place_name(f.sheet_name, f.value_row + 1)}, Spalte {column_letter(f.value_column)}" for f in fact.facts
    ]
    first = fact.facts[0]
    text = " ".join(first.text.split())[:LONGEST_WITH_PERSONS]
    raw = text if quoting.allows(first.text, None) else HIDDEN
    if fact.state == "ambiguous":
        return Finding(None, None, None, None, rule, "rejected", None, told(rule, places=german.listing(places)))
    message = f"{places[0]}: {told(rule, raw)}"
    letter = column_letter(first.value_column)
    return Finding(first.sheet_name, first.value_row + 1, letter, None, rule, "rejected", raw, message)


def _unsuitable(programme: Programme, part: PartResult, blocks: Sequence[Block]) -> Finding | None:
    """`unsuitable_period`: a table without a period date is delivered for a whole year or school year."""
    period = part.period
    if programme.delivery != "period" or period is None:
        return None
    if period in (year(period.first.year), school_year(period.first.year)):
        return None
    table = next((b.header.table for b in blocks if b.header.table.period_date is None), None)
    if table is None:
        return None
    return _of_part("unsuitable_period", "rejected", table=table.label, period=period.in_words)


def _before_period(part: PartResult) -> Finding | None:
    if part.period is None or part.as_of is None or part.as_of >= part.period.first:
        return None
    facts = {"as_of": german.day(part.as_of), "first": german.day(part.period.first)}
    return _of_part("as_of_before_period", "rejected", **facts)


class _PartReader:
    """Reads the tables of a delivery's parts; rows may refer to what stands in another part."""

    def __init__(self, programme: Programme, context: Context, key: bytes, quoting: Quoting) -> None:
        self._programme, self._context, self._key, self._quoting = programme, context, key, quoting
        self._known: dict[str, list[pa.Table]] = {}
        self._rejected: set[str] = set()

    def read(self, parts: Sequence[tuple[PartResult, list[Block]]]) -> None:
        """Fill in what the parts hold, table by table, since rows may refer to those of another part."""
        for table in self._programme.tables:
            for part, blocks in parts:
                ours = [b for b in blocks if b.header.table is table]
                if part.rejected and ours:
                    self._rejected.add(table.name)
                elif ours:
                    self._read_table(part, table, ours)
        for part, _ in parts:
            self._finish(part)

    def _finish(self, part: PartResult) -> None:
        if part.rejected:
            return
        if not part.tables:
            part.rejected = "missing_column"
        elif part.period and part.as_of and part.as_of < part.period.last:
            facts = {"as_of": german.day(part.as_of), "last": german.day(part.period.last)}
            part.findings.insert(0, _of_part("as_of_within_period", "warning", **facts))

    def _read_table(self, part: PartResult, table: Table, blocks: Sequence[Block]) -> None:
        lacking = [b for b in blocks if b.header.missing]
        for block in lacking:
            part.findings += [missing_column(block.sheet, block.header, c) for c in block.header.missing]
        if lacking:
            part.rejected_tables.append(table.name)
            self._rejected.add(table.name)
        complete = [b for b in blocks if not b.header.missing]
        if complete:
            self._add_table(part, table, complete, is_rejected=bool(lacking))

    def _add_table(self, part: PartResult, table: Table, blocks: Sequence[Block], *, is_rejected: bool) -> None:
        for block in blocks:
            part.findings += _about_columns(block.sheet, block.header)
        known = None
        if table.reference is not None and table.reference.programme is None:
            known = self._referred_rows(table.reference.table)
        if part.as_of is None:
            return
        delivered = Delivered(part.period, part.as_of, self._key, self._quoting)
        read = read_table(table, blocks, self._context, delivered, known)
        part.findings += read.findings
        if any(column.stated == "census_base" for column in table.columns.values()):
            read.rows = with_census_base(read.rows, blocks, part.as_of)
        if not is_rejected:
            part.tables[table.name] = read
            self._known.setdefault(table.name, []).append(read.rows)

    def _referred_rows(self, name: str) -> pa.Table | None:
        """The accepted rows of the delivery that another table refers to.

        None where that table is rejected: then references are not judged. No rows where it was not delivered at all.
        """
        if name in self._rejected:
            return None
        if name in self._known:
            return pa.concat_tables(self._known[name])
        columns = {c.name: pa.array([], type=pa.string()) for c in self._programme.table(name).checked}
        return pa.table(columns)


def _personal_cells(blocks: Sequence[Block]) -> Iterator[tuple[Column, Cell]]:
    """Each distinct cell of the personal columns of all blocks, with its column."""
    for block in blocks:
        for at, match in block.header.matches.items():
            if match.column.personal:
                yield from ((match.column, cell) for cell in block.sheet.distinct[at])


def _about_columns(sheet: Sheet, header: Header) -> list[Finding]:
    found = [_unmapped_column(sheet, header, cell) for cell in header.unmapped]
    row = header.last_row + 1
    for column in (c for c in header.absent if c.told_absent):
        consequence = "sie wird nicht gebraucht" if column.personal == "drop" else "ihre Angaben bleiben leer"
        said = told("absent_column", name=f"Die Spalte {_column_name(column)} fehlt", consequence=f"; {consequence}")
        message = f"{place_name(sheet.name, row)}: {said}"
        found.append(Finding(sheet.name, row, None, column.headers[0], "absent_column", "notice", None, message))
    untold = [c for c in header.table.delivered if not c.told_absent]
    if header.table.told_once and untold and all(c in header.absent for c in untold):
        found.append(_of_part("absent_column", "notice", name=header.table.told_once, consequence=""))
    return found


def _of_part(rule: str, severity: Severity, **facts: Any) -> Finding:
    """A finding about a whole part."""
    return Finding(None, None, None, None, rule, severity, None, told(rule, **facts))


def _unmapped_column(sheet: Sheet, header: Header, cell: HeaderCell) -> Finding:
    letter, row = column_letter(cell.position), cell.row + 1
    reason, hint = "Diese Spalte ist nicht vorgesehen und wird nicht gelesen", ""
    taken = header.taken(cell)
    if taken is not None:
        reason = f"Diese Angabe wird schon aus Spalte {column_letter(taken)} gelesen; diese Spalte zählt nicht"
    else:
        near = nearest(cell.text, [name for column in header.absent for name in column.headers])
        hint = f" Meinten Sie „{near}“?" if near else ""
    message = told("unmapped_column", reason=reason, did_you_mean=hint)
    place = place_name(sheet.name, row, letter, cell.text)
    return Finding(
        sheet.name, row, letter, cell.text, "unmapped_column", "notice", cell.text, f"{place}: {message}"
    )  # fmt: skip


def _column_name(column: Column) -> str:
    """A column as a sentence calls it: its preferred header, and the group it stands under."""
    under = f" unter „{column.group[0]}“" if column.group else ""
    return f"„{column.headers[0]}“{under}"


def missing_column(sheet: Sheet, header: Header, column: Column) -> Finding:
    """`missing_column`, with the nearest of all headers by edit distance (`deliveries.md` §2)."""
    if not column.headers:
        row = header.last_row + 1
        message = (
            f"{place_name(sheet.name, row)}: Der Name des Blattes muss das Merkmal „{column.label}“ angeben; die "
            f"Tabelle wurde nicht gelesen. {_sheet_names(column)}"
        )
        return Finding(sheet.name, row, None, column.label, "missing_column", "error", None, message)
    accepted = [comparable_header(f"{group} {h}") for h in column.headers for group in column.group or ("",)]

    def distance(cell: HeaderCell) -> int:
        detail = comparable_header(cell.text)
        written = {f"{cell.group} {detail}".strip()} | (set() if column.group else {detail})
        return min(Levenshtein.distance(one, other) for one in written for other in accepted)

    closest = min(header.cells, key=distance)
    near = nearest(closest.text, column.headers)
    hint = f" Meinten Sie hier „{near}“?" if near else ""
    message = told("missing_column", name=_column_name(column), did_you_mean=hint)
    letter, row = column_letter(closest.position), closest.row + 1
    place = place_name(sheet.name, row, letter, closest.text) if near else place_name(sheet.name, row)
    return Finding(
        sheet.name, row, letter, column.headers[0], "missing_column", "error", closest.text, f"{place}: {message}"
    )  # fmt: skip


def _sheet_names(column: Column) -> str:
    names = vocabulary().preferred(column.category) if column.category else ()
    return f"Bitte das Blatt {german.quoted_listing(names, 'oder')} nennen." if names else "Bitte das Blatt umbenennen."
