"""Every table of the HTML page as a workbook, one sheet each (`paper.md` §1.1).

Belongs here: which tables, and that numbers and days are such in Excel. How a sheet looks is in `sheets`.
"""

from __future__ import annotations

import datetime as dt
import re

from kim_pipeline.german import MINUS, NBSP
from kim_pipeline.report.blocks import Cell, Document, Group, PaperTable, cell_text, tables_in
from kim_pipeline.sheets import Percentage, Worksheet, workbook_of

_NUMBER = re.compile(rf"[+{MINUS}]?\d{{1,3}}(?:\.\d{{3}})*(?:,\d+)?|[+{MINUS}]?\d+(?:,\d+)?")
_DAY = re.compile(r"(\d\d)\.(\d\d)\.(\d{4})")
_SOFT = "\u00ad"


def workbook(document: Document, made_at: dt.datetime) -> bytes:
    """The tables of a numbered document.

    Args:
        document: its tables with a label become sheets of that name.
        made_at: when the build was made; the only time in the file.
    """
    tables = [table for section in document.sections for table in tables_in(section.blocks) if table.label]
    return workbook_of([_sheet(table) for table in tables], made_at)


def _sheet(table: PaperTable) -> Worksheet:
    has_groups = any(isinstance(row, Group) for row in table.rows)
    group, rows = "", []
    for row in table.rows:
        if isinstance(row, Group):
            group = row.text
        else:
            rows.append((*((group,) if has_groups else ()), *map(_value, row)))
    heads = tuple(cell_text(column.head).replace(_SOFT, "") for column in table.columns)
    columns = (table.group_head, *heads) if has_groups else heads
    return Worksheet(table.label, columns, rows, f"{table.label}: {table.caption}", table.notes)


def _value(cell: Cell) -> str | float | dt.date:
    """A cell as Excel has it: a number, a share or a day where it is one, else its text."""
    text = cell_text(cell)
    plain = text.replace(NBSP, " ")
    if plain.endswith(" %") and _NUMBER.fullmatch(plain[:-2]):
        return Percentage(_number(plain[:-2]) / 100)
    if _NUMBER.fullmatch(plain):
        return _number(plain)
    day = _DAY.fullmatch(plain)
    return dt.date(int(day[3]), int(day[2]), int(day[1])) if day else text


def _number(text: str) -> float:
    return float(text.replace(".", "").replace(",", ".").replace(MINUS, "-"))
