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
    Document,
    Group,
    Heading,
    Note,
    PaperTable,
    Paragraph,
    Picture,
    Section,
)
from kim_pipeline.report.svg import FONTS

_FOLDER = Path(__file__).parent


@cache
def _template() -> bytes:
    return (_FOLDER / "paper.typ").read_bytes()


@cache
def _fonts() -> typst.Fonts:
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
        font_paths=_fonts(),
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
        "contents": document.has_contents,
        "sections": [_section(section) for section in document.sections],
    }


def _section(section: Section) -> dict[str, Any]:
    blocks = [part for block in section.blocks for part in _parts(block)]
    for part, following in reversed(list(itertools.pairwise(blocks))):
        leads_on = following["kind"] == "figure" or following.get("sticky", False)
        part["sticky"] = part["kind"] == "paragraph" and leads_on
    return {"wide": section.is_wide, "blocks": blocks}


def _parts(block: Block) -> list[dict[str, Any]]:
    if isinstance(block, Picture):
        printed = [{"kind": "table", **_table(block.data)}] if block.is_data_printed else []
        return [_figure(block), *printed]
    if isinstance(block, PaperTable):
        return [{"kind": "table", **_table(block)}]
    if isinstance(block, Heading):
        return [{"kind": "heading", "level": block.level, "number": block.number, "text": tied(block.text)}]
    if isinstance(block, Paragraph):
        return [{"kind": "paragraph", "text": tied(block.text)}]
    if isinstance(block, Note):
        return [{"kind": "note", "title": tied(block.title), "texts": [tied(text) for text in block.texts]}]
    return [{"kind": "list", "ordered": block.is_ordered, "items": [tied(item) for item in block.items]}]


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
            {"group": tied(row.text)} if isinstance(row, Group) else {"cells": [tied(cell) for cell in row]}
            for row in table.rows
        ],
        "notes": [tied(note) for note in table.notes],
        "small": table.is_small,
        "breakable": len(table.rows) > KEPT_TOGETHER,
    }
