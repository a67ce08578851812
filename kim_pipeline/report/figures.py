"""The published figures as the report needs them: read once from `kim.duckdb`, limited to a key date.

Belongs here: reading and looking up, and why there is no figure. What is said of them is in the chapters.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import duckdb

from kim_pipeline import german
from kim_pipeline.contracts.key_date import KeyDate, key_date_of
from kim_pipeline.errors import KimError

Record = dict[str, Any]
FigureState = Literal["published", "suppressed", "not_reported", "none", "missing", "inactive"]
YEARLY = ("year", "school_year")
ENOUGH = 20
"""Records behind a figure that may be ranked or compared."""
_ENOUGH_CLASSES = frozenset({"20-49", "50+"})
COUNTED = frozenset({"count", "distinct", "stock", "level"})
"""Aggregations whose value is itself a number of records."""
_AMOUNTS = frozenset({"Euro", "Stunden"})
_OF_RECORDS = frozenset({"median", "rate"})
TOTAL = "total"


@dataclass(frozen=True)
class ShownFigure:
    """One figure, or why there is none.

    Attributes:
        state: `published`; `suppressed` (kept secret); `not_reported` (delivered, but no row has a value: neither
            secret nor 0); `none` (delivered, but nothing to compute); `missing` (not or not wholly delivered);
            `inactive` (the programme did not run).
        value: where published.
        numerator: of a published rate.
        denominator: likewise.
        n: how many records are behind it, where published.
        n_class: in which class that number lies, where only this is published.
        aggregation: of its indicator.
    """

    state: FigureState
    value: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    n: float | None = None
    n_class: str | None = None
    aggregation: str = ""

    @property
    def is_big_enough(self) -> bool:
        """Whether it may be ranked or compared: visible and of at least 20 records (`paper.md` §0)."""
        if self.value is None:
            return False
        if (self.n is not None and self.n >= ENOUGH) or self.n_class in _ENOUGH_CLASSES:
            return True
        return self.aggregation in COUNTED and self.value >= ENOUGH

    @property
    def is_bracketed(self) -> bool:
        """Whether a table shows it in brackets: a median or rate of fewer than 20 records."""
        return self.value is not None and self.aggregation in _OF_RECORDS and not self.is_big_enough


@dataclass(frozen=True)
class ShownPeriod:
    """A calendar year, quarter or school year."""

    name: str
    calendar: str
    first_day: dt.date
    last_day: dt.date


@dataclass(frozen=True)
class ShownBuild:
    """Which build the figures are of."""

    name: str
    built_at: dt.datetime
    as_of: dt.date
    code_version: str
    inputs: str


class NotPublishedError(KimError):
    """A file is no published one; says so in German."""


class Figures:
    """All tables of a published file.

    Args:
        published: the file.
        key_day: what later periods, registers, deliveries and decisions are left out; the build's day by default.

    Raises:
        NotPublishedError: the file is none that the nightly run has published.
    """

    def __init__(self, published: Path, key_day: dt.date | None = None) -> None:
        self._tables = _read(published, key_day)
        facts = {row["name"]: row["value"] for row in self.rows("build_info") if row["item"] == "build"}
        self.build = ShownBuild(
            facts["build"],
            dt.datetime.fromisoformat(facts["built_at"]),
            dt.date.fromisoformat(facts["as_of"]),
            facts["code_version"],
            facts["inputs_sha256"],
        )
        self.key_day = key_day or self.build.as_of

    def rows(self, table: str) -> list[Record]:
        """The rows of a table that exist on the key date, in its order; none of a table that an older file lacks."""
        return self._tables.get(table, [])

    @cached_property
    def periods(self) -> dict[str, ShownPeriod]:
        """Periods that ended by the key date, by name, each calendar in its order."""
        found = [ShownPeriod(**row) for row in self.rows("period")]
        return {p.name: p for p in sorted(found, key=lambda p: p.first_day)}

    @cached_property
    def indicators(self) -> dict[str, Record]:
        """The catalogue by indicator."""
        return {row["indicator_id"]: row for row in self.rows("indicator")}

    @cached_property
    def county(self) -> Record:
        """The county among the areas."""
        return next(row for row in self.rows("area") if row["part_of"] is None)

    @cached_property
    def municipalities(self) -> list[Record]:
        """The other areas, by name."""
        return sorted((row for row in self.rows("area") if row["part_of"] is not None), key=lambda row: row["name"])

    @cached_property
    def programmes(self) -> dict[str, Record]:
        """Programmes by key."""
        return {row["programme"]: row for row in self.rows("programme")}

    @cached_property
    def members(self) -> dict[tuple[str, str], str]:
        """Breakdown and its member → German name."""
        return {(row["breakdown_kind"], row["breakdown"]): row["name"] for row in self.rows("breakdown_member")}

    def breaks(self, indicator: str, periods: Iterable[str], area: str | None = None) -> list[Record]:
        """Where an indicator's series changes its census base or source within periods; the county's by default."""
        shown, place = set(periods), area or self.county["area"]
        return [
            row
            for row in self.rows("series_break")
            if row["indicator_id"] == indicator and row["area"] == place and row["period"] in shown
        ]

    def census_base(self, indicator: str, period: str) -> str | None:
        """The census on which the population figures of a year rest; None where it is not known."""
        found = {(row["indicator_id"], row["period"]): row["census_base"] for row in self.rows("population_base")}
        return found.get((indicator, period))

    @cached_property
    def _values(self) -> dict[tuple[str, str, str, str, str], Record]:
        return {
            (row["indicator_id"], row["area"], row["period"], row["breakdown_kind"], row["breakdown"]): row
            for row in self.rows("indicator_value")
        }

    @cached_property
    def _states(self) -> dict[tuple[str, str], Record]:
        return {(row["programme"], row["period"]): row for row in self.rows("programme_period")}

    def period_state(self, programme: str, period: str) -> Record | None:
        """What is known of a programme in a period: `state`, `is_covered`; None where nothing is."""
        return self._states.get((programme, period))

    def figure(
        self, indicator: str, period: str, area: str | None = None, kind: str = TOTAL, member: str = ""
    ) -> ShownFigure:
        """A figure, the county's by default."""
        row = self._values.get((indicator, area or self.county["area"], period, kind, member))
        if row is None or period not in self.periods:
            return ShownFigure(self._absence(indicator, period))
        counts = (row["n"], row["n_class"], self._aggregation(indicator))
        return ShownFigure(row["status"], row["value"], row["numerator"], row["denominator"], *counts)

    def _aggregation(self, indicator: str) -> str:
        """How an indicator comes about; a sum of numbers of people or things is itself a number of them."""
        known = self.indicators[indicator]
        is_of_counts = known["aggregation"] == "sum" and known["unit"] not in _AMOUNTS
        return "count" if is_of_counts else str(known["aggregation"])

    def _absence(self, indicator: str, period: str) -> FigureState:
        known = self._states.get((self.indicators[indicator]["programme"], period))
        if known is None:
            return "missing"
        if known["state"] != "läuft":
            return "inactive"
        return "none" if known["is_covered"] else "missing"

    def of_programme(self, programme: str) -> list[Record]:
        """The programme's indicators, in the catalogue's order."""
        return [row for row in self.rows("indicator") if row["programme"] == programme]

    def members_of(self, indicator: str, kind: str, periods: Iterable[str]) -> list[str]:
        """Members of a breakdown that the county has figures for, by name."""
        wanted, county = set(periods), self.county["area"]
        found = {
            key[4] for key in self._values if key[:2] == (indicator, county) and key[2] in wanted and key[3] == kind
        }
        return sorted(found, key=lambda member: str(self.members.get((kind, member), member)).casefold())

    @cached_property
    def _with_values(self) -> dict[str, set[str]]:
        """Programme → periods with a total of the county."""
        found: dict[str, set[str]] = {}
        for indicator, area, period, kind, _ in self._values:
            known = self.indicators[indicator]
            if area == self.county["area"] and kind == TOTAL and period in self.periods:
                found.setdefault(known["programme"], set()).add(period)
        return found

    @cached_property
    def _newest(self) -> dict[str, dt.date]:
        """Calendar → last day up to which any programme has figures; a register's single year does not count."""
        found: dict[str, dt.date] = {}
        everywhere = {row["programme"] for row in self.rows("indicator") if not row["county_only"]}
        lone = {row["programme"] for row in self.rows("indicator")} - everywhere
        for programme, names in self._with_values.items():
            for period in (self.periods[name] for name in names if programme not in lone):
                found[period.calendar] = max(period.last_day, found.get(period.calendar, dt.date.min))
        return found

    def shown(self, programme: str, calendar: str, limit: int) -> list[str]:
        """Periods to show of a programme: the last ones from its first with a figure to its newest.

        Years and school years go on to the newest of any programme, so that what is missing shows; those in which it no
        longer ran are left out.
        """
        own = [self.periods[name] for name in self._with_values.get(programme, ())]
        own = [period for period in own if period.calendar == calendar]
        if not own:
            return []
        first = min(period.first_day for period in own)
        last = max(period.last_day for period in own)
        if calendar in YEARLY:
            last = max(last, self._newest.get(calendar, dt.date.min))
        names = [
            p.name
            for p in self.periods.values()
            if p.calendar == calendar and first <= p.first_day and p.last_day <= last
            and self._states.get((programme, p.name), {"state": "läuft"})["state"] == "läuft"
        ]  # fmt: skip
        return names[-limit:]

    def calendar_of(self, indicator: str) -> str:
        """The calendar of an indicator's yearly figures."""
        calendars = str(self.indicators[indicator]["calendars"]).split(",")
        return next(calendar for calendar in calendars if calendar in YEARLY)

    def has_municipalities(self, indicator: Record) -> bool:
        """Whether a row of `indicator` has yearly figures for municipalities."""
        of_county = (indicator["county_calendars"] or "").split(",")
        return not indicator["county_only"] and self.calendar_of(indicator["indicator_id"]) not in of_county

    def newest(self, indicator: str) -> str | None:
        """The last yearly period for which the county has a figure of an indicator, hidden or not."""
        calendar = self.calendar_of(indicator)
        county = self.county["area"]
        names = [
            p.name
            for p in self.periods.values()
            if p.calendar == calendar and (indicator, county, p.name, TOTAL, "") in self._values
        ]
        return names[-1] if names else None

    @property
    def deliveries(self) -> list[Record]:
        """Deliveries whose Stand is not after the key date; those that name none, from the day of the build on."""
        return self.rows("delivery")

    def stands(self, programme: str) -> list[dt.date]:
        """The days as of which a programme's usable deliveries were drawn up, in order, each once."""
        ours = (row for row in self.deliveries if row["programme"] == programme and row["status"] != "rejected")
        return sorted({row["as_of"] for row in ours if row["as_of"] is not None})


def build_name(published: Path) -> str:
    """The name of the build that a published file is of.

    Raises:
        NotPublishedError: the file is none.
    """
    return Figures(published).build.name


def _read(published: Path, key_day: dt.date | None) -> dict[str, list[Record]]:
    try:
        with duckdb.connect(str(published), read_only=True) as connection:
            names = [row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
            absent = sorted(NEEDED.difference(names))
            tables = {} if absent else _tables(connection, names, key_date_of(connection, key_day))
    except duckdb.Error as error:
        raise NotPublishedError(
            f"{published} lässt sich nicht öffnen: die Datei ist kein Datenbestand oder beschädigt."
        ) from error
    if absent:
        raise NotPublishedError(
            f"{published} ist kein vollständiger Datenbestand: es fehlt {german.quoted_listing(absent)}. "
            "Bitte kim run ausführen."
        )
    return tables


def _tables(connection: duckdb.DuckDBPyConnection, names: Sequence[str], key_date: KeyDate) -> dict[str, list[Record]]:
    return {name: _rows(connection, name, key_date) for name in names}


def _rows(connection: duckdb.DuckDBPyConnection, table: str, key_date: KeyDate) -> list[Record]:
    columns = [name for name, *_ in connection.execute(f'DESCRIBE "{table}"').fetchall()]
    rule = key_date.condition(table, columns)
    query = f'SELECT * FROM "{table}"' + (f" WHERE {rule}" if rule else "")  # noqa: S608  (the file's own names)
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or ()]
    names = ["name" if table == "period" and name == "period" else name for name in names]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


NEEDED = frozenset(
    (
        "area", "breakdown_member", "build_info", "delivery", "delivery_status", "indicator",
        "indicator_value", "language_gap", "measure_activity", "measure_history", "measure_review",
        "measure_review_missing", "offer_gap", "period", "population_base", "programme", "programme_period",
        "series_break",
    )
)  # fmt: skip
"""Tables that the report is made from."""


def preferred_order(present: Iterable[str], preferred: Sequence[str]) -> list[str]:
    """Distinct names: the preferred ones first and in their order, then the others by name."""
    found = set(present)
    return [name for name in preferred if name in found] + sorted(found - set(preferred))
