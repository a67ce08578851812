"""Reading one delivery: a pure function of its bytes, the contract and the code."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath

import pyarrow as pa
from rapidfuzz.distance import Levenshtein

from kim_pipeline import german
from kim_pipeline.contracts import programme_names
from kim_pipeline.contracts.calendar import Period
from kim_pipeline.contracts.model import Column, Programme, Table
from kim_pipeline.contracts.normalise import comparable
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.reading.errors import RejectedError, unreadable
from kim_pipeline.reading.facts import Facts, statements
from kim_pipeline.reading.findings import Finding, place_name, told
from kim_pipeline.reading.formats.cells import Cell, Sheet, column_letter
from kim_pipeline.reading.formats.workbook import Limits, read_sheets
from kim_pipeline.reading.header import Header, HeaderCell, HeaderFinder
from kim_pipeline.reading.quoting import Quoting
from kim_pipeline.reading.returned import is_return_sheet
from kim_pipeline.reading.suggest import nearest
from kim_pipeline.reading.table import Delivered, TableResult, read_table
from kim_pipeline.reading.values import Context

_EPOCH_1900, _EPOCH_1904 = dt.date(1899, 12, 30), dt.date(1904, 1, 1)


@dataclass
class DeliveryResult:
    """What reading a delivery gives.

    Attributes:
        period: reporting period; None for snapshots, or where it is not stated.
        as_of: Stand; None where it is not stated.
        rejected: code of the rule that rejects the delivery, or None.
        findings: of the delivery, by sheet.
        tables: table name → its rows, findings and accounts; rejected tables are not in it.
        rejected_tables: names of the tables rejected with `missing_column`: one sheet without a required column
            rejects its table, so that the table's other sheets never count in place of an earlier, complete delivery.
        ignored_sheets: sheets that match no table.
        lone_sheets: sheets that only one reader could read, so that no witness confirms their cells.
    """

    period: Period | None = None
    as_of: dt.date | None = None
    rejected: str | None = None
    findings: list[Finding] = field(default_factory=list)
    tables: dict[str, TableResult] = field(default_factory=dict)
    rejected_tables: list[str] = field(default_factory=list)
    ignored_sheets: list[str] = field(default_factory=list)
    lone_sheets: list[str] = field(default_factory=list)


@dataclass
class _Page:
    """A sheet with its header, if it has one, and the facts it states."""

    sheet: Sheet
    header: Header | None
    facts: Facts
    below: Facts = field(default_factory=Facts)
    """Facts whose value stands in the row below its label: they count only where no other statement is found."""


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
        The result; a delivery that cannot be used is a result with `rejected` set, never an exception.
    """
    reader = _Reader(programme)
    result = DeliveryResult()
    try:
        sheets = read_sheets(path, content, limits, reader.finder.fits, calamine=calamine)
        result.lone_sheets = [sheet.name for sheet in sheets if sheet.lone_reader is not None]
        pages = reader.pages(sheets)
        _state_facts(result, pages, programme)
    except RejectedError as error:
        return rejection(error.rule, error.message, result.period, result.as_of)
    result.ignored_sheets = [page.sheet.name for page in pages if page.header is None]
    _reject_tables(result, pages)
    words = reader.context(pages[0].sheet).vocabulary
    quoting = Quoting(lambda: _personal_cells(pages), lambda text: comparable(text) in words.languages)
    for table in programme.tables:
        _add_table(result, programme, table, pages, reader=reader, key=key, quoting=quoting)
    if not result.tables:
        result.rejected = "missing_column"
    return result


def open_sheets(
    path: PurePath, content: bytes, programme: Programme, limits: Limits
) -> tuple[list[Sheet], HeaderFinder, Context]:
    """The sheets of a delivery as `read_delivery` sees them, what finds their headers, and what parsing depends on.

    Raises:
        RejectedError: the file cannot be read.
    """
    reader = _Reader(programme)
    sheets = read_sheets(path, content, limits, reader.finder.fits)
    return [sheet for sheet in sheets if not is_return_sheet(sheet)], reader.finder, reader.context(sheets[0])


def rejection(rule: str, message: str, period: Period | None = None, as_of: dt.date | None = None) -> DeliveryResult:
    """A rejected delivery: nothing else of it is reported."""
    finding = Finding(None, None, None, None, rule, "rejected", None, message)
    return DeliveryResult(period, as_of, rejected=rule, findings=[finding])


class _Reader:
    """What is needed to read the sheets of one programme."""

    def __init__(self, programme: Programme) -> None:
        names = {comparable(name): key for name, key in programme_names().items()}
        self._context = Context(vocabulary(), names, _EPOCH_1900, text_only=False)
        self.finder = HeaderFinder(programme, self._context)

    def context(self, sheet: Sheet) -> Context:
        epoch = _EPOCH_1904 if sheet.epoch_1904 else _EPOCH_1900
        return Context(self._context.vocabulary, self._context.programmes, epoch, sheet.text_only)

    def pages(self, sheets: list[Sheet]) -> list[_Page]:
        """Find headers and facts.

        Raises:
            RejectedError: no sheet is a table of the programme.
        """
        found = [self._page(sheet) for sheet in sheets]
        if not any(page.header for page in found):
            raise unreadable(
                "In der Datei ist keine Tabelle dieses Programms zu erkennen. Bitte prüfen, ob die Datei im richtigen "
                "Ordner liegt und ob die Spaltenüberschriften denen der Vorlage entsprechen."
            )
        return found

    def _page(self, sheet: Sheet) -> _Page:
        if is_return_sheet(sheet):
            return _Page(sheet, None, Facts())
        stated = sorted(statements(sheet, sheet.height, self.context(sheet)), key=lambda s: s.row)
        header = self.finder.find(sheet, {s.row for s in stated if not s.below})
        page = _Page(sheet, header, Facts())
        for statement in stated:
            if header is None or statement.row < header.first_row:
                facts = page.below if statement.below else page.facts
                facts.period = facts.period or statement.facts.period
                facts.as_of = facts.as_of or statement.facts.as_of
        return page


def _state_facts(result: DeliveryResult, pages: list[_Page], programme: Programme) -> None:
    facts = [page.facts for page in pages] + [page.below for page in pages]
    result.as_of = next((f.as_of for f in facts if f.as_of), None)
    if programme.delivery == "period":
        result.period = next((f.period for f in facts if f.period), None)
        if result.period is None:
            raise RejectedError("missing_period", told("missing_period"))
    if result.as_of is None:
        raise RejectedError("missing_as_of", told("missing_as_of"))


def _reject_tables(result: DeliveryResult, pages: list[_Page]) -> None:
    for page in pages:
        if page.header is not None and page.header.missing:
            if page.header.table.name not in result.rejected_tables:
                result.rejected_tables.append(page.header.table.name)
            result.findings += [_missing_column(page.sheet, page.header, c) for c in page.header.missing]


def _add_table(
    result: DeliveryResult,
    programme: Programme,
    table: Table,
    pages: list[_Page],
    *,
    reader: _Reader,
    key: bytes,
    quoting: Quoting,
) -> None:
    ours = [(p.sheet, p.header) for p in pages if p.header is not None and p.header.table is table]
    if not ours or result.as_of is None or table.name in result.rejected_tables:
        return
    known = None
    if table.reference is not None and table.reference.programme is None:
        known = _referred_rows(result, programme, table.reference.table)
    for sheet, header in ours:
        result.findings += _about_columns(sheet, header)
    delivered = Delivered(result.period, result.as_of, key, quoting)
    read = read_table(table, ours, reader.context(ours[0][0]), delivered, known)
    result.tables[table.name] = read
    result.findings += read.findings


def _personal_cells(pages: list[_Page]) -> Iterator[Cell]:
    """Each distinct cell of the personal columns of all sheets."""
    for page in pages:
        for at, match in page.header.matches.items() if page.header else ():
            if match.column.personal:
                yield from page.sheet.distinct[at]


def _referred_rows(result: DeliveryResult, programme: Programme, name: str) -> pa.Table | None:
    """The accepted rows that another table of the delivery refers to.

    None where that table is rejected: then references are not judged. No rows where it was not delivered at all.
    """
    if name in result.tables:
        return result.tables[name].rows
    if name in result.rejected_tables:
        return None
    columns = {c.name: pa.array([], type=pa.string()) for c in programme.table(name).stored}
    return pa.table(columns)


def _about_columns(sheet: Sheet, header: Header) -> list[Finding]:
    found = [_unmapped_column(sheet, header, cell) for cell in header.unmapped]
    row = header.last_row + 1
    for column in header.absent:
        consequence = "sie wird nicht gebraucht" if column.personal == "drop" else "ihre Angaben bleiben leer"
        said = told("absent_column", name=_column_name(column), consequence=consequence)
        message = f"{place_name(sheet.name, row)}: {said}"
        found.append(Finding(sheet.name, row, None, column.headers[0], "absent_column", "notice", None, message))
    return found


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


def _missing_column(sheet: Sheet, header: Header, column: Column) -> Finding:
    """`missing_column`, with the nearest of all headers by edit distance (`deliveries.md` §2)."""
    if not column.headers:
        row = header.last_row + 1
        message = (
            f"{place_name(sheet.name, row)}: Der Name des Blattes muss das Merkmal „{column.label}“ angeben; die "
            f"Tabelle wurde nicht gelesen. {_sheet_names(column)}"
        )
        return Finding(sheet.name, row, None, column.label, "missing_column", "error", None, message)
    accepted = [comparable(f"{group} {h}") for h in column.headers for group in column.group or ("",)]

    def distance(cell: HeaderCell) -> int:
        detail = comparable(cell.text)
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
