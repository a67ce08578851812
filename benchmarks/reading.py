"""Reading, validating and caching: the sample, and language mediation at 100 k, 300 k and 1 M rows.

Run: python -m benchmarks.reading [--rows 100000 300000 1000000]
Prints ratios: the sample against importing the libraries, each format with its witness against without it, the large
workbooks against raw calamine on the same files.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import random
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path, PurePath
from unittest import mock

import xlsxwriter
import xlwt

from benchmarks.measure import IMPORTS, best, heading, python
from kim_pipeline.contracts import programme
from kim_pipeline.intake.intake import take_in
from kim_pipeline.reading.delivery import read_delivery
from kim_pipeline.reading.formats.calamine_reader import read_calamine
from kim_pipeline.reading.formats.cells import Sheet
from kim_pipeline.reading.formats.workbook import Limits
from kim_pipeline.reading.formats.xls import read_xls
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
    path.write_bytes(_xlsx(_half_year(year, half, rows, chance), shares_texts=False))


HEADERS = ("Nr.", "Anfrage am", "Datum", "Ort", "Sprache", "Einrichtung", "Bereich", "Dauer (Std.)", "Honorar (€)",
           "Sprachmittler-ID", "Status", "Bemerkung")  # fmt: skip
Row = Sequence[str | float | dt.date | None]


def _half_year(year: int, half: int, rows: int, chance: random.Random) -> Iterator[Row]:
    yield (f"Berichtszeitraum: {half}. Halbjahr {year}",)
    yield (f"Stand: 15.{1 if half == 2 else 7:02d}.{year + half - 1}",)
    yield HEADERS
    first = dt.date(year, 6 * half - 5, 1)
    for i in range(rows):
        asked = first + dt.timedelta(days=chance.randrange(150))
        done = chance.random() < 0.8
        yield (
            f"A{i:07d}",
            asked,
            asked + dt.timedelta(days=chance.randrange(30)) if done else None,
            chance.choice(["Ahlen", "Beckum", "Oelde", "Warendorf", "Telgte", "Ahlen-Vorhelm"]),
            chance.choice(["Arabisch", "Ukrainisch", "Dari", "Türkisch", "Russisch", "Polnisch"]),
            f"Einrichtung {chance.randrange(200)}",
            chance.choice(["Schule", "Kita", "Gesundheit", "Behörde", "Beratung"]),
            chance.choice([0.5, 1, 1.5, 2, 2.5, 3]) if done else None,
            chance.randrange(150, 900) / 10 if done else None,
            f"SM-{chance.randrange(400):03d}" if done else None,
            "durchgeführt" if done else chance.choice(["abgesagt", "nicht besetzt"]),
        )


def _xlsx(rows: Iterable[Row], *, shares_texts: bool = True) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"constant_memory": not shares_texts}) as book:
        sheet, day = book.add_worksheet("Anfragen"), book.add_format({"num_format": "dd.mm.yyyy"})
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, dt.date):
                    sheet.write_datetime(row, column, dt.datetime.combine(cell, dt.time()), day)
                elif cell is not None:
                    sheet.write(row, column, cell)
    return target.getvalue()


def _xls(rows: Iterable[Row]) -> bytes:
    book = xlwt.Workbook()
    sheet, day = book.add_sheet("Anfragen"), xlwt.easyxf(num_format_str="DD.MM.YYYY")
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if cell is not None:
                sheet.write(row, column, cell, day if isinstance(cell, dt.date) else xlwt.Style.default_style)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _ods(rows: Iterable[Row]) -> bytes:
    found = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
    spaces = "".join(f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in _ODS_SPACES)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml", '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
        )
        archive.writestr(
            "content.xml",
            f"<office:document-content{spaces}><office:body><office:spreadsheet>"
            f'<table:table table:name="Anfragen">{found}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return target.getvalue()


_ODS_SPACES = ("office", "table", "text")


def _ods_cell(cell: str | float | dt.date | None) -> str:
    match cell:
        case None:
            return "<table:table-cell/>"
        case str():
            stated, shown = 'office:value-type="string"', cell
        case dt.date():
            stated, shown = f'office:value-type="date" office:date-value="{cell}"', f"{cell:%d.%m.%Y}"
        case _:
            stated, shown = f'office:value-type="float" office:value="{cell}"', str(cell).replace(".", ",")
    return f"<table:table-cell {stated}><text:p>{shown}</text:p></table:table-cell>"


WITNESSED: dict[str, tuple[Callable[[Iterable[Row]], bytes], int]] = {
    "x.xlsx": (_xlsx, 100_000),
    "inline.xlsx": (lambda rows: _xlsx(rows, shares_texts=False), 100_000),
    "x.ods": (_ods, 30_000),
    "x.xls": (_xls, 30_000),
}
"""File → how it is written, and how many rows it gets."""


def witnesses() -> None:
    """What the second reader costs: processor seconds of reading, typing and validating with and without it."""
    print(heading("\nThe witness of every cell: one delivery, in a running process, processor time"))
    print("  file          rows       without          with   ratio")
    for name, (write, rows) in WITNESSED.items():
        content = write(_half_year(2018, 1, rows, random.Random(1)))
        pairs = [
            (_processor_seconds(name, content, alone=True), _processor_seconds(name, content)) for _ in range(REPEATS)
        ]
        without, both = (min(seconds) for seconds in zip(*pairs, strict=True))
        print(f"  {name:11} {rows:7,d}   {without:9.2f} s   {both:9.2f} s   {both / without:5.2f}")


def _processor_seconds(name: str, content: bytes, *, alone: bool = False) -> float:
    """Seconds of `read_delivery`; `alone`: by the reader that is authoritative, without the other one."""

    def one_reader(*_: object, **__: object) -> list[Sheet]:
        reading = read_xls(content) if name.endswith(".xls") else read_calamine(content)
        return [sheet for sheet in reading.sheets.values() if sheet is not None]

    patched = mock.patch("kim_pipeline.reading.delivery.read_sheets", one_reader) if alone else nullcontext()
    with patched:
        started = time.process_time()
        result = read_delivery(PurePath(name), content, programme("sprachmittlerpool"), b"k" * 32, _LIMITS)
        seconds = time.process_time() - started
    rejected = [part.findings[0].message for part in result.parts if part.rejected]
    if rejected:
        raise SystemExit(f"{name}: {rejected[0]}")
    return seconds


_LIMITS = Limits(2**30, 2**32)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[100_000, 300_000, 1_000_000])
    sizes = parser.parse_args().rows
    sample()
    witnesses()
    print(heading(f"\nLanguage mediation in {HALF_YEARS} half-year workbooks, cold, whole processes"))
    print("       rows   raw calamine       ours   ratio   peak memory of all processes   µs per row")
    for rows in sizes:
        raw, ours, peak = large(rows)
        speed = ours / rows * 1e6
        print(f"  {rows:9,d}   {raw:10.2f} s {ours:8.2f} s   {ours / raw:5.2f}   {peak:24.0f} MiB   {speed:10.1f}")


if __name__ == "__main__":
    main()
