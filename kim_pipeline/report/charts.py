"""The kinds of charts in the report. Each says its values in words or signs as well, never by colour alone.

Belongs here: drawing; what is drawn is given as plain points whose labels are already German.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import altair as alt

from kim_pipeline.report.svg import BLUE, FILLS, GREEN, HIDDEN_FILL, INK, MUTED, PURPLE, VERMILION, drawn

WIDTH = 560
_HEIGHT = 180
_BAR_STEP = 24
_CELL = 30
_SCALE = ("#f7fbff", "#9ecae1")
_SERIES = (
    (BLUE, "circle", [1, 0]),
    (VERMILION, "square", [6, 3]),
    (GREEN, "triangle-up", [2, 2]),
    (PURPLE, "diamond", [8, 2, 2, 2]),
)


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


def stacked_bars(points: Sequence[Point], rows: Sequence[str], fills: Mapping[str, str], name: str) -> str:
    """Bars of counts, one per row, stacked by column; `fills` gives each column its fill, in the order of the bars."""
    order = {column: number for number, column in enumerate(fills)}
    records = [{**asdict(p), "order": order[p.column]} for p in points]
    used = [column for column in fills if any(p.column == column for p in points)]
    base = alt.Chart(_inline(records))
    y = alt.Y("row:N", sort=list(rows), title=None, axis=alt.Axis(ticks=False, domain=False, labelPadding=6))
    x = alt.X("size:Q", stack="zero", title="Maßnahmen", axis=alt.Axis(tickMinStep=1, format="d"))
    colour = alt.Fill(
        "column:N",
        scale=alt.Scale(domain=used, range=[FILLS[fills[column]] for column in used]),
        legend=alt.Legend(title=None, columns=6, symbolType="square", symbolStrokeColor=INK),
    )
    bars = base.mark_bar(stroke=INK, strokeWidth=0.6, height=18).encode(y=y, x=x, fill=colour, order="order:Q")
    middle = alt.X("size:Q", stack="zero", bandPosition=0.5)
    labels = _halo(base, y=y, x=middle, text="label:N", order="order:Q")
    return drawn((bars + labels).properties(width=WIDTH - 150, height={"step": _BAR_STEP}), name)


def columns(points: Sequence[Point], name: str, title: str) -> str:
    """One column per period with its value above; what is missing says so at the foot."""
    base = alt.Chart(_values(points))
    x = alt.X(
        "column:N", sort=[p.column for p in points], title=None,
        axis=alt.Axis(labelAngle=0, ticks=False, labelExpr="split(datum.label, '|')", labelLineHeight=13),
    )  # fmt: skip
    y = alt.Y("size:Q", title=title, axis=alt.Axis(tickCount=4), scale=alt.Scale(zero=True))
    bars = base.mark_bar(fill=FILLS["light"], stroke=INK, strokeWidth=0.6, width=44).encode(x=x, y=y)
    text = base.transform_calculate(top="isValid(datum.size) ? datum.size : 0")
    labels = text.mark_text(dy=-8, fontWeight=600).encode(x=x, y=alt.Y("top:Q"), text="label:N")
    return drawn((bars + labels).properties(width=max(300, 96 * len(points)), height=130), name)


def lines(points: Sequence[Point], rows: Sequence[str], heads: Mapping[str, str], name: str, title: str) -> str:
    """One line per row over the columns, told apart by colour, dash, mark and the name at its end.

    Args:
        points: in the order of the columns.
        rows: lines in order.
        heads: column → what stands below it, `|` for a new line.
        name: of the picture.
        title: of the values.
    """
    order = list(dict.fromkeys(p.column for p in points))
    ends: dict[str, Point] = {p.row: p for p in points if p.size is not None}
    base = alt.Chart(_values(points))
    styles = [_SERIES[number % len(_SERIES)] for number in range(len(rows))]
    x = alt.X(
        "column:O", sort=order, title=None,
        axis=alt.Axis(
            labelAngle=0, labelExpr=f"split({json.dumps(dict(heads), ensure_ascii=False)}[datum.value], '|')",
            labelLineHeight=13, labelFontSize=10, labelOverlap=False, grid=True,
        ),
    )  # fmt: skip
    y = alt.Y("size:Q", title=title, axis=alt.Axis(tickCount=5), scale=alt.Scale(zero=True))
    colour = alt.Color("row:N", scale=alt.Scale(domain=list(rows), range=[s[0] for s in styles]), legend=None)
    dash = alt.StrokeDash("row:N", scale=alt.Scale(domain=list(rows), range=[s[2] for s in styles]), legend=None)
    shape = alt.Shape("row:N", scale=alt.Scale(domain=list(rows), range=[s[1] for s in styles]), legend=None)
    line = base.mark_line(strokeWidth=2).encode(x=x, y=y, color=colour, strokeDash=dash)
    marks = base.mark_point(filled=True, size=48, opacity=1).encode(x=x, y=y, color=colour, shape=shape)
    shown = line + marks
    hidden = list({p.column: p for p in points if p.size is None}.values())
    if hidden:
        shown += (
            alt.Chart(_values(hidden)).mark_text(dy=-8, fontSize=15).encode(x=x, y=alt.value(_HEIGHT), text="label:N")
        )
    names = alt.Chart(_values(_apart(list(ends.values()))))
    at_end = {"x": x, "y": y, "text": "row:N"}
    shown += names.mark_text(align="left", dx=9, fontWeight=600).encode(**at_end, color=colour)
    return drawn(shown.properties(width=WIDTH - 150, height=_HEIGHT), name)


def _apart(ends: list[Point]) -> list[Point]:
    """The names at the lines' ends, far enough from each other to be read."""
    top = max((p.size or 0 for p in ends), default=0) or 1
    placed: list[Point] = []
    for point in sorted(ends, key=lambda p: p.size or 0):
        lowest = (placed[-1].size or 0) + top * 0.085 if placed else 0
        placed.append(Point(point.row, point.column, max(point.size or 0, lowest), point.label))
    return placed


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


def map_of(features: Sequence[Mapping[str, Any]], attribution: str, name: str, width: int = 460) -> str:
    """Areas shaded by value with name and value written on them; what is secret is hatched.

    Args:
        features: GeoJSON features with flat coordinates whose properties hold `name`, `label`, `size` (None for none)
            and the place of the label, `x` and `y`.
        attribution: who owns the boundaries; stands on the map.
        name: of the picture.
        width: in pixels.
    """
    known = [f for f in features if f["properties"]["size"] is not None]
    secret = [f for f in features if f["properties"]["size"] is None]
    largest = max((f["properties"]["size"] for f in known), default=1) or 1
    scale = alt.Scale(domain=[0, largest], range=list(_SCALE))
    shade = alt.Fill("properties.size:Q", scale=scale, legend=None)
    areas = alt.Chart(alt.NamedData("known")).mark_geoshape(stroke=INK, strokeWidth=0.8).encode(fill=shade)
    veiled = alt.Chart(alt.NamedData("secret")).mark_geoshape(stroke=INK, strokeWidth=0.8, fill=HIDDEN_FILL)
    spots = alt.Chart(_inline([f["properties"] for f in features]))
    place = {"longitude": "x:Q", "latitude": "y:Q"}
    names = spots.mark_text(dy=-7, stroke="white", strokeWidth=3, strokeJoin="round").encode(**place, text="name:N")
    names += spots.mark_text(dy=-7).encode(**place, text="name:N")
    labels = spots.mark_text(dy=7, stroke="white", strokeWidth=3, fontWeight=600).encode(**place, text="label:N")
    labels += spots.mark_text(dy=7, fontWeight=600).encode(**place, text="label:N")
    title = alt.TitleParams(attribution, orient="bottom", anchor="end", fontSize=10, fontWeight="normal", color=MUTED)
    chart = (areas + veiled + names + labels).project("identity", reflectY=True)
    sized = chart.properties(width=width, height=int(width * _tallness(features)), title=title)
    return drawn(sized, name, {"known": known, "secret": secret})


def _tallness(features: Sequence[Mapping[str, Any]]) -> float:
    points = [point for f in features for ring in f["geometry"]["coordinates"] for point in ring]
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return float((max(ys) - min(ys)) / (max(xs) - min(xs)))


def locator(features: Sequence[Mapping[str, Any]], attribution: str, name: str, width: int = 170) -> str:
    """A small map on which one area, `is_here`, is filled."""
    fill = alt.condition("datum.properties.is_here", alt.value(BLUE), alt.value("#ececec"))
    areas = alt.Chart(alt.NamedData("areas")).mark_geoshape(stroke=MUTED, strokeWidth=0.6).encode(fill=fill)
    title = alt.TitleParams(attribution, orient="bottom", anchor="start", fontSize=9, fontWeight="normal", color=MUTED)
    chart = areas.project("identity", reflectY=True)
    sized = chart.properties(width=width, height=int(width * _tallness(features)), title=title)
    return drawn(sized, name, {"areas": list(features)})
