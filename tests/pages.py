"""Reading a rendered HTML page back: its tables, pictures, links and visible text. No test itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

_VOID = {"col", "meta", "br", "link", "img", "input", "hr"}
_UNSEEN = {"style", "script", "title"}


@dataclass
class ReadTable:
    """A table: its caption, rows of cell texts (the head first), the remarks below, whether it is behind a chart."""

    caption: str = ""
    rows: list[list[str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    is_behind_chart: bool = False

    @property
    def head(self) -> list[str]:
        return self.rows[0]

    @property
    def body(self) -> list[list[str]]:
        return [row for row in self.rows[1:] if len(row) == len(self.head)]


class Page(HTMLParser):
    """A page read from its bytes."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tables: list[ReadTable] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.headings: list[tuple[int, str]] = []
        self.pictures: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self._class = ""
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in _VOID and not (self.get_starttag_text() or "").endswith("/>"):
            self._open.append(tag)
        self._class = given.get("class") or ""
        self.links += [given["href"] or ""] if tag == "a" and "href" in given else []
        self.sources += [value or "" for name, value in attrs if name in ("src", "srcset", "data", "action", "poster")]
        self.ids += [given["id"] or ""] if "id" in given else []
        if tag == "svg":
            self.pictures.append(given.get("aria-label") or "")
        if tag == "table":
            self.tables.append(ReadTable(is_behind_chart="details" in self._open))
        if tag == "tr":
            self.tables[-1].rows.append([])
        if tag in ("td", "th"):
            self.tables[-1].rows[-1].append("")
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append((int(tag[1]), ""))
        if tag == "p" and self._class == "remark" and self.tables:
            self.tables[-1].remarks.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> without a beginning"
        assert self._open[-1] == tag, f"</{tag}> closes <{self._open[-1]}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if _UNSEEN & set(self._open):
            return
        self.text += data if "svg" in self._open else f"{data} "
        if "svg" in self._open:
            return
        if self.tables and self._open and {"td", "th"} & set(self._open):
            self.tables[-1].rows[-1][-1] += data
        elif self.tables and "caption" in self._open:
            self.tables[-1].caption += data
        elif (
            self.tables and self._open and self._open[-1] == "p" and self._class == "remark" and self.tables[-1].remarks
        ):
            self.tables[-1].remarks[-1] += data
        elif self._open and {"h1", "h2", "h3", "h4"} & set(self._open):
            level, text = self.headings[-1]
            self.headings[-1] = (level, text + data)

    def table(self, *words: str) -> ReadTable:
        """The table in view whose caption holds all the words."""
        return next(t for t in self.tables if not t.is_behind_chart and all(word in t.caption for word in words))


def read(path: Path) -> Page:
    """A page from its file."""
    return Page(path.read_bytes())
