"""What a finding may quote of a cell that two readers read differently: nothing that it may not quote of either."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.reading.formats.cells import Cell, DoubtfulCell, ErrorCell, raw_text
from kim_pipeline.reading.quoting import Quoting
from kim_pipeline.reading.values import Context

PERSON = "Testperson Muster-Beispiel"
TOLD: list[Cell] = [
    PERSON,
    f"  {PERSON.upper()}\u200b ",
    f"{PERSON}…",
    f'"{PERSON}',
    "Muster, Test",
    "0170123456789",
    "geb. am ersten Mai",
    "14.03.1987",
    dt.date(1987, 3, 14),
    ErrorCell("14.03.1987"),
]
"""What no finding quotes, each for another rule."""
HARMLESS: list[Cell] = ["", "Ahlen", 17.5, dt.date(2023, 5, 2), ErrorCell("#NV")]
PERSONAL = next(
    column for p in programmes().values() for t in p.tables for column in t.columns.values() if column.personal
)


def quoting(*personal: Cell) -> Quoting:
    return Quoting(
        lambda: [(PERSONAL, cell) for cell in personal],
        Context(vocabulary(), {}, dt.date(1899, 12, 30), text_only=False),
    )


@pytest.mark.parametrize("told", TOLD, ids=range(len(TOLD)))
@pytest.mark.parametrize("other", HARMLESS, ids=range(len(HARMLESS)))
def test_what_one_reading_tells_is_not_quoted(told: Cell, other: Cell) -> None:
    judge = quoting(PERSON, "K-17")
    assert judge.allows(DoubtfulCell(other, "Beckum"), None)
    for cell in (DoubtfulCell(told, other), DoubtfulCell(other, told)):
        assert not judge.allows(cell, None)
        assert not judge.allows(raw_text(cell), None), "a text made of it, as a fact's"


@given(first=st.text(min_size=4), second=st.text(min_size=1))
def test_a_doubtful_cell_is_never_quoted_sooner_than_its_readings(first: str, second: str) -> None:
    judge = quoting(first)
    if not judge.allows(first, None):
        assert not judge.allows(DoubtfulCell(first, second), None)
        assert not judge.allows(DoubtfulCell(second, first), None)
