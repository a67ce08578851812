"""Retrieved tables and registers in other layouts than those at hand: where a day stands, signs, attributes, keys."""

from __future__ import annotations

from typing import Any

import pytest

from tests.official.helpers import COUNTY, read, rows, rules
from tests.workbooks import Page, xlsx

TITLE = "Tabelle: 12411-99i\nBevölkerung\nFortschreibung des Bevölkerungsstandes\nBevölkerungsstand (Anzahl)\n"
FOOTER = "__________\nab dem Jahr 2011 auf Grundlage des Zensus 2011\n© IT.NRW, 2024\nStand: 01.02.2024 / 10:00:00\n"


def retrieved(header: str, *lines: str, title: str = TITLE, footer: str = FOOTER) -> bytes:
    return "\n".join([title + header, *lines, footer]).encode("latin-1")


def test_a_day_in_a_title() -> None:
    content = retrieved(";;Insgesamt", f"{COUNTY};Kreis;10", title=f"{TITLE}Stichtag: 31.12.2020\n")
    assert [str(r["reported_on"]) for r in rows(read("a.csv", content))] == ["2020-12-31"]


def test_a_day_in_a_row_of_its_own_holds_for_the_rows_below_it() -> None:
    lines = ("31.12.2019", f"{COUNTY};Kreis;10", "31.12.2020", f"{COUNTY};Kreis;11")
    part = read("a.csv", retrieved(";;Insgesamt", *lines))
    assert [(str(r["reported_on"]), r["population"]) for r in rows(part)] == [("2019-12-31", 10), ("2020-12-31", 11)]
    assert part.tables["population"].accounts[0].rows_read in (3, 4)


def test_a_year_is_no_day() -> None:
    part = read("a.csv", retrieved(";;Insgesamt", f"{COUNTY};Kreis;10", title=f"{TITLE}Jahr: 2019\n"))
    assert part.rejected == "missing_reference_day"
    assert "2019" in part.findings[0].message


def test_germans_are_skipped_and_foreigners_are_read() -> None:
    header = ";;Stichtag;Stichtag;Stichtag\n;;31.12.2020;31.12.2020;31.12.2020\n;;Insgesamt;Deutsche;Ausländer/-innen"
    (row,) = rows(read("a.csv", retrieved(header, f"{COUNTY};Kreis;10;7;3")))
    assert (row["population"], row["foreigners"], row["foreigners_source"]) == (10, 3, "fortschreibung")


def test_signs_in_a_column_of_their_own() -> None:
    header = ";;31.12.2020;;31.12.2021;\n;;Insgesamt;;Insgesamt;"
    part = read("a.csv", retrieved(header, f"{COUNTY};Kreis;10;p;11;e", "05515;Münster;1;e;2;"))
    assert [(r["population"], r["population_mark"]) for r in rows(part)] == [(10, "p"), (11, None)]


def test_nationalities_as_attributes_of_rows() -> None:
    lines = [f"{COUNTY};Kreis;{what};{n}" for what, n in (("Deutsche", 7), ("Ausländer", 3), ("Insgesamt", 10))]
    part = read("a.csv", retrieved(";;;31.12.2020", *lines))
    assert [(r["population"], r["foreigners"]) for r in rows(part)] == [(10, 3)]
    (account,) = part.tables["population"].accounts
    assert (account.rows_read, account.accepted, account.note) == (3, 2, 1)


def test_a_wrong_cell_puts_its_row_in_quarantine() -> None:
    part = read("a.csv", retrieved(";;31.12.2020", f"{COUNTY};Kreis;1.0", "05570004;Ahlen;12"))
    assert rules(part) == [("invalid_number", 6)]
    assert [r["ags"] for r in rows(part)] == ["05570004"]


def test_a_workbook_whose_blank_keys_belong_to_the_one_above() -> None:
    page: list[list[Any]] = [
        ["Bevölkerung nach Altersgruppen"], ["Fortschreibung des Bevölkerungsstandes"], ["Bevölkerungsstand (Anzahl)"],
        [None, None, None, "31.12.2020"], [COUNTY, "Kreis", "unter 3", 1], [None, None, "Insgesamt", 10],
        ["05515", "Münster", "unter 3", 1], [None, None, "Insgesamt", 5], ["______________"],
        ["© Statistisches Bundesamt (Destatis), 2021 | Stand: 03.02.2021 / 10:00:00"],
    ]  # fmt: skip
    part = read("a.xlsx", xlsx([Page("12411-0017", page)]))
    assert [(r["ags"], r["population"]) for r in rows(part)] == [(COUNTY, 10)]
    assert str(part.as_of) == "2021-02-03"


def register(day: str, *, group: str = "Bevölkerung", keys: tuple[str, ...] = ("Land", "RB", "Kreis", "Gem")) -> bytes:
    top = ["Satz-art", "Amtlicher Gemeindeschlüssel", *[None] * (len(keys) - 1), "Gemeindename", "Fläche", group, None]
    table: list[list[Any]] = [
        ["Gemeinden am 31.12.2019"], [], top, [None, *keys, None, "insgesamt", "insgesamt", "männlich"],
        [None] * (len(keys) + 3) + [day], ["40", "05", "5", "70", *[None] * (len(keys) - 3), "Warendorf"],
        ["60", "05", "5", "70", *["0000"] * (len(keys) - 4), "004", "Ahlen", "123", 52000, 26000],
        ["60", 5.0, 5.0, 15.0, *["0000"] * (len(keys) - 4), 0.0, "Münster", "300", 310000, 150000],
    ]  # fmt: skip
    inside: list[list[Any]] = [
        ["Gemeindeverzeichnis"], [], ["Erscheinungsmonat: Oktober 2018, im November 2018 revidiert"], [],
        ["Vervielfältigung im Mai 2030"],
    ]  # fmt: skip
    return xlsx([Page("Inhalt", inside), Page("Tabelle", table)])


@pytest.mark.parametrize("keys", [("Land", "RB", "Kreis", "Gem"), ("Land", "RB", "Kreis", "VB", "Gemeinde")])
def test_registers_of_other_years(keys: tuple[str, ...]) -> None:
    part = read("a.xlsx", register("31.12.2017 (Jahr)", keys=keys))
    assert [(r["ags"], str(r["reported_on"]), r["population"], r["population_male"]) for r in rows(part)] == [
        ("05570004", "2017-12-31", 52_000, 26_000)
    ]
    assert str(part.as_of) == "2018-11-01"
    (account,) = part.tables["population"].accounts
    assert (account.rows_read, account.accepted, account.note) == (3, 1, 2)


def test_a_register_names_its_base_beside_a_footnote() -> None:
    part = read("a.xlsx", register("am 31.12.2022 (Jahr)", group="Bevölkerung auf Grundlage des\nZensus 20222)"))
    assert [r["census_base"] for r in rows(part)] == ["2022"]


def test_a_register_without_a_day_under_its_population_is_rejected() -> None:
    assert read("a.xlsx", register("Gebietsstand am 31.12.2017")).rejected == "missing_reference_day"
