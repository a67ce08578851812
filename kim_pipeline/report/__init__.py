"""From published tables to the council's report: PDF, HTML, and a page per municipality.

Belongs here: what reads `kim.duckdb` and nothing else of the warehouse. It never sees internal data.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from kim_pipeline.files import Writer, write_with_folders
from kim_pipeline.report import council, municipal_page, municipalities
from kim_pipeline.report.blocks import Document
from kim_pipeline.report.figures import Figures, NotPublishedError, build_name
from kim_pipeline.report.html_writer import html
from kim_pipeline.report.review import Review
from kim_pipeline.report.tables import ReportContext
from kim_pipeline.report.typst_writer import pdf
from kim_pipeline.report.wording import Wording

__all__ = ["NotPublishedError", "build_name", "render"]

MUNICIPALITIES = "gemeinden"
"""Folder of the municipalities' pages."""


def render(
    published: Path,
    out: Path,
    as_of: dt.date | None = None,
    *,
    since: dt.date | None = None,
    writer: Writer = write_with_folders,
) -> list[Path]:
    """Render the report of a published file; the same file gives the same bytes.

    Args:
        published: `kim.duckdb` or a build's published file.
        out: folder to write to.
        as_of: key date: later periods, deliveries, registers and decisions are left out; by default the build's day.
        since: day of the last report, for what has changed; by default that of the register before the newest one.
        writer: puts each file at its place, and makes the folders for it.

    Returns:
        What was written: `bericht.pdf`, `bericht.html`, and `gemeinden/<name>.pdf` and `.html` per municipality.

    Raises:
        NotPublishedError: the file is none that the nightly run has published.
        OSError: the folder cannot be written to.
    """
    figures = Figures(published, as_of)
    context = ReportContext(figures, Wording())
    footer = f"Datenbestand {figures.build.name}"
    papers = {"bericht": council.document(context, footer, Review(context, since))}
    for area in figures.municipalities:
        papers[f"{MUNICIPALITIES}/{municipalities.slug(area['name'])}"] = municipal_page.page(context, area, footer)
    rendered = {name: content for stem, paper in papers.items() for name, content in _files(context, stem, paper)}
    for name, content in rendered.items():
        writer(out / name, content)
    return [out / name for name in rendered]


def _files(context: ReportContext, stem: str, paper: Document) -> list[tuple[str, bytes]]:
    author = context.wording.own("office", context.wording.county.name)
    built_at = context.figures.build.built_at
    return [(f"{stem}.pdf", pdf(paper, author, built_at)), (f"{stem}.html", html(paper, author))]
