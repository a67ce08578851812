"""Makes the installation that `tests/whole/test_takeover.py` takes over, as commit 288ba25 ran and left it.

Run once, with the program of that commit as its `deploy/README.md` installs it (`git archive 288ba25`, its
`requirements.lock`), at places that say nothing of a machine:

    python tests/takeover/make_fixture.py /opt/kim /srv/kim tests/takeover/installation_288ba25.tar.xz

It uses commands, settings and web interface only, and imports nothing of the project. Where the archive is unpacked,
every path of the settings file begins with `/srv/kim`, which the reader replaces by the folder. Deliveries are of the
synthetic sample, the key is of this archive alone.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

PORT = 3917
SHARED, SHARE = "bevoelkerung", "Ämter/Statistik"
"""The programme whose folder is a link, and the office's folder that it leads to."""
NIGHTS = (
    (
        "bevoelkerung/Bevoelkerung_2021.xlsx",
        "bevoelkerung/Bevoelkerung_2022_vorlaeufig.xls",
        "beschluesse/Beschlüsse bis 06-2023.xlsx",
        "massnahmen/Maßnahmenregister 2023-06.xlsx",
        "fit/FIT 2020-21.xlsx",
        "fit/FIT_2021_2022.xlsx",
        "patenprojekt/Patenprojekt_2023-06.xlsx",
    ),
    (
        "bevoelkerung/Bevoelkerung_2022.xls",
        "fit/FIT_Gruppen_2022.ods",
        "komm_an/KOMM-AN_2021.xls",
        "komm_an/KOMM-AN NRW 2022.xlsx",
    ),
    (
        "beschluesse/Beschlüsse bis 12-2023.ods",
        "massnahmen/Maßnahmenregister 2024-01.xlsx",
        "komm_an/KOMM-AN NRW 2022 Korrektur.xlsx",
        "komm_an/KOMM-AN_2023_Nachtrag.xlsx",
    ),
)
"""The deliveries that are new in each night; the last one is rejected."""
SETTINGS = """\
# As deploy/kim.env.example; what is kept for so long that no year of a test removes it.
KIM_DELIVERIES={home}/deliveries
KIM_WAREHOUSE={home}/warehouse
KIM_COUNTY={home}/county
KIM_GRACE_DAYS=21
KIM_READERS=2
KIM_KEEP_BUILDS=5
KIM_KEEP_INTERNAL_DAYS=36500
KIM_KEEP_FEEDBACK_DAYS=36500
KIM_RAISE_K={{"paten_started": 7}}
KIM_PUBLIC_URL=https://kim.example/
KIM_WEBHOOK_URL=http://127.0.0.1:9/
"""
OFFICE = ("Amt für Jugend und Bildung", "Stabsstelle Integration")
"""What the county's own folder says otherwise than the one of the program."""
RELEASE, KEY_DATE = "BIKS-2023-02", "2022-12-31"
SWITCHED_OFF = "missed_night"
RETURNED = ("fit", "massnahmen")
"""The programmes that have return copies."""
_WAITING_SECONDS, _LOOK_SECONDS = 600.0, 2.0
_MOMENTARY = ("-wal", "-shm", "-journal")


def main() -> None:
    """Do as the module says."""
    program, home, archive = (Path(argument).absolute() for argument in sys.argv[1:])
    os.umask(0o077)  # as deploy/kim.service
    prepare(program, home)
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **settings_of(home)}
    with control_room(program, home, environment):
        switch_off(SWITCHED_OFF)
        await_runs("SUCCESS", 1)
        (home / "warehouse" / "secret.key").chmod(0o644)
        deliver(program, home, NIGHTS[1])
        await_runs("FAILURE", 1)
        wait_for(lambda: any((home / "warehouse" / "alerts").glob("*.json")))
        (home / "warehouse" / "secret.key").chmod(0o600)
    kim(program, environment, "run")
    kim(program, environment, "release", RELEASE, "--as-of", KEY_DATE)
    deliver(program, home, NIGHTS[2])
    kim(program, environment, "run")
    kim(program, environment, "feedback", *(f"--programme={programme}" for programme in RETURNED))
    shrink(home / "warehouse" / "dagster")
    pack(home, archive)


def prepare(program: Path, home: Path) -> None:
    """County, settings and the deliveries of the first night; one programme's folder is a link to a share."""
    home.mkdir()
    shutil.copytree(program / "counties" / "warendorf", home / "county")
    words = home / "county" / "report.toml"
    words.write_text(words.read_text(encoding="utf-8").replace(*OFFICE), encoding="utf-8")
    (home / "kim.env").write_text(SETTINGS.format(home=home), encoding="utf-8")
    (home / "share" / SHARE).mkdir(parents=True)
    (home / "deliveries").mkdir()
    (home / "deliveries" / SHARED).symlink_to(Path("..") / "share" / SHARE)
    deliver(program, home, NIGHTS[0])


def deliver(program: Path, home: Path, files: Sequence[str]) -> None:
    """Put deliveries of the sample into the programmes' folders."""
    for file in files:
        target = home / "deliveries" / file
        target.parent.mkdir(exist_ok=True)
        shutil.copy2(program / "data_raw" / file, target)


def settings_of(home: Path) -> dict[str, str]:
    """The variables of the settings file."""
    lines = (home / "kim.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def kim(program: Path, environment: dict[str, str], *arguments: str) -> None:
    """Run a command, which must succeed."""
    command = [str(program / ".venv" / "bin" / "kim"), *arguments]
    subprocess.run(command, env=environment, cwd=program, check=True)


@contextmanager
def control_room(program: Path, home: Path, environment: dict[str, str]) -> Iterator[None]:
    """The control room at work, from the first answer until it is interrupted."""
    command = [str(program / ".venv" / "bin" / "kim"), "serve", "--port", str(PORT)]
    process = subprocess.Popen(command, env=environment, cwd=program)
    try:
        wait_for(lambda: process.poll() is not None or answers())
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def answers() -> bool:
    """Whether the web interface knows the sensors."""
    try:
        return sensor(SWITCHED_OFF) is not None
    except OSError:
        return False


def sensor(name: str) -> Any:
    """The identity of a sensor; None where it is not known yet."""
    selector = f'{{repositoryName: "__repository__", repositoryLocationName: "kim", sensorName: "{name}"}}'
    found = ask(f"{{ sensorOrError(sensorSelector: {selector}) {{ ... on Sensor {{ id }} }} }}")
    return found["sensorOrError"].get("id")


def switch_off(name: str) -> None:
    """Switch a sensor off, as somebody does on the page „Automation“."""
    done = ask(f'mutation {{ stopSensor(id: "{sensor(name)}") {{ __typename }} }}')
    assert done["stopSensor"]["__typename"] == "StopSensorMutationResult", done


def await_runs(status: str, number: int) -> None:
    """Wait until so many runs have ended with a status."""
    query = f"{{ runsOrError(filter: {{statuses: [{status}]}}) {{ ... on Runs {{ results {{ id }} }} }} }}"
    wait_for(lambda: len(ask(query)["runsOrError"]["results"]) >= number)


def ask(query: str) -> Any:
    """The answer of the web interface."""
    body = json.dumps({"query": query}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}/graphql", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)["data"]


def wait_for(is_done: Callable[[], bool]) -> None:
    """Look again and again, for some minutes."""
    until = time.monotonic() + _WAITING_SECONDS
    while not is_done():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(_LOOK_SECONDS)


def shrink(room: Path) -> None:
    """Give the pages back that the control room's databases do not use."""
    for path in [path for path in room.rglob("*.db") if path.is_file()]:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def pack(home: Path, archive: Path) -> None:
    """Write the archive: modes, times and links as they are, owners as nobody's."""

    def kept(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "kim"
        return None if entry.name.endswith(_MOMENTARY) else entry

    archive.unlink(missing_ok=True)
    with tarfile.open(archive, "w:xz", preset=9) as tar:
        tar.add(home, ".", filter=kept)
    archive.chmod(0o644)


if __name__ == "__main__":
    main()
