"""From published tables to the council's report: the paper as PDF, Word, HTML and workbook, and municipalities' pages.

Belongs here: what reads published files and nothing else of the warehouse. It never sees internal data.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from pathlib import Path

from kim_pipeline.files import Writer, write_with_folders
from kim_pipeline.report import council, municipal_page, municipalities
from kim_pipeline.report.blocks import Document
from kim_pipeline.report.docx_writer import word
from kim_pipeline.report.earlier import earlier_release, release_before
from kim_pipeline.report.figures import Figures, NotPublishedError, build_name
from kim_pipeline.report.html_writer import html
from kim_pipeline.report.review import Review
from kim_pipeline.report.tables import ReportContext
from kim_pipeline.report.typst_writer import pdf
from kim_pipeline.report.wording import Wording
from kim_pipeline.report.xlsx_writer import workbook

__all__ = ["FORMATS", "NotPublishedError", "build_name", "render"]

MUNICIPALITIES = "gemeinden"
"""Folder of the municipalities' pages."""
FORMATS = ("pdf", "docx", "html", "xlsx")
"""What a report can be written as."""
_PAPER, _SHORT, _DATA = "bericht", "beschlussvorlage", "bericht-daten"


def render(
    published: Path,
    out: Path,
    as_of: dt.date | None = None,
    *,
    since: dt.date | None = None,
    releases: Path | None = None,
    previous: str | None = None,
    formats: Collection[str] = FORMATS,
    writer: Writer = write_with_folders,
) -> list[Path]:
    """Render the report of a published file; the same file and the same previous release give the same bytes.

    Args:
        published: `kim.duckdb` or a build's published file.
        out: folder to write to.
        as_of: key date: later periods, deliveries, registers and decisions are left out; by default the build's day.
        since: day of the last report, for what has changed; by default that of the register before the newest one.
        releases: folder of earlier releases; without it, what is new is told from the registers alone.
        previous: the release to tell what is new against; by default the latest before the key date, unless `since` is
            given.
        formats: which of `FORMATS` to write.
        writer: puts each file at its place, and makes the folders for it.

    Returns:
        What was written: `bericht.*`, `beschlussvorlage.docx`, `bericht-daten.xlsx`, and `gemeinden/<name>.*`.

    Raises:
        NotPublishedError: the file is none that the nightly run has published, or there is no such release.
        OSError: the folder cannot be written to.
    """
    figures = Figures(published, as_of)
    context = ReportContext(figures, Wording())
    footer = f"Datenbestand {figures.build.name}"
    if releases is not None and previous is None and since is None:
        previous = release_before(releases, figures.key_day)
    earlier = earlier_release(releases, previous) if releases is not None and previous is not None else None
    review = Review(context, since)
    paper = council.document(context, footer, review, earlier)
    rendered = _files(context, _PAPER, paper, formats)
    if "docx" in formats:
        short = council.short_paper(context, footer, review, earlier)
        rendered[f"{_SHORT}.docx"] = word(short, _author(context), figures.build.built_at, has_front=False)
    if "xlsx" in formats:
        rendered[f"{_DATA}.xlsx"] = workbook(paper, figures.build.built_at)
    for area in figures.municipalities:
        stem = f"{MUNICIPALITIES}/{municipalities.slug(area['name'])}"
        rendered |= _files(context, stem, municipal_page.page(context, area, footer), formats)
    for name, content in rendered.items():
        writer(out / name, content)
    return [out / name for name in rendered]


def _author(context: ReportContext) -> str:
    return context.wording.own("office", context.wording.county.name)


def _files(context: ReportContext, stem: str, paper: Document, formats: Collection[str]) -> dict[str, bytes]:
    author, built_at = _author(context), context.figures.build.built_at
    made: dict[str, Callable[[], bytes]] = {
        "pdf": lambda: pdf(paper, author, built_at),
        "docx": lambda: word(paper, author, built_at),
        "html": lambda: html(paper, author),
    }
    return {f"{stem}.{kind}": write() for kind, write in made.items() if kind in formats}
