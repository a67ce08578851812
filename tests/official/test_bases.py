"""On which census a figure rests: each rule alone, and the texts of real footers (`official.md` §5)."""

from __future__ import annotations

import datetime as dt

import pytest

from kim_pipeline.reading.official.bases import BaseFacts, census_base, footer_rules

END_2022, END_2023 = dt.date(2022, 12, 31), dt.date(2023, 12, 31)
BOTH = (
    "Fortschreibungszahlen, die ab dem Berichtsmonat Mai 2022 auf\nden Ergebnissen des Zensus vom 15. Mai 2022 "
    "basieren. Die\nBerichtsjahre 2011 bis 2021 basieren auf den Ergebnissen\ndes Zensus vom 09. Mai 2011."
)


def base(day: dt.date, header: str = "", footer: str = "", as_of: dt.date | None = None) -> str | None:
    return census_base(day, header, BaseFacts(as_of), footer_rules(footer))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (dt.date(2011, 5, 9), "2011"), (dt.date(2022, 5, 15), "2022"), (dt.date(1999, 12, 31), "1987"),
        (dt.date(2010, 12, 31), "1987"), (dt.date(2011, 12, 31), None), (dt.date(2013, 12, 31), "2011"),
        (dt.date(2021, 12, 31), "2011"), (END_2022, None), (END_2023, None), (dt.date(2024, 12, 31), "2022"),
    ],
)  # fmt: skip
def test_by_the_stichtag_alone(day: dt.date, expected: str | None) -> None:
    assert base(day) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Bevölkerung auf Grundlage des Zensus 20112)", "2011"),
        ("am 31.12.2023 auf Grundlage des\nZensus 2022", "2022"),
        ("Bevölkerungsstand (Basis Zensus 2022 und früher)", None),
    ],
)
def test_by_the_header(header: str, expected: str | None) -> None:
    assert base(END_2023, header) == expected


@pytest.mark.parametrize(
    ("footer", "day", "expected"),
    [
        ("Ab 2011: Ergebnisse auf Grundlage des Zensus 2011.", END_2022, "2011"),
        (BOTH, END_2022, "2022"), (BOTH, dt.date(2011, 12, 31), "2011"),
        ("basiert ab dem Jahr 2023 auf den Ergebnissen des Zensus 2022", END_2022, None),
        ("basiert ab dem Jahr 2023 auf den Ergeb- nissen des Zensus 2022", END_2023, "2022"),
        ("für die Jahre 1987 bis 2011 auf den Ergebnissen der Volkszählung von 1987", dt.date(2011, 12, 31), "1987"),
        ("ab 2016: aufgrund eines Erhebungsfehlers des Zensus 2011 bis zum Stichtag 31.08.2013", END_2022, None),
    ],
)  # fmt: skip
def test_by_the_footer(footer: str, day: dt.date, expected: str | None) -> None:
    assert base(day, footer=footer) == expected


def test_by_an_anchor_and_by_the_stand() -> None:
    anchors = {("DG", END_2023, 10): "2011"}
    facts = BaseFacts(dt.date(2025, 1, 1), {("DG", END_2023): 10}, anchors)
    assert census_base(END_2023, "", facts, []) == "2011"
    assert base(END_2023, as_of=dt.date(2024, 6, 24)) == "2011"
    assert base(END_2023, as_of=dt.date(2024, 6, 25)) is None
