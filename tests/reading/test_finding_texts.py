"""How findings are told: the cell first, plain and kind German, no names of code; and the glossary of rules."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.calendar import Period, months, school_year, year
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.intake.deliveries import all_findings
from kim_pipeline.office.feedback import words
from kim_pipeline.office.feedback.sheet import message_at_cell
from kim_pipeline.office.glossary import PAGE, glossary_page
from kim_pipeline.reading.findings import HIDDEN, RULES, Finding, quoted, shown_text, told
from kim_pipeline.reading.formats.cells import BoolCell
from tests.built import sample_intake
from tests.whole.test_truth import truth
from tests.workbooks import day

_PLACE = re.compile(r"Blatt „.+?“(?:, Zeile \d+(?:, Spalte (?:[A-Z]+ )?„.*?“)?)?: \S")


@pytest.fixture(scope="module")
def findings() -> list[Finding]:
    return [f for delivery in sample_intake().deliveries for f in all_findings(delivery)]


def test_every_rule_has_a_sentence(findings: list[Finding]) -> None:
    assert {f.rule for f in findings} <= RULES.keys()
    assert {row["rule"] for row in truth("findings")} <= RULES.keys()


def test_the_cell_comes_first(findings: list[Finding]) -> None:
    for f in findings:
        if f.sheet is None:
            assert f.row is None
            continue
        assert _PLACE.match(f.message), f.message
        assert f.message.startswith(f"Blatt „{f.sheet}“, Zeile {f.row}")
        assert not message_at_cell(f).startswith("Blatt")


def test_no_name_of_code_is_said(findings: list[Finding]) -> None:
    names = {n for p in programmes().values() for t in p.tables for n in (*t.columns, t.name) if "_" in n}
    codes = names | RULES.keys() | {"done", "cancelled", "unfilled", "None", "nan"}
    found = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(codes)))})\b")
    assert [f.message for f in findings if found.search(re.sub(r"„.*?“", "", f.message))] == []


def test_sentences_are_whole_and_say_what_to_do(findings: list[Finding]) -> None:
    for f in findings:
        assert re.search(r"[.?]$", f.message), f.message
        assert not re.search(r"\s{2}|\.\.|[{}]| [,.;]", re.sub(r"„.*?“", "„“", f.message)), f.message
        if f.severity in ("rejected", "error", "warning"):
            assert "Bitte " in f.message, f.message


def test_days_and_decimals_are_german() -> None:
    assert shown_text(day("2023-02-01")) == "01.02.2023"
    assert [shown_text(cell) for cell in (2.5, 2.0, 7, "x", BoolCell(value=True), "")] == [
        "2,5",
        "2",
        "7",
        "x",
        "WAHR",
        "",
    ]


@pytest.mark.parametrize(
    ("shown", "said"),
    [("A  \n b", "„A b“"), ("", "Die leere Zelle"), (HIDDEN, "Der Wert"), ("x" * 61, f"„{'x' * 60}…“")],
)
def test_what_was_found_is_quoted(shown: str, said: str) -> None:
    assert quoted(shown) == said


@pytest.mark.parametrize(
    ("rule", "shown", "said"),
    [
        ("error_cell", "#REF!", "„#REF!“ ist ein Fehlerwert."),
        ("error_cell", "=A1", "Die Formel „=A1“ hat kein Ergebnis."),
        ("error_cell", HIDDEN, "Der Wert ist ein Fehlerwert oder eine Formel ohne Ergebnis."),
        ("missing_value", "", "Die Angabe fehlt."),
        ("missing_value", "k. A.", "„k. A.“ gilt als leer, die Angabe fehlt."),
        ("missing_value", HIDDEN, "Die Angabe fehlt."),
    ],
)
def test_a_sentence_fits_what_was_found(rule: str, shown: str, said: str) -> None:
    assert told(rule, shown).startswith(said)


def test_rows_of_a_sheet() -> None:
    account: dict[str, Any] = {"sheet": "X", "rows_read": 1, "accepted": 0, "quarantined": 1, "total": 0, "note": 0}
    assert words.account_line(account) == "Blatt „X“: 1 Zeile gelesen, 0 angenommen, 1 in Quarantäne"


def test_verdicts_of_the_sample() -> None:
    said = {d.file: words.verdict([d], all_findings(d)) for d in sample_intake().deliveries}
    assert said["FIT 2020-21.xlsx"] == (
        "Die Lieferung wurde angenommen. 4 Zeilen zählen noch nicht mit, bis sie berichtigt sind."
    )
    assert said["Sprachhelfer 2023.xlsx"].startswith("Die Lieferung wurde zurückgewiesen. Die Lieferung nennt keinen")
    assert said["KOMM-AN NRW 2022.xlsx"].startswith(
        "Diese Lieferung ist durch eine mit neuerem Stand ersetzt („KOMM-AN"
    )


@pytest.mark.parametrize(
    ("period", "said"),
    [(year(2023), "2023"), (school_year(2022), "2022/23"), (months(2022, 7, 6), "2. Halbjahr 2022"),
     (months(2024, 1, 3), "1. Quartal 2024"),
     (Period(day("2023-01-02"), day("2023-05-04")), "02.01.2023 bis 04.05.2023")],
)  # fmt: skip
def test_periods_in_words(period: Period, said: str) -> None:
    assert period.in_words == said


def test_the_glossary_is_current() -> None:
    """Made by `python -m kim_pipeline.office.glossary`."""
    assert PAGE.read_text(encoding="utf-8") == glossary_page()


def test_the_glossary_names_every_rule_once() -> None:
    text = glossary_page()
    assert [rule for rule in RULES if text.count(f"`{rule}` · ") != 1] == []
    assert vocabulary().county.name in text
