"""`kim serve`: the control room starts with one command and stops without leaving anything behind."""

from __future__ import annotations

import fcntl
import json
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from kim_pipeline.cli import invoke
from kim_pipeline.commands import control_room
from kim_pipeline.commands.control_room import ControlRoomError, prepare_home
from kim_pipeline.settings import Settings
from tests.control_room import Served, free_port, serving

LOCATIONS = "{ workspaceOrError { ... on Workspace { locationEntries { name loadStatus } } } }"
DAEMONS = "{ instance { daemonHealth { allDaemonStatuses { daemonType } } } }"


@pytest.fixture
def served(settings: Settings, tmp_path: Path) -> Iterator[Served]:
    """A control room that was started with SIGINT ignored, as a shell starts its background jobs."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with serving(settings, tmp_path, KIM_UNATTENDED="false") as room:
            signal.signal(signal.SIGINT, before)
            yield room
    finally:
        signal.signal(signal.SIGINT, before)


def asked(url: str, query: str) -> Any:
    """The web server's answer."""
    body = json.dumps({"query": query}).encode()
    request = urllib.request.Request(f"{url}/graphql", body, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)["data"]


def test_one_command_starts_everything_and_a_signal_ends_it(served: Served, settings: Settings) -> None:
    family = served.family()
    (location,) = asked(served.url, LOCATIONS)["workspaceOrError"]["locationEntries"]
    assert location == {"name": "kim", "loadStatus": "LOADED"}
    daemons = asked(served.url, DAEMONS)["instance"]["daemonHealth"]["allDaemonStatuses"]
    assert {"SCHEDULER", "SENSOR", "QUEUED_RUN_COORDINATOR", "MONITORING"} <= {d["daemonType"] for d in daemons}
    listening = {c.laddr.ip for p in family for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}
    assert stat.S_IMODE(settings.control_room.stat().st_mode) == 0o700
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(60) == 0
    assert [p for p in family if p.is_running()] == []
    assert served.output.read_text(encoding="utf-8") == f"Leitstand: {served.url} (Ende mit Strg+C)\n"


def test_a_process_that_ends_by_itself_ends_the_control_room(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_room, "_code_server", lambda _: ["python", "-c", "raise SystemExit(3)"])
    with pytest.raises(ControlRoomError, match=r"Code-Server hat sich beendet \(Code 3\)"):
        control_room.keep_open(settings, "127.0.0.1", free_port(), lambda _: None)


KILLED = """
import os, time
from kim_pipeline.commands.control_room import _start
print(_start(["python", "-c", "import time; time.sleep(600)"], os.environ).pid, flush=True)
time.sleep(600)
"""


def test_what_a_killed_control_room_has_started_ends_with_it() -> None:
    with psutil.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True) as room:
        started = psutil.Process(int(room.stdout.readline()))
        room.kill()
    _, alive = psutil.wait_procs([started], 30)
    assert alive == []


def test_a_taken_port_is_told(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        folders = ["--deliveries", str(settings.deliveries), "--warehouse", str(settings.warehouse)]
        assert invoke(["serve", "--port", str(port), *folders]) == 1
    assert f"Auf 127.0.0.1:{port} lässt sich nicht horchen" in capsys.readouterr().err


def test_a_second_control_room_is_told(settings: Settings) -> None:
    holder = (prepare_home(settings) / ".serve.lock").open("w")
    fcntl.flock(holder, fcntl.LOCK_EX)
    with holder, pytest.raises(ControlRoomError, match="läuft schon ein Leitstand"):
        control_room.keep_open(settings, "127.0.0.1", free_port(), lambda _: None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "70000"], "70000 ist kein Port."),
        (["--deliveries", "nirgends"], "Der Ordner der Lieferungen fehlt"),
    ],
)
def test_wrong_arguments_are_told(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["serve", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_the_home_takes_the_project_s_dagster_yaml(settings: Settings) -> None:
    home = prepare_home(settings)
    (home / "dagster.yaml").write_text("telemetry: {enabled: true}\n")
    home.chmod(0o755)
    prepare_home(settings)
    assert "enabled: false" in (home / "dagster.yaml").read_text()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
