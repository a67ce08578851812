"""Every statement about a change, a ranking or a gap, derived once more from kim.duckdb alone, by other means.

The paper's sentences are read back from the HTML page and held against SQL on the published file: no function of the
report is used to say what they should be.
"""

from __future__ import annotations

import re

from tests.pages import read
from tests.report.test_report import published, rendered

COUNTY = "05570"
NUMBER = r"[\d.]+(?:,\d+)?"
CHANGE = re.compile(
    rf"(?P<label>[A-ZÄÖÜ][^.:;]*?) im (?P<now>(?:Jahr|Schuljahr) [\d/]+): (?P<value>{NUMBER})(?P<unit> [^.;,(]*?)?"
    rf"(?: nach (?P<before>{NUMBER})[^.;(]* im (?P<base>(?:Jahr|Schuljahr) [\d/]+)"
    rf"(?: \((?P<by>[+−][\d,]+)( %| Prozentpunkte)\))?"
    rf"|, etwa gleich viele? wie im (?P<same>(?:Jahr|Schuljahr) [\d/]+) \((?P<was>{NUMBER})\))"
)


def text_of(name: str) -> str:
    return re.sub(r"\s+", " ", read(rendered() / name).text.replace("\N{NO-BREAK SPACE}", " "))


def amount(text: str) -> float:
    return float(text.replace(".", "").replace(",", ".").replace("−", "-").replace("+", ""))


def figure(label: str, period: str, area: str) -> tuple[float, float | None, str | None, str, str]:
    """Value, n, n_class, unit and aggregation of a total."""
    rows = published(
        "SELECT v.value, v.n, v.n_class, i.unit, i.aggregation FROM indicator_value AS v JOIN indicator AS i "
        "USING (indicator_id) WHERE i.label = ? AND v.period = ? AND v.area = ? AND v.breakdown_kind = 'total' "
        "AND v.status = 'published'",
        label,
        period.rsplit(maxsplit=1)[-1],
        area,
    )
    assert len(rows) == 1, (label, period, area)
    return rows[0]


def is_enough(found: tuple[float, float | None, str | None, str, str]) -> bool:
    value, n, n_class, unit, aggregation = found
    counts = aggregation in ("count", "distinct", "stock", "level") or (
        aggregation == "sum" and unit not in ("Euro", "Stunden")
    )
    return (n or 0) >= 20 or n_class in ("20-49", "50+") or (counts and value >= 20)


def is_comparable(label: str, earlier: str, later: str) -> bool:
    """Both periods full, and the base does not touch the pandemic (until 31.12.2021)."""
    rows = published(
        "SELECT count(*) FROM programme_period AS s JOIN indicator AS i USING (programme) JOIN period AS p "
        "ON p.period = s.period WHERE i.label = ? AND s.is_full AND s.period IN (?, ?) "
        "AND (s.period = ? OR p.first_day > DATE '2021-12-31')",
        label, earlier.rsplit(maxsplit=1)[-1], later.rsplit(maxsplit=1)[-1], later.rsplit(maxsplit=1)[-1],
    )  # fmt: skip
    return rows == [(2,)]


def check_changes(text: str, area: str) -> int:
    """Hold every change that a text tells against the published figures; how many there were."""
    found = list(CHANGE.finditer(text))
    labels = {label for (label,) in published("SELECT label FROM indicator")}
    for match in found:
        label = next(name for name in sorted(labels, key=len, reverse=True) if match["label"].endswith(name))
        base = match["base"] or match["same"]
        now, before = figure(label, match["now"], area), figure(label, base, area)
        scale = 100 if now[3] == "Anteil" else 1
        assert abs(amount(match["value"]) - now[0] * scale) <= 0.5, match[0]
        assert abs(amount(match["before"] or match["was"]) - before[0] * scale) <= 0.5, match[0]
        assert is_comparable(label, base, match["now"]), match[0]
        relative = (now[0] - before[0]) / before[0] * 100
        if match["by"]:
            assert is_enough(now), match[0]
            assert is_enough(before), match[0]
            change = (now[0] - before[0]) * 100 if scale == 100 else relative
            assert abs(amount(match["by"]) - change) < 0.051, match[0]
        if match["same"]:
            assert abs(relative) < 5
            assert is_enough(now)
            assert is_enough(before)
    return len(found)


def test_every_change_in_the_paper() -> None:
    text = text_of("bericht.html")
    assert check_changes(text, COUNTY) >= 7
    assert len(re.findall(r"\([+−][\d,]+ (?:%|Prozentpunkte)\)", text)) <= len(CHANGE.findall(text))


def test_every_change_on_the_municipalities_pages() -> None:
    number = 0
    for name, area in published("SELECT name, area FROM area WHERE part_of IS NOT NULL"):
        stem = name.lower().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
        number += check_changes(text_of(f"gemeinden/{stem}.html"), area)
    assert number >= 10


def test_distances_to_the_county_are_of_big_enough_figures() -> None:
    labels = sorted((label for (label,) in published("SELECT label FROM indicator")), key=len, reverse=True)
    number = 0
    for name, area in published("SELECT name, area FROM area WHERE part_of IS NOT NULL"):
        stem = name.lower().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
        values = rf"({NUMBER})(?: %)? in {name}, ({NUMBER})(?: %)? im Kreis"
        pattern = rf"((?:[^.:]|\.(?=\d))*?) im (?:Jahr|Schuljahr) ([\d/]+): {values}"
        for words, period, one, other in re.findall(pattern, text_of(f"gemeinden/{stem}.html")):
            label = next(label for label in labels if label in words)
            here, whole = figure(label, period, area), figure(label, period, COUNTY)
            scale = 100 if here[3] == "Anteil" else 1
            assert abs(amount(one) - here[0] * scale) < 0.051
            assert abs(amount(other) - whole[0] * scale) < 0.051
            assert is_enough(here)
            assert is_enough(whole)
            number += 1
    assert number >= 5


def test_the_longest_waits_are_the_longest_of_enough_handovers() -> None:
    sentence = re.search(r"Am längsten warteten Fälle im Jahr (\d{4}) (.*?)\.", text_of("bericht.html"))
    assert sentence is not None
    told = re.findall(r"bei (\S.*?) zu (.*?) \((\d+) Tage, (\d+) Übergaben\)", sentence[2])
    rows = published(
        "SELECT w.breakdown, w.value, h.value FROM indicator_value AS w JOIN indicator_value AS h "
        "USING (area, period, breakdown_kind, breakdown) WHERE w.indicator_id = 'kim_handover_wait_days' "
        "AND h.indicator_id = 'kim_handovers' AND w.period = ? AND w.status = 'published' "
        "AND w.n_class IN ('20-49', '50+') AND breakdown_kind = 'interface' ORDER BY w.value DESC",
        sentence[1],
    )
    third = rows[2][1]
    expected = {(name, wait, number) for name, wait, number in rows if wait >= third}
    assert {(f"{a}→{b}", float(wait), float(number)) for a, b, wait, number in told} == expected


def test_gaps_are_those_of_the_published_tables() -> None:
    text = text_of("bericht.html")
    year = published("SELECT max(period) FROM offer_gap")[0][0]
    themes = published("SELECT theme FROM offer_gap WHERE area = ? AND gap AND period = ? ORDER BY 1", COUNTY, year)
    hidden = published("SELECT count(*) FROM offer_gap WHERE area = ? AND gap IS NULL AND period = ?", COUNTY, year)[0][
        0
    ]
    told = re.search(rf"freie Plätze gab es im Jahr {year} bei den Themen (.*?); bei einem weiteren Thema", text)
    assert told is not None
    assert re.split(r", | und ", told[1]) == [theme for (theme,) in themes]
    assert hidden == 1
    languages = {
        name
        for (name,) in published(
            "SELECT name FROM language_gap JOIN breakdown_member ON breakdown = language "
            "WHERE breakdown_kind = 'language' AND area = ? AND gap AND period = '2023'",
            COUNTY,
        )
    }
    secret = published("SELECT count(*) FROM language_gap WHERE area = ? AND gap IS NULL AND period = '2023'", COUNTY)
    told = re.search(r"Eine Lücke bestand im Jahr 2023 bei (.*?); bei acht weiteren Sprachen ist das geheim", text)
    assert told is not None
    assert set(re.split(r", | und ", told[1])) == languages
    assert secret == [(8,)]


def test_no_measure_runs_where_it_says_so() -> None:
    text = text_of("bericht.html")
    found = re.findall(r"(\w+): (\d+) ungedeckte Bedarfe, (\d+) freie Plätze(; keine Maßnahme läuft)?", text)
    assert len(found) == 3
    for theme, unmet, free, none in found:
        assert (int(unmet), int(free)) == published(
            "SELECT unmet_needs, free_places FROM offer_gap WHERE area = ? AND theme = ? AND period = '2023'",
            COUNTY,
            theme,
        )[0]
        running = published(
            "SELECT count(*) FROM measure WHERE theme = ? AND status IN ('laufend', 'umgesetzt')", theme
        )
        assert bool(none) is (running == [(0,)])
