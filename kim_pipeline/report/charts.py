"""The kinds of charts in the report. Each says its values in words or signs as well, never by colour alone.

Belongs here: drawing; what is drawn is given as plain points whose labels are already German.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import altair as alt

from kim_pipeline.report.svg import FILLS, HIDDEN_FILL, INK, MUTED, drawn

WIDTH = 560
_CELL = 30
_SCALE = ("#f7fbff", "#9ecae1")


@dataclass(frozen=True)
class Point:
    """One bar or cell: where it stands, its size (None for none), the text on it, and how it is filled."""

    row: str
    column: str
    size: float | None
    label: str
    fill: str = "light"


def _inline(records: Sequence[Mapping[str, Any]]) -> alt.InlineData:
    return alt.InlineData(values=[dict(record) for record in records])


def _values(points: Sequence[Point]) -> alt.InlineData:
    return _inline([asdict(point) for point in points])


def _halo(chart: alt.Chart, **encoding: Any) -> alt.LayerChart:
    """Text that can be read on any fill: dark, with a white edge."""
    edge = chart.mark_text(stroke="white", strokeWidth=3, strokeJoin="round", fontWeight=600).encode(**encoding)
    named: alt.LayerChart = edge + chart.mark_text(fontWeight=600).encode(**encoding)
    return named


def ranked_bars(points: Sequence[Point], name: str, title: str, legend: Mapping[str, str] | None = None) -> str:
    """Horizontal bars in the given order with their text at the end; `legend` names the fills."""
    rows = [p.row for p in points]
    names = legend or {}
    records = [{**asdict(p), "named": names.get(p.fill, p.fill)} for p in points]
    base = alt.Chart(_inline(records)).transform_calculate(end="isValid(datum.size) ? datum.size : 0")
    y = alt.Y("row:N", sort=rows, title=None, axis=alt.Axis(ticks=False, domain=False, labelPadding=6))
    used = [fill for fill in names if any(p.fill == fill for p in points)] or ["light"]
    scale = alt.Scale(domain=[names.get(f, f) for f in used], range=[FILLS[f] for f in used])
    shown = alt.Legend(title=None, symbolType="square", symbolStrokeColor=INK) if names else None
    bars = base.mark_bar(stroke=INK, strokeWidth=0.6, height=15).encode(
        y=y,
        x=alt.X("size:Q", title=title, axis=alt.Axis(tickCount=5)),
        fill=alt.Fill("named:N", scale=scale, legend=shown),
    )
    labels = base.mark_text(align="left", dx=5).encode(y=y, x=alt.X("end:Q"), text="label:N")
    return drawn((bars + labels).properties(width=WIDTH - 230, height={"step": 20}), name)


def matrix(
    points: Sequence[Point],
    rows: Sequence[str],
    heads: Sequence[str],
    name: str,
    *,
    titles: tuple[str | None, str | None] = (None, None),
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
    known = [p for p in points if p.size is not None]
    secret = [p for p in points if p.size is None]
    y = alt.Y("row:N", sort=list(rows), scale=alt.Scale(domain=list(rows)), title=titles[0], axis=_bare())
    x = alt.X(
        "column:N", sort=list(heads), scale=alt.Scale(domain=list(heads)), title=titles[1],
        axis=_bare(orient="top", labelAngle=0),
    )  # fmt: skip
    largest = max((p.size or 0 for p in known), default=1) or 1
    scale = alt.Scale(domain=[0, largest], range=list(_SCALE))
    cells = (
        alt.Chart(_values(known))
        .mark_rect(stroke=MUTED, strokeWidth=0.5)
        .encode(y=y, x=x, fill=alt.Fill("size:Q", scale=scale, legend=None))
    )
    veiled = alt.Chart(_values(secret)).mark_rect(stroke=MUTED, strokeWidth=0.5, fill=HIDDEN_FILL).encode(y=y, x=x)
    texts = _halo(alt.Chart(_values(points)), y=y, x=x, text="label:N")
    chart = (cells + veiled + texts).properties(width={"step": cell[0]}, height={"step": cell[1]})
    return drawn(chart, name)


def _bare(**more: Any) -> alt.Axis:
    return alt.Axis(ticks=False, domain=False, labelPadding=6, **more)
