"""The child process that writes return copies: `python -m kim_pipeline.office.feedback.worker`.

Belongs here: from a request to a copy in the scratch. Limits, loop and connection are those of the child that reads
deliveries (`intake/worker.py`): a workbook that harms its reader harms no more than its own copy.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path, PurePosixPath
from typing import Any

from kim_pipeline.contracts import programme
from kim_pipeline.files import draft, temporary_files_in
from kim_pipeline.intake.worker import content_of, main
from kim_pipeline.office.feedback.copy import Source, suffix_of, write_copy
from kim_pipeline.office.feedback.sheet import ReturnPage
from kim_pipeline.reading.findings import Finding
from kim_pipeline.reading.formats.workbook import Limits


def copy_into_scratch(request: dict[str, Any], setup: dict[str, Any]) -> dict[str, Any]:
    """Write one copy.

    Args:
        request: `programme`, `file` and `path` of the delivery; `opens`: whether it can be opened; `page`: a
            `ReturnPage`; `target`: where to; `again`: whether the workbook itself is not to be loaded.
        setup: limits.

    Returns:
        `sha256` of the delivery's bytes, blank where it is not opened, and the copy's `suffix`.
    """
    limits = Limits(setup["max_file_bytes"], setup["max_unpacked_bytes"])
    content = content_of(Path(request["path"]), limits.file_bytes) if request["opens"] else None
    source = Source(
        PurePosixPath(request["file"]), content, programme(request["programme"]), limits, request.get("again", False)
    )
    target = Path(request["target"])
    with temporary_files_in(target.parent):
        buffer = io.BytesIO()
        write_copy(buffer, source, _page(request["page"]))
    draft(target, buffer.getvalue())
    return {"sha256": "" if content is None else hashlib.sha256(content).hexdigest(), "suffix": suffix_of(source)}


def _page(given: dict[str, Any]) -> ReturnPage:
    return ReturnPage(**(given | {"findings": [Finding(**found) for found in given["findings"]]}))


if __name__ == "__main__":
    main(copy_into_scratch)
