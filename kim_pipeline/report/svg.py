"""Drawings as SVG: what they are made of, so that one picture stands in the PDF, in the HTML page and in Word.

Belongs here: colours, patterns instead of colour alone, labels that can be read on any fill, and a picture's frame.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

FONT = "Source Sans 3"
_FAMILY = f"'{FONT}', 'Segoe UI', Arial, sans-serif"
"""In quotation marks: a family whose name has a word that begins with a digit is none without them."""
FONTS = Path(__file__).parent / "fonts"
INK = "#1a1a1a"
MUTED = "#595959"
RULE = "#d0d0d0"
GRID = "#e8e8e8"
BLUE, SKY = "#0072b2", "#56b4e9"
"""After Okabe and Ito's palette, which people with any kind of colour vision can tell apart."""

LETTER = 11.0
"""Height of the letters of a chart."""
_AVERAGE = 0.52
"""Width of a letter to its height, rather too wide than too narrow."""
_PATTERNS = {"stripes": ("#e69f01", INK, 0.45), "hatched": ("#fafafb", MUTED, 0.55)}
"""Name of a pattern → ground, colour and opacity of its lines; `hatched` is what is kept secret."""


def filled_with(fill: str, name: str) -> str:
    """What stands in an attribute `fill` for `light` or a pattern.

    Args:
        fill: `light`, `stripes` or `hatched`.
        name: of the picture, unlike that of any other on the page, since ids are shared by a whole HTML page.
    """
    return SKY if fill == "light" else f"url(#{name}-{fill})"


def patterns(fills: Collection[str], name: str) -> str:
    """The definitions of those of the fills that are patterns."""
    lines = "M-2,2 l4,-4 M0,8 l8,-8 M6,10 l4,-4"
    return "".join(
        f'<pattern id="{name}-{fill}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<rect width="8" height="8" fill="{ground}"/>'
        f'<path d="{lines}" stroke="{ink}" stroke-width="1.2" stroke-opacity="{opacity}"/></pattern>'
        for fill, (ground, ink, opacity) in _PATTERNS.items()
        if fill in fills
    )


@dataclass(frozen=True)
class Label:
    """A text with a white edge, so that it can be read on any fill."""

    text: str
    colour: str = INK
    size: float = LETTER
    anchor: str = "middle"
    is_bold: bool = False
    is_upward: bool = False
    edge: float = 2.5

    def at(self, x: float, y: float) -> str:
        """The label with its foot at a place; `is_upward` turns it to the left."""
        place = f'x="{svg_length(x)}" y="{svg_length(y)}"'
        if self.is_upward:
            place += f' transform="rotate(-90 {svg_length(x)} {svg_length(y)})"'
        font = f'font-family="{_FAMILY}" font-size="{svg_length(self.size)}"'
        weight = ' font-weight="600"' if self.is_bold else ""
        edge = f'stroke="white" stroke-width="{svg_length(self.edge)}" stroke-linejoin="round" paint-order="stroke"'
        look = f'{font}{weight} fill="{self.colour}" {edge} text-anchor="{self.anchor}"'
        return f"<text {place} {look}>{escape(self.text)}</text>"


def width_of(text: str, size: float = LETTER) -> float:
    """How wide a text is at most, about."""
    return len(text) * size * _AVERAGE


def picture(size: tuple[float, float], definitions: str, parts: Iterable[str]) -> str:
    """An SVG of a width and height."""
    box = " ".join(f'{name}="{svg_length(length)}"' for name, length in zip(("width", "height"), size, strict=True))
    defs = f"<defs>{definitions}</defs>" if definitions else ""
    view = f'viewBox="0 0 {svg_length(size[0])} {svg_length(size[1])}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {view} {box}>{defs}{"".join(parts)}</svg>'


def svg_length(value: float) -> str:
    """A length with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
