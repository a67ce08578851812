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
    shown = {
        row[0]: row[-1] for table in page.tables if table.rows[0][-1] == "Beschluss bisher" for row in table.rows[1:]
    }
    ours = [row for row in built("FROM indicators.measure_review") if row["decision_kind"] == kind]
    assert ours
    for row in ours:
        said = shown[row["measure_no"]].replace("\N{NO-BREAK SPACE}", " ")
        assert f"{kind}: {row['decision']} ({row['decided_by']}, {row['decided_on']:%d.%m.%Y})" in said
        assert said.startswith(kind) is (row["resolved_decision"] is None)


def test_a_vote_after_the_key_date_is_not_told() -> None:
    chapter = review.Review(context())
    row = dict.fromkeys(("resolved_decision", "resolved_by", "resolved_on"))
    late = {
        "decision": "beenden",
        "decision_kind": "Empfehlung",
        "decided_by": "BIKS",
        "decided_on": context().figures.key_day.replace(year=2099),
    }
    assert chapter.decision(row | late) == "–"
