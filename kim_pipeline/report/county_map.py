"""The county's municipalities as flat shapes, and maps of them with a legend.

Belongs here: reading the geometry, where a label stands, and drawing. Which class a value is in is given.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from kim_pipeline.contracts.configured import decoded
from kim_pipeline.contracts.county import County
from kim_pipeline.report.svg import BLUE, INK, MUTED, Label, picture

Ring = Sequence[Sequence[float]]


@lru_cache(maxsize=2)
def _features(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(decoded(path.read_bytes())[0])["features"])


def shapes(county: County) -> dict[str, dict[str, Any]]:
    """Area key → its polygon rings in a flat projection true at the county's middle, and the place of its label.

    Longitudes are shortened by the cosine of the middle latitude, so that the shapes are not stretched.
    """
    features = _features(county.geometry)
    parts = {f["properties"][county.geometry_key]: _polygons(f["geometry"]) for f in features}
    latitudes = [point[1] for polygons in parts.values() for rings in polygons for ring in rings for point in ring]
    shrink = math.cos(math.radians((min(latitudes) + max(latitudes)) / 2))
    found = {}
    for key, polygons in sorted(parts.items()):
        flat = [[[[x * shrink, y] for x, y, *_ in ring] for ring in rings] for rings in polygons]
        x, y = _centroid(max((rings[0] for rings in flat), key=lambda ring: abs(_area(ring))))
        found[key] = {"rings": [ring for rings in flat for ring in rings], "x": x, "y": y}
    return found


def _polygons(geometry: dict[str, Any]) -> list[list[Ring]]:
    return [geometry["coordinates"]] if geometry["type"] == "Polygon" else list(geometry["coordinates"])


def _cross(ring: Ring) -> list[float]:
    return [a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring)]


def _area(ring: Ring) -> float:
    return sum(_cross(ring)) / 2


def _centroid(ring: Ring) -> tuple[float, float]:
    """The centre of gravity of a closed ring (shoelace formula)."""
    cross, six = _cross(ring), 6 * _area(ring)
    pairs = list(itertools.pairwise(ring))
    x = sum((a[0] + b[0]) * c for (a, b), c in zip(pairs, cross, strict=True)) / six
    y = sum((a[1] + b[1]) * c for (a, b), c in zip(pairs, cross, strict=True)) / six
    return x, y


@dataclass(frozen=True)
class MapArea:
    """An area on a map.

    Attributes:
        key: of the area.
        name, label: what is written on it.
        fill: number of its class, or `hatched` (secret), `none` (no figure).
    """

    key: str
    name: str
    label: str
    fill: int | str


_WIDTH, _LINE = 300.0, 13.0
_SHADES = ("#eff3ff", "#bdd7e7", "#8ab8d8", "#5d9cc4")
_NAMES, _VALUES, _SMALL, _EDGE = 8.0, 9.0, 7.5, 2.0


def drawn_map(county: County, areas: Sequence[MapArea], legend: Sequence[tuple[int | str, str]], name: str) -> str:
    """A map with name and value written on each area and the classes below it.

    Args:
        county: whose geometry is drawn.
        areas: what stands where.
        legend: fill and text of each class, `mark` for a value that is no area's.
        name: of the picture, unlike that of any other on the page.
    """
    flat = _Flat(shapes(county))
    outlines = [_outline(flat.paths[area.key], _fill(area.fill, name)) for area in areas if area.key in flat.paths]
    texts = [part for area in areas if area.key in flat.spots for part in _named(flat.spots[area.key], area)]
    lines = [_legend_line(at, entry, flat.height + 8, name) for at, entry in enumerate(legend)]
    below = flat.height + 8 + _LINE * len(legend)
    owner = Label(county.geometry_attribution, MUTED, _SMALL, "end", edge=_EDGE).at(_WIDTH, below + 10)
    return picture((_WIDTH, below + 14), _hatching(name), [*outlines, *texts, *lines, owner])


def drawn_locator(county: County, here: str) -> str:
    """A small map on which one area is filled."""
    flat = _Flat(shapes(county))
    outlines = [_outline(path, BLUE if key == here else "#ececec") for key, path in flat.paths.items()]
    owner = Label(county.geometry_attribution, MUTED, 14, "start", edge=_EDGE).at(0, flat.height + 16)
    return picture((_WIDTH, flat.height + 22), "", [*outlines, owner])


class _Flat:
    """The areas' outlines and the places of their labels, on a drawing as wide as `_WIDTH`."""

    def __init__(self, places: dict[str, dict[str, Any]]) -> None:
        points = [point for place in places.values() for ring in place["rings"] for point in ring]
        left, top = min(p[0] for p in points), max(p[1] for p in points)
        scale = (_WIDTH - 2) / (max(p[0] for p in points) - left)
        self.height = (top - min(p[1] for p in points)) * scale + 2
        self.paths = {
            key: " ".join(
                "M" + "L".join(f"{(x - left) * scale + 1:.1f},{(top - y) * scale + 1:.1f}" for x, y in ring) + "Z"
                for ring in place["rings"]
            )
            for key, place in places.items()
        }
        self.spots = {
            key: ((place["x"] - left) * scale + 1, (top - place["y"]) * scale + 1) for key, place in places.items()
        }


def _outline(path: str, fill: str) -> str:
    return f'<path d="{path}" fill="{fill}" stroke="{INK}" stroke-width="0.6" fill-rule="evenodd"/>'


def _fill(fill: int | str, name: str) -> str:
    if isinstance(fill, int):
        return _SHADES[fill]
    return f"url(#{name}-hatched)" if fill == "hatched" else "white"


def _hatching(name: str) -> str:
    return (
        f'<pattern id="{name}-hatched" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<rect width="6" height="6" fill="white"/><path d="M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2" stroke="{MUTED}" '
        'stroke-width="0.7" stroke-opacity="0.6"/></pattern>'
    )


def _named(place: tuple[float, float], area: MapArea) -> list[str]:
    x, y = place
    return [
        Label(area.name, size=_NAMES, edge=_EDGE).at(x, y - 2),
        Label(area.label, size=_VALUES, is_bold=True, edge=_EDGE).at(x, y + 8),
    ]


def _legend_line(at: int, entry: tuple[int | str, str], top: float, name: str) -> str:
    fill, text = entry
    y = top + _LINE * at
    if fill == "mark":
        patch = f'<path d="M11,{y + 1:.1f} l5,4.5 l-5,4.5 l-5,-4.5 Z" fill="{INK}"/>'
    else:
        patch = (
            f'<rect x="2" y="{y:.1f}" width="18" height="9" fill="{_fill(fill, name)}" stroke="{INK}" '
            'stroke-width="0.6"/>'
        )
    return patch + Label(text, size=_NAMES + 0.5, anchor="start", edge=_EDGE).at(26, y + 8)
