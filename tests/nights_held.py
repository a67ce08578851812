"""A small warehouse in which one delivery is held and one is rejected, made once and copied."""

from __future__ import annotations

import datetime as dt
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from kim_pipeline.night import Night
from kim_pipeline.settings import Settings
from tests.conftest import put
from tests.nights import small_settings
from tests.quick_nights import whole_night
from tests.workbooks import request, requests, xlsx

HELD, REJECTED = "Neu.xlsx", "leer.xlsx"
"""In the folders of `sprachmittlerpool` and of `komm_an`."""
DAY = dt.date(2024, 5, 2)


@cache
def _made() -> TemporaryDirectory[str]:
    folder = TemporaryDirectory(prefix="kim-held-")
    settings = small_settings(Path(folder.name))
    put(settings, "sprachmittlerpool", "Jahr.xlsx", xlsx([requests(*(request(f"A-{n}") for n in range(40)))]))
    put(settings, "komm_an", REJECTED, b"")
    whole_night(Night(settings=settings, as_of=DAY))
    put(settings, "sprachmittlerpool", HELD, xlsx([requests(request("A-1"), as_of="2024-02-15")]))
    whole_night(Night(settings=settings, as_of=DAY))
    return folder


def held_sample(folder: Path) -> Settings:
    """A copy of it, and settings for it."""
    shutil.copytree(_made().name, folder, symlinks=True, dirs_exist_ok=True)
    return small_settings(folder)
