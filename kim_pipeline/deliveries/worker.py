"""The child process that reads deliveries: `python -m kim_pipeline.deliveries.worker`.

Belongs here: the loop, the memory limit, and that nothing which a file contains leaves by another way than the cache.
Requests and answers are lines of JSON; the first request holds the limits and the secret (never in arguments or
environment). Standard error goes nowhere, since a reader's panic may quote cells; an unexpected exception is told by
its type and place only.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import sys
import traceback
from pathlib import Path
from typing import IO, Any

from kim_pipeline.contracts import programme, programmes
from kim_pipeline.deliveries import cache
from kim_pipeline.deliveries.delivery import DeliveryResult, read_delivery, rejection
from kim_pipeline.deliveries.fingerprint import fingerprint
from kim_pipeline.deliveries.personal import programme_key
from kim_pipeline.deliveries.workbook import Limits

_READ_BLOCK = 1 << 20


def serve(requests: IO[str], answers: IO[str]) -> None:
    """Answer requests until the input ends."""
    setup = json.loads(requests.readline())
    memory = setup["memory_bytes"]
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _say(answers, {"ready": True})
    for line in requests:
        _say(answers, _answer(json.loads(line), setup))


def _say(answers: IO[str], message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


def _answer(request: dict[str, Any], setup: dict[str, Any]) -> dict[str, Any]:
    try:
        return read_into_cache(request, setup)
    except MemoryError:
        return {"failed": "memory"}
    except OSError as error:
        return {"failed": "io", "where": type(error).__name__}
    except Exception as error:  # whatever a file provokes must not reach the other deliveries
        last = traceback.extract_tb(error.__traceback__)[-1]
        return {"failed": "exception", "where": f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}"}


def read_into_cache(request: dict[str, Any], setup: dict[str, Any]) -> dict[str, Any]:
    """Read one delivery and keep its result.

    Returns:
        `sha256` and `fingerprint` of the result that was kept: of the bytes that were read, whatever they are by now.
    """
    limits = Limits(setup["max_file_bytes"], setup["max_unpacked_bytes"])
    key = programme_key(bytes.fromhex(setup["secret"]), request["programme"])
    content, sha256 = _content(Path(request["path"]), limits.file_bytes)
    if content is None:
        megabytes = limits.file_bytes // 2**20
        result = rejection(
            "unreadable", f"Die Datei ist größer als {megabytes} MB. Bitte auf mehrere Dateien aufteilen."
        )
    else:
        result = read_delivery(Path(request["file"]), content, programme(request["programme"]), key, limits)
    mark = fingerprint(request["programme"], key, limits.file_bytes, limits.unpacked_bytes)
    where = cache.entry(Path(setup["cache"]), request["programme"], sha256, mark)
    cache.store(where, result, _referred(request["programme"], result))
    return {"sha256": sha256, "fingerprint": mark}


def _content(path: Path, limit: int) -> tuple[bytes | None, str]:
    """The file's bytes and their SHA-256; no bytes where the file is larger than the limit."""
    digest = hashlib.sha256()
    blocks: list[bytes] = []
    size = 0
    with path.open("rb") as file:
        while block := file.read(_READ_BLOCK):
            digest.update(block)
            size += len(block)
            if size <= limit:
                blocks.append(block)
            else:
                blocks.clear()
    return (b"".join(blocks) if size <= limit else None), digest.hexdigest()


def _referred(key: str, result: DeliveryResult) -> dict[str, list[str]]:
    """Columns of this programme's tables that other programmes' tables refer to."""
    found: dict[str, list[str]] = {}
    for other in programmes().values():
        for table in other.tables:
            reference = table.reference
            if reference is not None and reference.programme == key and reference.table in result.tables:
                found[reference.table] = [there for _, there in reference.columns]
    return found


def main() -> None:
    """Take over standard input and output; nothing else may write to them."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    serve(sys.stdin, answers)


if __name__ == "__main__":
    main()
