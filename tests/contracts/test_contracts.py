"""The contracts say what `deliveries.md`, `contract_columns.csv` and `contract_values.csv` say, and nothing else.

A programme that these do not name is held by its facit cases alone.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from kim_pipeline.contracts import programme_names, programmes
from kim_pipeline.contracts.model import Column, Programme
from kim_pipeline.contracts.normalise import comparable
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.settings import PROJECT
from tests.helpers_tables import CONTRACT, TABLES, table_of

ROOT = Path(__file__).resolve().parents[2]
TEXT = (PROJECT / "docs" / "deliveries.md").read_text(encoding="utf-8")
SEPARATOR = " · "
_QUOTED = r'"[^"]+"(?: \| "[^"]+")*'
_COLUMN = re.compile(rf"`([a-z_]+)\b[^\"`]*?\(({_QUOTED})\)")
_IN_MINUTES = re.compile(rf"or in minutes `\(({_QUOTED})\)")


def chapter(number: int) -> str:
    """One chapter of `deliveries.md`."""
    chapters = re.split(r"^## ", TEXT, flags=re.MULTILINE)
    return next(text for text in chapters if text.startswith(f"{number}. "))


def csv_rows(name: str) -> list[dict[str, str]]:
    with (CONTRACT / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


SPECIFIED = {row["programme"] for row in csv_rows("contract_columns.csv")}
SPECIFIED_TABLES = [(programme, table) for programme, table in TABLES if programme in SPECIFIED]


def contract_row(p: Programme, table: str, c: Column, kind: str) -> tuple[str, ...]:
    flags = (str(int(flag)) for flag in (c.required, c.key, c.personal is not None, c.period_date))
    group = c.group[0] if c.group else ""
    headers = c.minutes if kind == "minutes" else c.headers
    return (p.key, p.delivery, table, c.name, kind, *flags, c.category or "", group, "|".join(headers))


def contract_rows() -> list[tuple[str, ...]]:
    """The contracts in the form of `contract_columns.csv`: a column that has no header has no row."""
    found = []
    for p in (programmes()[key] for key in sorted(SPECIFIED)):
        for t in p.tables:
            for c in t.delivered:
                kind = "text" if c.kind == "programme" else c.kind
                if c.headers:
                    found.append(contract_row(p, t.name, c, kind))
                if c.minutes:
                    found.append(contract_row(p, t.name, c, "minutes"))
    return found


def test_columns_are_those_of_the_csv_in_its_order_within_a_table() -> None:
    expected = [tuple(row.values()) for row in csv_rows("contract_columns.csv")]
    found = contract_rows()
    assert set(found) == set(expected)
    assert len(found) == len(expected)
    for programme, table in SPECIFIED_TABLES:
        assert [r for r in found if r[0] == programme and r[2] == table] == [
            r for r in expected if r[0] == programme and r[2] == table
        ]


def test_only_the_concept_has_no_header() -> None:
    bare = [(p, t, c.name) for p, t in SPECIFIED_TABLES for c in table_of(p, t).delivered if not c.headers]
    assert bare == [("massnahmen", "measures", "concept")]


def test_categories_are_those_of_the_csv() -> None:
    expected: dict[str, dict[str, str]] = {}
    for row in csv_rows("contract_values.csv"):
        for spelling in row["spellings"].split("|"):
            expected.setdefault(row["category"], {})[comparable(spelling)] = row["value"]
    used = {c.category for p, t in SPECIFIED_TABLES for c in table_of(p, t).delivered if c.category}
    assert {name: vocabulary().category(name) for name in used} == expected


def test_values_of_a_category_keep_the_order_of_the_csv() -> None:
    rows = csv_rows("contract_values.csv")
    for name in {r["category"] for r in rows}:
        assert list(vocabulary().values(name)) == [r["value"] for r in rows if r["category"] == name]


def sections() -> dict[tuple[str, str], str]:
    """(programme, table) → its text in §7."""
    found = {}
    for part in re.split(r"^### ", chapter(7), flags=re.MULTILINE)[1:]:
        key = part.split(" ", 1)[0]
        for table in re.split(r"^Table `", part, flags=re.MULTILINE)[1:]:
            found[key, table.split("`", 1)[0]] = table
    return found


def quoted(text: str) -> list[str]:
    return re.findall(r'"([^"]+)"', text)


def test_every_table_of_chapter_7_is_there() -> None:
    assert set(sections()) == set(SPECIFIED_TABLES)


@pytest.mark.parametrize(("programme", "table"), SPECIFIED_TABLES)
def test_headers_are_those_of_chapter_7(programme: str, table: str) -> None:
    text = sections()[programme, table]
    stated = {name: tuple(quoted(headers)) for name, headers in _COLUMN.findall(text)}
    contract = table_of(programme, table)
    minutes = tuple(h for match in _IN_MINUTES.findall(text) for h in quoted(match))
    assert sorted(quoted(text)) == sorted([*minutes, *(h for headers in stated.values() for h in headers)])
    if table == "tuition":  # one name per half-year
        stated = {
            f"{name}{half}": headers
            for name, headers in stated.items()
            for half in (("_1", "_2") if name in ("pupils", "lesson_hours", "tutors") else ("",))
        }
    if table == "population":  # "the same three"
        stated |= {n.replace("population", "foreigners"): h for n, h in stated.items() if n.startswith("population")}
    if table in ("stations", "needs"):  # `case_no!` as in `cases`
        stated["case_no"] = table_of(programme, "cases").columns["case_no"].headers
    assert {c.name: c.headers for c in contract.delivered if c.headers} == stated
    assert tuple(h for c in contract.delivered for h in c.minutes) == minutes


@pytest.mark.parametrize(("programme", "table"), TABLES)
def test_no_header_names_two_columns_of_a_table(programme: str, table: str) -> None:
    names = [
        comparable(f"{group} {header}")
        for c in table_of(programme, table).delivered
        for header in (*c.headers, *c.minutes)
        for group in c.group or ("",)
    ]
    assert len(names) == len(set(names))


def test_groups_of_headers() -> None:
    groups = {c.name: c.group for c in table_of("bevoelkerung", "population").delivered if c.group}
    assert groups["population"] == ("Bevölkerung",)
    assert groups["foreigners_male"] == ("Ausländer", "darunter Ausländer")


def test_municipalities_and_districts_are_those_of_chapter_5() -> None:
    stated = {
        ags: (name, tuple(districts.split(", ")) if districts else ())
        for ags, name, districts in re.findall(r"(\d{8}) ([\w-]+)(?: \(([^)]*)\))?", chapter(5))
    }
    assert len(stated) == 13
    assert {m.ags: (m.name, m.districts) for m in vocabulary().county.municipalities} == stated


@pytest.mark.parametrize(
    ("place", "ags"),
    [
        ("Oelde-Stromberg", "05570028"),
        ("Beckum/Neubeckum", "05570008"),
        ("Warendorf (Freckenhorst)", "05570052"),
        ("Stadt Ahlen", "05570004"),
        ("Gemeinde Beelen", "05570012"),
        ("Westbevern", "05570044"),
        ("Kreis Warendorf", "05570"),
        ("Kreis WAF", "05570"),
        ("kreisweit", "05570"),
        ("WAF (Kreis)", "05570"),
    ],
)
def test_spellings_of_places(place: str, ags: str) -> None:
    assert vocabulary().municipalities[comparable(place)] == ags


def test_every_district_also_appears_joined() -> None:
    found = vocabulary().municipalities
    for m in vocabulary().county.municipalities:
        for d in m.districts:
            for joined in (d, f"{m.name}-{d}", f"{m.name}/{d}", f"{m.name} ({d})"):
                assert found[comparable(joined)] == m.ags


def test_no_place_is_known_by_another_spelling() -> None:
    county = vocabulary().county
    expected = {"kreis warendorf", "kreis waf", "kreisweit", "waf (kreis)"}
    for m in county.municipalities:
        names = [m.name, f"Stadt {m.name}", f"Gemeinde {m.name}", *m.districts]
        names += [joined for d in m.districts for joined in (f"{m.name}-{d}", f"{m.name}/{d}", f"{m.name} ({d})")]
        expected |= {comparable(name) for name in names}
    assert set(vocabulary().municipalities) == expected


def test_languages_are_those_of_chapter_6() -> None:
    stated: dict[str, str] = {}
    body = " ".join(chapter(6).splitlines()[1:]).strip().removesuffix(".")
    for entry in body.split("·"):
        code, names = entry.strip().split(" ", 1)
        name, _, rest = names.partition(" (")
        for alias in [name, *(rest.removesuffix(")").split(", ") if rest else [])]:
            stated[comparable(alias)] = code
    assert len(set(stated.values())) == 25
    assert vocabulary().languages == stated


def test_titles_are_those_of_chapter_8() -> None:
    body = chapter(8).split("\n", 1)[1].rsplit(". (", 1)[0]
    stated = dict(entry.strip().split(" ", 1) for entry in body.split("·"))
    assert {key: programmes()[key].title for key in SPECIFIED} == stated
    names = {name: key for name, key in programme_names().items() if key in SPECIFIED}
    assert names == {**{key: key for key in stated}, **{title: key for key, title in stated.items()}}


def cell_of_chapter_3(kind: str) -> str:
    row = next(line for line in chapter(3).splitlines() if line.startswith(f"| {kind} |"))
    return row.split("|")[2]


def test_empty_tokens_are_those_of_chapter_3() -> None:
    stated = {comparable(token) for token in re.findall(r"`([^`]+)`", cell_of_chapter_3("empty"))}
    assert vocabulary().empty_tokens == stated


def test_yes_and_no_are_those_of_chapter_3() -> None:
    yes, no = cell_of_chapter_3("yes/no").split(";")[0].split(" / ")
    stated = dict.fromkeys(re.findall(r"`([^`]+)`", yes), True) | dict.fromkeys(re.findall(r"`([^`]+)`", no), False)
    assert vocabulary().yes_no == stated


def test_only_the_steering_group_may_not_resolve() -> None:
    assert [b.name for b in vocabulary().county.bodies if not b.may_resolve] == ["Lenkungsgruppe KIM"]
    assert {b.name for b in vocabulary().county.bodies} == set(vocabulary().values("body"))


def test_due_dates_are_those_of_chapter_7() -> None:
    for part in re.split(r"^### ", chapter(7), flags=re.MULTILINE)[1:]:
        key, title = part.split(" ", 1)[0], part.split("\n", 1)[0]
        label = programmes()[key].cadence.label
        words = {"quarterly": "vierteljährlich", "half-yearly": "halbjährlich", "yearly": "jährlich"}
        due = title.rsplit(" due ", 1)[1].split(" ", 1)
        assert label.split(" ", 1)[0] == words[due[0].strip()]
        if len(due) > 1:
            assert due[1].removeprefix("by ").replace("March", "März").replace(" ", ". ") in label


def test_the_county_is_data() -> None:
    """No area key of the county in code or SQL (`design.md`, principle 9)."""
    files = [*(ROOT / "kim_pipeline").rglob("*.py"), *(ROOT / "sql").rglob("*.sql")]
    assert files
    assert [f.name for f in files if "05570" in f.read_text(encoding="utf-8")] == []
    assert vocabulary().county.key in (ROOT / "counties" / "warendorf" / "county.toml").read_text(encoding="utf-8")
