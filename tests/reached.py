"""A county that shows whom it reaches by every feature of persons: the shipped one, with a made-up decision."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import get_args

from kim_pipeline.contracts.county import Feature
from kim_pipeline.contracts.vocabulary import DEFAULT_COUNTY

FEATURES: tuple[str, ...] = get_args(Feature)
DECIDED = "Synthetisches Beispiel"


def released_county(folder: Path) -> Path:
    """Write its folder; the folder. `KIM_COUNTY` names it to a process of its own."""
    shutil.copytree(DEFAULT_COUNTY, folder)
    listed = ", ".join(f'"{feature}"' for feature in FEATURES)
    with (folder / "county.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[publish]\nreached = [{listed}]\nreached_decided = "{DECIDED}"\n')
    return folder
