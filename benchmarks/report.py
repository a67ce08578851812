"""The council's report on the sample: PDF, HTML and all municipalities' pages, beside importing the libraries.

Run: python -m benchmarks.report
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from benchmarks.measure import best, heading, python, run

IMPORTS = "import altair, vl_convert, typst, duckdb"
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
        watched = run(command, watch_memory=True)
        files = [path for path in (Path(folder) / "report").rglob("*.*") if path.is_file()]
        size = sum(path.stat().st_size for path in files) / 2**20
    print(heading("kim report on the sample"))
    print(f"  import of the libraries  {imports.seconds:6.2f} s")
    print(f"  {len(files)} files, {size:.1f} MiB      {whole.seconds:6.2f} s", end="   ")
    print(f"ratio to import {whole.seconds / imports.seconds:.1f}")
    print(f"  peak memory              {watched.peak_mib or 0:6.0f} MiB")


if __name__ == "__main__":
    main()
