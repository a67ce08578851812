"""Releases: what the public gets, frozen, and checked together with every release before it (`privacy.md`).

Belongs here: making and sealing `releases/<name>/`, and the release's own disclosure control. The report in it is
rendered by the caller, between making and sealing. Figures of periods that are not over on the key date are not in a
release. Does not belong here: whether what was sealed still is as it was (`sealed.py`).
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.calendar import Period, named_period
from kim_pipeline.contracts.due import due_state, next_due
from kim_pipeline.contracts.key_date import KeyDate
from kim_pipeline.contracts.vocabulary import last_day_of_programme
from kim_pipeline.disclosure import LinkedSystem, at_risk, audit
from kim_pipeline.errors import KimError
from kim_pipeline.files import draft, make_durable, move, readable_folder, set_mode
from kim_pipeline.intake.due import last_day_of
from kim_pipeline.protection.audit_of_file import audit_file
from kim_pipeline.protection.hiding import figure_place, protect_figures
from kim_pipeline.protection.joint import Released, figure_of, is_change, joined, small_changes
from kim_pipeline.protection.linked_set import Key, LinkedSet, read_linked_set
from kim_pipeline.protection.lost import LostFigures
from kim_pipeline.publishing.builds import Build, Warehouse
from kim_pipeline.publishing.ledger import Ledger, LedgerEntry
from kim_pipeline.publishing.published import stored_build_info, write_tables
from kim_pipeline.publishing.put_right import RELEASES, SEAL, freeze
from kim_pipeline.publishing.sealed import RELEASED_FILE, files_in, sha256_of
from kim_pipeline.warehouse.build import new_internal_file, run_models, sql_literal
from kim_pipeline.warehouse.load import DUE_COLUMNS, load_build_day
from kim_pipeline.warehouse.sql_models import load_models

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHOWN = 20
_CALENDAR, _DELIVERIES, _DUE = "core.calendar_period", "quality.delivery", "quality.due"
_TO_PROTECT = frozenset({"disclosure.cell", "disclosure.concentration"})
"""What protection and audit read of an internal file, beside what the published tables are made from."""
_OF_THE_DAY = "indicators.measure_decision"
"""What depends on the day itself: it is made anew for the key date, from what exists then."""
_FOR_THE_DAY = frozenset({"core.fact_decision", "core.fact_measure"})
_AS_OF = ("build", "as_of")
_MADE_HERE = "disclosure.hidden_cell"


class ReleaseError(KimError):
    """A release cannot be made; the German message says why and what to do."""


@dataclass(frozen=True)
class Release:
    """A release in the making.

    Attributes:
        name, as_of: as given.
        build: whose figures it has.
        folder: where its files are put before it is sealed.
        entry: what the ledger gets.
        hidden_again: release → figures that it printed, and that this one hides because they changed by less than k.
        withheld: figures that this release cannot show and that are too well known all the same → German reason.
        lost: cells that earlier releases alone make too well known, with their values, but for those told before.
    """

    name: str
    as_of: dt.date
    build: Build
    folder: Path
    entry: LedgerEntry | None = None
    hidden_again: Mapping[str, list[str]] = field(default_factory=dict)
    withheld: Mapping[str, str] = field(default_factory=dict)
    lost: Mapping[str, int] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """The protected file of the release."""
        return self.folder / RELEASED_FILE


@contextmanager
def new_release(warehouse: Warehouse, name: str, as_of: dt.date, build: Build) -> Iterator[Release]:
    """Make the protected file of a release; the caller adds the report and calls `seal`.

    Args:
        warehouse: locked by the caller.
        name: of the release: letters, digits, `.`, `_`, `-`.
        as_of: key date.
        build: whose figures are released.

    Raises:
        ReleaseError: the name is taken or impossible, the internal file is gone, or somebody who knows the earlier
            releases could work out protected figures; it names the cells.
    """
    _check(warehouse, name, build)
    with warehouse.store.scratch() as place:
        folder = readable_folder(place / "release")
        made = _made(Release(name, as_of, build, folder), place / "internal.duckdb", Ledger(warehouse.store))
        untold = LostFigures(warehouse.store.state).untold(made.lost)
        yield replace(made, lost={cell: made.lost[cell] for cell in untold})


def _check(warehouse: Warehouse, name: str, build: Build) -> None:
    if not _NAME.fullmatch(name):
        raise ReleaseError(f"„{name}“ geht nicht als Name. Erlaubt sind Buchstaben, Ziffern, Punkt, _ und -.")
    if (warehouse.folder / RELEASES / name).exists():
        raise ReleaseError(f"Die Veröffentlichung {name} gibt es schon; sie wird nicht verändert. Bitte anders nennen.")
    if not build.internal.is_file():
        raise ReleaseError(
            f"Zum Datenbestand {build.stem} gibt es die interne Datei nicht mehr; ohne sie lässt sich die "
            "Geheimhaltung nicht prüfen. Bitte einen jüngeren Datenbestand veröffentlichen."
        )


def _made(release: Release, internal: Path, ledger: Ledger) -> Release:
    name, as_of, build, file = release.name, release.as_of, release.build, release.file
    with new_internal_file(internal) as connection:
        copy_as_of(connection, build.internal, as_of, _day_of(build))
        linked = read_linked_set(connection)
        before = [_Earlier(entry, linked) for entry in ledger.entries() if entry.name != name]
        withheld = protect_figures(connection, _joiner(linked, before)).withheld
        hidden = frozenset(Key(*row) for row in connection.execute("FROM disclosure.hidden_cell").fetchall())
    lost = _audit_jointly(linked, hidden, before, withheld)
    write_tables(internal, file, [*_info_of(build, as_of), *_about(name, as_of)])
    _audit_alone(file, internal, withheld)
    changes = small_changes(linked.system_of_counts(), [earlier.counts for earlier in before])
    entry = LedgerEntry(name, as_of, build.stem, linked.counts, linked.amounts, hidden)
    reasons = {figure_of(cell): _reason(cell) for cell in sorted(withheld)}
    return replace(release, entry=entry, hidden_again=changes, withheld=reasons, lost=lost)


def copy_as_of(connection: duckdb.DuckDBPyConnection, internal: Path, as_of: dt.date, built_on: dt.date) -> None:
    """Make the tables that a release is made from, as they are on its key date, in the connected new file.

    Nothing else of the internal file goes there: no row of a case, and nothing that is dropped later.

    Args:
        connection: to the new file.
        internal: the internal file of the build.
        as_of: the key date.
        built_on: the day of the build.
    """
    connection.execute(f"ATTACH {sql_literal(str(internal))} AS whole (READ_ONLY)")
    key_date = KeyDate(as_of, built_on, f"whole.{_CALENDAR}", f"whole.{_DELIVERIES}")
    for table, columns in _needed(connection).items():
        rule = key_date.condition(table, columns)
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.split('.')[0]}")
        connection.execute(f"CREATE TABLE {table} AS FROM whole.{table}{f' WHERE {rule}' if rule else ''}")
    if due := _due_on(connection, as_of):
        connection.execute(f"CREATE OR REPLACE TABLE {_DUE} ({DUE_COLUMNS})")
        connection.executemany(f"INSERT INTO {_DUE} VALUES (?, ?, ?, ?, ?, ?, ?)", due)
    load_build_day(connection, as_of)
    run_models(connection, [model for model in load_models(["indicators"]) if model.full_name == _OF_THE_DAY])


def _due_on(connection: duckdb.DuckDBPyConnection, as_of: dt.date) -> list[tuple[Any, ...]]:
    """The rows of `quality.due` as they would have been on the key date, of the deliveries with a Stand until then."""
    known: dict[str, list[tuple[Period | None, dt.date]]] = {}
    for programme, period, stand in connection.execute(
        "SELECT programme, period, as_of FROM whole.quality.delivery "
        "WHERE status NOT IN ('rejected', 'held') AND as_of <= $as_of ORDER BY ALL",
        {"as_of": as_of},
    ).fetchall():
        known.setdefault(programme, []).append((named_period(period) if period else None, stand))
    judged = {key for (key,) in connection.execute(f"SELECT programme FROM whole.{_DUE}").fetchall()}
    ((grace,),) = connection.execute(f"SELECT coalesce(max(late_after - due_on), 0) FROM whole.{_DUE}").fetchall()
    rows = []
    for programme in programmes().values():
        if programme.key in judged:
            ours = known.get(programme.key, [])
            last = max((stand for _, stand in ours), default=None)
            through = max((last_day_of(programme, period, stand) for period, stand in ours), default=None)
            ends_on = last_day_of_programme(programme.key)
            due = next_due(programme.cadence, last, through, as_of, grace_days=grace, ends_on=ends_on)
            is_late = due_state(due, as_of) == "late"
            rows.append((programme.key, last, through, due.due_on, due.late_after, is_late, due.phase))
    return rows


def _needed(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Table of the internal file that a release is made from → its columns."""
    models = load_models(["published"])
    read = {parent for model in models for parent in model.parents} - {model.full_name for model in models}
    wanted = (read | _TO_PROTECT | _FOR_THE_DAY) - {_MADE_HERE}
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns() "
        "WHERE database_name = 'whole' ORDER BY table_oid, column_index"
    ).fetchall():
        if table in wanted:
            found.setdefault(table, []).append(column)
    return found


class _Earlier:
    """An earlier release as linked systems, with today's rules."""

    def __init__(self, entry: LedgerEntry, today: LinkedSet) -> None:
        linked = LinkedSet(entry.counts, entry.amounts, today.rules, today.calendar)
        hidden = frozenset(key.cell for key in entry.hidden)
        sums = {key for key in entry.hidden if key in entry.amounts}
        self.counts = Released(entry.name, linked.system_of_counts(), hidden)
        self.amounts = Released(entry.name, linked.system_of_amounts(sums), hidden)


def _joiner(linked: LinkedSet, before: Sequence[_Earlier]) -> Any:
    def join(system: LinkedSystem) -> LinkedSystem:
        is_of_counts = not any(key.cell in system.cells for key in linked.amounts)
        return joined(system, [earlier.counts if is_of_counts else earlier.amounts for earlier in before])

    return join


def _reason(cell: str) -> str:
    """German: why a figure is withheld."""
    why = (
        "Sie hat sich seit einer früheren Veröffentlichung um weniger als die Mindestzahl geändert; was dort steht, "
        "lässt sich nicht zurücknehmen, und zusammen mit dieser ergäbe sich die Änderung genau."
        if is_change(cell)
        else "Was sonst veröffentlicht ist oder war, engt sie zu genau ein, auch wenn alles geheim bleibt, was mit ihr "
        "zusammenhängt."
    )
    return f"{figure_place(cell)} bleibt in dieser Veröffentlichung geheim. {why}"


def _audit_jointly(
    linked: LinkedSet, hidden: frozenset[Key], before: Sequence[_Earlier], withheld: frozenset[str]
) -> dict[str, int]:
    """The audit of this release and all earlier ones together, but for what is withheld.

    Returns:
        The cells that earlier ones alone make too well known, with their values.

    Raises:
        ReleaseError: a cell is too well known.
    """
    sums = {key for key in hidden if key in linked.amounts}
    unseen = {key.cell for key in hidden}
    failed, lost = list[str](), dict[str, int]()
    for system, earlier in (
        (linked.system_of_counts(), [e.counts for e in before]),
        (linked.system_of_amounts(sums), [e.amounts for e in before]),
    ):
        joint = joined(system, earlier)
        hidden_now = {i for i in unseen & joint.cells.keys() if not joint.is_fixed(joint.cells[i])}
        needed, visible = joint.required(), joint.published(hidden_now)
        rows = at_risk(audit(visible, joint.relations, required=needed))
        small = {row.cell for row in rows if row.cell in needed}
        of_today = {i for i, cell in joint.cells.items() if not joint.is_fixed(cell)}
        before_it = audit(joint.published(of_today), joint.relations, required=needed, only=small) if small else []
        known_before = {row.cell for row in at_risk(before_it)}  # whatever this release prints
        failed += [row.cell for row in rows if row.cell not in known_before | withheld]
        lost |= {cell: joint.cells[cell].value for cell in known_before}
    if failed:
        raise _refused(failed)
    return lost


def _audit_alone(file: Path, internal: Path, withheld: frozenset[str]) -> None:
    """The audit of the release's file by itself, but for what is withheld.

    Who knows less may take a large figure for one that might be small: of large ones the joint audit is the judge.

    Raises:
        ReleaseError: a small figure is too well known, or a rule is broken.
    """
    found = audit_file(file, internal)
    known = [row.cell for row in found.at_risk if row.cell in found.small - withheld]
    if known or found.breaches:
        raise _refused(known + [f"{breach.place} ({breach.rule})" for breach in found.breaches])


def _refused(cells: Sequence[str]) -> ReleaseError:
    more = f" und {len(cells) - _SHOWN} weitere" if len(cells) > _SHOWN else ""
    return ReleaseError(
        f"Die Veröffentlichung ist abgelehnt: zusammen mit früheren wäre zu genau bekannt: "
        f"{'; '.join(cells[:_SHOWN])}{more}."
    )


def _info_of(build: Build, as_of: dt.date) -> list[dict[str, Any]]:
    """How the build came about, of the deliveries that exist on the key date.

    Its numbers of rows are left out: from release to release they tell of single persons.
    """
    return [row for row in stored_build_info(build.published, as_of) if row["item"] != "count"]


def _day_of(build: Build) -> dt.date:
    """The day of a build, on which what is due was judged."""
    (day,) = (row["value"] for row in stored_build_info(build.published) if (row["item"], row["name"]) == _AS_OF)
    return dt.date.fromisoformat(day)


def _about(name: str, as_of: dt.date) -> list[dict[str, Any]]:
    rest = {"file": None, "as_of": None, "status": None}
    return [
        {"item": "release", "name": "name", "value": name, **rest},
        {"item": "release", "name": "as_of", "value": as_of.isoformat(), **rest},
    ]


def seal(release: Release, warehouse: Warehouse, now: dt.datetime) -> Path:
    """Make a release final: checksums, modes, ledger, and the rename that makes it be there.

    Until that rename there is no release, from then on there is a whole one, at whatever moment this is killed.

    Returns:
        Its folder.
    """
    seal = {
        "name": release.name,
        "as_of": release.as_of.isoformat(),
        "build": release.build.stem,
        "released_at": now.astimezone(dt.UTC).isoformat(timespec="seconds"),
        "files": {path.relative_to(release.folder).as_posix(): sha256_of(path) for path in files_in(release.folder)},
    }
    draft(release.folder / SEAL, (json.dumps(seal, indent=1, ensure_ascii=False) + "\n").encode())
    for folder in (path for path in release.folder.rglob("*") if path.is_dir()):
        set_mode(folder, 0o555)
    make_durable(release.folder, 0o444)
    final = readable_folder(warehouse.folder / RELEASES) / release.name
    assert release.entry is not None  # noqa: S101  (`new_release` yields it complete)
    with Ledger(warehouse.store).entering(release.entry, now):
        move(release.folder, final)
    freeze(final)
    for file, content in LostFigures(warehouse.store.state).state(release.lost).items():
        warehouse.store.write(warehouse.store.state / file, content)
    return final
