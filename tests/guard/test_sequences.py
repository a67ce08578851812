"""Several nights with one warehouse (`deliveries.md` §4a): what is held, what stops, what people say."""

from __future__ import annotations

import json
import shlex
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.guard.nights import SEQUENCES, House, house

pytestmark = pytest.mark.slow
_TICK = 0.2
GROWING = frozenset({"still_being_copied"})
"""Sequences in which a file is being written while a night runs."""


@contextmanager
def growing(place: House, sequence: str, files: dict[str, str]) -> Iterator[None]:
    """Files that are being written as long as a night runs, as a slow copy does."""
    stop = threading.Event()
    threads = []
    for name, source in files.items():
        path, content = place.deliveries / name, (SEQUENCES / sequence / source).read_bytes()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content[: len(content) // 2])
        threads.append(threading.Thread(target=grow, args=(path, content[len(content) // 2 :], stop)))
        threads[-1].start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def grow(path: Path, rest: bytes, stop: threading.Event) -> None:
    at = 0
    while not stop.wait(_TICK):
        with path.open("ab") as file:
            file.write(rest[at : at + 3])
        at += 3


def take_step(place: House, sequence: str, step: dict[str, Any]) -> int:
    for name in step.get("remove", []):
        path = place.deliveries / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    if "add" in step:
        place.add(sequence, step["add"])
    with growing(place, sequence, step.get("growing", {})):
        return place.run() if step.get("run") else place.kim(*shlex.split(step["command"]))


def statuses(place: House, key: str) -> list[tuple[Any, ...]]:
    programme, file = key.split("/", 1)
    query = "SELECT status, coalesce(reason, '') FROM quality.delivery WHERE programme = ? AND file = ?"
    return place.ask(query, programme, file)


def check_step(place: House, expected: dict[str, Any], code: int, said: str, before: Path | None) -> None:
    assert (code == 0) == (expected["exit"] == "0"), said
    for text in expected.get("said", []):
        assert text.casefold() in said.casefold()
    if expected.get("same_build"):
        assert place.build() == before
    for key, wanted in expected.get("status", {}).items():
        ((status, reason),) = statuses(place, key)
        assert status == wanted["status"]
        assert "reason" not in wanted or reason == wanted["reason"]
        assert all(text in reason for text in wanted.get("reason_has", []))
    for key in expected.get("absent", []):
        assert statuses(place, key) == []
    for figure in expected.get("figures", []):
        assert place.figure(figure["indicator"], figure["period"]) == figure["value"]
    if "acceptances" in expected:
        assert len(place.ask("SELECT 1 FROM quality.acceptance")) == expected["acceptances"]


@pytest.mark.parametrize(
    "sequence",
    [
        pytest.param(name, marks=pytest.mark.processes if name in GROWING else ())
        for name in sorted(path.name for path in SEQUENCES.iterdir())
    ],
)
def test_sequence(sequence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = house(tmp_path)
    script = json.loads((SEQUENCES / sequence / "script.json").read_text(encoding="utf-8"))
    for step in script["steps"]:
        before = place.build() if place.warehouse.exists() else None
        code = take_step(place, sequence, step)
        captured = capsys.readouterr()
        check_step(place, step["expect"], code, " ".join((captured.out + captured.err).split()), before)
