"""What each attacker knows of a published file: persons, orders of dates, offices (`privacy.md`)."""

from __future__ import annotations

import duckdb
import pytest

from kim_pipeline.disclosure import PublishedCell, Relation, RelationKind, audit
from kim_pipeline.protection.linked_set import CalendarTable, Figure, Key, LinkedSet, Rules
from kim_pipeline.warehouse.catalogue import load_catalogue
from tests.built import sample_internal

CALENDAR = CalendarTable(
    county="K",
    municipalities=("A",),
    quarters={"2023": ("2023-Q1", "2023-Q2")},
    previous={"2023-Q2": "2023-Q1"},
    years=frozenset({"2023"}),
)


def test_eight_contacts_of_two_persons_are_small() -> None:
    counts = {Key("x", "A", "2023", ""): Figure(8, 5, is_printed=True, persons=2)}
    system = LinkedSet(counts, {}, [Rules("x")], CALENDAR).system_of_counts()
    assert system.required() == {"x|A|2023|": (3, 13)}


def test_what_nobody_divides_among_persons_is_judged_by_its_value() -> None:
    counts = {Key("x", "A", "2023", ""): Figure(8, 5, is_printed=True, persons=8)}
    assert not LinkedSet(counts, {}, [Rules("x")], CALENDAR).system_of_counts().sensitive()


def test_what_is_opened_was_registered_before() -> None:
    """Registered hidden in the first quarter, opened there printed as 7: registered is at least 7."""
    values = {("r", "2023-Q1"): 7, ("r", "2023-Q2"): 4, ("o", "2023-Q1"): 7, ("o", "2023-Q2"): 3}
    counts = {Key(c, "A", p, ""): Figure(v, 5, is_printed=True) for (c, p), v in values.items()}
    rules = [Rules("r", dated="r"), Rules("o", dated="o", follows=("r",))]
    system = LinkedSet(counts, {}, rules, CALENDAR).system_of_counts()
    rows = audit(system.published(["r|A|2023-Q1|", "r|A|2023-Q2|"]), system.relations)
    assert {row.cell: row.lower for row in rows} == {"r|A|2023-Q1|": 7, "r|A|2023-Q2|": 0}
    without = LinkedSet(counts, {}, rules, CALENDAR).system_of_counts(has_orders=False)
    assert {r.lower for r in audit(without.published(["r|A|2023-Q1|"]), without.relations)} == {0}


@pytest.mark.parametrize(("n", "bounds"), [(3, (0, 4)), (7, (5, 9)), (60, (50, None))])
def test_a_printed_class_bounds_the_number_behind_a_median(n: int, bounds: tuple[int, int | None]) -> None:
    counts = {Key("m.n", "A", "2023", ""): Figure(n, 0, is_printed=False)}
    system = LinkedSet(counts, {}, [Rules("m", dated="m.n", n_from=5)], CALENDAR).system_of_counts()
    ((cell,), relations) = system.published([]), system.relations
    (row,) = audit([PublishedCell(cell.id, None)], relations)
    assert (row.lower, row.upper) == bounds


def test_more_hours_than_a_request_may_take_tell_of_more_requests() -> None:
    cells = [PublishedCell("hours", 3000), PublishedCell("requests", None, 3)]
    most = Relation("most", (("hours", 1), ("requests", -1200)), 0, RelationKind.AT_MOST)
    (row,) = audit(cells, [most], required={"requests": (1, 3)})
    assert (row.lower, row.passed) == (3, False)


def test_the_catalogue_says_of_every_protected_indicator_whose_rows_repeat_what_tells_persons_apart() -> None:
    """What `person_count.sql` counts is what the catalogue names; a case's own table has one row for each."""
    with duckdb.connect(str(sample_internal()), read_only=True) as connection:
        counted = {
            str(count).split(".")[0]
            for (count,) in connection.execute("SELECT DISTINCT count_id FROM disclosure.person_count").fetchall()
        }
    named = {i.id for i in load_catalogue() if i.persons and i.aggregation != "distinct"}
    of_cases = {i.id for i in load_catalogue() if i.table_name == "cases"}
    assert named - of_cases - {"kim_needs_unmet_rate"} == counted - {"kim_needs_unmet_rate"}
