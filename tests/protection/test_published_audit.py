"""The audit of a published file: the sample passes, and every way to say too much is found."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from kim_pipeline.protection.audit_of_file import DisclosureError, FileAudit, audit_build, audit_file
from kim_pipeline.warehouse.checks import checks_in
from kim_pipeline.warehouse.sql_models import SQL_FOLDER
from tests.built import sample_build

Changed = Callable[[str], FileAudit]
COUNTED = "aggregation IN ('count', 'distinct', 'stock', 'sum') AND NOT is_amount AND k IS NOT NULL"


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    """Audits the sample's published file after a statement was run on a copy of it."""
    internal, published = sample_build()

    def audited(statement: str) -> FileAudit:
        copy = tmp_path / "kim.duckdb"
        shutil.copy(published, copy)
        with duckdb.connect(str(copy)) as connection:
            connection.execute(f"ATTACH '{internal}' AS internal (READ_ONLY)")
            connection.execute(statement)
        return audit_file(copy, internal)

    return audited


def test_nothing_can_be_worked_out_of_the_sample() -> None:
    internal, published = sample_build()
    found = audit_file(published, internal)
    assert found.passed
    assert (found.at_risk, found.breaches) == ([], ())
    assert sum(line.hidden for line in found.indicators) > 500
    assert all(line.narrowest is None or line.narrowest >= 3 for line in found.indicators)


def test_without_the_internal_file_less_is_assumed_known() -> None:
    _, published = sample_build()
    found = audit_file(published, None)
    assert found.passed
    assert not found.knows_rest


def test_every_published_figure_is_the_true_one_and_every_small_one_is_hidden() -> None:
    internal, published = sample_build()
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{internal}' AS internal (READ_ONLY)")
        connection.execute(f"ATTACH '{published}' AS published (READ_ONLY)")
        both = (
            "FROM published.indicator_value AS p INNER JOIN published.indicator AS i USING (indicator_id) LEFT JOIN "
            "internal.indicators.indicator_value AS t ON t.indicator_id = p.indicator_id AND t.area = p.area "
            "AND t.period = p.period AND t.breakdown_kind = p.breakdown_kind AND t.breakdown = p.breakdown"
        )
        ((wrong, shown, small),) = connection.execute(
            "SELECT count(*) FILTER (p.value <> CASE WHEN i.aggregation = 'median' AND i.k IS NOT NULL "
            "THEN round(t.value) ELSE coalesce(t.value, 0) END), count(*) FILTER (p.status = 'published'), "
            f"count(*) FILTER (p.status = 'published' AND {COUNTED} AND p.value > 0 AND p.value < i.k) {both}"
        ).fetchall()
        ((unprotected,),) = connection.execute(
            f"SELECT count(*) {both} WHERE i.k IS NULL AND p.status = 'suppressed'"
        ).fetchall()
    assert (wrong, small, unprotected) == (0, 0, 0)
    assert shown > 4000


def small_hidden(indicator: str, condition: str = "TRUE") -> str:
    """A statement that publishes one hidden figure of an indicator again, as it is."""
    return (
        "UPDATE indicator_value SET status = 'published', value = t.value, n = t.value "
        "FROM (SELECT h.area, h.period, h.breakdown, coalesce(v.value, 0) AS value FROM indicator_value AS h "
        "LEFT JOIN internal.indicators.indicator_value AS v USING (indicator_id, area, period, breakdown) "
        f"WHERE h.indicator_id = '{indicator}' AND h.status = 'suppressed' AND {condition} ORDER BY ALL LIMIT 1) AS t "
        f"WHERE indicator_id = '{indicator}' AND indicator_value.area = t.area "
        "AND indicator_value.period = t.period AND indicator_value.breakdown = t.breakdown"
    )


@pytest.mark.parametrize("indicator", ["kim_cases_opened", "smp_unfilled", "paten_started", "kim_needs_unmet"])
def test_a_small_figure_that_is_published_is_found(changed: Changed, indicator: str) -> None:
    found = changed(small_hidden(indicator, "v.value BETWEEN 1 AND 2"))
    assert [b.rule for b in found.breaches if b.rule.startswith("Zahlen unter")]


def test_a_large_figure_that_gives_others_away_is_found(changed: Changed) -> None:
    found = changed(small_hidden("smp_assignments", "v.value BETWEEN 4 AND 40 AND h.period LIKE '%Q%'"))
    assert found.at_risk
    assert not found.breaches


def test_a_whole_group_that_is_published_is_found(changed: Changed) -> None:
    """All pupils consulted without a school: 100 % is treated as small (`privacy.md`)."""
    found = changed(
        "UPDATE indicator_value SET status = 'published', value = 30, n = 30 WHERE indicator_id = "
        "'erstberatung_without_school' AND status = 'suppressed' AND area = (SELECT min(area) FROM indicator_value "
        "WHERE indicator_id = 'erstberatung_without_school' AND status = 'suppressed')"
    )
    assert not found.passed


def test_figures_that_contradict_each_other_are_found(changed: Changed) -> None:
    found = changed("UPDATE offer_gap SET needs = needs + 1 WHERE theme = 'total'")
    assert "Die veröffentlichten Werte widersprechen sich nicht." in {breach.rule for breach in found.breaches}


FIRST_HIDDEN = "indicator_id = '{}' AND status = 'suppressed'"
BROKEN = {
    "what_is_the_countys_alone": (
        "INSERT INTO indicator_value SELECT * REPLACE ((SELECT min(area) FROM area WHERE part_of IS NOT NULL) AS area) "
        "FROM indicator_value WHERE indicator_id = 'kim_cases_opened' AND period LIKE '%Q%' LIMIT 1"
    ),
    "suppressed_rows_are_empty": (
        f"UPDATE indicator_value SET n_class = '5-9' WHERE {FIRST_HIDDEN.format('soe_persons')}"
    ),
    "breakdowns_for_the_county_by_year": (
        "INSERT INTO indicator_value SELECT * REPLACE ((SELECT min(area) FROM area WHERE part_of IS NOT NULL) AS area) "
        "FROM indicator_value WHERE indicator_id = 'kim_needs' AND breakdown_kind = 'theme' LIMIT 1"
    ),
    "rates_of_enough": (
        "UPDATE indicator_value SET status = 'published', numerator = 3, denominator = 10, value = 0.3, n = 10 "
        f"WHERE {FIRST_HIDDEN.format('kim_needs_unmet_rate')}"
    ),
    "rates_with_their_counts": (
        "UPDATE indicator_value SET status = 'published', numerator = 9, denominator = 30, value = 0.3, n = 30 "
        f"WHERE {FIRST_HIDDEN.format('kim_needs_unmet_rate')} AND breakdown <> ''"
    ),
    "per_1000_with_their_counts": (
        "UPDATE indicator_value SET status = 'published', value = 2 "
        f"WHERE {FIRST_HIDDEN.format('kim_cases_per_1000_foreigners')}"
    ),
    "medians_in_whole_days": (
        "UPDATE indicator_value SET value = value + 0.5 "
        "WHERE indicator_id = 'kim_first_talk_wait_days' AND status = 'published'"
    ),
    "medians_with_their_counts": (
        "UPDATE indicator_value SET status = 'published', value = 10, n_class = '5-9' "
        f"WHERE {FIRST_HIDDEN.format('kim_case_duration_days')}"
    ),
    "sums_with_their_counts": (
        f"UPDATE indicator_value SET status = 'published', value = 1 WHERE {FIRST_HIDDEN.format('smp_hours')}"
    ),
    "n_only_where_published": (
        "UPDATE indicator_value SET n = 12345 WHERE indicator_id = 'smp_hours' AND status = 'published'"
    ),
    "offer_gaps_with_their_counts": "UPDATE offer_gap SET gap = TRUE WHERE unmet_needs IS NULL",
    "language_gaps_with_their_counts": "UPDATE language_gap SET gap = FALSE WHERE unfilled IS NULL",
    "no_row_is_missing": f"DELETE FROM indicator_value WHERE {FIRST_HIDDEN.format('soe_persons')}",
}


@pytest.mark.parametrize("check", checks_in(SQL_FOLDER / "checks" / "published"), ids=lambda check: check.name)
def test_every_rule_of_publishing_is_noticed_when_broken(changed: Changed, check: object) -> None:
    name, description = check.name, check.description  # type: ignore[attr-defined]
    found = changed(BROKEN[name])
    assert description in {breach.rule for breach in found.breaches}
    assert not found.passed


def test_a_k_that_was_lowered_is_found(changed: Changed) -> None:
    found = changed("UPDATE indicator SET k = 2 WHERE indicator_id = 'smp_requests'")
    assert "k ist mindestens 3." in {breach.rule for breach in found.breaches}


def test_an_indicator_that_is_no_longer_protected_is_found(changed: Changed) -> None:
    found = changed("UPDATE indicator SET k = NULL WHERE indicator_id = 'fit_children'")
    assert ("fit_children", "Der Indikator ist zu schützen.") in {(b.place, b.rule) for b in found.breaches}


def test_a_sum_of_two_persons_is_found(changed: Changed) -> None:
    found = changed(
        "UPDATE indicator_value SET status = 'published', value = v.value, n_class = NULL "
        "FROM internal.indicators.indicator_value AS v WHERE v.indicator_id = 'sprachhelfer_hours' "
        "AND indicator_value.indicator_id = v.indicator_id AND indicator_value.area = v.area "
        "AND indicator_value.period = v.period AND indicator_value.status = 'suppressed'"
    )
    assert "Summen von zu wenigen Personen bleiben geheim." in {breach.rule for breach in found.breaches}


def test_a_sum_that_tells_of_its_contributors_is_found(changed: Changed) -> None:
    """Hours of a language tell of three interpreters; where their number is hidden, that is too much."""
    place = "area = '05570' AND period = '2023' AND breakdown = 'ukr'"
    found = changed(
        "UPDATE indicator_value SET status = 'published', value = 300, n_class = '50+' "
        f"WHERE indicator_id = 'smp_hours' AND {place} AND EXISTS (FROM indicator_value AS p "
        f"WHERE p.indicator_id = 'smp_active_interpreters' AND p.status = 'suppressed' AND {place})"
    )
    assert "smp_active_interpreters|05570|2023|ukr" in {row.cell for row in found.at_risk}


def test_the_gap_tables_may_not_tell_more_than_the_indicators(changed: Changed) -> None:
    found = changed(
        "UPDATE offer_gap SET unmet_needs = t.unmet_needs, gap = FALSE FROM internal.indicators.offer_gap AS t "
        "WHERE offer_gap.unmet_needs IS NULL AND t.unmet_needs BETWEEN 1 AND 4 AND t.area = offer_gap.area "
        "AND t.period = offer_gap.period AND t.theme = offer_gap.theme"
    )
    assert [b for b in found.breaches if b.place.startswith("kim_needs_unmet|")]


@pytest.fixture
def build(tmp_path: Path) -> tuple[Path, Path]:
    """Copies of the sample's internal and published files."""
    copies = tmp_path / "internal.duckdb", tmp_path / "kim.duckdb"
    for source, copy in zip(sample_build(), copies, strict=True):
        shutil.copy(source, copy)
        copy.chmod(0o600)
    return copies


def rewritten(build: tuple[Path, Path], leak: str = "") -> Callable[[], None]:
    """Writes the published values again from what is hidden by then, as a night does, and leaks again."""
    internal, published = build
    sql = (SQL_FOLDER / "published" / "indicator_value.sql").read_text(encoding="utf-8")

    def rewrite() -> None:
        with duckdb.connect(str(internal)) as connection:
            connection.execute(f"ATTACH '{published}' AS published")
            connection.execute(f"CREATE OR REPLACE TABLE published.indicator_value AS {sql}")
        if leak:
            with duckdb.connect(str(published)) as connection:
                connection.execute(f"ATTACH '{internal}' AS internal (READ_ONLY)")
                connection.execute(leak)

    return rewrite


def hidden_of(published: Path) -> set[tuple[str, ...]]:
    with duckdb.connect(str(published), read_only=True) as connection:
        return set(
            connection.execute(
                "SELECT indicator_id, area, period, breakdown FROM indicator_value WHERE status = 'suppressed'"
            ).fetchall()
        )


def test_a_small_figure_that_the_pattern_forgot_is_withheld_and_the_night_warns(
    build: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    internal, published = build
    with duckdb.connect(str(internal)) as connection:
        forgotten = connection.execute(
            "SELECT h.count_id, h.area, h.period, h.breakdown FROM disclosure.hidden_cell AS h "
            "INNER JOIN indicators.indicator_value AS v ON v.indicator_id = h.count_id AND v.area = h.area "
            "AND v.period = h.period AND v.breakdown = h.breakdown "
            "WHERE h.count_id = 'smp_unfilled' AND h.area <> '05570' AND v.value BETWEEN 1 AND 2 ORDER BY ALL LIMIT 2"
        ).fetchall()
        assert len(forgotten) == 2
        for row in forgotten:
            connection.execute(
                "DELETE FROM disclosure.hidden_cell WHERE (count_id, area, period, breakdown) = (?, ?, ?, ?)", row
            )
    rewrite = rewritten(build)
    rewrite()
    assert not hidden_of(published) & set(forgotten)
    with caplog.at_level("WARNING"):
        found = audit_build(published, internal, rewrite)
    assert found.passed
    assert hidden_of(published) >= set(forgotten)
    told = "\n".join(record.getMessage() for record in caplog.records if record.levelname == "WARNING")
    assert "weil eine Regel der Veröffentlichung verletzt war: 1–9. Die Regel:" in told
    assert "smp_unfilled" not in told, "it would say that the figure is small"
    with duckdb.connect(str(internal), read_only=True) as connection:
        broken = connection.execute("SELECT cell FROM disclosure.audit WHERE attacker IS NULL").fetchall()
    assert {cell for (cell,) in broken} >= {f"indicator_value|{'|'.join(row)}" for row in forgotten}


@pytest.mark.parametrize(
    "leak",
    [
        pytest.param(small_hidden("kim_cases_opened", "v.value BETWEEN 1 AND 2"), id="a small figure"),
        pytest.param(BROKEN["rates_of_enough"], id="a rate of too few"),
        pytest.param(BROKEN["what_is_the_countys_alone"], id="a row that should not be there"),
        pytest.param(BROKEN["offer_gaps_with_their_counts"], id="a gap without its counts"),
        pytest.param(
            "UPDATE offer_gap SET needs = 7777 WHERE theme = 'total' AND needs IS NOT NULL",
            id="two figures for one",
        ),
    ],
)
def test_what_a_table_tells_against_the_pattern_is_withheld(build: tuple[Path, Path], leak: str) -> None:
    """The SQL of a published table is wrong: what it leaks each time it is written is emptied in the file."""
    internal, published = build
    rewrite = rewritten(build, leak)
    rewrite()
    assert audit_file(published, internal).breaches
    found = audit_build(published, internal, rewrite)
    assert found.passed
    assert found.taken_back
    assert audit_file(published, internal).passed
    with duckdb.connect(str(internal), read_only=True) as connection:
        ((failed, all_rows),) = connection.execute(
            "SELECT count(*) FILTER (NOT passed), count(*) FROM disclosure.audit"
        ).fetchall()
    assert 0 < failed < all_rows


def test_what_cannot_be_judged_is_not_published_and_no_place_is_told(build: tuple[Path, Path]) -> None:
    internal, published = build
    with duckdb.connect(str(published)) as connection:
        connection.execute("UPDATE indicator SET k = NULL WHERE indicator_id = 'fit_children'")
    with pytest.raises(DisclosureError, match="fit_children") as stopped:
        audit_build(published, internal, lambda: None)
    assert "Bitte die Betreuung informieren" in stopped.value.public
    assert "fit_children" not in stopped.value.public
