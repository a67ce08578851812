"""Releases: frozen, verified, and safe together with every release before."""

from __future__ import annotations

import datetime as dt
import shutil
from functools import cache
from pathlib import Path

import duckdb
import pytest

from kim_pipeline import cli
from kim_pipeline.disclosure import Cell, LinkedSystem, Relation, at_risk, audit, protect
from kim_pipeline.protection.hiding import protect_figures
from kim_pipeline.protection.joint import Released, joined
from kim_pipeline.publishing import releases
from kim_pipeline.publishing.builds import Build, Warehouse
from kim_pipeline.publishing.published import BuildFacts, stored_build_info, write_published, write_tables
from kim_pipeline.publishing.releases import Release, ReleaseError, new_release, seal
from kim_pipeline.publishing.sealed import problems_of, telling_counts
from kim_pipeline.warehouse.build import run_models
from kim_pipeline.warehouse.sql_models import load_models
from tests.built import AS_OF, sample_intake, sample_internal

NOW = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
FIRST, LAST = dt.date(2021, 12, 31), dt.date(2023, 12, 31)
REVISED = "paten_started"
KEPT = (REVISED, "paten_active", "paten_transition_rate", "foreigners_rate", "population")


@cache
def small_build(folder: Path) -> tuple[Path, Path]:
    """A build of one programme's indicators, internal and published: enough to be linked, small enough to be quick."""
    internal, published = folder / "internal.duckdb", folder / "kim.duckdb"
    shutil.copy(sample_internal(), internal)
    with duckdb.connect(str(internal)) as connection:
        for table in ("indicator", "indicator_value"):
            connection.execute(f"DELETE FROM indicators.{table} WHERE NOT list_contains(?, indicator_id)", [list(KEPT)])
        connection.execute("DELETE FROM core.fact_measure")
        run_models(connection, load_models(["disclosure"]))
        protect_figures(connection)
    facts = BuildFacts("20240501T000000Z_aaaaaaaaaaaa", NOW, AS_OF, 1.0)
    write_published(internal, published, sample_intake(), facts)
    return internal, published


@pytest.fixture
def warehouse(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A warehouse with one build."""
    folder = Warehouse(tmp_path)
    folder.builds.mkdir()
    folder.open_to_all.mkdir()
    add_build(folder, "20240501T000000Z_aaaaaaaaaaaa", small_build(tmp_path_factory.getbasetemp()))
    return folder


def add_build(folder: Warehouse, stem: str, files: tuple[Path, Path]) -> Build:
    build = Build(folder.folder, stem)
    for source, target in zip(files, (build.internal, build.published), strict=True):
        shutil.copy(source, target)
    return build


def released(folder: Warehouse, name: str, as_of: dt.date, build: Build) -> Release:
    with new_release(folder, name, as_of, build) as made:
        seal(made, folder, NOW)
    return made


def revised_build(folder: Warehouse, change: int = 1, *, at_county: bool = True) -> tuple[Build, str]:
    """A build in which one mentorship more started in 2021, and still runs; and the figure that it changes."""
    (first,) = folder.all_builds()
    build = add_build(folder, "20240601T000000Z_bbbbbbbbbbbb", (first.internal, first.published))
    with duckdb.connect(str(build.internal)) as connection:
        ((area,),) = connection.execute(
            "SELECT v.area FROM indicators.indicator_value AS v ANTI JOIN disclosure.hidden_cell AS h "
            "ON h.count_id = v.indicator_id AND h.area = v.area AND h.period = v.period "
            f"WHERE v.indicator_id = '{REVISED}' AND v.period = '2021' AND v.area <> '05570' "
            "ORDER BY v.value DESC, v.area LIMIT 1"
        ).fetchall()
        connection.execute(
            "UPDATE indicators.indicator_value SET value = value + $change, n = n + $change "
            "WHERE (area = $area OR $at_county AND area = '05570') AND (indicator_id = $started AND period = '2021' "
            "OR indicator_id = 'paten_active' AND period >= '2021')",
            {"change": change, "area": area, "started": REVISED, "at_county": at_county},
        )
        run_models(connection, load_models(["disclosure"]))
        protect_figures(connection)
    write_tables(build.internal, build.published, stored_build_info(first.published))
    return build, f"{REVISED}|{area}|2021|"


def hidden_in(file: Path) -> set[str]:
    with duckdb.connect(str(file), read_only=True) as connection:
        rows = connection.execute(
            "SELECT indicator_id, area, period, breakdown FROM indicator_value WHERE status = 'suppressed'"
        ).fetchall()
    return {"|".join(row) for row in rows}


def test_a_release_holds_the_periods_that_are_over_on_its_key_date(warehouse: Warehouse) -> None:
    released(warehouse, "2021", FIRST, warehouse.all_builds()[0])
    file = warehouse.folder / "releases" / "2021" / "kim.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        ((last,),) = connection.execute(
            "SELECT max(p.last_day) FROM indicator_value AS v JOIN period AS p USING (period)"
        ).fetchall()
        told = dict(connection.execute("SELECT name, value FROM build_info WHERE item = 'release'").fetchall())
        ((totals,),) = connection.execute("SELECT count(*) FROM build_info WHERE item = 'count'").fetchall()
    assert last == FIRST
    assert totals == 0, "numbers of rows tell of single persons from release to release"
    assert told == {"name": "2021", "as_of": "2021-12-31"}


def test_two_releases_of_unchanged_figures_say_the_same(warehouse: Warehouse) -> None:
    """What the first hides stays hidden: two patterns for the same figures would undo each other."""
    build = warehouse.all_builds()[0]
    released(warehouse, "2021", FIRST, build)
    second = released(warehouse, "2023", LAST, build)
    folder = warehouse.folder / "releases"
    first_hidden, second_hidden = (hidden_in(folder / name / "kim.duckdb") for name in ("2021", "2023"))
    with duckdb.connect(str(folder / "2021" / "kim.duckdb"), read_only=True) as connection:
        known = {"|".join(row) for row in connection.execute(
            "SELECT indicator_id, area, period, breakdown FROM indicator_value WHERE status = 'published'"
        ).fetchall()}  # fmt: skip
    assert not second.hidden_again
    assert not known & second_hidden
    assert first_hidden


def test_a_planted_revision_of_one_person_is_caught(warehouse: Warehouse) -> None:
    released(warehouse, "2021", FIRST, warehouse.all_builds()[0])
    build, cell = revised_build(warehouse)
    second = released(warehouse, "2023", LAST, build)
    assert cell in second.hidden_again["2021"]
    again = set(second.hidden_again["2021"])
    assert again <= hidden_in(warehouse.folder / "releases" / "2023" / "kim.duckdb")
    assert {cell.split("|")[0] for cell in again} == {REVISED, "paten_active"}


def test_a_revision_by_k_is_published(warehouse: Warehouse) -> None:
    released(warehouse, "2021", FIRST, warehouse.all_builds()[0])
    build, cell = revised_build(warehouse, change=9)
    second = released(warehouse, "2023", LAST, build)
    assert not second.hidden_again
    assert cell not in hidden_in(warehouse.folder / "releases" / "2023" / "kim.duckdb")


def test_a_release_that_cannot_show_a_figure_withholds_it_and_goes_on(warehouse: Warehouse) -> None:
    """One person more in one municipality, none at the county: whoever has the first release knows the figure."""
    released(warehouse, "2021", FIRST, warehouse.all_builds()[0])
    build, cell = revised_build(warehouse, at_county=False)
    for name in ("2023", "2023-neu"):
        made = released(warehouse, name, LAST, build)
        assert cell in made.withheld
        assert made.withheld[cell].endswith("zusammen mit dieser ergäbe sich die Änderung genau.")
        assert "catalogue.toml" not in made.withheld[cell]
        assert made.withheld.keys() <= hidden_in(warehouse.folder / "releases" / name / "kim.duckdb")


def test_a_release_that_gives_an_earlier_one_away_is_refused_with_its_cells(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(warehouse, "2021", FIRST, warehouse.all_builds()[0])
    build, cell = revised_build(warehouse)
    monkeypatch.setattr(releases, "protect_figures", lambda connection, _: protect_figures(connection))
    with pytest.raises(ReleaseError, match=f"abgelehnt: .*{cell.replace('|', '.')}"):
        released(warehouse, "2023", LAST, build)
    assert not (warehouse.folder / "releases" / "2023").exists()


def test_a_release_is_never_changed(warehouse: Warehouse) -> None:
    build = warehouse.all_builds()[0]
    released(warehouse, "2021", FIRST, build)
    with pytest.raises(ReleaseError, match="gibt es schon"):
        released(warehouse, "2021", LAST, build)
    with pytest.raises(ReleaseError, match="geht nicht als Name"):
        released(warehouse, "../2021", LAST, build)


def test_verification_finds_what_was_changed(warehouse: Warehouse) -> None:
    released(warehouse, "2021", FIRST, warehouse.all_builds()[0])
    assert problems_of(warehouse) == {"2021": []}
    folder = warehouse.folder / "releases" / "2021"
    folder.chmod(0o755)
    (folder / "kim.duckdb").chmod(0o644)
    with (folder / "kim.duckdb").open("ab") as file:
        file.write(b"x")
    (folder / "mehr.txt").write_text("x", encoding="utf-8")
    assert problems_of(warehouse) == {"2021": ["mehr.txt ist hinzugekommen", "kim.duckdb ist verändert"]}


def test_a_release_that_was_interrupted_is_as_if_it_never_was(warehouse: Warehouse) -> None:
    build = warehouse.all_builds()[0]
    with pytest.raises(RuntimeError), new_release(warehouse, "2021", FIRST, build):
        raise RuntimeError
    assert problems_of(warehouse) == {}
    assert not (warehouse.folder / "releases").exists()
    assert list((warehouse.folder / "scratch").iterdir()) == []


def test_the_command_freezes_figures_and_report_and_tells_what_it_hides_again(
    warehouse: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    (first,) = warehouse.all_builds()
    where = ["--warehouse", str(warehouse.folder)]
    (warehouse.folder / "kim.duckdb").symlink_to(first.published.relative_to(warehouse.folder))
    assert cli.invoke(["release", "2021", "--as-of", "2021-12-31", *where]) == 0
    later, cell = revised_build(warehouse)
    (warehouse.folder / "kim.duckdb").unlink()
    (warehouse.folder / "kim.duckdb").symlink_to(later.published.relative_to(warehouse.folder))
    assert cli.invoke(["release", "2023", "--as-of", "2023-12-31", *where]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Seit der Veröffentlichung 2021 haben sich" in said
    assert cell in said
    assert (warehouse.folder / "releases" / "2023" / "bericht.pdf").is_file()
    assert cli.invoke(["release", "--verify", *where]) == 0
    assert cli.invoke(["release", "2024", *where]) == 2


def test_releases_with_exact_numbers_of_findings_are_named(
    warehouse: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    (build,) = warehouse.all_builds()
    released(warehouse, "neu", FIRST, build)
    for name, table in {
        "alt": "quality_summary (findings BIGINT)",
        "sehr-alt": "programme_rows (accepted BIGINT)",
    }.items():
        (warehouse.folder / "releases" / name).mkdir()
        with duckdb.connect(str(warehouse.folder / "releases" / name / "kim.duckdb")) as connection:
            connection.execute(f"CREATE TABLE {table}")
    assert telling_counts(warehouse) == ["alt", "sehr-alt"]
    cli.invoke(["release", "--verify", "--warehouse", str(warehouse.folder)])
    assert "geheime Zahlen ergeben können: alt, sehr-alt." in " ".join(capsys.readouterr().err.split())


def row(values: dict[str, int], k: int = 5) -> LinkedSystem:
    cells = [Cell(name, value, k) for name, value in values.items()]
    parts = [name for name in values if name != "total"]
    return LinkedSystem(cells, [Relation.total("row", "total", parts)])


def test_two_patterns_for_one_table_undo_each_other_and_the_joined_system_notices() -> None:
    system = row({"a": 3, "b": 9, "c": 8, "total": 20})
    earlier = Released("1", system, frozenset({"a", "b"}))
    assert not at_risk(audit(system.published({"a", "c"}), system.relations, sensitive=system.sensitive()))
    together = joined(system, [earlier])
    rows = audit(together.published({"a"}), together.relations, sensitive={"a"})
    assert [row.cell for row in at_risk(rows)] == ["a"]
    assert protect(together).hidden == {"a", "b"}


def test_a_change_of_one_person_hides_the_new_figure() -> None:
    earlier = Released("1", row({"a": 10, "b": 9, "c": 8, "total": 27}), frozenset())
    hidden = protect(joined(row({"a": 11, "b": 9, "c": 8, "total": 28}), [earlier])).hidden
    assert hidden == {"a", "total"}
