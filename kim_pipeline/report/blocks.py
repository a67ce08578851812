"""What a report is made of: sections, headings, paragraphs, tables, figures. Both renderings come from it.

Belongs here: the building blocks, and numbering them. How they look is in the writers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

Align = Literal["left", "right", "center"]
KEPT_TOGETHER = 5
"""Rows of a table that is not parted at the end of a page."""


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is a chapter. `anchor` is set by `numbered`."""

    level: int
    text: str
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
class Entries:
    """Short entries under a title, each on a line of its own or all as running text.

    Attributes:
        title: what they are, with their number.
        heads: what a mark and a text are, where they stand in a table.
        items: a mark, set bold, and its text.
        is_running: whether they run on: `**IK10-03** Titel · **IK10-05** Titel`.
    """

    title: str
    heads: tuple[str, str]
    items: tuple[tuple[str, str], ...]
    is_running: bool = False


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


@dataclass(frozen=True)
class Spark:
    """A cell with a small picture: how a figure went.

    Attributes:
        svg: the picture.
        alt: all its values in words.
    """

    svg: str
    alt: str


Cell = str | Spark
Row = Group | tuple[Cell, ...]
BOLD = "\N{ZERO WIDTH NON-JOINER}"
"""Stands before a line of a cell that is set bold."""


def in_bold(text: str) -> str:
    """A line of a cell, set bold."""
    return f"{BOLD}{text}" if text else ""


def cell_text(cell: Cell) -> str:
    """A cell as plain text in one line; a picture as what it says."""
    return cell.alt if isinstance(cell, Spark) else cell.replace(BOLD, "").replace("\n", "; ")


def lines_of(cell: str) -> list[tuple[str, bool]]:
    """The lines of a cell, and whether each is set bold."""
    return [(line.removeprefix(BOLD), line.startswith(BOLD)) for line in cell.split("\n")]


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
        group_head: what its groups are, for renderings in which they are a column of their own.
    """

    caption: str
    columns: tuple[Head, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    label: str = ""
    is_small: bool = False
    group_head: str = "Feld"


@dataclass(frozen=True)
class Picture:
    """A picture with what it says in words and the table behind it.

    Attributes:
        caption: what it shows, without a number.
        svg: the picture.
        alt: what it shows and says, for those who do not see it.
        data: the figures in it.
        notes: what stands below it.
        is_data_in_word: whether the table stands below it in Word, because no other one there holds the figures.
        label: `Abbildung 2`, set by `numbered`.
        width: share of the text's width in the PDF.
    """

    caption: str
    svg: str
    alt: str
    data: PaperTable
    notes: tuple[str, ...] = ()
    is_data_in_word: bool = False
    label: str = ""
    width: float = 1


@dataclass(frozen=True)
class Panel:
    """A programme at a glance: its name, how it went, a sparkline, and a few figures.

    Attributes:
        title: of the programme, with what marks it.
        text: how its headline indicator changed.
        svg: the sparkline.
        alt: all its values in words.
        table: a few figures over the last periods; None where the sparkline says it all.
    """

    title: str
    text: str
    svg: str
    alt: str
    table: PaperTable | None = None


@dataclass(frozen=True)
class SideBySide:
    """Blocks side by side where a page is wide enough, else one below the other.

    Attributes:
        left: the first column.
        right: the second; none where the first flows into both.
    """

    left: tuple[PlainBlock | Panel, ...]
    right: tuple[PlainBlock | Panel, ...] = ()


PlainBlock = Heading | Paragraph | Note | Listing | Entries | PaperTable | Picture
Block = PlainBlock | Panel | SideBySide


@dataclass(frozen=True)
class Section:
    """Blocks that belong together.

    Attributes:
        blocks: in order.
        begins_page: whether the PDF begins a new page.
        is_printed: whether it stands in PDF and Word; else in HTML and the workbook only.
        size: points of running text and small tables where a page must hold much; None for the usual.
    """

    blocks: tuple[Block, ...]
    begins_page: bool = True
    is_printed: bool = True
    size: float | None = None


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

    def printed(self) -> tuple[Section, ...]:
        """The sections that stand in PDF and Word."""
        return tuple(section for section in self.sections if section.is_printed)


@dataclass
class _Counter:
    """Running numbers of headings, tables and figures."""

    levels: list[int] = field(default_factory=lambda: [0, 0, 0])
    tables: int = 0
    figures: int = 0

    def heading(self, block: Heading) -> Heading:
        self.levels[block.level - 1] += 1
        self.levels[block.level :] = [0] * (len(self.levels) - block.level)
        return replace(block, anchor=f"k{'-'.join(map(str, self.levels[: block.level]))}")

    def table(self, block: PaperTable) -> PaperTable:
        self.tables += 1
        return replace(block, label=f"Tabelle {self.tables}")

    def figure(self, block: Picture) -> Picture:
        self.figures += 1
        label = f"Abbildung {self.figures}"
        return replace(block, label=label, data=replace(block.data, label=f"Daten zu {label}"))

    def any(self, block: Block) -> Block:
        """A block of any kind with its number; what has no caption has none."""
        if isinstance(block, SideBySide):
            left = tuple(self.any(part) for part in block.left)
            right = tuple(self.any(part) for part in block.right)
            return SideBySide(left, right)  # type: ignore[arg-type]
        if isinstance(block, Heading):
            return self.heading(block)
        if isinstance(block, PaperTable):
            return self.table(block)
        if isinstance(block, Panel):
            return replace(block, table=self.table(block.table) if block.table else None)
        return self.figure(block) if isinstance(block, Picture) else block


def numbered(sections: Sequence[Section]) -> tuple[Section, ...]:
    """The sections with numbers at headings, tables and figures."""
    counter = _Counter()
    return tuple(replace(section, blocks=tuple(map(counter.any, section.blocks))) for section in sections)


def tables_in(blocks: Iterable[Block]) -> Iterator[PaperTable]:
    """All tables among blocks, those behind pictures and in panels as well, in order."""
    for block in blocks:
        if isinstance(block, PaperTable):
            yield block
        elif isinstance(block, Picture):
            yield block.data
        elif isinstance(block, Panel) and block.table is not None:
            yield block.table
        elif isinstance(block, SideBySide):
            yield from tables_in((*block.left, *block.right))


def drawings_in(blocks: Iterable[Block]) -> Iterator[str]:
    """All SVG among blocks, those in cells of tables as well, in order; some may come again."""
    for block in blocks:
        if isinstance(block, Picture | Panel):
            yield block.svg
        elif isinstance(block, SideBySide):
            yield from drawings_in((*block.left, *block.right))
    for table in tables_in(blocks):
        yield from (
            cell.svg for row in table.rows if not isinstance(row, Group) for cell in row if isinstance(cell, Spark)
        )
