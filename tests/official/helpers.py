"""Official files in tests: the material, reading one, taking in several, and making flat files."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import duckdb

from kim_pipeline.contracts import programmes
from kim_pipeline.intake.deliveries import Intake
from kim_pipeline.intake.intake import take_in
from kim_pipeline.reading.delivery import PartResult, read_delivery
from kim_pipeline.reading.formats.workbook import Limits
from kim_pipeline.settings import Settings
from tests.built import build_internal

MATERIAL = Path(__file__).parent / "material"
CONSTRUCTED = MATERIAL / "constructed"
ANSWERS = ("accounts.csv", "expected.csv", "expected_counted.csv", "census_anchors.csv")
FILES = sorted(p for p in MATERIAL.iterdir() if p.is_file() and p.name not in ANSWERS and p.suffix != ".md")
PROGRAMME = programmes()["bevoelkerung"]
LIMITS = Limits(2**26, 2**28)
COUNTY = "05570"
NEW_HEADER = (
    "statistics_code;statistics_label;time_code;time_label;time;1_variable_code;1_variable_label;"
    "1_variable_attribute_code;1_variable_attribute_label;2_variable_code;2_variable_label;2_variable_attribute_code;"
    "2_variable_attribute_label;value;value_unit;value_variable_code;value_variable_label;value_q"
)


def answers(path: Path) -> list[dict[str, str]]:
    """The rows of a file of answers."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read(name: str, content: bytes) -> PartResult:
    """The one part of an official file."""
    (part,) = read_delivery(PurePath(name), content, PROGRAMME, bytes(32), LIMITS).parts
    return part


def rows(part: PartResult) -> list[dict[str, Any]]:
    """Its accepted rows."""
    found: list[dict[str, Any]] = part.tables["population"].rows.to_pylist()
    return found


def said(part: PartResult) -> dict[tuple[str, str], tuple[str, str, str, str]]:
    """(area, Stichtag) → population, foreigners, census base and marks, as the answers write them."""
    return {(row["ags"], str(row["reported_on"])): figures(row) for row in rows(part)}


def figures(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Population, foreigners, census base and marks of a row, as the answers write them."""
    text = {name: "" if value is None else str(value) for name, value in row.items()}
    marks = f"{text['population_mark']}|{text['foreigners_mark']}".removesuffix("|") or ""
    return text["population"], text["foreigners"], text["census_base"], marks


def rules(part: PartResult) -> list[tuple[str, int | None]]:
    """Rule and row of each error and rejection."""
    return [(f.rule, f.row) for f in part.findings if f.severity in ("error", "rejected")]


def record(
    area: str,
    value: str,
    *,
    time: str = "2024-12-31",
    sex: str = "",
    sign: str = "e",
    statistic: str = "12411",
    content: str = "BEVSTD",
) -> str:
    """A record of a flat file in the new form."""
    level = "GEMEIN" if len(area) > 5 else "KREISE"
    return (
        f"{statistic};Fortschreibung des Bevölkerungsstandes;STAG;Stichtag;{time};{level};Gebiete;{area};Name;"
        f"GES;Geschlecht;{sex};Insgesamt;{value};Anzahl;{content};Bevölkerungsstand;{sign}"
    )


def flat(records: Iterable[str]) -> bytes:
    """A flat file in the new form."""
    return "\n".join([NEW_HEADER, *records, ""]).encode("utf-8-sig")


def taken_in(folder: Path, files: Mapping[str, bytes]) -> Intake:
    """The intake of some files of the population's folder."""
    place = folder / "deliveries" / "bevoelkerung"
    place.mkdir(parents=True)
    for name, content in files.items():
        (place / name).write_bytes(content)
    settings = Settings(deliveries=folder / "deliveries", warehouse=folder / "warehouse", key_file=None, readers=1)
    return take_in(settings, only=["bevoelkerung"], today=dt.date(2026, 11, 1), looks_twice=False)


def contents(paths: Iterable[Path]) -> dict[str, bytes]:
    """Files by name."""
    return {path.name: path.read_bytes() for path in paths}


def counted(intake: Intake) -> dict[tuple[str, str, str], tuple[Any, ...]]:
    """(area, Stichtag, base) → population, foreigners and the files that give them."""
    return {
        (m.area, str(m.reported_on), m.census_base or ""): (
            m.value("population"),
            m.value("foreigners"),
            *(m.parts[p].owner[0] if p in m.parts else "" for p in ("population", "foreigners")),
        )
        for m in intake.merged["bevoelkerung"].records
    }


def built(folder: Path, files: Mapping[str, bytes]) -> duckdb.DuckDBPyConnection:
    """The internal file of some files, read only."""
    intake = taken_in(folder, files)
    path = folder / "internal.duckdb"
    build_internal(path, intake, dt.date(2026, 11, 1), grace_days=14)
    return duckdb.connect(str(path), read_only=True)


def values(connection: duckdb.DuckDBPyConnection, indicator: str, area: str = COUNTY) -> dict[str, float]:
    """Year → value of an indicator."""
    found = connection.execute(
        "SELECT period, value FROM indicators.indicator_value WHERE indicator_id = ? AND area = ? ORDER BY period",
        [indicator, area],
    ).fetchall()
    return dict(found)


def shuffled(lines: Sequence[str], order: Sequence[int]) -> list[str]:
    """Lines in another order."""
    return [lines[at] for at in order]
