"""What a report is made of: sections, headings, paragraphs, tables, figures. Both renderings come from it.

Belongs here: the building blocks, and numbering them. How they look is in the writers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

Align = Literal["left", "right", "center"]
KEPT_TOGETHER = 5
"""Rows of a table that is not parted at the end of a page."""


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is a chapter. `number` and `anchor` are set by `numbered`."""

    level: int
    text: str
    number: str = ""
    anchor: str = ""


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Note:
    """A box with a title, for what a reader must not miss."""

    title: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Listing:
    """A list of sentences, numbered where their order matters."""

    items: tuple[str, ...]
    is_ordered: bool = False


@dataclass(frozen=True)
class Head:
    """A column of a table: its head, alignment and share of the width."""

    head: str
    align: Align = "left"
    width: float = 1


@dataclass(frozen=True)
class Group:
    """A row that says what the rows below it belong to."""

    text: str


Row = Group | tuple[str, ...]


@dataclass(frozen=True)
class PaperTable:
    """A table; the first cell of a row is its head.

    Attributes:
        caption: what it shows, without a number.
        columns: its columns.
        rows: its rows, and the group heads among them.
        notes: what stands below it: signs and remarks.
        label: `Tabelle 3`, set by `numbered`; empty for a table that stands without caption.
        is_small: set in smaller type.
    """

    caption: str
    columns: tuple[Head, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    label: str = ""
    is_small: bool = False


@dataclass(frozen=True)
class Picture:
    """A picture with what it says in words and the table behind it.

    Attributes:
        caption: what it shows, without a number.
        svg: the picture.
        alt: what it shows and says, for those who do not see it.
        data: the figures in it.
        notes: what stands below it.
        is_data_printed: whether the table stands in the PDF as well, because no other one there holds the figures.
        label: `Abbildung 2`, set by `numbered`.
        width: share of the text's width in the PDF.
    """

    caption: str
    svg: str
    alt: str
    data: PaperTable
    notes: tuple[str, ...] = ()
    is_data_printed: bool = False
    label: str = ""
    width: float = 1


Block = Heading | Paragraph | Note | Listing | PaperTable | Picture


@dataclass(frozen=True)
class Section:
    """Blocks that share a page layout: upright, or wide for tables with many columns."""

    blocks: tuple[Block, ...]
    is_wide: bool = False


@dataclass(frozen=True)
class Front:
    """The head of the paper.

    Attributes:
        title: of the paper.
        subtitle: what it is about.
        facts: label and text of each line of the head, such as the key date.
        sessions: bodies in the order in which they treat it: body, what it does, when.
        picture: stands beside the facts.
    """

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    sessions: PaperTable | None = None
    picture: Picture | None = None


@dataclass(frozen=True)
class Document:
    """A whole paper.

    Attributes:
        front: its head.
        sections: what follows.
        running: what stands at the top of each page: left, right.
        footer: what stands at its bottom.
        has_contents: whether it begins with a table of contents.
    """

    front: Front
    sections: tuple[Section, ...]
    running: tuple[str, str]
    footer: str
    has_contents: bool = True

    def headings(self) -> Iterator[Heading]:
        """All headings in order."""
        for section in self.sections:
            yield from (block for block in section.blocks if isinstance(block, Heading))


@dataclass
class _Counter:
    """Running numbers of headings, tables and figures."""

    levels: list[int] = field(default_factory=lambda: [0, 0, 0])
    tables: int = 0
    figures: int = 0

    def heading(self, block: Heading) -> Heading:
        self.levels[block.level - 1] += 1
        self.levels[block.level :] = [0] * (len(self.levels) - block.level)
        number = ".".join(map(str, self.levels[: block.level]))
        return Heading(block.level, block.text, number, f"k{number.replace('.', '-')}")

    def table(self, block: PaperTable) -> PaperTable:
        self.tables += 1
        return _labelled(block, f"Tabelle {self.tables}")

    def figure(self, block: Picture) -> Picture:
        self.figures += 1
        label = f"Abbildung {self.figures}"
        data = _labelled(block.data, f"Daten zu {label}")
        return Picture(
            block.caption, block.svg, block.alt, data, block.notes, block.is_data_printed, label, block.width
        )


def _labelled(table: PaperTable, label: str) -> PaperTable:
    return PaperTable(table.caption, table.columns, table.rows, table.notes, label, table.is_small)


def numbered(sections: Sequence[Section]) -> tuple[Section, ...]:
    """The sections with numbers at headings, tables and figures."""
    counter = _Counter()

    def one(block: Block) -> Block:
        if isinstance(block, Heading):
            return counter.heading(block)
        if isinstance(block, PaperTable):
            return counter.table(block)
        return counter.figure(block) if isinstance(block, Picture) else block

    return tuple(Section(tuple(map(one, section.blocks)), section.is_wide) for section in sections)
