"""Rules for sentences: forms of units, hidden members, ties, small numbers, changes (`paper.md` §1.6)."""

from __future__ import annotations

import pytest

from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.german import NBSP
from kim_pipeline.report import grammar
from kim_pipeline.report.figures import ShownFigure
from kim_pipeline.report.grammar import LANGUAGE, THEME, Forms
from kim_pipeline.report.tables import BRACKETS, sign_notes, text
from kim_pipeline.report.wording import Wording
from tests.report.test_report import published

CASES = Forms("Fall", "Fälle", "Fällen")


def test_every_unit_of_the_catalogue_has_its_forms() -> None:
    units = {row[0] for row in published("SELECT DISTINCT unit FROM indicator")}
    assert units <= Wording().units.keys()


@pytest.mark.parametrize(
    ("unit", "one", "many", "dative"),
    [
        ("Fälle", "Fall", "Fälle", "Fällen"),
        ("Plätze", "Platz", "Plätze", "Plätzen"),
        ("Tage", "Tag", "Tage", "Tagen"),
        ("Kinder", "Kind", "Kinder", "Kindern"),
        ("Patenschaften", "Patenschaft", "Patenschaften", "Patenschaften"),
        ("Schüler/innen", "Schülerin oder Schüler", "Schülerinnen und Schüler", "Schülerinnen und Schülern"),
        ("Euro", "Euro", "Euro", "Euro"),
    ],
)
def test_forms_of_units(unit: str, one: str, many: str, dative: str) -> None:
    forms = Wording().units[unit]
    assert (forms.one, forms.many, forms.dative) == (one, many, dative)


def test_values_are_said_as_subject_and_after_nach() -> None:
    assert grammar.said(1, "Fälle", CASES) == f"1{NBSP}Fall"
    assert grammar.said(1278, "Fälle", CASES) == f"1.278{NBSP}Fälle"
    assert grammar.said_after(320, "Fälle", CASES) == f"320{NBSP}Fällen"
    assert grammar.said_after(1, "Fälle", CASES) == f"1{NBSP}Fall"
    assert grammar.said(0.177, "Anteil", Wording().units["Anteil"]) == f"17,7{NBSP}%"


def test_members_with_hidden_ones() -> None:
    assert grammar.members(["Dari", "Farsi"], 0, LANGUAGE) == "Dari und Farsi"
    assert grammar.members(["Dari"], 8, LANGUAGE) == "Dari; bei acht weiteren Sprachen ist das geheim"
    assert grammar.members(["Kita"], 1, THEME) == "Kita; bei einem weiteren Thema ist das geheim"
    assert grammar.members(["Kita"], 13, THEME) == "Kita; bei 13 weiteren Themen ist das geheim"


def test_in_none_is_said_only_where_none_is_hidden() -> None:
    assert grammar.no_member(0, THEME, "bei keinem") == "bei keinem"
    assert grammar.no_member(1, THEME, "bei keinem") == "ist bei einem Thema geheim, bei den übrigen nicht belegt"
    assert grammar.no_member(3, LANGUAGE, "") == "ist bei drei Sprachen geheim, bei den übrigen nicht belegt"


def test_ties_are_named_together() -> None:
    values = {"a": 30, "b": 29, "c": 20, "d": 20, "e": 5}
    assert grammar.ranked(sorted(values), lambda name: values[name], 3) == [["a"], ["b"], ["c", "d"]]
    assert grammar.ranked(sorted(values), lambda name: values[name], 2) == [["a"], ["b"]]
    assert grammar.ranked(["x", "y"], lambda _: 1, 1) == [["x", "y"]]


@pytest.mark.parametrize(
    ("figure", "is_enough"),
    [
        (ShownFigure("published", 14.0, n=None, n_class="50+", aggregation="median"), True),
        (ShownFigure("published", 14.0, n=None, n_class="10-19", aggregation="median"), False),
        (ShownFigure("published", 0.5, n=20, aggregation="rate"), True),
        (ShownFigure("published", 0.5, n=19, aggregation="rate"), False),
        (ShownFigure("published", 20.0, aggregation="count"), True),
        (ShownFigure("published", 19.0, aggregation="count"), False),
        (ShownFigure("published", 5000.0, n=19, aggregation="sum"), False),
        (ShownFigure("suppressed", None, n=None, aggregation="count"), False),
        (ShownFigure("missing"), False),
    ],
)
def test_what_is_big_enough(figure: ShownFigure, is_enough: bool) -> None:
    assert figure.is_big_enough is is_enough


def test_small_medians_and_rates_stand_in_brackets_with_a_note() -> None:
    small = ShownFigure("published", 46.0, n_class="5-9", aggregation="median")
    large = ShownFigure("published", 46.0, n_class="20-49", aggregation="median")
    few = ShownFigure("published", 6.0, n=6, aggregation="count")
    assert [text(figure, "Tage") for figure in (small, large)] == ["(46)", "46"]
    assert text(few, "Fälle") == "6"
    assert sign_notes([("(46)",)]) == (BRACKETS,)
    assert sign_notes([("46",)]) == ()


def test_about_equal_is_less_than_five_per_cent() -> None:
    assert grammar.is_about_equal(104.9, 100)
    assert not grammar.is_about_equal(105, 100)
    assert not grammar.is_about_equal(5, 0)


def test_points_of_a_share() -> None:
    assert grammar.in_points(0.78, 0.80) == f"−2,0{NBSP}Prozentpunkte"
    assert grammar.in_points(0.803, 0.80) == f"+0,3{NBSP}Prozentpunkte"


def test_every_status_has_its_phrase() -> None:
    words = Wording()
    statuses = vocabulary().values("measure_status")
    assert set(statuses) == words.phrases.keys()
