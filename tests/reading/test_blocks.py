"""Blocks: however tables stand on their sheets, their rows are those of one plain table (`deliveries.md` §1.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kim_pipeline.reading.formats.cells import Cell
from kim_pipeline.reading.table_result import TableResult
from tests.helpers_tables import read_sheets_of, sheet_of

HEADERS = {
    "grant_no": ["Antrag-Nr.", "Az."],
    "organisation": ["Träger", "Initiative"],
    "municipality": ["Kommune", "Ort"],
    "module": ["Baustein", "Förderbaustein"],
    "granted_eur": ["Bewilligt (€)", "Bewilligte Mittel"],
    "participants": ["Teilnehmende", "TN"],
}
FIELDS = list(HEADERS)
TOWNS = ["Ahlen", "Beckum", "Oelde", "Telgte"]
HEADINGS: list[list[Cell]] = [["", "Zweite Runde"], ["Hinweis: vorläufig", "mit Bescheid"], ["* ohne Nachträge"]]
TOTALS: list[list[Cell]] = [
    ["Summe", "", "", "", 99.0],
    ["Zwischensumme", "", "", "", 9],
    ["Ahlen Ergebnis", "", "", "", 7],
]
TITLES: list[list[Cell]] = [
    ["KOMM-AN NRW"],
    ["Anträge der zweiten Runde"],
    ["Berichtszeitraum: 2023"],
    ["Stand:", "15.01.2024"],
    ["Berichtszeitraum: 2023, Stand: 15.01.2024"],
    [],
    ["", ""],
]
Row = dict[str, Any]
Grid = list[list[Cell]]


def grant(number: int, town: str, module: str, amount: float, participants: int) -> Row:
    values = (f"KA-{number:03d}", f"Verein {number}", town, module, amount, participants)
    return dict(zip(FIELDS, values, strict=True))


GRANTS = st.lists(
    st.tuples(
        st.sampled_from(TOWNS), st.sampled_from("ABCD"), st.sampled_from([0.0, 250.5, 1000.0]), st.integers(0, 99)
    ),
    min_size=1,
    max_size=12,
).map(lambda values: [grant(n, *value) for n, value in enumerate(values, start=1)])


@st.composite
def table(draw: st.DrawFn, rows: Sequence[Row]) -> Grid:
    """A table of these rows: its columns in any order under any spelling, totals, notes and printed pages between."""
    order = draw(st.permutations(FIELDS))
    if draw(st.booleans()):
        order = FIELDS
    header: list[Cell] = [draw(st.sampled_from(HEADERS[name])) for name in order]
    grid: Grid = [header]
    for number, row in enumerate(rows):
        if number and order is FIELDS:
            grid += draw(st.lists(st.sampled_from([*HEADINGS, *TOTALS, [], header]), max_size=1))
        grid.append([row[name] for name in order])
    if order is FIELDS:
        grid += draw(st.lists(st.sampled_from([*TOTALS, ["Quelle: Bewilligungen"], []]), max_size=2))
    return grid


def beside(left: Grid, right: Grid, gap: int) -> Grid:
    """Two tables side by side, with blank columns between."""
    width = max(map(len, left)) + gap
    height = max(len(left), len(right))
    blank: list[list[Cell]] = [[]]
    left, right = left + blank * (height - len(left)), right + blank * (height - len(right))
    return [[*one, *[""] * (width - len(one)), *other] for one, other in zip(left, right, strict=True)]


@st.composite
def arrangement(draw: st.DrawFn) -> tuple[list[Row], list[Grid]]:
    """Rows, and the sheets that hold them in blocks stacked and side by side."""
    rows = draw(GRANTS)
    cuts = sorted(draw(st.sets(st.integers(1, len(rows)), max_size=4)) - {len(rows)})
    chunks = [rows[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    sheets: list[Grid] = [[]]
    while chunks:
        if sheets[-1] and draw(st.integers(0, 3)) == 0:
            sheets.append([])
        sheets[-1] += draw(st.lists(st.sampled_from(TITLES), max_size=3))
        part = draw(table(chunks.pop(0)))
        has_neighbour: bool = draw(st.booleans())
        if chunks and has_neighbour:
            part = beside(part, draw(table(chunks.pop(0))), draw(st.integers(0, 2)))
        sheets[-1] += part
    return rows, sheets


def reading(sheets: Sequence[Grid]) -> TableResult:
    pages = [sheet_of(grid, f"Blatt {number}") for number, grid in enumerate(sheets)]
    return read_sheets_of("komm_an", "grants", pages, period="2023")


def values(result: TableResult) -> list[Row]:
    rows = result.rows.drop_columns(["source_sheet", "source_row"]).to_pylist()
    return sorted(rows, key=lambda row: str(row["grant_no"]))


@given(arrangement())
@settings(max_examples=150, deadline=None)
def test_however_tables_stand_their_rows_are_those_of_one_table(case: tuple[list[Row], list[Grid]]) -> None:
    rows, sheets = case
    plain = reading([[[HEADERS[name][0] for name in FIELDS], *(list(row.values()) for row in rows)]])
    found = reading(sheets)
    assert values(found) == values(plain)
    assert {f.rule for f in found.findings} <= {"looks_like_heading"}
    assert sum(a.accepted for a in found.accounts) == len(rows)
    assert all(a.rows_read == a.accepted + a.total + a.note for a in found.accounts)


def test_a_table_goes_on_beside_a_repeated_header_of_its_neighbour() -> None:
    header = [HEADERS[name][0] for name in FIELDS]
    rows = [list(grant(n, "Ahlen", "A", 10.0, n).values()) for n in range(1, 7)]
    found = reading([[header + header, rows[0] + rows[4], rows[1] + header, rows[2] + rows[5], rows[3]]])
    assert [row["grant_no"] for row in values(found)] == [f"KA-{n:03}" for n in range(1, 7)]
    assert found.findings == []
