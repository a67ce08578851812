"""What a build says of its deliveries, rows and figures: that which a night must not take away in silence.

Belongs here: reading it from the internal file of the published build and from a trial build of the night. Does not
belong here: comparing the two (`falls.py`).
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.calendar import Period
from kim_pipeline.contracts.model import Table
from kim_pipeline.intake.deliveries import Intake
from kim_pipeline.publishing.builds import Build, Warehouse
from kim_pipeline.settings import Settings
from kim_pipeline.warehouse import build as warehouse_build
from kim_pipeline.warehouse.sql_models import SqlModel, load_models

_LOG = logging.getLogger(__name__)
_FIGURES = "indicators.indicator_value"
_POPULATION = "core.fact_population"
_CALENDAR = "core.calendar_period"
USED = ("counted", "superseded")
"""Status of a delivery that was an input of a build."""

TableName = tuple[str, str]
"""Programme and table."""
RowCounts = dict[dt.date | None, int]
"""Day → number of accepted rows that count; None for rows without a day."""
FigureName = tuple[str, str]
"""Indicator and period, of the county, not broken down."""


@dataclass(frozen=True)
class Span:
    """The days for which a part of a file counts in a table; None for a snapshot, which counts for all."""

    file: str
    part: str
    days: Period | None


@dataclass(frozen=True)
class UsedInput:
    """A delivery, or a part of one, that was an input of a build.

    Attributes:
        programme: its programme.
        file: its name when the build was made; that of kept rows says so (`kept.py`).
        part: which of the file's parts; empty where it has one.
        sha256: of its bytes.
        is_counted: whether it counted; else it was superseded.
    """

    programme: str
    file: str
    part: str
    sha256: str
    is_counted: bool


@dataclass(frozen=True)
class Basis:
    """What a build rests on and shows.

    Attributes:
        inputs: what was counted or superseded.
        spans: programme and table → for which days which file counts.
        covered: programme and table → days of which the deliveries speak.
        rows: programme and table → day → number of accepted rows that count; None for rows without a day.
        figures: indicator and period → the county's value, not broken down; None where it only is not known.
        periods: name of a period → its days.
        indicators: indicator → its programme and its German label.
        populated: area key and Stichtag for which a population counts.
        configuration: what the build depends on besides deliveries → its hash; empty where the build does not say.
    """

    inputs: tuple[UsedInput, ...] = ()
    spans: Mapping[TableName, tuple[Span, ...]] = field(default_factory=dict)
    covered: Mapping[TableName, tuple[Period, ...]] = field(default_factory=dict)
    rows: Mapping[TableName, Mapping[dt.date | None, int]] = field(default_factory=dict)
    figures: Mapping[FigureName, float | None] = field(default_factory=dict)
    periods: Mapping[str, Period] = field(default_factory=dict)
    indicators: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    populated: frozenset[tuple[str, dt.date]] = frozenset()
    configuration: Mapping[str, str] = field(default_factory=dict)

    @property
    def known(self) -> frozenset[tuple[str, str]]:
        """Programme and SHA-256 of what was counted or superseded."""
        return frozenset((i.programme, i.sha256) for i in self.inputs)


def basis_of(build: Build | None) -> Basis | None:
    """What the published build says; None without one, or where neither of its files can be read.

    Its internal file tells everything. Where that is gone (erased, see `erasure.py`) the published one tells which
    deliveries count, and which figures there are.
    """
    if build is None:
        return None
    for path, read in ((build.internal, read_basis), (build.published, _read_published)):
        try:
            with duckdb.connect(str(path), read_only=True) as connection:
                return read(connection)
        except duckdb.Error as error:
            _LOG.warning("%s does not tell what it rests on (%s)", path.name, type(error).__name__)
    return None


def basis_before(warehouse: Warehouse) -> Basis | None:
    """What the published build says; where there is none that can be read, the newest one that can; else None."""
    current = warehouse.current()
    others = (build for build in warehouse.all_builds() if build != current)
    return next((found for build in (current, *others) if (found := basis_of(build)) is not None), None)


def basis_of_trial(intake: Intake, settings: Settings, as_of: dt.date, scratch: Path) -> Basis:
    """What a build of these deliveries would say: staging and the indicators are built, and removed again.

    Args:
        intake: settled.
        settings: days of grace and raised k.
        as_of: day of the run.
        scratch: where the file may be written; its folder is private.
    """
    with warehouse_build.new_internal_file(scratch) as connection:
        warehouse_build.load_inputs(
            connection, intake, as_of, settings.grace_days, settings.raise_k, is_described=False
        )
        warehouse_build.run_models(connection, _needed(), is_described=False)
        found = read_basis(connection)
    scratch.unlink()
    return found


def _needed() -> list[SqlModel]:
    """The models of the staged rows, and those that the figures rest on."""
    models = load_models(warehouse_build.MODEL_SCHEMAS)
    by_name = {model.full_name: model for model in models}
    waiting = [_FIGURES, _CALENDAR, *(name for name in by_name if name.startswith("staging."))]
    needed: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in by_name and name not in needed:
            needed.add(name)
            waiting += by_name[name].parents
    return [model for model in models if model.full_name in needed]


def read_basis(connection: duckdb.DuckDBPyConnection) -> Basis:
    """What an internal file says, also one of an earlier version, which has no parts and no configuration."""
    reader = _Reader(connection)
    spans = reader.spans()
    return Basis(
        inputs=reader.inputs(),
        spans=spans,
        covered=reader.covered(),
        rows=dict(reader.rows(spans)),
        figures=reader.figures(),
        populated=reader.populated(),
        periods={
            name: Period(first, last) for name, first, last in reader.all(f"SELECT * EXCLUDE calendar FROM {_CALENDAR}")
        },
        indicators={
            indicator: (programme, label)
            for indicator, programme, label in reader.all(
                "SELECT indicator_id, programme, label FROM vocabulary.indicator"
            )
        },
        configuration=dict(reader.all("SELECT name, sha256 FROM quality.configuration"))
        if reader.has("quality.configuration")
        else {},
    )


class _Reader:
    """Questions to one file, in whatever version it was written."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._columns: dict[str, set[str]] = {}
        for table, column in self.all("SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns()"):
            self._columns.setdefault(table, set()).add(column)

    def all(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(query).fetchall()

    def has(self, table: str) -> bool:
        return table in self._columns

    def _part(self, table: str, name: str = "part") -> str:
        return name if name in self._columns.get(table, ()) else "''"

    def inputs(self) -> tuple[UsedInput, ...]:
        part = self._part("quality.delivery")
        found = self.all(
            f"SELECT programme, file, {part}, sha256, status = 'counted' FROM quality.delivery "
            f"WHERE status IN {USED} AND sha256 IS NOT NULL ORDER BY ALL"
        )
        return tuple(UsedInput(*row) for row in found)

    def spans(self) -> dict[TableName, tuple[Span, ...]]:
        part = self._part("quality.counting_window")
        found: dict[TableName, tuple[Span, ...]] = {}
        for programme, table, *span in self.all(
            f"SELECT programme, table_name, file, {part}, first_day, last_day FROM quality.counting_window ORDER BY ALL"
        ):
            file, of_file, first, last = span
            days = Period(first, last) if first is not None and last is not None else None
            found[programme, table] = (*found.get((programme, table), ()), Span(file, of_file, days))
        return found

    def covered(self) -> dict[TableName, tuple[Period, ...]]:
        found: dict[TableName, tuple[Period, ...]] = {}
        for programme, table, first, last in self.all(
            "SELECT programme, table_name, first_day, last_day FROM quality.coverage ORDER BY ALL"
        ):
            found[programme, table] = (*found.get((programme, table), ()), Period(first, last))
        return found

    def rows(self, spans: Mapping[TableName, tuple[Span, ...]]) -> Iterator[tuple[TableName, RowCounts]]:
        for programme in programmes().values():
            for table in programme.tables:
                name = f"staging.{programme.key}_{table.name}"
                if self.has(name):
                    key = programme.key, table.name
                    yield key, self._rows_of(name, table, spans.get(key, ()))

    def _rows_of(self, name: str, table: Table, spans: tuple[Span, ...]) -> RowCounts:
        if table.period_date in self._columns[name]:
            return dict(self.all(f"SELECT {table.period_date}, count(*) FROM {name} GROUP BY 1"))
        lasts = {(s.file, s.part): s.days.last for s in spans if s.days}  # in order: the last one is the latest
        part = self._part(name, "source_part")
        found: RowCounts = {}
        for file, of_file, number in self.all(f"SELECT source_file, {part}, count(*) FROM {name} GROUP BY 1, 2"):
            day = lasts.get((file, of_file))
            found[day] = found.get(day, 0) + number
        return found

    def populated(self) -> frozenset[tuple[str, dt.date]]:
        if not self.has(_POPULATION):
            return frozenset()
        found = self.all(f"SELECT area, reported_on FROM {_POPULATION} WHERE population IS NOT NULL")
        return frozenset((area, day) for area, day in found)

    def figures(self) -> dict[FigureName, float | None]:
        found = self.all(
            f"SELECT indicator_id, period, value FROM {_FIGURES} "
            "WHERE breakdown_kind = 'total' AND area = (SELECT area FROM vocabulary.area WHERE part_of IS NULL)"
        )
        return {(indicator, period): None if value is None else float(value) for indicator, period, value in found}


def _read_published(connection: duckdb.DuckDBPyConnection) -> Basis:
    """What the published file of a build says: a figure that is secret counts as one whose value is not known."""
    inputs = connection.execute(
        f"SELECT name, coalesce(file, ''), '', value, status = 'counted' FROM build_info "
        f"WHERE item = 'input' AND status IN {USED} AND value IS NOT NULL"
    ).fetchall()
    figures = connection.execute(
        "SELECT indicator_id, period, value FROM indicator_value "
        "WHERE breakdown_kind = 'total' AND area = (SELECT area FROM area WHERE part_of IS NULL)"
    ).fetchall()
    periods = connection.execute("SELECT period, first_day, last_day FROM period").fetchall()
    indicators = connection.execute("SELECT indicator_id, programme, label FROM indicator").fetchall()
    return Basis(
        inputs=tuple(UsedInput(*row) for row in inputs),
        figures={(indicator, period): value for indicator, period, value in figures},
        periods={name: Period(first, last) for name, first, last in periods},
        indicators={indicator: (programme, label) for indicator, programme, label in indicators},
    )
