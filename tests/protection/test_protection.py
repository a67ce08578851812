"""Protecting the figures of a build: relations of the linked set, rates, sums, texts, and the night that fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kim_pipeline import night as nightly
from kim_pipeline.disclosure import Cell, LinkedSystem, Relation, RelationKind, Role, audit, pattern
from kim_pipeline.protection import hiding as protection
from kim_pipeline.protection.hiding import ProtectionError, hidden_figures
from kim_pipeline.protection.linked_set import CalendarTable, Figure, Key, LinkedSet, Rules
from kim_pipeline.protection.pattern_memory import PatternMemory
from kim_pipeline.warehouse.catalogue import RaisedKError, load_catalogue, with_raised_k
from tests.built import sample_build, sample_intake, sample_settings
from tests.quick_nights import whole_night

CALENDAR = CalendarTable(
    county="K",
    municipalities=("A", "B", "C"),
    quarters={"2023": ("2023-Q1", "2023-Q2", "2023-Q3", "2023-Q4")},
    previous={"2023-Q2": "2023-Q1", "2023-Q3": "2023-Q2", "2023-Q4": "2023-Q3"},
    years=frozenset({"2023"}),
)
PLAIN = Rules("x", is_share=True)


def figures(values: dict[tuple[str, str, str, str], int], k: int = 5, *, is_printed: bool = True) -> dict[Key, Figure]:
    return {Key(*key): Figure(value, k, is_printed) for key, value in values.items()}


def linked(counts: dict[Key, Figure], *rules: Rules) -> LinkedSet:
    return LinkedSet(counts, {}, rules or (PLAIN,), CALENDAR)


def relations(system: LinkedSystem) -> set[tuple[str, int]]:
    return {(relation.name, relation.constant) for relation in system.relations}


def areas(values: Iterable[int], count_id: str = "x", period: str = "2023") -> dict[tuple[str, str, str, str], int]:
    return {(count_id, area, period, ""): value for area, value in zip("KABC", values, strict=True)}


def test_rows_placed_at_the_county_are_known_to_the_attacker() -> None:
    system = linked(figures(areas((20, 9, 6, 3)))).system_of_counts()
    assert relations(system) == {("Σ Gemeinden x|K|2023|", -2)}


def test_the_county_is_at_least_its_municipalities_also_where_one_is_missing() -> None:
    values = areas((20, 9, 6, 3))
    del values["x", "C", "2023", ""]
    ((relation,)) = linked(figures(values)).system_of_counts().relations
    assert relation.kind is RelationKind.AT_MOST
    assert {cell for cell, _ in relation.terms} == {"x|K|2023|", "x|A|2023|", "x|B|2023|"}


def test_what_is_not_reported_is_a_known_nought_and_keeps_its_relation() -> None:
    """Neither small nor hidden; the county less the others would else seem to hide what nobody has reported."""
    counts = figures(areas((9, 7, 2, 0)))
    counts[Key("x", "C", "2023", "")] = Figure(0, 5, is_printed=True, is_reported=False)
    system = linked(counts).system_of_counts()
    assert relations(system) == {("Σ Gemeinden x|K|2023|", 0)}
    unreported = system.cells["x|C|2023|"]
    assert (unreported.role, unreported.k, unreported.is_sensitive) == (Role.KNOWN, None, False)
    hidden = hidden_figures(linked(counts))
    assert Key("x", "C", "2023", "") not in hidden
    assert {key.area for key in hidden} > {"B"}


def test_the_denominator_of_an_unreported_rate_is_printed_nowhere_and_protected_all_the_same() -> None:
    """County less the other municipalities would give the hours granted to two persons."""
    amounts = {
        Key("h", a, "2023", ""): Figure(v, 3, is_printed=True) for a, v in zip("KAB", (900, 500, 300), strict=True)
    }
    amounts[Key("h", "C", "2023", "")] = Figure(100, 3, is_printed=False, is_unsafe_sum=True)
    hidden = hidden_figures(LinkedSet({}, amounts, [], CALENDAR))
    assert {key.area for key in hidden} & set("KAB")


def test_a_year_is_the_sum_of_its_quarters_and_a_stock_is_its_last_one() -> None:
    values = {
        ("x", "A", period, ""): number
        for period, number in zip(("2023", *CALENDAR.quarters["2023"]), (14, 2, 3, 4, 5), strict=True)
    }
    assert relations(linked(figures(values)).system_of_counts()) == {("Σ Quartale x|A|2023|", 0)}
    stock = values | {("x", "A", "2023", ""): 5}
    ((relation,)) = linked(figures(stock), replace(PLAIN, is_stock=True)).system_of_counts().relations
    assert {cell for cell, _ in relation.terms} == {"x|A|2023|", "x|A|2023-Q4|"}


def test_rows_without_the_breakdowns_value_are_known() -> None:
    values = {("x", "K", "2023", ""): 20, ("x", "K", "2023", "Kita"): 12, ("x", "K", "2023", "Schule"): 7}
    assert relations(linked(figures(values)).system_of_counts()) == {("Σ Merkmale x|K|2023|", -1)}


def test_a_category_that_is_all_of_its_group_is_treated_as_small_only_where_it_is_sensitive() -> None:
    values = {("x", "K", "2023", ""): 30, ("x", "K", "2023", "Kita"): 30, ("x", "K", "2023", "Schule"): 0}
    assert "x|K|2023|Kita" in linked(figures(values)).system_of_counts().sensitive()
    assert not linked(figures(values, k=3)).system_of_counts().sensitive()


def test_stock_and_flow_are_linked_and_what_does_not_fit_is_known() -> None:
    values = {
        ("x", "A", "2023-Q1", ""): 10, ("x", "A", "2023-Q2", ""): 13, ("in", "A", "2023-Q2", ""): 6,
        ("out", "A", "2023-Q2", ""): 4,
    }  # fmt: skip
    system = linked(figures(values), replace(PLAIN, is_stock=True, flow=("in", "out"))).system_of_counts()
    assert relations(system) == {("Bestand x|A|2023-Q2|", 1)}


def test_the_stock_before_the_first_period_is_known() -> None:
    """Nothing was there before: opened - active = closed, which three figures would tell."""
    values = {("x", "A", "2023-Q1", ""): 10, ("in", "A", "2023-Q1", ""): 12, ("out", "A", "2023-Q1", ""): 2}
    given = linked(figures(values), replace(PLAIN, is_stock=True, flow=("in", "out")))
    assert relations(given.system_of_counts()) == {("Bestand x|A|2023-Q1|", 0)}
    assert {key.count_id for key in hidden_figures(given)} > {"out"}


def test_a_rate_is_hidden_with_its_small_denominator_and_its_own_counts_with_it() -> None:
    rate = Rules("r", rate=("r.numerator", "r.denominator", "r.difference"))
    counts = figures({("r.numerator", "A", "2023", ""): 8, ("r.denominator", "A", "2023", ""): 19})
    counts |= figures({("r.difference", "A", "2023", ""): 11}, is_printed=False)
    hidden = hidden_figures(linked(counts, rate))
    assert {key.count_id for key in hidden} == {"r.numerator", "r.denominator"}


def test_a_rate_of_enough_whose_difference_is_small_is_hidden() -> None:
    rate = Rules("r", rate=("r.numerator", "r.denominator", "r.difference"))
    counts = figures({("r.numerator", "A", "2023", ""): 38, ("r.denominator", "A", "2023", ""): 40})
    counts |= figures({("r.difference", "A", "2023", ""): 2}, is_printed=False)
    assert {key.count_id for key in hidden_figures(linked(counts, rate))} == {"r.numerator", "r.denominator"}


def test_a_sum_is_hidden_with_its_count_and_nobody_can_subtract_it() -> None:
    hours = replace(PLAIN, indicator="h", hidden_with="x")
    counts = figures(areas((30, 20, 8, 2)), k=3)
    amounts = {
        Key("h", *key[1:]): Figure(value, 3, is_printed=True)
        for key, value in zip(counts, (9000, 6000, 2500, 500), strict=True)
    }
    hidden = hidden_figures(LinkedSet(counts, amounts, (PLAIN, hours), CALENDAR))
    assert Key("h", "C", "2023", "") in hidden
    assert len([key for key in hidden if key.count_id == "h"]) >= 2


def test_a_sum_is_hidden_where_the_number_of_its_contributors_is() -> None:
    """A printed sum tells that at least three persons make it up; theirs is counted by the year only."""
    hours = replace(PLAIN, indicator="h", hidden_with="x", contributors="p")
    counts = figures({("x", "A", period, ""): 30 for period in ("2023", "2023-Q1")}, k=3)
    counts |= figures({("p", "A", "2023", ""): 4}, k=5)
    amounts = {Key("h", "A", period, ""): Figure(9000, 3, is_printed=True) for period in ("2023", "2023-Q1")}
    hidden = hidden_figures(LinkedSet(counts, amounts, (PLAIN, hours), CALENDAR))
    assert hidden == {Key("p", "A", "2023", ""), *amounts}


def test_what_is_known_beforehand_excuses_nothing_and_hides_no_more_than_helps() -> None:
    """Three at the county, two of them without a municipality: whoever knows of these two knows too much already."""
    given = linked(figures(areas((3, 1, 0, 0))))
    hidden = hidden_figures(given)
    assert Key("x", "K", "2023", "") in hidden
    system = given.system_of_counts()
    rows = audit(system.published([key.cell for key in hidden]), system.relations, required=system.required())
    assert [(row.lower, row.required_lower, row.passed) for row in rows if row.cell == "x|K|2023|"] == [(2, 1, False)]
    assert all(row.passed for row in rows if row.cell != "x|K|2023|")
    told = audit(system.published(["x|K|2023|"]), system.relations, required=system.required())
    assert [row.passed for row in told] == [False]


def test_a_figure_that_nothing_protects_is_an_error_that_says_what_to_do() -> None:
    known = LinkedSystem([Cell("x|A|2023|Kita", 2, 5)], [Relation("known", (("x|A|2023|Kita", 1),), 2)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LinkedSet, "system_of_counts", lambda _, **__: known)
        with pytest.raises(ProtectionError, match=r"x \(Gebiet A, Zeitraum 2023, Merkmal „Kita“\).*gröber"):
            hidden_figures(linked({}))
        withheld = set[str]()
        hidden_figures(linked({}), withheld=withheld)
        assert withheld == {"x|A|2023|Kita"}


def test_the_same_figures_get_the_same_pattern_without_a_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = linked(figures(areas((20, 9, 8, 3))))
    memory = PatternMemory(tmp_path)
    hidden = hidden_figures(given, memory=memory)
    ((name, content),) = memory.state().items()
    (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(pattern, "Search", lambda *_: pytest.fail("searched again"))
    assert hidden_figures(given, memory=PatternMemory(tmp_path)) == hidden
    with pytest.raises(pytest.fail.Exception):
        hidden_figures(linked(figures(areas((20, 9, 7, 4)))), memory=PatternMemory(tmp_path))


@pytest.mark.parametrize("hidden", [["x|A|2023|"], []])
def test_the_same_figures_are_hidden_as_they_must_be_whatever_is_remembered(tmp_path: Path, hidden: list[str]) -> None:
    given, memory = linked(figures(areas(KABC))), PatternMemory(tmp_path)
    memory.note(given.digest(), (), hidden)
    assert hidden_figures(given, memory=memory) >= hidden_figures(given)


def test_what_the_audit_hid_stays_hidden_and_hides_nothing_else(tmp_path: Path) -> None:
    given, memory = linked(figures(areas(KABC))), PatternMemory(tmp_path)
    hidden = hidden_figures(given, memory=memory)
    (more, *_) = sorted(given.counts.keys() - hidden)
    memory.note_hidden([more.cell])
    for name, content in memory.state().items():
        (tmp_path / name).write_bytes(content)
    assert hidden_figures(given, memory=PatternMemory(tmp_path)) == hidden | {more}
    others = figures(areas((60, 30, 20, 10), "y"))
    together = linked({**given.counts, **others})
    assert hidden_figures(together, memory=PatternMemory(tmp_path)) == hidden | {more}


KABC = (20, 9, 8, 3)


def remembered(folder: Path, release: str | None = None) -> tuple[Path, frozenset[Key]]:
    """The memory of a night, saved, and what that night hid."""
    memory = PatternMemory(folder, release=release)
    hidden = hidden_figures(linked(figures(areas(KABC))), memory=memory)
    ((name, content),) = memory.state().items()
    (folder / name).write_bytes(content)
    return folder / name, hidden


@pytest.mark.parametrize(
    "damage",
    [lambda b: b"{", lambda b: b[: len(b) // 2], lambda b: b.replace(b"true", b"null", 1), lambda b: b"\xff" + b],
)
def test_a_damaged_memory_is_found_dropped_and_solved_anew(
    tmp_path: Path, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    path, hidden = remembered(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    memory = PatternMemory(tmp_path)
    assert "patterns.json is damaged" in caplog.text
    assert all(memory.last_seen(key.cell) is None for key in hidden)
    assert hidden_figures(linked(figures(areas(KABC))), memory=memory) == hidden


def test_of_a_memory_of_an_older_form_is_known_what_was_hidden(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "patterns.json").write_text('{"code": "0", "patterns": {"1": ["x"]}}', encoding="utf-8")
    memory = PatternMemory(tmp_path, release="any")
    assert memory.recall("1") is None
    assert memory.last_seen("x") == (None, True)
    assert memory.last_seen("y") is None
    assert not caplog.text


def test_patterns_are_renewed_with_each_release_and_kept_over_a_full_run(tmp_path: Path) -> None:
    _, hidden = remembered(tmp_path, "first")
    cell = min(key.cell for key in hidden)
    assert PatternMemory(tmp_path, release="first").last_seen(cell) is not None
    assert PatternMemory(tmp_path, release="first", is_new=True).last_seen(cell) is not None
    assert PatternMemory(tmp_path, release="second").last_seen(cell) is None


def test_a_search_starts_from_the_last_pattern(tmp_path: Path) -> None:
    first, second = areas((70, 3, 13, 54)), areas((76, 3, 60, 13))
    memory = PatternMemory(tmp_path)
    hidden = hidden_figures(linked(figures(first)), memory=memory)
    ((name, content),) = memory.state().items()
    (tmp_path / name).write_bytes(content)
    assert {key.area for key in hidden} == {"A", "B"}
    assert {key.area for key in hidden_figures(linked(figures(second)))} == {"A", "C"}
    assert hidden_figures(linked(figures(second)), memory=PatternMemory(tmp_path)) == hidden


def test_no_reason_of_a_measure_tells_a_hidden_figure() -> None:
    """The published review is the same SQL over published figures (`privacy.md`: free text)."""
    internal, published = sample_build()
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{internal}' AS internal (READ_ONLY)")
        connection.execute(f"ATTACH '{published}' AS published (READ_ONLY)")
        changed = connection.execute(
            "SELECT i.reason, i.rule, p.reason, p.rule FROM internal.indicators.measure_review AS i "
            "INNER JOIN published.measure_review AS p USING (concept, measure_no) WHERE i.reason <> p.reason"
        ).fetchall()
        gaps = connection.execute(
            "SELECT theme, unmet_needs FROM published.offer_gap AS g INNER JOIN published.area AS a USING (area) "
            "WHERE a.part_of IS NULL AND g.gap"
        ).fetchall()
        told = connection.execute("SELECT reason FROM published.measure_review WHERE rule = 4").fetchall()
        missing = connection.execute("SELECT theme, unmet_needs FROM published.measure_review_missing").fetchall()
    assert changed
    assert all(rule == 4 != new_rule for _, rule, _, new_rule in changed)
    for (reason,) in told:
        theme, number = re.search(r"Im Thema (.*) standen \d+ im Kreis (\d+)", reason).groups()  # type: ignore[union-attr]
        assert (theme, int(number)) in gaps
    assert missing
    assert set(missing) <= set(gaps)


def test_a_higher_k_hides_more_and_a_lower_one_is_refused() -> None:
    raised = with_raised_k(load_catalogue(), {"smp_requests": 10})
    assert {i.k for i in raised if i.id == "smp_requests"} == {10}
    with pytest.raises(RaisedKError, match="mindestens 5"):
        with_raised_k(load_catalogue(), {"kim_needs": 3})
    with pytest.raises(RaisedKError, match="kein geschützter Indikator"):
        with_raised_k(load_catalogue(), {"komm_an_projects": 5})


def test_a_night_that_would_break_a_rule_publishes_without_the_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sample_intake()
    settings = sample_settings().model_copy(update={"warehouse": tmp_path, "key_file": sample_settings().secret_path})
    (tmp_path / "cache").symlink_to(sample_settings().cache)
    forgotten = set[Key]()

    def forgetful(linked: LinkedSet, *more: Any) -> frozenset[Key]:
        hidden = hidden_figures(linked, *more)
        small = (key for key in sorted(hidden) if key.count_id == "smp_unfilled" and 0 < linked.counts[key].value < 3)
        forgotten.update(islice(small, 2))
        return hidden - forgotten

    monkeypatch.setattr(protection, "hidden_figures", forgetful)
    with caplog.at_level("WARNING"):
        night = whole_night(nightly.Night(settings=settings))
    assert len(forgotten) == 2
    assert night.audit.passed
    assert {breach.place for breach in night.audit.taken_back} == {key.cell for key in forgotten}
    assert [text for text in caplog.messages if text.startswith("Zurückgehalten")]
    with duckdb.connect(str(tmp_path / "kim.duckdb"), read_only=True) as connection:
        hidden = connection.execute(
            "SELECT indicator_id, area, period, breakdown FROM indicator_value WHERE status = 'suppressed'"
        ).fetchall()
    assert forgotten <= {Key(*row) for row in hidden}
