"""The whole night: `kim run` cold and unchanged, beside importing the libraries.

Run: python -m benchmarks.night
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from benchmarks.measure import IMPORTS, best, heading, python, run

REPEATS = 3


def main() -> None:
    """Measure and print."""
    kim = shutil.which("kim")
    if kim is None:
        raise SystemExit("kim is not on the path: activate the environment")
    imports = best([python(IMPORTS) for _ in range(REPEATS)])
    with tempfile.TemporaryDirectory() as folder:
        cold = best([run([kim, "run", "--warehouse", str(Path(folder) / str(n))]) for n in range(REPEATS)])
        again = [kim, "run", "--warehouse", str(Path(folder) / "0")]
        unchanged = best([run(again) for _ in range(REPEATS)])
        watched = run(again, watch_memory=True)
    print(heading("kim run on the sample"))
    print(f"  import of the libraries  {imports.seconds:6.2f} s")
    for name, measured in (("cold", cold), ("unchanged", unchanged)):
        print(f"  {name:23}  {measured.seconds:6.2f} s   ratio to import {measured.seconds / imports.seconds:.2f}")
    print(f"  peak memory, unchanged   {watched.peak_mib or 0:6.0f} MiB")


if __name__ == "__main__":
    main()
