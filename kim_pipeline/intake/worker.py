"""The child process that reads deliveries: `python -m kim_pipeline.intake.worker`.

Belongs here: the loop, the memory limit, and that nothing which a file contains leaves by another way than the cache.
Requests and answers are messages of JSON on the connection that is its standard input (`pool.py` has the other end);
the first request holds the limits and the secret (never in arguments or environment). Standard output and standard
error go nowhere, since a reader's panic may quote cells; an unexpected exception is told by its type and place only.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from kim_pipeline.contracts import programme
from kim_pipeline.errors import KimError
from kim_pipeline.files import die_with_parent
from kim_pipeline.intake import cache
from kim_pipeline.intake.fingerprint import fingerprint, of_file, referred_columns
from kim_pipeline.reading.delivery import read_delivery
from kim_pipeline.reading.formats.workbook import Limits
from kim_pipeline.reading.personal import programme_key

_READ_BLOCK = 1 << 20


class _StoreError(KimError):
    """The result could not be kept: no fault of the file; the text is the type of the cause."""


class _SizeError(KimError):
    """The file is larger than the limit."""


def answer_requests(connection: Connection) -> None:
    """Answer requests until the other end is closed."""
    setup = json.loads(connection.recv_bytes())
    memory = setup["memory_bytes"]
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _say(connection, {"ready": True})
    while True:
        try:
            request = json.loads(connection.recv_bytes())
        except EOFError:
            return
        _say(connection, _answer(request, setup))


def _say(connection: Connection, message: dict[str, Any]) -> None:
    connection.send_bytes(json.dumps(message).encode())


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


def main() -> None:
    """Take over the connection; nothing else may write to it, and nothing survives the parent."""
    die_with_parent()
    connection = Connection(os.dup(0))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    answer_requests(connection)


if __name__ == "__main__":
    main()
