"""Every published file by itself: what it says, its account, its Stand, its terms, and why it is rejected."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.official.helpers import CONSTRUCTED, FILES, MATERIAL, answers, read, said

READABLE = [*FILES, CONSTRUCTED / "12411-nat_1773175772751_de_flat.csv"]
REJECTED = {"12521-03i.csv": "missing_total", "12711-04-02-4.xlsx": "unknown_statistic"}
EXPECTED = [*answers(MATERIAL / "expected.csv"), *answers(CONSTRUCTED / "expected.csv")]
ACCOUNTS = {r["file"]: r for folder in (MATERIAL, CONSTRUCTED) for r in answers(folder / "accounts.csv")}


def name_of(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", [p for p in READABLE if p.name not in REJECTED], ids=name_of)
def test_says_what_is_expected_and_accounts_for_every_row(path: Path) -> None:
    part = read(path.name, path.read_bytes())
    expected = {
        (r["area"], r["stichtag"]): (r["population"], r["foreigners"], r["census_base"], r["mark"])
        for r in EXPECTED
        if r["file"] == path.name
    }
    assert said(part) == expected
    (account,) = part.tables["population"].accounts
    stated = ACCOUNTS[path.name]
    names = ("rows_read", "accepted", "quarantined", "total", "note")
    assert [getattr(account, n) for n in names] == [int(stated[n]) for n in names]
    assert part.as_of == (dt.date.fromisoformat(stated["as_of"]) if stated["as_of"] else None)


@pytest.mark.parametrize(("name", "rule"), REJECTED.items())
def test_what_is_no_population_is_rejected_with_what_to_retrieve(name: str, rule: str) -> None:
    part = read(name, (MATERIAL / name).read_bytes())
    assert part.rejected == rule
    (finding,) = part.findings
    assert name.rsplit(".", maxsplit=1)[0] in finding.message
    assert {"missing_total": "Staatsangehörigkeiten", "unknown_statistic": "12411"}[rule] in finding.message


@pytest.mark.parametrize(
    ("name", "provider", "terms"),
    [
        ("12411-15i.csv", "IT.NRW, Düsseldorf, 2026", "dl-de/by-2-0"),
        ("12411-01-01-4.csv", "Statistische Ämter des Bundes und der Länder, Deutschland, 2023", "dl-de/by-2-0"),
        ("12411-0015.csv", "Statistisches Bundesamt (Destatis), 2020", None),
        ("Regionaltabelle_Bevoelkerung.xlsx", "Statistische Ämter des Bundes und der Länder 2024", "citation"),
        ("12411-01-01-4_de_flat.zip", "", None),
    ],
)
def test_terms_are_those_of_the_file(name: str, provider: str, terms: str | None) -> None:
    published = read(name, (MATERIAL / name).read_bytes()).published
    assert published is not None
    assert (published.attribution.provider, published.attribution.terms) == (provider, terms)


def test_a_line_of_attribution_names_provider_table_day_stand_terms_and_changes() -> None:
    part = read("a.csv", (MATERIAL / "12411-15i.csv").read_bytes())
    assert part.published is not None
    assert part.published.attribution.line(part.published.days, part.as_of, None) == (
        "© IT.NRW, Düsseldorf, 2026; Tabelle 12411-15i, Stichtag 31.12.2024, Stand 19.01.2026; Datenlizenz Deutschland "
        "– Namensnennung – Version 2.0, www.govdata.de/dl-de/by-2-0; Zahlen ausgewählt und zusammengeführt."
    )


def test_flat_files_take_the_county_s_terms_and_no_other_file_does() -> None:
    flat_file = read("a.zip", (MATERIAL / "12411-01-01-4_de_flat.zip").read_bytes())
    other = read("a.csv", (MATERIAL / "12411-0015.csv").read_bytes())
    lines = [
        part.published.attribution.line(part.published.days, part.as_of, "dl-de/by-2-0")
        for part in (flat_file, other)
        if part.published
    ]
    assert ["dl-de" in line for line in lines] == [True, False]


def test_what_was_recognised_is_said_in_a_sentence() -> None:
    published = read("a.zip", (MATERIAL / "12411-01-01-4_de_flat.zip").read_bytes()).published
    assert published is not None
    assert published.recognised == (
        "Erkannt: GENESIS-Flatfile (neue Form), Statistik 12411 „Fortschreibung des Bevölkerungsstandes“. Stichtag "
        "31.12.2023, abgerufen am 11.04.2025, Grundlage Zensus 2022. 1 Gebiet des Kreises (Kreis Warendorf), "
        "Bevölkerung; Ausländerzahl fehlt."
    )


def test_the_register_s_figures_are_of_the_day_under_their_group_and_not_of_the_title() -> None:
    part = read("a.xlsx", (MATERIAL / "AuszugGV4QAktuell.xlsx").read_bytes())
    (finding,) = [f for f in part.findings if f.rule == "reference_day_differs"]
    assert "31.12.2023" in finding.message
    assert "31.12.2024" in finding.message
