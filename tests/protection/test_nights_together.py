"""The nights' ledger, and what several nights tell together."""

from __future__ import annotations

import logging
import random
from pathlib import Path

import pytest

from kim_pipeline.disclosure import Cell, LinkedSystem, PublishedCell, Relation, audit, protect
from kim_pipeline.protection.night_ledger import NightFigures, NightLedger, with_nights

SUM = Relation.total("t", "x|T", ["x|A", "x|B", "x|C", "x|D"])


def night(hidden: str, **values: int) -> dict[str, tuple[int, bool]]:
    return {f"x|{name}": (value, name in hidden) for name, value in values.items()}


def seen(of: NightFigures) -> list[PublishedCell]:
    return [PublishedCell(cell, None if hidden else value, 5) for cell, (value, hidden) in of.items()]


def audited(tonight: NightFigures, *earlier: NightFigures) -> dict[str, tuple[int, int | None, bool]]:
    true = {cell: value for cell, (value, _) in tonight.items()}
    small = {cell: (1, 5) for cell, value in true.items() if 0 < value < 5}
    cells, relations, _ = with_nights(seen(tonight), [SUM], true, earlier)
    return {r.cell: (r.lower, r.upper, r.passed) for r in audit(cells, relations, required=small) if r.cell in small}


FIRST = night("AB", T=70, A=3, B=13, C=14, D=40)
SECOND = night("AC", T=73, A=3, B=15, C=14, D=41)


def test_two_nights_that_pass_alone_give_a_small_figure_away_together() -> None:
    """`privacy.md`: with C of the first night, A = 73 - 15 - 41 - 14."""
    assert audited(FIRST)["x|A"][2]
    assert audited(SECOND)["x|A"][2]
    assert audited(SECOND, FIRST) == {"x|A": (3, 3, False)}


def test_a_kept_pattern_passes_together() -> None:
    assert audited(night("AB", T=73, A=3, B=15, C=14, D=41), FIRST)["x|A"][2]


def test_what_was_printed_and_has_not_changed_is_known() -> None:
    assert audited(night("AB", T=70, A=3, B=13, C=14, D=40), night("AC", T=70, A=3, B=13, C=14, D=40)) == {
        "x|A": (3, 3, False)
    }


def test_the_ledger_keeps_nights_as_differences_and_drops_what_is_the_same(tmp_path: Path) -> None:
    for tonight in (FIRST, FIRST, SECOND, SECOND):
        ((name, content),) = NightLedger(tmp_path).state(tonight).items()
        (tmp_path / name).write_bytes(content)
    assert NightLedger(tmp_path).nights == (SECOND, FIRST)
    assert b'"before": [{"x|A"' not in content  # a figure that is as it was is not there twice


def test_a_release_begins_a_new_ledger(tmp_path: Path) -> None:
    ((name, content),) = NightLedger(tmp_path, release="2024").state(FIRST).items()
    (tmp_path / name).write_bytes(content)
    assert NightLedger(tmp_path, release="2024").nights == (FIRST,)
    assert NightLedger(tmp_path, release="2025").nights == ()


@pytest.mark.parametrize("damage", [b"", b"{", b"0\n{}\n"])
def test_a_damaged_ledger_is_told_and_dropped(tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: bytes) -> None:
    (tmp_path / "nights.json").write_bytes(damage)
    with caplog.at_level(logging.WARNING):
        assert NightLedger(tmp_path).nights == ()
    assert "damaged" in caplog.text


def made_up(seed: int) -> tuple[list[str], dict[str, int]]:
    rng = random.Random(seed)
    names = [f"x|{i}{j}" for i in range(4) for j in range(4)]
    return names, {name: max(0, round(rng.lognormvariate(1.5, 1.2))) for name in names}


def system(inner: dict[str, int]) -> LinkedSystem:
    """A 4 x 4 table with its margins."""
    cells, relations = [Cell(name, value, 5) for name, value in inner.items()], []
    for line in range(4):
        for kind, parts in (("r", [f"x|{line}{j}" for j in range(4)]), ("c", [f"x|{i}{line}" for i in range(4)])):
            total = f"x|{kind}{line}"
            cells.append(Cell(total, sum(inner[part] for part in parts), 5, factor=3.0))
            relations.append(Relation.total(total, total, parts))
    return LinkedSystem(cells, relations)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.rare) for seed in (2, 3, 4))])
def test_thirty_nights_of_corrections_leave_nothing_at_risk(seed: int) -> None:
    """What fails together is hidden with its neighbours until nothing does; patterns found from nothing alone leak."""
    rng = random.Random(seed)
    names, inner = made_up(seed)
    nights: list[NightFigures] = []
    without_memory = 0
    for _ in range(30):
        name = rng.choice(names)
        inner[name] = max(0, inner[name] + rng.choice([-2, -1, 1, 2]))
        given = system(inner)
        hidden = set(protect(given, optimum_up_to=0).hidden)
        printed = sorted((c.cost, c.id) for c in given.cells.values())
        for step in range(len(printed) + 1):
            failed = _failed(given, hidden, nights)
            without_memory += len(failed) if step == 0 else 0
            if not failed:
                break
            near = {cell for f in failed for cell in given.neighbours(f.split("@")[0])} - hidden
            pool = [cell for _, cell in printed if cell in near] or [c for _, c in printed if c not in hidden]
            if not pool:
                break
            hidden.add(pool[0])
        assert not _failed(given, hidden, nights)
        nights.insert(0, {c.id: (c.value, c.id in hidden) for c in given.cells.values()})
    assert without_memory > 0


def _failed(given: LinkedSystem, hidden: set[str], nights: list[NightFigures]) -> set[str]:
    true = {cell.id: cell.value for cell in given.cells.values()}
    cells, relations, of_before = with_nights(given.published(hidden), given.relations, true, nights)
    needed = {**given.required(), **of_before}
    return {row.cell for row in audit(cells, relations, required=needed, only=needed) if not row.passed}
