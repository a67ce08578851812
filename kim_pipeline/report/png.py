"""Drawings as PNG, for files that hold no SVG.

Belongs here: Typst draws them all at once, with the paper's fonts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import typst

from kim_pipeline.report.typst_writer import fonts

_DOTS_PER_INCH = 288
_PAGES = b"""#set page(width: auto, height: auto, margin: 0pt)
#for drawing in json(bytes(sys.inputs.drawings)) { page(image(bytes(drawing), format: "svg")) }
"""


def pngs(drawings: Sequence[str]) -> list[bytes]:
    """Each SVG as a PNG on white, in order; the same drawing gives the same bytes."""
    if not drawings:
        return []
    pages = typst.compile(
        _PAGES, format="png", ppi=_DOTS_PER_INCH, font_paths=fonts(), sys_inputs={"drawings": json.dumps(drawings)}
    )
    return pages if isinstance(pages, list) else [pages]
