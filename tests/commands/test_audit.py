"""What `kim audit` tells, in German, attacker by attacker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from kim_pipeline.commands.audit import _tell
from kim_pipeline.disclosure import AuditRow
from kim_pipeline.disclosure.inference import Inference
from kim_pipeline.protection.audit_of_file import FileAudit

SAFE = AuditRow("a|K|2023|", 0, 9, 1, 5, passed=True, method="lp", attacker=3)
FOUND = FileAudit("B", (), (SAFE, replace(SAFE, attacker=4)), (), knows_rest=True)


def told(found: FileAudit, inference: Inference | None, capsys: pytest.CaptureFixture[str]) -> list[str]:
    _tell(Console(width=400, no_color=True), Path("kim.duckdb"), found, inference)
    return capsys.readouterr().out.splitlines()


def test_every_attacker_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(FOUND, Inference({"a|K|2023|": (4,), "b|K|2023|": (1, 2, 3)}, 7, 30, 2), capsys)
    assert [sum(line.startswith(f"Angreifer {number} (") for line in lines) for number in range(1, 6)] == [1] * 5
    assert any(line.endswith("1 Zelle geprüft, keine Zelle zu genau bekannt") for line in lines)
    (five,) = [line for line in lines if line.startswith("Angreifer 5")]
    assert "2 kleine Zahlen enger eingegrenzt, davon genau bekannt: 1. Aufgezählt: 7" in five
    assert five.endswith("davon ohne Schluss: 2; zu groß zum Aufzählen: 30.")
    assert "  a|K|2023|: nach den Regeln genau bekannt" in lines
    assert lines[-1] == "Keine gefährdete Zelle.", "attacker 5 holds nothing back"


def test_a_cell_at_risk_is_told_with_who_knows_it(capsys: pytest.CaptureFixture[str]) -> None:
    failed = replace(SAFE, cell="c|K|2023|", lower=4, upper=5, passed=False)
    lines = told(replace(FOUND, rows=(SAFE, failed)), None, capsys)
    assert "  c|K|2023|: möglich sind nur 4 bis 5 (Angreifer 3)" in lines
    assert any("2 Zellen geprüft, 1 Zelle zu genau bekannt" in line for line in lines)
    assert lines[-1] == "Gefährdete Zellen: 1."
    assert not any("cells at risk" in line for line in lines)
