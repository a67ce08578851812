"""The page's markup: whatever a text holds, it stays text."""

from __future__ import annotations

from kim_pipeline.report.blocks import (
    Document,
    Entries,
    Front,
    Head,
    Heading,
    Listing,
    Note,
    Panel,
    PaperTable,
    Paragraph,
    Section,
    SideBySide,
)
from kim_pipeline.report.html_writer import html
from tests.pages import Page

EVIL = '<script>alert("1")</script> & \' <b'


def test_texts_stay_texts() -> None:
    table = PaperTable(EVIL, (Head(EVIL), Head(EVIL, "right")), ((EVIL, EVIL),), (EVIL,), EVIL)
    blocks = (
        Heading(1, EVIL, "eins"), Paragraph(EVIL), Note(EVIL, (EVIL,)), Listing((EVIL,)), table,
        Entries(EVIL, (EVIL, EVIL), ((EVIL, EVIL),)), Panel(EVIL, EVIL, "<svg ></svg>", EVIL, table),
        SideBySide((Paragraph(EVIL),), (table,)),
    )  # fmt: skip
    front = Front(EVIL, EVIL, ((EVIL, EVIL),), table)
    page = html(Document(front, (Section(blocks),), (EVIL, EVIL), EVIL), EVIL).decode()
    assert page.count("<script") == 1  # the page's own
    assert "<b " not in page.replace("<body", "")
    assert Page(page.encode()).text.count('alert("1")') >= 25
