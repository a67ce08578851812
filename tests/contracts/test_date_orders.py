"""Orders of dates that hold for sums of rows: whoever has the later date has the earlier one."""

from __future__ import annotations

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.date_orders import date_orders


def of(programme: str, table: str) -> set[tuple[str, str]]:
    return set(date_orders(programmes()[programme].table(table)))


def test_a_case_is_registered_before_anything_and_opened_before_it_is_closed() -> None:
    """There are cases without a first talk, so it bounds nothing that comes later."""
    assert of("kim_case_management", "cases") == {
        ("registered_on", "first_talk_on"),
        ("registered_on", "opened_on"),
        ("opened_on", "closed_on"),
    }


def test_tables_without_an_order_have_none() -> None:
    assert of("suedosteuropa", "contacts") == set()


def test_every_table_with_a_required_first_date_has_its_order() -> None:
    assert of("patenprojekt", "mentorships") == {("started_on", "ended_on")}
    assert of("durchstarten", "participations") == {("entered_on", "left_on")}
