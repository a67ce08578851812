"""The child process that reads deliveries: `python -m kim_pipeline.deliveries.worker`.

Belongs here: the loop, the memory limit, and that nothing which a file contains leaves by another way than the cache.
Requests and answers are lines of JSON; the first request holds the limits and the secret (never in arguments or
environment). Standard error goes nowhere, since a reader's panic may quote cells; an unexpected exception is told by
its type and place only.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import resource
import signal
import sys
import traceback
from pathlib import Path
from typing import IO, Any

from kim_pipeline.contracts import programme
from kim_pipeline.deliveries import cache
from kim_pipeline.deliveries.delivery import read_delivery
from kim_pipeline.deliveries.fingerprint import fingerprint, of_file, referred_columns
from kim_pipeline.deliveries.personal import programme_key
from kim_pipeline.deliveries.workbook import Limits

_READ_BLOCK = 1 << 20
_PR_SET_PDEATHSIG = 1


class _StoreError(Exception):
    """The result could not be kept: no fault of the file; the text is the type of the cause."""


class _SizeError(Exception):
    """The file is larger than the limit."""


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
    except _SizeError:
        return {"failed": "size"}
    except _StoreError as error:
        return {"failed": "store", "where": str(error)}
    except OSError as error:
        return {"failed": "io", "where": type(error).__name__}
    except Exception as error:  # noqa: BLE001  (whatever a file provokes must not reach the other deliveries)
        last = traceback.extract_tb(error.__traceback__)[-1]
        return {"failed": "exception", "where": f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}"}


def read_into_cache(request: dict[str, Any], setup: dict[str, Any]) -> dict[str, Any]:
    """Read one delivery and keep its result.

    Returns:
        `sha256` and `fingerprint` of the result that was kept: of the bytes that were read, whatever they are by now.
    """
    limits = Limits(setup["max_file_bytes"], setup["max_unpacked_bytes"])
    key = programme_key(bytes.fromhex(setup["secret"]), request["programme"])
    content = _content(Path(request["path"]), limits.file_bytes)
    sha256 = hashlib.sha256(content).hexdigest()
    result = read_delivery(
        Path(request["file"]),
        content,
        programme(request["programme"]),
        key,
        limits,
        calamine=request.get("calamine", True),
    )
    mark = fingerprint(request["programme"], key, limits.file_bytes, limits.unpacked_bytes)
    mark = of_file(mark, Path(request["file"]), content)
    where = cache.entry(Path(setup["cache"]), request["programme"], sha256, mark)
    try:
        cache.store(where, result, referred_columns(request["programme"]))
    except OSError as error:
        raise _StoreError(type(error).__name__) from None
    return {"sha256": sha256, "fingerprint": mark}


def _content(path: Path, limit: int) -> bytes:
    """The file's bytes; reading stops where the file is larger than the limit."""
    blocks: list[bytes] = []
    size = 0
    with path.open("rb") as file:
        while block := file.read(_READ_BLOCK):
            size += len(block)
            if size > limit:
                raise _SizeError
            blocks.append(block)
    return b"".join(blocks)


def _die_with_parent() -> None:
    """Ask the kernel (Linux) to kill this process when the thread that started it ends, however that happens."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    """Take over standard input and output; nothing else may write to them, and nothing survives the parent."""
    _die_with_parent()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    serve(sys.stdin, answers)


if __name__ == "__main__":
    main()
