"""Reading deliveries and writing return copies in the test's own process, and waiting for nobody.

For all tests that are not about processes (mark `processes`): a child that reads needs a second to start, and a night
waits half a second for files that grow, and for readers of what it withdraws.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from kim_pipeline.intake import folder as intake_folder
from kim_pipeline.intake import intake, worker
from kim_pipeline.intake.intake import load_secret_for, setup_of
from kim_pipeline.intake.pool import Job, Outcome, ReaderPool, Setup
from kim_pipeline.office.feedback import folder as feedback_folder
from kim_pipeline.office.feedback.worker import copy_into_scratch
from kim_pipeline.publishing import builds
from kim_pipeline.settings import Settings

children = intake._pool
"""Makes the pool that a night reads with."""


def setup_for(settings: Settings) -> Setup:
    """What children need to know, as `take_in` tells them."""
    return setup_of(settings, load_secret_for(settings))


class _Here(ReaderPool):
    """Does what its children would, in this process."""

    task: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]

    def __init__(self, setup: Setup) -> None:
        """Do what children that know this would."""
        super().__init__(setup, 1, 60)
        self.asked: list[str] = []

    def read(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Open each file in turn; what it does to its reader is told as a child tells it."""
        for job in jobs:
            self.asked.append(f"{job.programme}/{job.file}")
            request = job.request | {"programme": job.programme, "file": job.file, "path": str(job.path)}
            answer = worker._answer(request, dataclasses.asdict(self._setup), type(self).task)
            if answer.get("failed") == "memory":
                raise MemoryError  # of this process, which no limit of a child's keeps from it
            problem = None if "sha256" in answer else self._problem(answer)
            sha256, fingerprint, suffix = (answer.get(name) for name in ("sha256", "fingerprint", "suffix"))
            yield Outcome(job, sha256, fingerprint, problem=problem, suffix=suffix)


class DirectPool(_Here):
    """Reads in this process."""

    task = staticmethod(worker.read_into_cache)

    def __init__(self, settings: Settings) -> None:
        """Read as the children of `settings` would."""
        super().__init__(setup_for(settings))


class DirectCopies(_Here):
    """Writes return copies in this process."""

    task = staticmethod(copy_into_scratch)


@contextmanager
def in_this_process() -> Iterator[None]:
    """Let what runs in this process also read and copy here, while this lasts, and wait for nobody."""
    with ExitStack() as stack:
        for where, name, instead in (
            (intake, "_pool", lambda settings, _: DirectPool(settings)),
            (feedback_folder, "ReaderPool", lambda setup, *_: DirectCopies(setup)),
            (intake_folder, "_LOOK_SECONDS", 0),
            (builds, "_GRACE_SECONDS", 0),
        ):
            stack.enter_context(mock.patch.object(where, name, instead))
        yield
