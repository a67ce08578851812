"""From the sheets of one table to typed rows, with every rule applied and every row accounted for.

Belongs here: the order of evaluation of `deliveries.md` §3 (empty tokens, error cells, parsing, required values, rules,
`future_date`, `outside_period`, `orphan`, `duplicate_key`). A quarantined row lists every error that it has.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.compute as pc

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.calendar import Period
from kim_pipeline.contracts.model import Column, Reference, Table
from kim_pipeline.contracts.normalise import clean_text
from kim_pipeline.contracts.rules import RowRule, declared_rule
from kim_pipeline.deliveries.cells import BLANK, Cell, Mask, Sheet, raw_text
from kim_pipeline.deliveries.findings import (
    HIDDEN,
    Finding,
    Place,
    german_day,
    joined,
    listed,
    quoted,
    sentence,
    severity_of,
    shown_text,
)
from kim_pipeline.deliveries.header import Header
from kim_pipeline.deliveries.personal import age_group, age_years, pseudonym
from kim_pipeline.deliveries.rows import RowKinds, classify_rows
from kim_pipeline.deliveries.suggest import did_you_mean
from kim_pipeline.deliveries.values import Context, parse_cell

Rows = npt.NDArray[np.int64]

ARROW_TYPES: dict[str, pa.DataType] = {
    "date": pa.date32(),
    "number": pa.float64(),
    "whole": pa.int64(),
    "yes_no": pa.bool_(),
}
"""Arrow type per kind; every other kind is text."""

_PANDAS_TYPES = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
_SHORT_AREA_KEY = re.compile(r"\d{1,4}", re.ASCII)
_PER_CELL = frozenset({"out_of_range"})
"""Rules of which a row can have several findings; of every other rule over several columns it has one."""

SOURCE_SHEET, SOURCE_ROW = "source_sheet", "source_row"


class ContractError(Exception):
    """Accepted rows do not satisfy their contract: an error of the program, never of a delivery."""


@dataclass(frozen=True)
class Account:
    """What became of the physical rows of one sheet."""

    sheet: str
    table: str
    rows_read: int
    accepted: int
    quarantined: int
    total: int
    note: int


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
        rows: accepted rows: the stored columns, `source_sheet`, `source_row`.
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


@dataclass
class _Part:
    """One sheet's share of a table; all arrays have one element per data row."""

    sheet: Sheet
    places: dict[str, Place]
    kinds: RowKinds
    notes: int
    rows: Rows
    values: dict[str, pa.Array]
    findings: list[Finding] = field(default_factory=list)
    errors: Mask = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))


def read_table(
    table: Table, sheets: list[tuple[Sheet, Header]], context: Context, delivered: Delivered, known: pa.Table | None
) -> TableResult:
    """Read, validate and account for one table of a delivery.

    Args:
        table: the contract.
        sheets: the table's sheets, in the workbook's order, with complete headers.
        context: what parsing depends on.
        delivered: the delivery's facts.
        known: the accepted rows of the table that this one refers to within the delivery; None: not judged.
    """
    parts = [_read_part(table, sheet, header, context, delivered.key) for sheet, header in sheets]
    evaluation = _Evaluation(table, parts, context, delivered)
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
    return found


def _read_part(table: Table, sheet: Sheet, header: Header, context: Context, key: bytes) -> _Part:
    kinds = classify_rows(sheet, header.last_row + 1)
    positions = {m.column.name: at for at, m in header.matches.items()}
    for name, position in positions.items():
        if table.columns[name].fills_down:
            sheet.fill_down(position, header.last_row + 1)
    rows = _without_other_areas(table, sheet, positions, kinds.data, context)
    part = _Part(sheet, places_of(table, sheet, header), kinds, len(kinds.data) - len(rows), rows, {})
    part.errors = np.zeros(len(rows), dtype=np.bool_)
    for column in table.delivered:
        at = positions.get(column.name)
        if at is None:
            part.values[column.name] = _constant(column, header.given.get(column.name), len(rows))
        else:
            _parse_column(part, column, at, context, minutes=header.matches[at].minutes, key=key)
    return part


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


def _constant(column: Column, value: str | None, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, type=ARROW_TYPES.get(column.kind, pa.string())), count)


def _parse_column(part: _Part, column: Column, at: int, context: Context, *, minutes: bool, key: bytes) -> None:
    """Parse each distinct cell once, spread the values over the rows, and note the findings."""
    codes = part.sheet.codes[at][part.rows]
    used = np.bincount(codes, minlength=len(part.sheet.distinct[at])).nonzero()[0]
    parsed = [parse_cell(part.sheet.distinct[at][code], column, context) for code in used.tolist()]
    values = [p.value for p in parsed]
    if minutes:
        values = [None if v is None else v / 60 for v in values]
    if column.personal == "pseudonym":
        values = [None if v is None else pseudonym(key, v) for v in values]
    index = np.zeros(len(part.sheet.distinct[at]), dtype=np.int32)
    index[used] = np.arange(len(used), dtype=np.int32)
    distinct = pa.array(values, type=ARROW_TYPES.get(column.kind, pa.string()))
    part.values[column.name] = distinct.take(pa.array(index[codes])) if len(codes) else distinct
    rules = {code: p.rule for code, p in zip(used.tolist(), parsed, strict=True) if p.rule}
    if column.required:
        rules |= {code: "missing_value" for code, p in zip(used.tolist(), parsed, strict=True) if p == (None, None)}
    if rules:
        _note_cells(part, column, codes, rules, context)


def _note_cells(
    part: _Part, column: Column, codes: npt.NDArray[np.int32], rules: dict[int, str], context: Context
) -> None:
    place = part.places[column.name]
    facts = _facts(column, context)
    near = {code: did_you_mean(part.sheet.distinct[place.position or 0][code], column, context) for code in rules}
    for i in np.isin(codes, list(rules)).nonzero()[0].tolist():
        code = int(codes[i])
        rule = rules[code]
        severity = severity_of(rule, column)
        part.errors[i] |= severity == "error"
        part.findings.append(_finding(part, i, place, rule, severity, did_you_mean=near[code], **facts))


def _finding(part: _Part, i: int, place: Place, rule: str, severity: Any = "error", **facts: Any) -> Finding:
    row = int(part.rows[i]) + 1
    cell = BLANK if place.position is None else part.sheet.cell(row - 1, place.position)
    raw, shown = (HIDDEN, HIDDEN) if place.column.personal else (raw_text(cell), shown_text(cell))
    message = sentence(place, row, rule, shown, **facts)
    return Finding(place.sheet, row, place.letter, place.header, rule, severity, raw, message)


def _facts(column: Column, context: Context) -> dict[str, Any]:
    """What the sentences of parsing need to know of a column."""
    accepted = {
        "yes_no": "„ja“ oder „nein“",
        "ags": "ein Gemeindeschlüssel aus acht Ziffern",
        "programme": "der Name eines Programms, zum Beispiel „Sprachmittlerpool“",
    }.get(column.kind)
    if column.kind == "category":
        accepted = listed(context.vocabulary.preferred(column.category or ""))
    whole = column.kind == "whole"
    return {
        "accepted": accepted,
        "number": "ganze Zahl" if whole else "Zahl",
        "example": "eine ganze Zahl wie 12" if whole else "eine Zahl wie 12,5",
        "county": context.vocabulary.county.name,
    }


class _Evaluation:
    """All sheets of a table together: rules, references, keys, and the result."""

    def __init__(self, table: Table, parts: list[_Part], context: Context, delivered: Delivered) -> None:
        self._table, self._parts, self._context, self._delivered = table, parts, context, delivered
        self._values = {
            name: pa.concat_arrays([_flat(part.values[name]) for part in parts]) for name in parts[0].values
        }
        self._derive()
        self._owner = np.repeat(np.arange(len(parts)), [len(part.rows) for part in parts])
        self._start = np.cumsum([0, *(len(part.rows) for part in parts)])
        self._errors = np.concatenate([part.errors for part in parts])
        stored = [c.name for c in table.columns.values() if c.is_stored]
        self._stored = pa.table({name: self._values[name] for name in stored})
        self._frame = _to_frame(self._stored)
        self._bounded: set[tuple[int, str]] = set()

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
        """The pandera checks of the contract, dates after the Stand, dates outside the period."""
        for name, column in self._table.schema.columns.items():
            for check in column.checks:
                self._apply_bound(name, check)
        seen: set[tuple[int, str]] = set()
        for check in self._table.schema.checks:
            rule = declared_rule(check)
            if rule is None:
                raise ContractError(f"{self._table.name}: a dataframe check that is no row rule")
            self._apply_row_rule(check, rule, seen)
        if self._table.future_dates:
            self._apply_future_dates()
        self._apply_period()

    def _apply_bound(self, name: str, check: pandera.Check) -> None:
        for i in _broken(check, self._frame[name]):
            self._bounded.add((i, name))
            minutes = self._place(i, name).minutes
            expected = bounds_in_words(self._table.schema.columns[name].checks, 60 if minutes else 1)
            column = self._table.columns[name]
            self._add(
                i, name, "out_of_range", expected=f"{column.label}: {expected}" if column.derived_from else expected
            )

    def _apply_row_rule(self, check: pandera.Check, rule: RowRule, seen: set[tuple[int, str]]) -> None:
        broken = _broken(check, self._frame)
        if not broken:
            return
        names = rule.blame(self._frame.iloc[broken])
        for i, name in zip(broken, names.tolist(), strict=True):
            at = self._delivered_one(i, name, *rule.columns)
            if (i, at) in self._bounded if rule.rule in _PER_CELL else (i, rule.rule) in seen:
                continue
            seen.add((i, rule.rule))
            headers = {column: self._place(i, column).name for column in rule.columns}
            self._add(i, at, rule.rule, expected=rule.expected.format(**headers))

    def _apply_future_dates(self) -> None:
        for column in self._table.delivered:
            if column.kind != "date":
                continue
            later = pc.fill_null(
                pc.greater(self._values[column.name], pa.scalar(self._delivered.as_of)), fill_value=False
            )
            for i in np.asarray(later).nonzero()[0].tolist():
                self._add(i, column.name, "future_date", as_of=german_day(self._delivered.as_of))

    def _apply_period(self) -> None:
        name, period = self._table.period_date, self._delivered.period
        if name is None or period is None:
            return
        days = self._values[name]
        outside = pc.or_(pc.less(days, pa.scalar(period.first)), pc.greater(days, pa.scalar(period.last)))
        for i in np.asarray(pc.fill_null(outside, fill_value=False)).nonzero()[0].tolist():
            self._add(i, name, "outside_period", first=german_day(period.first), last=german_day(period.last))

    def find_orphans(self, reference: Reference, known: pa.Table) -> None:
        """`orphan`: rows that name something which no accepted row of the same delivery has."""
        ((here, there),) = reference.columns
        named = self._frame[here].notna().to_numpy()
        found = np.asarray(pc.is_in(self._values[here], value_set=known[there].combine_chunks()))
        for i in (named & ~found).nonzero()[0].tolist():
            self._add(i, here, "orphan", target=self._target(reference))

    def find_duplicates(self) -> None:
        """`duplicate_key`: a later row with a key that an error-free row holds."""
        if not len(self._frame):
            return
        keys = self._frame[list(self._table.key)]
        group = keys.groupby(list(self._table.key), sort=False, dropna=False).ngroup().to_numpy()
        complete = keys.notna().all(axis=1).to_numpy()
        order = np.arange(len(group))
        holder = np.full(group.max() + 1, len(group))
        holds = complete & ~self._errors
        np.minimum.at(holder, group[holds], order[holds])
        for i in (complete & (order > holder[group])).nonzero()[0].tolist():
            self._add(i, self._key_column(i), "duplicate_key", **self._doubled(i, int(holder[group[i]])))

    def pending(self, reference: Reference) -> list[Pending]:
        """Rows to be judged once the other delivery is known."""
        rows = self._frame.astype(object).where(self._frame.notna(), None)
        found = []
        blamed = reference.columns[-1][0]
        for i, row in enumerate(rows.to_dict("records")):
            key = tuple(_plain(row[name]) for name in self._table.key)
            target = tuple(_plain(row[here]) for here, _ in reference.columns)
            required = [row[here] for here, _ in reference.columns if here not in reference.optional]
            place = self._place(i, blamed)
            found.append(
                Pending(
                    place.sheet,
                    int(self._part(i).rows[self._local(i)]) + 1,
                    None if None in key else key,
                    None if None in required else target,
                    bool(self._errors[i]),
                    self._make(i, blamed, "orphan", target=self._target(reference)),
                    self._make(i, self._key_column(i), "duplicate_key", **self._doubled(i, None)),
                )
            )
        return found

    def result(self, pending: list[Pending]) -> TableResult:
        """The accepted rows, proven against the contract, with findings and accounts."""
        accepted = ~self._errors
        self._prove(self._frame[accepted])
        sheets = pa.array([part.sheet.name for part in self._parts], type=pa.string())
        numbers = np.concatenate([part.rows for part in self._parts]) + 1
        rows = self._stored.append_column(SOURCE_SHEET, sheets.take(pa.array(self._owner)))
        rows = rows.append_column(SOURCE_ROW, pa.array(numbers, type=pa.int64())).filter(pa.array(accepted))
        findings = [f for part in self._parts for f in sorted(part.findings, key=lambda f: f.row or 0)]
        return TableResult(_unpivot(self._table, rows), findings, self._accounts(accepted), pending)

    def _accounts(self, accepted: Mask) -> list[Account]:
        found = []
        for number, part in enumerate(self._parts):
            good = int(accepted[self._owner == number].sum())
            bad = len(part.rows) - good
            notes = part.kinds.notes + part.notes
            account = Account(
                part.sheet.name, self._table.name, part.kinds.read, good, bad, part.kinds.totals, notes
            )  # fmt: skip
            found.append(account)
        return found

    def _prove(self, frame: pd.DataFrame) -> None:
        """What is accepted keeps the whole contract: columns, types, required values, bounds and rules.

        That is pandera's word and not ours: the rules were applied one by one before, to tell what breaks them. Its
        messages hold values and are not passed on.
        """
        try:
            self._table.schema.validate(frame, lazy=True, inplace=True)
        except pandera.errors.SchemaErrors as error:
            columns = sorted({str(c) for c in error.failure_cases["column"]})
            raise ContractError(f"{self._table.name}: accepted rows break the contract in {columns}") from None

    def _add(self, i: int, column: str, rule: str, **facts: Any) -> None:
        self._part(i).findings.append(self._make(i, column, rule, **facts))
        self._errors[i] = True

    def _make(self, i: int, column: str, rule: str, **facts: Any) -> Finding:
        return _finding(self._part(i), self._local(i), self._place(i, column), rule, **facts)

    def _part(self, i: int) -> _Part:
        return self._parts[int(self._owner[i])]

    def _local(self, i: int) -> int:
        return i - int(self._start[self._owner[i]])

    def _place(self, i: int, column: str) -> Place:
        return self._part(i).places[column]

    def _delivered_one(self, i: int, *columns: str) -> str:
        """The first of the columns that the row's sheet has, so that a finding names a cell of the file."""
        return next((c for c in columns if self._place(i, c).position is not None), columns[0])

    def _key_column(self, i: int) -> str:
        return self._delivered_one(i, *self._table.key)

    def _doubled(self, i: int, first: int | None) -> dict[str, str]:
        """What stands twice, and where it stood first (None: not known yet), as the sentence says it."""
        places = [place for place in (self._place(i, name) for name in self._table.key) if place.position is not None]
        if len(places) > 1:
            doubled = f"Die Angaben in {joined([p.name for p in places])} stehen zusammen"
        else:
            cell = self._part(i).sheet.cell(int(self._part(i).rows[self._local(i)]), places[0].position or 0)
            doubled = f"{quoted(HIDDEN if places[0].column.personal else shown_text(cell))} steht"
        if first is None:
            return {"doubled": doubled, "first_row": "einer früheren Zeile"}
        row = f"Zeile {int(self._part(first).rows[self._local(first)]) + 1}"
        same_sheet = self._part(first) is self._part(i)
        return {
            "doubled": doubled,
            "first_row": row if same_sheet else f"Blatt „{self._part(first).sheet.name}“, {row}",
        }

    def _target(self, reference: Reference) -> str:
        """Where the thing referred to should stand: in a table of the delivery, or in another programme's."""
        if reference.programme is not None:
            return f"in der geltenden Lieferung „{programmes()[reference.programme].title}“"
        labels = ({t.name: t.label for t in p.tables} for p in programmes().values())
        label = next(found[reference.table] for found in labels if {self._table.name, reference.table} <= found.keys())
        return f"unter den angenommenen Zeilen der Tabelle „{label}“"


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
    parts = [f"{words[str(c.name)]} {next(iter((c.statistics or {}).values())) * factor:,g}" for c in checks]
    return " und ".join(parts).translate(str.maketrans(",.", ".,"))


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
    combined = pa.concat_tables(blocks).select([*(c.name for c in table.output), SOURCE_SHEET, SOURCE_ROW])
    order = [(name, "ascending") for name in (SOURCE_SHEET, SOURCE_ROW, spec.into)]
    return combined.take(pc.sort_indices(combined, order))
