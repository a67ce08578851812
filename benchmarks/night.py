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
        unchanged = best([run([kim, "run", "--warehouse", str(Path(folder) / "0")]) for _ in range(REPEATS)])
    print(heading("kim run on the sample"))
    print(f"  import of the libraries  {imports.seconds:6.2f} s   {imports.peak_mib:5.0f} MiB")
    for name, measured in (("cold", cold), ("unchanged", unchanged)):
        ratio = measured.seconds / imports.seconds
        print(f"  {name:23}  {measured.seconds:6.2f} s   {measured.peak_mib:5.0f} MiB   ratio to import {ratio:.2f}")


if __name__ == "__main__":
    main()
