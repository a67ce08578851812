"""Imports run one way along the spine, and only the orchestration knows Dagster: the contracts of `pyproject.toml`."""

from __future__ import annotations

import pytest
from importlinter.cli import lint_imports

from kim_pipeline.settings import PROJECT


def test_the_contracts_of_the_house_hold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(PROJECT)
    monkeypatch.setattr("logging.config.dictConfig", lambda _: None)  # it would silence all loggers that there are
    code = lint_imports(config_filename="pyproject.toml", no_cache=True)
    assert code == 0, capsys.readouterr().out
