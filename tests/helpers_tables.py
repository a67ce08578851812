"""Small sheets in memory, and what reading them gives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from kim_pipeline.contracts import programme_names, programmes
from kim_pipeline.contracts.calendar import Period, parse_period
from kim_pipeline.contracts.model import Programme, Table
from kim_pipeline.contracts.normalise import comparable
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.reading.blocks import blocks_of
from kim_pipeline.reading.delivery import DeliveryResult, PartResult, read_delivery
from kim_pipeline.reading.formats.cells import Cell, Merge, Sheet, encode_sheet
from kim_pipeline.reading.formats.workbook import Limits
from kim_pipeline.reading.header import Header, HeaderFinder
from kim_pipeline.reading.quoting import Quoting
from kim_pipeline.reading.table import read_table
from kim_pipeline.reading.table_result import Delivered, TableResult
from kim_pipeline.reading.values import Context

CONTRACT = Path(__file__).parent / "contract"
KEY = bytes(range(32))
EPOCH_1900, EPOCH_1904 = dt.date(1899, 12, 30), dt.date(1904, 1, 1)
AS_OF = dt.date(2024, 1, 15)
LIMITS = Limits(2**20, 2**24)
TABLES = [(p.key, t.name) for p in programmes().values() for t in p.tables]


def context(epoch: dt.date = EPOCH_1900, *, text_only: bool = False) -> Context:
    """What parsing depends on, for the county that is shipped."""
    names = {comparable(name): key for name, key in programme_names().items()}
    return Context(vocabulary(), names, epoch, text_only)


def sheet_of(
    rows: Iterable[Sequence[Cell]], name: str = "Blatt", merges: Iterable[tuple[int, int, int, int]] = ()
) -> Sheet:
    """A sheet with these rows; merged ranges as (first row, first column, last row, last column), 0-based."""
    sheet = encode_sheet(name, rows)
    sheet.merges = [Merge(*m) for m in merges]
    return sheet


def header_of(programme: str | Programme, sheet: Sheet, fact_rows: Iterable[int] = ()) -> Header | None:
    """The header that is found on a sheet."""
    contract = programmes()[programme] if isinstance(programme, str) else programme
    return HeaderFinder(contract, context()).find(sheet, set(fact_rows))


def mapped(header: Header | None) -> dict[int, str]:
    """Position → name of the column found there."""
    return {at: match.column.name for at, match in header.matches.items()} if header else {}


def read_sheets_of(
    programme: str | Programme,
    table: str,
    sheets: Sequence[Sheet],
    *,
    period: str | None = None,
    as_of: dt.date = AS_OF,
    known: pa.Table | None = None,
) -> TableResult:
    """Read the sheets of one table, whose headers must be complete."""
    contract = programmes()[programme] if isinstance(programme, str) else programme
    found = blocks_of(sheets, HeaderFinder(contract, context()), context())
    assert found
    assert {(block.header.table.name, not block.header.missing) for block in found} == {(table, True)}
    stated: Period | None = parse_period(period) if period else None
    return read_table(contract.table(table), found, context(), Delivered(stated, as_of, KEY, quoting()), known)


def quoting() -> Quoting:
    """What may be quoted where no column is personal."""
    return Quoting(tuple, context())


@dataclass
class Only(PartResult):
    """A delivery of one part."""

    ignored_sheets: list[str] = field(default_factory=list)
    lone_sheets: list[str] = field(default_factory=list)


def only(result: DeliveryResult) -> Only:
    """What a delivery of one part gives."""
    (part,) = result.parts
    return Only(**vars(part), ignored_sheets=result.ignored_sheets, lone_sheets=result.lone_sheets)


def csv_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    """A .csv with `;`; no cell may need quoting."""
    return "\r\n".join(";".join(row) for row in rows).encode()


def read_csv_delivery(programme: str, rows: Iterable[Sequence[str]], name: str = "Liste.csv") -> Only:
    """Read a delivery that is one .csv."""
    return only(read_delivery(Path(name), csv_bytes(rows), programmes()[programme], KEY, LIMITS))


def xlsx_bytes(
    sheets: Mapping[str, Any],
    merges: Mapping[str, Iterable[tuple[int, int, int, int]]] | None = None,
) -> bytes:
    """A real .xlsx; merged ranges as in `sheet_of`, their value is the top-left cell's."""
    import io

    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    day = book.add_format({"num_format": "dd.mm.yyyy"})
    for name, rows in sheets.items():
        page = book.add_worksheet(name)
        grid = [list(row) for row in rows]
        for r, row in enumerate(grid):
            for c, cell in enumerate(row):
                if isinstance(cell, dt.date):
                    page.write_datetime(r, c, dt.datetime.combine(cell, dt.time()), day)
                elif cell != "":
                    page.write(r, c, cell)
        for r0, c0, r1, c1 in (merges or {}).get(name, ()):
            page.merge_range(r0, c0, r1, c1, grid[r0][c0])
    book.close()
    return buffer.getvalue()


def read_xlsx_delivery(
    programme: str,
    sheets: Mapping[str, Any],
    merges: Mapping[str, Iterable[tuple[int, int, int, int]]] | None = None,
) -> Only:
    """Read a delivery that is one .xlsx."""
    return only(read_delivery(Path("Liste.xlsx"), xlsx_bytes(sheets, merges), programmes()[programme], KEY, LIMITS))


def table_of(programme: str, name: str) -> Table:
    """A table's contract."""
    return programmes()[programme].table(name)
