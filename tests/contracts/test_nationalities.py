"""The vocabulary of nationalities: its file is well formed, unambiguous, complete, and what the tool generates."""

from __future__ import annotations

import csv
import importlib.util
import logging
import re
import sys
import unicodedata
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "kim_pipeline" / "contracts" / "data" / "nationalities.csv"
TOOL = ROOT / "tools" / "make_nationalities.py"
COLUMNS = ["name", "alpha3", "form", "source"]

UN_MEMBERS = frozenset(
    re.findall(
        r"[A-Z]{3}",
        """
    AFG AGO ALB AND ARE ARG ARM ATG AUS AUT AZE BDI BEL BEN BFA BGD BGR BHR BHS BIH BLR BLZ BOL BRA BRB BRN BTN BWA CAF
    CAN CHE CHL CHN CIV CMR COD COG COL COM CPV CRI CUB CYP CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESP EST ETH FIN FJI
    FRA FSM GAB GBR GEO GHA GIN GMB GNB GNQ GRC GRD GTM GUY HND HRV HTI HUN IDN IND IRL IRN IRQ ISL ISR ITA JAM JOR JPN
    KAZ KEN KGZ KHM KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAR MCO MDA MDG MDV MEX MHL MKD MLI MLT
    MMR MNE MNG MOZ MRT MUS MWI MYS NAM NER NGA NIC NLD NOR NPL NRU NZL OMN PAK PAN PER PHL PLW PNG POL PRK PRT PRY QAT
    ROU RUS RWA SAU SDN SEN SGP SLB SLE SLV SMR SOM SRB SSD STP SUR SVK SVN SWE SWZ SYC SYR TCD TGO THA TJK TKM TLS TON
    TTO TUN TUR TUV TZA UGA UKR URY USA UZB VCT VEN VNM VUT WSM YEM ZAF ZMB ZWE
""",
    )
)

EXAMPLES = {
    "Syrien": "SYR",
    "syrisch": "SYR",
    "Arabische Republik Syrien": "SYR",
    "Syrien, Arabische Republik": "SYR",
    "Türkei": "TUR",
    "türkisch": "TUR",
    "Ukraine": "UKR",
    "ukrainisch": "UKR",
    "Kosovo": "XKX",
    "Republik Kosovo": "XKX",
    "kosovarisch": "XKX",
    "Islamische Republik Iran": "IRN",
    "Iran, Islamische Republik": "IRN",
    "iranisch": "IRN",
    "Russische Föderation": "RUS",
    "Vereinigte Staaten von Amerika": "USA",
    "USA": "USA",
    "UK": "GBR",
    "Großbritannien": "GBR",
    "GROSSBRITANNIEN": "GBR",
    "Moldau (Republik Moldau)": "MDA",
    "Moldau, Republik": "MDA",
    "Moldawien": "MDA",
    "Kongo, Demokratische Republik": "COD",
    "DR Kongo": "COD",
    "Kongo-Kinshasa": "COD",
    "Kongo-Brazzaville": "COG",
    "Korea, Republik": "KOR",
    "Nordkorea": "PRK",
    "Bosnien": "BIH",
    "Tschechische Republik": "CZE",
    "Kap Verde": "CPV",
    "Elfenbeinküste": "CIV",
    "ivorisch": "CIV",
    "Swasiland": "SWZ",
    "Birma": "MMR",
    "Mazedonien": "MKD",
    "mazedonisch": "MKD",
    "nordmazedonisch": "MKD",
    "Hongkong": "HKG",
    "Palästina": "PSE",
    "palästinensisch": "PSE",
    "taiwanisch": "TWN",
    "afghanisch": "AFG",
    "eritreisch": "ERI",
    "guineisch": "GIN",
    "rumänisch": "ROU",
    "bulgarisch": "BGR",
    "serbisch": "SRB",
    "nigrisch": "NER",
    "nigerianisch": "NGA",
    "dominikanisch": "DOM",
    "dominicanisch": "DMA",
    "  Sri\u00a0Lanka ": "LKA",
    "staatenlos": "",
    "ungeklärt": "",
    "ohne Angabe": "",
}

NO_STATE = """
    Phantasien|Balkan|Kurdistan|s. Akte|Afrika|Amerika|Europa|Asien|Welt|Europäische Union|Vereinte Nationen|Eurozone
    |Jugoslawien|Sowjetunion|DDR|Tschechoslowakei|Serbien und Montenegro|Kanarische Inseln|Ceuta und Melilla|Ascension
    |Unbekannte Region|Kongo|kongolesisch|Korea|koreanisch|nigerisch|kurdisch|arabisch|England|staatsangehörig|Syrer
    |unbekannt
"""


def key(name: str) -> str:
    """NFKC, case-folded, white space collapsed."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def read() -> list[dict[str, str]]:
    """The rows of the file."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def load_tool() -> ModuleType:
    """The generator as a module; skips the test where Babel or pycountry is not installed."""
    pytest.importorskip("babel")
    pytest.importorskip("pycountry")
    spec = importlib.util.spec_from_file_location("make_nationalities", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


ROWS = read()
CODES = {key(row["name"]): row["alpha3"] for row in ROWS}


def test_file_is_utf8_with_line_feeds_and_the_four_columns() -> None:
    """Readers rely on the encoding, the line ends and the header."""
    content = FILE.read_bytes()
    assert b"\r" not in content
    assert content.endswith(b"\n")
    assert not content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8").splitlines()[0] == ",".join(COLUMNS)


def test_every_row_is_well_formed() -> None:
    """Names are clean; forms, sources and codes are of the known kinds; only `none` has no code."""
    for row in ROWS:
        assert list(row) == COLUMNS
        assert row["name"] == " ".join(row["name"].split()) != ""
        assert row["form"] in {"short", "long", "adjective", "none"}, row
        assert row["source"] in {"cldr", "iso-codes", "reviewed"}, row
        assert re.fullmatch(r"" if row["form"] == "none" else r"[A-Z]{3}", row["alpha3"]), row


def test_rows_are_sorted_by_form_code_and_name() -> None:
    """A stable order keeps differences readable."""
    order = [(row["form"], row["alpha3"], row["name"]) for row in ROWS]
    assert order == sorted(order)


def test_no_name_occurs_twice() -> None:
    """Names that compare equal would be ambiguous, or superfluous."""
    assert [name for name, count in Counter(key(row["name"]) for row in ROWS).items() if count > 1] == []


def test_adjectives_are_no_nouns() -> None:
    """An adjective is in its base form; where German has none, it is the official wording (`von Timor-Leste`)."""
    shape = re.compile(r"(?:US-)?[^A-Z]*isch(?: \([^()]+\))?|libysch|deutsch|(?:von|der) .+")
    assert [row["name"] for row in ROWS if row["form"] == "adjective" and not shape.fullmatch(row["name"])] == []


@pytest.mark.parametrize(("name", "alpha3"), EXAMPLES.items())
def test_example(name: str, alpha3: str) -> None:
    """What offices write, and what it stands for."""
    assert CODES[key(name)] == alpha3


@pytest.mark.parametrize("name", [name.strip() for name in NO_STATE.split("|")])
def test_what_is_no_state_or_ambiguous_is_absent(name: str) -> None:
    """Regions, former states, notes and ambiguous names get the notice `unknown_nationality`."""
    assert key(name) not in CODES


def test_exactly_three_names_state_no_nationality() -> None:
    """They are null without a notice (`deliveries.md` §3)."""
    assert {row["name"] for row in ROWS if row["form"] == "none"} == {"staatenlos", "ungeklärt", "ohne Angabe"}


def test_every_un_member_kosovo_palestine_and_taiwan_have_an_adjective() -> None:
    """The list of adjectives is complete."""
    adjectives = {row["alpha3"] for row in ROWS if row["form"] == "adjective"}
    assert len(UN_MEMBERS) == 193
    assert {*UN_MEMBERS, "XKX", "PSE", "TWN"} - adjectives == set()


def test_every_iso_country_that_babel_names_in_german_is_there() -> None:
    """CLDR's list as Babel has it is covered, and nothing but ISO 3166-1 and Kosovo is in the file."""
    babel = pytest.importorskip("babel")
    pycountry = pytest.importorskip("pycountry")
    names = babel.Locale("de").territories
    expected = {key(names[c.alpha_2]): c.alpha_3 for c in pycountry.countries if c.alpha_2 in names}
    assert len(expected) >= 249
    assert {name: code for name, code in expected.items() if CODES.get(name) != code} == {}
    assert set(CODES.values()) - {country.alpha_3 for country in pycountry.countries} == {"XKX", ""}


def test_file_is_what_the_tool_generates(caplog: pytest.LogCaptureFixture) -> None:
    """The file was not edited by hand, and no reviewed row is superfluous."""
    tool = load_tool()
    with caplog.at_level(logging.WARNING):
        assert tool.main(["--check"]) == 0, caplog.text
    assert caplog.records == []


def test_check_fails_on_a_stale_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--check` reports and writes nothing; without it the file is written."""
    tool = load_tool()
    target = tmp_path / "nationalities.csv"
    target.write_text("name,alpha3,form,source\n", encoding="utf-8")
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr(tool, "TARGET", target)
    assert tool.main(["--check"]) == 1
    assert target.read_text(encoding="utf-8") == "name,alpha3,form,source\n"
    assert tool.main([]) == 0
    assert target.read_bytes() == FILE.read_bytes()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("Niger", "NER", "short"), ("NIGER ", "NGA", "short")], "blanks around"),
        ([("Niger", "NER", "short"), ("NIGER", "NGA", "short")], "already stands for"),
        ([("Kongo", "COG", "short")], "LEFT_OUT"),
        ([("Phantasien", "PHA", "short")], "not in ISO 3166-1"),
        ([("Syrien", "SYR", "shrot")], "the form is none of"),
        ([("Syrien", "", "short")], "not in ISO 3166-1"),
    ],
)
def test_tool_refuses_faulty_rows(rows: list[tuple[str, str, str]], message: str) -> None:
    """A mistake in the reviewed rows stops the tool."""
    tool = load_tool()
    with pytest.raises(ValueError, match=message):
        tool.joined([tool.Row(*row, "reviewed") for row in rows])
