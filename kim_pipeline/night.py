"""One night's work as a plain library: take in the deliveries, build, check, publish.

Belongs here: the order of the steps and what one step leaves for the next. Each step is done once, when it is first
asked for, so that a run of any part (one programme, one table, one check) ends with what the whole run gives.
Does not belong here: Dagster, which asks for the steps, and the terminal, which tells people.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property, wraps
from typing import Any, TypeVar

import duckdb

from kim_pipeline.contracts import programmes
from kim_pipeline.files import remove
from kim_pipeline.guard.missing import MissingDeliveriesError, missing_deliveries
from kim_pipeline.intake.intake import Delivery, Intake, entries_of, present_entries, take_in
from kim_pipeline.protection.audit_of_file import FileAudit, audit_build
from kim_pipeline.protection.hiding import Protection, protect_figures
from kim_pipeline.protection.pattern_memory import PatternMemory
from kim_pipeline.publishing.builds import Build, Warehouse
from kim_pipeline.publishing.keeping import purge
from kim_pipeline.publishing.parquet import write_package
from kim_pipeline.publishing.published import BuildFacts, write_published
from kim_pipeline.publishing.smoke import can_open, check_internal, check_published
from kim_pipeline.settings import Settings, today
from kim_pipeline.warehouse import build as warehouse_build
from kim_pipeline.warehouse.checks import Check, blocking_checks, offending_rows
from kim_pipeline.warehouse.diff import write_diff
from kim_pipeline.warehouse.sql_models import SqlModel, load_models

_LOG = logging.getLogger(__name__)
_SEEN = "delivered.json"
_HARMLESS = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.IOException)
"""Errors whose texts hold names only; the text of any other error of the database may quote a cell."""
_INTERRUPTED = "Query interrupted"
"""What DuckDB makes of an interrupt from the keyboard."""
TABLES = "tables"
"""Name under which the progress of the tables is told; programmes go by their keys."""

Progress = Callable[[str, int, int], None]
"""Called with a programme's key or `TABLES`, how many are done, and how many there are."""
Made = TypeVar("Made")


class BuildError(Exception):
    """A table could not be built; the message names it and holds no cell's content."""


@dataclass(frozen=True)
class BuiltColumn:
    """A column as it stands in the built file."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class BuiltTable:
    """A table as it stands in the built file."""

    rows: int
    columns: tuple[BuiltColumn, ...]


@cache
def table_models() -> tuple[SqlModel, ...]:
    """The models of the internal file, parents first; read once, so that what is run is what is shown."""
    return tuple(load_models(warehouse_build.MODEL_SCHEMAS))


@cache
def published_models() -> tuple[SqlModel, ...]:
    """The models of the published file."""
    return tuple(load_models(["published"]))


def _step(make: Callable[[Night], Made]) -> cached_property[Made]:
    """A step that is done once; what ends it is kept for those who tell people."""

    @wraps(make)
    def done(night: Night) -> Made:
        try:
            return make(night)
        except Exception as error:
            night.ended_by = error
            raise

    return cached_property(done)


class Night:
    """One run.

    Attributes:
        settings: folders and limits.
        as_of: today, for what is due.
        full: whether every delivery is read and shown anew, whatever is known of it.
        only: programmes, layers and checks that the run is about; None for all. What is built is the same.
        accept_missing: programmes of which everything that counted may be gone.
        failed: blocking checks that found offending rows.
        warned: checks that only warn and found offending rows, with the number of those that they showed.
        ended_by: the error that ended a step.
        untidy: the error that kept the run from tidying up after it had published.
        audit: what the audit of the published file found; None before it.
    """

    def __init__(
        self,
        settings: Settings,
        as_of: dt.date | None = None,
        *,
        full: bool = False,
        only: Iterable[str] | None = None,
        accept_missing: Iterable[str] = (),
    ) -> None:
        """Set up; nothing is read or written yet."""
        self.settings, self.as_of, self.full = settings, as_of or today(), full
        self.accept_missing = frozenset(accept_missing)
        self.only = None if only is None else frozenset(only)
        self.warehouse = Warehouse(settings.warehouse)
        self.failed: list[Check] = []
        self.warned: list[tuple[Check, int]] = []
        self.ended_by: Exception | None = None
        self.untidy: OSError | None = None
        self.audit: FileAudit | None = None
        self._held: set[str] = set()
        self._progress: Progress = lambda *_: None
        self._seen: dict[str, str] = {}
        self._patterns: PatternMemory | None = None
        self._started = time.monotonic()
        self._started_at = dt.datetime.now(dt.UTC)

    def on_progress(self, progress: Progress) -> None:
        """Tell the progress to this from now on."""
        self._progress = progress

    @contextmanager
    def locked(self) -> Iterator[Night]:
        """Hold the warehouse for the whole run.

        Raises:
            WarehouseBusyError: another run holds it.
        """
        with self.warehouse.lock():
            yield self

    @property
    def chosen(self) -> list[str]:
        """Keys of the programmes that the run is about: all of them where it is about layers or checks only."""
        return [key for key in programmes() if self.only and key in self.only] or list(programmes())

    @_step
    def intake(self) -> Intake:
        """The deliveries; those that are new are read now."""
        if self.full:
            for entry in present_entries(self.settings):
                if entry.parent.name in self.chosen:
                    remove(entry)
        return take_in(self.settings, self._progress, today=self.as_of)

    @cached_property
    def build(self) -> Build:
        """The build that this run makes."""
        return self.warehouse.new_build(self.intake.inputs_sha256, self._started_at)

    @_step
    def tables(self) -> dict[str, BuiltTable]:
        """Every table of the new internal file, `schema.table`; the file is built now.

        Raises:
            MissingDeliveriesError: what the published build rests on is gone.
            BuildError: a table could not be built.
        """
        missing = missing_deliveries(self.warehouse.current(), self.intake)
        unaccepted = {key: number for key, number in missing.items() if key not in self.accept_missing}
        if unaccepted:
            raise MissingDeliveriesError(unaccepted)
        models = table_models()
        with warehouse_build.new_internal_file(self.warehouse.scratch(self.build.internal)) as connection:
            with _named_errors("loading the deliveries"):
                warehouse_build.load(
                    connection, self.intake, self.as_of, self.settings.grace_days, self.settings.raise_k
                )
            for number, model in enumerate(models, 1):
                with _named_errors(model.full_name):
                    warehouse_build.run_models(connection, [model])
                self._progress(TABLES, number, len(models))
            return _describe(connection)

    @contextmanager
    def reader(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection to the new internal file, which is built if need be."""
        _ = self.tables
        scratch = self.warehouse.scratch(self.build.internal)
        path = scratch if scratch.exists() else self.build.internal
        with duckdb.connect(str(path), read_only=True) as connection:
            yield connection

    @cached_property
    def blocking(self) -> dict[str, Check]:
        """The checks that keep a build from being published, by name."""
        return {check.name: check for check in blocking_checks()}

    def offending(self, connection: duckdb.DuckDBPyConnection, check: Check) -> list[dict[str, object]]:
        """The first rows that break a check; what blocks is remembered."""
        with _named_errors(check.name):
            rows = offending_rows(connection, check)
        if not rows:
            self._held.add(check.name)
        elif check.name in self.blocking:
            self.failed.append(check)
        else:
            self.warned.append((check, len(rows)))
        return rows

    def ensure_checked(self) -> None:
        """Run those blocking checks that this run has not yet passed.

        Raises:
            CheckFailedError: one finds offending rows.
        """
        waiting = [check for name, check in self.blocking.items() if name not in self._held]
        if not waiting:
            return
        with self.reader() as connection:
            for check in waiting:
                rows = self.offending(connection, check)
                if rows:
                    raise warehouse_build.CheckFailedError(f"{check.name}: {check.description} First row: {rows[0]}")

    @_step
    def protected(self) -> Protection:
        """What is hidden of the figures; `disclosure.hidden_cell` is written now.

        Raises:
            CheckFailedError: a blocking check finds offending rows.
            ProtectionError: a figure cannot be protected.
        """
        _ = self.tables
        self.ensure_checked()
        with (
            duckdb.connect(str(self.warehouse.scratch(self.build.internal))) as connection,
            _named_errors("disclosure.hidden_cell"),
        ):
            self._patterns = PatternMemory(self.settings.state, is_new=self.full)
            found = protect_figures(connection, memory=self._patterns)
        _LOG.info("hidden: %d of %d figures (%.1f s)", found.hidden, found.cells, found.seconds)
        return found

    @_step
    def difference(self) -> dict[str, int]:
        """Kind of difference from the last published build → number; the table `quality.build_diff` is written now."""
        before = self.warehouse.current()
        earlier = before.internal if before is not None and can_open(before.internal) else None
        _ = self.tables
        with _named_errors("quality.build_diff"):
            found = write_diff(self.warehouse.scratch(self.build.internal), earlier)
        told = ", ".join(f"{kind} {number}" for kind, number in found.items()) or "none"
        _LOG.info("differences from %s: %s", before.stem if before else "nothing", told)
        return found

    @_step
    def published(self) -> dict[str, BuiltTable]:
        """Every table of the published file.

        It is written now, the same as Parquet, then it is switched to, and old builds are removed.

        Raises:
            CheckFailedError: a blocking check finds offending rows.
            BuildError: a table could not be built.
            ProtectionError: a figure cannot be protected.
            DisclosureError: somebody could work out a protected figure.
            DamagedBuildError: a file cannot be read as it should.
        """
        _ = self.protected
        internal = self.warehouse.scratch(self.build.internal)
        target = self.warehouse.scratch(self.build.published)
        state = self.warehouse.store.state_sha256()
        facts = BuildFacts(self.build.stem, self._started_at, self.as_of, time.monotonic() - self._started, state)
        with _named_errors("the published file"):
            write_published(internal, target, self.intake, facts)
            write_package(target, self.warehouse.scratch(self.build.package), self.settings.county)
            with duckdb.connect(str(target), read_only=True) as connection:
                tables = _describe(connection)
        self.audit = audit_build(target, internal)
        _ = self.difference  # after the last table but its own, or that would be missing in every build
        check_internal(internal, self.tables)
        check_published(target, self.build, {f"main.{model.name}" for model in published_models()})
        self.warehouse.switch_to(self.build, self._next_state())
        self._tidy()
        return {name.removeprefix("main."): table for name, table in tables.items()}

    def _tidy(self) -> None:
        """What follows publishing. Where it fails, the night has not, and the next one makes up for it."""
        try:
            found = purge.purgeable(
                self.warehouse, self.settings, entries_of(self.intake.deliveries, self.settings), self._started_at
            )
            gone = found if self.settings.purge_nightly else [item for item in found if item.kind == "build"]
            purge.remove(gone, self.settings)
        except OSError as error:
            self.untidy = error
            _LOG.warning("published, but tidying up afterwards failed (%s)", type(error).__name__)
        else:
            counts = Counter(item.kind for item in gone)
            _LOG.info("removed what is no longer kept: %s", dict(counts) or "nothing")

    @property
    def is_published(self) -> bool:
        """Whether readers get what this run has built."""
        return "build" in self.__dict__ and self.warehouse.current() == self.build

    def seen_before(self) -> dict[str, str]:
        """Programme → content mark at the last run that published, as this folder remembers it."""
        try:
            known = json.loads((self.settings.state / _SEEN).read_bytes())
        except FileNotFoundError:
            return {}
        except ValueError:
            _LOG.warning("%s is damaged; every programme counts as new", _SEEN)
            return {}
        return {str(key): str(mark) for key, mark in known.items()} if isinstance(known, dict) else {}

    def note_seen(self, programme: str) -> None:
        """Let `seen_before` know this content of a programme once the run has published."""
        self._seen[programme] = self.content_mark(programme)

    def content_mark(self, programme: str) -> str:
        """Tells whether a programme's deliveries are the same as before.

        What the code makes of them does not count: a new version of the program brings no new delivery.
        """
        digest = hashlib.sha256()
        for d in self.intake.of(programme):
            digest.update(f"{d.file}\0{d.sha256}\0{d.problem}\n".encode())
        return digest.hexdigest()[:16]

    def _next_state(self) -> dict[str, bytes]:
        """What of the state changes with the build."""
        marks = {**self.seen_before(), **self._seen}
        patterns = self._patterns.state() if self._patterns is not None else {}
        return patterns | {_SEEN: (json.dumps(marks, indent=1, sort_keys=True) + "\n").encode()}


@dataclass(frozen=True)
class ProgrammeSummary:
    """What a run found of one programme; rows are those of the deliveries that count."""

    title: str
    delivered: int
    counted: int
    superseded: int
    rejected: int
    rows: int
    quarantined: int
    as_of: dt.date | None
    due_on: dt.date
    is_late: bool


def summary(night: Night) -> list[ProgrammeSummary]:
    """One line per programme that the run is about; the run has published."""
    with duckdb.connect(str(night.build.internal), read_only=True) as connection:
        due = {key: facts for key, *facts in connection.execute(_DUE).fetchall()}
    return [_summary(programmes()[key].title, night.intake.of(key), due[key]) for key in night.chosen]


_DUE = "SELECT programme, last_as_of, due_on, is_late FROM quality.due"


def _summary(title: str, deliveries: Sequence[Delivery], due: Sequence[Any]) -> ProgrammeSummary:
    status = [d.status for d in deliveries]
    accounts = [a for d in deliveries if d.status == "counted" for a in d.accounts]
    rows, quarantined = (sum(a[name] for a in accounts) for name in ("rows_read", "quarantined"))
    numbers = (len(status), status.count("counted"), status.count("superseded"), status.count("rejected"))
    return ProgrammeSummary(title, *numbers, rows, quarantined, *due)


@contextmanager
def _named_errors(what: str) -> Iterator[None]:
    """Turn an error of the database into one that names its place and quotes no cell."""
    try:
        yield
    except duckdb.Error as error:
        reason = str(error).splitlines()[0] if isinstance(error, _HARMLESS) else type(error).__name__
        raise BuildError(f"{what}: {reason}") from None
    except RuntimeError as error:
        if str(error) != _INTERRUPTED:
            raise
        raise KeyboardInterrupt from None


def _describe(connection: duckdb.DuckDBPyConnection) -> dict[str, BuiltTable]:
    """Rows and columns of every table of the connected file."""
    found: dict[str, list[BuiltColumn]] = {}
    for schema, table, *column in connection.execute(
        "SELECT schema_name, table_name, column_name, data_type, coalesce(comment, '') FROM duckdb_columns() "
        "WHERE database_name = current_database() AND NOT internal ORDER BY table_oid, column_index"
    ).fetchall():
        found.setdefault(f"{schema}.{table}", []).append(BuiltColumn(*column))
    counts = _counts(connection, found)
    return {name: BuiltTable(counts[name], tuple(columns)) for name, columns in found.items()}


def _counts(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, object]) -> dict[str, int]:
    if not tables:
        return {}
    counted = ", ".join(f"(SELECT count(*) FROM {name})" for name in tables)  # noqa: S608  (own names)
    ((*numbers,),) = connection.execute(f"SELECT {counted}").fetchall()
    return dict(zip(tables, numbers, strict=True))
