"""Rules, references, keys and the account over all blocks of a table.

Belongs here: the second half of the order of evaluation of `deliveries.md` §3 (rules, `future_date`, `outside_period`,
`orphan`, `duplicate_key`). A quarantined row lists every error that it has.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.compute as pc

from kim_pipeline import german
from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.model import Reference, Table
from kim_pipeline.contracts.rules import RowRule, declared_rule
from kim_pipeline.reading.findings import (
    Finding,
    Place,
    Severity,
    quoted,
)
from kim_pipeline.reading.formats.cells import (
    Cell,
    Mask,
)
from kim_pipeline.reading.personal import age_group, age_years, pseudonym
from kim_pipeline.reading.share import Rows, Share, found_in, quotable
from kim_pipeline.reading.table_result import (
    ARROW_TYPES,
    SOURCE_ROW,
    SOURCE_SHEET,
    Account,
    ContractError,
    Delivered,
    Pending,
    TableResult,
)
from kim_pipeline.reading.values import Context

_PANDAS_TYPES = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
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


class Evaluation:
    """All sheets of a table together: rules, references, keys, and the result."""

    def __init__(self, table: Table, shares: list[Share], context: Context, delivered: Delivered) -> None:
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
        return found_in(self._share(i), self._local(i), self._place(i, column), rule, severity, **facts)

    def _share(self, i: int) -> Share:
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
            doubled = f"{quoted(quotable(share, place.column, cell)[1])} steht"
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
