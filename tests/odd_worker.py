"""A reading process that misbehaves on files whose name asks for it, and reads all others as the real one does."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from kim_pipeline.deliveries import worker

real_answer = worker._answer
real_content = worker._content
real_say = worker._say
SECRET_CELL = "Geheime-Zelle-4711"  # noqa: S105


def odd_answer(request: dict[str, Any], setup: dict[str, Any]) -> dict[str, Any]:
    """Answer, or do what the file's name says; some files hurt only where calamine may read them."""
    name = Path(request["file"]).stem
    match name.removesuffix("_with_calamine") if request["calamine"] else name:
        case "loop":
            while True:
                pass
        case "sleep":
            time.sleep(600)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "abort":
            os.abort()
        case "exit":
            os._exit(3)
        case "die_after":
            real_say(sys.modules["__main__"].answers, real_answer(request, setup))
            os._exit(0)
        case "garbage":
            raise _GarbageError(b"Hallo, hier ist die Bibliothek!\n")
        case "endless":
            raise _GarbageError(b"x" * 10_000_000)
        case "json":
            raise _GarbageError(b'[1, 2, {"sha256": null}]\n')
        case "after":
            raise _GarbageError(b'{"failed": "exception", "where": "x"}\nund noch etwas\n')
    return real_answer(request, setup)


class _GarbageError(BaseException):
    pass


def odd_say(answers: Any, message: dict[str, Any]) -> None:
    """Answer, and remember where to."""
    sys.modules["__main__"].answers = answers  # type: ignore[attr-defined]
    real_say(answers, message)


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


def garbled_answer(request: dict[str, Any], setup: dict[str, Any]) -> dict[str, Any]:
    """Answer, or write what is no answer."""
    try:
        return odd_answer(request, setup)
    except _GarbageError as garbage:
        answers = sys.modules["__main__"].answers
        answers.buffer.write(garbage.args[0])
        answers.buffer.flush()
        time.sleep(600)
        raise SystemExit from None


worker._answer = garbled_answer
worker._content = odd_content
worker._say = odd_say
worker.main()
