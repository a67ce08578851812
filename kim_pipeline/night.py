"""One night's work as functions in their order: take_in → hold → build → check → protect → publish → tidy.

Belongs here: what each step does and hands to the next. The record of a night grows from step to step; its type says
how far the night has come, so that nothing can be published that was not checked. Does not belong here: Dagster, which
asks for the steps one by one, and the terminal, which tells people.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, TypeVar

import duckdb

from kim_pipeline import german
from kim_pipeline.board.page import renew_board, write_board
from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.due import due_state
from kim_pipeline.contracts.model import Programme
from kim_pipeline.errors import KimError, interrupts_kept
from kim_pipeline.files import remove
from kim_pipeline.guard.acceptances import Acceptances, ended, load_acceptances, rows_of, save_acceptances
from kim_pipeline.guard.basis import basis_before
from kim_pipeline.guard.configuration import configuration_of
from kim_pipeline.guard.holds import note_holds
from kim_pipeline.guard.judging import Case, Judgement, judge, limits_of_county, stopped, without_a_build
from kim_pipeline.guard.kept import forget_rows, keep_rows
from kim_pipeline.intake import intake as deliveries
from kim_pipeline.intake.deliveries import Intake
from kim_pipeline.intake.due import due_of
from kim_pipeline.intake.intake import Progress, entries_of, present_entries
from kim_pipeline.protection.audit_of_file import FileAudit, audit_build, lost_warning
from kim_pipeline.protection.hiding import Protection, protect_figures, unprotectable_indicator
from kim_pipeline.protection.lost import LostFigures
from kim_pipeline.protection.night_ledger import NightLedger
from kim_pipeline.protection.pattern_memory import PatternMemory
from kim_pipeline.publishing.builds import Build, Warehouse
from kim_pipeline.publishing.keeping import purge
from kim_pipeline.publishing.ledger import Ledger
from kim_pipeline.publishing.parquet import write_package
from kim_pipeline.publishing.published import BuildFacts, write_published
from kim_pipeline.publishing.smoke import can_open, check_internal, check_published
from kim_pipeline.settings import Settings, today
from kim_pipeline.warehouse import build as warehouse_build
from kim_pipeline.warehouse.build import CheckFailedError
from kim_pipeline.warehouse.checks import Check, blocking_checks, offending_rows, plausibility_checks
from kim_pipeline.warehouse.diff import write_diff
from kim_pipeline.warehouse.load import summary_counts
from kim_pipeline.warehouse.sql_models import SqlModel, load_models

_LOG = logging.getLogger(__name__)
_HARMLESS = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.IOException)
"""Errors whose texts hold names only; the text of any other error of the database may quote a cell."""
TABLES = "tables"
"""Name under which the progress of the tables is told; programmes go by their keys."""
COUNTS = {
    "counted": "Lieferungen, die zählen",
    "superseded": "Lieferungen, ersetzt",
    "rejected": "Lieferungen, zurückgewiesen",
    "held": "Lieferungen, angehalten",
    "rows_read": "Zeilen gelesen",
    "accepted": "Zeilen angenommen",
    "quarantined": "Zeilen in Quarantäne",
    "total": "Summenzeilen",
    "note": "Notizzeilen",
    "findings_error": "Befunde: Fehler",
    "findings_warning": "Befunde: Warnungen",
    "findings_notice": "Befunde: Hinweise",
}
"""What is counted of all deliveries → German label."""
FILE_COUNTS = frozenset({"counted", "superseded", "rejected", "held"})
"""Of these, numbers of files; those of rows are told as classes, for the control room shows what a night logs."""


class BuildError(KimError):
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


@dataclass(frozen=True)
class CheckResult:
    """What a check found: its first offending rows; whether these keep the build from being published."""

    check: Check
    rows: tuple[Mapping[str, object], ...]
    is_blocking: bool


def _tell_nobody(_name: str, _done: int, _total: int) -> None:
    """The progress of a run that nobody watches."""


@dataclass(frozen=True, kw_only=True)
class Night:
    """A run before its first step.

    Attributes:
        settings: folders and limits.
        as_of: today, for what is due.
        full: whether every delivery is read and shown anew, whatever is known of it.
        only: programmes, layers and checks that the run is about; None for all. What is built is the same.
        accept_missing: programmes of which everything that counted may be gone.
        progress: is told how far the run has come, of the tables by the name `TABLES`.
        started_at: when it began, by the clock.
        started: the same by a clock that nobody sets, in seconds.
    """

    settings: Settings
    as_of: dt.date = field(default_factory=today)
    full: bool = False
    only: frozenset[str] | None = None
    accept_missing: frozenset[str] = frozenset()
    progress: Progress = _tell_nobody
    started_at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    started: float = field(default_factory=time.monotonic)

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse, which whoever calls the steps holds (`Warehouse.lock`)."""
        return Warehouse(self.settings.warehouse)

    @property
    def chosen(self) -> list[str]:
        """Keys of the programmes that the run is about: all of them where it is about layers or checks only."""
        return [key for key in programmes() if self.only and key in self.only] or list(programmes())


@dataclass(frozen=True, kw_only=True)
class TakenIn(Night):
    """A run that knows the deliveries."""

    intake: Intake


@dataclass(frozen=True, kw_only=True)
class Guarded(TakenIn):
    """A run that may go on.

    Attributes:
        build: what it will make.
        judgement: what was set aside, and which rows count although their bytes are gone.
        acceptances: what people have said.
        configuration: what the build depends on besides its deliveries, by name.
    """

    build: Build
    judgement: Judgement
    acceptances: Acceptances
    configuration: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Built(Guarded):
    """A run that has written the internal file; `tables` are its tables by `schema.table`."""

    tables: Mapping[str, BuiltTable]


@dataclass(frozen=True, kw_only=True)
class Checked(Built):
    """A run that has put every check to the internal file."""

    results: tuple[CheckResult, ...]

    @property
    def failed(self) -> list[Check]:
        """Blocking checks that found offending rows."""
        return [result.check for result in self.results if result.rows and result.is_blocking]

    @property
    def warned(self) -> list[CheckResult]:
        """What checks found that only warn."""
        return [result for result in self.results if result.rows and not result.is_blocking]


@dataclass(frozen=True, kw_only=True)
class Protected(Checked):
    """A run that knows what is hidden of the figures; `patterns` is what the next night is to know of it."""

    protection: Protection
    patterns: PatternMemory


@dataclass(frozen=True, kw_only=True)
class Published(Protected):
    """A run whose build readers get.

    Attributes:
        difference: kind of difference from the build published before → number.
        audit: what the audit of the published file found.
    """

    difference: Mapping[str, int]
    audit: FileAudit


@dataclass(frozen=True, kw_only=True)
class Tidied(Published):
    """A run at its end; `untidy` is the error that kept it from tidying up."""

    untidy: OSError | None


Stage = TypeVar("Stage", bound=Night)


def run(night: Night) -> Tidied:
    """The whole night; the caller holds the warehouse. Errors are those of the steps."""
    *_, last = stages(night)
    assert isinstance(last, Tidied)  # noqa: S101  (for mypy)
    return last


def stages(night: Night) -> Iterator[Night]:
    """The record after each step; asking for the next one does the next step. The caller holds the warehouse."""
    yield (taken_in := take_in(night))
    yield (guarded := hold(taken_in))
    yield (built := build(guarded))
    yield (checked := check(built))
    yield (protected := protect(checked))
    yield (published := publish(protected))
    yield tidy(published)


def take_in(night: Night) -> TakenIn:
    """Read the deliveries that are new, or all of what the run is about where it is a full one; settle what counts.

    Raises:
        ReaderError: the processes that read do not start.
        OSError: the warehouse folder cannot be written to.
    """
    if night.full:
        for entry in present_entries(night.settings):
            if entry.parent.name in night.chosen:
                remove(entry)
    withdrawn = load_acceptances(night.warehouse.store).holding("withdrawn")
    intake = deliveries.take_in(night.settings, night.progress, today=night.as_of, withdrawn=withdrawn)
    counts = summary_counts(intake.deliveries)
    told = "; ".join(
        f"{label}: {counts[name] if name in FILE_COUNTS else german.count_class(counts[name])}"
        for name, label in COUNTS.items()
        if name in counts
    )
    read_anew = sum(1 for d in intake.deliveries if d.parsed)
    _LOG.info("%d Lieferungen, davon %d neu gelesen. %s", len(intake.deliveries), read_anew, told)
    if intake.unknown:
        _LOG.warning("gehört zu keinem Programm: %s", ", ".join(intake.unknown))
    return _after(TakenIn, night, intake=intake)


def hold(night: TakenIn) -> Guarded:
    """Let nothing be built that would take published figures away without a person's word.

    Raises:
        HeldNightError: what the published build rests on is gone, or something else would take figures away, and
            nothing can be set aside.
        AcceptanceError: what people have said cannot be read.
    """
    acceptances, configuration = _acceptances(night), configuration_of(night.settings)
    judgement = judged(night, acceptances, configuration)
    note_holds(night.warehouse.store, judgement, night.started_at)
    if judgement.questions:
        renew_board(night.settings, night.as_of, night.started_at)
        raise stopped(judgement.questions)
    keep_rows(night.warehouse.store, judgement.kept)
    for delivery in judgement.held:
        _LOG.warning("%s: a delivery is held until a person decides", delivery.programme)
    build = night.warehouse.new_build(night.intake.inputs_sha256, night.started_at)
    return _after(
        Guarded, night, build=build, judgement=judgement, acceptances=acceptances, configuration=configuration
    )


def judged(night: TakenIn, acceptances: Acceptances, configuration: Mapping[str, str]) -> Judgement:
    """What the deliveries of a night would take away from the published build, and what becomes of that."""
    before = basis_before(night.warehouse)
    if before is None:
        return without_a_build(night.warehouse.store, acceptances, night.intake.inputs_sha256)
    with night.warehouse.store.scratch() as scratch:
        return judge(
            Case(
                before=before,
                intake=night.intake,
                settings=night.settings,
                as_of=night.as_of,
                acceptances=acceptances,
                limits=limits_of_county(),
                may_be_missing=night.accept_missing,
                now=dict(configuration),
                scratch=scratch / "trial.duckdb",
            )
        )


def _acceptances(night: TakenIn) -> Acceptances:
    """What people have said; that a delivery may be missing ends when its bytes are there again."""
    store = night.warehouse.store
    known = load_acceptances(store)
    back = {(d.programme, d.sha256) for d in night.intake.deliveries if d.sha256 is not None}
    now = ended(known, "missing", back, night.started_at)
    if now != known:
        save_acceptances(store, now)
    return now


def build(night: Guarded) -> Built:
    """Write the new internal file.

    Raises:
        BuildError: a table could not be built.
    """
    models = table_models()
    with warehouse_build.new_internal_file(night.warehouse.scratch(night.build.internal)) as connection:
        with _named_errors("Laden der Lieferungen", connection):
            warehouse_build.load_inputs(
                connection,
                night.intake,
                night.as_of,
                night.settings.grace_days,
                night.settings.raise_k,
                acceptances=rows_of(night.acceptances),
                configuration=sorted(night.configuration.items()),
            )
        for number, model in enumerate(models, 1):
            with _named_errors(model.full_name, connection):
                warehouse_build.run_models(connection, [model])
            night.progress(TABLES, number, len(models))
        return _after(Built, night, tables=tables_of(connection))


def check(night: Built) -> Checked:
    """Put every check to the new internal file. What is found stands in the record; `protect` asks for it.

    Raises:
        BuildError: the statement of a check fails.
    """
    results = []
    with reader(night) as connection:
        for is_blocking, checks in ((True, blocking_checks()), (False, plausibility_checks())):
            for each in checks:
                with _named_errors(each.name, connection):
                    results.append(CheckResult(each, tuple(offending_rows(connection, each)), is_blocking))
    return _after(Checked, night, results=tuple(results))


def protect(night: Checked) -> Protected:
    """Decide what is hidden of the figures; `disclosure.hidden_cell` is written.

    Raises:
        CheckFailedError: a blocking check found offending rows.
    """
    if night.failed:
        raise CheckFailedError(*night.failed)
    internal = night.warehouse.scratch(night.build.internal)
    with duckdb.connect(str(internal)) as connection, _named_errors("disclosure.hidden_cell", connection):
        patterns = PatternMemory(
            night.settings.state, release=Ledger(night.warehouse.store).newest(), is_new=night.full
        )
        found = protect_figures(connection, memory=patterns)
    _LOG.info("hidden: %d of %d figures (%.1f s)", found.hidden, found.cells, found.seconds)
    for sentence in sorted(set(map(unprotectable_indicator, found.withheld))):
        _LOG.warning("%s", sentence)
    return _after(Protected, night, protection=found, patterns=patterns)


def publish(night: Protected) -> Published:
    """Write the published file, the same as Parquet, audit them, and switch readers to them.

    Raises:
        BuildError: a table could not be built.
        UndeclaredError: of a published column nobody has said what it tells.
        DisclosureError: what is published cannot be judged.
        DamagedBuildError: a file cannot be read as it should.
        OSError: the folder cannot be written to; what was published still is.
    """
    internal, target = night.warehouse.scratch(night.build.internal), night.warehouse.scratch(night.build.published)
    seconds, state = time.monotonic() - night.started, night.warehouse.store.state_sha256()
    facts = BuildFacts(night.build.stem, night.started_at, night.as_of, seconds, state)
    nights = NightLedger(night.settings.state, release=Ledger(night.warehouse.store).newest())
    with _named_errors("veröffentlichte Datei"):
        write = partial(write_published, internal, target, night.intake, facts)
        write()
        audit = audit_build(target, internal, write, nights.nights)
        write_package(target, night.warehouse.scratch(night.build.package), night.settings.county)
        difference = _compare(night)  # after the last table but its own, or that would be missing in every build
        check_internal(internal, night.tables)
        check_published(target, night.build, {f"main.{model.name}" for model in published_models()})
    night.patterns.note_hidden([key.cell for key in sorted(audit.hidden_more)])
    lost = LostFigures(night.settings.state)
    untold = lost.untold(audit.lost)
    if untold:
        _LOG.warning("%s", lost_warning(len(untold)))
    night.warehouse.switch_to(
        night.build, {**night.patterns.state(), **nights.state(audit.cells), **lost.state(audit.lost)}
    )
    hidden = dataclasses.replace(
        night.protection, hidden=night.protection.hidden + len(audit.hidden_more), exposed=len(untold)
    )
    return _after(Published, night, difference=difference, audit=audit, protection=hidden)


def _compare(night: Protected) -> dict[str, int]:
    """Kind of difference from the build that readers get now → number; writes `quality.build_diff`."""
    before = night.warehouse.current()
    earlier = before.internal if before is not None and can_open(before.internal) else None
    with _named_errors("quality.build_diff"):
        found = write_diff(night.warehouse.scratch(night.build.internal), earlier)
    told = ", ".join(f"{kind} {german.count_class(number)}" for kind, number in found.items()) or "none"
    _LOG.info("differences from %s: %s", before.stem if before else "nothing", told)
    return found


def tidy(night: Published) -> Tidied:
    """Write the board, and remove what is no longer kept.

    Where that fails, the night has not, and the next one makes up for it.
    """
    present = entries_of(night.intake.deliveries, night.settings)
    try:
        write_board(night.settings, night.as_of, night.started_at)
        forget_rows(night.warehouse.store, {(k.programme, k.sha256) for k in night.judgement.kept})
        found = purge.purgeable(night.warehouse, night.settings, present, night.started_at)
        gone = found if night.settings.purge_nightly else [item for item in found if item.kind == "build"]
        purge.remove_items(gone, night.settings)
    except OSError as error:
        _LOG.warning("published, but tidying up afterwards failed (%s)", type(error).__name__)
        return _after(Tidied, night, untidy=error)
    _LOG.info("removed what is no longer kept: %s", dict(Counter(item.kind for item in gone)) or "nothing")
    return _after(Tidied, night, untidy=None)


def _after(stage: type[Stage], night: Night, **found: Any) -> Stage:
    """The record of the next stage: what is known of a night, and what a step has found."""
    known = {each.name: getattr(night, each.name) for each in dataclasses.fields(night)}
    return stage(**{**known, **found})


@contextmanager
def reader(night: Built) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the internal file of a run, published or not yet."""
    scratch = night.warehouse.scratch(night.build.internal)
    path = scratch if scratch.exists() else night.build.internal
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


def is_published(night: Night) -> bool:
    """Whether readers get what a run has built, also where it ended before it could say so."""
    return isinstance(night, Guarded) and night.warehouse.current() == night.build


@cache
def table_models() -> tuple[SqlModel, ...]:
    """The models of the internal file, parents first; read once, so that what is run is what is shown."""
    return tuple(load_models(warehouse_build.MODEL_SCHEMAS))


@cache
def published_models() -> tuple[SqlModel, ...]:
    """The models of the published file."""
    return tuple(load_models(["published"]))


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
    due_on: dt.date | None
    is_late: bool


def summary(night: TakenIn) -> list[ProgrammeSummary]:
    """One line per programme that the run is about."""
    return [_summary(programmes()[key], night) for key in night.chosen]


def _summary(programme: Programme, night: TakenIn) -> ProgrammeSummary:
    ours = night.intake.of(programme.key)
    files: dict[str, set[str]] = {}
    for d in ours:
        files.setdefault(d.status, set()).add(d.file)
    accounts = [a for d in ours if d.status == "counted" for a in d.accounts]
    rows, quarantined = (sum(a[name] for a in accounts) for name in ("rows_read", "quarantined"))
    counted, superseded, rejected = (len(files.get(status, ())) for status in ("counted", "superseded", "rejected"))
    numbers = (len({d.file for d in ours}), counted, superseded, rejected)
    due = due_of(programme, ours, night.as_of, night.settings.grace_days)
    is_late = due_state(due, night.as_of) == "late"
    return ProgrammeSummary(programme.title, *numbers, rows, quarantined, due.last_as_of, due.due_on, is_late)


@contextmanager
def _named_errors(what: str, connection: duckdb.DuckDBPyConnection | None = None) -> Iterator[None]:
    """Turn an error of the database into one that names its place and quotes no cell; an interrupt stays one."""
    try:
        with interrupts_kept(connection.interrupt if connection else None):
            yield
    except duckdb.Error as error:
        reason = str(error).splitlines()[0] if isinstance(error, _HARMLESS) else type(error).__name__
        raise BuildError(f"{what}: {reason}") from None


def tables_of(connection: duckdb.DuckDBPyConnection) -> dict[str, BuiltTable]:
    """Rows and columns of every table of the connected file, by `schema.table`."""
    found: dict[str, list[BuiltColumn]] = {}
    for schema, table, *column in connection.execute(
        "SELECT schema_name, table_name, column_name, data_type, coalesce(comment, '') FROM duckdb_columns() "
        "WHERE database_name = current_database() AND NOT internal ORDER BY table_oid, column_index"
    ).fetchall():
        found.setdefault(f"{schema}.{table}", []).append(BuiltColumn(*column))
    counts = _counts(connection, list(found))
    return {name: BuiltTable(counts[name], tuple(columns)) for name, columns in found.items()}


def _counts(connection: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> dict[str, int]:
    if not tables:
        return {}
    return dict(connection.execute(warehouse_build.rows_by_table(tables)).fetchall())
