"""Reading German prose: what is wrong with a text, and where texts are. No test itself.

Quoted words („…“, `…`), paths, options and what people type are nobody's sentence and are left out.
"""

from __future__ import annotations

import ast
import html
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from kim_pipeline.contracts import programmes

_NOUN = r"[A-ZÄÖÜ][\w/-]*"
_MANY = (
    r"\w*(?:ungen|heiten|keiten|schaften|eilen|ateien|älle|unde|ahlen|Tage|Tagen|fragen|ellen|ahmen|ätze|arfe|eise|üsse|achen|"
    r"hritte|ände|erte|orte|Jahre|Monate|Wochen|unden|Minuten|inder|ilien|uppen|onen|räge|opien|ätter|äufe|akte|gebote)"
)
_PLURAL_VERB = r"(?:sind|haben|wurden|werden|waren|begannen|blieben|liefen|fehlen|kommen|zählen|bleiben|vergingen)"
_ENGLISH = (
    "the|and|with|not|is|are|for|from|to|that|this|has|have|been|will|or|if|by|no|at|it|its|be|as|on|such|usage|"
    "options|invalid|missing|unexpected|expected|got|try|error|errors|default|required|argument|arguments|command|"
    "commands|found|rows|columns|must|should|please"
)

_BLANK = "[ \N{NO-BREAK SPACE}]"
_RULES = {
    "doubled word": re.compile(rf"\b([A-Za-zÄÖÜäöüß]{{2,}}){_BLANK}\1\b"),
    "no dative": re.compile(
        rf"\b(?:[Vv]on|[Mm]it|[Nn]ach|[Aa]us|[Bb]ei|(?<![Bb]is )[Zz]u|[Ss]eit|[Aa]ußer)(?:{_BLANK}den)?{_BLANK}"
        rf"(?!1{_BLANK})\d+(?:\.\d{{3}})*{_BLANK}(?!Euro\b|Prozent\b|Uhr\b|Byte\b|[kMG]B\b){_NOUN}(?<![ns])(?![\w/])"
    ),
    "plural after 1": re.compile(rf"(?<![\d.,–-])\b1{_BLANK}(?:{_MANY})\b(?!-)"),
    "plural verb with 1": re.compile(
        rf"\b{_PLURAL_VERB}{_BLANK}1\b(?![.,–\d])|\b1{_BLANK}{_NOUN}{_BLANK}{_PLURAL_VERB}\b"
    ),
    "English": re.compile(rf"(?<![\w-])(?:{_ENGLISH}|{_ENGLISH.title()})(?![\w-])"),
    "name of code": re.compile(
        r"(?<![\w-])[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?![\w-])|\b[A-Z]\w+(?:Error|Exception)\b|\b(?:None|True|False|nan|NaN|NULL)\b"
    ),
    "unfilled": re.compile(r"\{\w*\}|<\w+>|\[\[|\]\]|%[sd]\b"),
    "blanks": re.compile(r"\S[ ]{2,}\S|\S\s[,;.!?](?=\s|$)"),
    "two full stops": re.compile(r"(?<!\.)\.\.(?!\.)|[?!:;,]\.(?=\s|$)"),
    "straight quotes": re.compile(r"[\"']\w|\w[\"](?!\w)"),
}
_TYPED = re.compile(
    r"`[^`]*`|(?<![\w.])kim [a-z]+ \"[^\"]*\"|--[a-z-]+|\[Vorgabe: [^\]]*\]|\bKIM_[A-Z_]+|https?://\S+|"
    r"\S*/\S*\.\w+|[\w*~$…-]*\.(?:md|toml|duckdb|xlsx?|xlsm|ods|csv|json|sql|py|pdf|html|log|key|css|typ|parquet)\b|"
    r"(?<!\w)\.?/?(?:[\w.<>…-]+/)+[\w.<>…-]*"
)
_BLOCKS = re.compile(r"</?(?:p|li|t[dhr]|h\d|caption|figcaption|d[tdl]|summary|div|title|text|nav|a|span)\b[^>]*>")
_QUOTED = re.compile(r"„[^“]*“")


def faults(text: str, *ignored: str) -> list[str]:
    """What is wrong with a text: the rule and the place, one line each.

    Args:
        text: one sentence or several, without markup.
        *ignored: rules that do not apply where the text stands.
    """
    said = _QUOTED.sub("„…“", _TYPED.sub("…", text))
    said = re.sub(rf"(?<!\w)(?:{'|'.join(programmes())})(?!\w)", "…", said)
    found = []
    for rule, pattern in _RULES.items():
        if rule not in ignored:
            found += [f"{rule}: {said[max(0, m.start() - 40) : m.end() + 40]!r}" for m in pattern.finditer(said)]
    return found


def of_html(content: bytes) -> Iterator[str]:
    """Texts of a page, block by block, and what is read out instead of a picture."""
    page = re.sub(r"<(style|script)\b.*?</\1>", "", content.decode(), flags=re.DOTALL)
    for label in re.findall(r'(?:aria-label|title|alt)="([^"]*)"', page):
        yield html.unescape(label)
    for block in re.split(
        r"</?(?:p|li|t[dhr]|h\d|caption|figcaption|d[tdl]|summary|div|title|text|nav|a|span)\b[^>]*>", page
    ):
        text = html.unescape(re.sub(r"<[^>]+>", "", block)).strip()
        if text:
            yield " ".join(text.split("\n"))


def of_markdown(text: str) -> Iterator[str]:
    """Paragraphs and cells of a page, without code, targets of links and marks."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"<[^>\s][^>]*>|\]\([^)]*\)|\*\*", "", text)
    text = re.sub(r"(`[^`]*`)", lambda m: " ".join(m[1].split()), text)
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*|#]|\d+\.)\s?)", text):
        cells = [cell.strip() for cell in block.split("|")] if block.lstrip().startswith("|") else [block]
        for cell in cells:
            if " " in cell:
                yield " ".join(cell.strip(" \n-*#[]").split())


def of_workbook(content: bytes) -> Iterator[str]:
    """Texts of a workbook: cells, comments, what a cell says when it is entered or refused."""
    book = load_workbook(io.BytesIO(content))
    for sheet in book.worksheets:
        yield sheet.title
        for row in sheet.iter_rows():
            for cell in row:
                yield from (cell.value,) if isinstance(cell.value, str) and not cell.value.startswith("=") else ()
                yield from (cell.comment.text,) if cell.comment else ()
        for check in sheet.data_validations.dataValidation:
            yield from filter(None, (check.promptTitle, check.prompt, check.errorTitle, check.error))


def of_terminal(text: str) -> Iterator[str]:
    """Texts of what a command prints: each line, each cell of a frame by itself."""
    for line in text.splitlines():
        yield from filter(None, re.split(r"\s{2,}|[│╭╮╰╯─]+", line.strip()))


def of_data(value: Any) -> Iterator[str]:
    """Texts of a file of data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from of_data(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from of_data(part)


_GERMAN = re.compile(
    r"[äöüßÄÖÜ„“]|\b(?:der|die|das|und|nicht|ist|wird|kein|keine|von|mit|Bitte|zu|ein|eine|bis|noch|den|dem|des|sind|als|"
    r"nur|hat|haben|auf|im|am|wurde|werden|gibt|beim|vom|zum|zur|oder|Zeilen|Tage|Dateien)\b"
)
HOLE = "\N{WHITE SQUARE}"
"""Stands where a text of the code is filled in."""


def of_code(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of each German string of a module; what is filled in is a `HOLE`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = [part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values]
    skipped |= {id(part) for part in parts}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            text = "".join(_piece(part) for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = re.sub(r"\{[\w.]*\}", HOLE, node.value)
        else:
            continue
        if " " in text and _GERMAN.search(text) and not re.search(r"\b(?:SELECT|FROM|WHERE)\b", text):
            yield node.lineno, text


def _piece(part: ast.expr) -> str:
    """What stands there already, a number for a constant, else a `HOLE`."""
    if isinstance(part, ast.Constant):
        return str(part.value)
    names = [node.id for node in ast.walk(part) if isinstance(node, ast.Name)]
    return "99" if any(name.isupper() for name in names) else HOLE


def is_german(text: str) -> bool:
    """Whether a page is written in German."""
    words = re.findall(r"\w+", text)
    return sum(w in ("der", "die", "und", "das") for w in words) > sum(w in ("the", "and", "of", "is") for w in words)


def bare_plurals(texts: Iterable[tuple[int, str]]) -> Iterator[str]:
    """Numbers that are filled in before a noun which is always the plural: `german.counted` is what fits both."""
    for line, text in texts:
        for found in re.finditer(rf"{HOLE}{_BLANK}(?:{_MANY})\b", text):
            yield f"line {line}: {text[max(0, found.start() - 40) : found.end() + 40]!r}"
