"""Processes that start in no time, to be killed as a test likes.

A server that has imported everything, and has one thread only, forks a child for each call. What a child prints comes
back through a pipe, so that it can be read whatever becomes of the child and of the disk.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import subprocess
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

_BLOCK = 65_536
_NO_THREADS = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
"""So that libraries start no threads when they are imported."""
CRASHED = 99


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit code, or the negative number of the signal that killed it, and what it printed."""

    code: int
    output: str

    @property
    def was_killed(self) -> bool:
        return self.code == -signal.SIGKILL


class Forks:
    """A server, and the one child that it has at a time."""

    def __init__(self, module: str) -> None:
        """Start a server.

        Args:
            module: holds the functions that children call; it is imported once, with all that it needs.
        """
        environment = os.environ | {
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "JE_ARROW_MALLOC_CONF": "background_thread:false",
        }
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.forks", module],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=Path(__file__).parents[1],
        )  # fmt: skip
        self._buffer = b""

    def __enter__(self) -> Forks:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait()
        self._server.stdout.close()

    def start(self, function: str, **arguments: object) -> int:
        """Call a function of the module in a child, whose id is returned."""
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps([function, arguments], default=str).encode() + b"\n")
        self._server.stdin.flush()
        return int(self._answer(None))

    def ended(self, seconds: float | None = None) -> Ended | None:
        """How the child ended; None if it still runs after so many seconds."""
        answer = self._answer(seconds)
        return Ended(**answer) if answer is not None else None

    def run(self, function: str, **arguments: object) -> Ended:
        """Call a function and wait for its end."""
        self.start(function, **arguments)
        ended = self.ended()
        assert ended is not None
        return ended

    def run_until(self, seconds: float, function: str, **arguments: object) -> Ended:
        """Call a function and kill its process after so many seconds, if it still runs."""
        child = self.start(function, **arguments)
        ended = self.ended(seconds)
        if ended is None:
            os.kill(child, signal.SIGKILL)
            ended = self.ended()
        assert ended is not None
        return ended

    def _answer(self, seconds: float | None) -> Any:
        assert self._server.stdout is not None
        while b"\n" not in self._buffer:
            if not select.select([self._server.stdout], [], [], seconds)[0]:
                return None
            block = os.read(self._server.stdout.fileno(), _BLOCK)
            assert block, "the server of the children has ended"
            self._buffer += block
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)


def _serve(module: str) -> None:
    functions = importlib.import_module(module)
    assert len(list(Path("/proc/self/task").iterdir())) == 1, "a process with threads must not be forked"
    for line in sys.stdin:
        function, arguments = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            os._exit(_call(functions, function, arguments, writing))
        os.close(writing)
        _say(child)
        with os.fdopen(reading, "rb") as pipe:
            output = pipe.read()
        _, status = os.waitpid(child, 0)
        _say({"code": os.waitstatus_to_exitcode(status), "output": output.decode(errors="replace")})


def _say(message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _call(functions: Any, function: str, arguments: dict[str, Any], output: int) -> int:
    """What a child does; its exit code."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    try:
        code = getattr(functions, function)(**arguments)
    except BaseException:  # noqa: BLE001  (told, and the child must not go on as the server)
        traceback.print_exc()
        code = CRASHED
    sys.stdout.flush()
    sys.stderr.flush()
    return int(code or 0)


if __name__ == "__main__":
    _serve(sys.argv[1])
