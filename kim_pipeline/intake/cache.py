"""Results of reading deliveries, kept as Parquet under the delivery's SHA-256 and the contract's fingerprint.

Belongs here: writing a result so that it is whole or not there, and reading it back only if every byte is as written;
and, in a result's place, that reading ran into a limit, so that no night tries it again for nothing.
The folder holds pseudonymised rows, without the columns that nothing reads: mode 0700, files 0600.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import logging
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kim_pipeline.contracts.calendar import Period
from kim_pipeline.files import Store, draft, private_folder, set_mode

if TYPE_CHECKING:
    import pyarrow as pa

    from kim_pipeline.contracts.model import Programme, Table
    from kim_pipeline.reading.delivery import DeliveryResult, PartResult
    from kim_pipeline.reading.official.reader import OfficialFacts

_LOG = logging.getLogger(__name__)
_MANIFEST, _ATTEMPT = "result.json", "attempt.json"


@dataclass(frozen=True)
class CachedTable:
    """One table of a cached delivery: where its accepted rows lie, and what waits for another delivery."""

    path: Path
    accepted: int
    pending: list[dict[str, Any]]
    keys: list[list[Any]]


@dataclass(frozen=True)
class CachedPart:
    """A part of a delivery as read, without its rows: those stay in Parquet.

    Attributes:
        label: tells it from the delivery's other parts; empty where there is one.
        ignored_sheets: of the whole delivery, told with its first part.
        findings: Parquet file of the findings.
        counts: severity → number of findings.
        opened: the file could be opened, so that a return copy can show its cells.
        lone_sheets: sheets that only one reader could read; of the whole delivery, told with its first part.
        published: what is told of it where it is an official table; None for others.
    """

    label: str
    period: Period | None
    as_of: dt.date | None
    rejected: str | None
    message: str | None
    tables: dict[str, CachedTable]
    rejected_tables: list[str]
    ignored_sheets: list[str]
    accounts: list[dict[str, Any]]
    findings: Path
    counts: dict[str, int] = field(default_factory=dict)
    lone_sheets: list[str] = field(default_factory=list)
    opened: bool = True
    published: CachedPublished | None = None


@dataclass(frozen=True)
class Attempt:
    """Reading that ran into a limit.

    Attributes:
        seconds: processor time that it had.
        memory_bytes: memory that it had.
        problem: German sentence; None where the clock ended it, which decides nothing about the file.
    """

    seconds: float
    memory_bytes: int
    problem: str | None


@dataclass(frozen=True)
class CachedPublished:
    """What is kept of an official table beside its rows (see `reading.official.reader.OfficialFacts`)."""

    recognised: str
    days: tuple[dt.date, ...]
    covers: tuple[dt.date, ...]
    provider: str
    dataset: str
    terms: str | None


def entry(folder: Path, programme: str, sha256: str, fingerprint: str) -> Path:
    """The folder of one result."""
    return folder / programme / f"{sha256}-{fingerprint}"


def load(path: Path) -> list[CachedPart] | None:
    """The parts of the result in `path`; None if there is none, or if it is damaged (then it is removed)."""
    try:
        manifest = json.loads((path / _MANIFEST).read_bytes())
        _verify(path, manifest)
        return [_restore(path, number, part) for number, part in enumerate(manifest["result"]["parts"])]
    except FileNotFoundError:
        if not path.exists() or (path / _ATTEMPT).exists():
            return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    _LOG.warning("cache entry %s is damaged and will be rebuilt", path.name[:12])
    _remove(path)
    return None


def load_attempt(path: Path, seconds: float, memory_bytes: int) -> Attempt | None:
    """What is known of reading with the same limits; None where nothing is.

    Args:
        path: where the result would lie (see `entry`).
        seconds: processor time that reading has now.
        memory_bytes: memory that it has now.
    """
    try:
        found = Attempt(**json.loads((path / _ATTEMPT).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    return found if (found.seconds, found.memory_bytes) == (seconds, memory_bytes) else None


def store_attempt(path: Path, attempt: Attempt) -> None:
    """Remember that reading ran into a limit; a result takes its place.

    Raises:
        OSError: the cache cannot be written to.
    """
    private_folder(path.parent.parent)
    private_folder(path.parent)
    private_folder(path)
    Store(path.parents[2]).write(path / _ATTEMPT, _canonical(dataclasses.asdict(attempt)))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _verify(path: Path, manifest: dict[str, Any]) -> None:
    if manifest["sha256"] != _digest(_canonical(manifest["result"])):
        raise ValueError("manifest")
    for name, expected in manifest["result"]["files"].items():
        if _digest((path / name).read_bytes()) != expected:
            raise ValueError(name)


def _restore(path: Path, number: int, part: dict[str, Any]) -> CachedPart:
    tables = {
        name: CachedTable(path / _rows_of(number, name), t["accepted"], t["pending"], t["keys"])
        for name, t in part["tables"].items()
    }
    return CachedPart(
        label=part["label"],
        period=Period(*map(dt.date.fromisoformat, part["period"])) if part["period"] else None,
        as_of=dt.date.fromisoformat(part["as_of"]) if part["as_of"] else None,
        rejected=part["rejected"],
        message=part["message"],
        tables=tables,
        rejected_tables=part["rejected_tables"],
        ignored_sheets=part["ignored_sheets"],
        accounts=part["accounts"],
        findings=path / _findings_of(number),
        counts=part["counts"],
        lone_sheets=part["lone_sheets"],
        opened=part.get("opened", True),  # rows that were kept before a file's opening was noted were read from it
        published=_restore_published(part["published"]) if part["published"] else None,
    )


def _restore_published(kept: dict[str, Any]) -> CachedPublished:
    days = {name: tuple(map(dt.date.fromisoformat, kept[name])) for name in ("days", "covers")}
    return CachedPublished(**(kept | days))


def _rows_of(part: int, table: str) -> str:
    return f"{part}_{table}.parquet"


def _findings_of(part: int) -> str:
    return f"{part}_findings_of_part.parquet"


def store(path: Path, result: DeliveryResult, programme: Programme, referred: dict[str, list[str]]) -> None:
    """Write a result, whole or not at all.

    Args:
        path: where it belongs (see `entry`).
        result: what was read.
        programme: of the delivery; of its tables the stored columns are kept.
        referred: table → columns that other programmes' tables refer to; their values are kept with the result.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415  (a night without new deliveries does not need it)

    from kim_pipeline.reading.findings import to_table  # noqa: PLC0415

    private_folder(path.parent.parent)
    private_folder(path.parent)
    with Store(path.parents[2]).scratch() as place:  # the cache lies in the warehouse's folder
        scratch = private_folder(place / path.name)
        for number, part in enumerate(result.parts):
            pq.write_table(to_table(part.findings), scratch / _findings_of(number))
            for name, table in part.tables.items():
                pq.write_table(_stored(table.rows, programme.table(name)), scratch / _rows_of(number, name))
        files = {file.name: _digest(file.read_bytes()) for file in sorted(scratch.iterdir())}
        kept = _describe(result, files, referred)
        manifest = {"sha256": _digest(_canonical(kept)), "result": kept}
        draft(scratch / _MANIFEST, _canonical(manifest))
        for file in scratch.iterdir():
            set_mode(file, 0o600)
        _replace(scratch, path)


def _stored(rows: pa.Table, table: Table) -> pa.Table:
    """Accepted rows without the columns that nothing reads."""
    checked = {column.name for column in table.accepted} - {column.name for column in table.output}
    return rows.drop_columns(sorted(checked))


def _replace(scratch: Path, path: Path) -> None:
    try:
        scratch.rename(path)
    except OSError:
        if load(path) is not None:  # another reader was faster, with the same bytes and thus the same result
            return
        _remove(path)
        scratch.rename(path)


def _describe(result: DeliveryResult, files: dict[str, str], referred: dict[str, list[str]]) -> dict[str, Any]:
    parts = [_describe_part(part, referred) for part in result.parts]
    for number, part in enumerate(parts):
        part["ignored_sheets"] = [] if number else result.ignored_sheets
        part["lone_sheets"] = [] if number else result.lone_sheets
    return {"parts": parts, "files": files}


def _describe_part(part: PartResult, referred: dict[str, list[str]]) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for finding in part.findings:
        counts[finding.severity] = counts.get(finding.severity, 0) + 1
    tables = {
        name: {
            "accepted": len(table.rows),
            "pending": [dataclasses.asdict(p) for p in table.pending],
            "keys": _key_values(table.rows, referred.get(name, [])),
        }
        for name, table in part.tables.items()
    }
    period = part.period
    return {
        "label": part.label,
        "period": [period.first.isoformat(), period.last.isoformat()] if period else None,
        "as_of": part.as_of.isoformat() if part.as_of else None,
        "rejected": part.rejected,
        "opened": part.opened,
        "message": part.findings[0].message if part.rejected else None,
        "tables": tables,
        "rejected_tables": part.rejected_tables,
        "accounts": [dataclasses.asdict(a) for table in part.tables.values() for a in table.accounts],
        "counts": counts,
        "published": _describe_published(part.published) if part.published else None,
    }


def _describe_published(published: OfficialFacts) -> dict[str, Any]:
    credit = published.attribution
    return {
        "recognised": published.recognised,
        "days": [day.isoformat() for day in published.days],
        "covers": [day.isoformat() for day in published.covers],
        "provider": credit.provider,
        "dataset": credit.dataset,
        "terms": credit.terms,
    }


def _key_values(rows: Any, columns: list[str]) -> list[list[Any]]:
    if not columns:
        return []
    return [list(key) for key in zip(*(rows[name].to_pylist() for name in columns), strict=True)]


def _canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
