"""One block's share of a table: its rows told apart, its cells parsed, and what is found while doing so.

Belongs here: the first half of the order of evaluation of `deliveries.md` §3 (empty tokens, error cells, parsing,
required values, slipped rows) and what a finding at a cell shows. Rules over rows are `reading/evaluation.py`'s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kim_pipeline import german
from kim_pipeline.contracts.calendar import Period
from kim_pipeline.contracts.model import Column, Statement, Table
from kim_pipeline.contracts.normalise import clean_text
from kim_pipeline.reading.blocks import Block
from kim_pipeline.reading.examples import is_untouched
from kim_pipeline.reading.findings import (
    HIDDEN,
    Finding,
    Place,
    Severity,
    place_name,
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
from kim_pipeline.reading.personal import pseudonym
from kim_pipeline.reading.quoting import LONGEST_WITH_PERSONS, Quoting
from kim_pipeline.reading.rows import RowKinds, classify_rows
from kim_pipeline.reading.shifted import ParsedColumn, slips_of
from kim_pipeline.reading.suggest import did_you_mean
from kim_pipeline.reading.table_result import ARROW_TYPES, Delivered
from kim_pipeline.reading.values import Context, is_empty, parse_cell

Rows = npt.NDArray[np.int64]

_NEVER_QUOTED = frozenset({"looks_personal", "unknown_office"})
_SHORT_AREA_KEY = re.compile(r"\d{1,4}", re.ASCII)


@dataclass
class Share:
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
        """The block's sheet."""
        return self.block.sheet

    @property
    def header(self) -> Header:
        """The block's header."""
        return self.block.header

    @cached_property
    def has_persons(self) -> bool:
        """Whether the table has personal columns: then long texts are cut."""
        return any(column.personal for column in self.table.delivered)


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


def read_share(table: Table, block: Block, context: Context, delivered: Delivered) -> Share:
    """Tell a block's rows apart and parse its cells; rules are not applied yet.

    Args:
        table: the contract.
        block: where the rows stand, with a complete header.
        context: what parsing depends on.
        delivered: the part's facts.
    """
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
    share = Share(table, block, places_of(table, sheet, header), kinds, notes, rows, delivered.quoting)
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


def _parsed(share: Share, column: Column, at: int, context: Context) -> ParsedColumn:
    """Parse each distinct cell of the data rows once."""
    codes = share.sheet.codes[at][share.rows]
    used = np.bincount(codes, minlength=len(share.sheet.distinct[at])).nonzero()[0]
    minutes = share.header.matches[at].minutes
    distinct = share.sheet.distinct[at]
    parsed = [parse_cell(distinct[code], column, context, minutes=minutes) for code in used.tolist()]
    return ParsedColumn(column, at, codes, used, parsed)


def _spread(share: Share, column: Column, parsed: ParsedColumn, context: Context, *, key: bytes) -> None:
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
    share: Share, column: Column, codes: npt.NDArray[np.int32], rules: dict[int, str], context: Context
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
            found_in(share, i, place, rule, severity, is_hidden=is_hidden, did_you_mean=hint, **facts)
        )


def _silence(share: Share, i: int, position: int, rule: str, *, is_hidden: bool = False) -> None:
    """Give a row one finding instead of all others; it is quarantined."""
    share.silent[i] = share.errors[i] = True
    share.findings.append(found_at(share, int(share.rows[i]), position, rule, "error", is_hidden=is_hidden))


def _find_incomplete(share: Share, positions: dict[str, int], empty: dict[str, Mask]) -> None:
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


def _tell_notes(share: Share) -> None:
    """`looks_like_heading`: notes before the last data row, the template's example aside."""
    for row in np.setdiff1d(share.kinds.told, share.kinds.examples).tolist():
        position = share.block.first_filled(row)
        share.findings.append(found_at(share, row, position, "looks_like_heading", "notice"))


def _tell_garbled(share: Share) -> None:
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
            share.findings.append(found_in(share, i, share.places[match.column.name], "garbled_text", "warning"))


def _tell_unread(share: Share, filled: Mask) -> None:
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


def found_at(
    share: Share, row: int, position: int, rule: str, severity: Severity, *, is_hidden: bool = False, **facts: Any
) -> Finding:
    """A finding at any cell of a block, read or not."""
    match = share.header.matches.get(position)
    if match is not None:
        return _make_finding(
            share, row, share.places[match.column.name], (rule, severity), is_hidden=is_hidden, **facts
        )
    name = next((cell.text for cell in share.header.cells if cell.position == position), None)
    letter, cell = column_letter(position), share.sheet.cell(row, position)
    raw, shown = quotable(share, None, cell, is_hidden=is_hidden)
    place = f"{place_name(share.sheet.name, row + 1)}, Spalte {letter}" + (
        f" „{' '.join(name.split())}“" if name else ""
    )
    return Finding(
        share.sheet.name, row + 1, letter, name, rule, severity, raw, f"{place}: {told(rule, shown, **facts)}"
    )


def found_in(
    share: Share,
    i: int,
    place: Place,
    rule: str,
    severity: Severity = "error",
    *,
    is_hidden: bool = False,
    **facts: Any,
) -> Finding:
    """A finding at a read cell of the share's `i`-th data row; its message is put together from the rule's facts."""
    return _make_finding(share, int(share.rows[i]), place, (rule, severity), is_hidden=is_hidden, **facts)


def _make_finding(
    share: Share, row: int, place: Place, judged: tuple[str, Severity], *, is_hidden: bool, **facts: Any
) -> Finding:
    rule, severity = judged
    cell = BLANK if place.position is None else share.sheet.cell(row, place.position)
    is_hidden = is_hidden or (row, place.position) in share.hidden
    raw, shown = quotable(share, place.column, cell, is_hidden=is_hidden)
    if isinstance(cell, DoubtfulCell):  # `told` leaves both readings out where the cell is hidden
        facts["readings"] = readings_of(cell)
    message = sentence(place, row + 1, rule, shown, **facts)
    return Finding(place.sheet, row + 1, place.letter, place.header, rule, severity, raw, message)


def quotable(share: Share, column: Column | None, cell: Cell, *, is_hidden: bool = False) -> tuple[str, str]:
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
