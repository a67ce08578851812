"""A document as one self-contained HTML page: nothing is fetched, everything can be reached by keyboard.

Belongs here: the page's markup. How it looks is in `paper.css`.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path

from kim_pipeline.german import tied
from kim_pipeline.report.blocks import (
    KEPT_TOGETHER,
    Block,
    Column,
    Document,
    Figure,
    Group,
    Heading,
    Listing,
    Note,
    Paragraph,
    Row,
    Table,
)
from kim_pipeline.report.svg import FONTS
from kim_pipeline.report.tables import MEANING

_FOLDER = Path(__file__).parent
_FEW, _MANY = 3, 7
"""Columns of a table that fits a narrow screen, and of one that needs a wide one."""
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


def html(document: Document, author: str) -> bytes:
    """The document as a page in UTF-8."""
    front = document.front
    title = f"{front.title} – {front.subtitle}"
    parts = [
        f'<!DOCTYPE html>\n<html lang="de">\n<head>\n<meta charset="utf-8">\n<title>{_text(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="author" content="{_text(author)}">\n'
        f"<style>{_style()}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#inhalt">Zum Inhalt springen</a>\n',
        _header(document),
        _contents(document) if document.has_contents else "",
        '<main id="inhalt" tabindex="-1">\n',
        _body(document),
        "</main>\n",
        f"<footer><p>{_text(document.running[1])}</p><p>{_text(document.footer)}</p></footer>\n</body>\n</html>\n",
    ]
    return "".join(parts).encode()


def _text(text: str) -> str:
    return escape(tied(text))


def _header(document: Document) -> str:
    front = document.front
    facts = "".join(f"<div><dt>{_text(label)}</dt><dd>{_text(text)}</dd></div>" for label, text in front.facts)
    sessions = _table(front.sessions) if front.sessions else ""
    return (
        f'<header>\n<p class="kicker">{_text(front.subtitle)}</p>\n<h1>{_text(front.title)}</h1>\n'
        f"{_picture(front.picture)}<dl>{facts}</dl>\n{sessions}</header>\n"
    )


def _picture(picture: Figure | None) -> str:
    return f'<div class="place">{_named(picture)}</div>\n' if picture else ""


def _named(picture: Figure) -> str:
    return picture.svg.replace("<svg ", f'<svg role="img" aria-label="{_text(picture.alt)}" ', 1)


def _contents(document: Document) -> str:
    chapters: list[tuple[str, list[str]]] = []
    for heading in document.headings():
        link = f'<a href="#{heading.anchor}">{heading.number} {_text(heading.text)}</a>'
        if heading.level == 1:
            chapters.append((link, []))
        else:
            chapters[-1][1].append(f"<li>{link}</li>")
    lists = [(link, f"<ul>{''.join(parts)}</ul>" if parts else "") for link, parts in chapters]
    items = "".join(f"<li>{link}{parts}</li>" for link, parts in lists)
    return f'<nav aria-labelledby="verzeichnis">\n<h2 id="verzeichnis">Inhalt</h2>\n<ul>{items}</ul>\n</nav>\n'


def _body(document: Document) -> str:
    """The blocks; each chapter is a section named by its heading."""
    parts: list[str] = []
    is_open = False
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Heading) and block.level == 1:
                parts.append(("</section>\n" if is_open else "") + f'<section aria-labelledby="{block.anchor}">\n')
                is_open = True
            parts.append(_block(block))
    return "".join(parts) + ("</section>\n" if is_open else "")


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        level = block.level + 1
        return (
            f'<h{level} id="{block.anchor}"><span class="number">{block.number}</span> {_text(block.text)}</h{level}>\n'
        )
    if isinstance(block, Paragraph):
        return f"<p>{_text(block.text)}</p>\n"
    if isinstance(block, Note):
        title, texts = _text(block.title), "".join(f"<p>{_text(text)}</p>" for text in block.texts)
        return f'<div class="note" role="note" aria-label="{title}"><p class="title">{title}</p>{texts}</div>\n'
    if isinstance(block, Listing):
        tag = "ol" if block.is_ordered else "ul"
        return f"<{tag}>{''.join(f'<li>{_text(item)}</li>' for item in block.items)}</{tag}>\n"
    return _figure(block) if isinstance(block, Figure) else _table(block)


def _figure(block: Figure) -> str:
    caption = _text(f"{block.label}: {block.caption}")
    return (
        f'<figure>\n<div class="picture" tabindex="0" role="group" aria-label="{caption}">{_named(block)}</div>\n'
        f"<figcaption>{caption}</figcaption>\n{_notes(block.notes)}{_data(block.data, block.label)}</figure>\n"
    )


def _data(table: Table, label: str) -> str:
    return f"<details><summary>Daten zu {_text(label)} als Tabelle</summary>\n{_table(table)}</details>\n"


def _notes(notes: Sequence[str]) -> str:
    return "".join(f'<p class="remark">{_text(note)}</p>\n' for note in notes)


def _table(table: Table) -> str:
    caption = f"{table.label}: {table.caption}" if table.label else table.caption
    head = "".join(f'<th scope="col"{_class(column)}>{_text(column.head)}</th>' for column in table.columns)
    rows = "".join(_row(row, table.columns) for row in table.rows)
    kinds = " small" if table.is_small else ""
    kinds += " together" if len(table.rows) <= KEPT_TOGETHER else ""
    kinds += " wide" if len(table.columns) >= _MANY else " narrow" if len(table.columns) <= _FEW else ""
    return (
        f'<div class="table{kinds}" tabindex="0" role="region" aria-label="{_text(caption)}"><table>'
        f"<caption>{_text(caption)}</caption>{_widths(table.columns)}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>\n"
        f"{_notes(table.notes)}"
    )


def _widths(columns: Sequence[Column]) -> str:
    """The widths of a table with many columns, so that tables of one kind look alike."""
    if len(columns) < _MANY:
        return ""
    total = sum(column.width for column in columns)
    widths = (f'<col style="width:{100 * column.width / total:.1f}%">' for column in columns)
    return f"<colgroup>{''.join(widths)}</colgroup>"


def _row(row: Row, columns: Sequence[Column]) -> str:
    if isinstance(row, Group):
        return f'<tr class="group"><th scope="rowgroup" colspan="{len(columns)}">{_text(row.text)}</th></tr>\n'
    first, *rest = row
    short = ' class="short"' if columns[0].width < 1 else ""
    cells = "".join(f"<td{_class(column)}>{_cell(cell)}</td>" for column, cell in zip(columns[1:], rest, strict=True))
    return f'<tr><th scope="row"{short}>{_text(first)}</th>{cells}</tr>\n'


def _cell(cell: str) -> str:
    """A cell; a sign is read out as what it means."""
    if cell in _SPOKEN:
        return f'<abbr title="{_text(_SPOKEN[cell])}">{_text(cell)}</abbr>'
    return _text(cell)


def _class(column: Column) -> str:
    return "" if column.align == "left" else f' class="{column.align}"'
