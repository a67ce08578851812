"""A county is data: another county runs the same code with a folder of its own."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from kim_pipeline import cli
from kim_pipeline.contracts.configured import CountyError
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.errors import ConfigurationError
from kim_pipeline.intake.intake import take_in
from kim_pipeline.publishing.builds import Warehouse
from kim_pipeline.settings import Settings
from tests.built import build_internal
from tests.conftest import put
from tests.counties import made_up_county, saved_by_excel

DELIVERY = """Berichtszeitraum: 2023;;;;
Stand: 15.01.2024;;;;
Nr.;Datum;Person-ID;Ort;Thema
1;01.02.2023;P1;Stadt Halle;Kita
2;02.02.2023;P2;Gemeinde Gruenstadt;Kita
3;03.02.2023;P2;Sued;Wohnen
4;04.02.2023;P3;Kreis Grünau;Wohnen
5;05.02.2023;P4;Warendorf;Wohnen
"""


@pytest.fixture
def other_county(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = saved_by_excel(made_up_county(tmp_path / "county"))
    monkeypatch.setenv("KIM_COUNTY", str(folder))
    return folder


def test_another_county_runs_the_same_code(other_county: Path, tmp_path: Path) -> None:
    (tmp_path / "data" / "suedosteuropa").mkdir(parents=True)
    (tmp_path / "data" / "suedosteuropa" / "kontakte.csv").write_text(DELIVERY, encoding="utf-8")
    settings = Settings(deliveries=tmp_path / "data", warehouse=tmp_path / "warehouse")
    assert settings.county == other_county
    path = tmp_path / "internal.duckdb"
    build_internal(path, take_in(settings), dt.date(2024, 5, 1), grace_days=14)
    with duckdb.connect(str(path), read_only=True) as connection:
        values = connection.execute(
            "SELECT area, value FROM indicators.indicator_value "
            "WHERE indicator_id = 'soe_contacts' AND period = '2023' AND breakdown = '' ORDER BY area"
        ).fetchall()
        unknown = connection.execute("SELECT raw FROM quality.finding WHERE rule = 'unknown_municipality'").fetchall()
    assert values == [("09999", 4), ("09999001", 1), ("09999002", 0), ("09999003", 2)]
    assert unknown == [("Warendorf",)]


def test_a_folder_that_is_no_county_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIM_COUNTY", str(tmp_path))
    with pytest.raises(CountyError, match=r"county\.toml: Die Datei fehlt"):
        vocabulary()


@pytest.mark.processes
def test_a_county_that_breaks_while_deliveries_are_read_ends_the_run(
    other_county: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading processes ask for the county themselves; what they find wrong there is no fault of a file."""
    put(settings, "suedosteuropa", "kontakte.csv", DELIVERY.encode())
    vocabulary()
    (other_county / "bodies.csv").unlink()
    with pytest.raises(ConfigurationError, match=r"bodies\.csv: Die Datei fehlt"):
        take_in(settings)


def test_a_night_with_a_broken_county_says_so_and_tells_who_is_to_know(
    other_county: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    put(settings, "suedosteuropa", "kontakte.csv", DELIVERY.encode())
    (other_county / "bodies.csv").write_bytes(b"body;rank;may_resolve\nKreistag;I;1\n")
    places = ["--deliveries", str(settings.deliveries), "--warehouse", str(settings.warehouse)]
    assert cli.invoke(["run", *places]) == 1
    said = " ".join(capsys.readouterr().err.split())
    fault = "bodies.csv, Zeile 2, rank: „I“; erwartet: den Rang als ganze Zahl ab 1"
    assert fault in said
    assert "an den Lieferungen liegt es nicht" in said
    assert "Der veröffentlichte Datenbestand ist unverändert." in said
    assert Warehouse(settings.warehouse).current() is None
    assert not settings.cache.exists()
    alerts = (settings.logs / "alerts.log").read_text(encoding="utf-8")
    assert alerts.count("===") == 1
    assert fault in alerts
    for command in (["status", *places], ["template", "fit"], ["vocabulary", "add", "municipality", "H", "Halle"]):
        assert cli.invoke(command) == 2
        assert fault in capsys.readouterr().err


def test_without_setting_the_county_shipped_is_in_force() -> None:
    assert vocabulary().county.name == "Kreis Warendorf"
