"""What the children of the fault tests do: runs, and faults that hit them at a chosen step."""

from __future__ import annotations

import ctypes
import datetime as dt
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from kim_pipeline import cli, report
from kim_pipeline import night as nightly
from kim_pipeline.analysts import query, result_files, workbook
from kim_pipeline.commands import run as run_command
from kim_pipeline.commands import terminal
from kim_pipeline.contracts import programmes
from kim_pipeline.errors import explained
from kim_pipeline.files import draft
from kim_pipeline.office.feedback import folder as feedback_folder
from kim_pipeline.office.proposals import Proposal, apply
from kim_pipeline.office.template import workbook as template_workbook
from kim_pipeline.orchestration import parts
from kim_pipeline.orchestration.outbox import Alert, Outbox
from kim_pipeline.protection.linked_set import Figure, Key
from kim_pipeline.publishing import releases
from kim_pipeline.publishing.builds import Warehouse
from kim_pipeline.publishing.ledger import LedgerEntry
from kim_pipeline.publishing.sealed import problems_of
from kim_pipeline.reading import personal
from kim_pipeline.warehouse.checks import blocking_checks
from tests import quick_nights
from tests.here import in_this_process
from tests.quick_nights import whole_night

_USED = (run_command, terminal, parts, feedback_folder, template_workbook, report, query, result_files, workbook)
"""Imported here, so that no child needs to; likewise what is read once."""
programmes(), nightly.table_models(), nightly.published_models(), blocking_checks()

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_NAMING = frozenset({"os.rename", "os.symlink", "os.link", "shutil.copyfile"})
MAKING = _NAMING | {"open", "os.mkdir"}
_CHANGING = MAKING | {"os.chmod", "os.remove", "os.rmdir"}
KEPT_BUILDS = 3
AS_OF = dt.date(2023, 12, 31)


def _before_each_step(folder: str, act: Callable[[int, str], None], place: str = "/warehouse") -> None:
    """Be called before each step that changes something in the warehouse, with its number and what it does."""
    place, count = f"{folder}{place}", 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if event not in _CHANGING or (event == "open" and not arguments[2] & _WRITING):
            return
        path = str(arguments[1 if event in _NAMING else 0])
        if path.startswith(place):
            count += 1
            act(count, f"{event} {path.removeprefix(place)}")

    sys.addaudithook(hook)


def quick(folder: str, number: int) -> int:
    """A quick night that keeps few builds, so that each night removes one too."""
    settings = quick_nights.settings_in(Path(folder), keep_builds=KEPT_BUILDS, keep_months=0)
    with in_this_process():
        quick_nights.publish(settings, number)
    return 0


def quick_told(folder: str, number: int) -> int:
    """A quick night that prints each of its steps."""

    def tell(_: int, step: str) -> None:
        os.write(1, f"{step}\n".encode())

    _before_each_step(folder, tell)
    return quick(folder, number)


def quick_killed(folder: str, number: int, at: int) -> int:
    """A quick night that is killed before a step."""

    def kill(count: int, _: str) -> None:
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)

    _before_each_step(folder, kill)
    return quick(folder, number)


def quick_stopped(folder: str, number: int, before: str) -> int:
    """A quick night that stops before a step until it is told to go on."""

    def stop(_: int, step: str) -> None:
        if step == before:
            os.kill(os.getpid(), signal.SIGSTOP)

    _before_each_step(folder, stop)
    return quick(folder, number)


def quick_refused(folder: str, number: int, at: int, why: int) -> int:
    """A quick night in which from a step on nothing can be made, written to or renamed; it prints what people read."""

    def refuse(count: int, step: str) -> None:
        if count >= at and step.split(maxsplit=1)[0] in MAKING:
            raise OSError(why, os.strerror(why))

    _before_each_step(folder, refuse)
    try:
        return quick(folder, number)
    except OSError as error:
        sys.stderr.write(str(explained(error, Path(folder) / "warehouse")))
        return 1


def _feedback(folder: Path) -> int:
    places = ["--deliveries", f"{folder}/deliveries", "--warehouse", f"{folder}/warehouse"]
    return cli.invoke(["feedback", *places])


def _feedback_outside(folder: Path) -> int:
    places = ["--deliveries", f"{folder}/deliveries", "--warehouse", f"{folder}/warehouse"]
    return cli.invoke(["feedback", *places, "--out", f"{folder}/out"])


def _template(folder: Path) -> int:
    return cli.invoke(["template", "fit", "--out", f"{folder}/out"])


def _sql(folder: Path) -> int:
    where = ["--warehouse", f"{folder}/warehouse"]
    return cli.invoke(["sql", "SELECT * FROM area", "--out", f"{folder}/out.csv", *where])


def _report(folder: Path) -> int:
    with _short_report():
        return cli.invoke(["report", "--warehouse", f"{folder}/warehouse"])


def _report_outside(folder: Path) -> int:
    with _short_report():
        return cli.invoke(["report", "--warehouse", f"{folder}/warehouse", "--out", f"{folder}/out"])


def _short_report() -> Any:
    """Two papers of a few bytes: how a report is set is not what is tested here."""
    return mock.patch.multiple(
        report,
        _files=lambda _, stem, *__: {f"{stem}.html": b"x" * 100},
        word=lambda *_, **__: b"x" * 100,
        workbook=lambda *_: b"x" * 100,
        council=mock.Mock(),
        municipalities=mock.Mock(slug=lambda _: "x"),
        municipal_page=mock.Mock(),
    )


def _alert(folder: Path) -> int:
    settings = quick_nights.settings_in(folder, webhook_url="http://127.0.0.1:9/")
    outbox = Outbox(settings)
    outbox.put(Alert("event", "title", "happened", "about", "turn", "todo"))
    outbox.send()
    return 0


def _key(folder: Path) -> int:
    personal.load_secret(folder / "out.key")
    return 0


def _vocabulary(folder: Path) -> int:
    apply(Proposal(folder / "words.csv", 1, "alias,canonical", "alias,canonical"))
    return 0


def _release(folder: Path) -> int:
    """A release of which only the figures are not made: sealing it, the ledger, the switch."""
    warehouse = Warehouse(folder / "warehouse")
    with warehouse.lock():
        build = warehouse.current()
        assert build is not None
        with warehouse.store.scratch() as place:
            draft(place / "release" / "kim.duckdb", b"figures")
            draft(place / "release" / "gemeinden" / "ahlen.html", b"page")
            key = Key("count", "area", "2021", "")
            name = f"r{len(problems_of(warehouse))}"
            entry = LedgerEntry(name, AS_OF, build.stem, {key: Figure(7, 5, is_printed=True)}, {}, frozenset())
            made = releases.Release(name, AS_OF, build, place / "release", entry)
            releases.seal(made, warehouse, dt.datetime(2024, 5, 1, tzinfo=dt.UTC))
    return 0


WRITERS: dict[str, Callable[[Path], int]] = {
    "feedback": _feedback,
    "feedback --out": _feedback_outside,
    "template": _template,
    "sql --out": _sql,
    "report": _report,
    "report --out": _report_outside,
    "alert": _alert,
    "key": _key,
    "vocabulary": _vocabulary,
    "release": _release,
}
"""Everything that writes besides a night."""


def writer(folder: str, which: str) -> int:
    """One of them."""
    with in_this_process():
        return WRITERS[which](Path(folder))


def writer_told(folder: str, which: str) -> int:
    """One of them, which prints each of its steps."""

    def tell(_: int, step: str) -> None:
        os.write(1, f"#{step}\n".encode())

    _before_each_step(folder, tell, "/")
    return writer(folder, which)


def writer_killed(folder: str, which: str, at: int) -> int:
    """One of them, killed before a step."""

    def kill(count: int, _: str) -> None:
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)

    _before_each_step(folder, kill, "/")
    return writer(folder, which)


def night(folder: str, number: int) -> int:
    """A whole night without Dagster."""
    settings = quick_nights.settings_in(Path(folder))
    whole_night(nightly.Night(settings=settings, as_of=quick_nights.day(number), full=True))
    return 0


def command(
    folder: str, *, full: bool = False, largest_file: int | None = None, is_bound_by_modes: bool = False
) -> int:
    """`kim run`.

    Args:
        folder: a prepared folder.
        full: whether every delivery is read anew.
        largest_file: bytes that no file of this process can exceed; a real way to make writing fail.
        is_bound_by_modes: whether modes of files bind this process even as root.
    """
    if is_bound_by_modes:
        _give_up_privileges()
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    places = ["--deliveries", f"{folder}/deliveries", "--warehouse", f"{folder}/warehouse"]
    return cli.invoke(["run", *places, *(["--full"] if full else [])])


def _give_up_privileges() -> None:
    """Give up all capabilities (`capset(2)`)."""
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, none) != 0:
        raise OSError(ctypes.get_errno(), "capset")
