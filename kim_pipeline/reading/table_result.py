"""What reading a table gives: its rows, its findings, and what became of every physical row."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from kim_pipeline.contracts.calendar import Period
from kim_pipeline.errors import KimError
from kim_pipeline.reading.findings import (
    Finding,
)
from kim_pipeline.reading.quoting import Quoting

ARROW_TYPES: dict[str, pa.DataType] = {
    "date": pa.date32(),
    "number": pa.float64(),
    "hours": pa.float64(),
    "whole": pa.int64(),
    "yes_no": pa.bool_(),
}
"""Arrow type per kind; every other kind is text."""

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
