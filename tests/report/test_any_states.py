"""Whatever is hidden: sentences compare only what is big enough, and no hidden figure's number is in them.

Random published files: each figure of the county gets a state and a size at random, hidden ones a number that is in no
other cell; what the paper then says is read back from its blocks (`paper.md` §1.13, 5).
"""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from kim_pipeline.german import NBSP
from kim_pipeline.report import council
from kim_pipeline.report.blocks import Block, Listing, Panel, Paragraph, SideBySide
from kim_pipeline.report.review import Review
from tests.built import sample_build
from tests.report.test_rederived import CHANGE, amount, is_enough
from tests.report.test_report import context

VALUE = re.compile(r"(?P<label>[A-ZÄÖÜ][^.:;]*?) im (?:Jahr|Schuljahr) (?P<p>[\d/]+): (?P<v>[\d.,]*\d)")
STATES = ("published", "published", "small", "suppressed", "suppressed", "not_reported")


def scrambled(path: Path, seed: int) -> dict[tuple[str, str], tuple[float, Any, Any, str, str]]:
    """A copy of the sample with states and sizes at random; label and period → what is visible of the county."""
    rng = random.Random(seed)
    shutil.copy(sample_build()[1], path)
    visible: dict[tuple[str, str], tuple[float, Any, Any, str, str]] = {}
    changes: list[tuple[Any, ...]] = []
    with duckdb.connect(str(path)) as connection:
        rows = connection.execute(
            "SELECT v.indicator_id, i.label, v.period, v.breakdown_kind, v.breakdown, i.unit, i.aggregation, v.value, "
            "v.n, v.n_class FROM indicator_value AS v JOIN indicator AS i USING (indicator_id) WHERE v.area = '05570'"
        ).fetchall()
        for key, label, period, kind, member, unit, aggregation, value, n, n_class in rows:
            state = rng.choice(STATES)
            if state in ("suppressed", "not_reported") or value is None:
                state = "suppressed" if state in ("published", "small") else state
                found: tuple[Any, ...] = (None, None, None, state)
            elif state == "small":
                found = (value if aggregation in ("median", "rate") else 7.0, 7, None, "published")
            else:
                found = (value, n, n_class, "published")
            changes.append((*found, key, period, kind, member))
            if found[0] is not None and kind == "total":
                visible[label, period] = (found[0], found[1], found[2], unit, aggregation)
        frame = pd.DataFrame(changes, columns=[*"vncs", "key", "period", "kind", "member"])
        connection.register("scrambled", frame)
        connection.execute(
            "UPDATE indicator_value AS i SET value = s.v, n = s.n, n_class = s.c, status = s.s FROM scrambled AS s "
            "WHERE i.area = '05570' AND (i.indicator_id, i.period, i.breakdown_kind, i.breakdown) = "
            "(s.key, s.period, s.kind, s.member)"
        )
        for table in ("offer_gap", "language_gap"):
            connection.execute(f"UPDATE {table} SET gap = [true, false, NULL][(1 + hash(rowid + {seed}) % 3)::BIGINT]")
    return visible


def sentences_of(blocks: tuple[Block, ...]) -> list[str]:
    """What is said in sentences, tables aside."""
    found = []
    for block in blocks:
        if isinstance(block, SideBySide):
            found += sentences_of((*block.left, *block.right))
        elif isinstance(block, Paragraph | Panel):
            found.append(block.text)
        elif isinstance(block, Listing):
            found += block.items
    return [text.replace(NBSP, " ") for text in found]


@pytest.mark.parametrize("seed", range(4))
def test_sentences_compare_only_what_is_big_enough(tmp_path: Path, seed: int) -> None:
    visible = scrambled(tmp_path / "kim.duckdb", seed)
    ours = context(tmp_path / "kim.duckdb")
    paper = council.document(ours, "", Review(ours))
    told = [text for section in paper.printed() for text in sentences_of(section.blocks)]
    labels = sorted({label for label, _ in visible}, key=len, reverse=True)
    for text in told:
        for match in CHANGE.finditer(text):
            base = match["base"] or match["same"]
            label = next(name for name in labels if match["label"].endswith(name))
            now, before = visible[label, match["now"].split()[-1]], visible[label, base.split()[-1]]
            if match["by"] or match["same"]:
                assert is_enough(now), text
                assert is_enough(before), text
        longest = re.search(r"Am längsten warteten", text)
        assert longest is None or len(re.findall(r"\((\d+) Tage", text)) >= 2
    assert len(told) > 20


@pytest.mark.parametrize("seed", [3])
def test_values_in_sentences_are_visible_ones(tmp_path: Path, seed: int) -> None:
    visible = scrambled(tmp_path / "kim.duckdb", seed)
    ours = context(tmp_path / "kim.duckdb")
    paper = council.document(ours, "", Review(ours))
    told = [text for section in paper.printed() for text in sentences_of(section.blocks)]
    labels = sorted({label for label, _ in visible}, key=len, reverse=True)
    looked = 0
    for text in told:
        for match in VALUE.finditer(text):
            label = next((name for name in labels if match["label"].endswith(name)), None)
            if label is None:
                continue
            value, _, _, unit, _ = visible[label, match["p"]]
            assert abs(amount(match["v"]) - value * (100 if unit == "Anteil" else 1)) <= 0.5
            looked += 1
    assert looked > 1
