"""Reading, validating and caching: the sample, and language mediation at 100 k, 300 k and 1 M rows.

Run: python -m benchmarks.reading [--rows 100000 300000 1000000]
Prints ratios: the sample against importing the libraries, the large workbooks against raw calamine on the same files.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import tempfile
import time
from pathlib import Path

import xlsxwriter

from benchmarks.measure import IMPORTS, best, heading, python
from kim_pipeline.intake.intake import take_in
from kim_pipeline.settings import Settings

HALF_YEARS = 6
REPEATS = 3
_TAKE_IN = """
from kim_pipeline.intake.intake import take_in
from kim_pipeline.settings import Settings
take_in(Settings())
"""
_RAW = """
import pathlib, python_calamine
for path in sorted(pathlib.Path({folder!r}).glob("*/*.xlsx")):
    with python_calamine.CalamineWorkbook.from_path(path) as workbook:
        for name in workbook.sheet_names:
            workbook.get_sheet_by_name(name).to_python()
"""


def sample() -> None:
    """The sample cold and unchanged, as whole processes and inside one, beside the import time."""
    imports = best([python(IMPORTS) for _ in range(REPEATS)])
    with tempfile.TemporaryDirectory() as folder:
        cold = best([python(_TAKE_IN, {"KIM_WAREHOUSE": f"{folder}/{number}"}) for number in range(REPEATS)])
        warm = best([python(_TAKE_IN, {"KIM_WAREHOUSE": f"{folder}/0"}) for _ in range(REPEATS)])
        cold_inside = min(seconds_inside(f"{folder}/inside{number}") for number in range(REPEATS))
        inside = min(seconds_inside(f"{folder}/0") for _ in range(REPEATS))
    print(heading("Sample: read, validate, cache"))
    print(f"  import of the libraries             {imports.seconds:7.2f} s")
    figures = {
        "cold, whole process": cold.seconds,
        "cold, in a running process": cold_inside,
        "unchanged, whole process": warm.seconds,
        "unchanged, in a running process": inside,
    }
    for name, seconds in figures.items():
        print(f"  {name:34}  {seconds:7.3f} s   ratio to import {seconds / imports.seconds:.3f}")


def seconds_inside(warehouse: str) -> float:
    """Seconds of `take_in`, without importing it."""
    settings = Settings(warehouse=Path(warehouse))
    started = time.perf_counter()
    take_in(settings)
    return time.perf_counter() - started


def large(rows: int) -> tuple[float, float, float]:
    """Language mediation with that many rows in half-year workbooks: seconds raw, seconds ours, peak MiB ours."""
    with tempfile.TemporaryDirectory() as folder:
        write_workbooks(Path(folder) / "data" / "sprachmittlerpool", rows)
        places = {"KIM_DELIVERIES": f"{folder}/data"}
        raw, ours = [], []
        for number in range(REPEATS):  # in turn, so that a change of the machine's speed meets both
            raw.append(python(_RAW.format(folder=f"{folder}/data")))
            ours.append(python(_TAKE_IN, places | {"KIM_WAREHOUSE": f"{folder}/{number}"}))
        watched = python(_TAKE_IN, places | {"KIM_WAREHOUSE": f"{folder}/watched"}, watch_memory=True)
    return best(raw).seconds, best(ours).seconds, watched.peak_mib or 0


def write_workbooks(folder: Path, rows: int) -> None:
    """Half-year workbooks of the language mediator pool with invented requests."""
    folder.mkdir(parents=True)
    chance = random.Random(1)
    for number in range(HALF_YEARS):
        year, half = 2018 + number // 2, number % 2 + 1
        _write_half_year(folder / f"SMP_{half}HJ{year}.xlsx", year, half, rows // HALF_YEARS, chance)


def _write_half_year(path: Path, year: int, half: int, rows: int, chance: random.Random) -> None:
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet, date = book.add_worksheet("Anfragen"), book.add_format({"num_format": "dd.mm.yyyy"})
    sheet.write_row(0, 0, [f"Berichtszeitraum: {half}. Halbjahr {year}"])
    sheet.write_row(1, 0, [f"Stand: 15.{1 if half == 2 else 7:02d}.{year + half - 1}"])
    headers = ["Nr.", "Anfrage am", "Datum", "Ort", "Sprache", "Einrichtung", "Bereich", "Dauer (Std.)", "Honorar (€)",
               "Sprachmittler-ID", "Status", "Bemerkung"]  # fmt: skip
    sheet.write_row(2, 0, headers)
    first = dt.date(year, 6 * half - 5, 1)
    for i in range(rows):
        asked = first + dt.timedelta(days=chance.randrange(150))
        done = chance.random() < 0.8
        sheet.write_string(i + 3, 0, f"A{i:07d}")
        sheet.write_datetime(i + 3, 1, dt.datetime.combine(asked, dt.time()), date)
        if done:
            met = asked + dt.timedelta(days=chance.randrange(30))
            sheet.write_datetime(i + 3, 2, dt.datetime.combine(met, dt.time()), date)
            sheet.write_number(i + 3, 7, chance.choice([0.5, 1, 1.5, 2, 2.5, 3]))
            sheet.write_number(i + 3, 8, chance.randrange(150, 900) / 10)
            sheet.write_string(i + 3, 9, f"SM-{chance.randrange(400):03d}")
        sheet.write_string(
            i + 3, 3, chance.choice(["Ahlen", "Beckum", "Oelde", "Warendorf", "Telgte", "Ahlen-Vorhelm"])
        )
        sheet.write_string(
            i + 3, 4, chance.choice(["Arabisch", "Ukrainisch", "Dari", "Türkisch", "Russisch", "Polnisch"])
        )
        sheet.write_string(i + 3, 5, f"Einrichtung {chance.randrange(200)}")
        sheet.write_string(i + 3, 6, chance.choice(["Schule", "Kita", "Gesundheit", "Behörde", "Beratung"]))
        sheet.write_string(i + 3, 10, "durchgeführt" if done else chance.choice(["abgesagt", "nicht besetzt"]))
    book.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[100_000, 300_000, 1_000_000])
    sizes = parser.parse_args().rows
    sample()
    print(heading(f"\nLanguage mediation in {HALF_YEARS} half-year workbooks, cold, whole processes"))
    print("       rows   raw calamine       ours   ratio   peak memory of all processes   µs per row")
    for rows in sizes:
        raw, ours, peak = large(rows)
        speed = ours / rows * 1e6
        print(f"  {rows:9,d}   {raw:10.2f} s {ours:8.2f} s   {ours / raw:5.2f}   {peak:24.0f} MiB   {speed:10.1f}")


if __name__ == "__main__":
    main()
