"""Building the warehouse: same inputs, same tables; differences between builds; a new indicator by two additions."""

from __future__ import annotations

import datetime as dt
import random
import shutil
from pathlib import Path

import duckdb
import pytest

from kim_pipeline.intake.intake import take_in
from kim_pipeline.settings import PROJECT, Settings
from kim_pipeline.warehouse import catalogue, load, sql_models
from kim_pipeline.warehouse.diff import write_diff
from tests import built
from tests.built import AS_OF, build_internal, sample_intake, sample_internal, table_hashes


def copied_deliveries(folder: Path, *, seed: int) -> Settings:
    """The sample's deliveries copied in a random order of arrival, with their times kept."""
    files = sorted(p for p in (PROJECT / "data_raw").rglob("*") if p.is_file())
    random.Random(seed).shuffle(files)
    for path in files:
        target = folder / "data_raw" / path.relative_to(PROJECT / "data_raw")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    secret = folder / "secret.key"
    secret.write_text("ab" * 32 + "\n", encoding="ascii")
    secret.chmod(0o600)
    return Settings(deliveries=folder / "data_raw", warehouse=folder / "warehouse", key_file=secret)


def test_same_inputs_give_the_same_tables_whatever_the_order_of_arrival(tmp_path: Path) -> None:
    found = []
    for seed in (1, 2):
        settings = copied_deliveries(tmp_path / str(seed), seed=seed)
        path = tmp_path / str(seed) / "internal.duckdb"
        build_internal(path, take_in(settings), AS_OF, grace_days=14)
        found.append(table_hashes(path))
    assert len(found[0]) > 60
    assert found[0] == found[1]


def test_a_first_build_differs_from_nothing(tmp_path: Path) -> None:
    new = Path(shutil.copy(sample_internal(), tmp_path / "new.duckdb"))
    assert write_diff(new, None) == {}


def test_the_difference_to_the_build_before(tmp_path: Path) -> None:
    before = Path(shutil.copy(sample_internal(), tmp_path / "before.duckdb"))
    with duckdb.connect(str(before)) as connection:
        connection.execute("CREATE TABLE core.gone AS SELECT 1 AS x")
        connection.execute("ALTER TABLE core.dim_area DROP COLUMN kind")
        connection.execute(
            "DELETE FROM indicators.indicator_value WHERE indicator_id = 'fit_groups' AND period = '2020/21'"
        )
        connection.execute(
            "UPDATE indicators.indicator_value SET value = value - 1 "
            "WHERE indicator_id = 'fit_groups' AND area = '05570' AND period = '2021/22' AND breakdown = ''"
        )
        connection.execute("UPDATE quality.delivery SET sha256 = 'x' WHERE file = 'FIT_2021_2022.xlsx'")
    new = Path(shutil.copy(sample_internal(), tmp_path / "new.duckdb"))
    counts = write_diff(new, before)
    with duckdb.connect(str(new), read_only=True) as connection:
        names = connection.execute(
            "SELECT kind, object FROM quality.build_diff WHERE kind LIKE 'table%' OR kind LIKE 'column%' ORDER BY ALL"
        ).fetchall()
        changed = connection.execute(
            "SELECT object, area, period, old_value, new_value, caused_by FROM quality.build_diff "
            "WHERE kind = 'value_changed'"
        ).fetchall()
    assert ("column_added", "core.dim_area.kind") in names
    assert ("table_gone", "core.gone") in names
    assert counts["value_added"] > 0
    ((indicator, area, period, old, current, cause),) = changed
    assert (indicator, area, period, current - old, cause) == (
        "fit_groups",
        "05570",
        "2021/22",
        1,
        "FIT_2021_2022.xlsx",
    )


def changes(tmp_path: Path, *statements: str) -> list[tuple[object, ...]]:
    """What a build tells of one before it in which these statements have made a difference: figures, gaps and suggestions."""
    before = Path(shutil.copy(sample_internal(), tmp_path / "before.duckdb"))
    with duckdb.connect(str(before)) as connection:
        for statement in statements:
            connection.execute(statement)
    new = Path(shutil.copy(sample_internal(), tmp_path / "new.duckdb"))
    write_diff(new, before)
    with duckdb.connect(str(new), read_only=True) as connection:
        return connection.execute(
            "SELECT kind, object, area, period, breakdown, old_value, new_value, old_text, caused_by "
            "FROM quality.build_diff WHERE area IS NOT NULL OR old_text IS NOT NULL ORDER BY ALL"
        ).fetchall()


def test_a_value_per_1000_changes_by_the_population_too(tmp_path: Path) -> None:
    with duckdb.connect(str(sample_internal()), read_only=True) as connection:
        ((file,),) = connection.execute(
            "SELECT max(file) FROM quality.delivery WHERE programme = 'bevoelkerung' AND status = 'counted'"
        ).fetchall()
    found = changes(
        tmp_path,
        f"UPDATE quality.delivery SET sha256 = 'x' WHERE file = '{file}'",
        "UPDATE indicators.indicator_value SET value = value + 1, denominator = denominator + 1 WHERE period = '2023' "
        "AND area = '05570' AND indicator_id = 'kim_cases_per_1000_foreigners'",
    )
    name = "kim_cases_per_1000_foreigners"
    assert [(kind, subject, cause) for kind, subject, *_, cause in found] == [
        ("basis_changed", f"{name}.denominator", file),
        ("value_changed", name, file),
    ]


def test_a_changed_basis_is_told_where_the_value_stays(tmp_path: Path) -> None:
    found = changes(
        tmp_path,
        "UPDATE indicators.indicator_value SET numerator = 2 * numerator, denominator = 2 * denominator, n = 2 * n "
        "WHERE indicator_id = 'komm_an_spending_rate' AND area = '05570' AND period = '2023' AND breakdown = ''",
    )
    assert [(row[0], row[1], row[-1]) for row in found] == [
        ("basis_changed", f"komm_an_spending_rate.{part}", "code") for part in ("denominator", "n", "numerator")
    ]


def test_gaps_and_suggestions_that_change_are_told(tmp_path: Path) -> None:
    with duckdb.connect(str(sample_internal()), read_only=True) as connection:
        gap = connection.execute("SELECT period, area, theme FROM indicators.offer_gap WHERE gap LIMIT 1").fetchall()[0]
        measure = connection.execute("SELECT concept, measure_no FROM indicators.measure_review LIMIT 1").fetchall()[0]
    found = changes(
        tmp_path,
        f"UPDATE indicators.offer_gap SET gap = FALSE WHERE (period, area, theme) = {gap}",
        f"UPDATE indicators.measure_review SET suggestion = 'x' WHERE (concept, measure_no) = {measure}",
        "UPDATE quality.delivery SET sha256 = 'x' WHERE file IN (SELECT min(file) FROM quality.delivery "
        "WHERE programme IN ('angebote', 'beschluesse', 'fit') AND status = 'counted' GROUP BY programme)",
    )
    with duckdb.connect(str(sample_internal()), read_only=True) as connection:
        changed = dict(
            connection.execute(
                "SELECT programme, min(file) FROM quality.delivery WHERE status = 'counted' GROUP BY programme"
            ).fetchall()
        )
    period, area, theme = gap
    assert ("gap_changed", "offer_gap", area, period, theme, 0, 1, None, changed["angebote"]) in found
    ((*_, old_text, cause),) = [row for row in found if row[0] == "suggestion_changed"]
    assert old_text == "x"
    assert changed["beschluesse"] in str(cause)
    assert changed["fit"] not in str(cause)


def test_a_new_indicator_is_one_sql_file_and_one_catalogue_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(sql_models.SQL_FOLDER, tmp_path / "sql"))
    (folder / "indicators" / "value_fortbildungen_seats.sql").write_text(
        """-- Plätze der Fortbildungen, je Gebiet und Jahr.
WITH held AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        NULL::VARCHAR AS breakdown,
        sum(f.seats) AS seats,
        count(f.seats) AS rows_with_seats
    FROM core.fact_training_event AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p ON p.calendar = 'year' AND f.held_on BETWEEN p.first_day AND p.last_day
    GROUP BY r.reporting_area, p.period
)

SELECT
    v.indicator_id,  -- Kennung des Indikators
    g.area,  -- Gebiet
    g.period,  -- Zeitraum
    g.breakdown,  -- Gliederungsmerkmal; leer für alle zusammen
    v.numerator,  -- Zähler
    v.denominator,  -- Nenner
    v.value,  -- Wert
    v.n  -- Zahl der Zeilen oder Einheiten, auf denen er beruht
FROM held AS g
CROSS JOIN LATERAL (
    VALUES ('fortbildung_seats', NULL::DOUBLE, NULL::DOUBLE, g.seats, g.rows_with_seats)
) AS v (indicator_id, numerator, denominator, value, n)
""",
        encoding="utf-8",
    )
    with (folder / "indicators" / "catalogue.toml").open("a", encoding="utf-8") as file:
        file.write("""
[[indicator]]
id = "fortbildung_seats"
label = "Plätze der Fortbildungen"
definition = "Summe der Plätze."
unit = "Plätze"
counting_unit = "Plätze"
source = "fortbildungen.events"
aggregation = "sum"
calendars = ["year"]
direction = "neutral"
caveat = "Ohne Vorbereitung."
""")
    models = sql_models.load_models
    monkeypatch.setattr(built, "load_models", lambda schemas: models(schemas, folder))
    entries = catalogue.load_catalogue
    monkeypatch.setattr(load, "load_catalogue", lambda: entries(folder / "indicators" / "catalogue.toml"))
    path = tmp_path / "internal.duckdb"
    build_internal(path, sample_intake(), AS_OF, grace_days=14)
    with duckdb.connect(str(path), read_only=True) as connection:
        values = connection.execute(
            "SELECT v.period, v.value, sum(f.seats) FROM indicators.indicator_value AS v "
            "JOIN core.fact_training_event AS f ON year(f.held_on)::VARCHAR = v.period "
            "WHERE v.indicator_id = 'fortbildung_seats' AND v.area = '05570' GROUP BY ALL ORDER BY 1"
        ).fetchall()
    assert len(values) == 3
    assert all(value == expected for _, value, expected in values)


def test_programmes_end_and_are_replaced() -> None:
    with duckdb.connect(str(sample_internal()), read_only=True) as connection:
        programme = connection.execute(
            "SELECT valid_to, successor FROM core.dim_programme WHERE programme = 'komm_an'"
        ).fetchall()
        states = dict(
            connection.execute(
                "SELECT period, state FROM core.programme_period WHERE programme = 'durchstarten' AND calendar = 'year'"
            ).fetchall()
        )
    assert programme == [(dt.date(2024, 12, 31), "Ehrenamt im Kontext von Prävention")]
    assert (states["2022"], states["2023"], states["2024"]) == ("läuft", "läuft", "beendet")


def test_every_register_contributes_to_the_status_history() -> None:
    with duckdb.connect(str(sample_internal()), read_only=True) as connection:
        registers = connection.execute("SELECT count(DISTINCT as_of) FROM review.measure_status_history").fetchall()
        change = connection.execute(
            "SELECT previous_status, status, previous_as_of, as_of FROM review.measure_status_history "
            "WHERE measure_no = 'HK16-25' AND previous_status IS NOT NULL"
        ).fetchall()
    assert registers == [(2,)]
    assert change == [("in Planung", "umgesetzt", dt.date(2023, 6, 30), dt.date(2024, 1, 25))]


def test_every_table_and_column_has_a_german_comment() -> None:
    with duckdb.connect(str(sample_internal()), read_only=True) as connection:
        tables = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal AND comment IS NULL"
        ).fetchall()
        columns = connection.execute(
            "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL"
        ).fetchall()
    assert tables == []
    assert columns == []
