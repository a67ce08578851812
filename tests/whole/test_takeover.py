"""An installed warehouse is taken over: nothing is lost, history, freshness and pseudonyms stay, caches are made anew.

The installation is one of commit 288ba25, with settings, county folder, key, control room, three builds, a release, an
unsent alert and return copies; `tests/takeover/make_fixture.py` made it and says how. What is run here is the code at
hand, by its commands, with that installation's settings.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import http.server
import importlib.util
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import dagster as dg
import duckdb
import pytest

from kim_pipeline.commands.control_room import LOCATION
from kim_pipeline.contracts import programmes
from kim_pipeline.orchestration.dagster_internals import last_evaluations
from kim_pipeline.orchestration.definitions import build_defs
from kim_pipeline.settings import PROJECT, Settings

ARCHIVE = Path(__file__).parents[1] / "takeover" / "installation_288ba25.tar.xz"
WAS_AT = "/srv/kim"
FIRST_RELEASE, SECOND_RELEASE = "BIKS-2023-02", "BIKS-2024-02"
SHARED = "bevoelkerung"
"""The programme whose folder is a link to an office's share."""
NEW = "patenprojekt/Patenprojekt_2024-01.xls"
GONE = frozenset({"published/programme_rows"})
"""Assets that are no more, on purpose: exact numbers of rows are not published any longer."""
FIGURES = """
SELECT indicator_id, area, period, breakdown_kind, breakdown, round(numerator, 6), round(denominator, 6),
    round(value, 6), n
FROM indicators.indicator_value ORDER BY ALL"""
"""Until 0.2 euros were added as binary fractions."""
HIDDEN = "SELECT indicator_id, area, period, breakdown FROM indicator_value WHERE status = 'suppressed'"
DELIVERIES = "SELECT programme, file, sha256, status FROM quality.delivery ORDER BY ALL"
PSEUDONYMS = "SELECT DISTINCT mentorship_no FROM staging.patenprojekt_mentorships ORDER BY ALL"
NOT_REPORTED = "SELECT indicator_id, area, period, breakdown_kind, breakdown FROM indicators.not_reported"
OF_THE_BUILD = "SELECT value FROM build_info WHERE item = 'build' AND name = ?"


@dataclass(frozen=True)
class Installation:
    """Deliveries, warehouse, county and settings in one folder."""

    folder: Path

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse"

    @property
    def variables(self) -> dict[str, str]:
        """The settings file, for the folder that the installation lies in now."""
        lines = (self.folder / "kim.env").read_text(encoding="utf-8").splitlines()
        pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
        return {name: value.replace(WAS_AT, str(self.folder)) for name, value in pairs}

    def kim(self, *arguments: str) -> str:
        """What a command says, which must succeed."""
        return self.run(*arguments).stdout

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command, which must succeed, and all that it says."""
        others = {name: value for name, value in os.environ.items() if not name.startswith(("KIM_", "DAGSTER_"))}
        done = subprocess.run(
            [sys.executable, "-c", "from kim_pipeline.cli import main; main()", *arguments],
            env={**others, **self.variables},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done

    def night(self) -> None:
        """A night on the day of the last one before the new version."""
        self.kim("run", "--as-of", self.as_of)

    def builds(self, *arguments: str) -> Any:
        """What `kim builds` tells."""
        return json.loads(self.kim("builds", *arguments, "--json"))

    @property
    def as_of(self) -> str:
        ((day,),) = query(self.warehouse / "kim.duckdb", OF_THE_BUILD, "as_of")
        return str(day)

    @property
    def published(self) -> str:
        """The build that readers open."""
        ((name,),) = query(self.warehouse / "kim.duckdb", OF_THE_BUILD, "build")
        return str(name)

    @property
    def internal(self) -> Path:
        return self.warehouse / "internal.duckdb"

    def only(self, name: str) -> Path:
        """The one file of this name in the warehouse, wherever in it."""
        (found,) = self.warehouse.rglob(name)
        return found

    @contextmanager
    def room(self, **more: str) -> Iterator[ControlRoom]:
        """The control room's memory, and its definitions, as its services open them with these settings."""
        with (
            mock.patch.dict(os.environ, {**self.variables, **more}),
            dg.DagsterInstance.from_config(str(self.warehouse / "dagster")) as instance,
        ):
            yield ControlRoom(instance, build_defs(Settings()).get_repository_def())


@dataclass(frozen=True)
class ControlRoom:
    """What it remembers, and what it shows and does."""

    instance: dg.DagsterInstance
    definitions: dg.RepositoryDefinition

    def tick(self, sensor: str) -> str:
        """Let a sensor look; what it says."""
        context = dg.build_sensor_context(instance=self.instance, sensor_name=sensor)
        return str(self.definitions.get_sensor_def(sensor).evaluate_tick(context).skip_message)

    def made(self) -> dict[str, tuple[str, float]]:
        """Asset → run and time of its last materialisation."""
        events = {key: self.instance.get_latest_materialization_event(key) for key in self.instance.all_asset_keys()}
        return {key.to_user_string(): (event.run_id, event.timestamp) for key, event in events.items() if event}

    def runs(self) -> dict[str, str]:
        """Run → how it ended."""
        return {
            record.dagster_run.run_id: record.dagster_run.status.value for record in self.instance.get_run_records()
        }

    def freshness(self) -> dict[str, tuple[str, dt.datetime]]:
        """Asset → its state, and since when."""
        records = self.instance.get_freshness_state_records(list(self.instance.all_asset_keys()))
        return {
            key.to_user_string(): (record.freshness_state.value, record.updated_at) for key, record in records.items()
        }

    def late(self) -> set[str]:
        """Programmes whose delivery is overdue, as their check was answered last."""
        keys = {name: dg.AssetCheckKey(dg.AssetKey(["deliveries", name]), "delivered_on_time") for name in programmes()}
        answers = last_evaluations(self.instance, list(keys.values()))
        severities = {name: answers[key].severity for name, key in keys.items() if not answers[key].passed}
        return {name for name, severity in severities.items() if severity == dg.AssetCheckSeverity.ERROR}


@dataclass(frozen=True)
class Before:
    """What the old version had, read before the new one touched it."""

    builds: list[str]
    released: str
    runs: dict[str, str]
    made: dict[str, tuple[str, float]]
    freshness: dict[str, tuple[str, dt.datetime]]
    late: set[str]
    figures: list[Any]
    hidden: set[Any]
    deliveries: list[Any]
    pseudonyms: list[Any]
    release_files: dict[str, tuple[str, int]]
    key: bytes


@dataclass
class Mailbox:
    """A webhook that keeps what it receives."""

    url: str
    alerts: list[dict[str, Any]] = field(default_factory=list)


def query(file: Path, sql: str, *values: object) -> list[Any]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql, list(values)).fetchall()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def files_of(folder: Path) -> dict[str, tuple[str, int]]:
    """File → hash of its bytes, and mode."""
    return {
        path.relative_to(folder).as_posix(): (hashlib.sha256(path.read_bytes()).hexdigest(), mode(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def shown(key: dg.AssetKey) -> str:
    return key.to_user_string()


@contextmanager
def copy_of(installation: Installation) -> Iterator[Installation]:
    with TemporaryDirectory(prefix="kim-takeover-") as folder:
        shutil.copytree(installation.folder, folder, symlinks=True, dirs_exist_ok=True)
        yield Installation(Path(folder))


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """A webhook at work."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.alerts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        received = Mailbox(f"http://127.0.0.1:{server.server_port}/")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield received
        server.shutdown()


@pytest.fixture(scope="module")
def old() -> Iterator[Installation]:
    """The installation as the old version left it; nobody changes it."""
    with TemporaryDirectory(prefix="kim-takeover-") as folder, tarfile.open(ARCHIVE) as tar:
        tar.extraction_filter = getattr(tarfile, "tar_filter", None)  # from Python 3.11.4 on
        tar.extractall(folder)  # noqa: S202  (our own archive)
        yield Installation(Path(folder))


@pytest.fixture(scope="module")
def before(old: Installation) -> Before:
    with copy_of(old) as copy, copy.room() as room:
        runs, made, freshness, late = room.runs(), room.made(), room.freshness(), room.late()
    builds = sorted(path.stem.removeprefix("kim_") for path in (old.warehouse / "builds").glob("kim_*.duckdb"))
    release = old.warehouse / "releases" / FIRST_RELEASE
    return Before(
        builds,
        json.loads((release / "release.json").read_bytes())["build"],
        runs,
        made,
        freshness,
        late,
        query(old.internal, FIGURES),
        set(query(old.warehouse / "kim.duckdb", HIDDEN)),
        query(old.internal, DELIVERIES),
        query(old.internal, PSEUDONYMS),
        files_of(release),
        (old.warehouse / "secret.key").read_bytes(),
    )


@pytest.fixture(scope="module")
def taken_over(old: Installation) -> Iterator[Installation]:
    """The installation after one night of the new version; the last one of the old was killed.

    That night's umask takes nothing, so that whatever is not open to all was closed by the night itself.
    """
    with copy_of(old) as copy:
        leave_a_killed_night(copy.warehouse)
        with umask(0):
            copy.night()
        yield copy


@contextmanager
def umask(bits: int) -> Iterator[None]:
    """Another umask for what is run meanwhile."""
    earlier = os.umask(bits)
    try:
        yield
    finally:
        os.umask(earlier)


def leave_a_killed_night(warehouse: Path) -> None:
    """What a run and a release of the old version leave that are killed while they write."""
    stem = "20261125T230000Z_0123456789ab"
    for name in (f"scratch/internal_{stem}.duckdb", f"builds/internal_{stem}.duckdb", ".new-killed/internal.duckdb"):
        path = warehouse / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.write_bytes(b"begun, and never finished")
        path.chmod(0o600)


@pytest.fixture
def copy(taken_over: Installation) -> Iterator[Installation]:
    """A copy that a test may change."""
    with copy_of(taken_over) as made:
        yield made


# Before the first night


def test_the_old_one_is_what_the_tests_are_about(before: Before) -> None:
    """Three builds, one of them released; three good runs, one of the control room itself, and a failed one."""
    assert len(before.builds) == 3
    assert before.released == before.builds[1]
    assert sorted(before.runs.values()) == ["FAILURE", "SUCCESS", "SUCCESS", "SUCCESS"]
    assert {"counted", "superseded", "rejected"} <= {status for *_, status in before.deliveries}
    assert len(before.figures) > 500
    assert before.hidden
    assert "fit" in before.late
    assert before.freshness["published/build_info"][0] == "PASS"


def test_the_new_control_room_shows_every_old_asset(old: Installation, before: Before) -> None:
    """Under its old key, or its history and freshness would be lost."""
    with copy_of(old) as copy, copy.room() as room:
        now = {shown(key) for key in room.definitions.asset_graph.get_all_asset_keys()}
    assert (before.made.keys() | before.freshness.keys()) - GONE <= now


def test_what_was_switched_off_stays_switched_off(old: Installation) -> None:
    """The state of a sensor belongs to its name, that of its repository and that of its code location."""
    with copy_of(old) as copy, copy.room() as room:
        (state,) = (s for s in room.instance.all_instigator_state() if s.status.value == "STOPPED")
        origin = state.origin.repository_origin
        assert (origin.code_location_origin.location_name, origin.repository_name) == (LOCATION, room.definitions.name)
        known = {sensor.name for sensor in room.definitions.sensor_defs}
        known |= {schedule.name for schedule in room.definitions.schedule_defs}
        assert {state.instigator_name for state in room.instance.all_instigator_state()} <= known


def test_its_sensors_look_at_the_old_build_until_the_first_night(old: Installation, before: Before) -> None:
    """And what the old one could not send is sent."""
    with mailbox() as received, copy_of(old) as copy:
        log = copy.only("alerts.log").read_text(encoding="utf-8")
        with copy.room(KIM_WEBHOOK_URL=received.url) as room:
            room.tick("freshness")
            room.tick("late_deliveries")
            assert room.late() == before.late
        assert received.alerts[0]["title"] == "Der Lauf ist fehlgeschlagen"
        assert not list(copy.warehouse.rglob("alerts/*.json"))
        assert copy.only("alerts.log").read_text(encoding="utf-8").startswith(log)


# After the first night


def test_the_same_deliveries_give_the_same_figures(taken_over: Installation, before: Before) -> None:
    assert taken_over.published > max(before.builds)
    assert query(taken_over.internal, DELIVERIES) == before.deliveries
    not_reported = set(query(taken_over.internal, NOT_REPORTED))  # which was 0 until 0.2
    known = {row[0] for row in before.figures}
    figures = query(taken_over.internal, FIGURES)
    assert [row for row in figures if row[0] in known] == [row for row in before.figures if row[:5] not in not_reported]
    assert {row[0] for row in figures} - known == {
        "foreigners_female_rate", "komm_an_granted_per_1000", "komm_an_paid_eur", "komm_an_paid_known_rate",
        "komm_an_recipients", "komm_an_return_rate", "komm_an_returned_eur", "komm_an_unpaid_eur",
    }  # fmt: skip


def test_pseudonyms_stay(taken_over: Installation, before: Before) -> None:
    key = taken_over.only("secret.key")
    assert (key.read_bytes(), mode(key)) == (before.key, 0o600)
    assert query(taken_over.internal, PSEUDONYMS) == before.pseudonyms


def test_what_was_hidden_stays_hidden(taken_over: Installation, before: Before) -> None:
    """The figures are the same: another pattern would undo the old one (`privacy.md`, Nights).

    What municipalities have for a year only has no rows any more.
    """
    published = taken_over.warehouse / "kim.duckdb"
    still_there = set(query(published, "SELECT indicator_id, area, period, breakdown FROM indicator_value"))
    assert before.hidden & still_there <= set(query(published, HIDDEN))
    assert len(before.hidden & still_there) > 50


def test_settings_of_the_old_file_hold(taken_over: Installation) -> None:
    """A higher smallest count, and days of grace."""
    least = "SELECT min(value) FROM indicator_value WHERE indicator_id = 'paten_started' AND value > 0"
    small = "SELECT count(*) FROM indicators.indicator_value WHERE indicator_id = 'paten_started' AND value IN (5, 6)"
    assert query(taken_over.warehouse / "kim.duckdb", least) == [(7,)]
    assert query(taken_over.internal, small) != [(0,)], "or the setting would change nothing"
    assert query(taken_over.internal, "SELECT DISTINCT late_after - due_on FROM quality.due") == [(21,)]


def test_a_programme_whose_folder_is_a_link_is_read(taken_over: Installation) -> None:
    assert (taken_over.folder / "deliveries" / SHARED).is_symlink()
    counted = "SELECT count(*) FROM quality.delivery WHERE programme = ? AND status = 'counted'"
    assert query(taken_over.internal, counted, SHARED) == [(2,)]


def test_earlier_builds_are_listed_as_before(taken_over: Installation, before: Before) -> None:
    listed = taken_over.builds()
    assert [entry["name"] for entry in listed] == [taken_over.published, *reversed(before.builds)]
    assert [entry["is_published"] for entry in listed] == [True, False, False, False]
    assert [entry["as_of"] for entry in listed] == [taken_over.as_of] * 4
    assert all(entry["has_internal"] for entry in listed)
    now, last, *_ = ({name: entry[name] for name in ("counted", "rejected", "rows_accepted")} for entry in listed)
    assert now == last == {"counted": 10, "rejected": 1, "rows_accepted": 847}
    assert [entry["name"] for entry in listed if "release" in entry["kept_because"]] == [before.released]


def test_deliveries_of_an_earlier_build_are_listed_as_before(taken_over: Installation, before: Before) -> None:
    inputs = taken_over.builds(before.builds[-1])
    assert sorted((i["programme"], i["file"], i["sha256"], i["status"]) for i in inputs) == before.deliveries


def test_parquet_is_of_the_build_that_is_published(taken_over: Installation) -> None:
    descriptor = json.loads((taken_over.warehouse / "kim" / "datapackage.json").read_bytes())
    assert taken_over.published in json.dumps(descriptor)
    for resource in descriptor["resources"]:
        content = (taken_over.warehouse / "kim" / resource["path"]).read_bytes()
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_the_control_room_remembers(taken_over: Installation, before: Before) -> None:
    """Runs and materialisations stay; a delivery that is as it was is not new, and one that was late still is."""
    with taken_over.room() as room:
        runs, made, fresh, late = room.runs(), room.made(), room.freshness(), room.late()
    assert {run: runs[run] for run in before.runs} == before.runs
    ((new, ended),) = runs.items() - before.runs.items()
    assert ended == "SUCCESS"
    deliveries = {key for key in before.made if key.startswith("deliveries/")}
    assert {key: made[key] for key in deliveries} == {key: before.made[key] for key in deliveries}
    assert {made[key][0] for key in before.made.keys() - deliveries - GONE} == {new}
    assert {key: made[key] for key in GONE} == {key: before.made[key] for key in GONE}
    assert late == before.late
    assert fresh["published/build_info"][0] == "PASS"


def test_results_of_reading_are_those_of_the_code_at_hand(taken_over: Installation, before: Before) -> None:
    """One for each delivery; those of the old code are gone."""
    read = sorted(path.parent.name for path in (taken_over.warehouse / "cache").glob("*/*/result.json"))
    assert [name.split("-")[0] for name in read] == sorted(sha256 for _, _, sha256, _ in before.deliveries)


def test_what_a_killed_night_left_is_gone(taken_over: Installation) -> None:
    found = [path for path in taken_over.warehouse.rglob("*") if path.is_file()]
    assert [path.name for path in found if path.read_bytes().startswith(b"begun")] == []


# After that


def test_earlier_builds_can_be_gone_back_to(copy: Installation, before: Before) -> None:
    """Readers and the control room open them; the next night goes on from there, whatever the folders are by then."""
    for build in (before.builds[0], before.builds[-1]):
        copy.kim("rollback", build)
        assert copy.published == build
        assert copy.internal.resolve().stem == f"internal_{build}"
        with copy.room() as room:
            room.tick("freshness")
            assert room.late() == before.late
    assert query(copy.internal, FIGURES) == before.figures
    share = copy.folder / "share" / "Jugendamt"
    (copy.folder / "deliveries" / "fit").rename(share)
    (copy.folder / "deliveries" / "fit").symlink_to(share.absolute())
    shutil.copyfile(PROJECT / "data_raw" / NEW, copy.folder / "deliveries" / NEW)
    copy.night()
    assert len(copy.builds()) == 5
    assert copy.builds()[0]["is_published"]
    now = query(copy.internal, DELIVERIES)
    others = [row for row in before.deliveries if row[0] != "patenprojekt"]
    assert [row for row in now if row[0] != "patenprojekt"] == others
    assert {row[1]: row[3] for row in now if row[0] == "patenprojekt"} == {
        "Patenprojekt_2023-06.xlsx": "superseded",
        Path(NEW).name: "counted",
    }


def test_a_release_joins_the_earlier_one(copy: Installation, before: Before) -> None:
    """It is checked together with it, in the words of the county's own folder; neither touches the other."""
    cells = "SELECT * FROM cell WHERE release = ? ORDER BY ALL"
    known = query(copy.only("ledger.duckdb"), cells, FIRST_RELEASE)
    verified = copy.run("release", "--verify")
    assert f"{FIRST_RELEASE}: unversehrt" in verified.stdout
    assert FIRST_RELEASE in verified.stderr, "it holds exact numbers of findings, which are classes now"
    copy.kim("release", SECOND_RELEASE, "--as-of", "2023-12-31")
    verified = copy.run("release", "--verify")
    assert [f"{name}: unversehrt" in verified.stdout for name in (FIRST_RELEASE, SECOND_RELEASE)] == [True, True]
    assert SECOND_RELEASE not in verified.stderr
    ledger = copy.only("ledger.duckdb")
    assert query(ledger, "SELECT name, build FROM release ORDER BY name") == [
        (FIRST_RELEASE, before.released),
        (SECOND_RELEASE, copy.published),
    ]
    assert query(ledger, cells, FIRST_RELEASE) == known
    assert query(ledger, cells, SECOND_RELEASE)
    releases = copy.warehouse / "releases"
    assert files_of(releases / FIRST_RELEASE) == before.release_files
    assert "Stabsstelle Integration" in (releases / SECOND_RELEASE / "bericht.html").read_text(encoding="utf-8")
    assert before.released in {entry["name"] for entry in copy.builds() if "release" in entry["kept_because"]}


def test_return_copies_that_an_office_works_in_stay(copy: Installation) -> None:
    """The new version knows which copies are the program's own, and replaces only these."""
    copies = sorted((copy.warehouse / "feedback").rglob("*_Rückmeldung.xls[xm]"))
    assert len(copies) == 5
    edited = copies[0].read_bytes() + b"\0"
    copies[0].write_bytes(edited)
    said = copy.kim("feedback", "--programme", "fit", "--programme", "massnahmen")
    assert said.count("wurde bearbeitet und bleibt") == 1
    assert copies[0].read_bytes() == edited
    assert set(copies) <= set((copy.warehouse / "feedback").rglob("*_Rückmeldung.xls[xm]"))


# The new layout

STATE = ("ledger.duckdb", "patterns.json")
"""What cannot be made anew, by its old names."""


def for_others(path: Path) -> int:
    """The bits of a file's or folder's mode that are not its owner's."""
    return mode(path) & 0o077


def reached(folder: Path) -> Iterator[Path]:
    """What others can read below a folder that they may enter."""
    for path in folder.iterdir():
        if not path.is_symlink() and for_others(path):
            yield path
            if path.is_dir() and mode(path) & 0o001:
                yield from reached(path)


def builds_in(folder: Path) -> list[str]:
    """The builds whose published file lies in a folder."""
    return sorted(path.stem.removeprefix("kim_") for path in folder.glob("kim_*.duckdb"))


def assert_layout(warehouse: Path, published: str, earlier: list[str]) -> None:
    """Everything is at its place, and only those may enter who are meant to."""
    assert (mode(warehouse), mode(warehouse / "published")) == (0o755, 0o755)
    assert (mode(warehouse / "builds"), mode(warehouse / "state")) == (0o700, 0o700)
    assert builds_in(warehouse / "published") == [published]
    assert builds_in(warehouse / "builds") == sorted(earlier)
    opened, internal = warehouse / "kim.duckdb", warehouse / "internal.duckdb"
    assert (opened.is_symlink(), internal.is_symlink()) == (True, True)
    assert opened.resolve() == warehouse.resolve() / "published" / f"kim_{published}.duckdb"
    assert internal.resolve() == warehouse.resolve() / "builds" / f"internal_{published}.duckdb"
    assert not opened.readlink().is_absolute(), "or a folder that is moved or mounted elsewhere breaks it"
    assert (warehouse / "kim").resolve().parent == warehouse.resolve() / "published"
    assert {mode(path) for path in (warehouse / "builds").glob("internal_*.duckdb")} == {0o400}
    assert for_others(opened.resolve()) == 0o044
    assert {for_others(path) for path in (warehouse / "kim").resolve().iterdir()} == {0o044}
    beyond = [path for path in (warehouse / "builds").rglob("*") if for_others(path)]
    assert beyond == [], "earlier nights' files are for the operator alone, 0400 in a folder 0700"


def test_every_file_moves_to_its_new_place(taken_over: Installation, before: Before) -> None:
    assert_layout(taken_over.warehouse, taken_over.published, before.builds)


def test_state_moves_and_leaves_nothing_behind(taken_over: Installation) -> None:
    """The ledger of releases and the patterns, from wherever they lay; nothing reads `delivered.json` any more."""
    state = taken_over.warehouse / "state"
    assert {path.name: path.parent for path in map(taken_over.only, STATE)} == dict.fromkeys(STATE, state)
    assert list(taken_over.warehouse.rglob("delivered.json")) == []
    assert {mode(path) for path in state.rglob("*") if path.is_file()} == {0o600}
    assert {mode(path) for path in state.rglob("*") if path.is_dir()} <= {0o700}


def test_the_build_says_of_which_state_it_is(taken_over: Installation) -> None:
    """Its hash stands in `build_info`."""
    names = [name for (name,) in query(taken_over.warehouse / "kim.duckdb", "SELECT name FROM build_info")]
    assert "state_sha256" in names


def test_nothing_but_what_is_published_is_open_to_others(taken_over: Installation) -> None:
    """The circles of `privacy.md`; a release is the public's."""
    found = list(reached(taken_over.warehouse))
    open_to_all = {path.relative_to(taken_over.warehouse).parts[0] for path in found}
    assert open_to_all == {"published", "releases", "board.html"}
    assert [path for path in found if for_others(path) & 0o022] == []


@pytest.mark.rare
def test_a_umask_that_takes_everything_changes_nothing_of_what_is_moved(old: Installation, before: Before) -> None:
    """That one which takes nothing does not either, the other tests show."""
    with copy_of(old) as copy:
        with umask(0o077):
            copy.night()
        assert_layout(copy.warehouse, copy.published, before.builds)


def test_going_back_swaps_what_is_published(copy: Installation, before: Before) -> None:
    """A build of the old version can be published again, and the newest is an earlier one meanwhile."""
    newest = copy.published
    copy.kim("rollback", before.builds[0])
    assert_layout(copy.warehouse, before.builds[0], [*before.builds[1:], newest])
    copy.kim("rollback", newest)
    assert_layout(copy.warehouse, newest, before.builds)


@pytest.mark.rare
def test_going_back_before_the_first_night_of_the_new_version(old: Installation, before: Before) -> None:
    """Whatever command is the first, it moves what is there."""
    with copy_of(old) as copy:
        copy.kim("rollback", before.builds[1])
        assert_layout(copy.warehouse, before.builds[1], [before.builds[0], before.builds[2]])


@pytest.mark.rare
def test_a_move_that_was_interrupted_goes_on(old: Installation, before: Before) -> None:
    """Killed after any of the moves: readers still open the old build, and the next command puts the rest right."""
    with copy_of(old) as copy:
        for name in ("published", "state"):
            (copy.warehouse / name).mkdir(mode=0o755)
        (copy.warehouse / "ledger.duckdb").rename(copy.warehouse / "state" / "ledger.duckdb")
        package = f"kim_{before.builds[-1]}"
        (copy.warehouse / "builds" / package).rename(copy.warehouse / "published" / package)
        copy.night()
        assert_layout(copy.warehouse, copy.published, before.builds)
        assert copy.only("ledger.duckdb").parent == copy.warehouse / "state"


@pytest.mark.rare
def test_what_any_killed_command_of_the_old_version_left_is_gone(old: Installation) -> None:
    """Not only a night's: the next night sweeps every folder that the program writes into (house.md, files.py).

    288ba25 itself swept `scratch/`, and `.new-…` in the warehouse folder, in `builds/` and, after a day, in the cache.
    """
    left = (
        ".new-killed/internal.duckdb",  # kim release: the whole internal file
        "releases/.new-BIKS-2024-01/kim.duckdb",  # kim release: the draft
        "feedback/fit/.new-killed",  # kim feedback: the offices' own rows
        "cache/fit/.new-killed/groups.parquet",  # a reader: pseudonymised rows
        "cache/.new-killed",  # pattern memory
        ".new-key",  # write_private beside the key
        "alerts/20261125T230000_0123456789abcdef.new",  # Outbox
        "report/.new-killed",
    )
    with copy_of(old) as copy:
        yesterday = dt.datetime.now(dt.UTC).timestamp() - 2 * 86_400
        for name in left:
            path = copy.warehouse / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_bytes(b"begun, and never finished")
            for entry in (path, path.parent):
                os.utime(entry, (yesterday, yesterday))
        copy.night()
        assert [name for name in left if (copy.warehouse / name).exists()] == []


def test_a_backup_holds_the_state(taken_over: Installation, tmp_path: Path) -> None:
    """What is restored can be released from."""
    spec = importlib.util.spec_from_file_location("backup", PROJECT / "deploy" / "backup.py")
    assert spec is not None
    assert spec.loader is not None
    backup = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(backup)
    archive = backup.save(tmp_path, taken_over.warehouse, taken_over.folder / "deliveries")
    with tarfile.open(archive) as tar:
        saved = {name for name in tar.getnames() if name.startswith("warehouse/state/")}
    there = (path for path in (taken_over.warehouse / "state").rglob("*"))
    assert saved == {f"warehouse/{path.relative_to(taken_over.warehouse).as_posix()}" for path in there}
    assert f"warehouse/state/{STATE[0]}" in saved
