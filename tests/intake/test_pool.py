"""The reading processes: limits of time and memory, crashes, garbage, and that nothing of them is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from kim_pipeline.intake import cache
from kim_pipeline.intake.folder import LEFT
from kim_pipeline.intake.intake import take_in
from kim_pipeline.intake.pool import Job, Outcome, ReaderError, ReaderPool, Setup, in_turn
from kim_pipeline.settings import Settings
from tests.conftest import TESTS, odd_pool, put
from tests.here import DirectPool, setup_for
from tests.workbooks import small_delivery

pytestmark = pytest.mark.processes

psutil: Any = pytest.importorskip("psutil")

P = "sprachmittlerpool"


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """No test of this module leaves a child, a zombie or an open descriptor."""
    process = psutil.Process()
    before = process.num_fds()
    yield
    assert process.children(recursive=True) == []
    assert process.num_fds() <= before


def job(settings: Settings, file: str, size: int = 1) -> Job:
    return Job(P, file, put(settings, P, file, small_delivery(file)), size)


def read(pool: ReaderPool, jobs: list[Job]) -> dict[str, Outcome]:
    return {outcome.job.file: outcome for outcome in pool.read(jobs)}


def test_a_child_that_breaks_costs_its_own_file_only(settings: Settings) -> None:
    """Killed, aborted, gone, or talking nonsense: as one line, without an end, as JSON that is no answer."""
    odd = ["kill", "abort", "exit", "garbage", "endless", "json"]
    jobs = [job(settings, f"{name}.xlsx") for pair in zip(odd, "123456", strict=True) for name in pair]
    outcomes = read(odd_pool(settings), jobs)
    for name in odd:
        assert "Bitte in Excel öffnen" in (outcomes.pop(f"{name}.xlsx").problem or "")
    assert len(outcomes) == 6
    assert all(o.problem is None and o.sha256 for o in outcomes.values())


def test_a_file_that_calamine_crashes_or_hangs_on_is_read_without_it(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    for file in ("abort_with_calamine.xlsx", "sleep_with_calamine.xlsx", "good.xlsx"):
        put(settings, P, file, small_delivery(file))
    found = {d.file: d for d in take_in(settings, only=[P], pool=odd_pool(settings, seconds=6)).deliveries}
    assert {file: d.problem for file, d in found.items()} == dict.fromkeys(found)
    lone = {file: len(d.read.lone_sheets) for file, d in found.items() if d.read is not None}
    assert lone == {"abort_with_calamine.xlsx": 1, "sleep_with_calamine.xlsx": 1, "good.xlsx": 0}
    told = [record.getMessage() for record in caplog.records if "only one reader" in record.getMessage()]
    assert len(told) == 2
    assert not any("Einsätze" in text or ".xlsx" in text for text in told)


def test_what_follows_an_answer_does_not_reach_the_next_file(settings: Settings) -> None:
    jobs = [job(settings, "after.xlsx", 9), job(settings, "good.xlsx")]
    outcomes = read(odd_pool(settings, size=1), jobs)
    assert outcomes["good.xlsx"].problem is None


def test_a_child_that_dies_between_two_files_costs_none(settings: Settings) -> None:
    jobs = [job(settings, "die_after.xlsx", 9), job(settings, "good.xlsx")]
    outcomes = read(odd_pool(settings, size=1), jobs)
    assert [o.problem for o in outcomes.values()] == [None, None]


def test_processor_time_kills_the_child(settings: Settings) -> None:
    jobs = [job(settings, "loop.xlsx", 9), job(settings, "good.xlsx")]
    outcomes = read(odd_pool(settings, seconds=2, patience=60), jobs)
    assert "mehr als 2 Sekunden Rechenzeit" in (outcomes["loop.xlsx"].problem or "")
    assert outcomes["good.xlsx"].problem is None
    assert {name: outcome.limit for name, outcome in outcomes.items()} == {"loop.xlsx": "time", "good.xlsx": None}


def test_the_clock_ends_what_waits_for_nothing(settings: Settings) -> None:
    outcomes = read(odd_pool(settings, seconds=60, patience=0.025), [job(settings, f"{n}.xlsx") for n in WAITING])
    for outcome in outcomes.values():
        assert outcome.limit == "clock"
        assert "innerhalb von 2 Sekunden" in (outcome.problem or "")


def test_a_file_that_waits_for_a_busy_machine_is_read(settings: Settings) -> None:
    """It takes longer by the clock than its processor time may be, and uses next to none."""
    outcome = read(odd_pool(settings, seconds=2, patience=60), [job(settings, "pause.xlsx")])["pause.xlsx"]
    assert (outcome.problem, outcome.limit) == (None, None)


def test_every_file_has_its_own_time(settings: Settings) -> None:
    """One child reads one file after the other, which together take more than a file may take."""
    jobs = [job(settings, f"{folder}/busy.xlsx") for folder in "abcd"]
    outcomes = read(odd_pool(settings, seconds=3, size=1, patience=60), jobs)
    assert [o.problem for o in outcomes.values()] == [None] * 4


def test_what_ran_into_a_limit_is_tried_again_only_when_something_changes(settings: Settings) -> None:
    """The same bytes under another name share the verdict; other limits or other bytes are read anew."""
    put(settings, P, "loop.xlsx", small_delivery("A-1"))
    put(settings, P, "loop_copy.xlsx", small_delivery("A-1"))
    asked: list[str] = []

    def night(seconds: float) -> dict[str, str | None]:
        pool = _Recorded(odd_pool(settings, seconds=seconds, patience=30), asked)
        given = settings.model_copy(update={"reader_seconds": seconds})
        return {d.file: d.problem for d in take_in(given, only=[P], pool=pool).deliveries}

    first = night(1)
    assert len(set(first.values())) == 1
    assert "Rechenzeit" in (first["loop.xlsx"] or "")
    assert asked == ["loop.xlsx"]
    assert night(1) == first
    assert asked == ["loop.xlsx"]
    assert "mehr als 2 Sekunden" in (night(2)["loop.xlsx"] or "")
    assert asked == ["loop.xlsx"] * 2
    put(settings, P, "loop.xlsx", small_delivery("A-2"))
    night(2)
    assert asked == ["loop.xlsx"] * 3


def test_a_limit_of_memory_is_remembered_and_a_result_takes_its_place(settings: Settings) -> None:
    put(settings, P, "hog.xlsx", small_delivery())
    (found,) = take_in(settings, only=[P], pool=odd_pool(settings)).deliveries
    assert "Speicher" in (found.problem or "")
    (found,) = take_in(settings, only=[P], pool=DirectPool(settings)).deliveries
    assert "Speicher" in (found.problem or "")
    roomy = settings.model_copy(update={"reader_mib": 1024})
    (found,) = take_in(roomy, only=[P], pool=DirectPool(roomy)).deliveries
    assert (found.problem, found.status) == (None, "counted")
    (found,) = take_in(settings, only=[P], pool=DirectPool(settings)).deliveries
    assert (found.problem, found.status) == (None, "counted")


def test_what_the_clock_ended_is_tried_again_after_all_others(settings: Settings) -> None:
    put(settings, P, "sleep.xlsx", small_delivery())
    asked: list[str] = []
    pool = _Recorded(odd_pool(settings, seconds=1), asked)
    (found,) = take_in(settings, only=[P], pool=pool).deliveries
    assert "vielleicht war der Rechner überlastet" in (found.problem or "")
    put(settings, P, "good.xlsx", small_delivery("A-2")[:50])
    asked.clear()
    found_next = take_in(settings, only=[P], pool=_Recorded(DirectPool(settings), asked)).deliveries
    assert asked == ["good.xlsx", "sleep.xlsx"]
    assert [d.problem for d in found_next] == [None, None]


def test_a_night_begins_nothing_when_its_time_is_up_and_says_so(settings: Settings) -> None:
    for file in ("good1.xlsx", "good2.xlsx"):
        put(settings, P, file, small_delivery(file))
    put(settings, P, "copy.xlsx", small_delivery("good1.xlsx"))
    late = take_in(settings, only=[P], pool=odd_pool(settings, budget_seconds=0))
    assert late.deliveries == []
    assert [(s.file, s.reason) for s in late.skipped] == [
        (file, LEFT) for file in ("copy.xlsx", "good1.xlsx", "good2.xlsx")
    ]
    next_night = take_in(settings, only=[P], pool=odd_pool(settings))
    assert [d.problem for d in next_night.deliveries] == [None] * 3
    assert next_night.skipped == []
    after = take_in(settings, only=[P], pool=odd_pool(settings, budget_seconds=0))
    assert len(after.deliveries) == 3


class _Recorded(ReaderPool):
    """A pool that notes which files it is asked for, in the order in which their turn comes."""

    def __init__(self, pool: ReaderPool, asked: list[str]) -> None:
        """Ask another pool."""
        self._pool, self._asked = pool, asked

    def read(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Note and read."""
        ordered = in_turn(jobs)
        self._asked += [job.file for job in ordered]
        return self._pool.read(ordered)


def test_the_memory_limit_holds_for_the_whole_child(settings: Settings) -> None:
    """512 MiB, the smallest setting, is enough for the program itself and a small file, and is never exceeded."""
    pool = odd_pool(settings, size=1)
    outcomes = pool.read([job(settings, "hog.xlsx", 9), job(settings, "good.xlsx")])
    first = next(outcomes)
    assert first.problem is not None
    assert "mehr als 512 MB Speicher" in first.problem
    assert next(outcomes).problem is None
    outcomes.close()  # type: ignore[attr-defined]


def test_the_kernel_counts_the_memory(settings: Settings) -> None:
    pool = odd_pool(settings, seconds=60, size=1)
    reading = pool.read([job(settings, "good.xlsx", 9), job(settings, "sleep.xlsx")])
    next(reading)
    (child,) = psutil.Process().children()
    assert child.rlimit(psutil.RLIMIT_AS) == (512 * 2**20,) * 2
    assert child.memory_info().vms <= 512 * 2**20
    assert child.rlimit(psutil.RLIMIT_CORE) == (0, 0)
    reading.close()  # type: ignore[attr-defined]


WAITING = ("sleep", "half")
SILENT = "import time; time.sleep(600)"
BUSY = "while True: pass"
GARBAGE = "print('Hallo'); import time; time.sleep(600)"
DEAD = "raise SystemExit(1)"


@pytest.mark.parametrize("code", [SILENT, BUSY, GARBAGE, DEAD])
def test_children_that_never_become_ready_end_the_run(code: str, settings: Settings) -> None:
    """No file is to blame, so none is rejected: the night fails, and the last good build stays."""
    pool = ReaderPool(setup_for(settings), 2, 60, (sys.executable, "-c", code), start_seconds=0.5)
    started = time.monotonic()
    with pytest.raises(ReaderError, match="startet nicht"):
        list(pool.read([job(settings, f"good{i}.xlsx") for i in range(5)]))
    assert time.monotonic() - started < 10


def test_a_program_that_is_not_there_ends_the_run(settings: Settings) -> None:
    pool = ReaderPool(setup_for(settings), 2, 60, ("/nowhere/python",))
    with pytest.raises(ReaderError, match="den Ordner gibt es nicht"):
        list(pool.read([job(settings, "good.xlsx")]))


def test_a_cache_that_cannot_be_written_ends_the_run(settings: Settings) -> None:
    settings.warehouse.mkdir()
    settings.cache.write_text("no folder")
    with pytest.raises(ReaderError, match="lässt sich nicht ablegen"):
        list(ReaderPool(setup_for(settings), 1, 60).read([job(settings, "good.xlsx")]))


def test_children_start_only_when_there_is_something_to_read(settings: Settings) -> None:
    assert list(ReaderPool(setup_for(settings), 4, 60, ("/nowhere/python",)).read([])) == []


def test_a_caller_who_stops_early_leaves_no_child(settings: Settings) -> None:
    reading = odd_pool(settings, seconds=60).read([job(settings, "sleep.xlsx"), job(settings, "good.xlsx", 9)])
    next(reading)
    started = time.monotonic()
    reading.close()  # type: ignore[attr-defined]
    assert time.monotonic() - started < 5
    assert psutil.Process().children() == []


def test_an_interrupt_kills_the_children(settings: Settings) -> None:
    pool = odd_pool(settings, seconds=60)
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 3)
    try:
        with pytest.raises(KeyboardInterrupt):
            list(pool.read([job(settings, "loop.xlsx"), job(settings, "sleep.xlsx")]))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert psutil.Process().children() == []


def test_children_do_not_survive_a_parent_that_is_killed(settings: Settings) -> None:
    path = put(settings, P, "loop.xlsx", small_delivery())
    setup = setup_for(settings)
    script = textwrap.dedent(
        f"""
        import sys
        from pathlib import Path
        from kim_pipeline.intake.pool import Job, ReaderPool, Setup
        setup = Setup({setup.cache!r}, {setup.secret!r}, {setup.memory_bytes}, 2**20, 2**20)
        pool = ReaderPool(setup, 1, 600, (sys.executable, {str(TESTS / "odd_worker.py")!r}))
        list(pool.read([Job({P!r}, "loop.xlsx", Path({str(path)!r}), 1)]))
        """
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen([sys.executable, "-c", script], env=environment) as parent:
        child = _first_child(parent.pid)
        parent.kill()
    child.wait(timeout=10)
    assert not child.is_running()


def _first_child(pid: int) -> Any:
    """The reader, once it is busy in its endless loop."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for child in psutil.Process(pid).children():
            if child.rlimit(psutil.RLIMIT_AS)[0] == 512 * 2**20:  # the limit is set last, before the first file
                time.sleep(0.5)
                return child
        time.sleep(0.05)
    raise AssertionError("no child")


def test_a_file_that_vanishes_while_it_is_read_is_told_as_such(settings: Settings) -> None:
    outcome = read(odd_pool(settings), [job(settings, "gone.xlsx")])["gone.xlsx"]
    assert "gelöscht oder umbenannt" in (outcome.problem or "")


def test_an_outcome_belongs_to_the_bytes_that_were_read(settings: Settings) -> None:
    """A file that is replaced between hashing and reading."""
    put(settings, P, "changed.new", small_delivery("neu"))
    outcome = read(odd_pool(settings), [job(settings, "changed.xlsx")])["changed.xlsx"]
    assert outcome.sha256 is not None
    assert outcome.fingerprint is not None
    found = cache.load(cache.entry(settings.cache, P, outcome.sha256, outcome.fingerprint))
    assert found is not None
    assert [part.tables["requests"].accepted for part in found] == [1]


def test_exceptions_tell_type_and_place_and_no_cell(settings: Settings) -> None:
    outcomes = read(odd_pool(settings), [job(settings, "cell.xlsx"), job(settings, "cell_in_group.xlsx")])
    for outcome in outcomes.values():
        assert "4711" not in repr(outcome)
        assert "odd_worker.py" in (outcome.problem or "")
    assert "ValueError" in (outcomes["cell.xlsx"].problem or "")


def test_nothing_shows_the_secret(settings: Settings) -> None:
    setup = setup_for(settings)
    assert setup.secret not in repr(setup)
    assert setup.secret not in str(setup)
    assert setup.secret not in repr(ReaderPool(setup, 1, 1))
    assert isinstance(setup, Setup)


def test_the_secret_is_in_no_argument_and_no_environment(settings: Settings) -> None:
    reading = odd_pool(settings, seconds=60, size=1).read([job(settings, "good.xlsx", 9), job(settings, "sleep.xlsx")])
    next(reading)
    (child,) = psutil.Process().children()
    secret = setup_for(settings).secret
    assert secret not in " ".join(child.cmdline())
    assert all(secret not in value for value in child.environ().values())
    reading.close()  # type: ignore[attr-defined]


def test_many_open_files_do_not_hinder_reading(settings: Settings, tmp_path: Path) -> None:
    """`select` refuses descriptors above 1023."""
    import resource

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit[1] < 1200:
        pytest.skip("this machine allows fewer open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (1200, limit[1]))
    files = []
    try:
        files = [(tmp_path / "x").open("w") for _ in range(1050)]
        outcome = read(ReaderPool(setup_for(settings), 1, 60), [job(settings, "good.xlsx")])["good.xlsx"]
    finally:
        for file in files:
            file.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    assert outcome.problem is None
