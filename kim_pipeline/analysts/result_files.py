"""Results of queries as CSV and JSON.

Belongs here: how each kind of value is written as text. Does not belong here: workbooks (`result_workbook.py`) and the
terminal.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from decimal import Decimal

from kim_pipeline.analysts.query import Result

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


def plain_text(value: object) -> str:
    """A value as text: decimal points, ISO dates, true and false, bytes in hexadecimal, what is nested as JSON."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(_json_value(value), ensure_ascii=False)
    return value.hex() if isinstance(value, bytes) else str(value)


def as_json(result: Result) -> bytes:
    """A list of objects, one a row: dates as ISO text, what is missing or no finite number as null."""
    rows = [dict(zip(result.columns, map(_json_value, row), strict=True)) for row in result.rows]
    return (json.dumps(rows, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def _json_value(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {plain_text(key): _json_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_value(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, str)) else plain_text(value)
