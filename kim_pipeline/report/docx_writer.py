"""A document as a Word file: built-in styles only, so that pasting it takes the office's look (`paper.md` §1.12).

Belongs here: the same blocks as in PDF and HTML as headings, lists, tables and pictures. No merged cells, no text
boxes, nothing that Word would have to update; the same document gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from kim_pipeline.german import tied
from kim_pipeline.report.blocks import (
    Block,
    Cell,
    Document,
    Entries,
    Group,
    Head,
    Heading,
    Listing,
    Note,
    Panel,
    PaperTable,
    Paragraph,
    Picture,
    SideBySide,
    Spark,
    drawings_in,
    lines_of,
)
from kim_pipeline.report.png import pngs

_PAGE = (Mm(210), Mm(297))
_MARGIN = Mm(22)
_ABOVE_TABLES = Pt(8)
_WIDTH = 166.0
"""Of the text, in millimetres."""
_SPARK, _PANEL = 24.0, 80.0
_LETTER, _BOLD_LETTER, _PADDING, _WIDEST_WORD = 2.3, 2.6, 4.0, 22.0
"""Of an average letter at 11 points, of a cell's margins, and of the longest word that is not parted."""
_BESIDE = 0.55
"""Of the width, for a picture that has another beside it on the printed page."""
_NORMAL_SIZE, _SMALL_SIZE = 11, 8
"""In points, of the text and of small tables."""
_LANGUAGE = "de-DE"
_HEADINGS = ("Heading1", "Heading2", "Heading3")
_LIST, _CAPTION, _GRID = "ListNumber", "Caption", "TableGrid"
"""Ids of built-in styles: Heading 1 to 3, List Number, Caption, Table Grid; all else is Normal."""
_ALIGNED = {"right": WD_ALIGN_PARAGRAPH.RIGHT, "center": WD_ALIGN_PARAGRAPH.CENTER}
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644 << 16


def word(document: Document, author: str, made_at: dt.datetime, *, has_front: bool = True) -> bytes:
    """The document as a Word file.

    Args:
        document: numbered.
        author: who publishes it.
        made_at: when the build was made; the only time in the file.
        has_front: whether it begins with title and head, below which chapters are headings of the second level.
    """
    file = docx.Document()
    _set_up(file, document, author, made_at)
    writer = _Writer(file, 1 if has_front else 0, _drawn(document))
    if has_front:
        writer.front(document)
    for section in document.printed():
        writer.blocks(section.blocks)
    return _packed(file)


def _drawn(document: Document) -> dict[str, bytes]:
    """Each SVG of the document → the same as PNG; all at once, since each start of Typst costs as much as ten."""
    cover = document.front.picture
    blocks = [block for section in document.printed() for block in section.blocks]
    drawings = list(dict.fromkeys([*([cover.svg] if cover else []), *drawings_in(blocks)]))
    return dict(zip(drawings, pngs(drawings), strict=True))


def _set_up(file: Any, document: Document, author: str, made_at: dt.datetime) -> None:
    page = file.sections[0]
    page.page_width, page.page_height = _PAGE
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = _MARGIN
    defaults = file.styles.element.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}")
    for language in defaults.findall(qn("w:lang")):
        defaults.remove(language)
    element = OxmlElement("w:lang")
    for name in ("w:val", "w:eastAsia"):
        element.set(qn(name), _LANGUAGE)
    defaults.append(element)
    hyphenates = OxmlElement("w:autoHyphenation")
    hyphenates.set(qn("w:val"), "true")
    file.settings.element.find(qn("w:defaultTabStop")).addnext(hyphenates)
    facts = file.core_properties
    facts.title = f"{document.front.title} – {document.front.subtitle}"
    facts.author = facts.last_modified_by = author
    facts.created = facts.modified = made_at.astimezone(dt.UTC).replace(tzinfo=None)
    facts.revision, facts.language, facts.comments = 1, _LANGUAGE, ""
    page.header.paragraphs[0].text = " · ".join(document.running)
    page.footer.paragraphs[0].text = document.footer


class _Writer:
    """Blocks into a Word file.

    Args:
        file: to write into.
        depth: how many levels of headings stand above the chapters.
        drawn: SVG → PNG of all drawings.
    """

    def __init__(self, file: Any, depth: int, drawn: Mapping[str, bytes]) -> None:
        self._file = file
        self._depth = depth
        self._drawn = drawn

    def front(self, document: Document) -> None:
        front = document.front
        self._paragraph(front.title, _HEADINGS[0])
        self._normal(front.subtitle)
        for label, text in front.facts:
            paragraph = self._normal("")
            paragraph.add_run(f"{tied(label)}: ").bold = True
            paragraph.add_run(tied(text))
        if front.picture is not None:
            self._image(front.picture.svg, front.picture.alt, _WIDTH / 3)
        if front.sessions is not None:
            self._table(front.sessions)

    def blocks(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            self._block(block)

    def _block(self, block: Block) -> None:
        if isinstance(block, SideBySide):
            self.blocks(_smaller(part) for part in (*block.left, *block.right))
        elif isinstance(block, PaperTable):
            self._table(block)
        elif isinstance(block, Picture):
            self._picture(block)
        elif isinstance(block, Panel):
            self._panel(block)
        elif isinstance(block, Entries):
            self._entries(block)
        else:
            self._words(block)

    def _words(self, block: Heading | Paragraph | Note | Listing) -> None:
        if isinstance(block, Heading):
            self._paragraph(block.text, _HEADINGS[block.level + self._depth - 1])
        elif isinstance(block, Paragraph):
            self._normal(block.text)
        elif isinstance(block, Note):
            self._leading(block.title)
            for text in block.texts:
                self._normal(text)
        else:
            for item in block.items:
                self._paragraph(item, _LIST if block.is_ordered else None)

    def _normal(self, text: str) -> Any:
        return self._paragraph(text, None)

    def _paragraph(self, text: str, style: str | None) -> Any:
        """A paragraph; the style is set by its id, since python-docx looks through all styles for a name each time."""
        made = self._file.add_paragraph(tied(text))
        if style is not None:
            made._p.style = style
        return made

    def _leading(self, title: str) -> None:
        """A title in bold, on the page of what follows."""
        paragraph = self._normal("")
        paragraph.paragraph_format.keep_with_next = True
        paragraph.add_run(tied(title)).bold = True

    def _caption(self, text: str, *, leads: bool) -> None:
        paragraph = self._paragraph(text, _CAPTION)
        paragraph.paragraph_format.keep_with_next = leads
        if leads:
            paragraph.paragraph_format.space_before = _ABOVE_TABLES

    def _entries(self, block: Entries) -> None:
        if block.is_running:
            paragraph = self._normal("")
            paragraph.add_run(f"{tied(block.title)}: ").bold = True
            for at, (mark, text) in enumerate(block.items):
                paragraph.add_run(f"{' · ' if at else ''}{tied(mark)} ").bold = True
                paragraph.add_run(tied(text))
            return
        first, second = block.heads
        columns = (Head(first, width=0.28), Head(second, width=1))
        self._table(PaperTable(block.title, columns, block.items))

    def _picture(self, block: Picture) -> None:
        self._image(block.svg, block.alt, _WIDTH * block.width)
        self._caption(_labelled(block.label, block.caption), leads=False)
        for note in block.notes:
            self._normal(note)
        if block.is_data_in_word:
            self._table(block.data)

    def _panel(self, block: Panel) -> None:
        self._leading(block.title)
        self._normal(block.text).paragraph_format.keep_with_next = True
        self._image(block.svg, block.alt, _PANEL)
        if block.table is not None:
            self._table(block.table)

    def _image(self, svg: str, alt: str, width: float) -> None:
        paragraph = self._normal("")
        paragraph.paragraph_format.keep_with_next = True
        self._put(paragraph, svg, alt, width)

    def _put(self, paragraph: Any, svg: str, alt: str, width: float) -> None:
        shape = paragraph.add_run().add_picture(io.BytesIO(self._drawn[svg]), width=Mm(width))
        shape._inline.docPr.set("descr", tied(alt))

    def _table(self, table: PaperTable) -> None:
        columns, rows = _without_groups(table)
        caption = _labelled(table.label, table.caption)
        self._caption(caption, leads=True)
        made = self._file.add_table(rows=1 + len(rows), cols=len(columns))
        made._tbl.tblPr.style = _GRID
        made.autofit = False
        size = _SMALL_SIZE if table.is_small else _NORMAL_SIZE
        widths = _widths(columns, rows, size / _NORMAL_SIZE)
        for at, width in enumerate(widths):
            made.columns[at].width = Mm(width)
        cells = [list(row.cells) for row in made.rows]
        for line, row in zip(cells, [tuple(column.head for column in columns), *rows], strict=True):
            for cell, value, column, width in zip(line, row, columns, widths, strict=True):
                cell.width = Mm(width)
                if isinstance(value, Spark):
                    self._put(cell.paragraphs[0], value.svg, value.alt, _SPARK)
                else:
                    _fill(cell, value, column, is_bold=line is cells[0])
                    if table.is_small:
                        _set_size(cell, _SMALL_SIZE)
        _describe(made, caption, columns)
        for note in table.notes:
            self._normal(note)


def _widths(columns: Sequence[Head], rows: Sequence[tuple[Cell, ...]], scale: float) -> list[float]:
    """Widths in millimetres: as the columns ask, but no word is broken as long as the others have room to give.

    Args:
        columns: heads, and what share each asks for.
        rows: cells.
        scale: size of the letters to those of the text.
    """
    needed = [
        max(_least_width(value, scale) for value in (column.head, *(row[at] for row in rows)))
        for at, column in enumerate(columns)
    ]
    needed = [min(width, _cap(needed)) for width in needed]
    asked = [column.width * _WIDTH / sum(column.width for column in columns) for column in columns]
    missing = sum(max(0.0, least - width) for least, width in zip(needed, asked, strict=True))
    spare = sum(max(0.0, width - least) for least, width in zip(needed, asked, strict=True))
    given = missing / spare if spare else 0.0
    return [
        least if width <= least else width - (width - least) * given for least, width in zip(needed, asked, strict=True)
    ]


def _cap(needed: Sequence[float]) -> float:
    """The width up to which columns get what they need, so that all have room: the longest words are broken first."""
    room, ordered = _WIDTH, sorted(needed)
    for at, width in enumerate(ordered):
        share = room / (len(ordered) - at)
        if width >= share:
            return share
        room -= width
    return ordered[-1]


def _least_width(value: Cell, scale: float) -> float:
    """What the longest word of a cell needs; very long ones are broken."""
    if isinstance(value, Spark):
        return _SPARK + _PADDING
    letter = {False: _LETTER, True: _BOLD_LETTER}
    words = (len(word) * letter[bold] for text, bold in lines_of(value) for word in tied(text).split(" "))
    return min(_WIDEST_WORD, max(words, default=0.0)) * scale + _PADDING


def _labelled(label: str, caption: str) -> str:
    return f"{label}: {caption}" if label else caption


def _without_groups(table: PaperTable) -> tuple[tuple[Head, ...], list[tuple[Cell, ...]]]:
    """SideBySide and rows of a table whose groups are a column of their own, for there are no merged cells."""
    plain = [row for row in table.rows if not isinstance(row, Group)]
    if len(plain) == len(table.rows):
        return table.columns, plain
    found: list[tuple[Cell, ...]] = []
    group = ""
    for row in table.rows:
        if isinstance(row, Group):
            group = row.text
        else:
            found.append((group, *row))
    widest = sum(column.width for column in table.columns)
    return (Head(table.group_head, width=widest * 0.16), *table.columns), found


def _smaller(block: Block) -> Block:
    """What has something beside it on the printed page; here it stands below it, a picture no larger than there."""
    return replace(block, width=block.width * _BESIDE) if isinstance(block, Picture) else block


def _fill(cell: Any, value: str, column: Head, *, is_bold: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    if column.align in _ALIGNED:
        paragraph.alignment = _ALIGNED[column.align]
    for at, (text, is_strong) in enumerate(lines_of(value)):
        run = paragraph.add_run()
        if at:
            run.add_break()
        run.add_text(tied(text))
        run.bold = is_bold or is_strong or None


def _set_size(cell: Any, points: int) -> None:
    for run in cell.paragraphs[0].runs:
        run.font.size = Pt(points)


def _describe(table: Any, caption: str, columns: Sequence[Head]) -> None:
    """Head row repeated, rows never parted, title and description for those who do not see the table."""
    properties = table._tbl.tblPr
    spoken = f"Spalten: {', '.join(lines_joined(column.head) for column in columns)}."
    for name, text in (("w:tblCaption", caption), ("w:tblDescription", spoken)):
        element = OxmlElement(name)
        element.set(qn("w:val"), tied(text))
        properties.append(element)
    for at, row in enumerate(table.rows):
        kept = row._tr.get_or_add_trPr()
        kept.append(OxmlElement("w:cantSplit"))
        if at == 0:
            kept.append(OxmlElement("w:tblHeader"))


def lines_joined(text: str) -> str:
    """A head of several lines in one, without soft hyphens."""
    return " / ".join(line for line, _ in lines_of(text)).replace("\u00ad", "")


def _packed(file: Any) -> bytes:
    """The file's bytes without its template's preview, in a fixed order and with a fixed time."""
    package = file.part.package
    previews = [key for key, relation in package.rels.items() if relation.reltype == RELATIONSHIP_TYPE.THUMBNAIL]
    for key in previews:
        del package.rels[key]
    written, packed = io.BytesIO(), io.BytesIO()
    file.save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = _MODE
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return packed.getvalue()
