"""A document as one self-contained HTML page: nothing is fetched, everything can be reached by keyboard.

Belongs here: what the template (`templates/page.html.jinja`) asks of a document. How it looks is in `paper.css`.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from kim_pipeline.german import MINUS, NBSP, tied
from kim_pipeline.report.blocks import (
    KEPT_TOGETHER,
    Block,
    Cell,
    Document,
    Entries,
    Group,
    Heading,
    Listing,
    Note,
    Panel,
    PaperTable,
    Paragraph,
    Picture,
    SideBySide,
    Spark,
    cell_text,
    lines_of,
)
from kim_pipeline.report.svg import FONTS
from kim_pipeline.report.tables import MEANING

_FOLDER = Path(__file__).parent
_FEW, _MANY = 3, 7
_LONG = 15
"""Rows from which a table can be filtered and sorted."""
"""SideBySide of a table that fits a narrow screen, and of one that needs a wide one."""
_DAY = re.compile(r"(\d\d)\.(\d\d)\.(\d{4})")
_NUMBER = re.compile(rf"\(?([+{MINUS}]?\d[\d.]*(?:,\d+)?)(?:\)|°| %|$)")
_WEIGHTS = {400: "source-sans-3-latin-400-normal.woff2", 600: "source-sans-3-latin-600-normal.woff2"}
_SPOKEN = {sign: meaning.removeprefix(sign).strip() for sign, meaning in MEANING.items()}


@cache
def _style() -> str:
    faces = "".join(
        f'@font-face{{font-family:"Source Sans 3";font-weight:{weight};font-style:normal;'
        f'src:url(data:font/woff2;base64,{base64.b64encode((FONTS / file).read_bytes()).decode()}) format("woff2")}}'
        for weight, file in _WEIGHTS.items()
    )
    return faces + (_FOLDER / "paper.css").read_text(encoding="utf-8")


@cache
def _script() -> str:
    return (_FOLDER / "paper.js").read_text(encoding="utf-8")


@cache
def _script_hash() -> str:
    """By which the page's policy knows its own script; no other may run."""
    return base64.b64encode(hashlib.sha256(_script().encode()).digest()).decode()


def html(document: Document, author: str) -> bytes:
    """The document as a page in UTF-8."""
    page = _environment().get_template("page.html.jinja")
    style = Markup(_style())  # noqa: S704  (our own)
    script = Markup(_script())  # noqa: S704  (our own)
    text = page.render(
        document=document, author=author, style=style, script=script, script_hash=_script_hash(),
        contents=_contents(document), chapters=_chapters(document),
    )  # fmt: skip
    return text.encode()


@cache
def _environment() -> jinja2.Environment:
    """Templates in which every text is escaped, and a name that there is not is an error."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "tied": tied, "svg": _svg, "kinds": _kinds, "list_tag": _list_tag, "lines": lines_of, "sort_key": _sort_key,
    }  # fmt: skip
    kinds = {
        "heading": Heading, "paragraph": Paragraph, "note": Note, "listing": Listing, "figure": Picture, "group": Group,
        "entries": Entries, "columns": SideBySide, "panel": Panel, "spark": Spark,
    }  # fmt: skip
    made.tests |= {name: _is_a(kind) for name, kind in kinds.items()}
    made.globals |= {"spoken": _SPOKEN, "many": _MANY, "long": _LONG}
    return made


def _is_a(kind: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, kind)


def _svg(picture: Picture | Panel | Spark) -> Markup:
    """The picture, which is our own, with what it shows in words."""
    return Markup(picture.svg.replace("<svg ", f'<svg role="img" aria-label="{escape(tied(picture.alt))}" ', 1))  # noqa: S704


def _kinds(table: PaperTable) -> str:
    """How a table is set, as classes."""
    kinds = " small" if table.is_small else ""
    kinds += " together" if len(table.rows) <= KEPT_TOGETHER else ""
    return kinds + (" wide" if len(table.columns) >= _MANY else " narrow" if len(table.columns) <= _FEW else "")


def _sort_key(cell: Cell) -> str:
    """What a cell is sorted by: numbers and days by size, all else as it is read."""
    text = cell_text(cell).replace(NBSP, " ")
    day = _DAY.fullmatch(text)
    if day:
        return f"{day[3]}{day[2]}{day[1]}"
    number = _NUMBER.match(text)
    return number[1].replace(".", "").replace(",", ".").replace(MINUS, "-") if number else text.casefold()


def _list_tag(block: Listing) -> str:
    return "ol" if block.is_ordered else "ul"


def _contents(document: Document) -> list[tuple[Heading, list[Heading]]]:
    """The chapters with their parts."""
    chapters: list[tuple[Heading, list[Heading]]] = []
    for heading in document.headings():
        if heading.level == 1:
            chapters.append((heading, []))
        else:
            chapters[-1][1].append(heading)
    return chapters


def _chapters(document: Document) -> list[tuple[str, list[Block]]]:
    """The blocks by chapter, each with the anchor of its heading; blank before the first."""
    chapters: list[tuple[str, list[Block]]] = [("", [])]
    for block in (block for section in document.sections for block in section.blocks):
        if isinstance(block, Heading) and block.level == 1:
            chapters.append((block.anchor, []))
        chapters[-1][1].append(block)
    return chapters
