"""What the offices deliver: one module per programme, and the vocabulary.

Nothing here reads a file that an office delivered. A new programme is a new module in `programmes/`.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from kim_pipeline.contracts import programmes as _programmes
from kim_pipeline.contracts.model import Column, ContractModel, Programme, Table

__all__ = ["Column", "ContractModel", "Programme", "Table", "programme", "programme_names", "programmes"]


@cache
def programmes() -> dict[str, Programme]:
    """All programmes by key, sorted: every module of `contracts/programmes/` holds one as `PROGRAMME`."""
    found = {}
    for module_info in sorted(pkgutil.iter_modules(_programmes.__path__), key=lambda m: m.name):
        module = importlib.import_module(f"{_programmes.__name__}.{module_info.name}")
        found[module.PROGRAMME.key] = module.PROGRAMME
    return found


def programme(key: str) -> Programme:
    """The programme with that key; `KeyError` if there is none."""
    return programmes()[key]


def programme_names() -> dict[str, str]:
    """Every name by which a delivery may call a programme: key and title → key (`deliveries.md` §8)."""
    return {name: p.key for p in programmes().values() for name in (p.key, p.title)}
