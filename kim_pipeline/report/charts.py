"""The kinds of charts in the report. Each says its values in words or signs as well, never by colour alone.

Belongs here: drawing; what is drawn is given as plain points whose labels are already German.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kim_pipeline import german
from kim_pipeline.report.svg import GRID, INK, MUTED, RULE, Label, filled_with, patterns, picture, svg_length, width_of

WIDTH = 560
"""Of a chart as wide as the page, in units of which a letter is eleven high."""
_CELL = 30
_SCALE = ((0xF7, 0xFB, 0xFF), (0x9E, 0xCA, 0xE1))
"""Red, green and blue of nothing and of the largest value."""
_BAR, _BAR_STEP, _PLOT = 15, 20, 330
_GAP, _LINE, _PATCH, _TICKS = 6, 16, 11, 5


@dataclass(frozen=True)
class Point:
    """One bar or cell: where it stands, its size (None for none), the text on it, and how it is filled."""

    row: str
    column: str
    size: float | None
    label: str
    fill: str = "light"


def ranked_bars(points: Sequence[Point], name: str, title: str, legend: Mapping[str, str] | None = None) -> str:
    """Horizontal bars in the given order with their text at the end; `legend` names the fills."""
    named = {fill: text for fill, text in (legend or {}).items() if any(p.fill == fill for p in points)}
    left = max((width_of(p.row) for p in points), default=0) + _GAP
    top = _LINE + _GAP if named else 0
    largest = max((p.size or 0 for p in points), default=0)
    step = _step(largest)
    end = max(step, math.ceil(largest / step) * step)
    bottom = top + _BAR_STEP * len(points)
    parts = _legend(named, left, name)
    for at in range(round(end / step) + 1):
        x = left + _PLOT * at * step / end
        parts.append(f'<path d="M{svg_length(x)},{svg_length(top)} V{svg_length(bottom)}" stroke="{GRID}"/>')
        parts.append(Label(german.number(at * step), MUTED).at(x, bottom + _LINE - 3))
    for at, point in enumerate(points):
        y = top + _BAR_STEP * at
        long = _PLOT * (point.size or 0) / end
        parts.append(Label(point.row, anchor="end").at(left - _GAP, y + _BAR_STEP - 6))
        if point.size is not None:
            box = f'x="{svg_length(left)}" y="{svg_length(y + 2.5)}" width="{svg_length(long)}" height="{_BAR}"'
            parts.append(f'<rect {box} fill="{filled_with(point.fill, name)}" stroke="{INK}" stroke-width="0.6"/>')
        parts.append(Label(point.label, anchor="start").at(left + long + 5, y + _BAR_STEP - 6))
    parts.append(f'<path d="M{svg_length(left)},{svg_length(top)} V{svg_length(bottom)}" stroke="{RULE}"/>')
    parts.append(Label(title, is_bold=True).at(left + _PLOT / 2, bottom + 2 * _LINE - 2))
    beyond = max((_PLOT * (p.size or 0) / end + 5 + width_of(p.label) for p in points), default=0)
    size = (left + max(_PLOT + width_of(german.number(end)) / 2, beyond), bottom + 2 * _LINE + 2)
    return picture(size, patterns({p.fill for p in points}, name), parts)


def _legend(named: Mapping[str, str], left: float, name: str) -> list[str]:
    parts = []
    for fill, text in named.items():
        box = f'x="{svg_length(left)}" y="2" width="{_PATCH}" height="{_PATCH}"'
        parts.append(f'<rect {box} fill="{filled_with(fill, name)}" stroke="{INK}" stroke-width="0.6"/>')
        parts.append(Label(text, anchor="start").at(left + _PATCH + 4, _PATCH + 0.5))
        left += _PATCH + width_of(text) + 3 * _GAP
    return parts


def _step(largest: float) -> float:
    """Between the lines behind bars: 1, 2 or 5 times a power of ten, whole, about five of them."""
    rough = max(largest / _TICKS, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(times * power for times in (1, 2, 5, 10) if times * power >= rough)


def matrix(
    points: Sequence[Point],
    rows: Sequence[str],
    heads: Sequence[str],
    name: str,
    *,
    titles: tuple[str, str] = ("", ""),
    cell: tuple[int, int] = (64, _CELL),
) -> str:
    """Cells with their value written in them, the darker the larger; what is secret is hatched.

    Args:
        points: cells; without a size they are hatched.
        rows: in order, from the top.
        heads: columns in order.
        name: of the picture.
        titles: what rows and columns are.
        cell: width and height of a cell.
    """
    wide, high = cell
    left = max((width_of(row) for row in rows), default=0) + _GAP + (_LINE if titles[0] else 0)
    top = _LINE + (_LINE if titles[1] else 0)
    size = (left + wide * len(heads) + 1, top + high * len(rows) + 1)
    largest = max((p.size or 0 for p in points), default=0) or 1
    parts = [Label(head).at(left + wide * (at + 0.5), top - 5) for at, head in enumerate(heads)]
    parts += [Label(row, anchor="end").at(left - _GAP, top + high * (at + 0.5) + 4) for at, row in enumerate(rows)]
    if titles[0]:
        parts.append(Label(titles[0], is_bold=True, is_upward=True).at(_LINE - 5, top + high * len(rows) / 2))
    if titles[1]:
        parts.append(Label(titles[1], is_bold=True).at(left + wide * len(heads) / 2, _LINE - 5))
    for point in points:
        x, y = left + wide * heads.index(point.column), top + high * rows.index(point.row)
        fill = filled_with("hatched", name) if point.size is None else _shade(point.size / largest)
        box = f'x="{svg_length(x)}" y="{svg_length(y)}" width="{wide}" height="{high}"'
        parts.append(f'<rect {box} fill="{fill}" stroke="{MUTED}" stroke-width="0.5"/>')
        parts.append(Label(point.label, is_bold=True).at(x + wide / 2, y + high / 2 + 4))
    return picture(size, patterns({"hatched"} if any(p.size is None for p in points) else set(), name), parts)


def _shade(share: float) -> str:
    """The colour of a value from 0 to 1 of the largest."""
    return "#" + "".join(f"{round(low + (high - low) * share):02x}" for low, high in zip(*_SCALE, strict=True))
