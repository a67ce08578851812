"""An interrupt from the keyboard while a table is built ends a night as an interrupt, not as a failure."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kim_pipeline.cli import invoke
from kim_pipeline.commands.common import INTERRUPTED
from kim_pipeline.commands.control_room import prepare_home
from kim_pipeline.publishing.builds import Warehouse
from kim_pipeline.warehouse import build
from kim_pipeline.warehouse.sql_models import SqlModel
from tests.nights import AS_OF, small_sample

pytestmark = pytest.mark.processes

_FOR_HOURS = "SELECT count(*) AS rows FROM range(1000000000000) AS a WHERE hash(a.range) = 3"


def interrupted_in_a_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first table take hours, and let somebody lose patience."""
    really = build.run_models

    def run_models(connection: Any, models: Sequence[SqlModel]) -> None:
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        really(connection, [dataclasses.replace(model, sql=_FOR_HOURS) for model in models])

    monkeypatch.setattr(build, "run_models", run_models)


@pytest.mark.parametrize("keeps_runs", [False, True], ids=["alone", "kept by Dagster"])
def test_an_interrupted_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, keeps_runs: bool
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    settings = small_sample(tmp_path)
    if keeps_runs:
        prepare_home(settings)
    interrupted_in_a_statement(monkeypatch)
    places = ["--deliveries", str(settings.deliveries), "--warehouse", str(settings.warehouse)]
    assert invoke(["run", *places, "--as-of", AS_OF]) == INTERRUPTED
    told = capsys.readouterr().err
    assert "Abgebrochen. Der veröffentlichte Datenbestand ist unverändert." in told
    assert "fehlgeschlagen" not in told
    assert Warehouse(settings.warehouse).all_builds() == []
    assert list((settings.warehouse / "scratch").iterdir()) == []
