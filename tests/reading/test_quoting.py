"""What a finding may quote of a cell that two readers read differently: nothing that it may not quote of either."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kim_pipeline.reading.formats.cells import BETWEEN_READINGS, Cell, DoubtfulCell, ErrorCell, raw_text
from kim_pipeline.reading.quoting import Quoting

PERSON = "Testperson Muster-Beispiel"
BIRTHDAY = dt.date(1987, 3, 14)
TOLD: list[Cell] = [
    PERSON,
    f"  {PERSON.upper()}\u200b ",
    f"{PERSON}…",
    f'"{PERSON}',
    "Muster, Test",
    "0170123456789",
    170123456789.0,
    "geb. am ersten Mai",
    "14.03.1987",
    BIRTHDAY,
    ErrorCell("14.03.1987"),
]
"""What no finding quotes, each for another rule."""
HARMLESS: list[Cell] = ["", "Ahlen", 17.5, dt.date(2023, 5, 2), dt.time(18), ErrorCell("#NV")]
QUOTING = Quoting(lambda: [PERSON, "K-17"])


@pytest.mark.parametrize("told", TOLD, ids=range(len(TOLD)))
@pytest.mark.parametrize("other", HARMLESS, ids=range(len(HARMLESS)))
def test_what_one_reading_tells_is_not_quoted(told: Cell, other: Cell) -> None:
    assert QUOTING.allows(DoubtfulCell(other, "Beckum"), None)
    for cell in (DoubtfulCell(told, other), DoubtfulCell(other, told)):
        assert not QUOTING.allows(cell, None)
        assert not QUOTING.allows(raw_text(cell), None)  # a text made of it, as a fact's


@pytest.mark.parametrize("harmless", HARMLESS, ids=range(len(HARMLESS)))
def test_both_readings_of_a_harmless_cell_are_quoted(harmless: Cell) -> None:
    for other in HARMLESS:
        assert QUOTING.allows(DoubtfulCell(harmless, other), None)


def test_both_readings_of_a_personal_cell_are_known() -> None:
    """Where a cell of a personal column is doubtful itself, either reading is a personal value."""
    quoting = Quoting(lambda: [DoubtfulCell(PERSON, "Deckname Eins")])
    assert not quoting.allows(PERSON, None)
    assert not quoting.allows("Deckname Eins", None)
    assert quoting.allows("Deckname Zwei", None)


@given(first=st.text(min_size=4), second=st.text(min_size=1))
def test_a_doubtful_cell_is_never_quoted_sooner_than_its_readings(first: str, second: str) -> None:
    quoting = Quoting(lambda: [first])
    if not quoting.allows(first, None):
        assert not quoting.allows(DoubtfulCell(first, second), None)
        assert not quoting.allows(DoubtfulCell(second, first), None)


def test_a_reading_that_stands_between_bars_itself_is_judged_whole() -> None:
    name = f"Haus{BETWEEN_READINGS}Hof"
    assert not Quoting(lambda: [name]).allows(DoubtfulCell(name, "17"), None)
