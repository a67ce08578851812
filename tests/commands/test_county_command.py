"""`kim county check`: all faults of a county's folder, or what it configures; and settings told in German."""

from __future__ import annotations

from pathlib import Path

import pytest

from kim_pipeline import cli
from kim_pipeline.contracts.vocabulary import DEFAULT_COUNTY, vocabulary
from kim_pipeline.office import proposals
from kim_pipeline.settings import InvalidSettingsError, read_settings, unknown_settings
from tests.counties import made_up_county, saved_by_excel


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return saved_by_excel(made_up_county(tmp_path / "county"))


def test_what_is_in_order_is_told_with_what_is_configured(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.invoke(["county", "check", str(folder)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert said.endswith(
        "in Ordnung. Kreis Grünau (09999): 3 Gemeinden, 3 Ortsteile, 3 weitere Gemeindenamen, 1 Gremium, 2 Stellen, "
        "2 eigene Auswahlwerte und keine Texte für den Bericht."
    )
    monkeypatch.setenv("KIM_COUNTY", str(DEFAULT_COUNTY))
    assert cli.invoke(["county", "check"]) == 0
    assert "Kreis Warendorf (05570): 13 Gemeinden, " in capsys.readouterr().out


def test_faults_are_a_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bodies.csv").write_text("body,rank,may_resolve,phone\nKreistag,I,1,2\n", encoding="utf-8")
    (folder / "offices.csv").unlink()
    assert cli.invoke(["county", "check", str(folder)]) == 1
    header, first, *others = capsys.readouterr().out.splitlines()
    assert header.split() == ["Art", "Datei", "Zeile", "Angabe", "Gefunden", "Erwartet"]
    assert first.split()[:5] == ["FEHLER", "bodies.csv", "2", "rank", "„I“"]
    assert sum(line.startswith("Warnung") for line in others) == 2
    assert "1 Fehler" in " ".join(others)


def test_warnings_alone_are_in_order(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "offices.csv").unlink()
    assert cli.invoke(["county", "check", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "Warnung" in said
    assert "in Ordnung." in said


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("KIM_READERS", "viele", "Gefunden: „viele“. Erwartet: eine ganze Zahl von 1 bis 64."),
        ("KIM_READERS", "0", "Gefunden: „0“. Erwartet: eine ganze Zahl von 1 bis 64."),
        ("KIM_PURGE_NIGHTLY", "manchmal", "Gefunden: „manchmal“. Erwartet: true oder false."),
        ("KIM_RAISE_K", '{"kim_needs": ', "Erwartet: je Indikator eine ganze Zahl, als Tabelle in JSON."),
        ("KIM_RAISE_K", '{"kim_needs": "viel"}', "Die Einstellung KIM_RAISE_K (kim_needs) ist ungültig."),
        ("KIM_PUBLIC_URL", "kim", "Erwartet: eine Adresse, die mit http:// oder https:// beginnt."),
        ("KIM_SMTP_HOST", "mail", "Zu KIM_SMTP_HOST gehören KIM_SMTP_FROM und KIM_SMTP_TO."),
    ],
)
def test_a_wrong_setting_is_told(variable: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidSettingsError) as raised:
        read_settings()
    assert f"Die Einstellung {variable}" in str(raised.value)
    assert said in str(raised.value)


def test_what_may_hold_a_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIM_WEBHOOK_URL", "kein-geheimnis")
    monkeypatch.setenv("KIM_READERS", "0")
    with pytest.raises(InvalidSettingsError) as raised:
        read_settings()
    assert "KIM_WEBHOOK_URL" in str(raised.value)
    assert "KIM_READERS" in str(raised.value)
    assert "kein-geheimnis" not in str(raised.value)


def test_unknown_settings_are_warned_of() -> None:
    (said,) = unknown_settings(["KIM_REDERS", "KIM_READERS", "kim_county", "PATH"])
    assert "KIM_REDERS ist unbekannt" in said
    assert "Meinten Sie KIM_READERS?" in said


def test_every_setting_says_what_is_expected() -> None:
    assert all(field.description for field in type(read_settings()).model_fields.values())


@pytest.mark.parametrize("known", ["Grünstadt", "Gruenstadt"])
def test_a_new_name_is_an_alias_in_files_of_excel(folder: Path, known: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file keeps its delimiter, its encoding and its ends of lines."""
    monkeypatch.setenv("KIM_COUNTY", str(folder))
    path = folder / "municipalities.csv"
    before = path.read_bytes()
    proposal = proposals.propose("municipality", "Grünau", known)
    proposals.apply(proposal)
    after = path.read_bytes()
    assert len(after.splitlines()) == len(before.splitlines())
    assert after.count(b"\r\n") == before.count(b"\r\n")
    assert after[:3] == before[:3]
    assert cli.invoke(["county", "check", str(folder)]) == 0


def test_a_name_that_is_understood_already_is_not_added(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIM_COUNTY", str(folder))
    assert vocabulary().municipality("kuensebeck") == "09999001"
    with pytest.raises(proposals.ProposalError, match="schon bekannt"):
        proposals.propose("municipality", "Kuensebeck", "Künsebeck")
