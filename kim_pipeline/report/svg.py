"""Charts as SVG: from an Altair chart to a picture that stands in the PDF and in the HTML page alike.

Belongs here: compiling, patterns instead of colour alone, and what makes several pictures fit on one page.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

FONT = "Source Sans 3"
FONTS = Path(__file__).parent / "fonts"
INK = "#1a1a1a"
MUTED = "#595959"
RULE = "#d0d0d0"
BLUE, SKY = "#0072b2", "#56b4e9"
"""After Okabe and Ito's palette, which people with any kind of colour vision can tell apart."""

FILLS = {
    "light": SKY,
    "stripes": "#e69f01",
    "hatched": "#fafafb",
}
"""Name of a fill → the colour that stands for it in a chart; those of patterns are used for nothing else."""

HIDDEN_FILL = FILLS["hatched"]
"""Fill of what is kept secret."""

_LINE = 'stroke="{ink}" stroke-width="1.2" stroke-opacity="{opacity}"'
_PATTERNS = {
    "stripes": f'<path d="M-2,2 l4,-4 M0,8 l8,-8 M6,10 l4,-4" {_LINE.format(ink=INK, opacity=0.45)}/>',
    "hatched": f'<path d="M-2,2 l4,-4 M0,8 l8,-8 M6,10 l4,-4" {_LINE.format(ink=MUTED, opacity=0.55)}/>',
}
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_DROPPED = ("class", "role", "pointer-events", "aria-hidden", "aria-label", "aria-roledescription")

CONFIG: dict[str, Any] = {
    "aria": False,
    "background": "white",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": 600, "labelColor": INK, "titleColor": INK,
        "domainColor": RULE, "tickColor": RULE, "gridColor": "#e8e8e8", "labelLimit": 260,
    },
    "legend": {
        "labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": 600, "labelColor": INK, "titleColor": INK,
        "symbolSize": 130, "symbolStrokeWidth": 0.6, "orient": "top", "labelLimit": 220,
    },
    "text": {"fontSize": 11, "color": INK},
}  # fmt: skip


@cache
def _register_fonts() -> None:
    vl_convert.register_font_directory(str(FONTS))


def drawn(chart: alt.TopLevelMixin, name: str) -> str:
    """An Altair chart as SVG.

    Args:
        chart: with its data.
        name: unlike that of any other picture on the page.
    """
    _register_fonts()
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _XLINK)
    version = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    spec = chart.to_dict(validate=False)
    raw = vl_convert.vegalite_to_svg(
        spec,
        vl_version=version,
        config=CONFIG,
        allowed_base_urls=[],
        format_locale="de-DE",
        time_format_locale="de-DE",
    )
    root = ET.fromstring(raw)  # noqa: S314  (our own drawing)
    for element in root.iter():
        for attribute in _DROPPED:
            element.attrib.pop(attribute, None)
        if element.get("font-family"):
            element.set("font-family", f"{FONT}, Segoe UI, Arial, sans-serif")
    return _patterned(_own_ids(ET.tostring(root, encoding="unicode"), name), name)


def png(svg: str) -> bytes:
    """A picture for files that hold no SVG, three dots to a point of it."""
    _register_fonts()
    return bytes(vl_convert.svg_to_png(svg, scale=3))


def _own_ids(svg: str, name: str) -> str:
    """Ids are shared by a whole HTML page: they get the picture's name."""
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    return re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', svg)


def _patterned(svg: str, name: str) -> str:
    """The fills that stand for a pattern, replaced by it."""
    definitions = []
    for fill, drawing in _PATTERNS.items():
        colour = FILLS[fill]
        used = re.compile(rf'fill="{colour}"', re.IGNORECASE)
        if used.search(svg):
            svg = used.sub(f'fill="url(#{name}-{fill})"', svg)
            definitions.append(
                f'<pattern id="{name}-{fill}" width="8" height="8" patternUnits="userSpaceOnUse">'
                f'<rect width="8" height="8" fill="{colour}"/>{drawing}</pattern>'
            )
    if not definitions:
        return svg
    end = svg.index(">") + 1
    return f"{svg[:end]}<defs>{''.join(definitions)}</defs>{svg[end:]}"
