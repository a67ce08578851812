"""Sparklines: how a figure went over a few periods, drawn small, every value written (`paper.md` §1.9).

Belongs here: drawing one series. What is hidden leaves a gap with its sign, a part period is hollow and joined to
nothing by a full line, the base line is zero.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from kim_pipeline.report.svg import BLUE, MUTED, RULE, Label, picture, svg_length
from kim_pipeline.report.tables import SIGNS


@dataclass(frozen=True)
class Spot:
    """A period of a sparkline.

    Attributes:
        period: what stands below it.
        size: None for none.
        label: what stands above it: the value, or the sign for why there is none.
        is_part: whether the programme ran for a part of the period only.
    """

    period: str
    size: float | None
    label: str
    is_part: bool = False


@dataclass(frozen=True)
class _Frame:
    """Measures of a drawing, in units of a quarter millimetre."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    text: float
    dot: float

    def x(self, at: int, of: int) -> float:
        return self.width / 2 if of == 1 else self.left + (self.width - self.left - self.right) * at / (of - 1)

    def y(self, share: float) -> float:
        return self.height - self.bottom - (self.height - self.top - self.bottom) * share


_SPOKEN = {
    SIGNS["suppressed"]: "geheim", SIGNS["not_reported"]: "nicht gemeldet", SIGNS["none"]: "kein Wert",
    SIGNS["missing"]: "keine Angabe", SIGNS["inactive"]: "lief nicht",
}  # fmt: skip
_LARGE = _Frame(320, 72, 26, 26, 20, 16, 11, 3.2)
_SMALL = _Frame(100, 12, 5, 5, 2.5, 2.2, 0, 1.9)


def spark_drawn(spots: Sequence[Spot]) -> str:
    """A sparkline of 80 mm with its values and periods written on it."""
    return _svg(spots, _LARGE)


def drawn_small(spots: Sequence[Spot]) -> str:
    """A sparkline for a cell of a table, whose values stand beside it."""
    return _svg(spots, _SMALL)


def spark_in_words(label: str, spots: Sequence[Spot]) -> str:
    """What a sparkline says: all its values."""
    return f"Verlauf {label}: {', '.join(f'{s.period} {_SPOKEN.get(s.label, s.label)}' for s in spots)}."


def _svg(spots: Sequence[Spot], frame: _Frame) -> str:
    largest = max((spot.size for spot in spots if spot.size is not None), default=0) or 1
    places = [
        None if spot.size is None else (frame.x(at, len(spots)), frame.y(spot.size / largest))
        for at, spot in enumerate(spots)
    ]
    base = frame.y(0)
    parts = [_line((0, base), (frame.width, base), RULE, 1)]
    for (before, one), (after, other) in itertools.pairwise(zip(spots, places, strict=True)):
        if one is not None and other is not None:
            is_broken = before.is_part or after.is_part
            parts.append(_line(one, other, BLUE, 1.6, ' stroke-dasharray="2 3"' if is_broken else ""))
    last = max((at for at, place in enumerate(places) if place is not None), default=-1)
    for at, (spot, place) in enumerate(zip(spots, places, strict=True)):
        parts += _spot(spot, place, frame.x(at, len(spots)), frame, is_last=at == last)
    return picture((frame.width, frame.height), "", parts)


def _spot(spot: Spot, place: tuple[float, float] | None, x: float, frame: _Frame, *, is_last: bool) -> list[str]:
    found = []
    y = frame.y(0) if place is None else place[1]
    if place is not None:
        fill = "white" if spot.is_part or not is_last else BLUE
        dot = f'cx="{svg_length(x)}" cy="{svg_length(y)}" r="{svg_length(frame.dot)}"'
        found.append(f'<circle {dot} fill="{fill}" stroke="{BLUE}" stroke-width="1.4"/>')
    if frame.text:
        found.append(Label(spot.label, size=frame.text, is_bold=True).at(x, y - 6))
        found.append(Label(spot.period, MUTED, frame.text - 1.5).at(x, frame.height - 3))
    elif place is None and len(spot.label) == 1:
        found.append(Label(spot.label, size=13, is_bold=True).at(x, y))
    return found


def _line(start: tuple[float, float], end: tuple[float, float], colour: str, width: float, more: str = "") -> str:
    ends = (
        f'x1="{svg_length(start[0])}" y1="{svg_length(start[1])}" x2="{svg_length(end[0])}" y2="{svg_length(end[1])}"'
    )
    return f'<line {ends} stroke="{colour}" stroke-width="{svg_length(width)}"{more}/>'
