"""Decisions about measures, their agreement with the review, goals, and the review of programmes that ended: by hand."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any

import duckdb
import pytest

from kim_pipeline.contracts.vocabulary import decision_agreement, vocabulary
from kim_pipeline.warehouse.sql_models import find_model
from tests.built import sample_build, sample_internal

DAY = dt.date(2024, 5, 1)
CONCEPT, NUMBER = "Konzept 2020", "7"
COLUMNS = ("decision_no", "decided_on", "body", "body_rank", "concept", "kind", "decision", "done_on")


def sql_of(name: str) -> str:
    model = find_model(name)
    assert model is not None
    return model.sql


def decided(
    *rows: Sequence[Any], status: str = "laufend", as_of: str = "2024-01-25", others: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """`measure_decision` of one measure: rows of number, day, body, rank, concept, kind, decision, done on."""
    with duckdb.connect() as connection:
        for schema in ("core", "quality"):
            connection.execute(f"CREATE SCHEMA {schema}")
        connection.execute("CREATE TABLE quality.build_day AS SELECT $1::DATE AS built_on", [DAY])
        connection.execute("CREATE TABLE core.fact_measure (concept TEXT, measure_no TEXT, status TEXT, as_of DATE)")
        for concept in (CONCEPT, *others):
            connection.execute("INSERT INTO core.fact_measure VALUES (?, ?, ?, ?)", [concept, NUMBER, status, as_of])
        connection.execute(
            "CREATE TABLE core.fact_decision (decision_no TEXT, decided_on DATE, body TEXT, body_rank INT, concept TEXT, "
            "kind TEXT, decision TEXT, done_on DATE, measure_no TEXT DEFAULT '7', due_on DATE, responsible TEXT)"
        )
        for row in rows:
            marks = ", ".join("?" * len(COLUMNS))
            connection.execute(f"INSERT INTO core.fact_decision ({', '.join(COLUMNS)}) VALUES ({marks})", list(row))
        result = connection.execute(sql_of("indicators.measure_decision"))
        names = [column[0] for column in result.description or []]
        return [dict(zip(names, found, strict=True)) for found in result.fetchall()]


def resolution(decision: str | None, number: str = "1", on: str = "2023-03-01", **more: Any) -> tuple[Any, ...]:
    row = dict.fromkeys(COLUMNS) | {
        "decision_no": number, "decided_on": on, "body": "Kreistag", "body_rank": 4, "concept": CONCEPT,
        "kind": "Beschluss", "decision": decision,
    }  # fmt: skip
    return tuple((row | more).values())


@pytest.mark.parametrize(
    ("decision", "by_status"),
    [
        ("fortführen", "vollzogen vollzogen offen offen offen offen"),
        ("neu aufnehmen", "vollzogen vollzogen offen offen offen offen"),
        ("zurückstellen", "offen offen offen vollzogen unklar unklar"),
        ("beenden", "unklar offen offen offen offen vollzogen"),
        ("anpassen", "unklar unklar unklar unklar unklar unklar"),
    ],
)
def test_what_became_of_a_resolution_by_the_register(decision: str, by_status: str) -> None:
    statuses = ("umgesetzt", "laufend", "in Planung", "zurückgestellt", "nicht umgesetzt", "entfallen")
    assert set(statuses) == set(vocabulary().values("measure_status"))
    found = [decided(resolution(decision), status=status)[0]["state"] for status in statuses]
    assert found == by_status.split()


def test_done_on_the_day_is_carried_out_and_later_is_not() -> None:
    for day, state in (("2024-05-01", "vollzogen"), ("2024-05-02", "offen")):
        assert decided(resolution("beenden", done_on=day))[0]["state"] == state


def test_a_register_of_before_the_resolution_does_not_tell() -> None:
    assert decided(resolution("beenden"), as_of="2023-02-28")[0]["state"] == "unklar"
    assert decided(resolution("beenden"), as_of="2023-03-01")[0]["state"] == "offen"


def test_the_latest_resolution_binds_then_the_higher_body_then_the_number() -> None:
    binding = [
        [resolution("beenden", "1"), resolution("anpassen", "2", "2023-02-28")],
        [resolution("beenden", "1"), resolution("anpassen", "2", body="BIKS", body_rank=2)],
        [resolution("anpassen", "0"), resolution("beenden", "1")],
        [resolution("beenden", "1"), resolution(None, "2", "2023-09-01")],
        [resolution("beenden", "1"), resolution("anpassen", "2", "2023-09-01", kind="Kenntnisnahme")],
        [resolution("beenden", "1"), resolution("anpassen", "2", "2023-09-01", kind="Empfehlung")],
    ]
    for rows in binding:
        found = decided(*rows)
        assert [row["decision_no"] for row in found if row["is_binding"]] == ["1"], rows
        assert {row["state"] is None for row in found if not row["is_binding"]} == {True}
        assert len(found) == 2


def test_what_is_decided_after_the_day_does_not_exist() -> None:
    assert decided(resolution("beenden", on="2024-05-02")) == []
    assert len(decided(resolution("beenden", on="2024-05-01"))) == 1


def test_without_a_concept_a_decision_belongs_where_only_one_concept_has_the_number() -> None:
    assert len(decided(resolution("beenden", concept=None))) == 1
    assert decided(resolution("beenden", concept=None), others=["Konzept 2016"]) == []
    (row,) = decided(resolution("beenden"), others=["Konzept 2016"])
    assert row["concept"] == CONCEPT


def test_the_agreement_of_every_decision_with_every_suggestion_is_said_once() -> None:
    pairs = [(decision, suggestion) for decision, suggestion, _ in decision_agreement()]
    suggestions = {"fortführen", "anpassen", "ausbauen", "umsetzen", "Stand klären", "beenden"}
    assert sorted(pairs) == sorted((d, s) for d in vocabulary().values("decision") for s in suggestions)
    assert {agreement for *_, agreement in decision_agreement()} == {"einig", "Widerspruch", "offen"}
    sql = sql_of("indicators.measure_review")
    assert all(f"'{suggestion}', '" in sql or f"'{suggestion}',\n" in sql for suggestion in suggestions)


def test_a_suggestion_to_end_agrees_with_nothing_but_the_resolution_to_end() -> None:
    of_end = {decision: agreement for decision, suggestion, agreement in decision_agreement() if suggestion == "beenden"}
    assert {decision for decision, agreement in of_end.items() if agreement == "einig"} == {"beenden"}


def aimed(
    target: float | None, value: float | None, *, direction: str = "higher", aggregation: str = "count",
    target_on: str | None = "2024-06-30",
) -> tuple[Any, ...]:  # fmt: skip
    """Target value, period, value and state of a measure whose indicator has this value in 2023, full, and 9 in 2024."""
    with duckdb.connect() as connection:
        for schema in ("core", "indicators"):
            connection.execute(f"CREATE SCHEMA {schema}")
        connection.execute(
            "CREATE TABLE core.fact_measure AS SELECT 'K' AS concept, '1' AS measure_no, 'i' AS goal_indicator, "
            "$1::DOUBLE AS target_value, $2::DATE AS target_on",
            [target, target_on],
        )
        connection.execute(
            "CREATE TABLE indicators.indicator AS SELECT 'i' AS indicator_id, 'p' AS programme, $1 AS direction, "
            "$2 AS aggregation",
            [direction, aggregation],
        )
        connection.execute("CREATE TABLE core.dim_area AS SELECT '09999' AS area, TRUE AS is_county")
        connection.execute(
            "CREATE TABLE core.calendar_period AS SELECT * FROM (VALUES ('2022', 'year', DATE '2022-12-31'), "
            "('2023', 'year', DATE '2023-12-31'), ('2023-Q4', 'quarter', DATE '2023-12-31'), "
            "('2024', 'year', DATE '2024-12-31')) AS v (period, calendar, last_day)"
        )
        connection.execute(
            "CREATE TABLE core.programme_period AS SELECT 'p' AS programme, period, period <> '2024' AS is_full "
            "FROM core.calendar_period"
        )
        connection.execute(
            "CREATE TABLE indicators.indicator_value AS SELECT 'i' AS indicator_id, '09999' AS area, v.period, "
            "'total' AS breakdown_kind, v.value FROM (VALUES ('2022', 1.0), ('2023', $1::DOUBLE), ('2023-Q4', 7.0), "
            "('2024', 9.0)) AS v (period, value)",
            [value],
        )
        (row,) = connection.execute(sql_of("indicators.measure_goal")).fetchall()
    return tuple(row[2:])


def test_a_goal_is_reached_in_the_direction_of_its_indicator() -> None:
    assert aimed(5, 5) == (5, "2023", 5, "erreicht")
    assert aimed(5, 4.9) == (5, "2023", 4.9, "offen")
    assert aimed(5, 4.9, target_on="2023-12-31") == (5, "2023", 4.9, "nicht erreicht")
    assert aimed(5, 5, direction="lower")[-1] == "erreicht"
    assert aimed(5, 5.1, direction="lower", target_on="2023-06-30")[-1] == "nicht erreicht"


def test_a_goal_of_which_something_is_missing_has_no_state() -> None:
    assert aimed(None, 5) == (None, "2023", 5, None)
    assert aimed(5, 5, target_on=None) == (5, "2023", 5, None)
    assert aimed(5, 5, direction="neutral") == (5, "2023", 5, None)
    assert aimed(5, None) == (5, None, None, None), "the value is hidden, and the year before does not stand in for it"


def test_the_target_of_a_rate_above_one_is_per_cent() -> None:
    assert aimed(85, 0.85, aggregation="rate") == (0.85, "2023", 0.85, "erreicht")
    assert aimed(1, 0.85, aggregation="rate")[0] == 1
    assert aimed(85, 90)[0] == 85


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 200),
        ("wort " * 39 + "achtung", "wort " * 38 + "wort"),
        ("y" * 200 + " z", "y" * 200),
    ],
)
def test_a_long_goal_is_cut_at_a_blank(text: str, shown: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{sample_internal()}' AS whole (READ_ONLY)")
        for schema in ("core", "quality", "published"):
            connection.execute(f"CREATE SCHEMA {schema}")
        connection.execute("CREATE TABLE core.fact_measure AS FROM whole.core.fact_measure LIMIT 1")
        connection.execute("UPDATE core.fact_measure SET goal = $1, next_step = $1, lead = 'Frau Muster'", [text])
        connection.execute("CREATE TABLE quality.named_office AS FROM whole.quality.named_office")
        connection.execute("CREATE TABLE published.measure_goal AS FROM whole.indicators.measure_goal LIMIT 0")
        found = connection.execute(f"SELECT goal, next_step, lead FROM ({sql_of('published.measure')})").fetchall()
    assert found == [(shown, shown, None)]
    assert len(shown) <= 200


@pytest.mark.parametrize(
    ("table", "by", "known", "figures"),
    [
        ("offer_gap", "theme", "unmet_needs", "needs, unmet_needs, free_places"),
        ("language_gap", "language", "unfilled", "requests, unfilled, coverage_rate"),
    ],
)
def test_a_published_gap_is_the_internal_one_or_not_known(table: str, by: str, known: str, figures: str) -> None:
    """And where the count that decides is hidden, a gap may be excluded by the others, never proven."""
    internal, published = sample_build()
    with duckdb.connect(str(internal), read_only=True) as connection:
        connection.execute(f"ATTACH '{published}' AS published (READ_ONLY)")
        rows = connection.execute(
            f"SELECT p.gap, i.gap, p.{known} IS NULL, {', '.join(f'p.{name}' for name in figures.split(', '))} "
            f"FROM published.{table} AS p INNER JOIN indicators.{table} AS i USING (period, area, {by})"
        ).fetchall()
    assert {(shown, true) for shown, true, *_ in rows if shown is not None and shown != true} == set()
    hidden = [(shown, *figures) for shown, _, is_hidden, *figures in rows if is_hidden]
    assert {shown for shown, *_ in hidden} <= {None, False}
    if table == "offer_gap":
        assert {shown for shown, _, is_hidden, *_ in rows if not is_hidden} == {True, False}
        excluded = [shown for shown, needs, _, free in hidden if needs is not None and (needs <= free or needs < 3)]
        assert excluded
        assert set(excluded) == {False}
        assert {shown for shown, needs, _, free in hidden if needs is None or needs > max(free, 2)} <= {None}


def test_offices_are_named_as_the_county_lists_them() -> None:
    """Names and aliases, compared as headers are; any other text may be a person's."""
    county = vocabulary().county
    assert county.lists_office("  kommunales  INTEGRATIONSZENTRUM ")
    assert county.lists_office("KI")
    assert not county.lists_office("Frau Muster")
    unlisted = dataclasses.replace(county, listed_offices=None)
    assert unlisted.names_office("Frau Muster")
    assert not unlisted.lists_office("Kommunales Integrationszentrum"), "without a list nothing is known to be an office"
