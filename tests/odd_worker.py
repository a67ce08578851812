"""A reading process that misbehaves on files whose name asks for it, and reads all others as the real one does."""

from __future__ import annotations

import os
import signal
import struct
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from kim_pipeline.intake import worker

real_answer = worker._answer
real_content = worker.content_of
real_say = worker._say
places: list[Connection] = []
SECRET_CELL = "Geheime-Zelle-4711"  # noqa: S105


def odd_answer(  # noqa: PLR0912  (one branch for each way to misbehave)
    request: dict[str, Any], setup: dict[str, Any], task: worker.Task
) -> dict[str, Any]:
    """Answer, or do what the file's name says; some files hurt only where calamine may read them."""
    name = Path(request["file"]).stem
    match name.removesuffix("_with_calamine") if not request["again"] else name:
        case "loop":
            while True:
                pass
        case "sleep":
            time.sleep(600)
        case "pause":
            time.sleep(4)
        case "busy":
            until = time.process_time() + 1
            while time.process_time() < until:
                pass
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "abort":
            os.abort()
        case "exit":
            os._exit(3)
        case "die_after":
            real_say(places[0], real_answer(request, setup, task))
            os._exit(0)
        case "garbage":
            write_raw(b"Hallo, hier ist die Bibliothek!\n")
        case "endless":
            write_raw(b"x" * 10_000_000)
        case "half":  # says that nine bytes follow, and gives three
            write_raw(struct.pack("!i", 9) + b"abc")
        case "json":
            places[0].send_bytes(b'[1, 2, {"sha256": null}]')
            time.sleep(600)
        case "after":
            places[0].send_bytes(b'{"failed": "exception", "where": "x"}')
            write_raw(b"und noch etwas")
    return real_answer(request, setup, task)


def write_raw(content: bytes) -> None:
    """Write what is no message, and hang."""
    with os.fdopen(os.dup(places[0].fileno()), "wb") as raw:
        raw.write(content)
    time.sleep(600)


def odd_say(connection: Connection, message: dict[str, Any]) -> None:
    """Answer, and remember where to."""
    places[:] = [connection]
    real_say(connection, message)


def odd_content(path: Path, limit: int) -> bytes:
    """The file's bytes, after what the file's name says has happened to it."""
    match path.stem:
        case "gone":
            path.unlink()
        case "changed":
            path.write_bytes(path.with_suffix(".new").read_bytes())
        case "hog":
            hog = [bytearray(2**24) for _ in range(2**16)]
            return bytes(len(hog))
        case "cell":
            raise ValueError(SECRET_CELL)
        case "cell_in_group":
            raise ExceptionGroup(SECRET_CELL, [ValueError(SECRET_CELL)])
    return real_content(path, limit)


worker._answer = odd_answer
worker.content_of = odd_content
worker._say = odd_say
worker.main()
