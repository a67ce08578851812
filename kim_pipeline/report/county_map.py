"""The county's municipalities as flat shapes for a map.

Belongs here: reading the geometry, and where a label stands.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from kim_pipeline.contracts.configured import decoded
from kim_pipeline.contracts.county import County

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
