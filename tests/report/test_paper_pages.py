"""The printed paper: how many pages, how full, upright, and what no text of it may hold (`paper.md` §1.13)."""

from __future__ import annotations

import html
import io
import re
from contextlib import closing
from functools import cache
from itertools import pairwise
from typing import Any

import docx
import duckdb
import pikepdf
import pypdfium2
import pytest

from kim_pipeline.report import render
from tests.built import sample_build
from tests.pages import read
from tests.report.test_report import pdf_text, published, rendered

MOST_PAGES = 20
HALF = 0.5
_MARGIN_TOP, _MARGIN_BOTTOM, _HEIGHT = 24, 22, 297
_DARK = 200
_SCALE = 1 / 3
"""Of a picture of a page to its size in points."""
DOUBLED = re.compile(r"\b([a-zäöüß]+) \1\b", re.IGNORECASE)
MAY_DOUBLE = {"der", "die", "das", "dem", "den"}


@cache
def filled() -> tuple[float, ...]:
    """How far down each page of the sample's paper is filled, as a share of its text area."""
    found = []
    with closing(pypdfium2.PdfDocument(rendered() / "bericht.pdf")) as pdf:
        for page in pdf:
            drawn = page.render(scale=_SCALE, grayscale=True)
            rows = [bytes(drawn.buffer)[at * drawn.stride :][: drawn.width] for at in range(drawn.height)]
            top, bottom = (round(len(rows) * at / _HEIGHT) for at in (_MARGIN_TOP, _HEIGHT - _MARGIN_BOTTOM))
            inked = [at for at in range(top, bottom) if min(rows[at]) < _DARK]
            found.append((max(inked, default=top) - top) / (bottom - top))
    return tuple(found)


def test_the_paper_has_at_most_20_upright_pages() -> None:
    with pikepdf.open(rendered() / "bericht.pdf") as pdf:
        boxes = [[float(edge) for edge in page.mediabox] for page in pdf.pages]
    assert len(boxes) <= MOST_PAGES
    assert all(box[3] > box[2] for box in boxes)


def test_no_page_but_the_last_is_less_than_half_full() -> None:
    assert len(filled()) <= MOST_PAGES
    assert min(filled()[:-1]) >= HALF


@cache
def pieces() -> dict[str, list[str]]:
    """File → its pieces of text: between the tags of a page, paragraphs and cells of a Word file, lines of a PDF."""
    found: dict[str, list[str]] = {}
    drawn: set[str] = set()
    for path in sorted(rendered().rglob("*.html")):
        page = path.read_text(encoding="utf-8")
        drawn |= {html.unescape(label) for label in re.findall(r"<text\b[^>]*>([^<]+)</text>", page)}
        plain = re.sub(r"<(style|script|svg)\b.*?</\1>", "<>", page, flags=re.DOTALL)
        found[path.name] = [html.unescape(piece) for piece in re.split(r"<(?!/?(?:b|abbr)\b)[^>]*>", plain)]
    for path in sorted(rendered().rglob("*.docx")):
        file = docx.Document(io.BytesIO(path.read_bytes()))
        cells = [cell.text for table in file.tables for row in table.rows for cell in row.cells]
        found[path.name] = [p.text for p in file.paragraphs] + cells
    for path in sorted(rendered().rglob("*.pdf")):
        found[path.name] = [line for line in pdf_text(path).splitlines() if not _is_drawn(line, drawn)]
    return {name: [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", text)) for text in told] for name, told in found.items()}


def _is_drawn(line: str, labels: set[str]) -> bool:
    """Whether a line of a PDF is nothing but labels of a drawing, side by side."""
    for label in sorted(labels, key=len, reverse=True):
        line = line.replace(label, "")
    return not line.strip()


def test_texts_hold_no_slip_of_grammar() -> None:
    english = re.compile(r"\b(?:the|and|of|with|None|usage|count|value)\b")
    looked = 0
    for name, told in pieces().items():
        for text in told:
            assert not {word.lower() for word in DOUBLED.findall(text)} - MAY_DOUBLE, (name, text)
            assert not re.search(r"\bnach [\d.,]+ (?:Fälle|Bedarfe|Einsätze|Plätze|Tage|Kinder)\b", text), text
            assert not re.search(r"beim Thema [^.;]* und ", text), text
            assert not english.search(re.sub(r"kim trace|\S+\.\w{3,4}\b", "", text)), text
            looked += bool(text.strip())
    assert looked > 5000
    assert sum(bool(text.strip()) for text in pieces()["bericht.pdf"]) > 500


def test_the_short_paper_says_what_the_paper_says() -> None:
    short, whole = pieces()["beschlussvorlage.docx"], pieces()["bericht.docx"]
    points = [text for text in short if text.startswith(("Die ", "Über ", "Für 28"))]
    assert len(points) >= 8
    assert set(points) <= set(whole)


def test_the_report_reads_the_published_file_and_nothing_else(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    connect = duckdb.connect

    def noted(database: str = ":memory:", *args: Any, **more: Any) -> Any:
        opened.append((str(database), more.get("read_only")))
        return connect(database, *args, **more)

    monkeypatch.setattr(duckdb, "connect", noted)
    render(sample_build()[1], tmp_path, formats=("html",))
    assert set(opened) == {(str(sample_build()[1]), True)}


def test_the_workbook_has_every_table_of_the_page_as_a_sheet() -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.load_workbook(rendered() / "bericht-daten.xlsx")
    captions = [table.caption for table in read(rendered() / "bericht.html").tables if ":" in table.caption]
    labelled = [c for c in captions if re.match(r"(?:Tabelle \d+|Daten zu Abbildung \d+):", c)]
    assert [book[name]["A1"].value for name in book.sheetnames] == labelled
    assert list(book.sheetnames) == [c.split(":")[0] for c in labelled]
    sheet = next(book[n] for n in book.sheetnames if "KIM Case Management: Kennzahlen" in str(book[n]["A1"].value))
    heads = [cell.value for cell in sheet[2]]
    row = next(r for r in sheet.iter_rows(min_row=3, values_only=True) if r[0] == "Aufgenommene Fälle")
    assert (
        row[heads.index("2023")]
        == published(
            "SELECT value FROM indicator_value WHERE indicator_id = 'kim_cases_opened' AND period = '2023' "
            "AND area = '05570' AND breakdown_kind = 'total'"
        )[0][0]
    )


def test_headings_of_the_page_leave_out_no_level() -> None:
    levels = [level for level, _ in read(rendered() / "bericht.html").headings]
    assert all(after <= before + 1 for before, after in pairwise(levels))
