"""Reading deliveries in child processes with a time and a memory limit, several files per child.

Belongs here: starting, feeding, timing and killing the children. A file that crashes, hangs or eats memory costs its
own delivery and one child; the other files go on.
"""

from __future__ import annotations

import json
import os
import queue
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

WORKER = (sys.executable, "-m", "kim_pipeline.deliveries.worker")
_START_SECONDS = 120
_MIB = 2**20


@dataclass(frozen=True)
class Setup:
    """What the children need to know; `secret` is the hex form of the secret for pseudonyms."""

    cache: str
    secret: str
    memory_bytes: int
    max_file_bytes: int
    max_unpacked_bytes: int

    def __repr__(self) -> str:
        """Without the secret."""
        return f"Setup(cache={self.cache!r})"


@dataclass(frozen=True)
class Job:
    """One delivery to read: its programme, its name relative to the programme's folder, its path, its size."""

    programme: str
    file: str
    path: Path
    size: int


@dataclass(frozen=True)
class Outcome:
    """What became of a job: the cached result's `sha256` and `fingerprint`, or a German `problem`."""

    job: Job
    sha256: str | None = None
    fingerprint: str | None = None
    problem: str | None = None


class _ChildError(Exception):
    """The child did not answer; the message is German and for the office."""


class _Child:
    """One child process."""

    def __init__(self, setup: Setup, argv: Sequence[str]) -> None:
        environment = os.environ | {
            "ARROW_DEFAULT_MEMORY_POOL": "system",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "2",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
        self._process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
            list(argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        self._buffer = b""
        self._send(asdict(setup))
        self._receive(_START_SECONDS)

    def ask(self, job: Job, seconds: float) -> dict[str, Any]:
        """Send a job and wait for the answer.

        Raises:
            _ChildError: no answer in time, or the child died.
        """
        self._send({"programme": job.programme, "file": job.file, "path": str(job.path)})
        return self._receive(seconds)

    def _send(self, message: dict[str, Any]) -> None:
        stdin = self._process.stdin
        if stdin is None:
            raise _ChildError("")
        try:
            stdin.write(json.dumps(message).encode() + b"\n")
            stdin.flush()
        except BrokenPipeError:
            raise _ChildError("Der Leseprozess ließ sich nicht starten. Bitte die Betreuung informieren.") from None

    def _receive(self, seconds: float) -> dict[str, Any]:
        stdout = self._process.stdout
        deadline = time.monotonic() + seconds
        while stdout is not None and b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([stdout], [], [], left)[0]:
                raise _ChildError(
                    f"Die Datei ließ sich nicht innerhalb von {seconds:.0f} Sekunden lesen. "
                    "Bitte in Excel öffnen, unnötige Blätter und Formatierungen entfernen und neu speichern."
                )
            block = os.read(stdout.fileno(), 65_536)
            if not block:
                raise _ChildError(
                    "Beim Lesen der Datei ist das Leseprogramm abgebrochen; vermutlich ist sie beschädigt oder braucht "
                    "zu viel Speicher. Bitte in Excel öffnen, prüfen und neu speichern."
                )
            self._buffer += block
        line, self._buffer = self._buffer.split(b"\n", 1)
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self) -> None:
        """Kill the child and take its remains."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue


class ReaderPool:
    """Some children that read deliveries into the cache."""

    def __init__(self, setup: Setup, size: int, seconds: float, argv: Sequence[str] = WORKER) -> None:
        """Set up; children start when there is something to read.

        Args:
            setup: for the children.
            size: number of children at once.
            seconds: time limit per file.
            argv: command of a child.
        """
        self._setup, self._size, self._seconds, self._argv = setup, size, seconds, argv

    def read(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Read all jobs, the largest first; outcomes come as they are ready."""
        waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
        for job in sorted(jobs, key=lambda job: (-job.size, job.programme, job.file)):
            waiting.put(job)
        done: queue.SimpleQueue[Outcome | BaseException] = queue.SimpleQueue()
        threads = [
            threading.Thread(target=self._run, args=(waiting, done), daemon=True)
            for _ in range(min(self._size, len(jobs)))
        ]
        for thread in threads:
            thread.start()
        for _ in jobs:
            outcome = done.get()
            if isinstance(outcome, BaseException):
                raise outcome
            yield outcome
        for thread in threads:
            thread.join()

    def _run(self, waiting: queue.SimpleQueue[Job], done: queue.SimpleQueue[Outcome | BaseException]) -> None:
        child: _Child | None = None
        try:
            while True:
                try:
                    job = waiting.get_nowait()
                except queue.Empty:
                    return
                child, outcome = self._read_one(child, job)
                done.put(outcome)
        except BaseException as error:  # handed to the caller, who raises it
            done.put(error)
        finally:
            if child is not None:
                child.end()

    def _read_one(self, child: _Child | None, job: Job) -> tuple[_Child | None, Outcome]:
        try:
            child = child or _Child(self._setup, self._argv)
            answer = child.ask(job, self._seconds)
        except _ChildError as error:
            if child is not None:
                child.end()
            return None, Outcome(job, problem=str(error))
        if "failed" not in answer:
            return child, Outcome(job, answer["sha256"], answer["fingerprint"])
        if answer["failed"] == "memory":
            child.end()
            return None, Outcome(job, problem=self._too_much_memory())
        return child, Outcome(job, problem=_problem(answer))

    def _too_much_memory(self) -> str:
        return (
            f"Die Datei braucht beim Lesen mehr als {self._setup.memory_bytes // _MIB} MB Speicher. "
            "Bitte leere Bereiche und unnötige Blätter löschen oder auf mehrere Dateien aufteilen."
        )


def _problem(answer: dict[str, Any]) -> str:
    if answer["failed"] == "io":
        return io_problem(answer["where"])
    return (
        f"Beim Lesen der Datei ist ein unerwarteter Fehler aufgetreten ({answer['where']}). "
        "Bitte die Datei in Excel neu speichern; bleibt der Fehler, die Betreuung informieren."
    )


def io_problem(kind: str) -> str:
    """German sentence for a file that the operating system does not give."""
    reasons = {
        "PermissionError": "Die Datei ist nicht lesbar, weil die Leserechte fehlen. Bitte die Rechte prüfen.",
        "FileNotFoundError": "Die Datei wurde während des Lesens gelöscht oder umbenannt. Bitte erneut ablegen.",
        "IsADirectoryError": "Das ist ein Ordner und keine Datei. Bitte die Tabelle selbst ablegen.",
    }
    return reasons.get(kind, f"Die Datei konnte nicht gelesen werden ({kind}). Bitte erneut ablegen.")
