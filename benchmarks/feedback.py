"""Return copies of the whole sample and of one large workbook: time and memory, beside the import time.

Run: python -m benchmarks.feedback [--rows 20000 200000]
Copies are written from the cache: the deliveries have been read before. Prints ratios to importing the libraries.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import zipfile
from pathlib import Path

from benchmarks.measure import IMPORTS, Measured, best, heading, python
from benchmarks.reading import _write_half_year

REPEATS = 3
_TAKE_IN = """
from kim_pipeline.intake.intake import take_in
from kim_pipeline.settings import Settings
take_in(Settings())
"""
_FEEDBACK = """
from pathlib import Path
from kim_pipeline.intake.intake import take_in
from kim_pipeline.office.feedback.folder import write_feedback
from kim_pipeline.settings import Settings
settings = Settings()
write_feedback(take_in(settings), settings, settings.warehouse / "feedback")
"""


def measured(deliveries: Path | None, folder: Path) -> tuple[Measured, Measured, Measured, int, int]:
    """Import, unchanged intake, intake with copies (with memory), number of copies and their bytes."""
    places = {"KIM_WAREHOUSE": str(folder)} | ({"KIM_DELIVERIES": str(deliveries)} if deliveries else {})
    python(_TAKE_IN, places)
    imports = best([python(IMPORTS) for _ in range(REPEATS)])
    intake = best([python(_TAKE_IN, places) for _ in range(REPEATS)])
    copies = best([python(_FEEDBACK, places) for _ in range(REPEATS)])
    watched = python(_FEEDBACK, places, watch_memory=True)
    files = [path for path in (folder / "feedback").rglob("*_R*") if path.is_file()]
    sizes = sum(path.stat().st_size for path in files)
    return imports, intake, Measured(copies.seconds, watched.peak_mib), len(files), sizes


def misspell(right: Path, wrong: Path) -> None:
    """The same workbook with one municipality misspelt: a finding in about every sixth row."""
    with zipfile.ZipFile(right) as source, zipfile.ZipFile(wrong, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b"<t>Telgte</t>", b"<t>Telgde</t>"))
    right.unlink()


def tell(title: str, deliveries: Path | None) -> None:
    """Measure one folder of deliveries and print it."""
    with tempfile.TemporaryDirectory() as folder:
        imports, intake, copies, number, size = measured(deliveries, Path(folder))
    alone = copies.seconds - intake.seconds
    print(f"{title}: {number} copies, {size / 2**20:.1f} MiB")
    print(f"  import of the libraries           {imports.seconds:7.2f} s")
    for name, whole in (("unchanged intake, whole process", intake), ("the same with copies", copies)):
        print(f"  {name:32}  {whole.seconds:7.2f} s   ratio to import {whole.seconds / imports.seconds:.2f}")
    print(f"  copies alone                      {alone:7.2f} s   per copy {alone / max(1, number):.3f} s")
    print(f"  peak memory of all processes      {copies.peak_mib or 0:7.0f} MiB")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[20_000, 200_000])
    sizes = parser.parse_args().rows
    print(heading("Return copies"))
    tell("Sample", None)
    for rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "sprachmittlerpool"
            place.mkdir()
            _write_half_year(place / "right.xlsx", 2023, 1, rows, random.Random(1))
            misspell(place / "right.xlsx", place / "wrong.xlsx")
            tell(f"One workbook of {rows:,} rows", Path(folder))


if __name__ == "__main__":
    main()
