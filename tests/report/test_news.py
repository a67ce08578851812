"""What is new against the last release (`paper.md` §1.8): only what both show, each kind only where there is any."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import duckdb
import pytest

from kim_pipeline.german import NBSP
from kim_pipeline.report import council, news
from kim_pipeline.report.blocks import PaperTable
from kim_pipeline.report.earlier import UnknownReleaseError, earlier_release, release_before
from kim_pipeline.report.news import Earlier
from kim_pipeline.report.review import Review
from tests.built import sample_build
from tests.report.test_report import context

BEFORE = dt.date(2024, 2, 1)
STATEMENTS = (
    "DELETE FROM measure_decision WHERE decided_on > DATE '2023-12-07'",
    "UPDATE measure_review SET suggestion = 'ausbauen', rule = 4 WHERE measure_no = 'IK10-49'",
    "UPDATE measure_review SET status = 'in Planung' WHERE measure_no = 'HK16-05'",
    "UPDATE programme_period SET is_covered = false WHERE programme = 'fit' AND period = '2022/23'",
    "UPDATE indicator_value SET value = 300 WHERE indicator_id = 'kim_cases_opened' AND period = '2022' "
    "AND area = '05570' AND breakdown_kind = 'total'",
    "UPDATE indicator_value SET status = 'suppressed', value = NULL WHERE indicator_id = 'smp_assignments' "
    "AND period = '2022' AND area = '05570' AND breakdown_kind = 'total'",
    "UPDATE offer_gap SET gap = false WHERE theme = 'Kita' AND area = '05570'",
    "UPDATE offer_gap SET gap = NULL WHERE theme = 'Wohnen' AND area = '05570'",
)


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two earlier releases of the sample, the older one as it is, the newer one changed."""
    folder = tmp_path_factory.mktemp("releases")
    for name, day, statements in (("A", dt.date(2023, 12, 31), ()), ("B", BEFORE, STATEMENTS)):
        (folder / name).mkdir()
        file = folder / name / "kim.duckdb"
        shutil.copy(sample_build()[1], file)
        with duckdb.connect(str(file)) as connection:
            for statement in (
                f"INSERT INTO build_info VALUES ('release', 'as_of', '{day}', NULL, NULL, NULL)",
                *statements,
            ):
                connection.execute(statement)
    return folder


def found(releases: Path) -> dict[str, list[tuple[str, str, str]]]:
    review = Review(context())
    earlier = earlier_release(releases, "B")
    return {block.title: [tuple(map(plain, row)) for row in block.rows] for block in news.news(review, earlier)}  # type: ignore[misc]


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


def test_the_release_before_is_the_latest_before_the_key_date(releases: Path) -> None:
    assert release_before(releases, dt.date(2024, 5, 1)) == "B"
    assert release_before(releases, BEFORE) == "A"
    assert release_before(releases, dt.date(2023, 12, 31)) is None
    with pytest.raises(UnknownReleaseError):
        earlier_release(releases, "../releases/B")


def test_each_kind_of_news_is_told(releases: Path) -> None:
    told = found(releases)
    suggestions = told["geänderte Vorschläge"]
    assert ("ausbauen", "anpassen: Aktivität −27,5 % in zwei Jahren") in [row[1:] for row in suggestions]
    assert all(not row[0].startswith("HK16-05") for row in suggestions)
    assert [row for row in told["geänderter Stand"] if row[0].startswith("HK16-05")] == [
        ("HK16-05 Niedrigschwellige Deutschkurse", "in Planung", "laufend")
    ]
    assert told["berichtigte Zahlen"] == [("Aufgenommene Fälle, 2022", "300", "320")]
    assert told["Lücken"] == [("Thema Kita", "keine Lücke", "Lücke")]


def test_decisions_after_the_last_key_date_are_told(releases: Path) -> None:
    review = Review(context())
    earlier = earlier_release(releases, "A")
    told = [row for block in news.news(review, earlier) if block.title.startswith("Beschl") for row in block.rows]
    later = [d for rows in review.decisions.all.values() for d in rows if d.decided_on > dt.date(2023, 12, 31)]
    ours = {(m["concept"], m["measure_no"]) for m in review.measures}
    assert len(told) == sum(d.measure in ours for d in later)


def test_figures_that_either_hides_are_not_compared(releases: Path) -> None:
    assert not [row for rows in found(releases).values() for row in rows if "Durchgeführte Einsätze" in row[0]]


def test_new_full_periods_are_one_sentence(releases: Path) -> None:
    review = Review(context())
    blocks = news.blocks(review, earlier_release(releases, "B"))
    told = [plain(getattr(block, "text", "")) for block in blocks]
    assert "Neu ganz abgedeckt sind FIT (Frühkindliches Integrationstraining) 2022/23." in told
    assert told[0] == "Neu seit B (Stichtag 01.02.2024)"


def test_at_most_twelve_rows_and_every_kind_has_its_turn(releases: Path) -> None:
    review = Review(context())
    for earlier in (None, earlier_release(releases, "B")):
        rows = [row for block in news.blocks(review, earlier) for row in getattr(block, "rows", ())]
        all_rows = [row for block in news.whole_blocks(review, earlier) for row in getattr(block, "rows", ())]
        kinds = {row.text for row in all_rows if hasattr(row, "text")}
        assert kinds <= {row.text for row in rows if hasattr(row, "text")}
    table = next(block for block in news.blocks(review, None) if isinstance(block, PaperTable))
    assert sum(isinstance(row, tuple) for row in table.rows) == news.MOST_NEWS
    assert table.notes[0].endswith("weitere (bericht.html).")


def test_nothing_new_is_said_to_be_so() -> None:
    review = Review(context())
    same = Earlier("Gleich", Review(context()))
    told = [plain(getattr(block, "text", "")) for block in news.blocks(review, same)]
    assert "Seitdem hat sich nichts geändert, was hier zu nennen wäre." in told
    assert council.document(context(), "", review, same)
