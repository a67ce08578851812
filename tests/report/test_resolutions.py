"""Only a resolution is shown as a decision: recommendations and notices are named as what they are."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from kim_pipeline.report import review
from tests.report.test_report import context, report
from tests.whole.test_truth import built

RANK = {"Kreistag": 4, "Kreisausschuss": 3, "BIKS": 2, "Lenkungsgruppe KIM": 1}


def votes() -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Measure → the decisions that belong to it and hold a vote, the latest last."""
    concepts = defaultdict(list)
    for row in built("SELECT concept, measure_no FROM core.fact_measure"):
        concepts[row["measure_no"]].append(row["concept"])
    found = defaultdict(list)
    for row in built("FROM core.fact_decision WHERE decision IS NOT NULL"):
        for concept in concepts[row["measure_no"]]:
            if row["concept"] == concept or (row["concept"] is None and len(concepts[row["measure_no"]]) == 1):
                found[concept, row["measure_no"]].append(row)
    for rows in found.values():
        rows.sort(key=lambda r: (r["decided_on"], RANK[r["body"]], r["decision_no"]))
    return found


def test_resolutions_are_the_latest_of_their_kind() -> None:
    rows = built("FROM indicators.measure_review")
    known = votes()
    for row in rows:
        ours = known.get((row["concept"], row["measure_no"]), [])
        latest = ours[-1] if ours else dict.fromkeys(("decision", "kind", "body", "decided_on"))
        assert [row[n] for n in ("decision", "decision_kind", "decided_by", "decided_on")] == [
            latest[n] for n in ("decision", "kind", "body", "decided_on")
        ]
        passed = [r for r in ours if r["kind"] == "Beschluss"]
        binding = passed[-1] if passed else dict.fromkeys(("decision", "body", "decided_on", "decision_no"))
        assert [row[n] for n in ("resolved_decision", "resolved_by", "resolved_on", "resolved_no")] == [
            binding[n] for n in ("decision", "body", "decided_on", "decision_no")
        ]
    kinds = {row["decision_kind"] for row in rows}
    assert kinds == {"Beschluss", "Empfehlung", "Kenntnisnahme", None}
    assert any(row["decision"] and not row["resolved_decision"] for row in rows)


@pytest.mark.parametrize("kind", ["Empfehlung", "Kenntnisnahme"])
def test_the_report_names_what_is_no_resolution(kind: str) -> None:
    page = report()
    shown = {row[0].split()[-1]: row for table in page.tables if "Beschluss" in table.head for row in table.body
             if "Grund" in table.head}  # fmt: skip
    ours = [row for row in built("FROM indicators.measure_review") if row["decision_kind"] == kind]
    alone = [row for row in ours if row["resolved_decision"] is None]
    assert alone
    for row in ours:
        said = shown[row["measure_no"]][4].replace("\N{NO-BREAK SPACE}", " ")
        if row["resolved_decision"] is None:
            day = f"{row['decided_on']:%d.%m.%Y}"
            assert said in (f"zur Kenntnis am {day}", f"Empfehlung vom {day}")
            assert said.startswith("Empfehlung") is (kind == "Empfehlung")
        else:
            assert said == f"{row['resolved_decision']} ({row['resolved_by']}, {row['resolved_on']:%d.%m.%Y})"


def test_a_vote_after_the_key_date_is_not_told() -> None:
    day = context().figures.key_day
    before = review.Review(context(day=day.replace(year=2022)))
    assert before.decisions.all
    assert all(d.decided_on <= day.replace(year=2022) for rows in before.decisions.all.values() for d in rows)
