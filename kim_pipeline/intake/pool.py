"""Reading deliveries in child processes with a time and a memory limit, several files per child.

Belongs here: starting, feeding, timing and killing the children. A file that crashes, hangs or eats memory costs its
own delivery and one child; the other files go on. What is no file's fault (children that do not start, a cache that
cannot be written) ends the run instead: deliveries must not seem rejected because a machine is broken.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

from kim_pipeline import german
from kim_pipeline.errors import KimError

WORKER = (sys.executable, "-m", "kim_pipeline.intake.worker")
_START_SECONDS = 120.0
_STARTS = 2
_LONGEST_ANSWER = 65_536
_ANSWERS = ({"ready"}, {"failed"}, {"sha256", "fingerprint"})
_MIB = 2**20


class ReaderError(KimError):
    """Reading is impossible for a reason that lies in no file; the German message says what to do."""


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


class _ChildError(KimError):
    """The child did not answer; the message is German and for the office."""


class _TimeLimitError(_ChildError):
    """The child did not answer in time."""


class _MemoryLimitError(_ChildError):
    """The child needed more memory than it may have."""


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
        self._setup = setup
        self._connection, theirs = Pipe()
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
                    list(argv),
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=environment,
                )
        except OSError:
            self._connection.close()
            raise
        self._is_late = False
        self.is_fresh = True

    def start(self, seconds: float) -> None:
        """Hand over the setup and wait until the child is ready.

        Raises:
            _ChildError: it is not ready in time, or died.
        """
        self._send(asdict(self._setup))
        self._receive(seconds)

    def ask(self, job: Job, seconds: float, *, calamine: bool) -> dict[str, Any]:
        """Send a job and wait for the answer; `calamine` as in `read_sheets`.

        Raises:
            _ChildError: no answer in time, or the child died.
        """
        self._send({"programme": job.programme, "file": job.file, "path": str(job.path), "calamine": calamine})
        answer = self._receive(seconds)
        self.is_fresh = False
        return answer

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._connection.send_bytes(json.dumps(message).encode())
        except OSError:
            raise _ChildError(_aborted()) from None

    def _receive(self, seconds: float) -> dict[str, Any]:
        """The next answer; whatever the child does or does not do, it has so many seconds for a whole one."""
        timer = threading.Timer(seconds, self._expire)
        timer.start()
        try:
            return _parse_answer(self._connection.recv_bytes(_LONGEST_ANSWER))
        except (EOFError, OSError):
            if not self._is_late:
                raise _ChildError(_aborted()) from None
            within = german.counted(round(seconds), "Sekunde", "Sekunden")
            raise _TimeLimitError(
                f"Die Datei ließ sich nicht innerhalb von {within} lesen. "
                "Bitte in Excel öffnen, unnötige Blätter und Formatierungen entfernen und neu speichern."
            ) from None
        finally:
            timer.cancel()
            timer.join()

    def _expire(self) -> None:
        self._is_late = True
        self._process.kill()

    def kill(self) -> None:
        """Kill the process; who waits for its answer sees its end."""
        self._process.kill()

    def end(self) -> None:
        """Kill the child and take its remains."""
        self._process.kill()
        self._process.wait()
        self._connection.close()


def _parse_answer(message: bytes) -> dict[str, Any]:
    """The answer, if it is one: what a child says that is not itself any more counts as its end."""
    try:
        answer = json.loads(message)
    except ValueError:
        answer = None
    if isinstance(answer, dict) and any(kind <= answer.keys() for kind in _ANSWERS):
        return answer
    raise _ChildError(_aborted())


def _aborted() -> str:
    return (
        "Beim Lesen der Datei ist das Leseprogramm abgebrochen; vermutlich ist sie beschädigt oder braucht "
        "zu viel Speicher. Bitte in Excel öffnen, prüfen und neu speichern."
    )


class _Crew:
    """The children of one reading; after `close` none is alive and none can start."""

    def __init__(self, setup: Setup, argv: Sequence[str], start_seconds: float) -> None:
        self._setup, self._argv, self._start_seconds = setup, argv, start_seconds
        self._lock = threading.Lock()
        self._children: set[_Child] = set()
        self._is_closed = False

    def hire(self) -> _Child:
        """A child that is ready.

        Raises:
            ReaderError: children do not start.
        """
        for _ in range(_STARTS):
            child = self._spawn()
            try:
                child.start(self._start_seconds)
            except _ChildError:
                self.dismiss(child)
                continue
            return child
        raise ReaderError(
            "Das Leseprogramm startet nicht. Es wurde nichts gelesen und nichts veröffentlicht. "
            "Bitte prüfen, ob der Rechner überlastet ist und ob die Installation vollständig ist."
        )

    def _spawn(self) -> _Child:
        with self._lock:
            if self._is_closed:
                raise ReaderError("Das Lesen wurde abgebrochen.")
            try:
                child = _Child(self._setup, self._argv)
            except OSError as error:
                why = german.system_error(error)
                raise ReaderError(
                    f"Das Leseprogramm lässt sich nicht starten ({why}). Bitte die Betreuung informieren."
                ) from None
            self._children.add(child)
            return child

    def dismiss(self, child: _Child) -> None:
        """End one child."""
        child.end()
        with self._lock:
            self._children.discard(child)

    def close(self) -> None:
        """Kill all children at once, so that whoever waits for an answer stops waiting."""
        with self._lock:
            self._is_closed = True
            for child in self._children:
                child.kill()

    def bury(self) -> None:
        """Take the remains of the children that nobody has dismissed; nobody else may use the crew any more."""
        for child in list(self._children):
            self.dismiss(child)


class ReaderPool:
    """Some children that read deliveries into the cache."""

    def __init__(
        self,
        setup: Setup,
        size: int,
        seconds: float,
        argv: Sequence[str] = WORKER,
        start_seconds: float = _START_SECONDS,
    ) -> None:
        """Set up; children start when there is something to read.

        Args:
            setup: for the children.
            size: number of children at once.
            seconds: time limit per file.
            argv: command of a child.
            start_seconds: time limit for a child to be ready.
        """
        self._setup, self._size, self._seconds, self._argv = setup, size, seconds, argv
        self._start_seconds = start_seconds

    def read(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Read all jobs, the largest first; outcomes come as they are ready.

        However the reading ends (an exception, an interrupt, a caller who wants no more), no child outlives it.

        Raises:
            ReaderError: reading is impossible for a reason that lies in no file.
        """
        waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
        for job in sorted(jobs, key=lambda job: (-job.size, job.programme, job.file)):
            waiting.put(job)
        done: queue.SimpleQueue[Outcome | BaseException] = queue.SimpleQueue()
        crew = _Crew(self._setup, self._argv, self._start_seconds)
        threads = [
            threading.Thread(target=self._run, args=(crew, waiting, done), daemon=True)
            for _ in range(min(self._size, len(jobs)))
        ]
        try:
            for thread in threads:
                thread.start()
            for _ in jobs:
                outcome = done.get()
                if isinstance(outcome, BaseException):
                    raise outcome
                yield outcome
        finally:
            crew.close()
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
            crew.bury()

    def _run(
        self, crew: _Crew, waiting: queue.SimpleQueue[Job], done: queue.SimpleQueue[Outcome | BaseException]
    ) -> None:
        child: _Child | None = None
        try:
            while True:
                try:
                    job = waiting.get_nowait()
                except queue.Empty:
                    break
                child, outcome = self._read_one(crew, child, job)
                done.put(outcome)
            if child is not None:
                crew.dismiss(child)
        except BaseException as error:  # noqa: BLE001  (handed to the caller, who raises it)
            done.put(error)

    def _read_one(self, crew: _Crew, child: _Child | None, job: Job) -> tuple[_Child | None, Outcome]:
        """Read one file.

        A child that served others before and fails now is replaced once, since it may be worn out. A file on which a
        fresh one fails is read once more without calamine: native code ends with its process, and the other reader of
        the format serves.
        """
        problem: str | None = None
        if child is not None:
            try:
                return self._try(crew, child, job)
            except _TimeLimitError as error:
                problem = str(error)
            except _ChildError:
                pass  # worn out, perhaps
        if problem is None:
            try:
                return self._try(crew, crew.hire(), job)
            except _ChildError as error:
                problem = str(error)
        try:
            return self._try(crew, crew.hire(), job, calamine=False)
        except _ChildError:
            return None, Outcome(job, problem=problem)

    def _try(self, crew: _Crew, child: _Child, job: Job, *, calamine: bool = True) -> tuple[_Child | None, Outcome]:
        """The outcome, and the child, which can go on.

        Raises:
            _ChildError: it cannot, and has been dismissed.
        """
        try:
            answer = child.ask(job, self._seconds, calamine=calamine)
            if answer.get("failed") == "memory":
                raise _MemoryLimitError(self._too_much_memory())
        except _ChildError:
            crew.dismiss(child)
            raise
        if "sha256" in answer:
            return child, Outcome(job, answer["sha256"], answer["fingerprint"])
        return child, Outcome(job, problem=self._problem(answer))

    def _too_much_memory(self) -> str:
        return (
            f"Die Datei braucht beim Lesen mehr als {self._setup.memory_bytes // _MIB} MB Speicher. "
            "Bitte leere Bereiche und unnötige Blätter löschen oder auf mehrere Dateien aufteilen."
        )

    def _problem(self, answer: dict[str, Any]) -> str:
        where = str(answer.get("where"))
        match answer.get("failed"):
            case "io":
                return io_problem(where)
            case "size":
                return too_large(self._setup.max_file_bytes)
            case "store":
                raise ReaderError(
                    f"Das Leseergebnis lässt sich nicht ablegen („{where}“). Bitte prüfen, ob im Ordner "
                    f"{self._setup.cache} Platz ist und die Rechte stimmen."
                )
        return (
            f"Beim Lesen der Datei ist ein unerwarteter Fehler aufgetreten („{where}“). "
            "Bitte die Datei in Excel neu speichern; bleibt der Fehler, die Betreuung informieren."
        )


def too_large(limit: int) -> str:
    """German sentence for a file that is larger than the limit in bytes."""
    return f"Die Datei ist größer als {limit // _MIB} MB. Bitte auf mehrere Dateien aufteilen."


def io_problem(kind: str) -> str:
    """German sentence for a file that the operating system does not give."""
    reasons = {
        "PermissionError": "Die Datei ist nicht lesbar, weil die Leserechte fehlen. Bitte die Rechte prüfen.",
        "FileNotFoundError": "Die Datei wurde während des Lesens gelöscht oder umbenannt. Bitte erneut ablegen.",
        "IsADirectoryError": "Das ist ein Ordner und keine Datei. Bitte die Tabelle selbst ablegen.",
        "SpecialFileError": "Das ist keine gewöhnliche Datei; sie bleibt zu. Bitte die Tabelle selbst ablegen.",
        "LinkError": "Das ist eine Verknüpfung und keine Datei; sie bleibt zu. Bitte die Tabelle selbst ablegen.",
    }
    return reasons.get(kind, f"Die Datei konnte nicht gelesen werden („{kind}“). Bitte erneut ablegen.")
