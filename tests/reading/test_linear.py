"""No cell takes more than linear time: growth is measured, not seconds.

A cell may hold 32,767 characters. Each text here is made of a repeated piece that expressions tend to try again and
again; four times as long it may take at most eight times as long, where it takes a noticeable time at all.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import PurePath

import pytest

from kim_pipeline.contracts import programme, programmes
from kim_pipeline.contracts.calendar import names_time, parse_period
from kim_pipeline.contracts.model import Column
from kim_pipeline.contracts.normalise import clean_key, clean_text, comparable, comparable_header, is_blank
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.reading import facts, findings, header, quoting, rows, suggest
from kim_pipeline.reading.delivery import read_delivery
from kim_pipeline.reading.formats.cells import encode_sheet
from kim_pipeline.reading.formats.workbook import Limits
from kim_pipeline.reading.garbled import is_garbled
from kim_pipeline.reading.shifted import shape_of
from kim_pipeline.reading.values import MOST_PIECES, Context, looks_personal, parse_cell, unknown_languages
from tests.workbooks import FACTS, HEADER, Page, csv_text, request

pytestmark = pytest.mark.slow

LONGEST = 32_767
GROWTH = 8
NOTICEABLE = 0.02
"""Seconds of processor time below which growth is not judged; what is quadratic takes many times as long."""

PIECES = [
    "1", "0.", "1,", ", ", " ", ". ", "-", " - ", '"', "a", "a ", "Ã¤", "(", "1) ", ":", "*", "a/", "a, ", "+", "@",
    "geb. 1.1.", "Frau ", "\u200b", "\n", "1e", "01.01.2023 ", "2023/", "stand: ", "bis ", "a und ", "\xa0", "h ",
    "ergebnis ",
]  # fmt: skip
PROGRAMME = programme("sprachmittlerpool")
AROUND = [("", ""), ("1", "x")]
CONTEXT = Context(vocabulary(), {}, dt.date(1899, 12, 30), text_only=True)

Judged = Callable[[str], object]


def columns() -> dict[str, Column]:
    """One column of the contracts for each way in which cells are parsed."""
    found: dict[str, Column] = {}
    for each in programmes().values():
        for table in each.tables:
            for column in table.delivered:
                ways = {"key": column.key, "person": column.may_name_persons, "office": column.names_office}
                name = " ".join([column.kind, *(way for way, is_so in ways.items() if is_so)])
                found.setdefault(name, column)
    return found


def paths() -> Iterator[tuple[str, Judged]]:
    """Everything that looks at a cell's text, by its name."""
    yield from ((f.__name__, f) for f in (clean_text, clean_key, comparable, comparable_header, is_blank))
    yield from ((f.__name__, f) for f in (parse_period, names_time, is_garbled, looks_personal, shape_of))
    yield from ((f.__name__, f) for f in (rows.is_total, rows.is_weak_total, rows.is_note, rows.is_example))
    yield from ((f.__name__, f) for f in (findings.quoted, findings.shown_text))
    yield "municipality", lambda text: vocabulary().municipality(comparable(text))
    yield "unknown_languages", lambda text: unknown_languages(text, CONTEXT)
    yield "nearest", lambda text: suggest.nearest(text, tuple(vocabulary().language_spellings))
    yield "period", lambda text: facts.read_fact("period", text, CONTEXT)
    yield "as_of", lambda text: facts.read_fact("as_of", text, CONTEXT)
    yield "facts_on", lambda text: facts.facts_on(encode_sheet("a", [[text, text], [text]]), 0, CONTEXT)
    finder = header.HeaderFinder(PROGRAMME, CONTEXT)
    yield "header", lambda text: finder.headers(encode_sheet("a", [[text, text], [text, "Datum"]]), set())
    for name, column in columns().items():
        yield f"parse {name}", partial(parse_cell, column=column, context=CONTEXT)
        yield f"suggest {name}", partial(suggest.did_you_mean, column=column, context=CONTEXT)
    hours, date = columns()["hours"], columns()["date"]
    yield "minutes", partial(parse_cell, column=hours, context=CONTEXT, minutes=True)
    quoted = quoting.Quoting(lambda: [], CONTEXT)
    for column in (hours, date):
        yield f"quote {column.kind}", partial(quoted.allows, column=column)


def longer(piece: str, around: tuple[str, str], length: int) -> str:
    before, behind = around
    return before + (piece * length)[: length - len(before) - len(behind)] + behind


def seconds_of(path: Judged, text: str) -> float:
    """Processor time, nothing remembered from before."""
    for cached in (comparable, comparable_header, suggest._nearest):
        cached.cache_clear()
    start = time.process_time()
    path(text)
    return time.process_time() - start


def grows_too_much(path: Judged, text: Callable[[int], str], longest: int = LONGEST) -> bool:
    """Whether four times as much takes more than eight times as long; the least of several measurements counts."""
    if seconds_of(path, text(longest)) < NOTICEABLE:
        return False
    long, short = (min(seconds_of(path, text(n)) for _ in range(3)) for n in (longest, longest // 4))
    return long > NOTICEABLE and long > GROWTH * short


@pytest.mark.parametrize("name", [name for name, _ in paths()])
def test_a_cell_takes_linear_time(name: str) -> None:
    path = dict(paths())[name]
    bad = [
        (piece, around) for piece in PIECES for around in AROUND if grows_too_much(path, partial(longer, piece, around))
    ]
    assert bad == []


@pytest.mark.parametrize("piece", ["1", "1,", "a/", '"', " ", "1) ", "geb. 1.1.", "Stand: 2023, "])
def test_a_delivery_takes_linear_time(piece: str) -> None:
    """The text in every cell of a row, above the table and in its header."""

    def read(text: str) -> object:
        filled = [text] * len(HEADER)
        page = Page("Einsätze", [[text], *FACTS, filled[:3], [*HEADER, text], request("A-1"), filled])
        content = csv_text(page).encode()
        return read_delivery(PurePath("a.csv"), content, PROGRAMME, b"x" * 32, Limits(2**28, 2**31))

    assert not grows_too_much(read, lambda n: longer(piece, ("", ""), n))


def test_no_alias_of_a_language_has_more_pieces_than_are_looked_for() -> None:
    assert max(alias.count("/") + 1 for alias in vocabulary().languages) <= MOST_PIECES


def test_growth_is_seen() -> None:
    """The measure itself: what is quadratic is found, what is linear is not."""
    assert grows_too_much(re.compile(r"\d+\)").search, lambda n: "1" * n)
    assert not grows_too_much(lambda text: sum(1 for _ in range(50 * len(text))), lambda n: "1" * n)
