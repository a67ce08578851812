"""A reader of `kim.duckdb`: `python tests/reader.py FILE`. It queries without pause, reopening now and then.

It prints the name of each build when it first sees it, and, once its input ends, what it saw, as JSON: each answer as
(build, day of the build, day of the figures), errors, and each wait: how long an open or a query neither ran nor waited
for a processor, with the moments between which it fell. That is what a lock or a disk costs, however busy the machine.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from pathlib import Path

import duckdb

QUERY = """
SELECT
    (SELECT value FROM build_info WHERE item = 'build' AND name = 'build'),
    (SELECT value FROM build_info WHERE item = 'build' AND name = 'as_of'),
    (SELECT string_agg(due_on, ' ' ORDER BY programme) FROM delivery_status)
"""
_QUERIES_PER_OPEN = 4
_LONG = 0.02


def main() -> None:
    """Read until the input ends."""
    os.nice(19)
    seen: dict[tuple[str, ...], int] = {}
    errors: list[str] = []
    waits: list[tuple[float, float, float]] = []
    while not select.select([sys.stdin], [], [], 0)[0]:
        try:
            answers = _read(sys.argv[1], waits)
        except duckdb.Error as error:
            errors.append(str(error))
            continue
        for answer in answers:
            if answer not in seen:
                sys.stdout.write(f"{answer[0]}\n")
                sys.stdout.flush()
            seen[answer] = seen.get(answer, 0) + 1
        if len({answer[0] for answer in answers}) != 1:
            errors.append(f"one connection saw {answers}")
    json.dump({"seen": list(seen), "answers": sum(seen.values()), "errors": errors, "waits": waits}, sys.stdout)


def _read(file: str, waits: list[tuple[float, float, float]]) -> list[tuple[str, ...]]:
    """The answers of one connection."""
    answers = []
    before = _clocks()
    with duckdb.connect(file, read_only=True, config={"threads": 1}) as connection:
        before = _note(before, waits)
        for _ in range(_QUERIES_PER_OPEN):
            (row,) = connection.execute(QUERY).fetchall()
            answers.append(row)
            before = _note(before, waits)
    return answers


def _clocks() -> tuple[float, float]:
    """The time, and for how long the threads have run or waited for a processor, in seconds.

    All threads, since the database reads in threads of its own, for which the first one waits.
    """
    stats = [path.read_text(encoding="ascii").split() for path in Path("/proc/self/task").glob("*/schedstat")]
    return time.monotonic(), sum(int(ran) + int(queued) for ran, queued, _ in stats) / 1e9


def _note(before: tuple[float, float], waits: list[tuple[float, float, float]]) -> tuple[float, float]:
    now = _clocks()
    waited = (now[0] - before[0]) - (now[1] - before[1])
    if waited > _LONG:
        waits.append((before[0], now[0], waited))
    return now


if __name__ == "__main__":
    main()
