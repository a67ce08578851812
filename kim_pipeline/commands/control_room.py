"""The control room: Dagster's web server, its daemon and one server that runs our code, started and stopped together.

Belongs here: its home folder and its processes. Does not belong here: what it shows and starts (`orchestration`). This
process only watches the others, so it loads neither Dagster nor DuckDB.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from kim_pipeline import german
from kim_pipeline.errors import KimError
from kim_pipeline.files import Store, die_with_parent, locked, private_folder
from kim_pipeline.settings import PROJECT, Settings

LOCATION = "kim"
_LOCK = ".serve.lock"
_STARTING_SECONDS = 120.0
_STOPPING_SECONDS = 20.0
_LOOK_SECONDS = 0.5
_WORKSPACE = """load_from:
  - grpc_server:
      socket: {socket}
      location_name: {location}
"""


class ControlRoomError(KimError):
    """It cannot start, or one of its processes ended by itself; the message is German."""


def prepare_home(settings: Settings) -> Path:
    """Make Dagster's home (mode 0700) with the project's `dagster.yaml`; the folder."""
    home = private_folder(settings.control_room)
    Store(settings.warehouse).write(home / "dagster.yaml", (PROJECT / "dagster.yaml").read_bytes())
    return home


def require_closed(settings: Settings) -> None:
    """See that nobody shows this warehouse.

    Raises:
        ControlRoomError: somebody does.
    """
    if settings.control_room.is_dir():
        with _locked(settings.control_room):
            pass


def keep_open(
    settings: Settings, host: str, port: int, on_ready: Callable[[str], None], variables: Mapping[str, str] = os.environ
) -> None:
    """Run the control room until SIGINT or SIGTERM.

    Args:
        settings: folders; given to the processes as environment variables.
        host: address to listen on.
        port: port to listen on.
        on_ready: told of the address when it can be opened.
        variables: the environment of the processes, but for these folders.

    Raises:
        ControlRoomError: see there.
    """
    home = prepare_home(settings)
    _check_port(host, port)
    stop = threading.Event()
    with _locked(home), _on_signal(stop), tempfile.TemporaryDirectory(prefix="kim-") as folder:
        processes: dict[str, subprocess.Popen[bytes]] = {}
        try:
            code = Path(folder) / "code.sock"
            workspace = Path(folder) / "workspace.yaml"
            workspace.write_text(_WORKSPACE.format(socket=code, location=LOCATION), encoding="utf-8")
            environment = _environment(settings, home, variables)
            processes["Code-Server"] = _start(_code_server(code), environment)
            _wait(processes, stop, lambda: _answers(str(code)))
            processes["Webserver"] = _start(_web_server(workspace, host, port), environment)
            processes["Daemon"] = _start(_daemon(workspace), environment)
            _wait(processes, stop, lambda: _answers((host, port)))
            if not stop.is_set():
                on_ready(f"http://{host}:{port}")
            _watch(processes, stop)
        finally:
            _stop(processes)


def _environment(settings: Settings, home: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Folders as settings say, schedule and sensors on unless the environment says otherwise."""
    return {
        "KIM_UNATTENDED": "true",
        **variables,
        "DAGSTER_HOME": str(home),
        "KIM_DELIVERIES": str(settings.deliveries),
        "KIM_WAREHOUSE": str(settings.warehouse),
    }


def _code_server(code: Path) -> list[str]:
    return [
        "dagster", "api", "grpc", "--module-name", "kim_pipeline.definitions", "--socket", str(code),
        "--location-name", LOCATION, "--log-level", "warning",
    ]  # fmt: skip


def _web_server(workspace: Path, host: str, port: int) -> list[str]:
    return [
        "dagster-webserver", "--host", host, "--port", str(port), "--workspace", str(workspace),
        "--dagster-log-level", "warning",
    ]  # fmt: skip


def _daemon(workspace: Path) -> list[str]:
    return ["dagster-daemon", "run", "--workspace", str(workspace), "--log-level", "warning"]


def _start(argv: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a program of this environment, as the head of a process group of its own that ends with this process."""
    program = Path(sys.executable).with_name(argv[0])
    return subprocess.Popen(  # noqa: S603
        [str(program), *argv[1:]],
        env=environment,
        cwd=PROJECT,
        start_new_session=True,
        preexec_fn=_end_with_parent,  # noqa: PLW1509  (this process has one thread)
    )


def _end_with_parent() -> None:
    """Let a process of the control room be told to end when that is killed: nothing goes on that nobody watches."""
    die_with_parent(signal.SIGTERM)


def _wait(processes: Mapping[str, subprocess.Popen[bytes]], stop: threading.Event, ready: Callable[[], bool]) -> None:
    until = time.monotonic() + _STARTING_SECONDS
    while not stop.is_set() and not ready():
        _check_alive(processes)
        if time.monotonic() > until:
            raise ControlRoomError(f"Der Leitstand ist nach {_STARTING_SECONDS:.0f} Sekunden noch nicht bereit.")
        stop.wait(_LOOK_SECONDS)


def _watch(processes: Mapping[str, subprocess.Popen[bytes]], stop: threading.Event) -> None:
    while not stop.wait(_LOOK_SECONDS):
        _check_alive(processes)


def _check_alive(processes: Mapping[str, subprocess.Popen[bytes]]) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            raise ControlRoomError(f"{name} hat sich beendet (Code {process.returncode}); der Leitstand hält an.")


def _stop(processes: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """End all processes with their children, the code server last: a run that it holds is told to end, then waited for.

    Whatever has not ended in time is killed.
    """
    until = time.monotonic() + _STOPPING_SECONDS
    for process in reversed(list(processes.values())):
        _signal_group(process, signal.SIGINT)
    for process in reversed(list(processes.values())):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, until - time.monotonic()))
    while time.monotonic() < until and any(_group_lives(process) for process in processes.values()):
        time.sleep(_LOOK_SECONDS / 5)
    for process in processes.values():
        _signal_group(process, signal.SIGKILL)
        process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _group_lives(process: subprocess.Popen[bytes]) -> bool:
    with contextlib.suppress(ChildProcessError):  # the first process of a container inherits what others leave behind
        while os.waitpid(-process.pid, os.WNOHANG) != (0, 0):
            pass
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def _answers(address: str | tuple[str, int]) -> bool:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        try:
            client.connect(address)
        except OSError:
            return False
    return True


def _check_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ControlRoomError(
                f"Auf {host}:{port} lässt sich nicht horchen ({german.system_error(error)}). "
                "Bitte mit --port einen anderen angeben."
            ) from None


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    with ExitStack() as held:
        try:
            held.enter_context(locked(home / _LOCK))
        except BlockingIOError:
            raise ControlRoomError(f"Für {home.parent} läuft schon ein Leitstand.") from None
        yield


@contextmanager
def _on_signal(stop: threading.Event) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the control room.

    With a handler of ours the processes start with the signals' defaults even where this one was started with them
    ignored, as a shell does in the background; Dagster would ignore both for good.
    """

    def heard(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
