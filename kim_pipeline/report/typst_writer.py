"""A document as PDF: its blocks as data for the Typst template `paper.typ`.

Belongs here: handing over. How it looks is in the template.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
from functools import cache
from pathlib import Path
from typing import Any

import typst

from kim_pipeline.german import tied
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
    Section,
    SideBySide,
    Spark,
    lines_of,
)
from kim_pipeline.report.svg import FONTS

_FOLDER = Path(__file__).parent


@cache
def _template() -> bytes:
    return (_FOLDER / "paper.typ").read_bytes()


@cache
def fonts() -> typst.Fonts:
    """Those of the paper and no others, so that each machine gives the same bytes."""
    return typst.Fonts(include_system_fonts=False, font_paths=[str(FONTS)])


def pdf(document: Document, author: str, made_at: dt.datetime) -> bytes:
    """The document as tagged PDF (PDF/UA-1).

    Args:
        document: numbered.
        author: who publishes it.
        made_at: when the build was made; the only time in the file.
    """
    content = json.dumps(_document(document, author), ensure_ascii=False)
    return typst.compile(
        _template(),
        format="pdf",
        font_paths=fonts(),
        sys_inputs={"document": content},
        pdf_standards="ua-1",
        timestamp=int(made_at.timestamp()),
    )


def _document(document: Document, author: str) -> dict[str, Any]:
    front = document.front
    return {
        "title": tied(front.title),
        "subtitle": tied(front.subtitle),
        "author": author,
        "facts": [[tied(label), tied(text)] for label, text in front.facts],
        "sessions": _table(front.sessions) if front.sessions else None,
        "picture": {"svg": front.picture.svg, "alt": front.picture.alt} if front.picture else None,
        "running": list(document.running),
        "footer": document.footer,
        "paper": document.has_contents,
        "sections": [_section(section) for section in document.printed()],
    }


def _section(section: Section) -> dict[str, Any]:
    blocks = [_part(block) for block in section.blocks]
    for part, following in reversed(list(itertools.pairwise(blocks))):
        leads_on = following["kind"] == "figure" or following.get("sticky", False)
        part["sticky"] = part["kind"] == "paragraph" and leads_on
    return {"page": section.begins_page, "size": section.size, "blocks": blocks}


def _part(block: Block) -> dict[str, Any]:
    if isinstance(block, Picture):
        return _figure(block)
    if isinstance(block, PaperTable):
        return {"kind": "table", **_table(block)}
    if isinstance(block, Panel):
        return _panel(block)
    if isinstance(block, SideBySide):
        return {"kind": "columns", "left": [_part(b) for b in block.left], "right": [_part(b) for b in block.right]}
    return _words(block)


def _words(block: Heading | Paragraph | Note | Listing | Entries) -> dict[str, Any]:
    if isinstance(block, Heading):
        return {"kind": "heading", "level": block.level, "text": tied(block.text)}
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "text": tied(block.text)}
    if isinstance(block, Note):
        return {"kind": "note", "title": tied(block.title), "texts": [tied(text) for text in block.texts]}
    if isinstance(block, Entries):
        items = [[tied(mark), tied(text)] for mark, text in block.items]
        return {"kind": "entries", "title": tied(block.title), "items": items, "running": block.is_running}
    return {"kind": "list", "ordered": block.is_ordered, "items": [tied(item) for item in block.items]}


def _panel(block: Panel) -> dict[str, Any]:
    table = _table(block.table) if block.table else None
    return {
        "kind": "panel", "title": tied(block.title), "text": tied(block.text), "svg": block.svg, "alt": block.alt,
        "table": table,
    }  # fmt: skip


def _figure(block: Picture) -> dict[str, Any]:
    caption = f"{block.label}: {block.caption}" if block.label else block.caption
    return {
        "kind": "figure",
        "svg": block.svg,
        "alt": block.alt,
        "caption": tied(caption),
        "notes": [tied(note) for note in block.notes],
        "width": block.width,
    }


def _table(table: PaperTable) -> dict[str, Any]:
    caption = f"{table.label}: {table.caption}" if table.label else table.caption
    return {
        "caption": tied(caption),
        "columns": [{"head": tied(c.head), "align": c.align, "width": c.width} for c in table.columns],
        "rows": [
            {"group": tied(row.text)} if isinstance(row, Group) else {"cells": [_cell(cell) for cell in row]}
            for row in table.rows
        ],
        "notes": [tied(note) for note in table.notes],
        "small": table.is_small,
        "breakable": len(table.rows) > KEPT_TOGETHER,
    }


def _cell(cell: Cell) -> dict[str, Any]:
    if isinstance(cell, Spark):
        return {"svg": cell.svg, "alt": cell.alt}
    return {"lines": [[tied(text), is_bold] for text, is_bold in lines_of(cell)]}
