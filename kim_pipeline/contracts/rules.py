"""Rules over several columns of a row (`deliveries.md` §7); `schema.py` makes pandera checks of them.

Belongs here: rule kinds that more than one programme uses. A rule of one programme lies in that programme's module.
A rule says which rows break it and at which cell that is reported; the check is what pandera runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from kim_pipeline import german

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pa

    from kim_pipeline.contracts.model import Table

Blame: TypeAlias = "Callable[[pd.DataFrame], pd.Series[Any]]"
"""A frame → per row the name of the column where the rule is broken, null where the row keeps it."""

_STRICT, _UPPER = frozenset({"gt", "lt"}), frozenset({"lt", "le"})
STATISTIC = "row_rule"
"""Under which a pandera check's statistics carry the rule."""
_ROUNDING = 1e-6
"""Amounts have at most a few decimals; `1.5 * 0.3` is a little less than 0.45 in binary."""


@dataclass(frozen=True)
class RowRule:
    """One rule over several columns.

    Attributes:
        rule: the code of the finding, `date_order`.
        columns: the columns involved.
        blame: see `Blame`.
        expected: German half-sentence after „Erwartet:“; `{column}` stands for a column's header.
        factor: for two amounts: the first is at most this many times the second; None for every other rule.
        is_warning: the blamed cell becomes null and the row stays; such rules are applied before the others.
    """

    rule: str
    columns: tuple[str, ...]
    blame: Blame
    expected: str
    factor: float | None = None
    is_warning: bool = False

    def keeps(self, frame: pd.DataFrame) -> pd.Series[bool]:
        """Per row whether it keeps the rule."""
        return self.blame(frame).isna()


def row_rule(
    rule: str,
    columns: tuple[str, ...],
    expected: str,
    blame: Blame,
    *,
    factor: float | None = None,
    is_warning: bool = False,
) -> RowRule:
    """Declare a rule of a contract model."""
    return RowRule(rule, columns, blame, expected, factor, is_warning)


def declared_rule(check: pa.Check) -> RowRule | None:
    """The row rule behind a pandera check, if it is one."""
    return (check.statistics or {}).get(STATISTIC)


def blamed(broken: pd.Series[bool], column: str) -> pd.Series[Any]:
    """Blame `column` wherever `broken` is true."""
    import numpy as np  # noqa: PLC0415  (rules are declared wherever a contract is asked for, and applied while reading)
    import pandas as pd  # noqa: PLC0415

    found = np.full(len(broken), None, dtype=object)
    found[broken.to_numpy(dtype=bool, na_value=False)] = column
    return pd.Series(found, index=broken.index, dtype="object")


def date_order(*columns: str) -> RowRule:
    """Dates, of those given, do not go backwards."""

    def blame(frame: pd.DataFrame) -> pd.Series[Any]:
        import numpy as np  # noqa: PLC0415
        import pandas as pd  # noqa: PLC0415

        found = np.full(len(frame), None, dtype=object)
        latest = frame[columns[0]]
        for name in columns[1:]:
            date = frame[name]
            broken = (date < latest).to_numpy(dtype=bool, na_value=False)
            found[broken & pd.isna(found)] = name
            latest = date.where(latest.isna() | (date > latest), latest)
        return pd.Series(found, index=frame.index, dtype="object")

    expected = "erst " + ", dann ".join(f"{{{c}}}" for c in columns) + "; derselbe Tag ist erlaubt"
    return row_rule("date_order", columns, expected, blame)


def at_most(rule: str, smaller: str, larger: str, factor: float = 1.0) -> RowRule:
    """`smaller` ≤ `factor` × `larger`, compared only where both are given; `smaller` is blamed."""
    share = "so viel wie in" if factor == 1 else f"das {german.exact(factor)}-Fache von"

    def blame(frame: pd.DataFrame) -> pd.Series[Any]:
        return blamed(frame[smaller] > factor * frame[larger] + _ROUNDING, smaller)

    return row_rule(rule, (smaller, larger), f"in {{{smaller}}} höchstens {share} {{{larger}}}", blame, factor=factor)


def needs(
    when: Callable[[pd.DataFrame], pd.Series[bool]], *columns: str, involved: tuple[str, ...], says: str
) -> RowRule:
    """`status_incomplete`: rows for which `when` holds must have a value in each of `columns`.

    Args:
        when: frame → per row whether the requirement applies.
        *columns: columns that must not be null; the first null one is blamed.
        involved: further columns that the condition reads.
        says: German half-sentence after „Erwartet:“.
    """

    def blame(frame: pd.DataFrame) -> pd.Series[Any]:
        import numpy as np  # noqa: PLC0415
        import pandas as pd  # noqa: PLC0415

        applies = when(frame).to_numpy(dtype=bool, na_value=False)
        found = np.full(len(frame), None, dtype=object)
        for name in columns:
            found[applies & frame[name].isna().to_numpy() & pd.isna(found)] = name
        return pd.Series(found, index=frame.index, dtype="object")

    return row_rule("status_incomplete", (*involved, *columns), says, blame)


@dataclass(frozen=True)
class Bound:
    """One end of a column's range; `is_strict` leaves the value itself out."""

    value: float
    is_upper: bool
    is_strict: bool


def bounds_of(table: Table, name: str) -> tuple[Bound, ...]:
    """The range that the contract sets for a column, delivered or derived."""
    bounds = table.model.fields()[name].bounds
    return tuple(Bound(float(value), end in _UPPER, end in _STRICT) for end, value in bounds.items())


def row_rules(table: Table) -> list[RowRule]:
    """The rules over several columns."""
    return [rule for rule in vars(table.model).values() if isinstance(rule, RowRule)]
