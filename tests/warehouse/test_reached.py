"""Whom a county reaches: the features of persons, off by default; each counted by hand."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kim_pipeline.contracts import programme
from kim_pipeline.contracts.configured import CountyError
from kim_pipeline.contracts.county_folder import county_of, judge_folder
from kim_pipeline.contracts.vocabulary import DEFAULT_COUNTY, breakdown_members, vocabulary
from kim_pipeline.disclosure import Role
from kim_pipeline.protection.linked_set import CalendarTable, Figure, Key, LinkedSet, Rules
from kim_pipeline.settings import PROJECT
from kim_pipeline.warehouse.catalogue import Indicator, load_catalogue, released_indicators
from tests.built import sample_build, sample_internal
from tests.reached import DECIDED, FEATURES, county_without_features, settings_without_publish

COUNTY = "05570"
BY_FEATURE: dict[str, Indicator] = {i.feature: i for i in load_catalogue() if i.feature}


def counted(feature: str, table: str, columns: str, *rows: tuple[Any, ...]) -> dict[str, int]:
    """Member → value in 2023 of the indicator of a feature; `''` for all together."""
    indicator = BY_FEATURE[feature]
    sql = (PROJECT / "sql" / "indicators" / f"value_{indicator.id}.sql").read_text(encoding="utf-8")
    with duckdb.connect() as connection:
        for schema in ("core", "staging", "vocabulary"):
            connection.execute(f"CREATE SCHEMA {schema}")
        connection.execute("CREATE TABLE core.dim_area AS SELECT '05570' AS area, TRUE AS is_county")
        connection.execute("INSERT INTO core.dim_area VALUES ('05570004', FALSE)")
        connection.execute(
            "CREATE TABLE core.calendar_period AS SELECT '2023' AS period, 'year' AS calendar, "
            "DATE '2023-01-01' AS first_day, DATE '2023-12-31' AS last_day"
        )
        connection.execute("CREATE TABLE core.dim_nationality (nationality VARCHAR, origin VARCHAR)")
        connection.executemany("INSERT INTO core.dim_nationality VALUES (?, ?)", vocabulary().nationality_groups())
        source = "source_file VARCHAR DEFAULT 'f', source_sheet VARCHAR DEFAULT 's', source_row BIGINT DEFAULT 1"
        connection.execute(f"CREATE TABLE staging.{table} ({columns}, {source})")
        names = ", ".join(part.split()[0] for part in columns.split(", "))
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO staging.{table} ({names}) VALUES ({marks})", [list(row) for row in rows])
        found = connection.execute(sql).fetchall()
    assert {(row[0], row[1], row[2]) for row in found} == {(indicator.id, COUNTY, "2023")}
    assert all(row[6] == row[7] for row in found), "n is the value"
    return {row[3] or "": row[6] for row in found}


def cases(feature: str, column: str, *values: str | None) -> dict[str, int]:
    columns = f"opened_on DATE, municipality VARCHAR, {column} VARCHAR"
    rows = [("2023-05-01", "05570004", value) for value in values]
    others = [("2022-12-31", "05570004", "w"), (None, "05570004", "w"), ("2024-01-01", COUNTY, "w")]
    return counted(feature, "kim_case_management_cases", columns, *rows, *others)


def test_sex_and_age() -> None:
    assert cases("sex", "sex", "w", "w", "m", "d", None) == {"": 5, "w": 2, "m": 1, "x": 2}
    found = cases("age", "age_group", "0-17", "18-26", "27-39", "40-64", "65+", None)
    assert found == {"": 6, "0-17": 1, "18-26": 1, "27-39": 1, "40+": 2}


def test_origin_in_groups_of_states() -> None:
    found = cases("origin", "nationality", "ROU", "HRV", "GBR", "DEU", "XKX", "SRB", "SYR", "UKR", None)
    assert found == {"": 9, "EU": 2, "WBA": 2, "SYR": 1, "UKR": 1, "XXX": 3}
    states = dict(vocabulary().nationality_groups())
    assert sum(group == "EU" for group in states.values()) == 26
    assert "DEU" not in states
    assert states.keys() <= dict(vocabulary().nationality_names()).keys()


def test_residence_in_groups() -> None:
    every = vocabulary().values("residence_status")
    found = cases("residence", "residence_status", *every, None)
    assert found == {"": len(every) + 1, "AE": 2, "EU": 1, "P24": 1, "GD": 2, "XX": 2}


def test_a_person_counts_with_the_nationality_of_the_latest_contact() -> None:
    columns = "contact_no VARCHAR, contacted_on DATE, person VARCHAR, nationality VARCHAR"
    found = counted(
        "origin_soe", "suedosteuropa_contacts", columns,
        ("9", "2023-01-01", "p", "BGR"), ("1", "2023-06-01", "p", "ROU"),  # the day, not the number
        ("10", "2023-03-01", "q", "ROU"), ("9", "2023-03-01", "q", "BGR"),  # the same day: the number as a text
        ("1", "2023-02-01", "r", "BGR"), ("2", "2023-02-02", "r", None),
        ("3", "2022-12-31", "s", "BGR"),
    )  # fmt: skip
    assert found == {"": 3, "ROU": 1, "BGR": 1, "XXX": 1}


def test_what_is_not_released_is_nowhere() -> None:
    """`tests/whole/test_released_features.py` asks the same of a county that has released nothing."""
    released = set(vocabulary().county.reached)
    kept_out = {i.id for feature, i in BY_FEATURE.items() if feature not in released}
    assert {i.id for i in load_catalogue()} - {i.id for i in released_indicators(load_catalogue(), ())} == {
        i.id for i in BY_FEATURE.values()
    }
    for path, schema in ((sample_internal(), "indicators"), (sample_build()[1], "main")):
        with duckdb.connect(str(path), read_only=True) as connection:
            for table in ("indicator", "indicator_value"):
                found = {name for (name,) in connection.execute(f"SELECT indicator_id FROM {schema}.{table}").fetchall()}
                assert found & {i.id for i in BY_FEATURE.values()} == {i.id for i in BY_FEATURE.values()} - kept_out
    stored = {c.feature for c in programme("kim_case_management").table("cases").output if c.feature}
    assert stored == released - {"origin_soe"}


def test_every_feature_has_one_indicator_and_names_for_its_members() -> None:
    assert set(BY_FEATURE) == set(FEATURES)
    named = {kind for kind, *_ in breakdown_members()}
    assert {i.breakdown_kind for i in BY_FEATURE.values()} == named
    assert all(i.county_only and i.same_total_as and i.calendars == ("year",) for i in BY_FEATURE.values())


def test_features_are_released_by_a_decision(tmp_path: Path) -> None:
    assert county_of(DEFAULT_COUNTY).reached == FEATURES
    assert county_of(DEFAULT_COUNTY).facts.publish.reached_decided == DECIDED
    assert county_of(county_without_features(tmp_path / "new")).reached == ()
    bad = Path(shutil.copytree(DEFAULT_COUNTY, tmp_path / "bad"))
    for text, told in (
        ('[publish]\nreached = ["sex"]\n', "ohne Entscheidung"),
        ('[publish]\nreached = ["religion"]\nreached_decided = "x"\n', "religion"),
        ('[publish]\nreached = ["sex"]\nreached_decided = " "\n', "reached_decided"),
    ):
        (bad / "county.toml").write_text(f"{settings_without_publish()}\n{text}", encoding="utf-8")
        with pytest.raises(CountyError, match=told):
            county_of(bad)


def test_a_county_may_group_states_in_its_own_way(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DEFAULT_COUNTY, tmp_path / "own"))
    (folder / "nationality_groups.csv").write_text("nationality,origin\nGBR,EU\nUKR,UKR\n", encoding="utf-8")
    groups = county_of(folder).nationality_groups
    assert groups is not None
    assert [(g.nationality, g.origin) for g in groups] == [("GBR", "EU"), ("UKR", "UKR")]
    (folder / "nationality_groups.csv").write_text("nationality,origin\nGBR,EU\nGBR,XXX\nZZ,EU\nPOL,Polen\n", encoding="utf-8")
    faults = [str(fault) for fault in judge_folder(folder).faults]
    assert [sum(word in fault for fault in faults) for word in ("Zeile 2", "ZZ", "Polen")] == [1, 1, 1]


def test_the_total_of_a_feature_is_the_cell_of_the_cases() -> None:
    """The members are held by the very cell that is the county's number of cases, and by no second one."""
    total, of_year = Key("kim_cases_opened", COUNTY, "2023", ""), ("kim_opened_by_sex", COUNTY, "2023")
    counts = {total: Figure(12, 5, is_printed=True)}
    counts |= {Key(*of_year, m): Figure(v, 5, is_printed=True) for m, v in (("w", 5), ("m", 4), ("x", 3))}
    rules = [Rules("kim_cases_opened"), Rules("kim_opened_by_sex", same_total_as="kim_cases_opened")]
    linked = LinkedSet(counts, {}, rules, CalendarTable(COUNTY, (), {}, {}, frozenset({"2023"})))
    system = linked.system_of_counts()
    assert all(cell.role is Role.PUBLISHED for cell in system.cells.values())
    (relation,) = system.relations
    assert dict(relation.terms) == {key.cell: -1 if key == total else 1 for key in counts}
    assert relation.constant == 0
