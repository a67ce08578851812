"""A county is data: another county runs the same code with a folder of its own."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest
from pydantic import ValidationError

from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.intake.intake import take_in
from kim_pipeline.settings import Settings
from tests.built import build_internal

DELIVERY = """Berichtszeitraum: 2023;;;;
Stand: 15.01.2024;;;;
Nr.;Datum;Person-ID;Ort;Thema
1;01.02.2023;P1;Musterstadt;Kita
2;02.02.2023;P2;Gemeinde Beispielhausen;Kita
3;03.02.2023;P2;Oberdorf;Wohnen
4;04.02.2023;P3;Musterkreis;Wohnen
5;05.02.2023;P4;Warendorf;Wohnen
"""


@pytest.fixture
def other_county(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "musterkreis"
    folder.mkdir()
    (folder / "county.toml").write_text(
        'key = "09999"\nname = "Musterkreis"\naliases = []\ngeometry = "g.geojson"\ngeometry_key = "AGS"\n'
        'geometry_attribution = "frei"\n',
        encoding="utf-8",
    )
    (folder / "municipalities.csv").write_text(
        "ags,name,kind,districts\n09999001,Musterstadt,Stadt,\n09999002,Beispielhausen,Gemeinde,Oberdorf\n",
        encoding="utf-8",
    )
    (folder / "categories.csv").write_text(
        "category,value,spellings\nconcept,Konzept 2020,Konzept 2020\nbody,Kreistag,Kreistag\n", encoding="utf-8"
    )
    (folder / "bodies.csv").write_text("body,rank,may_resolve\nKreistag,1,1\n", encoding="utf-8")
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
    assert values == [("09999", 4), ("09999001", 1), ("09999002", 2)]
    assert unknown == [("Warendorf",)]


def test_a_folder_that_is_no_county_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"county\.toml"):
        Settings(county=tmp_path)


def test_without_setting_the_county_shipped_is_in_force() -> None:
    assert vocabulary().county.name == "Kreis Warendorf"
