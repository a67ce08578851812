"""Flat files: signs, broken rows, hostile ones, and that order, name and package change nothing."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.official.helpers import CONSTRUCTED, MATERIAL, NEW_HEADER, flat, read, record, rows, rules, said

FLAT = (CONSTRUCTED / "12411-nat_1773175772751_de_flat.csv").read_text(encoding="utf-8-sig").splitlines()
AHLEN, BECKUM = "05570004", "05570008"


def zipped(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(1, len(FLAT))))
def test_rows_in_any_order_say_the_same(order: list[int]) -> None:
    text = "\n".join([FLAT[0], *(FLAT[at] for at in order), ""])
    part = read("a.csv", text.encode())
    assert said(part) == said(read("a.csv", "\n".join(FLAT).encode()))
    assert [(a.rows_read, a.accepted, a.note) for a in part.tables["population"].accounts] == [(67, 60, 7)]


@pytest.mark.parametrize("name", ["x.csv", "Bevölkerung 2024.csv", "12411-01-01-4_flat.csv"])
def test_name_and_package_change_nothing(name: str) -> None:
    content = (MATERIAL / "12411-01-01-4_flat.csv").read_bytes()
    assert said(read(name, content)) == said(read("a.zip", zipped((name, content))))


def test_a_package_of_several_files_is_rejected() -> None:
    part = read("a.zip", zipped(("a.csv", b"1"), ("b.csv", b"2"), ("c.txt", b"3")))
    assert part.rejected == "several_members"
    assert "3 Dateien" in part.findings[0].message


def test_a_packed_file_is_held_to_the_limits() -> None:
    part = read("a.zip", zipped(("a.csv", b"0" * (2**26 + 1))))
    assert part.rejected == "unreadable"


def test_a_package_in_no_published_form_is_no_delivery() -> None:
    assert read("a.zip", zipped(("a.csv", b"AGS;Name\n1;2\n"))).rejected == "unreadable"


@pytest.mark.parametrize(
    ("value", "sign", "population", "mark", "severity"),
    [
        ("52666", "e", 52666, None, None),
        ("52666", "", 52666, None, None),
        ("0", "", 0, None, None),
        ("-", "", None, "-", "warning"),
        ("–", "", None, "-", "warning"),
        (".", "", None, ".", "warning"),
        ("…", "", None, "...", "warning"),
        ("/", "", None, "/", "warning"),
        ("x", "", None, "x", "warning"),
        ("52666", "p", 52666, "p", "notice"),
        ("52666r", "", 52666, "r", "notice"),
        ("52666 s", "", 52666, "s", "notice"),
        ("(52666)", "", 52666, "()", "notice"),
        ("52666", "()", 52666, "()", "notice"),
        ("", ".", None, ".", "warning"),
    ],
)
def test_signs(value: str, sign: str, population: int | None, mark: str | None, severity: str | None) -> None:
    part = read("a.csv", flat([record(AHLEN, value, sign=sign), record(BECKUM, "37133")]))
    row = next(r for r in rows(part) if r["ags"] == AHLEN)
    assert (row["population"], row["population_mark"]) == (population, mark)
    assert [f.severity for f in part.findings if f.rule == "official_mark"] == ([severity] if severity else [])


def test_nothing_there_is_zero_for_a_sex_and_null_for_a_whole_population() -> None:
    part = read("a.csv", flat([record(AHLEN, "10"), record(AHLEN, "-", sex="GESM"), record(BECKUM, "-")]))
    assert [(r["population"], r["population_male"]) for r in rows(part)] == [(10, 0), (None, None)]


@pytest.mark.parametrize("value", ["12,5", "1.234", "-5", "k. A.", "?", "zwölf", "", "52666 q", "#NV"])
def test_anything_else_is_no_number_and_takes_the_record_along(value: str) -> None:
    lines = [record(AHLEN, value, sign=""), record(AHLEN, "1", sex="GESM"), record(BECKUM, "37133")]
    part = read("a.csv", flat(lines))
    assert rules(part) == [("invalid_number", 2)]
    assert [r["ags"] for r in rows(part)] == [BECKUM]
    (account,) = part.tables["population"].accounts
    assert (account.accepted, account.quarantined, account.note) == (1, 2, 0)


def test_a_wrong_sex_leaves_the_total() -> None:
    part = read("a.csv", flat([record(AHLEN, "10"), record(AHLEN, "?", sex="GESM"), record(AHLEN, "4", sex="GESW")]))
    assert [(r["population"], r["population_male"], r["population_female"]) for r in rows(part)] == [(10, None, 4)]
    assert rules(part) == [("invalid_number", 3)]


def test_rows_with_another_number_of_fields_are_errors_where_they_are_ours() -> None:
    lines = [record(AHLEN, "1").replace(";Name", ""), record("05515000", "1").replace(";Name", ""), record(BECKUM, "2")]
    part = read("a.csv", flat([*lines, record(AHLEN, "3").removeprefix("12411;"), "Ahlen;1", ""]))
    assert rules(part) == [("invalid_row", 2), ("invalid_row", 5)]
    assert "17 statt 18 Felder" in part.findings[-1].message


def test_a_key_as_a_power_of_ten_is_an_error_and_a_lost_zero_is_restored_if_it_is_ours() -> None:
    lines = [record("5,57E+11", "1"), record("5570004", "2"), record("5515", "3"), record("55700008008", "4")]
    part = read("a.csv", flat(lines))
    assert rules(part) == [("invalid_value", 2)]
    assert {r["ags"]: r["population"] for r in rows(part)} == {AHLEN: 2, BECKUM: 4}


def test_two_values_for_one_part_are_told_and_the_later_row_does_not_count() -> None:
    part = read("a.csv", flat([record(AHLEN, "1"), record(BECKUM, "9"), record(AHLEN, "2")]))
    assert rules(part) == [("duplicate_key", 4)]
    assert {r["ags"]: r["population"] for r in rows(part)} == {AHLEN: 1, BECKUM: 9}


def test_two_stichtage_and_a_year_in_one_file() -> None:
    lines = [record(AHLEN, "1", time="2023-12-31"), record(AHLEN, "2"), record(AHLEN, "3").replace("STAG", "JAHR")]
    part = read("a.csv", flat(lines))
    assert [(str(r["reported_on"]), r["population"], r["census_base"]) for r in rows(part)] == [
        ("2023-12-31", 1, None), ("2024-12-31", 2, "2022"),
    ]  # fmt: skip
    assert "census_base_unknown" in {f.rule for f in part.findings}


def test_quotation_marks_and_separators_in_a_name_are_read_as_a_csv_has_them() -> None:
    part = read("a.csv", flat([record(AHLEN, "1").replace(";Name;", ';"Ahlen; ""Stadt""";'), record(BECKUM, "2")]))
    assert [r["municipality"] for r in rows(part)] == ['Ahlen; "Stadt"', "Name"]


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        ([record("05515000", "1")], "no_own_area"),
        ([record(AHLEN, "1", statistic="12711")], "unknown_statistic"),
        ([record(AHLEN, "1", content="FLC001")], "unknown_layout"),
        ([record(AHLEN, "1").replace("STAG", "JAHR")], "missing_reference_day"),
        ([record(AHLEN, "1", sex="GESM"), record(AHLEN, "2", sex="GESW")], "missing_total"),
        ([record(AHLEN, "1", sex="ALT01")], "missing_total"),
        ([], "unknown_layout"),
    ],
)
def test_why_a_flat_file_cannot_be_used(lines: list[str], rule: str) -> None:
    assert read("a.csv", flat(lines)).rejected == rule


@pytest.mark.parametrize("header", ["Statistik_Code;BEVSTD__B__Anzahl", f"{NEW_HEADER[:110]};value"])
def test_a_header_without_areas_or_units_is_no_layout(header: str) -> None:
    assert read("a.csv", f"{header}\n12411;1\n".encode()).rejected == "unknown_layout"


def test_a_quotation_mark_that_is_not_closed_loses_nothing_in_silence() -> None:
    content = flat([record(AHLEN, "1").replace(";Name;", ';"Name;'), record(BECKUM, "2")])
    assert read("a.csv", content).rejected == "unreadable"


def test_more_foreigners_than_people_is_an_error_at_the_foreigners() -> None:
    header = NEW_HEADER.replace("2_variable", "3_variable").replace(
        ";3_variable_code",
        ";2_variable_code;2_variable_label;2_variable_attribute_code;2_variable_attribute_label;3_variable_code",
    )
    lines = [
        record(AHLEN, "10").replace(";GES;", ";NAT;Nationalität;;Insgesamt;GES;"),
        record(AHLEN, "11").replace(";GES;", ";NAT;Nationalität;NATA;Ausländer;GES;"),
    ]
    part = read("a.csv", "\n".join([header, *lines, ""]).encode())
    assert rules(part) == [("amount_order", 3)]
    assert [(r["population"], r["foreigners"]) for r in rows(part)] == [(10, None)]


def test_the_stand_of_the_name_is_the_day_in_berlin_and_never_before_the_stichtag() -> None:
    content = flat([record(AHLEN, "1")])
    assert str(read("a_1744323962295_de_flat.csv", flat([record(AHLEN, "1", time="2023-12-31")])).as_of) == "2025-04-11"
    assert read("a_1704323962295_de_flat.csv", content).as_of is None
    assert read("a.csv", content).as_of is None
