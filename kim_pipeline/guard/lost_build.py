"""State without a build: a warehouse that has published before, and no file that says what.

Belongs here: telling that apart from a first build, which nothing can be taken away from (`design.md`, principle 3:
while state exists no build is a first one). Does not belong here: what a build rests on (`basis.py`).
"""

from __future__ import annotations

import hashlib

from kim_pipeline.files import Store
from kim_pipeline.guard.acceptances import Acceptances, path_of


def remembers_a_build(store: Store, acceptances: Acceptances) -> bool:
    """Whether the state is one that only a published build leaves behind.

    A delivery may be withdrawn before anything is published; all else follows a build.

    Args:
        store: the warehouse.
        acceptances: what people have said, as it lies in the state.
    """
    others = (path for path in store.state.rglob("*") if path.is_file() and path != path_of(store))
    return any(others) or any(a.kind != "withdrawn" for a in acceptances.all)


def hash_of_new_begin(inputs_sha256: str) -> str:
    """What a person confirms who lets a night build from these deliveries without a build to compare with."""
    return hashlib.sha256(f"without a build before\0{inputs_sha256}".encode()).hexdigest()
