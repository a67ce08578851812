"""`kim learn`: an unknown layout beside the contract; rows of persons are never shown."""

from __future__ import annotations

from pathlib import Path, PurePath

import pytest

from kim_pipeline import cli
from kim_pipeline.contracts import programme
from kim_pipeline.office.learn import Layout, learn
from kim_pipeline.reading.formats.workbook import Limits
from kim_pipeline.settings import PROJECT
from tests.workbooks import Grid, Page, request, requests, xlsx

LIMITS = Limits(2**24, 2**26)
UNKNOWN: Grid = [
    ["Dolmetschereinsätze"],
    [None, "Anfrage vom", "Datum des Einsatzes", "Ort des Einsatzes", "Sprache der Familie", "Status der Anfrage",
     "Name Klient"],
    [1, "01.02.2023", "03.02.2023", "Ahlen", "Dari", "erledigt", "Geheim, Gerda"],
]  # fmt: skip


def layouts(*pages: Page, key: str = "sprachmittlerpool") -> list[Layout]:
    return learn(PurePath("x.xlsx"), xlsx(pages), programme(key), LIMITS)


def test_a_known_layout_is_read_as_it_is() -> None:
    (found,) = layouts(requests(request("A-1")))
    assert (found.row, found.is_read, found.missing) == (5, True, ())
    assert {guess.likeness for guess in found.guesses} == {1}


def test_an_unknown_layout_is_mapped_by_likeness() -> None:
    (found,) = layouts(Page("Liste", UNKNOWN))
    mapped = {g.header: g.column.name if g.column else None for g in found.guesses}
    assert mapped == {
        "Anfrage vom": "requested_on",
        "Datum des Einsatzes": "assigned_on",
        "Ort des Einsatzes": "municipality",
        "Sprache der Familie": "language",
        "Status der Anfrage": "status",
        "Name Klient": None,
    }
    assert found.row == 2
    assert all(0.6 <= g.likeness < 1 for g in found.guesses if g.column)
    assert [column.name for column in found.missing] == ["request_no"]
    assert not found.is_read


def test_a_partly_known_layout_proposes_the_rest() -> None:
    page = requests(request("A-1"))
    page.grid[4][-1] = "Stattus"
    (found,) = layouts(page)
    assert (found.guesses[-1].header, found.guesses[-1].column and found.guesses[-1].column.name) == (
        "Stattus",
        "status",
    )
    assert (found.missing, found.is_read) == ((), False)


def test_groups_of_a_cross_table_count() -> None:
    grid: Grid = [
        ["Schule", "Fach", "Kommune", "1. Hj.", None, "2. Halbjahr", None],
        [None, None, None, "SuS", "Stunden", "SuS", "Std."],
        ["Schule A", "Deutsch", "Ahlen", 3, 4.0, 5, 6.0],
    ]
    (found,) = layouts(Page("Förderung", grid), key="mercator")
    assert [g.column.name for g in found.guesses if g.column and g.group == "2. halbjahr"] == [
        "pupils_2",
        "lesson_hours_2",
    ]


def test_no_row_of_persons_is_taken_for_a_header() -> None:
    rows: Grid = [[f"Person {n}", "Geheim, Gerda", "01.02.1990", "Ahlen"] for n in range(5)]
    (found,) = layouts(Page("Liste", rows), key="kim_case_management")
    assert (found.table, found.guesses) == (None, ())


def test_the_command_shows_them_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "Liste.xlsx"
    file.write_bytes(xlsx([Page("Liste", UNKNOWN)]))
    assert cli.invoke(["learn", str(file), "--programme", "sprachmittlerpool"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "Blatt „Liste“ – Tabelle „Anfragen“, Überschriften in Zeile 2" in said
    assert "C Datum des Einsatzes Datum (Einsatzdatum) Vorschlag, 85 % ähnlich" in said
    assert "G Name Klient – nicht vorgesehen" in said
    assert "Es fehlt die Pflichtspalte „Nr.“ oder „Anfrage-Nr.“ oder „Lfd. Nr.“." in said
    assert "Geheim" not in said


def test_the_command_on_the_sample_and_on_nonsense(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = PROJECT / "data_raw" / "fit" / "FIT 2020-21.xlsx"
    assert cli.invoke(["learn", str(file), "--programme", "fit"]) == 0
    assert "Dieses Blatt wird gelesen, wie es ist." in capsys.readouterr().out
    (tmp_path / "leer.xlsx").touch()
    assert cli.invoke(["learn", str(tmp_path / "leer.xlsx"), "--programme", "fit"]) == 1
    assert "Die Datei ist leer" in capsys.readouterr().err
