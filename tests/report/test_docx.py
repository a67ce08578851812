"""The Word files, read back: styles, heads, descriptions, no merged cells, fixed bytes (`paper.md` §1.12)."""

from __future__ import annotations

import io
import itertools
import re
import shutil
import subprocess
import zipfile
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import docx
import pypdfium2
import pytest
from docx.oxml.ns import qn

from kim_pipeline.report.blocks import tables_in
from kim_pipeline.report.council import document, short_paper
from kim_pipeline.report.png import pngs
from kim_pipeline.report.review import Review
from kim_pipeline.report.svg import FONT, Label, picture
from tests.report.test_report import context, rendered

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
FILES = ("bericht.docx", "beschlussvorlage.docx", "gemeinden/ahlen.docx")
STYLES = {
    "Heading 1", "Heading 2", "Heading 3", "List Number", "Caption", "Table Grid", "Normal", "Header", "Footer",
}  # fmt: skip


@cache
def opened(name: str) -> Any:
    return docx.Document(io.BytesIO((rendered() / name).read_bytes()))


def tables(name: str) -> list[Any]:
    return list(opened(name).tables)


@pytest.mark.parametrize("name", FILES)
def test_only_built_in_styles_are_used(name: str) -> None:
    file = opened(name)
    used = {p.style.name for p in file.paragraphs} | {t.style.name for t in file.tables}
    used |= {p.style.name for t in file.tables for row in t.rows for cell in row.cells for p in cell.paragraphs}
    assert used <= STYLES


@pytest.mark.parametrize("name", FILES)
def test_tables_have_heads_titles_and_rows_that_are_not_parted(name: str) -> None:
    found = tables(name)
    assert found
    for table in found:
        properties = table._tbl.tblPr
        caption, told = (properties.find(qn(tag)) for tag in ("w:tblCaption", "w:tblDescription"))
        assert caption.get(qn("w:val"))
        assert told.get(qn("w:val")).startswith("Spalten: ")
        marks = [row._tr.trPr for row in table.rows]
        assert marks[0].find(qn("w:tblHeader")) is not None
        assert all(mark.find(qn("w:cantSplit")) is not None for mark in marks)


@pytest.mark.parametrize("name", FILES)
def test_no_cell_is_merged_no_table_nested_and_no_row_empty(name: str) -> None:
    body = opened(name).element.body
    for tag in ("w:gridSpan", "w:vMerge", "w:txbxContent", "w:pict", "w:tab"):
        assert not body.findall(f".//{qn(tag)}"), tag
    assert not body.findall(f".//{qn('w:tc')}//{qn('w:tbl')}")
    for table in tables(name):
        for row in table.rows:
            drawn = row._tr.findall(f".//{qn('w:drawing')}")
            assert drawn or any(cell.text.strip() for cell in row.cells)


@pytest.mark.parametrize("name", FILES)
def test_every_picture_has_an_alternative_text(name: str) -> None:
    drawings = opened(name).element.body.findall(f".//{qn('wp:docPr')}")
    assert drawings or name == "beschlussvorlage.docx"
    assert all(len(drawing.get("descr", "")) > 20 for drawing in drawings)


@pytest.mark.parametrize("name", FILES)
def test_headings_leave_out_no_level(name: str) -> None:
    levels = [int(p.style.name[-1]) for p in opened(name).paragraphs if p.style.name.startswith("Heading")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("name", FILES)
def test_language_and_facts(name: str) -> None:
    file = opened(name)
    facts = file.core_properties
    assert facts.title
    assert facts.author == "Amt für Jugend und Bildung, Kommunales Integrationszentrum"
    assert facts.created == facts.modified
    assert f"{facts.created:%Y%m%d}" == "20240501"
    assert facts.revision == 1
    language = file.styles.element.find(f".//{qn('w:rPrDefault')}//{qn('w:lang')}")
    assert language.get(qn("w:val")) == "de-DE"


@pytest.mark.parametrize("name", FILES)
def test_the_package_has_no_preview_and_a_fixed_order(name: str) -> None:
    with zipfile.ZipFile(rendered() / name) as file:
        entries = file.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert not [entry for entry in entries if "thumbnail" in entry.filename]


def test_the_paper_has_the_tables_of_the_pdf() -> None:
    ours = context()
    paper = document(ours, "", Review(ours))
    labels = [
        t.label for section in paper.printed() for t in tables_in(section.blocks) if t.label.startswith("Tabelle")
    ]
    captions = [p.text for p in opened("bericht.docx").paragraphs if p.style.name == "Caption"]
    told = [caption.split(":")[0] for caption in captions if caption.startswith("Tabelle")]
    assert told == labels
    assert len(labels) > 15


def test_three_pictures_have_their_figures_below_them() -> None:
    captions = [p.text for p in opened("bericht.docx").paragraphs if p.style.name == "Caption"]
    assert sum(caption.startswith("Daten zu Abbildung") for caption in captions) == 3


def test_the_short_paper_has_the_countys_headings_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    heads = [p.text for p in opened("beschlussvorlage.docx").paragraphs if p.style.name == "Heading 1"]
    assert heads == ["Beschlussvorschlag", "Sachverhalt", "Finanzielle Auswirkungen", "Anlagen"]
    ours = context()
    wished = ["Sachverhalt", "Kosten", "Beschlussvorschlag", "Anlagen"]
    monkeypatch.setitem(ours.wording._own, "paper", {"headings": wished})
    paper = short_paper(ours, "", Review(ours))
    assert [h.text for h in paper.headings() if h.level == 1] == wished


def test_the_resolution_is_a_numbered_list_and_the_table_for_votes_follows() -> None:
    file = opened("beschlussvorlage.docx")
    points = [p.text for p in file.paragraphs if p.style.name == "List Number"]
    assert len(points) == 8
    votes = file.tables[0]
    assert [cell.text for cell in votes.rows[0].cells] == ["Punkt", "Ja", "Nein", "Enthaltung"]
    assert len(votes.rows) == 1 + 8 + 7


def test_groups_of_measures_are_tables_of_two_columns() -> None:
    captions = [p.text for p in opened("beschlussvorlage.docx").paragraphs if p.style.name == "Caption"]
    assert {"anpassen (1)", "ausbauen (5)", "umsetzen (6)", "Stand klären (11)", "beenden (6)"} <= set(captions)
    pairs = [table for table in tables("beschlussvorlage.docx") if len(table.columns) == 2]
    assert len(pairs) == 5


def test_pictures_have_their_texts_in_the_papers_font() -> None:
    """A font that is not found is no error to who draws the picture: its texts are left out."""
    drawn = picture((80, 20), "", [Label("12", is_bold=True).at(40, 15)])
    other_font, thin = drawn.replace(FONT, "No Such Font"), drawn.replace('font-weight="600"', "")
    blank = picture((80, 20), "", [])
    assert len(set(pngs([drawn, other_font, thin, blank]))) >= 3
    assert pngs([drawn])[0] not in pngs([other_font, thin, blank])


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed on this machine")
def test_libreoffice_opens_it_with_all_tables_and_repeats_their_heads(tmp_path: Path) -> None:
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    for kind in ("odt", "pdf"):
        command = [str(SOFFICE), profile, "--headless", "--convert-to", kind, "--outdir", str(tmp_path)]
        subprocess.run([*command, str(rendered() / "bericht.docx")], check=True, capture_output=True, timeout=180)
    with zipfile.ZipFile(tmp_path / "bericht.odt") as file:
        content = file.read("content.xml").decode()
    number = len(tables("bericht.docx"))
    assert [content.count(f"<table:{name}") for name in ("table ", "table-header-rows>")] == [number, number]
    long = max(tables("bericht.docx"), key=lambda table: len(table.rows))
    numbers = {number for row in long.rows[1:] for number in numbers_in(row.cells[1].text)}
    with closing(pypdfium2.PdfDocument(tmp_path / "bericht.pdf")) as pdf:
        pages = [page.get_textpage().get_text_range() for page in pdf]
    with_head = [at for at, page in enumerate(pages) if "Ziel und Termin" in re.sub(r"\s+", " ", page)]
    assert len(with_head) > 2
    assert with_head == list(range(with_head[0], with_head[-1] + 1))
    assert numbers == numbers & {number for at in with_head for number in numbers_in(pages[at])}


def numbers_in(text: str) -> list[str]:
    """Numbers of measures, whatever hyphen they are written with, also where a line ends behind it."""
    return re.findall(r"\b[A-Z]+\d+-\d+", re.sub("[-\N{NON-BREAKING HYPHEN}\ufffe]\\s*", "-", text))
