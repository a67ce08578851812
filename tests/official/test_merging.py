"""Files together: parts, bases, breaks, sums and what is told (`official.md` §6, §11)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.official.helpers import (
    CONSTRUCTED,
    COUNTY,
    FILES,
    MATERIAL,
    answers,
    built,
    contents,
    counted,
    flat,
    record,
    taken_in,
    values,
)
from tests.workbooks import Page, xlsx

HAND = "Bevoelkerung_2024_hand.csv"
NATIONALITY = "12411-nat_1773175772751_de_flat.csv"
TOGETHER = [MATERIAL / "12411-15i.csv", CONSTRUCTED / HAND, CONSTRUCTED / NATIONALITY]
MUNICIPALITIES = [f"055700{number:02}" for number in range(4, 53, 4)]
AZR_HEADER = "Tabelle: 12521-09i\nAusländische Bevölkerung\nAusländerstatistik (AZR)\n;;;Ausländische Bevölkerung\n"


def expected(folder: Path) -> dict[tuple[str, str, str], tuple[int | None, int | None, str, str]]:
    def whole(text: str) -> int | None:
        return int(text) if text else None

    return {
        (r["area"], r["stichtag"], r["census_base"]): (
            whole(r["population"]), whole(r["foreigners"]), r["population_file"], r["foreigners_file"],
        )
        for r in answers(folder / "expected_counted.csv")
    }  # fmt: skip


def azr(total: str, day: str = "31.12.2024") -> bytes:
    return f"{AZR_HEADER}{day};{COUNTY};Kreis;{total}\n____\nStand: 01.02.2026 / 10:00:00\n".encode("latin-1")


def test_all_files_together(tmp_path: Path) -> None:
    assert counted(taken_in(tmp_path, contents(FILES))) == expected(MATERIAL)


def test_with_a_hand_made_table_and_foreigners(tmp_path: Path) -> None:
    assert counted(taken_in(tmp_path, contents(TOGETHER))) == expected(CONSTRUCTED)


def test_the_order_of_arrival_changes_nothing(tmp_path: Path) -> None:
    files = contents(FILES)
    first = taken_in(tmp_path / "one", files)
    second = taken_in(tmp_path / "two", dict(reversed(files.items())))
    assert counted(first) == counted(second)
    assert [d.status for d in first.deliveries] == [d.status for d in second.deliveries]


def test_the_series_of_all_files_and_its_breaks(tmp_path: Path) -> None:
    connection = built(tmp_path, contents(FILES))
    people = values(connection, "population")
    assert {year: people[year] for year in ("2010", "2011", "2022", "2023", "2024")} == {
        "2010": 278_145, "2011": 272_985, "2022": 282_263, "2023": 283_295, "2024": 282_639,
    }  # fmt: skip
    assert "2019" not in people
    assert values(connection, "foreigners_rate") == {}
    assert sum(values(connection, "population", area)["2023"] for area in MUNICIPALITIES) == 283_295
    breaks = connection.execute(
        "SELECT period, text FROM indicators.series_break WHERE indicator_id = 'population' AND area = ? "
        "ORDER BY period",
        [COUNTY],
    ).fetchall()
    assert [period for period, _ in breaks] == ["2011", "2024"]
    assert breaks[1][1] == (
        "Bis 31.12.2023 Fortschreibung des Zensus 2011, ab 31.12.2024 des Zensus 2022. Am 31.12.2023 ergaben beide "
        "283.295 und 282.216 Personen; die Differenz von −1.079 ist keine Entwicklung."
    )


def test_rates_of_hand_made_and_official_figures(tmp_path: Path) -> None:
    connection = built(tmp_path, contents(TOGETHER))
    assert values(connection, "foreigners_rate") == {"2024": pytest.approx(32_932 / 282_639)}
    assert values(connection, "population", "05570028") == {"2024": 30_129}
    with_rate = [area for area in MUNICIPALITIES if values(connection, "foreigners_rate", area)]
    assert with_rate == [area for area in MUNICIPALITIES if area != "05570012"]


def test_a_secret_figure_is_never_filled_and_never_part_of_a_sum(tmp_path: Path) -> None:
    lines = [record(area, "100") for area in MUNICIPALITIES[1:]] + [record(MUNICIPALITIES[0], ".")]
    connection = built(tmp_path, {"a.csv": flat(lines)})
    assert values(connection, "population") == {}
    assert values(connection, "population", MUNICIPALITIES[0]) == {}
    assert values(connection, "population", MUNICIPALITIES[1]) == {"2024": 100}


def test_the_county_is_the_sum_where_only_all_municipalities_are_there(tmp_path: Path) -> None:
    connection = built(tmp_path, {"a.csv": flat(record(area, "100") for area in MUNICIPALITIES)})
    assert values(connection, "population") == {"2024": 1300}


def test_a_later_stand_beats_an_earlier_one_and_both_beat_none(tmp_path: Path) -> None:
    files = {
        "z.csv": flat([record(COUNTY, "1")]),
        "b_1773175772751_de_flat.csv": flat([record(COUNTY, "2")]),
        "a_1783175772751_de_flat.csv": flat([record(COUNTY, "3")]),
    }
    intake = taken_in(tmp_path, files)
    assert counted(intake)[COUNTY, "2024-12-31", "2022"][0] == 3
    assert [(d.file[0], d.status, d.reason) for d in intake.deliveries] == [
        ("a", "counted", None), ("b", "superseded", "newer_stand"), ("z", "superseded", "newer_stand"),
    ]  # fmt: skip
    assert [f.rule for d in intake.deliveries for f in d.settled] == ["other_figure", "other_figure"]


def test_the_register_of_foreigners_fills_gaps_and_replaces_nothing(tmp_path: Path) -> None:
    people = flat([record(COUNTY, "282639")])
    filled = counted(taken_in(tmp_path / "gap", {"a.csv": people, "azr.csv": azr("41.345".replace(".", ""))}))
    assert filled[COUNTY, "2024-12-31", "2022"] == (282_639, 41_345, "a.csv", "azr.csv")
    files = {**contents(TOGETHER), "azr.csv": azr("41345")}
    assert counted(taken_in(tmp_path / "none", files)) == expected(CONSTRUCTED)


def test_more_foreigners_than_people_after_merging_are_left_out_with_a_warning(tmp_path: Path) -> None:
    intake = taken_in(tmp_path, {"a.csv": flat([record(COUNTY, "100")]), "azr.csv": azr("105")})
    assert counted(intake)[COUNTY, "2024-12-31", "2022"] == (100, None, "a.csv", "")
    (azr_file,) = [d for d in intake.deliveries if d.file == "azr.csv"]
    assert [(f.rule, f.severity) for f in azr_file.settled] == [("amount_order", "warning")]


def test_a_sum_that_differs_from_the_county_s_figure_is_told(tmp_path: Path) -> None:
    lines = [*(record(area, "100") for area in MUNICIPALITIES), record(COUNTY, "1301")]
    intake = taken_in(tmp_path, {"a.csv": flat(lines)})
    assert [f.rule for f in intake.deliveries[0].settled] == ["sum_differs"]
    assert "1.300" in intake.deliveries[0].settled[0].message


def test_one_base_for_all_areas_also_where_a_newer_one_has_fewer(tmp_path: Path) -> None:
    intake = taken_in(tmp_path, contents([MATERIAL / "AuszugGV4QAktuell.xlsx", MATERIAL / "12411-02-03-4.csv"]))
    merged = intake.merged["bevoelkerung"]
    assert {str(day): base for (figure, day), base in merged.bases.items() if figure == "population"} == {
        "2023-12-31": "2011"
    }


def test_official_tables_cover_the_years_that_they_name_and_not_the_days_between(tmp_path: Path) -> None:
    connection = built(tmp_path, contents([MATERIAL / "12411-01-01-4.csv", MATERIAL / "12411-15i.csv"]))
    assert list(values(connection, "population")) == ["2021", "2024"]
    found = connection.execute(
        "SELECT file, period, attribution IS NOT NULL FROM quality.delivery ORDER BY 1"
    ).fetchall()
    assert found == [("12411-01-01-4.csv", "31.12.2021", True), ("12411-15i.csv", "31.12.2024", True)]


def test_a_county_row_stays_a_note_in_a_hand_made_table(tmp_path: Path) -> None:
    header: list[list[Any]] = [["Berichtszeitraum: 2021"], ["Stand: 01.02.2022"], ["AGS", "Bevölkerung", "Ausländer"],
              [None, "insgesamt", "insgesamt"]]  # fmt: skip
    body = [[area, 100, 10] for area in (*MUNICIPALITIES, COUNTY)]
    connection = built(tmp_path, {"hand.xlsx": xlsx([Page("Blatt", [*header, *body])])})
    assert values(connection, "population") == {"2021": 1300}
    rows = connection.execute(
        "SELECT DISTINCT census_base, population_source, reported_on::VARCHAR FROM staging.bevoelkerung_population"
    ).fetchall()
    assert rows == [("2011", "hand", "2021-12-31")]
