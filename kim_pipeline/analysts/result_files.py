"""Results of queries as CSV and JSON.

Belongs here: how each kind of value is written as text. Does not belong here: workbooks (`workbook.py`) and the
terminal.
"""

from __future__ import annotations

import json
import re

from kim_pipeline.analysts.query import Result
from kim_pipeline.sheets import json_value, plain_text

_QUOTED = re.compile(r'[",\r\n]|^\s|\s$|^$')


def as_csv(result: Result) -> bytes:
    """CSV as of RFC 4180: UTF-8, commas, decimal points, ISO dates; a missing value is empty, an empty text is `""`."""
    lines = [result.columns, *result.rows]
    return "".join(",".join(map(_csv_cell, line)) + "\n" for line in lines).encode()


def _csv_cell(value: object) -> str:
    if value is None:
        return ""
    text = plain_text(value)
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def as_json(result: Result) -> bytes:
    """A list of objects, one a row: dates as ISO text, what is missing or no finite number as null."""
    rows = [dict(zip(result.columns, map(json_value, row), strict=True)) for row in result.rows]
    return (json.dumps(rows, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()
