"""What a contract is made of: columns, tables, programmes.

Belongs here: the declarations that the programme modules use, and the views that readers take of them.
Does not belong here: any one programme, any vocabulary value, any parsing; nor pandera, whose import takes a second
that a command which only asks when something is due need not wait for (`schema.py`).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from kim_pipeline.contracts.calendar import Cadence
from kim_pipeline.contracts.county import Feature
from kim_pipeline.contracts.published import PublishedForms
from kim_pipeline.contracts.vocabulary import Kind, vocabulary

if TYPE_CHECKING:
    import pandera.pandas as pa

Text: TypeAlias = str
Number: TypeAlias = float


class Whole:
    """The type of a column of whole numbers that may be missing."""


class YesNo:
    """The type of a column of yes and no that may be missing."""


class Day:
    """The type of a column of days."""


Statement = Literal["last_day", "census_base", "hand", "nothing"]
"""What a hand-made table states of a column that it does not have: the last day of its period, its census base, that it
is hand-made, nothing."""
Treatment = Literal["pseudonym", "drop", "derive"]
"""What happens to a personal value: replaced by a pseudonym, dropped, or turned into a coarser derived column."""

_FILLS_DOWN = frozenset({"institution", "school", "municipality"})


@dataclass(frozen=True)
class Column:
    """One column of a contract table (`deliveries.md` §2, §3 and §7).

    Attributes:
        label: German label for people.
        kind: how a cell's text becomes a value.
        headers: accepted headers, the preferred one first; empty where only the sheet's name gives the value.
        minutes: headers of the same column in minutes instead of hours.
        group: accepted group headers of a two-row header; empty where the column has none.
        personal: treatment of a personal value, or None.
        category: name of the category list, for kind `category`.
        from_sheet: the sheet's name may give the value.
        told_absent: its absence is told (`absent_column`); not for the optional columns marked ○.
        names_office: a text that is not in the county's list of offices is told (`unknown_office`).
        may_name_persons: free text in which a person may be named (`looks_personal`).
        others_are_notes: rows with a value outside the county are notes (official statistics list other areas too).
        told_apart: how many there are is asked: texts that are alike, compared as headers are, count once.
        is_money: an amount in euros: added exactly; indicators are whole cents, halves up.
        is_read: a table of indicators, review, disclosure or published, or a check, reads it; else it is checked and
            not stored. A test holds what is said here against the SQL.
        feature: the feature of persons that it is read for; it is stored only where the county has released that.
        derived_from: the delivered column that a computed column stands for.
        derived_at: for derived ages: the date column at which the age is taken.
        stated: what the delivery as a whole says, for a stored column that no column of it delivers; None for others.
        name: the field's name, set when the table is read from its model.
    """

    label: str
    kind: Kind
    headers: tuple[str, ...] = ()
    minutes: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    required: bool = False
    key: bool = False
    period_date: bool = False
    personal: Treatment | None = None
    category: str | None = None
    from_sheet: bool = False
    others_are_notes: bool = False
    told_absent: bool = True
    names_office: bool = False
    may_name_persons: bool = False
    told_apart: bool = False
    is_money: bool = False
    is_read: bool = True
    feature: Feature | None = None
    derived_from: str | None = None
    derived_at: str | None = None
    stated: Statement | None = None
    name: str = ""

    @property
    def is_delivered(self) -> bool:
        """Whether offices deliver the column (it is neither computed nor stated by the delivery as a whole)."""
        return self.derived_from is None and self.stated is None

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers; hours and whole numbers are."""
        return self.kind in ("number", "whole", "hours")

    @property
    def fills_down(self) -> bool:
        """Whether a merged cell's value fills down its range (`deliveries.md` §1.4)."""
        return self.name in _FILLS_DOWN

    @property
    def is_checked(self) -> bool:
        """Whether rows are accepted with it (pseudonymised where it is personal); the contract's rules apply to it."""
        return self.personal not in ("drop", "derive")

    @property
    def is_stored(self) -> bool:
        """Whether it reaches cache and warehouse: what nothing reads in this county is checked and not stored."""
        is_released = self.feature is None or self.feature in vocabulary().county.reached
        return self.is_checked and ((self.is_read and is_released) or self.key)


def column(  # noqa: D417  (the others are described at `Column`)
    *headers: str,
    label: str,
    kind: Kind,
    minutes: tuple[str, ...] = (),
    group: tuple[str, ...] = (),
    required: bool = False,
    key: bool = False,
    period_date: bool = False,
    personal: Treatment | None = None,
    category: str | None = None,
    from_sheet: bool = False,
    others_are_notes: bool = False,
    told_absent: bool = True,
    names_office: bool = False,
    may_name_persons: bool = False,
    told_apart: bool = False,
    is_money: bool = False,
    is_read: bool = True,
    feature: Feature | None = None,
    **bounds: float,
) -> Any:
    """Declare a delivered column.

    Args:
        *headers: accepted headers, the preferred one first.
        **bounds: pandera's `gt`, `ge`, `lt`, `le`; a value outside breaks the rule `out_of_range`.

    Returns:
        A `Field`, which becomes a pandera field whose metadata carry the `Column`.
    """
    contract = Column(
        label, kind, headers, minutes, group, required, key, period_date, personal, category, from_sheet,
        others_are_notes, told_absent, names_office, may_name_persons, told_apart, is_money, is_read, feature,
    )  # fmt: skip
    return Field(contract, bounds)


def derived(
    *,
    label: str,
    kind: Kind,
    of: str,
    at: str,
    category: str | None = None,
    is_read: bool = True,
    feature: Feature | None = None,
    **bounds: float,
) -> Any:
    """Declare a column that is computed from the personal column `of` at the date column `at`.

    A finding about it is reported at the personal column's cell.
    """
    contract = Column(label, kind, category=category, is_read=is_read, feature=feature, derived_from=of, derived_at=at)
    return Field(contract, bounds)


def stated(*, label: str, kind: Kind, how: Statement = "nothing", key: bool = False) -> Any:
    """Declare a stored column that the delivery as a whole gives (see `Column.stated`); official tables fill it."""
    return Field(Column(label, kind, key=key, stated=how), {})


@dataclass(frozen=True)
class Field:
    """What a contract model says of one column: the column, and pandera's bounds by their names."""

    column: Column
    bounds: dict[str, float]

    @property
    def is_nullable(self) -> bool:
        """Whether accepted rows may have no value there."""
        is_needed = self.column.required or (self.column.stated is not None and self.column.key)
        return not is_needed or self.column.kind == "yes_no"


class ContractModel:
    """Base of all contract models: annotated fields and rules of rows, of which `to_schema` makes a pandera model."""

    @classmethod
    def fields(cls) -> dict[str, Field]:
        """Its fields by name, in order."""
        return {name: field for name, field in vars(cls).items() if isinstance(field, Field)}

    @classmethod
    def columns(cls) -> dict[str, Column]:
        """Its columns by name, in order."""
        return {name: dataclasses.replace(field.column, name=name) for name, field in cls.fields().items()}

    @classmethod
    def to_schema(cls) -> pa.DataFrameSchema:
        """Its pandera schema: typed columns in, nothing coerced, unknown columns forbidden."""
        from kim_pipeline.contracts.schema import schema_of  # noqa: PLC0415

        return schema_of(cls)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Reference:
    """Rows must name something that exists in another table: the rule `orphan`.

    Attributes:
        programme: programme of the table referred to; None for the same delivery.
        table: the table referred to.
        columns: pairs of (column here, column there); a null here for an optional pair matches any value there.
        optional: columns here that may be null without ending the comparison.
    """

    table: str
    columns: tuple[tuple[str, str], ...]
    programme: str | None = None
    optional: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unpivot:
    """A cross table becomes one row per member.

    Attributes:
        into: name of the column that tells the member (1, 2, …).
        label: its German label.
        values: column → its German label and its sources, one per member.
    """

    into: str
    label: str
    values: dict[str, tuple[str, tuple[str, ...]]]


@dataclass(frozen=True)
class Table:
    """One table of a programme.

    Attributes:
        name: name inside the programme; the staging table is `<programme>_<name>`.
        label: German label.
        model: what it holds; pandera's model is made from it.
        reference: the table that rows must refer to, if any.
        unpivot: how a cross table becomes rows, if it is one.
        future_dates: whether dates after the delivery's Stand are errors (`future_date`).
        may_be_later: date columns that may lie after the Stand all the same.
        told_once: sentence told by one notice `absent_column` where none of the columns marked ○ is there; None where
            their absence is not told.
        rows_follow_stand: whether accepted rows after the Stand are told (`rows_after_as_of`).
    """

    name: str
    label: str
    model: type[ContractModel]
    reference: Reference | None = None
    unpivot: Unpivot | None = None
    future_dates: bool = False
    may_be_later: tuple[str, ...] = ()
    told_once: str | None = None
    rows_follow_stand: bool = True

    @cached_property
    def columns(self) -> dict[str, Column]:
        """All columns by name, delivered and derived, in the contract's order."""
        return self.model.columns()

    @cached_property
    def delivered(self) -> tuple[Column, ...]:
        """Columns that offices deliver."""
        return tuple(c for c in self.columns.values() if c.is_delivered)

    @cached_property
    def checked(self) -> tuple[Column, ...]:
        """Columns that rows are accepted with, before a cross table is unpivoted."""
        return tuple(c for c in self.columns.values() if c.is_checked)

    @cached_property
    def accepted(self) -> tuple[Column, ...]:
        """Columns of accepted rows, in order: the checked columns, a cross table's as rows."""
        if self.unpivot is None:
            return self.checked
        crossed = {source for _, sources in self.unpivot.values.values() for source in sources}
        member = Column(self.unpivot.label, "whole", name=self.unpivot.into)
        values = [
            dataclasses.replace(self.columns[sources[0]], name=name, label=label)
            for name, (label, sources) in self.unpivot.values.items()
        ]
        return (*(c for c in self.checked if c.name not in crossed), member, *values)

    @property
    def output(self) -> tuple[Column, ...]:
        """Columns of the staging table, in order: of those of accepted rows the ones that are stored in this county."""
        return tuple(c for c in self.accepted if c.is_stored)

    @cached_property
    def schema(self) -> pa.DataFrameSchema:
        """The pandera schema of the checked columns: personal columns that are dropped have no place in it."""
        gone = [c.name for c in self.columns.values() if not c.is_checked]
        return self.model.to_schema().remove_columns(gone)

    @cached_property
    def published_schema(self) -> pa.DataFrameSchema:
        """The schema of rows read from a published form: of its numbers, one part may be missing (`official.md` §1)."""
        parts = {c.name: {"nullable": True} for c in self.columns.values() if c.required and c.is_number}
        return self.schema.update_columns(parts)

    @cached_property
    def key(self) -> tuple[str, ...]:
        """Names of the key's columns."""
        return tuple(c.name for c in self.columns.values() if c.key)

    @cached_property
    def period_date(self) -> str | None:
        """Name of the column whose date places a row in a period, or None (then the delivery's last day does)."""
        return next((c.name for c in self.columns.values() if c.period_date), None)


@dataclass(frozen=True)
class Programme:
    """One programme: what its office delivers, how often, and until when.

    Attributes:
        key: folder and schema name.
        title: German title (`deliveries.md` §8).
        delivery: `period` (each file covers a reporting period) or `snapshot` (each file is the full list).
        cadence: the periods that are due, and when.
        tables: in the order in which sheets are matched and references resolved.
        published: the published forms in which a delivery may be, if there are any.
    """

    key: str
    title: str
    delivery: Literal["period", "snapshot"]
    cadence: Cadence
    tables: tuple[Table, ...]
    published: PublishedForms | None = None

    def table(self, name: str) -> Table:
        """The table of that name; `KeyError` if there is none."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)
