"""Counties that release other features of persons than the shipped one does (all, by a made-up decision)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import get_args

from kim_pipeline.contracts.county import Feature
from kim_pipeline.contracts.vocabulary import DEFAULT_COUNTY

FEATURES: tuple[str, ...] = get_args(Feature)
DECIDED = "Synthetisches Beispiel"


def settings_without_publish() -> str:
    """The text of the shipped `county.toml` up to its last table, `[publish]`."""
    text, _, rest = (DEFAULT_COUNTY / "county.toml").read_text(encoding="utf-8").partition("\n[publish]\n")
    assert rest
    assert "\n[" not in rest
    return text


def county_without_features(folder: Path) -> Path:
    """Write its folder: it releases nothing, like every new county; the folder. `KIM_COUNTY` names it to a process."""
    shutil.copytree(DEFAULT_COUNTY, folder)
    (folder / "county.toml").write_text(settings_without_publish(), encoding="utf-8")
    return folder
