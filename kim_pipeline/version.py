"""Which version of the program this is.

Belongs here: the package's version and the commit that it was made from. `git archive` writes the commit into
`_commit.txt` (`.gitattributes`); in a checkout of this project git tells it; elsewhere nobody knows it.
"""

from __future__ import annotations

import re
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

DISTRIBUTION = "kim-pipeline"
_PROJECT = Path(__file__).parents[1]
_ARCHIVED = Path(__file__).with_name("_commit.txt")
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_DIGITS = 12


@cache
def code_version() -> str:
    """The package's version and, where it is known, the commit: `0.2.0+4f0a1b2c3d4e`."""
    found = commit()
    return metadata.version(DISTRIBUTION) + (f"+{found[:_DIGITS]}" if found else "")


def commit() -> str | None:
    """The commit that the program was made from; None where it is not known."""
    archived = _ARCHIVED.read_text(encoding="ascii").strip()
    return archived if _COMMIT.fullmatch(archived) else _checked_out()


def _checked_out() -> str | None:
    """The commit of the checkout; None where this is none, or lies in the checkout of something else."""
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(_PROJECT), "rev-parse", "--show-toplevel", "HEAD"],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    top, head = done.stdout.splitlines()
    return head if Path(top).resolve() == _PROJECT.resolve() else None
