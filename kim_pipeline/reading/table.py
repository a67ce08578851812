"""From the sheets of one table to typed rows, with every rule applied and every row accounted for.

Belongs here: the order of evaluation of `deliveries.md` §3 (empty tokens, error cells, parsing, required values, rules,
`future_date`, `outside_period`, `orphan`, `duplicate_key`). A quarantined row lists every error that it has.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.compute as pc

from kim_pipeline import german
from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.calendar import Period
from kim_pipeline.contracts.model import Column, Reference, Statement, Table
from kim_pipeline.contracts.normalise import clean_text
from kim_pipeline.contracts.rules import RowRule, declared_rule
from kim_pipeline.errors import KimError
from kim_pipeline.reading.blocks import Block
from kim_pipeline.reading.examples import is_untouched
from kim_pipeline.reading.findings import (
    HIDDEN,
    Finding,
    Place,
    Severity,
    place_name,
    quoted,
    readings_of,
    sentence,
    severity_of,
    shown_text,
    told,
)
from kim_pipeline.reading.formats.cells import (
    BLANK,
    Cell,
    DoubtfulCell,
    Mask,
    Sheet,
    column_letter,
    is_filled,
    raw_text,
)
from kim_pipeline.reading.garbled import is_garbled
from kim_pipeline.reading.header import Header
from kim_pipeline.reading.personal import age_group, age_years, pseudonym
from kim_pipeline.reading.quoting import LONGEST_WITH_PERSONS, Quoting
from kim_pipeline.reading.rows import RowKinds, classify_rows
from kim_pipeline.reading.shifted import ParsedColumn, slips_of
from kim_pipeline.reading.suggest import did_you_mean
from kim_pipeline.reading.values import Context, is_empty, parse_cell

Rows = npt.NDArray[np.int64]

ARROW_TYPES: dict[str, pa.DataType] = {
    "date": pa.date32(),
    "number": pa.float64(),
    "hours": pa.float64(),
    "whole": pa.int64(),
    "yes_no": pa.bool_(),
}
"""Arrow type per kind; every other kind is text."""

_PANDAS_TYPES = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
_SHORT_AREA_KEY = re.compile(r"\d{1,4}", re.ASCII)
_PER_CELL = frozenset({"out_of_range"})
"""Rules of which a row can have several findings; of every other rule over several columns it has one."""

_FIRST_DAY, _FIRST_BIRTH = dt.date(2000, 1, 1), dt.date(1900, 1, 1)
_ONE_ROW_TWICE = (
    "Beide Zeilen sind ganz gleich. Bitte eine der Zeilen löschen, wenn dasselbe zweimal dasteht, sonst die "
    "Angabe berichtigen."
)
_COMPARE = "Bitte beide Zeilen vergleichen und die Angabe berichtigen."
ANOTHER_ROW = "Die Zeilen sind sonst verschieden. Bitte keine löschen, sondern die Angabe berichtigen."
_NUMBERS_BEGIN_ANEW = (
    "Die Nummern beginnen auf jedem Blatt neu; die Zeilen sind verschieden und sollen nicht gelöscht werden. Bitte "
    "jede Nummer nur einmal vergeben, zum Beispiel mit einem Kürzel des Blattes davor."
)

SOURCE_SHEET, SOURCE_ROW = "source_sheet", "source_row"


class ContractError(KimError):
    """Accepted rows do not satisfy their contract: an error of the program, never of a delivery."""


@dataclass(frozen=True)
class Account:
    """What became of the physical rows of one sheet; `header_row` is the last row of its header, 1-based."""

    sheet: str
    table: str
    rows_read: int
    accepted: int
    quarantined: int
    total: int
    note: int
    header_row: int

    def plus(self, other: Account) -> Account:
        """Two blocks of one table on one sheet together."""
        names = ("rows_read", "accepted", "quarantined", "total", "note")
        return dataclasses.replace(self, **{name: getattr(self, name) + getattr(other, name) for name in names})


@dataclass(frozen=True)
class Pending:
    """A row that waits for another delivery: whether it is an orphan decides whether it holds its key.

    Attributes:
        sheet, row: where it stands; the row is 1-based.
        key: its key, or None.
        target: what it refers to, or None.
        has_error: whether it is quarantined already.
        orphan, duplicate: the findings it gets if it is one.
    """

    sheet: str
    row: int
    key: tuple[Any, ...] | None
    target: tuple[Any, ...] | None
    has_error: bool
    orphan: Finding
    duplicate: Finding


@dataclass
class TableResult:
    """One table of a delivery.

    Attributes:
        rows: accepted rows: the checked columns, `source_sheet`, `source_row`.
        findings: of all its sheets, by sheet and row.
        accounts: one per sheet.
        pending: rows to be judged against another delivery; empty for most tables.
    """

    rows: pa.Table
    findings: list[Finding]
    accounts: list[Account]
    pending: list[Pending] = field(default_factory=list)


@dataclass(frozen=True)
class Delivered:
    """What a table's evaluation needs to know of its delivery."""

    period: Period | None
    as_of: dt.date
    key: bytes
    quoting: Quoting


@dataclass
class _Share:
    """One block's share of a table; all arrays have one element per data row.

    `silent` rows have one finding that stands for all others; `told` are the cells that have one; `hidden` are cells,
    by row and column of the sheet, into which a personal value may have slipped: they are not quoted.
    """

    table: Table
    block: Block
    places: dict[str, Place]
    kinds: RowKinds
    notes: int
    rows: Rows
    quoting: Quoting
    values: dict[str, pa.Array] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    errors: Mask = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    silent: Mask = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    told: set[tuple[int, str]] = field(default_factory=set)
    hidden: frozenset[tuple[int, int]] = frozenset()

    @property
    def sheet(self) -> Sheet:
        return self.block.sheet

    @property
    def header(self) -> Header:
        return self.block.header

    @cached_property
    def has_persons(self) -> bool:
        """Whether the table has personal columns: then long texts are cut."""
        return any(column.personal for column in self.table.delivered)


def read_table(
    table: Table, blocks: Sequence[Block], context: Context, delivered: Delivered, known: pa.Table | None
) -> TableResult:
    """Read, validate and account for one table of a part.

    Args:
        table: the contract.
        blocks: the table's blocks, in the workbook's order, with complete headers.
        context: what parsing depends on.
        delivered: the part's facts.
        known: the accepted rows of the table that this one refers to within the delivery; None: not judged.
    """
    shares = [_read_share(table, block, context, delivered) for block in blocks]
    evaluation = _Evaluation(table, shares, context, delivered)
    evaluation.apply_rules()
    reference = table.reference
    if reference is not None and reference.programme is not None:
        return evaluation.result(pending=evaluation.pending(reference))
    if reference is not None and known is not None:
        evaluation.find_orphans(reference, known)
    evaluation.find_duplicates()
    return evaluation.result(pending=[])


def places_of(table: Table, sheet: Sheet, header: Header) -> dict[str, Place]:
    """Column name → its place on the sheet; a column that is not there has no position."""
    texts = {cell.position: cell.text for cell in header.cells}
    found = {m.column.name: Place(sheet.name, at, texts[at], m.column, m.minutes) for at, m in header.matches.items()}
    for column in table.delivered:
        name = column.headers[0] if column.headers else column.label
        found.setdefault(column.name, Place(sheet.name, None, name, column))
    for column in table.columns.values():
        if column.derived_from:
            found[column.name] = found[column.derived_from]
        elif column.stated is not None:
            found[column.name] = Place(sheet.name, None, column.label, column)
    return found


def _read_share(table: Table, block: Block, context: Context, delivered: Delivered) -> _Share:
    sheet, header = block.sheet, block.header
    positions = {m.column.name: at for at, m in header.matches.items()}
    filled = block.filled()
    for name, position in positions.items():
        if table.columns[name].fills_down:
            sheet.fill_down(position, header.last_row + 1)
            filled[:, position - header.first_column] = sheet.filled_in(position)[block.rows]
    empty = _empty_cells(table, block, positions, context)
    lacking = np.zeros(len(block.rows), dtype=np.bool_)
    for name, mask in empty.items():
        if table.columns[name].required and table.columns[name].kind != "yes_no":
            lacking |= mask
    kinds = classify_rows(
        sheet, block.rows, filled, lacking, first=header.first_column, key_column=positions.get(table.key[0])
        if table.key[0] in positions else next((positions[k] for k in table.key if k in positions), None),
    )  # fmt: skip
    filled_in = _written_examples(table, block, kinds, context, delivered.period)
    data = np.sort(np.concatenate([kinds.data, filled_in]))
    rows = _without_other_areas(table, sheet, positions, data, context)
    notes = kinds.notes - len(filled_in) + len(data) - len(rows)
    share = _Share(table, block, places_of(table, sheet, header), kinds, notes, rows, delivered.quoting)
    share.errors, share.silent = np.zeros(len(rows), dtype=np.bool_), np.zeros(len(rows), dtype=np.bool_)
    for row in filled_in.tolist():
        _silence(share, int(np.searchsorted(rows, row)), block.first_filled(row), "example_row_filled")
    parsed = {
        column.name: _parsed(share, column, positions[column.name], context)
        for column in table.delivered
        if column.name in positions
    }
    slips = slips_of(parsed, header, sheet, rows, context)
    share.hidden = frozenset((int(rows[i]), position) for i, position in slips.personal)
    for i, position in slips.rows.items():
        if not share.silent[i]:
            _silence(share, i, position, "shifted_row", is_hidden=True)
    _find_incomplete(share, positions, empty)
    for column in table.delivered:
        if column.name in parsed:
            _spread(share, column, parsed[column.name], context, key=delivered.key)
        else:
            share.values[column.name] = _constant(column, header.given.get(column.name), len(rows))
    for column in table.columns.values():
        if column.stated is not None:
            share.values[column.name] = _constant(column, _stated(column.stated, delivered), len(rows))
    _tell_notes(share)
    _tell_garbled(share)
    _tell_unread(share, filled)
    return share


def _empty_cells(table: Table, block: Block, positions: dict[str, int], context: Context) -> dict[str, Mask]:
    """Column → per row of the block whether its cell holds no value."""
    found = {}
    for name, at in positions.items():
        if not table.columns[name].required:
            continue
        distinct = block.sheet.distinct[at]
        flags = np.fromiter((is_empty(cell, context) for cell in distinct), np.bool_, len(distinct))
        found[name] = flags[block.sheet.codes[at][block.rows]]
    return found


def _written_examples(table: Table, block: Block, kinds: RowKinds, context: Context, period: Period | None) -> Rows:
    """The example rows of a template into which somebody has written."""
    found = [
        row for row in kinds.examples.tolist() if not is_untouched(table, _cells_by_name(block, row), context, period)
    ]
    return np.array(found, dtype=np.int64)


def _cells_by_name(block: Block, row: int) -> dict[str, Cell]:
    """The filled cells of a row but the first, by the contract's column; those that nobody reads by their position."""
    first = block.first_filled(row)
    found = {}
    for at in block.columns:
        cell = block.sheet.cell(row, at)
        if at != first and is_filled(cell):
            match = block.header.matches.get(at)
            found[match.column.name if match else str(at)] = cell
    return found


def _without_other_areas(table: Table, sheet: Sheet, positions: dict[str, int], rows: Rows, context: Context) -> Rows:
    """The rows of the county's own municipalities, where a table lists other areas as notes."""
    column = next((c for c in table.delivered if c.others_are_notes), None)
    if column is None or column.name not in positions:
        return rows
    cells = [sheet.cell(row, positions[column.name]) for row in rows.tolist()]
    return rows[np.array([not _is_other_area(cell, column, context) for cell in cells], dtype=np.bool_)]


def _is_other_area(cell: Cell, column: Column, context: Context) -> bool:
    """Whether a cell holds the key of an area that is none of ours; states and counties have fewer than 5 digits."""
    key = parse_cell(cell, column, context).value
    if key is not None:
        return key not in context.vocabulary.county.ags
    return _SHORT_AREA_KEY.fullmatch(clean_text(raw_text(cell))) is not None


def _stated(what: Statement, delivered: Delivered) -> Any:
    """What a hand-made table says as a whole; on which census it rests is told once its rows are known."""
    if what == "last_day":
        return delivered.period.last if delivered.period else delivered.as_of
    return "hand" if what == "hand" else None


def _constant(column: Column, value: Any, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, type=ARROW_TYPES.get(column.kind, pa.string())), count)


def _parsed(share: _Share, column: Column, at: int, context: Context) -> ParsedColumn:
    """Parse each distinct cell of the data rows once."""
    codes = share.sheet.codes[at][share.rows]
    used = np.bincount(codes, minlength=len(share.sheet.distinct[at])).nonzero()[0]
    minutes = share.header.matches[at].minutes
    distinct = share.sheet.distinct[at]
    parsed = [parse_cell(distinct[code], column, context, minutes=minutes) for code in used.tolist()]
    return ParsedColumn(column, at, codes, used, parsed)


def _spread(share: _Share, column: Column, parsed: ParsedColumn, context: Context, *, key: bytes) -> None:
    """Spread the values over the rows, and note the findings."""
    values = [p.value for p in parsed.results]
    if column.personal == "pseudonym":
        values = [None if v is None else pseudonym(key, v) for v in values]
    index = np.zeros(len(share.sheet.distinct[parsed.position]), dtype=np.int32)
    index[parsed.used] = np.arange(len(parsed.used), dtype=np.int32)
    distinct = pa.array(values, type=ARROW_TYPES.get(column.kind, pa.string()))
    taken = distinct.take(pa.array(index[parsed.codes])) if len(parsed.codes) else distinct
    share.values[column.name] = taken
    used = parsed.used.tolist()
    rules = {code: p.rule for code, p in zip(used, parsed.results, strict=True) if p.rule}
    if column.required:
        rules |= {code: "missing_value" for code, p in zip(used, parsed.results, strict=True) if p == (None, None)}
    if rules:
        _note_cells(share, column, parsed.codes, rules, context)


def _note_cells(
    share: _Share, column: Column, codes: npt.NDArray[np.int32], rules: dict[int, str], context: Context
) -> None:
    place = share.places[column.name]
    facts = _facts(column, context)
    cells = share.sheet.distinct[place.position or 0]
    near = {
        code: did_you_mean(cells[code], column, context) if share.quoting.allows(cells[code], column) else ""
        for code in rules
    }
    for i in (np.isin(codes, list(rules)) & ~share.silent).nonzero()[0].tolist():
        code = int(codes[i])
        rule = rules[code]
        severity = severity_of(rule, column)
        share.errors[i] |= severity == "error"
        share.told.add((i, column.name))
        is_hidden = rule in _NEVER_QUOTED
        hint = "" if (int(share.rows[i]), place.position) in share.hidden else near[code]
        share.findings.append(
            _finding(share, i, place, rule, severity, is_hidden=is_hidden, did_you_mean=hint, **facts)
        )


_NEVER_QUOTED = frozenset({"looks_personal", "unknown_office"})


def _silence(share: _Share, i: int, position: int, rule: str, *, is_hidden: bool = False) -> None:
    """Give a row one finding instead of all others; it is quarantined."""
    share.silent[i] = share.errors[i] = True
    share.findings.append(_at_cell(share, int(share.rows[i]), position, rule, "error", is_hidden=is_hidden))


def _find_incomplete(share: _Share, positions: dict[str, int], empty: dict[str, Mask]) -> None:
    """`incomplete_row`: half or more of the required columns are empty."""
    required = share.header.required
    ours = np.isin(share.block.rows, share.rows)
    masks = {positions[c.name]: empty[c.name][ours] for c in required if c.kind != "yes_no" and c.name in positions}
    if not masks:
        return
    lacking = np.stack([masks[at] for at in sorted(masks)])
    many = (2 * lacking.sum(axis=0) >= len(required)) & ~share.silent
    for i in many.nonzero()[0].tolist():
        _silence(share, i, sorted(masks)[int(lacking[:, i].argmax())], "incomplete_row")


def _tell_notes(share: _Share) -> None:
    """`looks_like_heading`: notes before the last data row, the template's example aside."""
    for row in np.setdiff1d(share.kinds.told, share.kinds.examples).tolist():
        position = share.block.first_filled(row)
        share.findings.append(_at_cell(share, row, position, "looks_like_heading", "notice"))


def _tell_garbled(share: _Share) -> None:
    """`garbled_text`: the first cell of each column that a wrong encoding has spoilt."""
    for at, match in share.header.matches.items():
        distinct = share.sheet.distinct[at]
        spoilt = [code for code, cell in enumerate(distinct) if isinstance(cell, str) and is_garbled(cell)]
        if not spoilt:
            continue
        rows = (np.isin(share.sheet.codes[at][share.rows], spoilt) & ~share.silent).nonzero()[0].tolist()
        i = next((i for i in rows if (i, match.column.name) not in share.told), None)
        if i is not None:
            share.told.add((i, match.column.name))
            share.findings.append(_finding(share, i, share.places[match.column.name], "garbled_text", "warning"))


def _tell_unread(share: _Share, filled: Mask) -> None:
    """`unread_cells`: filled cells of data rows in columns that nobody reads."""
    counts = filled[np.isin(share.block.rows, share.rows)].sum(axis=0)
    named = {cell.position: cell for cell in share.header.cells}
    for at in share.block.columns:
        number = int(counts[at - share.header.first_column])
        if number and at not in share.header.matches:
            cell = named.get(at)
            row, name = (cell.row + 1, cell.text) if cell else (share.header.last_row + 1, None)
            cells = "Eine Zelle steht" if number == 1 else f"{number} Zellen stehen"
            letter = column_letter(at)
            place = (
                place_name(share.sheet.name, row, letter, name)
                if name
                else f"{place_name(share.sheet.name, row)}, Spalte {letter}"
            )
            message = f"{place}: {told('unread_cells', cells=cells)}"
            share.findings.append(
                Finding(share.sheet.name, row, letter, name, "unread_cells", "notice", str(number), message)
            )


def _at_cell(
    share: _Share, row: int, position: int, rule: str, severity: Severity, *, is_hidden: bool = False, **facts: Any
) -> Finding:
    """A finding at any cell of a block, read or not."""
    match = share.header.matches.get(position)
    if match is not None:
        return _make_finding(
            share, row, share.places[match.column.name], (rule, severity), is_hidden=is_hidden, **facts
        )
    name = next((cell.text for cell in share.header.cells if cell.position == position), None)
    letter, cell = column_letter(position), share.sheet.cell(row, position)
    raw, shown = _quotable(share, None, cell, is_hidden=is_hidden)
    place = f"{place_name(share.sheet.name, row + 1)}, Spalte {letter}" + (
        f" „{' '.join(name.split())}“" if name else ""
    )
    return Finding(
        share.sheet.name, row + 1, letter, name, rule, severity, raw, f"{place}: {told(rule, shown, **facts)}"
    )


def _finding(
    share: _Share,
    i: int,
    place: Place,
    rule: str,
    severity: Severity = "error",
    *,
    is_hidden: bool = False,
    **facts: Any,
) -> Finding:
    return _make_finding(share, int(share.rows[i]), place, (rule, severity), is_hidden=is_hidden, **facts)


def _make_finding(
    share: _Share, row: int, place: Place, judged: tuple[str, Severity], *, is_hidden: bool, **facts: Any
) -> Finding:
    rule, severity = judged
    cell = BLANK if place.position is None else share.sheet.cell(row, place.position)
    is_hidden = is_hidden or (row, place.position) in share.hidden
    raw, shown = _quotable(share, place.column, cell, is_hidden=is_hidden)
    if isinstance(cell, DoubtfulCell):  # `told` leaves both readings out where the cell is hidden
        facts["readings"] = readings_of(cell)
    message = sentence(place, row + 1, rule, shown, **facts)
    return Finding(place.sheet, row + 1, place.letter, place.header, rule, severity, raw, message)


def _quotable(share: _Share, column: Column | None, cell: Cell, *, is_hidden: bool = False) -> tuple[str, str]:
    """What a finding may show of a cell: its raw text, and as its workbook shows it."""
    if is_hidden or not share.quoting.allows(cell, column):
        return HIDDEN, HIDDEN
    raw, shown = raw_text(cell), shown_text(cell)
    if share.has_persons and isinstance(cell, str) and len(raw) > LONGEST_WITH_PERSONS:
        return raw[:LONGEST_WITH_PERSONS], f"{shown[:LONGEST_WITH_PERSONS]}…"
    return raw, shown


def _facts(column: Column, context: Context) -> dict[str, Any]:
    """What the sentences of parsing need to know of a column."""
    accepted = {
        "yes_no": "„ja“ oder „nein“",
        "ags": "ein Gemeindeschlüssel aus acht Ziffern",
        "programme": "der Name eines Programms, zum Beispiel „Sprachmittlerpool“",
    }.get(column.kind)
    if column.kind == "category":
        accepted = german.quoted_listing(context.vocabulary.preferred(column.category or ""), "oder")
    whole = column.kind == "whole"
    return {
        "accepted": accepted,
        "number": "Dauer" if column.kind == "hours" else "ganze Zahl" if whole else "Zahl",
        "example": "eine Zahl wie 1,5 oder eine Dauer wie 1:30"
        if column.kind == "hours"
        else "eine ganze Zahl wie 12"
        if whole
        else "eine Zahl wie 12,5",
        "county": context.vocabulary.county.name,
    }


class _Evaluation:
    """All sheets of a table together: rules, references, keys, and the result."""

    def __init__(self, table: Table, shares: list[_Share], context: Context, delivered: Delivered) -> None:
        self._table, self._shares, self._context, self._delivered = table, shares, context, delivered
        self._values = {
            name: pa.concat_arrays([_flat(share.values[name]) for share in shares]) for name in shares[0].values
        }
        self._derive()
        self._owner = np.repeat(np.arange(len(shares)), [len(share.rows) for share in shares])
        self._start = np.cumsum([0, *(len(share.rows) for share in shares)])
        self._errors = np.concatenate([share.errors for share in shares])
        self._silent = np.concatenate([share.silent for share in shares])
        self._checked = pa.table({column.name: self._values[column.name] for column in table.checked})
        self._frame = _to_frame(self._checked)

    def _derive(self) -> None:
        for column in self._table.columns.values():
            if column.derived_from is None or column.derived_at is None:
                continue
            births = self._values[column.derived_from].to_pylist()
            days = self._values[column.derived_at].to_pylist()
            ages = [age_years(b, d) if b and d else None for b, d in zip(births, days, strict=True)]
            values: list[Any] = [age_group(age) for age in ages] if column.kind == "category" else list(ages)
            self._values[column.name] = pa.array(values, type=ARROW_TYPES.get(column.kind, pa.string()))

    def apply_rules(self) -> None:
        """The pandera checks of the contract, days that cannot be, dates after the Stand, dates outside the period."""
        rules = [(check, declared_rule(check)) for check in self._table.schema.checks]
        self._apply_warnings([(check, rule) for check, rule in rules if rule is not None and rule.is_warning])
        for name, column in self._table.schema.columns.items():
            for check in column.checks:
                self._apply_bound(name, check)
        self._apply_early_dates()
        if self._table.future_dates:
            self._apply_future_dates()
        seen: set[tuple[int, str]] = set()
        for check, rule in rules:
            if rule is None:
                raise ContractError(
                    f"Der Vertrag der Tabelle {self._table.name} hat eine Prüfung, die keine Zeilenregel ist."
                )
            if not rule.is_warning:
                self._apply_row_rule(check, rule, seen)
        self._apply_period()

    def _apply_warnings(self, rules: Sequence[tuple[pandera.Check, RowRule]]) -> None:
        """Rules whose blamed cell becomes null before the others are applied."""
        for check, rule in rules:
            broken = _broken(check, self._frame)
            names = rule.blame(self._frame.iloc[broken])
            for i, name in zip(broken, names.tolist(), strict=True):
                if not self._silent[i] and self._untold(i, name):
                    self._tell(i, name, rule.rule, severity="warning", expected=self._expected(i, rule))
            for name in set(names.tolist()):
                lost = np.zeros(len(self._frame), dtype=np.bool_)
                lost[[i for i, n in zip(broken, names.tolist(), strict=True) if n == name]] = True
                kept = pc.if_else(pa.array(lost), pa.scalar(None, self._values[name].type), self._values[name])
                self._values[name] = _flat(kept)
                at = self._checked.column_names.index(name)
                self._checked = self._checked.set_column(at, name, self._values[name])
            if broken:
                self._frame = _to_frame(self._checked)

    def _apply_bound(self, name: str, check: pandera.Check) -> None:
        for i in _broken(check, self._frame[name]):
            minutes = self._place(i, name).minutes
            expected = bounds_in_words(self._table.schema.columns[name].checks, 60 if minutes else 1)
            column = self._table.columns[name]
            self._add_at_cell(
                i, name, "out_of_range", expected=f"{column.label}: {expected}" if column.derived_from else expected
            )

    def _expected(self, i: int, rule: RowRule) -> str:
        return rule.expected.format(**{column: self._place(i, column).name for column in rule.columns})

    def _apply_row_rule(self, check: pandera.Check, rule: RowRule, seen: set[tuple[int, str]]) -> None:
        broken = [i for i in _broken(check, self._frame) if not self._silent[i]]
        if not broken:
            return
        names = rule.blame(self._frame.iloc[broken])
        for i, name in zip(broken, names.tolist(), strict=True):
            at = self._free_one(i, name, *rule.columns)
            if rule.rule in _PER_CELL:
                if not self._untold(i, at):
                    continue
            elif (i, rule.rule) in seen:
                continue
            seen.add((i, rule.rule))
            self._add(i, at, rule.rule, expected=self._expected(i, rule))

    def _apply_early_dates(self) -> None:
        """`out_of_range`: days before any programme, births before anybody who lives."""
        for column in self._table.delivered:
            if column.kind != "date":
                continue
            first = _FIRST_BIRTH if column.personal == "derive" else _FIRST_DAY
            early = pc.fill_null(pc.less(self._values[column.name], pa.scalar(first)), fill_value=False)
            for i in np.asarray(early).nonzero()[0].tolist():
                self._add_at_cell(i, column.name, "out_of_range", expected=f"ein Tag ab dem {german.day(first)}")

    def _apply_future_dates(self) -> None:
        for column in self._table.delivered:
            if column.kind != "date" or column.name in self._table.may_be_later:
                continue
            for i in self._after_as_of(column.name):
                self._add_at_cell(i, column.name, "future_date", as_of=german.day(self._delivered.as_of))

    def _after_as_of(self, name: str) -> list[int]:
        later = pc.fill_null(pc.greater(self._values[name], pa.scalar(self._delivered.as_of)), fill_value=False)
        found: list[int] = np.asarray(later).nonzero()[0].tolist()
        return found

    def _apply_period(self) -> None:
        name, period = self._table.period_date, self._delivered.period
        if name is None or period is None:
            return
        days = self._values[name]
        outside = pc.or_(pc.less(days, pa.scalar(period.first)), pc.greater(days, pa.scalar(period.last)))
        for i in np.asarray(pc.fill_null(outside, fill_value=False)).nonzero()[0].tolist():
            self._add_at_cell(i, name, "outside_period", first=german.day(period.first), last=german.day(period.last))

    def _tell_after_as_of(self, accepted: Mask) -> None:
        """`rows_after_as_of`: accepted rows whose period date lies after the Stand, told once."""
        name = self._table.period_date
        if name is None or not self._table.rows_follow_stand:
            return
        later = [i for i in self._after_as_of(name) if accepted[i]]
        if later:
            rows = german.counted(len(later), "Zeile liegt", "Zeilen liegen")
            self._tell(
                later[0], name, "rows_after_as_of", severity="warning", rows=rows,
                as_of=german.day(self._delivered.as_of),
            )  # fmt: skip

    def find_orphans(self, reference: Reference, known: pa.Table) -> None:
        """`orphan`: rows that name something which no accepted row of the same delivery has."""
        ((here, there),) = reference.columns
        named = self._frame[here].notna().to_numpy()
        found = np.asarray(pc.is_in(self._values[here], value_set=known[there].combine_chunks()))
        for i in (named & ~found).nonzero()[0].tolist():
            self._add_at_cell(i, here, "orphan", target=self._target(reference))

    def find_duplicates(self) -> None:
        """`duplicate_key`: a later row with a key that an error-free row holds."""
        if not len(self._frame):
            return
        keys = self._frame[list(self._table.key)]
        group = keys.groupby(list(self._table.key), sort=False, dropna=False).ngroup().to_numpy()
        complete = keys.notna().all(axis=1).to_numpy() & ~self._silent
        order = np.arange(len(group))
        holder = np.full(group.max() + 1, len(group))
        holds = complete & ~self._errors
        np.minimum.at(holder, group[holds], order[holds])
        doubled = (complete & ~self._silent & (order > holder[group])).nonzero()[0]
        firsts = holder[group[doubled]]
        same = self._are_same(doubled, firsts)
        begin_anew = self._begin_anew(doubled, firsts, same)
        for i, first in zip(doubled.tolist(), firsts.tolist(), strict=True):
            is_copy = not begin_anew and self._cells(i) == self._cells(first)
            what_to_do = _NUMBERS_BEGIN_ANEW if begin_anew else _ONE_ROW_TWICE if is_copy else ANOTHER_ROW
            self._add(i, self._key_column(i), "duplicate_key", **self._doubled(i, first, what_to_do))

    def _cells(self, i: int) -> list[Cell]:
        """All cells of a row's physical row, read or not: only of two that are wholly alike one may be deleted."""
        share = self._share(i)
        return list(share.sheet.row(int(share.rows[self._local(i)])))

    def _are_same(self, some: Rows, others: Rows) -> Mask:
        """Whether rows say the same as others beside their key, also in what is dropped later."""
        same = np.ones(len(some), dtype=np.bool_)
        for name in self._values.keys() - set(self._table.key):
            values = self._values[name]
            one, other = values.take(pa.array(some)), values.take(pa.array(others))
            equal = pc.fill_null(pc.equal(one, other), fill_value=False)
            both_null = pc.and_(pc.is_null(one), pc.is_null(other))
            same &= np.asarray(pc.or_(equal, both_null))
        return same

    def _begin_anew(self, doubled: Rows, first: Rows, same: Mask) -> bool:
        """Whether numbers begin anew on each sheet: half of all rows have the key of a different row elsewhere."""
        elsewhere = self._owner[doubled] != self._owner[first]
        return bool(elsewhere.any()) and 2 * int((elsewhere & ~same).sum()) >= len(self._frame)

    def pending(self, reference: Reference) -> list[Pending]:
        """Rows to be judged once the other delivery is known."""
        rows = self._frame.astype(object).where(self._frame.notna(), None)
        found = []
        blamed = reference.columns[-1][0]
        for i, row in enumerate(rows.to_dict("records")):
            if self._silent[i]:
                continue
            key = tuple(_plain(row[name]) for name in self._table.key)
            target = tuple(_plain(row[here]) for here, _ in reference.columns)
            required = [row[here] for here, _ in reference.columns if here not in reference.optional]
            place = self._place(i, blamed)
            found.append(
                Pending(
                    place.sheet,
                    int(self._share(i).rows[self._local(i)]) + 1,
                    None if None in key else key,
                    None if None in required else target,
                    bool(self._errors[i]),
                    self._make(i, blamed, "orphan", target=self._target(reference)),
                    self._make(i, self._key_column(i), "duplicate_key", **self._doubled(i, None, _COMPARE)),
                )
            )
        return found

    def result(self, pending: list[Pending]) -> TableResult:
        """The accepted rows, proven against the contract, with findings and accounts."""
        accepted = ~self._errors
        self._tell_after_as_of(accepted)
        _prove(self._table, self._frame[accepted], self._table.schema)
        sheets = pa.array([share.sheet.name for share in self._shares], type=pa.string())
        numbers = np.concatenate([share.rows for share in self._shares]) + 1
        rows = self._without_names(accepted)
        rows = rows.append_column(SOURCE_SHEET, sheets.take(pa.array(self._owner)))
        rows = rows.append_column(SOURCE_ROW, pa.array(numbers, type=pa.int64())).filter(pa.array(accepted))
        findings = [f for share in self._shares for f in sorted(share.findings, key=lambda f: f.row or 0)]
        return TableResult(_unpivot(self._table, rows), findings, self._accounts(accepted), pending)

    def _without_names(self, accepted: Mask) -> pa.Table:
        """The rows, a pseudonym in place of each stored text of an accepted one that names a person of the delivery.

        A name that has slipped into a column of free text breaks no rule there, and would be stored in clear.
        """
        rows = self._checked
        if not any(share.has_persons for share in self._shares):
            return rows
        for at, column in enumerate(self._table.checked):
            if column.kind != "text" or column.personal or not column.is_stored:
                continue
            texts = rows[column.name].to_pylist()
            named = {
                t for t in pc.unique(rows[column.name].filter(pa.array(accepted))).to_pylist() if t and self._names(t)
            }
            if named:
                kept = [pseudonym(self._delivered.key, text) if text in named else text for text in texts]
                rows = rows.set_column(at, column.name, pa.array(kept, type=pa.string()))
        return rows

    def _names(self, text: str) -> bool:
        return self._delivered.quoting.names_person(text)

    def _accounts(self, accepted: Mask) -> list[Account]:
        """One account per sheet: the table's blocks on it are added up."""
        found: dict[str, Account] = {}
        for number, share in enumerate(self._shares):
            good = int(accepted[self._owner == number].sum())
            bad = len(share.rows) - good
            before = found.get(share.sheet.name)
            account = Account(
                share.sheet.name, self._table.name, share.kinds.read, good, bad, share.kinds.totals, share.notes,
                share.header.last_row + 1,
            )  # fmt: skip
            found[share.sheet.name] = before.plus(account) if before else account
        return list(found.values())

    def _add(self, i: int, column: str, rule: str, **facts: Any) -> None:
        if not self._silent[i]:
            self._tell(i, column, rule, **facts)
            self._errors[i] = True

    def _add_at_cell(self, i: int, column: str, rule: str, **facts: Any) -> None:
        """As `_add`, but a cell that has a finding gets no second one."""
        self._errors[i] = True
        if self._untold(i, column):
            self._add(i, column, rule, **facts)

    def _tell(self, i: int, column: str, rule: str, *, severity: Severity = "error", **facts: Any) -> None:
        share = self._share(i)
        share.findings.append(self._make(i, column, rule, severity=severity, **facts))
        share.told.add((self._local(i), self._place(i, column).column.name))

    def _untold(self, i: int, column: str) -> bool:
        return (self._local(i), self._place(i, column).column.name) not in self._share(i).told

    def _make(self, i: int, column: str, rule: str, *, severity: Severity = "error", **facts: Any) -> Finding:
        return _finding(self._share(i), self._local(i), self._place(i, column), rule, severity, **facts)

    def _share(self, i: int) -> _Share:
        return self._shares[int(self._owner[i])]

    def _local(self, i: int) -> int:
        return i - int(self._start[self._owner[i]])

    def _place(self, i: int, column: str) -> Place:
        return self._share(i).places[column]

    def _free_one(self, i: int, *columns: str) -> str:
        """The first of the columns that the row's sheet has and whose cell has no finding; else the first there is."""
        there = [c for c in columns if self._place(i, c).position is not None] or [columns[0]]
        return next((c for c in there if self._untold(i, c)), there[0])

    def _key_column(self, i: int) -> str:
        return self._free_one(i, *self._table.key)

    def _doubled(self, i: int, first: int | None, what_to_do: str) -> dict[str, Any]:
        """What stands twice, where it stood first (None: not known yet), and what to do, as the sentence says it."""
        places = [place for place in (self._place(i, name) for name in self._table.key) if place.position is not None]
        if len(places) > 1:
            doubled = f"Die Angaben in {german.listing([p.name for p in places])} stehen zusammen"
        else:
            share, place = self._share(i), places[0]
            cell = share.sheet.cell(int(share.rows[self._local(i)]), place.position or 0)
            doubled = f"{quoted(_quotable(share, place.column, cell)[1])} steht"
        if first is None:
            return {"doubled": doubled, "first_row": "einer früheren Zeile", "what_to_do": what_to_do}
        row = f"Zeile {int(self._share(first).rows[self._local(first)]) + 1}"
        same_sheet = self._share(first).sheet is self._share(i).sheet
        first_row = row if same_sheet else f"Blatt „{self._share(first).sheet.name}“, {row}"
        return {"doubled": doubled, "first_row": first_row, "what_to_do": what_to_do}

    def _target(self, reference: Reference) -> str:
        """Where the thing referred to should stand: in a table of the delivery, or in another programme's."""
        if reference.programme is not None:
            return f"in der geltenden Lieferung „{programmes()[reference.programme].title}“"
        labels = ({t.name: t.label for t in p.tables} for p in programmes().values())
        label = next(found[reference.table] for found in labels if {self._table.name, reference.table} <= found.keys())
        return f"unter den angenommenen Zeilen der Tabelle „{label}“"


def prove(table: Table, rows: pa.Table, schema: pandera.DataFrameSchema) -> None:
    """What is accepted keeps the whole contract: columns, types, required values, bounds and rules.

    Raises:
        ContractError: it does not, which is an error of the program.
    """
    _prove(table, _to_frame(rows), schema)


def _prove(table: Table, frame: pd.DataFrame, schema: pandera.DataFrameSchema) -> None:
    """As `prove`, of a frame.

    That is pandera's word and not ours: the rules were applied one by one before, to tell what breaks them. Its
    messages hold values and are not passed on.
    """
    try:
        schema.validate(frame, lazy=True, inplace=True)
    except pandera.errors.SchemaErrors as error:
        columns = sorted({str(c) for c in error.failure_cases["column"]})
        raise ContractError(
            f"Angenommene Zeilen der Tabelle {table.name} verletzen ihren Vertrag: {', '.join(columns)}."
        ) from None


def _flat(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _to_frame(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas(types_mapper=_PANDAS_TYPES.get, date_as_object=False)
    return frame


def _broken(check: pandera.Check, values: pd.DataFrame | pd.Series[Any]) -> list[int]:
    """Positions that break a check; pandera's output leaves nulls out, so it is read by its index."""
    kept = check(values).check_output
    return [int(i) for i in kept.index[~kept.to_numpy(dtype=bool)]]


def _plain(value: Any) -> Any:
    return value.date().isoformat() if isinstance(value, dt.datetime) else value


def bounds_in_words(checks: list[pandera.Check], factor: int = 1) -> str:
    """German text of a column's bounds, each times `factor`: `größer als 0 und höchstens 12`."""
    words = {"greater_than": "größer als", "greater_than_or_equal_to": "mindestens", "less_than": "kleiner als",
             "less_than_or_equal_to": "höchstens"}  # fmt: skip
    parts = [f"{words[str(c.name)]} {german.exact(next(iter((c.statistics or {}).values())) * factor)}" for c in checks]
    return german.listing(parts)


def _unpivot(table: Table, rows: pa.Table) -> pa.Table:
    """A cross table's rows, one per member; a member whose cells are all empty gives none."""
    spec = table.unpivot
    if spec is None:
        return rows
    crossed = [source for _, sources in spec.values.values() for source in sources]
    common = rows.drop_columns(crossed)
    blocks = []
    for member in range(len(crossed) // len(spec.values)):
        block = common.append_column(spec.into, pa.repeat(pa.scalar(member + 1, type=pa.int64()), len(rows)))
        for name, (_, sources) in spec.values.items():
            block = block.append_column(name, rows[sources[member]])
        filled = [pc.is_valid(block[name]) for name in spec.values]
        blocks.append(block.filter(functools.reduce(pc.or_, filled)))
    combined = pa.concat_tables(blocks).select([*(c.name for c in table.accepted), SOURCE_SHEET, SOURCE_ROW])
    order = [(name, "ascending") for name in (SOURCE_SHEET, SOURCE_ROW, spec.into)]
    return combined.take(pc.sort_indices(combined, order))
