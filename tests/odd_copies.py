"""A process that writes return copies and hangs on deliveries whose name asks for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kim_pipeline.intake.worker import main
from kim_pipeline.office.feedback.worker import copy_into_scratch


def odd_copy(request: dict[str, Any], setup: dict[str, Any]) -> dict[str, Any]:
    """Write a copy, or take no end: whenever the file is opened, or only while the workbook itself is loaded."""
    name = Path(request["file"]).stem
    while request["opens"] and (name == "loop" or (name == "loop_whole" and not request["again"])):
        pass
    return copy_into_scratch(request, setup)


main(odd_copy)
