"""How long each command takes to start: processor seconds, as ratios to importing the libraries.

`python -m benchmarks.startup [REPEATS]`, on the sample. A command's own work is small here: what is measured is what it
loads. Compare two versions by running this in both.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import IMPORTS, heading
from kim_pipeline.settings import PROJECT

ONE, ALL = "import duckdb", IMPORTS
KIM = "import sys; from kim_pipeline.cli import invoke; sys.exit(invoke(sys.argv[1:]))"
FIT = min((PROJECT / "data_raw" / "fit").iterdir())
COMMANDS: dict[str, list[str]] = {
    "kim --help": ["--help"],
    "kim sql": ["sql", "FROM area"],
    "kim status": ["status"],
    "kim builds": ["builds"],
    "kim check (a small file)": ["check", str(FIT), "--programme", "fit"],
    "kim trace": ["trace", "fit_groups", "05570", "2022/23"],
    "kim template": ["template", "fit", "--out", "{folder}/vorlagen"],
    "kim vocabulary add": ["vocabulary", "add", "language", "Deutsch", "Deutsch"],
    "kim audit": ["audit"],
    "kim purge --dry-run": ["purge", "--dry-run"],
}


def cpu_seconds(code: str, arguments: Sequence[str], environment: dict[str, str], repeats: int) -> float:
    """The least processor time of a process and its children, of several runs."""
    found = []
    for _ in range(repeats):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env=os.environ | environment,
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found)


def main() -> None:
    """Build the sample once, then start every command some times."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory(prefix="kim-startup-") as folder:
        environment = {"KIM_WAREHOUSE": str(Path(folder) / "warehouse")}
        cpu_seconds(KIM, ["run", "--as-of", "2024-05-01"], environment, 1)
        one, every = (cpu_seconds(code, [], {}, repeats) for code in (ONE, ALL))
        print(heading(f"Start of commands: processor seconds; {ONE} {one:.2f}, {ALL} {every:.2f}"))
        print(f"  {'':28}{'seconds':>8}{'/ duckdb':>10}{'/ all imports':>15}")
        for name, arguments in COMMANDS.items():
            argv = [part.format(folder=folder) for part in arguments]
            took = cpu_seconds(KIM, argv, environment, repeats)
            print(f"  {name:28}{took:8.2f}{took / one:10.2f}{took / every:15.2f}")


if __name__ == "__main__":
    main()
