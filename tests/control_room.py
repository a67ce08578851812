"""The control room as an operator starts it: `kim serve` in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from kim_pipeline.settings import Settings

_READY = re.compile(r"Leitstand: (http://\S+)")
_PATIENCE = 120.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Served:
    """A running control room: its address, its processes, and where it writes what it says."""

    url: str
    process: psutil.Popen
    output: Path

    def family(self) -> list[psutil.Process]:
        """All its processes but the first."""
        return list(self.process.children(recursive=True))


@contextmanager
def serving(settings: Settings, folder: Path, **environment: str) -> Iterator[Served]:
    """A control room that is started before the block and stopped after it, unless the block stopped it.

    Args:
        settings: folders of deliveries and results.
        folder: for what it says.
        **environment: variables beside those of this process.
    """
    output = folder / "serve.log"
    argv = [str(Path(sys.executable).with_name("kim")), "serve", "--port", str(free_port())]
    argv += ["--deliveries", str(settings.deliveries), "--warehouse", str(settings.warehouse)]
    with output.open("w", encoding="utf-8") as log:
        process = psutil.Popen(argv, stdout=log, stderr=subprocess.STDOUT, env=os.environ | environment)
    try:
        yield Served(_address(process, output), process, output)
    finally:
        if process.is_running():
            family = process.children(recursive=True)
            process.send_signal(signal.SIGINT)
            _, alive = psutil.wait_procs([process, *family], _PATIENCE)
            for left in alive:
                left.kill()


def _address(process: psutil.Popen, output: Path) -> str:
    """Where it can be opened, as soon as it says so."""
    with output.open(encoding="utf-8") as said:
        heard = ""
        for _ in range(int(_PATIENCE * 10)):
            heard += said.read()
            if found := _READY.search(heard):
                return found[1]
            try:
                code = process.wait(0.1)
            except psutil.TimeoutExpired:
                continue
            raise AssertionError(f"kim serve ended with {code}: {heard}")
    raise AssertionError(f"kim serve did not start: {heard}")
