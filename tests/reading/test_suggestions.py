"""„Meinten Sie …?“: what is suggested, what is not, and how a new spelling is proposed for the vocabulary."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kim_pipeline import cli
from kim_pipeline.contracts.vocabulary import DATA, vocabulary
from kim_pipeline.intake.deliveries import all_findings
from kim_pipeline.office import proposals as office
from kim_pipeline.office.proposals import Proposal, ProposalError, apply, propose
from kim_pipeline.reading.suggest import contained, nearest
from kim_pipeline.settings import Settings
from tests.conftest import direct, put
from tests.workbooks import HEADER, Page, request, requests, xlsx

PLACES = tuple(vocabulary().municipality_spellings)
LANGUAGES = tuple(vocabulary().language_spellings)
STATES = tuple(vocabulary().nationality_spellings)


@pytest.mark.parametrize(
    ("text", "spellings", "near"),
    [
        ("Wahrendorf", PLACES, "Warendorf"), ("Bekum", PLACES, "Beckum"), ("Stadt Oelde.", PLACES, "Stadt Oelde"),
        ("Ahlen Vorhelm", PLACES, "Ahlen-Vorhelm"), ("Münster", PLACES, None), ("Hamm", PLACES, None),
        ("Soest", PLACES, None), ("Arabsich", LANGUAGES, "Arabisch"), ("Turkisch", LANGUAGES, "Türkisch"),
        ("Tuerkisch", LANGUAGES, "Türkisch"), ("Urdu", LANGUAGES, None), ("Ungarisch", LANGUAGES, None),
        ("Armenisch", LANGUAGES, None), ("Syrein", STATES, "Syrien"), ("Kurdistan", STATES, None),
        ("Kitta", ("Schule", "Kita"), "Kita"), ("siehe Akte", ("Schule", "Kita"), None), ("", ("Schule",), None),
        ("x" * 61, ("x" * 60,), None), ("Abcd1", ("Abcd2", "Abcd3"), "Abcd2"),
    ],
)  # fmt: skip
def test_only_what_is_near_is_suggested(text: str, spellings: tuple[str, ...], near: str | None) -> None:
    assert nearest(text, spellings) == near


STATES_OF_REQUESTS = tuple(x for names in vocabulary().spellings("request_status").values() for x in names)
OUTCOMES = ("erreicht", "teilweise erreicht", "offen")


@pytest.mark.parametrize(
    ("text", "spellings", "found"),
    [
        ("59227 Ahlen Rathaus", PLACES, "Ahlen"), ("Rathaus (Oelde)", PLACES, "Oelde"),
        ("Ahlen-Vorhelm, Hauptstr.", PLACES, "Ahlen-Vorhelm"), ("Ahlener Straße", PLACES, None),
        ("Ahlen oder Warendorf", PLACES, None), ("Hamm Rathaus", PLACES, None), ("", PLACES, None),
        ("storniert (kurzfristig)", STATES_OF_REQUESTS, "storniert"), ("Arabisch fließend", LANGUAGES, "Arabisch"),
        ("nicht erreicht", OUTCOMES, None), ("teilweise erreicht (2023)", OUTCOMES, "teilweise erreicht"),
        ("Ziel erreicht", OUTCOMES, "erreicht"), ("kein Ziel erreicht", OUTCOMES, None),
    ],
)  # fmt: skip
def test_a_known_name_within_a_text_is_suggested(text: str, spellings: tuple[str, ...], found: str | None) -> None:
    assert contained(text, spellings) == found


def messages(settings: Settings, *pages: Page, programme: str = "sprachmittlerpool") -> list[str]:
    put(settings, programme, "x.xlsx", xlsx(pages))
    (delivery,) = direct(settings).deliveries
    return [f.message for f in all_findings(delivery)]


@pytest.mark.parametrize(
    ("column", "text", "near"),
    [("Ort", "Telgde", "Telgte"), ("Sprache", "Paschtoo", "Paschto"), ("Bereich", "Behorde", "Behörde"),
     ("Status", "durchgefürt", "durchgeführt"), ("Ort", "59227 Ahlen Rathaus", "Ahlen"),
     ("Status", "storniert (kurzfristig)", "storniert")],
)  # fmt: skip
def test_a_finding_names_the_nearest_spelling(settings: Settings, column: str, text: str, near: str) -> None:
    found = messages(settings, requests(request("A-1", **{column: text})))
    assert [m for m in found if f"„{text}“" in m and f"Meinten Sie „{near}“?" in m]


def test_a_cell_of_several_languages_names_the_unknown_one(settings: Settings) -> None:
    header = ["Gruppe", "Programm", "Einrichtung", "Kommune", "Sprachen", "Familien", "Kinder"]
    row = ["G1", "Griffbereit", "Kita", "Ahlen", "Dari; Arabsich und Türkish", 3, 4]
    facts = [["Berichtszeitraum: 2022/23"], ["Stand: 15.09.2023"]]
    found = messages(settings, Page("Gruppen", [*facts, header, row]), programme="fit")
    assert any("Meinten Sie „Arabisch“ und „Türkisch“?" in m for m in found)


FIT = ["Gruppe", "Programm", "Einrichtung", "Kommune", "Sprachen", "Familien", "Kinder"]


def test_a_file_of_another_programme_is_told_whose_it_is(settings: Settings) -> None:
    facts = [["Berichtszeitraum: 2022/23"], ["Stand: 15.09.2023"]]
    (message,) = messages(settings, Page("Gruppen", [*facts, FIT, ["G1", "Griffbereit", "Kita", "Ahlen", "", 3, 4]]))
    assert "sind die von „FIT (Frühkindliches Integrationstraining)“ (Ordner fit). Bitte die Datei in diesen" in message
    assert "Bekannt sind von den Überschriften: „Einrichtung“ und „Kommune“; unbekannt: „Gruppe“, „Programm“" in message
    assert "Gehört sie doch zu „Sprachmittlerpool“, zeigt `kim learn`" in message


def test_a_file_of_no_programme_is_told_which_headers_are_known(settings: Settings) -> None:
    header = ["Laufnummer", "Ort", "Sprache", "Müller, Eva", "Wunschtermin"]
    (message,) = messages(settings, Page("Liste", [header, ["1", "Ahlen", "Dari", "x", "y"]]))
    assert "Bekannt sind von den Überschriften: „Ort“ und „Sprache“" in message
    assert "unbekannt: „Laufnummer“ und „Wunschtermin“." in message
    assert "`kim learn` zeigt, welche Spalte" in message
    assert "sind die von" not in message
    assert "Eva" not in message


def test_a_missing_column_names_the_header_it_may_be(settings: Settings) -> None:
    page = requests(request("A-1"))
    page.grid[4] = ["Stattus" if h == "Status" else h for h in HEADER]
    found = messages(settings, page)
    said = "Zeile 5, Spalte K „Stattus“: Die Pflichtspalte „Status“ fehlt"
    assert any(said in m and "Meinten Sie hier „Status“?" in m for m in found)


def test_an_unmapped_column_names_what_it_may_be_or_what_it_repeats(settings: Settings) -> None:
    page = requests(request("A-1"))
    page.grid[4] = ["Einrichtungg" if h == "Einrichtung" else h for h in HEADER]
    page.grid[4].append("Einsatzort")
    found = messages(settings, page)
    assert any("Spalte F „Einrichtungg“" in m and "Meinten Sie „Einrichtung“?" in m for m in found)
    assert any("Diese Angabe wird schon aus Spalte D gelesen; diese Spalte zählt nicht." in m for m in found)


def test_a_personal_cell_is_never_compared(settings: Settings) -> None:
    header = ["Nr.", "Pate/Patin", "Patenkind", "Kommune", "Beginn"]
    found = messages(
        settings,
        Page("Patenschaften", [["Stand: 15.01.2024"], header, ["#REF!", "Wahrendorf", "Kind", "Ahlen", "01.02.2023"]]),
        programme="patenprojekt",
    )
    assert not any("Meinten Sie" in m or "Wahrendorf" in m or "#REF!" in m for m in found)


# --- proposals for the vocabulary -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "alias", "canonical", "file", "after"),
    [
        ("language", "Kurmandji", "kurmandschi", "languages.csv", "|Kurmandji"),
        ("language", "Polski", "Polnisch", "languages.csv", "pol,Polnisch,Polski"),
        ("municipality", "Wahrendorf", "Warendorf", "municipalities.csv", ",Wahrendorf"),
        ("municipality", "LK Warendorf", "kreisweit", "county.toml", '"LK Warendorf"]'),
        ("sector", "Kindergarten", "Kita", "categories.csv", "sector,Kita,Kita|Kindergarten"),
        ("body", "Kreistag WAF", "Kreistag", "categories.csv", "body,Kreistag,Kreistag|Kreistag WAF"),
        ("sector", "Amt, Behörde", "Behörde", "categories.csv", '"Behörde|Verwaltung|Amt, Behörde"'),
        ("yes_no", "jawohl", "ja", "yes_no.csv", "|jawohl"),
        ("nationality", "Rep. Kosovo", "Kosovo", "nationalities_reviewed.csv", "Rep. Kosovo,XKX,short,reviewed"),
        ("empty", "entfällt", "", "empty_tokens.csv", "entfällt"),
    ],
)
def test_a_proposal_is_one_line_of_one_file(kind: str, alias: str, canonical: str, file: str, after: str) -> None:
    proposal = propose(kind, alias, canonical)
    assert proposal.path.name == file
    assert proposal.after.endswith(after)
    lines = proposal.path.read_text(encoding="utf-8").splitlines()
    assert proposal.before == (lines[proposal.line - 1] if proposal.line <= len(lines) else None)


@pytest.mark.parametrize(
    ("kind", "alias", "canonical", "said"),
    [
        ("language", "dari", "Dari", "„dari“ ist schon bekannt und heißt dasselbe wie „Dari“."),
        ("language", "Persisch", "Dari", "„Persisch“ steht schon für „Farsi“ und kann nicht"),
        ("sector", "Verwaltung", "Kita", "kann nicht zugleich „Kita“ heißen"),
        ("language", "Farsi 2", "Farssi", "„Farssi“ ist als Sprache nicht bekannt. Meinten Sie „Farsi“?"),
        ("language", "k. A.", "Dari", "gilt überall als leere Angabe"),
        ("language", "a|b", "Dari", "weder „|“"), ("language", " ", "Dari", "nicht leer"),
        ("empty", "-", "", "gilt schon als leere Angabe"), ("empty", "Kita", "", "ist schon eine Angabe"),
        ("farbe", "rot", "blau", "„farbe“ gibt es nicht. Es gibt: language – Sprache; "),
    ],
)  # fmt: skip
def test_a_proposal_that_contradicts_is_refused(kind: str, alias: str, canonical: str, said: str) -> None:
    with pytest.raises(ProposalError) as refused:
        propose(kind, alias, canonical)
    assert said in str(refused.value)


def test_applying_changes_that_line_only(tmp_path: Path) -> None:
    target = tmp_path / "languages.csv"
    shutil.copy(DATA / "languages.csv", target)
    before = target.read_bytes()
    proposal = propose("language", "Kurmandji", "Kurmandschi")
    here = Proposal(target, proposal.line, proposal.before, proposal.after)
    apply(here)
    changed = target.read_bytes()
    assert changed == before.replace(str(proposal.before).encode(), proposal.after.encode())
    with pytest.raises(ProposalError, match="hat sich geändert"):
        apply(here)
    apply(Proposal(target, len(before.splitlines()) + 1, None, "xxx,Neu,"))
    assert target.read_bytes() == changed + b"xxx,Neu,\n"


def test_the_command_shows_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    before = (DATA / "categories.csv").read_bytes()
    assert cli.invoke(["vocabulary", "add", "sector", "Kindergarten", "Kita"]) == 0
    said = capsys.readouterr().out
    assert "- sector,Kita,Kita\n+ sector,Kita,Kita|Kindergarten\n" in said
    assert "Es wurde nichts geändert." in said
    assert (DATA / "categories.csv").read_bytes() == before
    assert cli.invoke(["vocabulary", "add", "sector", "Kita", "Schule"]) == 1
    assert "„Kita“ ist selbst schon eine Angabe" in capsys.readouterr().err


def test_the_command_writes_only_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(office, "DATA", tmp_path)
    shutil.copy(DATA / "yes_no.csv", tmp_path)
    assert cli.invoke(["vocabulary", "add", "yes_no", "jawohl", "ja", "--apply"]) == 0
    assert "Eingetragen." in capsys.readouterr().out
    assert "true,ja|j|x|1|wahr|true|jawohl\n" in (tmp_path / "yes_no.csv").read_text(encoding="utf-8")
