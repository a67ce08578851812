"""What a contract is made of: columns, tables, programmes.

Belongs here: the declarations that the programme modules use, and the views that readers take of them.
Does not belong here: any one programme, any vocabulary value, any parsing.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import pandas as pd
import pandera.pandas as pa
from pandera.engines import pandas_engine

from kim_pipeline.contracts.calendar import Cadence
from kim_pipeline.contracts.vocabulary import Kind

Text: TypeAlias = str
Number: TypeAlias = float
Whole: TypeAlias = pd.Int64Dtype
YesNo: TypeAlias = pd.BooleanDtype
Day: TypeAlias = pandas_engine.DateTime

Treatment = Literal["pseudonym", "drop", "derive"]
"""What happens to a personal value: replaced by a pseudonym, dropped, or turned into a coarser derived column."""

_METADATA_KEY = "contract"
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
        others_are_notes: rows with a value outside the county are notes (official statistics list other areas too).
        derived_from: the delivered column that a stored, computed column stands for.
        derived_at: for derived ages: the date column at which the age is taken.
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
    derived_from: str | None = None
    derived_at: str | None = None
    name: str = ""

    @property
    def is_delivered(self) -> bool:
        """Whether offices deliver the column (it is not computed)."""
        return self.derived_from is None

    @property
    def fills_down(self) -> bool:
        """Whether a merged cell's value fills down its range (`deliveries.md` §1.4)."""
        return self.name in _FILLS_DOWN

    @property
    def is_stored(self) -> bool:
        """Whether the column reaches the warehouse (pseudonymised where it is personal)."""
        return self.personal not in ("drop", "derive")


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
    **bounds: float,
) -> Any:
    """Declare a delivered column as a pandera field.

    Args:
        *headers: accepted headers, the preferred one first.
        **bounds: pandera's `gt`, `ge`, `lt`, `le`; a value outside breaks the rule `out_of_range`.

    Returns:
        A pandera `Field` whose metadata carry the `Column`.
    """
    contract = Column(
        label, kind, headers, minutes, group, required, key, period_date, personal, category, from_sheet,
        others_are_notes,
    )  # fmt: skip
    return _field(contract, bounds)


def derived(*, label: str, kind: Kind, of: str, at: str, category: str | None = None, **bounds: float) -> Any:
    """Declare a stored column that is computed from the personal column `of` at the date column `at`.

    A finding about it is reported at the personal column's cell.
    """
    return _field(Column(label, kind, category=category, derived_from=of, derived_at=at), bounds)


def _field(contract: Column, bounds: dict[str, float]) -> Any:
    options: dict[str, Any] = dict(bounds)
    if contract.kind == "date":
        options["dtype_kwargs"] = {"unit": "ms"}
    nullable = not contract.required or contract.kind == "yes_no"
    return pa.Field(nullable=nullable, metadata={_METADATA_KEY: contract}, **options)


class ContractModel(pa.DataFrameModel):
    """Base of all contract models: typed columns in, nothing coerced, unknown columns forbidden."""

    class Config:
        """Parsing comes first, validation sees typed columns only (`style.md`, known traps of pandera)."""

        strict = True
        coerce = False


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
        model: the pandera model.
        reference: the table that rows must refer to, if any.
        unpivot: how a cross table becomes rows, if it is one.
        future_dates: whether dates after the delivery's Stand are errors (`future_date`).
    """

    name: str
    label: str
    model: type[ContractModel]
    reference: Reference | None = None
    unpivot: Unpivot | None = None
    future_dates: bool = False

    @cached_property
    def columns(self) -> dict[str, Column]:
        """All columns by name, delivered and derived, in the contract's order."""
        found: dict[str, Column] = {}
        for name, pandera_column in self.model.to_schema().columns.items():
            contract = (pandera_column.metadata or {})[_METADATA_KEY]
            found[name] = dataclasses.replace(contract, name=name)
        return found

    @cached_property
    def delivered(self) -> tuple[Column, ...]:
        """Columns that offices deliver."""
        return tuple(c for c in self.columns.values() if c.is_delivered)

    @cached_property
    def stored(self) -> tuple[Column, ...]:
        """Columns that reach the warehouse, before a cross table is unpivoted."""
        return tuple(c for c in self.columns.values() if c.is_stored)

    @cached_property
    def output(self) -> tuple[Column, ...]:
        """Columns of the staging table, in order: the stored columns, a cross table's as rows."""
        if self.unpivot is None:
            return self.stored
        crossed = {source for _, sources in self.unpivot.values.values() for source in sources}
        member = Column(self.unpivot.label, "whole", name=self.unpivot.into)
        values = [
            dataclasses.replace(self.columns[sources[0]], name=name, label=label)
            for name, (label, sources) in self.unpivot.values.items()
        ]
        return (*(c for c in self.stored if c.name not in crossed), member, *values)

    @cached_property
    def schema(self) -> pa.DataFrameSchema:
        """The pandera schema of the stored columns: personal columns that are dropped have no place in it."""
        gone = [c.name for c in self.columns.values() if not c.is_stored]
        return self.model.to_schema().remove_columns(gone)

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
    """

    key: str
    title: str
    delivery: Literal["period", "snapshot"]
    cadence: Cadence
    tables: tuple[Table, ...]

    def table(self, name: str) -> Table:
        """The table of that name; `KeyError` if there is none."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)
