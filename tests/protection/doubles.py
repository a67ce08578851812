"""Looks for published numbers that are hidden figures under another name, over several made-up worlds.

A number of any table counts, also one that stands there as text, keyed by the table, the column and all that names its
row but the time; and so do the sums and differences of two numbers of a table. What equals a hidden figure wherever
that is hidden, in every world, is a double: nobody has to know why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np

Point = tuple[int, str]
"""Number of a world, and a period of it."""
Series = Mapping[Point, float]
Name = tuple[str, ...]

_LEAST_SINGLE, _LEAST_PAIR, _LEAST_VALUES = 5, 12, 3
"""So often must a hidden figure be met by one number, or by two, and have so many values, or it may be chance."""

_KEYS = ("period", "area", "part_of")
"""Columns of texts that look like numbers and name the row."""
_SAYS_HOW_MUCH = ("period", "status", "n_class", "value")
"""Columns that name no row but its time, or say something of its number."""


@dataclass
class Seen:
    """What several published files print, and what they hide."""

    printed: dict[Name, dict[Point, float]] = field(default_factory=dict)
    hidden: dict[Name, dict[Point, float]] = field(default_factory=dict)


def seen_in(files: Sequence[tuple[Path, Path]]) -> Seen:
    """All numbers of some published files, and the true values of what they hide, from their internal files."""
    found = Seen()
    for world, (internal, published) in enumerate(files):
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH '{published}' AS p (READ_ONLY)")
            connection.execute(f"ATTACH '{internal}' AS i (READ_ONLY)")
            for name, period, value in _numbers(connection):
                found.printed.setdefault(name, {})[world, period] = value
            for *hidden, period, value in connection.execute(_HIDDEN).fetchall():
                found.hidden.setdefault(tuple(map(str, hidden)), {})[world, str(period)] = float(value)
    return found


_HIDDEN = """
SELECT s.indicator_id, s.area, s.breakdown, d.calendar, s.period, coalesce(v.value, 0)
FROM p.indicator_value AS s
INNER JOIN p.indicator AS x ON x.indicator_id = s.indicator_id AND x.aggregation IN ('count', 'distinct', 'stock')
INNER JOIN p.period AS d ON d.period = s.period
LEFT JOIN i.indicators.indicator_value AS v
    ON v.indicator_id = s.indicator_id AND v.area = s.area AND v.period = s.period AND v.breakdown = s.breakdown
WHERE s.status = 'suppressed'
"""


def _numbers(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[Name, str, float]]:
    tables = connection.execute(
        "SELECT table_name, list(column_name ORDER BY column_index), list(data_type ORDER BY column_index) "
        "FROM duckdb_columns() WHERE database_name = 'p' AND NOT internal GROUP BY ALL"
    ).fetchall()
    for table, columns, types in tables:
        rows = connection.execute(f"FROM p.{table}").fetchall()
        is_number = [
            column not in _KEYS
            and (kind not in ("VARCHAR", "DATE", "BOOLEAN") or _is_of_numbers(row[n] for row in rows))
            for n, (column, kind) in enumerate(zip(columns, types, strict=True))
        ]
        for row in rows:
            period = next((str(v) for c, v in zip(columns, row, strict=True) if c == "period"), "")
            dims = tuple(
                f"{column}={value}"
                for column, value, number in zip(columns, row, is_number, strict=True)
                if not number and column not in _SAYS_HOW_MUCH
            )
            for column, value, number in zip(columns, row, is_number, strict=True):
                if number and _number(value) is not None:
                    yield (table, column, *dims), period, _number(value) or 0.0


def _is_of_numbers(values: Iterator[object]) -> bool:
    """Whether a column of texts holds numbers, as `build_info.value` does beside other things."""
    return any(_number(value) is not None for value in values)


def _number(value: object) -> float | None:
    try:
        return None if value is None or isinstance(value, bool) else float(str(value))
    except ValueError:
        return None


def doubles(seen: Seen) -> set[tuple[Name, tuple[Name, ...]]]:
    """Hidden figures and the one or two published numbers that are the same wherever they are hidden."""
    found = set(_of_all_years(seen))
    names = sorted(seen.printed)
    for hidden, values in seen.hidden.items():
        points = sorted(values)
        target = np.array([values[point] for point in points])
        if len(points) < _LEAST_SINGLE or len(set(target)) < _LEAST_VALUES:
            continue
        table = np.array([[seen.printed[name].get(point, np.nan) for point in points] for name in names])
        there = ~np.isnan(table)
        fits = (there.sum(axis=1) >= _LEAST_SINGLE) & np.all(~there | (table == target), axis=1)
        found |= {(hidden, (names[n],)) for n in np.flatnonzero(fits) if not _is_chance(target[there[n]])}
        found |= set(_pairs(hidden, names, table, target))
    return found


def _of_all_years(seen: Seen) -> Iterator[tuple[Name, tuple[Name, ...]]]:
    """Numbers without a period, as those of a whole build: a figure over all years, or that and a printed one."""
    worlds = sorted({world for series in seen.printed.values() for world, _ in series})
    timeless = {n: s for n, s in seen.printed.items() if all((world, "") in s for world in worlds)}
    years = sorted({period for name, s in seen.hidden.items() if name[3] == "year" for _, period in s})

    def total(series: Series, world: int) -> float | None:
        values = [series.get((world, year)) for year in years]
        return None if None in values else sum(value or 0.0 for value in values)

    printed = {n: [total(s, world) for world in worlds] for n, s in seen.printed.items() if n[0] == "indicator_value"}
    of_whole = {n: values for n, values in printed.items() if None not in values and any(values)}
    for hidden, series in seen.hidden.items():
        wanted = [total(series, world) for world in worlds]
        if hidden[3] != "year" or None in wanted or len(set(wanted)) < _LEAST_VALUES:
            continue
        for name, numbers in timeless.items():
            rest = [numbers[world, ""] - (value or 0.0) for world, value in zip(worlds, wanted, strict=True)]
            if not any(rest):
                yield hidden, (name,)
            elif len(set(rest)) >= _LEAST_VALUES:
                yield from ((hidden, (name, other)) for other, values in of_whole.items() if values == rest)


def _pairs(
    hidden: Name, names: Sequence[Name], table: np.ndarray, target: np.ndarray
) -> Iterator[tuple[Name, tuple[Name, ...]]]:
    """Of two numbers of a table, each printed often enough, the sum or the difference."""
    often = [n for n in range(len(names)) if (~np.isnan(table[n])).sum() >= _LEAST_PAIR]
    for first in often:
        others = [n for n in often if n > first and names[n][0] == names[first][0]]
        if not others:
            continue
        own, rest = table[first], table[others]
        both = ~np.isnan(own) & ~np.isnan(rest)
        enough = both.sum(axis=1) >= _LEAST_PAIR
        for result in (own + rest, own - rest, rest - own):
            fits = enough & np.all(~both | (result == target), axis=1)
            for n in np.flatnonzero(fits):
                if not _is_chance(target[both[n]]):
                    yield hidden, (names[first], names[others[n]])


def _is_chance(values: np.ndarray) -> bool:
    """Whether too few different values have been met."""
    return len(set(values)) < _LEAST_VALUES
