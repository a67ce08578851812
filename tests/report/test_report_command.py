"""`kim report`: what it writes, what it says, and how it ends."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kim_pipeline.cli import invoke
from tests.built import sample_build


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A folder with the sample's published file."""
    folder = tmp_path / "warehouse"
    folder.mkdir()
    shutil.copy(sample_build()[1], folder / "kim.duckdb")
    return folder


def test_report_lies_with_the_build_it_is_of(warehouse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["report", "--warehouse", str(warehouse), "--as-of", "2019-12-31"]) == 0
    out = warehouse / "report" / "20240501T000000Z_sample"
    assert (out / "bericht.pdf").is_file()
    assert "bericht.html" in (said := capsys.readouterr().out)
    assert "Gemeindeblätter: 13" in said


def test_without_a_build_it_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["report", "--warehouse", str(tmp_path)]) == 2
    assert "Bitte zuerst kim run ausführen" in capsys.readouterr().err


def test_a_day_that_is_none_is_told(warehouse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["report", "--warehouse", str(warehouse), "--as-of", "31.12.2023"]) == 2
    assert "ist kein Datum" in capsys.readouterr().err


def test_a_file_that_is_no_build_is_told(warehouse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (warehouse / "kim.duckdb").write_bytes(b"no database")
    assert invoke(["report", "--warehouse", str(warehouse)]) == 1
    assert "lässt sich nicht öffnen" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_to_is_told(warehouse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (warehouse / "taken").write_text("a file, no folder")
    arguments = ["report", "--warehouse", str(warehouse), "--as-of", "2019-12-31", "--out", str(warehouse / "taken")]
    assert invoke(arguments) == 1
    assert "lässt sich nicht schreiben" in capsys.readouterr().err
