"""Releases: what the public gets, frozen, and checked together with every release before it (`privacy.md`).

Belongs here: making, sealing and verifying `releases/<name>/`, and the release's own disclosure control. The report in
it is rendered by the caller, between making and sealing. Figures of periods that are not over on the key date are not
in a release.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from kim_pipeline.deliveries.storage import SCRATCH, readable_folder, sync
from kim_pipeline.disclosure import LinkedSystem, at_risk, audit
from kim_pipeline.publishing.builds import Build, Warehouse
from kim_pipeline.publishing.joint import Released, joined, small_changes
from kim_pipeline.publishing.ledger import Ledger, LedgerEntry
from kim_pipeline.publishing.linked_set import SENSITIVE_K, Key, LinkedSet, read_linked_set
from kim_pipeline.publishing.protection import ProtectionError, protect_figures
from kim_pipeline.publishing.published import stored_build_info, write_tables
from kim_pipeline.publishing.published_audit import audit_file
from kim_pipeline.warehouse.build import MODEL_SCHEMAS
from kim_pipeline.warehouse.generated import key_date_cuts
from kim_pipeline.warehouse.sql_models import load_models

FILE, SEAL = "kim.duckdb", "release.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHOWN = 20
_TOO_LATE = "Was frühere Veröffentlichungen schon zeigen, lässt sich nicht zurücknehmen."


class ReleaseError(Exception):
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
    """

    name: str
    as_of: dt.date
    build: Build
    folder: Path
    entry: LedgerEntry | None = None
    hidden_again: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """The protected file of the release."""
        return self.folder / FILE


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
    scratch = readable_folder(warehouse.folder / "releases") / f"{SCRATCH}{name}"
    shutil.rmtree(scratch, ignore_errors=True)
    readable_folder(scratch)
    try:
        with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=warehouse.folder) as private:
            draft = Release(name, as_of, build, scratch)
            yield _made(draft, Path(private) / "internal.duckdb", Ledger(warehouse.folder))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _check(warehouse: Warehouse, name: str, build: Build) -> None:
    if not _NAME.fullmatch(name):
        raise ReleaseError(f"„{name}“ geht nicht als Name. Erlaubt sind Buchstaben, Ziffern, Punkt, _ und -.")
    if (warehouse.folder / "releases" / name).exists():
        raise ReleaseError(f"Die Veröffentlichung {name} gibt es schon; sie wird nicht verändert. Bitte anders nennen.")
    if not build.internal.is_file():
        raise ReleaseError(
            f"Zum Datenbestand {build.stem} gibt es die interne Datei nicht mehr; ohne sie lässt sich die "
            "Geheimhaltung nicht prüfen. Bitte einen jüngeren Datenbestand veröffentlichen."
        )


def _made(draft: Release, internal: Path, ledger: Ledger) -> Release:
    name, as_of, build, scratch = draft.name, draft.as_of, draft.build, draft.folder
    shutil.copyfile(build.internal, internal)
    os.chmod(internal, 0o600)
    finished = [e for e in ledger.entries() if (scratch.parent / e.name).is_dir()]
    with duckdb.connect(str(internal)) as connection:
        for statement in key_date_cuts({model.full_name: model.columns for model in load_models(MODEL_SCHEMAS)}):
            connection.execute(statement, {"as_of": as_of} if "$as_of" in statement else None)
        linked = read_linked_set(connection)
        before = [_Earlier(entry, linked) for entry in finished]
        try:
            protect_figures(connection, _joiner(linked, before))
        except ProtectionError as error:
            raise ReleaseError(f"{error} {_TOO_LATE}") from None
        hidden = frozenset(Key(*row) for row in connection.execute("FROM disclosure.hidden_cell").fetchall())
    _audit_jointly(linked, hidden, before)
    told = [*_info_of(build), *_about(name, as_of)]
    write_tables(internal, internal.with_name(FILE), told)
    _keep_quiet_about_rows(internal, internal.with_name(FILE), ledger)
    write_tables(internal, scratch / FILE, told)
    _audit_alone(scratch / FILE, internal)
    changes = small_changes(linked.system_of_counts(), [earlier.counts for earlier in before])
    entry = LedgerEntry(name, as_of, build.stem, linked.counts, linked.amounts, hidden)
    return replace(draft, entry=entry, hidden_again=changes)


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


def _audit_jointly(linked: LinkedSet, hidden: frozenset[Key], before: Sequence[_Earlier]) -> None:
    """The audit of this release and all earlier ones together.

    Raises:
        ReleaseError: a cell is too well known.
    """
    sums = {key for key in hidden if key in linked.amounts}
    unseen = {key.cell for key in hidden}
    failed = []
    for system, earlier in (
        (linked.system_of_counts(), [e.counts for e in before]),
        (linked.system_of_amounts(sums), [e.amounts for e in before]),
    ):
        joint = joined(system, earlier)
        rows = audit(joint.published(unseen & joint.cells.keys()), joint.relations, sensitive=joint.sensitive())
        failed += [row.cell for row in at_risk(rows)]
    if failed:
        raise _refused(failed)


def _audit_alone(file: Path, internal: Path) -> None:
    """The audit of the release's file by itself.

    Who knows less may take a large figure for one that might be small: of large ones the joint audit is the judge.

    Raises:
        ReleaseError: a small figure is too well known, or a rule is broken.
    """
    found = audit_file(file, internal)
    known = [row.cell for row in found.at_risk if row.cell in found.small]
    if known or found.breaches:
        raise _refused(known + [f"{breach.place} ({breach.rule})" for breach in found.breaches])


def _refused(cells: Sequence[str]) -> ReleaseError:
    more = f" und {len(cells) - _SHOWN} weitere" if len(cells) > _SHOWN else ""
    return ReleaseError(
        f"Die Veröffentlichung ist abgelehnt: zusammen mit früheren wäre zu genau bekannt: "
        f"{'; '.join(cells[:_SHOWN])}{more}."
    )


def _info_of(build: Build) -> list[dict[str, Any]]:
    """How the build came about, without its numbers of rows: from release to release they tell of single persons."""
    return [row for row in stored_build_info(build.published) if row["item"] != "count"]


def _about(name: str, as_of: dt.date) -> list[dict[str, Any]]:
    rest = {"file": None, "as_of": None, "status": None}
    return [
        {"item": "release", "name": "name", "value": name, **rest},
        {"item": "release", "name": "as_of", "value": as_of.isoformat(), **rest},
    ]


def _keep_quiet_about_rows(internal: Path, draft: Path, ledger: Ledger) -> None:
    """Forget numbers of rows that differ by a few from those of an earlier release: they would tell of persons."""
    now = _rows_of(draft)
    near = {
        programme
        for programme, *told in ledger.rows_told()
        for a, b in zip(told, now.get(programme, ()), strict=False)
        if b is not None and 0 < abs(a - b) < SENSITIVE_K
    }
    with duckdb.connect(str(internal)) as connection:
        connection.execute(
            "UPDATE quality.sheet_account SET rows_read = NULL, accepted = NULL, quarantined = NULL "
            "WHERE list_contains($programmes, programme)",
            {"programmes": sorted(near)},
        )


def _rows_of(file: Path) -> dict[str, tuple[int | None, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        rows = connection.execute("SELECT programme, rows_read, accepted, quarantined FROM programme_rows").fetchall()
    return {programme: tuple(numbers) for programme, *numbers in rows}


def seal(release: Release, warehouse: Warehouse, now: dt.datetime) -> Path:
    """Make a release final: checksums, modes, ledger, and the rename that makes it be there.

    Returns:
        Its folder.
    """
    seal = {
        "name": release.name,
        "as_of": release.as_of.isoformat(),
        "build": release.build.stem,
        "released_at": now.astimezone(dt.UTC).isoformat(timespec="seconds"),
        "files": {path.relative_to(release.folder).as_posix(): _sha256(path) for path in _files(release.folder)},
    }
    (release.folder / SEAL).write_text(json.dumps(seal, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for path in _files(release.folder):
        path.chmod(0o444)
        sync(path)
    assert release.entry is not None  # noqa: S101  (`new_release` yields it complete)
    rows = [(programme, *numbers) for programme, numbers in _rows_of(release.file).items()]
    Ledger(warehouse.folder).enter(release.entry, now, rows)
    final = warehouse.folder / "releases" / release.name
    release.folder.rename(final)
    for folder in [final, *(path for path in final.rglob("*") if path.is_dir())]:
        folder.chmod(0o555)
    sync(final.parent)
    return final


def problems_of(warehouse: Warehouse) -> dict[str, list[str]]:
    """Release → what is no longer as it was sealed, in German; empty lists where all is well."""
    found = {}
    entered = {entry.name for entry in Ledger(warehouse.folder).entries()}
    for folder in sorted(p for p in (warehouse.folder / "releases").glob("*") if not p.name.startswith(SCRATCH)):
        found[folder.name] = list(_problems(folder))
        if folder.name not in entered:
            found[folder.name].append("fehlt im Verzeichnis der Veröffentlichungen (ledger.duckdb)")
    for name in sorted(entered - found.keys()):
        found[name] = [f"der Ordner releases/{name} fehlt"]
    return found


def _problems(folder: Path) -> Iterator[str]:
    try:
        sealed = dict(json.loads((folder / SEAL).read_bytes())["files"])
    except (OSError, ValueError, KeyError, TypeError):
        yield f"{SEAL} fehlt oder ist beschädigt"
        return
    there = {path.relative_to(folder).as_posix() for path in _files(folder)} - {SEAL}
    yield from (f"{name} fehlt" for name in sorted(sealed.keys() - there))
    yield from (f"{name} ist hinzugekommen" for name in sorted(there - sealed.keys()))
    yield from (
        f"{name} ist verändert" for name in sorted(there & sealed.keys()) if _sha256(folder / name) != sealed[name]
    )


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
