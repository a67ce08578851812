"""`kim template`: where the file goes, what is never overwritten, how wrong arguments are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from kim_pipeline import cli
from kim_pipeline.contracts import programmes


def test_a_template_is_written_where_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.invoke(["template", "fit", "--period", "2022/23", "--out", str(tmp_path / "neu")]) == 0
    assert [path.name for path in (tmp_path / "neu").iterdir()] == ["fit_2022-23.xlsx"]
    said = capsys.readouterr().out
    assert f"Geschrieben: {tmp_path / 'neu' / 'fit_2022-23.xlsx'}" in said
    assert "kim check DATEI --programme fit" in said


def test_templates_of_all_programmes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.invoke(["template", "--all", "--period", "2023", "--out", str(tmp_path)]) == 0
    covering = {key for key, programme in programmes().items() if programme.delivery == "period"}
    expected = {f"{key}_{'2023' if key in covering else 'Vorlage'}.xlsx" for key in programmes()}
    assert {path.name for path in tmp_path.iterdir()} == expected
    said = capsys.readouterr().out
    assert "Ohne Berichtszeitraum, weil jedes Mal die vollständige Liste kommt: Angebotsverzeichnis" in said
    assert "Bitte prüfen: Mercator-Projekt wird jährlich bis 30. September (Schuljahr) geliefert" in said
    assert "Bitte prüfen: KOMM-AN NRW" not in said


def test_a_filled_file_is_kept_unless_forced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["template", "angebote", "--out", str(tmp_path)]
    path = tmp_path / "angebote_Vorlage.xlsx"
    assert cli.invoke(arguments) == 0
    content = path.read_bytes()
    assert cli.invoke(arguments) == 0
    assert "Unverändert" in capsys.readouterr().out
    path.write_bytes(b"filled in")
    assert cli.invoke(arguments) == 1
    assert path.read_bytes() == b"filled in"
    assert "--force" in capsys.readouterr().out
    assert cli.invoke([*arguments, "--force"]) == 0
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Bitte ein Programm nennen oder --all."),
        (["fit", "--all"], "Bitte ein Programm nennen oder --all."),
        (["nix"], "„nix“ ist kein Programm."),
        (["fit", "--period", "2022/24"], "„2022/24“ ist kein Berichtszeitraum. Erwartet: 2023, 2022/23"),
        (["angebote", "--period", "bald"], "„bald“ ist kein Berichtszeitraum."),
    ],
)
def test_wrong_arguments(arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.invoke(["template", *arguments, "--out", str(tmp_path / "neu")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "neu").exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "datei").touch()
    assert cli.invoke(["template", "fit", "--out", str(tmp_path / "datei")]) == 1
    assert "lässt sich nicht schreiben" in capsys.readouterr().err
