"""An official flat file of 500,000 rows: reading it as a delivery beside reading its records with the csv module.

Run: python -m benchmarks.official [--rows 500000]
Prints the ratio; the file holds every area of one level, in no order, as the statistical offices deliver it.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import time
from collections.abc import Callable
from pathlib import PurePath

from benchmarks.measure import heading
from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.reading.delivery import read_delivery
from kim_pipeline.reading.formats.workbook import Limits

ROWS = 500_000
REPEATS = 3
_HEADER = (
    "statistics_code;statistics_label;time_code;time_label;time;1_variable_code;1_variable_label;"
    "1_variable_attribute_code;1_variable_attribute_label;2_variable_code;2_variable_label;2_variable_attribute_code;"
    "2_variable_attribute_label;value;value_unit;value_variable_code;value_variable_label;value_q"
)
_SEXES = ("", "GESM", "GESW")


def flat_file(rows: int) -> bytes:
    """A flat file of so many rows; among its areas are those of the county."""
    draw = random.Random(0)
    county = vocabulary().county
    own = [county.key, *sorted(county.ags)]
    others = (f"{n:08}" for n in range(1_001_000, 1_001_000 + rows))
    areas = own + [area for area in others if not area.startswith(county.key)]
    lines = [
        f"12411;Fortschreibung des Bevölkerungsstandes;STAG;Stichtag;2024-12-31;GEMEIN;Gemeinden;{area};Gebiet;"
        f"GES;Geschlecht;{sex};Insgesamt;1000;Anzahl;BEVSTD;Bevölkerungsstand;e"
        for area in areas[: rows // len(_SEXES) + 1]
        for sex in _SEXES
    ][:rows]
    draw.shuffle(lines)
    return "\n".join([_HEADER, *lines, ""]).encode("utf-8-sig")


def _best(run: Callable[[], object]) -> float:
    found = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        run()
        found.append(time.perf_counter() - started)
    return min(found)


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    rows = parser.parse_args().rows
    content = flat_file(rows)
    programme, limits = programmes()["bevoelkerung"], Limits(2**30, 2**30)

    def raw() -> int:
        return sum(1 for _ in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))

    def delivery() -> object:
        return read_delivery(PurePath("flat.csv"), content, programme, bytes(32), limits)

    plain, whole = _best(raw), _best(delivery)
    print(heading(f"Official flat file, {rows:,} rows, {len(content) / 1e6:.0f} MB"))
    print(f"  records by the csv module      {plain:6.2f} s")
    print(f"  read, validated, accounted     {whole:6.2f} s   ratio {whole / plain:.2f}")


if __name__ == "__main__":
    main()
