"""A county's folder is judged like a delivery: all faults at once, with file, line, key and what is expected."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kim_pipeline.contracts.configured import CountyError, FolderReader
from kim_pipeline.contracts.county_folder import county_of, judge_folder, package_statement
from kim_pipeline.contracts.limits import HoldLimits
from kim_pipeline.contracts.vocabulary import DEFAULT_COUNTY, Vocabulary
from tests.counties import FILES, made_up_county, saved_by_excel

OPTIONAL = ("districts", "aliases")
ASSIGNMENT = re.compile(r"([\w-]+\s*=\s*)\S.*")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made_up_county(tmp_path / "county")


def told(folder: Path) -> list[str]:
    """What the folder is refused for."""
    judged = judge_folder(folder)
    refused = [str(fault) for fault in judged.faults if not fault.is_warning]
    assert (judged.county is None) == bool(refused)
    return refused


def warned(folder: Path) -> list[str]:
    return [str(fault) for fault in judge_folder(folder).faults if fault.is_warning]


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_county_shipped_is_right() -> None:
    assert judge_folder(DEFAULT_COUNTY).faults == ()


def test_a_made_up_county_is_right(folder: Path) -> None:
    assert judge_folder(folder).faults == ()


def test_it_may_be_saved_by_excel(folder: Path) -> None:
    before = county_of(folder)
    after = county_of(saved_by_excel(folder))
    assert after == before
    assert [m.name for m in after.municipalities] == ["Halle (Westf.)", "Grünstadt", "Gruenstadt"]


FAULTS = [
    # file, what is changed, what becomes of it, place told, what else is told
    (
        "municipalities.csv",
        "09999002",
        "9999002",
        "municipalities.csv, Zeile 3, ags",
        "die führende Null fehlt: 09999002",
    ),
    ("municipalities.csv", "09999002", "05570004", "municipalities.csv, Zeile 3, ags", "er beginnt mit 09999"),
    ("municipalities.csv", "09999002", "099990020", "municipalities.csv, Zeile 3, ags", "aus acht Ziffern"),
    ("municipalities.csv", "09999002", "9,999E+06", "municipalities.csv, Zeile 3, ags", "„9“"),
    ("municipalities.csv", "09999002", "09999001", "municipalities.csv, Zeile 3, ags", "steht schon in Zeile 2"),
    ("municipalities.csv", "Grünstadt,Stadt", ",Stadt", "municipalities.csv, Zeile 3, name", "Die Angabe fehlt"),
    ("municipalities.csv", "Grünstadt,Stadt", "Grünstadt,7", "municipalities.csv, Zeile 3, kind", "„7“"),
    (
        "municipalities.csv",
        "Süd,",
        "Hörste,",
        "municipalities.csv, Zeile 4, districts",
        "steht auch für Halle (Westf.)",
    ),
    ("municipalities.csv", "Süd,", "Süd,Stadt Halle", "municipalities.csv, Zeile 4, aliases", "Zeile 2, aliases"),
    (
        "municipalities.csv",
        "Süd,",
        "Süd,k. A.",
        "municipalities.csv, Zeile 4, aliases",
        "gilt überall als leere Angabe",
    ),
    ("municipalities.csv", "Süd", "S\x07d", "municipalities.csv, Zeile 4, districts[1]", "die kein Text sind"),
    ("municipalities.csv", "Süd", '"Süd', "municipalities.csv, Zeile 4", "Anführungszeichen"),
    ("municipalities.csv", "ags,name", "schlüssel,name", "municipalities.csv, Zeile 1, ags", "Die Spalte fehlt"),
    ("municipalities.csv", "kind,districts", "kind,name", "municipalities.csv, Zeile 1, name", "mehrmals"),
    ("county.toml", f'"{"09999"}"', '"9999"', "county.toml, Zeile 1, key", "die führende Null fehlt"),
    ("county.toml", f'"{"09999"}"', "9999", "county.toml, Zeile 1, key", "die Zahl 9999"),
    ("county.toml", f'"{"09999"}"', "09999", "county.toml, Zeile 1", "kein gültiges TOML"),
    ("county.toml", f'"{"09999"}"', '"99999"', "county.toml, Zeile 1, key", "fünf Ziffern"),
    ("county.toml", 'name = "Kreis Grünau"\n', "", "county.toml, name", "Die Angabe fehlt"),
    (
        "county.toml",
        '"kreisweit"',
        '"kreisweit", "Halle"',
        "county.toml, Zeile 3, aliases[2]",
        "municipalities.csv, Zeile 2",
    ),
    ("county.toml", '["kreisweit"]', '"kreisweit"', "county.toml, Zeile 3, aliases", "eine Liste"),
    ("county.toml", '"kreisweit"', '"kreisweit", 7', "county.toml, Zeile 3, aliases[2]", "die Zahl 7"),
    ("county.toml", "grenzen.geojson", "../g.geojson", "county.toml, Zeile 4, geometry", "kein Dateiname"),
    ("county.toml", "grenzen.geojson", "fehlt.geojson", "fehlt.geojson", "Die Datei fehlt"),
    ("county.toml", '"frei"', "„frei“", "county.toml, Zeile 6", "in geraden Anführungszeichen"),
    ("county.toml", '"frei"\n', '"frei"\nkey = "09999"\n', "county.toml, Zeile 7", "jeder Schlüssel einmal"),
    ("bodies.csv", ",1,1", ",0,1", "bodies.csv, Zeile 2, rank", "ganze Zahl ab 1"),
    ("bodies.csv", ",1,1", ",I,1", "bodies.csv, Zeile 2, rank", "„I“"),
    ("bodies.csv", ",1,1", ",1,ja", "bodies.csv, Zeile 2, may_resolve", "„ja“"),
    ("bodies.csv", "Kreistag", "Kreistage", "bodies.csv, Zeile 2, body", "aus categories.csv"),
    ("bodies.csv", "Kreistag,1,1\n", "Kreistag,1,1\nKreistag,2,1\n", "bodies.csv, Zeile 3, body", "schon in Zeile 2"),
    ("bodies.csv", "Kreistag,1,1\n", "", "bodies.csv", "hat keine Einträge"),
    ("categories.csv", "body,Kreistag,Kreistag\n", "", "categories.csv, body", "hat keinen Wert"),
    ("categories.csv", "body,", "body,BIKS,BIKS\nbody,", "categories.csv, Zeile 3, value", "hat keinen Rang"),
    ("categories.csv", "body,", "concept,Neu,Konzept\nbody,", "categories.csv, Zeile 3, spellings", "Zeile 2"),
    (
        "categories.csv",
        "body,",
        "sector,Amt,Verwaltung\nbody,",
        "categories.csv, Zeile 3, spellings",
        "allgemeinen Liste",
    ),
    ("categories.csv", "Kreistag,Kreistag", "Kreistag,", "categories.csv, Zeile 3, spellings", "Die Angabe fehlt"),
    ("offices.csv", "Schulamt,", "Schulamt,Amt 50", "offices.csv, Zeile 3, aliases", "steht auch für Sozialamt"),
    ("offices.csv", "name,aliases", "name,aliases,name", "offices.csv, Zeile 1, name", "mehrmals"),
    (
        "offices.csv",
        "Schulamt,",
        "Amt für Bildung, Sport, Jugend",
        "offices.csv, Zeile 3",
        "„Jugend“ steht unter keiner Spalte",
    ),
    ("grenzen.geojson", '"09999002"', '"09999009"', "grenzen.geojson, Zeile", "AGS ist „09999009“"),
    ("grenzen.geojson", '"09999002"', "9999002", "grenzen.geojson, Zeile", "als Text"),
    ("grenzen.geojson", '"09999002"', '"09999001"', "grenzen.geojson, Zeile", "mehrere Flächen"),
    ("grenzen.geojson", '"Polygon"', '"Point"', "grenzen.geojson, Zeile", "nicht zeichnen"),
    ("grenzen.geojson", "50\n", "5500000\n", "grenzen.geojson, Zeile", "in Grad"),
    ("grenzen.geojson", '"features"', '"fetures"', "grenzen.geojson, features", "FeatureCollection"),
    ("grenzen.geojson", "{", "", "grenzen.geojson, Zeile ", "kein gültiges JSON"),
]


@pytest.mark.parametrize(
    ("name", "old", "new", "place", "said"), FAULTS, ids=[f"{at}-{row[0]}" for at, row in enumerate(FAULTS)]
)
def test_a_fault_is_told(folder: Path, name: str, old: str, new: str, place: str, said: str) -> None:  # noqa: PLR0917
    change(folder / name, old, new)
    found = told(folder)
    assert any(one.startswith(place) and said in one and "; erwartet: " in one for one in found), found


OPTIONAL_FAULTS = [
    ("limits.toml", "[fit]\nrows_min = -1\n", "limits.toml, Zeile 2, fit.rows_min"),
    ("limits.toml", "[fit]\nrows_min = 2.5\n", "limits.toml, Zeile 2, fit.rows_min"),
    ("limits.toml", '[fit]\n\nhold_rows = "20"\n', "limits.toml, Zeile 3, fit.hold_rows"),
    ("limits.toml", "[default]\nhold_share = 50\n", "limits.toml, Zeile 2, default.hold_share"),
    ("limits.toml", "[default]\nrows_min = 9\n[fit]\nrows_max = 8\n", "limits.toml, Zeile 4, fit.rows_max"),
    ("limits.toml", "fit = 7\n", "limits.toml, Zeile 1, fit"),
    ("report.toml", 'title = ""\n', "report.toml, Zeile 1, title"),
    ("report.toml", "[[session]]\ntask = 'a'\n", "report.toml, Zeile 1, session[1].body"),
    ("report.toml", "[[session]]\nbody = 'a'\ndate = '2024-05-01'\n", "report.toml, Zeile 3, session[1].date"),
    ("report.toml", "[[concept]]\nname = 'Konzept 2021'\ntext = 'a'\n", "report.toml, Zeile 2, concept[1].name"),
    ("report.toml", "[programme]\nfit = 1\n", "report.toml, Zeile 2, programme.fit"),
    (
        "report.toml",
        "[[event]]\nmark='a'\nwhen='b'\ntitle='c'\ntext='d'\nfirst_day=2021-01-02\nlast_day=2021-01-01\nprogrammes=['x']\n",
        "report.toml, Zeile 7, event[1].last_day",
    ),
    ("datapackage.toml", "[[sources]]\npath = 'a'\n", "datapackage.toml, Zeile 1, sources[1].title"),
    ("datapackage.toml", "[[licenses]]\ntitle = 'frei'\n", "datapackage.toml, Zeile 1, licenses[1]"),
    ("datapackage.toml", "keywords = 'a'\n", "datapackage.toml, Zeile 1, keywords"),
]


@pytest.mark.parametrize(("name", "text", "place"), OPTIONAL_FAULTS)
def test_a_fault_of_an_optional_file_is_told(name: str, text: str, place: str, folder: Path) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    found = told(folder)
    assert any(one.startswith(f"{place}: ") for one in found), found


@pytest.mark.parametrize("name", sorted({*FILES, "grenzen.geojson"} - {"offices.csv"}))
def test_a_missing_file_is_told(name: str, folder: Path) -> None:
    (folder / name).unlink()
    assert any(one.startswith(f"{name}: Die Datei fehlt; erwartet: ") for one in told(folder))


def test_a_folder_of_an_earlier_version_has_no_list_of_offices(folder: Path) -> None:
    """Offices are judged since this version: without a list nothing is called unknown, and the next one refuses it."""
    assert not county_of(folder).names_office("Bauamt")
    (folder / "offices.csv").unlink()
    assert county_of(folder).names_office("Bauamt")
    assert [one.partition(";")[0] for one in warned(folder)] == ["offices.csv: Die Datei fehlt"]


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    (found,) = told(tmp_path / "nowhere")
    assert "Den Ordner gibt es nicht" in found
    assert "KIM_COUNTY" in found


@pytest.mark.parametrize(
    ("name", "more", "place"),
    [
        ("county.toml", 'colour = "red"\n', "county.toml, Zeile 7, colour"),
        ("limits.toml", "[fti]\nrows_min = 7\n", "limits.toml, Zeile 1, fti"),
        ("limits.toml", "[fit]\nrows_least = 7\n", "limits.toml, Zeile 2, fit.rows_least"),
        ("report.toml", "[[session]]\nbody = 'a'\nplace = 'b'\n", "report.toml, Zeile 3, session[1].place"),
        ("report.toml", "[programme]\nfti = 'a'\n", "report.toml, Zeile 2, programme.fti"),
        ("datapackage.toml", "spatial = 'a'\n", "datapackage.toml, Zeile 1, spatial"),
        ("categories.csv", "colour,red,red\n", "categories.csv, Zeile 4, category"),
        ("limit.toml", "", "limit.toml"),
    ],
)
def test_what_is_unknown_is_warned_of(name: str, more: str, place: str, folder: Path) -> None:
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write(more)
    assert told(folder) == []
    assert [one for one in warned(folder) if one.startswith(f"{place}: ")]
    assert county_of(folder).warnings


def test_an_unknown_column_is_warned_of(folder: Path) -> None:
    change(folder / "offices.csv", "name,aliases\nSozialamt,Amt 50\n", "name,aliases,phone\nSozialamt,Amt 50,1\n")
    assert told(folder) == []
    assert [one for one in warned(folder) if one.startswith("offices.csv, Zeile 1, phone: Die Spalte ist unbekannt")]


def test_all_faults_are_told_at_once(folder: Path) -> None:
    change(folder / "municipalities.csv", "09999002", "9999002")
    change(folder / "municipalities.csv", "Süd", "S\x07d")
    change(folder / "bodies.csv", ",1,1", ",1,2")
    change(folder / "county.toml", '"frei"', "7")
    with pytest.raises(CountyError) as raised:
        county_of(folder)
    text = str(raised.value)
    assert text.count("\n- ") == 4
    assert "an den Lieferungen liegt es nicht" in text


def test_what_follows_from_a_fault_is_not_told(folder: Path) -> None:
    """A municipality without a key has no shape and no body's name is wrong; only its key is."""
    change(folder / "municipalities.csv", "09999002", "9999002")
    assert len(told(folder)) == 1


@pytest.mark.parametrize("content", [b"\xff\xfea\0", b"ags\0", b"\x81\xff"])
def test_what_is_no_text_is_told(content: bytes, folder: Path) -> None:
    (folder / "offices.csv").write_bytes(content)
    assert any(one.startswith("offices.csv: Die Datei ist kein lesbarer Text") for one in told(folder))


def test_limits_of_holding_are_the_county_s(folder: Path) -> None:
    (folder / "limits.toml").write_text("[default]\nhold_rows = 10\n[fit]\nhold_share = 0.8\n", encoding="utf-8")
    county = county_of(folder)
    assert county.limits("fit") == HoldLimits(share=0.8, rows=10)
    assert county.limits("komm_an") == HoldLimits(share=0.5, rows=10)
    (folder / "limits.toml").unlink()
    assert county_of(folder).limits("fit") == HoldLimits(share=0.5, rows=20)


def test_the_statement_of_origin_is_judged_by_itself(folder: Path) -> None:
    assert package_statement(folder) == {}
    (folder / "datapackage.toml").write_bytes("homepage = 'https://grün.example'\n".encode("cp1252"))
    assert package_statement(folder) == {"homepage": "https://grün.example"}
    (folder / "datapackage.toml").write_text("homepage = 7\n", encoding="utf-8")
    with pytest.raises(CountyError, match="homepage"):
        package_statement(folder)


@pytest.mark.parametrize(
    ("spelling", "key"),
    [
        ("halle (westf.)", "09999001"),
        ("halle", "09999001"),
        ("stadt halle", "09999001"),
        ("33790 halle (westf.)", "09999001"),
        ("halle/westf.", "09999001"),
        ("halle-hörste", "09999001"),
        ("halle/kuensebeck", "09999001"),
        ("hoerste", "09999001"),
        ("stadt hoerste", "09999001"),
        ("grünstadt", "09999002"),
        ("gruenstadt", "09999003"),
        ("sued", "09999003"),
        ("kreis gruenau", "09999"),
        ("33790 kreis grünau", None),
        ("sud", None),
        ("hørste", None),
        ("halle i.w.", None),
    ],
)
def test_places_are_known_by_their_spellings(spelling: str, key: str | None, folder: Path) -> None:
    """`ue` stands for `ü` unless another place is spelt so."""
    assert Vocabulary(county_of(folder)).municipality(spelling) == key


def test_umlauts_do_not_stand_for_letters() -> None:
    words = Vocabulary(county_of(DEFAULT_COUNTY))
    assert words.municipality("oelde") == "05570028"
    assert words.municipality("ölde") is None


# --- every value broken in turn ---------------------------------------------------------------------------------------


def broken_lines(text: str) -> Iterator[tuple[int, str]]:
    """A TOML text with each value broken in some way, and its line."""
    lines = text.splitlines()
    for at, line in enumerate(lines):
        found = ASSIGNMENT.match(line)
        for value in ("true", '""', "{ x = 1 }", "„?“") if found else ():
            assert found
            yield at + 1, "\n".join([*lines[:at], found[1] + value, *lines[at + 1 :]]) + "\n"


def broken_cells(text: str) -> Iterator[tuple[int, str]]:
    """A CSV with each filled cell emptied where that matters, or made what is no text, and its line."""
    rows = list(csv.reader(io.StringIO(text)))
    for at, row in enumerate(rows):
        for place in (place for place, cell in enumerate(row) if cell):
            others = [cell for cell in row[:place] + row[place + 1 :] if cell]
            matters = rows[0][place] not in OPTIONAL and others if at else any(below[place] for below in rows[1:])
            for value in ("\x07", "\N{REPLACEMENT CHARACTER}", *([""] if matters else [])):
                broken = [*rows[:at], [*row[:place], value, *row[place + 1 :]], *rows[at + 1 :]]
                file = io.StringIO()
                csv.writer(file, lineterminator="\n").writerows(broken)
                yield at + 1, file.getvalue()


@pytest.mark.parametrize("name", sorted(path.name for path in DEFAULT_COUNTY.glob("*.[ct][so][vm]*")))
def test_every_value_broken_in_turn_is_told(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "county"
    shutil.copytree(DEFAULT_COUNTY, folder)
    text = (folder / name).read_text(encoding="utf-8")
    cases = list(broken_lines(text) if name.endswith(".toml") else broken_cells(text))
    assert len(cases) > 5
    for line, broken in cases:
        (folder / name).write_text(broken, encoding="utf-8")
        found = [fault for fault in judge_folder(folder).faults if fault.file == name]
        if line == 1 and name.endswith(
            ".csv"
        ):  # a column that is lost is told by its header, or by what stands below it
            assert found, broken.splitlines()[0]
        else:
            told_of = [fault for fault in found if fault.line == line and not fault.is_warning]
            assert told_of, f"line {line}: {broken.splitlines()[line - 1]}: {found}"


def test_every_shape_broken_in_turn_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "county"
    shutil.copytree(DEFAULT_COUNTY, folder)
    path = folder / "municipalities.geojson"
    text = path.read_text(encoding="utf-8")
    for at in range(len(json.loads(text)["features"])):
        for part, value in (
            ("properties", {}),
            ("properties", None),
            ("geometry", None),
            ("geometry", {"type": "Polygon"}),
        ):
            collection = json.loads(text)
            collection["features"][at][part] = value
            path.write_text(json.dumps(collection), encoding="utf-8")
            assert any(one.startswith("municipalities.geojson") for one in told(folder)), (at, part, value)


def test_a_reader_tells_a_file_that_may_not_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    reader = FolderReader(folder)
    assert reader.text("offices.csv") is None
    assert "lässt sich nicht lesen" in str(reader.faults[0])
