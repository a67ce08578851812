"""The sheet `Rückmeldung`: verdict, counts, what to do, and a table of findings that leads to their cells.

Belongs here: what stands in which cell of it. The words are `feedback_words.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.worksheet.hyperlink import Hyperlink

from kim_pipeline import german
from kim_pipeline.contracts import programmes
from kim_pipeline.intake.deliveries import Delivery
from kim_pipeline.office.feedback import words
from kim_pipeline.office.template import style
from kim_pipeline.reading.findings import RULES, Finding, place_name
from kim_pipeline.reading.returned import RETURN_HEADING

COLOURS = {"rejected": "F8CBCB", "error": "F8CBCB", "warning": "FBE3A2", "notice": "D6E6F5"}
"""Fill of a cell by the severity of its worst finding; the comment says the same in words."""

MOST_LISTED = 10_000
"""Findings that the table lists; every further one is at its cell."""

_COLUMNS = (("Nr.", 6), ("Blatt", 20), ("Zelle", 9), ("Überschrift", 22), ("Art", 16), ("Befund", 26),
            ("Was gefunden wurde, was erwartet wird", 74))  # fmt: skip
_LAST = "G"
_MESSAGE_WIDTH = 74.0
_LINE_WIDTH = 150.0


@dataclass
class ReturnPage:
    """What the sheet says.

    Attributes:
        title: the delivery's programme and file.
        verdict: what became of it.
        facts: label and value of what it states about itself.
        accounts: what became of each sheet's rows.
        steps: what to do where the copy holds the delivery's rows.
        steps_alone: what to do where it does not.
        findings: of the delivery, in the order of its cells.
        holds_rows: whether the copy holds the delivery's rows.
        notes: what the copy does not keep, one sentence each.
        titles: sheet of the delivery → sheet of the copy.
    """

    title: str
    verdict: str
    facts: Sequence[tuple[str, str]]
    accounts: Sequence[str]
    steps: Sequence[str]
    steps_alone: Sequence[str]
    findings: Sequence[Finding]
    holds_rows: bool = True
    notes: list[str] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)


def page_of(parts: Sequence[Delivery], findings: Sequence[Finding]) -> ReturnPage:
    """What the sheet says of a delivery: plain words, fit to be handed to another process.

    Args:
        parts: the delivery, one for each of its parts.
        findings: of it, in the order of its cells.
    """
    facts = []
    for read in (part.read for part in parts):
        if read is not None and read.period is not None:
            facts.append(("Berichtszeitraum", read.period.in_words))
        if read is not None and read.as_of is not None:
            facts.append(("Stand", german.day(read.as_of)))
    return ReturnPage(
        f"{programmes()[parts[0].programme].title} · {parts[0].file}",
        words.verdict(parts, findings),
        facts,
        [words.account_line(account) for part in parts for account in part.accounts],
        words.steps(parts, findings, holds_rows=True),
        words.steps(parts, findings, holds_rows=False),
        findings,
    )


class _Writer:
    """Appends rows to a sheet; works in workbooks that are written as a stream, too."""

    def __init__(self, sheet: Any) -> None:
        self._sheet, self.row = sheet, 0

    def add(self, *values: Any, look: style.Style = style.TEXT, height: float | None = None) -> list[Any]:
        """One row; its cells."""
        cells = [self._cell(value, look) for value in values]
        self._append(cells, height)
        return cells

    def line(self, text: str, look: style.Style = style.TEXT) -> None:
        """One text over the whole width."""
        self._sheet.merged_cells.add(f"A{self.row + 1}:{_LAST}{self.row + 1}")
        self.add(text, look=look, height=style.height_for(text, _LINE_WIDTH / (look.font.size / 11) ** 2))

    def fact(self, label: str, text: str) -> None:
        """A label and what it says."""
        at = self.row + 1
        self._sheet.merged_cells.add(f"A{at}:B{at}")
        self._sheet.merged_cells.add(f"C{at}:{_LAST}{at}")
        cells = [self._cell(label, style.STRONG), None, self._cell(text, style.TEXT)]
        self._append(cells, style.height_for(text, _LINE_WIDTH - 26))

    def finding(self, number: int, found: Finding, link: str | None, message: str) -> None:
        """One row of the table of findings; `link` is where its cell is."""
        one = german.SEVERITIES[found.severity].one
        row = f"{found.column_letter or ''}{found.row}" if found.row else "–"
        texts = (number, found.sheet or "–", row, " ".join((found.column_name or "").split()), one)
        cells = [self._cell(value, style.TEXT) for value in (*texts, RULES[found.rule].title, message)]
        cells[0].alignment = style.HEADER.alignment
        for cell in cells:
            cell.border = style.HEADER.border
        cells[4].fill = style.filled(COLOURS[found.severity])
        if link:
            cells[2].hyperlink = Hyperlink(ref="A1", location=link, tooltip="Zur Zelle")
            cells[2].font = _LINK
        self._append(cells, style.height_for(message, _MESSAGE_WIDTH))
        if link:
            cells[2].hyperlink.ref = f"C{self.row}"

    def _cell(self, value: Any, look: style.Style) -> Any:
        cell = WriteOnlyCell(self._sheet, value)
        if isinstance(value, str):
            cell.data_type = "s"
        cell.font, cell.fill, cell.border, cell.alignment = look.font, look.fill, look.border, look.alignment
        return cell

    def _append(self, cells: list[Any], height: float | None) -> None:
        self.row += 1
        if height is not None:
            self._sheet.row_dimensions[self.row].height = height
        self._sheet.append(cells)


_VERDICT = style.Style(Font(style.TEXT.font.name, 12, bold=True))
_LINK = Font(style.TEXT.font.name, style.TEXT.font.size, color="0563C1", underline="single")


def write_findings_page(sheet: Any, page: ReturnPage) -> None:
    """Fill an empty sheet."""
    for letter, (_, width) in zip("ABCDEFG", _COLUMNS, strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.sheet_view.showGridLines = False
    style.set_up_print(sheet)
    writer = _Writer(sheet)
    _write_head(writer, page)
    if any(found.row is not None for found in page.findings):
        _write_findings(writer, sheet, page)


def _write_head(writer: _Writer, page: ReturnPage) -> None:
    writer.add(RETURN_HEADING, look=style.TITLE, height=30)
    writer.line(page.title, style.SUBTITLE)
    writer.add()
    writer.line(page.verdict, _VERDICT)
    writer.add()
    for label, text in page.facts:
        writer.fact(label, text)
    for severity, said in german.SEVERITIES.items():
        if number := sum(1 for f in page.findings if f.severity == severity):
            writer.fact(german.plural(number, said.one, said.many), f"{german.number(number)} – {said.follows}")
    if page.accounts:
        writer.add()
    for account in page.accounts:
        writer.line(account)
    writer.add()
    _write_paragraphs(writer, "Was ist zu tun?", page.steps if page.holds_rows else page.steps_alone)
    _write_paragraphs(writer, "Zu dieser Kopie", page.notes)


def _write_paragraphs(writer: _Writer, heading: str, paragraphs: Sequence[str]) -> None:
    if not paragraphs:
        return
    writer.add(heading, look=style.HEADING, height=22)
    for number, text in enumerate(paragraphs, start=1):
        writer.line(f"{number}. {text}" if len(paragraphs) > 1 else text)
    writer.add()


def _write_findings(writer: _Writer, sheet: Any, page: ReturnPage) -> None:
    writer.add("Befunde", look=style.HEADING, height=22)
    if len(page.findings) > MOST_LISTED:
        listed = (
            f"die ersten {german.number(MOST_LISTED)} von {german.counted(len(page.findings), 'Befund', 'Befunden')}"
        )
        writer.line(f"Die Tabelle nennt {listed}; an den Zellen steht jeder.")
    writer.add(*(name for name, _ in _COLUMNS), look=style.HEADER, height=20)
    first = writer.row
    for number, found in enumerate(page.findings[:MOST_LISTED], start=1):
        writer.finding(number, found, _link(page, found), message_at_cell(found))
    sheet.auto_filter.ref = f"A{first}:{_LAST}{writer.row}"


def _link(page: ReturnPage, found: Finding) -> str | None:
    title = page.titles.get(found.sheet or "")
    if title is None or found.row is None:
        return None
    escaped = title.replace("'", "''")
    return f"'{escaped}'!{found.column_letter or 'A'}{found.row}"


def message_at_cell(found: Finding) -> str:
    """A finding's sentence without its place, for where the place is plain."""
    if found.sheet is None:
        return found.message
    headers = (found.column_name, found.raw)  # of a missing column the name is the one that is wanted
    places = [place_name(found.sheet, found.row, found.column_letter, header) for header in (*headers, None)]
    place = next((place for place in places if found.message.startswith(f"{place}: ")), "")
    return found.message.removeprefix(f"{place}: ")
