"""The council's paper on the sample, all formats and municipalities' pages, beside importing the libraries: CPU time.

Run: python -m benchmarks.report
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from benchmarks.measure import best, heading, python, run
from kim_pipeline.report import FORMATS

IMPORTS = "import typst, duckdb, docx, xlsxwriter, jinja2"
REPEATS = 3


def main() -> None:
    """Measure and print."""
    kim = shutil.which("kim")
    if kim is None:
        raise SystemExit("kim is not on the path: activate the environment")
    imports = best([python(IMPORTS) for _ in range(REPEATS)])
    with tempfile.TemporaryDirectory() as folder:
        run([kim, "run", "--warehouse", folder])
        command = [kim, "report", "--warehouse", folder]
        whole = best([run(command) for _ in range(REPEATS)])
        parts = {kind: best([run([*command, "--format", kind]) for _ in range(REPEATS)]) for kind in FORMATS}
        watched = run(command, watch_memory=True)
        files = [path for path in (Path(folder) / "report").rglob("*.*") if path.is_file()]
        size = sum(path.stat().st_size for path in files) / 2**20
    print(heading("kim report on the sample"))
    print(f"  import of the libraries  {imports.seconds:6.2f} s, CPU {imports.cpu_seconds:6.2f} s")
    for name, measured in (*parts.items(), (f"all: {len(files)} files, {size:.1f} MiB", whole)):
        print(f"  {name:26} {measured.seconds:6.2f} s, CPU {measured.cpu_seconds:6.2f} s", end="   ")
        print(f"CPU ratio to import {measured.cpu_seconds / imports.cpu_seconds:.1f}")
    print(f"  peak memory              {watched.peak_mib or 0:6.0f} MiB")


if __name__ == "__main__":
    main()
