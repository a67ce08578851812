"""Nights of corrections through the real pipeline: models, kept patterns, joint audit and repair, night after night."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import pytest

from kim_pipeline.intake.deliveries import Intake
from kim_pipeline.protection.attackers import Who
from kim_pipeline.protection.audit_of_file import FileAudit, audit_build, audit_file
from kim_pipeline.protection.hiding import protect_figures
from kim_pipeline.protection.night_ledger import NightLedger
from kim_pipeline.protection.pattern_memory import PatternMemory
from kim_pipeline.publishing.published import write_published
from kim_pipeline.warehouse.build import MODEL_SCHEMAS, run_models
from kim_pipeline.warehouse.sql_models import load_models
from tests.built import sample_intake, sample_internal
from tests.made_up_worlds import FACTS, internal_of, random_world

CORRECTED = (
    "sprachmittlerpool_requests",
    "suedosteuropa_contacts",
    "patenprojekt_mentorships",
    "schulische_erstberatung_consultations",
    "kim_case_management_cases",
)
"""Accepted tables in which single rows are corrected: another municipality, or a row that is gone."""


@dataclass(frozen=True)
class Course:
    """What became of some nights, and the cells that somebody knows too well who has all their files."""

    nights: list[FileAudit]
    at_risk_alone: int
    hidden_by_repair: int

    @property
    def at_risk(self) -> set[str]:
        """Cells that attacker 2, who kept every file, knows too well, or anybody who knows more."""
        return {row.cell for night in self.nights for row in night.rows if not row.passed}

    def at_risk_for(self, who: Who) -> set[str]:
        """Of one attacker."""
        return {row.cell for night in self.nights for row in night.rows if not row.passed and row.attacker == who}


def nights_of_corrections(internal: Path, intake: Intake, folder: Path, nights: int, corrections: int) -> Course:
    """Run so many nights, each with some corrected rows."""
    rng, found, alone, repaired = random.Random(7), [], 0, 0
    state, published = folder / "state", folder / "kim.duckdb"
    state.mkdir()
    for _ in range(nights):
        with duckdb.connect(str(internal)) as connection:
            for table, town, row in corrected(connection, rng, corrections):
                connection.execute(f"UPDATE accepted.{table} SET municipality = ? WHERE rowid = ?", [town, row])
            run_models(connection, load_models(MODEL_SCHEMAS))
            memory = PatternMemory(state)
            protect_figures(connection, memory=memory)
        write = partial(write_published, internal, published, intake, FACTS)
        published.unlink(missing_ok=True)
        write()
        ledger = NightLedger(state)
        alone += len(audit_file(published, internal, ledger.nights).at_risk)
        audit = audit_build(published, internal, write, ledger.nights)
        repaired += len(audit.hidden_more)
        memory.note_hidden([key.cell for key in sorted(audit.hidden_more)])
        for name, content in {**memory.state(), **ledger.state(audit.cells)}.items():
            (state / name).write_bytes(content)
        found.append(audit)
    return Course(found, alone, repaired)


def corrected(connection: duckdb.DuckDBPyConnection, rng: random.Random, number: int) -> Iterator[tuple[str, str, int]]:
    """Table, new municipality and row of so many corrections."""
    rows = [
        (table, row, town)
        for table in CORRECTED
        for row, town in connection.execute(f"SELECT rowid, municipality FROM accepted.{table} ORDER BY ALL").fetchall()
    ]
    towns = sorted({town for _, _, town in rows if town})
    for table, row, _ in rng.sample(rows, number):
        yield table, rng.choice(towns), row


def test_a_few_nights_of_corrections_leave_nothing_at_risk(tmp_path: Path) -> None:
    internal, intake = internal_of(random_world(4), tmp_path)
    course = nights_of_corrections(internal, intake, tmp_path, nights=3, corrections=12)
    changed = [
        sum(earlier.cells.get(cell) != figure for cell, figure in later.cells.items())
        for earlier, later in zip(course.nights, course.nights[1:], strict=False)
    ]
    assert all(number > 5 for number in changed), "corrections change figures"
    assert course.at_risk_alone > 0, "kept patterns alone do not pass the joint audit"
    assert course.hidden_by_repair > 0
    assert course.at_risk_for(Who.ANALYST) == set()
    assert course.at_risk == set()


@pytest.mark.rare
@pytest.mark.slow
def test_thirty_nights_of_corrections_of_the_sample_leave_nothing_at_risk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    internal = tmp_path / "internal.duckdb"
    shutil.copy(sample_internal(), internal)
    internal.chmod(0o600)
    course = nights_of_corrections(internal, sample_intake(), tmp_path, nights=30, corrections=10)
    with capsys.disabled():
        small = sum(required is not None for required in (row.required_lower for row in course.nights[-1].rows))
        print(  # noqa: T201  (the figure is what the run is for)
            f"\n30 nights of corrections: {len(course.at_risk_for(Who.ANALYST))} cells at risk for attacker 2, "
            f"{len(course.at_risk)} for anybody, of {small} protected; {course.at_risk_alone} before repair; "
            f"{course.hidden_by_repair} figures hidden by it"
        )
    assert course.at_risk_for(Who.ANALYST) == set()
